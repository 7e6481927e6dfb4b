"""The paper of a draft: every text comes out as it went in, and a picture is what its bytes say, or refused."""

import io
import zipfile
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import cv2
import numpy as np
import pytest
from docx import Document
from docx.document import Document as ReadDocument
from docx.oxml.ns import qn
from docx.oxml.parser import parse_xml

from cases.draft_paper import Cell, DraftPaper, Hand, Picture, Properties, Row, Style

AT = datetime(2026, 3, 2, 4, 12, tzinfo=UTC)
PROPERTIES = Properties("标题 & <title>", "streetwitness", "no \x0b effect" + "!" * 300, "zh-CN", 2, AT)


def packed_with(fill: Callable[[DraftPaper], None]) -> bytes:
    paper = DraftPaper(PROPERTIES)
    paper.foot("案件 & <page> ", " 页")
    fill(paper)
    return paper.packed()


def filled(fill: Callable[[DraftPaper], None]) -> ReadDocument:
    return Document(io.BytesIO(packed_with(fill)))


def encoded(suffix: str, *options: int, width: int = 400, height: int = 300) -> bytes:
    picture = np.full((height, width, 3), 90, np.uint8)
    return cv2.imencode(suffix, picture, list(options))[1].tobytes()


JPEG, PNG = encoded(".jpg"), encoded(".png")


def everything(paper: DraftPaper) -> None:
    paper.paragraph("Title", style=Style.TITLE)
    head = Row([Cell("a", head=True, shade="F1F3F5"), Cell("b")], repeated=True, least_height_cm=1.0)
    paper.table((4.0, 5.0), [head, Row([Cell(("c", Hand.DIGEST)), Cell("d", note="below")])])
    paper.picture(Picture.of(JPEG), 'a "still" <of> it')
    paper.paragraph("signed here", new_page=True)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        pytest.param("京A·12345 <b>&amp;\"'</b> ]]>", "京A·12345 <b>&amp;\"'</b> ]]>", id="markup"),
        pytest.param("  two  spaces  ", "  two  spaces  ", id="spaces"),
        pytest.param("a\tb\nc\r\nd\re", "a\tb\nc\nd\ne", id="tabs_and_line_breaks"),
        pytest.param("a\x00b\x1bc\ud800d\uffffe", "a\ufffdb\ufffdc\ufffdd\ufffde", id="what_xml_cannot_hold"),
        pytest.param("𠮷野家 🚗", "𠮷野家 🚗", id="beyond_the_first_plane"),
        pytest.param("", "", id="nothing"),
    ],
)
def test_a_text_is_read_as_it_was_written(text: str, shown: str) -> None:
    def fill(paper: DraftPaper) -> None:
        paper.paragraph(text, (text, Hand.SMALL))
        paper.table((4.0,), [Row([Cell(text, note=text)])])

    document = filled(fill)
    assert document.paragraphs[0].text == shown * 2
    assert document.tables[0].cell(0, 0).text == (f"{shown}\n{shown}" if text else "")
    for each in document.element.body.iter(qn("w:t")):  # else Word drops the spaces at its ends
        assert str(each) == str(each).strip() or each.get(qn("xml:space")) == "preserve"


def test_every_relation_leads_to_a_part_and_every_part_is_declared() -> None:
    with zipfile.ZipFile(io.BytesIO(packed_with(everything))) as file:
        names = set(file.namelist())
        parts = {name: parse_xml(file.read(name)) for name in names if name.endswith((".xml", ".rels"))}
    declared = {each.get("PartName", "").lstrip("/") for each in parts["[Content_Types].xml"] if each.get("PartName")}
    assert declared < names
    targets = {f"word/{each.get('Target')}" for each in parts["word/_rels/document.xml.rels"]}
    targets |= {each.get("Target", "") for each in parts["_rels/.rels"]}
    assert targets == {name for name in names if not name.endswith(".rels")} - {"[Content_Types].xml"}


def test_every_style_that_is_named_is_there() -> None:
    def fill(paper: DraftPaper) -> None:
        everything(paper)
        for style in Style:
            paper.paragraph("x", *(("y", hand) for hand in Hand), style=style)

    document = filled(fill)
    defined = {style.style_id for style in document.styles}
    named = {each.get(qn("w:val")) for each in document.element.body.iter(*map(qn, ("w:pStyle", "w:rStyle")))}
    assert {*Style, *Hand} - {Style.NORMAL} == named
    assert {*named, *Style, "TableGrid"} <= defined


def test_a_head_comes_again_on_every_page_and_no_row_is_broken() -> None:
    rows = [Row([Cell("head")], repeated=True), Row([Cell("row")])]
    document = filled(lambda paper: paper.table((4.0,), rows))
    marks = [[child.tag for child in row._tr.trPr] for row in document.tables[0].rows]
    assert marks == [[qn("w:cantSplit"), qn("w:tblHeader")], [qn("w:cantSplit")]]


def test_the_columns_are_as_wide_as_asked() -> None:
    document = filled(everything)
    (table,) = document.tables
    for row in table.rows:
        assert [round(cell.width.cm, 1) for cell in row.cells if cell.width] == [4.0, 5.0]


def test_each_page_has_its_number_at_the_foot() -> None:
    (foot,) = filled(everything).sections[0].footer.paragraphs
    assert foot.text == "案件 & <page>  页"
    assert foot.style is not None
    assert foot.style.name == "Footer"
    fields = [run._r for run in foot.runs if run._r.find(qn("w:instrText")) is not None]
    assert [field.find(qn("w:instrText")).text for field in fields] == ["PAGE"]


def test_two_papers_do_not_mix() -> None:
    one, other = DraftPaper(PROPERTIES), DraftPaper(PROPERTIES)
    one.foot("one ", "")
    one.paragraph("one")
    other.paragraph("other")
    document = Document(io.BytesIO(other.packed()))
    assert [paragraph.text for paragraph in document.paragraphs] == ["other"]
    assert document.sections[0].footer.paragraphs[0].text == ""


@pytest.mark.parametrize(
    "held",
    [
        pytest.param(JPEG, id="jpeg"),
        pytest.param(encoded(".jpg", cv2.IMWRITE_JPEG_PROGRESSIVE, 1), id="progressive_jpeg"),
        pytest.param(PNG, id="png"),
    ],
)
def test_a_picture_is_as_large_as_its_bytes_say(held: bytes) -> None:
    picture = Picture.of(held)
    assert (picture.width_px, picture.height_px) == (400, 300)


@pytest.mark.parametrize(
    "held",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"<svg/>" + bytes(20), id="not_a_picture"),
        pytest.param(JPEG[:20], id="jpeg_cut_off"),
        pytest.param(JPEG[:3], id="three_bytes"),
        pytest.param(b"\xff\xd8\xff\xe0\x00\x00" + bytes(40), id="jpeg_of_zeros"),
        pytest.param(PNG[:20], id="png_cut_off"),
        pytest.param(PNG[:16] + bytes(8) + PNG[24:], id="png_without_size"),
    ],
)
def test_what_is_no_picture_is_refused(held: bytes) -> None:
    with pytest.raises(ValueError, match=r"python-docx says|no size"):
        Picture.of(held)


@pytest.mark.parametrize(
    ("size", "cm"),
    [
        pytest.param((1920, 1080), (14.5, 8.16), id="wide"),
        pytest.param((300, 600), (4.75, 9.5), id="high"),
        pytest.param((40, 30), (12.67, 9.5), id="small"),
    ],
)
def test_a_picture_keeps_its_shape_within_the_space(size: tuple[int, int], cm: tuple[float, float]) -> None:
    picture = Picture.of(encoded(".jpg", width=size[0], height=size[1]))
    (shape,) = filled(lambda paper: paper.picture(picture, "")).inline_shapes
    assert (shape.width.cm, shape.height.cm) == pytest.approx(cm, abs=0.01)


def test_a_picture_is_in_the_file_once_as_it_was_given_and_described_wherever_it_is_shown() -> None:
    def fill(paper: DraftPaper) -> None:
        for described in ('a "still"', "the same \x00 again"):
            paper.picture(Picture.of(JPEG), described)

    held = packed_with(fill)
    shapes = Document(io.BytesIO(held)).inline_shapes
    properties: list[Any] = [shape._inline.docPr for shape in shapes]
    assert [each.get("descr") for each in properties] == ['a "still"', "the same \ufffd again"]
    assert len({each.get("id") for each in properties}) == 2
    with zipfile.ZipFile(io.BytesIO(held)) as file:
        assert [file.read(name) for name in file.namelist() if "media/" in name] == [JPEG]


def test_the_file_says_of_itself_what_it_was_told() -> None:
    properties = filled(everything).core_properties
    assert (properties.title, properties.author, properties.revision) == ("标题 & <title>", "streetwitness", 2)
    assert properties.comments is not None
    assert properties.comments.startswith("no \ufffd effect!")
    assert properties.language == "zh-CN"
    assert properties.created == properties.modified == AT


def test_bytes_follow_from_what_was_set_and_when_and_from_nothing_else() -> None:
    assert packed_with(everything) == packed_with(everything)
    later = Properties("标题", "streetwitness", "", "zh-CN", 2, AT + timedelta(minutes=2))
    with zipfile.ZipFile(io.BytesIO(DraftPaper(later).packed())) as file:
        assert {member.date_time for member in file.infolist()} == {(2026, 3, 2, 4, 14, 0)}
