"""A site between its file and its rows: `apply` writes what changed, `dump` writes a file that says the same.

A geofence is never edited: what changed becomes a new version, and the old one ends at that moment. What the file
no longer names ends too, except areas, vehicles and officers, which belong to no site. Reading the file is in
cases/site_file.py.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from sqlalchemy import func, select
from sqlalchemy.orm import Session, selectinload

from cases.camera_entry import Hours, hosts_of
from cases.camera_register import Registered, register_camera
from cases.errors import SiteConflict
from cases.fences import end, put_in_force, terms_of
from cases.permits import apply_permissions, permission_entry, permissions_in_force
from cases.site_file import (
    USUAL_COOLDOWN_S,
    USUAL_VOLUME,
    AreaEntry,
    GeofenceEntry,
    LoudspeakerEntry,
    OfficerEntry,
    SiteFile,
    VehicleEntry,
)
from cases.vehicle_register import register_vehicle
from models.dispatch import Area
from models.enums import AreaLevel, Transport
from models.people import Officer, Vehicle
from models.personal_data import PersonalDataKey
from models.places import Camera, Geofence, GeofenceVersion, Loudspeaker, Site
from models.watching import HOME, CameraConnection, CameraView
from models.whole_file import whole_file

# a first version holds for recordings of any age: there was nothing in force before it that could speak against it
BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass
class ApplyReport:
    """What an import did, in words such as `geofence no-stopping-7 (version 2)`."""

    added: list[str] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)
    ended: list[str] = field(default_factory=list)
    unchanged: int = 0

    def note(self, what: str, done: Registered) -> None:
        if done is Registered.UNCHANGED:
            self.unchanged += 1
        else:
            (self.added if done is Registered.ADDED else self.changed).append(what)

    @property
    def changed_nothing(self) -> bool:
        return not (self.added or self.changed or self.ended)


def apply(session: Session, site_file: SiteFile, key: PersonalDataKey, *, actor: str, at: datetime) -> ApplyReport:
    """Makes the rows say what the file says. Raises SiteConflict where they belong to something else."""
    report = ApplyReport()
    values = site_file.values
    site = session.scalar(select(Site).where(Site.name == values.site))
    if site is None:
        site = Site(name=values.site, timezone=values.timezone)
        session.add(site)
        session.flush()
        report.added.append(f"site {site.name}")
    else:
        _set(report, f"site {site.name}", site, {"timezone": values.timezone})
    for area in values.areas:
        _apply_area(session, report, area)
    for camera in values.cameras:
        report.note(f"camera {camera.id}", register_camera(session, key, site, camera, site_file.source_of(camera)))
    session.flush()
    for geofence in values.geofences:
        _apply_geofence(session, report, geofence, actor=actor, at=at, reason=f"imported from {site_file.path.name}")
    _end_geofences(session, report, site, {each.id for each in values.geofences}, at=at)
    for loudspeaker in values.loudspeakers:
        _apply_loudspeaker(session, report, site, loudspeaker, key)
    for vehicle in values.vehicles:
        _apply_vehicle(session, report, vehicle, key)
    for officer in values.officers:
        _apply_officer(session, report, officer, key)
    permitted = apply_permissions(session, site, values.permissions, actor=actor, at=at)
    report.added += permitted.added
    report.ended += permitted.withdrawn
    report.unchanged += permitted.unchanged
    session.flush()
    return report


def _set(report: ApplyReport, what: str, row: object, values: dict[str, Any]) -> None:
    """Writes only what differs, so that an import of the same file leaves the row alone."""
    differing = {name: value for name, value in values.items() if getattr(row, name) != value}
    for name, value in differing.items():
        setattr(row, name, value)
    if differing:
        report.changed.append(what)
    else:
        report.unchanged += 1


def _apply_area(session: Session, report: ApplyReport, entry: AreaEntry) -> None:
    values = {"name": entry.name, "level": entry.level, "parent_id": entry.parent}
    area = session.get(Area, entry.id)
    if area is None:
        session.add(Area(id=entry.id, **values))
        session.flush()
        report.added.append(f"area {entry.id}")
        return
    _set(report, f"area {entry.id}", area, values)


def _apply_geofence(
    session: Session, report: ApplyReport, entry: GeofenceEntry, *, actor: str, at: datetime, reason: str
) -> None:
    geofence = session.get(Geofence, entry.id)
    name = entry.name or entry.id
    if geofence is None:
        geofence = Geofence(id=entry.id, camera_id=entry.camera, name=name)
        session.add(geofence)
        session.flush()
    elif geofence.camera_id != entry.camera:
        # its incidents were judged on the picture of that camera
        raise SiteConflict(f"geofence {entry.id} belongs to camera {geofence.camera_id}; give the new one another id")
    renamed, geofence.name = geofence.name != name, name
    written = put_in_force(session, entry, actor=actor, reason=reason, at=at, first_from=BEGINNING)
    if not written.is_new:
        _count(report, f"geofence {entry.id}", changed=renamed)
        return
    number = written.version.version
    (report.changed if number > 1 else report.added).append(f"geofence {entry.id} (version {number})")


def _count(report: ApplyReport, what: str, *, changed: bool) -> None:
    if changed:
        report.changed.append(what)
    else:
        report.unchanged += 1


def _hours(timetable: Sequence[Hours]) -> list[dict[str, str]]:
    return [hours.model_dump(mode="json", by_alias=True) for hours in timetable]


def _end_geofences(session: Session, report: ApplyReport, site: Site, named: set[str], *, at: datetime) -> None:
    """A fence that the file does not name any more forbids nothing from now on; its history stays."""
    in_force = session.scalars(
        select(GeofenceVersion)
        .join(Geofence)
        .join(Camera)
        .where(Camera.site_id == site.id, GeofenceVersion.valid_to.is_(None), Geofence.id.not_in(named))
        .order_by(Geofence.id)
    )
    for version in in_force.all():
        end(version, at)
        report.ended.append(f"geofence {version.geofence_id} (version {version.version})")


def _apply_loudspeaker(
    session: Session, report: ApplyReport, site: Site, entry: LoudspeakerEntry, key: PersonalDataKey
) -> None:
    values: dict[str, Any] = {
        "camera_id": entry.camera,
        "driver": entry.driver,
        "url": entry.url,
        "username": entry.username,
        "volume": entry.volume,
        "cooldown_s": entry.cooldown_s,
        "quiet": _hours(entry.quiet) or None,
    }
    where = f"loudspeaker.password:{entry.id}"
    loudspeaker = session.get(Loudspeaker, entry.id)
    if loudspeaker is None:
        sealed = None if entry.password is None else key.seal(entry.password, where)
        session.add(Loudspeaker(id=entry.id, password_sealed=sealed, **values))
        report.added.append(f"loudspeaker {entry.id}")
        return
    if session.get_one(Camera, loudspeaker.camera_id).site_id != site.id:
        raise SiteConflict(f"loudspeaker {entry.id} belongs to another site; give this one another id")
    there = loudspeaker.password_sealed
    if entry.password is not None:
        if there is None or key.open(there, where) != entry.password:
            values["password_sealed"] = key.seal(entry.password, where)
    elif entry.username is None:
        values["password_sealed"] = None
    elif there is not None and (
        entry.username != loudspeaker.username or not hosts_of(entry.url) <= hosts_of(loudspeaker.url)
    ):
        raise SiteConflict(  # whoever may edit a file must not have the password sent elsewhere
            f"loudspeaker {entry.id} has another user name or another host than before; write its password again"
        )
    _set(report, f"loudspeaker {entry.id}", loudspeaker, values)


def _apply_vehicle(session: Session, report: ApplyReport, entry: VehicleEntry, key: PersonalDataKey) -> None:
    report.note(f"vehicle {entry.plate}", register_vehicle(session, key, entry))


def _apply_officer(session: Session, report: ApplyReport, entry: OfficerEntry, key: PersonalDataKey) -> None:
    officer = session.scalar(select(Officer).where(Officer.name == entry.name))
    if officer is None:
        row_id = uuid4()
        sealed = key.seal(entry.phone, f"officer.phone:{row_id}")
        session.add(
            Officer(id=row_id, name=entry.name, phone_sealed=sealed, grid=entry.grid, duty=_hours(entry.duty) or None)
        )
        report.added.append(f"officer {entry.name}")
        return
    renumbered = key.open(officer.phone_sealed, f"officer.phone:{officer.id}") != entry.phone
    if renumbered:
        officer.phone_sealed = key.seal(entry.phone, f"officer.phone:{officer.id}")
    moved = (officer.grid, officer.duty) != (entry.grid, _hours(entry.duty) or None)
    _count(report, f"officer {entry.name}", changed=renumbered or moved)
    officer.grid, officer.duty = entry.grid, _hours(entry.duty) or None


def dump(session: Session, key: PersonalDataKey, path: Path, *, site: str | None = None) -> None:
    """Writes the site as a file that, imported here, gives the same rows; readable by its owner alone (0600).

    The passwords of cameras and loudspeakers are not in it; elsewhere they are to be written into it first.

    site: its name; may be left out where there is only one. Raises SiteConflict.
    """
    content = _content(session, key, site_named(session, site))
    yaml = YAML()
    yaml.width = 120
    yaml.allow_unicode = True
    with whole_file(path) as file:
        yaml.dump(content, file)


def site_named(session: Session, name: str | None) -> Site:
    """The site of that name; without one, the only site there is. Raises SiteConflict."""
    sites = session.scalars(select(Site).order_by(Site.name)).all()
    chosen = [site for site in sites if name is None or site.name == name]
    if len(chosen) == 1:
        return chosen[0]
    known = ", ".join(site.name for site in sites)
    if not sites:
        raise SiteConflict("there is no site yet; import one with `streetwitness site import FILE`")
    raise SiteConflict(f"there is no site {name}; known: {known}" if name else f"say which site with --site: {known}")


def _content(session: Session, key: PersonalDataKey, site: Site) -> CommentedMap:
    cameras = session.scalars(select(Camera).where(Camera.site_id == site.id).order_by(Camera.id)).all()
    of_site = [camera.id for camera in cameras]
    connections = session.scalars(select(CameraConnection).where(CameraConnection.camera_id.in_(of_site)))
    dialled = {connection.camera_id: connection for connection in connections}
    views = session.scalars(
        select(CameraView)
        .where(CameraView.camera_id.in_(of_site), CameraView.preset != HOME)
        .order_by(CameraView.position, CameraView.preset)
    ).all()
    versions = session.scalars(
        select(GeofenceVersion)
        .join(Geofence)
        .where(Geofence.camera_id.in_(of_site), GeofenceVersion.valid_to.is_(None))
        .options(selectinload(GeofenceVersion.geofence))
        .order_by(Geofence.id)
    )
    loudspeakers = session.scalars(
        select(Loudspeaker).where(Loudspeaker.camera_id.in_(of_site)).order_by(Loudspeaker.id)
    )
    vehicles = session.scalars(select(Vehicle).options(selectinload(Vehicle.owner)).order_by(Vehicle.plate))
    officers = session.scalars(select(Officer).order_by(func.lower(Officer.name), Officer.name))
    sections: dict[str, list[dict[str, Any]]] = {
        "areas": [
            _without_defaults({"id": area.id, "name": area.name, "level": area.level.value, "parent": area.parent_id})
            for area in _areas_top_down(session)
        ],
        "cameras": [
            _camera_entry(camera) | _connection_entry(dialled[camera.id], views)
            if camera.id in dialled
            else _camera_entry(camera)
            for camera in cameras
        ],
        "geofences": [_without_defaults(terms_of(version)) for version in versions],
        "vehicles": [_vehicle_entry(vehicle, key) for vehicle in vehicles],
        "officers": [
            _without_defaults(
                {
                    "name": officer.name,
                    "phone": key.open(officer.phone_sealed, f"officer.phone:{officer.id}"),
                    "grid": officer.grid,
                    "duty": officer.duty,
                }
            )
            for officer in officers
        ],
        "loudspeakers": [
            _without_defaults(
                {
                    "id": each.id,
                    "camera": each.camera_id,
                    "driver": each.driver,
                    "url": each.url,
                    "username": each.username,
                    "volume": None if each.volume == USUAL_VOLUME else each.volume,
                    "quiet": each.quiet,
                }
            )
            # silence of no length is a statement, so only the usual one is left out
            | ({} if each.cooldown_s == USUAL_COOLDOWN_S else {"cooldown_s": each.cooldown_s})
            for each in loudspeakers
        ],
        "permissions": [permission_entry(each) for each in permissions_in_force(session, site)],
    }
    content = CommentedMap({"site": site.name, "timezone": site.timezone})
    for section, entries in sections.items():
        if entries:
            content[section] = [_laid_out(entry) for entry in entries]
    return content


def _areas_top_down(session: Session) -> list[Area]:
    """Each after the one it lies in."""
    order = list(AreaLevel)
    return sorted(session.scalars(select(Area)), key=lambda area: (order.index(area.level), area.id))


def _without_defaults(entry: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in entry.items() if value not in (None, {}, [], False)}


def _camera_entry(camera: Camera) -> dict[str, Any]:
    papers = ("legal_review_on", "technical_review_on", "verified_until", "sign_photographed_on", "announced_on")
    clock = {"offset_s": camera.clock_offset_s or None, "error_s": camera.clock_error_s}
    return _without_defaults(
        {
            "id": camera.id,
            "name": camera.name,
            "source": camera.source,
            "kind": camera.kind.value,
            "device_number": camera.device_number,
            "location": None if camera.lat is None else {"lat": camera.lat, "lon": camera.lon},
            "area": camera.area_id,
            # a measured error bound of zero is a statement, so only what is absent is left out here
            "clock": {name: value for name, value in clock.items() if value is not None},
            "passport": {name: on for name in papers if (on := getattr(camera, name)) is not None},
        }
    )


def _connection_entry(connection: CameraConnection, views: Sequence[CameraView]) -> dict[str, Any]:
    """How a live camera is dialled. Never its password: an import of this file keeps the one there is."""
    entry = _without_defaults(
        {
            "sub_source": connection.sub_source,
            "looks_at_sub": connection.looks_at_sub or None,
            "plate_zoom": connection.plate_zoom,
            "transport": None if connection.transport is Transport.TCP else connection.transport.value,
            "username": connection.username,
            "onvif": connection.onvif_url,
            "views": [
                _without_defaults(
                    {"preset": view.preset, "token": view.token, "stay_s": view.stay_s, "hours": view.hours}
                )
                for view in views
                if view.camera_id == connection.camera_id
            ],
        }
    )
    return entry if connection.watched else entry | {"watched": False}


def _vehicle_entry(vehicle: Vehicle, key: PersonalDataKey) -> dict[str, Any]:
    owner = vehicle.owner
    if owner is None:
        return {"plate": vehicle.plate}
    return {
        "plate": vehicle.plate,
        "owner": key.open(owner.name_sealed, f"owner.name:{owner.id}"),
        "phone": key.open(owner.phone_sealed, f"owner.phone:{owner.id}"),
    }


def _laid_out(entry: dict[str, Any]) -> CommentedMap:
    """Entries in block style, what they hold on one line each: as a person would write it."""
    block = CommentedMap(entry)
    for name, value in entry.items():
        if isinstance(value, dict):
            inner = CommentedMap(value)
            inner.fa.set_flow_style()
            block[name] = inner
        elif isinstance(value, list):
            block[name] = _one_line(value)
    return block


def _one_line(values: Sequence[Any]) -> CommentedSeq:
    line = CommentedSeq(values)
    line.fa.set_flow_style()
    return line
