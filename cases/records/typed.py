"""What was typed of a record, as it stands in the form, and the same read as what it says.

Pure. A draft is kept as typed, whole or not; `read` says what it still lacks before it can be read over to the person.
Sources: 行政处罚法 art. 42 and 55 (two officers, certificates shown), 43 (who may ask for another), 64 (hearings).
"""

import json
import uuid
from dataclasses import asdict, dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any
from zoneinfo import ZoneInfo

from cases.casework.errors import FileRefused
from models.enums import RecordKind, RecordSpeaker

MOST_LINES = 200
LONGEST_LINE = 4000
LONGEST_PLACE = 300
LONGEST_BYSTANDER = 200


class Who(StrEnum):
    """Who was asked, or there; the first two are named by an id behind it (`party:<id>`)."""

    PARTY = "party"
    WITNESS = "witness"
    BYSTANDER = "bystander"
    NOBODY = "nobody"


# of whom a record of each kind can be
ASKED: dict[RecordKind, frozenset[Who]] = {
    RecordKind.INSPECTION: frozenset(Who),
    RecordKind.INQUIRY: frozenset({Who.PARTY, Who.WITNESS}),
    RecordKind.HEARING: frozenset({Who.PARTY}),
}


@dataclass(frozen=True)
class TypedLine:
    """ask: the question of an inquiry. speaker: at a hearing, whose words they are."""

    say: str = field(default="", repr=False)
    ask: str = field(default="", repr=False)
    speaker: str = ""

    @property
    def is_empty(self) -> bool:
        return not self.say.strip() and not self.ask.strip()


@dataclass(frozen=True)
class Typed:
    """begun, ended: as a form gives a time of the place. first, second: ids of users."""

    place: str = field(default="", repr=False)
    begun: str = ""
    ended: str = ""
    first: str = ""
    second: str = ""
    asked: str = ""
    bystander: str = field(default="", repr=False)
    shown: bool = False
    told: bool = False
    lines: tuple[TypedLine, ...] = ()


@dataclass(frozen=True)
class Asked:
    """id: of the part in the case file, or of the witness."""

    who: Who
    id: uuid.UUID | None = None


@dataclass(frozen=True)
class Said:
    """ended_at: None: it ends now. first_id: of a hearing None, for that is its chair."""

    place: str = field(repr=False)
    begun_at: datetime
    ended_at: datetime | None
    first_id: uuid.UUID | None
    second_id: uuid.UUID
    asked: Asked
    bystander: str = field(repr=False)
    lines: tuple[TypedLine, ...]


def as_json(typed: Typed) -> str:
    return json.dumps(asdict(typed), ensure_ascii=False, separators=(",", ":"))


def from_json(text: str) -> Typed:
    held: dict[str, Any] = json.loads(text)
    return Typed(**(held | {"lines": tuple(TypedLine(**line) for line in held["lines"])}))


def tidy(typed: Typed) -> Typed:
    """Without lines in which nothing stands. Raises FileRefused for more than a record can hold."""
    lines = tuple(line for line in typed.lines if not line.is_empty)
    if len(lines) > MOST_LINES:
        raise FileRefused("record_too_many_lines", most=MOST_LINES)
    for number, line in enumerate(lines, start=1):
        if max(len(line.say), len(line.ask)) > LONGEST_LINE:
            raise FileRefused("record_line_too_long", number=number, most=LONGEST_LINE)
    held = asdict(typed) | {"lines": lines}
    return Typed(**held)


def read(typed: Typed, kind: RecordKind, timezone: str) -> Said:
    """Raises FileRefused, naming the first thing that is missing, from the top of the form down."""
    place = " ".join(typed.place.split())
    if not 0 < len(place) <= LONGEST_PLACE:
        raise FileRefused("record_no_place", most=LONGEST_PLACE)
    begun_at, ended_at = time_of(typed.begun, timezone), time_of(typed.ended, timezone)
    if begun_at is None:
        raise FileRefused("record_no_time")
    first_id, second_id = _officers(typed, kind)
    asked = _asked(typed, kind)
    bystander = " ".join(typed.bystander.split()) if asked.who is Who.BYSTANDER else ""
    if asked.who is Who.BYSTANDER and not 0 < len(bystander) <= LONGEST_BYSTANDER:
        raise FileRefused("record_bystander_unsaid", most=LONGEST_BYSTANDER)
    if asked.who is not Who.NOBODY:
        _check_told(typed, kind)
    return Said(place, begun_at, ended_at, first_id, second_id, asked, bystander, _lines(typed, kind))


def time_of(text: str, timezone: str) -> datetime | None:
    """A time of the place, to the minute; None: left empty. Raises FileRefused."""
    if not text.strip():
        return None
    try:
        local = datetime.fromisoformat(text.strip())
    except ValueError as error:
        raise FileRefused("record_no_time") from error
    return local.replace(tzinfo=ZoneInfo(timezone), second=0, microsecond=0)


def shown_time(at: datetime, timezone: str) -> str:
    """As a form gives it back."""
    return at.astimezone(ZoneInfo(timezone)).strftime("%Y-%m-%dT%H:%M")


def _officers(typed: Typed, kind: RecordKind) -> tuple[uuid.UUID | None, uuid.UUID]:
    """行政处罚法 art. 42: not fewer than two; of a hearing its clerk beside the chair."""
    first = None if kind is RecordKind.HEARING else _id(typed.first)
    second = _id(typed.second)
    if kind is RecordKind.HEARING and second is None:
        raise FileRefused("record_no_clerk")
    if second is None or (kind is not RecordKind.HEARING and (first is None or first == second)):
        raise FileRefused("record_two_officers", article="penalty-42")
    return first, second


def _asked(typed: Typed, kind: RecordKind) -> Asked:
    word, _, named = typed.asked.partition(":")
    who = Who(word) if word in set(Who) else None
    if who is None or who not in ASKED[kind]:
        raise FileRefused("record_nobody_asked")
    asked = Asked(who, _id(named) if who in (Who.PARTY, Who.WITNESS) else None)
    if who in (Who.PARTY, Who.WITNESS) and asked.id is None:
        raise FileRefused("record_nobody_asked")
    return asked


def _check_told(typed: Typed, kind: RecordKind) -> None:
    if kind is not RecordKind.HEARING and not typed.shown:
        raise FileRefused("record_certificate_not_shown", article="penalty-55")
    if not typed.told:
        raise FileRefused(
            "record_rights_not_told", article="penalty-64" if kind is RecordKind.HEARING else "penalty-43"
        )


def _lines(typed: Typed, kind: RecordKind) -> tuple[TypedLine, ...]:
    lines = tidy(typed).lines
    if not lines:
        raise FileRefused("record_empty")
    for number, line in enumerate(lines, start=1):
        if kind is RecordKind.INQUIRY and not line.ask.strip():
            raise FileRefused("record_line_unasked", number=number)
        if kind is RecordKind.HEARING and line.speaker not in set(RecordSpeaker):
            raise FileRefused("record_line_nobodys", number=number)
        # what was picked from the stock and not gone on with ends where the words should begin
        if not line.say.strip() or (kind is not RecordKind.INQUIRY and line.say.strip().endswith(("：", ":"))):
            raise FileRefused("record_line_unanswered", number=number)
    return tuple(TypedLine(line.say.strip(), line.ask.strip(), line.speaker) for line in lines)


def _id(text: str) -> uuid.UUID | None:
    try:
        return uuid.UUID(text.strip())
    except ValueError:
        return None  # nobody was chosen, or it names nobody: which is what is said of it
