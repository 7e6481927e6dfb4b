"""The plate of an incident, put on record: what was read picture by picture, and what it comes to.

A program's reading is a proposal: whether it is sure enough for a message is evidence/sufficiency.py's to say, and
a person may confirm or correct it. What was read stays: in the readings, and in the event of the correction.
"""

import re
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from cases import draft_case, holding_back
from cases.errors import PlateUnwritable, TransitionRefused, UnknownIncident
from cases.lifecycle import NEEDS_A_PERSON, append_event
from detectors.geometry import Box
from models.enums import Act, IncidentState
from models.incidents import OPEN_STATES, Incident
from models.people import User
from models.plate_reads import PlateRead

# letters, digits and the characters of provinces and uses; which kinds of plates there are, a foreign one need not fit
PLATE = re.compile(r"[A-Z0-9\u4e00-\u9fff]{4,12}")


@dataclass(frozen=True)
class ReadAt:
    """One reading of one picture; the box of the plate in pixels of the main stream."""

    at: datetime
    text: str
    confidence: float
    kind: str
    colour: str
    box: Box


def record_plate(
    session: Session, incident: Incident, reads: Sequence[ReadAt], plate: str | None, confidence: float | None
) -> None:
    """The readings of an incident, once; its plate where it has none yet. Said again it changes nothing."""
    if plates_read(session, incident):
        return
    session.add_all(
        PlateRead(
            incident_id=incident.id,
            at=each.at,
            text=each.text,
            confidence=each.confidence,
            kind=each.kind,
            colour=each.colour,
            x1=each.box.x1,
            y1=each.box.y1,
            x2=each.box.x2,
            y2=each.box.y2,
        )
        for each in reads
    )
    if incident.plate is None and incident.plate_confirmed_by is None and plate is not None:
        incident.plate, incident.plate_confidence = plate, confidence
    session.flush()


def correct_plate(session: Session, incident_id: uuid.UUID, plate: str, *, user: User, at: datetime) -> str | None:
    """What a person says the plate is; the same as was read: confirmed. Empty: it is not to be made out.

    A draft that waits is composed anew with it. Raises UnknownIncident, PlateUnwritable, TransitionRefused where the
    matter is closed.
    """
    written = re.sub(r"[\s·•.\-]", "", plate).upper() or None
    if written is not None and not PLATE.fullmatch(written):
        raise PlateUnwritable(plate)
    incident = session.get(Incident, incident_id, with_for_update=True, populate_existing=True)
    if incident is None:
        raise UnknownIncident(incident_id)
    if incident.state not in (*NEEDS_A_PERSON, *OPEN_STATES):
        raise TransitionRefused(incident.state, Act.PLATE_CORRECTED)
    facts = {"before": incident.plate, "before_confidence": incident.plate_confidence, "plate": written}
    if written != incident.plate:
        incident.plate, incident.plate_confidence = written, None
    incident.plate_confirmed_by = user.name
    append_event(session, incident, Act.PLATE_CORRECTED, incident.state, actor=user.name, at=at, facts=facts)
    holding_back.plate_is_known(session, incident, at=at)
    if incident.state is IncidentState.DRAFTED:
        draft_case.compose(session, incident.id, at=at)
    return written


def plates_read(session: Session, incident: Incident) -> list[PlateRead]:
    """The readings of an incident, in the order of time; for the page that shows them beside the close-up."""
    return list(session.scalars(select(PlateRead).where(PlateRead.incident_id == incident.id).order_by(PlateRead.at)))
