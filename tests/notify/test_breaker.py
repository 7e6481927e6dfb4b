"""The circuit breaker: a silent gateway is left alone, for longer each time; one message tries whether it is back."""

from datetime import timedelta

from models.database import transaction
from notify import breaker
from notify.breaker import FAILURES_IN_A_ROW, FIRST_PAUSE, LONGEST_PAUSE, PROBE
from tests.conftest import Database
from tests.notify.scene import AT


def test_it_opens_after_failures_in_a_row_and_lets_one_through_when_the_pause_is_over(database: Database) -> None:
    with transaction(database.sessions) as session:
        for _ in range(FAILURES_IN_A_ROW - 1):
            breaker.silent(session, "sms", "503", AT)
        assert breaker.closed_until(session, "sms", AT) is None
        breaker.silent(session, "sms", "503", AT)
    with transaction(database.sessions) as session:
        assert breaker.closed_until(session, "sms", AT) == AT + FIRST_PAUSE
        assert breaker.closed_until(session, "mail", AT) is None
    over = AT + FIRST_PAUSE
    with transaction(database.sessions) as session:
        assert breaker.closed_until(session, "sms", over) is None  # this one tries
        assert breaker.closed_until(session, "sms", over) == over + PROBE  # the others wait for it
        # whoever tried was killed: another one may
        assert breaker.closed_until(session, "sms", over + PROBE) is None


def test_one_answer_closes_it_and_the_count_begins_anew(database: Database) -> None:
    with transaction(database.sessions) as session:
        for _ in range(FAILURES_IN_A_ROW):
            breaker.silent(session, "sms", "503", AT)
        breaker.answered(session, "sms", AT)
        breaker.silent(session, "sms", "503", AT)
        assert breaker.closed_until(session, "sms", AT) is None


def test_the_pause_doubles_up_to_its_bound_however_long_the_gateway_is_away(database: Database) -> None:
    pauses = []
    with transaction(database.sessions) as session:
        for number in range(60):
            breaker.silent(session, "sms", "503", AT)
            until = breaker.closed_until(session, "sms", AT)
            if number >= FAILURES_IN_A_ROW - 1:
                assert until is not None
                pauses.append(until - AT)
    assert pauses[:4] == [FIRST_PAUSE, 2 * FIRST_PAUSE, 4 * FIRST_PAUSE, 8 * FIRST_PAUSE]
    assert pauses[-1] == max(pauses) == LONGEST_PAUSE
    assert timedelta(minutes=10) == LONGEST_PAUSE
