"""Recorders: how their files are to be read, who carried them on which day, whose they are, and every change of that.

Every change here has its event in the same transaction. What is another body's waits until its footage was asked for
and that was approved: cases/footage_requests.py.
"""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.orm import Session, joinedload

from cases.errors import RecorderRefused, UnknownCamera
from evidence import log_contents
from models.enums import CameraKind, ContainerClock, RecorderSubject
from models.people import Officer
from models.places import Camera
from models.recorders import Recorder, RecorderAssignment, RecorderEvent

MOVING = (CameraKind.BODY_WORN, CameraKind.VEHICLE, CameraKind.DRONE)
MAX_BODY = 200


def note(
    session: Session, subject: RecorderSubject, subject_id: object, act: str, *, actor: str, at: datetime, **facts: Any
) -> None:
    """The event of a change made in this transaction."""
    event = RecorderEvent(subject=subject, subject_id=str(subject_id), act=act, actor=actor, at=at, facts=facts)
    session.add(event)
    session.flush()
    log_contents.enter(session, event)


def events_of(session: Session, subject: RecorderSubject, subject_id: object) -> Sequence[RecorderEvent]:
    """Oldest first."""
    wanted = select(RecorderEvent).where(RecorderEvent.subject == subject, RecorderEvent.subject_id == str(subject_id))
    return session.scalars(wanted.order_by(RecorderEvent.id)).all()


@dataclass(frozen=True)
class Reading:
    """How a recorder's files are to be read, and whose it is (None: ours)."""

    container_clock: ContainerClock = ContainerClock.UTC
    clock_error_s: float | None = None
    body: str | None = None


def reading_of(session: Session, camera_id: str) -> Reading:
    row = session.get(Recorder, camera_id)
    return Reading() if row is None else Reading(row.container_clock, row.clock_error_s, row.body)


def set_reading(session: Session, camera_id: str, wanted: Reading, *, actor: str, at: datetime) -> None:
    """Raises UnknownCamera, RecorderRefused."""
    if session.get(Camera, camera_id) is None:
        raise UnknownCamera(camera_id)
    if wanted.clock_error_s is not None and wanted.clock_error_s < 0:
        raise RecorderRefused("clock_error", "what a clock may be wrong by is a number of seconds, 0 or more")
    if wanted.body is not None and not 0 < len(wanted.body.strip()) <= MAX_BODY:
        raise RecorderRefused("body", f"name the body a recorder belongs to in up to {MAX_BODY} characters")
    if wanted == reading_of(session, camera_id):
        return
    row = session.get(Recorder, camera_id)
    if row is None:
        row = Recorder(camera_id=camera_id)
        session.add(row)
    row.container_clock, row.clock_error_s = wanted.container_clock, wanted.clock_error_s
    row.body = None if wanted.body is None else wanted.body.strip()
    note(
        session,
        RecorderSubject.RECORDER,
        camera_id,
        "set",
        actor=actor,
        at=at,
        container_clock=row.container_clock.value,
        clock_error_s=row.clock_error_s,
        body=row.body,
    )


def assign(
    session: Session, camera_id: str, officer_name: str, *, from_on: date, to_on: date | None, actor: str, at: datetime
) -> RecorderAssignment:
    """From that day on this officer carries it; whoever had it until further notice had it until the day before.

    Raises UnknownCamera, RecorderRefused where there is no such officer, or another carries it on one of those days.
    """
    if session.get(Camera, camera_id, with_for_update=True) is None:
        raise UnknownCamera(camera_id)
    officer = session.scalar(select(Officer).where(Officer.name == officer_name.strip()))
    if officer is None:
        raise RecorderRefused("officer", f"there is no officer {officer_name}; name one of the site file")
    if to_on is not None and to_on < from_on:
        raise RecorderRefused("days", "the last day lies before the first")
    overlapping = session.scalars(
        select(RecorderAssignment)
        .where(
            RecorderAssignment.recorder_id == camera_id,
            or_(RecorderAssignment.to_on.is_(None), RecorderAssignment.to_on >= from_on),
            RecorderAssignment.from_on <= (to_on or date.max),
        )
        .options(joinedload(RecorderAssignment.officer))
    ).all()
    for other in overlapping:
        if other.to_on is None and other.from_on < from_on:
            other.to_on = date.fromordinal(from_on.toordinal() - 1)
        else:
            until = other.to_on.isoformat() if other.to_on else "further notice"
            raise RecorderRefused(
                "taken", f"{other.officer.name} carries it from {other.from_on} until {until}; choose other days"
            )
    row = RecorderAssignment(
        id=uuid.uuid4(), recorder_id=camera_id, officer_id=officer.id, from_on=from_on, to_on=to_on
    )
    session.add(row)
    note(
        session,
        RecorderSubject.RECORDER,
        camera_id,
        "assigned",
        actor=actor,
        at=at,
        officer=officer.name,
        from_on=from_on.isoformat(),
        to_on=to_on.isoformat() if to_on else None,
    )
    return row


def carried_by(session: Session, camera_id: str, on: date) -> Officer | None:
    """Who carried it on that day."""
    wanted = (
        select(RecorderAssignment)
        .where(
            RecorderAssignment.recorder_id == camera_id,
            RecorderAssignment.from_on <= on,
            or_(RecorderAssignment.to_on.is_(None), RecorderAssignment.to_on >= on),
        )
        .options(joinedload(RecorderAssignment.officer))
    )
    found = session.scalars(wanted.limit(1)).first()
    return None if found is None else found.officer


def recorder_carried_by(session: Session, officer_name: str, on: date) -> str | None:
    """The recorder an officer of that name carried on that day, where it was one."""
    wanted = (
        select(RecorderAssignment.recorder_id)
        .join(Officer)
        .where(
            Officer.name == officer_name,
            RecorderAssignment.from_on <= on,
            or_(RecorderAssignment.to_on.is_(None), RecorderAssignment.to_on >= on),
        )
    )
    found = session.scalars(wanted.distinct().limit(2)).all()
    return found[0] if len(found) == 1 else None


def assignments(session: Session) -> Sequence[RecorderAssignment]:
    wanted = select(RecorderAssignment).options(joinedload(RecorderAssignment.officer))
    return session.scalars(wanted.order_by(RecorderAssignment.recorder_id, RecorderAssignment.from_on)).all()
