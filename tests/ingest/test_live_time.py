"""Media time goes on across connections, and no timestamp moves it by more than the time that passed."""

from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.live_time import AHEAD_S, CREEP, Gap, LiveTime, Placed

TICK = Fraction(1, 90_000)
FRAME_S = 0.04
FRAME = 3600


class Camera:
    """25 pictures a second with timestamps of its own; each comes 0.1 s after it was taken, unless said otherwise."""

    def __init__(self, starts_at: int = 0) -> None:
        self.time = LiveTime()
        self.pts = starts_at
        self.taken_s = 1000.0
        self.delay_s = 0.1
        self.gaps: list[Gap] = []
        self.placed: list[tuple[float, Placed]] = []
        self.time.connected(TICK, FRAME_S)

    def films(self, seconds: float, *, frame: int = FRAME) -> None:
        for _ in range(round(seconds / FRAME_S)):
            self.sends()
            self.pts += frame
            self.taken_s += FRAME_S

    def sends(self) -> Placed:
        placed = self.time.place(self.pts, self.pts, self.taken_s + self.delay_s)
        self.placed.append((self.taken_s, placed))
        if placed.gap is not None:
            self.gaps.append(placed.gap)
        return placed

    def off_by_s(self) -> float:
        """How far the newest packet's media time is from the time that passed since the first."""
        taken_s, placed = self.placed[-1]
        return placed.media_s - (taken_s - self.placed[0][0])


def test_media_time_begins_at_zero_and_follows_the_timestamps() -> None:
    camera = Camera(starts_at=123_456)
    camera.films(10)
    assert camera.placed[0][1].media_s == 0.0
    assert camera.placed[-1][1].media_s == pytest.approx(10 - FRAME_S)
    assert camera.placed[-1][1].pts - camera.placed[-1][1].offset == camera.pts - FRAME
    assert camera.gaps == []


def test_arrival_that_jitters_moves_no_picture() -> None:
    camera = Camera()
    for number in range(250):
        camera.delay_s = 0.1 + (number * 7 % 10) / 20
        camera.films(FRAME_S)
    assert camera.off_by_s() == pytest.approx(0, abs=1e-6)
    assert camera.gaps == []


@pytest.mark.parametrize("jump_s", [3600.0, -3600.0, 5.0, -5.0, 1.0, -1.0, -0.5], ids=lambda jump: f"{jump:+g}s")
def test_a_jump_of_the_timestamps_is_on_record_and_is_no_time(jump_s: float) -> None:
    camera = Camera(starts_at=10**9)
    camera.films(20)
    camera.pts += round(jump_s / TICK)
    camera.films(20)
    assert camera.off_by_s() == pytest.approx(0, abs=0.01)
    assert [gap.why for gap in camera.gaps] == [f"the camera's timestamps jumped by {jump_s:+.1f} s"]
    assert camera.gaps[0].from_s == pytest.approx(20 - FRAME_S)
    assert camera.gaps[0].to_s == pytest.approx(20, abs=0.01)


@pytest.mark.parametrize("bits", [32, 33])
def test_timestamps_that_wrap_go_on_without_a_gap(bits: int) -> None:
    camera = Camera(starts_at=(1 << bits) - 10 * FRAME)
    camera.films(0.4)
    camera.pts -= 1 << bits
    camera.films(5)
    assert camera.off_by_s() == pytest.approx(0, abs=1e-6)
    assert camera.gaps == []


def test_timestamps_that_begin_anew_are_a_jump_back() -> None:
    camera = Camera(starts_at=900_000)
    camera.films(30)
    camera.pts = 0
    camera.films(5)
    assert camera.off_by_s() == pytest.approx(0, abs=0.01)
    assert len(camera.gaps) == 1


def test_lost_pictures_are_a_gap_of_their_length() -> None:
    camera = Camera()
    camera.films(10)
    camera.pts += 5 * FRAME
    camera.taken_s += 5 * FRAME_S
    camera.films(10)
    assert camera.gaps == [Gap(pytest.approx(9.96), pytest.approx(10.2), "pictures are missing")]
    assert camera.off_by_s() == pytest.approx(0, abs=1e-6)


def test_a_jam_that_is_worked_off_changes_nothing() -> None:
    """Eight seconds in which nothing arrives, then everything at once."""
    camera = Camera()
    camera.films(20)
    opens_s = camera.taken_s + 8
    while camera.taken_s < opens_s:
        camera.delay_s = opens_s - camera.taken_s + 0.1
        camera.films(FRAME_S)
    camera.delay_s = 0.1
    camera.films(20)
    assert camera.off_by_s() == pytest.approx(0, abs=1e-6)
    assert camera.gaps == []


def test_a_jam_in_which_the_camera_threw_pictures_away_is_a_gap_of_what_is_missing() -> None:
    """One second of pictures waits five seconds on the way; the four that followed never come."""
    camera = Camera()
    camera.films(20)
    jammed_s = camera.taken_s
    for _ in range(25):
        camera.delay_s = jammed_s + 5 - camera.taken_s
        camera.films(FRAME_S)
    camera.pts += 100 * FRAME
    camera.taken_s += 4.0
    camera.delay_s = 0.1
    camera.films(20)
    assert [(round(gap.from_s, 2), round(gap.to_s, 2)) for gap in camera.gaps] == [(20.96, 25.0)]
    assert camera.off_by_s() == pytest.approx(0, abs=1e-6)


def test_what_comes_in_a_burst_after_a_long_jam_is_one_jump_and_not_one_a_picture() -> None:
    camera = Camera()
    camera.films(60)
    for _ in range(round(30 / FRAME_S)):  # for half a minute the server sends at two thirds of its pace
        camera.delay_s += FRAME_S / 2
        camera.films(FRAME_S)
    jammed = len(camera.gaps)
    while camera.delay_s > 0.1:
        camera.delay_s -= FRAME_S * 0.9
        camera.films(FRAME_S)
    camera.films(30)
    assert jammed <= 20, "it fell behind, and again"
    assert len(camera.gaps) - jammed <= 5
    assert abs(camera.off_by_s()) < 1.0


def test_timestamps_that_stood_still_while_the_camera_paused_are_put_right() -> None:
    camera = Camera()
    camera.films(20)
    camera.taken_s += 30.0
    camera.films(15)
    assert camera.off_by_s() == pytest.approx(0, abs=0.1)
    assert [gap.why for gap in camera.gaps] == ["the camera's timestamps fell behind: -30.0 s"]


def test_timestamps_at_half_pace_do_not_slow_the_time_that_passes() -> None:
    """A camera that halves its rate at night and goes on counting as by day."""
    camera = Camera()
    camera.films(20)
    camera.films(300, frame=FRAME // 2)
    behind = [placed.media_s - (taken_s - 1000.0) for taken_s, placed in camera.placed[-2500:]]
    assert max(behind) <= AHEAD_S
    assert min(behind) >= -2.5
    assert all(gap.why.startswith("the camera's timestamps fell behind") for gap in camera.gaps)


def test_a_new_connection_lies_where_the_time_has_got_to() -> None:
    camera = Camera(starts_at=77)
    camera.films(20)
    camera.taken_s += 40.0
    camera.time.connected(TICK, FRAME_S)
    camera.pts = 5_000_000
    camera.films(20)
    assert camera.off_by_s() == pytest.approx(0, abs=0.01)
    assert camera.gaps == [Gap(pytest.approx(19.96), pytest.approx(60.0, abs=0.01), "no connection to the camera")]


def test_a_connection_lost_while_packets_were_late_is_not_placed_late_for_ever() -> None:
    camera = Camera()
    camera.films(20)
    camera.delay_s = 4.0
    camera.films(2)
    camera.taken_s += 10.0
    camera.delay_s = 0.1
    camera.time.connected(TICK, FRAME_S)
    camera.films(20)
    assert camera.off_by_s() == pytest.approx(0, abs=0.01)


def test_another_time_base_after_reconnecting_is_the_same_time() -> None:
    time = LiveTime()
    time.connected(TICK, FRAME_S)
    assert time.place(0, 0, 50.0).media_s == 0
    time.connected(Fraction(1, 1000), 0.1)
    placed = time.place(700, 700, 53.0)
    assert placed.media_s == pytest.approx(3.0)
    assert time.place(800, 800, 53.1).media_s == pytest.approx(3.1)


def test_a_watcher_that_takes_over_goes_on_at_the_second_it_is_told() -> None:
    time = LiveTime(resumes_at_s=500.0)
    time.connected(TICK, FRAME_S)
    assert time.place(9000, 9000, 10.0).media_s == pytest.approx(500.0)

    waited = LiveTime(resumes_at_s=500.0, now_s=10.0)
    waited.connected(TICK, FRAME_S)
    assert waited.place(9000, 9000, 70.0).media_s == pytest.approx(560.0)


def test_packets_without_times_follow_the_one_before() -> None:
    time = LiveTime()
    time.connected(TICK, FRAME_S)
    seconds = [time.place(pts, pts, 10 + FRAME_S * n).media_s for n, pts in enumerate([0, None, None, 3 * FRAME])]
    assert seconds == pytest.approx([0, 0.04, 0.08, 0.12])


def test_pictures_out_of_order_keep_their_places() -> None:
    """Decoding order I P B B, where decoding times are known and where they are not."""
    order = [0, 3, 1, 2, 6, 4, 5]
    for with_dts in (True, False):
        time = LiveTime()
        time.connected(TICK, FRAME_S)
        placed = [
            time.place(shown * FRAME, (n - 1) * FRAME if with_dts else None, 10 + FRAME_S * n)
            for n, shown in enumerate(order)
        ]
        assert [each.media_s for each in placed] == pytest.approx([shown * FRAME_S for shown in order])
        assert [each.dts for each in placed] == sorted(each.dts for each in placed)


steps = st.one_of(st.just(FRAME), st.just(FRAME), st.integers(-(10**9), 10**9), st.integers(0, 5 * FRAME))
waits = st.one_of(st.just(FRAME_S), st.just(FRAME_S), st.floats(0.0, 0.2), st.floats(0.0, 60.0))


@settings(deadline=None)
@given(st.lists(st.tuples(steps, waits), min_size=1, max_size=200))
def test_whatever_the_camera_says_no_more_time_passes_than_passed(sent: list[tuple[int, float]]) -> None:
    time = LiveTime()
    time.connected(TICK, FRAME_S)
    pts, arrival_s = 0, 100.0
    first = time.place(pts, pts, arrival_s)
    last = first
    for step, wait_s in sent:
        pts, arrival_s = pts + step, arrival_s + wait_s
        placed = time.place(pts, pts, arrival_s)
        assert placed.dts >= last.dts
        assert placed.pts - placed.offset == pts
        passed_s = arrival_s - 100.0
        a_tick_each_s = len(sent) * float(TICK)  # a picture lies behind the one before it, however quickly they come
        assert placed.media_s <= passed_s * (1 + CREEP) + AHEAD_S + a_tick_each_s
        last = placed


@settings(deadline=None)
@given(st.lists(st.floats(0.0, 120.0), min_size=1, max_size=30), st.integers(0, 2**32))
def test_connections_that_come_and_go_lose_no_time(holes_s: list[float], start: int) -> None:
    camera = Camera(starts_at=start)
    camera.films(2)
    for hole_s in holes_s:
        camera.taken_s += hole_s
        camera.time.connected(TICK, FRAME_S)
        camera.pts = (camera.pts * 31 + 17) % 2**32
        camera.films(1)
    assert camera.off_by_s() == pytest.approx(0, abs=0.05)
    assert len(camera.gaps) == len(holes_s)
