"""What a camera shows is judged by its pictures: every fault is found, and no weather or traffic is taken for one."""

import math
import zlib
from collections.abc import Callable
from pathlib import Path

import av
import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from ingest.camera_health import FROZEN_S, LASTS_TO_BEGIN_S, LOOKS_TO_BEGIN, NO_PACKETS_S, Health, Watchdog
from ingest.errors import FingerprintUnreadable
from ingest.view_fingerprint import Fingerprint
from models.enums import CameraState
from tests.media.make_clips import BUS, RATE, WIDTH, Film, Vehicle, parks

Luma = NDArray[np.uint8]
Change = Callable[[Luma], Luma]
LOOK_S = 2.0
CHANCE = np.random.default_rng(5)


def luma(film: Film, second: float) -> Luma:
    return np.asarray(cv2.cvtColor(film.picture(round(second * RATE)), cv2.COLOR_BGR2GRAY), dtype=np.uint8)


STREET = Film(vehicles=(parks("red"),), size=(640, 480))
STREET_LOOKS = [luma(STREET, number / RATE) for number in range(8)]


class View:
    """A camera whose looks come every two seconds, or as often as is said."""

    def __init__(self, watchdog: Watchdog | None = None, every_s: float = LOOK_S) -> None:
        self.watchdog, self.every_s = watchdog or Watchdog(), every_s
        self.at_s = 100.0
        self.usable: list[bool] = []
        self.healths: list[Health] = []

    def shows(self, looks: list[Luma]) -> CameraState:
        for look in looks:
            self.watchdog.look(look, self.at_s)
            self.usable.append(self.watchdog.usable)
            self.healths.append(self.watchdog.tick(self.at_s))
            self.at_s += self.every_s
        return self.healths[-1].state

    def shows_the_street(self, looks: int = 8) -> CameraState:
        return self.shows([STREET_LOOKS[number % 8] for number in range(looks)])


def grained(picture: NDArray[np.floating], noise: float) -> Luma:
    return np.clip(picture + CHANCE.normal(0, noise, picture.shape), 0, 255).astype(np.uint8)


def covered(look: Luma) -> Luma:
    return grained(np.full(look.shape, 90.0), 2.0)


def blurred(look: Luma) -> Luma:
    """The lens is out of focus; the sensor's noise comes after it and stays sharp."""
    return grained(np.asarray(cv2.GaussianBlur(look, (0, 0), look.shape[1] / 100), dtype=np.float64), 0.7)


def black(look: Luma) -> Luma:
    return grained(np.full(look.shape, 17.0), 1.0)


def turned(look: Luma) -> Luma:
    """Half of it has left the picture, and something else has come in."""
    half = look.shape[1] // 2
    other = np.asarray(look[::-1, half:][:, ::-1])
    return np.hstack([look[:, half:], other])


def turned_a_little(look: Luma) -> Luma:
    by = look.shape[1] // 10
    return np.hstack([look[:, by:], look[::-1, :by]])


def by_night(look: Luma) -> Luma:
    return grained(look * 0.2 + 10.0, 4.0)


def in_rain(look: Luma) -> Luma:
    wet = look * 0.8 + 25.0
    for _ in range(60):
        x, y, length = (int(each) for each in CHANCE.integers((0, 0, 5), (look.shape[1], look.shape[0], 20)))
        cv2.line(wet, (x, y), (x + 2, y + length), 210.0, 1)
    return np.clip(wet, 0, 255).astype(np.uint8)


def in_headlights(look: Luma) -> Luma:
    lit = look * 0.3 + 10.0
    for _ in range(4):
        glow = np.zeros(look.shape, np.float32)
        x, y = (int(each) for each in CHANCE.integers((0, look.shape[0] // 3), look.shape[::-1]))
        cv2.circle(glow, (x, y), look.shape[1] // 40, 255.0, -1)
        lit += cv2.GaussianBlur(glow, (0, 0), look.shape[1] / 50) * 2
    return grained(lit, 2.0)


def behind_a_bus(look: Luma) -> Luma:
    """A side with windows, half of the picture wide and all of it high."""
    width, height = look.shape[1], look.shape[0]
    bus = Film(vehicles=(Vehicle("yellow", ((-1.0, 0, 0), (1.0, 0, 0)), (width // 2, height)),), size=(width, height))
    seen = look.copy()
    seen[:, width // 4 : width // 4 + width // 2] = luma(bus, 0)[:, : width // 2]
    return seen


FAULTS: dict[str, tuple[Change, CameraState, bool]] = {  # and whether its looks may be evidence
    "black": (black, CameraState.BLACK, False),
    "covered": (covered, CameraState.COVERED, False),
    "turned": (turned, CameraState.TURNED, False),
    "turned_a_little": (turned_a_little, CameraState.TURNED, False),
    "blurred": (blurred, CameraState.BLURRED, True),
}


@pytest.mark.parametrize("every_s", [0.5, 1.0, 1.9, 10.0])
def test_a_camera_that_is_turned_is_found_out_however_often_it_is_looked_at(every_s: float) -> None:
    view = View(every_s=every_s)
    view.shows_the_street()
    began_s = view.at_s
    needed = max(LOOKS_TO_BEGIN, math.ceil(LASTS_TO_BEGIN_S / every_s) + 1)
    odd = [turned(STREET_LOOKS[number % 8]) for number in range(needed)]
    assert view.shows(odd[:-1]) is CameraState.WATCHING
    assert view.shows(odd[-1:]) is CameraState.TURNED
    assert view.healths[-1] == Health(CameraState.TURNED, began_s)


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_found_with_its_beginning_and_so_is_its_end(fault: str) -> None:
    change, state, usable = FAULTS[fault]
    view = View()
    assert view.shows_the_street() is CameraState.WATCHING
    began_s = view.at_s
    assert view.shows([change(look) for look in STREET_LOOKS[:5]]) is state
    assert view.healths[-1] == Health(state, began_s)
    assert view.usable[-5:] == [usable] * 5  # from the first look on, before the state is certain
    ended_s = view.at_s
    assert view.shows_the_street(3) is CameraState.WATCHING
    assert view.healths[-1] == Health(CameraState.WATCHING, ended_s)
    assert view.usable[-1]


@pytest.mark.parametrize("fault", FAULTS)
def test_two_odd_looks_are_no_fault(fault: str) -> None:
    change, _, _ = FAULTS[fault]
    view = View()
    view.shows_the_street()
    view.shows([change(look) for look in STREET_LOOKS[:2]])
    view.shows_the_street(3)
    assert {health.state for health in view.healths} == {CameraState.WATCHING}
    assert view.usable[-1]


@pytest.mark.parametrize("change", [by_night, in_rain, in_headlights, behind_a_bus], ids=lambda each: each.__name__)
def test_night_weather_and_traffic_are_no_fault(change: Change) -> None:
    view = View()
    view.shows_the_street()
    view.shows([change(look) for look in STREET_LOOKS])
    assert {health.state for health in view.healths} == {CameraState.WATCHING}
    assert all(view.usable)


def test_a_lorry_that_drives_through_and_one_that_stays_are_traffic() -> None:
    street = Film(
        vehicles=(
            Vehicle("blue", ((2.0, -BUS[0], 60), (6.0, WIDTH, 60)), BUS),
            Vehicle("green", ((4.0, -BUS[0], 110), (6.0, 90, 110), (60.0, 90, 110)), BUS),
        ),
        seconds=20,
    )
    view = View()
    view.shows([luma(street, second) for second in range(20)])
    assert {health.state for health in view.healths} == {CameraState.WATCHING}


def test_the_same_picture_again_and_again_is_frozen_after_twelve_seconds() -> None:
    view = View()
    view.shows_the_street()
    froze_s = view.at_s - LOOK_S
    same = STREET_LOOKS[7]
    for _ in range(10):
        state = view.shows([same])
        assert state is (CameraState.FROZEN if view.at_s - LOOK_S - froze_s >= FROZEN_S else CameraState.WATCHING)
        assert not view.usable[-1]
    assert view.healths[-1] == Health(CameraState.FROZEN, froze_s)
    assert view.shows_the_street(2) is CameraState.WATCHING


def test_an_empty_street_at_night_is_not_frozen() -> None:
    """Nothing moves for a quarter of an hour; the noise of the sensor is all that changes."""
    empty = luma(Film(), 0) * 0.2 + 10.0
    view = View()
    view.shows([grained(empty, 0.7) for _ in range(450)])
    assert {health.state for health in view.healths} == {CameraState.WATCHING}
    assert all(view.usable)


def test_a_black_picture_that_repeats_is_black() -> None:
    view = View()
    view.shows_the_street()
    assert view.shows([np.full((240, 320), 16, np.uint8)] * 10) is CameraState.BLACK


def test_a_camera_that_is_dark_from_the_start_is_black_and_learns_nothing() -> None:
    view = View()
    assert view.shows([black(STREET_LOOKS[0]) for _ in range(10)]) is CameraState.BLACK
    assert view.watchdog.fingerprint is None


def test_packets_that_stop_are_missed_after_five_seconds_and_not_a_moment_longer() -> None:
    watchdog = Watchdog()
    watchdog.connected(10.0)
    assert watchdog.tick(10.0 + NO_PACKETS_S - 0.1).state is CameraState.WATCHING
    assert watchdog.tick(10.0 + NO_PACKETS_S) == Health(CameraState.NO_PACKETS, 10.0)
    watchdog.packet(17.0)
    assert watchdog.tick(17.1).state is CameraState.WATCHING
    assert watchdog.tick(22.0) == Health(CameraState.NO_PACKETS, 17.0)


def test_what_was_wrong_before_a_new_connection_has_to_show_itself_anew() -> None:
    view = View()
    view.shows_the_street()
    view.shows([covered(look) for look in STREET_LOOKS[:5]])
    view.watchdog.connected(view.at_s)
    assert view.watchdog.tick(view.at_s) == Health(CameraState.WATCHING, view.at_s)
    assert view.shows([covered(look) for look in STREET_LOOKS[:5]]) is CameraState.COVERED


def test_a_picture_in_another_size_is_the_same_view() -> None:
    view = View()
    view.shows_the_street()
    smaller = [np.asarray(cv2.resize(look, (352, 288), interpolation=cv2.INTER_AREA)) for look in STREET_LOOKS]
    view.shows(smaller)
    assert {health.state for health in view.healths} == {CameraState.WATCHING}
    assert view.shows([blurred(look) for look in smaller]) is CameraState.BLURRED
    assert all(view.usable)


def test_a_fingerprint_that_was_kept_knows_its_view_at_the_first_look() -> None:
    view = View()
    view.shows_the_street()
    kept = view.watchdog.fingerprint
    assert kept is not None
    assert len(kept) < 20_000
    again = View(Watchdog(kept))
    again.shows_the_street(1)
    assert again.watchdog.fit is not None
    assert again.watchdog.fit.cells_alike > 0.9
    other = View(Watchdog(kept))
    other.shows([turned(STREET_LOOKS[0])])
    assert not other.watchdog.usable


def test_dusk_is_learned_from_looks_that_fit_and_is_known_from_then_on() -> None:
    view = View()
    view.shows_the_street()
    view.shows([by_night(look) for look in STREET_LOOKS])
    known = Fingerprint.from_bytes(view.watchdog.fingerprint or b"")
    assert set(known.means) == {False, True}


def test_what_a_covered_or_turned_camera_shows_is_not_learned() -> None:
    view = View()
    view.shows_the_street()
    before = view.watchdog.fingerprint
    view.shows([turned(look) for look in STREET_LOOKS] * 3)
    view.shows([covered(look) for look in STREET_LOOKS])
    assert view.watchdog.fingerprint == before


def test_before_a_view_is_known_nothing_is_claimed_of_it() -> None:
    view = View()
    assert view.watchdog.fingerprint is None
    assert view.shows([STREET_LOOKS[0], blurred(STREET_LOOKS[1]), STREET_LOOKS[2]]) is CameraState.WATCHING


@pytest.mark.parametrize(
    "harm",
    [
        lambda _: b"",
        lambda kept: b"PNG" + kept,
        lambda kept: kept[:-20],
        lambda kept: kept[:40] + bytes(20) + kept[60:],
        lambda kept: kept[:4] + zlib.compress(bytes(10**7)),
    ],
    ids=["empty", "another_format", "cut_off", "overwritten", "a_bomb"],
)
def test_a_fingerprint_that_cannot_be_read_says_so(harm: Callable[[bytes], bytes]) -> None:
    view = View()
    view.shows_the_street()
    with pytest.raises(FingerprintUnreadable, match="learned again"):
        Watchdog(harm(view.watchdog.fingerprint or b""))


CLIPS = [
    "campus_walkers.mp4",
    "concourse_people_standing.avi",
    "concourse_person_standing_a.avi",
    "handheld_parked_car_plate.mp4",
    "indoor_bottles.mp4",
    "indoor_one_by_one.mp4",
    "lot_arrivals_gopro.mp4",
    "lot_topdown_dense.mp4",
    "motorway_bridge_day.mp4",
    "motorway_cctv_day.mp4",
    "motorway_cctv_dusk.mp4",
    "motorway_cctv_junction.mp4",
    "motorway_cctv_lorries_fog.mp4",
    "night_bag_dumped_AI_GENERATED.mp4",
    "path_walkers_parked_van.avi",
    "pavement_bag_left.avi",
    "road_overhead_cars.mp4",
    "shopping_street_people.mp4",
    "street_queue_and_traffic.mp4",
]
ASPHALT_ALONE = "road_overhead_cars.mp4"  # there is no detail in it to lose
LONGEST_S = 20.0  # of a clip; what follows shows nothing new and costs time


def looks_of(clip: Path, every_s: float = 1.0) -> list[Luma]:
    """Brightness once a second, reduced so that a whole suite of clips stays in memory."""
    looks: list[Luma] = []
    with av.open(str(clip)) as container:
        stream = container.streams.video[0]
        stream.thread_type = "AUTO"
        for frame in container.decode(stream):
            at_s = (frame.pts or 0) * float(stream.time_base or 1)
            if at_s > LONGEST_S:
                break
            if at_s >= len(looks) * every_s:
                looks.append(np.asarray(frame.to_ndarray(format="gray"), dtype=np.uint8))
    return looks


@pytest.mark.footage
@pytest.mark.parametrize("name", CLIPS)
def test_real_streets_raise_no_alarm_and_their_faults_do(name: str, footage_dir: Path) -> None:
    looks = looks_of(footage_dir / name)
    view = View()
    view.shows(looks)
    assert {health.state for health in view.healths} == {CameraState.WATCHING}
    if len(looks) < 8:
        return
    found = dict(FAULTS)
    del found["turned_a_little"]  # where a view goes on in itself, a tenth of it is hardly a turn
    if name == ASPHALT_ALONE:
        del found["blurred"]
    for change, state, _ in found.values():
        faulty = View()
        faulty.shows(looks[:6])
        assert faulty.shows([change(look) for look in (looks * 2)[6:12]]) is state, state


@pytest.mark.footage
def test_a_motorway_at_dusk_is_the_motorway_of_the_day(footage_dir: Path) -> None:
    view = View()
    view.shows(looks_of(footage_dir / "motorway_cctv_day.mp4"))
    view.shows(looks_of(footage_dir / "motorway_cctv_dusk.mp4"))
    assert {health.state for health in view.healths} == {CameraState.WATCHING}
    assert all(view.usable)


@pytest.mark.footage
def test_another_motorway_of_the_same_operator_is_another_view(footage_dir: Path) -> None:
    for name in ("motorway_cctv_lorries_fog.mp4", "motorway_cctv_junction.mp4"):
        view = View()
        view.shows(looks_of(footage_dir / "motorway_cctv_day.mp4"))
        assert view.shows(looks_of(footage_dir / name)) is CameraState.TURNED
