"""The same paper as a PDF: a filled DOCX set again by reportlab, paragraph by paragraph and table by table.

Pure: bytes in, bytes out; the same bytes give the same PDF. What a bureau changed in Word counts here too: page,
margins, sizes, alignment, tables, pictures, header and footer. What Word can and this cannot (columns, text boxes,
floating pictures) is left out. The font is one that PDF readers bring for Chinese, as in cases/draft_pdf.py.
"""

import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any
from xml.sax.saxutils import escape

from docx import Document
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml.ns import qn
from docx.table import Table as DocxTable
from docx.text.paragraph import Paragraph as DocxParagraph
from reportlab.lib import colors
from reportlab.lib.enums import TA_CENTER, TA_LEFT, TA_RIGHT
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import cm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.platypus import Flowable, Image, KeepTogether, PageBreak, Paragraph, SimpleDocTemplate, Spacer, Table

from cases.papers.template_layouts import SIGN

SONG = "STSong-Light"
LINE = colors.HexColor("#9AA0A6")
EMU_A_POINT = 12_700
USUAL_SIZE = 12.0
LEADING = 1.45
ALIGNMENTS = {WD_ALIGN_PARAGRAPH.CENTER: TA_CENTER, WD_ALIGN_PARAGRAPH.RIGHT: TA_RIGHT}
SIGNATURE_HEIGHT, SIGNATURE_WIDTH = 1.1 * cm, 4.2 * cm
FOOT_SIZE = 9
SHORT = 4


@dataclass(frozen=True)
class Signed:
    """What stands at a place for a signature. image: a PNG; None: the name in letters. on: the day, as written."""

    name: str
    on: str
    image: bytes | None = None


def pdf_of(docx: bytes, signatures: Mapping[str, Signed] | None = None, closing: Sequence[str] = ()) -> bytes:
    """signatures: by place. closing: lines in small print behind the paper, such as how it was signed."""
    register()
    document = Document(io.BytesIO(docx))
    section = document.sections[0]
    margins = [_points(each) for each in (section.left_margin, section.right_margin)]
    width = _points(section.page_width)
    setting = _Setting(document.part, width - sum(margins), signatures or {})
    story = list(setting.body(document))
    small = paragraph_style(8.0, TA_LEFT)
    story += [Spacer(1, 10), *(Paragraph(plain(line), small) for line in closing)] if closing else []
    saved = io.BytesIO()
    properties = document.core_properties
    made = SimpleDocTemplate(
        saved,
        pagesize=(width, _points(section.page_height)),
        leftMargin=margins[0],
        rightMargin=margins[1],
        topMargin=_points(section.top_margin),
        bottomMargin=_points(section.bottom_margin),
        title=properties.title,
        author=properties.author,
        lang="zh-CN",
        invariant=1,
    )
    head, foot = _runner(section.header), _runner(section.footer)

    def edges(canvas: Any, drawn: Any) -> None:
        canvas.setFont(SONG, FOOT_SIZE)
        canvas.setFillColor(colors.HexColor("#4A5058"))
        middle = width / 2
        canvas.drawCentredString(middle, _points(section.bottom_margin) / 2, foot.replace("\0", str(drawn.page)))
        top = _points(section.page_height) - _points(section.top_margin) / 2
        canvas.drawCentredString(middle, top, head.replace("\0", str(drawn.page)))

    made.build(story, onFirstPage=edges, onLaterPages=edges)
    return saved.getvalue()


@dataclass
class _Setting:
    part: Any
    width: float
    signatures: Mapping[str, Signed]

    def body(self, holder: Any, size: float = USUAL_SIZE) -> Iterator[Flowable]:
        for each in holder.iter_inner_content():
            if isinstance(each, DocxParagraph):
                yield from self._paragraph(each, size)
            elif isinstance(each, DocxTable):
                table = self._table(each)
                # a few lines, as those for signatures, stay on one page
                yield KeepTogether(table) if len(each.rows) <= SHORT else table

    def _paragraph(self, paragraph: DocxParagraph, size: float) -> Iterator[Flowable]:
        style = paragraph.style
        place = (style.name or "").removeprefix(SIGN) if style is not None else ""
        if style is not None and (style.name or "").startswith(SIGN) and place in self.signatures:
            yield from self._signature(self.signatures[place])
            return
        if paragraph.paragraph_format.page_break_before:
            yield PageBreak()
        own_size = _size(style) or size
        text = []
        for run in paragraph.runs:
            yield from self._pictures(run)
            if any(each.get(qn("w:type")) == "page" for each in run._r.findall(qn("w:br"))):  # noqa: SLF001
                yield PageBreak()
            run_size = _own(run.font.size) or _size(run.style)
            said = plain(run.text)
            text.append(f'<font size="{run_size:g}">{said}</font>' if run_size and said else said)
        whole = "".join(text)
        if not whole.strip():
            yield Spacer(1, own_size * 0.6)
            return
        yield Paragraph(whole, _style_of(paragraph, own_size))

    def _pictures(self, run: Any) -> Iterator[Flowable]:
        for inline in run._r.iter(qn("wp:inline")):  # noqa: SLF001 - python-docx gives no access to a run's pictures
            blip = next(inline.iter(qn("a:blip")), None)
            extent = inline.find(qn("wp:extent"))
            if blip is None or extent is None:
                continue
            held = self.part.related_parts[blip.get(qn("r:embed"))].blob
            wide, high = (int(extent.get(name)) / EMU_A_POINT for name in ("cx", "cy"))
            scale = min(1.0, self.width / wide)
            image = Image(io.BytesIO(held), wide * scale, high * scale)
            image.keepWithNext = True
            yield image

    def _signature(self, signed: Signed) -> Iterator[Flowable]:
        if signed.image is None:
            yield Paragraph(plain(f"{signed.name}　　{signed.on}"), paragraph_style(11.0, TA_RIGHT))
            return
        image = Image(io.BytesIO(signed.image))
        scale = min(SIGNATURE_WIDTH / image.imageWidth, SIGNATURE_HEIGHT / image.imageHeight)
        image.drawWidth, image.drawHeight = image.imageWidth * scale, image.imageHeight * scale
        on = Paragraph(plain(signed.on), paragraph_style(10.5, TA_RIGHT))
        table = Table([[image, on]], colWidths=[SIGNATURE_WIDTH, 3.8 * cm], hAlign="RIGHT")
        table.setStyle([("VALIGN", (0, 0), (-1, -1), "MIDDLE"), ("ALIGN", (0, 0), (0, 0), "CENTER")])
        yield table

    def _table(self, table: DocxTable) -> Flowable:
        widths = [int(each.get(qn("w:w"), "0")) / 20 for each in table._tbl.tblGrid.findall(qn("w:gridCol"))]  # noqa: SLF001
        scale = min(1.0, self.width / sum(widths)) if sum(widths) else 1.0
        rows: list[list[list[Flowable]]] = []
        spans: list[tuple[str, tuple[int, int], tuple[int, int]]] = []
        heights: list[float | None] = []
        repeated = 0
        for number, row in enumerate(table.rows):
            cells: list[list[Flowable]] = []
            for cell in row._tr.tc_lst:  # noqa: SLF001 - each cell once, however wide
                wide = cell.grid_span
                if wide > 1:
                    spans.append(("SPAN", (len(cells), number), (len(cells) + wide - 1, number)))
                holder = _Cell(cell, table)
                cells.append(list(self.body(holder, 10.5)))
                cells += [[] for _ in range(wide - 1)]
            rows.append((cells + [[] for _ in widths])[: len(widths)])
            # a height in a DOCX is the least there is; reportlab takes a fixed one, so it is kept as padding below
            heights.append(_own(row.height))
            properties = row._tr.trPr  # noqa: SLF001
            if properties is not None and properties.find(qn("w:tblHeader")) is not None and repeated == number:
                repeated += 1
        made = Table(rows, colWidths=[width * scale for width in widths], repeatRows=repeated)
        padding = [
            ("BOTTOMPADDING", (0, number), (-1, number), height / 2.2)
            for number, height in enumerate(heights)
            if height
        ]
        made.setStyle([("GRID", (0, 0), (-1, -1), 0.5, LINE), ("VALIGN", (0, 0), (-1, -1), "TOP"), *spans, *padding])
        return made


class _Cell:
    """A cell of a row by its element: python-docx's own list gives a wide cell once for each column."""

    def __init__(self, element: Any, table: DocxTable) -> None:
        self._element, self._table = element, table

    def iter_inner_content(self) -> Iterator[Any]:
        for child in self._element.inner_content_elements:
            is_paragraph = child.tag == qn("w:p")
            yield DocxParagraph(child, self._table) if is_paragraph else DocxTable(child, self._table)


def _style_of(paragraph: DocxParagraph, size: float) -> ParagraphStyle:
    formats = [paragraph.paragraph_format, *(each.paragraph_format for each in _chain(paragraph.style))]
    alignment = next((each.alignment for each in formats if each.alignment is not None), None)
    before = next((_own(each.space_before) for each in formats if each.space_before is not None), 0.0)
    after = next((_own(each.space_after) for each in formats if each.space_after is not None), 0.0)
    first = next((_own(each.first_line_indent) for each in formats if each.first_line_indent is not None), 0.0)
    keep = any(each.keep_with_next for each in formats)
    return paragraph_style(
        size,
        TA_LEFT if alignment is None else ALIGNMENTS.get(alignment, TA_LEFT),
        before=before or 0.0,
        after=after or 0.0,
        first=first or 0.0,
        keep=keep,
    )


@cache
def paragraph_style(
    size: float, alignment: int, *, before: float = 0.0, after: float = 2.0, first: float = 0.0, keep: bool = False
) -> ParagraphStyle:
    return ParagraphStyle(
        f"{size}",
        fontName=SONG,
        fontSize=size,
        leading=size * LEADING,
        alignment=alignment,
        spaceBefore=before,
        spaceAfter=after,
        firstLineIndent=max(first, 0.0),
        keepWithNext=int(keep),
        wordWrap="CJK",  # Chinese has no blanks to break a line at
    )


def _chain(style: Any) -> Iterator[Any]:
    """The style and those it is based on."""
    while style is not None:
        yield style
        style = style.base_style


def _size(style: Any) -> float | None:
    return next((_own(each.font.size) for each in _chain(style) if each.font.size is not None), None)


def _own(length: Any) -> float | None:
    return None if length is None else float(length.pt)


def _points(length: Any) -> float:
    return float(length.pt)


def plain(text: str) -> str:
    # the font knows the basic plane; what is beyond it would come out as something else
    known = "".join(each if ord(each) < 0x10000 else "\ufffd" for each in text)
    # reportlab takes the wide blank for one that may be dropped
    return escape(known).replace("\n", "<br/>").replace("\t", "　").replace("　", "&nbsp;")


def _runner(edge: Any) -> str:
    """The text of a header or footer, with a NUL where the number of the page goes."""
    said = []
    for paragraph in edge.paragraphs:
        for run in paragraph.runs:
            field = run._r.find(qn("w:instrText"))  # noqa: SLF001
            said.append("\0" if field is not None and "PAGE" in (field.text or "") else run.text)
    return "".join(said)


@cache
def register() -> None:
    pdfmetrics.registerFont(UnicodeCIDFont(SONG))
