"""The queue: what waits for a person, most urgent first."""

from collections.abc import Sequence
from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse

from cases import queue
from cases.queue import QueueRow
from models.database import reading
from models.enums import IncidentState
from review_ui.desk import TheDesk
from review_ui.doorkeeper import SignedIn
from review_ui.picture import Overlay, overlay_of, size_in_recipe

routes = APIRouter()


@routes.get("/")
def queue_page(
    request: Request,
    desk: TheDesk,
    opened: SignedIn,
    state: Annotated[list[IncidentState] | None, Query()] = None,
    camera: Annotated[str, Query(max_length=64)] = "",
    page: Annotated[int, Query(ge=1, le=1_000_000)] = 1,
) -> HTMLResponse:
    with reading(desk.settings.sessions) as session:
        shown = queue.queue_page(session, states=state or (), camera_id=camera or None, page=page)
        cameras = queue.cameras(session)
    return desk.page(
        request,
        "queue.html",
        opened,
        shown=shown,
        overlays={row.incident.id: _overlay(row) for row in shown.rows if row.still},
        cameras=cameras,
        address=_address,
        chosen_states=state or [],
        chosen_camera=camera,
        needs_a_person=queue.NEEDS_A_PERSON,
        states=sorted(IncidentState, key=queue.rank),
    )


def _overlay(row: QueueRow) -> Overlay | None:
    assert row.still is not None
    still, incident = row.still, row.incident
    return overlay_of(still, incident, incident.geofence_version.polygon, size_in_recipe(still))


def _address(states: Sequence[IncidentState], camera: str, page: int) -> str:
    """Where the queue is shown so narrowed, on that page."""
    asked = [("state", state.value) for state in states]
    return "/?" + urlencode([*asked, ("camera", camera), ("page", str(page))])
