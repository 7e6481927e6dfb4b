"""A Word document as the XML it consists of (ECMA-376: WordprocessingML in an Open Packaging file).

Pure: texts and pictures in, bytes out. It knows no more of the format than our papers need, and nothing of drafts;
the fixed parts are files in templates/word. Markup goes straight into the file: a library that keeps an object for
every run and looks each style up by name took 70 ms a paper where this takes 5.
"""

import io
import re
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Literal
from xml.sax.saxutils import escape, quoteattr

FIXED_PARTS = Path(__file__).parent / "templates" / "word"
COMPRESSION = 3  # of zlib: a tenth larger than its default, in half the time
XML = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
WORD = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
DRAWING = "http://schemas.openxmlformats.org/drawingml/2006"
RELATIONSHIPS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006"
CONTENT = "application/vnd.openxmlformats-officedocument.wordprocessingml"
NAMESPACES = (
    f'xmlns:w="{WORD}" xmlns:r="{RELATIONSHIPS}" xmlns:wp="{DRAWING}/wordprocessingDrawing" xmlns:a="{DRAWING}/main"'
    f' xmlns:pic="{DRAWING}/picture"'
)

TWIPS_A_CM, EMU_A_CM = 1440 / 2.54, 360_000
PAGE_CM, MARGIN_CM = (21.0, 29.7), 2.2  # A4

NOT_IN_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")  # XML 1.0, production 2
BREAKS = re.compile(r"(\r\n|\n|\r|\t)")

ParagraphStyle = Literal["Normal", "Title", "Heading1", "Heading2", "ListBullet", "Footer", "Cell"]


# --- paragraphs


def run(text: str, *, size_pt: float | None = None, bold: bool = False, colour: str = "", font: str = "") -> str:
    """A piece of text in one dress; line breaks and tabs in it are kept. colour: RRGGBB."""
    dress = ""
    if font:
        dress += f"<w:rFonts w:ascii={quoteattr(font)} w:hAnsi={quoteattr(font)}/>"
    if bold:
        dress += "<w:b/>"
    if colour:
        dress += f'<w:color w:val="{colour}"/>'
    if size_pt is not None:
        dress += f'<w:sz w:val="{round(size_pt * 2)}"/>'
    return f"<w:r>{f'<w:rPr>{dress}</w:rPr>' if dress else ''}{_text(text)}</w:r>"


def _text(text: str) -> str:
    """What XML cannot hold at all becomes the sign for an unreadable character."""
    pieces = BREAKS.split(NOT_IN_XML.sub("\ufffd", text))
    return "".join(
        ("<w:tab/>" if piece == "\t" else "<w:br/>")
        if number % 2
        else f'<w:t xml:space="preserve">{escape(piece)}</w:t>'
        for number, piece in enumerate(pieces)
        if piece
    )


def page_number(*, size_pt: float, colour: str) -> str:
    return f'<w:fldSimple w:instr="PAGE">{run("1", size_pt=size_pt, colour=colour)}</w:fldSimple>'


def paragraph(
    *runs: str,
    style: ParagraphStyle = "Normal",
    centred: bool = False,
    with_next: bool = False,
    new_page: bool = False,
    hanging_cm: float = 0.0,
) -> str:
    """with_next: on one page with the paragraph that follows. hanging_cm: first line out by so much, up to a tab."""
    dress = "" if style == "Normal" else f'<w:pStyle w:val="{style}"/>'
    if with_next:
        dress += "<w:keepNext/>"
    if new_page:
        dress += "<w:pageBreakBefore/>"
    if hanging_cm:
        hanging = _twips(hanging_cm)
        dress += f'<w:tabs><w:tab w:val="left" w:pos="{hanging}"/></w:tabs>'
        dress += f'<w:ind w:left="{hanging}" w:hanging="{hanging}"/>'
    if centred:
        dress += '<w:jc w:val="center"/>'
    return f"<w:p>{f'<w:pPr>{dress}</w:pPr>' if dress else ''}{''.join(runs)}</w:p>"


# --- tables


@dataclass(frozen=True)
class Cell:
    """shade: RRGGBB of its ground. below: paragraphs under its text."""

    text: str
    bold: bool = False
    shade: str = ""
    size_pt: float | None = None
    font: str = ""
    below: str = ""


@dataclass(frozen=True)
class Row:
    """repeated: at the head of every page the table goes on to. A row never breaks over two pages."""

    cells: Sequence[Cell]
    repeated: bool = False
    least_height_cm: float = 0.0


def table(widths_cm: Sequence[float], rows: Iterable[Row]) -> str:
    widths = [_twips(width) for width in widths_cm]
    grid = "".join(f'<w:gridCol w:w="{width}"/>' for width in widths)
    return (
        '<w:tbl><w:tblPr><w:tblStyle w:val="TableGrid"/><w:tblW w:w="0" w:type="auto"/><w:jc w:val="center"/>'
        f'<w:tblLayout w:type="fixed"/></w:tblPr><w:tblGrid>{grid}</w:tblGrid>'
        f"{''.join(_row(row, widths) for row in rows)}</w:tbl>"
    )


def _row(row: Row, widths: Sequence[int]) -> str:
    height = f'<w:trHeight w:val="{_twips(row.least_height_cm)}"/>' if row.least_height_cm else ""
    repeated = "<w:tblHeader/>" if row.repeated else ""
    cells = "".join(_cell(cell, width) for cell, width in zip(row.cells, widths, strict=True))
    return f"<w:tr><w:trPr><w:cantSplit/>{height}{repeated}</w:trPr>{cells}</w:tr>"


def _cell(cell: Cell, width: int) -> str:
    shade = f'<w:shd w:val="clear" w:color="auto" w:fill="{cell.shade}"/>' if cell.shade else ""
    said = paragraph(run(cell.text, bold=cell.bold, size_pt=cell.size_pt, font=cell.font), style="Cell")
    return f'<w:tc><w:tcPr><w:tcW w:w="{width}" w:type="dxa"/>{shade}</w:tcPr>{said}{cell.below}</w:tc>'


def _twips(cm: float) -> int:
    return round(cm * TWIPS_A_CM)


# --- pictures


@dataclass(frozen=True)
class Picture:
    """A JPEG or PNG as it goes into the file, and how large its bytes say that it is."""

    held: bytes
    suffix: Literal[".jpg", ".png"]
    width_px: int
    height_px: int

    @classmethod
    def of(cls, held: bytes) -> "Picture":
        """Raises ValueError for anything that is not one of the two, or breaks off before its size."""
        if held.startswith(b"\x89PNG\r\n\x1a\n") and held[12:16] == b"IHDR":
            width, height = int.from_bytes(held[16:20]), int.from_bytes(held[20:24])
            if width and height:
                return cls(held, ".png", width, height)
        if held.startswith(b"\xff\xd8\xff"):
            return cls(held, ".jpg", *_jpeg_size(held))
        raise ValueError("neither JPEG nor PNG")


def _jpeg_size(held: bytes) -> tuple[int, int]:
    """From the frame header (ITU-T T.81 B.2.2), the first segment marked C0 to CF but for tables (C4, C8, CC)."""
    at = 2
    while at + 9 <= len(held) and held[at] == 0xFF:
        marker, length = held[at + 1], int.from_bytes(held[at + 2 : at + 4])
        if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
            height, width = int.from_bytes(held[at + 5 : at + 7]), int.from_bytes(held[at + 7 : at + 9])
            if width and height:
                return width, height
        at += 2 + length
    raise ValueError("a JPEG without a frame header")


def picture_run(name: str, picture: Picture, number: int, within_cm: tuple[float, float], described: str) -> str:
    """The picture in the line, in its own shape and as large as the space allows.

    name: under which `packed` is given the picture. number: its own in this document, from 1 on.
    """
    scale = min(within_cm[0] / picture.width_px, within_cm[1] / picture.height_px) * EMU_A_CM
    size = f'cx="{round(picture.width_px * scale)}" cy="{round(picture.height_px * scale)}"'
    named = f'id="{number}" name="Picture {number}"'
    told = quoteattr(NOT_IN_XML.sub("\ufffd", described))
    return (
        f'<w:r><w:drawing><wp:inline distT="0" distB="0" distL="0" distR="0"><wp:extent {size}/>'
        f"<wp:docPr {named} descr={told}/>"
        '<wp:cNvGraphicFramePr><a:graphicFrameLocks noChangeAspect="1"/></wp:cNvGraphicFramePr>'
        f'<a:graphic><a:graphicData uri="{DRAWING}/picture"><pic:pic>'
        f"<pic:nvPicPr><pic:cNvPr {named}/><pic:cNvPicPr/></pic:nvPicPr>"
        f'<pic:blipFill><a:blip r:embed="{name}"/><a:stretch><a:fillRect/></a:stretch></pic:blipFill>'
        f'<pic:spPr><a:xfrm><a:off x="0" y="0"/><a:ext {size}/></a:xfrm><a:prstGeom prst="rect"><a:avLst/>'
        "</a:prstGeom></pic:spPr></pic:pic></a:graphicData></a:graphic></wp:inline></w:drawing></w:r>"
    )


# --- the file


@dataclass(frozen=True)
class Properties:
    """What the file says of itself. at: aware UTC; it is the date of everything in it, whenever it is written."""

    title: str
    author: str
    comments: str
    language: str
    revision: int
    at: datetime


def packed(body: Iterable[str], foot: str, properties: Properties, pictures: Mapping[str, Picture]) -> bytes:
    """The whole file: A4 pages with `foot` under each. The same input gives the same bytes."""
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as file:
        for name, content in _parts(body, foot, properties, pictures):
            member = zipfile.ZipInfo(name, properties.at.timetuple()[:6])
            # pictures are compressed already
            member.compress_type = zipfile.ZIP_STORED if isinstance(content, bytes) else zipfile.ZIP_DEFLATED
            member.external_attr = 0o644 << 16
            file.writestr(member, content, compresslevel=COMPRESSION)
    return held.getvalue()


def _parts(
    body: Iterable[str], foot: str, properties: Properties, pictures: Mapping[str, Picture]
) -> Iterable[tuple[str, str | bytes]]:
    """Text parts as str, pictures as bytes. The content types come first, as readers of a stream expect."""
    yield "[Content_Types].xml", _content_types()
    yield (
        "_rels/.rels",
        _relationships(
            [
                ("document", f"{RELATIONSHIPS}/officeDocument", "word/document.xml"),
                ("core", f"{PACKAGE}/relationships/metadata/core-properties", "docProps/core.xml"),
            ]
        ),
    )
    yield "docProps/core.xml", _core(properties)
    yield "word/document.xml", _document(body)
    yield "word/footer.xml", f"{XML}<w:ftr {NAMESPACES}>{foot}</w:ftr>"
    for name in ("styles", "numbering", "settings"):
        yield f"word/{name}.xml", _fixed(name)
    targets = {name: f"media/{name}{picture.suffix}" for name, picture in pictures.items()}
    yield (
        "word/_rels/document.xml.rels",
        _relationships(
            [
                *((name, f"{RELATIONSHIPS}/{name}", f"{name}.xml") for name in ("styles", "numbering", "settings")),
                ("footer", f"{RELATIONSHIPS}/footer", "footer.xml"),
                *((name, f"{RELATIONSHIPS}/image", target) for name, target in targets.items()),
            ]
        ),
    )
    for name, picture in pictures.items():
        yield f"word/{targets[name]}", picture.held


@cache
def _fixed(name: str) -> str:
    return (FIXED_PARTS / f"{name}.xml").read_text("utf-8")


def _document(body: Iterable[str]) -> str:
    width, height = (_twips(side) for side in PAGE_CM)
    margin, foot = _twips(MARGIN_CM), _twips(MARGIN_CM / 2)
    return (
        f"{XML}<w:document {NAMESPACES}><w:body>{''.join(body)}"
        f'<w:sectPr><w:footerReference w:type="default" r:id="footer"/><w:pgSz w:w="{width}" w:h="{height}"/>'
        f'<w:pgMar w:top="{margin}" w:right="{margin}" w:bottom="{margin}" w:left="{margin}" w:header="{foot}"'
        f' w:footer="{foot}" w:gutter="0"/></w:sectPr></w:body></w:document>'
    )


def _content_types() -> str:
    overrides = {
        "word/document.xml": f"{CONTENT}.document.main+xml",
        "word/styles.xml": f"{CONTENT}.styles+xml",
        "word/numbering.xml": f"{CONTENT}.numbering+xml",
        "word/settings.xml": f"{CONTENT}.settings+xml",
        "word/footer.xml": f"{CONTENT}.footer+xml",
        "docProps/core.xml": "application/vnd.openxmlformats-package.core-properties+xml",
    }
    return (
        f'{XML}<Types xmlns="{PACKAGE}/content-types">'
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        '<Default Extension="xml" ContentType="application/xml"/>'
        '<Default Extension="jpg" ContentType="image/jpeg"/><Default Extension="png" ContentType="image/png"/>'
        + "".join(f'<Override PartName="/{name}" ContentType="{kind}"/>' for name, kind in overrides.items())
        + "</Types>"
    )


def _relationships(listed: Iterable[tuple[str, str, str]]) -> str:
    return (
        f'{XML}<Relationships xmlns="{PACKAGE}/relationships">'
        + "".join(f'<Relationship Id="{name}" Type="{kind}" Target="{target}"/>' for name, kind, target in listed)
        + "</Relationships>"
    )


def _core(properties: Properties) -> str:
    def said(text: str) -> str:
        return escape(NOT_IN_XML.sub("\ufffd", text))

    at = f"{properties.at:%Y-%m-%dT%H:%M:%SZ}"
    author = said(properties.author)
    return (
        f'{XML}<cp:coreProperties xmlns:cp="{PACKAGE}/metadata/core-properties"'
        ' xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:dcterms="http://purl.org/dc/terms/"'
        ' xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">'
        f"<dc:title>{said(properties.title)}</dc:title><dc:creator>{author}</dc:creator>"
        f"<dc:description>{said(properties.comments)}</dc:description>"
        f"<cp:lastModifiedBy>{author}</cp:lastModifiedBy><cp:revision>{properties.revision}</cp:revision>"
        f'<dcterms:created xsi:type="dcterms:W3CDTF">{at}</dcterms:created>'
        f'<dcterms:modified xsi:type="dcterms:W3CDTF">{at}</dcterms:modified>'
        f"<dc:language>{said(properties.language)}</dc:language></cp:coreProperties>"
    )
