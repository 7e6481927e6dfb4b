"""Meshes: triangles with smooth normals and a surface each, and the shapes that everything here is built from.

Own coordinates of a thing: metres, x forward, y left, z up, its middle on the ground at the origin.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import cos, sin

import numpy as np
from numpy.typing import NDArray

from detectors.rendered_street.camera import Floats
from detectors.rendered_street.grain import Shades
from detectors.rendered_street.surface import Surface

Whole = NDArray[np.int64]
# (own coordinates, position across a lofted shape, number of the surface) of pixels -> number of the surface
Detail = Callable[[Shades, Shades, Whole], Whole]


@dataclass(frozen=True)
class Mesh:
    """across: a number per corner that a lofted shape counts from its lower edge upwards; 0 on other shapes."""

    corners: Floats  # (n, 3)
    normals: Floats  # (n, 3)
    triangles: Whole  # (m, 3)
    surface_of: Whole  # (m,) into surfaces
    across: Floats  # (n,)
    surfaces: tuple[Surface, ...]
    detail: Detail | None = None

    def moved(self, x: float = 0.0, y: float = 0.0, z: float = 0.0) -> "Mesh":
        return self._with(self.corners + np.array([x, y, z]), self.normals)

    def turned(self, angle: float, axis: int = 2) -> "Mesh":
        """By `angle` radians round the x (0), y (1) or z (2) axis."""
        turn = _turn(angle, axis)
        return self._with(self.corners @ turn.T, self.normals @ turn.T)

    def stretched(self, x: float, y: float, z: float) -> "Mesh":
        by = np.array([x, y, z])
        return self._with(self.corners * by, _unit(self.normals / by))

    def _with(self, corners: Floats, normals: Floats) -> "Mesh":
        return Mesh(corners, normals, self.triangles, self.surface_of, self.across, self.surfaces, self.detail)


def _turn(angle: float, axis: int) -> Floats:
    c, s = cos(angle), sin(angle)
    turn = np.eye(3)
    one, other = (axis + 1) % 3, (axis + 2) % 3
    turn[one, one], turn[one, other], turn[other, one], turn[other, other] = c, -s, s, c
    return turn


def _unit(vectors: Floats) -> Floats:
    return np.asarray(vectors / np.maximum(np.linalg.norm(vectors, axis=-1, keepdims=True), 1e-9), dtype=np.float64)


def _cross(one: Floats, other: Floats) -> Floats:
    """np.cross, which spends most of its time on cases that do not come up here."""
    (a, b, c), (d, e, f) = np.moveaxis(one, -1, 0), np.moveaxis(other, -1, 0)
    return np.stack([b * f - c * e, c * d - a * f, a * e - b * d], axis=-1)


def joined(parts: Sequence[Mesh], detail: Detail | None = None) -> Mesh:
    """One mesh of all parts; their surfaces keep their order, the first part's come first."""
    starts = np.cumsum([0, *(len(part.corners) for part in parts)])
    firsts = np.cumsum([0, *(len(part.surfaces) for part in parts)])
    return Mesh(
        np.concatenate([part.corners for part in parts]),
        np.concatenate([part.normals for part in parts]),
        np.concatenate([part.triangles + start for part, start in zip(parts, starts, strict=False)]),
        np.concatenate([part.surface_of + first for part, first in zip(parts, firsts, strict=False)]),
        np.concatenate([part.across for part in parts]),
        tuple(surface for part in parts for surface in part.surfaces),
        detail,
    )


def grid(points: Floats, surface: Surface, *, closed: bool = False, across: Floats | None = None) -> Mesh:
    """A smooth skin over (rows, columns, 3) points; outside is where rows × columns points. closed: a tube."""
    rows, columns, _ = points.shape
    index = np.arange(rows * columns).reshape(rows, columns)
    right = np.roll(index, -1, axis=1) if closed else index[:, 1:]
    left = index if closed else index[:, :-1]
    a, b, c, d = left[:-1], right[:-1], right[1:], left[1:]
    triangles = np.concatenate(
        [np.stack([a, d, c], axis=-1).reshape(-1, 3), np.stack([a, c, b], axis=-1).reshape(-1, 3)]
    )
    corners = points.reshape(-1, 3)
    counted = np.zeros(len(corners)) if across is None else np.broadcast_to(across, (rows, columns)).reshape(-1)
    return Mesh(
        corners, _smooth_normals(corners, triangles), triangles, np.zeros(len(triangles), np.int64), counted, (surface,)
    )


def _smooth_normals(corners: Floats, triangles: Whole) -> Floats:
    a, b, c = (corners[triangles[:, number]] for number in range(3))
    faces = _cross(b - a, c - a)
    normals = np.zeros_like(corners)
    for number in range(3):
        np.add.at(normals, triangles[:, number], faces)
    return _unit(normals)


def flat(corners: Floats, surface: Surface) -> Mesh:
    """A plane convex polygon, its corners counter-clockwise as seen from outside."""
    count = len(corners)
    triangles = np.array([[0, number, number + 1] for number in range(1, count - 1)])
    normal = _unit(_cross(corners[1] - corners[0], corners[2] - corners[0]))
    return Mesh(
        corners,
        np.repeat(normal[None], count, axis=0),
        triangles,
        np.zeros(len(triangles), np.int64),
        np.zeros(count),
        (surface,),
    )


def fan(rim: Floats, surface: Surface) -> Mesh:
    """A nearly plane outline closed from its middle, counter-clockwise as seen from outside."""
    count = len(rim)
    corners = np.concatenate([rim, rim.mean(axis=0, keepdims=True)])
    triangles = np.array([[number, (number + 1) % count, count] for number in range(count)])
    return Mesh(
        corners,
        _smooth_normals(corners, triangles),
        triangles,
        np.zeros(count, np.int64),
        np.zeros(count + 1),
        (surface,),
    )


def box(length: float, width: float, height: float, surface: Surface, pieces: int = 1) -> Mesh:
    """Stands on the ground. pieces: into how many its long sides are cut, so that nearness sorts well."""
    x, y = length / 2, width / 2
    sides = []
    xs = np.linspace(-x, x, pieces + 1)
    for a, b in pairwise(xs.tolist()):
        sides += [
            flat(np.array([[a, -y, 0], [b, -y, 0], [b, -y, height], [a, -y, height]]), surface),
            flat(np.array([[b, y, 0], [a, y, 0], [a, y, height], [b, y, height]]), surface),
            flat(np.array([[a, -y, height], [b, -y, height], [b, y, height], [a, y, height]]), surface),
        ]
    sides += [
        flat(np.array([[x, -y, 0], [x, y, 0], [x, y, height], [x, -y, height]]), surface),
        flat(np.array([[-x, y, 0], [-x, -y, 0], [-x, -y, height], [-x, y, height]]), surface),
    ]
    return _one_surface(joined(sides), surface)


def _one_surface(mesh: Mesh, surface: Surface) -> Mesh:
    return Mesh(
        mesh.corners, mesh.normals, mesh.triangles, np.zeros_like(mesh.surface_of), mesh.across, (surface,), mesh.detail
    )


def ellipsoid(size: tuple[float, float, float], surface: Surface, rows: int = 8, columns: int = 12) -> Mesh:
    """Half axes `size`, its middle at the origin."""
    up = np.linspace(0.0, np.pi, rows + 1)[:, None]
    round_it = np.linspace(0, 2 * np.pi, columns, endpoint=False)[None, :]
    points = np.stack(
        [np.sin(up) * np.cos(round_it), np.sin(up) * np.sin(round_it), np.cos(up) + 0 * round_it], axis=-1
    )
    return grid(points * np.array(size), surface, closed=True)


def tube(
    path: Sequence[Sequence[float]], radii: Sequence[float], surface: Surface, columns: int = 10, flatness: float = 1.0
) -> Mesh:
    """Round a path from end to end, both ends rounded off. flatness: depth (x) of the cross-section over its width."""
    points, widths = np.array(path, dtype=np.float64), np.array(radii, dtype=np.float64)
    along = _unit(np.gradient(points, axis=0))
    cap = np.array([0.05, 0.7])
    points = np.concatenate(
        [
            points[:1] - along[:1] * widths[0] * np.array([[0.9], [0.6]]),
            points,
            points[-1:] + along[-1:] * widths[-1] * np.array([[0.6], [0.9]]),
        ]
    )
    widths = np.concatenate([widths[0] * cap, widths, widths[-1] * cap[::-1]])
    along = np.concatenate([along[:1], along[:1], along, along[-1:], along[-1:]])
    sideways = _cross(along, np.array([1.0, 0.0, 0.0]))
    upright = np.linalg.norm(sideways, axis=1) < 0.2
    sideways[upright] = _cross(along[upright], np.array([0.0, 0.0, 1.0]))
    sideways = _unit(sideways)
    ahead = _cross(sideways, along) * flatness
    angle = np.linspace(0, 2 * np.pi, columns, endpoint=False)[None, :, None]
    skin = points[:, None] + widths[:, None, None] * (
        np.cos(angle) * sideways[:, None] + np.sin(angle) * ahead[:, None]
    )
    return grid(skin, surface, closed=True)


def disc_stack(rings: Sequence[tuple[float, float, Surface]], columns: int = 24) -> Mesh:
    """A turned part round the y axis: (radius, y, surface up to the next ring)."""
    angle = np.linspace(0, 2 * np.pi, columns, endpoint=False)
    parts = []
    for (radius, y, surface), (next_radius, next_y, _) in pairwise(rings):
        points = np.stack(
            [
                np.stack([r * np.cos(angle), np.full(columns, at), r * np.sin(angle)], axis=-1)
                for r, at in ((radius, y), (next_radius, next_y))
            ]
        )
        parts.append(grid(points, surface, closed=True))
    return joined(parts)
