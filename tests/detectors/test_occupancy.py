"""Who stands in a geofence, judged by what touches the ground."""

import pytest

from detectors.geometry import Box, Polygon
from detectors.occupancy import ENTER, LEAVE, ground_contact, is_inside, share_inside

PAVEMENT = Polygon(((100, 100), (300, 100), (300, 200), (100, 200)))


@pytest.mark.parametrize(
    ("box", "share"),
    [
        pytest.param(Box(150, 120, 250, 180), 1.0, id="on_the_pavement"),
        pytest.param(Box(150, 20, 250, 140), 1.0, id="roof_over_the_road_wheels_on_the_pavement"),
        pytest.param(Box(150, 140, 250, 300), 0.0, id="roof_over_the_pavement_wheels_on_the_road"),
        pytest.param(Box(20, 150, 108, 190), 0.012, id="wheel_on_the_line"),
        pytest.param(Box(50, 150, 150, 190), 0.5, id="half_of_it"),
        pytest.param(Box(400, 150, 500, 190), 0.0, id="beside_it"),
        pytest.param(Box(150, 160, 250, 205), 6.25 / 11.25, id="bumper_over_the_kerb"),
    ],
)
def test_share_of_the_ground_contact(box: Box, share: float) -> None:
    assert share_inside(PAVEMENT, box) == pytest.approx(share, abs=0.003)


def test_ground_contact_is_the_lower_quarter_without_the_overhang_at_the_sides() -> None:
    assert ground_contact(Box(0, 0, 100, 80)) == Box(8, 60, 92, 80)


@pytest.mark.parametrize(
    ("share", "was_inside", "inside"),
    [
        pytest.param(ENTER, False, True, id="enters"),
        pytest.param(ENTER - 0.01, False, False, id="not_yet_in"),
        pytest.param(ENTER - 0.01, True, True, id="trembles_on_the_line"),
        pytest.param(LEAVE, True, True, id="still_in"),
        pytest.param(LEAVE - 0.01, True, False, id="out"),
    ],
)
def test_leaving_is_judged_more_strictly_than_entering(share: float, was_inside: bool, inside: bool) -> None:
    assert is_inside(share, was_inside=was_inside) is inside
