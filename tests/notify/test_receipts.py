"""Receipts and replies in the rows, on both engines: each once, also when the same comes twice at the same moment."""

import threading

import pytest
from sqlalchemy import select

from models.database import Sessions, reading, transaction
from models.enums import NoticeStatus, OutboxState, ReplyMeaning
from models.promises import DeliveryReceipt
from models.replies import DoNotContact
from notify import receipts, replies
from notify.errors import Replayed, UnknownMessage, Unreadable, WebhookRefused
from notify.receipts import Receipt
from notify.replies import Reply, meaning_of
from tests.conftest import Database
from tests.notify.scene import (
    AT,
    KEY,
    OWNERS_PHONE,
    Clock,
    Killed,
    Provider,
    failing,
    noticed,
    relay_of,
    the_message,
    the_notice,
)


def told(sessions: Sessions, status: str, provider_id: str = "provider-1", key: str | None = None) -> None:
    with transaction(sessions) as session:
        receipts.take(session, Receipt("provider", provider_id, status, key), at=AT)


def test_a_receipt_says_what_the_relay_did_not_live_to_record(database: Database) -> None:
    noticed(database.sessions)
    clock, provider = Clock(), Provider(after=failing(Killed()))
    with pytest.raises(Killed):
        relay_of(database.sessions, provider, clock).deliver_due()
    told(database.sessions, "delivered", key=the_message(database.sessions).key)
    assert (the_message(database.sessions).state, the_notice(database.sessions).delivered_at) == (OutboxState.SENT, AT)
    clock.forward(86_400)
    assert relay_of(database.sessions, provider, clock).deliver_due() == 0
    assert len(provider.taken) == 1


def test_what_came_before_or_is_not_ours_changes_nothing(database: Database) -> None:
    noticed(database.sessions)
    relay_of(database.sessions, Provider(), Clock()).deliver_due()
    told(database.sessions, "delivered")
    before = the_notice(database.sessions).delivered_at
    for status, provider_id, refusal in (
        ("delivered", "provider-1", Replayed),
        ("delivered", "provider-9", UnknownMessage),
        ("beamed", "provider-1", Unreadable),
        ("delivered", "", Unreadable),
    ):
        with pytest.raises(refusal):
            told(database.sessions, status, provider_id)
    assert the_notice(database.sessions).delivered_at == before


def test_the_same_receipt_twice_at_once_is_taken_once(database: Database) -> None:
    noticed(database.sessions)
    relay_of(database.sessions, Provider(), Clock()).deliver_due()
    together, outcomes = threading.Barrier(4), []

    def tell() -> None:
        together.wait()
        try:
            told(database.sessions, "delivered")
        except WebhookRefused as error:
            outcomes.append(type(error))
        else:
            outcomes.append(None)

    threads = [threading.Thread(target=tell) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (outcomes.count(None), outcomes.count(Replayed)) == (1, 3)
    with reading(database.sessions) as session:
        assert len(session.scalars(select(DeliveryReceipt)).all()) == 1
    assert the_notice(database.sessions).status is NoticeStatus.DELIVERED


def test_a_stop_is_one_row_however_often_it_is_said_and_holds_under_a_new_key(database: Database) -> None:
    with transaction(database.sessions) as session:
        for number in range(2):
            replies.take(session, Reply("provider", f"R{number}", OWNERS_PHONE[3:], "退订"), KEY, at=AT)
        with pytest.raises(Replayed):
            replies.take(session, Reply("provider", "R0", OWNERS_PHONE, "START"), KEY, at=AT)
        assert len(session.scalars(select(DoNotContact)).all()) == 1
        assert replies.is_silenced(session, KEY, OWNERS_PHONE)
        assert not replies.is_silenced(session, KEY, "+8613800000099")
        rotated = type(KEY)(b"n" * 32, (KEY.secret,))
        assert replies.is_silenced(session, rotated, OWNERS_PHONE)


@pytest.mark.parametrize(
    ("text", "means"),
    [
        ("T", ReplyMeaning.STOP),
        ("Stop!", ReplyMeaning.STOP),
        ("我要退订", ReplyMeaning.STOP),
        ("Wrong number, sorry", ReplyMeaning.WRONG_NUMBER),
        ("你打错了", ReplyMeaning.WRONG_NUMBER),
        ("START", ReplyMeaning.START),
        ("I cannot stop here?", ReplyMeaning.OTHER),
        ("Tomorrow", ReplyMeaning.OTHER),
        ("已移走", ReplyMeaning.OTHER),
        ("", ReplyMeaning.OTHER),
    ],
)
def test_what_a_reply_means(text: str, means: ReplyMeaning) -> None:
    assert meaning_of(text) is means
