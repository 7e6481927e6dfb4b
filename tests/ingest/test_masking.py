"""Masking as numbers: whatever may show a face or another's plate is covered, and the vehicle it is about is not."""

import pytest

from detectors.geometry import Box
from detectors.sightings import Detection, ObjectRole
from ingest.masking import HELD_S, of_picture, over_time, to_cover

PARKED = Box(100, 200, 300, 320)


def found(box: Box, role: ObjectRole = ObjectRole.VEHICLE) -> Detection:
    return Detection(box, role, role.value, 0.6)


def covered(*detections: Detection, spared: Box | None = PARKED) -> list[tuple[int, int, int, int]]:
    return [mask.box for mask in of_picture(to_cover(detections, spared), 640, 480)]


def holds(outer: tuple[int, int, int, int], inner: Box) -> bool:
    return outer[0] <= inner.x1 and outer[1] <= inner.y1 and outer[2] >= inner.x2 and outer[3] >= inner.y2


def test_the_vehicle_it_is_about_keeps_its_plate_and_every_other_loses_it() -> None:
    other = Box(320, 210, 480, 310)
    (mask,) = covered(found(Box(98, 203, 304, 318)), found(other))
    assert holds(mask, Box(320, 250, 480, 310))


def test_a_vehicle_in_front_of_the_one_it_is_about_is_another() -> None:
    in_front = Box(180, 260, 300, 330)
    (mask,) = covered(found(PARKED), found(in_front))
    assert holds(mask, Box(180, 290, 300, 330))


def test_where_it_is_about_no_vehicle_none_is_spared() -> None:
    assert len(covered(found(PARKED), spared=None)) == 1


def test_a_walker_loses_the_head_and_keeps_the_feet() -> None:
    walker = Box(400, 100, 440, 220)
    (mask,) = covered(found(walker, ObjectRole.PERSON))
    assert holds(mask, Box(400, 100, 440, 140))
    assert mask[3] < 160


@pytest.mark.parametrize("box", [Box(400, 100, 460, 160), Box(400, 100, 500, 150)], ids=["sitting", "lying"])
def test_somebody_who_does_not_stand_upright_is_covered_whole(box: Box) -> None:
    (mask,) = covered(found(box, ObjectRole.PERSON))
    assert holds(mask, box)


def test_a_driver_inside_the_vehicle_it_is_about_is_covered() -> None:
    (mask,) = covered(found(PARKED), found(Box(150, 205, 180, 240), ObjectRole.PERSON))
    assert holds(mask, Box(150, 205, 180, 240))


def test_a_two_wheeler_is_covered_whole_wherever_its_plate_may_be() -> None:
    scooter = Box(400, 300, 440, 380)
    (mask,) = covered(found(scooter, ObjectRole.TWO_WHEELER))
    assert holds(mask, scooter)


@pytest.mark.parametrize("role", [ObjectRole.STALL, ObjectRole.GOODS, ObjectRole.LITTER])
def test_things_have_no_face(role: ObjectRole) -> None:
    assert covered(found(Box(400, 300, 440, 380), role)) == []


def test_a_mask_ends_with_the_picture_and_one_outside_is_none() -> None:
    assert covered(found(Box(600, 300, 700, 500))) == [(594, 372, 640, 480)]
    assert covered(found(Box(700, 500, 800, 600))) == []


def masks_at(looks: list[tuple[float, list[Detection]]], second: float) -> list[tuple[int, int, int, int]]:
    masks = over_time([(at_s, to_cover(each, None)) for at_s, each in looks], 640, 480)
    return [mask.box for mask in masks if mask.holds(second)]


def test_between_two_looks_a_thing_is_covered_wherever_it_may_have_been() -> None:
    looks = [(0.0, [found(Box(100, 200, 200, 300))]), (0.2, [found(Box(160, 200, 260, 300))])]
    assert any(holds(mask, Box(100, 250, 260, 300)) for mask in masks_at(looks, 0.1))


def test_a_thing_that_one_look_overlooked_stays_covered_for_a_while() -> None:
    walker = found(Box(400, 100, 440, 220), ObjectRole.PERSON)
    looks = [(0.0, [walker]), (0.2, []), (0.4, [walker]), (0.6, []), (0.8, []), (1.0, [])]
    for second in (0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6 + HELD_S - 0.01):
        assert masks_at(looks, second), second
    assert masks_at(looks, 0.99) == []


def test_masks_hold_from_the_first_picture_and_to_the_last() -> None:
    parked = [found(PARKED)]
    looks = [(0.08, parked), (0.28, parked)]
    assert masks_at(looks, 0.0) == masks_at(looks, 3600.0) != []


def test_a_parked_car_whose_box_trembles_is_one_mask() -> None:
    looks = [(n / 5, [found(Box(101 + n % 3, 202, 298, 317 - n % 2))]) for n in range(50)]
    masks = over_time([(at_s, to_cover(each, None)) for at_s, each in looks], 640, 480)
    assert len(masks) == 1
