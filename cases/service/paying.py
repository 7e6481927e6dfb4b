"""Paying: what a party pays of a fine, however it comes, on record once.

A payment over the counter or in cash is entered by a person, one by order comes from the cashier
(cases/service/orders.py). Cash is taken by an officer only where 行政处罚法 art. 68 or 69 allow it, against the
treasury's own ticket (art. 70), and goes on within two working days and two more (art. 71).
"""

import uuid
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from cases.casework import steps
from cases.casework.approvals import lock
from cases.casework.days import local_date
from cases.casework.errors import FileRefused
from cases.casework.steps import By
from cases.papers import registry
from cases.service.acts import AFTER_THE_DECISION, checked_day, in_state, said
from cases.service.late_fee import late_fee_fen
from cases.service.owed import Owed, decision_of, owed
from cases.service.terms import term
from models.case_files import CaseFile
from models.enums import CashGround, FileAct, OutcomeKind, PaymentMeans, Procedure, RefundGround, RefundState, SheetKind
from models.payments import FeeRemission, Payment, PaymentOrder, Refund
from models.people import User

__all__ = ["Came", "cash_due_on", "give_back", "hand_in", "late_fee_fen", "let_go", "take_cash", "take_payment"]

LONGEST_REFERENCE = 100


@dataclass(frozen=True)
class Came:
    """Money that was paid. reference: the transaction, the slip of the bank, the number of the ticket."""

    amount_fen: int
    means: PaymentMeans
    paid_on: date
    reference: str


def take_payment(session: Session, file_id: uuid.UUID, came: Came, *, by: By, at: datetime) -> Payment:
    """What was paid over the counter of the bank, entered from its slip. More than was owed is taken too: it is there.

    Raises UnknownFile, FileRefused, DatedWrongly.
    """
    file = lock(session, file_id)
    in_state(file, AFTER_THE_DECISION, "no_fine_to_pay")
    if came.means is not PaymentMeans.BANK:
        raise FileRefused("not_over_the_counter")
    checked_day(file, came.paid_on, at, not_before=_decided_on(session, file))
    return receive(session, file, came, by=by, at=at)


def take_cash(
    session: Session, file_id: uuid.UUID, amount_fen: int, ticket: str, ground: CashGround, *, user: User, at: datetime
) -> Payment:
    """What an officer took on the spot, today. Raises UnknownFile, FileRefused."""
    file = lock(session, file_id)
    in_state(file, AFTER_THE_DECISION, "no_fine_to_pay")
    today = local_date(at, file.timezone)
    why = cash_refused(file, owed(session, file, today), amount_fen, ground, today)
    if why is not None:
        raise FileRefused(why)
    came = Came(amount_fen, PaymentMeans.CASH, today, ticket)
    return receive(session, file, came, by=By.person(user), at=at, cash=(ground, user))


def cash_refused(file: CaseFile, stands: Owed, amount_fen: int, ground: CashGround, on: date) -> str | None:
    """Why an officer may not take so much in cash; None: nothing is against it. Pure.

    行政处罚法 art. 68 speaks of decisions on the spot alone; art. 69 of those of the ordinary procedure too, in places
    hard to reach and at the party's own wish.
    """
    on_the_spot = file.procedure is Procedure.SIMPLE
    if ground is not CashGround.REMOTE and not on_the_spot:
        return "cash_only_on_the_spot"
    if ground is CashGround.SMALL and stands.fine_fen > term("cash_at_most", on).amount:
        return "cash_too_much"
    if amount_fen > stands.account.owed_fen:
        return "more_than_owed"
    return None


def hand_in(session: Session, payment_id: uuid.UUID, on: date, *, by: By, at: datetime) -> Payment:
    """Cash that went to the bureau, and the second time from there to the bank. Raises FileRefused, DatedWrongly."""
    payment = _payment(session, payment_id)
    file = lock(session, payment.file_id)
    session.refresh(payment)
    if payment.means is not PaymentMeans.CASH:
        raise FileRefused("not_cash")
    if payment.handed_in_on is None:
        payment.handed_in_on = checked_day(file, on, at, not_before=payment.paid_on)
        stage = "handed_in"
    elif payment.banked_on is None:
        payment.banked_on = checked_day(file, on, at, not_before=payment.handed_in_on)
        stage = "banked"
    else:
        raise FileRefused("cash_is_banked")
    facts = {"payment": str(payment.id), "stage": stage}
    steps.note(session, file, FileAct.FACTS_SAID, by=by, at=at, done_on=on, facts=facts)
    return payment


def cash_due_on(payment: Payment) -> date | None:
    """Until when cash goes on from where it is; None: it is at the bank, or is no cash."""
    if payment.means is not PaymentMeans.CASH or payment.banked_on is not None:
        return None
    if payment.handed_in_on is None:
        return term("cash_to_bureau", payment.paid_on).ends_on(payment.paid_on)
    return term("cash_to_bank", payment.handed_in_on).ends_on(payment.handed_in_on)


def receive(
    session: Session,
    file: CaseFile,
    came: Came,
    *,
    by: By,
    at: datetime,
    order: PaymentOrder | None = None,
    cash: tuple[CashGround, User] | None = None,
) -> Payment:
    """Puts money on record, with its receipt and its event. The case file is locked. Raises FileRefused: no decision,
    nothing, or a transaction that is on record.
    """
    decision = decision_of(session, file)
    decision_id = order.decision_id if order is not None else decision.id if decision is not None else None
    if decision_id is None or (order is None and decision is not None and decision.outcome is not OutcomeKind.FINE):
        raise FileRefused("no_fine_to_pay")
    if came.amount_fen <= 0:
        raise FileRefused("no_amount")
    reference = said(came.reference, "no_reference", at_most=LONGEST_REFERENCE)
    known = exists().where(Payment.means == came.means, Payment.reference == reference)
    if session.scalar(select(known)):
        raise FileRefused("payment_known", reference=reference)
    payment = Payment(
        id=uuid.uuid4(),
        file_id=file.id,
        decision_id=decision_id,
        order_id=order.id if order else None,
        means=came.means,
        amount_fen=came.amount_fen,
        paid_on=came.paid_on,
        reference=reference,
        receipt=None,
        cash_ground=cash[0] if cash else None,
        taken_by_id=cash[1].id if cash else None,
        recorded_at=at,
    )
    if cash is None:  # for cash the ticket of the treasury is the receipt
        sheet = registry.draw(session, SheetKind.PAYMENT_RECEIPT, by=by, at=at, file_id=file.id)
        registry.use(session, sheet, f"payment:{payment.id}", by=by, at=at)
        payment.receipt = sheet.text
    session.add(payment)
    session.flush()
    facts = {"payment": str(payment.id), "means": came.means.value, "amount_fen": came.amount_fen}
    if payment.receipt is not None:
        facts["receipt"] = payment.receipt
    steps.note(session, file, FileAct.PAYMENT_MADE, by=by, at=at, done_on=came.paid_on, facts=facts)
    return payment


def give_back(
    session: Session,
    payment_id: uuid.UUID,
    amount_fen: int,
    ground: RefundGround,
    because: str,
    *,
    by: By,
    at: datetime,
) -> Refund:
    """Promises that so much of a payment is given back. By a provider it is done in its turn
    (cases/service/order_keeper.py), else a person does it and says so. Raises FileRefused: more than was paid too much.
    """
    payment = _payment(session, payment_id)
    file = lock(session, payment.file_id)
    if by.user is None:
        raise FileRefused("needs_a_person")
    reason = said(because, "no_reason")
    if amount_fen <= 0:
        raise FileRefused("no_amount")
    over = owed(session, file, local_date(at, file.timezone)).account.over_fen
    if amount_fen > over:
        raise FileRefused("not_paid_too_much", over_fen=over)
    earlier = session.scalars(
        select(Refund).where(Refund.payment_id == payment.id, Refund.state != RefundState.REFUSED)
    ).all()
    if amount_fen > payment.amount_fen - sum(each.amount_fen for each in earlier):
        raise FileRefused("more_than_this_payment")
    count = len(session.scalars(select(Refund.id).where(Refund.file_id == file.id)).all())
    refund = Refund(
        file_id=file.id,
        payment_id=payment.id,
        key=f"refund:{file.id.hex}:{count + 1}",
        amount_fen=amount_fen,
        ground=ground,
        because=reason,
        state=RefundState.PROMISED,
        made_by_id=by.user.id,
        made_at=at,
        next_at=at if payment.order_id is not None else None,
    )
    session.add(refund)
    session.flush()
    facts = {"refund": str(refund.id), "amount_fen": amount_fen, "ground": ground.value}
    steps.note(session, file, FileAct.FACTS_SAID, by=by, at=at, facts=facts)
    return refund


def gave_back(session: Session, refund_id: uuid.UUID, on: date, reference: str, *, by: By, at: datetime) -> Refund:
    """A person gave back by hand what no provider could. Raises FileRefused, DatedWrongly."""
    refund = session.get(Refund, refund_id)
    if refund is None:
        raise FileRefused("no_such_refund")
    file = lock(session, refund.file_id)
    session.refresh(refund)
    if refund.next_at is not None or refund.state is not RefundState.PROMISED:
        raise FileRefused("refund_not_by_hand")
    refund.done_on = checked_day(file, on, at, not_before=local_date(refund.made_at, file.timezone))
    refund.provider_id = said(reference, "no_reference", at_most=LONGEST_REFERENCE)
    refund.state = RefundState.DONE
    session.flush()
    facts = {"refund": str(refund.id), "state": refund.state.value}
    steps.note(session, file, FileAct.FACTS_SAID, by=by, at=at, done_on=on, facts=facts)
    return refund


def let_go(session: Session, file_id: uuid.UUID, because: str, *, by: By, at: datetime) -> FeeRemission:
    """Lets go what is owed of the late fee, once the fine itself is paid.

    行政处罚法 art. 72 lets it be asked for ("可以") and does not bid it; 行政强制法 art. 42. Raises UnknownFile,
    FileRefused: the fine is not paid, or no late fee is owed.
    """
    file = lock(session, file_id)
    if by.user is None:
        raise FileRefused("needs_a_person")
    reason = said(because, "no_reason")
    stands = owed(session, file, local_date(at, file.timezone))
    if stands.decision is None or stands.account.owed_fine_fen:
        raise FileRefused("fine_comes_first")
    if not stands.account.owed_late_fee_fen:
        raise FileRefused("no_late_fee")
    row = FeeRemission(
        file_id=file.id,
        decision_id=stands.decision.id,
        amount_fen=stands.account.owed_late_fee_fen,
        because=reason,
        granted_by_id=by.user.id,
        granted_at=at,
    )
    session.add(row)
    session.flush()
    facts = {"late_fee_let_go": str(row.id), "amount_fen": row.amount_fen}
    steps.note(session, file, FileAct.FACTS_SAID, by=by, at=at, facts=facts)
    return row


def _payment(session: Session, payment_id: uuid.UUID) -> Payment:
    payment = session.get(Payment, payment_id)
    if payment is None:
        raise FileRefused("no_such_payment")
    return payment


def _decided_on(session: Session, file: CaseFile) -> date | None:
    decision = decision_of(session, file)
    return None if decision is None else decision.decided_on
