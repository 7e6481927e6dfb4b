"""Templates: ours are what their layouts write; a bureau's own goes before them, and can do no harm."""

import io
import zipfile
from pathlib import Path
from typing import Any

import pytest
from docx import Document

from cases.papers.errors import TemplateRefused
from cases.papers.filling import LARGEST_TEMPLATE, Template, fill, template_of
from cases.papers.kinds import KINDS, OF
from cases.papers.template_layouts import FOLDER, LAYOUTS, file_name, written
from models.enums import PaperKind

SENTENCE = {"text": "该车停放于人行道上。", "marks": "[E1]"}
VALUES: dict[str, Any] = {
    "bureau": dict.fromkeys(("name", "address", "phone", "pay_to"), "东城"),
    "paper": {"name": "决定书", "number": "第1号"},
    "case": {"number": "第2号", "title": "违法停车", "place": "北门"},
    "party": {"name": "张三"},
    "officers": [{"name": "王", "certificate": "1"}],
    "fields": [{"label": "当事人", "text": "张三", "marks": "[R1]"}],
    "pictures": [],
    "sign": {place.value: {"title": "执法人员", "name": "王"} for kind in KINDS for place in kind.places},
    "sources": [{"mark": "E1", "text": "照片"}],
} | {
    block: [SENTENCE | dict.fromkeys(("number", "name", "kind", "quantity", "unit", "condition", "remarks"), "x")]
    for block in (
        "facts",
        "evidence",
        "law",
        "reasons",
        "outcome",
        "rights",
        "goods",
        "minutes",
        "corrections",
        "closing",
    )
}
VALUES |= {
    "points": [dict.fromkeys(("number", "text", "said", "answer", "marks"), "x")],
    "questions": [dict.fromkeys(("number", "text", "answer", "marks"), "x")],
    "steps": [dict.fromkeys(("on", "act", "who", "marks"), "x")],
    "opinions": [dict.fromkeys(("role", "name", "verdict", "reason", "at", "marks"), "x")],
}


def template(*paragraphs: str, cells: tuple[str, ...] = ()) -> Template:
    document = Document()
    for paragraph in paragraphs:
        document.add_paragraph(paragraph)
    if cells:
        table = document.add_table(rows=len(cells), cols=1)
        for row, text in zip(table.rows, cells, strict=True):
            row.cells[0].text = text
    saved = io.BytesIO()
    document.save(saved)
    return Template("own.docx", saved.getvalue(), "0" * 64)


def filled(*paragraphs: str, **differs: Any) -> str:
    held = fill(template(*paragraphs), VALUES | differs, {})
    return "\n".join(paragraph.text for paragraph in Document(io.BytesIO(held)).paragraphs)


def test_the_files_in_the_folder_are_what_the_layouts_write() -> None:
    assert {path.name for path in FOLDER.iterdir()} == {file_name(kind.kind) for kind in KINDS}
    for kind in KINDS:
        assert (FOLDER / file_name(kind.kind)).read_bytes() == written(kind.kind), kind.kind


def test_every_kind_has_a_layout_that_fills(tmp_path: Path) -> None:
    assert set(LAYOUTS) == set(PaperKind) == set(OF)
    for kind in KINDS:
        ours = template_of(kind.kind, tmp_path)
        assert ours.name == f"streetwitness/{file_name(kind.kind)}"
        held = fill(ours, VALUES, {})
        assert held == fill(ours, VALUES, {}), "the same values give the same bytes"
        with zipfile.ZipFile(io.BytesIO(held)) as packed:
            assert b"{{" not in packed.read("word/document.xml"), kind.kind
            assert b"{%" not in packed.read("word/document.xml"), kind.kind


def test_the_bureaus_own_template_goes_before_ours(tmp_path: Path) -> None:
    own = tmp_path / "templates"
    own.mkdir()
    (own / file_name(PaperKind.DECISION)).write_bytes(template("本局自己的模板：{{ party.name }}").held)
    found = template_of(PaperKind.DECISION, tmp_path)
    assert found.name == "decision.docx"
    text = "\n".join(paragraph.text for paragraph in Document(io.BytesIO(fill(found, VALUES, {}))).paragraphs)
    assert text == "本局自己的模板：张三"
    assert template_of(PaperKind.DEMAND, tmp_path).name == "streetwitness/demand.docx"


@pytest.mark.parametrize(
    "hostile",
    [
        "{{ party.name.__class__ }}",
        "{{ party.__class__.__mro__ }}",
        "{{ ''.__class__.__base__.__subclasses__() }}",
        "{{ party.name|attr('__class__') }}",
        "{{ self._TemplateReference__context }}",
        "{{ cycler.__init__.__globals__ }}",
        "{{ lipsum() }}",
        "{{ range(10) }}",
        "{{ party.name.format(1) }}",
        "{{ 'x' * 999999999 }}",
        "{{ 9 ** 9 ** 9 }}",
        "{{ '%099999999d' % 1 }}",
        "{{ party.name|center(99999999) }}",
        "{% include 'streetwitness.db' %}",
        "{% import 'os' as os %}",
        "{{ facts.append(1) }}",
        "{% do x %}",
    ],
)
def test_a_template_reaches_nothing_but_its_values(hostile: str) -> None:
    with pytest.raises(TemplateRefused) as refused:
        filled(hostile)
    assert refused.value.facts["template"] == "own.docx"


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ("{{ party.nmae }}", "nmae"),
        ("{{ nobody }}", "nobody"),
        ("{{ party.name", "party.name"),
        ("{% for each in facts %}", "end of"),
        ("{%p for each in facts %}", "end of"),
        ("{{ party.name|shout }}", "shout"),
    ],
    ids=["misspelt", "unknown", "not_closed", "no_end", "no_end_of_paragraphs", "unknown_filter"],
)
def test_a_template_that_does_not_fill_is_refused_with_where(wrong: str, says: str) -> None:
    with pytest.raises(TemplateRefused) as refused:
        filled("前一段", wrong, "后一段")
    assert says in str(refused.value)


def test_a_tag_that_begins_in_a_paragraph_and_ends_in_a_table_is_refused() -> None:
    """The library itself would leave out what it cannot place, and say nothing."""
    with pytest.raises(TemplateRefused, match="begins in one paragraph"):
        fill(template("{% if pictures %}a", cells=("b{% endif %}",)), VALUES, {})


@pytest.mark.parametrize(
    "said",
    [
        "<w:p>&amp;</w:p>",
        "{{ party.name }}",
        "{% for a in b %}",
        "a\x00b\x1fc",
        "a\x07b\x0cc",
        "a\ud800b",
        "一\n二\t三",
    ],
    ids=["xml", "tag", "loop", "control", "docxtpl_own", "half_a_character", "lines"],
)
def test_what_somebody_typed_is_text_and_nothing_else(said: str) -> None:
    text = filled("{{ party.name }}", party={"name": said})
    expected = {
        "a\x00b\x1fc": "a\ufffdb\ufffdc",
        "a\x07b\x0cc": "a\ufffdb\ufffdc",
        "a\ud800b": "a\ufffdb",
    }.get(said, said)
    assert text == expected


def test_what_is_no_docx_or_too_much_of_one_is_refused(tmp_path: Path) -> None:
    own = tmp_path / "templates"
    own.mkdir()
    path = own / file_name(PaperKind.DECISION)
    bomb = io.BytesIO()
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("word/document.xml", b" " * 40_000_000)
    macros = io.BytesIO(template("x").held)
    with zipfile.ZipFile(macros, "a") as packed:
        packed.writestr("word/vbaProject.bin", b"x")
    for held in (b"", b"not a zip", b"x" * (LARGEST_TEMPLATE + 1), bomb.getvalue(), macros.getvalue()):
        path.write_bytes(held)
        with pytest.raises(TemplateRefused):
            template_of(PaperKind.DECISION, tmp_path)


def test_a_split_tag_as_word_leaves_it_is_still_one() -> None:
    document = Document()
    paragraph = document.add_paragraph()
    for piece in ("{{ par", "ty.na", "me }}"):
        paragraph.add_run(piece).bold = True
    saved = io.BytesIO()
    document.save(saved)
    held = fill(Template("own.docx", saved.getvalue(), "0" * 64), VALUES, {})
    assert Document(io.BytesIO(held)).paragraphs[0].text == "张三"
