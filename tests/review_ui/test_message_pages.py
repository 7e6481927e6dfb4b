"""The messages' page: what was given up and why, sent again by those who may, with a reason, and no number anywhere."""

import pytest
from sqlalchemy import select

from cases import accounts
from models.database import reading, transaction
from models.enums import NoticeStatus, OutboxState, Role
from models.promises import Notice, OutboxMessage, OutboxRetry
from notify import breaker, outbox
from review_ui.desk import now
from tests.notify.scene import AT, OWNERS_PHONE, PHONE, add_officer, add_owner
from tests.review_ui.conftest import PASSWORD, RunningDesk, token_in
from tests.rows import NOON


@pytest.fixture
def given_up(desk: RunningDesk) -> RunningDesk:
    """One message is dead, one waits, and a gateway is left alone; li.na reviews, wang.wei operates."""
    with transaction(desk.database.sessions) as session:
        accounts.add_user(session, name="wang.wei", display_name="王伟", password=PASSWORD, role=Role.OPERATOR, at=NOON)
        officer = add_officer(session)
        payload = {"incident_id": str(desk.incident_id), "officer_id": str(officer.id)}
        for key in ("dead", "waits"):
            message = outbox.promise(session, key=key, kind="officer_told", payload=payload, at=AT)
            if key == "dead":
                message.state, message.tries, message.last_error = OutboxState.DEAD, 6, "twilio answers 503 <b>"
                message.gateway, message.letter_sealed = "twilio", b"-"
        for _ in range(breaker.FAILURES_IN_A_ROW):
            breaker.silent(session, "twilio", "twilio answers 503", now())
    return desk


def the_dead_one(desk: RunningDesk) -> OutboxMessage:
    with reading(desk.database.sessions) as session:
        return session.scalars(select(OutboxMessage).where(OutboxMessage.key == "dead")).one()


def test_what_is_not_done_is_shown_with_why_and_each_wording_with_its_length(given_up: RunningDesk) -> None:
    page = given_up.signed_in().get("/messages").text
    assert "twilio answers 503 &lt;b&gt;" in page
    assert "Given up" in page
    assert "left alone until" in page
    assert "UCS-2" in page
    assert "Send again" not in page  # li.na reviews
    assert PHONE not in page
    assert OWNERS_PHONE not in page
    chinese = given_up.signed_in().get("/messages", params={"state": "dead"}, headers={"accept-language": "zh"}).text
    assert "已放弃" in chinese
    assert "暂停使用" in chinese


def test_an_operator_has_a_dead_message_sent_again_with_a_reason_on_record(given_up: RunningDesk) -> None:
    browser = given_up.signed_in("wang.wei")
    path, dead = f"/messages/{the_dead_one(given_up).id}/again", the_dead_one(given_up)
    form = {"csrf_token": token_in(browser.get("/messages").text), "reason": "the gateway is back"}
    assert browser.post(path, data=form | {"reason": " "}).status_code == 409
    assert browser.post(path, data=form | {"csrf_token": "x"}).status_code == 403
    assert the_dead_one(given_up).state is OutboxState.DEAD
    assert browser.post(path, data=form).status_code == 303
    message = the_dead_one(given_up)
    assert (message.state, message.tries) == (OutboxState.PENDING, 0)
    # twilio may have it after all: it is asked first, for the same letter
    assert (message.gateway, message.letter_sealed) == ("twilio", dead.letter_sealed)
    with reading(given_up.database.sessions) as session:
        assert session.scalars(select(OutboxRetry.reason)).one() == "the gateway is back"
    again = browser.post(path, data=form)
    assert again.status_code == 409
    assert "given up" in again.text


def test_a_reviewer_may_not_have_messages_sent(given_up: RunningDesk) -> None:
    browser = given_up.signed_in()
    form = {"csrf_token": token_in(browser.get("/messages").text), "reason": "I would like to"}
    assert browser.post(f"/messages/{the_dead_one(given_up).id}/again", data=form).status_code == 403
    assert the_dead_one(given_up).state is OutboxState.DEAD


def test_a_notice_of_a_message_sent_again_is_open_once_more(given_up: RunningDesk) -> None:
    with transaction(given_up.database.sessions) as session:
        session.add(
            Notice(
                incident_id=given_up.incident_id,
                owner_id=add_owner(session).id,
                outbox_message_id=the_dead_one(given_up).id,
                wording="move_vehicle",
                status=NoticeStatus.UNDELIVERED,
                promised_at=AT,
            )
        )
    browser = given_up.signed_in("wang.wei")
    form = {"csrf_token": token_in(browser.get("/messages").text), "reason": "again"}
    browser.post(f"/messages/{the_dead_one(given_up).id}/again", data=form)
    with reading(given_up.database.sessions) as session:
        assert session.scalars(select(Notice.status)).one() is NoticeStatus.PROMISED
