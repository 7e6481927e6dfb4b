"""Who gets in, which forms are believed, and what every answer carries."""

import uuid
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute
from starlette.routing import Mount

from cases.scope import THINGS
from models.database import open_database, sessions_of, sqlite_url, transaction
from models.enums import IncidentState
from models.people import UserSession
from review_ui.api_guard import ByToken, token_holder
from review_ui.app import ReviewSettings, make_app
from review_ui.cashier_webhook import from_cashier
from review_ui.desk import now
from review_ui.doorkeeper import checked_form, first_form
from review_ui.link_pages import own_form
from review_ui.permissions import NO_THINGS, Needs, declarations
from review_ui.public_pages import local_path
from review_ui.upload_routes import uploader
from review_ui.webhook_routes import from_aliyun, from_twilio
from tests.conftest import Database
from tests.patience import PATIENCE_S
from tests.review_ui.conftest import PASSWORD, RunningDesk, serve, token_in

NOWHERE = uuid.UUID("00000000-0000-4000-8000-000000000000")  # the id of nothing
SAFE = {"GET", "HEAD"}
PROVIDERS = (from_twilio, from_aliyun, from_cashier)  # of messages and payments: they sign, or know a token
PROGRAMS = (uploader, token_holder)  # which bring a token that no browser sends by itself


def depends_on(dependant: Dependant, guard: object) -> bool:
    return dependant.call is guard or any(depends_on(below, guard) for below in dependant.dependencies)


def unguarded(app: FastAPI) -> list[str]:
    """Paths that do not say what they ask for, or name things nobody looks at; and forms that believe anybody."""
    found = []
    for route in app.routes:
        if isinstance(route, APIRoute):
            declared = list(declarations(route.dependant)) or [""]
            known = NO_THINGS | THINGS.keys() if isinstance(declared[0], Needs | ByToken) else NO_THINGS
            named = set() if isinstance(declared[0], str) else set(route.param_convertors)
            open_to_all = len(declared) != 1 or declared == [""] or not named <= known
            guards = (checked_form, first_form, own_form, *PROVIDERS, *PROGRAMS)
            believes = not route.methods <= SAFE and not any(depends_on(route.dependant, guard) for guard in guards)
            found += [route.path] * (open_to_all or believes)
        elif not isinstance(route, Mount) or route.path != "/static":
            found.append(getattr(route, "path", repr(route)))
    return found


@pytest.fixture
def app(desk: RunningDesk) -> FastAPI:
    return make_app(desk.settings)


def test_every_route_has_a_guard_or_is_public_and_every_form_is_checked(app: FastAPI) -> None:
    assert unguarded(app) == []
    assert len(app.routes) > 10


def test_the_check_of_routes_finds_one_that_is_open(app: FastAPI) -> None:
    app.add_api_route("/open", lambda: "hello")
    app.add_api_route("/about", lambda: "hello", methods=["POST"])
    app.mount("/files", FastAPI())
    assert unguarded(app) == ["/open", "/about", "/files"]


def guarded_paths(desk: RunningDesk) -> list[str]:
    incident = f"/incidents/{desk.incident_id}"
    still = desk.exhibits_of_kind("still")[0].id
    return [
        "/",
        "/cameras",
        "/cameras/gate-3",
        incident,
        f"{incident}/draft",
        f"{incident}/draft.docx",
        f"/media/{still}",
        f"/thumbnails/{still}",
    ]


def test_without_a_session_pages_lead_to_the_sign_in_and_nothing_else_is_given(desk: RunningDesk) -> None:
    stranger = desk.browser()
    for path in guarded_paths(desk):
        page = stranger.get(path)
        assert page.status_code == 303, path
        assert page.headers["location"].startswith("/sign-in?next=%2F"), path
        assert stranger.get(path, headers={"accept": "video/*"}).status_code == 401, path
    for act in ("decision", "redraft", "bundle"):
        assert stranger.post(f"/incidents/{desk.incident_id}/{act}", data={"csrf_token": "x"}).status_code == 401


def test_after_signing_in_the_page_asked_for_opens_and_signing_out_closes_it(desk: RunningDesk) -> None:
    browser = desk.browser()
    form_page = browser.get("/sign-in", params={"next": f"/incidents/{desk.incident_id}"})
    assert f'value="/incidents/{desk.incident_id}"' in form_page.text
    form = {"csrf_token": token_in(form_page.text), "name": "li.na", "password": PASSWORD}
    arrived = browser.post("/sign-in", data=form | {"next": f"/incidents/{desk.incident_id}"})
    assert arrived.headers["location"] == f"/incidents/{desk.incident_id}"
    cookie = next(line for line in arrived.headers.get_list("set-cookie") if line.startswith("session="))
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie
    page = browser.get(arrived.headers["location"])
    assert page.status_code == 200
    token = browser.cookies["session"]
    assert browser.post("/sign-out", data={"csrf_token": token_in(page.text)}).status_code == 303
    assert browser.get("/", headers={"cookie": f"session={token}"}).status_code == 303


def test_wrong_password_is_answered_with_a_sentence_and_counts_towards_the_lock(desk: RunningDesk) -> None:
    browser = desk.browser()
    form = {"csrf_token": token_in(browser.get("/sign-in").text), "name": "li.na"}
    for _ in range(5):
        refused = browser.post("/sign-in", data=form | {"password": "not this one"})
        assert refused.status_code == 401
        assert "not right" in refused.text
        assert "not this one" not in refused.text
    assert browser.post("/sign-in", data=form | {"password": PASSWORD}).status_code == 401


def test_an_idle_session_asks_to_sign_in_again(desk: RunningDesk) -> None:
    browser = desk.signed_in()
    assert browser.get("/").status_code == 200
    with transaction(desk.database.sessions) as session:
        session.query(UserSession).one().seen_at = now() - timedelta(minutes=31)
    assert browser.get("/").status_code == 303


def test_using_the_desk_keeps_the_session_awake(desk: RunningDesk) -> None:
    browser = desk.signed_in()
    with transaction(desk.database.sessions) as session:
        session.query(UserSession).one().seen_at = now() - timedelta(minutes=29)
    assert browser.get("/").status_code == 200
    with desk.database.sessions() as session:
        assert session.query(UserSession).one().seen_at > now() - timedelta(minutes=1)


@pytest.mark.parametrize(
    "headers",
    [
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
        {"sec-fetch-site": None, "origin": "https://elsewhere.example"},
        {"sec-fetch-site": None, "origin": "null"},
        {"sec-fetch-site": None},
    ],
    ids=["cross_site", "sister_site", "other_origin", "no_origin_told", "says_nothing"],
)
def test_a_form_sent_by_another_site_is_refused_even_with_the_right_token(
    desk: RunningDesk, headers: dict[str, str | None]
) -> None:
    browser = desk.signed_in()
    form = {"csrf_token": token_in(browser.get("/").text), "decision": "dismiss", "reason": "not parked"}
    del browser.headers["sec-fetch-site"]
    sent = {name: value for name, value in headers.items() if value is not None}
    refused = browser.post(f"/incidents/{desk.incident_id}/decision", data=form, headers=sent)
    assert refused.status_code == 403
    assert "did not come from a page of this desk" in refused.text
    assert desk.state() is IncidentState.DRAFTED


def test_a_browser_that_tells_only_our_origin_is_believed(desk: RunningDesk) -> None:
    browser = desk.signed_in()
    form = {"csrf_token": token_in(browser.get("/").text), "decision": "dismiss", "reason": "not parked"}
    form |= {"draft_version": "1"}
    del browser.headers["sec-fetch-site"]
    answer = browser.post(f"/incidents/{desk.incident_id}/decision", data=form, headers={"origin": desk.url})
    assert answer.status_code == 303


def test_a_form_with_the_token_of_another_session_or_none_is_refused(desk: RunningDesk) -> None:
    first, second = desk.signed_in(), desk.signed_in()
    path = f"/incidents/{desk.incident_id}/decision"
    stolen = {"csrf_token": token_in(second.get("/").text), "decision": "dismiss", "reason": "not parked"}
    assert first.post(path, data=stolen).status_code == 403
    assert first.post(path, data={"decision": "dismiss", "reason": "not parked"}).status_code == 400
    assert desk.state() is IncidentState.DRAFTED


def test_the_sign_in_form_of_another_visitor_is_refused(desk: RunningDesk) -> None:
    token = token_in(desk.browser().get("/sign-in").text)
    form = {"csrf_token": token, "name": "li.na", "password": PASSWORD}
    assert desk.browser().post("/sign-in", data=form).status_code == 403


def test_every_answer_carries_the_headers_that_keep_a_browser_safe(desk: RunningDesk) -> None:
    browser = desk.signed_in()
    still = desk.exhibits_of_kind("still")[0].id
    paths = ["/", f"/incidents/{desk.incident_id}", "/about", "/nowhere", f"/media/{still}", "/static/desk.css"]
    for answer in [*(browser.get(path) for path in paths), desk.browser().get("/sign-in")]:
        policy = answer.headers["content-security-policy"]
        assert "default-src 'self'" in policy
        assert "unsafe" not in policy
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["referrer-policy"] == "same-origin"
        assert answer.headers["cross-origin-opener-policy"] == "same-origin"
    assert browser.get("/").headers["cache-control"] == "no-store"
    assert browser.get(f"/media/{still}").headers["cache-control"] == "private, no-cache"


def test_the_draft_in_its_frame_may_bring_its_style_and_nothing_else(desk: RunningDesk) -> None:
    policy = desk.signed_in().get(f"/incidents/{desk.incident_id}/draft").headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; style-src 'unsafe-inline';")
    assert "script" not in policy


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/nowhere", 404),
        ("/incidents/not-an-id", 404),
        (f"/incidents/{NOWHERE}", 404),
        (f"/incidents/{NOWHERE}/draft", 404),
        (f"/media/{NOWHERE}", 404),
        ("/media/../../etc/passwd", 404),
        ("/media/%2e%2e%2fstreetwitness.db", 404),
        ("/static/../app.py", 404),
        ("/cameras/gate-4", 404),
        ("/metrics", 404),
        ("/docs", 404),
        ("/openapi.json", 404),
        ("/?state=lost", 400),
        ("/?camera=" + "x" * 100, 400),
        ("/sign-out", 405),
        ("/language/fr", 404),
    ],
)
def test_what_cannot_be_answered_is_a_page_with_a_sentence_in_the_visitors_language(
    desk: RunningDesk, path: str, status: int
) -> None:
    browser = desk.signed_in()
    answer = browser.get(path)
    assert answer.status_code == status
    assert answer.headers["content-type"].startswith("text/html")
    assert "That did not work" in answer.text
    assert "无法完成" in browser.get(path, headers={"accept-language": "zh-CN"}).text


def test_a_body_larger_than_any_form_is_refused_with_a_page(desk: RunningDesk) -> None:
    browser = desk.signed_in()
    form = {"csrf_token": token_in(browser.get("/").text), "reason": "x" * 70_000}
    answer = browser.post(f"/incidents/{desk.incident_id}/decision", data=form)
    assert answer.status_code == 413
    assert "too large" in answer.text


def test_a_foreign_host_name_is_refused(desk: RunningDesk) -> None:
    assert desk.browser().get("/about", headers={"host": "evil.example"}).status_code == 400


def test_where_visitors_come_by_https_cookies_stay_with_the_host_and_the_browser_is_told_so(
    sqlite_database: Database, desk: RunningDesk
) -> None:
    settings = ReviewSettings(
        sqlite_database.sessions, desk.settings.vault_root, desk.settings.drafts_dir, secure_cookies=True
    )
    for url in serve(settings):
        headers = {"sec-fetch-site": "same-origin"}
        first = httpx.get(f"{url}/sign-in", trust_env=False, timeout=PATIENCE_S)
        assert "max-age" in first.headers["strict-transport-security"]
        token = token_in(first.text)
        arrived = httpx.post(
            f"{url}/sign-in",
            data={"csrf_token": token, "name": "li.na", "password": PASSWORD},
            headers=headers | {"cookie": f"first_form={token}"},
            trust_env=False,
            timeout=PATIENCE_S,
        )
    cookie = next(line for line in arrived.headers.get_list("set-cookie") if line.startswith("__Host-session="))
    assert "Secure" in cookie
    assert "Path=/" in cookie
    assert "Domain" not in cookie


def test_language_is_switched_by_a_link_that_comes_back_to_the_page(desk: RunningDesk) -> None:
    browser = desk.signed_in()
    assert "Queue" in browser.get("/").text
    switched = browser.get("/language/zh", params={"back": "/?page=1"})
    assert switched.headers["location"] == "/?page=1"
    assert "待办" in browser.get("/").text


@pytest.mark.parametrize(
    "wanted", ["//evil.example", "/\\evil.example", "https://evil.example", "javascript:x", "", "/\n/evil.example"]
)
def test_nobody_is_sent_to_another_site(wanted: str) -> None:
    assert local_path(wanted) == "/"


def test_health_and_about_are_open_and_about_names_version_weights_licence_and_source(desk: RunningDesk) -> None:
    stranger = desk.browser()
    assert stranger.get("/healthz").text == "ok"
    about = stranger.get("/about").text
    assert "AGPL 3.0" in about
    assert "yolo11n" in about
    source = stranger.get("/source.zip")
    assert source.headers["content-type"] == "application/zip"
    assert b"cases/lifecycle.py" in source.content


def test_what_nobody_foresaw_is_a_page_with_a_sentence_and_the_same_headers(tmp_path: Path) -> None:
    engine = open_database(sqlite_url(tmp_path / "without-a-schema.db"))
    for url in serve(ReviewSettings(sessions_of(engine), tmp_path / "vault", tmp_path / "drafts")):
        answer = httpx.get(f"{url}/about", headers={"accept-language": "en"}, trust_env=False, timeout=PATIENCE_S)
    engine.dispose()
    assert answer.status_code == 500
    assert "it is in the log" in answer.text
    assert "no such table" not in answer.text
    assert "default-src 'self'" in answer.headers["content-security-policy"]


def test_a_character_that_no_column_can_hold_is_a_refusal_and_no_fault(database: Database, tmp_path: Path) -> None:
    for url in serve(ReviewSettings(database.sessions, tmp_path / "vault", tmp_path / "drafts")):
        with httpx.Client(
            base_url=url, headers={"sec-fetch-site": "same-origin"}, trust_env=False, timeout=PATIENCE_S
        ) as browser:
            form = {"csrf_token": token_in(browser.get("/sign-in").text), "name": "li\x00na", "password": PASSWORD}
            assert browser.post("/sign-in", data=form).status_code in {400, 401}
