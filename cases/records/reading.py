"""Reading records: what one says in clear, whether it is still what was finished, and who looked at it.

What a record says is opened here for a paper, whose making is on record, for who writes it, and after `look`.
"""

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload, selectinload

from cases import parties, witnesses
from cases.casework.errors import FileRefused
from cases.casework.steps import By
from cases.casework.taking import reason_of
from cases.parties import Identity
from cases.records import typed as as_typed
from cases.records.typed import Typed, Who
from evidence import log_contents
from evidence.canonical import canonical, instant, instant_or_none
from evidence.digest import sha256_of_bytes
from models.case_files import FileEvent
from models.enums import FileAct, PartyAct, PartyRole, RecordKind, RecordSpeaker, RecordState
from models.parties import FileParty, PartyEvent, Witness
from models.personal_data import PersonalDataKey
from models.records import FileRecord, RecordLine, RecordLook

WHAT = "streetwitness record 1"
STANDS = (RecordState.READ, RecordState.FINISHED)
LONGEST_REASON = 400


@dataclass(frozen=True)
class LineValue:
    """In clear. corrects: the line it puts right; 0: it adds to the whole."""

    id: uuid.UUID
    number: int
    corrects: int | None
    speaker: RecordSpeaker | None
    ask: str = field(repr=False)
    say: str = field(repr=False)


@dataclass(frozen=True)
class AskedValue:
    """Who was asked. role: of a party; of a witness None, and relation says how they stand to the party."""

    identity: Identity
    role: PartyRole | None = None
    relation: str = ""


@dataclass(frozen=True)
class RecordValue:
    """A record in clear. `row` has its officers and its hearing loaded."""

    row: FileRecord
    lines: tuple[LineValue, ...]
    asked: AskedValue | None
    bystander: str = field(repr=False)
    ending_reason: str = field(repr=False)
    ending_witness: str = field(repr=False)

    @property
    def about(self) -> str:
        """How the paper is named that is filled from it."""
        return f"record:{self.row.id}"

    @property
    def taken_down(self) -> tuple[LineValue, ...]:
        return tuple(line for line in self.lines if line.corrects is None)

    @property
    def corrections(self) -> tuple[LineValue, ...]:
        return tuple(line for line in self.lines if line.corrects is not None)


def records_of(session: Session, file_id: uuid.UUID) -> Sequence[FileRecord]:
    """In the order of kinds and numbers, with the people they name."""
    rows = session.scalars(_loaded().where(FileRecord.file_id == file_id)).unique().all()
    order = list(RecordKind)
    return sorted(rows, key=lambda row: (order.index(row.kind), row.number))


def find(session: Session, record_id: uuid.UUID) -> FileRecord | None:
    """With the people it names, its hearing and its lines."""
    return session.scalars(_loaded().where(FileRecord.id == record_id)).unique().one_or_none()


def finished_of(session: Session, key: PersonalDataKey, file_id: uuid.UUID) -> tuple[RecordValue, ...]:
    """In clear, in the order of kinds and numbers."""
    rows = records_of(session, file_id)
    return tuple(value(session, key, row) for row in rows if row.state is RecordState.FINISHED)


def value(session: Session, key: PersonalDataKey, record: FileRecord) -> RecordValue:
    """In clear. `record` is loaded as by `find`."""
    return RecordValue(
        record,
        tuple(_line(key, line) for line in record.lines),
        asked_of(session, key, record),
        _open(key, record, "bystander", record.bystander_sealed),
        _open(key, record, "ending_reason", record.ending_reason_sealed),
        _open(key, record, "ending_witness", record.ending_witness_sealed),
    )


def draft_of(key: PersonalDataKey, record: FileRecord) -> Typed:
    """As it stands in the form. The record is a draft, or was dropped as one."""
    assert record.draft_sealed is not None, "what was read over is no draft"
    return as_typed.from_json(key.open(record.draft_sealed, f"file_record.draft:{record.id}"))


def asked_of(session: Session, key: PersonalDataKey, record: FileRecord) -> AskedValue | None:
    """Who was asked, in clear; None: a passer-by, or nobody."""
    if record.file_party_id is not None:
        link = session.get_one(FileParty, record.file_party_id, options=[joinedload(FileParty.party)])
        return AskedValue(parties.identity(key, link.party), link.role)
    if record.witness_id is not None:
        witness = session.get_one(Witness, record.witness_id)
        return AskedValue(witnesses.in_clear(key, witness).identity, None, witness.relation)
    return None


def asked_masked(session: Session, key: PersonalDataKey, record: FileRecord) -> str:
    """The masked name of who was asked; "": a passer-by, or nobody."""
    if record.file_party_id is not None:
        link = session.get_one(FileParty, record.file_party_id, options=[joinedload(FileParty.party)])
        return parties.masked(key, link.party).name
    if record.witness_id is not None:
        return witnesses.masked(key, session.get_one(Witness, record.witness_id)).name
    return ""


def who_was_asked(record: FileRecord) -> Who:
    if record.file_party_id is not None:
        return Who.PARTY
    if record.witness_id is not None:
        return Who.WITNESS
    return Who.BYSTANDER if record.bystander_sealed is not None else Who.NOBODY


def may_write(record: FileRecord, user_id: uuid.UUID, draft: Typed | None) -> bool:
    """Who began it, and the two it names; of a draft those that are chosen in it now."""
    named = (draft.first, draft.second) if draft is not None else (str(record.first_id), str(record.second_id))
    return record.written_by_id == user_id or str(user_id) in named


def digest_of(value: RecordValue, lines: Iterable[LineValue] | None = None) -> str:
    """Of all a record says; lines: of these alone, as when it was read over."""
    row = value.row
    said: dict[str, Any] = {
        "what": WHAT,
        "record": str(row.id),
        "file": str(row.file_id),
        "kind": row.kind.value,
        "number": row.number,
        "hearing": _text(row.hearing_id),
        "place": row.place,
        "begun_at": instant_or_none(row.begun_at),
        "ended_at": instant_or_none(row.ended_at),
        "officers": [
            [_text(row.first_id), row.first_certificate or ""],
            [_text(row.second_id), row.second_certificate or ""],
        ],
        "asked": [_text(row.file_party_id), _text(row.witness_id), value.bystander],
        "certificate_shown": row.certificate_shown,
        "rights_told": row.rights_told,
        "lines": [
            [line.number, line.corrects, line.speaker.value if line.speaker else "", line.ask, line.say]
            for line in (value.lines if lines is None else lines)
        ],
    }
    if lines is None:
        said |= {
            "ending": row.ending.value if row.ending else "",
            "ending_reason": value.ending_reason,
            "ending_witness": value.ending_witness,
            "finished_at": "" if row.finished_at is None else instant(row.finished_at),
        }
    return sha256_of_bytes(canonical(said))


def still_holds(value: RecordValue, events: Iterable[FileEvent]) -> bool:
    """Whether it says what it said when it was finished: its own digest, and the one in the event of the case file."""
    digest = digest_of(value)
    told = [
        event.facts.get("sha256")
        for event in events
        if event.act is FileAct.RECORD_FINISHED and event.facts.get("record") == str(value.row.id)
    ]
    return told == [digest] and value.row.sha256 == digest


def look(
    session: Session, key: PersonalDataKey, record: FileRecord, *, by: By, reason: str, at: datetime
) -> RecordValue:
    """In clear, with the look on record. Raises FileRefused without a reason, and for a draft."""
    said = reason_of(reason, LONGEST_REASON)
    if record.state not in STANDS:
        raise FileRefused("record_is_a_draft")
    put_on_record(session, record, by=by, reason=said, at=at)
    if record.file_party_id is not None:
        link = session.get_one(FileParty, record.file_party_id, options=[joinedload(FileParty.party)])
        parties.put_on_record(session, link.party, PartyAct.LOOKED, by=by, at=at, reason=said)
    return value(session, key, record)


def put_on_record(session: Session, record: FileRecord, *, by: By, reason: str, at: datetime) -> None:
    """That somebody was shown what it says, and where it is a witness's, on that witness too."""
    seen: list[RecordLook | PartyEvent] = [RecordLook(record_id=record.id, actor=by.name, at=at, reason=reason)]
    if record.witness_id is not None:
        seen.append(
            PartyEvent(witness_id=record.witness_id, act=PartyAct.LOOKED, actor=by.name, at=at, reason=reason, facts={})
        )
    session.add_all(seen)
    session.flush()
    for row in seen:
        log_contents.enter(session, row)


def looks_at(session: Session, record_id: uuid.UUID) -> Sequence[RecordLook]:
    """Newest first."""
    return session.scalars(
        select(RecordLook).where(RecordLook.record_id == record_id).order_by(RecordLook.id.desc())
    ).all()


def record_of(session: Session, about: str) -> FileRecord | None:
    """What a paper is filled from, by what it is about (`record:<id>`)."""
    table, _, named = about.partition(":")
    return session.get(FileRecord, uuid.UUID(named)) if table == "record" else None


def _loaded() -> Any:
    return select(FileRecord).options(
        joinedload(FileRecord.written_by),
        joinedload(FileRecord.first),
        joinedload(FileRecord.second),
        joinedload(FileRecord.hearing),
        selectinload(FileRecord.lines),
    )


def _line(key: PersonalDataKey, line: RecordLine) -> LineValue:
    ask = "" if line.ask_sealed is None else key.open(line.ask_sealed, f"record_line.ask:{line.id}")
    say = key.open(line.say_sealed, f"record_line.say:{line.id}")
    return LineValue(line.id, line.number, line.corrects, line.speaker, ask, say)


def _open(key: PersonalDataKey, record: FileRecord, column: str, sealed: bytes | None) -> str:
    return "" if sealed is None else key.open(sealed, f"file_record.{column}:{record.id}")


def _text(row_id: uuid.UUID | None) -> str:
    return "" if row_id is None else str(row_id)
