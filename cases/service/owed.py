"""Owed: what of a fine is paid and owed on a day, made of the rows.

How it is counted is in cases/service/late_fee.py. Days of a reconsideration or suit stop the late fee; a plan puts its
parts off from the day it was granted; what was given back does not count as paid.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import func, select
from sqlalchemy.orm import Session, selectinload

from cases.casework.days import local_date
from cases.service.late_fee import NOTHING_OWED, Account, Days, Paid, Part, account
from cases.service.terms import late_fee_rate, term
from models.appeals import Appeal
from models.case_files import CaseFile, FileDecision, PaperService
from models.enums import AppealResult, OrderState, OutcomeKind, PlanState, RefundState, ServedPaper
from models.payments import FeeRemission, Payment, PaymentOrder, PaymentPlan, Refund

ON_THEIR_WAY = (OrderState.PROMISED, OrderState.ASKED, OrderState.OPEN)


@dataclass(frozen=True)
class Owed:
    """decision: that holds; None: there is none. fine_fen: as it holds now. served_on: when the decision was served.

    last_day: until when the fine was to be paid; None until the decision is served. stopped: days without a late fee.
    """

    decision: FileDecision | None
    account: Account
    served_on: date | None
    last_day: date | None
    stopped: tuple[Days, ...]
    plan: PaymentPlan | None
    asked_fen: int

    @property
    def fine_fen(self) -> int:
        return self.account.fine_fen

    @property
    def is_paid(self) -> bool:
        return self.account.owed_fen == 0

    @property
    def is_overdue(self) -> bool:
        return self.account.days_late > 0 and not self.is_paid

    @property
    def may_be_asked_fen(self) -> int:
        """What is owed and not on its way by an order."""
        return max(0, self.account.owed_fen - self.asked_fen)


def decision_of(session: Session, file: CaseFile) -> FileDecision | None:
    """The one that holds."""
    return session.scalar(
        select(FileDecision).where(FileDecision.file_id == file.id, FileDecision.revoked_at.is_(None))
    )


def fine_now(session: Session, decision: FileDecision) -> int:
    """As decided, or as the last body that changed it left it."""
    return _fine_fen(decision, _appeals(session, decision))


def served_on(session: Session, file: CaseFile, paper: ServedPaper = ServedPaper.DECISION) -> date | None:
    """When it reached the party first; of a decision, the one that holds."""
    asked = select(func.min(PaperService.served_on)).where(PaperService.file_id == file.id, PaperService.paper == paper)
    if paper is ServedPaper.DECISION:
        decision = decision_of(session, file)
        if decision is None:
            return None
        asked = asked.where(PaperService.recorded_at >= decision.made_at)
    return session.scalar(asked)


def owed(session: Session, file: CaseFile, on: date) -> Owed:
    """As it stands on the evening of `on`."""
    decision = decision_of(session, file)
    paid = _paid(session, file)
    if decision is None or decision.outcome is not OutcomeKind.FINE:
        over = sum(each.amount_fen for each in paid if each.on <= on)
        return Owed(decision, _only_over(over), None, None, (), None, _asked_fen(session, file))
    served = served_on(session, file)
    plan = _plan(session, decision)
    appeals = _appeals(session, decision)
    fine = _fine_fen(decision, appeals)
    last_day = None if served is None else term("payment", served).ends_on(served)
    stopped = tuple(Days(appeal.filed_on, appeal.ended_on) for appeal in appeals)
    parts = _parts(fine, last_day or date.max, plan, file)
    let_go = session.scalar(select(func.sum(FeeRemission.amount_fen)).where(FeeRemission.decision_id == decision.id))
    rate = late_fee_rate(last_day or on)
    counted = account(parts, paid, stopped, rate=rate, on=on, let_go_fen=let_go or 0) if parts else None
    return Owed(
        decision=decision,
        account=counted or _only_over(sum(each.amount_fen for each in paid if each.on <= on)),
        served_on=served,
        last_day=last_day,
        stopped=stopped,
        plan=plan,
        asked_fen=_asked_fen(session, file),
    )


def _only_over(over_fen: int) -> Account:
    return Account(0, 0, 0, 0, over_fen, 0, None, 0) if over_fen else NOTHING_OWED


def _fine_fen(decision: FileDecision, appeals: Sequence[Appeal]) -> int:
    fine = decision.fine_fen or 0
    for appeal in appeals:
        if appeal.result is AppealResult.REVOKED:
            return 0
        if appeal.changed_fine_fen is not None:
            fine = appeal.changed_fine_fen
    return fine


def _parts(fine_fen: int, last_day: date, plan: PaymentPlan | None, file: CaseFile) -> list[Part]:
    """The plan's parts, put off from the day it was granted, and before them what it does not speak of."""
    if plan is None or plan.decided_at is None:
        return [Part(last_day, fine_fen)] if fine_fen else []
    granted_on, parts, left = local_date(plan.decided_at, file.timezone), [], fine_fen
    planned = sum(part.amount_fen for part in plan.parts)
    if fine_fen > planned:
        parts.append(Part(last_day, fine_fen - planned))
        left = planned
    for part in plan.parts:
        amount = min(left, part.amount_fen)  # a fine that was lowered since shortens the last parts
        left -= amount
        if amount:
            parts.append(Part(last_day, amount, (Days(granted_on, part.due_on),)))
    return parts


def _plan(session: Session, decision: FileDecision) -> PaymentPlan | None:
    return session.scalar(
        select(PaymentPlan)
        .where(PaymentPlan.decision_id == decision.id, PaymentPlan.state == PlanState.GRANTED)
        .options(selectinload(PaymentPlan.parts))
    )


def _appeals(session: Session, decision: FileDecision) -> Sequence[Appeal]:
    """Oldest first."""
    asked = select(Appeal).where(Appeal.decision_id == decision.id)
    return session.scalars(asked.order_by(Appeal.filed_on, Appeal.recorded_at)).all()


def _paid(session: Session, file: CaseFile) -> list[Paid]:
    """Each payment without what was given back of it."""
    back: dict[object, int] = dict(
        session.execute(
            select(Refund.payment_id, func.sum(Refund.amount_fen))
            .where(Refund.file_id == file.id, Refund.state != RefundState.REFUSED)
            .group_by(Refund.payment_id)
        ).all()
    )
    payments = session.scalars(select(Payment).where(Payment.file_id == file.id).order_by(Payment.paid_on)).all()
    kept = [Paid(each.paid_on, each.amount_fen - back.get(each.id, 0)) for each in payments]
    return [each for each in kept if each.amount_fen]


def _asked_fen(session: Session, file: CaseFile) -> int:
    """What orders ask for that nobody has paid yet."""
    asked = select(func.sum(PaymentOrder.amount_fen)).where(
        PaymentOrder.file_id == file.id, PaymentOrder.state.in_(ON_THEIR_WAY)
    )
    return session.scalar(asked) or 0
