"""The queue: what waits for a person, most urgent first, narrowed by the address, and live."""

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Header, Query, Request
from fastapi.responses import HTMLResponse, StreamingResponse

from cases import queue
from cases.entitlements import Right, Scope, may
from cases.lifecycle import NEEDS_A_PERSON
from cases.queue import Narrowed, Place, QueuePage, QueueRow
from cases.review import may_decide
from models.database import reading
from models.enums import IncidentState, Offence
from models.people import UserSession
from review_ui.desk import Now, TheDesk
from review_ui.doorkeeper import SignedIn
from review_ui.errors import TooBusy
from review_ui.narrowing import NarrowedBy, address, asked, place
from review_ui.permissions import needs
from review_ui.picture import Overlay, overlay_of, size_in_recipe
from review_ui.queue_feed import TheFeed
from review_ui.queue_memory import TheMemory

routes = APIRouter()

MAX_PLACE = 100

SeesQueue = Annotated[Scope, needs(Right.SEE_INCIDENTS)]
Turned = Annotated[str, Query(max_length=MAX_PLACE)]


@routes.get("/")
def queue_page(
    request: Request,
    desk: TheDesk,
    memory: TheMemory,
    opened: SignedIn,
    scope: SeesQueue,
    at: Now,
    by: NarrowedBy,
    after: Turned = "",
    before: Turned = "",
) -> HTMLResponse:
    with reading(desk.settings.sessions) as session:
        shown = memory.page(session, scope, by, at=at, after=place(after), before=place(before))
        cameras = queue.cameras(session, scope)
        areas = queue.areas(session, scope)
    return desk.page(
        request,
        "queue.html",
        opened,
        cameras=cameras,
        areas=areas,
        offences=tuple(Offence),
        **_facts(opened, shown, by, at),
    )


@routes.get("/queue/rows")
def queue_rows(
    request: Request,
    desk: TheDesk,
    memory: TheMemory,
    opened: SignedIn,
    scope: SeesQueue,
    at: Now,
    by: NarrowedBy,
    after: Turned = "",
    before: Turned = "",
) -> HTMLResponse:
    """The part of the page that changes, for a page that is open."""
    with reading(desk.settings.sessions) as session:
        shown = memory.page(session, scope, by, at=at, after=place(after), before=place(before))
    return desk.page(request, "queue_rows.html", opened, **_facts(opened, shown, by, at))


@routes.get("/queue/events", dependencies=[needs(Right.SEE_INCIDENTS)])
async def queue_events(
    feed: TheFeed, last_event_id: Annotated[str, Header(max_length=MAX_PLACE)] = ""
) -> StreamingResponse:
    """That the queue changed, as server-sent events. They say nothing about what it is that changed."""
    if feed.is_full:
        raise TooBusy
    return StreamingResponse(
        feed.events(last_event_id),
        media_type="text/event-stream",
        headers={"cache-control": "no-store", "x-accel-buffering": "no"},
    )


def _facts(opened: UserSession, shown: QueuePage, by: Narrowed, at: datetime) -> dict[str, Any]:
    decides = may(opened.user, Right.DECIDE)

    def is_free(row: QueueRow) -> bool:
        """Whether this person may take it in hand with one key."""
        return (
            decides
            and row.incident.state in NEEDS_A_PERSON
            and (row.claim is None or row.claim.user_id == opened.user.id)
            and may_decide(opened.user, row.passed_on)
        )

    def turned(**places: Place | None) -> str:
        return address(by, **places)

    return {
        "shown": shown,
        "by": by,
        "within": asked(by),
        "address": address,
        "turned": turned,
        "is_free": is_free,
        "at": at,
        "overlays": {row.incident.id: _overlay(row) for row in shown.rows if row.still},
        "needs_a_person": NEEDS_A_PERSON,
        "states": sorted(IncidentState, key=queue.rank),
    }


def _overlay(row: QueueRow) -> Overlay | None:
    assert row.still is not None
    still, incident = row.still, row.incident
    return overlay_of(still, incident, incident.geofence_version.polygon, size_in_recipe(still))
