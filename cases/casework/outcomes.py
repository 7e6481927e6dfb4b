"""Outcomes: what the party is told and what is decided, as rows.

The program proposes and a person chooses; who departs from what was proposed says why. The value is in
cases/casework/outcome.py; the rows are written with their steps, in cases/casework/taking.py.
"""

from datetime import datetime
from typing import Any

from pydantic import ValidationError
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from cases.casework.days import local_date
from cases.casework.errors import FileRefused
from cases.casework.outcome import Outcome
from models.case_files import CaseFile, FileDecision, FileNotice
from models.enums import OutcomeKind
from models.people import User

__all__ = [
    "Outcome",
    "decide",
    "holding_decision",
    "intend",
    "newest_notice",
    "of_decision",
    "of_notice",
    "read",
    "revoke",
]


def read(facts: dict[str, Any]) -> Outcome:
    """Raises FileRefused: what was asked for is no outcome, or departs from the proposal without saying why."""
    try:
        outcome = Outcome.model_validate(facts)
    except ValidationError as error:
        raise FileRefused("no_outcome", field=".".join(str(part) for part in error.errors()[0]["loc"])) from error
    if outcome.departs and not (outcome.departs_because or "").strip():
        raise FileRefused("departs_without_reason")
    return outcome


def of_notice(notice: FileNotice) -> Outcome:
    return Outcome(**_shared(notice), hearing_offered=notice.hearing_offered)


def of_decision(decision: FileDecision) -> Outcome:
    return Outcome(**_shared(decision))


def _shared(row: FileNotice | FileDecision) -> dict[str, Any]:
    return {name: getattr(row, name) for name in Outcome.model_fields if name != "hearing_offered"}


def newest_notice(session: Session, file: CaseFile) -> FileNotice | None:
    """What the party was told last."""
    return session.scalar(
        select(FileNotice).where(FileNotice.file_id == file.id).order_by(FileNotice.version.desc()).limit(1)
    )


def holding_decision(session: Session, file: CaseFile) -> FileDecision | None:
    """The decision that holds; None: none was made, or it was revoked."""
    return session.scalar(
        select(FileDecision).where(FileDecision.file_id == file.id, FileDecision.revoked_at.is_(None))
    )


def intend(session: Session, file: CaseFile, outcome: Outcome, *, by: User, at: datetime) -> FileNotice:
    """What the party is told; a row of the step NOTIFY, written with it (cases/casework/taking.py)."""
    if outcome.outcome is OutcomeKind.NO_PENALTY:
        raise FileRefused("nothing_to_tell")
    last = session.scalar(select(func.max(FileNotice.version)).where(FileNotice.file_id == file.id))
    notice = FileNotice(
        file_id=file.id,
        version=(last or 0) + 1,
        made_by_id=by.id,
        made_at=at,
        **{name: getattr(outcome, name) for name in Outcome.model_fields},
    )
    session.add(notice)
    session.flush()
    return notice


def decide(session: Session, file: CaseFile, outcome: Outcome, *, by: User, at: datetime) -> FileDecision:
    """A row of the step DECIDE or SPARE, written with it; by: who drew it up."""
    told = newest_notice(session, file)
    decision = FileDecision(
        file_id=file.id,
        notice_id=told.id if told else None,
        decided_on=local_date(at, file.timezone),
        made_by_id=by.id,
        made_at=at,
        **{name: getattr(outcome, name) for name in Outcome.model_fields if name != "hearing_offered"},
    )
    session.add(decision)
    session.flush()
    return decision


def revoke(session: Session, file: CaseFile, *, reason: str, at: datetime) -> FileDecision:
    """The decision that holds, holding no longer; a part of the step REVOKE. Raises FileRefused."""
    decision = holding_decision(session, file)
    if decision is None:
        raise FileRefused("no_decision")
    decision.revoked_at, decision.revoke_reason = at, reason
    session.flush()
    return decision
