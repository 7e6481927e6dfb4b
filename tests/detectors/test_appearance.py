"""Whether a place shows the same object: through noise, light and swaying, and not through another car."""

import numpy as np
import pytest

from detectors.appearance import Appearance
from detectors.geometry import Box
from detectors.tracker import RETURN_FROM
from tests.detectors.drawn import frame_of, shown
from tests.media.make_clips import Film, Picture, parks

PLACE = Box(120, 150, 184, 190)
RED = Film((parks("red"),))


def brighter(picture: Picture, by: float) -> Picture:
    return np.asarray(np.clip(picture.astype(np.float32) * by, 0, 255), dtype=np.uint8)


def test_the_same_car_in_another_picture_is_the_same() -> None:
    likeness = Appearance.of(shown(RED, 0.0), PLACE).likeness(shown(RED, 5.5))
    assert likeness.same
    assert not likeness.other


@pytest.mark.parametrize("by", [0.6, 0.8, 1.15])
def test_a_cloud_over_the_street_changes_no_car(by: float) -> None:
    appearance = Appearance.of(shown(RED, 0.0), PLACE)
    assert not appearance.likeness(frame_of(brighter(RED.picture(13), by), 1.3)).other


@pytest.mark.parametrize(("dx", "dy"), [(4, 0), (-4, 2), (0, -3)])
def test_a_mast_that_sways_moves_no_car(dx: int, dy: int) -> None:
    appearance = Appearance.of(shown(RED, 0.0), PLACE)
    swayed = np.roll(RED.picture(13), (dy, dx), axis=(0, 1))
    assert appearance.likeness(frame_of(swayed, 1.3)).same


@pytest.mark.parametrize("colour", ["green", "blue", "yellow", "magenta", "cyan"])
def test_a_car_of_another_colour_is_another_car(colour: str) -> None:
    likeness = Appearance.of(shown(RED, 0.0), PLACE).likeness(shown(Film((parks(colour),)), 1.3))
    assert likeness.other
    assert not likeness.same


def test_the_empty_place_is_not_the_car() -> None:
    likeness = Appearance.of(shown(RED, 0.0), PLACE).likeness(shown(Film(), 1.3))
    assert likeness.other


@pytest.mark.parametrize(
    "box", [Box(0, 0, 30, 20), Box(290, 210, 320, 240), Box(0, 100, 320, 240), Box(318.4, 238.6, 320, 240)], ids=str
)
def test_a_place_at_the_edge_of_the_picture_is_a_place(box: Box) -> None:
    assert Appearance.of(shown(RED, 0.0), box).likeness(shown(RED, 0.0)).correlation <= 1.0001


def test_refreshing_follows_the_light_and_keeps_the_car() -> None:
    appearance = Appearance.of(shown(RED, 0.0), PLACE)
    for step in range(1, 12):
        dusk = frame_of(brighter(RED.picture(step), 1 - 0.05 * step), step / 10)
        assert appearance.likeness(dusk).same
        appearance = appearance.refreshed(dusk)


def lit(picture: Picture, by: float, box: Box) -> Picture:
    """Light on a part of the street alone."""
    part = picture.astype(np.float32)
    part[int(box.y1) : int(box.y2), int(box.x1) : int(box.x2)] *= by
    return np.asarray(np.clip(part, 0, 255), dtype=np.uint8)


def test_headlights_on_a_car_and_on_the_ground_round_it_change_no_car() -> None:
    dark = brighter(RED.picture(0), 0.3)
    likeness = Appearance.of(frame_of(dark, 0.0), PLACE).likeness(frame_of(lit(dark, 2.5, PLACE.padded(0.6)), 1.0))
    assert likeness.same
    assert likeness.lit
    assert not likeness.plainly_same, "nothing is learnt from it"


def test_what_is_brighter_alone_is_another_and_not_lit() -> None:
    """A grey car for a white one of the same make: the ground round them is as it was."""
    picture = RED.picture(0)
    likeness = Appearance.of(frame_of(picture, 0.0), PLACE).likeness(frame_of(lit(picture, 0.4, PLACE), 1.0))
    assert likeness.other
    assert not likeness.lit


@pytest.mark.parametrize(
    ("front", "same"),
    [(Box(150, 165, 240, 230), True), (Box(110, 140, 240, 230), False)],
    ids=["a_part_looks_out", "nothing_looks_out"],
)
def test_what_looks_out_from_behind_another_is_compared(front: Box, same: bool) -> None:
    appearance = Appearance.of(shown(RED, 0.0), PLACE)
    covered = RED.picture(13).copy()
    covered[int(front.y1) : int(front.y2), int(front.x1) : int(front.x2)] = (50, 190, 50)
    assert appearance.rest_is_same(frame_of(covered, 1.3), [front]) is same


def test_what_looks_out_of_the_empty_street_is_not_the_car() -> None:
    front = Box(150, 165, 240, 230)
    covered = Film().picture(13).copy()
    covered[165:230, 150:240] = (50, 190, 50)
    assert not Appearance.of(shown(RED, 0.0), PLACE).rest_is_same(frame_of(covered, 1.3), [front])


@pytest.mark.parametrize(("x", "beside"), [(120.0, False), (150.0, True), (170.0, True)])
def test_who_drives_off_is_seen_beside_its_place(x: float, beside: bool) -> None:
    assert Appearance.of(shown(RED, 0.0), PLACE).seen_beside(shown(Film((parks("red", (x, 150)),)), 1.3)) is beside


@pytest.mark.parametrize(("colour", "same"), [("red", True), ("green", False), ("red of another", False)])
def test_who_came_back_looks_like_who_left(colour: str, same: bool) -> None:
    left = Appearance.of(shown(RED, 0.0), PLACE)
    again = Appearance.of(shown(Film((parks(colour, (126, 152)),)), 1.0), Box(126, 152, 190, 192))
    likeness = again.resembles(left)
    assert (likeness.same and likeness.correlation >= RETURN_FROM) is same
