"""Pictures of a story: the same in whatever order they are asked for, and nothing changes where nothing moves."""

from dataclasses import replace

import cv2
import numpy as np
import pytest

from detectors.rendered_street.film import RATE, Film
from detectors.rendered_street.scene import Scene
from detectors.rendered_street.sensor import Sensor
from detectors.rendered_street.stories import STORIES
from detectors.rendered_street.story import Story

NO_NOISE = Sensor(softness=0.6, noise=0.0, corners=0.1)


def small(story: Story) -> Story:
    """The story seen by a cheaper camera in the same place."""

    def scene() -> Scene:
        whole = story.scene()
        return replace(whole, view=replace(whole.view, width=480, height=270))

    return replace(story, scene=scene)


@pytest.fixture(scope="module")
def parks() -> Film:
    return Film(small(STORIES["parks-and-stays"]))


def test_a_picture_does_not_depend_on_those_before_it(parks: Film) -> None:
    numbers = [60, 61, 62, 63, 130]
    in_order = [parks.planes(number) for number in numbers]
    other = Film(small(STORIES["parks-and-stays"]))
    for number, picture in reversed(list(zip(numbers, in_order, strict=True))):
        assert np.array_equal(other.planes(number), picture)


def test_two_pictures_of_one_street_differ_by_noise_alone_where_nothing_moves(parks: Film) -> None:
    first, second = (parks.planes(number)[:270].astype(int) for number in (200, 201))
    assert not np.array_equal(first, second)
    houses = (slice(0, 60), slice(250, 460))
    assert abs(first[houses] - second[houses]).max() < 25


def test_what_is_painted_in_parts_is_what_is_painted_whole() -> None:
    film = Film(small(STORIES["parks-and-leaves"]), NO_NOISE)
    for number in (30, 160, 380):
        whole, _ = film.scene.picture(film.placed(number))
        shown = cv2.cvtColor(film.planes(number), cv2.COLOR_YUV2BGR_I420).astype(int)
        assert np.abs(shown - cv2.GaussianBlur(whole, (0, 0), 0.6)).mean() < 8


def stops_of(film: Film, name: str) -> list[int]:
    """Numbers of the pictures in which that actor stands."""
    (actor,) = [each for each in film.story.actors if each.name == name]
    there = [number for number in range(film.pictures) if actor.motion.present(number / RATE)]
    return [number for number in there if actor.motion.at(number / RATE).stands]


@pytest.mark.parametrize("name", ["parks-and-stays", "parks-and-leaves"])
def test_the_truth_told_of_a_story_is_what_is_shown(name: str) -> None:
    film = Film(STORIES[name])
    for stop in film.story.stops:
        stood = stops_of(film, stop.actor)
        assert stood[0] / RATE == pytest.approx(stop.stopped_s, abs=0.2)
        until = film.story.seconds if stop.left_s is None else stop.left_s
        assert stood[-1] / RATE == pytest.approx(until, abs=0.2)


def test_the_vehicle_that_parks_stands_inside_the_fence(parks: Film) -> None:
    (x1, y1), _, (x2, y2), _ = parks.story.fence
    (car,) = [actor for actor in parks.story.actors if actor.name == "car"]
    where = car.motion.at(20.0)
    assert x1 + 0.9 <= where.x <= x2
    assert y1 + 2.3 <= where.y <= y2 - 2.3
