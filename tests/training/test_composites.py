"""Cut-outs and where they are pasted; weather that leaves labels true."""

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from detectors.geometry import Box
from detectors.training.composites import far_view, paste, place_for
from detectors.training.cut_outs import CutOut, cut_out, stands_free
from detectors.training.labelled_picture import Label
from detectors.training.weather import EFFECTS, fog, night
from tests.training.drawn_streets import draw_car, road


def red_car(wide: int = 80, high: int = 50) -> CutOut:
    return CutOut("car", np.full((high, wide, 3), (30, 30, 200), np.uint8), np.ones((high, wide), np.float32))


def test_a_car_comes_off_the_road_along_its_outline():
    picture = road()
    label = draw_car(picture, Box(100, 80, 200, 140))
    cut = cut_out(picture, label)
    assert cut is not None
    assert cut.picture.shape == (60, 100, 3)
    assert cut.cover[30, 50] == 1
    assert cut.cover[2, 2] == 0  # the road in the corner stays behind
    assert cut.cover.mean() == pytest.approx(np.pi / 4, abs=0.06)


def test_nothing_is_cut_out_where_there_is_only_road():
    assert cut_out(road(), Label("car", Box(100, 80, 200, 140))) is None


@pytest.mark.parametrize(
    ("box", "other", "free"),
    [
        (Box(100, 80, 200, 140), Box(250, 80, 300, 140), True),
        (Box(100, 80, 200, 140), Box(180, 80, 280, 140), False),
        (Box(0, 80, 100, 140), Box(250, 80, 300, 140), False),
        (Box(100, 80, 130, 100), Box(250, 80, 300, 140), False),
    ],
    ids=["alone", "half_hidden", "cut_by_the_edge", "too_small"],
)
def test_only_what_stands_free_is_cut_out(box: Box, other: Box, free: bool):
    label = Label("car", box)
    assert stands_free(label, [label, Label("car", other)], 320, 240) is free


def test_a_pasted_car_is_as_large_as_the_car_beside_it_and_hides_none():
    there = Label("car", Box(20, 120, 100, 170))
    for seed in range(20):
        place = place_for(red_car(), [there], 320, 240, np.random.default_rng(seed))
        if place is not None:
            box, _ = place
            assert 40 <= box.height <= 60
            assert there.box.covered_by(box) <= 0.25
            assert box == box.within(320, 240)


def test_where_nothing_shows_the_scale_nothing_is_pasted():
    assert place_for(red_car(), [Label("litter", Box(20, 120, 100, 170))], 320, 240, np.random.default_rng(0)) is None


def test_a_cut_out_is_not_blown_up():
    near = Label("car", Box(10, 20, 300, 230))
    assert place_for(red_car(30, 20), [near], 320, 240, np.random.default_rng(0)) is None


def test_the_label_of_a_pasted_car_is_where_its_pixels_are():
    picture = road()
    there = draw_car(picture, Box(20, 120, 100, 170), (200, 60, 30))
    for seed in range(10):
        pasted, labels = paste(picture, [there], [red_car()], np.random.default_rng(seed))
        if len(labels) == 2:
            break
    assert [label.class_name for label in labels] == ["car", "car"]
    box = labels[1].box
    changed = np.abs(pasted.astype(int) - picture).sum(axis=2) > 60
    rows, columns = np.nonzero(changed)
    assert (columns.min(), rows.min(), columns.max() + 1, rows.max() + 1) == (box.x1, box.y1, box.x2, box.y2)


def test_far_away_everything_is_half_as_large_and_labelled_there():
    scene = (road(320, 320), [Label("car", Box(100, 80, 200, 140))])
    tiny = (road(320, 320), [Label("person", Box(0, 0, 6, 6))])
    picture, labels = far_view([scene, scene, tiny, scene], 320)
    assert picture.shape == (320, 320, 3)
    assert [label.box for label in labels] == [
        Box(50, 40, 100, 70),
        Box(210, 40, 260, 70),
        Box(210, 200, 260, 230),
    ]


@pytest.mark.parametrize("name", EFFECTS)
def test_weather_changes_the_picture_and_nothing_else(name: str):
    picture = road()
    draw_car(picture, Box(100, 80, 200, 140))
    before = picture.copy()
    after = EFFECTS[name](picture, np.random.default_rng(3))
    assert (after.shape, after.dtype) == (picture.shape, picture.dtype)
    assert np.abs(after.astype(int) - picture).mean() > 1
    assert_array_equal(picture, before)
    assert_array_equal(after, EFFECTS[name](picture, np.random.default_rng(3)))


def test_night_is_dark_and_fog_is_pale_at_the_top():
    picture = road()
    assert night(picture, np.random.default_rng(1)).mean() < 0.9 * picture.mean()
    foggy = fog(picture, np.random.default_rng(1))
    assert foggy[:20].mean() > foggy[-20:].mean() + 10
