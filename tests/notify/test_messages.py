"""Messages: what an officer reads, in both languages, and how a number looks in a log."""

from typing import Any

import pytest
from sqlalchemy import select

from models.database import reading, transaction
from models.people import Owner
from models.places import Geofence
from models.promises import OutboxMessage
from notify import messages
from notify.errors import MessageImpossible
from notify.gateway import Letter, masked
from notify.messages import Composing
from notify.sms_length import parts
from tests.conftest import Database
from tests.notify.scene import AT, KEY, OWNERS_PHONE, PHONE, add_officer, promise_case, promise_notice


@pytest.mark.parametrize(
    ("language", "plate", "words"),
    [
        (
            "zh",
            "浙J12345",
            "【城管】North gate（No stopping）03-02 12:01的违法停车事件已审核采纳，车辆 浙J12345，请到场处置。",
        ),
        ("zh", None, "车辆 号牌未认定"),
        ("en", "浙J12345", "Case ready: illegal parking, North gate (No stopping), 03-02 12:01, vehicle 浙J12345."),
        ("en", None, "vehicle plate not established"),
    ],
)
def test_an_officer_reads_place_time_plate_and_reference(
    sqlite_database: Database, language: messages.Language, plate: str | None, words: str
) -> None:
    with transaction(sqlite_database.sessions) as session:
        payload = promise_case(session, plate=plate, plate_confidence=0.97 if plate else None).payload
    with reading(sqlite_database.sessions) as session:
        letter = messages.compose(session, "case_ready", payload, Composing(KEY, language), at=AT)
    assert letter.to == PHONE
    assert words in letter.text
    assert payload["incident_id"][:8] in letter.text


@pytest.mark.parametrize(
    ("number", "shown"),
    [("+8613900000017", "+86*********17"), ("13900000017", "139******17"), ("12345", "****"), ("", "****")],
)
def test_a_number_in_a_log_shows_its_ends_only(number: str, shown: str) -> None:
    assert masked(number) == shown


def test_a_letter_that_is_printed_hides_its_number() -> None:
    assert PHONE not in repr(Letter(PHONE, "text"))


def letter_of(
    database: Database, language: messages.Language = "zh", link: str | None = None, **differs: Any
) -> Letter:
    """The letter to the owner of the vehicle of an incident."""
    with transaction(database.sessions) as session:
        promise_notice(session, **differs)
    with reading(database.sessions) as session:
        payload = session.scalars(select(OutboxMessage.payload)).one()
        composing = Composing(KEY, language, lambda _session, _kind, _payload, _at: link)
        return messages.compose(session, "move_vehicle", payload, composing, at=AT)


def test_an_owner_reads_a_masked_plate_place_time_deadline_and_link(sqlite_database: Database) -> None:
    letter = letter_of(sqlite_database, link="https://sw.cn/x/AbCdEfGhJk")
    assert letter.to == OWNERS_PHONE
    # stopped at 12:00:12, told at 12:13:20, 600 s of grace: up to the whole minute, never less than promised
    assert letter.text == "【城管】浙J***45 12:00停No stopp…，请12:24前驶离免罚。https://sw.cn/x/AbCdEfGhJk 退订T"
    assert "12345" not in letter.text


def test_without_a_page_to_lead_to_the_message_is_whole_too(sqlite_database: Database) -> None:
    assert letter_of(sqlite_database).text == "【城管】浙J***45 12:00停No stopping，请12:24前驶离免罚。退订T"


def test_a_long_place_is_shortened_until_the_message_is_one_part(sqlite_database: Database) -> None:
    with transaction(sqlite_database.sessions) as session:
        payload = promise_notice(session).outbox_message_id
        geofence = session.scalars(select(Geofence)).one()
        geofence.name = "中山东一路一百二十八弄与四川中路交叉口东北角公交站台前人行道"
    with reading(sqlite_database.sessions) as session:
        message = session.get_one(OutboxMessage, payload)
        composing = Composing(KEY, "zh", lambda _session, _kind, _payload, _at: "https://sw.cn/x/AbCdEfGhJk")
        letter = messages.compose(session, "move_vehicle", message.payload, composing, at=AT)
    assert parts(letter.text).count == 1
    assert "中山东一路" in letter.text
    assert "…" in letter.text


def test_an_owner_of_a_plate_that_is_not_established_cannot_be_told(sqlite_database: Database) -> None:
    with pytest.raises(MessageImpossible, match="not established"):
        letter_of(sqlite_database, plate=None, plate_confidence=None)


@pytest.mark.parametrize(
    ("kind", "language", "words"),
    [
        ("thank_you", "zh", "【城管】浙J***45已驶离No stopping，本次不予处罚"),
        ("thank_you", "en", "浙J***45 has left No stopping. No fine, thank you."),
        ("officer_told", "zh", "【城管】No stopping 12:00起违法停车，浙J12345，请到场。"),
        ("officer_told", "en", "illegal parking at No stopping since 12:00, 浙J12345."),
    ],
)
def test_thanks_go_to_the_owner_and_the_rest_to_an_officer_with_the_whole_plate(
    sqlite_database: Database, kind: str, language: messages.Language, words: str
) -> None:
    with transaction(sqlite_database.sessions) as session:
        incident_id = promise_notice(session).incident_id
        payload = {
            "incident_id": str(incident_id),
            "owner_id": str(session.scalars(select(Owner.id)).one()),
            "officer_id": str(add_officer(session).id),
        }
        letter = messages.compose(session, kind, payload, Composing(KEY, language), at=AT)
    assert letter.text.startswith(words)
    assert letter.to == (OWNERS_PHONE if kind == "thank_you" else PHONE)


@pytest.mark.parametrize(("plate", "shown"), [("浙J12345", "浙J***45"), ("浙JD12345", "浙J****45"), ("AB12", "AB*12")])
def test_a_plate_for_its_owner_shows_its_ends(plate: str, shown: str) -> None:
    assert messages.masked_plate(plate) == shown
