"""Incidents that a person marked on the time-line of a recording whose camera moved.

No rule confirmed them and no fence binds them: the place is the part of the picture that was marked, for the seconds
that were marked, as a fence version of its own. Nobody was asked to put it right, so no grace runs; a draft is made at
once, and another person decides on it.
"""

import uuid
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from cases import draft_case
from cases.lifecycle import PROGRAM, advance, append_event
from cases.recorders import note
from detectors.geometry import Box
from evidence import fence_terms
from evidence.seen_with import SeenWith
from models.enums import Act, IncidentState, RecorderSubject, SightingKind
from models.incidents import Incident, Recording, Sighting
from models.places import Geofence, GeofenceVersion
from models.recorders import RecordingMark

BY_A_PERSON = 1.0  # in place of a model's score; the first event says whose eyes it was
MAX_ID, MAX_NAME = 64, 200
PREFIX = "marked:"


@dataclass(frozen=True)
class MarkedConduct:
    """box: in pixels."""

    from_at: datetime
    to_at: datetime
    box: Box
    seen_with: SeenWith


def open_marked(
    session: Session, mark: RecordingMark, recording: Recording, conduct: MarkedConduct, *, at: datetime
) -> Incident:
    """The incident of a mark, observed; its exhibits are sealed next, and then `hand_over`. mark.made_by is loaded."""
    version = _place_of(session, mark, recording, conduct)
    incident = Incident(
        id=uuid.uuid4(),
        camera_id=recording.camera_id,
        geofence_version_id=version.id,
        recording_id=recording.id,
        offence=mark.offence,
        state=IncidentState.OBSERVED,
        conduct_key=f"{recording.id}:{PREFIX}{mark.id}",
        first_seen_at=conduct.from_at,
        stopped_at=None,
        confirmed_at=conduct.to_at,
        last_seen_at=conduct.to_at,
        box_x1=conduct.box.x1,
        box_y1=conduct.box.y1,
        box_x2=conduct.box.x2,
        box_y2=conduct.box.y2,
        confidence=BY_A_PERSON,
        seen_with=conduct.seen_with.as_json(),
    )
    session.add(incident)
    session.flush()
    append_event(
        session,
        incident,
        Act.CONFIRMED,
        None,
        actor=mark.made_by.name,
        at=at,
        conduct_at=conduct.to_at,
        facts={
            "source": "person",
            "mark": str(mark.id),
            "said": mark.note,
            fence_terms.FACT: fence_terms.digest_of(fence_terms.terms_of(version)),
        },
    )
    for seen_at in (conduct.from_at, conduct.to_at):
        session.add(
            Sighting(
                incident_id=incident.id,
                at=seen_at,
                kind=SightingKind.SEEN,
                note=f"marked by {mark.made_by.name}"[:MAX_NAME],
                x1=conduct.box.x1,
                y1=conduct.box.y1,
                x2=conduct.box.x2,
                y2=conduct.box.y2,
            )
        )
    mark.incident_id = incident.id
    note(
        session,
        RecorderSubject.RECORDING,
        recording.id,
        "mark_became_incident",
        actor=PROGRAM,
        at=at,
        mark=str(mark.id),
        incident=str(incident.id),
    )
    return incident


def hand_over(session: Session, incident: Incident, *, at: datetime) -> None:
    """Its exhibits are sealed: a draft is made, and a person takes over."""
    facts = {"grace_s": 0.0, "why": "marked by a person afterwards"}
    advance(session, incident, Act.GRACE_EXPIRED, actor=PROGRAM, at=at, conduct_at=incident.last_seen_at, facts=facts)
    draft_case.compose(session, incident.id, at=at)


def _place_of(session: Session, mark: RecordingMark, recording: Recording, conduct: MarkedConduct) -> GeofenceVersion:
    fence_id = f"{PREFIX}{recording.camera_id}"[:MAX_ID]
    fence = session.get(Geofence, fence_id, with_for_update=True)
    if fence is None:
        fence = Geofence(id=fence_id, camera_id=recording.camera_id, name="marked by hand")
        session.add(fence)
        session.flush()
    newest = session.scalar(select(func.max(GeofenceVersion.version)).where(GeofenceVersion.geofence_id == fence_id))
    version = GeofenceVersion(
        id=uuid.uuid4(),
        geofence_id=fence_id,
        version=(newest or 0) + 1,
        preset=None,
        polygon=[[mark.x1, mark.y1], [mark.x2, mark.y1], [mark.x2, mark.y2], [mark.x1, mark.y2]],
        offences={mark.offence.value: {"dwell_s": 0, "grace_s": 0}},
        timetable=[],
        exemptions=[],
        warning_only=False,
        valid_from=conduct.from_at,
        valid_to=conduct.to_at,
        changed_by=mark.made_by.name,
        reason=f"marked on the time-line of recording {recording.id}",
    )
    session.add(version)
    session.flush()
    return version
