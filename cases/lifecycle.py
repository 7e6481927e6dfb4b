"""The lifecycle of an incident: one table, one writer.

`advance` alone changes `incident.state`; it adds the CaseEvent in the same transaction and refuses what the
table does not contain. Opening is in cases/incidents.py, decisions by people in cases/review.py.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

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
    (OBSERVED, Act.STEP_TAKEN): OBSERVED,
    (OBSERVED, Act.WARNED_ONLY): WARNED,
    (NOTIFIED, Act.VEHICLE_LEFT): RESOLVED,
    (NOTIFIED, Act.GRACE_EXPIRED): DRAFTED,  # a person takes over from here
    (NOTIFIED, Act.SIGHT_LOST): UNCERTAIN,
    (NOTIFIED, Act.STEP_TAKEN): NOTIFIED,
    (NOTIFIED, Act.WARNED_ONLY): WARNED,
    (UNCERTAIN, Act.DISMISSED): DISMISSED,
    (DRAFTED, Act.ACCEPTED): ACCEPTED,
    (DRAFTED, Act.SENT_BACK): RETURNED,
    (DRAFTED, Act.DISMISSED): DISMISSED,
    (RETURNED, Act.REDRAFTED): DRAFTED,
    (RETURNED, Act.DISMISSED): DISMISSED,
}


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
    """The event of a change already made to `incident` in this transaction, with its log entry."""
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
