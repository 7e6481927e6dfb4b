"""The list of case files, what is registered by hand, the overview and the approvals: what they show and refuse."""

import re
import uuid
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from models.case_files import CaseFile, FileOfficer
from models.database import reading
from models.enums import FileState
from tests.review_ui.case_site import CaseSite, case_site
from tests.review_ui.conftest import token_in

MATTER = {
    "source": "patrol",
    "procedure": "ordinary",
    "source_note": "patrol of 2 March",
    "law_code": "01.02.003",
    "title": "Rubbish by the river",
    "place": "East bank",
    "conduct_from": "2026-03-02T09:00",
    "conduct_to": "2026-03-02T09:10",
}


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory, migrated_sqlite: Path) -> Iterator[CaseSite]:
    yield from case_site(tmp_path_factory.mktemp("file_pages"), migrated_sqlite)


@pytest.fixture(scope="module")
def hands(site: CaseSite) -> dict[str, httpx.Client]:
    """Who works at the desk, each with a browser that keeps the token of its forms."""
    found = {}
    for name in ("wang.lei", "chen.qiang", "li.na", "wang.min", "zhao.jing"):
        found[name] = site.desk.signed_in(name, looking=False)
        found[name].headers["x-token-of-forms"] = token_in(found[name].get("/account").text)
    return found


def post(browser: httpx.Client, path: str, **typed: str) -> httpx.Response:
    return browser.post(path, data={"csrf_token": browser.headers["x-token-of-forms"]} | typed)


def registered(browser: httpx.Client, **differs: str) -> str:
    answer = post(browser, "/cases", **(MATTER | differs))
    assert answer.status_code == 303, said(answer)
    return answer.headers["location"]


def said(answer: httpx.Response) -> str:
    """The sentence of a refusal."""
    found = re.search(r'role="alert">([^<]+)<', answer.text)
    assert found, answer.status_code
    return found[1]


def state(site: CaseSite, address: str) -> FileState:
    with reading(site.desk.database.sessions) as session:
        return session.get_one(CaseFile, uuid.UUID(address[-36:])).state


def approval_of(browser: httpx.Client, address: str) -> str:
    found = re.search(r'href="(/approvals/[0-9a-f-]{36})"', browser.get(address).text)
    assert found
    return found[1]


def test_what_is_registered_stands_in_the_list_and_is_found_by_what_it_says(hands: dict[str, httpx.Client]) -> None:
    officer = hands["wang.lei"]
    registered(officer, title="Sacks behind the school")
    page = officer.get("/cases").text
    assert "Sacks behind the school" in page
    counted = re.search(r">open \((\d+)\)<", page)
    assert counted
    assert page.count('class="row file-row') == int(counted[1])
    for asked, there in (
        ("q=behind+the+SCHOOL", True),
        ("q=100%25", False),
        ("state=registered", True),
        ("state=archived", False),
        ("offence=dumping", True),
        ("offence=illegal_parking", False),
        ("light=green", True),
        ("light=red", False),
        ("state=any", True),
    ):
        assert ("Sacks behind the school" in officer.get(f"/cases?{asked}").text) is there, asked


@pytest.mark.parametrize("asked", ["state=lost", "light=blue", "officer=li", "offence=theft", "page=0"])
def test_a_list_that_no_page_of_ours_asks_for_is_refused(hands: dict[str, httpx.Client], asked: str) -> None:
    assert hands["wang.lei"].get(f"/cases?{asked}").status_code == 400


@pytest.mark.parametrize(
    ("differs", "expected"),
    [
        ({"conduct_from": "2031-01-01T08:00", "conduct_to": "2031-01-01T09:00"}, "has not come yet"),
        ({"conduct_to": "2026-03-02T08:00"}, "ends before it begins"),
        ({"conduct_from": "yesterday"}, "cannot be read"),
        ({"source_note": " "}, "who found it"),
        ({"place": " "}, "A field is empty"),
        ({"law_code": " "}, "A field is empty"),
        ({"source": "camera"}, "from its incident"),
    ],
    ids=["tomorrow", "backwards", "unreadable", "nobody_found_it", "nowhere", "no_law", "a_camera"],
)
def test_a_matter_that_cannot_be_is_not_registered_and_nothing_typed_is_lost(
    hands: dict[str, httpx.Client], differs: dict[str, str], expected: str
) -> None:
    answer = post(hands["wang.lei"], "/cases", **(MATTER | differs))
    assert answer.status_code == 409
    assert expected in said(answer)
    assert 'value="Rubbish by the river"' in answer.text


def test_an_incident_becomes_one_case_file_however_often_it_is_pressed(
    site: CaseSite, hands: dict[str, httpx.Client]
) -> None:
    officer, incident = hands["wang.lei"], f"/incidents/{site.desk.incident_id}"
    first = post(officer, f"{incident}/case", law_code="03.01.001").headers["location"]
    assert post(officer, f"{incident}/case", law_code="03.01.001").headers["location"] == first
    assert first in officer.get(incident).text
    assert "浙J12345" in officer.get(first).text


def test_a_step_is_asked_for_once_and_the_second_time_says_what_it_waits_for(hands: dict[str, httpx.Client]) -> None:
    officer = hands["wang.lei"]
    address = registered(officer)
    assert post(officer, f"{address}/steps", step="file", reason="everything is there").status_code == 303
    again = post(officer, f"{address}/steps", step="file", reason="everything is there")
    assert again.status_code == 409
    assert "waits for agreement" in said(again)


@pytest.mark.parametrize(
    ("step", "reason", "expected"),
    [
        ("file", " ", "Write the reason"),
        ("end_investigation", "done", "is not possible now"),
        ("transfer", "not ours", "Name the body"),
        ("refuse_filing", "x" * 1001, "at most 1000"),
    ],
    ids=["no_reason", "not_yet", "to_nobody", "too_long"],
)
def test_a_step_that_cannot_be_taken_says_why_and_keeps_the_words(
    hands: dict[str, httpx.Client], step: str, reason: str, expected: str
) -> None:
    address = registered(hands["wang.lei"])
    answer = post(hands["wang.lei"], f"{address}/steps", step=step, reason=reason)
    assert answer.status_code == 409
    assert expected in said(answer)


def test_who_asked_or_is_of_another_role_does_not_agree_and_a_return_ends_the_round(
    site: CaseSite, hands: dict[str, httpx.Client]
) -> None:
    address = registered(hands["wang.lei"])
    post(hands["wang.lei"], f"{address}/steps", step="file", reason="everything is there")
    approval = approval_of(hands["wang.lei"], address)
    for name, expected in (("wang.lei", "Who asked does not agree"), ("wang.min", "another role")):
        refused = post(hands[name], f"{approval}/mark", verdict="agrees", reason="fine")
        assert refused.status_code == 409
        assert expected in said(refused)
    assert approval in hands["chen.qiang"].get("/approvals").text
    assert "your agreement" in hands["chen.qiang"].get("/cases").text
    assert approval not in hands["wang.min"].get("/approvals").text
    silent = post(hands["chen.qiang"], f"{approval}/mark", verdict="returns", reason=" ")
    assert "Write the reason" in said(silent)
    assert post(hands["chen.qiang"], f"{approval}/mark", verdict="returns", reason="no picture").status_code == 303
    assert "no picture" in hands["wang.lei"].get(address).text
    late = post(hands["li.na"], f"{approval}/mark", verdict="agrees", reason="fine")
    assert "has ended" in said(late)
    assert state(site, address) is FileState.REGISTERED


def test_who_asked_takes_it_back_and_nobody_else_does(hands: dict[str, httpx.Client]) -> None:
    address = registered(hands["wang.lei"])
    post(hands["wang.lei"], f"{address}/steps", step="file", reason="everything is there")
    approval = approval_of(hands["wang.lei"], address)
    refused = post(hands["chen.qiang"], f"{approval}/withdraw", reason="not so")
    assert "Only who asked" in said(refused)
    assert post(hands["wang.lei"], f"{approval}/withdraw", reason="a picture is missing").status_code == 303
    assert 'id="primary"' in hands["wang.lei"].get(address).text


def test_what_cannot_be_done_yet_is_shown_with_its_reason_and_article(hands: dict[str, httpx.Client]) -> None:
    address = registered(hands["wang.lei"])
    post(hands["wang.lei"], f"{address}/steps", step="file", reason="everything is there")
    for name in ("chen.qiang", "li.na", "wang.min"):
        post(hands[name], f"{approval_of(hands[name], address)}/mark", verdict="agrees", reason="agreed")
    page = hands["wang.lei"].get(address).text
    assert "2 officers have to be in charge; there are 0." in page
    assert "Administrative Penalty Law, art. 42" in page
    assert 'id="primary"' not in page
    refused = post(hands["wang.lei"], f"{address}/steps", step="end_investigation", reason="done")
    assert "2 officers have to be in charge" in said(refused)
    assert "This is done by: Officer." in hands["li.na"].get(address).text


def test_officers_are_put_in_charge_replaced_with_a_reason_and_stand_back_for_good(
    site: CaseSite, hands: dict[str, httpx.Client]
) -> None:
    address = registered(hands["wang.lei"])
    lei, qiang, fang, na = (str(site.user_id(name)) for name in ("wang.lei", "chen.qiang", "liu.fang", "li.na"))
    assert "Choose somebody" in said(post(hands["wang.lei"], f"{address}/officers", first="nobody"))
    assert "is no officer" in said(post(hands["wang.lei"], f"{address}/officers", first=na))
    assert post(hands["wang.lei"], f"{address}/officers", first=lei, second=qiang).status_code == 303
    assert "Write the reason" in said(post(hands["wang.lei"], f"{address}/officers", second=fang))
    assert post(hands["wang.lei"], f"{address}/officers", second=fang, reason="on leave").status_code == 303
    assert post(hands["wang.lei"], f"{address}/officers/recuse", user=lei, reason="a neighbour").status_code == 303
    with reading(site.desk.database.sessions) as session:
        rows = session.query(FileOfficer).filter_by(file_id=uuid.UUID(address[-36:]))
        held = {str(row.user_id): (row.ended_at is not None, row.recused) for row in rows}
    assert held == {lei: (True, True), qiang: (True, False), fang: (False, False)}
    back = post(hands["chen.qiang"], f"{address}/officers", first=lei)
    assert back.status_code == 409
    assert "stood back" in said(back)


def test_facts_are_written_anew_until_the_investigation_ends(hands: dict[str, httpx.Client]) -> None:
    address = registered(hands["wang.lei"])
    typed = {"title": "Rubbish", "facts": "Two sacks.", "place": "West bank", "law_code": "01.02.003"}
    assert post(hands["wang.lei"], f"{address}/facts", **typed, review_grounds="complicated").status_code == 303
    page = hands["wang.lei"].get(address).text
    assert "Two sacks." in page
    assert "several legal relations" in page
    refused = post(hands["wang.lei"], f"{address}/facts", **(typed | {"place": " "}))
    assert refused.status_code == 409
    assert "Two sacks." in refused.text


def test_what_the_party_says_early_is_kept_and_a_day_that_has_not_come_is_refused(
    hands: dict[str, httpx.Client],
) -> None:
    address = registered(hands["wang.lei"])
    point = {"text": "they were mine, I took them back", "said_by": "party"}
    refused = post(hands["wang.lei"], f"{address}/defence", **point, said_on="2031-01-01")
    assert "has not come yet" in said(refused)
    assert "I took them back" in refused.text
    assert post(hands["wang.lei"], f"{address}/defence", **point, said_on="2026-03-02").status_code == 303
    page = hands["wang.lei"].get(address).text
    found = re.search(rf"{address}/defence/([0-9a-f-]{{36}})/answer", page)
    assert found
    answer = f"{address}/defence/{found[1]}/answer"
    assert "Write the answer" in said(post(hands["wang.lei"], answer, accepted="false", text=" "))
    assert post(hands["wang.lei"], answer, accepted="true", text="so it is").status_code == 303
    assert "answered already" in said(post(hands["wang.lei"], answer, accepted="true", text="so it is"))
    waived = post(hands["wang.lei"], f"{address}/defence/waive", reference="paper", waived_on="2026-03-02")
    assert waived.status_code == 409  # nothing was told yet that could be waived
    hearing = post(hands["wang.lei"], f"{address}/hearings", asked_by="party", asked_on="2026-03-02")
    assert "is not possible now" in said(hearing)


def test_the_case_desk_of_somebody_without_the_right_is_refused(site: CaseSite, hands: dict[str, httpx.Client]) -> None:
    assert post(hands["li.na"], "/cases", **MATTER).status_code == 403
    assert hands["li.na"].get("/cases/new").status_code == 403
    assert post(hands["wang.min"], f"/incidents/{site.desk.incident_id}/case", law_code="03.01.001").status_code == 403
    assert hands["wang.lei"].get("/certificates").status_code == 403
    address = registered(hands["wang.lei"])
    assert post(hands["wang.min"], f"{address}/steps", step="file", reason="because").status_code == 403
    assert hands["wang.lei"].get(f"/cases/{uuid.uuid4()}").status_code == 404


def test_an_administrator_says_who_holds_which_certificate_and_until_when(
    site: CaseSite, hands: dict[str, httpx.Client]
) -> None:
    holder = str(site.user_id("wang.min"))
    typed = {"user": holder, "kind": "enforcement", "number": "浙J-0900", "valid_from": "2024-01-01"}
    for differs, expected in (
        ({"user": "nobody"}, "Choose somebody"),
        ({"user": str(uuid.uuid4())}, "Choose somebody"),
        ({"number": " "}, "Write the number"),
        ({"number": "浙J-0117"}, "on record already"),
        ({"valid_from": "soon"}, "cannot be read"),
        ({"valid_to": "2023-01-01"}, "ends before it begins"),
    ):
        refused = post(hands["zhao.jing"], "/certificates", **(typed | differs))
        assert refused.status_code == 409
        assert expected in said(refused)
        assert f'value="{(typed | differs)["number"]}"' in refused.text
    assert post(hands["zhao.jing"], "/certificates", **typed, valid_to="2025-01-01").status_code == 303
    page = hands["zhao.jing"].get("/certificates").text
    assert "浙J-0900" in page
    assert "lapsed" in page
    assert hands["zhao.jing"].get("/cases").status_code == 403
