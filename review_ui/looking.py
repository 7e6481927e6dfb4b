"""For what somebody looks: asked before a clip, a still or a draft is shown, once an incident and session.

Every route that shows pictures asks `reason_to_look`; without a reason it is refused with a sentence. Thumbnails in
the queue are for choosing and not for looking, and ask for none.
"""

import uuid
from enum import StrEnum
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import RedirectResponse, Response

from cases import viewing
from cases.entitlements import Right
from cases.errors import NoReasonToLook
from models.database import reading, transaction
from models.people import UserSession
from review_ui.desk import Desk, Now, TheDesk
from review_ui.doorkeeper import CheckedForm, SignedIn
from review_ui.errors import NoViewingReason
from review_ui.permissions import needs

routes = APIRouter()

MAX_DETAIL = 300


class Purpose(StrEnum):
    """The reasons people mostly have; the first is the usual one and has a key of its own."""

    REVIEW = "review"
    OBJECTION = "objection"
    SUPERVISION = "supervision"
    REQUEST = "request"
    QUALITY = "quality"
    OTHER = "other"  # says nothing by itself: needs words


def stated_reason(desk: Desk, opened: UserSession, incident_id: uuid.UUID) -> str | None:
    with reading(desk.settings.sessions) as session:
        return viewing.reason_of(session, opened, incident_id)


def ask_reason(desk: Desk, opened: UserSession, at: Now, incident_id: uuid.UUID) -> str:
    """The reason this session gave; that it looked goes on record, once an hour. Raises NoViewingReason."""
    reason = stated_reason(desk, opened, incident_id)
    if reason is None:
        raise NoViewingReason
    with reading(desk.settings.sessions) as session:
        known = viewing.is_on_record(session, incident_id, user=opened.user.name, reason=reason, at=at)
    if not known:
        with transaction(desk.settings.sessions) as session:
            viewing.put_on_record(session, incident_id, user=opened.user.name, reason=reason, at=at)
    return reason


def reason_to_look(desk: TheDesk, opened: SignedIn, at: Now, incident_id: uuid.UUID) -> str:
    """For routes that name the incident in their path."""
    return ask_reason(desk, opened, at, incident_id)


Looking = Annotated[str, Depends(reason_to_look)]


@routes.post("/incidents/{incident_id}/looking", dependencies=[needs(Right.LOOK)])
def look(
    request: Request,
    desk: TheDesk,
    opened: CheckedForm,
    at: Now,
    incident_id: uuid.UUID,
    purpose: Annotated[Purpose, Form()],
    detail: Annotated[str, Form(max_length=MAX_DETAIL)] = "",
) -> Response:
    """A person says what for; then the page shows its pictures."""
    said = detail.strip()
    if purpose is not Purpose.OTHER:
        worded = desk.catalog_for(request).say(f"looking.{purpose.value}")
        said = f"{worded}: {said}" if said else worded
    try:
        with transaction(desk.settings.sessions) as session:
            viewing.state_reason(session, opened, incident_id, reason=said, at=at)
    except NoReasonToLook as error:
        raise NoViewingReason from error
    return RedirectResponse(f"/incidents/{incident_id}", 303)
