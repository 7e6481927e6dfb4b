"""The composer: one paper being put together; fields, sentences and lines with their marks, and the plain values of it.

Pure. Every sentence of fact, and every field of a form that is filled in, carries the marks of what it rests on; a
blank to be filled in by hand carries none. What each kind says is in cases/papers/contents.py. The names of the blocks
are those that templates use (docs/papers.md).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from cases.draft_content import Pointer
from cases.papers.bureau import BLANK, Bureau
from cases.papers.kinds import OF, Place
from cases.papers.matter import Matter, PartyValue
from cases.papers.rights import Rights
from cases.papers.sources import Marks, Sentence, Source
from cases.papers.wording import minute, word
from cases.records.reading import RecordValue
from models.case_files import FileEvent
from models.enums import FileAct, PaperKind, RecordEnding, RecordKind

Block = dict[str, Any]

DIGEST_SHOWN = 16


@dataclass
class Composer:
    """One paper being composed. about: the row it speaks of. terms: how long somebody has, in words, by clock."""

    matter: Matter
    kind: PaperKind
    about: str
    number: str
    bureau: Bureau
    rights: Rights
    terms: Mapping[str, str]
    marks: Marks = field(default_factory=Marks)
    blocks: dict[str, list[Block]] = field(default_factory=dict)
    pictures: list[Block] = field(default_factory=list)

    # --- what sentences rest on

    def event(self, *acts: FileAct) -> Source:
        """The newest of these acts; of none, the registration."""
        return self.event_source(self.matter.event(*acts) or self.matter.events[0])

    def event_source(self, event: FileEvent) -> Source:
        at = minute(event.at, self.matter.timezone)
        return Source("record", f"event:{event.seq}", f"案件流程记录第{event.seq}项：{word('act', event.act)}，{at}")

    @property
    def record(self) -> RecordValue | None:
        """What officers took down and this paper is filled from."""
        return next((each for each in self.matter.records if each.about == self.about), None)

    @property
    def registered(self) -> Source:
        return self.event_source(self.matter.events[0])

    def row(self, table: str, row_id: object, text: str) -> Source:
        return Source("record", f"{table}:{row_id}", text)

    def pointed(self, pointers: Iterable[Pointer]) -> tuple[Source, ...]:
        """Of a sentence of the draft."""
        kinds: dict[str, Any] = {"exhibit": "exhibit", "article": "article"}
        return tuple(
            Source(kinds.get(pointer.kind, "record"), pointer.ref, self._exhibit(pointer)) for pointer in pointers
        )

    def _exhibit(self, pointer: Pointer) -> str:
        entry = next((each for each in self.matter.exhibits if str(each.id) == pointer.ref), None)
        if pointer.kind != "exhibit" or entry is None:
            return pointer.label.zh
        named = f"{word('exhibit', entry.kind)}（{word('moment', entry.moment)}）"
        at = minute(entry.from_at, self.matter.timezone)
        return f"{named}，{at}，sha256:{entry.sha256[:DIGEST_SHOWN]}…"

    def exhibit_sources(self) -> tuple[Source, ...]:
        return self.pointed(
            Pointer.model_validate({"kind": "exhibit", "ref": str(each.id), "label": {"zh": each.label, "en": ""}})
            for each in self.matter.exhibits
        )

    # --- blocks

    def say(self, block: str, *sentences: Sentence) -> None:
        held = self.blocks.setdefault(block, [])
        held.extend({"text": sentence.text, "marks": self.marks.of(sentence)} for sentence in sentences)

    def field(self, label: str, text: str, *sources: Source) -> None:
        """A line of the form. Nothing known: a blank to be filled in by hand."""
        marks = self.marks.of(Sentence(text, sources)) if text else ""
        self.blocks.setdefault("fields", []).append({"label": label, "text": text or BLANK, "marks": marks})

    def tell(self, code: str, **values: str | int) -> None:
        """One of the standard sentences."""
        self.say("rights", self.rights.say(code, **self.terms, **values))

    def line(self, block: str, sources: tuple[Source, ...], **values: str) -> None:
        """A line of a table."""
        marks = self.marks.of(Sentence(" ".join(values.values()), sources))
        self.blocks.setdefault(block, []).append({**values, "marks": marks})


def values(composer: Composer) -> dict[str, Any]:
    """Plain values alone, so that a template reaches nothing else."""
    matter = composer.matter
    file = matter.file
    return {
        "bureau": composer.bureau.model_dump(),
        "paper": {"name": OF[composer.kind].name, "number": composer.number},
        "case": {
            "number": file.number or BLANK,
            "title": file.title,
            "place": file.place,
            "law_code": file.law_code,
            "procedure": word("procedure", file.procedure),
        },
        "party": _party_values(matter.party),
        "officers": [{"name": each.name, "certificate": each.certificate} for each in matter.officers],
        **{block: composer.blocks.get(block, []) for block in BLOCKS},
        "pictures": composer.pictures,
        "sign": {place.value: _sign(composer, place) for place in OF[composer.kind].places},
        "sources": [{"mark": mark, "text": source.text} for mark, source in composer.marks.listed()],
    }


BLOCKS = (
    "fields",
    "facts",
    "evidence",
    "law",
    "reasons",
    "outcome",
    "rights",
    "points",
    "goods",
    "steps",
    "opinions",
    "questions",
    "minutes",
    "corrections",
    "closing",
)


def _party_values(party: PartyValue | None) -> dict[str, str]:
    if party is None:
        return {"name": BLANK, "address": BLANK, "number": BLANK, "phone": BLANK}
    held = {"name": party.name, "address": party.address, "number": party.number, "phone": party.phone}
    return {name: text or BLANK for name, text in held.items()}


def _sign(composer: Composer, place: Place) -> dict[str, str]:
    """Who is to sign there, where it is known."""
    if composer.record is not None:
        return {"title": word("place", place), "name": _signs_record(composer.record, place)}
    officer = next((each for each in composer.matter.officers if place == f"officer_{each.place}"), None)
    name = f"{officer.name}（执法证号 {officer.certificate}）" if officer else ""
    if place is Place.CHAIR and composer.matter.hearing is not None:
        name = composer.matter.name(composer.matter.hearing.chair_id)
    return {"title": word("place", place), "name": name}


def _signs_record(record: RecordValue, place: Place) -> str:
    """The two it names, and what the person it was read over to did."""
    row = record.row
    if place is Place.PARTY:
        asked = record.asked.identity.name if record.asked else record.bystander
        if row.ending is RecordEnding.SIGNS:
            return asked
        witness = f"，见证人 {record.ending_witness}" if record.ending_witness else ""
        return f"{asked}（{word('record_ending', row.ending or '')}{witness}）"
    is_first = place in (Place.OFFICER_1, Place.CHAIR)
    user, certificate = (row.first, row.first_certificate) if is_first else (row.second, row.second_certificate)
    assert user is not None, "a finished record names two"
    return f"{user.display_name}（执法证号 {certificate}）" if row.kind is not RecordKind.HEARING else user.display_name
