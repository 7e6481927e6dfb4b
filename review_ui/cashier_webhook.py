"""What the cashier tells by itself: an order was paid, a refund is done. Believed with its signature and a fresh time.

The same news again is answered as the first time: a cashier tells it until it hears that it was heard. What is refused
is logged and changes nothing.
"""

import logging
from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import JSONResponse

from cases.service import orders
from cases.service.cashier import OrderAnswer, RefundAnswer
from cases.service.errors import AnswerWrong, NotFromTheCashier, UnknownOrder
from models.database import transaction
from review_ui.desk import Now, TheDesk
from review_ui.errors import NotBelieved, NotFound, WebhookUnreadable
from review_ui.permissions import proof
from review_ui.webhook_routes import CappedBody

routes = APIRouter()
log = logging.getLogger(__name__)


@proof("the cashier's signature over the message")
def from_cashier(request: Request, desk: TheDesk, at: Now, body: CappedBody) -> OrderAnswer | RefundAnswer:
    """Raises NotFound where no cashier is to send anything, NotBelieved, WebhookUnreadable."""
    cashier = desk.settings.cashier
    if cashier is None:
        raise NotFound
    try:
        return cashier.told(request.headers, body, at)
    except NotFromTheCashier as error:
        log.warning("cashier's message refused", extra={"why": str(error)})
        raise NotBelieved from error
    except AnswerWrong as error:
        log.warning("cashier's message refused", extra={"why": str(error)})
        raise WebhookUnreadable from error


FromCashier = Annotated[OrderAnswer | RefundAnswer, Depends(from_cashier)]


@routes.post("/webhooks/cashier")
def cashier_told(desk: TheDesk, at: Now, told: FromCashier) -> Response:
    try:
        with transaction(desk.settings.sessions) as session:
            if isinstance(told, OrderAnswer):
                orders.told_of_order(session, told, at=at)
            else:
                orders.told_of_refund(session, told, at=at)
    except UnknownOrder as error:
        log.warning("cashier's message refused", extra={"why": str(error)})
        raise NotFound from error
    except AnswerWrong as error:
        log.warning("cashier's message refused", extra={"why": str(error)})
        raise WebhookUnreadable from error
    return JSONResponse({"taken": True})
