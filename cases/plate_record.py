"""The plate of an incident, put on record: what was read picture by picture, and what it comes to.

A program's reading is a proposal: whether it is sure enough for a message is evidence/sufficiency.py's to say, and
a person may confirm it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from detectors.geometry import Box
from models.incidents import Incident
from models.plate_reads import PlateRead


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
    if incident.plate is None and plate is not None:
        incident.plate, incident.plate_confidence = plate, confidence
    session.flush()


def plates_read(session: Session, incident: Incident) -> list[PlateRead]:
    """The readings of an incident, in the order of time; for the page that shows them beside the close-up."""
    return list(session.scalars(select(PlateRead).where(PlateRead.incident_id == incident.id).order_by(PlateRead.at)))
