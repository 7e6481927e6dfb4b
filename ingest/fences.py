"""The fences that bind a view: each offence of each geofence version, as the camera worker needs it, and its rule."""

import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from cases.timetable import covers
from detectors.geometry import Polygon
from detectors.illegal_parking import IllegalParking
from detectors.rules import Rule
from detectors.sightings import ObjectRole
from models.enums import Offence
from models.places import Camera, Geofence, GeofenceVersion, Site


@dataclass(frozen=True)
class FenceInForce:
    """One offence of a geofence's version with the numbers of its rule, and when its timetable has it in force."""

    geofence_id: str
    version_id: uuid.UUID
    offence: Offence
    preset: str | None  # of the dome it belongs to
    polygon: Sequence[Sequence[float]]  # fractions of the picture
    dwell_s: float
    grace_s: float
    roles: frozenset[ObjectRole]
    in_force: Callable[[datetime], bool]

    def rule(self, polygon: Polygon, longest_step_s: float) -> Rule:
        """Its rule for pictures in which the fence is `polygon`."""
        return RULES[self.offence](self, polygon, longest_step_s)


def _parking(fence: FenceInForce, polygon: Polygon, longest_step_s: float) -> Rule:
    return IllegalParking(fence.geofence_id, polygon, fence.dwell_s, longest_step_s, fence.roles)


RULES: Mapping[Offence, Callable[[FenceInForce, Polygon, float], Rule]] = {Offence.ILLEGAL_PARKING: _parking}


def fences_in_force(session: Session, camera: Camera, at: datetime, *, always: bool = False) -> list[FenceInForce]:
    """The camera's fences as they were at that moment, one for each offence; `camera.site` is loaded.

    always: whatever their timetables say.
    """
    versions = session.scalars(
        select(GeofenceVersion)
        .join(Geofence)
        .where(
            Geofence.camera_id == camera.id,
            GeofenceVersion.valid_from <= at,
            (GeofenceVersion.valid_to.is_(None)) | (GeofenceVersion.valid_to > at),
        )
        .order_by(GeofenceVersion.geofence_id)
    ).all()
    return [
        _fence(version, offence, camera.site, always=always)
        for version in versions
        for offence in RULES
        if offence in version.offences
    ]


def _fence(version: GeofenceVersion, offence: Offence, site: Site, *, always: bool) -> FenceInForce:
    rule = version.offences[offence]
    zone, timetable = ZoneInfo(site.timezone), version.timetable

    def in_force(captured_at: datetime) -> bool:
        return always or covers(timetable, captured_at.astimezone(zone))

    return FenceInForce(
        geofence_id=version.geofence_id,
        version_id=version.id,
        offence=offence,
        preset=version.preset,
        polygon=version.polygon,
        dwell_s=float(rule["dwell_s"]),
        grace_s=float(rule["grace_s"]),
        roles=frozenset(ObjectRole(role) for role in rule.get("roles", [ObjectRole.VEHICLE.value])),
        in_force=in_force,
    )
