"""Holding back: an incident for which something speaks is told to nobody and drafted by nobody until a person looked.

A person then dismisses it, or finds that the reason does not hold: then it is drafted.
"""

import uuid
from collections.abc import Sequence
from datetime import UTC, datetime, time, timedelta

from sqlalchemy import select, true
from sqlalchemy.orm import Session

from cases import claims, dispatch, draft_case, escalation, reasons
from cases.errors import DecisionRefused, InHandOfAnother, TransitionRefused, UnknownIncident
from cases.lifecycle import PROGRAM, advance
from cases.reason_checks import Judged
from models.enums import Act, IncidentState, ReasonVerdict, StepOutcome
from models.incidents import OPEN_STATES, CaseEvent, Incident
from models.people import User
from models.places import Camera, GeofenceVersion
from models.reasons import Permission

DAY = timedelta(days=1)


def held_back(session: Session, incident: Incident, judged: Sequence[Judged], *, at: datetime) -> bool:
    """Holds the incident back where one of the answers does; says whether it did."""
    why = [each.kind.value for each in judged if each.verdict is ReasonVerdict.HOLDS_BACK]
    if not why or incident.state not in OPEN_STATES:
        return False
    advance(
        session,
        incident,
        Act.HELD_BACK,
        actor=PROGRAM,
        at=at,
        conduct_at=incident.confirmed_at,
        facts={"reasons": why},
    )
    escalation.call_off(session, incident, StepOutcome.HELD_BACK, at=at)
    dispatch.withdraw(session, incident.id)
    return True


def plate_is_known(session: Session, incident: Incident, *, at: datetime) -> None:
    """Its plate was read or corrected just now: what the plate decides is looked for again."""
    held_back(session, incident, reasons.look_again(session, incident, reasons.BY_PLATE, at=at), at=at)


def permission_is_known(session: Session, permission: Permission, *, at: datetime) -> None:
    """It was entered just now: what waits for a decision and lies where it holds is looked at again for it."""
    fences = select(GeofenceVersion.id).where(GeofenceVersion.geofence_id == permission.geofence_id)
    waiting = session.scalars(
        select(Incident)
        .join(Camera, Camera.id == Incident.camera_id)
        .where(
            Camera.site_id == permission.site_id,
            Incident.state.in_((*OPEN_STATES, IncidentState.UNCERTAIN, IncidentState.DRAFTED)),
            true() if permission.geofence_id is None else Incident.geofence_version_id.in_(fences),
            # a day more at both ends: its dates are local
            Incident.confirmed_at >= datetime.combine(permission.from_on - DAY, time.min, UTC),
            Incident.confirmed_at < datetime.combine(permission.to_on + 2 * DAY, time.min, UTC),
        )
        .order_by(Incident.id)
        .with_for_update(of=Incident)
    ).all()
    for incident in waiting:
        held_back(session, incident, reasons.look_again(session, incident, reasons.BY_PERMISSION, at=at), at=at)


def release(session: Session, incident_id: uuid.UUID, *, user: User, reason: str, at: datetime) -> None:
    """A person finds that what held it back does not hold: it is drafted, with the reason beside it as ever.

    Raises UnknownIncident, DecisionRefused without a reason in words, TransitionRefused where nothing holds it back,
    InHandOfAnother.
    """
    said = reason.strip()
    if not said:
        raise DecisionRefused("a release needs its reason in words; write why what was found does not hold")
    incident = session.get(Incident, incident_id, with_for_update=True, populate_existing=True)
    if incident is None:
        raise UnknownIncident(incident_id)
    if not is_held_back(session, incident):
        raise TransitionRefused(incident.state, Act.RELEASED)
    held = claims.holder(session, incident_id, at=at)
    if held is not None and held.user_id != user.id:
        raise InHandOfAnother(held.user.display_name, held.until_at)
    advance(session, incident, Act.RELEASED, actor=user.name, at=at, facts={"reason": said})
    draft_case.compose(session, incident_id, at=at)


def is_held_back(session: Session, incident: Incident) -> bool:
    """Whether it waits for a person because of a reason, and not because sight of it was lost."""
    if incident.state is not IncidentState.UNCERTAIN:
        return False
    came_by = session.scalar(
        select(CaseEvent.act)
        .where(CaseEvent.incident_id == incident.id, CaseEvent.from_state.in_(OPEN_STATES))
        .order_by(CaseEvent.seq.desc())
        .limit(1)
    )
    return came_by is Act.HELD_BACK
