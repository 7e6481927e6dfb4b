"""Plans: a party in need asks to pay later or in parts, and a named person grants it or not (行政处罚法 art. 66).

A plan speaks of the whole that is unpaid of the fine on the day it is granted; what late fee has arisen by then stays.
"""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from cases.casework import steps
from cases.casework.approvals import lock
from cases.casework.days import local_date
from cases.casework.errors import FileRefused
from cases.casework.rights import require_right
from cases.casework.steps import By
from cases.entitlements import Right
from cases.service.acts import checked_day, in_state, said
from cases.service.owed import owed
from models.case_files import CaseFile
from models.enums import FileAct, FileState, PlanState
from models.payments import PaymentPlan, PlanPart
from models.people import User

LONGEST_REASON = 1000
MOST_PARTS = 36
PAYABLE = (FileState.DECIDED, FileState.SERVED, FileState.ENFORCING)


@dataclass(frozen=True)
class Wanted:
    """One part: so much until that day."""

    due_on: date
    amount_fen: int


def ask(
    session: Session,
    file_id: uuid.UUID,
    parts: Sequence[Wanted],
    because: str,
    asked_on: date,
    *,
    user: User,
    at: datetime,
) -> PaymentPlan:
    """What the party asks for, one part for later, several for instalments. Raises UnknownFile, FileRefused."""
    file = lock(session, file_id)
    in_state(file, PAYABLE, "no_fine_to_pay")
    checked_day(file, asked_on, at)
    reason = said(because, "no_reason", at_most=LONGEST_REASON)
    if _plan(session, file, PlanState.ASKED) is not None:
        raise FileRefused("plan_is_asked_for")
    _check(session, file, parts, at)
    plan = PaymentPlan(
        file_id=file.id,
        decision_id=_decision_id(session, file, at),
        state=PlanState.ASKED,
        asked_on=asked_on,
        because=reason,
        recorded_by_id=user.id,
        recorded_at=at,
        parts=[PlanPart(number=n, due_on=p.due_on, amount_fen=p.amount_fen) for n, p in enumerate(parts, start=1)],
    )
    session.add(plan)
    session.flush()
    facts = {"plan": str(plan.id), "parts": len(parts)}
    steps.note(session, file, FileAct.FACTS_SAID, by=By.person(user), at=at, facts=facts)
    return plan


def grant(session: Session, plan_id: uuid.UUID, because: str, *, user: User, at: datetime) -> PaymentPlan:
    """Another person than who wrote the request down grants it; an earlier plan ends with it.

    Raises NotEntitled, FileRefused: not open, one's own, or it does not fit what is owed any more.
    """
    plan, file = _asked(session, plan_id, user)
    reason = said(because, "no_reason", at_most=LONGEST_REASON)
    before = _plan(session, file, PlanState.GRANTED)
    if before is not None:
        before.state = PlanState.REPLACED
        session.flush()
    _check(session, file, [Wanted(part.due_on, part.amount_fen) for part in plan.parts], at)
    plan.state, plan.decided_by_id, plan.decided_at, plan.said = PlanState.GRANTED, user.id, at, reason
    session.flush()
    facts = {"plan": str(plan.id), "until": plan.parts[-1].due_on.isoformat(), "parts": len(plan.parts)}
    steps.note(session, file, FileAct.PAYMENT_DEFERRED, by=By.person(user), at=at, facts=facts)
    return plan


def refuse(session: Session, plan_id: uuid.UUID, because: str, *, user: User, at: datetime) -> PaymentPlan:
    """Raises NotEntitled, FileRefused."""
    plan, file = _asked(session, plan_id, user)
    reason = said(because, "no_reason", at_most=LONGEST_REASON)
    plan.state, plan.decided_by_id, plan.decided_at, plan.said = PlanState.REFUSED, user.id, at, reason
    session.flush()
    facts = {"plan": str(plan.id), "state": plan.state.value}
    steps.note(session, file, FileAct.FACTS_SAID, by=By.person(user), at=at, facts=facts)
    return plan


def plans_of(session: Session, file: CaseFile) -> list[PaymentPlan]:
    """Newest first; `parts` are loaded."""
    asked = select(PaymentPlan).where(PaymentPlan.file_id == file.id).options(selectinload(PaymentPlan.parts))
    return list(session.scalars(asked.order_by(PaymentPlan.recorded_at.desc())))


def _asked(session: Session, plan_id: uuid.UUID, user: User) -> tuple[PaymentPlan, CaseFile]:
    """Both locked. Raises FileRefused for a plan that does not wait for this person's word."""
    found = session.scalar(select(PaymentPlan.file_id).where(PaymentPlan.id == plan_id))
    if found is None:
        raise FileRefused("no_such_plan")
    file = lock(session, found)
    require_right(session, user, Right.APPROVE_FILES, file.id)
    plan = session.scalars(
        select(PaymentPlan)
        .where(PaymentPlan.id == plan_id)
        .options(selectinload(PaymentPlan.parts))
        .execution_options(populate_existing=True)
    ).one()
    if plan.state is not PlanState.ASKED:
        raise FileRefused("plan_is_decided")
    if plan.recorded_by_id == user.id:
        raise FileRefused("plan_is_ones_own")
    return plan, file


def _check(session: Session, file: CaseFile, parts: Sequence[Wanted], at: datetime) -> None:
    today = local_date(at, file.timezone)
    unpaid = owed(session, file, today).account.owed_fine_fen
    if unpaid == 0:
        raise FileRefused("no_fine_to_pay")
    if not 0 < len(parts) <= MOST_PARTS:
        raise FileRefused("plan_without_parts", most=MOST_PARTS)
    if any(part.amount_fen <= 0 for part in parts) or sum(part.amount_fen for part in parts) != unpaid:
        raise FileRefused("plan_is_not_the_whole", owed_fen=unpaid)
    days = [part.due_on for part in parts]
    if days[0] <= today or days != sorted(set(days)):
        raise FileRefused("plan_days_wrong")


def _decision_id(session: Session, file: CaseFile, at: datetime) -> uuid.UUID:
    decision = owed(session, file, local_date(at, file.timezone)).decision
    assert decision is not None  # something is owed
    return decision.id


def _plan(session: Session, file: CaseFile, state: PlanState) -> PaymentPlan | None:
    return session.scalar(select(PaymentPlan).where(PaymentPlan.file_id == file.id, PaymentPlan.state == state))
