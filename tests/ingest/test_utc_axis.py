"""What a second of a live camera is called in UTC, and that it keeps its name."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from ingest.utc_axis import LEAST_CORRECTION_S, UtcAxis

NOON = datetime(2026, 11, 2, 4, tzinfo=UTC)


def later(seconds: float) -> datetime:
    return NOON + timedelta(seconds=seconds)


def test_the_first_seconds_are_named_again_when_a_quicker_packet_comes():
    axis = UtcAxis(NOON)
    axis.connected(0.0, NOON)
    axis.correct(2.0, later(-0.8))
    assert axis.utc(1.0) == later(0.2)


def test_a_later_correction_does_not_reach_back():
    axis = UtcAxis(NOON)
    axis.connected(0.0, NOON)
    axis.correct(60.0, later(-0.5))
    assert axis.utc(59.0) == later(59.0)
    assert axis.utc(60.0) == later(59.5)


def test_a_new_connection_leaves_the_old_one_as_it_was():
    axis = UtcAxis(NOON)
    axis.connected(100.0, later(3))
    axis.correct(101.0, later(2))
    assert axis.utc(99.0) == later(99)
    assert axis.utc(100.0) == later(102)


@given(st.lists(st.tuples(st.floats(0.1, 30), st.floats(-0.5, 0.5)), max_size=40))
def test_what_was_settled_is_never_named_otherwise(steps: list[tuple[float, float]]):
    axis = UtcAxis(NOON)
    media_s, settled = 0.0, {}
    axis.connected(0.0, NOON)
    for step_s, change_s in steps:
        media_s += step_s
        axis.correct(media_s, later(change_s))
        assert all(axis.utc(second) == named for second, named in settled.items())
        assert abs((axis.utc(media_s) - later(change_s + media_s)).total_seconds()) <= LEAST_CORRECTION_S
        settled |= {each: axis.utc(each) for each in (media_s - 15.0,) if each > 0}
