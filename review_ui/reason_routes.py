"""What held an incident back, set aside by a person: then it is drafted."""

import uuid
from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import RedirectResponse, Response

from cases import holding_back
from cases.entitlements import Right
from cases.errors import DecisionRefused, InHandOfAnother, TransitionRefused
from models.database import transaction
from review_ui.claim_routes import Within, page_of
from review_ui.desk import Now, TheDesk
from review_ui.doorkeeper import CheckedForm
from review_ui.incident_pages import MAX_REASON, Typed, refused
from review_ui.narrowing import asked, understood
from review_ui.permissions import needs

routes = APIRouter()


@routes.post("/incidents/{incident_id}/release", dependencies=[needs(Right.DECIDE)])
def release(
    request: Request,
    desk: TheDesk,
    opened: CheckedForm,
    at: Now,
    incident_id: uuid.UUID,
    reason: Annotated[str, Form(max_length=MAX_REASON)] = "",
    within: Within = "",
) -> Response:
    """A named person says why what was found does not hold."""
    kept = asked(understood(within))
    typed = Typed(within=kept)
    try:
        with transaction(desk.settings.sessions) as session:
            holding_back.release(session, incident_id, user=opened.user, reason=reason, at=at)
    except DecisionRefused:
        return refused(request, desk, opened, at, incident_id, typed, "refused.reason")
    except InHandOfAnother as error:
        said = desk.catalog_for(request).say("refused.in_hand", who=error.who)
        return refused(request, desk, opened, at, incident_id, typed, said, error)
    except TransitionRefused as error:
        return refused(request, desk, opened, at, incident_id, typed, "refused.state", error)
    return RedirectResponse(page_of(incident_id, kept), 303)
