"""A live camera as its watcher needs it: where to dial, with what, and the fences of its views."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from cases import cameras
from ingest.camera_clock import ClockOffset
from ingest.fences import FenceInForce, fences_in_force
from models.enums import Transport
from models.personal_data import PersonalDataKey
from models.places import Camera
from models.watching import FORGOTTEN, HOME, CameraConnection, CameraMemory, CameraView

FINGERPRINT_EVERY = timedelta(minutes=10)


@dataclass(frozen=True)
class WatchedCamera:
    """`password` shows in no repr."""

    camera_id: str
    source: str
    transport: Transport
    username: str | None
    password: str | None = field(repr=False)
    onvif_url: str | None
    fences: tuple[FenceInForce, ...]
    fingerprint: bytes | None = field(repr=False)  # of its view, where one was learnt
    forgotten_at: datetime | None = None  # since when it is to be learnt anew, and is not yet

    def needs_restart(self, newer: "WatchedCamera") -> bool:
        """Was it changed in what the watching is built on?"""

        def built_on(each: "WatchedCamera") -> tuple[object, ...]:
            versions = {fence.version_id for fence in each.fences}
            return each.source, each.transport, each.username, each.password, each.onvif_url, versions

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
    view = session.get(CameraView, (camera_id, HOME))
    forgotten_at = None if view is None else _forgotten_at(view)
    return WatchedCamera(
        camera_id=camera_id,
        source=connection.camera.source,
        transport=connection.transport,
        username=connection.username,
        password=None if sealed is None else key.open(sealed, f"camera_connection.password:{camera_id}"),
        onvif_url=connection.onvif_url,
        fences=tuple(
            fence for fence in fences_in_force(session, connection.camera, at) if fence.preset in (None, HOME)
        ),
        fingerprint=None if view is None or forgotten_at is not None else view.fingerprint,
        forgotten_at=forgotten_at,
    )


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


def keep_fingerprint(session: Session, camera_id: str, fingerprint: bytes | None, at: datetime) -> None:
    """How the view looks, as it was learned so far; nothing where that is too little.

    In a transaction that has asked whether the view was forgotten since.
    """
    if fingerprint is None:
        return
    view = session.get(CameraView, (camera_id, HOME)) or CameraView(camera_id=camera_id, preset=HOME)
    if view.learnt_at is None or _forgotten_at(view) is not None or at - view.learnt_at >= FINGERPRINT_EVERY:
        view.fingerprint, view.learnt_at = fingerprint, at
        session.add(view)
