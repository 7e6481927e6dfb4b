"""The paper that a draft is set on: python-docx, with our page, our styles and our tables.

Pure: texts and pictures in, bytes out; nothing here knows what a draft says. Asked in the plain way the library reads
and writes two large style sheets of its own for each document, finds each style by its name, formats tables cell by
cell and compresses pictures a second time. So what all papers share is prepared once in a process, looks are styles
and named by id, rows are copies of one empty row, and pictures go into the file as they are.
"""

import copy
import io
import re
import zipfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import cache
from typing import Any

from docx import Document
from docx.document import Document as DocxDocument
from docx.enum.style import WD_STYLE_TYPE
from docx.enum.table import WD_TABLE_ALIGNMENT
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.image.image import Image
from docx.opc.constants import RELATIONSHIP_TYPE
from docx.opc.part import Part
from docx.opc.pkgwriter import PackageWriter
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.oxml.table import CT_Tbl
from docx.parts.image import ImagePart
from docx.shared import Cm, Pt, RGBColor
from docx.styles.style import CharacterStyle, ParagraphStyle
from docx.text.paragraph import Paragraph

BODY_FONT, HEADING_FONT = "仿宋", "黑体"  # as official papers are set; other systems put their nearest in place
LATIN_FONT, MONO_FONT = "Times New Roman", "Consolas"
BLACK, GREY, RED = RGBColor(0, 0, 0), RGBColor(0x4A, 0x50, 0x58), RGBColor(0x8C, 0x1D, 0x18)
PAGE_WIDTH, PAGE_HEIGHT, MARGIN = Cm(21.0), Cm(29.7), Cm(2.2)  # A4
HANGING = Cm(0.8)
PICTURE_WIDTH, PICTURE_HEIGHT = Cm(14.5), Cm(9.5)

KEPT_STYLES = ("Normal", "Default Paragraph Font", "Normal Table", "No List", "Table Grid", "List Bullet")
KEPT_PARTS = (
    RELATIONSHIP_TYPE.OFFICE_DOCUMENT,
    RELATIONSHIP_TYPE.CORE_PROPERTIES,
    RELATIONSHIP_TYPE.STYLES,
    RELATIONSHIP_TYPE.NUMBERING,
    RELATIONSHIP_TYPE.SETTINGS,
    RELATIONSHIP_TYPE.THEME,
)
COMPRESSION = 3  # of zlib: a tenth larger than its default, in half the time
LONGEST_PROPERTY = 255  # characters; python-docx refuses more
NOT_IN_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")  # XML 1.0, production 2
SET_APART = re.compile(r"[\t\n\r]")  # these are elements in a document, and not characters


class Style(StrEnum):
    """Of a paragraph, by the id it has in the file."""

    NORMAL = "Normal"
    TITLE = "Title"
    SUBTITLE = "Subtitle"
    HEADING = "Heading1"
    SUBHEADING = "Heading2"
    STATEMENT = "Statement"  # its number stands out to the left, up to a tab
    REASON = "ListBullet"
    NOTE = "Note"
    PICTURE = "Picture"
    CAPTION = "Caption"
    CELL = "Cell"
    CELL_HEAD = "CellHead"


class Hand(StrEnum):
    """Of a piece of text within a paragraph, likewise."""

    SMALL = "Small"
    WARNING = "Warning"
    DIGEST = "Digest"


Said = str | tuple[str, Hand]


@dataclass(frozen=True)
class Cell:
    """shade: RRGGBB of its ground. note: a paragraph below its text."""

    text: Said
    head: bool = False
    shade: str = ""
    note: str = ""


@dataclass(frozen=True)
class Row:
    """repeated: at the head of every page the table goes on to. A row never breaks over two pages."""

    cells: Sequence[Cell]
    repeated: bool = False
    least_height_cm: float = 0.0


@dataclass(frozen=True)
class Picture:
    """What a document takes as a picture, and how large its bytes say that it is."""

    held: bytes
    width_px: int
    height_px: int

    @classmethod
    def of(cls, held: bytes) -> "Picture":
        """Raises ValueError for what python-docx cannot read as a picture, or what has no size."""
        try:
            image = Image.from_blob(held)
        except Exception as error:  # that very class is what it raises where a JPEG breaks off
            raise ValueError(f"python-docx says {error!r}") from error
        if not (image.px_width and image.px_height):
            raise ValueError("its header names no size")
        return cls(held, image.px_width, image.px_height)


@dataclass(frozen=True)
class Properties:
    """What the file says of itself. at: aware UTC; it is the date of everything in it, whenever it is written."""

    title: str
    author: str
    comments: str
    language: str
    revision: int
    at: datetime


class DraftPaper:
    """One document, filled from top to bottom."""

    def __init__(self, properties: Properties) -> None:
        self._document = Document(io.BytesIO(_prepared()))
        self._at = properties.at
        _set_properties(self._document, properties)

    def foot(self, before: str, after: str) -> None:
        """The line under each page: the page's number between two texts."""
        runs = self._document.sections[0].footer.paragraphs[0].runs
        for run, text in ((runs[0], before), (runs[-1], after)):
            run.add_text(_readable(text))

    def paragraph(self, *said: Said, style: Style = Style.NORMAL, new_page: bool = False) -> None:
        paragraph = self._paragraph(style)
        for each in said:
            _put(paragraph._p.add_r(), each)  # noqa: SLF001
        if new_page:
            paragraph.paragraph_format.page_break_before = True

    def picture(self, picture: Picture, described: str) -> None:
        """At its own shape, as large as the width of the text and a third of the page allow."""
        scale = min(PICTURE_WIDTH / picture.width_px, PICTURE_HEIGHT / picture.height_px)
        width, height = round(picture.width_px * scale), round(picture.height_px * scale)
        run = self._paragraph(Style.PICTURE).add_run()
        shape = run.add_picture(io.BytesIO(picture.held), width, height)
        shape._inline.docPr.set("descr", _readable(described))  # noqa: SLF001 - python-docx has no way to describe it

    def table(self, widths_cm: Sequence[float], rows: Iterable[Row]) -> None:
        element = copy.deepcopy(_empty_table(tuple(widths_cm)))
        empty = element.tr_lst[0]
        element.remove(empty)
        for row in rows:
            element.append(_row(empty, row))
        self._document.element.body.sectPr.addprevious(element)

    def packed(self) -> bytes:
        """The file. The same calls give the same bytes: every member has the date of the properties."""
        package = self._document.part.package
        assert package is not None
        pictures = {part.partname.membername: part.blob for part in package.parts if isinstance(part, ImagePart)}
        # python-docx compresses whatever it writes, which for pictures costs most of the time and gains nothing
        without = [
            Part(part.partname, part.content_type) if isinstance(part, ImagePart) else part for part in package.parts
        ]
        saved, packed = io.BytesIO(), io.BytesIO()
        PackageWriter.write(saved, package.rels, without)  # type: ignore[no-untyped-call]
        with zipfile.ZipFile(saved) as source, zipfile.ZipFile(packed, "w") as target:
            for name in source.namelist():
                member = zipfile.ZipInfo(name, self._at.timetuple()[:6])
                member.compress_type = zipfile.ZIP_STORED if name in pictures else zipfile.ZIP_DEFLATED
                member.external_attr = 0o644 << 16
                target.writestr(member, pictures.get(name) or source.read(name), compresslevel=COMPRESSION)
        return packed.getvalue()

    def _paragraph(self, style: Style) -> Paragraph:
        paragraph = self._document.add_paragraph()
        if style is not Style.NORMAL:
            paragraph._p.style = style.value  # noqa: SLF001 - by id: the look-up by name reads all styles each time
        return paragraph


# --- texts


def _put(run: Any, said: Said) -> None:
    """run: w:r without text, or with one text to write over."""
    text, hand = (said, None) if isinstance(said, str) else said
    if hand is not None:
        run.style = hand.value
    readable = _readable(text)
    if SET_APART.search(readable):
        run.text = readable
    elif run.t_lst:
        run.t_lst[0].text = readable
    else:
        run.add_t(readable)


def _readable(text: str) -> str:
    """What XML cannot hold at all becomes the sign for an unreadable character; line breaks of any kind are one."""
    return NOT_IN_XML.sub("\ufffd", text).replace("\r\n", "\n")


# --- tables


@cache
def _empty_table(widths_cm: tuple[float, ...]) -> CT_Tbl:
    """With one empty row; to be copied."""
    table = CT_Tbl.new_tbl(rows=1, cols=len(widths_cm), width=Cm(sum(widths_cm)))
    table.tblStyle_val = "TableGrid"
    table.tblPr.alignment = WD_TABLE_ALIGNMENT.CENTER
    table.tblPr.autofit = False
    row = table.tr_lst[0]
    row.get_or_add_trPr().append(OxmlElement("w:cantSplit"))
    for column, cell, width in zip(table.tblGrid.gridCol_lst, row.tc_lst, map(Cm, widths_cm), strict=True):
        column.w = cell.width = width  # LibreOffice goes by the column, Word by the cell
        said = cell.p_lst[0]
        said.style = Style.CELL.value
        said.add_r().add_t(" ")  # which makes it one that keeps its spaces, whatever is put there
    return table


def _row(empty: Any, row: Row) -> Any:
    element = copy.deepcopy(empty)
    if row.least_height_cm:
        element.trHeight_val = Cm(row.least_height_cm)
    if row.repeated:
        element.trPr.append(OxmlElement("w:tblHeader"))
    for holder, cell in zip(element.tc_lst, row.cells, strict=True):
        _fill(holder, cell)
    return element


def _fill(holder: Any, cell: Cell) -> None:
    said = holder.p_lst[0]
    _put(said.r_lst[0], cell.text)
    if cell.head:
        said.style = Style.CELL_HEAD.value
    if cell.shade:
        holder.get_or_add_tcPr().append(OxmlElement("w:shd", {qn("w:val"): "clear", qn("w:fill"): cell.shade}))
    if cell.note:
        note = holder.add_p()
        note.style = Style.NOTE.value
        _put(note.add_r(), cell.note)


# --- what all papers share


@cache
def _prepared() -> bytes:
    """An empty paper: the library's own template with our page and styles, and without whatever we have no use for."""
    document = Document()
    _leave_out_what_is_not_used(document)
    _set_styles(document)
    _set_page(document)
    saved = io.BytesIO()
    document.save(saved)
    return saved.getvalue()


def _leave_out_what_is_not_used(document: DocxDocument) -> None:
    package = document.part.package
    assert package is not None
    for relations in (package.rels, document.part.rels):
        for name in [name for name, relation in relations.items() if relation.reltype not in KEPT_PARTS]:
            del relations[name]
    for style in list(document.styles):
        if style.name not in KEPT_STYLES:
            style.delete()


def _set_styles(document: DocxDocument) -> None:
    normal = document.styles["Normal"]
    assert isinstance(normal, ParagraphStyle)
    _set_font(normal, LATIN_FONT, 11, east_asian=BODY_FONT)
    normal.font.color.rgb = BLACK
    normal.paragraph_format.space_after = Pt(3)
    # without it the same characters come in the shapes of another region, with the commas in their middle
    language = OxmlElement("w:lang", {qn("w:val"): "en-US", qn("w:eastAsia"): "zh-CN"})
    normal.element.get_or_add_rPr().append(language)
    _set_heading_styles(document)
    _set_paragraph_styles(document)
    _set_hands(document)


def _set_heading_styles(document: DocxDocument) -> None:
    title = _add_paragraph_style(document, "Title", builtin=True)
    _set_font(title, LATIN_FONT, 22, east_asian=HEADING_FONT)
    title.paragraph_format.alignment = WD_ALIGN_PARAGRAPH.CENTER
    title.paragraph_format.space_after = Pt(12)
    for level, size_pt, space_pt in ((1, 14, 18), (2, 12, 10)):
        heading = _add_paragraph_style(document, f"Heading {level}", builtin=True)
        _set_font(heading, LATIN_FONT, size_pt, east_asian=HEADING_FONT)
        heading.font.bold = True
        heading.paragraph_format.space_before, heading.paragraph_format.space_after = Pt(space_pt), Pt(3)
        heading.paragraph_format.keep_with_next = heading.paragraph_format.keep_together = True
        outline = OxmlElement("w:outlineLvl", {qn("w:val"): str(level - 1)})
        heading.element.get_or_add_pPr().append(outline)  # what Word's navigation and table of contents go by


def _set_paragraph_styles(document: DocxDocument) -> None:
    for name, builtin in (("Subtitle", True), ("Caption", True), ("Footer", True), ("Note", False)):
        small = _add_paragraph_style(document, name, builtin=builtin)
        small.font.size, small.font.color.rgb = Pt(9), GREY
        if name != "Note":
            small.paragraph_format.alignment = WD_ALIGN_PARAGRAPH.CENTER
    statement = _add_paragraph_style(document, "Statement").paragraph_format
    statement.left_indent, statement.first_line_indent = HANGING, -HANGING
    statement.tab_stops.add_tab_stop(HANGING)
    picture = _add_paragraph_style(document, "Picture").paragraph_format
    picture.alignment, picture.keep_with_next = WD_ALIGN_PARAGRAPH.CENTER, True
    for name in ("Cell", "Cell Head"):
        cell = _add_paragraph_style(document, name)
        cell.font.size, cell.font.bold = Pt(9.5), name == "Cell Head"
        cell.paragraph_format.space_before = cell.paragraph_format.space_after = Pt(2)
        cell.paragraph_format.line_spacing = 1.0


def _set_hands(document: DocxDocument) -> None:
    small, warning, digest = (_add_style(document, hand, WD_STYLE_TYPE.CHARACTER) for hand in Hand)
    small.font.size, small.font.color.rgb = Pt(9), GREY
    warning.font.bold, warning.font.color.rgb = True, RED
    digest.font.name, digest.font.size = MONO_FONT, Pt(7.5)


def _add_paragraph_style(document: DocxDocument, name: str, *, builtin: bool = False) -> ParagraphStyle:
    style = _add_style(document, name, WD_STYLE_TYPE.PARAGRAPH, builtin=builtin)
    assert isinstance(style, ParagraphStyle)
    style.base_style = document.styles["Normal"]
    if builtin:
        style.next_paragraph_style = style.base_style  # what comes when somebody presses Enter after a heading
    return style


def _add_style(document: DocxDocument, name: str, kind: WD_STYLE_TYPE, *, builtin: bool = False) -> CharacterStyle:
    """builtin: Word knows the style under this name, in its own language too."""
    style = document.styles.add_style(name, kind, builtin)
    style.hidden, style.quick_style = False, True
    assert isinstance(style, CharacterStyle)
    return style


def _set_font(style: ParagraphStyle, latin: str, size_pt: float, *, east_asian: str) -> None:
    """Word takes the font of Chinese characters from w:eastAsia, which python-docx does not set."""
    style.font.name, style.font.size = latin, Pt(size_pt)
    style.element.get_or_add_rPr().get_or_add_rFonts().set(qn("w:eastAsia"), east_asian)


def _set_page(document: DocxDocument) -> None:
    section = document.sections[0]
    section.page_width, section.page_height = PAGE_WIDTH, PAGE_HEIGHT
    section.left_margin = section.right_margin = section.top_margin = section.bottom_margin = MARGIN
    foot = section.footer.paragraphs[0]
    foot.style = "Footer"  # its own template names an id that a style added later does not get
    foot.add_run()
    for kind, instruction in (("begin", ""), ("", "PAGE"), ("end", "")):
        foot.add_run()._r.append(_field(kind, instruction))  # noqa: SLF001 - python-docx has no fields of its own
    foot.add_run()


def _field(kind: str, instruction: str) -> Any:
    if kind:
        return OxmlElement("w:fldChar", {qn("w:fldCharType"): kind})
    element = OxmlElement("w:instrText", {qn("xml:space"): "preserve"})
    element.text = instruction
    return element


def _set_properties(document: DocxDocument, properties: Properties) -> None:
    core = document.core_properties
    core.title = _property(properties.title)
    core.author = core.last_modified_by = _property(properties.author)
    core.created = core.modified = properties.at.replace(microsecond=0, tzinfo=None)
    core.comments = _property(properties.comments)
    core.language = properties.language
    core.revision = properties.revision


def _property(text: str) -> str:
    return _readable(text)[:LONGEST_PROPERTY]
