"""The slip: a paper as the field printer prints it, on a strip of 80 mm, as a PDF as long as it has to be.

Pure: the same DOCX that is printed on A4 is set narrower, so that a slip never says anything else than its paper.
Tables become lines, pictures stay out; a QR picture leads to where one can pay or object.
"""

import io
from collections.abc import Iterator
from typing import Any

from docx import Document
from docx.text.paragraph import Paragraph as DocxParagraph
from reportlab.graphics.barcode.qr import QrCodeWidget
from reportlab.graphics.shapes import Drawing
from reportlab.lib.enums import TA_CENTER, TA_LEFT
from reportlab.lib.units import mm
from reportlab.platypus import BaseDocTemplate, Flowable, Frame, PageTemplate, Paragraph, Spacer

from cases.papers.paper_pdf import paragraph_style, plain, register
from cases.papers.template_layouts import SIGN

WIDTH, PRINTABLE = 80 * mm, 72 * mm  # what such printers take, and what they reach of it
EDGE = (WIDTH - PRINTABLE) / 2
SIZES = {"Title": 13.0, "Bureau": 11.0, "Heading": 9.5, "Source": 6.5, "Number": 9.0}
USUAL = 8.5
CENTRED = frozenset({"Title", "Bureau", "Number"})
QR = 26 * mm
LOWEST, ROUNDING = 60 * mm, 2 * mm


def slip_of(docx: bytes, link: str = "") -> bytes:
    """link: what the QR picture leads to; "": there is none."""
    register()
    document = Document(io.BytesIO(docx))
    story = list(_body(document))
    if link:
        story += [Spacer(1, 4), _qr(link), Paragraph(plain(link), paragraph_style(6.5, TA_CENTER))]
    height = max(LOWEST, sum(_height(each) for each in story) + 2 * EDGE + ROUNDING)
    saved = io.BytesIO()
    made = BaseDocTemplate(
        saved,
        pagesize=(WIDTH, height),
        title=document.core_properties.title,
        author=document.core_properties.author,
        lang="zh-CN",
        invariant=1,
    )
    frame = Frame(EDGE, EDGE, PRINTABLE, height - 2 * EDGE, 0, 0, 0, 0)
    made.addPageTemplates(PageTemplate(frames=[frame]))
    made.build(story)
    return saved.getvalue()


def _body(document: Any) -> Iterator[Flowable]:
    for each in document.iter_inner_content():
        if isinstance(each, DocxParagraph):
            yield from _line(each)
            continue
        for row in each.rows:
            yield from _row([_said(cell) for cell in row.cells], [_style_name(cell) for cell in row.cells])


def _line(paragraph: DocxParagraph) -> Iterator[Flowable]:
    name = paragraph.style.name or "" if paragraph.style is not None else ""
    said = paragraph.text.strip()
    if not said or name in ("Picture", "Caption"):
        return
    alignment = TA_CENTER if name in CENTRED else TA_LEFT
    before = 3.0 if name == "Heading" else 0.0
    yield Paragraph(plain(said), paragraph_style(SIZES.get(name, USUAL), alignment, before=before))


def _row(texts: list[str], names: list[str]) -> Iterator[Flowable]:
    """A row of a table as one line: what a cell is called, and what it says."""
    said = "：".join(text for text in texts[:2] if text)
    rest = "　".join(text for text in texts[2:] if text)
    whole = f"{said}　{rest}" if rest else said
    if not whole:
        return
    style = paragraph_style(USUAL, TA_LEFT)
    yield Paragraph(plain(whole), style)
    if any(name.startswith(SIGN) for name in names):
        yield Spacer(1, 22)  # for a name by hand


def _said(cell: Any) -> str:
    return str(cell.text).strip()


def _style_name(cell: Any) -> str:
    style = cell.paragraphs[0].style
    return style.name or "" if style is not None else ""


def _height(flowable: Flowable) -> float:
    _, high = flowable.wrap(PRINTABLE, 10_000 * mm)
    return float(high) + float(flowable.getSpaceBefore()) + float(flowable.getSpaceAfter())


def _qr(link: str) -> Flowable:
    widget = QrCodeWidget(link, barLevel="M")
    left, low, right, high = widget.getBounds()
    drawing = Drawing(QR, QR, transform=[QR / (right - left), 0, 0, QR / (high - low), 0, 0])
    drawing.add(widget)
    drawing.hAlign = "CENTER"
    return drawing
