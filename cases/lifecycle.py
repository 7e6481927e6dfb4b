"""The lifecycle of an incident: one table, one writer.

`advance` changes `incident.state`, adds the CaseEvent in the same transaction and refuses what the table does not
contain; `take_back` alone goes the other way. Opening is in cases/incidents.py, decisions by people in cases/review.py.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from cases import hook_promises
from cases.errors import TransitionRefused
from evidence import log_contents
from models.enums import Act, IncidentState
from models.incidents import CaseEvent, Incident

OBSERVED, NOTIFIED, RESOLVED, UNCERTAIN, DRAFTED, RETURNED, ACCEPTED, DISMISSED, WARNED = IncidentState

PROGRAM = "streetwitness"  # the actor of what no person did

NEXT: dict[tuple[IncidentState, Act], IncidentState] = {
    (OBSERVED, Act.GRACE_STARTED): NOTIFIED,
    (OBSERVED, Act.VEHICLE_LEFT): RESOLVED,
    (OBSERVED, Act.SIGHT_LOST): UNCERTAIN,
    (OBSERVED, Act.GRACE_EXPIRED): DRAFTED,  # of an offence that is given none
    (OBSERVED, Act.HELD_BACK): UNCERTAIN,  # something speaks for who is accused: nobody is told
    (OBSERVED, Act.STEP_TAKEN): OBSERVED,
    (OBSERVED, Act.WARNED_ONLY): WARNED,
    (NOTIFIED, Act.VEHICLE_LEFT): RESOLVED,
    (NOTIFIED, Act.GRACE_EXPIRED): DRAFTED,  # a person takes over from here
    (NOTIFIED, Act.SIGHT_LOST): UNCERTAIN,
    (NOTIFIED, Act.HELD_BACK): UNCERTAIN,
    (NOTIFIED, Act.STEP_TAKEN): NOTIFIED,
    (NOTIFIED, Act.WARNED_ONLY): WARNED,
    (UNCERTAIN, Act.DISMISSED): DISMISSED,
    (UNCERTAIN, Act.RELEASED): DRAFTED,  # a person found that what held it back does not hold
    (DRAFTED, Act.ACCEPTED): ACCEPTED,
    (DRAFTED, Act.SENT_BACK): RETURNED,
    (DRAFTED, Act.DISMISSED): DISMISSED,
    (ACCEPTED, Act.SECOND_REFUSED): RETURNED,
    (RETURNED, Act.REDRAFTED): DRAFTED,
    (RETURNED, Act.DISMISSED): DISMISSED,
}


# what waits for a person's decision
NEEDS_A_PERSON = (DRAFTED, UNCERTAIN, RETURNED)

# what a person did and may take back; whether it had an effect meanwhile is asked in cases/review.py
CAN_BE_TAKEN_BACK = (Act.ACCEPTED, Act.SENT_BACK, Act.DISMISSED, Act.PASSED_ON)


def advance(
    session: Session,
    incident: Incident,
    act: Act,
    *,
    actor: str,
    at: datetime,
    conduct_at: datetime | None = None,
    facts: dict[str, Any] | None = None,
) -> None:
    """Takes the incident one step on, with its event. Raises TransitionRefused for a step not in the table.

    The row is locked first and read again, so of two who come at once one is refused.
    """
    session.flush()
    session.refresh(incident, with_for_update=True)
    state = NEXT.get((incident.state, act))
    if state is None:
        raise TransitionRefused(incident.state, act)
    before, incident.state = incident.state, state
    append_event(session, incident, act, before, actor=actor, at=at, conduct_at=conduct_at, facts=facts)


def take_back(session: Session, incident: Incident, *, actor: str, at: datetime, facts: dict[str, Any]) -> None:
    """Back to the state before the last step, where that was a person's decision: with an event of its own, since what
    happened stays on record. Raises TransitionRefused.
    """
    session.flush()
    session.refresh(incident, with_for_update=True)
    last = newest_event(session, incident)
    if last is None or last.act not in CAN_BE_TAKEN_BACK or last.from_state is None:
        raise TransitionRefused(incident.state, Act.TAKEN_BACK)
    before, incident.state = incident.state, last.from_state
    append_event(session, incident, Act.TAKEN_BACK, before, actor=actor, at=at, facts=facts)


def newest_event(session: Session, incident: Incident) -> CaseEvent | None:
    return session.scalar(
        select(CaseEvent).where(CaseEvent.incident_id == incident.id).order_by(CaseEvent.seq.desc()).limit(1)
    )


def append_event(
    session: Session,
    incident: Incident,
    act: Act,
    before: IncidentState | None,
    *,
    actor: str,
    at: datetime,
    conduct_at: datetime | None = None,
    facts: dict[str, Any] | None = None,
) -> None:
    """The event of a change already made to `incident` in this transaction, with its log entry and what other systems
    are promised of it.
    """
    last = session.scalar(select(func.max(CaseEvent.seq)).where(CaseEvent.incident_id == incident.id))
    event = CaseEvent(
        incident_id=incident.id,
        seq=(last or 0) + 1,
        act=act,
        from_state=before,
        to_state=incident.state,
        actor=actor,
        at=at,
        conduct_at=conduct_at,
        facts=facts or {},
    )
    session.add(event)
    session.flush()
    log_contents.enter(session, event)
    hook_promises.promise(session, incident, event)
