"""What was left, told from all that merely changes: pixels of a rendered street, with noise and light of their own."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from fractions import Fraction
from math import pi

import cv2
import numpy as np
import pytest

from detectors.frame import Bytes, Frame
from detectors.geometry import Box, Polygon
from detectors.left_objects import LEFT_OBJECT, LeftObjects
from detectors.rendered_street import vehicles
from detectors.rendered_street.body_shape import Finish
from detectors.rendered_street.persons import Looks, standing
from detectors.rendered_street.raster import Pose
from detectors.rendered_street.roadside import rubbish_bag
from detectors.rendered_street.scene import Placed, Scene
from detectors.rendered_street.stories import STORIES
from detectors.rendered_street.thing import Thing
from detectors.rendered_street.vehicles import PAINTS
from detectors.sightings import Detection, Look, ObjectRole
from detectors.tracker import Track, Tracker
from tests.rows import NOON

LOOK_S = 2.0
BAG = ("bag", 6.25, 13.6)
PEOPLE = ("person",)


def _thing(name: str) -> Thing:
    if name == "bag":
        return rubbish_bag(0)
    if name == "car":
        return vehicles.saloon(Finish(PAINTS["grey"], seed=3), 0.0)
    return Thing("person", standing(Looks(jacket=(0.36, 0.1, 0.08)), 0.0), 0.5, 0.5)


@dataclass
class Painted:
    """Pictures of one street with things in it, each painted once; and the box of each thing."""

    scene: Scene
    pictures: dict[tuple[tuple[str, float, float], ...], tuple[Bytes, dict[str, Box]]] = field(default_factory=dict)

    def of(self, *things: tuple[str, float, float]) -> tuple[Bytes, dict[str, Box]]:
        if things not in self.pictures:
            placed = [Placed(_thing(name), Pose(x, y, pi / 2)) for name, x, y in things]
            picture, labels = self.scene.picture(placed)
            boxes = {name: label.seen for (name, _, _), label in zip(things, labels, strict=True) if label.seen}
            self.pictures[things] = picture, boxes
        return self.pictures[things]


@pytest.fixture(scope="module")
def painted() -> Painted:
    return Painted(STORIES["stall-and-bag"].scene())


NOISE = np.random.default_rng(1).normal(0, 2.0, (740, 1280, 3)).round().astype(np.int16)


def sensor(picture: Bytes, look: int) -> Bytes:
    """The same noise at another place of the picture, look by look."""
    return np.asarray(cv2.add(picture, NOISE[7 * look % 20 :][:720], dtype=cv2.CV_8U), np.uint8)


@dataclass
class Camera:
    """One look every two seconds, at whatever lies in the street; the network finds people and vehicles."""

    painted: Painted
    change: Callable[[Bytes], Bytes] = lambda picture: picture
    blind_to: tuple[str, ...] = ()
    left: LeftObjects = field(default_factory=LeftObjects)
    tracker: Tracker = field(default_factory=Tracker)
    called: Sequence[tuple[ObjectRole, float]] = ()  # what the network says of the bag, look by look
    looks: int = 0
    boxes: dict[str, Box] = field(default_factory=dict)

    def see(self, *things: tuple[str, float, float], times: int = 1, corrupt: bool = False) -> list[Box]:
        """What is held to be left after the last of so many looks."""
        found: list[Detection] = []
        for _ in range(times):
            picture, self.boxes = self.painted.of(*things)
            shown = sensor(self.change(picture), self.looks)
            planes = np.asarray(cv2.cvtColor(shown, cv2.COLOR_BGR2YUV_I420), np.uint8)
            at_s = self.looks * LOOK_S
            moment = NOON + timedelta(seconds=at_s)
            frame = Frame(planes, at_s, self.looks, Fraction(2), moment, corrupt=corrupt)
            if self.looks == 0:
                self.left.watch([Polygon.of_fractions(PAVEMENT, frame.width, frame.height)], frame.width, frame.height)
            roles = {"person": ObjectRole.PERSON, "car": ObjectRole.VEHICLE}
            seen = [
                Detection(box, roles[name], name, 0.7)
                for name, box in self.boxes.items()
                if name in roles and name not in self.blind_to
            ]
            if "bag" in self.boxes and self.called:
                (role, sure), *self.called = self.called
                seen.append(Detection(self.boxes["bag"], role, role.value, sure))
            found = self.left.update(frame, seen, self.tracker.tracks)
            self.tracker.update(Look(frame, ()), [*seen, *found])
            for track in self.lying:
                if track.appearance.without is None:
                    track.appearance = replace_without(track, self.left)
            self.looks += 1
        return [each.box for each in found]

    @property
    def lying(self) -> list[Track]:
        return [track for track in self.tracker.tracks if track.class_name == LEFT_OBJECT]


def lies_at(box: Box, thing: Box) -> bool:
    """With its shadow, which begins at its foot."""
    return thing.covered_by(box) > 0.8 and box.area < 2.5 * thing.area


def replace_without(track: Track, left: LeftObjects):
    return type(track.appearance)(**{**vars(track.appearance), "without": left.without(track.place)})


PAVEMENT = [[0.35, 0.3], [0.9, 0.3], [0.95, 0.9], [0.3, 0.9]]


@pytest.fixture
def camera(painted: Painted) -> Camera:
    return Camera(painted)


def test_a_bag_put_down_is_found_at_its_place_from_the_second_look_on(camera):
    assert camera.see(times=3) == []
    assert camera.see(BAG) == [], "it may be passing by"
    (box,) = camera.see(BAG)
    assert lies_at(box, camera.boxes["bag"])
    camera.see(BAG, times=2)
    (track,) = camera.lying
    assert (track.role, track.stands) == (ObjectRole.LITTER, True)


def test_what_was_called_a_suitcase_is_no_weak_bicycle_the_next_time(camera):
    camera.called = [(ObjectRole.GOODS, 0.6), *[(ObjectRole.TWO_WHEELER, 0.25)] * 3]
    camera.see(times=3)
    camera.see(BAG, times=4)
    (track,) = camera.lying
    assert lies_at(track.place, camera.boxes["bag"])


def test_a_bicycle_that_is_surely_one_is_nothing_left_whatever_it_was_called_before(camera):
    camera.called = [(ObjectRole.GOODS, 0.3), *[(ObjectRole.TWO_WHEELER, 0.7)] * 3]
    camera.see(times=3)
    camera.see(BAG, times=4)
    assert camera.lying == []


def test_it_stays_found_for_as_long_as_it_lies_there(camera):
    camera.see(times=3)
    camera.see(BAG, times=40)
    (track,) = camera.lying
    assert lies_at(track.place, camera.boxes["bag"])
    assert not track.gone


def test_a_bag_that_is_taken_away_is_shown_to_be_gone(camera):
    camera.see(times=3)
    camera.see(BAG, times=5)
    assert camera.lying
    camera.see(times=3)
    assert camera.lying == []


def test_what_was_there_from_the_beginning_was_left_by_nobody(camera):
    assert camera.see(BAG, times=4) == []
    assert camera.see(times=4) == [], "nor is the place left that it leaves behind"


def test_what_was_taken_away_and_is_put_back_is_nothing_new(camera):
    camera.see(BAG, times=3)
    camera.see(times=4)
    assert camera.see(BAG, times=4) == []


def test_a_car_that_parks_is_a_vehicle_and_nothing_left(camera):
    car = ("car", 4.25, 14.5)
    camera.see(times=3)
    assert camera.see(car, times=5) == []
    assert camera.see(times=3) == []


def test_what_a_car_leaves_behind_is_found_when_it_has_gone(camera):
    car, bag = ("car", 4.25, 14.5), ("bag", 4.4, 14.0)
    camera.see(times=3)
    camera.see(car, times=4)
    camera.see(car, bag, times=3)
    camera.see(bag, times=4)
    (track,) = camera.lying
    assert lies_at(track.place, camera.boxes["bag"])


def test_a_person_who_stands_still_is_a_person(camera):
    camera.see(times=3)
    assert camera.see(("person", 6.6, 13.4), times=6) == []


def test_somebody_before_the_bag_hides_it_and_does_not_take_it_away(camera):
    camera.see(times=3)
    camera.see(BAG, times=4)
    camera.see(("person", 5.9, 12.6), BAG, times=3)
    assert [track.gone for track in camera.lying] == [False]
    camera.see(BAG, times=2)
    assert len(camera.lying) == 1


@pytest.mark.parametrize(
    "light",
    [
        lambda picture: cv2.convertScaleAbs(picture, alpha=0.6),
        lambda picture: cv2.convertScaleAbs(picture, alpha=1.4),
        lambda picture: cv2.convertScaleAbs(picture, beta=30),
        lambda picture: np.asarray(picture * np.array([1.15, 1.0, 0.85]), np.uint8),
    ],
    ids=["a_cloud", "the_sun_comes_out", "the_exposure_rises", "evening_red"],
)
def test_another_light_leaves_nothing(camera, light):
    camera.see(times=4)
    camera.change = light
    assert camera.see(times=5) == []
    assert camera.lying == []


def test_a_shadow_that_falls_and_stays_is_no_thing(camera):
    def shade(picture: Bytes) -> Bytes:
        """Half the light is taken from a part of the pavement, softly at its edge (coded brightness: 0.73)."""
        mask = np.zeros(picture.shape[:2], np.float32)
        cv2.fillPoly(mask, [np.array([[700, 350], [850, 380], [830, 470], [690, 430]])], 1.0)
        soft = cv2.GaussianBlur(mask, (0, 0), 3.0)[:, :, None]
        return np.asarray(picture * (1 - 0.27 * soft), np.uint8)

    camera.see(times=4)
    camera.change = shade
    assert camera.see(times=6) == []


def test_headlights_on_the_ground_are_no_thing(camera):
    def lit(picture: Bytes) -> Bytes:
        mask = np.zeros(picture.shape[:2], np.float32)
        cv2.ellipse(mask, (800, 430), (120, 45), 10, 0, 360, 1.0, -1)
        soft = cv2.GaussianBlur(mask, (0, 0), 20.0)[:, :, None]
        return np.clip(picture + 60 * soft, 0, 255).astype(np.uint8)

    camera.see(times=4)
    camera.change = lit
    assert camera.see(times=6) == []


def test_rain_leaves_nothing(camera):
    rng = np.random.default_rng(5)

    def rain(picture: Bytes) -> Bytes:
        wet = picture.astype(np.int16)
        for x, y in zip(rng.integers(0, 1270, 400), rng.integers(0, 690, 400), strict=True):
            wet[y : y + 22, x : x + 2] += 70
        return np.clip(wet, 0, 255).astype(np.uint8)

    camera.see(times=3)
    camera.change = rain
    assert [camera.see() for _ in range(8)] == [[]] * 8


def test_a_mast_that_sways_leaves_nothing(camera):
    sways = iter([(0, 0), (2, 1), (-3, 1), (4, -2), (0, 2), (5, 3), (-4, -3), (3, 0)])

    def swayed(picture: Bytes) -> Bytes:
        dx, dy = next(sways)
        moved = np.array([[1, 0, dx], [0, 1, dy]], np.float32)
        return np.asarray(cv2.warpAffine(picture, moved, (1280, 720), borderMode=cv2.BORDER_REPLICATE), np.uint8)

    camera.change = swayed
    assert [camera.see() for _ in range(8)] == [[]] * 8


def test_a_damaged_picture_shows_nothing_and_teaches_nothing(camera):
    camera.see(times=3)
    grey = Camera(camera.painted, left=camera.left, tracker=camera.tracker, looks=camera.looks)
    grey.change = lambda picture: np.full_like(picture, 128)
    assert grey.see(times=3, corrupt=True) == []
    camera.looks = grey.looks
    camera.see(BAG, times=3)
    (track,) = camera.lying
    assert lies_at(track.place, camera.boxes["bag"])


def test_a_view_that_turns_away_is_learnt_anew(camera):
    camera.see(times=3)
    camera.change = lambda picture: np.ascontiguousarray(picture[:, ::-1])
    assert [camera.see() for _ in range(4)] == [[]] * 4


def test_a_site_without_such_a_fence_looks_for_nothing(painted):
    left = LeftObjects()
    left.watch([], 1280, 720)
    picture, _ = painted.of()
    planes = np.asarray(cv2.cvtColor(picture, cv2.COLOR_BGR2YUV_I420), np.uint8)
    assert left.update(Frame(planes, 0.0, 0, Fraction(2), NOON), [], []) == []
