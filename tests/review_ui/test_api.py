"""The API: what a token opens, that it never opens more than its user may, and that nothing that is sent to it is a
fault of the program (schemathesis sends what its own description allows, and what it does not).
"""

import io
import re
import uuid
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.strategies import booleans
from schemathesis import GenerationMode

from cases import accounts, api_tokens
from cases.accounts import Granted
from cases.api_tokens import OFFERED
from cases.entitlements import ROLES, Right
from models.database import transaction
from models.enums import AccountAct, IncidentState, Offence, Role
from models.incidents import Incident
from review_ui.api_guard import ByToken
from review_ui.api_routes import described
from review_ui.desk import now
from review_ui.permissions import declarations
from tests.review_ui.two_areas import EAST, WEST, Desk, running_desk

EXAMPLES = 6  # of each operation; more are for an hour when nobody waits


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory, migrated_sqlite: Path) -> Iterator[Desk]:
    yield from running_desk(tmp_path_factory.mktemp("api"), migrated_sqlite)


def token_of(
    desk: Desk,
    name: str,
    *rights: Right,
    area_id: str | None = None,
    offence: Offence | None = None,
    days: int = 1,
) -> str:
    with transaction(desk.sessions) as session:
        user = accounts.user_named(session, name)
        return api_tokens.give(
            session, user, label="a program", rights=rights, days=days, at=now(), area_id=area_id, offence=offence
        )


@contextmanager
def program(desk: Desk, token: str | None) -> Iterator[httpx.Client]:
    headers = {"authorization": f"Bearer {token}"} if token else {}
    with httpx.Client(base_url=f"{desk.url}/api/v1", headers=headers, trust_env=False) as client:
        yield client


def routes(desk: Desk) -> Iterator[tuple[str, str, Right | None]]:
    """Each method of each route of the API, with the thing of the east put into its path."""
    for route in desk.routes:
        for each in declarations(route.dependant):
            if isinstance(each, ByToken):
                path = re.sub(r"{(\w+)}", lambda name: desk.places[EAST].ids[name[1]], route.path)
                yield from ((method, path.removeprefix("/api/v1"), each.right) for method in sorted(route.methods))


@pytest.mark.parametrize("token", [None, "swa_nobody", "swu_upload"], ids=["none", "unknown", "of_uploads"])
def test_without_a_good_token_nothing_is_told(desk: Desk, token: str | None) -> None:
    with program(desk, token) as client:
        for method, path, _ in routes(desk):
            refused = client.request(method, path, json={})
            assert refused.status_code == 401, path
            assert refused.json()["error"] == "no_api_token"


def test_a_cookie_opens_nothing_of_the_api_and_a_token_opens_no_page(desk: Desk) -> None:
    signed_in = desk.hands[Role.LEADER, EAST].browser
    assert signed_in.get("/api/v1/incidents").status_code == 401
    token = token_of(desk, "east-leader", Right.SEE_INCIDENTS)
    page = httpx.get(f"{desk.url}/", headers={"authorization": f"Bearer {token}"}, trust_env=False)
    assert page.status_code == 401


def test_every_route_asks_for_its_right_and_a_token_without_it_is_refused(desk: Desk) -> None:
    asked = 0
    for right in OFFERED:
        role = min(ROLES[right] & ROLES[Right.SEE_INCIDENTS])
        other = Right.SEE_CAMERAS if right is Right.SEE_INCIDENTS else Right.SEE_INCIDENTS
        with program(desk, token_of(desk, f"east-{role.value}", other)) as client:
            for method, path, wanted in routes(desk):
                if wanted is right:
                    assert client.request(method, path, json={}).status_code == 403, path
                    asked += 1
    assert asked == len([1 for _, _, right in routes(desk) if right is not None])


def test_what_lies_in_the_other_area_is_not_there(desk: Desk) -> None:
    west = desk.places[WEST].ids
    with program(desk, token_of(desk, "east-operator", Right.SEE_INCIDENTS, Right.SEE_CAMERAS, Right.SPEAK)) as client:
        assert client.get(f"/incidents/{west['incident_id']}").status_code == 404
        assert client.get(f"/cameras/{west['camera_id']}").status_code == 404
        said = {"text": "please move"}
        assert client.post(f"/loudspeakers/{west['loudspeaker_id']}/announcements", json=said).status_code == 404
        said["incident_id"] = west["incident_id"]
        horn = desk.places[EAST].ids["loudspeaker_id"]
        assert client.post(f"/loudspeakers/{horn}/announcements", json=said).status_code == 404
        assert [each["id"] for each in client.get("/cameras").json()["cameras"]] == ["east-camera"]
        assert [each["camera_id"] for each in client.get("/incidents").json()["incidents"]] == ["east-camera"]


def test_a_token_is_narrower_than_its_user_where_it_says_so_and_never_wider(desk: Desk) -> None:
    desk.user("roamer", Granted(Role.LEADER))
    both = {"east-camera", "west-camera"}
    for area, offence, reached in (
        (None, None, both),
        (WEST, None, {"west-camera"}),
        (None, Offence.DUMPING, set()),
    ):
        token = token_of(desk, "roamer", Right.SEE_INCIDENTS, area_id=area, offence=offence)
        with program(desk, token) as client:
            assert {each["camera_id"] for each in client.get("/incidents").json()["incidents"]} == reached
            told = client.get("/me").json()
            assert (told["name"], told["area"], told["rights"]) == ("roamer", area, ["see_incidents"])
    with program(desk, token_of(desk, "east-leader", Right.SEE_INCIDENTS, area_id=WEST)) as client:
        assert client.get("/incidents").json()["total"] == 0, "of the west this user may see nothing"
    with transaction(desk.sessions) as session:
        user = accounts.user_named(session, "roamer")
        accounts.grant(session, user, Granted(Role.MONITOR, EAST), by="wu", at=now())
        leader = next(grant for grant in user.grants if grant.role is Role.LEADER)
        accounts.withdraw(session, user, leader.id, by="wu", at=now())
    with program(desk, token) as client:
        assert client.get("/incidents").status_code == 200
    with transaction(desk.sessions) as session:
        accounts.switch(session, accounts.user_named(session, "roamer"), active=False, by="wu", at=now())
        accounts.switch(session, accounts.user_named(session, "roamer"), active=True, by="wu", at=now())
    with program(desk, token) as client:
        assert client.get("/incidents").status_code == 401, "what was ended does not come back"


def test_a_token_is_made_on_the_page_of_the_account_shown_once_and_revoked_there(desk: Desk) -> None:
    hand = desk.hands[Role.OFFICER, EAST]
    form = {"csrf_token": hand.csrf_token, "label": "statistics", "right": ["see_incidents", "export"], "days": "30"}
    made = hand.browser.post("/account/tokens", data=form)
    found = re.search(r"swa_[\w-]{40,}", made.text)
    assert found is not None
    assert found[0] not in hand.browser.get("/account").text
    with program(desk, found[0]) as client:
        assert client.get("/me").json()["token"] == "statistics"
        end = re.search(r"/account/tokens/[0-9a-f-]{36}/revoke", hand.browser.get("/account").text)
        assert end is not None
        stranger = desk.hands[Role.LEADER, EAST]
        assert stranger.browser.post(end[0], data={"csrf_token": stranger.csrf_token}).status_code == 404
        assert hand.browser.post(end[0], data={"csrf_token": hand.csrf_token}).status_code == 303
        assert client.get("/me").status_code == 401
    for wrong in ({"right": ["speak"]}, {"right": []}, {"label": " "}, {"days": "0"}, {"area": "atlantis"}):
        assert hand.browser.post("/account/tokens", data=form | wrong).status_code == 409, wrong
    with transaction(desk.sessions) as session:
        acts = [event.act for event in accounts.events_of(session, hand.user_id)]
        assert acts[:2] == [AccountAct.TOKEN_REVOKED, AccountAct.TOKEN_MADE]


def test_a_token_is_good_until_its_day(desk: Desk) -> None:
    token = token_of(desk, "east-monitor", Right.SEE_INCIDENTS, days=2)
    with transaction(desk.sessions) as session:
        assert api_tokens.holder_of(session, token, at=now() + timedelta(days=1)) is not None
        assert api_tokens.holder_of(session, token, at=now() + timedelta(days=2)) is None


def test_an_incident_is_read_decided_and_taken_along(desk: Desk) -> None:
    incident_id = desk.places[WEST].ids["incident_id"]
    desk.user("west-reviewer", Granted(Role.LEGAL_REVIEWER, WEST))
    token = token_of(desk, "west-reviewer", Right.SEE_INCIDENTS, Right.DECIDE, Right.EXPORT)
    with program(desk, token) as client:
        detail = client.get(f"/incidents/{incident_id}").json()
        assert detail["incident"]["state"] == "drafted"
        assert {each["kind"] for each in detail["exhibits"]} == {"clip", "still"}
        path = f"/incidents/{incident_id}/decision"
        said = {"decision": "accept", "reason": "as the draft says", "draft_version": detail["draft_version"]}
        points = dict.fromkeys(("is_true", "is_clear", "is_complete", "is_accurate"), True)
        refused = client.post(path, json=said)
        assert (refused.status_code, "four points" in refused.json()["sentence"]) == (409, True)
        assert client.post(path, json=said | {"reason": "  "}).status_code == 422
        assert client.post(path, json=said | {"colour": "red"}).status_code == 422
        decided = client.post(path, json=said | {"four_points": points})
        assert decided.json() == {"incident": incident_id, "state": "accepted"}
        assert client.post(path, json=said | {"four_points": points}).status_code == 409
        bundle = client.post(f"/incidents/{incident_id}/bundle", json={"reason": "for the court"})
        assert "manifest.json" in " ".join(zipfile.ZipFile(io.BytesIO(bundle.content)).namelist())
        assert client.get(f"/incidents/{incident_id}").json()["decisions"][0]["by"] == "west-reviewer"
    with transaction(desk.sessions) as session:
        assert session.get_one(Incident, uuid.UUID(incident_id)).state is IncidentState.ACCEPTED


def test_something_is_said_through_a_loudspeaker_and_its_fate_is_told(desk: Desk) -> None:
    horn = desk.places[EAST].ids["loudspeaker_id"]
    with program(desk, token_of(desk, "east-operator", Right.SPEAK, Right.SEE_LOUDSPEAKERS)) as client:
        said = client.post(f"/loudspeakers/{horn}/announcements", json={"text": "please move your car"})
        assert said.status_code == 201
        assert said.json()["state"] == "waiting"
        (shown,) = client.get("/loudspeakers").json()["loudspeakers"]
        assert shown["last"][0]["id"] == said.json()["id"]
        refused = client.post(f"/loudspeakers/{horn}/announcements", json={"sentence": "no such sentence"})
        assert (refused.status_code, refused.json()["error"]) == (409, "refused")


def test_the_description_names_every_route_and_is_told_to_anybody(desk: Desk) -> None:
    told = httpx.get(f"{desk.url}/api/v1/openapi.json", trust_env=False).json()
    described_paths = {(method.upper(), path) for path, methods in told["paths"].items() for method in methods}
    there = {
        (method, route.path)
        for route in desk.routes
        for method in route.methods
        if any(isinstance(each, ByToken) for each in declarations(route.dependant))
    }
    assert described_paths == there
    assert told["security"] == [{"token": []}]


@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE], ids=["as_described", "otherwise"])
def test_nothing_that_is_sent_is_a_fault_of_the_program(desk: Desk, mode: GenerationMode) -> None:
    """Half of what is sent names things that are there, so that it comes further than to the door."""
    schema = schemathesis.openapi.from_dict(described(desk.routes))
    rights = [right for right in OFFERED if right is not Right.SPEAK]
    headers = {"authorization": f"Bearer {token_of(desk, 'east-officer', *rights)}"}
    there = desk.places[EAST].ids
    tried = []
    for found in schema.get_all_operations():
        operation = found.ok()

        @settings(
            max_examples=EXAMPLES,
            deadline=None,
            database=None,
            derandomize=True,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(case=operation.as_strategy(generation_mode=mode), real=booleans())
        def sends(case: schemathesis.Case, *, real: bool) -> None:
            if real:
                case.path_parameters = {name: there[name] for name in case.path_parameters}
            answer = case.call(base_url=desk.url, headers=headers)
            assert answer.status_code < 500, case.as_curl_command()
            if answer.status_code >= 400 and case.method != "HEAD":
                assert answer.json().keys() == {"error", "sentence"}, case.as_curl_command()

        sends()
        tried.append(operation.label)
    assert len(tried) >= 9
