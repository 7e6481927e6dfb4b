"""The administrator's day: somebody new is let in for one area, a role goes, a session ends; and what is refused."""

import html
import re
import uuid

import httpx
import pytest

from cases import accounts
from cases.accounts import Granted
from models.database import transaction
from models.dispatch import Area
from models.enums import AccountAct, AreaLevel, Role
from models.people import User
from tests.review_ui.conftest import PASSWORD, RunningDesk, token_in
from tests.rows import NOON


@pytest.fixture
def administrator(desk: RunningDesk) -> httpx.Client:
    with transaction(desk.database.sessions) as session:
        session.add(Area(id="dongcheng", name="东城区", level=AreaLevel.CITY))
        session.flush()
        accounts.add_user(
            session, name="admin.zhao", display_name="赵", password=PASSWORD, role=Role.ADMINISTRATOR, at=NOON
        )
    return desk.signed_in("admin.zhao", looking=False)


def form_of(browser: httpx.Client) -> dict[str, str]:
    return {"csrf_token": token_in(browser.get("/account").text)}


def user_named(desk: RunningDesk, name: str) -> User:
    with desk.database.sessions() as session:
        return accounts.user_named(session, name)


def test_somebody_new_signs_in_with_the_password_shown_once_and_has_to_change_it(
    desk: RunningDesk, administrator: httpx.Client
) -> None:
    form = form_of(administrator) | {"name": "Wu", "display_name": "吴敏", "email": "wu@example.cn"}
    form |= {"role": "officer", "area": "dongcheng", "offence": "street_vending"}
    made = administrator.post("/users", data=form)
    assert made.status_code == 200
    shown = re.search(r'class="first-password">([^<]+)<', made.text)
    assert shown is not None
    wu = user_named(desk, "wu")
    assert shown[1] not in administrator.get(f"/users/{wu.id}").text, "shown once"
    assert [(each.role, each.area_id) for each in wu.grants] == [(Role.OFFICER, "dongcheng")]

    browser = desk.browser()
    signing = {"csrf_token": token_in(browser.get("/sign-in").text), "name": "wu", "password": html.unescape(shown[1])}
    assert browser.post("/sign-in", data=signing).status_code == 303
    assert browser.get("/").headers["location"] == "/account/password?next=%2F"
    change = {"csrf_token": token_in(browser.get("/account/password").text), "before": shown[1]}
    words = {"password": "a walk by the west lake", "again": "a walk by the west lake"}
    for wrong, sentence in (
        ({"password": "wu", "again": "wu"}, "12 to 200"),
        ({"password": "streetwitness!", "again": "streetwitness!"}, "tried first"),
        ({"password": shown[1], "again": shown[1]}, "is the old one"),
        (words | {"again": "another"}, "twice the same"),
        (words | {"before": "not it"}, "is not right"),
    ):
        refused = browser.post("/account/password", data=change | wrong)
        assert refused.status_code == 409
        assert sentence in refused.text
    assert browser.post("/account/password", data=change | words).status_code == 303
    assert browser.get("/").status_code == 200
    page = browser.get("/account").text
    assert "东城区" in page
    assert "Street vending" in page


def test_roles_are_given_and_taken_on_the_page_of_the_user_and_each_act_stands_there(
    desk: RunningDesk, administrator: httpx.Client
) -> None:
    li_na, form = user_named(desk, "li.na"), form_of(administrator)
    page = f"/users/{li_na.id}"
    assert administrator.post(f"{page}/grants", data=form | {"role": "leader", "area": "dongcheng"}).status_code == 303
    again = administrator.post(f"{page}/grants", data=form | {"role": "leader", "area": "dongcheng"})
    assert (again.status_code, "has this role there already" in again.text) == (409, True)
    (reviewer, _leader) = user_named(desk, "li.na").grants
    assert administrator.post(f"{page}/grants/{reviewer.id}/withdraw", data=form).status_code == 303
    assert administrator.post(f"{page}/grants/{reviewer.id}/withdraw", data=form).status_code == 409
    assert user_named(desk, "li.na").roles == [Role.LEADER]
    text = administrator.get(page).text
    assert "Role withdrawn" in text
    assert "admin.zhao" in text
    renamed = form | {"display_name": "李娜娜", "email": "li.na@example.cn"}
    assert administrator.post(page, data=renamed).status_code == 303
    assert user_named(desk, "li.na").email == "li.na@example.cn"
    assert administrator.post(page, data=form | {"display_name": ""}).status_code == 409


def test_whom_an_administrator_disables_or_signs_out_is_out_at_once(
    desk: RunningDesk, administrator: httpx.Client
) -> None:
    first, second = desk.signed_in(looking=False), desk.signed_in(looking=False)
    li_na, form = user_named(desk, "li.na"), form_of(administrator)
    ends = re.findall(rf"/users/{li_na.id}/sessions/[0-9a-f]{{64}}/end", administrator.get(f"/users/{li_na.id}").text)
    assert len(ends) == 2
    assert administrator.post(ends[0], data=form).status_code == 303
    assert sorted([first.get("/").status_code, second.get("/").status_code]) == [200, 303]
    assert administrator.post(f"/users/{li_na.id}/active", data=form | {"active": "false"}).status_code == 303
    assert [first.get("/").status_code, second.get("/").status_code] == [303, 303]
    assert administrator.post(f"/users/{li_na.id}/active", data=form | {"active": "true"}).status_code == 303
    assert desk.signed_in(looking=False).get("/").status_code == 200


def test_a_locked_user_is_let_in_again_and_a_forgotten_password_replaced(
    desk: RunningDesk, administrator: httpx.Client
) -> None:
    browser = desk.browser()
    signing = {"csrf_token": token_in(browser.get("/sign-in").text), "name": "li.na"}
    for _ in range(5):
        assert browser.post("/sign-in", data=signing | {"password": "wrong"}).status_code == 401
    li_na, form = user_named(desk, "li.na"), form_of(administrator)
    assert "has to wait" in administrator.get("/users").text
    assert administrator.post(f"/users/{li_na.id}/unlock", data=form).status_code == 303
    assert browser.post("/sign-in", data=signing | {"password": PASSWORD}).status_code == 303
    given = administrator.post(f"/users/{li_na.id}/password", data=form)
    assert "first-password" in given.text
    assert browser.get("/").status_code == 303, "the session of before is over"
    assert user_named(desk, "li.na").must_change_password


def test_an_administrator_changes_neither_the_own_rights_nor_removes_the_last_one(
    desk: RunningDesk, administrator: httpx.Client
) -> None:
    zhao, form = user_named(desk, "admin.zhao"), form_of(administrator)
    page = f"/users/{zhao.id}"
    for path, more, sentence in (
        ("/grants", {"role": "leader"}, "another administrator does it"),
        (f"/grants/{zhao.grants[0].id}/withdraw", {}, "Nobody would be left"),
        ("/active", {"active": "false"}, "Nobody would be left"),
        ("/password", {}, "on the page of your account"),
    ):
        refused = administrator.post(page + path, data=form | more)
        assert (refused.status_code, sentence in refused.text) == (409, True), path
    with transaction(desk.database.sessions) as session:
        accounts.grant(session, accounts.user_named(session, "li.na"), Granted(Role.ADMINISTRATOR), by="wu", at=NOON)
    assert administrator.post(f"{page}/active", data=form | {"active": "false"}).status_code == 303
    assert administrator.get("/users").status_code == 303


def test_users_that_are_not_there_are_not_found(desk: RunningDesk, administrator: httpx.Client) -> None:
    form = form_of(administrator)
    nobody = f"/users/{uuid.uuid4()}"
    assert administrator.get(nobody).status_code == 404
    for path in ("", "/active", "/unlock", "/password", f"/sessions/{'0' * 64}/end"):
        more = {"display_name": "x", "active": "false"}
        assert administrator.post(nobody + path, data=form | more).status_code == 404, path


def test_one_ends_the_own_other_browsers_and_sees_what_was_done(desk: RunningDesk) -> None:
    left_behind, here = desk.signed_in(looking=False), desk.signed_in(looking=False)
    page = here.get("/account")
    (end,) = re.findall(r"/account/sessions/[0-9a-f]{64}/end", page.text)
    assert "this one" in page.text
    assert here.post(end, data={"csrf_token": token_in(page.text)}).status_code == 303
    assert left_behind.get("/").status_code == 303
    assert here.post(end, data={"csrf_token": token_in(page.text)}).status_code == 404
    assert "Session ended" in here.get("/account").text
    with desk.database.sessions() as session:
        li_na = accounts.user_named(session, "li.na")
        acts = [event.act for event in accounts.events_of(session, li_na.id)]
        assert acts[:3] == [AccountAct.SESSION_ENDED, AccountAct.SIGNED_IN, AccountAct.SIGNED_IN]
