"""The body of a vehicle: a skin over cross-sections, from a few curves along its length.

The curves are those of a side view and a top view. What is painted on the skin is in body_paint.py.
"""

from dataclasses import replace
from functools import lru_cache, partial

import numpy as np

from detectors.rendered_street.body_paint import DARK, PAINT, painted_on, surfaces_of
from detectors.rendered_street.body_shape import Finish, Shape, at
from detectors.rendered_street.camera import Floats
from detectors.rendered_street.mesh import Mesh, fan, grid, joined
from detectors.rendered_street.surface import BLACK

STATIONS = 44


def _softened(values: Floats, times: int = 2) -> Floats:
    for _ in range(times):
        inner = (values[:-2] + 2 * values[1:-1] + values[2:]) / 4
        values = np.concatenate([values[:1], inner, values[-1:]])
    return values


@lru_cache(maxsize=64)
def skin(shape: Shape, finish: Finish) -> Mesh:
    """The body without wheels."""
    front, rear = shape.top[0][0], shape.top[-1][0]
    # closer stations at the ends, where the shape turns
    spread = np.linspace(-1, 1, STATIONS)
    xs = (front + rear) / 2 - (front - rear) / 2 * np.sin(spread * np.pi / 2 * 0.97) / np.sin(np.pi / 2 * 0.97)
    top, bottom, half = (_softened(at(curve, xs)) for curve in (shape.top, shape.bottom, shape.half))
    belt = np.minimum(_softened(at(shape.belt, xs)), top - 0.015)
    cabin = np.clip((top - belt) / shape.roof_stands, 0, 1)
    eave = half * 0.86 * (1 - cabin) + np.minimum(shape.roof_half, half * 0.97) * cabin
    middle = bottom + (belt - bottom) * 0.5
    crown = top - belt
    y = [half * 0.90, half * 0.975, half, half * 0.985, half * 0.955]
    z = [bottom, bottom + (belt - bottom) * 0.14, middle, belt - (belt - bottom) * 0.12, belt]
    foot, head = half * 0.925, eave * 1.01
    for share in (0.0, 0.5, 1.0):
        y.append(foot * (1 - share) + head * share)
        z.append(belt + crown * (0.03 + 0.80 * share))
    y += [eave * 0.93, eave * 0.55, np.zeros_like(xs)]
    z += [belt + crown * 0.95, belt + crown * 0.99, top]
    side = np.stack([np.stack([xs, each_y, each_z], axis=-1) for each_y, each_z in zip(y, z, strict=True)], axis=1)
    other = side[:, :-1][:, ::-1] * np.array([1.0, -1.0, 1.0])
    across = np.concatenate([np.arange(11.0), np.arange(10.0)[::-1]])
    points = np.concatenate([side, other], axis=1)
    surfaces = surfaces_of(finish)
    shell = grid(points, surfaces[PAINT], across=across)
    caps = [fan(points[0], surfaces[PAINT]), fan(points[-1][::-1], surfaces[PAINT])]
    under = np.stack([side[:, 0], side[:, 0] * np.array([1.0, -1.0, 1.0])], axis=1)
    floor = grid(under[:, ::-1], BLACK)
    mesh = joined([shell, *caps, floor], partial(painted_on, shape, finish))
    count = len(shell.triangles) + sum(len(each.triangles) for each in caps)
    kinds = np.where(np.arange(len(mesh.triangles)) < count, PAINT, DARK)
    return replace(mesh, surface_of=kinds, surfaces=surfaces)
