"""Neighbouring cameras at the time of an incident: where else it may have been seen, and whether they saw at all."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from cases.entitlements import Scope
from cases.scope import cameras_within, incidents_within
from models.enums import CameraState
from models.incidents import Incident
from models.places import Camera
from models.watching import CameraCondition

REACH_M = 300.0
MOST_CAMERAS = 6
AROUND = timedelta(minutes=15)
EARTH_M = 6_371_000.0


@dataclass(frozen=True)
class Neighbour:
    """distance_m None: one of the two has no place on record, they lie in one area. state: what is on record of it at
    that time; None: nothing. incidents: what it saw about then, in the order of time.
    """

    camera: Camera
    distance_m: float | None
    state: CameraState | None
    incidents: Sequence[Incident]


def neighbours(session: Session, scope: Scope, incident: Incident) -> list[Neighbour]:
    """The nearest first; `incident.camera` is loaded."""
    here, at = incident.camera, incident.confirmed_at
    near = cameras_near(session, here, scope)
    ids = [camera.id for camera, _ in near]
    states, seen = _states(session, ids, at), _seen(session, ids, incident, scope)
    return [
        Neighbour(camera, apart_m, states.get(camera.id), [one for one in seen if one.camera_id == camera.id])
        for camera, apart_m in near
    ]


def distance_m(one: tuple[float, float], other: tuple[float, float]) -> float:
    """Along the ground between two points of latitude and longitude in degrees."""
    (lat_1, lon_1), (lat_2, lon_2) = (map(math.radians, one), map(math.radians, other))
    chord = math.sin((lat_2 - lat_1) / 2) ** 2
    chord += math.cos(lat_1) * math.cos(lat_2) * math.sin((lon_2 - lon_1) / 2) ** 2
    return 2 * EARTH_M * math.asin(math.sqrt(min(chord, 1.0)))


def cameras_near(session: Session, here: Camera, scope: Scope) -> Sequence[tuple[Camera, float | None]]:
    """The nearest first, each with its distance in metres; None: all that is known is that they lie in one area."""
    others = select(Camera).where(Camera.id != here.id, cameras_within(scope))
    if here.lat is None or here.lon is None:
        if here.area_id is None:
            return []
        same_area = others.where(Camera.area_id == here.area_id).order_by(Camera.name, Camera.id).limit(MOST_CAMERAS)
        return [(camera, None) for camera in session.scalars(same_area)]
    lat_reach = math.degrees(REACH_M / EARTH_M)
    lon_reach = lat_reach / max(math.cos(math.radians(here.lat)), 0.01)
    roughly = others.where(
        Camera.lat.between(here.lat - lat_reach, here.lat + lat_reach),
        Camera.lon.between(here.lon - lon_reach, here.lon + lon_reach),
    )
    measured = [
        (camera, distance_m((here.lat, here.lon), (camera.lat, camera.lon)))
        for camera in session.scalars(roughly)
        if camera.lat is not None and camera.lon is not None
    ]
    measured.sort(key=lambda found: (found[1], found[0].id))
    return [(camera, apart) for camera, apart in measured if apart <= REACH_M][:MOST_CAMERAS]


def _states(session: Session, cameras: Sequence[str], at: datetime) -> dict[str, CameraState]:
    conditions = session.execute(
        select(CameraCondition.camera_id, CameraCondition.state)
        .where(
            CameraCondition.camera_id.in_(cameras),
            CameraCondition.since_at <= at,
            or_(CameraCondition.until_at.is_(None), CameraCondition.until_at > at),
        )
        .order_by(CameraCondition.since_at)
    )
    return {row.camera_id: row.state for row in conditions}


def _seen(session: Session, cameras: Sequence[str], incident: Incident, scope: Scope) -> Sequence[Incident]:
    return session.scalars(
        select(Incident)
        .where(
            Incident.camera_id.in_(cameras),
            Incident.confirmed_at.between(incident.confirmed_at - AROUND, incident.confirmed_at + AROUND),
            Incident.id != incident.id,
            incidents_within(scope),
        )
        .order_by(Incident.confirmed_at)
        .limit(20)
    ).all()
