"""Credit notes and notes of hardship: what they say, on which basis, until when, and that they were taken away.

A credit note has no effect anywhere, unless the site says which, with its legal basis (cases/credit_effects.toml); a
note of hardship is shown where money is asked for, since 行政处罚法 art. 66 lets who is in need pay later or in parts.
Whatever has run out or was removed is shown no longer, and stays on record.
"""

import tomllib
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from functools import cache
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from sqlalchemy import select
from sqlalchemy.orm import Session

from cases import parties
from cases.casework.errors import FileRefused
from cases.casework.steps import By
from cases.errors import LawDataUnusable
from models.enums import PartyAct, PartyNoteKind
from models.parties import Party, PartyNote
from models.personal_data import PersonalDataKey

NO_EFFECTS = Path(__file__).parent / "credit_effects.toml"
LONGEST_TEXT = 1000
LONGEST_BASIS = 300


class EffectKind(StrEnum):
    SHOWN_ON_FILES = "shown_on_files"


class Effect(BaseModel):
    """What credit notes lead to, and by what right. Read strictly: a misspelt key is an error and not an omission."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    kind: EffectKind
    legal_basis: str = Field(min_length=4)
    valid_from: date
    valid_to: date | None = None

    def holds_on(self, on: date) -> bool:
        return self.valid_from <= on and (self.valid_to is None or on < self.valid_to)


class _EffectFile(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    effect: tuple[Effect, ...]


@dataclass(frozen=True)
class Shown:
    """A note in clear."""

    note: PartyNote
    text: str = field(repr=False)


def effects_of(folder: Path) -> tuple[Effect, ...]:
    """Those that the site wrote down in its folder of casework; without a file there: none. Raises LawDataUnusable."""
    own = folder / NO_EFFECTS.name
    return effects(own if own.exists() else NO_EFFECTS)


@cache
def effects(path: Path = NO_EFFECTS) -> tuple[Effect, ...]:
    """Raises LawDataUnusable, naming the file and what is wrong in it."""
    try:
        return _EffectFile.model_validate(tomllib.loads(path.read_text("utf-8"))).effect
    except (tomllib.TOMLDecodeError, ValidationError) as error:
        raise LawDataUnusable(path, str(error)) from error


def add(
    session: Session,
    key: PersonalDataKey,
    party: Party,
    kind: PartyNoteKind,
    text: str,
    *,
    legal_basis: str,
    from_on: date,
    expires_on: date,
    by: By,
    at: datetime,
) -> PartyNote:
    """Raises FileRefused: without words, without a legal basis, or without an end that lies ahead of its beginning."""
    said, basis = text.strip(), " ".join(legal_basis.split())
    if not 0 < len(said) <= LONGEST_TEXT:
        raise FileRefused("note_without_words", most=LONGEST_TEXT)
    if not 0 < len(basis) <= LONGEST_BASIS:
        raise FileRefused("note_without_basis")
    if expires_on <= from_on:
        raise FileRefused("note_without_end")
    note_id = uuid.uuid4()
    note = PartyNote(
        id=note_id,
        party_id=parties.standing(session, party).id,
        kind=kind,
        text_sealed=key.seal(said, f"party_note.text:{note_id}"),
        legal_basis=basis,
        from_on=from_on,
        expires_on=expires_on,
        entered_by=by.name,
        entered_at=at,
    )
    session.add(note)
    session.flush()
    parties.put_on_record(session, party, PartyAct.NOTE_ENTERED, by=by, at=at, note=str(note_id), kind=kind.value)
    return note


def remove(session: Session, note: PartyNote, *, by: By, reason: str, at: datetime) -> None:
    """Raises FileRefused."""
    said = " ".join(reason.split())
    if not 0 < len(said) <= parties.LONGEST_REASON:
        raise FileRefused("reason_missing")
    session.refresh(note, with_for_update=True)
    if note.removed_at is not None:
        raise FileRefused("note_removed")
    note.removed_at, note.removed_by, note.remove_reason = at, by.name, said
    session.flush()
    party = session.get_one(Party, note.party_id)
    parties.put_on_record(session, party, PartyAct.NOTE_REMOVED, by=by, at=at, reason=said, note=str(note.id))


def notes_of(session: Session, party_id: uuid.UUID) -> Sequence[PartyNote]:
    """Every note there ever was, the newest first."""
    return session.scalars(
        select(PartyNote)
        .where(PartyNote.party_id.in_(parties.entries_of(session, party_id)))
        .order_by(PartyNote.entered_at.desc())
    ).all()


def standing(session: Session, party_id: uuid.UUID, kind: PartyNoteKind, on: date) -> list[PartyNote]:
    """Those of this kind that hold on this day: neither removed nor run out."""
    return [
        note
        for note in notes_of(session, party_id)
        if note.kind is kind and note.removed_at is None and note.from_on <= on < note.expires_on
    ]


def hardship_of(session: Session, key: PersonalDataKey, file_id: uuid.UUID, on: date) -> list[Shown]:
    """The notes of hardship of who takes part in a case file: for where money is asked for."""
    return _of_the_file(session, key, file_id, PartyNoteKind.HARDSHIP, on)


def credit_on_files(
    session: Session, key: PersonalDataKey, file_id: uuid.UUID, on: date, configured: Sequence[Effect]
) -> list[Shown]:
    """The credit notes that a case file shows: none, unless an effect that holds on this day says so."""
    if not any(each.kind is EffectKind.SHOWN_ON_FILES and each.holds_on(on) for each in configured):
        return []
    return _of_the_file(session, key, file_id, PartyNoteKind.CREDIT, on)


def opened(key: PersonalDataKey, note: PartyNote) -> Shown:
    return Shown(note, key.open(note.text_sealed, f"party_note.text:{note.id}"))


def _of_the_file(
    session: Session, key: PersonalDataKey, file_id: uuid.UUID, kind: PartyNoteKind, on: date
) -> list[Shown]:
    taking_part = parties.parties_of(session, file_id)
    party_ids = dict.fromkeys(parties.standing(session, each.party).id for each in taking_part)
    return [opened(key, note) for party_id in party_ids for note in standing(session, party_id, kind, on)]
