"""Precision and recall: what meets a label, what proves nothing, and two detectors at the same precision."""

import pytest

from detectors.geometry import Box
from detectors.sightings import Detection, ObjectRole
from detectors.training.evaluation import Judged, Tally, Truth, compare, judge
from detectors.training.figures import agreement_truth
from detectors.training.labelled_picture import Label

VEHICLE, PERSON = ObjectRole.VEHICLE, ObjectRole.PERSON
PLACE = Box(100, 100, 200, 160)


def seen(box: Box, confidence: float = 0.8, name: str = "car", role: ObjectRole = VEHICLE) -> Detection:
    return Detection(box, role, name, confidence)


def right(confidence: float) -> Judged:
    return Judged(confidence, met=True, size_px=50.0)


def wrong(confidence: float) -> Judged:
    return Judged(confidence, met=False, size_px=50.0)


def judged(found: list[Detection], truth: Truth, role: ObjectRole = VEHICLE) -> Tally:
    tallies = {role: Tally()}
    judge(found, truth, tallies)
    return tallies[role]


def test_a_van_called_truck_is_a_vehicle_found():
    tally = judged([seen(PLACE, name="truck")], Truth([Label("car", PLACE)]))
    assert tally.at(0.25) == (1.0, 1.0)


def test_a_second_box_on_one_car_is_wrong_even_where_it_fits_better():
    double = [seen(Box(105, 100, 205, 160), 0.9), seen(PLACE, 0.7)]
    assert judged(double, Truth([Label("car", PLACE)])).at(0.25) == (0.5, 1.0)


def test_what_meets_only_a_filled_in_label_counts_neither_way():
    tally = judged([seen(PLACE)], Truth([], [Label("car", PLACE)]))
    assert (tally.detections, tally.sizes_px) == ([], [])


def test_a_role_that_is_not_labelled_throughout_is_not_judged():
    truth = Truth([Label("person", PLACE)], judged=frozenset({VEHICLE}))
    tally = judged([seen(PLACE, name="person", role=PERSON)], truth, PERSON)
    assert (tally.detections, tally.sizes_px) == ([], [])


@pytest.mark.parametrize(("box", "held_against"), [(Box(110, 100, 150, 150), 0), (Box(300, 100, 340, 200), 1)])
def test_a_rider_whom_no_label_names_is_not_held_against_the_detector(box: Box, held_against: int):
    truth = Truth([Label("motorcycle", Box(100, 100, 160, 200))])
    assert len(judged([seen(box, name="person", role=PERSON)], truth, PERSON).detections) == held_against


def test_a_box_that_overlaps_by_less_than_half_found_nothing():
    assert judged([seen(Box(160, 100, 260, 160))], Truth([Label("car", PLACE)])).at(0.25) == (0.0, 0.0)


def test_recall_is_told_by_size():
    small, large = Box(0, 0, 20, 20), Box(300, 0, 500, 200)
    tally = judged([seen(large)], Truth([Label("car", small), Label("bus", large)]))
    assert tally.recall_by_size(0.25) == {"16-32": (1, 0.0), ">= 128": (1, 1.0)}


def test_from_32_pixels_small_labels_and_what_met_them_are_left_out():
    small = Box(0, 0, 20, 20)
    elsewhere = [seen(Box(300, 0, 320, 20)), seen(Box(300, 100, 400, 200))]  # a small and a large mistake
    tally = judged([seen(small), seen(PLACE), *elsewhere], Truth([Label("car", small), Label("car", PLACE)]))
    assert tally.at(0.25) == (0.5, 1.0)
    assert tally.from_size(32).at(0.25) == (0.5, 1.0)
    assert len(tally.from_size(32).detections) == 2


def test_the_lowest_confidence_that_is_still_precise_enough_is_found():
    tally = Tally([right(0.9), wrong(0.8), right(0.7), right(0.6), wrong(0.5)], [50.0] * 4)
    assert tally.confidence_for(0.75) == 0.6
    assert tally.confidence_for(0.99) == 0.9
    assert Tally([wrong(0.9)], [50.0]).confidence_for(0.5) is None


def test_of_two_equally_sure_detections_not_only_the_right_one_is_counted():
    tally = Tally([right(0.5), wrong(0.5)], [50.0])
    assert tally.confidence_for(0.9) is None


def test_two_detectors_are_compared_at_the_same_precision():
    reference = Tally([right(0.9), right(0.8), wrong(0.3)], [50.0] * 4)
    ours = Tally([right(0.6), wrong(0.5), wrong(0.4)], [50.0] * 4)
    both = compare(VEHICLE, ours, reference)
    assert (both.reference_precision, both.reference_recall) == (pytest.approx(2 / 3), 0.5)
    assert (both.confidence, both.precision, both.recall) == (0.6, 1.0, 0.25)
    assert both.share == 0.5


def test_a_detector_that_is_never_precise_enough_has_no_recall_to_show():
    reference = Tally([right(0.9)], [50.0])
    assert compare(VEHICLE, Tally([wrong(0.9)], [50.0]), reference).share == 0.0


def test_on_clips_only_what_the_reference_is_sure_of_is_asked_for():
    sure, unsure = seen(PLACE, 0.6), seen(Box(0, 0, 50, 50), 0.3)
    suitcase = seen(Box(300, 0, 350, 50), 0.9, "suitcase", ObjectRole.GOODS)
    truth = agreement_truth([sure, unsure, suitcase])
    assert [label.box for label in truth.true] == [PLACE]
    assert [label.box for label in truth.filled_in] == [unsure.box]
