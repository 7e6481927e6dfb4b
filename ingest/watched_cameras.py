"""A live camera as its watcher needs it: where to dial, with what, its views and their fences."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from cases import cameras
from cases.timetable import covers
from ingest.camera_clock import ClockOffset
from ingest.fences import FenceInForce, fences_of
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
    return load_cameras(session, [camera_id], key, at).get(camera_id)


def load_cameras(
    session: Session, camera_ids: Collection[str], key: PersonalDataKey, at: datetime
) -> dict[str, WatchedCamera]:
    """Those of them that are to be watched. Raises PersonalDataError for a wrong key.

    A watcher asks for all of its cameras every few seconds: in three questions, and not in some for each.
    """
    connections = session.scalars(
        select(CameraConnection)
        .where(CameraConnection.camera_id.in_(camera_ids), CameraConnection.watched)
        .options(joinedload(CameraConnection.camera).joinedload(Camera.site))
    ).all()
    views: dict[str, list[CameraView]] = {each.camera_id: [] for each in connections}
    for view in session.scalars(
        select(CameraView).where(CameraView.camera_id.in_(views)).order_by(CameraView.position)
    ):
        views[view.camera_id].append(view)
    fences = fences_of(session, [each.camera for each in connections], at)
    return {each.camera_id: _watched(each, views[each.camera_id], fences[each.camera_id], key) for each in connections}


def _watched(
    connection: CameraConnection, views: Sequence[CameraView], fences: Sequence[FenceInForce], key: PersonalDataKey
) -> WatchedCamera:
    sealed = connection.password_sealed
    home = next((view for view in views if view.preset == HOME), None)
    return WatchedCamera(
        camera_id=connection.camera_id,
        source=connection.camera.source,
        transport=connection.transport,
        username=connection.username,
        password=None if sealed is None else key.open(sealed, f"camera_connection.password:{connection.camera_id}"),
        onvif_url=connection.onvif_url,
        views=_views(connection, views, home, fences),
        sub_source=connection.sub_source if connection.looks_at_sub else None,
        plate_zoom=connection.plate_zoom,
        forgotten_at=None if home is None else _forgotten_at(home),
    )


def _views(
    connection: CameraConnection,
    views: Sequence[CameraView],
    home: CameraView | None,
    fences: Sequence[FenceInForce],
) -> tuple[WatchedView, ...]:
    """A dome that cannot be moved, or has no preset to tour, stands where it stands."""
    toured = [view for view in views if view.stay_s is not None and view.token is not None]
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


def keep_reports(session: Session, reports: Mapping[str, Report]) -> None:
    """Puts them on record, by camera; in a transaction that has asked whether this watcher still has the cameras."""
    cameras.note_pulses(session, {camera_id: (report.pulse, report.at) for camera_id, report in reports.items()})
    on_record = cameras.clocks_on_record(session, reports)
    for camera_id, report in reports.items():
        cameras.note_clock(
            session,
            camera_id,
            offset_s=report.clock.offset_s,
            error_s=report.clock.error_s,
            measure=report.clock.measure,
            at=report.at,
            last=on_record.get(camera_id),
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
