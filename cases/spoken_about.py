"""What loudspeakers speak about: the open matters before one, and how a matter went on once it had been spoken to.

Read from the matters' own rows. That it went on so *after* it was spoken to is all that is said; not because of it.
"""

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import func, select
from sqlalchemy.orm import Session, joinedload

from cases.entitlements import Scope
from cases.scope import incidents_within
from models.announcements import Announcement
from models.enums import AnnouncementState, IncidentState, LadderAct, SightingKind
from models.escalation import LadderStep
from models.incidents import OPEN_STATES, Incident, Sighting
from models.places import GeofenceVersion

MOST_MATTERS = 12
HEARD = (AnnouncementState.PLAYED, AnnouncementState.UNCONFIRMED)
THERE = (SightingKind.SEEN, SightingKind.KEPT)


class Went(StrEnum):
    LEFT = "left"
    LEFT_BEFORE = "left_before"  # it was gone before the last word
    STILL_THERE = "still_there"  # a look after the last word showed it
    NOT_SEEN_SINCE = "not_seen_since"  # no look has shown anything yet


@dataclass(frozen=True)
class After:
    """after_s: from the last word to when it left, or to the first look that showed it still there.

    last_there_s: to the last such look. step: what the ladder did next, and when. next_step_at: when it acts again.
    """

    incident_id: uuid.UUID
    state: IncidentState
    went: Went
    after_s: float | None
    last_there_s: float | None
    step: tuple[LadderAct, datetime] | None
    next_step_at: datetime | None


def matters(session: Session, scope: Scope, camera_id: str) -> Sequence[Incident]:
    """The open ones that a camera sees and the scope lets through, newest first, each with its geofence."""
    return session.scalars(
        select(Incident)
        .where(Incident.camera_id == camera_id, Incident.state.in_(OPEN_STATES), incidents_within(scope))
        .options(joinedload(Incident.geofence_version).joinedload(GeofenceVersion.geofence))
        .order_by(Incident.confirmed_at.desc(), Incident.id)
        .limit(MOST_MATTERS)
    ).all()


def after_speaking(session: Session, scope: Scope, said: Iterable[Announcement]) -> dict[uuid.UUID, After]:
    """By announcement: of those that were heard, and spoke of a matter that the scope lets through."""
    heard = [each for each in said if each.state in HEARD and each.incident_id is not None]
    if not heard:
        return {}
    ids = [each.id for each in heard]
    named = select(Incident).where(Incident.id.in_({each.incident_id for each in heard}), incidents_within(scope))
    incidents = {incident.id: incident for incident in session.scalars(named)}
    shown = {
        announcement_id: (first, last)
        for announcement_id, first, last in session.execute(
            select(Announcement.id, func.min(Sighting.at), func.max(Sighting.at))
            .join(Sighting, Sighting.incident_id == Announcement.incident_id)
            .where(Announcement.id.in_(ids), Sighting.at > Announcement.ended_at, Sighting.kind.in_(THERE))
            .group_by(Announcement.id)
        )
    }
    steps: dict[uuid.UUID, tuple[LadderAct, datetime]] = {}
    for announcement_id, act, began_at in session.execute(
        select(Announcement.id, LadderStep.act, LadderStep.began_at)
        .join(LadderStep, LadderStep.incident_id == Announcement.incident_id)
        .where(Announcement.id.in_(ids), LadderStep.began_at >= Announcement.ended_at)
        .order_by(LadderStep.seq)
    ):
        steps.setdefault(announcement_id, (act, began_at))
    return {
        each.id: _after(each, incidents[each.incident_id], shown.get(each.id), steps.get(each.id))
        for each in heard
        if each.incident_id in incidents
    }


def _after(
    said: Announcement,
    incident: Incident,
    shown: tuple[datetime, datetime] | None,
    step: tuple[LadderAct, datetime] | None,
) -> After:
    assert said.ended_at is not None, "what was heard has ended, and the schema says so"
    went, after_s, last_there_s = Went.NOT_SEEN_SINCE, None, None
    if shown is not None:
        went = Went.STILL_THERE
        after_s, last_there_s = ((each - said.ended_at).total_seconds() for each in shown)
    if incident.left_at is not None:
        after_s = (incident.left_at - said.ended_at).total_seconds()
        went = Went.LEFT_BEFORE if after_s < 0 else Went.LEFT
    waits = incident.state in OPEN_STATES
    return After(
        incident.id, incident.state, went, after_s, last_there_s, step, incident.next_step_at if waits else None
    )
