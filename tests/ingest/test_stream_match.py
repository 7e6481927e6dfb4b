"""Two streams of one camera on one line of time: by the camera's clock where it says it, else by arrival."""

from datetime import UTC, datetime, timedelta

import pytest

from ingest.stream_match import CLOCK_HOLDS_S, LEAST_MOVE_S, StreamMatch

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


def camera_says(taken_s: float, off_s: float = 0.0) -> datetime:
    return NOON + timedelta(seconds=taken_s + off_s)


def matched(
    *, main_late_s: float, small_late_s: float, begins_s: float = 3.0, stamped: bool = False, apart_s: float = 0.0
) -> StreamMatch:
    """Both streams of a street for ten seconds; the small one was opened `begins_s` after the main one.

    apart_s: how much the clock in the small stream is ahead of the one in the main stream.
    """
    match = StreamMatch()
    for number in range(100):
        taken_s = number / 10
        jam_s = 0.4 if number % 7 else 0.0
        match.main(taken_s, 1000 + taken_s + main_late_s + jam_s, camera_says(taken_s) if stamped else None)
        if taken_s >= begins_s:
            stamp = camera_says(taken_s, apart_s) if stamped else None
            match.small(taken_s - begins_s, 1000 + taken_s + small_late_s + jam_s, stamp)
    return match


def test_by_arrival_the_least_delayed_packets_tell_to_what_one_stream_is_slower():
    match = matched(main_late_s=0.30, small_late_s=0.10)
    assert match.shift_s == pytest.approx(3.0 - 0.2, abs=1e-6)


def test_by_the_camera_s_clock_it_is_known_however_long_packets_take():
    match = matched(main_late_s=0.30, small_late_s=0.05, stamped=True)
    assert match.shift_s == pytest.approx(3.0, abs=1e-6)


def test_stamps_of_two_clocks_are_not_believed():
    match = matched(main_late_s=0.1, small_late_s=0.1, stamped=True, apart_s=3600.0)
    assert match.shift_s == pytest.approx(3.0, abs=1e-6)


def test_stamps_that_stopped_long_ago_count_no_more():
    match = matched(main_late_s=0.30, small_late_s=0.05, stamped=True)
    for second in range(1, int(CLOCK_HOLDS_S) + 3):
        match.main(10.0 + second, 1010.0 + second + 0.30, None)
        match.small(7.0 + second, 1010.0 + second + 0.05, None)
    assert match.shift_s == pytest.approx(3.0 - 0.25, abs=1e-6)


def test_nothing_is_known_until_both_have_sent():
    match = StreamMatch()
    assert match.shift_s is None
    match.main(0.0, 1000.0, None)
    assert match.shift_s is None
    match.small(0.0, 1000.2, None)
    assert match.shift_s == pytest.approx(0.2)


def test_small_corrections_are_left_alone():
    match = StreamMatch()
    match.main(0.0, 1000.0, None)
    match.small(0.0, 1000.2, None)
    assert match.shift_s == pytest.approx(0.2)
    match.small(1.0, 1001.2 - LEAST_MOVE_S / 2, None)
    assert match.shift_s == pytest.approx(0.2)
    match.small(2.0, 1002.2 - 2 * LEAST_MOVE_S, None)
    assert match.shift_s == pytest.approx(0.0)
