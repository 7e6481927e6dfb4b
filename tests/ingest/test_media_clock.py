"""The media clock with numbers: whatever timestamps come in, time goes forward and what was not time is on record."""

from datetime import timedelta
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.media_clock import LONGEST_STEP_S, MediaClock, utc_of
from tests.rows import NOON

TICK = Fraction(1, 1000)
FRAME_MS = 100

stamp = st.one_of(st.none(), st.integers(-(2**40), 2**40))


def clock() -> MediaClock:
    return MediaClock(TICK, FRAME_MS / 1000)


def steady(stamps: list[tuple[int | None, int | None]], of: MediaClock | None = None) -> list[tuple[int, int]]:
    ticking = of or clock()
    return [ticking.tick(pts, dts) for pts, dts in stamps]


@given(st.lists(st.tuples(stamp, stamp), max_size=60))
def test_decoding_times_never_run_backwards(stamps: list[tuple[int | None, int | None]]) -> None:
    times = [dts for _, dts in steady(stamps)]
    assert times == sorted(times)


@given(
    st.lists(st.integers(1, 5), min_size=1, max_size=60),
    st.integers(-(2**33), 2**33),
)
def test_steps_of_a_few_frames_are_time_that_passed(steps: list[int], start: int) -> None:
    stamps = [start]
    for step in steps:
        stamps.append(stamps[-1] + step * FRAME_MS)
    ticking = clock()
    times = [pts for pts, _ in steady([(each, each) for each in stamps], ticking)]
    assert times == [each - start for each in stamps]
    assert ticking.discontinuities == []


@given(
    st.integers(2, 40),
    st.integers(2, 40),
    st.one_of(st.integers(-(2**31), -2 * FRAME_MS), st.integers(round(1000 * LONGEST_STEP_S) * 2, 2**31)),
)
def test_every_jump_is_recorded_with_its_size_and_adds_no_time(before: int, after: int, jump: int) -> None:
    stamps = [number * FRAME_MS for number in range(before)]
    stamps += [stamps[-1] + FRAME_MS + jump + number * FRAME_MS for number in range(after)]
    ticking = clock()
    times = [pts for pts, _ in steady([(each, each) for each in stamps], ticking)]
    assert times == [number * FRAME_MS for number in range(before + after)]
    (recorded,) = ticking.discontinuities
    assert recorded.at_s == pytest.approx(before * FRAME_MS / 1000)
    assert recorded.jump_s == pytest.approx(jump / 1000)


@pytest.mark.parametrize("bits", [32, 33])
def test_a_counter_that_wraps_goes_on(bits: int) -> None:
    ticking = MediaClock(Fraction(1, 90_000), 0.1)
    raw = [(2**bits - 45_000 + 9_000 * number) % 2**bits for number in range(12)]
    times = [ticking.seconds(pts) for pts, _ in steady([(each, each) for each in raw], ticking)]
    assert times == pytest.approx([number / 10 for number in range(12)])
    assert ticking.discontinuities == []


def test_a_stream_that_begins_before_zero_begins_at_zero() -> None:
    assert [pts for pts, _ in steady([(-500, -700), (-300, -600), (-400, -500)])] == [0, 200, 100]


def test_a_packet_without_times_follows_the_one_before_it() -> None:
    assert [pts for pts, _ in steady([(0, 0), (None, None), (None, None), (300, 300)])] == [0, 100, 200, 300]


def test_a_stream_whose_first_packets_have_no_times_is_taken_up_where_they_appear() -> None:
    ticking = clock()
    stamps: list[tuple[int | None, int | None]] = [(None, None), (None, None), (90_000, 90_000), (90_100, 90_100)]
    assert [pts for pts, _ in steady(stamps, ticking)] == [0, 100, 200, 300]
    assert ticking.discontinuities == []


def test_pictures_shown_out_of_order_are_no_jump_where_decoding_times_are_missing_at_first() -> None:
    """As Matroska gives B-frames: the first packets have presentation times alone."""
    ticking = clock()
    stamps: list[tuple[int | None, int | None]] = [
        (0, None),
        (300, None),
        (100, 0),
        (200, 100),
        (600, 200),
        (400, 300),
        (500, 400),
    ]
    assert [pts for pts, _ in steady(stamps, ticking)] == [pts for pts, _ in stamps]
    assert ticking.discontinuities == []


def test_a_source_as_slow_as_that_may_step_further_than_others() -> None:
    slow = MediaClock(TICK, 30.0)
    assert [pts for pts, _ in steady([(30_000 * number,) * 2 for number in range(4)], slow)] == [
        0,
        30_000,
        60_000,
        90_000,
    ]
    assert slow.discontinuities == []


def test_a_jump_is_continued_at_the_pace_the_stream_has_kept() -> None:
    """FFmpeg's average of a stream with a jump of an hour is nine seconds a picture."""
    misled = MediaClock(TICK, 9.1)
    times = [pts for pts, _ in steady([(100 * number,) * 2 for number in range(200)], misled)]
    after, _ = misled.tick(3_600_000, 3_600_000)
    assert after - times[-1] == pytest.approx(FRAME_MS, abs=10)


def test_captured_at_is_the_start_plus_media_time_plus_the_offset_of_the_cameras_clock() -> None:
    assert utc_of(12.5, NOON, -0.75) == NOON + timedelta(seconds=11.75)
