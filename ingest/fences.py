"""The fences that bind a view: each offence of each geofence version, as the camera worker needs it, and its rule."""

import uuid
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from cases.ladder import grace_of
from cases.timetable import covers
from detectors.dumping import AWAY_S, Dumping
from detectors.geometry import Polygon, Side
from detectors.illegal_parking import IllegalParking
from detectors.rules import Rule
from detectors.sightings import ObjectRole
from detectors.street_vending import ANCHORS, StreetVending
from models.enums import IncidentState, Offence
from models.incidents import OPEN_STATES, Incident
from models.places import Camera, Geofence, GeofenceVersion, Site

FOLLOWED_FOR = timedelta(days=1)  # under a version of its fence that has ended


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
    line: Sequence[Sequence[float]] | None = None  # a shop's door line, fractions of the picture
    shop_side: Side | None = None  # of that line; None: where the smaller part of the fence lies
    market_bays: Sequence[Sequence[Sequence[float]]] = ()  # where a sale is allowed, fractions of the picture
    valid_from: datetime | None = None  # of the version
    ended: bool = False  # another version took its place; what was confirmed under it is followed to its end

    def ground(self, width: int, height: int) -> Polygon:
        """Where its rule holds, in a picture of that size: the fence, up to the line and without the bays."""
        whole = Polygon.of_fractions(self.polygon, width, height)
        if self.line is not None:
            whole = whole.beyond([(x * width, y * height) for x, y in self.line], self.shop_side)
        return whole.without([Polygon.of_fractions(bay, width, height) for bay in self.market_bays])

    def rule(self, polygon: Polygon, longest_step_s: float) -> Rule:
        """Its rule for pictures in which the fence is `polygon`."""
        return RULES[self.offence](self, polygon, longest_step_s)


def _parking(fence: FenceInForce, polygon: Polygon, longest_step_s: float) -> Rule:
    return IllegalParking(fence.geofence_id, polygon, fence.dwell_s, longest_step_s, fence.roles)


def _vending(fence: FenceInForce, polygon: Polygon, longest_step_s: float) -> Rule:
    return StreetVending(
        fence.geofence_id, polygon, fence.dwell_s, longest_step_s, fence.roles, over_line=fence.line is not None
    )


def _dumping(fence: FenceInForce, polygon: Polygon, longest_step_s: float) -> Rule:
    return Dumping(fence.geofence_id, polygon, fence.dwell_s, longest_step_s)


RULES: Mapping[Offence, Callable[[FenceInForce, Polygon, float], Rule]] = {
    Offence.ILLEGAL_PARKING: _parking,
    Offence.STREET_VENDING: _vending,
    Offence.DUMPING: _dumping,
}
# what may come to stand against the rule, where the fence does not say
USUAL_ROLES: Mapping[Offence, frozenset[ObjectRole]] = {
    Offence.ILLEGAL_PARKING: frozenset({ObjectRole.VEHICLE}),
    Offence.STREET_VENDING: ANCHORS,
    Offence.DUMPING: Dumping.roles,
}


def fences_in_force(session: Session, camera: Camera, at: datetime, *, always: bool = False) -> list[FenceInForce]:
    """The camera's fences as they were at that moment, one for each offence; `camera.site` is loaded.

    always: whatever their timetables say. What still stands before a live camera is followed under the version by which
    it was judged.
    """
    return fences_of(session, [camera], at, always=always)[camera.id]


def fences_of(
    session: Session, cameras: Collection[Camera], at: datetime, *, always: bool = False
) -> dict[str, list[FenceInForce]]:
    """`fences_in_force` of each of these cameras, asked for at once."""
    by_id = {camera.id: camera for camera in cameras}
    still_followed = select(Incident.geofence_version_id).where(
        Incident.camera_id.in_(by_id),
        Incident.recording_id.is_(None),
        Incident.state.in_((*OPEN_STATES, IncidentState.DRAFTED)),
        Incident.left_at.is_(None),
        Incident.confirmed_at > at - FOLLOWED_FOR,
    )
    in_force = GeofenceVersion.valid_to.is_(None) | (GeofenceVersion.valid_to > at)
    rows = session.execute(
        select(Geofence.camera_id, GeofenceVersion)
        .join(Geofence)
        .where(
            Geofence.camera_id.in_(by_id),
            GeofenceVersion.valid_from <= at,
            in_force | GeofenceVersion.id.in_(still_followed),
        )
        .order_by(GeofenceVersion.geofence_id, GeofenceVersion.version)
    ).all()
    fences: dict[str, list[FenceInForce]] = {camera_id: [] for camera_id in by_id}
    for ended in (False, True):
        for camera_id, version in rows:
            if ended is not (version.valid_to is not None and version.valid_to <= at):
                continue
            fences[camera_id] += [
                _fence(version, offence, by_id[camera_id].site, always=always, ended=ended)
                for offence in RULES
                if offence in version.offences
            ]
    return fences


def _fence(version: GeofenceVersion, offence: Offence, site: Site, *, always: bool, ended: bool) -> FenceInForce:
    rule = version.offences[offence]
    zone, timetable = ZoneInfo(site.timezone), version.timetable

    def in_force(captured_at: datetime) -> bool:
        return not ended and (always or covers(timetable, captured_at.astimezone(zone)))

    return FenceInForce(
        geofence_id=version.geofence_id,
        version_id=version.id,
        offence=offence,
        preset=version.preset,
        polygon=version.polygon,
        dwell_s=float(rule.get("away_s", AWAY_S) if offence is Offence.DUMPING else rule["dwell_s"]),
        grace_s=grace_of(offence, rule),
        roles=frozenset(ObjectRole(role) for role in rule["roles"]) if "roles" in rule else USUAL_ROLES[offence],
        in_force=in_force,
        line=rule.get("line"),
        shop_side=rule.get("shop_side"),
        market_bays=rule.get("market_bays") or (),
        valid_from=version.valid_from,
        ended=ended,
    )
