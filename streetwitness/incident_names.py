"""Incidents as they are named on the command line: by their id, or by its first characters."""

import uuid

from sqlalchemy import select
from sqlalchemy.orm import Session

from cases.errors import UnknownIncident
from models.incidents import Incident
from streetwitness.errors import Misuse


def incident_named(session: Session, text: str) -> uuid.UUID:
    """Raises UnknownIncident, Misuse where several begin so."""
    start = text.lower().replace("-", "")
    found = [each for each in session.scalars(select(Incident.id)) if each.hex.startswith(start)] if start else []
    if not found:
        raise UnknownIncident(text)
    if len(found) > 1:
        raise Misuse(f"{text} is the beginning of {len(found)} incidents; give more of the id")
    return found[0]
