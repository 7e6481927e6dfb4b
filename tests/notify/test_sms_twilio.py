"""Twilio, by its own client against a server that speaks its API: taken once, found again, refused in our words."""

import logging
from datetime import UTC, datetime, timedelta

import pytest

from models.enums import OutboxState
from notify.errors import GatewayRefused, GatewayUnavailable, GatewayUnreachable
from notify.gateway import Letter
from notify.gateway_http import GatewayHttp, GatewayNetworks
from notify.relay import BACK_OFF
from notify.sms_twilio import TwilioGateway
from tests.conftest import Database
from tests.notify.scene import OWNERS_PHONE, Clock, noticed, relay_of, the_message
from tests.notify.twilio_server import ACCOUNT, AUTH_TOKEN, SENDER, Fault, Taken, TwilioServer, scripted

NETWORKS = GatewayNetworks.of(["127.0.0.1"])
PATIENT, IMPATIENT = GatewayHttp(NETWORKS, deadline_s=30.0), GatewayHttp(NETWORKS, deadline_s=1.0)
LETTER = Letter(OWNERS_PHONE, "【城管】浙J***45停中山路，请12:14前驶离免罚。")
NOW = datetime.now(UTC)


def gateway_of(server: TwilioServer, http: GatewayHttp = PATIENT, **differs: str) -> TwilioGateway:
    given = {"account_sid": ACCOUNT, "auth_token": AUTH_TOKEN, "sender": SENDER} | differs
    return TwilioGateway(**given, public_url="https://desk.example", http=http, base=server.url)


def test_a_message_is_taken_with_its_number_words_and_a_callback_that_names_our_key() -> None:
    with TwilioServer().running() as server:
        sid = gateway_of(server).send("move_vehicle:1", LETTER)
    (taken,) = server.taken
    assert (taken.sid, taken.to, taken.body, taken.sender) == (sid, LETTER.to, LETTER.text, SENDER)
    assert taken.callback == "https://desk.example/webhooks/twilio?key=move_vehicle%3A1"


def test_what_was_taken_is_found_by_number_words_and_time_over_several_pages() -> None:
    with TwilioServer(page_size=2).running() as server:
        gateway = gateway_of(server)
        sid = gateway.send("k", LETTER)
        for number in range(5):
            gateway.send("other", Letter(OWNERS_PHONE, f"another {number}"))
        gateway.send("other", Letter("+8613800000099", LETTER.text))
        assert gateway.find("k", LETTER, NOW) == sid
        assert gateway.find("k", Letter(OWNERS_PHONE, "never sent"), NOW) is None
        # the same words of last week are another message
        assert gateway.find("k", LETTER, NOW + timedelta(days=1)) is None


@pytest.mark.parametrize(
    ("fault", "kind", "says"),
    [
        (Fault.UNAVAILABLE, GatewayUnavailable, "twilio answers 503"),
        (Fault.BROKEN, GatewayUnavailable, "twilio answers 500"),
        (Fault.TOO_MANY, GatewayUnavailable, "twilio answers 429, error 20429; it is tried again"),
        (Fault.NOT_A_NUMBER, GatewayRefused, "twilio answers 400, error 21211; the message is not taken"),
        (Fault.CUT_OFF_AFTER, GatewayUnavailable, "no whole answer"),
        (Fault.SILENT_AFTER, GatewayUnavailable, "it took too long"),
        (Fault.GARBAGE_AFTER, GatewayUnavailable, "cannot be read"),
    ],
    ids=lambda value: value.name.lower() if isinstance(value, Fault) else None,
)
def test_every_fault_is_one_of_our_two_answers_and_never_repeats_the_number(
    fault: Fault, kind: type[Exception], says: str
) -> None:
    http = IMPATIENT if fault is Fault.SILENT_AFTER else PATIENT
    with TwilioServer(faults=scripted(fault)).running() as server, pytest.raises(kind, match=says) as caught:
        gateway_of(server, http).send("k", LETTER)
    assert type(caught.value) is kind
    assert OWNERS_PHONE not in str(caught.value)


def test_a_wrong_token_waits_for_the_operator_and_is_not_a_final_no() -> None:
    with TwilioServer().running() as server, pytest.raises(GatewayUnavailable, match="401, error 20003"):
        gateway_of(server, auth_token="wrong").send("k", LETTER)


def test_where_nobody_listens_nothing_was_handed_over() -> None:
    with TwilioServer().running() as server:
        pass
    with pytest.raises(GatewayUnreachable, match="no connection"):
        gateway_of(server).send("k", LETTER)


@pytest.mark.parametrize("fault", [Fault.CUT_OFF_AFTER, Fault.GARBAGE_AFTER, Fault.CUT_OFF_BEFORE])
def test_an_answer_that_was_lost_is_asked_for_and_the_owner_gets_one_message(database: Database, fault: Fault) -> None:
    noticed(database.sessions)
    clock = Clock()
    with TwilioServer(faults=scripted(fault), clock=clock).running() as server:
        relay = relay_of(database.sessions, gateway_of(server), clock)
        assert relay.deliver_due() == 1
        assert the_message(database.sessions).state is OutboxState.PENDING
        clock.forward(BACK_OFF[0].total_seconds())
        assert relay.deliver_due() == 1
    message = the_message(database.sessions)
    assert (message.state, message.provider_id) == (OutboxState.SENT, server.taken[0].sid)
    assert len(server.taken) == 1
    assert server.asked == [OWNERS_PHONE]


def test_a_refusal_for_good_is_a_dead_letter_that_may_go_another_way(database: Database) -> None:
    noticed(database.sessions)
    with TwilioServer(faults=scripted(Fault.NOT_A_NUMBER)).running() as server:
        relay_of(database.sessions, gateway_of(server), Clock()).deliver_due()
    message = the_message(database.sessions)
    assert (message.state, message.gateway) == (OutboxState.DEAD, None)
    assert "error 21211" in str(message.last_error)


def test_neither_the_logs_nor_the_gateway_as_text_show_token_number_or_words(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    with TwilioServer().running() as server:
        gateway = gateway_of(server)
        gateway.send("k", LETTER)
        gateway.find("k", LETTER, NOW)
    seen = f"{gateway!r}{LETTER!r}{[vars(record) for record in caplog.records]}"
    for secret in (AUTH_TOKEN, OWNERS_PHONE, OWNERS_PHONE[1:], LETTER.text):
        assert secret not in seen


def test_a_message_of_before_is_told_apart_by_its_time() -> None:
    earlier = Taken("SM-old", OWNERS_PHONE, LETTER.text, SENDER, None, NOW - timedelta(days=7))
    with TwilioServer(taken=[earlier]).running() as server:
        assert gateway_of(server).find("k", LETTER, NOW) is None
        assert gateway_of(server).find("k", LETTER, NOW - timedelta(days=7)) == "SM-old"
