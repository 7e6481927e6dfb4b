"""Paying at the desk: orders with their QR pictures, what came over the counter or in cash, plans, refunds."""

import io
import uuid

import segno
from fastapi import APIRouter, Response
from fastapi.responses import JSONResponse
from sqlalchemy.orm import Session

from cases.casework.errors import FileRefused
from cases.entitlements import Right
from cases.service import orders, paying, plans
from cases.service.errors import CashierError
from cases.service.paying import Came
from cases.service.plans import Wanted
from models.case_files import CaseFile
from models.database import reading
from models.enums import CashGround, OrderState, PaymentMeans, RefundGround
from models.payments import Payment, PaymentOrder, PaymentPlan, Refund
from review_ui.asking import Acts, Answer
from review_ui.desk import Desk, TheDesk
from review_ui.errors import NotFound
from review_ui.permissions import needs
from review_ui.service_page import act, belongs, day, day_or_none, fen, fen_of, keeper_of, page, word

routes = APIRouter()

SEE, WORK, APPROVE = needs(Right.SEE_FILES), needs(Right.WORK_FILES), needs(Right.APPROVE_FILES)
VERDICTS = {"1": plans.grant, "0": plans.refuse}
PARTS = 6  # so many lines the form of a plan has
QUIET_ZONE = 4  # ISO/IEC 18004: four modules round the picture


@routes.post("/cases/{file_id}/service/orders", dependencies=[WORK])
def order(asks: Acts, file_id: uuid.UUID) -> Response:
    """Promised, and handed over at once for who waits for the picture; what is not answered is asked for again."""
    made: list[uuid.UUID] = []

    def put(session: Session, file: CaseFile) -> None:
        keeper_of(asks.desk)
        means, amount = word(asks.typed, "means", PaymentMeans), fen(asks.typed, "amount")
        terminal = asks.typed.get("terminal")
        asked = orders.ask_for(session, file.id, amount, means, by=asks.by, at=asks.at, terminal=terminal)
        made.append(asked.id)

    answered = act(asks, file_id, "order", put)
    for order_id in made:
        keeper_of(asks.desk).keep(order_id)
    return answered


@routes.post("/cases/{file_id}/service/orders/{order_id}/call-off", dependencies=[WORK])
def call_off(asks: Acts, file_id: uuid.UUID, order_id: uuid.UUID) -> Response:
    def put(session: Session, file: CaseFile) -> None:
        belongs(session, file, PaymentOrder, order_id)

    form = f"order-{order_id}"
    answered = act(asks, file_id, form, put)
    try:
        state = keeper_of(asks.desk).call_off(order_id)
    except FileRefused as error:
        return page(asks, file_id, Answer(form, asks.typed, error))
    except CashierError:
        return page(asks, file_id, Answer(form, asks.typed, FileRefused("cashier_away")))
    if state is OrderState.PAID:
        return page(asks, file_id, Answer(form, asks.typed, FileRefused("order_is_paid")))
    return answered


@routes.get("/cases/{file_id}/service/orders/{order_id}", dependencies=[SEE])
def order_state(desk: TheDesk, file_id: uuid.UUID, order_id: uuid.UUID) -> Response:
    """How it stands, for the page that shows its picture."""
    return JSONResponse({"state": _order(desk, file_id, order_id).state.value})


@routes.get("/cases/{file_id}/service/orders/{order_id}/qr.svg", dependencies=[SEE])
def qr_picture(desk: TheDesk, file_id: uuid.UUID, order_id: uuid.UUID) -> Response:
    shown = _order(desk, file_id, order_id)
    if shown.state is not OrderState.OPEN or shown.means is not PaymentMeans.QR or shown.pay_url is None:
        raise NotFound
    picture = io.BytesIO()
    code = segno.make_qr(shown.pay_url, error="m")
    code.save(picture, kind="svg", scale=6, border=QUIET_ZONE, dark="#000", light="#fff", xmldecl=False)
    return Response(picture.getvalue(), media_type="image/svg+xml")


@routes.post("/cases/{file_id}/service/payments", dependencies=[WORK])
def payment(asks: Acts, file_id: uuid.UUID) -> Response:
    """What was paid over the counter of the bank, from its slip."""

    def put(session: Session, file: CaseFile) -> None:
        came = Came(fen(asks.typed, "amount"), PaymentMeans.BANK, day(asks.typed, "paid_on"), asks.text("reference"))
        paying.take_payment(session, file.id, came, by=asks.by, at=asks.at)

    return act(asks, file_id, "payment", put)


@routes.post("/cases/{file_id}/service/cash", dependencies=[WORK])
def cash(asks: Acts, file_id: uuid.UUID) -> Response:
    def put(session: Session, file: CaseFile) -> None:
        ground, ticket = word(asks.typed, "ground", CashGround), asks.text("ticket")
        paying.take_cash(session, file.id, fen(asks.typed, "amount"), ticket, ground, user=asks.user, at=asks.at)

    return act(asks, file_id, "cash", put)


@routes.post("/cases/{file_id}/service/payments/{payment_id}/hand-in", dependencies=[WORK])
def hand_in(asks: Acts, file_id: uuid.UUID, payment_id: uuid.UUID) -> Response:
    def put(session: Session, file: CaseFile) -> None:
        belongs(session, file, Payment, payment_id)
        paying.hand_in(session, payment_id, day(asks.typed, "on"), by=asks.by, at=asks.at)

    return act(asks, file_id, f"payment-{payment_id}", put)


@routes.post("/cases/{file_id}/service/payments/{payment_id}/give-back", dependencies=[APPROVE])
def give_back(asks: Acts, file_id: uuid.UUID, payment_id: uuid.UUID) -> Response:
    def put(session: Session, file: CaseFile) -> None:
        belongs(session, file, Payment, payment_id)
        ground, because = word(asks.typed, "ground", RefundGround), asks.text("because")
        paying.give_back(session, payment_id, fen(asks.typed, "amount"), ground, because, by=asks.by, at=asks.at)

    return act(asks, file_id, f"payment-{payment_id}", put)


@routes.post("/cases/{file_id}/service/refunds/{refund_id}/done", dependencies=[WORK])
def gave_back(asks: Acts, file_id: uuid.UUID, refund_id: uuid.UUID) -> Response:
    def put(session: Session, file: CaseFile) -> None:
        belongs(session, file, Refund, refund_id)
        on, reference = day(asks.typed, "on"), asks.text("reference")
        paying.gave_back(session, refund_id, on, reference, by=asks.by, at=asks.at)

    return act(asks, file_id, f"refund-{refund_id}", put)


@routes.post("/cases/{file_id}/service/let-go", dependencies=[APPROVE])
def let_go(asks: Acts, file_id: uuid.UUID) -> Response:
    """The late fee, once the fine is paid."""

    def put(session: Session, file: CaseFile) -> None:
        paying.let_go(session, file.id, asks.text("because"), by=asks.by, at=asks.at)

    return act(asks, file_id, "let_go", put)


@routes.post("/cases/{file_id}/service/plans", dependencies=[WORK])
def plan(asks: Acts, file_id: uuid.UUID) -> Response:
    def put(session: Session, file: CaseFile) -> None:
        parts = []
        for number in range(1, PARTS + 1):
            due_on, amount = day_or_none(asks.typed, f"due_{number}"), asks.text(f"amount_{number}").strip()
            if (due_on is None) != (not amount):
                raise FileRefused("plan_half_written", number=number)
            if due_on is not None:
                parts.append(Wanted(due_on, fen_of(amount)))
        because, asked_on = asks.text("because"), day(asks.typed, "asked_on")
        plans.ask(session, file.id, parts, because, asked_on, user=asks.user, at=asks.at)

    return act(asks, file_id, "plan", put)


@routes.post("/cases/{file_id}/service/plans/{plan_id}/decide", dependencies=[APPROVE])
def decide_plan(asks: Acts, file_id: uuid.UUID, plan_id: uuid.UUID) -> Response:
    def put(session: Session, file: CaseFile) -> None:
        belongs(session, file, PaymentPlan, plan_id)
        say = VERDICTS.get(asks.text("verdict"))
        if say is None:
            raise FileRefused("no_choice")
        say(session, plan_id, asks.text("because"), user=asks.user, at=asks.at)

    return act(asks, file_id, f"plan-{plan_id}", put)


def _order(desk: Desk, file_id: uuid.UUID, order_id: uuid.UUID) -> PaymentOrder:
    with reading(desk.settings.sessions) as session:
        found = session.get(PaymentOrder, order_id)
    if found is None or found.file_id != file_id:
        raise NotFound
    return found
