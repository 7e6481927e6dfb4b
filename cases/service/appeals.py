"""Appeals: who goes against the decision, before which body, and how it ended.

行政复议法 (2023) art. 20, 23, 29, 63; 行政诉讼法 art. 44-46, 77. While one is under way no late fee grows (行政处罚法
art. 73) and a legal hold keeps the evidence; it stays until a person lifts it. That a decision is revoked is a step of
its own, taken by a leader (cases/casework/).
"""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from cases.casework import steps
from cases.casework.approvals import lock
from cases.casework.days import local_date
from cases.casework.errors import FileRefused
from cases.casework.steps import By
from cases.service.acts import AFTER_THE_DECISION, checked_day, in_state, said
from cases.service.owed import decision_of, owed, served_on
from cases.service.terms import reconsideration_first, term
from evidence import retention_rows
from models.appeals import Appeal
from models.case_files import CaseFile
from models.enums import AppealKind, AppealResult, FileAct, FileState

LONGEST_BODY, LONGEST_REFERENCE = 200, 100
# a body looked into it and said something; what it did not admit, or what was withdrawn, is not decided
DECIDED = (AppealResult.UPHELD, AppealResult.CHANGED, AppealResult.REVOKED, AppealResult.UNLAWFUL)
ACTS = {AppealKind.RECONSIDERATION: FileAct.RECONSIDERATION, AppealKind.SUIT: FileAct.SUIT}


@dataclass(frozen=True)
class Filed:
    """reference: the number the body gave it; "": not known yet."""

    kind: AppealKind
    body: str
    filed_on: date
    reference: str = ""


@dataclass(frozen=True)
class Ended:
    """told_on: when the party had it. changed_fine_fen: of CHANGED, what is left of the fine."""

    result: AppealResult
    on: date
    reference: str
    told_on: date | None = None
    changed_fine_fen: int | None = None


@dataclass(frozen=True)
class Ways:
    """Until when the party may still go against the decision, and where. None: not, or no longer, or not known yet."""

    reconsideration_until: date | None
    suit_until: date | None
    first: str | None

    @property
    def last_day(self) -> date | None:
        known = [day for day in (self.reconsideration_until, self.suit_until) if day is not None]
        return max(known, default=None)


def file_appeal(session: Session, file_id: uuid.UUID, filed: Filed, *, by: By, at: datetime) -> Appeal:
    """The bureau heard that the party goes against the decision. Whether it came in time is for that body to say.

    Raises UnknownFile, FileRefused: no decision, one is under way, or the law sends to reconsideration first.
    """
    file = lock(session, file_id)
    in_state(file, AFTER_THE_DECISION, "no_decision_to_appeal")
    decision = decision_of(session, file)
    if decision is None or by.user is None:
        raise FileRefused("no_decision_to_appeal")
    earlier = appeals_of(session, file)
    if any(each.ended_on is None for each in earlier):
        raise FileRefused("appeal_under_way")
    if any(each.kind is AppealKind.SUIT and each.result in DECIDED for each in earlier):
        raise FileRefused("court_has_spoken")
    if filed.kind is AppealKind.RECONSIDERATION and any(each.result in DECIDED for each in earlier):
        raise FileRefused("reconsidered_before")
    rule = reconsideration_first(file.procedure, decision.decided_on)
    tried = any(each.kind is AppealKind.RECONSIDERATION for each in earlier)
    if filed.kind is AppealKind.SUIT and rule is not None and not tried:
        raise FileRefused("reconsideration_first", article=rule.article)
    checked_day(file, filed.filed_on, at, not_before=decision.decided_on)
    appeal = Appeal(
        file_id=file.id,
        decision_id=decision.id,
        kind=filed.kind,
        body=said(filed.body, "no_body", at_most=LONGEST_BODY),
        reference=filed.reference.strip()[:LONGEST_REFERENCE],
        filed_on=filed.filed_on,
        recorded_by_id=by.user.id,
        recorded_at=at,
    )
    session.add(appeal)
    session.flush()
    facts = {"appeal": str(appeal.id), "stage": "filed"}
    steps.note(session, file, ACTS[filed.kind], by=by, at=at, done_on=filed.filed_on, facts=facts)
    _hold(session, file, appeal, by=by, at=at)
    return appeal


def stop_execution(session: Session, appeal_id: uuid.UUID, on: date, *, by: By, at: datetime) -> Appeal:
    """The body, or the bureau, stopped the execution until it has ended (行政复议法 art. 42, 行政诉讼法 art. 56)."""
    appeal, file = _under_way(session, appeal_id)
    if appeal.execution_stopped_on is not None:
        raise FileRefused("execution_is_stopped")
    appeal.execution_stopped_on = checked_day(file, on, at, not_before=appeal.filed_on)
    session.flush()
    facts = {"appeal": str(appeal.id), "stage": "execution_stopped"}
    steps.note(session, file, ACTS[appeal.kind], by=by, at=at, done_on=on, facts=facts)
    return appeal


def end_appeal(session: Session, appeal_id: uuid.UUID, ended: Ended, *, by: By, at: datetime) -> Appeal:
    """How it ended. A fine that was changed is never more than before (行政复议法 art. 63, 行政诉讼法 art. 77).

    Raises FileRefused, DatedWrongly.
    """
    appeal, file = _under_way(session, appeal_id)
    checked_day(file, ended.on, at, not_before=appeal.filed_on)
    if ended.told_on is not None:
        checked_day(file, ended.told_on, at, not_before=ended.on)
    if (ended.result is AppealResult.CHANGED) != (ended.changed_fine_fen is not None):
        raise FileRefused("changed_to_what")
    if ended.changed_fine_fen is not None:
        before = owed(session, file, local_date(at, file.timezone)).fine_fen
        if not 0 <= ended.changed_fine_fen < before:
            raise FileRefused("changed_to_more", fine_fen=before)
    appeal.ended_on, appeal.result, appeal.told_on = ended.on, ended.result, ended.told_on
    appeal.result_reference = said(ended.reference, "no_reference", at_most=LONGEST_REFERENCE)
    appeal.changed_fine_fen = ended.changed_fine_fen
    session.flush()
    facts: dict[str, str | int] = {"appeal": str(appeal.id), "stage": "ended", "result": ended.result.value}
    if ended.changed_fine_fen is not None:
        facts["changed_fine_fen"] = ended.changed_fine_fen
    steps.note(session, file, ACTS[appeal.kind], by=by, at=at, done_on=ended.on, facts=facts)
    return appeal


def appeals_of(session: Session, file: CaseFile) -> Sequence[Appeal]:
    """Oldest first."""
    asked = select(Appeal).where(Appeal.file_id == file.id)
    return session.scalars(asked.order_by(Appeal.filed_on, Appeal.recorded_at)).all()


def ways(session: Session, file: CaseFile) -> Ways:
    """Where the party may still turn. first: the article that sends to reconsideration before a court."""
    decision, served = decision_of(session, file), served_on(session, file)
    if decision is None or served is None:
        return Ways(None, None, None)
    rule = reconsideration_first(file.procedure, decision.decided_on)
    appeals = [each for each in appeals_of(session, file) if each.decision_id == decision.id]
    reconsidered = next((each for each in appeals if each.kind is AppealKind.RECONSIDERATION), None)
    if any(each.kind is AppealKind.SUIT for each in appeals):
        return Ways(None, None, None)
    if reconsidered is not None:
        told = reconsidered.told_on
        until = None if told is None else term("suit_after_reconsideration", told).ends_on(told)
        if reconsidered.result is AppealResult.WITHDRAWN and rule is None:
            until = term("suit", served).ends_on(served)
        return Ways(None, until, None)
    return Ways(
        reconsideration_until=term("reconsideration", served).ends_on(served),
        suit_until=None if rule is not None else term("suit", served).ends_on(served),
        first=None if rule is None else rule.article,
    )


def to_be_revoked(session: Session, file: CaseFile) -> bool:
    """Whether a body revoked the decision, and the file does not say so yet."""
    stands = decision_of(session, file)
    return (
        file.state is not FileState.REVOKED
        and stands is not None
        and any(
            each.result is AppealResult.REVOKED and each.decision_id == stands.id for each in appeals_of(session, file)
        )
    )


def _under_way(session: Session, appeal_id: uuid.UUID) -> tuple[Appeal, CaseFile]:
    appeal = session.get(Appeal, appeal_id)
    if appeal is None:
        raise FileRefused("no_such_appeal")
    file = lock(session, appeal.file_id)
    session.refresh(appeal, with_for_update=True)
    if appeal.ended_on is not None:
        raise FileRefused("appeal_has_ended")
    return appeal, file


def _hold(session: Session, file: CaseFile, appeal: Appeal, *, by: By, at: datetime) -> None:
    """Until a person lifts it: nobody knows when the last word is said."""
    if file.incident_id is None:
        return
    reason = f"{appeal.kind.value}: {appeal.body}, {file.number or file.title}"
    retention_rows.put_hold(session, file.incident_id, actor=by.name, at=at, reason=reason[:400])
