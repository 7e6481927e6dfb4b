"""The page of webhooks: added with a secret that is shown once, tested, switched off; and refused in a sentence."""

import re
from collections.abc import Iterator
from dataclasses import replace

import httpx
import pytest
from sqlalchemy import select

from cases import accounts
from models.database import reading, transaction
from models.enums import Role
from models.hooks import Hook
from models.promises import OutboxMessage
from notify.gateway_http import GatewayHttp, GatewayNetworks
from notify.hooks import hook_relay
from review_ui.desk import now
from tests.conftest import Database
from tests.notify.peers import HttpPeer
from tests.review_ui.conftest import PASSWORD, RunningDesk, serve, token_in
from tests.rows import NOON

LOOPBACK = GatewayNetworks.of(["127.0.0.1"])


@pytest.fixture
def administrator(desk: RunningDesk) -> Iterator[httpx.Client]:
    """On a desk whose settings name loopback as a network of gateways."""
    with transaction(desk.database.sessions) as session:
        accounts.add_user(
            session, name="admin.zhao", display_name="赵", password=PASSWORD, role=Role.ADMINISTRATOR, at=NOON
        )
    for url in serve(replace(desk.settings, gateway_networks=LOOPBACK)):
        yield replace(desk, url=url).signed_in("admin.zhao", looking=False)


def the_hook(database: Database) -> Hook:
    with reading(database.sessions) as session:
        return session.scalars(select(Hook)).one()


def promised(database: Database) -> int:
    with reading(database.sessions) as session:
        return len(session.scalars(select(OutboxMessage)).all())


def form_of(browser: httpx.Client) -> dict[str, str]:
    return {"csrf_token": token_in(browser.get("/hooks").text)}


def test_an_administrator_adds_a_webhook_tries_it_and_switches_it_off(
    desk: RunningDesk, administrator: httpx.Client
) -> None:
    key = desk.settings.personal_data_key
    assert key is not None
    assert "No other system is told" in administrator.get("/hooks").text
    assert 'href="/hooks"' in administrator.get("/users").text
    with HttpPeer().running() as peer:
        form = form_of(administrator) | {"label": "Case system", "address": f"{peer.url}/in?token=abc"}
        made = administrator.post("/hooks", data=form | {"act": ["accepted", "dismissed"]})
        assert made.status_code == 200
        shown = re.search(r'class="first-password">(swh_[^<]+)<', made.text)
        assert shown is not None
        page = administrator.get("/hooks").text
        assert shown[1] not in page, "shown once"
        assert "token=abc" not in page, "an address may hold a token"
        assert "accepted; dismissed" in page
        assert "nothing sent yet" in page

        hook = the_hook(desk.database)
        tried = administrator.post(f"/hooks/{hook.id}/test", data=form)
        assert "on its way" in administrator.get(tried.headers["location"]).text
        hook_relay(desk.database.sessions, key, GatewayHttp(LOOPBACK), now).deliver_due()
        assert [b'"act": "test"' in request.body for request in peer.requests] == [True]
    assert "taken" in administrator.get("/hooks").text

    assert administrator.post(f"/hooks/{hook.id}/active", data=form | {"active": "false"}).status_code == 303
    before = promised(desk.database)
    refused = administrator.post(f"/hooks/{hook.id}/test", data=form)
    assert (refused.status_code, "is switched off" in refused.text) == (409, True)
    assert promised(desk.database) == before
    assert administrator.post(f"/hooks/{hook.id}/active", data=form | {"active": "true"}).status_code == 303
    assert the_hook(desk.database).switched_off_at is None
    (who,) = re.findall(r'href="(/users/[0-9a-f-]{36})">赵', administrator.get("/users").text)
    record = administrator.get(who).text
    for act in ("Webhook added", "Webhook tested", "Webhook switched off", "Webhook switched on"):
        assert act in record


def test_what_is_refused_is_said_and_what_was_typed_stays(desk: RunningDesk, administrator: httpx.Client) -> None:
    form = form_of(administrator) | {"label": "Case system", "address": "http://127.0.0.1:9/in"}
    wrong: list[tuple[dict[str, str | list[str]], str]] = [
        ({"address": "http://10.1.2.3/in"}, "cannot be dialled"),
        ({"address": "file:///etc/passwd"}, "cannot be dialled"),
        ({"act": []}, "Choose what the system is to be told"),
        ({"label": ""}, "Say whose system it is"),
        ({"area": "nowhere"}, "no such area"),
    ]
    for differs, sentence in wrong:
        asked = form | {"act": ["accepted"]} | differs
        refused = administrator.post("/hooks", data=asked)
        assert (refused.status_code, sentence in refused.text) == (409, True), differs
        assert f'value="{asked["address"]}"' in refused.text
    with reading(desk.database.sessions) as session:
        assert session.scalars(select(Hook)).all() == []


def test_nobody_else_finds_the_page_or_a_way_round_it(desk: RunningDesk, administrator: httpx.Client) -> None:
    form = form_of(administrator) | {"label": "Case system", "address": "http://127.0.0.1:9/in", "act": "accepted"}
    assert administrator.post("/hooks", data=form).status_code == 200
    hook = the_hook(desk.database)
    reviewer = desk.signed_in()
    assert reviewer.get("/hooks").status_code == 403
    own = {"csrf_token": token_in(reviewer.get("/").text), "active": "false"}
    for path in ("/hooks", f"/hooks/{hook.id}/active", f"/hooks/{hook.id}/test"):
        assert reviewer.post(path, data=own).status_code == 403
    assert administrator.post(f"/hooks/{hook.id}/test", data={"csrf_token": "made up"}).status_code == 403
    unknown = "00000000-0000-4000-8000-000000000000"
    for verb in ("test", "active"):
        assert administrator.post(f"/hooks/{unknown}/{verb}", data=form | {"active": "false"}).status_code == 404
    assert the_hook(desk.database).switched_off_at is None
    assert promised(desk.database) == 0
