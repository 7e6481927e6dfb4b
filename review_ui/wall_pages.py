"""The wall of the cameras' newest pictures, and the map of where they stand.

Both pages ask for what has changed every few seconds (one answer for all cameras, 304 where nothing has) and get a
picture anew only when there is a newer one.
"""

import hashlib
import json
from datetime import datetime, timedelta
from typing import Annotated, Any
from urllib.parse import quote, urlsplit

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response

from cases import newest_pictures
from cases.camera_map import camera_map
from cases.cameras import CameraLine, camera_lines
from cases.entitlements import Right, Scope, may, scope_of
from cases.map_datum import MapDatum
from models.database import reading
from models.enums import CameraState
from review_ui.catalog import Catalog
from review_ui.desk import Desk, Now, TheDesk
from review_ui.doorkeeper import SECURITY_HEADERS, SignedIn
from review_ui.permissions import needs
from review_ui.remembering import Remembering

routes = APIRouter()

KEEP = "private, no-cache"
REMEMBERED = timedelta(seconds=2)  # browsers ask every five, and what a camera says of itself is written as rarely
OFF_BY_S = 1.0  # of a clock: more is said in red (GA/T 832-2014)
SeesLive = Annotated[Scope, needs(Right.SEE_LIVE)]
SeesCameras = Annotated[Scope, needs(Right.SEE_CAMERAS)]


@routes.get("/wall")
def wall(request: Request, desk: TheDesk, opened: SignedIn, scope: SeesLive, at: Now) -> HTMLResponse:
    with reading(desk.settings.sessions) as session:
        lines = camera_lines(session, at, scope=scope)
    catalog = desk.catalog_for(request)
    return desk.page(
        request, "wall.html", opened, cameras=[_on_the_wall(desk, catalog, line) for line in lines], lines=lines
    )


@routes.get("/wall/state")
def wall_state(request: Request, desk: TheDesk, opened: SignedIn, scope: SeesLive, at: Now) -> Response:  # noqa: ARG001
    """Every camera of the wall as it is now, in the words of the page."""

    def look() -> tuple[datetime, list[CameraLine]]:
        with reading(desk.settings.sessions) as session:
            return at, camera_lines(session, at, scope=scope)

    memory: Remembering[Scope, tuple[datetime, list[CameraLine]]] = request.app.state.wall_memory
    _, lines = memory.recall(scope, lambda found: timedelta(0) <= at - found[0] < REMEMBERED, look)
    catalog = desk.catalog_for(request)
    return unless_known(request, {"cameras": [_on_the_wall(desk, catalog, line) for line in lines]})


def _on_the_wall(desk: Desk, catalog: Catalog, line: CameraLine) -> dict[str, Any]:
    """Words and times of day, and no ages: what has not changed is the same text and costs nothing to ask again."""
    pictures = desk.settings.pictures
    found = newest_pictures.find(None if pictures is None else pictures.newest, line.id)
    state = line.state.value if line.state else "recordings"
    clock = ""
    if line.clock_error_s is not None and line.clock_offset_s is not None:
        clock = catalog.say("cameras.offset", offset=f"{line.clock_offset_s:+.2f}", error=f"{line.clock_error_s:.2f}")
    return {
        "id": line.id,
        "name": line.name,
        "picture": f"/cameras/{quote(line.id, safe='')}/picture?small=1&v={found.version}" if found else None,
        "at": catalog.moment(found.captured_at, line.timezone) if found else "",
        "state": state,
        "words": catalog.say(f"camera_state.{state}"),
        "trouble": line.state not in (None, CameraState.WATCHING, CameraState.CONNECTING),
        "clock": clock,
        "clock_off": line.clock_error_s is not None
        and (line.clock_error_s > OFF_BY_S or abs(line.clock_offset_s or 0.0) > OFF_BY_S),
        "open": line.open_incidents,
    }


def unless_known(request: Request, value: Any) -> Response:
    """As JSON; 304 where the browser has just this."""
    content = json.dumps(value, ensure_ascii=False).encode()
    headers = {"etag": f'"{hashlib.sha256(content).hexdigest()[:32]}"', "cache-control": KEEP}
    if headers["etag"] in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    return Response(content, media_type="application/json", headers=headers)


@routes.get("/map")
def show_map(request: Request, desk: TheDesk, opened: SignedIn, scope: SeesCameras) -> HTMLResponse:
    """On tiles of the house's choice, which is the one address outside that a page of ours loads pictures from."""
    tiles = desk.settings.map_tiles
    with reading(desk.settings.sessions) as session:
        shown = camera_map(session, cameras=scope, incidents=_incidents(opened), datum=_datum(desk))
    page = desk.page(request, "map.html", opened, tiles=tiles, unplaced=shown.unplaced, cameras=shown.cameras)
    if tiles is not None:
        parts = urlsplit(tiles.template)
        page.headers["content-security-policy"] = (
            SECURITY_HEADERS["content-security-policy"] + f"; img-src 'self' {parts.scheme}://{parts.netloc}"
        )
    return page


@routes.get("/map/places")
def map_places(request: Request, desk: TheDesk, opened: SignedIn, scope: SeesCameras, at: Now) -> Response:
    with reading(desk.settings.sessions) as session:
        shown = camera_map(session, cameras=scope, incidents=_incidents(opened), datum=_datum(desk))
        lines = {line.id: line for line in camera_lines(session, at, scope=scope)}
    catalog = desk.catalog_for(request)
    states = {line_id: (line.state.value if line.state else "recordings") for line_id, line in lines.items()}
    places = {
        "cameras": [
            {
                "id": each.id,
                "name": each.name,
                "lat": each.lat,
                "lon": each.lon,
                "state": states[each.id],
                "words": catalog.say(f"camera_state.{states[each.id]}"),
                "open": each.open_incidents,
            }
            for each in shown.cameras
        ],
        "areas": [
            {"id": each.id, "name": each.name, "level": each.level, "outline": each.outline} for each in shown.areas
        ],
    }
    return unless_known(request, places)


def _incidents(opened: SignedIn) -> Scope:
    """Whose incidents are counted; of nobody's where somebody sees cameras alone."""
    return scope_of(opened.user, Right.SEE_INCIDENTS) if may(opened.user, Right.SEE_INCIDENTS) else Scope(frozenset())


def _datum(desk: Desk) -> MapDatum:
    return desk.settings.map_tiles.datum if desk.settings.map_tiles is not None else MapDatum.WGS84
