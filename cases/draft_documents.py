"""A draft case as documents: one self-contained page, a DOCX that a case officer edits, a PDF to read and sign.

All are made from `draft_case.content` alone, so the same draft gives the same document on any day. What the
sentences say was settled when the draft was composed (cases/draft_case.py); here they are put in order and set on
paper, and cases/draft_paper.py and cases/draft_pdf.py know what such a paper looks like.
"""

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from itertools import groupby
from pathlib import Path
from typing import Any, Protocol

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from cases.draft_content import DraftContent, ExhibitEntry, Pointer, Statement, TimelineRow
from cases.draft_paper import Cell, DraftPaper, Hand, Picture, Properties, Row, Said, Style
from cases.draft_pdf import PdfPaper
from cases.draft_words import clock_time, labels, local_time, percent, say, term, two_places
from cases.errors import DocumentFailed
from cases.languages import Language
from models.enums import ExhibitKind
from models.whole_file import whole_file

TEMPLATES = Path(__file__).parent / "templates"
POINTS = ("is_true", "is_clear", "is_complete", "is_accurate")
PICTURES = (ExhibitKind.STILL, ExhibitKind.CLOSE_UP)

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
        return labels(self.language, self.draft.offence)

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

    def worded_by(self, statement: Statement) -> str:
        """Whose words it is in, where they are not the program's."""
        return "" if statement.by is None else self._labelled("worded_by", name=statement.by)

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
            worded_by=reading.worded_by,
        )
    )


# --- the document


def write_docx(content: Mapping[str, Any], path: Path, language: Language, pictures: Mapping[str, Path]) -> None:
    """Writes the document at `path`, whole or not at all. pictures: files of stills and close-ups by their SHA-256.

    A picture that is not given is named and left out; one whose bytes do not match its digest, or that is no
    picture, makes it fail. The same content and pictures give the same bytes. Raises DocumentFailed.
    """
    _write_whole(path, _set_on(DraftPaper, content, language, pictures))


def write_pdf(content: Mapping[str, Any], path: Path, language: Language, pictures: Mapping[str, Path]) -> None:
    """The same as a PDF, likewise. Raises DocumentFailed."""
    _write_whole(path, _set_on(PdfPaper, content, language, pictures))


class Paper(Protocol):
    """What a draft is set on, from top to bottom."""

    def foot(self, before: str, after: str) -> None: ...

    def paragraph(self, *said: Said, style: Style = Style.NORMAL, new_page: bool = False) -> None: ...

    def picture(self, picture: Picture, described: str) -> None: ...

    def table(self, widths_cm: Sequence[float], rows: Iterable[Row]) -> None: ...

    def packed(self) -> bytes: ...


def _set_on(
    kind: Callable[[Properties], Paper], content: Mapping[str, Any], language: Language, pictures: Mapping[str, Path]
) -> bytes:
    reading = _Reading(DraftContent.model_validate(content), language)
    shown = {
        entry.sha256: _picture(pictures[entry.sha256], entry.sha256)
        for entry in reading.draft.exhibits
        if entry.kind in PICTURES and entry.sha256 in pictures
    }
    paper = kind(_properties(reading))
    _Setting(reading, shown, paper).whole()
    return paper.packed()


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


def _properties(reading: _Reading) -> Properties:
    """Dates are those of the draft, so that the document does not change with the day it is printed."""
    draft, label = reading.draft, reading.label
    return Properties(
        title=f"{label['title']} {draft.incident_id} {reading.version}",
        author=draft.software,
        comments=label["no_effect"],
        language="zh-CN" if reading.language == "zh" else "en",
        revision=draft.version,
        at=draft.made_at,
    )


@dataclass(frozen=True)
class _Setting:
    """A draft being set on paper. pictures: those that are at hand, by their SHA-256."""

    reading: _Reading
    pictures: Mapping[str, Picture]
    paper: Paper

    def whole(self) -> None:
        self._foot()
        self._title()
        self._parties()
        self._facts()
        self._law()
        self._timeline()
        self._exhibits()
        self._sufficiency()
        self._against()
        self._events()
        self._review()

    def _foot(self) -> None:
        """The number of the incident and of the page."""
        before, after = say("label", "page", page="\n").in_(self.reading.language).split("\n")
        self.paper.foot(f"{self.reading.draft.incident_id} · {self.reading.version} · {before}", after)

    def _heading(self, text: str, *, new_page: bool = False) -> None:
        self.paper.paragraph(text, style=Style.HEADING, new_page=new_page)

    def _title(self) -> None:
        reading, draft, label = self.reading, self.reading.draft, self.reading.label
        self.paper.paragraph(label["title"], style=Style.TITLE)
        line = (
            f"{label['number']} {draft.incident_id} · {reading.version}\n"
            f"{label['made']} {reading.local(draft.made_at)} · {label['software']} {draft.software}"
        )
        self.paper.paragraph(line, style=Style.SUBTITLE)
        self.paper.paragraph((label["no_effect"], Hand.WARNING))

    def _parties(self) -> None:
        reading, draft, label = self.reading, self.reading.draft, self.reading.label
        where, who = draft.where, draft.who
        self._heading(label["parties"])
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
        self.paper.table((2.4, 6.0, 2.4, 5.8), [_form_row(row, heads=(0, 2)) for row in rows])

    def _facts(self) -> None:
        reading, label = self.reading, self.reading.label
        self._heading(label["facts"])
        self.paper.paragraph(reading.local_note, style=Style.NOTE)
        for section, numbered in reading.sections():
            self.paper.paragraph(label[section], style=Style.SUBHEADING)
            for one in numbered:
                said = f"{one.number}.\t{one.statement.text.in_(reading.language)}"
                carried_by = f" {reading.bracketed(one.statement.pointers)} {reading.worded_by(one.statement)}"
                self.paper.paragraph(said, (carried_by.rstrip(), Hand.SMALL), style=Style.STATEMENT)

    def _law(self) -> None:
        reading, label = self.reading, self.reading.label
        self._heading(label["law"])
        provision = reading.draft.provision
        if provision is None:
            self.paper.paragraph(label["law_unknown"])
            return
        elements = [_heads(label["element"], label["article"], label["shown_by"])]
        for element in provision.element:
            shown_by = label["by_watching"] if element.shown_by == "watching" else label["by_person"]
            elements.append(_row(element.text.in_(reading.language), reading.cited(element.article), shown_by))
        self.paper.table((8.0, 5.4, 3.2), elements)
        self.paper.paragraph()
        articles = [_heads(label["article"], label["article_text"], label["checked"])]
        for article in provision.article:
            checked = label["verified"] if article.verified else label["unverified"]
            articles.append(_row(reading.cited(article.id), article.text, checked))
        self.paper.table((4.0, 10.0, 2.6), articles)

    def _timeline(self) -> None:
        reading, label = self.reading, self.reading.label
        self._heading(label["timeline"])
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
        self.paper.table((2.1, 2.1, 2.9, 3.2, 1.3, 5.0), rows)

    def _exhibits(self) -> None:
        reading, label = self.reading, self.reading.label
        self._heading(label["exhibits"])
        exhibits = reading.draft.exhibits
        if not exhibits:
            self.paper.paragraph(label["no_exhibits"])
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
            rows.append(Row([*(Cell(text) for text in said), Cell((entry.sha256, Hand.DIGEST))]))
        self.paper.table((1.2, 2.0, 2.8, 3.6, 2.2, 4.8), rows)
        for entry in exhibits:
            if entry.kind in PICTURES:
                self._pictured(entry)

    def _pictured(self, entry: ExhibitEntry) -> None:
        reading = self.reading
        shows = f"{entry.label}  {reading.term(entry.kind.value)} · {reading.term(entry.moment.value)}"
        picture = self.pictures.get(entry.sha256)
        if picture is None:
            self.paper.paragraph(reading.label["picture_left_out"], style=Style.PICTURE)
        else:
            self.paper.picture(picture, shows)
        self.paper.paragraph(f"{shows} · {reading.local(entry.from_at)}\nsha256:{entry.sha256}", style=Style.CAPTION)

    def _sufficiency(self) -> None:
        reading, label = self.reading, self.reading.label
        self._heading(label["sufficiency"])
        colon = "：" if reading.language == "zh" else ": "
        rows = []
        for finding in reading.draft.sufficiency:
            state = Cell(label["here"]) if finding.ok else Cell(label["missing"], shade=ABSENT_SHADE)
            text = Cell(finding.text.in_(reading.language), note=f"{label['source']}{colon}{finding.source}")
            rows.append(Row((state, Cell(finding.title.in_(reading.language)), text)))
        self.paper.table((1.3, 4.3, 11.0), rows)

    def _against(self) -> None:
        reading, label = self.reading, self.reading.label
        self._heading(label["against"])
        for reason in reading.draft.against:
            carried_by = (reading.bracketed(reason.pointers), Hand.SMALL)
            self.paper.paragraph(f"{reason.text.in_(reading.language)} ", carried_by, style=Style.REASON)
        if not reading.draft.against:
            self.paper.paragraph(label["against_none"])
        if reading.draft.provision is None:
            return
        self.paper.paragraph(label["exculpations"], style=Style.SUBHEADING)
        for exculpation in reading.draft.provision.exculpation:
            cited = (f"[{reading.cited(exculpation.article)}]", Hand.SMALL)
            self.paper.paragraph(f"□ {exculpation.text.in_(reading.language)} ", cited)

    def _events(self) -> None:
        reading, label = self.reading, self.reading.label
        self._heading(label["events"])
        rows = [_heads(*(label[name] for name in ("exhibit", "act", "state", "actor", "time")))]
        for event in reading.draft.events:
            done = (reading.term(event.act.value), reading.term(event.to_state.value), event.actor)
            rows.append(_row(str(event.seq), *done, reading.local(event.at)))
        self.paper.table((1.2, 3.4, 2.8, 3.6, 5.6), rows)

    def _review(self) -> None:
        label = self.reading.label
        colon = "：" if self.reading.language == "zh" else ": "
        # a sheet of its own: it is signed, and may be filed apart
        self._heading(label["review"], new_page=True)
        points = [_heads(label["point"], "", label["reason"])]
        points += [_form_row((label[point], label["yes_no"], ""), least_height_cm=1.0) for point in POINTS]
        self.paper.table((2.6, 3.6, 10.4), points)
        self.paper.paragraph()
        decided = f"{label['decisions']}\n{label['reason']}{colon}"
        self.paper.table((2.6, 14.0), [_form_row((label["decision"], decided), heads=(0,), least_height_cm=2.8)])
        self.paper.paragraph(label["signatures"], style=Style.SUBHEADING)
        signatures = [
            _form_row((label[officer], "", label["badge"], "", label["date"], ""), heads=(0, 2, 4), least_height_cm=1.2)
            for officer in ("officer_one", "officer_two")
        ]
        self.paper.table((2.8, 3.6, 2.4, 3.2, 1.8, 2.8), signatures)


def _heads(*texts: str) -> Row:
    return Row([Cell(text, head=True, shade=HEADING_SHADE) for text in texts], repeated=True)


def _row(*texts: str, shade: str = "") -> Row:
    return Row([Cell(text, shade=shade) for text in texts])


def _form_row(texts: Sequence[str], heads: Sequence[int] = (), least_height_cm: float = 0.0) -> Row:
    """A row of a form: some cells name what stands in the next."""
    cells = [
        Cell(text, head=True, shade=HEADING_SHADE) if number in heads else Cell(text)
        for number, text in enumerate(texts)
    ]
    return Row(cells, least_height_cm=least_height_cm)


def _write_whole(path: Path, written: bytes) -> None:
    try:
        with whole_file(path) as file:
            file.write(written)
    except OSError as error:
        raise DocumentFailed(f"{path}: could not be written ({error}); free space or choose another folder") from error
