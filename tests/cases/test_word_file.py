"""The Word file: every text comes out as it went in, and a picture is what its bytes say, or refused."""

import io
import zipfile
from datetime import UTC, datetime
from typing import Any

import cv2
import numpy as np
import pytest
from docx import Document
from docx.document import Document as ReadDocument
from docx.oxml.ns import qn
from docx.oxml.parser import parse_xml

from cases.word_file import Cell, Picture, Properties, Row, packed, page_number, paragraph, picture_run, run, table

AT = datetime(2026, 3, 2, 4, 12, tzinfo=UTC)
PROPERTIES = Properties("标题 & <title>", "streetwitness", "no \x0b effect", "zh-CN", 2, AT)


def packed_with(*body: str, pictures: dict[str, Picture] | None = None) -> bytes:
    return packed(body, paragraph(page_number(size_pt=9, colour="000000"), style="Footer"), PROPERTIES, pictures or {})


def read(held: bytes) -> ReadDocument:
    return Document(io.BytesIO(held))


def encoded(suffix: str, *options: int, width: int = 400, height: int = 300) -> bytes:
    picture = np.full((height, width, 3), 90, np.uint8)
    return cv2.imencode(suffix, picture, list(options))[1].tobytes()


JPEG, PNG = encoded(".jpg"), encoded(".png")


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
    document = read(packed_with(paragraph(run(text)), table((4.0,), [Row([Cell(text)])])))
    assert document.paragraphs[0].text == shown
    assert document.tables[0].cell(0, 0).text == shown


def test_every_part_is_xml_and_every_relation_leads_to_a_part() -> None:
    held = packed_with(
        paragraph(run("Title"), style="Title"),
        table((4.0, 4.0), [Row([Cell("a", bold=True, shade="F1F3F5"), Cell("b")], repeated=True, least_height_cm=1.0)]),
        paragraph(picture_run("one", Picture.of(JPEG), 1, (14.5, 9.5), 'a "still" <of> it')),
        pictures={"one": Picture.of(JPEG)},
    )
    with zipfile.ZipFile(io.BytesIO(held)) as file:
        names = set(file.namelist())
        parts = {name: parse_xml(file.read(name)) for name in names if name.endswith((".xml", ".rels"))}
    declared = {each.get("PartName", "").lstrip("/") for each in parts["[Content_Types].xml"] if each.get("PartName")}
    assert declared < names
    targets = {f"word/{each.get('Target')}" for each in parts["word/_rels/document.xml.rels"]}
    assert targets == {name for name in names if name.startswith("word/")} - {
        "word/document.xml",
        "word/_rels/document.xml.rels",
    }


def test_each_style_that_is_used_is_defined() -> None:
    styles: tuple[Any, ...] = ("Normal", "Title", "Heading1", "Heading2", "ListBullet", "Footer", "Cell")
    document = read(packed_with(*(paragraph(run("x"), style=style) for style in styles), table((4.0,), [])))
    defined = {style.style_id for style in document.styles}
    assert {*styles, "TableGrid"} <= defined
    assert [paragraph.style.style_id for paragraph in document.paragraphs if paragraph.style] == list(styles)


def test_a_head_comes_again_on_every_page_and_no_row_is_broken() -> None:
    document = read(packed_with(table((4.0,), [Row([Cell("head")], repeated=True), Row([Cell("row")])])))
    marks = [[child.tag for child in row._tr.trPr] for row in document.tables[0].rows]
    assert marks == [[qn("w:cantSplit"), qn("w:tblHeader")], [qn("w:cantSplit")]]


@pytest.mark.parametrize(
    ("held", "suffix"),
    [
        pytest.param(JPEG, ".jpg", id="jpeg"),
        pytest.param(encoded(".jpg", cv2.IMWRITE_JPEG_PROGRESSIVE, 1), ".jpg", id="progressive_jpeg"),
        pytest.param(JPEG[:2] + b"\xff\xe1\x00\x10" + bytes(14) + JPEG[2:], ".jpg", id="jpeg_with_a_foreign_segment"),
        pytest.param(PNG, ".png", id="png"),
    ],
)
def test_a_picture_is_as_large_as_its_bytes_say(held: bytes, suffix: str) -> None:
    picture = Picture.of(held)
    assert (picture.suffix, picture.width_px, picture.height_px) == (suffix, 400, 300)


@pytest.mark.parametrize(
    "held",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"GIF89a" + bytes(20), id="gif"),
        pytest.param(JPEG[:20], id="jpeg_cut_off"),
        pytest.param(b"\xff\xd8\xff\xe0\x00\x00" + bytes(40), id="jpeg_of_zeros"),
        pytest.param(PNG[:20], id="png_cut_off"),
        pytest.param(PNG[:16] + bytes(8) + PNG[24:], id="png_without_size"),
    ],
)
def test_what_is_no_picture_is_refused(held: bytes) -> None:
    with pytest.raises(ValueError, match="JPEG"):
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
    document = read(packed_with(paragraph(picture_run("p", picture, 1, (14.5, 9.5), "")), pictures={"p": picture}))
    (shape,) = document.inline_shapes
    assert (shape.width.cm, shape.height.cm) == pytest.approx(cm, abs=0.01)


def test_a_picture_shown_twice_is_in_the_file_once() -> None:
    picture = Picture.of(JPEG)
    runs = [picture_run("p", picture, number, (14.5, 9.5), "") for number in (1, 2)]
    held = packed_with(paragraph(*runs), pictures={"p": picture})
    assert len(read(held).inline_shapes) == 2
    with zipfile.ZipFile(io.BytesIO(held)) as file:
        assert [name for name in file.namelist() if "media/" in name] == ["word/media/p.jpg"]


def test_the_file_says_of_itself_what_it_was_told() -> None:
    properties = read(packed_with()).core_properties
    assert (properties.title, properties.author, properties.revision) == ("标题 & <title>", "streetwitness", 2)
    assert (properties.comments, properties.language) == ("no \ufffd effect", "zh-CN")
    assert properties.created == properties.modified == AT
