"""Which picture becomes the still: the moment's own, unless the next shows the same vehicle clearly sharper."""

from datetime import timedelta
from fractions import Fraction

import cv2
import numpy as np
import pytest

from detectors.frame import Frame
from detectors.geometry import Box
from ingest.stills import CLEARLY_SHARPER, choose
from tests.media.make_clips import Film, Picture, parks, passes
from tests.rows import NOON

CAR = Box(120, 150, 184, 190)
ALONE = Film((parks("red"),))
WITH_PASSING_CAR = Film((parks("red"), passes("yellow", 1.0, takes_s=2.0)))


def frame(picture: Picture, at_s: float) -> Frame:
    planes = np.asarray(cv2.cvtColor(picture, cv2.COLOR_BGR2YUV_I420), dtype=np.uint8)
    return Frame(planes, at_s, round(at_s * 10), Fraction(1, 10), NOON + timedelta(seconds=at_s), keyframe=True)


def blurred(picture: Picture) -> Picture:
    return np.asarray(cv2.GaussianBlur(picture, (0, 0), 2.5), dtype=np.uint8)


SHARP, LATER, LATEST = (frame(ALONE.picture(number), number / 10) for number in (10, 20, 30))
BLURRED = frame(blurred(ALONE.picture(10)), 1.0)


def test_a_blurred_moment_gives_way_to_the_next_sharp_picture() -> None:
    choice = choose(BLURRED, [LATER, LATEST], CAR)
    assert choice.frame in (LATER, LATEST)


def test_the_noise_of_a_sensor_moves_no_still() -> None:
    assert choose(SHARP, [LATER, LATEST], CAR).frame is SHARP


def test_a_car_that_passes_in_front_is_sharp_and_not_taken() -> None:
    hidden = frame(WITH_PASSING_CAR.picture(20), 2.0)
    choice = choose(BLURRED, [hidden], CAR)
    assert choice.candidates[1].sharpness > CLEARLY_SHARPER * choice.candidates[0].sharpness
    assert choice.frame is BLURRED


def test_the_recipe_says_who_was_looked_at_and_how_sharp_each_was() -> None:
    recipe = choose(BLURRED, [LATER], CAR).recipe()
    candidates = recipe["chosen"]["candidates"]
    assert [each["media_s"] for each in candidates] == [1.0, 2.0]
    assert candidates[1]["sharpness"] > candidates[0]["sharpness"] > 0
    assert recipe["vehicle_whole"] is True


@pytest.mark.parametrize("box", [Box(0, 150, 64, 190), Box(280, 150, 320, 190), Box(100, 200, 164, 240)])
def test_a_vehicle_at_the_edge_of_the_picture_is_not_whole(box: Box) -> None:
    assert choose(SHARP, [], box).recipe()["vehicle_whole"] is False


def test_a_picture_without_any_drawing_is_no_sharper_one_and_no_crash() -> None:
    flat = frame(np.full((240, 320, 3), 90, dtype=np.uint8), 1.0)
    assert choose(flat, [SHARP], CAR).frame is flat
