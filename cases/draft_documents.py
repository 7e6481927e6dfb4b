"""A draft case as documents: one self-contained page, and a DOCX that a case officer edits and signs.

Both are made from `draft_case.content` alone, so the same draft gives the same document on any day. What the
sentences say was settled when the draft was composed (cases/draft_case.py); here they are only set on paper.
"""

import copy
import hashlib
import io
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from itertools import groupby
from pathlib import Path
from typing import Any

from docx import Document
from docx.document import Document as DocxDocument
from docx.enum.table import WD_TABLE_ALIGNMENT
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.image.exceptions import InvalidImageStreamError, UnexpectedEndOfFileError, UnrecognizedImageError
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Cm, Pt, RGBColor
from docx.styles.style import ParagraphStyle
from docx.table import Table, _Cell, _Row
from docx.text.paragraph import Paragraph
from docx.text.run import Run
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from cases.draft_content import DraftContent, ExhibitEntry, Pointer, Statement, TimelineRow
from cases.draft_words import clock_time, labels, local_time, percent, say, term, two_places
from cases.errors import DocumentFailed
from cases.languages import Language
from models.enums import ExhibitKind
from models.whole_file import whole_file

TEMPLATES = Path(__file__).parent / "templates"
POINTS = ("is_true", "is_clear", "is_complete", "is_accurate")
PICTURES = (ExhibitKind.STILL, ExhibitKind.CLOSE_UP)

BODY_FONT, HEADING_FONT = "仿宋", "黑体"  # as official papers are set; other systems put their nearest in place
LATIN_FONT, MONO_FONT = "Times New Roman", "Consolas"
PICTURE_WIDTH, PICTURE_HEIGHT = Cm(14.5), Cm(9.5)
PICTURES_IN_FILE = "word/media/"
COMPRESSION = 3  # of zlib: a tenth larger than its default, in half the time
GREY = RGBColor(0x4A, 0x50, 0x58)
RED = RGBColor(0x8C, 0x1D, 0x18)
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
    document = _Paper(reading, pictures).document()
    _write_whole(path, _packed(document, reading.draft.made_at))


@dataclass(frozen=True)
class _Paper:
    reading: _Reading
    pictures: Mapping[str, Path]

    def document(self) -> DocxDocument:
        document = Document()
        _set_styles(document)
        _set_page(document, self.reading)
        _set_properties(document, self.reading)
        self._title(document)
        self._parties(document)
        self._facts(document)
        self._law(document)
        self._timeline(document)
        self._exhibits(document)
        self._sufficiency(document)
        self._against(document)
        self._events(document)
        self._review(document)
        return document

    def _title(self, document: DocxDocument) -> None:
        reading, draft, label = self.reading, self.reading.draft, self.reading.label
        document.add_paragraph(label["title"], style="Title")
        line = (
            f"{label['number']} {draft.incident_id} · {reading.version}\n"
            f"{label['made']} {reading.local(draft.made_at)} · {label['software']} {draft.software}"
        )
        _small(document.add_paragraph(), line).alignment = WD_ALIGN_PARAGRAPH.CENTER
        warning = document.add_paragraph().add_run(label["no_effect"])
        warning.font.color.rgb = RED
        warning.font.bold = True

    def _parties(self, document: DocxDocument) -> None:
        reading, draft, label = self.reading, self.reading.draft, self.reading.label
        where, who = draft.where, draft.who
        document.add_heading(label["parties"], level=1)
        table = _table(document, (2.4, 6.0, 2.4, 5.8))
        for row in (
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
        ):
            table.add(row, heads=(0, 2))

    def _facts(self, document: DocxDocument) -> None:
        reading, label = self.reading, self.reading.label
        document.add_heading(label["facts"], level=1)
        _small(document.add_paragraph(), reading.local_note)
        for section, numbered in reading.sections():
            document.add_heading(label[section], level=2)
            for one in numbered:
                said = document.add_paragraph(f"{one.number}.\t{one.statement.text.in_(reading.language)}")
                said.paragraph_format.left_indent = Cm(0.8)
                said.paragraph_format.first_line_indent = Cm(-0.8)
                said.paragraph_format.tab_stops.add_tab_stop(Cm(0.8))
                _small(said, f" {reading.bracketed(one.statement.pointers)}")

    def _law(self, document: DocxDocument) -> None:
        reading, label = self.reading, self.reading.label
        document.add_heading(label["law"], level=1)
        provision = reading.draft.provision
        if provision is None:
            document.add_paragraph(label["law_unknown"])
            return
        elements = _table(document, (8.0, 5.4, 3.2), label["element"], label["article"], label["shown_by"])
        for element in provision.element:
            shown_by = label["by_watching"] if element.shown_by == "watching" else label["by_person"]
            elements.add((element.text.in_(reading.language), reading.cited(element.article), shown_by))
        document.add_paragraph()
        articles = _table(document, (4.0, 10.0, 2.6), label["article"], label["article_text"], label["checked"])
        for article in provision.article:
            checked = label["verified"] if article.verified else label["unverified"]
            articles.add((reading.cited(article.id), article.text, checked))

    def _timeline(self, document: DocxDocument) -> None:
        reading, label = self.reading, self.reading.label
        document.add_heading(label["timeline"], level=1)
        heads = [label[name] for name in ("from", "to", "seconds", "state", "looks", "remark")]
        table = _table(document, (2.1, 2.1, 2.9, 3.2, 1.3, 5.0), *heads)
        for row in reading.draft.timeline:
            cells = table.add(
                (
                    reading.clock(row.from_at),
                    reading.clock(row.to_at) if row.to_at != row.from_at else "",
                    reading.seconds(row),
                    reading.seen(row),
                    str(row.looks) if row.looks else "",
                    reading.remark(row),
                ),
            )
            for cell in cells:
                _shade(cell, SHADES.get(row.kind))

    def _exhibits(self, document: DocxDocument) -> None:
        reading, label = self.reading, self.reading.label
        document.add_heading(label["exhibits"], level=1)
        exhibits = reading.draft.exhibits
        if not exhibits:
            document.add_paragraph(label["no_exhibits"])
            return
        heads = [label[name] for name in ("exhibit", "kind", "shows", "time", "size", "digest")]
        table = _table(document, (1.2, 2.0, 2.8, 3.6, 2.2, 4.8), *heads)
        for entry in exhibits:
            cells = table.add(
                (
                    entry.label,
                    reading.term(entry.kind.value),
                    reading.term(entry.moment.value),
                    reading.span(entry),
                    f"{entry.size_bytes:,} {label['bytes']}",
                    "",
                ),
            )
            digest = cells[-1].paragraphs[0].add_run(entry.sha256)
            digest.font.size, digest.font.name = Pt(7.5), MONO_FONT
        for entry in exhibits:
            if entry.kind in PICTURES:
                self._picture(document, entry)

    def _picture(self, document: DocxDocument, entry: ExhibitEntry) -> None:
        reading = self.reading
        holder = document.add_paragraph()
        holder.alignment = WD_ALIGN_PARAGRAPH.CENTER
        holder.paragraph_format.keep_with_next = True
        path = self.pictures.get(entry.sha256)
        if path is None:
            holder.add_run(reading.label["picture_left_out"])
        else:
            _place_picture(holder, path, entry)
        caption = (
            f"{entry.label}  {reading.term(entry.kind.value)} · {reading.term(entry.moment.value)} · "
            f"{reading.local(entry.from_at)}\nsha256:{entry.sha256}"
        )
        _small(document.add_paragraph(), caption).alignment = WD_ALIGN_PARAGRAPH.CENTER

    def _sufficiency(self, document: DocxDocument) -> None:
        reading, label = self.reading, self.reading.label
        document.add_heading(label["sufficiency"], level=1)
        table = _table(document, (1.3, 4.3, 11.0))
        for finding in reading.draft.sufficiency:
            state = label["here"] if finding.ok else label["missing"]
            cells = table.add((state, finding.title.in_(reading.language), finding.text.in_(reading.language)))
            _shade(cells[0], None if finding.ok else ABSENT_SHADE)
            colon = "：" if reading.language == "zh" else ": "
            _small(cells[2].add_paragraph(), f"{label['source']}{colon}{finding.source}")

    def _against(self, document: DocxDocument) -> None:
        reading, label = self.reading, self.reading.label
        document.add_heading(label["against"], level=1)
        for reason in reading.draft.against:
            said = document.add_paragraph(f"{reason.text.in_(reading.language)} ", style="List Bullet")
            _small(said, reading.bracketed(reason.pointers))
        if not reading.draft.against:
            document.add_paragraph(label["against_none"])
        if reading.draft.provision is None:
            return
        document.add_heading(label["exculpations"], level=2)
        for exculpation in reading.draft.provision.exculpation:
            said = document.add_paragraph(f"□ {exculpation.text.in_(reading.language)} ")
            _small(said, f"[{reading.cited(exculpation.article)}]")

    def _events(self, document: DocxDocument) -> None:
        reading, label = self.reading, self.reading.label
        document.add_heading(label["events"], level=1)
        heads = [label[name] for name in ("exhibit", "act", "state", "actor", "time")]
        table = _table(document, (1.2, 3.4, 2.8, 3.6, 5.6), *heads)
        for event in reading.draft.events:
            done = (reading.term(event.act.value), reading.term(event.to_state.value), event.actor)
            table.add((str(event.seq), *done, reading.local(event.at)))

    def _review(self, document: DocxDocument) -> None:
        label = self.reading.label
        colon = "：" if self.reading.language == "zh" else ": "
        # a sheet of its own: it is signed, and may be filed apart
        document.add_heading(label["review"], level=1).paragraph_format.page_break_before = True
        points = _table(document, (2.6, 3.6, 10.4), label["point"], "", label["reason"])
        for point in POINTS:
            points.add((label[point], label["yes_no"], ""), height=Cm(1.0))
        document.add_paragraph()
        decision = _table(document, (2.6, 14.0))
        decided = f"{label['decisions']}\n{label['reason']}{colon}"
        decision.add((label["decision"], decided), heads=(0,), height=Cm(2.8))
        document.add_heading(label["signatures"], level=2)
        signatures = _table(document, (2.8, 3.6, 2.4, 3.2, 1.8, 2.8))
        for officer in ("officer_one", "officer_two"):
            row = (label[officer], "", label["badge"], "", label["date"], "")
            signatures.add(row, heads=(0, 2, 4), height=Cm(1.2))


def _set_styles(document: DocxDocument) -> None:
    for name, size, latin, east_asian in (
        ("Normal", 11, LATIN_FONT, BODY_FONT),
        ("List Bullet", 11, LATIN_FONT, BODY_FONT),
        ("Title", 22, LATIN_FONT, HEADING_FONT),
        ("Heading 1", 14, LATIN_FONT, HEADING_FONT),
        ("Heading 2", 12, LATIN_FONT, HEADING_FONT),
    ):
        style = document.styles[name]
        assert isinstance(style, ParagraphStyle)
        style.font.name, style.font.size = latin, Pt(size)
        style.font.color.rgb = RGBColor(0, 0, 0)
        _set_east_asian(style.element.get_or_add_rPr(), east_asian)
    normal = document.styles["Normal"]
    assert isinstance(normal, ParagraphStyle)
    normal.paragraph_format.space_after = Pt(3)
    # without it the same characters come in the shapes of another region, with the commas in their middle
    language = OxmlElement("w:lang")
    language.set(qn("w:val"), "en-US")
    language.set(qn("w:eastAsia"), "zh-CN")
    normal.element.get_or_add_rPr().append(language)
    title = document.styles["Title"]
    assert isinstance(title, ParagraphStyle)
    title.paragraph_format.alignment = WD_ALIGN_PARAGRAPH.CENTER


def _set_east_asian(properties: Any, font: str) -> None:
    """Word takes the font of Chinese characters from w:eastAsia, and from a theme first where one is named."""
    fonts = properties.get_or_add_rFonts()
    for attribute in ("w:asciiTheme", "w:hAnsiTheme", "w:eastAsiaTheme", "w:cstheme"):
        fonts.attrib.pop(qn(attribute), None)
    fonts.set(qn("w:eastAsia"), font)


def _set_page(document: DocxDocument, reading: _Reading) -> None:
    """A4, with the number of the page and of the incident at the foot of each."""
    section = document.sections[0]
    section.page_width, section.page_height = Cm(21.0), Cm(29.7)
    section.left_margin = section.right_margin = Cm(2.2)
    section.top_margin = section.bottom_margin = Cm(2.2)
    foot = section.footer.paragraphs[0]
    foot.alignment = WD_ALIGN_PARAGRAPH.CENTER
    before, after = say("label", "page", page="\n").in_(reading.language).split("\n")
    _small(foot, f"{reading.draft.incident_id} · {reading.version} · {before}")
    for kind, instruction in (("begin", None), (None, "PAGE"), ("end", None)):
        run = foot.add_run()
        run.font.size, run.font.color.rgb = Pt(9), GREY
        run._r.append(_field(kind, instruction))  # noqa: SLF001 - python-docx has no fields of its own
    _small(foot, after)


def _field(kind: str | None, instruction: str | None) -> Any:
    if kind is None:
        element = OxmlElement("w:instrText")
        element.set(qn("xml:space"), "preserve")
        element.text = instruction
        return element
    element = OxmlElement("w:fldChar")
    element.set(qn("w:fldCharType"), kind)
    return element


def _set_properties(document: DocxDocument, reading: _Reading) -> None:
    """Dates are those of the draft, so that the document does not change with the day it is printed."""
    draft, properties = reading.draft, document.core_properties
    properties.title = f"{reading.label['title']} {draft.incident_id} {reading.version}"
    properties.author = properties.last_modified_by = draft.software
    properties.created = properties.modified = draft.made_at.replace(microsecond=0, tzinfo=None)
    properties.comments = reading.label["no_effect"]
    properties.language = "zh-CN" if reading.language == "zh" else "en"
    properties.revision = draft.version


@dataclass(frozen=True)
class _Rows:
    """A table that grows by copies of one formatted row; python-docx formats cell by cell, at many times the work."""

    table: Table
    pattern: Any  # w:tr

    def add(self, texts: Sequence[str], heads: Sequence[int] = (), height: Cm | None = None) -> list[_Cell]:
        element = copy.deepcopy(self.pattern)
        self.table._tbl.append(element)  # noqa: SLF001
        row = _Row(element, self.table)
        if height is not None:
            row.height = height
        cells = [_Cell(cell, self.table) for cell in element.tc_lst]
        for number, (cell, text) in enumerate(zip(cells, texts, strict=True)):
            run = cell.paragraphs[0].runs[0]
            run.text = text
            if number in heads:
                run.font.bold = True
                _shade(cell, HEADING_SHADE)
        return cells


def _table(document: DocxDocument, widths_cm: Sequence[float], *heads: str) -> _Rows:
    table: Table = document.add_table(rows=0, cols=len(widths_cm), style="Table Grid")
    table.alignment = WD_TABLE_ALIGNMENT.CENTER
    table.autofit = False
    for column, width in zip(table.columns, widths_cm, strict=True):
        column.width = Cm(width)
    rows = _Rows(table, _row_pattern(table, widths_cm))
    if heads:
        rows.add(heads, heads=range(len(heads)))
        _repeat_on_every_page(table)
    return rows


def _row_pattern(table: Table, widths_cm: Sequence[float]) -> Any:
    """A formatted row with empty texts, taken out of the table again."""
    row = table.add_row()  # type: ignore[no-untyped-call]
    for cell, width in zip(row.cells, widths_cm, strict=True):
        cell.width = Cm(width)
        said = cell.paragraphs[0]
        said.paragraph_format.space_before = said.paragraph_format.space_after = Pt(2)
        said.add_run("").font.size = Pt(9.5)
    element = row._tr  # noqa: SLF001
    element.get_or_add_trPr().append(OxmlElement("w:cantSplit"))  # a row may not break over pages
    table._tbl.remove(element)  # noqa: SLF001
    return element


def _repeat_on_every_page(table: Table) -> None:
    table.rows[0]._tr.get_or_add_trPr().append(OxmlElement("w:tblHeader"))  # noqa: SLF001


def _shade(cell: _Cell, colour: str | None) -> None:
    if colour is None:
        return
    shade = OxmlElement("w:shd")
    shade.set(qn("w:val"), "clear")
    shade.set(qn("w:fill"), colour)
    cell._tc.get_or_add_tcPr().append(shade)  # noqa: SLF001


def _small(paragraph: Paragraph, text: str) -> Paragraph:
    run: Run = paragraph.add_run(text)
    run.font.size, run.font.color.rgb = Pt(9), GREY
    return paragraph


def _place_picture(holder: Paragraph, path: Path, entry: ExhibitEntry) -> None:
    """The picture at its own shape, within the width of the text and a third of the page."""
    try:
        picture = path.read_bytes()
    except OSError as error:
        raise DocumentFailed(f"{path}: cannot be read ({error}); restore it from a backup of the vault") from error
    digest = hashlib.sha256(picture).hexdigest()
    if digest != entry.sha256:
        raise DocumentFailed(
            f"{path}: the draft cites sha256:{entry.sha256}, the file is sha256:{digest}; restore it from a backup"
        )
    try:
        shape = holder.add_run().add_picture(io.BytesIO(picture))
    except (InvalidImageStreamError, UnexpectedEndOfFileError, UnrecognizedImageError) as error:
        raise DocumentFailed(f"{path}: not a picture that fits a document ({error!r}); seal a JPEG or PNG") from error
    scale = min(PICTURE_WIDTH / shape.width, PICTURE_HEIGHT / shape.height)
    shape.width, shape.height = int(shape.width * scale), int(shape.height * scale)  # type: ignore[assignment]


def _packed(document: DocxDocument, at: datetime) -> bytes:
    """The file, with the time of the draft on every member instead of the time of packing."""
    saved, packed = io.BytesIO(), io.BytesIO()
    document.save(saved)
    with zipfile.ZipFile(saved) as source, zipfile.ZipFile(packed, "w") as target:
        for name in source.namelist():
            member = zipfile.ZipInfo(name, at.timetuple()[:6])
            # pictures are compressed already
            member.compress_type = zipfile.ZIP_STORED if name.startswith(PICTURES_IN_FILE) else zipfile.ZIP_DEFLATED
            member.external_attr = 0o644 << 16
            target.writestr(member, source.read(name), compresslevel=COMPRESSION)
    return packed.getvalue()


def _write_whole(path: Path, written: bytes) -> None:
    try:
        with whole_file(path) as file:
            file.write(written)
    except OSError as error:
        raise DocumentFailed(f"{path}: could not be written ({error}); free space or choose another folder") from error
