"""When pictures were taken by our clock, and how far the camera's own clock is off."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.camera_clock import LATENCY_S, STEP_LASTS_S, CameraClock, ClockStep
from models.enums import ClockMeasure

NOON = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)
LEAST_S = 0.08  # what even the quickest packet needs


def later(seconds: float) -> datetime:
    return NOON + timedelta(seconds=seconds)


class Street:
    """Pictures twice a second, each on its way for a while; the camera's clock is `slow_s` behind ours."""

    def __init__(self) -> None:
        self.clock = CameraClock()
        self.now_s = 0.0
        self.slow_s = 3.0
        self.steps: list[ClockStep] = []

    def films(self, seconds: float, *, delays_s: list[float] | None = None, tells: bool = True) -> None:
        delays = delays_s or [LEAST_S]
        for number in range(round(seconds * 2)):
            arrived_at = later(self.now_s + delays[number % len(delays)])
            camera_utc = later(self.now_s - self.slow_s) if tells else None
            step = self.clock.packet(self.now_s, arrived_at, camera_utc)
            if step is not None:
                self.steps.append(step)
            self.now_s += 0.5


def test_the_least_delayed_packet_tells_when_pictures_were_taken() -> None:
    street = Street()
    street.films(60, delays_s=[1.5, 0.4, LEAST_S, 0.9, 7.0])
    assert street.clock.base == later(LEAST_S)
    assert street.clock.utc_of(42.0) == later(42.0 + LEAST_S)


def test_before_the_first_packet_nothing_is_known() -> None:
    clock = CameraClock()
    assert clock.base is None
    assert clock.offset(NOON) is None


def test_a_camera_that_never_says_its_time_has_no_offset() -> None:
    street = Street()
    street.films(60, tells=False)
    assert street.clock.base == later(LEAST_S)
    assert street.clock.offset(later(60)) is None


def test_the_offset_of_the_cameras_clock_is_found_within_its_bound() -> None:
    street = Street()
    street.films(120, delays_s=[0.6, LEAST_S, 2.5, 0.3])
    found = street.clock.offset(later(street.now_s))
    assert found is not None
    assert found.measure is ClockMeasure.RTCP
    assert found.offset_s == pytest.approx(3.0 + LEAST_S, abs=0.5)
    assert abs(found.offset_s - 3.0) <= found.error_s
    assert found.error_s < 1.0
    assert street.steps == []


@pytest.mark.parametrize("forward_s", [300.0, -300.0, 3600.0, 0.8, -0.8], ids=lambda step: f"{step:+g}s")
def test_a_step_of_the_cameras_clock_is_noticed_with_its_size_and_time(forward_s: float) -> None:
    street = Street()
    street.films(120)
    street.slow_s -= forward_s
    street.films(60)
    assert [round(step.by_s, 2) for step in street.steps] == [forward_s]
    assert later(120) <= street.steps[0].at <= later(120 + STEP_LASTS_S + 1)
    found = street.clock.offset(later(street.now_s))
    assert found is not None
    assert found.offset_s == pytest.approx(3.0 - forward_s + LEAST_S)
    assert found.error_s == pytest.approx(LATENCY_S)


def test_a_clock_that_was_told_wrong_for_a_moment_did_not_step() -> None:
    """After a jump of timestamps FFmpeg reckons the camera's time wrongly until the next sender report."""
    street = Street()
    street.films(60)
    street.slow_s += 3600
    street.films(7)
    street.slow_s -= 3600
    street.films(60)
    assert street.steps == []
    found = street.clock.offset(later(street.now_s))
    assert found is not None
    assert found.offset_s == pytest.approx(3.0 + LEAST_S)


def test_a_jam_on_the_network_is_not_a_step() -> None:
    street = Street()
    street.films(60)
    street.films(60, delays_s=[20.0])
    street.films(60)
    assert street.steps == []


def test_what_the_camera_answers_when_asked_counts_where_its_streams_say_nothing() -> None:
    street = Street()
    street.films(10, tells=False)
    assert street.clock.asked(2.6, 0.6, later(10)) is None
    found = street.clock.offset(later(10))
    assert found is not None
    assert (found.offset_s, found.error_s, found.measure) == (2.6, 0.6, ClockMeasure.ONVIF)
    a_day_later = street.clock.offset(later(86_410))
    assert a_day_later is not None
    assert a_day_later.error_s == pytest.approx(0.6 + 8.64)


def test_the_surer_of_two_measurements_that_agree_counts() -> None:
    street = Street()
    street.films(60)
    street.clock.asked(2.9, 0.1, later(60))
    found = street.clock.offset(later(60))
    assert found is not None
    assert found.measure is ClockMeasure.ONVIF
    much_later = street.clock.offset(later(60 + 6000))
    assert much_later is not None
    assert much_later.measure is ClockMeasure.RTCP


def test_where_the_stream_contradicts_the_answer_the_answer_counts() -> None:
    """A camera that puts local time into its sender reports."""
    street = Street()
    street.slow_s = -8 * 3600
    street.films(60)
    street.clock.asked(1.2, 0.7, later(60))
    found = street.clock.offset(later(60))
    assert found is not None
    assert (found.offset_s, found.measure) == (1.2, ClockMeasure.ONVIF)


def test_a_step_is_noticed_by_asking_too() -> None:
    clock = CameraClock()
    assert clock.asked(0.2, 0.6, NOON) is None
    assert clock.asked(0.9, 0.6, later(600)) is None
    assert clock.asked(-299.5, 0.6, later(1200)) == ClockStep(later(1200), pytest.approx(300.4))


@pytest.mark.parametrize("forward_s", [300.0, -3600.0], ids=lambda step: f"{step:+g}s")
def test_until_it_is_certain_that_the_clock_was_set_the_bound_holds_both_times(forward_s: float) -> None:
    street = Street()
    street.films(60)
    street.clock.asked(2.95, 0.1, later(60))
    street.slow_s -= forward_s
    street.films(STEP_LASTS_S - 2)
    assert street.steps == []
    found = street.clock.offset(later(street.now_s))
    assert found is not None
    assert abs(found.offset_s - 3.0) <= found.error_s
    assert abs(found.offset_s - street.slow_s) <= found.error_s


def test_an_answer_of_before_the_clock_was_set_does_not_speak_against_it() -> None:
    street = Street()
    street.films(60)
    street.clock.asked(2.95, 0.1, later(60))
    street.slow_s -= 3600
    street.films(30)
    assert len(street.steps) == 1
    found = street.clock.offset(later(street.now_s))
    assert found is not None
    assert found.measure is ClockMeasure.RTCP
    assert abs(found.offset_s - street.slow_s) <= found.error_s < 1.0


def test_an_answer_of_after_the_clock_was_set_counts_at_once() -> None:
    street = Street()
    street.films(60)
    street.clock.asked(2.95, 0.1, later(60))
    street.slow_s -= 3600
    street.films(4)
    step = street.clock.asked(-3597.0, 0.1, later(64))
    assert step == ClockStep(later(64), pytest.approx(3599.95))
    found = street.clock.offset(later(64))
    assert found is not None
    assert (found.offset_s, found.measure) == (-3597.0, ClockMeasure.ONVIF)
    assert found.error_s == pytest.approx(0.1, abs=0.01)
    street.films(60)
    found = street.clock.offset(later(street.now_s))
    assert found is not None
    assert abs(found.offset_s + 3597.0) <= found.error_s < 1.0


def test_what_another_clock_answered_stays_when_that_of_the_stream_is_set() -> None:
    """Local time in the sender reports, and summer time begins."""
    street = Street()
    street.slow_s = -8 * 3600
    street.films(60)
    street.clock.asked(1.2, 0.7, later(60))
    street.slow_s -= 3600
    street.films(8)
    while_unsure = street.clock.offset(later(street.now_s))
    street.films(60)
    found = street.clock.offset(later(street.now_s))
    assert while_unsure is not None
    assert found is not None
    assert (while_unsure.offset_s, found.offset_s) == (1.2, 1.2)
    assert while_unsure.error_s < 1.0


@settings(deadline=None)
@given(
    st.lists(st.floats(0.0, 0.9), min_size=20, max_size=200),
    st.floats(-86_400, 86_400),
    st.floats(0.0, 0.4),
)
def test_however_packets_jitter_base_and_offset_stay_within_their_bounds(
    jitter_s: list[float], slow_s: float, least_s: float
) -> None:
    street = Street()
    street.slow_s = slow_s
    street.films(len(jitter_s) / 2, delays_s=[least_s + each for each in jitter_s])
    base, found = street.clock.base, street.clock.offset(later(street.now_s))
    assert base is not None
    late_s = (base - NOON).total_seconds()
    assert least_s - 1e-5 <= late_s <= least_s + min(jitter_s) + 1e-5
    assert found is not None
    if min(jitter_s) + least_s <= LATENCY_S:
        assert abs(found.offset_s - slow_s) <= found.error_s + 1e-5


@settings(deadline=None)
@given(st.floats(0.6, 4000.0), st.booleans(), st.integers(5, 60))
def test_every_step_of_more_than_the_drift_allowed_is_noticed_once(size_s: float, back: bool, before: int) -> None:
    street = Street()
    street.films(before)
    street.slow_s += size_s if back else -size_s
    street.films(40)
    assert len(street.steps) == 1
    assert street.steps[0].by_s == pytest.approx(-size_s if back else size_s, abs=1e-3)
