"""Incidents: opened from a violation, followed while the grace runs, ended or passed on.

Every function asks the row whether there is anything left to do, so a worker that was killed may simply do it again.
Times in the street come in as arguments (`conduct_at` and its like); `at` is when the program did it.
"""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from cases import draft_case, escalation, holding_back, reasons
from cases.lifecycle import PROGRAM, advance, append_event
from detectors.geometry import Box
from evidence import fence_terms
from evidence.seen_with import SeenWith
from models.enums import Act, IncidentState, Offence, SightingKind, StepOutcome
from models.incidents import OPEN_STATES, Incident, Sighting
from models.places import GeofenceVersion

SAME_OBJECT_IOU = 0.5
CLOCK_OF_RECORDING = "media time of the recording"  # by which its grace is measured


@dataclass(frozen=True)
class Conduct:
    """What was confirmed, in UTC and with the rows it belongs to."""

    camera_id: str
    geofence_version_id: uuid.UUID
    recording_id: uuid.UUID | None
    offence: Offence
    first_seen_at: datetime
    stopped_at: datetime | None
    confirmed_at: datetime
    last_seen_at: datetime
    box: Box
    confidence: float
    seen_with: SeenWith | None = None
    plate: str | None = None
    plate_confidence: float | None = None


@dataclass(frozen=True)
class SightingAt:
    at: datetime
    kind: SightingKind
    box: Box | None
    confidence: float | None
    share_inside: float | None
    until_at: datetime | None
    note: str | None


def open_incident(
    session: Session, conduct: Conduct, *, grace_s: float, at: datetime, facts: dict[str, Any]
) -> tuple[Incident, bool]:
    """The incident of this conduct, and whether it is new. The same conduct reported again is the same incident, with
    what was written when it was first reported.

    Of a recording there is nobody to tell, so its grace runs from the confirmation on; what happens now is passed on
    to the ladder.
    """
    known = _same_conduct(session, conduct)
    if known is not None:
        return known, False
    incident = Incident(
        id=uuid.uuid4(),
        camera_id=conduct.camera_id,
        geofence_version_id=conduct.geofence_version_id,
        recording_id=conduct.recording_id,
        offence=conduct.offence,
        state=IncidentState.OBSERVED,
        conduct_key=_conduct_key(conduct),
        first_seen_at=conduct.first_seen_at,
        stopped_at=conduct.stopped_at,
        confirmed_at=conduct.confirmed_at,
        last_seen_at=conduct.last_seen_at,
        box_x1=conduct.box.x1,
        box_y1=conduct.box.y1,
        box_x2=conduct.box.x2,
        box_y2=conduct.box.y2,
        confidence=conduct.confidence,
        plate=conduct.plate,
        plate_confidence=conduct.plate_confidence,
        seen_with=None if conduct.seen_with is None else conduct.seen_with.as_json(),
    )
    session.add(incident)
    session.flush()
    version = session.get_one(GeofenceVersion, conduct.geofence_version_id)
    judged = reasons.look_for(session, incident, facts, at=at)
    append_event(
        session,
        incident,
        Act.CONFIRMED,
        None,
        actor=PROGRAM,
        at=at,
        conduct_at=conduct.confirmed_at,
        facts=facts
        | {
            fence_terms.FACT: fence_terms.digest_of(fence_terms.terms_of(version)),
            "reasons": {each.kind.value: each.verdict.value for each in judged},
        },
    )
    if holding_back.held_back(session, incident, judged, at=at):
        return incident, True
    if conduct.recording_id is None:
        escalation.begin(session, incident, at=at)
        return incident, True
    incident.grace_ends_at = conduct.confirmed_at + timedelta(seconds=grace_s)
    advance(
        session,
        incident,
        Act.GRACE_STARTED,
        actor=PROGRAM,
        at=at,
        conduct_at=conduct.confirmed_at,
        facts={"grace_s": grace_s, "clock": CLOCK_OF_RECORDING},
    )
    return incident, True


def record_sightings(session: Session, incident: Incident, sightings: Sequence[SightingAt]) -> None:
    """Adds what was seen since the newest sighting on record; what is on record already is left as it is."""
    newest = session.scalar(select(func.max(Sighting.at)).where(Sighting.incident_id == incident.id))
    for each in sightings:
        if newest is None or each.at > newest:
            session.add(_row(incident.id, each))
    shown = [each.at for each in sightings if each.kind in (SightingKind.SEEN, SightingKind.KEPT)]
    incident.last_seen_at = max([incident.last_seen_at, *shown])
    session.flush()


def vehicle_left(session: Session, incident: Incident, *, left_at: datetime, at: datetime, left_with: int = 0) -> None:
    """Self-correction: its place was shown without it before the grace was shown to be over.

    left_with: of a queue that it was seen in, those that had gone too.
    """
    reasons.went_as_a_queue(session, incident, left_with, left_at=left_at, at=at)
    if incident.state not in OPEN_STATES:
        return
    incident.left_at = left_at
    advance(session, incident, Act.VEHICLE_LEFT, actor=PROGRAM, at=at, conduct_at=left_at)
    escalation.call_off(session, incident, StepOutcome.GONE, at=at)


def still_there(session: Session, incident: Incident, *, seen_at: datetime, at: datetime) -> None:
    """Shown at a look that was asked for, or after the grace of a recording: then a draft is made, and a person takes
    over. Of a camera the ladder says what follows.
    """
    if incident.recording_id is None:
        escalation.look_answered(session, incident, StepOutcome.STILL_THERE, seen_at=seen_at, at=at)
        return
    if incident.state is not IncidentState.NOTIFIED:
        return
    advance(session, incident, Act.GRACE_EXPIRED, actor=PROGRAM, at=at, conduct_at=seen_at)
    draft_case.compose(session, incident.id, at=at)


def sight_lost(session: Session, incident: Incident, *, last_seen_at: datetime, why: str, at: datetime) -> None:
    """What became of it is not shown: that is said, and a person looks."""
    if incident.state not in OPEN_STATES:
        return
    advance(session, incident, Act.SIGHT_LOST, actor=PROGRAM, at=at, conduct_at=last_seen_at, facts={"why": why})
    escalation.call_off(session, incident, StepOutcome.CANNOT_SEE, at=at)


def _same_conduct(session: Session, conduct: Conduct) -> Incident | None:
    """The incident of the same object at the same place at an overlapping time."""
    overlapping = select(Incident).where(
        Incident.camera_id == conduct.camera_id,
        Incident.geofence_version_id == conduct.geofence_version_id,
        Incident.recording_id == conduct.recording_id
        if conduct.recording_id is not None
        else Incident.recording_id.is_(None),
        Incident.offence == conduct.offence,
        Incident.first_seen_at <= conduct.last_seen_at,
        Incident.last_seen_at >= conduct.first_seen_at,
    )
    for incident in session.scalars(overlapping):
        box = Box(incident.box_x1, incident.box_y1, incident.box_x2, incident.box_y2)
        if box.iou(conduct.box) >= SAME_OBJECT_IOU:
            return incident
    return None


def _conduct_key(conduct: Conduct) -> str:
    """What two workers reporting one conduct agree on; the unique index over open incidents refuses the second."""
    x, y = conduct.box.ground_point
    began = conduct.stopped_at or conduct.first_seen_at
    source = conduct.recording_id or "live"
    return f"{source}:{conduct.geofence_version_id}:{conduct.offence}:{round(x)}:{round(y)}:{began.isoformat()}"


def _row(incident_id: uuid.UUID, each: SightingAt) -> Sighting:
    box = each.box.as_list() if each.box is not None else [None] * 4
    return Sighting(
        incident_id=incident_id,
        at=each.at,
        kind=each.kind,
        until_at=each.until_at,
        note=each.note,
        x1=box[0],
        y1=box[1],
        x2=box[2],
        y2=box[3],
        confidence=each.confidence,
        share_inside=each.share_inside,
    )
