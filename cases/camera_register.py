"""How a camera comes into the rows: its place and papers, how it is dialled, the presets it tours.

The password is sealed on the way in and shown nowhere. Every door that knows cameras (site file, table of cameras,
command line) ends here, with a cases/camera_entry.py CameraEntry.
"""

from collections.abc import Sequence
from enum import StrEnum
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from cases.camera_entry import CameraEntry, Clock, Hours, Location, Passport, ViewEntry, hosts_of
from cases.errors import SiteConflict, UnknownCamera
from models.personal_data import PersonalDataKey
from models.places import Camera, Geofence, GeofenceVersion, Site
from models.watching import HOME, CameraClock, CameraConnection, CameraView


class Registered(StrEnum):
    """What registering a camera did."""

    ADDED = "added"
    CHANGED = "changed"
    UNCHANGED = "unchanged"


def register_camera(session: Session, key: PersonalDataKey, site: Site, entry: CameraEntry, source: str) -> Registered:
    """Makes the rows of one camera say what the entry says. source: `entry.source`, or the whole path of a recording.

    Raises SiteConflict for a camera of another site, and for one that moves to another machine while the entry
    relies on the password there was: whoever may edit a file must not have it sent elsewhere.
    """
    camera = session.get(Camera, entry.id)
    if camera is not None and camera.site_id != site.id:
        owner = session.get_one(Site, camera.site_id).name
        raise SiteConflict(f"camera {entry.id} belongs to the site {owner}; give the one of {site.name} another id")
    values: dict[str, Any] = {
        "name": entry.name,
        "source": source,
        "kind": entry.kind,
        "device_number": entry.device_number,
        "lat": entry.location.lat if entry.location else None,
        "lon": entry.location.lon if entry.location else None,
        "area_id": entry.area,
        **entry.passport.model_dump(),
    }
    if not _clock_was_measured(session, entry.id):
        values |= {"clock_offset_s": entry.clock.offset_s, "clock_error_s": entry.clock.error_s}
    if camera is None:
        session.add(Camera(id=entry.id, site_id=site.id, **values))
        session.flush()
        _connect(session, key, entry, was=None)
        return Registered.ADDED
    was = camera.source
    changed = _differs(camera, values)
    changed |= _connect(session, key, entry, was=was)
    return Registered.CHANGED if changed else Registered.UNCHANGED


def completed(session: Session, entry: CameraEntry) -> CameraEntry:
    """The entry with what it does not say taken from the rows: a table of cameras says less than they hold.

    A camera that is not there yet, and how a live one is dialled that becomes one for recordings, add nothing.
    """
    camera = session.get(Camera, entry.id)
    if camera is None:
        return entry
    there: dict[str, Any] = {
        "kind": camera.kind,
        "device_number": camera.device_number,
        "location": None if camera.lat is None or camera.lon is None else Location(lat=camera.lat, lon=camera.lon),
        "area": camera.area_id,
        "clock": Clock(offset_s=camera.clock_offset_s, error_s=camera.clock_error_s),
        "passport": Passport(**{name: getattr(camera, name) for name in Passport.model_fields}),
    }
    connection = session.get(CameraConnection, entry.id)
    if connection is not None and entry.live:
        there |= {
            "sub_source": connection.sub_source,
            "looks_at_sub": connection.looks_at_sub,
            "transport": connection.transport,
            "username": connection.username,
            "onvif": connection.onvif_url,
            "plate_zoom": connection.plate_zoom,
            "watched": connection.watched,
            "views": views_of(session, entry.id),
        }
    return entry.model_copy(update={name: value for name, value in there.items() if name not in entry.model_fields_set})


def views_of(session: Session, camera_id: str) -> tuple[ViewEntry, ...]:
    """The presets of a dome: those of the tour in its order, then the others by name."""
    rows = session.scalars(_presets(camera_id))
    toured_first = sorted(rows, key=lambda row: (row.position is None, row.position or 0, row.preset))
    return tuple(_view_entry(row) for row in toured_first)


def _view_entry(view: CameraView) -> ViewEntry:
    hours = tuple(Hours.model_validate(each) for each in view.hours or ())
    return ViewEntry(preset=view.preset, token=view.token, stay_s=view.stay_s, hours=hours)


def _clock_was_measured(session: Session, camera_id: str) -> bool:
    """A measurement of the camera's clock is worth more than what an old file says of it."""
    return session.scalar(select(CameraClock.at).where(CameraClock.camera_id == camera_id).limit(1)) is not None


def _differs(row: object, values: dict[str, Any]) -> bool:
    """Writes only what differs, so that the same entry leaves the row alone."""
    differing = {name: value for name, value in values.items() if getattr(row, name) != value}
    for name, value in differing.items():
        setattr(row, name, value)
    return bool(differing)


def _connect(session: Session, key: PersonalDataKey, entry: CameraEntry, *, was: str | None) -> bool:
    """Connection and views of a live camera; a camera that is none any more loses both. Whether anything changed."""
    connection = session.get(CameraConnection, entry.id)
    if not entry.live:
        if connection is not None:
            session.delete(connection)
        return set_views(session, entry.id, ()) or connection is not None
    values = {
        "sub_source": entry.sub_source,
        "looks_at_sub": entry.looks_at_sub,
        "transport": entry.transport,
        "username": entry.username,
        "onvif_url": entry.onvif,
        "plate_zoom": entry.plate_zoom,
        "watched": entry.watched,
    }
    added = connection is None
    if connection is None:
        connection = CameraConnection(camera_id=entry.id)
        session.add(connection)
    resealed = _reseal(key, connection, entry, was=was)
    changed = _differs(connection, values)
    session.flush()
    return set_views(session, entry.id, entry.views) or added or resealed or changed


def _reseal(key: PersonalDataKey, connection: CameraConnection, entry: CameraEntry, *, was: str | None) -> bool:
    """Keeps, replaces or drops the sealed password; whether it is another one now."""
    where = _where_sealed(entry.id)
    sealed = connection.password_sealed
    if entry.password is not None:
        if sealed is not None and key.open(sealed, where) == entry.password:
            return False
        connection.password_sealed = key.seal(entry.password, where)
        return True
    if sealed is None:
        return False
    if entry.username is None:
        connection.password_sealed = None
        return True
    known = hosts_of(was, connection.sub_source, connection.onvif_url)
    if entry.username != connection.username or not hosts_of(entry.source, entry.sub_source, entry.onvif) <= known:
        raise SiteConflict(
            f"camera {entry.id} has another user name or another host than before; write its password again with it"
        )
    return False


def _where_sealed(camera_id: str) -> str:
    return f"camera_connection.password:{camera_id}"


def fences_left(session: Session, camera_id: str, views: Sequence[ViewEntry]) -> list[tuple[str, str]]:
    """Fences in force on presets that would be there no more, each with its preset: nobody would watch them."""
    gone = {view.preset for view in views_of(session, camera_id)} - {view.preset for view in views}
    drawn = session.execute(
        select(GeofenceVersion.geofence_id, GeofenceVersion.preset)
        .join(Geofence)
        .where(Geofence.camera_id == camera_id, GeofenceVersion.valid_to.is_(None), GeofenceVersion.preset.in_(gone))
        .order_by(GeofenceVersion.geofence_id)
    )
    return [(geofence_id, preset) for geofence_id, preset in drawn if preset is not None]


def set_views(session: Session, camera_id: str, views: Sequence[ViewEntry]) -> bool:
    """The presets of the tour in this order. What the watcher learnt of a view that stays, stays."""
    rows = {row.preset: row for row in session.scalars(_presets(camera_id))}
    changed = False
    for row in rows.values():
        if row.preset not in {view.preset for view in views}:
            session.delete(row)
            changed = True
    position = 0
    for view in views:
        values: dict[str, Any] = {
            "token": view.token,
            "stay_s": view.stay_s,
            "position": None if view.stay_s is None else position,
            "hours": [hours.model_dump(mode="json", by_alias=True) for hours in view.hours] or None,
        }
        position += view.stay_s is not None
        known = rows.get(view.preset)
        if known is None:
            session.add(CameraView(camera_id=camera_id, preset=view.preset, **values))
        changed |= known is None or _differs(known, values)
    session.flush()
    return changed


def _presets(camera_id: str) -> Select[CameraView]:
    return select(CameraView).where(CameraView.camera_id == camera_id, CameraView.preset != HOME)


def set_watched(session: Session, camera_id: str, *, watched: bool) -> bool:
    """Has a live camera watched from now on, or not; whether that is a change. Raises UnknownCamera."""
    connection = session.get(CameraConnection, camera_id)
    if connection is None:
        raise UnknownCamera(camera_id)
    changed = connection.watched is not watched
    connection.watched = watched
    session.flush()
    return changed
