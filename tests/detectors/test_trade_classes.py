"""The classes of trade are sought beside the others, and change nothing for those who look for vehicles."""

from fractions import Fraction
from pathlib import Path

import pytest

from detectors.frame import Frame
from detectors.geometry import Box
from detectors.openvino_engine import OF_TRADE
from detectors.sightings import Look
from detectors.weights import find_detector
from tests.rows import NOON
from tests.scenarios.composed_street import PERSON_PX, Composed, Put, largest, thing_at


@pytest.mark.footage
def test_people_and_vehicles_are_found_as_without_them(weights_dir: Path, pictures_dir: Path) -> None:
    put = [
        Put(largest(pictures_dir, "oiveh_00392", "motorcycle"), 320, 310, 95),
        Put(thing_at(pictures_dir, "oiveh_00122", "umbrella", Box(27, 15, 302, 130)), 345, 195, 70),
        Put(largest(pictures_dir, "deped_00019", "person"), 425, 315, PERSON_PX),
    ]
    frame = Frame(Composed(put, 1.0).planes(0), 0.0, 0, Fraction(1, 12), NOON)
    look = Look(frame, (Box(0, 0, frame.width, frame.height),))
    detector = find_detector(str(weights_dir))
    with_trade = detector.detect([look])[0]
    detector._groups = detector._groups[:1]
    without = detector.detect([look])[0]
    assert [each for each in with_trade if each.role not in OF_TRADE] == without
    assert "umbrella" in {each.class_name for each in with_trade}
    assert {"person", "motorcycle"} <= {each.class_name for each in without}
