"""Review: a named person decides on the newest draft, with a reason; a returned one is drafted again.

Decision, event and, where it is accepted, the dispatch of the officers on duty are one transaction. Which state allows
what is in cases/lifecycle.py.
"""

import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from cases import dispatch
from cases.draft_case import compose
from cases.errors import DecisionRefused, UnknownIncident
from cases.lifecycle import advance
from evidence import log_contents
from evidence.canonical import canonical
from evidence.digest import sha256_of_bytes
from models.enums import Act, Decision, DispatchPurpose
from models.incidents import DraftCase, Incident, ReviewDecision
from models.people import User

ACT_OF = {Decision.ACCEPT: Act.ACCEPTED, Decision.RETURN: Act.SENT_BACK, Decision.DISMISS: Act.DISMISSED}


@dataclass(frozen=True)
class FourPoints:
    """What the reviewer found the record to be; 行政处罚法 art. 41(2): otherwise it is not evidence."""

    is_true: bool
    is_clear: bool
    is_complete: bool
    is_accurate: bool

    @property
    def hold(self) -> bool:
        return self.is_true and self.is_clear and self.is_complete and self.is_accurate


def decide(
    session: Session,
    incident_id: uuid.UUID,
    *,
    user: User,
    decision: Decision,
    reason: str,
    four_points: FourPoints,
    at: datetime,
    draft_version: int | None = None,
) -> ReviewDecision:
    """Accepts, returns or dismisses. draft_version: the draft the reviewer read; a newer one refuses.

    Raises UnknownIncident, DecisionRefused where the law asks for more, TransitionRefused where the state does not
    allow it (somebody else may have decided meanwhile). Nothing is changed then, once the caller rolls back.
    """
    said = reason.strip()
    if not said:
        raise DecisionRefused("a decision needs its reason in words; write why")
    if decision is Decision.ACCEPT and not four_points.hold:
        raise DecisionRefused(
            "accepting needs all four points: true, clear, complete, accurate (行政处罚法 art. 41); "
            "return it for what is lacking, or dismiss it"
        )
    incident = _incident(session, incident_id)
    decided_id = uuid.uuid4()
    draft = _newest_draft(session, incident_id)
    facts: dict[str, Any] = {"decision": str(decided_id)}
    if draft is not None:  # by its digest: what was decided on is fixed with the decision
        facts["draft"] = {"version": draft.version, "sha256": sha256_of_bytes(canonical(draft.content))}
    advance(session, incident, ACT_OF[decision], actor=user.name, at=at, facts=facts)
    if draft is None and decision is not Decision.DISMISS:
        raise DecisionRefused("there is no draft to decide on; have it drafted first")
    if draft is not None and draft_version is not None and draft.version != draft_version:
        raise DecisionRefused(
            f"version {draft_version} is not the newest draft any more; read version {draft.version}, then decide"
        )
    decided = ReviewDecision(
        id=decided_id,
        incident_id=incident_id,
        draft_case_id=draft.id if draft else None,
        user_id=user.id,
        decision=decision,
        reason=said,
        is_true=four_points.is_true,
        is_clear=four_points.is_clear,
        is_complete=four_points.is_complete,
        is_accurate=four_points.is_accurate,
        at=at,
    )
    session.add(decided)
    session.flush()
    log_contents.enter(session, decided)
    if decision is Decision.ACCEPT:
        dispatch.send(session, incident_id, DispatchPurpose.CASE_READY, at=at)
    elif decision is Decision.DISMISS:
        dispatch.withdraw(session, incident_id)
    session.flush()
    return decided


def redraft(session: Session, incident_id: uuid.UUID, *, user: User, at: datetime) -> DraftCase:
    """A returned draft, composed again from what is on record now. Raises UnknownIncident, TransitionRefused."""
    incident = _incident(session, incident_id)
    advance(session, incident, Act.REDRAFTED, actor=user.name, at=at)
    return compose(session, incident_id, at=at)


def _incident(session: Session, incident_id: uuid.UUID) -> Incident:
    """Locked: from here on nobody else decides or drafts."""
    incident = session.get(Incident, incident_id, with_for_update=True)
    if incident is None:
        raise UnknownIncident(incident_id)
    return incident


def _newest_draft(session: Session, incident_id: uuid.UUID) -> DraftCase | None:
    newest = select(DraftCase).where(DraftCase.incident_id == incident_id).order_by(DraftCase.version.desc()).limit(1)
    return session.scalar(newest)
