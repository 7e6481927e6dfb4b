"""Where cameras stand and where something is open, for the map, within what somebody may see.

An area has no outline of its own: it is drawn round the cameras that look into it, and into the areas below it.
"""

from collections import defaultdict
from dataclasses import dataclass

import shapely
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from cases.entitlements import Scope
from cases.map_datum import MapDatum, on_map
from cases.scope import cameras_within, incidents_within
from models.dispatch import Area
from models.incidents import OPEN_STATES, Incident
from models.places import Camera

AROUND_DEG = 0.0006  # drawn round a camera: some 60 m, so that an area of one camera has an outline


@dataclass(frozen=True)
class CameraPlace:
    """lat, lon: on the map's datum. open_incidents: of those the asker may see."""

    id: str
    name: str
    lat: float
    lon: float
    area_id: str | None
    open_incidents: int


@dataclass(frozen=True)
class AreaOutline:
    """outline: (lat, lon) on the map's datum, walking round."""

    id: str
    name: str
    level: str
    outline: tuple[tuple[float, float], ...]


@dataclass(frozen=True)
class CameraMap:
    """unplaced: names of cameras whose place nobody has entered."""

    cameras: tuple[CameraPlace, ...]
    areas: tuple[AreaOutline, ...]
    unplaced: tuple[tuple[str, str], ...]


def camera_map(session: Session, *, cameras: Scope, incidents: Scope, datum: MapDatum) -> CameraMap:
    found = session.scalars(select(Camera).where(cameras_within(cameras)).order_by(Camera.name, Camera.id)).all()
    counted = select(Incident.camera_id, func.count().label("number")).where(Incident.state.in_(OPEN_STATES))
    rows = session.execute(counted.where(incidents_within(incidents)).group_by(Incident.camera_id))
    open_at = {row.camera_id: row.number for row in rows}
    places = tuple(
        CameraPlace(each.id, each.name, *on_map(each.lat, each.lon, datum), each.area_id, open_at.get(each.id, 0))
        for each in found
        if each.lat is not None and each.lon is not None
    )
    unplaced = tuple((each.id, each.name) for each in found if each.lat is None)
    return CameraMap(places, _areas(session, places), unplaced)


def _areas(session: Session, places: tuple[CameraPlace, ...]) -> tuple[AreaOutline, ...]:
    """Of every area that somebody who sees these cameras has one in; the largest first, so that they lie below."""
    areas = {area.id: area for area in session.scalars(select(Area).order_by(Area.id))}
    within: dict[str, list[tuple[float, float]]] = defaultdict(list)
    for place in places:
        area_id = place.area_id
        while area_id is not None:
            within[area_id].append((place.lat, place.lon))
            area_id = areas[area_id].parent_id
    outlines = {
        area_id: shapely.MultiPoint(points).buffer(AROUND_DEG, quad_segs=4).convex_hull
        for area_id, points in within.items()
    }
    return tuple(
        AreaOutline(
            area_id,
            areas[area_id].name,
            areas[area_id].level.value,
            tuple((round(lat, 6), round(lon, 6)) for lat, lon in outline.exterior.coords[:-1]),
        )
        for area_id, outline in sorted(outlines.items(), key=lambda item: (-item[1].area, item[0]))
    )
