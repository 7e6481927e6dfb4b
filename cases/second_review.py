"""The second reviewer: an accepted case is read by another person before it goes on.

行政处罚法 art. 42: at least two officers; art. 43: whoever has a stake in the matter stands back. The second person
agrees, refuses, which returns the draft, or stands back, and then another one is asked.
"""

import uuid
from datetime import datetime

from sqlalchemy import exists, select
from sqlalchemy.orm import Session, joinedload

from cases import dispatch
from cases.errors import SecondReviewRefused, UnknownIncident
from cases.lifecycle import advance, append_event
from models.enums import Act, Decision, DispatchPurpose, IncidentState, SecondVerdict
from models.incidents import Incident, ReviewDecision
from models.people import User
from models.second_reviews import SecondReview

ACTS = {
    SecondVerdict.AGREES: Act.SECOND_AGREED,
    SecondVerdict.REFUSES: Act.SECOND_REFUSED,
    SecondVerdict.RECUSED: Act.SECOND_RECUSED,
}


def waited_for(session: Session, incident_id: uuid.UUID) -> ReviewDecision | None:
    """The decision that a second person has still to read; None: there is none. `user` is loaded."""
    decided = session.scalar(
        select(ReviewDecision)
        .join(Incident, Incident.id == ReviewDecision.incident_id)
        .where(ReviewDecision.incident_id == incident_id, Incident.state == IncidentState.ACCEPTED)
        .options(joinedload(ReviewDecision.user))
        .order_by(ReviewDecision.at.desc())
        .limit(1)
    )
    if decided is None or decided.decision is not Decision.ACCEPT or _is_said(session, decided.id):
        return None
    return decided


def reviews_of(session: Session, incident_id: uuid.UUID) -> list[SecondReview]:
    """Oldest first; `user` is loaded."""
    asked = (
        select(SecondReview)
        .where(SecondReview.incident_id == incident_id)
        .options(joinedload(SecondReview.user))
        .order_by(SecondReview.at)
    )
    return list(session.scalars(asked))


def stands_against(session: Session, decided: ReviewDecision, user: User) -> str | None:
    """Why this person cannot be the second; None: nothing is known against it."""
    if decided.user_id == user.id:
        return "decided_it"
    said = exists().where(SecondReview.decision_id == decided.id, SecondReview.user_id == user.id)
    return "stood_back" if session.scalar(select(said)) else None


def say(
    session: Session,
    incident_id: uuid.UUID,
    verdict: SecondVerdict,
    *,
    user: User,
    reason: str,
    no_stake: bool,
    at: datetime,
) -> SecondReview:
    """The second person's word. no_stake: declares to have no interest in the matter; who cannot say so stands back.

    Raises UnknownIncident, SecondReviewRefused, TransitionRefused.
    """
    incident = session.get(Incident, incident_id, with_for_update=True)
    if incident is None:
        raise UnknownIncident(incident_id)
    decided = waited_for(session, incident_id)
    if decided is None:
        raise SecondReviewRefused("nothing_to_review")
    against = stands_against(session, decided, user)
    if against is not None:
        raise SecondReviewRefused(against)
    if verdict is not SecondVerdict.RECUSED and not no_stake:
        raise SecondReviewRefused("has_a_stake")
    said = reason.strip()
    if not said:
        raise SecondReviewRefused("no_reason")
    review = SecondReview(
        incident_id=incident_id, decision_id=decided.id, user_id=user.id, verdict=verdict, reason=said, at=at
    )
    session.add(review)
    session.flush()
    facts = {
        "second_review": str(review.id),
        "decision": str(decided.id),
        "first": decided.user.name,
        "reason": said,
        "no_stake": no_stake,
    }
    act = ACTS[verdict]
    if verdict is SecondVerdict.REFUSES:
        _call_off(session, incident_id)
        advance(session, incident, act, actor=user.name, at=at, facts=facts)
    else:
        append_event(session, incident, act, incident.state, actor=user.name, at=at, facts=facts)
    return review


def _is_said(session: Session, decision_id: uuid.UUID) -> bool:
    said = exists().where(SecondReview.decision_id == decision_id, SecondReview.verdict != SecondVerdict.RECUSED)
    return bool(session.scalar(select(said)))


def _call_off(session: Session, incident_id: uuid.UUID) -> None:
    """Officers who were not told of the case are not told; who was told and is not there yet need not come."""
    if dispatch.is_told(session, incident_id, DispatchPurpose.CASE_READY):
        dispatch.withdraw(session, incident_id)
    else:
        dispatch.call_back(session, incident_id, DispatchPurpose.CASE_READY)
