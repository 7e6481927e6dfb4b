"""Approvals: a step that waits for its chain, level by level, each of another person.

`ask` opens a round, or takes the step at once where nobody has to agree; `mark` is what an approver says. A return ends
the round, and the last agreement takes the step in the same transaction, the gates asked again. The case file's row is
locked first everywhere, so of two who come at once one waits and then finds how it stands.
"""

import uuid
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.orm import Session, joinedload, selectinload

from cases.casework import taking
from cases.casework.chains import PATH, chain_for
from cases.casework.errors import FileRefused, UnknownApproval, UnknownFile
from cases.casework.file_facts import recused_in
from cases.casework.rights import has_role_on, require_role
from cases.casework.steps import By, note
from cases.casework.table import MAY_TAKE
from cases.entitlements import Scope
from cases.scope import files_within
from models.case_files import ApprovalMark, CaseFile, FileApproval
from models.enums import ApprovalState, ApprovalVerdict, FileAct, Role
from models.people import User


def ask(
    session: Session,
    file_id: uuid.UUID,
    step: FileAct,
    *,
    by: User,
    reason: str,
    facts: dict[str, Any] | None = None,
    at: datetime,
    chains: Path = PATH,
) -> FileApproval | None:
    """Asks for the step. None: nobody has to agree to it, and it is taken. chains: who has to agree to what.

    facts: of NOTIFY, DECIDE and SPARE an `Outcome` (cases/casework/outcome.py `as_facts`); of TRANSFER {"to": …}; of
    the rest nothing. Raises UnknownFile, NotEntitled, StepRefused, FileRefused, GateUnmet, DatedWrongly.
    """
    file = lock(session, file_id)
    require_role(session, by, MAY_TAKE.get(step, frozenset()), file_id, to=step)
    said = taking.reason_of(reason)
    carried = _carried(step, facts or {})
    if open_approval(session, file_id) is not None:
        raise FileRefused("waits_for_approval")
    chain = chain_for(file.procedure, step, file.offence, chains)
    if not chain:
        taking.take(session, file, step, user=by, by=By.person(by), reason=said, facts=carried, at=at)
        return None
    taking.check(session, file, step, user=by, facts=carried, at=at)
    approval = FileApproval(
        file_id=file_id,
        step=step,
        facts=carried,
        chain=[role.value for role in chain],
        reason=said,
        asked_by_id=by.id,
        asked_at=at,
        state=ApprovalState.OPEN,
    )
    session.add(approval)
    session.flush()
    asked = {"approval": str(approval.id), "step": step.value, "chain": approval.chain}
    note(session, file, FileAct.APPROVAL_ASKED, by=By.person(by), at=at, facts=asked)
    return approval


def mark(
    session: Session, approval_id: uuid.UUID, verdict: ApprovalVerdict, *, by: User, reason: str, at: datetime
) -> ApprovalMark:
    """What the approver whose turn it is says. The last agreement takes the step; a return ends the round.

    Raises UnknownApproval, FileRefused (`why_not_mine` says which), GateUnmet and StepRefused where the step can no
    longer be taken, DatedWrongly.
    """
    file, approval, marks = _locked(session, approval_id)
    said = taking.reason_of(reason)
    if approval.state is not ApprovalState.OPEN:
        raise FileRefused("approval_ended")
    why = _why_not(session, approval, marks, by)
    if why is not None:
        raise FileRefused(why)
    given = ApprovalMark(
        approval_id=approval.id, level=len(marks) + 1, user_id=by.id, verdict=verdict, reason=said, at=at
    )
    session.add(given)
    session.flush()
    told = {
        "approval": str(approval.id),
        "step": approval.step.value,
        "level": given.level,
        "of": len(approval.chain),
        "verdict": verdict.value,
    }
    note(session, file, FileAct.APPROVAL_MARKED, by=By.person(by), at=at, facts=told)
    if verdict is ApprovalVerdict.RETURNS:
        _end(session, approval, ApprovalState.RETURNED, at)
    elif given.level == len(approval.chain):
        _end(session, approval, ApprovalState.APPROVED, at)
        asker = session.scalars(
            select(User).where(User.id == approval.asked_by_id).options(selectinload(User.grants))
        ).one()
        require_role(session, asker, MAY_TAKE[approval.step], file.id, to=approval.step)
        taking.take(
            session,
            file,
            approval.step,
            user=asker,
            by=By.person(by),
            reason=approval.reason,
            facts=approval.facts,
            at=at,
        )
    return given


def withdraw(session: Session, approval_id: uuid.UUID, *, by: User, reason: str, at: datetime) -> FileApproval:
    """Who asked takes it back. Raises UnknownApproval, FileRefused, DatedWrongly."""
    file, approval, _ = _locked(session, approval_id)
    said = taking.reason_of(reason)
    if approval.state is not ApprovalState.OPEN:
        raise FileRefused("approval_ended")
    if approval.asked_by_id != by.id:
        raise FileRefused("asked_by_another")
    _end(session, approval, ApprovalState.WITHDRAWN, at)
    told = {"approval": str(approval.id), "step": approval.step.value, "reason": said}
    note(session, file, FileAct.APPROVAL_WITHDRAWN, by=By.person(by), at=at, facts=told)
    return approval


def open_approval(session: Session, file_id: uuid.UUID) -> FileApproval | None:
    """The round that is under way; `marks` with their users and `asked_by` are loaded."""
    return session.scalar(_loaded().where(FileApproval.file_id == file_id, FileApproval.state == ApprovalState.OPEN))


def approvals_of(session: Session, file_id: uuid.UUID) -> list[FileApproval]:
    """All rounds, oldest first; `marks` with their users and `asked_by` are loaded."""
    asked = _loaded().where(FileApproval.file_id == file_id)
    return list(session.scalars(asked.order_by(FileApproval.asked_at, FileApproval.id)))


def waiting_for(session: Session, user: User, scope: Scope) -> list[FileApproval]:
    """What waits for this person's word, oldest first; `file`, `marks` and `asked_by` are loaded."""
    asked = (
        _loaded()
        .join(CaseFile, CaseFile.id == FileApproval.file_id)
        .where(FileApproval.state == ApprovalState.OPEN, files_within(scope))
        .options(joinedload(FileApproval.file))
        .order_by(FileApproval.asked_at, FileApproval.id)
    )
    open_now = session.scalars(asked).unique().all()
    return [each for each in open_now if _why_not(session, each, each.marks, user) is None]


def why_not_mine(session: Session, approval: FileApproval, user: User) -> str | None:
    """Why this person cannot say anything to the round now; None: it is their turn. `marks` are loaded."""
    if approval.state is not ApprovalState.OPEN:
        return "approval_ended"
    return _why_not(session, approval, approval.marks, user)


def lock(session: Session, file_id: uuid.UUID) -> CaseFile:
    """The case file, locked until the transaction ends. Raises UnknownFile."""
    session.flush()
    file = session.get(CaseFile, file_id, with_for_update=True, populate_existing=True)
    if file is None:
        raise UnknownFile(file_id)
    return file


def _why_not(session: Session, approval: FileApproval, marks: Sequence[ApprovalMark], user: User) -> str | None:
    role = Role(approval.chain[len(marks)])
    if approval.asked_by_id == user.id:
        return "asked_it_oneself"
    if any(each.user_id == user.id for each in marks):
        return "marked_already"
    if not has_role_on(session, user, role, approval.file_id):
        return "not_ones_level"
    return "recused" if user.id in recused_in(session, approval.file_id) else None


def _locked(session: Session, approval_id: uuid.UUID) -> tuple[CaseFile, FileApproval, Sequence[ApprovalMark]]:
    """The file first, then the round, so that two can never wait for each other."""
    file_id = session.scalar(select(FileApproval.file_id).where(FileApproval.id == approval_id))
    if file_id is None:
        raise UnknownApproval(approval_id)
    file = lock(session, file_id)
    approval = session.get_one(FileApproval, approval_id, with_for_update=True, populate_existing=True)
    marks = session.scalars(
        select(ApprovalMark).where(ApprovalMark.approval_id == approval_id).order_by(ApprovalMark.level)
    ).all()
    return file, approval, marks


def _carried(step: FileAct, facts: dict[str, Any]) -> dict[str, Any]:
    """What the step may say of itself. Raises FileRefused for what it may not."""
    if step in taking.WITH_OUTCOME:
        return facts
    if step is FileAct.TRANSFER:
        to = str(facts.get("to", "")).strip()
        if not to or set(facts) != {"to"}:
            raise FileRefused("transfer_names_nobody")
        return {"to": to}
    if facts:
        raise FileRefused("facts_not_of_the_step")
    return {}


def _end(session: Session, approval: FileApproval, state: ApprovalState, at: datetime) -> None:
    approval.state, approval.ended_at = state, at
    session.flush()


def _loaded() -> Select[FileApproval]:
    return select(FileApproval).options(
        joinedload(FileApproval.asked_by), selectinload(FileApproval.marks).joinedload(ApprovalMark.user)
    )
