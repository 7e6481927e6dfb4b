"""Beside an incident: of each camera near by, the picture nearest in time to its moment that is held anywhere.

That may be a still or a clip of another incident there, a recording that was handed in, or the newest picture of the
camera. What is found is only what who asks may see; showing it, with the look on record, is review_ui/beside_pages.py.
The packets that a watcher holds for looking back are in its own process and are not asked for.
"""

import uuid
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from pathlib import Path

from sqlalchemy import ColumnElement, and_, func, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from cases import newest_pictures, uploads_shown
from cases.entitlements import Scope
from cases.neighbours import cameras_near
from cases.newest_pictures import NewestPicture
from cases.scope import cameras_within, incidents_within, of_cameras_within
from evidence.deletion import deletions_that_count
from models.enums import ClockSource, ExhibitKind, RecordingState
from models.exhibits import Exhibit, SealedObject
from models.incidents import Incident, Recording
from models.places import Camera
from models.watching import HOME, CameraView

FARTHEST = timedelta(hours=24)  # what the street looked like on another day says nothing of this one
EACH_SIDE = 6  # rows of a camera: the nearest picture is among those of the nearest incidents
SHOWN = (ExhibitKind.STILL, ExhibitKind.CLIP, ExhibitKind.DERIVATIVE)  # a close-up shows a vehicle and no street
NOT_LOOKED_AT = (RecordingState.HELD_BACK, RecordingState.FAILED)


class Source(StrEnum):
    """In this order where two are equally near."""

    STILL = "still"
    CLIP = "clip"
    RECORDING = "recording"
    NEWEST = "newest"


ORDER = list(Source)


@dataclass(frozen=True)
class Held:
    """A picture of `camera_id`. apart_s: how much later than the incident's moment; below zero: earlier.

    exhibit: of a still or clip, with its incident's id; recording_id: of a recording; newest: of the newest picture, in
    the view of `preset`. into_s: of what plays, where in it.
    """

    source: Source
    camera_id: str
    at: datetime
    apart_s: float
    exhibit: Exhibit | None = None
    recording_id: uuid.UUID | None = None
    newest: NewestPicture | None = None
    preset: str = HOME
    into_s: float = 0.0

    @property
    def is_evidence(self) -> bool:
        """What is looked at with a reason, and on record."""
        return self.source is not Source.NEWEST


def held_beside(
    session: Session,
    incident: Incident,
    cameras: Sequence[str],
    *,
    looks: Scope | None,
    live: Scope | None,
    pictures: Path | None,
    at: datetime,
) -> dict[str, Held]:
    """By camera; one of which nothing is held within a day is left out.

    looks: where who asks may look at evidence; live: where at what cameras see now; None: nowhere. pictures: the folder
    of the newest ones.
    """
    if not cameras:
        return {}
    found: dict[str, Held] = {}
    for held in sorted(
        (
            *_of_incidents(session, incident, cameras, looks),
            *_of_recordings(session, incident, cameras, looks, at),
            *_newest(session, incident, cameras, live, pictures),
        ),
        key=lambda each: (abs(each.apart_s), ORDER.index(each.source)),
    ):
        found.setdefault(held.camera_id, held)
    return found


def is_beside(session: Session, scope: Scope, incident_id: uuid.UUID, other: Exhibit | Recording) -> bool:
    """Whether this was filmed near the incident, within a day of it, by another camera; what the page may offer."""
    incident = session.get_one(Incident, incident_id)
    here = session.get_one(Camera, incident.camera_id)
    if isinstance(other, Recording):
        camera_id, times = other.camera_id, (other.started_at, _end_of(other))
    else:
        if other.kind not in SHOWN:
            return False
        camera_id, times = session.get_one(Incident, other.incident_id).camera_id, (other.from_at, other.to_at)
    near_in_time = abs(_nearest(incident.confirmed_at, *times) - incident.confirmed_at) <= FARTHEST
    return near_in_time and camera_id in {camera.id for camera, _ in cameras_near(session, here, scope)}


# --- what is held


def _of_incidents(session: Session, incident: Incident, cameras: Sequence[str], looks: Scope | None) -> Iterator[Held]:
    if looks is None:
        return
    near = _nearest_rows(session, Incident, Incident.confirmed_at, incident, cameras, incidents_within(looks))
    exhibits = session.scalars(select(Exhibit).where(Exhibit.incident_id.in_(near), Exhibit.kind.in_(SHOWN))).all()
    gone = deletions_that_count(session, {each.sha256 for each in exhibits})
    for exhibit in _that_are_shown([each for each in exhibits if each.sha256 not in gone]):
        at = _nearest(incident.confirmed_at, exhibit.from_at, exhibit.to_at)
        yield Held(
            Source.STILL if exhibit.kind is ExhibitKind.STILL else Source.CLIP,
            near[exhibit.incident_id],
            at,
            (at - incident.confirmed_at).total_seconds(),
            exhibit=exhibit,
            into_s=(at - exhibit.from_at).total_seconds(),
        )


def _nearest_rows(
    session: Session,
    table: type[Incident] | type[Recording],
    time: InstrumentedAttribute[datetime],
    incident: Incident,
    cameras: Sequence[str],
    allowed: ColumnElement[bool],
) -> dict[uuid.UUID, str]:
    """Of each camera the last before the incident's moment and the first after it: their ids, and which camera's."""
    moment = incident.confirmed_at
    found: dict[uuid.UUID, str] = {}
    for span, order in (
        (and_(time >= moment - FARTHEST, time <= moment), time.desc()),
        (and_(time > moment, time <= moment + FARTHEST), time.asc()),
    ):
        turn = func.row_number().over(partition_by=table.camera_id, order_by=order).label("turn")
        ranked = (
            select(table.id, table.camera_id, turn)
            .where(table.camera_id.in_(cameras), table.id != incident.id, span, allowed)
            .subquery()
        )
        asked = select(ranked.c.id, ranked.c.camera_id).where(ranked.c.turn <= EACH_SIDE)
        found |= {row.id: row.camera_id for row in session.execute(asked)}
    return found


def _that_are_shown(exhibits: Iterable[Exhibit]) -> Iterator[Exhibit]:
    """Stills, and of each clip what a browser plays: its copy where there is one, nothing where it plays neither."""
    exhibits = list(exhibits)
    copied = {(each.incident_id, each.moment) for each in exhibits if each.kind is ExhibitKind.DERIVATIVE}
    for each in exhibits:
        is_clip = each.kind is ExhibitKind.CLIP
        has_copy = (each.incident_id, each.moment) in copied
        if not is_clip or (not has_copy and each.recipe.get("plays_in_browser", True)):
            yield each


def _of_recordings(
    session: Session, incident: Incident, cameras: Sequence[str], looks: Scope | None, at: datetime
) -> Iterator[Held]:
    """Of each camera the nearest whose bytes are in the vault, whose time is known, and which may be used."""
    if looks is None:
        return
    moment = incident.confirmed_at
    allowed = and_(
        of_cameras_within(looks, Recording.camera_id),
        Recording.sha256.in_(select(SealedObject.sha256)),
        Recording.state.not_in(NOT_LOOKED_AT),
        Recording.clock_source != ClockSource.FILE_TIME,
        Recording.length_s.is_not(None),
    )
    near = _nearest_rows(session, Recording, Recording.started_at, incident, cameras, allowed)
    recordings = session.scalars(select(Recording).where(Recording.id.in_(near)))
    by_nearness = sorted(recordings, key=lambda each: abs(_of(each, moment) - moment))
    answered: set[str] = set()
    for recording in by_nearness:
        seen_at = _of(recording, moment)
        if recording.camera_id in answered:
            continue
        if deletions_that_count(session, [recording.sha256]):
            continue
        if not uploads_shown.recording_shown(session, recording.id, at=at).may_be_shown:
            continue
        answered.add(recording.camera_id)
        yield Held(
            Source.RECORDING,
            recording.camera_id,
            seen_at,
            (seen_at - moment).total_seconds(),
            recording_id=recording.id,
            into_s=(seen_at - recording.started_at).total_seconds(),
        )


def _newest(
    session: Session, incident: Incident, cameras: Sequence[str], live: Scope | None, pictures: Path | None
) -> Iterator[Held]:
    if live is None or pictures is None:
        return
    seen = session.scalars(select(Camera.id).where(Camera.id.in_(cameras), cameras_within(live))).all()
    views = session.execute(select(CameraView.camera_id, CameraView.preset).where(CameraView.camera_id.in_(seen)))
    for camera_id, preset in sorted({*((each, HOME) for each in seen), *((row[0], row[1]) for row in views)}):
        found = newest_pictures.find(pictures, camera_id, preset)
        if found is None or abs(found.captured_at - incident.confirmed_at) > FARTHEST:
            continue
        apart_s = (found.captured_at - incident.confirmed_at).total_seconds()
        yield Held(Source.NEWEST, camera_id, found.captured_at, apart_s, newest=found, preset=preset)


def _of(recording: Recording, moment: datetime) -> datetime:
    return _nearest(moment, recording.started_at, _end_of(recording))


def _end_of(recording: Recording) -> datetime:
    return recording.started_at + timedelta(seconds=recording.length_s or 0.0)


def _nearest(moment: datetime, from_at: datetime, to_at: datetime) -> datetime:
    return min(max(moment, from_at), to_at)
