"""What a picture shows as before, and what it does not: a person far away is something, an encoder's noise is not."""

from dataclasses import replace
from datetime import UTC, datetime
from fractions import Fraction

import numpy as np
import pytest
from numpy.typing import NDArray

from detectors.frame import Frame
from detectors.geometry import Box
from detectors.sightings import Detection, Look, ObjectRole
from detectors.unchanged import HOLDS_S, SeenBefore

NOON = datetime(2026, 3, 2, 4, tzinfo=UTC)
WIDTH, HEIGHT = 1920, 1080
WHOLE = Box(0, 0, WIDTH, HEIGHT)
FENCE = Box(200, 400, 1400, 1080)
FOUND = [Detection(Box(300, 500, 420, 560), ObjectRole.VEHICLE, "car", 0.8)]


def street() -> NDArray[np.uint8]:
    """Asphalt with a grain: what no encoder gives back twice in the same way."""
    drawn = np.full((HEIGHT, WIDTH), 110, np.uint8)
    drawn[:, ::7] += 12
    return drawn


def noisy(luma: NDArray[np.uint8], seed: int) -> NDArray[np.uint8]:
    noise = np.random.default_rng(seed).normal(0, 4, luma.shape)
    return np.clip(luma + noise, 0, 255).astype(np.uint8)


def with_something(box: tuple[int, int, int, int], brightness: int) -> NDArray[np.uint8]:
    x, y, width, height = box
    drawn = street()
    drawn[y : y + height, x : x + width] = brightness
    return drawn


def look(luma: NDArray[np.uint8], at_s: float = 2.0, region: Box = WHOLE) -> Look:
    planes = np.concatenate([luma, np.full((luma.shape[0] // 2, luma.shape[1]), 128, np.uint8)])
    return Look(Frame(planes, at_s, round(at_s * 90_000), Fraction(1, 90_000), NOON), (region,))


def seen(region: Box = WHOLE) -> SeenBefore:
    return SeenBefore.of(look(noisy(street(), 1), 0.0, region), FOUND)


@pytest.mark.parametrize(
    ("luma", "region"),
    [
        pytest.param(noisy(street(), 2), WHOLE, id="the_same_street_with_other_noise"),
        pytest.param(noisy(street() + np.uint8(4), 2), WHOLE, id="a_little_brighter"),
        pytest.param(with_something((20, 20, 200, 200), 220), FENCE, id="something_where_no_fence_is"),
    ],
)
def test_what_shows_nothing_else_is_as_before(luma: NDArray[np.uint8], region: Box) -> None:
    assert seen(region).is_shown_by(look(luma, region=region))


@pytest.mark.parametrize(
    "box",
    [
        pytest.param((800, 600, 12, 32), id="a_person_of_32_pixels"),
        pytest.param((800, 600, 48, 32), id="a_vehicle_of_32_pixels"),
        pytest.param((300, 500, 120, 60), id="where_something_was_found_before"),
    ],
)
@pytest.mark.parametrize("brightness", [60, 85, 140, 200])
def test_somebody_far_away_is_something(box: tuple[int, int, int, int], brightness: int) -> None:
    assert not seen().is_shown_by(look(noisy(with_something(box, brightness), 2)))


def test_what_comes_slowly_is_held_against_the_picture_that_was_looked_at() -> None:
    before = seen()
    brighter = [look(noisy(street() + np.uint8(step), step), 1.0 + step / 4) for step in range(0, 20, 2)]
    assert [before.is_shown_by(each) for each in brighter][::9] == [True, False]


def test_it_holds_for_some_seconds_and_for_no_damaged_or_other_picture() -> None:
    before, like = seen(), look(street())
    assert before.is_shown_by(like)
    assert not before.is_shown_by(look(street(), HOLDS_S))
    assert not before.is_shown_by(look(street(), -2.0)), "a clock that jumped back"
    assert not before.is_shown_by(replace(like, frame=replace(like.frame, corrupt=True)))
    assert not before.is_shown_by(replace(like, regions=(FENCE,)))
    assert not before.is_shown_by(look(street()[::2, ::2].copy()))


def test_in_a_small_picture_the_same_street_is_compared_as_finely() -> None:
    small = SeenBefore.of(look(street()[::3, ::3].copy(), 0.0, Box(0, 0, 640, 360)), FOUND)
    far = with_something((800, 600, 15, 33), 200)[::3, ::3].copy()
    assert small.is_shown_by(look(street()[::3, ::3].copy(), region=Box(0, 0, 640, 360)))
    assert not small.is_shown_by(look(far, region=Box(0, 0, 640, 360)))
