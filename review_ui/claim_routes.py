"""Taking an incident in hand, keeping it, putting it back, taking it over from a colleague.

Who takes what waits says with it what for: that is the usual reason to look, and it goes on record like any other.
"""

import uuid
from datetime import datetime
from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Form, Request
from fastapi.responses import RedirectResponse, Response
from sqlalchemy.orm import Session

from cases import claims, viewing
from cases.entitlements import Right
from cases.errors import InHandOfAnother, ReasonMissing, TransitionRefused
from models.database import transaction
from models.people import UserSession
from review_ui.desk import Desk, Now, TheDesk
from review_ui.doorkeeper import CheckedForm
from review_ui.incident_pages import Typed, refused
from review_ui.looking import Purpose
from review_ui.narrowing import MAX_WITHIN, address, asked, understood
from review_ui.permissions import needs

routes = APIRouter()

MAX_REASON = 300
NO_CONTENT, GONE = 204, 409

Within = Annotated[str, Form(max_length=MAX_WITHIN)]
Instead = Annotated[uuid.UUID | None, Form()]  # the incident that is left undecided for this one


def page_of(incident_id: uuid.UUID, within: str, **more: str) -> str:
    """The address of the page; within: the queue it belongs to."""
    query = urlencode({name: value for name, value in {"within": within, **more}.items() if value})
    return f"/incidents/{incident_id}" + (f"?{query}" if query else "")


def take_in_hand(
    session: Session, request: Request, desk: Desk, opened: UserSession, incident_id: uuid.UUID, at: datetime
) -> None:
    """The claim, and with it that it is looked at for review. Raises what claims.take raises."""
    claims.take(session, incident_id, opened.user, at=at)
    if viewing.reason_of(session, opened, incident_id) is None:
        worded = desk.catalog_for(request).say(f"looking.{Purpose.REVIEW.value}")
        viewing.state_reason(session, opened, incident_id, reason=worded, at=at)


def put_back(session: Session, opened: UserSession, instead: uuid.UUID | None, at: datetime) -> None:
    """What was left for another one is free again; of a claim that is not one's own nothing changes."""
    if instead is not None:
        claims.release(session, instead, opened.user, at=at)


@routes.post("/incidents/{incident_id}/claim", dependencies=[needs(Right.DECIDE)])
def claim(
    request: Request,
    desk: TheDesk,
    opened: CheckedForm,
    at: Now,
    incident_id: uuid.UUID,
    within: Within = "",
    instead: Instead = None,
) -> Response:
    """Whoever comes too late sees who was faster; what no longer waits is only shown."""
    kept = asked(understood(within))
    try:
        with transaction(desk.settings.sessions) as session:
            take_in_hand(session, request, desk, opened, incident_id, at)
            put_back(session, opened, instead, at)
    except InHandOfAnother as error:
        words = desk.catalog_for(request).say("refused.in_hand", who=error.who)
        return refused(request, desk, opened, at, incident_id, Typed(within=kept), words)
    except TransitionRefused:
        return RedirectResponse(page_of(incident_id, kept), 303)
    return RedirectResponse(page_of(incident_id, kept), 303)


@routes.post("/incidents/{incident_id}/keep", dependencies=[needs(Right.DECIDE)])
def keep(desk: TheDesk, opened: CheckedForm, at: Now, incident_id: uuid.UUID) -> Response:
    """The page is still open before somebody's eyes."""
    with transaction(desk.settings.sessions) as session:
        kept = claims.keep(session, incident_id, opened.user, at=at)
    return Response(status_code=NO_CONTENT if kept else GONE)


@routes.post("/incidents/{incident_id}/put-back", dependencies=[needs(Right.DECIDE)])
def let_go(desk: TheDesk, opened: CheckedForm, at: Now, incident_id: uuid.UUID, within: Within = "") -> Response:
    """Back to the queue, for whoever comes next."""
    with transaction(desk.settings.sessions) as session:
        claims.release(session, incident_id, opened.user, at=at)
    return RedirectResponse(address(understood(within)), 303)


@routes.post("/incidents/{incident_id}/take-over", dependencies=[needs(Right.DECIDE)])
def take_over(
    request: Request,
    desk: TheDesk,
    opened: CheckedForm,
    at: Now,
    incident_id: uuid.UUID,
    reason: Annotated[str, Form(max_length=MAX_REASON)] = "",
    within: Within = "",
) -> Response:
    kept = asked(understood(within))
    try:
        with transaction(desk.settings.sessions) as session:
            claims.take_over(session, incident_id, opened.user, reason=reason, at=at)
            take_in_hand(session, request, desk, opened, incident_id, at)
    except ReasonMissing:
        words = desk.catalog_for(request).say("refused.take_over_reason")
        return refused(request, desk, opened, at, incident_id, Typed(within=kept), words)
    except TransitionRefused as error:
        return refused(request, desk, opened, at, incident_id, Typed(within=kept), "refused.state", error)
    return RedirectResponse(page_of(incident_id, kept), 303)
