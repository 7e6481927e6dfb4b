"""The register of custody: one incident's, as a page and on paper, and the search over all for those entitled."""

import hashlib
import re
import shutil
import subprocess

import httpx
import pypdfium2
import pytest
from sqlalchemy import text

from cases import accounts
from evidence import custody
from models.database import transaction
from models.enums import CustodyAct, Role
from models.exhibits import CustodyEvent
from review_ui.desk import now
from tests.review_ui.conftest import PASSWORD, RunningDesk, token_in
from tests.rows import NOON


def chinese_fonts() -> bool:
    """The paper names its font and does not hold it, so that a machine without any shows none of its signs."""
    lister = shutil.which("fc-list")
    return lister is not None and bool(subprocess.run([lister, ":lang=zh"], capture_output=True, check=True).stdout)


def user_with(desk: RunningDesk, role: Role) -> httpx.Client:
    with transaction(desk.database.sessions) as session:
        accounts.add_user(session, name="wu", display_name="吴", password=PASSWORD, role=role, at=NOON)
    return desk.signed_in("wu", looking=False)


def printed(desk: RunningDesk, browser: httpx.Client, reason: str = "for the legal office") -> httpx.Response:
    path = f"/incidents/{desk.incident_id}/custody"
    return browser.post(f"{path}.pdf", data={"csrf_token": token_in(browser.get(path).text), "reason": reason})


def test_the_register_shows_every_entry_and_that_the_chain_holds(desk: RunningDesk) -> None:
    page = desk.signed_in().get(f"/incidents/{desk.incident_id}/custody").text
    (clip,) = desk.exhibits_of_kind("clip")
    assert "The chain holds: each of the 4 entries" in page
    assert page.count("<td>sealed</td>") == 3
    assert "Review of this incident" in page
    assert clip.sha256 in page


def test_an_entry_changed_behind_the_back_of_the_program_is_said_on_page_and_paper(desk: RunningDesk) -> None:
    browser = desk.signed_in()
    with desk.database.engine.begin() as connection:  # as somebody with the database would
        connection.execute(text("DROP TRIGGER custody_event_no_update"))
        connection.execute(text("UPDATE custody_event SET actor = 'nobody' WHERE seq = 2"))
    page = browser.get(f"/incidents/{desk.incident_id}/custody").text
    assert "The chain does NOT hold" in page
    assert "entry 2 was changed" in page
    assert printed(desk, browser).status_code == 200


def test_the_paper_is_a_pdf_whose_digest_is_the_next_entry(desk: RunningDesk) -> None:
    browser = desk.signed_in()
    assert printed(desk, browser, " ").status_code == 400
    answer = printed(desk, browser)
    assert answer.headers["content-type"] == "application/pdf"
    assert answer.content.startswith(b"%PDF-")
    with desk.database.sessions() as session:
        last = session.query(CustodyEvent).order_by(CustodyEvent.seq.desc()).first()
        assert last is not None
        assert (last.act, last.actor) == (CustodyAct.PRINTED, "li.na")
    assert last.reason == f"for the legal office; PDF sha256:{hashlib.sha256(answer.content).hexdigest()}"


def test_the_paper_says_in_chinese_what_the_register_says(desk: RunningDesk) -> None:
    browser = desk.signed_in()
    browser.headers["accept-language"] = "zh-CN"
    printed(desk, browser, "送法制科 <b>审核</b>")
    with pypdfium2.PdfDocument(printed(desk, browser, "第二次").content) as paper:
        said = re.sub(r"\s", "", "".join(page.get_textpage().get_text_bounded() for page in paper))
    for words in ("电子证据保管与查看记录", "封存", "送法制科<b>审核</b>", "李娜", "浙J12345", "完整"):
        assert words in said, words


@pytest.mark.skipif(not chinese_fonts(), reason="no Chinese font here: install fonts-noto-cjk to see the paper drawn")
def test_a_word_of_the_paper_that_can_be_searched_for_is_to_be_seen_as_well(desk: RunningDesk) -> None:
    browser = desk.signed_in()
    browser.headers["accept-language"] = "zh-CN"
    with pypdfium2.PdfDocument(printed(desk, browser).content) as paper:
        first = paper[0].get_textpage()
        at, _ = first.search("封存").get_next()
        left, bottom, right, top = first.get_charbox(at)
        high = paper[0].get_height()  # a PDF counts from its lower edge upwards
        picture = paper[0].render(scale=4).to_numpy()
        drawn = picture[int(4 * (high - top)) : int(4 * (high - bottom)), int(4 * left) : int(4 * right)]
    assert 0.05 < (drawn < 128).mean() < 0.7


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ({}, 4),
        ({"person": "LI.N"}, 1),
        ({"person": "li_n"}, 0),
        ({"act": "sealed"}, 3),
        ({"act": "sealed", "person": "li.na"}, 0),
        ({"act": "stolen"}, 4),
        ({"first": "2026-03-02", "last": "2026-03-02"}, 3),
        ({"last": "2026-03-01"}, 0),
        ({"first": "2026-03-03"}, 1),
    ],
    ids=[
        "everything",
        "part_of_a_name",
        "no_wildcards",
        "by_act",
        "both",
        "no_such_act_narrows_nothing",
        "one_day_of_the_site",
        "day_before",
        "days_after",
    ],
)
def test_the_search_finds_by_person_act_and_day(desk: RunningDesk, asked: dict[str, str], found: int) -> None:
    page = desk.signed_in().get("/custody", params=asked).text
    assert page.count('/custody">North gate') == found
    assert ("Nothing is on record for this." in page) is (found == 0)


def test_the_search_finds_by_digest_however_it_is_written(desk: RunningDesk) -> None:
    (clip,) = desk.exhibits_of_kind("clip")
    browser = desk.signed_in()
    for digest in (clip.sha256, f"sha256:{clip.sha256[:10]}", clip.sha256[:8].upper()):
        assert browser.get("/custody", params={"digest": digest}).text.count('/custody">North gate') == 1
    assert "Nothing is on record" in browser.get("/custody", params={"digest": "%"}).text


def test_a_day_that_is_none_is_refused_with_a_sentence(desk: RunningDesk) -> None:
    refused = desk.signed_in().get("/custody", params={"first": "2026-02-30"})
    assert refused.status_code == 400
    assert "That is not a day" in refused.text
    assert desk.signed_in().get("/custody", params={"last": "9999-12-31"}).status_code == 400


@pytest.mark.parametrize(
    ("role", "over_all", "of_one"),
    [
        (Role.MONITOR, 403, 403),
        (Role.OPERATOR, 403, 403),
        (Role.OFFICER, 403, 200),
        (Role.LEADER, 200, 200),
        (Role.ADMINISTRATOR, 200, 200),
    ],
)
def test_only_those_entitled_search_over_all_incidents_or_see_the_register_of_one(
    desk: RunningDesk, role: Role, over_all: int, of_one: int
) -> None:
    browser = user_with(desk, role)
    assert browser.get("/custody").status_code == over_all
    assert ('href="/custody"' in browser.get("/").text) is (over_all == 200)
    assert browser.get(f"/incidents/{desk.incident_id}/custody").status_code == of_one


def test_a_long_register_is_paged(desk: RunningDesk) -> None:
    with transaction(desk.database.sessions) as session:
        for number in range(60):
            custody.record(
                session, desk.incident_id, CustodyAct.SHARED, actor="li.na", at=now(), reason=f"share {number}"
            )
    browser = desk.signed_in()
    first, second = (browser.get("/custody", params={"act": "shared", "page": page}).text for page in (1, 2))
    assert (first.count('/custody">North gate'), second.count('/custody">North gate')) == (50, 10)
    assert "page 2 of 2, 60 in all" in second
