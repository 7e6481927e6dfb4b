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
from models.case_files import FileEvent
from models.database import transaction
from models.enums import AccountAct, FileAct, IncidentState, Offence, RecordingState, Role
from models.incidents import Incident, Recording
from review_ui.api_guard import ByToken
from review_ui.api_routes import described
from review_ui.desk import now
from review_ui.permissions import declarations
from tests.patience import PATIENCE_S
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
    with httpx.Client(base_url=f"{desk.url}/api/v1", headers=headers, trust_env=False, timeout=PATIENCE_S) as client:
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
    page = httpx.get(f"{desk.url}/", headers={"authorization": f"Bearer {token}"}, trust_env=False, timeout=PATIENCE_S)
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


def test_a_fence_is_proposed_and_another_person_brings_it_into_force(desk: Desk) -> None:
    camera, there = desk.places[EAST].ids["camera_id"], desk.places[EAST].ids["geofence_id"]
    desk.user("east-drawer", Granted(Role.MONITOR, EAST))
    desk.user("east-second", Granted(Role.LEGAL_REVIEWER, EAST))
    terms = {
        "id": "api-drawn",
        "name": "drawn by a program",
        "polygon": [[0.1, 0.1], [0.9, 0.1], [0.5, 0.8]],
        "offences": {"illegal_parking": {"dwell_s": 120, "grace_s": 600}},
    }
    said = {"terms": terms, "reason": "the kerb was moved"}
    with program(desk, token_of(desk, "east-drawer", Right.SEE_FENCES, Right.EDIT_FENCE)) as drawer:
        made = drawer.post(f"/cameras/{camera}/fence-proposals", json=said)
        assert (made.status_code, made.json()["state"], made.json()["proposed_by"]) == (201, "open", "east-drawer")
        proposal = made.json()["id"]
        assert drawer.post(f"/fence-proposals/{proposal}/approve", json={"reason": "mine"}).status_code == 403
        twice = drawer.post(f"/cameras/{camera}/fence-proposals", json=said)
        assert (twice.status_code, twice.json()["error"]) == (409, "refused")
        crossed = said | {"terms": terms | {"polygon": [[0, 0], [1, 1], [1, 0], [0, 1]]}}
        assert drawer.post(f"/cameras/{camera}/fence-proposals", json=crossed).status_code == 409
        waiting = drawer.get(f"/cameras/{camera}/fence-proposals").json()["proposals"]
        assert [each["reason"] for each in waiting if each["id"] == proposal] == ["the kerb was moved"]
        west = desk.places[WEST].ids["camera_id"]
        assert drawer.post(f"/cameras/{west}/fence-proposals", json=said).status_code == 404
    with program(desk, token_of(desk, "east-second", Right.SEE_FENCES, Right.APPROVE_FENCE)) as second:
        agreed = second.post(f"/fence-proposals/{proposal}/approve", json={"reason": "seen on the spot"})
        assert (agreed.json()["state"], agreed.json()["became_version"]) == ("in_force", 1)
        (version,) = second.get("/fences/api-drawn").json()["versions"]
        assert version["terms"]["polygon"] == terms["polygon"]
        assert {each["id"] for each in second.get(f"/cameras/{camera}/fences").json()["fences"]} == {
            there,
            "api-drawn",
        }
        assert second.post(f"/fence-proposals/{proposal}/decline", json={"reason": "late"}).status_code == 409
    with program(desk, token_of(desk, "east-drawer", Right.EDIT_FENCE)) as drawer:
        ended = drawer.post("/fences/api-drawn/end", json={"reason": "the works are over"}).json()
        assert ended["ends"]
        withdrawn = drawer.post(f"/fence-proposals/{ended['id']}/withdraw", json={"reason": "not yet"})
        assert withdrawn.json()["state"] == "withdrawn"


def test_what_was_handed_in_is_told_and_its_analysis_called_off_and_begun_again(desk: Desk) -> None:
    recording = desk.places[EAST].ids["recording_id"]
    token = token_of(desk, "east-officer", Right.SEE_UPLOADS, Right.UPLOAD)
    with transaction(desk.sessions) as session:
        before = session.get_one(Recording, uuid.UUID(recording)).state
        session.get_one(Recording, uuid.UUID(recording)).state = RecordingState.QUEUED
    with program(desk, token) as client:
        listed = client.get("/uploads").json()
        assert {each["recorder_id"] for each in listed["uploads"]} == {desk.places[EAST].ids["camera_id"]}
        assert listed["waiting"] == [], "what lies in no area is only for who may everywhere"
        assert client.post(f"/recordings/{recording}/cancel").json()["state"] == "cancelled"
        refused = client.post(f"/recordings/{recording}/cancel")
        assert (refused.status_code, refused.json()["error"]) == (409, "refused")
        assert client.post(f"/recordings/{recording}/again").json()["state"] == "queued"
        naive = {"started_at": "2026-01-01T00:00:00", "error_s": 1, "why": "from the log"}
        assert client.post(f"/recordings/{recording}/start", json=naive).status_code == 422
        west = desk.places[WEST].ids["recording_id"]
        assert client.get(f"/recordings/{west}").status_code == 404
    with transaction(desk.sessions) as session:
        session.get_one(Recording, uuid.UUID(recording)).state = before


def test_the_register_of_custody_is_told_with_its_chain_and_only_of_what_lies_within(desk: Desk) -> None:
    incident_id = desk.places[EAST].ids["incident_id"]
    with program(desk, token_of(desk, "east-leader", Right.SEE_CUSTODY, Right.SEARCH_CUSTODY)) as client:
        told = client.get(f"/incidents/{incident_id}/custody").json()
        assert told["breaks"] == []
        assert told["entries"][0]["previous"] is None
        assert [each["previous"] for each in told["entries"][1:]] == [each["digest"] for each in told["entries"][:-1]]
        found = client.get("/custody", params={"act": "sealed"}).json()
        assert {each["incident_id"] for each in found["entries"]} == {incident_id}
        assert client.get("/custody", params={"from_at": "2100-01-01T00:00:00Z"}).json()["total"] == 0
        assert client.get(f"/incidents/{desk.places[WEST].ids['incident_id']}/custody").status_code == 404


def test_a_case_file_is_found_read_and_its_volume_asked_for_on_record(desk: Desk) -> None:
    east, west = (desk.places[area].ids["file_id"] for area in (EAST, WEST))
    desk.user("east-taker", Granted(Role.LEADER, EAST))
    with program(desk, token_of(desk, "east-taker", Right.SEE_FILES, Right.EXPORT)) as client:
        listed = client.get("/cases").json()
        assert [each["id"] for each in listed["cases"]] == [east]
        assert (listed["total"], client.get("/cases", params={"q": "pavement west"}).json()["total"]) == (1, 0)
        assert client.get("/cases", params={"q": "pavement", "state": "filed"}).json()["total"] == 1
        assert client.get("/cases", params={"state": "lost"}).status_code == 422
        detail = client.get(f"/cases/{east}").json()
        assert [each["act"] for each in detail["events"]][:2] == ["register", "file"]
        assert {each["name"] for each in detail["clocks"]}
        assert client.get(f"/cases/{west}").status_code == 404
        volume = desk.places[EAST].ids["volume_id"]
        asked = client.post(f"/cases/{east}/volumes", json={"reason": "for the archive"})
        assert (asked.status_code, asked.json()["id"], asked.json()["state"]) == (201, volume, "asked")
        early = client.post(f"/cases/{east}/volumes/{volume}", json={"reason": "for the court"})
        assert (early.status_code, early.json()["error"]) == (409, "refused")
        assert client.post(f"/cases/{east}/volumes/{volume}", json={"reason": " "}).status_code == 422
        other = desk.places[WEST].ids["volume_id"]
        assert client.post(f"/cases/{east}/volumes/{other}", json={"reason": "for the court"}).status_code == 404
        assert client.post("/cases/search", json={"party": "nobody of that name"}).json()["total"] == 0
    with program(desk, token_of(desk, "east-taker", Right.SEE_FILES)) as client:
        assert client.post(f"/cases/{east}/volumes", json={"reason": "for the archive"}).status_code == 403


def test_a_paper_that_a_program_takes_is_an_event_of_the_case_file(desk: Desk) -> None:
    east = desk.places[EAST].ids
    desk.user("east-papers", Granted(Role.LEADER, EAST))
    path = f"/cases/{east['file_id']}/papers/{east['paper_id']}"
    with program(desk, token_of(desk, "east-papers", Right.SEE_FILES, Right.EXPORT)) as client:
        taken = client.post(path, json={"reason": "asked for by the court"})
        assert taken.status_code == 200, taken.text
        assert taken.content.startswith(b"%PDF")
        assert client.post(path, json={}).status_code == 422
        of_another = f"/cases/{east['file_id']}/papers/{desk.places[WEST].ids['paper_id']}"
        assert client.post(of_another, json={"reason": "asked for by the court"}).status_code == 404
        shown = client.get(f"/cases/{east['file_id']}").json()
        assert shown["events"][-1]["act"] == "shared"
    with transaction(desk.sessions) as session:
        event = session.query(FileEvent).filter_by(act=FileAct.SHARED, actor="east-papers").one()
        assert (event.facts["to"], event.facts["paper"]) == ("token: a program", east["paper_id"])


def test_the_description_names_every_route_and_is_told_to_anybody(desk: Desk) -> None:
    told = httpx.get(f"{desk.url}/api/v1/openapi.json", trust_env=False, timeout=PATIENCE_S).json()
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
    everything = f"east-{mode.value}"
    desk.user(everything, *(Granted(role, EAST) for role in Role if role is not Role.ADMINISTRATOR))
    rights = [right for right in OFFERED if right is not Right.SPEAK]
    headers = {"authorization": f"Bearer {token_of(desk, everything, *rights)}"}
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
