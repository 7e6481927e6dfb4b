"""The messages: what waits, what is dead, how the gateways do, how long each wording is; and one sent again."""

import uuid
from typing import Annotated

from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from cases import message_desk
from cases.entitlements import Right, Scope, may
from cases.errors import MessageNotDead, ReasonMissing, UnknownMessage
from models.database import reading, transaction
from models.enums import OutboxState
from notify.messages import KINDS, samples
from notify.outbox import FOR_HOOKS, SPOKEN
from notify.sms_length import parts
from review_ui.desk import Now, TheDesk
from review_ui.doorkeeper import CheckedForm, SignedIn
from review_ui.errors import MessageNotSentAgain, NotFound
from review_ui.permissions import needs

routes = APIRouter()

MAX_REASON = 400
NEED_A_LOOK = (OutboxState.DEAD, OutboxState.PENDING, OutboxState.SENDING)
SAMPLE_LINK = "/x/AbCdEfGhJk"


@routes.get("/messages")
def messages(
    request: Request,
    desk: TheDesk,
    opened: SignedIn,
    at: Now,
    scope: Annotated[Scope, needs(Right.SEE_MESSAGES)],
    state: Annotated[OutboxState | None, Query()] = None,
) -> HTMLResponse:
    with reading(desk.settings.sessions) as session:
        shown = message_desk.messages_shown(session, scope, NEED_A_LOOK if state is None else (state,))
    webhooks = desk.settings.webhooks
    host = webhooks.public_url if webhooks else f"https://{desk.settings.public_hosts[0]}"
    return desk.page(
        request,
        "messages.html",
        opened,
        shown=shown,
        chosen=state,
        states=list(OutboxState),
        kinds=(*KINDS, *SPOKEN, *FOR_HOOKS),
        at=at,
        may_send_again=may(opened.user, Right.SEND_AGAIN),
        wordings=[(sample, parts(sample.text)) for sample in samples(f"{host}{SAMPLE_LINK}")],
    )


@routes.post("/messages/{message_id}/again", dependencies=[needs(Right.SEND_AGAIN)])
def send_again(
    desk: TheDesk,
    opened: CheckedForm,
    at: Now,
    message_id: uuid.UUID,
    reason: Annotated[str, Form(max_length=MAX_REASON)] = "",
) -> Response:
    try:
        with transaction(desk.settings.sessions) as session:
            message_desk.send_again(session, message_id, user=opened.user, reason=reason, at=at)
    except UnknownMessage as error:
        raise NotFound from error
    except (MessageNotDead, ReasonMissing) as error:
        raise MessageNotSentAgain from error
    return RedirectResponse("/messages", 303)
