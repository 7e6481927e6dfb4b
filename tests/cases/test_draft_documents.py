"""The draft on paper: both documents hold what the draft says, stand alone, and take hostile names as text."""

import copy
import hashlib
import re
import zipfile
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pypdfium2
import pytest
from docx import Document
from docx.oxml.ns import qn

from cases.draft_content import DraftContent
from cases.draft_documents import render_html, write_docx, write_pdf
from cases.draft_words import say
from cases.errors import DocumentFailed
from cases.languages import LANGUAGES, Language
from models.database import transaction
from tests.cases.parked_van import ParkedVan, park_van
from tests.conftest import Database

HOSTILE = "<script>alert('北门')</script>"
FETCHES = {"src", "href", "data", "action", "poster", "srcset", "background", "xlink:href"}


@pytest.fixture
def van(sqlite_database: Database, tmp_path: Path) -> tuple[ParkedVan, dict[str, Any]]:
    with transaction(sqlite_database.sessions) as session:
        van = park_van(session, tmp_path)
        return van, van.draft(session).content


class Tags(HTMLParser):
    """Every tag with its attributes, and the text between."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data


def parsed(page: str) -> Tags:
    tags = Tags()
    tags.feed(page)
    tags.close()
    return tags


def text_of(path: Path) -> str:
    document = Document(str(path))
    cells = [cell.text for table in document.tables for row in table.rows for cell in row.cells]
    return "\n".join([*(paragraph.text for paragraph in document.paragraphs), *cells])


@pytest.mark.parametrize("language", LANGUAGES)
def test_page_and_document_hold_every_statement_with_what_carries_it(
    van: tuple[ParkedVan, dict[str, Any]], tmp_path: Path, language: Language
) -> None:
    parked, content = van
    path = tmp_path / "draft.docx"
    write_docx(content, path, language, parked.pictures)
    document, page = text_of(path), parsed(render_html(content, language)).text
    draft = DraftContent.model_validate(content)
    assert len(draft.statements) > 10
    told = [*draft.statements, *draft.against]
    for text in [one.text.in_(language) for one in (*told, *draft.sufficiency)]:
        assert text in document
        assert text in page
    for pointer in (pointer for one in told for pointer in one.pointers):
        assert pointer.label.in_(language) in document
        assert pointer.label.in_(language) in page
    for entry in draft.exhibits:
        assert entry.sha256 in document
        assert entry.sha256 in page


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_pdf_says_the_same_and_shows_the_same(
    van: tuple[ParkedVan, dict[str, Any]], tmp_path: Path, language: Language
) -> None:
    parked, content = van
    path, again = tmp_path / "draft.pdf", tmp_path / "again.pdf"
    write_pdf(content, path, language, parked.pictures)
    write_pdf(content, again, language, parked.pictures)
    assert path.read_bytes() == again.read_bytes()
    read = pypdfium2.PdfDocument(path)
    pages = [page.get_textpage().get_text_bounded() for page in read]
    # lines are broken anywhere, and the reader tells a broken line from none by its own lights
    printed = squeezed("".join(pages))
    draft = DraftContent.model_validate(content)
    for one in (*draft.statements, *draft.against, *draft.sufficiency):
        assert squeezed(one.text.in_(language)) in printed
    for entry in draft.exhibits:
        assert entry.sha256 in printed
    pictures = [each for page in read for each in page.get_objects() if each.type == pypdfium2.raw.FPDF_PAGEOBJ_IMAGE]
    assert len(pictures) == len(parked.pictures)
    for number, page in enumerate(pages, start=1):
        assert squeezed(say("label", "page", page=str(number)).in_(language)) in squeezed(page)
    read.close()


def squeezed(text: str) -> str:
    return re.sub(r"[\s\ufffe\u00ad]", "", text)


def test_the_document_has_the_stills_and_room_for_two_signatures(
    van: tuple[ParkedVan, dict[str, Any]], tmp_path: Path
) -> None:
    parked, content = van
    path = tmp_path / "draft.docx"
    write_docx(content, path, "zh", parked.pictures)
    document = Document(str(path))
    assert len(document.inline_shapes) == 4
    assert {round(shape.width / shape.height, 2) for shape in document.inline_shapes} == {1.78, 1.33}
    with zipfile.ZipFile(path) as packed:
        held = {packed.read(name) for name in packed.namelist() if name.startswith("word/media/")}
    assert held == {picture.read_bytes() for picture in parked.pictures.values()}
    text = text_of(path)
    for words in ("执法人员一", "执法人员二", "真实", "清晰", "完整", "准确", "□ 采纳"):
        assert words in text


def test_chinese_characters_have_a_chinese_font(van: tuple[ParkedVan, dict[str, Any]], tmp_path: Path) -> None:
    parked, content = van
    path = tmp_path / "draft.docx"
    write_docx(content, path, "zh", parked.pictures)
    for style, font in (("Normal", "仿宋"), ("Heading 1", "黑体"), ("Title", "黑体")):
        fonts = Document(str(path)).styles[style].element.rPr.rFonts
        assert fonts.get(qn("w:eastAsia")) == font
        assert fonts.get(qn("w:eastAsiaTheme")) is None


def test_the_same_draft_gives_the_same_bytes(van: tuple[ParkedVan, dict[str, Any]], tmp_path: Path) -> None:
    parked, content = van
    for name in ("one.docx", "two.docx"):
        write_docx(content, tmp_path / name, "zh", parked.pictures)
    assert (tmp_path / "one.docx").read_bytes() == (tmp_path / "two.docx").read_bytes()
    assert render_html(content, "zh") == render_html(copy.deepcopy(content), "zh")


def test_the_dates_of_the_document_are_those_of_the_draft(
    van: tuple[ParkedVan, dict[str, Any]], tmp_path: Path
) -> None:
    parked, content = van
    path = tmp_path / "draft.docx"
    write_docx(content, path, "zh", parked.pictures)
    properties = Document(str(path)).core_properties
    assert properties.created is not None
    assert properties.created.isoformat() == "2026-03-02T04:12:00+00:00"
    assert properties.modified == properties.created
    with zipfile.ZipFile(path) as packed:
        assert {member.date_time for member in packed.infolist()} == {(2026, 3, 2, 4, 12, 0)}


@pytest.mark.parametrize("language", LANGUAGES)
def test_hostile_names_are_text_and_nothing_else(sqlite_database: Database, tmp_path: Path, language: Language) -> None:
    with transaction(sqlite_database.sessions) as session:
        parked = park_van(session, tmp_path, camera={"name": HOSTILE, "device_number": '" onload="x'}, plate="<b>&'\"")
        content = parked.draft(session).content
    page = render_html(content, language)
    tags = parsed(page)
    assert not {"script", "b"} & {tag for tag, _ in tags.tags}
    assert not [name for _, attributes in tags.tags for name in attributes if name.startswith("on")]
    assert HOSTILE in tags.text  # shown as it is written
    path = tmp_path / "draft.docx"
    write_docx(content, path, language, parked.pictures)
    assert HOSTILE in text_of(path)


def test_the_page_fetches_nothing(van: tuple[ParkedVan, dict[str, Any]]) -> None:
    page = render_html(van[1], "zh")
    tags = parsed(page)
    assert not {"script", "link", "img", "iframe", "object", "embed", "base"} & {tag for tag, _ in tags.tags}
    fetched = [value for _, attributes in tags.tags for name, value in attributes.items() if name in FETCHES]
    assert fetched
    assert all(value and value.startswith("#") for value in fetched)
    assert not re.search(r"url\(|@import", page)


def test_every_link_of_the_page_leads_somewhere(van: tuple[ParkedVan, dict[str, Any]]) -> None:
    tags = parsed(render_html(van[1], "zh")).tags
    ids = [attributes["id"] for _, attributes in tags if "id" in attributes]
    links = [str(attributes["href"]).removeprefix("#") for _, attributes in tags if "href" in attributes]
    assert len(ids) == len(set(ids))
    assert set(links) <= set(ids)


def test_a_draft_without_law_exhibits_or_picture_size_is_still_printed(
    van: tuple[ParkedVan, dict[str, Any]], tmp_path: Path
) -> None:
    _, content = van
    bare = content | {"provision": None, "exhibits": [], "against": []}
    bare["where"] = content["where"] | {"picture_width": None}
    path = tmp_path / "bare.docx"
    write_docx(bare, path, "en", {})
    page = render_html(bare, "en")
    assert "<svg" not in page
    for text in (page, text_of(path)):
        assert "No provision in force could be cited." in text
        assert "There are no exhibits." in text
        assert "The program found none." in text


def test_a_picture_that_is_not_given_is_named(van: tuple[ParkedVan, dict[str, Any]], tmp_path: Path) -> None:
    path = tmp_path / "draft.docx"
    write_docx(van[1], path, "zh", {})
    assert text_of(path).count("照片未随文附上") == 4
    assert len(Document(str(path)).inline_shapes) == 0


def changed(picture: Path) -> None:
    picture.write_bytes(picture.read_bytes()[:-1] + b"\x00")


@pytest.mark.parametrize(
    ("spoil", "said"), [(changed, "the draft cites sha256"), (Path.unlink, "cannot be read")], ids=["changed", "gone"]
)
def test_a_picture_that_is_not_the_sealed_one_leaves_no_document(
    van: tuple[ParkedVan, dict[str, Any]], tmp_path: Path, spoil: Any, said: str
) -> None:
    parked, content = van
    folder = tmp_path / "drafts"
    folder.mkdir()
    spoil(next(iter(parked.pictures.values())))
    with pytest.raises(DocumentFailed, match=said):
        write_docx(content, folder / "draft.docx", "zh", parked.pictures)
    assert list(folder.iterdir()) == []


def test_a_sealed_file_that_is_no_picture_leaves_no_document(
    van: tuple[ParkedVan, dict[str, Any]], tmp_path: Path
) -> None:
    parked, content = van
    sealed, picture = next(iter(parked.pictures.items()))
    broken_off = picture.read_bytes()[:20]
    picture.write_bytes(broken_off)
    sha256 = hashlib.sha256(broken_off).hexdigest()
    cited = [
        entry | {"sha256": sha256 if entry["sha256"] == sealed else entry["sha256"]} for entry in content["exhibits"]
    ]
    with pytest.raises(DocumentFailed, match="not a picture that fits a document"):
        write_docx(content | {"exhibits": cited}, tmp_path / "draft.docx", "zh", {sha256: picture})
    assert not (tmp_path / "draft.docx").exists()


def test_a_folder_that_is_not_there_is_said(van: tuple[ParkedVan, dict[str, Any]], tmp_path: Path) -> None:
    with pytest.raises(DocumentFailed, match="could not be written"):
        write_docx(van[1], tmp_path / "nowhere" / "draft.docx", "zh", van[0].pictures)


def test_a_document_that_cannot_take_its_name_leaves_nothing_half_written(
    van: tuple[ParkedVan, dict[str, Any]], tmp_path: Path
) -> None:
    folder = tmp_path / "drafts"
    (folder / "draft.docx").mkdir(parents=True)  # a folder stands where the file should go
    with pytest.raises(DocumentFailed, match="could not be written"):
        write_docx(van[1], folder / "draft.docx", "zh", van[0].pictures)
    assert [path.name for path in folder.iterdir()] == ["draft.docx"]
