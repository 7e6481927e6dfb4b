"""The page of permits and temporary permissions: entered, seen on the incident it speaks for, ended with a reason."""

import re
from typing import Any

import httpx
import pytest
from sqlalchemy import select

from cases import accounts
from cases.languages import LANGUAGES
from models.database import reading, transaction
from models.enums import Role
from models.reasons import Permission
from review_ui.catalog import load
from review_ui.permit_pages import REFUSALS
from tests.review_ui.conftest import PASSWORD, RunningDesk, token_in
from tests.rows import NOON


@pytest.fixture
def leader(desk: RunningDesk) -> httpx.Client:
    with transaction(desk.database.sessions) as session:
        for name, role in (("wang.min", Role.LEADER), ("qian.er", Role.OPERATOR)):
            accounts.add_user(session, name=name, display_name=name, password=PASSWORD, role=role, at=NOON)
    return desk.signed_in("wang.min", looking=False)


def typed(browser: httpx.Client, **differs: Any) -> dict[str, Any]:
    return {
        "csrf_token": token_in(browser.get("/permissions").text),
        "place": "geofence:no-stopping-7",
        "first": NOON.date().isoformat(),
        "last": "2099-12-31",
        "offence": ["illegal_parking"],
        "days": ["mon-sun", ""],
        "from": ["06:00", ""],
        "to": ["22:00", ""],
        "paper": "street office, No. 9",
        "legal_basis": "Regulation on city roads, art. 31",
    } | differs


def said(answer: httpx.Response) -> str:
    found = re.search(r'role="alert">(.*?)</p>', answer.text)
    assert found, answer.text
    return found[1]


def test_one_is_entered_speaks_for_the_incident_and_is_ended(desk: RunningDesk, leader: httpx.Client) -> None:
    answer = leader.post("/permissions", data=typed(leader))
    assert (answer.status_code, answer.headers["location"]) == (303, "/permissions")
    page = leader.get("/permissions").text
    assert "street office, No. 9" in page
    assert "mon-sun 06:00–22:00" in page
    assert "wang.min" in page
    incident = desk.signed_in().get(f"/incidents/{desk.incident_id}").text
    assert "The place has a temporary permission at that time (street office, No. 9)." in incident
    operator = desk.signed_in("qian.er", looking=False)
    assert "Enter a permit" not in operator.get("/permissions").text
    assert operator.post("/permissions", data=typed(operator)).status_code == 403
    with reading(desk.database.sessions) as session:
        ending = f"/permissions/{session.scalars(select(Permission.id)).one()}/end"
    token = {"csrf_token": token_in(page)}
    unsaid = leader.post(ending, data=token | {"reason": " "})
    assert (unsaid.status_code, said(unsaid)) == (409, "Write why it ends; it goes on record.")
    assert leader.post(ending, data=token | {"reason": "the works are over"}).status_code == 303
    again = leader.post(ending, data=token | {"reason": "once more"})
    assert (again.status_code, said(again)) == (409, "Somebody has ended it already.")
    assert "street office, No. 9" not in leader.get("/permissions").text
    kept = leader.get("/permissions", params={"over": "true", "q": "office"}).text
    assert "the works are over" in kept
    assert "Ended early" in kept


REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"place": ""}, "for the whole site only a vehicle"),
    ({"plate": "no!"}, "The plate cannot be read"),
    ({"last": "2020-01-01"}, "the last is not before the first"),
    ({"first": ""}, "Write the first and the last day"),
    ({"days": ["someday", ""]}, "The hours cannot be read"),
    ({"offence": ["noise"]}, "One of the offences"),
    ({"legal_basis": " "}, "Write on what legal basis"),
    ({"place": "elsewhere:x"}, "Choose a geofence or an area"),
]


def test_what_permits_nothing_comes_back_as_it_was_typed(desk: RunningDesk, leader: httpx.Client) -> None:
    for differs, sentence in REFUSED:
        answer = leader.post("/permissions", data=typed(leader, **differs))
        assert answer.status_code == 409, differs
        assert sentence in said(answer), differs
        assert 'value="street office, No. 9"' in answer.text, differs
    with reading(desk.database.sessions) as session:
        assert session.scalars(select(Permission)).all() == []


def test_every_refusal_has_its_sentence_in_both_languages() -> None:
    for language in LANGUAGES:
        assert {f"permits.refused.{why}" for why in REFUSALS} <= load(language).sentences.keys()
