"""Orders: an amount of a fine that is to be paid at the cashier, by a QR picture or on a terminal.

An order is promised in the transaction of who makes it, and kept by cases/service/order_keeper.py. What the cashier
answers, and what it tells by itself, comes here: the same news twice is one payment.
"""

import uuid
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from cases.casework import steps
from cases.casework.approvals import lock
from cases.casework.days import local_date
from cases.casework.errors import FileError, FileRefused
from cases.casework.steps import PROGRAM_ITSELF, By
from cases.service.acts import AFTER_THE_DECISION, at_or_after_the_last, in_state, said
from cases.service.cashier import OrderAnswer, OrderAsked, RefundAnswer, RefundAsked
from cases.service.errors import AnswerWrong, UnknownOrder
from cases.service.owed import ON_THEIR_WAY, owed
from cases.service.paying import Came, receive
from models.case_files import CaseFile
from models.enums import FileAct, FileState, OrderState, PaymentMeans, RefundState
from models.payments import Payment, PaymentOrder, Refund

LOOK_AGAIN = timedelta(seconds=20)  # at an order that is open: a webhook may never come
LONGEST_TERMINAL = 64
LONGEST_ERROR = 400


def ask_for(
    session: Session,
    file_id: uuid.UUID,
    amount_fen: int,
    means: PaymentMeans,
    *,
    by: By,
    at: datetime,
    terminal: str | None = None,
) -> PaymentOrder:
    """Promises an order. Raises UnknownFile, FileRefused: nothing to pay, or more than is owed and not on its way."""
    file = lock(session, file_id)
    in_state(file, set(AFTER_THE_DECISION) - {FileState.CLOSED}, "no_fine_to_pay")
    if by.user is None:
        raise FileRefused("needs_a_person")
    if means not in (PaymentMeans.QR, PaymentMeans.POS):
        raise FileRefused("not_by_order")
    named = said(terminal or "", "no_terminal", at_most=LONGEST_TERMINAL) if means is PaymentMeans.POS else None
    stands = owed(session, file, local_date(at, file.timezone))
    if stands.decision is None or stands.fine_fen == 0:
        raise FileRefused("no_fine_to_pay")
    if amount_fen <= 0:
        raise FileRefused("no_amount")
    if amount_fen > stands.may_be_asked_fen:
        raise FileRefused("order_on_its_way" if stands.asked_fen else "more_than_owed")
    count = len(session.scalars(select(PaymentOrder.id).where(PaymentOrder.file_id == file.id)).all())
    order = PaymentOrder(
        file_id=file.id,
        decision_id=stands.decision.id,
        key=f"fine:{file.id.hex}:{count + 1}",
        means=means,
        terminal=named,
        amount_fen=amount_fen,
        state=OrderState.PROMISED,
        made_by_id=by.user.id,
        made_at=at,
        next_at=at,
    )
    session.add(order)
    session.flush()
    facts = {"order": str(order.id), "amount_fen": amount_fen, "means": means.value}
    steps.note(session, file, FileAct.FACTS_SAID, by=by, at=at, facts=facts)
    return order


def orders_of(session: Session, file: CaseFile) -> list[PaymentOrder]:
    """Newest first."""
    asked = select(PaymentOrder).where(PaymentOrder.file_id == file.id)
    return list(session.scalars(asked.order_by(PaymentOrder.made_at.desc(), PaymentOrder.key.desc())))


def asked_as(order: PaymentOrder, file: CaseFile) -> OrderAsked:
    """What the cashier is told of it: a number and an amount, and no name."""
    return OrderAsked(order.key, order.amount_fen, order.means, order.terminal, file.number or "罚款")


def refund_asked_as(session: Session, refund: Refund) -> RefundAsked:
    payment = session.get_one(Payment, refund.payment_id)
    order = session.get_one(PaymentOrder, payment.order_id)
    return RefundAsked(refund.key, order.key, payment.reference, refund.amount_fen)


def told_of_order(session: Session, answer: OrderAnswer, *, at: datetime) -> Payment | None:
    """Takes in what the cashier says of an order; the payment, where it is news that it was paid.

    Raises UnknownOrder, AnswerWrong.
    """
    session.flush()
    order = session.scalar(
        select(PaymentOrder)
        .where(PaymentOrder.key == answer.key)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    if order is None:
        raise UnknownOrder
    _check(order, answer)
    order.provider_id = answer.provider_id
    order.last_error = None
    if order.state is OrderState.PAID:
        _check_known(session, order, answer)
        return None
    if answer.state is OrderState.PAID:
        return _paid(session, order, answer, at)
    if order.state in ON_THEIR_WAY:
        order.state = answer.state
        order.pay_url, order.expires_at = answer.pay_url or order.pay_url, answer.expires_at or order.expires_at
        order.last_error = answer.why or None
        order.next_at = at + LOOK_AGAIN if answer.state is OrderState.OPEN else None
    return None


def told_of_refund(session: Session, answer: RefundAnswer, *, at: datetime) -> None:
    """Takes in what the cashier says of a refund. Raises UnknownOrder, AnswerWrong."""
    session.flush()
    refund = session.scalar(
        select(Refund).where(Refund.key == answer.key).with_for_update().execution_options(populate_existing=True)
    )
    if refund is None:
        raise UnknownOrder
    if answer.amount_fen != refund.amount_fen:
        raise AnswerWrong(f"a refund of {refund.amount_fen} fen is answered with {answer.amount_fen}; ask the cashier")
    if refund.state in (RefundState.DONE, RefundState.REFUSED):
        return
    refund.provider_id, refund.last_error = answer.provider_id, answer.why or None
    if answer.state is RefundState.ASKED:
        refund.next_at = at + LOOK_AGAIN
        return
    file = lock(session, refund.file_id)
    refund.state, refund.next_at = answer.state, None
    if answer.state is RefundState.DONE:
        refund.done_on = min(local_date(answer.done_at or at, file.timezone), local_date(at, file.timezone))
    facts = {"refund": str(refund.id), "state": refund.state.value}
    at = at_or_after_the_last(session, file, at)
    steps.note(session, file, FileAct.FACTS_SAID, by=PROGRAM_ITSELF, at=at, facts=facts)


def _check(order: PaymentOrder, answer: OrderAnswer) -> None:
    if answer.amount_fen != order.amount_fen:
        raise AnswerWrong(f"an order for {order.amount_fen} fen is answered with {answer.amount_fen}; ask the cashier")
    if order.provider_id is not None and order.provider_id != answer.provider_id:
        raise AnswerWrong("the cashier calls this order by another name than before; ask the cashier")
    if answer.state is OrderState.PAID and (answer.transaction is None or answer.paid_at is None):
        raise AnswerWrong("paid, and neither the transaction nor the time is told; ask the cashier")


def _check_known(session: Session, order: PaymentOrder, answer: OrderAnswer) -> None:
    """It came before. What says otherwise now is for a person."""
    payment = session.scalar(select(Payment).where(Payment.order_id == order.id))
    assert payment is not None
    if answer.state is OrderState.PAID and answer.transaction != payment.reference:
        raise AnswerWrong("the order was paid by another transaction; it may have been paid twice: ask the cashier")


def _paid(session: Session, order: PaymentOrder, answer: OrderAnswer, at: datetime) -> Payment:
    assert answer.transaction is not None
    assert answer.paid_at is not None
    file = lock(session, order.file_id)
    at = at_or_after_the_last(session, file, at)
    first, today = local_date(file.registered_at, file.timezone), local_date(at, file.timezone)
    paid_on = max(first, min(local_date(answer.paid_at, file.timezone), today))
    order.state, order.next_at = OrderState.PAID, None
    came = Came(order.amount_fen, order.means, paid_on, answer.transaction)
    try:
        return receive(session, file, came, by=PROGRAM_ITSELF, at=at, order=order)
    except FileError as error:  # in the archive, or the transaction is that of another order
        raise AnswerWrong(f"{error}; the cashier has the money, ask it to give it back") from error
