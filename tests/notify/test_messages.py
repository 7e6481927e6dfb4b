"""Messages: what an officer reads, in both languages, and how a number looks in a log."""

import pytest

from models.database import reading, transaction
from notify import messages
from notify.messages import Letter, masked
from tests.conftest import Database
from tests.notify.scene import KEY, PHONE, promise_case


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
        letter = messages.compose(session, "case_ready", payload, key=KEY, language=language)
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
