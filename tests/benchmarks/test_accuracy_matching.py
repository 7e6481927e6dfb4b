"""The arithmetic of the accuracy table, with numbers."""

from math import inf

import pytest

from benchmarks.matching import ClipResult, Found, Reported, Standing, match, totals
from detectors.geometry import Box

BAY = Box(100, 100, 200, 160)
FAR_BAY = Box(400, 100, 500, 160)
SMALL_BAY = Box(100, 10, 140, 30)


def stood(name: str, box: Box = BAY, from_s: float = 0.0, to_s: float = inf, *, extra: bool = False) -> Standing:
    return Standing(name, "a car", box, from_s, to_s, extra)


def incident(
    name: str,
    box: Box = BAY,
    *,
    first: float = 0.0,
    stopped: float | None = None,
    last: float = 60.0,
    left: float | None = None,
) -> Reported:
    return Reported(name, "fence", box, first, stopped, last, left, "drafted")


def names(result: ClipResult) -> dict[str, list[str]]:
    return {
        "expected": [each.id for each in result.expected],
        "found": [each.incident.id for each in result.found],
        "extra": [each.incident.id for each in result.extra],
        "twice": [each.incident.id for each in result.twice],
        "missed": [each.id for each in result.missed],
        "false": [each.id for each in result.false],
    }


NOTHING: dict[str, list[str]] = {key: [] for key in ("expected", "found", "extra", "twice", "missed", "false")}


def test_a_vehicle_reported_once_is_found() -> None:
    result = match([stood("A")], [incident("1", Box(104, 102, 206, 161))], dwell_s=20, video_s=60)
    assert names(result) == NOTHING | {"expected": ["A"], "found": ["1"]}


def test_the_better_box_is_the_finding_and_the_other_is_twice() -> None:
    result = match([stood("A")], [incident("wide", Box(80, 95, 215, 165)), incident("good")], dwell_s=20, video_s=60)
    assert names(result) == NOTHING | {"expected": ["A"], "found": ["good"], "twice": ["wide"]}


def test_a_vehicle_nobody_reported_is_missed() -> None:
    result = match([stood("A"), stood("B", FAR_BAY)], [incident("1")], dwell_s=20, video_s=60)
    assert names(result) == NOTHING | {"expected": ["A", "B"], "found": ["1"], "missed": ["B"]}


@pytest.mark.parametrize(
    ("vehicle", "reported"),
    [
        (stood("A", FAR_BAY), incident("1")),
        (stood("A", to_s=19.0), incident("1")),
        (stood("A", from_s=45.0), incident("1")),
        (stood("A", from_s=30.0), incident("1", last=29.0)),
        (stood("A", Box(100, 100, 140, 160)), incident("1", Box(130, 100, 200, 160))),
    ],
    ids=["elsewhere", "drove_off_before_the_dwell", "came_too_late_for_the_dwell", "at_another_time", "beside_it"],
)
def test_an_incident_of_nothing_that_stood_the_dwell_is_false(vehicle: Standing, reported: Reported) -> None:
    assert names(match([vehicle], [reported], dwell_s=20, video_s=60))["false"] == ["1"]


def test_a_vehicle_that_follows_another_in_one_bay_is_told_apart_by_its_time() -> None:
    result = match(
        [stood("first", to_s=25.0), stood("second", from_s=30.0)],
        [incident("late", first=31.0), incident("early", last=24.0)],
        dwell_s=20,
        video_s=60,
    )
    assert {pair.vehicle.id: pair.incident.id for pair in result.found} == {"first": "early", "second": "late"}


def test_two_neighbours_whose_boxes_overlap_are_each_found_by_the_incident_that_fits_better() -> None:
    left, right = Box(100, 100, 200, 160), Box(140, 100, 240, 160)
    result = match(
        [stood("left", left), stood("right", right)],
        [incident("r", Box(139, 100, 239, 160)), incident("l", Box(101, 100, 201, 160))],
        dwell_s=20,
        video_s=60,
    )
    assert {pair.vehicle.id: pair.incident.id for pair in result.found} == {"left": "l", "right": "r"}
    assert not result.twice


def test_a_vehicle_looked_at_afterwards_counts_for_precision_and_not_for_recall() -> None:
    result = match([stood("A"), stood("X", FAR_BAY, extra=True)], [incident("1", FAR_BAY)], dwell_s=20, video_s=60)
    assert names(result) == NOTHING | {"expected": ["A"], "extra": ["1"], "missed": ["A"]}
    total = totals([result], small=False)
    assert (total.precision, total.recall) == (1.0, 0.0)


def test_a_doubled_and_a_false_incident_both_cost_precision() -> None:
    incidents = [incident("1"), incident("again", Box(90, 98, 205, 165)), incident("nothing", FAR_BAY)]
    total = totals([match([stood("A")], incidents, dwell_s=20, video_s=60)], small=False)
    assert (total.found, total.twice, total.false) == (1, 1, 1)
    assert total.precision == pytest.approx(1 / 3)
    assert total.recall == 1.0


def test_small_vehicles_are_counted_apart() -> None:
    result = match(
        [stood("A"), stood("S", SMALL_BAY)],
        [incident("1"), incident("far", Box(300, 10, 330, 30))],
        dwell_s=20,
        video_s=60,
    )
    large, small = totals([result], small=False), totals([result], small=True)
    assert (large.expected, large.missed, large.false) == (1, 0, 0)
    assert (small.expected, small.missed, small.false) == (1, 1, 1)


def test_stop_and_leave_errors_are_signed_and_the_worst_is_without_sign() -> None:
    early = Found(stood("A", from_s=10.0, to_s=40.0), incident("1", stopped=8.5, left=41.0))
    late = Found(stood("B", FAR_BAY, from_s=10.0), incident("2", FAR_BAY, stopped=10.75))
    assert (early.stop_error_s, early.leave_error_s) == (-1.5, 1.0)
    assert (late.stop_error_s, late.leave_error_s) == (0.75, None)
    total = totals([ClipResult((early.vehicle, late.vehicle), (early, late), (), (), (), ())], small=False)
    assert (total.worst_stop_error_s, total.worst_leave_error_s) == (1.5, 1.0)


def test_where_a_draft_ended_the_watching_the_last_showing_stands_for_the_leaving() -> None:
    assert Found(stood("A", to_s=40.0), incident("1", last=38.5)).leave_error_s == -1.5


def test_a_stop_the_clip_shows_and_the_incident_does_not_tell_is_counted() -> None:
    shown = Found(stood("A", from_s=10.0), incident("1", stopped=None))
    always_there = Found(stood("B", FAR_BAY), incident("2", FAR_BAY, stopped=None))
    total = totals([ClipResult((), (shown, always_there), (), (), (), ())], small=False)
    assert total.stops_not_given == 1
    assert total.stop_errors_s == []


def test_nothing_expected_and_nothing_reported_is_without_fault() -> None:
    total = totals([match([], [], dwell_s=5, video_s=15)], small=False)
    assert (total.precision, total.recall, total.worst_stop_error_s) == (1.0, 1.0, 0.0)
