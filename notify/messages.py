"""Messages: the words and the number, read from the rows at the moment of sending.

A promise holds identifiers only, so a number corrected meanwhile is the one used, and the outbox shows nobody's.
"""

import tomllib
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from models.incidents import Incident
from models.people import Officer
from models.personal_data import PersonalDataKey
from models.places import Camera, GeofenceVersion
from notify.errors import MessageImpossible

Language = Literal["zh", "en"]
REFERENCE_CHARACTERS = 8
SHOWN_AT_START, SHOWN_AT_END = 3, 2


@dataclass(frozen=True)
class Letter:
    to: str
    text: str

    def __repr__(self) -> str:
        """Never the number: a letter may end up in a log."""
        return f"Letter(to={masked(self.to)!r})"


@cache
def _wordings() -> dict[str, Any]:
    return tomllib.loads((Path(__file__).parent / "messages.toml").read_text("utf-8"))


def masked(number: str) -> str:
    """A phone number for logs: its first three and last two characters."""
    hidden = max(len(number) - SHOWN_AT_START - SHOWN_AT_END, 4)
    if len(number) <= SHOWN_AT_START + SHOWN_AT_END:
        return "*" * hidden
    return f"{number[:SHOWN_AT_START]}{'*' * hidden}{number[-SHOWN_AT_END:]}"


def compose(
    session: Session, kind: str, payload: Mapping[str, Any], *, key: PersonalDataKey, language: Language
) -> Letter:
    """The letter a promise asks for.

    Raises MessageImpossible where it can never be written, PersonalDataError where the number cannot be opened.
    """
    writer = _WRITERS.get(kind)
    if writer is None:
        raise MessageImpossible(f"no wording for a message of kind {kind}; it was promised by a newer program")
    return writer(session, payload, key, language)


def _case_ready(session: Session, payload: Mapping[str, Any], key: PersonalDataKey, language: Language) -> Letter:
    officer = session.get(Officer, uuid.UUID(payload["officer_id"]))
    if officer is None:
        raise MessageImpossible(f"officer {payload['officer_id']} is not on record any more; tell somebody else")
    incident = session.scalar(
        select(Incident)
        .where(Incident.id == uuid.UUID(payload["incident_id"]))
        .options(
            joinedload(Incident.camera).joinedload(Camera.site),
            joinedload(Incident.geofence_version).joinedload(GeofenceVersion.geofence),
        )
    )
    if incident is None:
        raise MessageImpossible(f"incident {payload['incident_id']} is not on record; nothing to tell")
    words = _wordings()
    seen_at = incident.last_seen_at.astimezone(ZoneInfo(incident.camera.site.timezone))
    text = words["case_ready"][language].format(
        offence=words["term"][incident.offence.value][language],
        camera=incident.camera.name,
        geofence=incident.geofence_version.geofence.name,
        when=f"{seen_at:%m-%d %H:%M}",
        plate=incident.plate or words["term"]["no_plate"][language],
        reference=str(incident.id)[:REFERENCE_CHARACTERS],
    )
    return Letter(key.open(officer.phone_sealed, f"officer.phone:{officer.id}"), text)


_Writer = Callable[[Session, Mapping[str, Any], PersonalDataKey, Language], Letter]
_WRITERS: dict[str, _Writer] = {"case_ready": _case_ready}
