"""Paying at the desk: orders with their QR pictures, what came over the counter or in cash, plans, refunds."""

import io
import uuid
from datetime import datetime

import segno
from fastapi import APIRouter, Request, Response
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
from models.people import UserSession
from review_ui.desk import Desk, Now, TheDesk
from review_ui.doorkeeper import CheckedForm
from review_ui.errors import NotFound
from review_ui.permissions import needs
from review_ui.service_page import (
    Answer,
    Typed,
    TypedForm,
    act,
    belongs,
    by_of,
    day,
    day_or_none,
    fen,
    fen_of,
    keeper_of,
    page,
    word,
)

routes = APIRouter()

SEE, WORK, APPROVE = needs(Right.SEE_FILES), needs(Right.WORK_FILES), needs(Right.APPROVE_FILES)
VERDICTS = {"1": plans.grant, "0": plans.refuse}
PARTS = 6  # so many lines the form of a plan has
QUIET_ZONE = 4  # ISO/IEC 18004: four modules round the picture


@routes.post("/cases/{file_id}/service/orders", dependencies=[WORK])
def order(
    request: Request, desk: TheDesk, opened: CheckedForm, at: Now, file_id: uuid.UUID, typed: TypedForm
) -> Response:
    """Promised, and handed over at once for who waits for the picture; what is not answered is asked for again."""
    made: list[uuid.UUID] = []

    def put(session: Session, file: CaseFile, typed: Typed) -> None:
        keeper_of(desk)
        means, amount, terminal = word(typed, "means", PaymentMeans), fen(typed, "amount"), typed.get("terminal")
        asked = orders.ask_for(session, file.id, amount, means, by=by_of(opened), at=at, terminal=terminal)
        made.append(asked.id)

    answered = act(request, desk, opened, at, file_id, Answer("order", typed), put)
    for order_id in made:
        keeper_of(desk).keep(order_id)
    return answered


@routes.post("/cases/{file_id}/service/orders/{order_id}/call-off", dependencies=[WORK])
def call_off(
    request: Request,
    desk: TheDesk,
    opened: CheckedForm,
    at: Now,
    file_id: uuid.UUID,
    order_id: uuid.UUID,
    typed: TypedForm,
) -> Response:
    def put(session: Session, file: CaseFile, typed: Typed) -> None:  # noqa: ARG001 - nothing is typed
        belongs(session, file, PaymentOrder, order_id)

    answer = Answer(f"order-{order_id}", typed)
    answered = act(request, desk, opened, at, file_id, answer, put)
    try:
        state = keeper_of(desk).call_off(order_id)
    except FileRefused as error:
        return page(request, desk, opened, at, file_id, Answer(answer.form, typed, error))
    except CashierError:
        return _refused(request, desk, opened, at, file_id, answer, "cashier_away")
    if state is OrderState.PAID:
        return _refused(request, desk, opened, at, file_id, answer, "order_is_paid")
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
def payment(
    request: Request, desk: TheDesk, opened: CheckedForm, at: Now, file_id: uuid.UUID, typed: TypedForm
) -> Response:
    """What was paid over the counter of the bank, from its slip."""

    def put(session: Session, file: CaseFile, typed: Typed) -> None:
        came = Came(fen(typed, "amount"), PaymentMeans.BANK, day(typed, "paid_on"), typed.get("reference", ""))
        paying.take_payment(session, file.id, came, by=by_of(opened), at=at)

    return act(request, desk, opened, at, file_id, Answer("payment", typed), put)


@routes.post("/cases/{file_id}/service/cash", dependencies=[WORK])
def cash(
    request: Request, desk: TheDesk, opened: CheckedForm, at: Now, file_id: uuid.UUID, typed: TypedForm
) -> Response:
    def put(session: Session, file: CaseFile, typed: Typed) -> None:
        ground, ticket = word(typed, "ground", CashGround), typed.get("ticket", "")
        paying.take_cash(session, file.id, fen(typed, "amount"), ticket, ground, user=opened.user, at=at)

    return act(request, desk, opened, at, file_id, Answer("cash", typed), put)


@routes.post("/cases/{file_id}/service/payments/{payment_id}/hand-in", dependencies=[WORK])
def hand_in(
    request: Request,
    desk: TheDesk,
    opened: CheckedForm,
    at: Now,
    file_id: uuid.UUID,
    payment_id: uuid.UUID,
    typed: TypedForm,
) -> Response:
    def put(session: Session, file: CaseFile, typed: Typed) -> None:
        belongs(session, file, Payment, payment_id)
        paying.hand_in(session, payment_id, day(typed, "on"), by=by_of(opened), at=at)

    return act(request, desk, opened, at, file_id, Answer(f"payment-{payment_id}", typed), put)


@routes.post("/cases/{file_id}/service/payments/{payment_id}/give-back", dependencies=[APPROVE])
def give_back(
    request: Request,
    desk: TheDesk,
    opened: CheckedForm,
    at: Now,
    file_id: uuid.UUID,
    payment_id: uuid.UUID,
    typed: TypedForm,
) -> Response:
    def put(session: Session, file: CaseFile, typed: Typed) -> None:
        belongs(session, file, Payment, payment_id)
        ground, because = word(typed, "ground", RefundGround), typed.get("because", "")
        paying.give_back(session, payment_id, fen(typed, "amount"), ground, because, by=by_of(opened), at=at)

    return act(request, desk, opened, at, file_id, Answer(f"payment-{payment_id}", typed), put)


@routes.post("/cases/{file_id}/service/refunds/{refund_id}/done", dependencies=[WORK])
def gave_back(
    request: Request,
    desk: TheDesk,
    opened: CheckedForm,
    at: Now,
    file_id: uuid.UUID,
    refund_id: uuid.UUID,
    typed: TypedForm,
) -> Response:
    def put(session: Session, file: CaseFile, typed: Typed) -> None:
        belongs(session, file, Refund, refund_id)
        on, reference = day(typed, "on"), typed.get("reference", "")
        paying.gave_back(session, refund_id, on, reference, by=by_of(opened), at=at)

    return act(request, desk, opened, at, file_id, Answer(f"refund-{refund_id}", typed), put)


@routes.post("/cases/{file_id}/service/let-go", dependencies=[APPROVE])
def let_go(
    request: Request, desk: TheDesk, opened: CheckedForm, at: Now, file_id: uuid.UUID, typed: TypedForm
) -> Response:
    """The late fee, once the fine is paid."""

    def put(session: Session, file: CaseFile, typed: Typed) -> None:
        paying.let_go(session, file.id, typed.get("because", ""), by=by_of(opened), at=at)

    return act(request, desk, opened, at, file_id, Answer("let_go", typed), put)


@routes.post("/cases/{file_id}/service/plans", dependencies=[WORK])
def plan(
    request: Request, desk: TheDesk, opened: CheckedForm, at: Now, file_id: uuid.UUID, typed: TypedForm
) -> Response:
    def put(session: Session, file: CaseFile, typed: Typed) -> None:
        parts = []
        for number in range(1, PARTS + 1):
            due_on, amount = day_or_none(typed, f"due_{number}"), typed.get(f"amount_{number}", "").strip()
            if (due_on is None) != (not amount):
                raise FileRefused("plan_half_written", number=number)
            if due_on is not None:
                parts.append(Wanted(due_on, fen_of(amount)))
        because, asked_on = typed.get("because", ""), day(typed, "asked_on")
        plans.ask(session, file.id, parts, because, asked_on, user=opened.user, at=at)

    return act(request, desk, opened, at, file_id, Answer("plan", typed), put)


@routes.post("/cases/{file_id}/service/plans/{plan_id}/decide", dependencies=[APPROVE])
def decide_plan(
    request: Request,
    desk: TheDesk,
    opened: CheckedForm,
    at: Now,
    file_id: uuid.UUID,
    plan_id: uuid.UUID,
    typed: TypedForm,
) -> Response:
    def put(session: Session, file: CaseFile, typed: Typed) -> None:
        belongs(session, file, PaymentPlan, plan_id)
        say = VERDICTS.get(typed.get("verdict", ""))
        if say is None:
            raise FileRefused("no_choice")
        say(session, plan_id, typed.get("because", ""), user=opened.user, at=at)

    return act(request, desk, opened, at, file_id, Answer(f"plan-{plan_id}", typed), put)


def _order(desk: Desk, file_id: uuid.UUID, order_id: uuid.UUID) -> PaymentOrder:
    with reading(desk.settings.sessions) as session:
        found = session.get(PaymentOrder, order_id)
    if found is None or found.file_id != file_id:
        raise NotFound
    return found


def _refused(
    request: Request, desk: Desk, opened: UserSession, at: datetime, file_id: uuid.UUID, answer: Answer, why: str
) -> Response:
    return page(request, desk, opened, at, file_id, Answer(answer.form, answer.typed, FileRefused(why)))
