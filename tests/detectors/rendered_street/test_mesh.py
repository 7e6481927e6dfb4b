"""Shapes are closed the right way round, a box but for its floor.

A face that looks inwards would not be painted, or be lit from within.
"""

import numpy as np
import pytest

from detectors.rendered_street.mesh import Mesh, box, disc_stack, ellipsoid, fan, flat, joined, tube
from detectors.rendered_street.surface import BLACK, CHROME

SQUARE = np.array([[0, 0, 1], [1, 0, 1], [1, 1, 1], [0, 1, 1]], float)


def volume(mesh: Mesh) -> float:
    """Of a closed shape: positive where its triangles look outwards."""
    a, b, c = (mesh.corners[mesh.triangles[:, each]] for each in range(3))
    return float((a * np.cross(b, c)).sum() / 6)


@pytest.mark.parametrize(
    ("mesh", "expected"),
    [
        pytest.param(box(2.0, 3.0, 0.5, BLACK), 3.0, id="box"),
        pytest.param(box(2.0, 3.0, 0.5, BLACK, pieces=4), 3.0, id="box_in_pieces"),
        pytest.param(ellipsoid((1.0, 2.0, 0.5), BLACK, 24, 36), 4 / 3 * np.pi, id="ellipsoid"),
        pytest.param(tube([(0, 0, 0), (0, 0, 5)], [0.5, 0.5], BLACK, 24), np.pi * 1.25 + 0.42, id="upright_tube"),
        pytest.param(tube([(0, 0, 0), (3, 4, 0)], [0.5, 0.5], BLACK, 24), np.pi * 1.25 + 0.42, id="lying_tube"),
    ],
)
def test_shapes_have_their_volume_and_look_outwards(mesh: Mesh, expected: float) -> None:
    assert volume(mesh) == pytest.approx(expected, rel=0.05)
    middle = mesh.corners.mean(axis=0)
    assert ((mesh.normals * (mesh.corners - middle)).sum(axis=1) > -1e-6).mean() > 0.99


def test_moving_and_turning_keep_the_shape() -> None:
    shape = joined([tube([(0, 0, 0), (0, 1, 1)], [0.5, 0.2], BLACK), ellipsoid((0.3, 0.4, 0.5), CHROME).moved(z=2.0)])
    turned = shape.moved(1, 2, 3).turned(0.7).turned(0.4, axis=1).turned(-1.1, axis=0)
    assert volume(turned) == pytest.approx(volume(shape), rel=0.01)
    assert np.linalg.norm(turned.normals, axis=1) == pytest.approx(1.0)
    assert volume(shape.stretched(2, 2, 2)) == pytest.approx(8 * volume(shape))


def test_joined_parts_keep_their_surfaces() -> None:
    shape = joined([box(1, 1, 1, BLACK), box(1, 1, 1, CHROME)])
    assert [shape.surfaces[number] for number in (shape.surface_of[0], shape.surface_of[-1])] == [BLACK, CHROME]


@pytest.mark.parametrize("mesh", [flat(SQUARE, BLACK), fan(SQUARE, BLACK)], ids=["flat", "fan"])
def test_a_face_looks_to_where_its_corners_run_counter_clockwise(mesh: Mesh) -> None:
    assert mesh.normals == pytest.approx(np.tile([0.0, 0.0, 1.0], (len(mesh.corners), 1)))


def test_a_turned_part_looks_outwards_at_its_rim_and_along_its_axle_at_its_face() -> None:
    wheel = disc_stack([(1.0, -0.1, BLACK), (1.0, 0.1, BLACK), (0.1, 0.1, CHROME)])
    rim, face = wheel.normals[: 2 * 24], wheel.normals[2 * 24 :]
    assert (rim * wheel.corners[: 2 * 24])[:, [0, 2]].sum(axis=1) == pytest.approx(1.0, abs=0.01)
    assert face[:, 1] == pytest.approx(1.0, abs=0.01)
