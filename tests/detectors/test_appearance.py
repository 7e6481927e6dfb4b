"""Whether a place shows the same object: through noise, light and swaying, and not through another car."""

import numpy as np
import pytest

from detectors.appearance import Appearance
from detectors.geometry import Box
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
