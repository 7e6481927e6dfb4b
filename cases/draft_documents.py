"""A draft case as documents: one self-contained page, and a DOCX that a case officer edits and signs.

Both are made from `draft_case.content` alone, so the same draft gives the same document on any day. What the
sentences say was settled when the draft was composed (cases/draft_case.py); here they are only set on paper, and
cases/word_file.py knows what such a paper is made of.
"""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from itertools import groupby
from pathlib import Path
from typing import Any, Literal

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from cases.draft_content import DraftContent, ExhibitEntry, Pointer, Statement, TimelineRow
from cases.draft_words import clock_time, labels, local_time, percent, say, term, two_places
from cases.errors import DocumentFailed
from cases.languages import Language
from cases.word_file import Cell, Picture, Properties, Row, packed, page_number, paragraph, picture_run, run, table
from models.enums import ExhibitKind
from models.whole_file import whole_file

TEMPLATES = Path(__file__).parent / "templates"
POINTS = ("is_true", "is_clear", "is_complete", "is_accurate")
PICTURES = (ExhibitKind.STILL, ExhibitKind.CLOSE_UP)

MONO_FONT = "Consolas"
SMALL_PT, DIGEST_PT = 9, 7.5
PICTURE_CM = (14.5, 9.5)
GREY, RED = "4A5058", "8C1D18"
HEADING_SHADE = "F1F3F5"
MOMENT_SHADE, UNSEEN_SHADE, ABSENT_SHADE = "E8F0FA", "FDF1E3", "FBE5E3"
SHADES = {"moment": MOMENT_SHADE, "gap": UNSEEN_SHADE, "hidden": UNSEEN_SHADE, "absent": ABSENT_SHADE}


@dataclass(frozen=True)
class _Numbered:
    number: int
    statement: Statement


@dataclass(frozen=True)
class _Sketch:
    """The fence and the box in pixels of the picture, as SVG attributes."""

    width: int
    height: int
    fence: str
    x: float
    y: float
    box_width: float
    box_height: float


@dataclass(frozen=True)
class _Reading:
    """A draft read in one language: what both documents ask of it."""

    draft: DraftContent
    language: Language

    @property
    def label(self) -> dict[str, str]:
        return labels(self.language)

    @property
    def version(self) -> str:
        return say("label", "version", version=self.draft.version).in_(self.language)

    @property
    def fence_version(self) -> str:
        return say("label", "version", version=self.draft.where.geofence_version).in_(self.language)

    @property
    def local_note(self) -> str:
        return say("label", "local_time", timezone=self.draft.when.timezone).in_(self.language)

    def term(self, word: str) -> str:
        return term(word).in_(self.language)

    def local(self, at: datetime) -> str:
        return local_time(at, self.draft.when.timezone)

    def clock(self, at: datetime) -> str:
        return clock_time(at, self.draft.when.timezone)

    def sections(self) -> list[tuple[str, list[_Numbered]]]:
        """The statements by section, counted through the whole draft."""
        numbered = [_Numbered(number, said) for number, said in enumerate(self.draft.statements, start=1)]
        return [(section, list(held)) for section, held in groupby(numbered, key=lambda one: one.statement.section)]

    def cited(self, article_id: str) -> str:
        if self.draft.provision is None:
            return article_id
        article = self.draft.provision.article_named(article_id)
        return say("pointer", "article", law=article.law, article=article.article).in_(self.language)

    def seen(self, row: TimelineRow) -> str:
        return self.term(f"moment_{row.moment}" if row.kind == "moment" else row.kind)

    def seconds(self, row: TimelineRow) -> str:
        start = f"{row.from_s:.1f}"
        return start if row.to_s == row.from_s else f"{start} – {row.to_s:.1f}"

    def remark(self, row: TimelineRow) -> str:
        said = [row.note] if row.note else []
        if row.least_confidence is not None:
            said.append(self._labelled("confidence", confidence=two_places(row.least_confidence)))
        if row.least_share_inside is not None:
            said.append(self._labelled("share_inside", share=percent(row.least_share_inside)))
        if row.longest_s is not None:
            said.append(self._labelled("longest", longest=f"{row.longest_s:.1f}"))
        return ("；" if self.language == "zh" else "; ").join(said)

    def _labelled(self, code: str, **values: str) -> str:
        return say("label", code, **values).in_(self.language)

    def span(self, entry: ExhibitEntry) -> str:
        start = self.clock(entry.from_at)
        return start if entry.to_at == entry.from_at else f"{start} – {self.clock(entry.to_at)}"

    def bracketed(self, pointers: Sequence[Pointer]) -> str:
        comma = "；" if self.language == "zh" else "; "
        return f"[{comma.join(pointer.label.in_(self.language) for pointer in pointers)}]"

    def sketch(self) -> _Sketch | None:
        """None where the size of the picture is not known."""
        where = self.draft.where
        width, height = where.picture_width, where.picture_height
        if width is None or height is None:
            return None
        x1, y1, x2, y2 = where.box
        corners = " ".join(f"{x * width:.1f},{y * height:.1f}" for x, y in where.polygon)
        return _Sketch(width, height, corners, x1, y1, x2 - x1, y2 - y1)


# --- the page


@cache
def _templates() -> Environment:
    return Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def render_html(content: Mapping[str, Any], language: Language) -> str:
    """One page with everything in it: no script, nothing fetched from anywhere."""
    reading = _Reading(DraftContent.model_validate(content), language)
    return (
        _templates()
        .get_template("draft.html")
        .render(
            draft=reading.draft,
            language=language,
            label=reading.label,
            version=reading.version,
            fence_version=reading.fence_version,
            local_note=reading.local_note,
            sections=reading.sections(),
            sketch=reading.sketch(),
            term=reading.term,
            local=reading.local,
            clock=reading.clock,
            cited=reading.cited,
            seen=reading.seen,
            seconds=reading.seconds,
            remark=reading.remark,
            span=reading.span,
        )
    )


# --- the document


def write_docx(content: Mapping[str, Any], path: Path, language: Language, pictures: Mapping[str, Path]) -> None:
    """Writes the document at `path`, whole or not at all. pictures: files of stills and close-ups by their SHA-256.

    A picture that is not given is named and left out; one whose bytes do not match its digest, or that is no
    picture, makes it fail. The same content and pictures give the same bytes. Raises DocumentFailed.
    """
    reading = _Reading(DraftContent.model_validate(content), language)
    shown = {
        entry.sha256: _picture(pictures[entry.sha256], entry.sha256)
        for entry in reading.draft.exhibits
        if entry.kind in PICTURES and entry.sha256 in pictures
    }
    paper = _Paper(reading, shown)
    named = {_name(sha256): picture for sha256, picture in shown.items()}
    _write_whole(path, packed(paper.body(), paper.foot(), paper.properties(), named))


def _picture(path: Path, sha256: str) -> Picture:
    try:
        held = path.read_bytes()
    except OSError as error:
        raise DocumentFailed(f"{path}: cannot be read ({error}); restore it from a backup of the vault") from error
    digest = hashlib.sha256(held).hexdigest()
    if digest != sha256:
        raise DocumentFailed(
            f"{path}: the draft cites sha256:{sha256}, the file is sha256:{digest}; restore it from a backup"
        )
    try:
        return Picture.of(held)
    except ValueError as error:
        raise DocumentFailed(f"{path}: not a picture that fits a document ({error}); seal a JPEG or PNG") from error


@dataclass(frozen=True)
class _Paper:
    """pictures: those that are at hand, by their SHA-256."""

    reading: _Reading
    pictures: Mapping[str, Picture]

    def body(self) -> Iterator[str]:
        yield from self._title()
        yield from self._parties()
        yield from self._facts()
        yield from self._law()
        yield from self._timeline()
        yield from self._exhibits()
        yield from self._sufficiency()
        yield from self._against()
        yield from self._events()
        yield from self._review()

    def foot(self) -> str:
        """The number of the incident and of the page."""
        before, after = say("label", "page", page="\n").in_(self.reading.language).split("\n")
        named = f"{self.reading.draft.incident_id} · {self.reading.version} · {before}"
        number = page_number(size_pt=SMALL_PT, colour=GREY)
        return paragraph(_small(named), number, _small(after), style="Footer")

    def properties(self) -> Properties:
        """Dates are those of the draft, so that the document does not change with the day it is printed."""
        draft, label = self.reading.draft, self.reading.label
        return Properties(
            title=f"{label['title']} {draft.incident_id} {self.reading.version}",
            author=draft.software,
            comments=label["no_effect"],
            language="zh-CN" if self.reading.language == "zh" else "en",
            revision=draft.version,
            at=draft.made_at,
        )

    def _title(self) -> Iterator[str]:
        reading, draft, label = self.reading, self.reading.draft, self.reading.label
        yield paragraph(run(label["title"]), style="Title")
        line = (
            f"{label['number']} {draft.incident_id} · {reading.version}\n"
            f"{label['made']} {reading.local(draft.made_at)} · {label['software']} {draft.software}"
        )
        yield paragraph(_small(line), centred=True)
        yield paragraph(run(label["no_effect"], bold=True, colour=RED))

    def _parties(self) -> Iterator[str]:
        reading, draft, label = self.reading, self.reading.draft, self.reading.label
        where, who = draft.where, draft.who
        yield _heading(label["parties"])
        rows = (
            (label["offence"], reading.term(draft.offence.value), label["site"], where.site),
            (
                label["plate"],
                who.plate or reading.term("not_established"),
                label["vehicle_class"],
                reading.term(who.vehicle_class or "not_established"),
            ),
            (
                label["camera"],
                f"{where.camera} ({where.camera_id})",
                label["device"],
                where.device_number or reading.term("not_recorded"),
            ),
            (
                label["geofence"],
                f"{where.geofence} ({where.geofence_id}, {reading.fence_version})",
                label["owner"],
                label["owner_left_out"],
            ),
        )
        yield table((2.4, 6.0, 2.4, 5.8), [_form_row(row, heads=(0, 2)) for row in rows])

    def _facts(self) -> Iterator[str]:
        reading, label = self.reading, self.reading.label
        yield _heading(label["facts"])
        yield paragraph(_small(reading.local_note))
        for section, numbered in reading.sections():
            yield _heading(label[section], style="Heading2")
            for one in numbered:
                said = run(f"{one.number}.\t{one.statement.text.in_(reading.language)}")
                carried_by = _small(f" {reading.bracketed(one.statement.pointers)}")
                yield paragraph(said, carried_by, hanging_cm=0.8)

    def _law(self) -> Iterator[str]:
        reading, label = self.reading, self.reading.label
        yield _heading(label["law"])
        provision = reading.draft.provision
        if provision is None:
            yield paragraph(run(label["law_unknown"]))
            return
        elements = [_heads(label["element"], label["article"], label["shown_by"])]
        for element in provision.element:
            shown_by = label["by_watching"] if element.shown_by == "watching" else label["by_person"]
            elements.append(_row(element.text.in_(reading.language), reading.cited(element.article), shown_by))
        yield table((8.0, 5.4, 3.2), elements)
        yield paragraph()
        articles = [_heads(label["article"], label["article_text"], label["checked"])]
        for article in provision.article:
            checked = label["verified"] if article.verified else label["unverified"]
            articles.append(_row(reading.cited(article.id), article.text, checked))
        yield table((4.0, 10.0, 2.6), articles)

    def _timeline(self) -> Iterator[str]:
        reading, label = self.reading, self.reading.label
        yield _heading(label["timeline"])
        rows = [_heads(*(label[name] for name in ("from", "to", "seconds", "state", "looks", "remark")))]
        for row in reading.draft.timeline:
            said = (
                reading.clock(row.from_at),
                reading.clock(row.to_at) if row.to_at != row.from_at else "",
                reading.seconds(row),
                reading.seen(row),
                str(row.looks) if row.looks else "",
                reading.remark(row),
            )
            rows.append(_row(*said, shade=SHADES.get(row.kind, "")))
        yield table((2.1, 2.1, 2.9, 3.2, 1.3, 5.0), rows)

    def _exhibits(self) -> Iterator[str]:
        reading, label = self.reading, self.reading.label
        yield _heading(label["exhibits"])
        exhibits = reading.draft.exhibits
        if not exhibits:
            yield paragraph(run(label["no_exhibits"]))
            return
        rows = [_heads(*(label[name] for name in ("exhibit", "kind", "shows", "time", "size", "digest")))]
        for entry in exhibits:
            said = (
                entry.label,
                reading.term(entry.kind.value),
                reading.term(entry.moment.value),
                reading.span(entry),
                f"{entry.size_bytes:,} {label['bytes']}",
            )
            digest = Cell(entry.sha256, size_pt=DIGEST_PT, font=MONO_FONT)
            rows.append(Row([*(Cell(text) for text in said), digest]))
        yield table((1.2, 2.0, 2.8, 3.6, 2.2, 4.8), rows)
        pictured = [entry for entry in exhibits if entry.kind in PICTURES]
        for number, entry in enumerate(pictured, start=1):
            yield from self._pictured(entry, number)

    def _pictured(self, entry: ExhibitEntry, number: int) -> Iterator[str]:
        reading = self.reading
        shows = f"{entry.label}  {reading.term(entry.kind.value)} · {reading.term(entry.moment.value)}"
        picture = self.pictures.get(entry.sha256)
        if picture is None:
            shown = run(reading.label["picture_left_out"])
        else:
            shown = picture_run(_name(entry.sha256), picture, number, PICTURE_CM, shows)
        yield paragraph(shown, centred=True, with_next=True)
        caption = f"{shows} · {reading.local(entry.from_at)}\nsha256:{entry.sha256}"
        yield paragraph(_small(caption), centred=True)

    def _sufficiency(self) -> Iterator[str]:
        reading, label = self.reading, self.reading.label
        yield _heading(label["sufficiency"])
        colon = "：" if reading.language == "zh" else ": "
        rows = []
        for finding in reading.draft.sufficiency:
            state = Cell(label["here"]) if finding.ok else Cell(label["missing"], shade=ABSENT_SHADE)
            source = paragraph(_small(f"{label['source']}{colon}{finding.source}"))
            text = Cell(finding.text.in_(reading.language), below=source)
            rows.append(Row((state, Cell(finding.title.in_(reading.language)), text)))
        yield table((1.3, 4.3, 11.0), rows)

    def _against(self) -> Iterator[str]:
        reading, label = self.reading, self.reading.label
        yield _heading(label["against"])
        for reason in reading.draft.against:
            said = run(f"{reason.text.in_(reading.language)} ")
            yield paragraph(said, _small(reading.bracketed(reason.pointers)), style="ListBullet")
        if not reading.draft.against:
            yield paragraph(run(label["against_none"]))
        if reading.draft.provision is None:
            return
        yield _heading(label["exculpations"], style="Heading2")
        for exculpation in reading.draft.provision.exculpation:
            said = run(f"□ {exculpation.text.in_(reading.language)} ")
            yield paragraph(said, _small(f"[{reading.cited(exculpation.article)}]"))

    def _events(self) -> Iterator[str]:
        reading, label = self.reading, self.reading.label
        yield _heading(label["events"])
        rows = [_heads(*(label[name] for name in ("exhibit", "act", "state", "actor", "time")))]
        for event in reading.draft.events:
            done = (reading.term(event.act.value), reading.term(event.to_state.value), event.actor)
            rows.append(_row(str(event.seq), *done, reading.local(event.at)))
        yield table((1.2, 3.4, 2.8, 3.6, 5.6), rows)

    def _review(self) -> Iterator[str]:
        label = self.reading.label
        colon = "：" if self.reading.language == "zh" else ": "
        # a sheet of its own: it is signed, and may be filed apart
        yield _heading(label["review"], new_page=True)
        points = [_heads(label["point"], "", label["reason"])]
        points += [_form_row((label[point], label["yes_no"], ""), least_height_cm=1.0) for point in POINTS]
        yield table((2.6, 3.6, 10.4), points)
        yield paragraph()
        decided = f"{label['decisions']}\n{label['reason']}{colon}"
        yield table((2.6, 14.0), [_form_row((label["decision"], decided), heads=(0,), least_height_cm=2.8)])
        yield _heading(label["signatures"], style="Heading2")
        signatures = [
            _form_row((label[officer], "", label["badge"], "", label["date"], ""), heads=(0, 2, 4), least_height_cm=1.2)
            for officer in ("officer_one", "officer_two")
        ]
        yield table((2.8, 3.6, 2.4, 3.2, 1.8, 2.8), signatures)


def _heading(text: str, style: Literal["Heading1", "Heading2"] = "Heading1", *, new_page: bool = False) -> str:
    return paragraph(run(text), style=style, new_page=new_page)


def _small(text: str) -> str:
    return run(text, size_pt=SMALL_PT, colour=GREY)


def _heads(*texts: str) -> Row:
    return Row([Cell(text, bold=True, shade=HEADING_SHADE) for text in texts], repeated=True)


def _row(*texts: str, shade: str = "") -> Row:
    return Row([Cell(text, shade=shade) for text in texts])


def _form_row(texts: Sequence[str], heads: Sequence[int] = (), least_height_cm: float = 0.0) -> Row:
    """A row of a form: some cells name what stands in the next."""
    cells = [
        Cell(text, bold=True, shade=HEADING_SHADE) if number in heads else Cell(text)
        for number, text in enumerate(texts)
    ]
    return Row(cells, least_height_cm=least_height_cm)


def _name(sha256: str) -> str:
    """Under which a picture is in the file: one that is shown twice is there once."""
    return f"picture-{sha256[:16]}"


def _write_whole(path: Path, written: bytes) -> None:
    try:
        with whole_file(path) as file:
            file.write(written)
    except OSError as error:
        raise DocumentFailed(f"{path}: could not be written ({error}); free space or choose another folder") from error
