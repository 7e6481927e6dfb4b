"""Every route × every role × own and other area: generated from the routes, so that a new one is in it from the start.

Who has a role has it here for one of two areas. What is expected follows from what the route declares
(review_ui/permissions.py) and from the table of roles (cases/entitlements.py), and from nothing else.
"""

import re
import uuid
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from fastapi.routing import APIRoute

from cases import accounts
from cases.accounts import Granted
from cases.entitlements import ROLES, WHOLE_SITE, Right
from cases.scope import THINGS
from models.database import transaction
from models.enums import AccountAct, Offence, Role
from models.people import User, UserSession
from review_ui.desk import now
from review_ui.permissions import NO_THINGS, Needs, Own, Public, declarations
from tests.review_ui.conftest import PASSWORD
from tests.review_ui.two_areas import EAST, EVERYWHERE, LAW_CODE, WEST, Desk, Place, running_desk

SAFE = {"GET", "HEAD", "OPTIONS"}
# where also who may gets 404 on this site, and why
NOT_HERE = {
    "/fence-proposals/{proposal_id}/picture": "no camera has shown anything yet",
    "/cameras/{camera_id}/picture": "no camera has shown anything yet",
    "/fence-trials/{trial_id}/pictures/{position}": "the trial has not begun",
    "/recordings/{recording_id}/video": "the file of the recording is not on this machine",
    "/incidents/{incident_id}/beside/{exhibit_id}": "beside an incident stand pictures of other cameras alone",
    "/incidents/{incident_id}/beside/recordings/{recording_id}": "beside an incident stand pictures of other cameras",
    "/law/editions/{edition_id}": "the address names no edition",
    "/fence-trials/{trial_id}/cancel": "only who asked for a trial calls it off",
}


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory, migrated_sqlite: Path) -> Iterator[Desk]:
    yield from running_desk(tmp_path_factory.mktemp("two_areas"), migrated_sqlite)


def address(route: APIRoute, place: Place) -> str:
    """The path with the things of this place put in."""
    others = {
        "user_id": str(uuid.uuid4()),
        "grant_id": str(uuid.uuid4()),
        "session_id": "0" * 64,
        "token_id": str(uuid.uuid4()),
        "hook_id": str(uuid.uuid4()),
        "position": "1",
        "token": "nobody-has-this-token",
        "language": "en",
        "code": LAW_CODE,
        "edition_id": str(uuid.uuid4()),
    }

    def put(match: re.Match[str]) -> str:
        name = match[1].partition(":")[0]
        assert name in place.ids or name in others, f"say in tests/review_ui/two_areas.py what a {name} is"
        return place.ids.get(name) or others[name]

    return re.sub(r"{([^}]+)}", put, route.path)


def asked(
    client: httpx.Client, method: str, path: str, csrf_token: str | None = None, accept: str = "*/*"
) -> httpx.Response:
    """The answer without its body: what a page streams on is not waited for."""
    form = {} if method in SAFE or csrf_token is None else {"csrf_token": csrf_token}
    with client.stream(method, path, data=form, headers={"accept": accept}) as answer:
        return answer


def rights(desk: Desk) -> Iterator[tuple[str, APIRoute, Right]]:
    """Each method of each route that asks for a right."""
    for route in desk.routes:
        for each in declarations(route.dependant):
            if isinstance(each, Needs):
                yield from ((method, route, each.right) for method in sorted(route.methods))


def names_a_thing(route: APIRoute) -> bool:
    return any(name in THINGS for name in route.param_convertors)


def test_every_path_names_only_what_somebody_looks_after(desk: Desk) -> None:
    for _, route, _ in rights(desk):
        assert set(route.param_convertors) <= THINGS.keys() | NO_THINGS, route.path


def test_a_stranger_gets_the_sign_in_for_a_page_and_a_refusal_for_everything_else(desk: Desk) -> None:
    stranger = desk.stranger()
    for method, route, _ in rights(desk):
        path = address(route, desk.places[EAST])
        assert asked(stranger, method, path).status_code == 401, (method, path)
        if method == "GET":
            page = asked(stranger, method, path, accept="text/html")
            assert page.status_code == 303, path
            assert page.headers["location"].startswith("/sign-in?next="), path


def test_who_lacks_the_right_is_refused_in_the_own_area_and_in_the_other(desk: Desk) -> None:
    wrong = []
    for method, route, right in rights(desk):
        for role in Role:
            if role in ROLES[right] and right not in WHOLE_SITE:
                continue
            hand = desk.hands[role, EAST]
            for area in (EAST, WEST):
                status = asked(hand.browser, method, address(route, desk.places[area]), hand.csrf_token).status_code
                if status != 403:
                    wrong.append((method, route.path, role.value, area, status))
    assert not wrong, "\n".join(map(str, wrong))


def test_who_has_the_right_reaches_what_lies_in_the_own_area_and_the_other_is_not_there(desk: Desk) -> None:
    wrong = []
    for method, route, right in rights(desk):
        for role in sorted(ROLES[right] - (set(Role) if right in WHOLE_SITE else set())):
            hand = desk.hands[role, EAST]
            own = asked(hand.browser, method, address(route, desk.places[EAST]), hand.csrf_token).status_code
            if own in {401, 403} or own >= 500 or (own == 404 and route.path not in NOT_HERE):
                wrong.append((method, route.path, role.value, EAST, own))
            if names_a_thing(route):
                other = asked(hand.browser, method, address(route, desk.places[WEST]), hand.csrf_token).status_code
                if other != 404:
                    wrong.append((method, route.path, role.value, WEST, other))
    assert not wrong, "\n".join(map(str, wrong))


def test_what_is_not_there_and_what_lies_outside_are_answered_alike(desk: Desk) -> None:
    hand = desk.hands[Role.LEADER, EAST]
    outside = desk.places[WEST].ids["incident_id"]
    for path in ("/incidents/{}", "/incidents/{}/draft", "/media/{}"):
        answers = [hand.browser.get(path.format(each)) for each in (outside, uuid.uuid4())]
        assert answers[0].status_code == answers[1].status_code == 404
        pages = [re.sub(r"[0-9a-f-]{36}", "", answer.text) for answer in answers]
        assert pages[0] == pages[1]


def test_a_change_without_the_token_of_the_session_or_from_another_site_is_refused_on_every_route(desk: Desk) -> None:
    wrong = []
    for method, route, right in rights(desk):
        if method in SAFE:
            continue
        area = EVERYWHERE if right in WHOLE_SITE else EAST
        role = Role.ADMINISTRATOR if right in WHOLE_SITE else min(ROLES[right])
        hand, path = desk.hands[role, area], address(route, desk.places[EAST])
        wrong += [
            (method, route.path, why, answer.status_code)
            for why, answer, refusals in (
                ("no token", asked(hand.browser, method, path), {400, 403, 404}),
                ("another's token", asked(hand.browser, method, path, "x" * 43), {403, 400, 404}),
                (
                    "another site",
                    hand.browser.request(
                        method, path, data={"csrf_token": hand.csrf_token}, headers={"sec-fetch-site": "cross-site"}
                    ),
                    {403, 400, 404},
                ),
            )
            if answer.status_code not in refusals
        ]
    assert not wrong, "\n".join(map(str, wrong))


def test_every_answer_forbids_scripts_and_styles_that_stand_in_the_page(desk: Desk) -> None:
    hand = desk.hands[Role.ADMINISTRATOR, EVERYWHERE]
    for route in desk.routes:
        for method in sorted(route.methods):
            answer = asked(hand.browser, method, address(route, desk.places[EAST]), hand.csrf_token)
            policy = answer.headers["content-security-policy"]
            assert "unsafe" not in policy, route.path  # an administrator gets no draft, which brings its own style
            assert "default-src" in policy, route.path
            assert answer.headers["x-content-type-options"] == "nosniff", route.path


def test_routes_for_oneself_and_for_anybody_name_nothing_of_a_matter(desk: Desk) -> None:
    for route in desk.routes:
        (declared,) = declarations(route.dependant)
        if isinstance(declared, Own | Public):
            assert not names_a_thing(route), route.path
            assert len(declared.why) > 10, route.path


@pytest.mark.parametrize(
    "path", ["/", "/queue/rows", "/cases", "/cameras", "/messages?state=dead", "/loudspeakers", "/custody"]
)
def test_lists_hold_what_lies_in_the_own_area_and_nothing_of_the_other(desk: Desk, path: str) -> None:
    page = desk.hands[Role.LEADER, EAST].browser.get(path, headers={"accept": "text/html"})
    assert page.status_code == 200
    east, west = desk.places[EAST], desk.places[WEST]
    assert east.named in page.text or east.ids["incident_id"] in page.text, "the own area is missing"
    found = [value for value in (west.named, *west.ids.values()) if value != west.ids["sha256"] and value in page.text]
    assert found == []


@pytest.mark.parametrize(
    "path",
    [
        "/?camera=west-camera",
        "/?area=west",
        "/?text=WEST",
        "/?plate=WEST",
        "/custody?digest=sha256",
        "/loudspeakers?incident={incident_id}",
    ],
)
def test_no_filter_brings_up_what_lies_in_the_other_area(desk: Desk, path: str) -> None:
    west = desk.places[WEST]
    page = desk.hands[Role.LEADER, EAST].browser.get(path.format(**west.ids), headers={"accept": "text/html"})
    assert page.status_code in {200, 400, 404}
    assert west.named not in page.text
    if "{" not in path:
        assert west.ids["incident_id"] not in page.text


def test_a_role_for_one_offence_reaches_no_incident_of_another(desk: Desk) -> None:
    hand = desk.enter(desk.user("dumping", Granted(Role.LEADER, EAST, Offence.DUMPING)))
    east = desk.places[EAST].ids
    assert hand.browser.get("/").status_code == 200
    assert east["incident_id"] not in hand.browser.get("/").text
    for path in ("/incidents/{incident_id}", "/media/{exhibit_id}", "/thumbnails/{exhibit_id}"):
        assert hand.browser.get(path.format(**east)).status_code == 404, path
    assert hand.browser.get("/cameras/{camera_id}".format(**east)).status_code == 200


def test_two_roles_do_not_lend_each_other_their_places(desk: Desk) -> None:
    user = desk.user("both", Granted(Role.OPERATOR, EAST), Granted(Role.LEGAL_REVIEWER, WEST))
    hand = desk.enter(user)
    east, west = desk.places[EAST].ids, desk.places[WEST].ids
    assert hand.browser.get(f"/incidents/{east['incident_id']}").status_code == 200
    assert hand.browser.get(f"/incidents/{west['incident_id']}").status_code == 200
    assert hand.browser.get(f"/incidents/{east['incident_id']}/custody").status_code == 404
    assert hand.browser.get(f"/incidents/{west['incident_id']}/custody").status_code == 200
    form = {"csrf_token": hand.csrf_token, "text": "please move"}
    assert hand.browser.post(f"/loudspeakers/{west['loudspeaker_id']}/say", data=form).status_code == 404
    about_the_other = form | {"incident": west["incident_id"]}
    assert hand.browser.post(f"/loudspeakers/{east['loudspeaker_id']}/say", data=about_the_other).status_code == 404


def test_a_session_gets_narrower_the_moment_its_user_does_and_cannot_widen_itself(desk: Desk) -> None:
    user = desk.user("narrowed", Granted(Role.LEADER), Granted(Role.MONITOR, EAST))
    hand = desk.enter(user)
    path = "/incidents/{incident_id}/custody".format(**desk.places[WEST].ids)
    assert hand.browser.get(path).status_code == 200
    with transaction(desk.sessions) as session:
        found = accounts.user_named(session, "narrowed")
        leader = next(grant for grant in found.grants if grant.role is Role.LEADER)
        accounts.withdraw(session, found, leader.id, by="wu", at=now())
    assert hand.browser.get(path).status_code == 403
    assert hand.browser.get("/incidents/{incident_id}".format(**desk.places[WEST].ids)).status_code == 404
    widening = {"csrf_token": hand.csrf_token, "role": "administrator"}
    assert hand.browser.post(f"/users/{user.id}/grants", data=widening).status_code == 403
    with transaction(desk.sessions) as session:
        accounts.switch(session, accounts.user_named(session, "narrowed"), active=False, by="wu", at=now())
    assert hand.browser.get("/about").status_code == 200
    assert hand.browser.get("/account").status_code == 401


def test_who_has_no_role_gets_in_sees_the_own_account_and_nothing_else(desk: Desk) -> None:
    hand = desk.enter(desk.user("newcomer"))
    page = hand.browser.get("/account", headers={"accept-language": "en"})
    assert "no role yet" in page.text
    for method, route, _ in rights(desk):
        path = address(route, desk.places[EAST])
        assert asked(hand.browser, method, path, hand.csrf_token).status_code == 403, (method, path)


def test_until_a_first_password_is_changed_nothing_else_opens(desk: Desk) -> None:
    user = desk.user("fresh", Granted(Role.LEADER))
    hand = desk.enter(user)
    with transaction(desk.sessions) as session:
        session.get_one(User, user.id).must_change_password = True
    for method, route, _ in rights(desk):
        path = address(route, desk.places[EAST])
        assert asked(hand.browser, method, path, hand.csrf_token).status_code == 403, (method, path)
    led = hand.browser.get("/", headers={"accept": "text/html"})
    assert led.headers["location"] == "/account/password?next=%2F"
    form = {"csrf_token": hand.csrf_token, "before": PASSWORD, "next": "/cameras"}
    wanted = "a walk by the west lake"
    refused = hand.browser.post("/account/password", data=form | {"password": "too short", "again": "too short"})
    assert refused.status_code == 409
    changed = hand.browser.post("/account/password", data=form | {"password": wanted, "again": wanted})
    assert changed.headers["location"] == "/cameras"
    assert hand.browser.get("/").status_code == 200
    with transaction(desk.sessions) as session:
        acts = [event.act for event in accounts.events_of(session, user.id)]
        assert acts[0] is AccountAct.PASSWORD_CHANGED
        assert session.query(UserSession).filter_by(user_id=user.id).count() == 1
