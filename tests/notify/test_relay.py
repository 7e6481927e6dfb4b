"""The relay: every promise is kept once, whatever dies and whatever the gateway answers."""

import logging
import threading
from dataclasses import replace

import pytest
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from models.database import reading, transaction
from models.enums import NoticeStatus, OutboxState
from models.incidents import Incident
from models.people import Officer, User
from models.personal_data import PersonalDataKey
from models.promises import OutboxMessage
from notify import breaker, outbox
from notify.breaker import FAILURES_IN_A_ROW
from notify.errors import GatewayRefused, GatewayUnavailable, GatewayUnreachable
from notify.notices import NoticeChange
from notify.relay import BACK_OFF, LEASE, MAX_TRIES
from tests import rows
from tests.conftest import Database
from tests.notify.scene import (
    AT,
    OWNERS_PHONE,
    PHONE,
    Clock,
    Killed,
    Provider,
    failing,
    noticed,
    promise_case,
    promise_notice,
    promised,
    relay_of,
    the_message,
    the_notice,
)


def test_a_promise_is_kept_once_and_the_answer_is_on_record(database: Database) -> None:
    promised(database.sessions)
    provider, clock = Provider(), Clock()
    assert relay_of(database.sessions, provider, clock).deliver_due() == 1
    message = the_message(database.sessions)
    assert (message.state, message.provider_id, message.answered_at) == (OutboxState.SENT, "provider-1", AT)
    ((key, to, text),) = provider.taken
    assert (key, to) == (message.key, PHONE)
    assert "浙J12345" in text
    assert "North gate" in text
    assert provider.asked == []  # a first try has nothing to look up
    clock.forward(86_400)
    assert relay_of(database.sessions, provider, clock).deliver_due() == 0


def test_what_is_not_due_yet_waits(database: Database) -> None:
    promised(database.sessions)
    provider, clock = Provider(), Clock(AT.replace(year=2025))
    assert relay_of(database.sessions, provider, clock).deliver_due() == 0


def test_killed_after_the_gateway_took_it_sends_nothing_twice(database: Database) -> None:
    promised(database.sessions)
    provider, clock = Provider(after=failing(Killed())), Clock()
    with pytest.raises(Killed):
        relay_of(database.sessions, provider, clock).deliver_due()
    message = the_message(database.sessions)
    assert (message.state, message.tries) == (OutboxState.SENDING, 1)
    clock.forward(LEASE.total_seconds() - 1)
    assert relay_of(database.sessions, provider, clock).deliver_due() == 0  # the lease still holds
    clock.forward(2)
    assert relay_of(database.sessions, provider, clock).deliver_due() == 1
    message = the_message(database.sessions)
    assert (message.state, message.provider_id, message.tries) == (OutboxState.SENT, "provider-1", 2)
    assert len(provider.taken) == 1


def test_killed_before_the_gateway_took_it_is_sent_after_the_lease(database: Database) -> None:
    promised(database.sessions)
    provider, clock = Provider(before=failing(Killed())), Clock()
    with pytest.raises(Killed):
        relay_of(database.sessions, provider, clock).deliver_due()
    clock.forward(LEASE.total_seconds() + 1)
    relay_of(database.sessions, provider, clock).deliver_due()
    assert len(provider.taken) == 1
    assert provider.asked == [the_message(database.sessions).key]


def test_an_answer_lost_on_the_way_is_looked_up_before_it_is_sent_again(database: Database) -> None:
    promised(database.sessions)
    provider, clock = Provider(after=failing(GatewayUnavailable("timed out"))), Clock()
    relay_of(database.sessions, provider, clock).deliver_due()
    message = the_message(database.sessions)
    assert (message.state, message.last_error, message.next_at) == (OutboxState.PENDING, "timed out", AT + BACK_OFF[0])
    clock.forward(BACK_OFF[0].total_seconds())
    relay_of(database.sessions, provider, clock).deliver_due()
    message = the_message(database.sessions)
    assert (message.state, message.last_error) == (OutboxState.SENT, None)
    assert len(provider.taken) == 1


def test_a_gateway_that_is_away_is_tried_six_times_and_then_the_message_is_dead(database: Database) -> None:
    promised(database.sessions)
    provider, clock = Provider(before=failing(GatewayUnavailable("503"), times=99)), Clock()
    relay = relay_of(database.sessions, provider, clock)
    waited = []
    for _ in range(MAX_TRIES):
        assert relay.deliver_due() == 1
        message = the_message(database.sessions)
        waited.append((message.next_at - clock.now).total_seconds())
        clock.now = max(message.next_at, clock.now)
    assert waited[:-1] == [pause.total_seconds() for pause in BACK_OFF]
    assert sum(pause.total_seconds() for pause in BACK_OFF) == 3600
    assert (message.state, message.tries, message.last_error) == (OutboxState.DEAD, MAX_TRIES, "503")
    clock.forward(86_400)
    assert relay.deliver_due() == 0
    assert provider.taken == []


@pytest.mark.parametrize("took_it", [True, False], ids=["gateway_has_it", "gateway_has_it_not"])
def test_killed_in_the_last_try_is_looked_up_and_never_sent_again(database: Database, took_it: bool) -> None:
    promised(database.sessions)
    with transaction(database.sessions) as session:
        session.execute(update(OutboxMessage).values(tries=MAX_TRIES - 1))
    fault = {"after": failing(Killed())} if took_it else {"before": failing(Killed())}
    provider, clock = Provider(**fault), Clock()
    with pytest.raises(Killed):
        relay_of(database.sessions, provider, clock).deliver_due()
    clock.forward(LEASE.total_seconds() + 1)
    relay_of(database.sessions, provider, clock).deliver_due()
    message = the_message(database.sessions)
    assert message.state is (OutboxState.SENT if took_it else OutboxState.DEAD)
    assert len(provider.taken) == int(took_it)


def test_a_final_no_is_not_tried_again(database: Database) -> None:
    promised(database.sessions)
    provider, clock = Provider(before=failing(GatewayRefused("not a number"), times=99)), Clock()
    relay = relay_of(database.sessions, provider, clock)
    assert relay.deliver_due() == 1
    message = the_message(database.sessions)
    assert (message.state, message.tries, message.last_error) == (OutboxState.DEAD, 1, "not a number")


def test_an_answer_that_comes_after_the_lease_was_lost_changes_nothing(
    database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    """The first relay hangs in the gateway; a second takes over, asks, sends; then the first comes back with a no."""
    promised(database.sessions)
    clock = Clock()
    second = Provider()

    def hang(_key: str) -> None:
        clock.forward(LEASE.total_seconds() + 1)
        assert relay_of(database.sessions, second, clock).deliver_one()
        raise GatewayRefused("too late")

    assert relay_of(database.sessions, Provider(before=hang), clock).deliver_one()
    message = the_message(database.sessions)
    assert (message.state, message.fence, message.last_error) == (OutboxState.SENT, 2, None)
    assert "answer came too late, another has settled the message" in caplog.text


def test_an_answer_that_comes_late_does_not_disturb_the_relay_that_has_the_message_now(database: Database) -> None:
    """As above, but the second is still sending (and then dies) when the first comes back: a third one finishes."""
    promised(database.sessions)
    clock, second = Clock(), Provider(after=failing(Killed()))

    def hang(_key: str) -> None:
        clock.forward(LEASE.total_seconds() + 1)
        with pytest.raises(Killed):
            relay_of(database.sessions, second, clock).deliver_one()
        raise GatewayRefused("too late")

    assert relay_of(database.sessions, Provider(before=hang), clock).deliver_one()
    message = the_message(database.sessions)
    assert (message.state, message.fence, message.last_error) == (OutboxState.SENDING, 2, None)
    clock.forward(LEASE.total_seconds() + 1)
    relay_of(database.sessions, second, clock).deliver_due()
    assert the_message(database.sessions).state is OutboxState.SENT
    assert len(second.taken) == 1


def test_two_relays_at_once_send_each_message_once(database: Database) -> None:
    with transaction(database.sessions) as session:
        first = promise_case(session)
        for number in range(10):
            outbox.promise(session, key=f"{first.key}:{number}", kind=first.kind, payload=first.payload, at=AT)
    provider, clock = Provider(), Clock()
    together = threading.Barrier(2)
    tried: list[int] = []

    def deliver() -> None:
        together.wait()
        tried.append(relay_of(database.sessions, provider, clock).deliver_due())

    threads = [threading.Thread(target=deliver) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(tried) == 11
    keys = [key for key, _, _ in provider.taken]
    assert len(keys) == len(set(keys)) == 11


def test_a_message_nobody_can_be_told_is_dead_with_the_reason(database: Database) -> None:
    promised(database.sessions)
    with transaction(database.sessions) as session:
        session.query(Officer).delete()
    provider = Provider()
    relay_of(database.sessions, provider, Clock()).deliver_due()
    message = the_message(database.sessions)
    assert message.state is OutboxState.DEAD
    assert "is not on record any more" in str(message.last_error)
    assert provider.taken == []


def test_a_message_of_an_unknown_kind_is_dead_with_the_reason(database: Database) -> None:
    with transaction(database.sessions) as session:
        outbox.promise(session, key="k", kind="carrier_pigeon", payload={}, at=AT)
    relay_of(database.sessions, Provider(), Clock()).deliver_due()
    message = the_message(database.sessions)
    assert message.state is OutboxState.DEAD
    assert "carrier_pigeon" in str(message.last_error)


def test_a_wrong_key_puts_the_message_off_until_the_right_one_is_back(database: Database) -> None:
    promised(database.sessions)
    provider, clock = Provider(), Clock()
    relay_of(database.sessions, provider, clock, PersonalDataKey(b"x" * 32)).deliver_due()
    assert the_message(database.sessions).state is OutboxState.PENDING
    clock.forward(BACK_OFF[0].total_seconds())
    relay_of(database.sessions, provider, clock).deliver_due()
    assert the_message(database.sessions).state is OutboxState.SENT


def test_no_log_line_and_no_row_shows_the_number(database: Database, caplog: pytest.LogCaptureFixture) -> None:
    promised(database.sessions)
    caplog.set_level(logging.DEBUG, logger="notify")
    provider, clock = Provider(after=failing(GatewayUnavailable("timed out"))), Clock()
    relay_of(database.sessions, provider, clock).deliver_due()
    handed_over = [record for record in caplog.records if record.message == "message handed over"]
    assert [vars(record)["to"] for record in handed_over] == ["+86*********17"]
    assert PHONE not in "".join(str(vars(record)) for record in caplog.records)
    message = the_message(database.sessions)
    assert PHONE not in f"{message.payload}{message.last_error}{message.key}"


def test_the_letter_of_the_first_try_is_the_letter_of_every_try(database: Database) -> None:
    """A lookup by the words finds them again, whatever the rows say meanwhile."""
    with transaction(database.sessions) as session:
        incident_id = promise_notice(session).incident_id
    provider, clock = Provider(after=failing(GatewayUnavailable("timed out"))), Clock()
    relay = relay_of(database.sessions, provider, clock)
    relay.deliver_due()
    with transaction(database.sessions) as session:
        session.get_one(Incident, incident_id).plate = "浙J99999"
    provider.taken.append(("another", "", ""))
    provider.taken.pop(0)  # the provider has lost it, so it is sent again
    clock.forward(BACK_OFF[0].total_seconds())
    relay.deliver_due()
    _, to, text = provider.taken[-1]
    assert to == OWNERS_PHONE
    assert "浙J***45" in text
    message = the_message(database.sessions)
    assert message.letter_sealed is not None
    assert OWNERS_PHONE.encode() not in message.letter_sealed


def test_a_notice_is_sent_when_the_gateway_has_it_and_undelivered_when_it_is_given_up(database: Database) -> None:
    noticed(database.sessions)
    relay_of(database.sessions, Provider(), Clock()).deliver_due()
    assert the_notice(database.sessions).status is NoticeStatus.SENT


def test_who_asked_to_be_told_of_notices_is_told_in_the_same_transaction(database: Database) -> None:
    noticed(database.sessions)
    told = []
    refusing = Provider(before=failing(GatewayRefused("no such number"), times=99))

    def act(session: Session, change: NoticeChange) -> None:
        told.append(change.after)
        rows.add_user(session, f"user-{len(told)}")

    relay = replace(relay_of(database.sessions, refusing, Clock()), on_notice=act)
    relay.deliver_due()
    assert told == [NoticeStatus.UNDELIVERED]
    assert the_notice(database.sessions).status is NoticeStatus.UNDELIVERED
    with reading(database.sessions) as session:
        assert session.scalar(select(func.count()).select_from(User)) == 1


def test_another_gateway_gets_a_message_only_where_the_first_was_never_handed_it(database: Database) -> None:
    noticed(database.sessions)
    clock, second = Clock(), Provider()
    first = Provider(before=failing(GatewayUnreachable("no connection"), times=FAILURES_IN_A_ROW))
    relay = relay_of(database.sessions, {"first": first, "second": second}, clock, routes="*=first,second")
    for _ in range(FAILURES_IN_A_ROW - 1):
        relay.deliver_due()
        clock.forward(BACK_OFF[-1].total_seconds())
    assert second.taken == []
    relay.deliver_due()  # the fifth failure opens the circuit
    with transaction(database.sessions) as session:
        message = session.scalars(select(OutboxMessage)).one()
        message.next_at, message.tries = clock.now, 1
    relay.deliver_due()
    assert (len(first.taken), len(second.taken)) == (0, 1)
    assert first.asked == []


def test_a_message_that_a_gateway_may_have_waits_for_that_gateway(database: Database) -> None:
    """Its answer was lost and then it fell silent: who else had it sent would perhaps send it twice."""
    noticed(database.sessions)
    clock, second = Clock(), Provider()
    first = Provider(after=failing(GatewayUnavailable("timed out")))
    relay = relay_of(database.sessions, {"first": first, "second": second}, clock, routes="*=first,second")
    relay.deliver_due()
    with transaction(database.sessions) as session:
        for _ in range(FAILURES_IN_A_ROW):
            breaker.silent(session, "first", "gone", clock.now + BACK_OFF[0])
    clock.forward(BACK_OFF[0].total_seconds())
    assert relay.deliver_due() == 1
    message = the_message(database.sessions)
    assert (message.state, message.tries, second.taken) == (OutboxState.PENDING, 1, [])
    assert "first does not answer and is left alone" in str(message.last_error)
    clock.now = message.next_at
    relay.deliver_due()
    assert the_message(database.sessions).provider_id == "provider-1"
    assert (len(first.taken), second.taken) == (1, [])


def test_a_gateway_that_went_out_of_the_settings_is_named(database: Database) -> None:
    noticed(database.sessions)
    clock, first = Clock(), Provider(after=failing(GatewayUnavailable("timed out")))
    relay_of(database.sessions, {"first": first}, clock).deliver_due()
    clock.forward(BACK_OFF[0].total_seconds())
    relay_of(database.sessions, {"second": Provider()}, clock).deliver_due()
    message = the_message(database.sessions)
    assert (message.state, message.tries) == (OutboxState.PENDING, 1)
    assert "first is not set up" in str(message.last_error)


def test_what_comes_too_late_to_be_of_use_is_not_said(database: Database) -> None:
    with transaction(database.sessions) as session:
        promise_notice(session, useful_until=AT + LEASE)
    provider, clock = Provider(), Clock()
    clock.forward(LEASE.total_seconds() + 1)
    relay_of(database.sessions, provider, clock).deliver_due()
    assert provider.taken == []
    assert (the_message(database.sessions).state, the_notice(database.sessions).status) == (
        OutboxState.DEAD,
        NoticeStatus.UNDELIVERED,
    )


@pytest.mark.parametrize("took_it", [True, False], ids=["gateway_has_it", "gateway_has_it_not"])
def test_what_became_too_late_is_still_asked_for_and_then_not_sent_again(database: Database, took_it: bool) -> None:
    with transaction(database.sessions) as session:
        promise_notice(session, useful_until=AT + LEASE)
    fault = failing(GatewayUnavailable("timed out"))
    provider, clock = Provider(after=fault) if took_it else Provider(before=fault), Clock()
    relay = relay_of(database.sessions, provider, clock)
    relay.deliver_due()
    clock.forward(LEASE.total_seconds() + 1)
    relay.deliver_due()
    assert the_message(database.sessions).state is (OutboxState.SENT if took_it else OutboxState.DEAD)
    assert len(provider.taken) == int(took_it)


def test_what_a_loudspeaker_says_is_left_to_the_loudspeaker(sqlite_database: Database) -> None:
    with transaction(sqlite_database.sessions) as session:
        outbox.promise(session, key="announce:1", kind="announce", payload={}, at=AT)
    assert relay_of(sqlite_database.sessions, Provider(), Clock()).deliver_due() == 0
    assert the_message(sqlite_database.sessions).state is OutboxState.PENDING
