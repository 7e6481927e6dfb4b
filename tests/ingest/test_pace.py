"""The pace of looking: rare where nothing dwells or stirs, and never rarer than promised."""

import math
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.pace import BINS, LEAST_BINS, Pace, Stirring

LOOK_S, IDLE_S = 2.0, 10.0
RATE = 10  # packets a second


def minute(sizes: Stirring, *, usual: int, from_s: float = 0.0, seconds: int = 60) -> float:
    """Packets of about that size; the second after them."""
    for number in range(seconds * RATE):
        wobble = (-1) ** number * (number % 7) * usual // 100
        assert not sizes.packet(from_s + number / RATE, usual + wobble, keyframe=False)
    return from_s + seconds


def test_somebody_who_drives_into_a_quiet_street_stirs_it_within_a_second() -> None:
    sizes = Stirring()
    now_s = minute(sizes, usual=2000)
    stirred = [sizes.packet(now_s + number / RATE, 3200, keyframe=False) for number in range(RATE)]
    assert any(stirred)
    assert not stirred[0]


def test_keyframes_however_large_stir_nothing() -> None:
    sizes = Stirring()
    now_s = minute(sizes, usual=2000)
    assert not any(sizes.packet(now_s + number / RATE, 90_000, keyframe=True) for number in range(RATE))


def test_rain_that_goes_on_becomes_what_is_usual() -> None:
    sizes = Stirring()
    now_s = minute(sizes, usual=2000)
    stirred = [sizes.packet(now_s + number / RATE, 4000, keyframe=False) for number in range(2 * BINS * RATE)]
    assert any(stirred[:RATE])
    assert not any(stirred[-BINS * RATE // 2 :])


def test_a_hole_in_the_stream_is_not_a_quiet_second() -> None:
    """Else what comes after some of them would seem much."""
    sizes = Stirring()
    now_s = minute(sizes, usual=2000)
    for hole in range(2 * BINS):
        assert not sizes.packet(now_s + 10 * hole, 2000, keyframe=False)
    assert not any(sizes.packet(now_s + 2000 + number / RATE, 2000, keyframe=False) for number in range(10 * RATE))


@given(st.lists(st.tuples(st.floats(0, 5, exclude_min=True), st.integers(1, 100_000)), max_size=LEAST_BINS))
def test_before_it_is_known_what_is_usual_nothing_is_unusual(packets: list[tuple[float, int]]) -> None:
    sizes, at_s = Stirring(), 0.0
    for step_s, size in packets:
        at_s += step_s
        assert not sizes.packet(at_s, size, keyframe=False)


def test_without_an_idle_pace_it_is_always_the_usual_one() -> None:
    pace = Pace(LOOK_S, None)
    pace.looked(0.0)
    pace.rest(0.0)
    assert pace.step_s == LOOK_S


def test_a_look_that_shows_nothing_makes_the_next_one_rare_and_one_that_may_show_something_does_not() -> None:
    pace = Pace(LOOK_S, IDLE_S)
    pace.looked(0.0)
    assert pace.step_s == LOOK_S, "what it shows is not known yet"
    pace.rest(0.0)
    assert pace.step_s == IDLE_S
    pace.looked(10.0)
    pace.rest(0.0)  # what was said of an older look says nothing of the newest
    assert pace.step_s == LOOK_S


def stirs(pace: Pace, at_s: float) -> None:
    """Much more than was usual comes at that second, after a minute that was quiet."""
    for number in range(60 * RATE):
        pace.packet(at_s - 61 + number / RATE, 2000, keyframe=False)
    for number in range(RATE):
        pace.packet(at_s + number / RATE / 10, 90_000, keyframe=False)


def test_what_stirs_brings_the_next_look_forward_but_not_at_the_cost_of_a_whole_decode() -> None:
    pace = Pace(LOOK_S, IDLE_S)
    pace.looked(100.0)
    pace.rest(100.0)
    stirs(pace, 104.0)
    assert 104.0 + LOOK_S <= 100.0 + pace.step_s <= 104.2 + LOOK_S, "a keyframe comes within that, and is enough"
    pace.looked(106.0)
    assert pace.step_s == LOOK_S


def test_what_stirs_after_a_look_keeps_awake_whoever_learns_late_that_it_showed_nothing() -> None:
    pace = Pace(LOOK_S, IDLE_S)
    pace.looked(100.0)
    stirs(pace, 100.5)
    pace.rest(100.0)
    assert pace.step_s == LOOK_S


@settings(deadline=None)
@given(
    stands_from_s=st.floats(0, 60),
    sizes=st.lists(st.integers(1, 60_000), min_size=1, max_size=200),
    answers_after=st.integers(0, 8),
)
def test_whatever_the_packets_are_like_what_stands_is_seen_within_the_idle_pace_and_then_at_the_usual_one(
    stands_from_s: float, sizes: list[int], answers_after: int
) -> None:
    """Looks are made when they are due; the detector answers some packets later."""
    pace, looks, answers = Pace(LOOK_S, IDLE_S), [], {}
    for number in range(120 * RATE):
        at_s = number / RATE
        pace.packet(at_s, sizes[number % len(sizes)], keyframe=number % 20 == 0)
        if at_s - (looks[-1] if looks else -math.inf) >= pace.step_s - 1e-9:
            looks.append(at_s)
            pace.looked(at_s)
            answers[number + answers_after] = at_s
        if number in answers and answers[number] < stands_from_s:
            pace.rest(answers[number])
    seen = [look_s for look_s in looks if look_s >= stands_from_s]
    assert seen[0] - stands_from_s <= IDLE_S + 1 / RATE
    steps = [later - earlier for earlier, later in pairwise(looks)]
    assert max(steps) <= IDLE_S + 1 / RATE
    assert max(later - earlier for earlier, later in pairwise(seen)) <= LOOK_S + 1 / RATE
