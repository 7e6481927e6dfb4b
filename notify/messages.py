"""Messages: the words and the number, read from the rows at the moment a message is first sent.

A promise holds identifiers only, so a number corrected meanwhile is the one used, and the outbox shows nobody's. The
owner of a vehicle is told of it by a masked plate; an officer needs all of it.
"""

import math
import tomllib
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any, Literal
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from models.case_files import CaseFile
from models.file_clocks import ReminderPhone
from models.incidents import Incident
from models.people import Officer, Owner
from models.personal_data import PersonalDataKey
from models.places import Camera, GeofenceVersion
from models.promises import Notice
from notify.errors import MessageImpossible
from notify.gateway import Letter, masked
from notify.sms_length import parts

__all__ = ["KINDS", "Composing", "Language", "LinkFor", "Sample", "compose", "masked", "masked_plate", "samples"]

Language = Literal["zh", "en"]
# the address of the page that a message of this kind and payload leads to, or None; in the same transaction
LinkFor = Callable[[Session, str, Mapping[str, Any], datetime], str | None]

REFERENCE_CHARACTERS = 8
USUAL_GRACE_S = 600.0
SHORTEST_PLACE = 4  # characters; a place shortened further says nothing


def no_link(_session: Session, _kind: str, _payload: Mapping[str, Any], _at: datetime) -> str | None:
    return None


@dataclass(frozen=True)
class Composing:
    """With what letters are written. link_for: who makes the address of the page that a message leads to."""

    key: PersonalDataKey
    language: Language
    link_for: LinkFor = no_link


@cache
def wordings() -> dict[str, Any]:
    return tomllib.loads((Path(__file__).parent / "messages.toml").read_text("utf-8"))


def masked_plate(plate: str) -> str:
    """A plate by which its owner knows it: the first two characters and the last two."""
    return f"{plate[:2]}{'*' * max(len(plate) - 4, 1)}{plate[-2:]}"


def compose(session: Session, kind: str, payload: Mapping[str, Any], composing: Composing, *, at: datetime) -> Letter:
    """The letter a promise asks for.

    Raises MessageImpossible where it can never be written, PersonalDataError where the number cannot be opened.
    """
    writer = _WRITERS.get(kind)
    if writer is None:
        raise MessageImpossible(f"no wording for a message of kind {kind}; it was promised by a newer program")
    return writer(session, kind, payload, composing, at)


def _case_ready(
    session: Session,
    kind: str,
    payload: Mapping[str, Any],
    composing: Composing,
    at: datetime,  # noqa: ARG001 - as every writer
) -> Letter:
    incident = _incident(session, payload)
    facts = _facts(incident, incident.last_seen_at, composing.language)
    facts |= {"plate": incident.plate or _term("no_plate", composing.language)}
    return _letter(kind, _officers_number(session, payload, composing.key), facts, composing.language, shorten=None)


def _move_vehicle(
    session: Session, kind: str, payload: Mapping[str, Any], composing: Composing, at: datetime
) -> Letter:
    """The deadline is that of a message that arrives at once; a later receipt gives the owner the time it took."""
    incident = _incident(session, payload)
    notice = session.get(Notice, uuid.UUID(payload["notice_id"]))
    if notice is None:
        raise MessageImpossible(f"notice {payload['notice_id']} is not on record; nothing to tell")
    rule = incident.geofence_version.offences.get(incident.offence.value) or {}
    ends_at = at + timedelta(seconds=float(rule.get("grace_s", USUAL_GRACE_S)))
    whole_minute = datetime.fromtimestamp(math.ceil(ends_at.timestamp() / 60) * 60, UTC)
    facts = _facts(incident, incident.stopped_at or incident.first_seen_at, composing.language)
    facts |= {
        "plate": _owners_plate(incident),
        "deadline": f"{whole_minute.astimezone(_zone(incident)):%H:%M}",
        "link": composing.link_for(session, kind, payload, at) or "",
    }
    return _letter(kind, _owners_number(session, notice.owner_id, composing.key), facts, composing.language)


def _thank_you(session: Session, kind: str, payload: Mapping[str, Any], composing: Composing, at: datetime) -> Letter:
    incident = _incident(session, payload)
    facts = _facts(incident, incident.left_at or at, composing.language) | {"plate": _owners_plate(incident)}
    owner_id = uuid.UUID(payload["owner_id"])
    return _letter(kind, _owners_number(session, owner_id, composing.key), facts, composing.language)


def _officer_told(
    session: Session, kind: str, payload: Mapping[str, Any], composing: Composing, at: datetime
) -> Letter:
    incident = _incident(session, payload)
    facts = _facts(incident, incident.stopped_at or incident.first_seen_at, composing.language)
    facts |= {
        "plate": incident.plate or _term("no_plate", composing.language),
        "link": composing.link_for(session, kind, payload, at) or "",
    }
    return _letter(kind, _officers_number(session, payload, composing.key), facts, composing.language)


def _clock_due(
    session: Session,
    kind: str,
    payload: Mapping[str, Any],
    composing: Composing,
    at: datetime,  # noqa: ARG001 - as every writer
) -> Letter:
    file = session.get(CaseFile, uuid.UUID(payload["file_id"]))
    phone = session.get(ReminderPhone, uuid.UUID(payload["user_id"]))
    if file is None or phone is None:
        raise MessageImpossible(f"case file {payload['file_id']}: nobody who wants to be reminded of it is on record")
    number = file.number or str(file.id)[:REFERENCE_CHARACTERS]
    facts = _clock_facts(number, payload["clock"], payload["due_on"], composing.language, is_over=payload["stage"] < 0)
    to = composing.key.open(phone.phone_sealed, f"reminder_phone.phone:{phone.user_id}")
    return _letter(kind, to, facts, composing.language, shorten=None)


def _clock_facts(number: str, clock: str, due_on: str, language: Language, *, is_over: bool) -> dict[str, str]:
    ends = _term("clock_over" if is_over else "clock_ends", language).format(due=due_on)
    return {"number": number, "clock": str(wordings()["clock"][clock][language]), "ends": ends}


def _incident(session: Session, payload: Mapping[str, Any]) -> Incident:
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
    return incident


def _officers_number(session: Session, payload: Mapping[str, Any], key: PersonalDataKey) -> str:
    officer = session.get(Officer, uuid.UUID(payload["officer_id"]))
    if officer is None:
        raise MessageImpossible(f"officer {payload['officer_id']} is not on record any more; tell somebody else")
    return key.open(officer.phone_sealed, f"officer.phone:{officer.id}")


def _owners_number(session: Session, owner_id: uuid.UUID, key: PersonalDataKey) -> str:
    owner = session.get(Owner, owner_id)
    if owner is None:
        raise MessageImpossible(f"owner {owner_id} is not on record any more; nobody can be told")
    return key.open(owner.phone_sealed, f"owner.phone:{owner.id}")


def _owners_plate(incident: Incident) -> str:
    if incident.plate is None:
        raise MessageImpossible(f"the plate of incident {incident.id} is not established; its owner cannot be told")
    return masked_plate(incident.plate)


def _zone(incident: Incident) -> ZoneInfo:
    return ZoneInfo(incident.camera.site.timezone)


def _term(word: str, language: Language) -> str:
    return str(wordings()["term"][word][language])


def _facts(incident: Incident, since: datetime, language: Language) -> dict[str, str]:
    local = since.astimezone(_zone(incident))
    return {
        "offence": _term(incident.offence.value, language),
        "camera": incident.camera.name,
        "geofence": incident.geofence_version.geofence.name,
        "place": incident.geofence_version.geofence.name,
        "when": f"{local:%m-%d %H:%M}",
        "clock": f"{local:%H:%M}",
        "reference": str(incident.id)[:REFERENCE_CHARACTERS],
    }


def _letter(kind: str, to: str, facts: dict[str, str], language: Language, *, shorten: str | None = "place") -> Letter:
    """shorten: the fact that gives way where the message would need more parts than without it."""
    text = _text(kind, facts, language)
    if shorten is not None:
        fewest = parts(_text(kind, facts | {shorten: facts[shorten][:SHORTEST_PLACE]}, language)).count
        kept = len(facts[shorten])
        while parts(text).count > fewest and kept > SHORTEST_PLACE:
            kept -= 1
            facts = facts | {shorten: f"{facts[shorten][: kept - 1]}…"}
            text = _text(kind, facts, language)
    return Letter(to, text, kind, facts)


def _text(kind: str, facts: Mapping[str, str], language: Language) -> str:
    words = wordings()
    link = str(words["link"][language]).format(**facts) if facts.get("link") else ""
    return str(words[kind][language]).format(**facts, link_words=link)


_Writer = Callable[[Session, str, Mapping[str, Any], Composing, datetime], Letter]
_WRITERS: dict[str, _Writer] = {
    "case_ready": _case_ready,
    "move_vehicle": _move_vehicle,
    "thank_you": _thank_you,
    "officer_told": _officer_told,
    "clock_due": _clock_due,
}
KINDS = tuple(_WRITERS)


@dataclass(frozen=True)
class Sample:
    """How a wording reads with usual facts, for whoever edits it."""

    kind: str
    language: Language
    text: str


def samples(link: str) -> list[Sample]:
    """One of every wording and language. link: as long as the site's are."""
    facts = {
        "zh": {"camera": "中山路口", "place": "中山路88号门前", "geofence": "中山路88号门前"},
        "en": {"camera": "North gate", "place": "88 Zhongshan Road", "geofence": "88 Zhongshan Road"},
    }
    shown = []
    for kind in KINDS:
        for language in ("zh", "en"):
            plate = "浙J12345" if kind in ("case_ready", "officer_told") else masked_plate("浙J12345")
            usual = {
                "plate": plate,
                "when": "03-02 12:01",
                "clock": "12:01",
                "deadline": "12:14",
                "offence": _term("illegal_parking", language),
                "link": link,
                "reference": "3f2a9c1e",
                **_clock_facts("城管立案〔2026〕0123号", "decision", "2026-03-12", language, is_over=False),
            }
            shown.append(Sample(kind, language, _letter(kind, "", usual | facts[language], language).text))
    return shown
