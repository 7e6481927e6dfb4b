"""Legal holds and the day a decision was served, as forms of the incident page; only for those entitled."""

import uuid
from datetime import date
from typing import Annotated

from fastapi import APIRouter, Form
from fastapi.responses import RedirectResponse, Response

from cases import holds
from cases.entitlements import Right
from evidence.errors import HoldRefused, NoSuchIncident
from models.database import transaction
from review_ui.desk import Now, TheDesk
from review_ui.doorkeeper import CheckedForm
from review_ui.errors import HoldNotChanged, NotFound, ServiceNotRecorded
from review_ui.permissions import needs

routes = APIRouter()

MAX_REASON = 400
MAX_DOCUMENT = 200


@routes.post("/incidents/{incident_id}/hold", dependencies=[needs(Right.HOLD)])
def put_hold(
    desk: TheDesk,
    opened: CheckedForm,
    at: Now,
    incident_id: uuid.UUID,
    reason: Annotated[str, Form(max_length=MAX_REASON)] = "",
) -> Response:
    try:
        with transaction(desk.settings.sessions) as session:
            holds.put(session, incident_id, user=opened.user, reason=reason, at=at)
    except NoSuchIncident as error:
        raise NotFound from error
    except HoldRefused as error:
        raise HoldNotChanged from error
    return RedirectResponse(f"/incidents/{incident_id}#kept", 303)


@routes.post("/incidents/{incident_id}/holds/{hold_id}/lift", dependencies=[needs(Right.HOLD)])
def lift_hold(
    desk: TheDesk,
    opened: CheckedForm,
    at: Now,
    incident_id: uuid.UUID,
    hold_id: uuid.UUID,
    reason: Annotated[str, Form(max_length=MAX_REASON)] = "",
) -> Response:
    try:
        with transaction(desk.settings.sessions) as session:
            holds.lift(session, hold_id, user=opened.user, reason=reason, at=at)
    except HoldRefused as error:
        raise HoldNotChanged from error
    return RedirectResponse(f"/incidents/{incident_id}#kept", 303)


@routes.post("/incidents/{incident_id}/served", dependencies=[needs(Right.RECORD_SERVICE)])
def decision_served(
    desk: TheDesk,
    opened: CheckedForm,
    at: Now,
    incident_id: uuid.UUID,
    served_on: Annotated[str, Form(max_length=10)] = "",
    document: Annotated[str, Form(max_length=MAX_DOCUMENT)] = "",
) -> Response:
    try:
        with transaction(desk.settings.sessions) as session:
            day = date.fromisoformat(served_on)
            holds.decision_served(session, incident_id, user=opened.user, served_on=day, document=document, at=at)
    except NoSuchIncident as error:
        raise NotFound from error
    except (HoldRefused, ValueError) as error:
        raise ServiceNotRecorded from error
    return RedirectResponse(f"/incidents/{incident_id}#kept", 303)
