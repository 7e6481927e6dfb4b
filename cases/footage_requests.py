"""Requests for what another body's recorder filmed: asked for with a legal basis and a purpose, decided by another.

Until one is approved that covers it and still holds, a recording of such a recorder is held back: it is kept, and
nothing is analysed, marked, shown or made an exhibit of.
"""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from cases.entitlements import Right, require
from cases.errors import RequestRefused, UnknownCamera
from cases.recorders import note, reading_of
from models.enums import ClockSource, FootageRequestState, RecorderSubject, RecordingState
from models.incidents import Recording
from models.people import User
from models.places import Camera
from models.recorders import FootageRequest

MAX_WORDS = 500
LONGEST_VALID = timedelta(days=366)


@dataclass(frozen=True)
class Asked:
    """from_at, to_at: of the footage."""

    recorder_id: str
    from_at: datetime
    to_at: datetime
    legal_basis: str
    purpose: str


def ask(session: Session, asked: Asked, *, by: User, at: datetime) -> FootageRequest:
    """Raises NotEntitled, UnknownCamera, RequestRefused."""
    require(by, Right.ASK_FOOTAGE)
    if session.get(Camera, asked.recorder_id) is None:
        raise UnknownCamera(asked.recorder_id)
    body = reading_of(session, asked.recorder_id).body
    if body is None:
        raise RequestRefused("own", "the recorder is our own; nothing has to be asked for")
    basis, purpose = asked.legal_basis.strip(), asked.purpose.strip()
    if not basis or not purpose or max(len(basis), len(purpose)) > MAX_WORDS:
        raise RequestRefused("words", f"write legal basis and purpose, each in up to {MAX_WORDS} characters")
    if asked.to_at <= asked.from_at:
        raise RequestRefused("time", "the footage asked for ends before it begins")
    request = FootageRequest(
        id=uuid.uuid4(),
        recorder_id=asked.recorder_id,
        body=body,
        from_at=asked.from_at,
        to_at=asked.to_at,
        legal_basis=basis,
        purpose=purpose,
        state=FootageRequestState.ASKED,
        asked_by_id=by.id,
        asked_at=at,
    )
    session.add(request)
    note(
        session,
        RecorderSubject.REQUEST,
        request.id,
        "asked",
        actor=by.name,
        at=at,
        recorder=asked.recorder_id,
        body=body,
        legal_basis=basis,
        purpose=purpose,
        from_at=asked.from_at.isoformat(),
        to_at=asked.to_at.isoformat(),
    )
    return request


def approve(
    session: Session, request_id: uuid.UUID, *, by: User, valid_until: datetime, reason: str, at: datetime
) -> list[uuid.UUID]:
    """What it covers may be used from now on; returns the recordings that waited for it.

    Raises NotEntitled, RequestRefused: `unknown`, `ended`, `own_request`, `validity`.
    """
    request = _to_decide(session, request_id, by)
    if not at < valid_until <= at + LONGEST_VALID:
        raise RequestRefused("validity", f"an approval holds until a day within the next {LONGEST_VALID.days} days")
    request.state, request.decided_by_id, request.ended_at = FootageRequestState.APPROVED, by.id, at
    request.valid_until, request.reason = valid_until, reason.strip()[:MAX_WORDS] or None
    note(
        session,
        RecorderSubject.REQUEST,
        request.id,
        "approved",
        actor=by.name,
        at=at,
        valid_until=valid_until.isoformat(),
        reason=request.reason,
    )
    return release_covered(session, request.recorder_id, actor=by.name, at=at)


def refuse(session: Session, request_id: uuid.UUID, *, by: User, reason: str, at: datetime) -> None:
    """Raises NotEntitled, RequestRefused: `unknown`, `ended`, `own_request`, `reason`."""
    request = _to_decide(session, request_id, by)
    said = reason.strip()
    if not 0 < len(said) <= MAX_WORDS:
        raise RequestRefused("reason", f"write why it is refused, in up to {MAX_WORDS} characters")
    request.state, request.decided_by_id, request.ended_at = FootageRequestState.REFUSED, by.id, at
    request.reason = said
    note(session, RecorderSubject.REQUEST, request.id, "refused", actor=by.name, at=at, reason=said)


def withdraw(session: Session, request_id: uuid.UUID, *, by: User, at: datetime) -> None:
    """By who asked, while it is not decided. Raises RequestRefused: `unknown`, `ended`, `not_yours`."""
    request = _open(session, request_id)
    if request.asked_by_id != by.id:
        raise RequestRefused("not_yours", "only who asked withdraws it")
    request.state, request.ended_at = FootageRequestState.WITHDRAWN, at
    note(session, RecorderSubject.REQUEST, request.id, "withdrawn", actor=by.name, at=at)


def _open(session: Session, request_id: uuid.UUID) -> FootageRequest:
    request = session.get(FootageRequest, request_id, with_for_update=True, populate_existing=True)
    if request is None:
        raise RequestRefused("unknown", f"there is no request {request_id}")
    if request.state is not FootageRequestState.ASKED:
        raise RequestRefused("ended", f"it is {request.state.value} already; reload the page")
    return request


def _to_decide(session: Session, request_id: uuid.UUID, by: User) -> FootageRequest:
    require(by, Right.APPROVE_FOOTAGE)
    request = _open(session, request_id)
    if request.asked_by_id == by.id:
        raise RequestRefused("own_request", "who asked does not decide; another person does")
    return request


def requests(session: Session, condition: object = None) -> Sequence[FootageRequest]:
    """Open ones first, then the newest."""
    wanted = select(FootageRequest).options(
        joinedload(FootageRequest.asked_by), joinedload(FootageRequest.decided_by), joinedload(FootageRequest.recorder)
    )
    if condition is not None:
        wanted = wanted.where(condition)  # type: ignore[arg-type]
    rows = session.scalars(wanted.order_by(FootageRequest.asked_at.desc()).limit(200)).all()
    return sorted(rows, key=lambda row: row.state is not FootageRequestState.ASKED)


def why_held_back(session: Session, recording: Recording, *, at: datetime) -> str | None:
    """The key of the sentence why a recording may not be used; None: it may."""
    if reading_of(session, recording.camera_id).body is None:
        return None
    if recording.clock_source is ClockSource.FILE_TIME:
        return "time_unknown"  # nobody can say whether an approval covers it
    ends_at = recording.started_at + timedelta(seconds=recording.length_s or 0.0)
    covering = select(FootageRequest.id).where(
        FootageRequest.recorder_id == recording.camera_id,
        FootageRequest.state == FootageRequestState.APPROVED,
        FootageRequest.valid_until > at,
        FootageRequest.from_at <= recording.started_at,
        FootageRequest.to_at >= ends_at,
    )
    return None if session.scalar(covering.limit(1)) is not None else "not_approved"


def release_covered(session: Session, camera_id: str, *, actor: str, at: datetime) -> list[uuid.UUID]:
    """Recordings of this recorder that were held back and need not be any more are analysed."""
    session.flush()
    waiting = session.scalars(
        select(Recording)
        .where(Recording.camera_id == camera_id, Recording.state == RecordingState.HELD_BACK)
        .with_for_update()
    ).all()
    freed = [row for row in waiting if why_held_back(session, row, at=at) is None]
    for row in freed:
        row.state = RecordingState.QUEUED
        note(session, RecorderSubject.RECORDING, row.id, "released", actor=actor, at=at)
    return [row.id for row in freed]
