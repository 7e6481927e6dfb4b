"""Review: a named person decides on the newest draft, with a reason; a returned one is drafted again.

Decision, event and, where it is accepted, the dispatch of the officers on duty are one transaction. A decision may be
taken back, or left to somebody who may decide more; which state allows what is in cases/lifecycle.py.
"""

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import exists, select
from sqlalchemy.orm import Session, joinedload

from cases import claims, dispatch, grounds
from cases.draft_case import compose
from cases.errors import (
    DecisionRefused,
    InHandOfAnother,
    LeftToAnother,
    TakeBackRefused,
    TransitionRefused,
    UnknownIncident,
)
from cases.grounds import GROUNDS, Choice
from cases.lifecycle import CAN_BE_TAKEN_BACK, NEEDS_A_PERSON, advance, append_event, newest_event
from cases.lifecycle import take_back as take_back_step
from evidence import log_contents
from evidence.canonical import canonical
from evidence.digest import sha256_of_bytes
from models.desk import PassedOn
from models.enums import Act, CustodyAct, Decision, DispatchPurpose, DispatchState, Ground, Role
from models.exhibits import CustodyEvent, Exhibit
from models.incidents import CaseEvent, DraftCase, Incident, ReviewDecision
from models.people import User
from models.retention import Deletion, ServedDecision

ACT_OF = {decision: grounds.ACT_OF[Choice(decision.value)] for decision in Decision}

TIME_TO_REGRET = timedelta(seconds=60)  # officers are told of an accepted case that much later
PASSED_ON_TO = frozenset({Role.LEGAL_REVIEWER, Role.LEADER})
# what leaves the house with an incident; a look at it is no effect
LEFT_THE_HOUSE = (CustodyAct.EXPORTED, CustodyAct.PRINTED, CustodyAct.SHARED)


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
    ground: Ground | None = None,
) -> ReviewDecision:
    """Accepts, returns or dismisses. draft_version: the draft the reviewer read; a newer one refuses.

    Raises UnknownIncident, DecisionRefused where the law asks for more, InHandOfAnother, LeftToAnother,
    TransitionRefused where the state does not allow it (somebody else may have decided meanwhile). Nothing is changed
    then, once the caller rolls back.
    """
    said = reason.strip()
    if ground is not None and ground not in GROUNDS[Choice(decision.value)]:
        raise DecisionRefused(f"`{ground.value}` is no ground to {decision.value}; choose another")
    if not said:
        raise DecisionRefused("a decision needs its reason in words; write why")
    if decision is Decision.ACCEPT and not four_points.hold:
        raise DecisionRefused(
            "accepting needs all four points: true, clear, complete, accurate (行政处罚法 art. 41); "
            "return it for what is lacking, or dismiss it"
        )
    incident = _incident(session, incident_id)
    _in_nobody_elses_hand(session, incident_id, user, at)
    if not may_decide(user, passed_on(session, incident_id)):
        raise LeftToAnother("it was passed on: a legal reviewer or leader who did not pass it on decides it")
    decided_id = uuid.uuid4()
    draft = newest_draft(session, incident_id)
    withdrawn = dispatch.withdraw(session, incident_id) if decision is Decision.DISMISS else []
    facts = _facts(decided_id, draft, withdrawn)
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
        ground=None if ground is None else ground.value,
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
        dispatch.send(session, incident_id, DispatchPurpose.CASE_READY, at=at, not_before=at + TIME_TO_REGRET)
    _let_go(session, incident_id, at)
    session.flush()
    return decided


def pass_on(
    session: Session, incident_id: uuid.UUID, *, user: User, ground: Ground, reason: str, at: datetime
) -> PassedOn:
    """Left to a legal reviewer or leader; the state stays what it is, and who passed it on decides it no more.

    Raises UnknownIncident, DecisionRefused, InHandOfAnother, LeftToAnother, TransitionRefused.
    """
    said = reason.strip()
    if not said or ground not in GROUNDS[Choice.ESCALATE]:
        raise DecisionRefused("what is passed on needs its ground and its reason in words; write why")
    incident = _incident(session, incident_id)
    if incident.state not in NEEDS_A_PERSON:
        raise TransitionRefused(incident.state, Act.PASSED_ON)
    _in_nobody_elses_hand(session, incident_id, user, at)
    known = passed_on(session, incident_id)
    if known is not None:
        raise LeftToAnother("it is passed on already; a legal reviewer or leader decides it")
    passed = PassedOn(incident_id=incident_id, user_id=user.id, ground=ground.value, reason=said, at=at)
    session.add(passed)
    session.flush()
    facts = {"passed_on": str(passed.id), "ground": ground.value, "reason": said}
    append_event(session, incident, Act.PASSED_ON, incident.state, actor=user.name, at=at, facts=facts)
    claims.end(session, incident_id, at=at)
    return passed


def passed_on(session: Session, incident_id: uuid.UUID) -> PassedOn | None:
    """That it is left to somebody, with who left it."""
    return session.scalar(
        select(PassedOn)
        .where(PassedOn.incident_id == incident_id, PassedOn.ended_at.is_(None))
        .options(joinedload(PassedOn.user))
    )


def may_decide(user: User, left: PassedOn | None) -> bool:
    """What was passed on is decided by those it was passed on to, and not by who did so. `user.grants` are loaded."""
    return left is None or (left.user_id != user.id and not PASSED_ON_TO.isdisjoint(user.roles))


def take_back(session: Session, incident_id: uuid.UUID, *, user: User, at: datetime) -> None:
    """The person's last decision, as if it had not been made, and on record all the same. The incident is in the
    person's hand again.

    Raises UnknownIncident, TakeBackRefused where it had an effect or is another's, TransitionRefused.
    """
    incident = _incident(session, incident_id)
    last = newest_event(session, incident)
    why = stands_because(session, incident, last, user)
    if why is not None:
        raise TakeBackRefused(why)
    assert last is not None, "there is nothing to take back without it"
    facts = {"act": last.act.value, "seq": last.seq} | {
        name: last.facts[name] for name in ("decision", "passed_on") if name in last.facts
    }
    take_back_step(session, incident, actor=user.name, at=at, facts=facts)
    if last.act is Act.ACCEPTED:
        dispatch.call_back(session, incident_id, DispatchPurpose.CASE_READY)
    for each in last.facts.get("withdrawn", ()):
        dispatch.ask_again(session, uuid.UUID(each["dispatch"]), at=at)
    _let_go(session, incident_id, at)
    claims.take(session, incident_id, user, at=at)


def stands_because(session: Session, incident: Incident, last: CaseEvent | None, user: User) -> str | None:
    """Why the last step is not taken back; None: it may be. last: the newest event of the incident."""
    if last is None or last.act not in CAN_BE_TAKEN_BACK:
        return "nothing_to_take_back"
    if last.actor != user.name:
        return "of_another"
    since = last.at
    if last.act is Act.ACCEPTED and dispatch.is_told(session, incident.id, DispatchPurpose.CASE_READY):
        return "officers_told"
    if any(each["was"] != DispatchState.ASKED.value for each in last.facts.get("withdrawn", ())):
        return "officers_called_off"
    left = exists().where(
        CustodyEvent.incident_id == incident.id, CustodyEvent.act.in_(LEFT_THE_HOUSE), CustodyEvent.at >= since
    )
    served = exists().where(ServedDecision.incident_id == incident.id, ServedDecision.recorded_at >= since)
    gone = exists().where(
        Deletion.sha256 == Exhibit.sha256,
        Exhibit.incident_id == incident.id,
        Deletion.void_at.is_(None),
        Deletion.intended_at >= since,
    )
    for why, found in (("left_the_house", left), ("served", served), ("deleted", gone)):
        if session.scalar(select(found)):
            return why
    return None


def _facts(
    decided_id: uuid.UUID, draft: DraftCase | None, withdrawn: list[tuple[uuid.UUID, DispatchState]]
) -> dict[str, Any]:
    facts: dict[str, Any] = {"decision": str(decided_id)}
    if draft is not None:  # by its digest: what was decided on is fixed with the decision
        facts["draft"] = {"version": draft.version, "sha256": sha256_of_bytes(canonical(draft.content))}
    if withdrawn:  # so that it can be taken back
        facts["withdrawn"] = [{"dispatch": str(called), "was": was.value} for called, was in withdrawn]
    return facts


def _let_go(session: Session, incident_id: uuid.UUID, at: datetime) -> None:
    """Decided or taken back: in nobody's hand, and left to nobody."""
    claims.end(session, incident_id, at=at)
    left = passed_on(session, incident_id)
    if left is not None:
        left.ended_at = at
        session.flush()


def _in_nobody_elses_hand(session: Session, incident_id: uuid.UUID, user: User, at: datetime) -> None:
    held = claims.holder(session, incident_id, at=at)
    if held is not None and held.user_id != user.id:
        raise InHandOfAnother(held.user.display_name, held.until_at)


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


def newest_draft(session: Session, incident_id: uuid.UUID) -> DraftCase | None:
    newest = select(DraftCase).where(DraftCase.incident_id == incident_id).order_by(DraftCase.version.desc()).limit(1)
    return session.scalar(newest)
