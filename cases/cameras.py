"""What is said of cameras: state, pulse and clock, as their watchers note them and as people read them.

`camera_lines` says who watches a camera *now*: a state that nobody keeps up any more is not shown as if it still
held. How a camera comes into the rows is in cases/camera_register.py, who may watch one in ingest/leases.py.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import and_, func, select
from sqlalchemy.orm import Session, aliased, joinedload

from cases.entitlements import EVERYTHING, Scope
from cases.errors import UnknownCamera
from cases.scope import cameras_within
from evidence.seen_with import Weights
from models.database import insert_into
from models.enums import CameraState, ClockMeasure
from models.incidents import OPEN_STATES, Incident
from models.places import Camera, Geofence, GeofenceVersion
from models.watching import (
    HOME,
    CameraClock,
    CameraCondition,
    CameraConnection,
    CameraLease,
    CameraPulse,
    CameraView,
)

LONGEST_DETAIL = 300
CLOCK_ON_RECORD_EVERY = timedelta(hours=1)
BOUND_CHANGED_BY = 2.0  # a bound twice as wide or half as wide as the one on record is news
CONDITIONS_SHOWN, CLOCKS_SHOWN = 200, 100


@dataclass(frozen=True)
class StreamNoted:
    """The main stream as it arrives. keyframe_s: the longest distance between two keyframes seen lately."""

    codec: str
    width: int
    height: int
    frame_rate: float | None
    keyframe_s: float | None
    bit_rate_bps: float | None


@dataclass(frozen=True)
class Pulse:
    """What a watcher says of a camera every few seconds. Counters run from the moment it took the camera."""

    last_packet_at: datetime | None
    last_look_at: datetime | None
    connections: int
    packets: int
    packet_bytes: int
    looks: int
    looks_dropped: int  # a newer picture came before the detector got to them
    gaps: int
    gap_s: float
    dwelling: int  # vehicles that stand in a fence just now
    ring_bytes: int
    stream: StreamNoted | None
    model: Weights | None = None  # what its pictures are looked at with; None: an older watcher did not say


@dataclass(frozen=True)
class ViewLine:
    """A preset of a dome. stay_s: how long its tour stays there; None: not toured. hours: as they are written."""

    preset: str
    token: str | None
    stay_s: float | None
    hours: tuple[dict[str, str], ...]


@dataclass(frozen=True)
class CameraLine:
    """A camera in one line. state: None for one whose recordings are brought in; nobody dials that.

    Ages are seconds before the moment that was asked for; None: never, or not known.
    """

    id: str
    name: str
    timezone: str
    source: str  # without user name and password
    state: CameraState | None
    since_at: datetime | None
    detail: str | None
    watched: bool
    holder: str | None
    pulse_age_s: float | None
    packet_age_s: float | None
    look_age_s: float | None
    pulse: Pulse | None
    clock_offset_s: float | None  # our UTC minus the camera's
    clock_error_s: float | None
    clock_measure: ClockMeasure | None
    fences: int
    open_incidents: int
    sub_source: str | None  # the small stream
    looks_at_sub: bool
    views: tuple[ViewLine, ...]  # those of the tour first, in its order


@dataclass(frozen=True)
class CameraPage:
    """Newest first."""

    line: CameraLine
    conditions: Sequence[CameraCondition]
    clocks: Sequence[CameraClock]
    views: Sequence[CameraView]


# --- what the watcher says


def note_condition(session: Session, camera_id: str, state: CameraState, detail: str | None, at: datetime) -> None:
    """The camera is in `state` from `at` on. The same state again is one condition, with what is said of it now."""
    said = None if detail is None else detail[:LONGEST_DETAIL]
    known = session.scalar(
        select(CameraCondition)
        .where(CameraCondition.camera_id == camera_id, CameraCondition.until_at.is_(None))
        .with_for_update()
    )
    if known is not None and (known.state is state or at <= known.since_at):
        known.state, known.detail = state, said  # one that lasted no time is not a condition it was in
        session.flush()
        return
    if known is not None:
        known.until_at = at
        session.flush()  # the index allows one open condition: the old one ends before the new one is written
    session.add(CameraCondition(camera_id=camera_id, since_at=at, state=state, detail=said))
    session.flush()


def note_pulses(session: Session, pulses: Mapping[str, tuple[Pulse, datetime]]) -> None:
    """Replaces what was last said of these cameras, each with the moment at which it was said."""
    if not pulses:
        return
    rows = []
    for camera_id, (pulse, at) in pulses.items():
        figures = asdict(pulse)
        seen = {name: figures.pop(name) for name in ("last_packet_at", "last_look_at")}
        rows.append({"camera_id": camera_id, "at": at, "figures": figures, **seen})
    inserted = insert_into(session, CameraPulse)
    newer = {name: inserted.excluded[name] for name in rows[0] if name != "camera_id"}
    written = inserted.on_conflict_do_update(index_elements=[CameraPulse.camera_id], set_=newer)
    session.execute(written, rows, execution_options={"synchronize_session": False})


def clocks_on_record(session: Session, camera_ids: Collection[str]) -> dict[str, CameraClock]:
    """The newest measurement of each camera's clock that is on record."""
    its = aliased(CameraClock)
    newest = select(func.max(its.at)).where(its.camera_id == Camera.id).correlate(Camera).scalar_subquery()
    rows = session.scalars(
        select(CameraClock)
        .join(Camera, (CameraClock.camera_id == Camera.id) & (CameraClock.at == newest))
        .where(Camera.id.in_(camera_ids))
    )
    return {row.camera_id: row for row in rows}


def note_clock(
    session: Session,
    camera_id: str,
    *,
    offset_s: float,
    error_s: float,
    measure: ClockMeasure,
    at: datetime,
    last: CameraClock | None,
) -> bool:
    """Puts a measurement of the camera's clock on record where it says something new; whether it did.

    New is: the first, another way of measuring, a move that the bounds of both measurements do not explain, a bound
    twice or half as wide, an hour passed. The camera's own row follows what is on record. last: `clocks_on_record`.
    """
    if last is not None and not _is_news(last, offset_s, error_s, measure, at):
        return False
    row = session.get(CameraClock, (camera_id, at)) or CameraClock(camera_id=camera_id, at=at)
    row.offset_s, row.error_s, row.measure = offset_s, error_s, measure
    session.add(row)
    camera = session.get_one(Camera, camera_id)
    camera.clock_offset_s, camera.clock_error_s = offset_s, error_s
    session.flush()
    return True


def _is_news(last: CameraClock, offset_s: float, error_s: float, measure: ClockMeasure, at: datetime) -> bool:
    narrower, wider = sorted((error_s, last.error_s))
    return (
        measure is not last.measure
        or abs(offset_s - last.offset_s) > wider
        or wider > BOUND_CHANGED_BY * narrower
        or abs(at - last.at) >= CLOCK_ON_RECORD_EVERY
    )


# --- what people see


def camera_state_at(session: Session, camera_id: str, at: datetime) -> CameraCondition | None:
    """The condition the camera was in at that moment; None where none is on record."""
    return session.scalar(
        select(CameraCondition)
        .where(
            CameraCondition.camera_id == camera_id,
            CameraCondition.since_at <= at,
            (CameraCondition.until_at.is_(None)) | (CameraCondition.until_at > at),
        )
        .order_by(CameraCondition.since_at.desc())
        .limit(1)
    )


def camera_lines(
    session: Session, at: datetime, *, only: str | None = None, scope: Scope = EVERYTHING
) -> list[CameraLine]:
    """Every camera within the scope, or `only` the one of that id, as things are at `at`."""
    newest_clock = (
        select(CameraClock.camera_id, func.max(CameraClock.at).label("at")).group_by(CameraClock.camera_id).subquery()
    )
    asked = (
        select(Camera, CameraConnection, CameraCondition, CameraLease, CameraPulse, CameraClock.measure)
        .outerjoin(CameraConnection, CameraConnection.camera_id == Camera.id)
        .outerjoin(CameraCondition, and_(CameraCondition.camera_id == Camera.id, CameraCondition.until_at.is_(None)))
        .outerjoin(CameraLease, CameraLease.camera_id == Camera.id)
        .outerjoin(CameraPulse, CameraPulse.camera_id == Camera.id)
        .outerjoin(newest_clock, newest_clock.c.camera_id == Camera.id)
        .outerjoin(
            CameraClock,
            and_(CameraClock.camera_id == newest_clock.c.camera_id, CameraClock.at == newest_clock.c.at),
        )
        .where(cameras_within(scope))
        .options(joinedload(Camera.site))
        .order_by(Camera.name, Camera.id)
    )
    if only is not None:
        asked = asked.where(Camera.id == only)
    fences = _counted(
        session,
        select(Geofence.camera_id, func.count())
        .join(GeofenceVersion)
        .where(GeofenceVersion.valid_to.is_(None))
        .group_by(Geofence.camera_id),
    )
    incidents = _counted(
        session,
        select(Incident.camera_id, func.count()).where(Incident.state.in_(OPEN_STATES)).group_by(Incident.camera_id),
    )
    views = _views(session, only)
    return [
        _line(camera, connection, condition, lease, pulse, measure, fences, incidents, views.get(camera.id, ()), at)
        for camera, connection, condition, lease, pulse, measure in session.execute(asked)
    ]


def camera_page(session: Session, camera_id: str, at: datetime) -> CameraPage:
    """Raises UnknownCamera."""
    lines = camera_lines(session, at, only=camera_id)
    if not lines:
        raise UnknownCamera(camera_id)
    conditions = select(CameraCondition).where(CameraCondition.camera_id == camera_id)
    clocks = select(CameraClock).where(CameraClock.camera_id == camera_id)
    views = select(CameraView).where(CameraView.camera_id == camera_id)
    return CameraPage(
        line=lines[0],
        conditions=session.scalars(conditions.order_by(CameraCondition.since_at.desc()).limit(CONDITIONS_SHOWN)).all(),
        clocks=session.scalars(clocks.order_by(CameraClock.at.desc()).limit(CLOCKS_SHOWN)).all(),
        views=session.scalars(views.order_by(CameraView.position, CameraView.preset)).all(),
    )


def _views(session: Session, only: str | None) -> dict[str, tuple[ViewLine, ...]]:
    """The presets of each dome, without what was learnt of them."""
    asked = select(
        CameraView.camera_id, CameraView.preset, CameraView.token, CameraView.stay_s, CameraView.hours
    ).where(CameraView.preset != HOME)
    if only is not None:
        asked = asked.where(CameraView.camera_id == only)
    views: dict[str, tuple[ViewLine, ...]] = defaultdict(tuple)
    toured_first = asked.order_by(CameraView.position.is_(None), CameraView.position, CameraView.preset)
    for camera_id, preset, token, stay_s, hours in session.execute(toured_first):
        views[camera_id] += (ViewLine(preset, token, stay_s, tuple(hours or ())),)
    return views


def _counted(session: Session, counts: Any) -> dict[str, int]:
    return dict(session.execute(counts).all())


def _line(
    camera: Camera,
    connection: CameraConnection | None,
    condition: CameraCondition | None,
    lease: CameraLease | None,
    pulse: CameraPulse | None,
    measure: ClockMeasure | None,
    fences: dict[str, int],
    incidents: dict[str, int],
    views: tuple[ViewLine, ...],
    at: datetime,
) -> CameraLine:
    held = lease is not None and lease.expires_at > at
    state, since_at, detail = _state_now(connection, condition, lease, held=held)
    measured = camera.clock_error_s is not None
    return CameraLine(
        id=camera.id,
        name=camera.name,
        timezone=camera.site.timezone,
        source=camera.source,
        state=state,
        since_at=since_at,
        detail=detail,
        watched=connection is not None and connection.watched,
        holder=lease.holder if lease is not None and held else None,
        pulse_age_s=_age_s(pulse.at if pulse else None, at),
        packet_age_s=_age_s(pulse.last_packet_at if pulse else None, at),
        look_age_s=_age_s(pulse.last_look_at if pulse else None, at),
        pulse=_pulse_of(pulse) if pulse else None,
        clock_offset_s=camera.clock_offset_s if measured else None,
        clock_error_s=camera.clock_error_s,
        clock_measure=measure,
        fences=fences.get(camera.id, 0),
        open_incidents=incidents.get(camera.id, 0),
        sub_source=connection.sub_source if connection else None,
        looks_at_sub=connection is not None and connection.looks_at_sub,
        views=views,
    )


def _state_now(
    connection: CameraConnection | None, condition: CameraCondition | None, lease: CameraLease | None, *, held: bool
) -> tuple[CameraState | None, datetime | None, str | None]:
    """What is on record was said by a watcher; where none is left to say otherwise, the camera is stopped."""
    if connection is None:
        return None, None, None
    if condition is not None and condition.state is CameraState.STOPPED and not held:
        return CameraState.STOPPED, condition.since_at, condition.detail
    if lease is None:
        return CameraState.STOPPED, None, None
    if not held:
        return CameraState.STOPPED, lease.expires_at, None
    if condition is None:
        return CameraState.CONNECTING, lease.taken_at, None
    return condition.state, condition.since_at, condition.detail


def _pulse_of(row: CameraPulse) -> Pulse:
    stream, model = row.figures["stream"], row.figures.get("model")
    return Pulse(
        **row.figures
        | {
            "last_packet_at": row.last_packet_at,
            "last_look_at": row.last_look_at,
            "stream": StreamNoted(**stream) if stream else None,
            "model": Weights(**model) if model else None,
        }
    )


def _age_s(moment: datetime | None, at: datetime) -> float | None:
    return None if moment is None else (at - moment).total_seconds()
