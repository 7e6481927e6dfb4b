"""How things move: through the given points, without overshooting, and standing still where it is said."""

from itertools import pairwise

import numpy as np
import pytest

from detectors.rendered_street.motion import Drive, Walk, smooth

PARKS = Drive(
    along=((0.0, 0.0), (2.0, 10.0), (4.0, 16.0), (5.0, 17.0), (20.0, 17.0), (22.0, 25.0)),
    aside=((0.0, 1.0), (8.0, 1.0), (17.0, 4.0), (25.0, 4.0)),
)


def test_a_smooth_way_meets_its_points_and_never_overshoots() -> None:
    points = [(0.0, 0.0), (1.0, 5.0), (3.0, 6.0), (4.0, 6.0), (5.0, 2.0)]
    assert [smooth(points, at) for at, _ in points] == pytest.approx([value for _, value in points])
    values = [smooth(points, at) for at in np.linspace(0, 4, 200)]
    assert max(values) <= 6.0 + 1e-9
    assert all(later >= earlier - 1e-9 for earlier, later in pairwise(values))
    assert smooth(points, -1) == 0.0
    assert smooth(points, 9) == 2.0


def test_a_car_stands_from_its_stop_to_its_start_and_at_no_other_time() -> None:
    stood = [second for second in np.arange(0.1, 21.9, 0.1) if PARKS.at(second).stands]
    assert min(stood) == pytest.approx(5.0, abs=0.15)
    assert max(stood) == pytest.approx(20.0, abs=0.15)
    assert np.diff(stood).max() == pytest.approx(0.1)


def test_a_parked_car_is_parallel_to_the_kerb_and_faces_as_it_drove() -> None:
    assert PARKS.at(10.0).heading == pytest.approx(np.pi / 2, abs=0.02)
    assert PARKS.at(3.0).heading < np.pi / 2 - 0.1, "on the way to the kerb on its right"
    back = Drive(((0.0, 30.0), (5.0, 10.0)), ((0.0, -2.0), (40.0, -2.0)), ahead=-1.0)
    assert back.at(2.0).heading == pytest.approx(-np.pi / 2, abs=0.01)
    assert back.at(5.0).gone_m == pytest.approx(20.0)


def test_nobody_is_there_before_he_comes_and_after_he_has_gone() -> None:
    assert [PARKS.present(second) for second in (-0.1, 0.0, 22.0, 22.1)] == [False, True, True, False]


def test_a_walker_goes_straight_stands_and_faces_where_he_is_told() -> None:
    walk = Walk(((1.0, 0.0, 0.0), (3.0, 0.0, 3.0), (5.0, 0.0, 3.0), (6.0, 2.0, 3.0)), faces=0.0)
    half = walk.at(2.0)
    assert (half.x, half.y, half.gone_m, half.stands) == (0.0, 1.5, 1.5, False)
    assert half.heading == pytest.approx(np.pi / 2)
    waiting = walk.at(4.0)
    assert (waiting.y, waiting.gone_m, waiting.stands, waiting.heading) == (3.0, 3.0, True, 0.0)
    assert walk.at(6.0).gone_m == 5.0
