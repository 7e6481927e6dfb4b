"""What stands round a parked vehicle: a line that stopped together, who shuts it in, who stands by it."""

from collections import Counter

import numpy as np
import pytest

from detectors.appearance import PATCH_HEIGHT, PATCH_WIDTH, Appearance
from detectors.geometry import Box
from detectors.sightings import ObjectRole, Sighting
from detectors.surroundings import left_with, surroundings
from detectors.tracker import Track
from models.enums import SightingKind

WATCHING_SINCE_S = 0.0


def standing(number: int, x: float, y: float, since_s: float, role: ObjectRole = ObjectRole.VEHICLE) -> Track:
    """A vehicle of 100 × 60 pixels, or a person of 20 × 60; (x, y): the middle of its lower edge."""
    half = 50.0 if role is ObjectRole.VEHICLE else 10.0
    box = Box(x - half, y - 60, x + half, y)
    patch = np.zeros((PATCH_HEIGHT, PATCH_WIDTH), np.uint8)
    return Track(
        id=number,
        role=role,
        first_seen_s=since_s,
        box=box,
        place=box,
        appearance=Appearance(box, patch, (0.0, 0.0, 0.0), 100.0),
        standing_from_s=since_s,
        classes=Counter(["car"]),
        sightings=[Sighting(since_s + 20, SightingKind.SEEN, box, 0.9)],
        steady=[box, box],
    )


def queue_of(*stops_s: float, step_px: float = 120.0, off_px: float = 0.0) -> list[Track]:
    return [
        standing(number, 100 + step_px * number, 300 + off_px * (number % 2), stop_s)
        for number, stop_s in enumerate(stops_s, 1)
    ]


@pytest.mark.parametrize(
    ("line", "others"),
    [
        (queue_of(10, 13, 20), 2),
        (queue_of(10, 13, 20, 24), 3),
        (queue_of(10, 13), 0),
        (queue_of(10, 60, 200), 0),
        (queue_of(10, 13, 20, step_px=260), 0),
        (queue_of(10, 13, 20, off_px=90), 0),
        (queue_of(0, 0, 0), 0),
        (queue_of(10, 20, 34), 2),
    ],
    ids=["three", "four", "two", "in_their_own_time", "far_apart", "not_in_a_line", "stood_before", "one_by_one"],
)
def test_a_queue_is_a_line_that_came_to_stand_one_after_the_other(line: list[Track], others: int) -> None:
    around = surroundings(line[0], line, watching_since_s=WATCHING_SINCE_S)
    assert len(around.queue) == others
    assert len(around.queue_ids) == others


def test_of_what_stood_before_the_watching_began_it_is_said_that_nobody_knows() -> None:
    line = queue_of(30, 0, 0)
    assert surroundings(line[0], line, watching_since_s=0.0).unknown == 2
    assert surroundings(line[0], queue_of(30, 100, 200), watching_since_s=0.0).unknown == 0


def test_how_many_of_a_queue_went() -> None:
    first, second, third = queue_of(10, 13, 20)
    third.sightings.append(Sighting(60.0, SightingKind.ABSENT))
    assert left_with([first.id, second.id], [second, third]) == 1
    assert left_with([second.id, third.id], [second, third]) == 1
    assert left_with([], [second]) == 0


@pytest.mark.parametrize(
    ("x", "y", "since_s", "shut_in"),
    [(110, 340, 50.0, True), (110, 340, 5.0, False), (220, 340, 50.0, False), (110, 270, 50.0, False)],
    ids=["came_later_and_stands_before_it", "was_there_first", "stands_aside", "stands_behind"],
)
def test_who_shuts_it_in(x: float, y: float, since_s: float, shut_in: bool) -> None:
    first, other = standing(1, 100, 300, 10.0), standing(2, x, y, since_s)
    assert bool(surroundings(first, [first, other], watching_since_s=0.0).shut_in_by) is shut_in


@pytest.mark.parametrize(("x", "near"), [(170.0, True), (260.0, False)], ids=["beside_it", "farther_off"])
def test_who_stands_by_it(x: float, near: bool) -> None:
    first, person = standing(1, 100, 300, 10.0), standing(2, x, 310, 40.0, ObjectRole.PERSON)
    assert bool(surroundings(first, [first, person], watching_since_s=0.0).persons) is near


def test_what_is_seen_around_can_be_written_down() -> None:
    line = queue_of(10, 13, 20)
    facts = surroundings(line[0], line, watching_since_s=0.0).as_facts()
    assert facts["queue"] == [line[1].place.as_list(), line[2].place.as_list()]
    assert set(facts) == {"queue", "shut_in_by", "persons", "unknown"}
