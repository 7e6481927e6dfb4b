"""The templates that come with the program, as layouts: what stands where on each paper, and the DOCX made of it.

The files in cases/papers/templates are what `python -m cases.papers.template_layouts` writes and nothing else, so their
origin is plain. A bureau edits a copy in Word; docs/papers.md names what a template may ask for.
"""

import io
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

from docx import Document
from docx.document import Document as DocxDocument
from docx.enum.style import WD_STYLE_TYPE
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.opc.constants import RELATIONSHIP_TYPE
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Cm, Pt, RGBColor
from docx.styles.style import ParagraphStyle
from docx.table import Table

from cases.papers.kinds import KINDS, OF, Place
from cases.papers.packing import repacked
from models.enums import PaperKind

FOLDER = Path(__file__).parent / "templates"
BODY_FONT, HEADING_FONT, TITLE_FONT, LATIN_FONT = "仿宋", "黑体", "宋体", "Times New Roman"
GREY = RGBColor(0x4A, 0x50, 0x58)
MARGIN_CM = 2.4
MADE_ON = datetime(2026, 11, 23, tzinfo=UTC)  # of the layouts; it stands in the properties of every file
KEPT_STYLES = ("Normal", "Default Paragraph Font", "Normal Table", "No List", "Table Grid")
KEPT_PARTS = (
    RELATIONSHIP_TYPE.OFFICE_DOCUMENT,
    RELATIONSHIP_TYPE.CORE_PROPERTIES,
    RELATIONSHIP_TYPE.STYLES,
    RELATIONSHIP_TYPE.SETTINGS,
)
SIGN = "Sign "  # a paragraph in the style `Sign leader` is where the leader's name goes


@dataclass(frozen=True)
class Piece:
    """Something on a paper. block: which of the content's lists it shows; head: what stands above it."""

    how: str
    block: str = ""
    head: str = ""
    text: str = ""


def _list(block: str, head: str = "") -> Piece:
    return Piece("list", block, head)


def _text(text: str) -> Piece:
    return Piece("text", text=text)


FIELDS = Piece("fields")
TO_PARTY = Piece("to")
POINTS = Piece("points", "points", "陈述申辩及复核")
GOODS = Piece("goods", "goods", "物品清单")
STEPS = Piece("steps", "steps", "办理经过")
OPINIONS = Piece("opinions", "opinions", "审批意见")
QUESTIONS = Piece("questions", "questions")
CORRECTIONS = _list("corrections", "宣读（阅读）后的更正和补充")
CLOSING = Piece("closing", "closing")
PICTURES = Piece("pictures", "pictures", "现场照片")
SIGNATURES = Piece("signatures")
SEAL = Piece("seal")

LAYOUTS: dict[PaperKind, tuple[Piece, ...]] = {
    PaperKind.FILING_APPROVAL: (
        FIELDS,
        _list("facts", "案情及线索"),
        _list("law", "涉嫌违反的规定"),
        _list("reasons", "承办意见"),
        OPINIONS,
        SIGNATURES,
    ),
    PaperKind.INSPECTION_RECORD: (
        FIELDS,
        _list("facts", "检查（勘验）情况"),
        PICTURES,
        _list("rights", "告知事项"),
        CORRECTIONS,
        CLOSING,
        SIGNATURES,
    ),
    PaperKind.INQUIRY_RECORD: (
        FIELDS,
        _list("rights", "告知事项"),
        QUESTIONS,
        CORRECTIONS,
        CLOSING,
        SIGNATURES,
    ),
    PaperKind.CORRECTION_ORDER: (
        TO_PARTY,
        FIELDS,
        _list("facts", "经查明的事实"),
        _list("law", "依据"),
        _list("outcome", "责令"),
        _list("rights", "权利告知"),
        SEAL,
        SIGNATURES,
    ),
    PaperKind.SEIZURE_DECISION: (
        TO_PARTY,
        FIELDS,
        _list("facts", "事实"),
        _list("reasons", "理由和依据"),
        _list("outcome", "决定"),
        GOODS,
        _list("rights", "期限和权利告知"),
        SEAL,
        SIGNATURES,
    ),
    PaperKind.SEIZURE_LIST: (FIELDS, GOODS, _list("rights"), _text("上述物品经核对无误。"), SIGNATURES),
    PaperKind.RELEASE_DECISION: (
        TO_PARTY,
        FIELDS,
        _list("outcome", "决定"),
        GOODS,
        _text("上述物品已核对领回。"),
        SEAL,
        SIGNATURES,
    ),
    PaperKind.INVESTIGATION_REPORT: (
        FIELDS,
        _list("facts", "违法事实"),
        _list("evidence", "证据"),
        _list("law", "违反的规定和处罚依据"),
        STEPS,
        PICTURES,
        _list("reasons", "承办意见"),
        OPINIONS,
        SIGNATURES,
    ),
    PaperKind.LEGAL_OPINION: (
        FIELDS,
        _list("evidence", "送审的证据"),
        _list("law", "适用的规定"),
        _list("reasons", "审核意见"),
        OPINIONS,
        SIGNATURES,
    ),
    PaperKind.PENALTY_NOTICE: (
        TO_PARTY,
        FIELDS,
        _list("facts", "违法事实"),
        _list("evidence", "证据"),
        _list("law", "依据"),
        _list("reasons", "理由"),
        _list("outcome", "拟作出的行政处罚"),
        _list("rights", "权利告知"),
        _text("联系地址：{{ bureau.address }}　联系电话：{{ bureau.phone }}"),
        SEAL,
        SIGNATURES,
    ),
    PaperKind.DEFENCE_RECORD: (
        FIELDS,
        POINTS,
        _list("rights"),
        _text("以上笔录已阅（已向我宣读），与我所述相符。"),
        SIGNATURES,
    ),
    PaperKind.DEFENCE_REVIEW: (FIELDS, POINTS, _list("reasons", "复核意见"), SIGNATURES),
    PaperKind.HEARING_NOTICE: (
        TO_PARTY,
        _text("你（单位）要求的听证，现通知如下："),
        FIELDS,
        _list("rights", "权利告知"),
        SEAL,
        SIGNATURES,
    ),
    PaperKind.HEARING_RECORD: (
        FIELDS,
        _list("rights", "告知事项"),
        QUESTIONS,
        _list("minutes", "听证经过"),
        _list("reasons", "听证主持人意见"),
        CORRECTIONS,
        CLOSING,
        SIGNATURES,
    ),
    PaperKind.DECISION: (
        FIELDS,
        _list("facts", "违法事实和办理经过"),
        _list("evidence", "证据"),
        POINTS,
        _list("law", "依据"),
        _list("reasons", "理由"),
        _list("outcome", "处罚决定"),
        _list("rights", "履行方式、期限和救济途径"),
        SEAL,
        SIGNATURES,
    ),
    PaperKind.SPOT_DECISION: (
        FIELDS,
        _list("facts", "违法事实"),
        POINTS,
        _list("law", "依据"),
        _list("reasons", "理由"),
        _list("outcome", "处罚决定"),
        _list("rights", "履行方式、期限和救济途径"),
        SEAL,
        SIGNATURES,
    ),
    PaperKind.NO_PENALTY_DECISION: (
        FIELDS,
        _list("facts", "查明的事实"),
        _list("evidence", "证据"),
        _list("law", "相关规定"),
        _list("reasons", "理由"),
        _list("outcome", "决定"),
        _list("rights", "教育和救济途径"),
        SEAL,
        SIGNATURES,
    ),
    PaperKind.PAYMENT_NOTICE: (TO_PARTY, FIELDS, _list("rights", "缴款须知"), SEAL),
    PaperKind.SERVICE_RECEIPT: (FIELDS, SIGNATURES),
    PaperKind.DEMAND: (
        TO_PARTY,
        FIELDS,
        _list("facts", "事实"),
        _list("outcome", "应履行的义务"),
        _list("rights", "期限和权利告知"),
        _text("缴款：{{ bureau.pay_to }}"),
        SEAL,
        SIGNATURES,
    ),
    PaperKind.COURT_APPLICATION: (
        _text("申请人：{{ bureau.name }}，地址：{{ bureau.address }}，电话：{{ bureau.phone }}"),
        FIELDS,
        _list("facts", "事实和理由"),
        _list("law", "行政决定的依据"),
        _list("outcome", "申请事项"),
        SEAL,
        SIGNATURES,
    ),
    PaperKind.CLOSING_REPORT: (
        FIELDS,
        _list("outcome", "处理决定"),
        _list("facts", "执行情况"),
        STEPS,
        _text("拟予结案。"),
        OPINIONS,
        SIGNATURES,
    ),
    PaperKind.VOLUME_COVER: (FIELDS,),
    PaperKind.WINDOW_SLIP: (
        FIELDS,
        _list("facts", "情况"),
        _list("law", "依据"),
        _list("rights", "权利告知"),
        _text("请联系：{{ bureau.name }}，{{ bureau.address }}，{{ bureau.phone }}"),
        SEAL,
    ),
}


def file_name(kind: PaperKind) -> str:
    return f"{kind.value}.docx"


def written(kind: PaperKind) -> bytes:
    """The template of this kind; the same bytes each time."""
    document = Document(io.BytesIO(_prepared()))
    _paragraph(document, "{{ bureau.name }}", "Bureau")
    _paragraph(document, "{{ paper.name }}", "Title")
    if OF[kind].series is not None or kind is PaperKind.SEIZURE_LIST:
        _paragraph(document, "{{ paper.number }}", "Number")
    else:
        _paragraph(document, "案件编号：{{ case.number }}", "Number")
    for piece in LAYOUTS[kind]:
        WRITERS[piece.how](document, piece, kind)
    _sources(document)
    properties = document.core_properties
    properties.title, properties.author, properties.comments = OF[kind].name, "StreetWitness", ""
    properties.language = "zh-CN"
    properties.created = properties.modified = MADE_ON.replace(tzinfo=None)
    saved = io.BytesIO()
    document.save(saved)
    return repacked(saved.getvalue())


def write_all(folder: Path = FOLDER) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for kind in KINDS:
        (folder / file_name(kind.kind)).write_bytes(written(kind.kind))


# --- pieces


def _write_list(document: DocxDocument, piece: Piece, _kind: PaperKind) -> None:
    _if(document, piece)
    _paragraph(document, f"{{%p for each in {piece.block} %}}")
    _sentence(document, "{{ each.text }}", "{{ each.marks }}")
    _paragraph(document, "{%p endfor %}")
    _endif(document)


def _write_text(document: DocxDocument, piece: Piece, _kind: PaperKind) -> None:
    _paragraph(document, piece.text, "Said")


def _write_to(document: DocxDocument, _piece: Piece, _kind: PaperKind) -> None:
    _paragraph(document, "{{ party.name }}：", "To")


def _write_fields(document: DocxDocument, _piece: Piece, _kind: PaperKind) -> None:
    table = _table(document, (3.8, 12.4), heads=())
    _row(table, ("{%tr for each in fields %}", ""))
    row = _row(table, ("{{ each.label }}", "{{ each.text }} "), marks="{{ each.marks }}")
    row.cells[0].paragraphs[0].style = "Cell Head"
    _row(table, ("{%tr endfor %}", ""))
    _paragraph(document, "")


def _write_points(document: DocxDocument, piece: Piece, _kind: PaperKind) -> None:
    heads, names = ("序号", "陈述申辩内容", "提出", "复核"), ("number", "text", "said", "answer")
    _loop_table(document, piece, (1.2, 6.0, 3.2, 5.8), heads, names)


def _write_goods(document: DocxDocument, piece: Piece, _kind: PaperKind) -> None:
    heads = ("编号", "名称", "类别", "数量", "单位", "状况", "备注")
    names = ("number", "name", "kind", "quantity", "unit", "condition", "remarks")
    _loop_table(document, piece, (3.6, 2.6, 1.6, 1.4, 1.4, 3.0, 2.6), heads, names)


def _write_steps(document: DocxDocument, piece: Piece, _kind: PaperKind) -> None:
    _loop_table(document, piece, (5.0, 7.2, 4.0), ("日期", "事项", "办理人"), ("on", "act", "who"))


def _write_opinions(document: DocxDocument, piece: Piece, _kind: PaperKind) -> None:
    heads, names = ("环节", "姓名", "意见", "理由", "时间"), ("role", "name", "verdict", "reason", "at")
    _loop_table(document, piece, (2.4, 2.2, 1.6, 6.0, 4.0), heads, names)


def _write_questions(document: DocxDocument, piece: Piece, _kind: PaperKind) -> None:
    _paragraph(document, f"{{%p for each in {piece.block} %}}")
    _paragraph(document, "{{ each.number }}．问：{{ each.text }}", "Said")
    answer = _paragraph(document, "答：{{ each.answer }} ", "Said")
    answer.add_run("{{ each.marks }}", style="Mark")
    _paragraph(document, "{%p endfor %}")


def _write_closing(document: DocxDocument, piece: Piece, _kind: PaperKind) -> None:
    """What the person signs; of a record with the mark of the record, on a form without one."""
    _paragraph(document, f"{{%p for each in {piece.block} %}}")
    _paragraph(document, "{{ each.text }} ", "Said").add_run("{{ each.marks }}", style="Mark")
    _paragraph(document, "{%p endfor %}")


def _write_pictures(document: DocxDocument, piece: Piece, _kind: PaperKind) -> None:
    _if(document, piece)
    _paragraph(document, "{%p for each in pictures %}")
    _paragraph(document, "{{ each.image }}", "Picture")
    caption = _paragraph(document, "{{ each.text }} ", "Caption")
    caption.add_run("{{ each.marks }}", style="Mark")
    _paragraph(document, "{%p endfor %}")
    _endif(document)


def _write_signatures(document: DocxDocument, _piece: Piece, kind: PaperKind) -> None:
    """A row for each place: who is to sign, and where."""
    _paragraph(document, "")
    table = _table(document, (7.2, 9.0), heads=())
    for place in OF[kind].places:
        row: Any = table.add_row()  # type: ignore[no-untyped-call]
        row.height = Cm(1.5)
        _cell(
            row.cells[0], f"{{{{ sign.{place.value}.title }}}}（签名）：{{{{ sign.{place.value}.name }}}}", "Cell Head"
        )
        _cell(row.cells[1], "　　　　　　　　　年　　月　　日", f"{SIGN}{place.value}")


def _write_seal(document: DocxDocument, _piece: Piece, _kind: PaperKind) -> None:
    _paragraph(document, "{{ bureau.name }}（印章）", "Seal")
    _paragraph(document, "　　　　年　　月　　日", "Seal")


def _sources(document: DocxDocument) -> None:
    _paragraph(document, "{%p if sources %}")
    _paragraph(document, "依据的证据、记录和条文", "Heading")
    _paragraph(document, "{%p for each in sources %}")
    _paragraph(document, "[{{ each.mark }}]　{{ each.text }}", "Source")
    _paragraph(document, "{%p endfor %}")
    _paragraph(document, "{%p endif %}")


WRITERS: dict[str, Any] = {
    "list": _write_list,
    "text": _write_text,
    "to": _write_to,
    "fields": _write_fields,
    "points": _write_points,
    "goods": _write_goods,
    "steps": _write_steps,
    "opinions": _write_opinions,
    "questions": _write_questions,
    "closing": _write_closing,
    "pictures": _write_pictures,
    "signatures": _write_signatures,
    "seal": _write_seal,
}


def _if(document: DocxDocument, piece: Piece) -> None:
    _paragraph(document, f"{{%p if {piece.block} %}}")
    if piece.head:
        _paragraph(document, piece.head, "Heading")


def _endif(document: DocxDocument) -> None:
    _paragraph(document, "{%p endif %}")


def _loop_table(
    document: DocxDocument, piece: Piece, widths_cm: Sequence[float], heads: Sequence[str], names: Sequence[str]
) -> None:
    """A table with a row for each entry of the block, and nothing at all where there is none."""
    _if(document, piece)
    table = _table(document, widths_cm, heads)
    _row(table, (f"{{%tr for each in {piece.block} %}}", *("" for _ in names[1:])))
    said = tuple(f"{{{{ each.{name} }}}}" for name in names)
    _row(table, (*said[:-1], f"{said[-1]} "), marks="{{ each.marks }}")
    _row(table, ("{%tr endfor %}", *("" for _ in names[1:])))
    _paragraph(document, "")
    _endif(document)


def _table(document: DocxDocument, widths_cm: Sequence[float], heads: Sequence[str]) -> Table:
    table: Table = document.add_table(rows=0, cols=len(widths_cm), style="Table Grid")
    table.autofit = False
    for column, width in zip(table.columns, widths_cm, strict=True):
        column.width = Cm(width)
    if heads:
        row = _row(table, heads)
        for cell in row.cells:
            cell.paragraphs[0].style = "Cell Head"
        repeated = OxmlElement("w:tblHeader")
        row._tr.get_or_add_trPr().append(repeated)  # noqa: SLF001 - python-docx cannot say that a row is repeated
    return table


def _row(table: Table, texts: Sequence[str], marks: str = "") -> Any:
    row: Any = table.add_row()  # type: ignore[no-untyped-call]
    unbroken = OxmlElement("w:cantSplit")
    row._tr.get_or_add_trPr().append(unbroken)  # noqa: SLF001
    for cell, text in zip(row.cells, texts, strict=True):
        _cell(cell, text, "Cell")
    if marks:
        row.cells[-1].paragraphs[0].add_run(marks, style="Mark")
    return row


def _cell(cell: Any, text: str, style: str) -> None:
    cell.paragraphs[0].add_run(text)
    cell.paragraphs[0].style = style


def _paragraph(document: DocxDocument, text: str, style: str = "Normal") -> Any:
    return document.add_paragraph(text, style)


def _sentence(document: DocxDocument, text: str, marks: str) -> None:
    _paragraph(document, f"{text} ", "Fact").add_run(marks, style="Mark")


# --- what all templates share


@cache
def _prepared() -> bytes:
    """An empty paper: the library's own template with our page and styles, and nothing else of it."""
    document = Document()
    package = document.part.package
    assert package is not None
    for relations in (package.rels, document.part.rels):
        for name in [name for name, relation in relations.items() if relation.reltype not in KEPT_PARTS]:
            del relations[name]
    for style in list(document.styles):
        if style.name not in KEPT_STYLES:
            style.delete()
    _set_styles(document)
    _set_page(document)
    saved = io.BytesIO()
    document.save(saved)
    return saved.getvalue()


def _set_styles(document: DocxDocument) -> None:
    normal = document.styles["Normal"]
    assert isinstance(normal, ParagraphStyle)
    _font(normal, 12, BODY_FONT)
    normal.paragraph_format.space_after = Pt(2)
    # without it the same characters come in the shapes of another region
    language = OxmlElement("w:lang", {qn("w:val"): "en-US", qn("w:eastAsia"): "zh-CN"})
    normal.element.get_or_add_rPr().append(language)
    center, right = WD_ALIGN_PARAGRAPH.CENTER, WD_ALIGN_PARAGRAPH.RIGHT
    bureau = _style(document, "Bureau", 16, TITLE_FONT, align=center)
    bureau.font.bold = True
    title = _style(document, "Title", 20, TITLE_FONT, align=center, after=6)
    title.font.bold = True
    _style(document, "Number", 12, BODY_FONT, align=center, after=10)
    heading = _style(document, "Heading", 12.5, HEADING_FONT, before=8)
    heading.paragraph_format.keep_with_next = True
    for name in ("Fact", "Said"):
        _style(document, name, 12, BODY_FONT).paragraph_format.first_line_indent = Pt(24)
    _style(document, "To", 12, BODY_FONT, after=6)
    seal = _style(document, "Seal", 12, BODY_FONT, align=right, before=10)
    seal.paragraph_format.keep_with_next = True
    source = _style(document, "Source", 9, BODY_FONT)
    source.font.color.rgb = GREY
    _style(document, "Picture", 12, BODY_FONT, align=center).paragraph_format.keep_with_next = True
    _style(document, "Caption", 9, BODY_FONT, align=center, after=6).font.color.rgb = GREY
    _style(document, "Cell", 10.5, BODY_FONT)
    _style(document, "Cell Head", 10.5, HEADING_FONT)
    _style(document, "Footer", 9, BODY_FONT, align=center).font.color.rgb = GREY
    for place in Place:
        sign = _style(document, f"{SIGN}{place.value}", 10.5, BODY_FONT, align=right)
        sign.font.color.rgb = GREY
    mark = document.styles.add_style("Mark", WD_STYLE_TYPE.CHARACTER)
    mark.font.size, mark.font.color.rgb = Pt(8), GREY


def _style(
    document: DocxDocument,
    name: str,
    size_pt: float,
    font: str,
    *,
    align: WD_ALIGN_PARAGRAPH | None = None,
    before: float = 0,
    after: float = 2,
) -> ParagraphStyle:
    style = document.styles.add_style(name, WD_STYLE_TYPE.PARAGRAPH, builtin=name in ("Title", "Caption", "Footer"))
    assert isinstance(style, ParagraphStyle)
    style.base_style = document.styles["Normal"]
    style.hidden, style.quick_style = False, True
    _font(style, size_pt, font)
    style.paragraph_format.alignment = align
    style.paragraph_format.space_before, style.paragraph_format.space_after = Pt(before), Pt(after)
    return style


def _font(style: ParagraphStyle, size_pt: float, east_asian: str) -> None:
    """Word takes the font of Chinese characters from w:eastAsia, which python-docx does not set."""
    style.font.name, style.font.size = LATIN_FONT, Pt(size_pt)
    style.element.get_or_add_rPr().get_or_add_rFonts().set(qn("w:eastAsia"), east_asian)


def _set_page(document: DocxDocument) -> None:
    section = document.sections[0]
    section.page_width, section.page_height = Cm(21.0), Cm(29.7)
    margin = Cm(MARGIN_CM)
    section.left_margin = section.right_margin = section.top_margin = section.bottom_margin = margin
    foot = section.footer.paragraphs[0]
    foot.style = "Footer"
    foot.add_run("{{ paper.name }}　{{ paper.number or case.number }}　第 ")
    for kind, instruction in (("begin", ""), ("", "PAGE"), ("end", "")):
        foot.add_run()._r.append(_page_field(kind, instruction))  # noqa: SLF001 - python-docx has no fields of its own
    foot.add_run(" 页")


def _page_field(kind: str, instruction: str) -> Any:
    if kind:
        return OxmlElement("w:fldChar", {qn("w:fldCharType"): kind})
    element = OxmlElement("w:instrText", {qn("xml:space"): "preserve"})
    element.text = instruction
    return element


if __name__ == "__main__":
    write_all()
