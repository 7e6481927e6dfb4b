"""How long a camera that cannot be had is left alone."""

import pytest

from ingest.back_off import BackOff
from ingest.errors import PasswordRefused, StreamLost, StreamUnreachable, UrlRefused

GONE = StreamUnreachable("gate-3", "no route")


def waits(tries: int, chance: float) -> list[float]:
    back_off = BackOff()
    return [back_off.failed(GONE, 0.0, chance) for _ in range(tries)]


def test_waits_double_from_half_a_second_to_ten() -> None:
    assert waits(7, chance=1.0) == [0.5, 1.0, 2.0, 4.0, 8.0, 10.0, 10.0]


def test_half_of_every_wait_is_chance() -> None:
    assert waits(7, chance=0.0) == [0.25, 0.5, 1.0, 2.0, 4.0, 5.0, 5.0]


def test_years_of_failures_still_wait_ten_seconds() -> None:
    assert waits(3000, chance=1.0)[-1] == 10.0


def test_pictures_for_half_a_minute_make_the_next_failure_the_first() -> None:
    back_off = BackOff()
    for _ in range(6):
        back_off.failed(GONE, 0.0, 1.0)
    assert back_off.failed(StreamLost("gate-3", "closed"), 29.0, 1.0) == 10.0
    assert back_off.failed(StreamLost("gate-3", "closed"), 31.0, 1.0) == 0.5
    assert back_off.failed(GONE, 0.0, 1.0) == 1.0


@pytest.mark.parametrize("refusal", [PasswordRefused("gate-3"), UrlRefused("it names no host")], ids=["login", "url"])
def test_a_refusal_is_not_repeated_before_half_a_minute(refusal: PasswordRefused | UrlRefused) -> None:
    back_off = BackOff()
    assert back_off.failed(refusal, 0.0, 0.0) == 30.0
    assert back_off.failed(refusal, 0.0, 1.0) == 60.0
