"""The draft case of street vending: its own words, its articles, and why it was taken for a sale."""

from datetime import date
from pathlib import Path
from string import Formatter

import docx
import pytest

from cases import vending_reasons
from cases.draft_content import DraftContent
from cases.draft_documents import render_html, write_docx
from cases.draft_words import _chapters
from cases.languages import LANGUAGES
from cases.law.provisions import provision_in_force
from models.database import transaction
from models.enums import Offence
from tests.cases.parked_van import park_van
from tests.conftest import Database

FENCE = {"offences": {"street_vending": {"dwell_s": 60, "grace_s": 180, "warnings": 2}}}
OWN = _chapters(Offence.STREET_VENDING)


def draft_of_a_stall(database: Database, folder: Path) -> DraftContent:
    with transaction(database.sessions) as session:
        stall = park_van(
            session, folder, fence=FENCE, offence=Offence.STREET_VENDING, plate=None, plate_confidence=None
        )
        return DraftContent.model_validate(stall.draft(session).content)


def placeholders(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name}


@pytest.mark.parametrize("chapter", OWN)
def test_its_words_ask_for_the_same_values_in_both_languages_and_for_none_that_are_not_given(chapter: str) -> None:
    for code, words in OWN[chapter].items():
        zh, en = (placeholders(words.in_(language)) for language in LANGUAGES)
        assert zh == en, code
        if chapter != "signs":
            usual = _chapters()[chapter][code]
            assert zh <= placeholders(usual.zh), code


def test_the_draft_speaks_of_a_stall_and_of_no_vehicle(sqlite_database: Database, tmp_path: Path) -> None:
    content = draft_of_a_stall(sqlite_database, tmp_path)
    told = "".join(each.text.zh for each in (*content.statements, *content.against))
    assert "摊位" in told
    assert "该车" not in told
    assert "vehicle" not in "".join(each.text.en for each in content.statements).replace("vehicle class", "")
    page = render_html(content.model_dump(mode="json"), "zh")
    assert "当事人与设施" in page
    assert "当事车辆" not in page
    paper = tmp_path / "draft.docx"
    write_docx(content.model_dump(mode="json"), paper, "zh", {})
    printed = "\n".join(paragraph.text for paragraph in docx.Document(str(paper)).paragraphs)
    assert "当事人与设施" in printed
    assert "第三十六条" in printed


def test_its_provision_cites_both_regulations_and_the_market_that_the_government_allows() -> None:
    provision = provision_in_force(Offence.STREET_VENDING, date(2026, 3, 2))
    assert provision is not None
    cited = {article.id for article in provision.article if article.cited_for in ("prohibition", "penalty")}
    assert cited == {"city-appearance-14", "city-appearance-36", "city-roads-27", "city-roads-42"}
    assert all(article.verified for article in provision.article)
    (market,) = [each for each in provision.exculpation if each.code == "designated_place_and_time"]
    assert "指定的场所和时间" in provision.article_named(market.article).text
    assert provision.competence.decided == "locally", "selling as such is for local regulations"


SIGNS = {
    "score": 0.95,
    "enough": 0.8,
    "things": [{"class": "umbrella", "count": 1, "worth": 0.45}, {"class": "chair", "count": 2, "worth": 0.2}],
    "attended_share": 0.9,
    "stayed_s": 65.0,
    "customers": 2,
    "over_line": False,
}


def test_why_is_said_part_by_part_in_both_languages() -> None:
    said = dict(vending_reasons.sentences(SIGNS))
    assert list(said) == ["things", "attended", "customers", "score"]
    assert said["things"].zh == "该处固定摆放：遮阳伞、椅子 2 件，合计权重 0.65。"
    assert said["attended"].en == "Somebody stays with it in 90.0% of the looks, the same person for up to 1 min 5 s."
    assert "2" in said["customers"].zh
    assert "0.95" in said["score"].en


def test_over_a_door_line_nobody_is_said_to_have_stayed() -> None:
    said = dict(vending_reasons.sentences(SIGNS | {"over_line": True, "customers": 0, "attended_share": 0.0}))
    assert list(said) == ["things", "over_line", "attended", "score"]
    assert "门线" in said["over_line"].zh


def test_an_incident_of_another_kind_has_no_such_reasons(sqlite_database: Database, tmp_path: Path) -> None:
    with transaction(sqlite_database.sessions) as session:
        van = park_van(session, tmp_path)
        assert vending_reasons.why(session, van.incident) == []
