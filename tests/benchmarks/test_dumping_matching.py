"""How the benchmark counts dumping: what is found once, what is false, and by how much the second is off."""

import pytest

from benchmarks.dumping import Left, matched, truth_of
from detectors.geometry import Box

BAG = Left("bag", Box(100, 100, 140, 140), ground_s=13.5, hand_off_s=15.2)


def incident(box: list[float], at_s: float = 14.0) -> dict[str, object]:
    return {"box": box, "stopped_s": at_s}


def test_the_incident_that_overlaps_most_is_the_thing_and_the_others_are_false():
    near, exact, elsewhere = (incident(each) for each in ([95, 100, 140, 140], [100, 100, 140, 140], [0, 0, 20, 20]))
    found, false = matched([BAG], [near, exact, elsewhere])
    assert found == [(BAG, exact)]
    assert false == [near, elsewhere]


def test_what_overlaps_by_less_than_half_is_not_the_thing():
    found, false = matched([BAG], [incident([120, 120, 170, 170])])
    assert (found, len(false)) == ([], 1)


@pytest.mark.parametrize(
    ("act_s", "error_s"), [(13.0, -0.5), (13.5, 0.0), (14.4, 0.0), (15.2, 0.0), (16.0, 0.8)], ids=str
)
def test_the_act_lasts_from_the_ground_to_the_open_hand(act_s, error_s):
    assert BAG.error_s(act_s) == pytest.approx(error_s)


def test_only_what_was_seen_to_come_down_is_in_the_truth():
    listed = {"dropped_objects": [{"what": "bag", "box": [1, 2, 3, 4], "touches_ground": 1, "hand_off": 2}]}
    assert [each.what for each in truth_of(listed)] == ["bag"]
    assert truth_of({"dropped_objects": []}) == truth_of({}) == ()
