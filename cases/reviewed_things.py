"""What people's decisions say of the detector: of which incidents the thing was there, and of which it was not.

A decision speaks of an offence. That the thing was there follows where it was accepted, or dismissed although it stood
there; that it was not, only where a person said that it was wrongly seen. The rest teaches nothing.
"""

import uuid
from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from evidence.deletion import deletions_that_count
from models.enums import Act, Decision, ExhibitKind, Ground
from models.exhibits import Exhibit, SealedObject
from models.incidents import CaseEvent, Incident, ReviewDecision

STOOD_THERE = frozenset(
    {Ground.LEFT_IN_TIME, Ground.COULD_NOT_GO, Ground.EXEMPT_VEHICLE, Ground.PERMITTED, Ground.SLIGHT}
)


@dataclass(frozen=True)
class ReviewedThing:
    """class_name, box: as it was confirmed, in pixels of the stills. stills: what is kept of them still."""

    incident: Incident
    there: bool
    class_name: str
    stills: tuple[SealedObject, ...]


def reviewed_things(session: Session) -> Iterator[ReviewedThing]:
    """Every incident whose newest decision says whether the thing was there, oldest first."""
    newest: dict[uuid.UUID, ReviewDecision] = {}
    for decided in session.scalars(select(ReviewDecision).order_by(ReviewDecision.at)):
        newest[decided.incident_id] = decided
    for incident_id, decided in newest.items():
        there = was_there(decided.decision, decided.ground)
        if there is None:
            continue
        incident = session.get_one(Incident, incident_id)
        stills = _stills(session, incident_id)
        class_name = _class_of(session, incident_id)
        if stills and class_name is not None:
            yield ReviewedThing(incident, there, class_name, stills)


def was_there(decision: Decision, ground: str | None) -> bool | None:
    """None: the decision does not say."""
    if decision is Decision.ACCEPT:
        return True
    if decision is not Decision.DISMISS or ground is None:
        return None
    if ground == Ground.WRONGLY_SEEN:
        return False
    return True if ground in STOOD_THERE else None


def _stills(session: Session, incident_id: uuid.UUID) -> tuple[SealedObject, ...]:
    exhibits = session.scalars(
        select(Exhibit)
        .where(Exhibit.incident_id == incident_id, Exhibit.kind == ExhibitKind.STILL)
        .options(joinedload(Exhibit.sealed))
        .order_by(Exhibit.from_at)
    ).all()
    gone = deletions_that_count(session, [exhibit.sha256 for exhibit in exhibits])
    return tuple(exhibit.sealed for exhibit in exhibits if exhibit.sha256 not in gone)


def _class_of(session: Session, incident_id: uuid.UUID) -> str | None:
    facts = session.scalar(
        select(CaseEvent.facts).where(CaseEvent.incident_id == incident_id, CaseEvent.act == Act.CONFIRMED)
    )
    named = (facts or {}).get("class")
    return named if isinstance(named, str) else None
