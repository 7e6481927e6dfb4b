"""The same paper as a PDF, for whoever is to read and sign and not to edit: reportlab in the place of python-docx.

Pure: texts and pictures in, bytes out; the same calls give the same bytes. The font is one that PDF readers bring for
Chinese (STSong-Light, named and not embedded), as in cases/custody_paper.py.
"""

import io
from collections.abc import Iterable, Sequence
from functools import cache
from typing import Any
from xml.sax.saxutils import escape

from reportlab.lib import colors
from reportlab.lib.enums import TA_CENTER
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import cm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.platypus import Flowable, Image, PageBreak, Paragraph, SimpleDocTemplate, Spacer, Table

from cases.draft_paper import NOT_IN_XML, Cell, Hand, Picture, Properties, Row, Said, Style

SONG = "STSong-Light"
MARGIN = 2.2 * cm
HANGING = 0.8 * cm
PICTURE_WIDTH, PICTURE_HEIGHT = 14.5 * cm, 9.5 * cm
GREY, RED, LINE = colors.HexColor("#4A5058"), colors.HexColor("#8C1D18"), colors.HexColor("#9AA0A6")
# a font that readers bring has no bold cut, so what is to stand out has colour or size
HANDS = {
    Hand.SMALL: f'<font size="9" color="{GREY.hexval()}">',
    Hand.WARNING: f'<font color="{RED.hexval()}">',
    Hand.DIGEST: '<font size="7.5">',
}


class PdfPaper:
    """One document, filled from top to bottom; as DraftPaper."""

    def __init__(self, properties: Properties) -> None:
        self._properties = properties
        self._story: list[Flowable] = []
        self._foot = ("", "")

    def foot(self, before: str, after: str) -> None:
        """The line under each page: the page's number between two texts."""
        self._foot = (before, after)

    def paragraph(self, *said: Said, style: Style = Style.NORMAL, new_page: bool = False) -> None:
        if new_page:
            self._story.append(PageBreak())
        if not said:
            self._story.append(Spacer(1, 6))
            return
        first, number = said[0], None
        if style is Style.STATEMENT and isinstance(first, str) and "\t" in first:
            number, _, first = first.partition("\t")
        text = "".join(_marked_up(each) for each in (first, *said[1:]))
        bullet = "•" if style is Style.REASON else number
        self._story.append(Paragraph(text, _styles()[style], bulletText=bullet))

    def picture(self, picture: Picture, described: str) -> None:  # noqa: ARG002 - a plain PDF has no place for it
        """At its own shape, as large as the width of the text and a third of the page allow."""
        scale = min(PICTURE_WIDTH / picture.width_px, PICTURE_HEIGHT / picture.height_px)
        image = Image(io.BytesIO(picture.held), picture.width_px * scale, picture.height_px * scale)
        image.keepWithNext = True
        self._story.append(image)

    def table(self, widths_cm: Sequence[float], rows: Iterable[Row]) -> None:
        held = list(rows)
        repeated = sum(row.repeated for row in held)
        table = Table(
            [[_cell(cell) for cell in row.cells] for row in held],
            colWidths=[width * cm for width in widths_cm],
            rowHeights=[row.least_height_cm * cm or None for row in held],
            repeatRows=repeated,
        )
        shades = [
            ("BACKGROUND", (column, number), (column, number), colors.HexColor(f"#{cell.shade}"))
            for number, row in enumerate(held)
            for column, cell in enumerate(row.cells)
            if cell.shade
        ]
        grid = [("GRID", (0, 0), (-1, -1), 0.5, LINE), ("VALIGN", (0, 0), (-1, -1), "TOP")]
        table.setStyle([*shades, *grid])
        self._story.append(table)

    def packed(self) -> bytes:
        """The file. Its date is fixed, so the same calls give the same bytes; it can be taken once."""
        file = io.BytesIO()
        said = self._properties
        document = SimpleDocTemplate(
            file,
            pagesize=A4,
            leftMargin=MARGIN,
            rightMargin=MARGIN,
            topMargin=MARGIN,
            bottomMargin=MARGIN,
            title=said.title,
            author=said.author,
            subject=said.comments,
            lang=said.language,
            invariant=1,
        )
        before, after = self._foot

        def foot(canvas: Any, drawn: Any) -> None:
            canvas.setFont(SONG, 9)
            canvas.setFillColor(GREY)
            canvas.drawCentredString(A4[0] / 2, 1.2 * cm, f"{before}{drawn.page}{after}")

        _styles()  # the font is known from here on
        document.build(self._story, onFirstPage=foot, onLaterPages=foot)
        return file.getvalue()


def _cell(cell: Cell) -> list[Flowable]:
    style = _styles()[Style.CELL_HEAD if cell.head else Style.CELL]
    said: list[Flowable] = [Paragraph(_marked_up(cell.text), style)]
    if cell.note:
        said.append(Paragraph(_marked_up(cell.note), _styles()[Style.NOTE]))
    return said


def _marked_up(said: Said) -> str:
    text, hand = (said, None) if isinstance(said, str) else said
    # the font knows the basic plane; what is beyond it would come out as something else
    plain = "".join(each if ord(each) < 0x10000 else "\ufffd" for each in NOT_IN_XML.sub("\ufffd", text))
    escaped = escape(plain.replace("\r\n", "\n")).replace("\n", "<br/>").replace("\t", "&nbsp;&nbsp;")
    return escaped if hand is None else f"{HANDS[hand]}{escaped}</font>"


@cache
def _styles() -> dict[Style, ParagraphStyle]:
    pdfmetrics.registerFont(UnicodeCIDFont(SONG))

    def style(name: Style, size: float, **differs: Any) -> ParagraphStyle:
        values = {"fontSize": size, "leading": size * 1.4, "spaceAfter": 3} | differs
        return ParagraphStyle(
            name.value,
            fontName=SONG,
            bulletFontName=SONG,
            bulletFontSize=size,
            wordWrap="CJK",  # Chinese has no blanks to break a line at, and a digest has none either
            **values,
        )

    hanging = {"leftIndent": HANGING, "bulletIndent": 0}
    small = {"textColor": GREY}
    return {
        each.name: each
        for each in (
            style(Style.NORMAL, 11),
            style(Style.TITLE, 22, alignment=TA_CENTER, spaceAfter=12),
            style(Style.SUBTITLE, 9, alignment=TA_CENTER, **small),
            style(Style.HEADING, 14, spaceBefore=18, keepWithNext=1),
            style(Style.SUBHEADING, 12, spaceBefore=10, keepWithNext=1),
            style(Style.STATEMENT, 11, **hanging),
            style(Style.REASON, 11, **hanging),
            style(Style.NOTE, 9, **small),
            style(Style.PICTURE, 11, alignment=TA_CENTER, keepWithNext=1),
            style(Style.CAPTION, 9, alignment=TA_CENTER, **small),
            style(Style.CELL, 9.5, spaceAfter=2),
            style(Style.CELL_HEAD, 9.5, spaceAfter=2),
        )
    }
