"""Enforcement: the demand before it, and the application to the court.

行政处罚法 art. 72, 行政强制法 art. 35-36, 53-58. A bureau without power of its own to execute demands, waits, and asks
the court, within three months from the day on which the party could go against the decision no longer. That a matter is
to be enforced is a step with its chain of approvals (cases/casework/approvals.py, ENFORCE); the papers are made by
cases/papers/.
"""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from cases.casework import steps
from cases.casework.approvals import lock
from cases.casework.days import local_date
from cases.casework.errors import FileRefused
from cases.casework.steps import By
from cases.service.acts import checked_day, in_state, said
from cases.service.appeals import DECIDED, appeals_of
from cases.service.owed import Owed, owed
from cases.service.terms import reconsideration_first, term
from evidence import retention_rows
from models.appeals import Appeal, CourtRequest, Demand
from models.case_files import CaseFile, PaperService
from models.enums import AppealKind, AppealResult, CourtResult, FileAct, FileState, ServedPaper

LONGEST_ANSWER = 4000
LONGEST_COURT, LONGEST_REFERENCE = 200, 100
ENFORCEABLE = (FileState.SERVED, FileState.ENFORCING)


@dataclass(frozen=True)
class Window:
    """When the court can be asked. why: what keeps it from being asked on any day; None: the days say."""

    from_on: date | None
    until: date | None
    why: str | None = None

    def refusal(self, on: date) -> str | None:
        if self.why is not None:
            return self.why
        if self.until is not None and on > self.until:
            return "too_late_for_the_court"
        return "too_early_for_the_court" if self.from_on is None or on < self.from_on else None


def window(
    *,
    reconsideration_only: bool,
    served_on: date | None,
    demand_served_on: date | None,
    appeals: Sequence[Appeal],
    plan_until: date | None,
) -> Window:
    """Pure. reconsideration_only: there is no suit without one before.

    From the day after both are over, the time to go against the decision and that of the demand, for three months from
    the end of the first; where paying was put off, from the end of the plan (行政处罚法 art. 72(2)).
    """
    if served_on is None:
        return Window(None, None, "decision_not_served")
    if any(appeal.ended_on is None for appeal in appeals):
        return Window(None, None, "appeal_under_way")
    if any(appeal.result is AppealResult.REVOKED for appeal in appeals):
        return Window(None, None, "decision_is_revoked")
    final = _final_on(served_on, appeals, reconsideration_only=reconsideration_only)
    if final is None:
        return Window(None, None, "result_not_received")
    ends = final if plan_until is None else max(final, plan_until)
    until = term("ask_the_court", ends).ends_on(ends)
    if demand_served_on is None:
        return Window(None, until, "demand_not_served")
    waited = term("demand", demand_served_on).ends_on(demand_served_on)
    return Window(max(ends, waited) + timedelta(days=1), until)


def _final_on(served_on: date, appeals: Sequence[Appeal], *, reconsideration_only: bool) -> date | None:
    """The last day on which the party could go against it. None: it runs from a day that is not on record yet."""
    suits = [each for each in appeals if each.kind is AppealKind.SUIT]
    if suits:
        return max(each.told_on or each.ended_on or served_on for each in suits)
    decided = [each for each in appeals if each.kind is AppealKind.RECONSIDERATION and each.result in DECIDED]
    if decided:
        told = decided[-1].told_on
        return None if told is None else term("suit_after_reconsideration", told).ends_on(told)
    reconsideration = term("reconsideration", served_on).ends_on(served_on)
    if reconsideration_only:
        return reconsideration
    return max(reconsideration, term("suit", served_on).ends_on(served_on))


def demand(session: Session, file_id: uuid.UUID, *, by: By, at: datetime) -> Demand:
    """Demands what is owed today, in writing; it is served as the other papers are.

    Raises UnknownFile, FileRefused: not overdue, or an appeal stopped the execution.
    """
    file = lock(session, file_id)
    in_state(file, ENFORCEABLE, "nothing_to_demand")
    if by.user is None:
        raise FileRefused("needs_a_person")
    today = local_date(at, file.timezone)
    stands = owed(session, file, today)
    if stands.decision is None or stands.is_paid:
        raise FileRefused("nothing_to_demand")
    if not _is_due(stands, today):
        raise FileRefused("not_yet_due", until=_due_on(stands))
    if any(each.execution_stopped_on is not None and each.ended_on is None for each in appeals_of(session, file)):
        raise FileRefused("execution_is_stopped")
    made = Demand(
        file_id=file.id,
        decision_id=stands.decision.id,
        made_on=today,
        fine_fen=stands.account.owed_fine_fen,
        late_fee_fen=stands.account.owed_late_fee_fen,
        made_by_id=by.user.id,
        made_at=at,
    )
    session.add(made)
    session.flush()
    facts = {"demand": str(made.id), "fine_fen": made.fine_fen, "late_fee_fen": made.late_fee_fen}
    steps.note(session, file, FileAct.DEMANDED, by=by, at=at, done_on=today, facts=facts)
    return made


def answer_demand(session: Session, demand_id: uuid.UUID, answer: str, on: date, *, by: By, at: datetime) -> Demand:
    """What the party said to the demand, and what was found of it (行政强制法 art. 36). Raises FileRefused."""
    row = session.get(Demand, demand_id)
    if row is None:
        raise FileRefused("no_such_demand")
    file = lock(session, row.file_id)
    session.refresh(row)
    if row.answer is not None:
        raise FileRefused("demand_is_answered")
    row.answered_on = checked_day(file, on, at, not_before=row.made_on)
    row.answer = said(answer, "no_answer", at_most=LONGEST_ANSWER)
    session.flush()
    facts = {"demand": str(row.id), "answered": True}
    steps.note(session, file, FileAct.FACTS_SAID, by=by, at=at, done_on=on, facts=facts)
    return row


def ask_court(
    session: Session, file_id: uuid.UUID, court: str, reference: str, on: date, *, by: By, at: datetime
) -> CourtRequest:
    """The application went to the court. Raises UnknownFile, FileRefused: not decided to enforce, too early, too late,
    nothing owed, or one waits for its answer.
    """
    file = lock(session, file_id)
    in_state(file, (FileState.ENFORCING,), "not_to_be_enforced")
    if by.user is None:
        raise FileRefused("needs_a_person")
    demanded = newest_demand(session, file)
    if demanded is None:
        raise FileRefused("demand_not_served")
    checked_day(file, on, at, not_before=demanded.made_on)
    stands = owed(session, file, on)
    if stands.decision is None or stands.is_paid:
        raise FileRefused("nothing_to_demand")
    why = window_of(session, file, stands).refusal(on)
    if why is not None:
        raise FileRefused(why)
    if any(each.result is None for each in requests_of(session, file)):
        raise FileRefused("court_is_asked")
    asked = CourtRequest(
        file_id=file.id,
        decision_id=stands.decision.id,
        demand_id=demanded.id,
        court=said(court, "no_court", at_most=LONGEST_COURT),
        reference=reference.strip()[:LONGEST_REFERENCE],
        asked_on=on,
        fine_fen=stands.account.owed_fine_fen,
        late_fee_fen=stands.account.owed_late_fee_fen,
        made_by_id=by.user.id,
        made_at=at,
    )
    session.add(asked)
    session.flush()
    facts = {"court_request": str(asked.id), "fine_fen": asked.fine_fen, "late_fee_fen": asked.late_fee_fen}
    steps.note(session, file, FileAct.COURT_ASKED, by=by, at=at, done_on=on, facts=facts)
    if file.incident_id is not None:
        reason = f"court execution: {asked.court}, {file.number or file.title}"
        retention_rows.put_hold(session, file.incident_id, actor=by.name, at=at, reason=reason[:400])
    return asked


def court_said(
    session: Session, request_id: uuid.UUID, result: CourtResult, on: date, *, by: By, at: datetime
) -> CourtRequest:
    """Raises FileRefused, DatedWrongly."""
    row = session.get(CourtRequest, request_id)
    if row is None:
        raise FileRefused("no_such_court_request")
    file = lock(session, row.file_id)
    session.refresh(row)
    if row.result is not None:
        raise FileRefused("court_has_answered")
    row.result, row.result_on = result, checked_day(file, on, at, not_before=row.asked_on)
    session.flush()
    facts = {"court_request": str(row.id), "result": result.value}
    steps.note(session, file, FileAct.FACTS_SAID, by=by, at=at, done_on=on, facts=facts)
    return row


def window_of(session: Session, file: CaseFile, stands: Owed) -> Window:
    """When the court can be asked about this one."""
    decision = stands.decision
    first = decision is not None and reconsideration_first(file.procedure, decision.decided_on) is not None
    plan = stands.plan
    return window(
        reconsideration_only=first,
        served_on=stands.served_on,
        demand_served_on=_demand_served_on(session, file),
        appeals=[each for each in appeals_of(session, file) if decision and each.decision_id == decision.id],
        plan_until=plan.parts[-1].due_on if plan is not None and plan.parts else None,
    )


def newest_demand(session: Session, file: CaseFile) -> Demand | None:
    asked = select(Demand).where(Demand.file_id == file.id)
    return session.scalar(asked.order_by(Demand.made_at.desc()).limit(1))


def requests_of(session: Session, file: CaseFile) -> Sequence[CourtRequest]:
    """Oldest first."""
    asked = select(CourtRequest).where(CourtRequest.file_id == file.id)
    return session.scalars(asked.order_by(CourtRequest.made_at)).all()


def _demand_served_on(session: Session, file: CaseFile) -> date | None:
    """When the newest demand reached the party."""
    newest = newest_demand(session, file)
    if newest is None:
        return None
    return session.scalar(
        select(func.min(PaperService.served_on)).where(
            PaperService.file_id == file.id,
            PaperService.paper == ServedPaper.DEMAND,
            PaperService.recorded_at >= newest.made_at,
        )
    )


def _is_due(stands: Owed, on: date) -> bool:
    due = stands.account.next_due_on
    return stands.last_day is not None and due is not None and due < on


def _due_on(stands: Owed) -> str:
    due = stands.account.next_due_on
    return "" if stands.last_day is None or due is None else due.isoformat()
