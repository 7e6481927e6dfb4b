"""Enlarged parts: the object is whole and near, labels stay on what they name, and empty means empty."""

import numpy as np
import pytest

from detectors.geometry import Box
from detectors.training.labelled_picture import Label
from detectors.training.zooms import LARGEST_ENLARGEMENT, SIDE_PX, empty_part, zoom
from tests.training.drawn_streets import draw_car, road

SEEDS = range(8)


@pytest.mark.parametrize(
    "box",
    [
        Box(150, 100, 180, 120),
        Box(0, 0, 60, 40),
        Box(250, 190, 320, 240),
        Box(10, 20, 310, 230),
        Box(100, 20, 120, 220),
    ],
    ids=["far", "in_the_corner", "in_the_other_corner", "fills_the_picture", "tall"],
)
def test_the_object_is_whole_in_its_part_and_its_label_lies_on_it(box: Box):
    picture = road()
    label = draw_car(picture, box)
    for seed in SEEDS:
        part, [moved] = zoom(picture, [label], label, np.random.default_rng(seed))
        red = (part[..., 2] > 150) & (part[..., 1] < 80)
        rows, columns = np.flatnonzero(red.any(axis=1)), np.flatnonzero(red.any(axis=0))
        drawn = Box(columns[0], rows[0], columns[-1] + 1, rows[-1] + 1)
        assert drawn.iou(moved.box) > 0.85


def test_a_person_of_a_hundred_pixels_fills_a_good_part_of_what_is_made():
    picture = road(1920, 1080)
    person = Label("person", Box(900, 500, 940, 600))
    heights = [zoom(picture, [person], person, np.random.default_rng(seed))[1][0].box.height for seed in SEEDS]
    assert min(heights) > 0.15 * SIDE_PX
    assert max(heights) > 200


def test_what_is_very_small_is_not_blown_up_beyond_what_can_be_seen():
    picture = road()
    label = Label("person", Box(100, 100, 106, 112))
    for seed in SEEDS:
        part, [moved] = zoom(picture, [label], label, np.random.default_rng(seed))
        assert moved.box.height <= 12 * LARGEST_ENLARGEMENT + 0.5
        assert max(part.shape[:2]) <= SIDE_PX


def test_what_is_mostly_outside_the_part_has_no_label_in_it():
    picture = road(640, 480)
    anchor = Label("person", Box(20, 200, 50, 290))
    far = Label("car", Box(500, 200, 600, 260))
    for seed in SEEDS:
        _, labels = zoom(picture, [anchor, far], anchor, np.random.default_rng(seed))
        assert [label.class_name for label in labels] == ["person"]


def test_the_same_generator_makes_the_same_part():
    picture = road()
    label = draw_car(picture, Box(100, 100, 160, 140))
    one, two = (zoom(picture, [label], label, np.random.default_rng(3)) for _ in range(2))
    assert one[1] == two[1]
    assert np.array_equal(one[0], two[0])


def test_an_empty_part_shows_nothing_of_what_is_labelled():
    picture = road()
    label = draw_car(picture, Box(60, 60, 200, 160))
    for seed in SEEDS:
        part = empty_part(picture, [label], np.random.default_rng(seed))
        assert part is None or not ((part[..., 2] > 150) & (part[..., 1] < 80)).any()
    assert any(empty_part(picture, [label], np.random.default_rng(seed)) is not None for seed in SEEDS)


def test_a_full_picture_has_no_empty_part():
    everywhere = Label("bus", Box(0, 0, 320, 240))
    assert empty_part(road(), [everywhere], np.random.default_rng(1)) is None
