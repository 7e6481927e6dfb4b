"""Webhooks out: every event that was asked for is told, signed, in spite of what dies; and nobody else is held up."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from cases import hook_promises, hooks, lifecycle, message_desk
from cases.accounts import WITH_GRANTS
from cases.entitlements import EVERYTHING
from cases.errors import HookRefused, NotEntitled
from cases.hook_promises import USEFUL_FOR
from cases.hooks import MOST_HOOKS, Wanted
from models.database import Sessions, reading, transaction
from models.dispatch import Area
from models.enums import AccountAct, Act, AreaLevel, HookAct, IncidentState, Offence, OutboxState, Role
from models.hooks import Hook
from models.incidents import Incident
from models.people import AccountEvent, User
from models.places import Camera
from models.promises import OutboxMessage
from notify.breaker import FAILURES_IN_A_ROW
from notify.gateway_http import GatewayHttp, GatewayNetworks
from notify.hooks import hook_relay
from notify.relay import LEASE, Relay
from tests import rows
from tests.conftest import Database
from tests.notify.peers import HttpPeer, Request
from tests.notify.scene import AT, KEY, Clock, Killed, Provider, promise_case, relay_of

LOOPBACK = GatewayNetworks.of(["127.0.0.1"])
DOCUMENT = Path(__file__).parents[2] / "docs" / "webhooks.md"


@pytest.fixture
def peer() -> Iterator[HttpPeer]:
    with HttpPeer().running() as running:
        yield running


def administrator(session: Session) -> User:
    found = session.scalar(select(User).where(User.name == "admin.zhao").options(WITH_GRANTS))
    return found or rows.add_user(session, "admin.zhao", role=Role.ADMINISTRATOR)


def added(session: Session, address: str, *acts: HookAct, at: datetime = AT, **scope: Any) -> tuple[Hook, str]:
    wanted = Wanted("Case system", address, acts or tuple(HookAct), **scope)
    host = hooks.check(wanted, LOOPBACK)
    return hooks.add(session, KEY, wanted, host, user=administrator(session), at=at)


def goes_on(session: Session, incident: Incident, *acts: Act) -> None:
    for act in acts:
        lifecycle.advance(session, incident, act, actor="streetwitness", at=AT)


def relay(sessions: Sessions, clock: Clock) -> Relay:
    return hook_relay(sessions, KEY, GatewayHttp(LOOPBACK, deadline_s=30), clock)


def told(peer: HttpPeer) -> list[dict[str, str]]:
    return [json.loads(request.body) for request in peer.requests]


def messages(sessions: Sessions) -> list[OutboxMessage]:
    with reading(sessions) as session:
        return list(session.scalars(select(OutboxMessage).order_by(OutboxMessage.key)))


def the_example() -> Any:
    """The check as the documentation has it."""
    code = re.search(r"```python\n(.*?)```", DOCUMENT.read_text("utf-8"), re.DOTALL)
    assert code is not None
    space: dict[str, Any] = {}
    exec(code[1], space)  # noqa: S102 - our own documentation
    return space["is_ours"]


def test_what_was_asked_for_is_told_signed_and_without_anything_personal(database: Database, peer: HttpPeer) -> None:
    with transaction(database.sessions) as session:
        incident = rows.add_street(session).incident
        _, secret = added(session, f"{peer.url}/in?token=abc", HookAct.DRAFTED, HookAct.ACCEPTED, HookAct.TAKEN_BACK)
        goes_on(session, incident, Act.GRACE_STARTED, Act.GRACE_EXPIRED, Act.ACCEPTED)
        lifecycle.take_back(session, incident, actor="li.na", at=AT, facts={"reason": "pressed too soon"})
    clock = Clock()
    assert relay(database.sessions, clock).deliver_due() == 3
    first, *_ = sorted(told(peer), key=lambda each: each["event"])
    assert first == {
        "event": f"{incident.id}:3",
        "incident": str(incident.id),
        "act": "drafted",
        "state": "drafted",
        "offence": "illegal_parking",
        "camera": "gate-3",
        "at": AT.isoformat(),
    }
    assert {(each["act"], each["state"]) for each in told(peer)} == {
        ("drafted", "drafted"),
        ("accepted", "accepted"),
        ("taken_back", "drafted"),
    }
    is_ours, now = the_example(), clock.now.timestamp()
    for request in peer.requests:
        assert request.path == "/in?token=abc"
        assert request.headers["idempotency-key"] == json.loads(request.body)["event"]
        assert "浙J12345" not in request.body.decode()
        headers = httpx.Headers(request.headers)
        assert is_ours(secret, headers, request.body, now)
        assert not is_ours(secret, headers, request.body.replace(b"gate-3", b"gate-4"), now)
        assert not is_ours(secret + "x", headers, request.body, now)
        assert not is_ours(secret, headers, request.body, now + 301), "replayed later"
    assert all(message.state is OutboxState.SENT for message in messages(database.sessions))
    with reading(database.sessions) as session:
        (shown,) = hooks.shown(session, clock.now)
        assert (shown.hook.tried_at, shown.hook.last_error) == (clock.now, None)
        kept = shown.hook.secret_sealed + shown.hook.address_sealed
        assert secret.encode() not in kept
        assert b"token=abc" not in kept
        assert shown.hook.host == peer.url.removeprefix("http://")


def test_every_act_that_changes_the_state_is_told_as_one_of_the_list() -> None:
    silent = {
        act for (before, act), state in lifecycle.NEXT.items() if before is not state and act not in hook_promises.TOLD
    }
    assert silent == set()
    assert set(hook_promises.TOLD.values()) == set(HookAct) - {HookAct.CLOCK_DUE}  # that is no act on an incident


@pytest.mark.parametrize(
    ("area", "offence", "hears"),
    [
        (None, None, True),
        ("city", None, True),
        ("east", Offence.ILLEGAL_PARKING, True),
        ("west", None, False),
        (None, Offence.DUMPING, False),
        ("east", Offence.DUMPING, False),
    ],
    ids=["everything", "the_area_above", "area_and_offence", "other_area", "other_offence", "area_other_offence"],
)
def test_only_what_lies_in_its_area_and_is_of_its_offence_is_promised(
    database: Database, area: str | None, offence: Offence | None, hears: bool
) -> None:
    with transaction(database.sessions) as session:
        session.add(Area(id="city", name="市", level=AreaLevel.CITY))
        session.flush()
        session.add_all(
            [Area(id=name, name=name, level=AreaLevel.DISTRICT, parent_id="city") for name in ("east", "west")]
        )
        incident = rows.add_street(session).incident
        session.get_one(Camera, incident.camera_id).area_id = "east"
        added(session, "http://127.0.0.1:9/", area_id=area, offence=offence)
        goes_on(session, incident, Act.GRACE_STARTED)
    assert len(messages(database.sessions)) == int(hears)


def test_what_was_rolled_back_is_told_to_nobody(database: Database) -> None:
    with transaction(database.sessions) as session:
        incident_id = rows.add_street(session).incident.id
        added(session, "http://127.0.0.1:9/")

    def decided_and_killed() -> None:
        with transaction(database.sessions) as session:
            goes_on(session, session.get_one(Incident, incident_id), Act.GRACE_STARTED)
            assert session.scalar(select(OutboxMessage.key)) is not None
            raise Killed

    with pytest.raises(Killed):
        decided_and_killed()
    assert messages(database.sessions) == []


@dataclass
class DyingClock(Clock):
    """The process dies when the time is asked for the nth time."""

    dies_at: int = 0
    asked: list[datetime] = field(default_factory=list)

    def __call__(self) -> datetime:
        self.asked.append(self.now)
        if len(self.asked) == self.dies_at:
            raise Killed
        return self.now


@pytest.mark.parametrize("taken", [False, True], ids=["before_it_was_taken", "before_the_answer_was_on_record"])
def test_killed_between_promise_and_answer_it_is_told_again_under_the_same_id(
    database: Database, peer: HttpPeer, taken: bool
) -> None:
    with transaction(database.sessions) as session:
        incident = rows.add_street(session).incident
        added(session, peer.url, HookAct.NOTIFIED)
        goes_on(session, incident, Act.GRACE_STARTED)
    # the time is asked for twice to find what is due, once to claim it, once to sign it, then for the answer
    clock = DyingClock(dies_at=5 if taken else 4)
    with pytest.raises(Killed):
        relay(database.sessions, clock).deliver_due()
    assert len(peer.requests) == int(taken)
    clock.forward(LEASE.total_seconds() - 1)
    assert relay(database.sessions, clock).deliver_due() == 0
    clock.forward(2)
    assert relay(database.sessions, clock).deliver_due() == 1
    assert relay(database.sessions, clock).deliver_due() == 0
    assert len(peer.requests) == 1 + int(taken)
    assert {request.body for request in peer.requests} == {peer.requests[0].body}, "the same id and the same words"
    (message,) = messages(database.sessions)
    assert message.state is OutboxState.SENT


def test_a_failing_hook_holds_up_neither_another_hook_nor_people_and_is_given_up_visibly(
    database: Database, peer: HttpPeer
) -> None:
    def answer(request: Request) -> tuple[int, Any]:
        return (503 if request.path == "/broken" else 204), b""

    peer.answer = answer
    with transaction(database.sessions) as session:
        promise_case(session)
        incident = session.scalars(select(Incident)).one()
        broken, _ = added(session, f"{peer.url}/broken", HookAct.NOTIFIED)
        added(session, f"{peer.url}/sound", HookAct.NOTIFIED)
        goes_on(session, incident, Act.GRACE_STARTED)
        for _ in range(FAILURES_IN_A_ROW):
            hooks.try_out(session, broken.id, user=administrator(session), at=AT)
    clock, provider = Clock(), Provider()
    hooked = relay(database.sessions, clock)
    hooked.deliver_due()
    paths = [request.path for request in peer.requests]
    assert paths.count("/sound") == 1
    assert paths.count("/broken") == FAILURES_IN_A_ROW, "then it is left alone"
    with reading(database.sessions) as session:
        (shown,) = [each for each in hooks.shown(session, clock.now) if each.hook.id == broken.id]
        assert shown.left_alone_until is not None
        assert "503" in (shown.hook.last_error or "")
    assert relay_of(database.sessions, provider, clock).deliver_due() == 1, "people are told meanwhile, of nothing else"

    clock.forward(USEFUL_FOR.total_seconds() + 1)
    hooked.deliver_due()
    dead = [each for each in messages(database.sessions) if each.state is OutboxState.DEAD]
    assert len(dead) == FAILURES_IN_A_ROW + 1
    assert len(peer.requests) == FAILURES_IN_A_ROW + 1, "nothing is told that is days old"
    peer.answer = lambda _request: (200, {})
    (event,) = [message for message in dead if message.kind == "hook_event"]
    with transaction(database.sessions) as session:
        lines = message_desk.messages_shown(session, EVERYTHING, (OutboxState.DEAD,)).lines
        assert event.id in {line.id for line in lines}
        message_desk.send_again(
            session, event.id, user=administrator(session), reason="their server is back", at=clock.now
        )
    clock.forward(600)
    assert hooked.deliver_due() == 1
    (event,) = [message for message in messages(database.sessions) if message.id == event.id]
    assert event.state is OutboxState.SENT


@pytest.mark.parametrize(
    ("status", "state"),
    [(404, OutboxState.DEAD), (302, OutboxState.PENDING), (429, OutboxState.PENDING)],
    ids=["final_no", "leads_elsewhere", "not_now"],
)
def test_what_its_answer_means(sqlite_database: Database, peer: HttpPeer, status: int, state: OutboxState) -> None:
    peer.answer = lambda _request: (status, b"")
    with transaction(sqlite_database.sessions) as session:
        incident = rows.add_street(session).incident
        added(session, peer.url, HookAct.NOTIFIED)
        goes_on(session, incident, Act.GRACE_STARTED)
    assert relay(sqlite_database.sessions, Clock()).deliver_due() == 1
    (message,) = messages(sqlite_database.sessions)
    assert (message.state, message.last_error is not None) == (state, True)


def test_switched_off_nothing_is_promised_and_what_was_is_given_up_with_the_reason(
    database: Database, peer: HttpPeer
) -> None:
    with transaction(database.sessions) as session:
        incident, user = rows.add_street(session).incident, administrator(session)
        hook, _ = added(session, peer.url)
        goes_on(session, incident, Act.GRACE_STARTED)
        hooks.switch(session, hook.id, on=False, user=user, at=AT)
        hooks.switch(session, hook.id, on=False, user=user, at=AT)  # twice pressed, once on record
        goes_on(session, incident, Act.GRACE_EXPIRED)
        with pytest.raises(HookRefused, match="switch it on first"):
            hooks.try_out(session, hook.id, user=user, at=AT)
        acts = session.scalars(select(AccountEvent.act).order_by(AccountEvent.id)).all()
        assert acts == [AccountAct.HOOK_MADE, AccountAct.HOOK_SWITCHED_OFF]
        assert incident.state is IncidentState.DRAFTED, "it went on all the same"
    relay(database.sessions, Clock()).deliver_due()
    assert peer.requests == []
    (message,) = messages(database.sessions)
    assert message.state is OutboxState.DEAD
    assert "switched off" in (message.last_error or "")


def test_the_address_that_was_sound_is_judged_again_when_it_is_dialled(
    sqlite_database: Database, peer: HttpPeer
) -> None:
    with transaction(sqlite_database.sessions) as session:
        incident = rows.add_street(session).incident
        added(session, peer.url)
        goes_on(session, incident, Act.GRACE_STARTED)
    strict = hook_relay(sqlite_database.sessions, KEY, GatewayHttp(GatewayNetworks()), Clock())
    strict.deliver_due()
    assert peer.requests == []
    (message,) = messages(sqlite_database.sessions)
    assert "not on the internet" in (message.last_error or "")


SOUND = Wanted("Case system", "https://cases.example/in", (HookAct.OPENED,))


@pytest.mark.parametrize(
    ("wanted", "why"),
    [
        (replace(SOUND, label=" "), "label"),
        (replace(SOUND, acts=()), "acts"),
        (replace(SOUND, address="http://cases.example/in"), "address"),
        (replace(SOUND, address="https://inside.example/in"), "address"),
        (replace(SOUND, address="https://user:word@cases.example/in"), "address"),
        (replace(SOUND, address="https://cases.example/in#there"), "address"),
        (replace(SOUND, address="https://cases.example/in there"), "address"),
        (replace(SOUND, address="https://cases.example:99999/in"), "address"),
        (replace(SOUND, address="ftp://cases.example/in"), "address"),
        (replace(SOUND, address="cases.example"), "address"),
        (replace(SOUND, address="https://cases.example/" + "x" * 500), "address"),
        (replace(SOUND, address="https://nowhere.example/in"), "name"),
    ],
    ids=[
        "no_label",
        "nothing_to_tell",
        "in_clear",
        "private_network",
        "password_in_it",
        "fragment",
        "space",
        "port",
        "not_http",
        "no_scheme",
        "too_long",
        "no_such_name",
    ],
)
def test_what_is_no_hook_is_refused_with_the_reason(wanted: Wanted, why: str) -> None:
    known = {"cases.example": ["203.0.114.7"], "inside.example": ["10.1.2.3"]}
    networks = GatewayNetworks(resolver=lambda host, _port: known.get(host, []))
    assert hooks.check(SOUND, networks) == "cases.example"
    with pytest.raises(HookRefused) as refused:
        hooks.check(wanted, networks)
    assert refused.value.why == why


def test_only_administrators_have_hooks_and_not_without_number(sqlite_database: Database) -> None:
    with transaction(sqlite_database.sessions) as session:
        leader = rows.add_user(session, "leader.sun", role=Role.LEADER)
        with pytest.raises(NotEntitled):
            hooks.add(session, KEY, SOUND, "cases.example", user=leader, at=AT)
        user = administrator(session)
        hook, secret = hooks.add(session, KEY, SOUND, "cases.example", user=user, at=AT)
        for act in (hooks.switch, hooks.try_out):
            with pytest.raises(NotEntitled):
                act(session, hook.id, user=leader, at=AT, **({"on": False} if act is hooks.switch else {}))
        others = {hooks.add(session, KEY, SOUND, "cases.example", user=user, at=AT)[1] for _ in range(MOST_HOOKS - 1)}
        assert secret not in others
        assert len(others) == MOST_HOOKS - 1
        with pytest.raises(HookRefused) as refused:
            hooks.add(session, KEY, SOUND, "cases.example", user=user, at=AT)
        assert refused.value.why == "number"
        hooks.switch(session, hook.id, on=False, user=user, at=AT)
        with pytest.raises(HookRefused) as refused:
            hooks.add(session, KEY, replace(SOUND, area_id="nowhere"), "cases.example", user=user, at=AT)
        assert refused.value.why == "unknown_area"
