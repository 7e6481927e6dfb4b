"""Taking a step: the gates are asked, the step is taken, and what it makes is written, all in one transaction.

Every step of a person goes through `take`: at once where no chain is asked, or with the last agreement
(cases/casework/approvals.py). `cases/casework/steps.py` is the writer of the state below it.
"""

from datetime import date, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from cases.casework import file_facts, gates, outcomes
from cases.casework.days import local_date
from cases.casework.errors import FileRefused, GateUnmet, StepRefused
from cases.casework.outcome import Outcome
from cases.casework.steps import By, take_step
from cases.casework.table import MAY_TAKE, next_state
from cases.papers import registry
from models.case_files import CaseFile, FileEvent
from models.enums import FileAct, Procedure, ServedPaper, SheetKind
from models.exhibits import Exhibit
from models.people import User

# what carries an outcome in its `facts`
WITH_OUTCOME = frozenset({FileAct.NOTIFY, FileAct.DECIDE, FileAct.SPARE})
LONGEST_REASON = 1000


def check(
    session: Session, file: CaseFile, step: FileAct, *, user: User, facts: dict[str, Any], at: datetime
) -> Outcome | None:
    """Whether this person could take the step with these facts now; what its facts say.

    Raises StepRefused, FileRefused, GateUnmet. Rights are asked before, where it is known who asks for what.
    """
    if step not in MAY_TAKE or next_state(file.procedure, file.state, step) is None:
        raise StepRefused(file.state, step)
    outcome = outcomes.read(facts) if step in WITH_OUTCOME else None
    known = file_facts.load(session, file, at)
    missing = gates.unmet(known, step, at, taker=file_facts.taker_of(session, user), outcome=outcome)
    if missing:
        raise GateUnmet(step, missing)
    return outcome


def take(
    session: Session,
    file: CaseFile,
    step: FileAct,
    *,
    user: User,
    by: By,
    reason: str,
    facts: dict[str, Any],
    at: datetime,
) -> FileEvent:
    """Takes the step for `user`, who asked for it; by: whose act it is in the end. The file's row is locked.

    Raises what `check` raises, and DatedWrongly.
    """
    outcome = check(session, file, step, user=user, facts=facts, at=at)
    on_record: dict[str, Any] = {"reason": reason} | ({} if outcome is not None else facts)
    if by.user is not None and by.user.id != user.id:
        on_record["asked_by"] = user.name
    on_record |= _effects(session, file, step, outcome, user=user, by=by, reason=reason, at=at)
    return take_step(session, file, step, by=by, at=at, done_on=_done_on(session, file, step, at), facts=on_record)


def reason_of(text: str, most: int = LONGEST_REASON) -> str:
    """Raises FileRefused for none, and for one that is too long."""
    said = text.strip()
    if not said:
        raise FileRefused("no_reason")
    if len(said) > most:
        raise FileRefused("reason_too_long", most=most)
    return said


def _effects(
    session: Session,
    file: CaseFile,
    step: FileAct,
    outcome: Outcome | None,
    *,
    user: User,
    by: By,
    reason: str,
    at: datetime,
) -> dict[str, Any]:
    """What comes into being with the step; its ids, for the event."""
    done: dict[str, Any] = {}
    if step is FileAct.FILE or (step is FileAct.NOTIFY and file.procedure is Procedure.SIMPLE):
        done |= _number(session, file, by=by, at=at)
    if outcome is not None and step is FileAct.NOTIFY:
        notice = outcomes.intend(session, file, outcome, by=user, at=at)
        done |= {"notice": str(notice.id), "version": notice.version}
    elif outcome is not None:
        decision = outcomes.decide(session, file, outcome, by=user, at=at)
        # 行政诉讼法 art. 34, 35: what the decision stands on is what was there; nothing is collected afterwards
        done |= {"decision": str(decision.id), "exhibits": _exhibits(session, file)}
    elif step is FileAct.REVOKE:
        done["decision"] = str(outcomes.revoke(session, file, reason=reason, at=at).id)
    return done


def _number(session: Session, file: CaseFile, *, by: By, at: datetime) -> dict[str, Any]:
    """Drawn once, at the first step that makes it a case; what is begun again keeps it."""
    if file.number is None:
        sheet = registry.draw(session, SheetKind.CASE_FILE, by=by, at=at, file_id=file.id)
        registry.use(session, sheet, f"case_file:{file.id}", by=by, at=at)
        file.number = sheet.text
        session.flush()
    return {"number": file.number}


def _exhibits(session: Session, file: CaseFile) -> list[str]:
    """Digests of the exhibits as they are now."""
    if file.incident_id is None:
        return []
    asked = select(Exhibit.sha256).where(Exhibit.incident_id == file.incident_id)
    return sorted(set(session.scalars(asked)))


def _done_on(session: Session, file: CaseFile, step: FileAct, at: datetime) -> date | None:
    """The day in the street that the step speaks of, where it is another one than today."""
    if step is not FileAct.SERVE:
        return None
    decision = outcomes.holding_decision(session, file)
    served = None if decision is None else file_facts.served_on(session, file, ServedPaper.DECISION, decision.made_at)
    return served if served != local_date(at, file.timezone) else None
