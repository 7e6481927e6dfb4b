"""Claims: one person at a time has an incident in hand, for as long as the page goes on saying so.

A lease in the row: taken in one statement, so that of two who come at once one has it, on either engine. It says who is
at work and keeps nobody from looking.
"""

import uuid
from collections.abc import Collection
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, case, select, update
from sqlalchemy.orm import Session, joinedload

from cases.errors import InHandOfAnother, ReasonMissing, TransitionRefused, UnknownIncident
from cases.lifecycle import NEEDS_A_PERSON, append_event
from models.database import insert_into
from models.desk import Claim
from models.enums import Act
from models.incidents import Incident
from models.people import User

LEASE = timedelta(minutes=10)


def take(session: Session, incident_id: uuid.UUID, user: User, *, at: datetime) -> Claim:
    """The incident is in this person's hand from now on; somebody who has it already keeps it longer.

    Raises UnknownIncident, TransitionRefused where nothing waits for a person, InHandOfAnother.
    """
    _waiting(session, incident_id)
    if keep(session, incident_id, user, at=at):
        return session.get_one(Claim, incident_id, populate_existing=True)
    taking = {"user_id": user.id, "taken_at": at, "until_at": at + LEASE, "changed_at": at}
    taken = session.scalar(
        insert_into(session, Claim)
        .values(incident_id=incident_id, fence=1, **taking)
        .on_conflict_do_update(
            index_elements=[Claim.incident_id],
            set_=taking | {"fence": Claim.fence + 1},
            where=Claim.until_at <= at,
        )
        .returning(Claim.incident_id)
    )
    if taken is None:
        held = holder(session, incident_id, at=at)
        assert held is not None, "only a claim that still runs stands in the way"
        raise InHandOfAnother(held.user.display_name, held.until_at)
    return session.get_one(Claim, incident_id, populate_existing=True)


def keep(session: Session, incident_id: uuid.UUID, user: User, *, at: datetime) -> bool:
    """Puts off the end of a claim that this person has; False: it is over, or somebody else's."""
    kept = session.execute(
        update(Claim)
        .where(Claim.incident_id == incident_id, Claim.user_id == user.id, Claim.until_at > at)
        .values(until_at=at + LEASE)
        .returning(Claim.incident_id)
    )
    return kept.scalar() is not None


def take_over(session: Session, incident_id: uuid.UUID, user: User, *, reason: str, at: datetime) -> Claim:
    """Takes it out of another's hand; that and why goes on record. Raises ReasonMissing and what `take` raises."""
    said = reason.strip()
    if not said:
        raise ReasonMissing
    incident = _waiting(session, incident_id)
    held = holder(session, incident_id, at=at)
    if held is None or held.user_id == user.id:
        return take(session, incident_id, user, at=at)
    facts = {"from": held.user.name, "reason": said}
    held.user_id, held.fence, held.taken_at, held.until_at, held.changed_at = (
        user.id,
        held.fence + 1,
        at,
        at + LEASE,
        at,
    )
    append_event(session, incident, Act.TAKEN_OVER, incident.state, actor=user.name, at=at, facts=facts)
    return held


def release(session: Session, incident_id: uuid.UUID, user: User, *, at: datetime) -> None:
    """Put back undecided, for whoever comes next; of another's claim nothing is changed."""
    session.execute(
        update(Claim)
        .where(Claim.incident_id == incident_id, Claim.user_id == user.id, Claim.until_at > at)
        .values(until_at=_not_before_taken(at), changed_at=at, fence=Claim.fence + 1)
    )


def end(session: Session, incident_id: uuid.UUID, *, at: datetime) -> None:
    """It is decided: nobody has it in hand any more."""
    session.execute(
        update(Claim)
        .where(Claim.incident_id == incident_id, Claim.until_at > at)
        .values(until_at=_not_before_taken(at), changed_at=at, fence=Claim.fence + 1)
    )


def _not_before_taken(at: datetime) -> ColumnElement[datetime]:
    """The clocks of two servers differ by a little."""
    return case((Claim.taken_at > at, Claim.taken_at), else_=at)


def holder(session: Session, incident_id: uuid.UUID, *, at: datetime) -> Claim | None:
    """Who has it in hand, with the user."""
    return holders(session, [incident_id], at=at).get(incident_id)


def holders(session: Session, incidents: Collection[uuid.UUID], *, at: datetime) -> dict[uuid.UUID, Claim]:
    asked = (
        select(Claim)
        .where(Claim.incident_id.in_(incidents), Claim.until_at > at)
        .options(joinedload(Claim.user))
        .execution_options(populate_existing=True)
    )
    return {claim.incident_id: claim for claim in session.scalars(asked)}


def _waiting(session: Session, incident_id: uuid.UUID) -> Incident:
    """Locked, so that a decision and a claim come one after the other."""
    incident = session.get(Incident, incident_id, with_for_update=True, populate_existing=True)
    if incident is None:
        raise UnknownIncident(incident_id)
    if incident.state not in NEEDS_A_PERSON:
        raise TransitionRefused(incident.state, Act.TAKEN_OVER)
    return incident
