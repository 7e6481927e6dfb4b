"""A live camera as its watcher needs it: where to dial, with what, its views and their fences."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from cases import cameras
from cases.timetable import covers
from ingest.camera_clock import ClockOffset
from ingest.fences import FenceInForce, fences_in_force
from ingest.tour import Stop
from models.enums import Transport
from models.personal_data import PersonalDataKey
from models.places import Camera
from models.watching import FORGOTTEN, HOME, CameraConnection, CameraMemory, CameraView

FINGERPRINT_EVERY = timedelta(minutes=10)


@dataclass(frozen=True)
class WatchedView:
    """A view of a camera. stop: its place in the tour of a dome; None: the camera looks nowhere else."""

    preset: str
    fences: tuple[FenceInForce, ...]
    fingerprint: bytes | None = field(repr=False)  # where one was learnt
    stop: Stop | None = None
    hours: str = ""  # of the stop, as they are written: what is compared


@dataclass(frozen=True)
class WatchedCamera:
    """`password` shows in no repr. sub_source: the small stream where looks are made of it.

    views: those of the tour, in its order; or the one of a camera that looks nowhere else.
    """

    camera_id: str
    source: str
    transport: Transport
    username: str | None
    password: str | None = field(repr=False)
    onvif_url: str | None
    views: tuple[WatchedView, ...]
    sub_source: str | None = None
    plate_zoom: float | None = None  # how near a dome goes for a plate
    forgotten_at: datetime | None = None  # since when its views are to be learnt anew, and are not yet

    @property
    def stops(self) -> list[Stop]:
        """The tour; empty where there is none."""
        return [view.stop for view in self.views if view.stop is not None]

    def needs_restart(self, newer: "WatchedCamera") -> bool:
        """Was it changed in what the watching is built on?"""

        def built_on(each: "WatchedCamera") -> tuple[object, ...]:
            dialled = each.source, each.sub_source, each.transport, each.username, each.password, each.onvif_url
            versions = {fence.version_id for view in each.views for fence in view.fences if not fence.ended}
            tour = [
                (stop.preset, stop.token, stop.stay_s, view.hours)
                for view in each.views
                if (stop := view.stop) is not None
            ]
            return dialled, versions, tour, each.plate_zoom

        return built_on(self) != built_on(newer)


@dataclass(frozen=True)
class Report:
    """What a camera says of itself every few seconds: its pulse, and what is known of its clock."""

    pulse: cameras.Pulse
    clock: ClockOffset
    at: datetime


def load_camera(session: Session, camera_id: str, key: PersonalDataKey, at: datetime) -> WatchedCamera | None:
    """None where the camera is not, or not any more, one to be watched. Raises PersonalDataError for a wrong key."""
    connection = session.scalar(
        select(CameraConnection)
        .where(CameraConnection.camera_id == camera_id, CameraConnection.watched)
        .options(joinedload(CameraConnection.camera).joinedload(Camera.site))
    )
    if connection is None:
        return None
    sealed = connection.password_sealed
    home = session.get(CameraView, (camera_id, HOME))
    return WatchedCamera(
        camera_id=camera_id,
        source=connection.camera.source,
        transport=connection.transport,
        username=connection.username,
        password=None if sealed is None else key.open(sealed, f"camera_connection.password:{camera_id}"),
        onvif_url=connection.onvif_url,
        views=_views(session, connection, home, at),
        sub_source=connection.sub_source if connection.looks_at_sub else None,
        plate_zoom=connection.plate_zoom,
        forgotten_at=None if home is None else _forgotten_at(home),
    )


def _views(
    session: Session, connection: CameraConnection, home: CameraView | None, at: datetime
) -> tuple[WatchedView, ...]:
    """A dome that cannot be moved, or has no preset to tour, stands where it stands."""
    fences = fences_in_force(session, connection.camera, at)
    toured = session.scalars(
        select(CameraView)
        .where(
            CameraView.camera_id == connection.camera_id, CameraView.stay_s.is_not(None), CameraView.token.is_not(None)
        )
        .order_by(CameraView.position)
    ).all()
    if not toured or connection.onvif_url is None:
        here = tuple(fence for fence in fences if fence.preset in (None, HOME))
        return (WatchedView(HOME, here, _fingerprint(home)),)
    zone = ZoneInfo(connection.camera.site.timezone)
    return tuple(
        WatchedView(
            view.preset,
            tuple(fence for fence in fences if fence.preset == view.preset),
            _fingerprint(view),
            Stop(view.preset, view.token or "", view.stay_s or 0.0, _in_hours(view.hours or [], zone)),
            str(view.hours or ""),
        )
        for view in toured
    )


def _in_hours(timetable: Sequence[dict[str, str]], zone: ZoneInfo) -> Callable[[datetime], bool]:
    return lambda at: covers(timetable, at.astimezone(zone))


def _fingerprint(view: CameraView | None) -> bytes | None:
    return None if view is None or view.fingerprint == FORGOTTEN else view.fingerprint


def _forgotten_at(view: CameraView) -> datetime | None:
    return view.learnt_at if view.fingerprint == FORGOTTEN else None


def view_forgotten_at(session: Session, camera_id: str) -> datetime | None:
    """Since when the view is to be learnt anew; None where it is not. Nobody says so before the transaction ends."""
    view = session.get(CameraView, (camera_id, HOME), with_for_update=True)
    return None if view is None else _forgotten_at(view)


def load_memory(session: Session, camera_id: str) -> CameraMemory | None:
    return session.get(CameraMemory, camera_id)


def keep_memory(session: Session, camera_id: str, *, fence: int, content: bytes, at: datetime) -> None:
    """What is remembered now; in a transaction that has asked whether this watcher still has the camera."""
    session.merge(CameraMemory(camera_id=camera_id, fence=fence, at=at, content=content))


def keep_report(session: Session, camera_id: str, report: Report) -> None:
    """Puts it on record; in a transaction that has asked whether this watcher still has the camera."""
    cameras.note_pulse(session, camera_id, report.pulse, report.at)
    offset = report.clock
    cameras.note_clock(
        session, camera_id, offset_s=offset.offset_s, error_s=offset.error_s, measure=offset.measure, at=report.at
    )


def keep_fingerprint(session: Session, camera_id: str, preset: str, fingerprint: bytes | None, at: datetime) -> None:
    """How the view looks, as it was learned so far; nothing where that is too little.

    In a transaction that has asked whether the view was forgotten since.
    """
    if fingerprint is None:
        return
    view = session.get(CameraView, (camera_id, preset))
    if view is None:
        if preset != HOME:
            return  # a preset that was taken out of the tour meanwhile
        view = CameraView(camera_id=camera_id, preset=HOME)
    if view.learnt_at is None or _forgotten_at(view) is not None or at - view.learnt_at >= FINGERPRINT_EVERY:
        view.fingerprint, view.learnt_at = fingerprint, at
        session.add(view)
