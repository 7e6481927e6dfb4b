"""From a mesh to its picture: a sprite that lies over the street, with the cover of each pixel.

Triangles are painted by their number from far to near; what each pixel shows is then worked out for all pixels at once.
"""

from dataclasses import dataclass
from math import ceil, cos, floor, sin
from typing import TypeVar

import cv2
import numpy as np
from numpy.typing import NDArray

from detectors.rendered_street.camera import Floats, View
from detectors.rendered_street.grain import Shades
from detectors.rendered_street.light import Light
from detectors.rendered_street.mesh import Mesh
from detectors.rendered_street.surface import table_of

NEAREST_M = 0.6  # what reaches nearer to the camera than this is not painted at all
SHIFT = 4  # binary places of a corner's pixel
NOTHING = -1
Real = TypeVar("Real", np.float32, np.float64)


@dataclass(frozen=True)
class Pose:
    """Where a thing stands: metres, and the direction of its x axis in radians from the world's x."""

    x: float
    y: float
    heading: float
    z: float = 0.0

    def to_world(self, own: NDArray[Real]) -> NDArray[Real]:
        return self.turned(own) + np.array([self.x, self.y, self.z], own.dtype)

    def turned(self, own: NDArray[Real]) -> NDArray[Real]:
        c, s = cos(self.heading), sin(self.heading)
        x, y = own[:, 0], own[:, 1]
        return np.stack([c * x - s * y, s * x + c * y, own[:, 2]], axis=1).astype(own.dtype, copy=False)


@dataclass(frozen=True)
class Sprite:
    """light: linear (h, w, 3), not weighted with cover: (h, w) 0..1. left, top: its place in the picture, pixels."""

    left: int
    top: int
    light: NDArray[np.float32]
    cover: NDArray[np.float32]


def painted(
    mesh: Mesh, pose: Pose, view: View, light: Light, *, sunlit: float = 1.0, fineness: float = 2.0
) -> Sprite | None:
    """The mesh as the view shows it; None where nothing of it is in the picture. fineness: samples along a pixel."""
    world = pose.to_world(mesh.corners)
    pixels, depth = view.project(world)
    if depth.min() < NEAREST_M:
        return None
    left, top = max(floor(pixels[:, 0].min()) - 1, 0), max(floor(pixels[:, 1].min()) - 1, 0)
    right, bottom = (
        min(ceil(pixels[:, 0].max()) + 1, view.width),
        min(ceil(pixels[:, 1].max()) + 1, view.height),
    )
    if right - left < 2 or bottom - top < 2:
        return None
    width, height = round((right - left) * fineness), round((bottom - top) * fineness)
    scale = np.array([width / (right - left), height / (bottom - top)])
    fine = (pixels - np.array([left, top])) * scale - 0.5
    numbers = _numbers(mesh, fine, depth, width, height)
    ys, xs = np.nonzero(numbers != NOTHING)
    if not len(ys):
        return None
    which = numbers[ys, xs]
    weights = _weights(mesh, which, fine, depth, xs, ys)
    mixed = _mixed(mesh, mesh.triangles[which], weights)
    own, normals = mixed[:, :3], pose.turned(mixed[:, 3:6])
    normals /= np.maximum(_lengths(normals), 1e-6)
    surfaces = mesh.surface_of[which]
    if mesh.detail is not None:
        surfaces = mesh.detail(own, mixed[:, 6], surfaces)
    places = pose.to_world(own)
    to_eye = view.place.astype(np.float32) - places
    distance = _lengths(to_eye)
    to_eye /= distance
    table = table_of(mesh.surfaces)[surfaces]
    fallen = light.falling_on(places, normals, sunlit)
    seen = light.through_air(light.reflected(table, normals, to_eye, fallen, sunlit), distance[:, 0])
    canvas = np.zeros((height, width, 4), np.float32)
    canvas[ys, xs, :3] = seen
    canvas[ys, xs, 3] = 1.0
    small = np.asarray(cv2.resize(canvas, (right - left, bottom - top), interpolation=cv2.INTER_AREA), np.float32)
    cover = small[..., 3]
    return Sprite(left, top, unweighted(small[..., :3], cover), cover)


def unweighted(colours: Shades, cover: Shades) -> Shades:
    """Colours that were mixed with nothing in the measure of `cover`, without that nothing."""
    return np.asarray(colours / np.maximum(cover, 1e-3)[..., None], np.float32)


def _numbers(mesh: Mesh, fine: Floats, depth: Floats, width: int, height: int) -> NDArray[np.int32]:
    """Number of the triangle that each pixel shows."""
    a, b, c = (fine[mesh.triangles[:, number]] for number in range(3))
    turn = (b[:, 0] - a[:, 0]) * (c[:, 1] - a[:, 1]) - (b[:, 1] - a[:, 1]) * (c[:, 0] - a[:, 0])
    front = np.flatnonzero(turn < 0)  # the picture's y runs down: what turns left in the world turns right here
    order = front[np.argsort(-depth[mesh.triangles[front]].mean(axis=1), kind="stable")]
    shifted = np.round(np.clip(fine, -8000, 8000) * (1 << SHIFT)).astype(np.int32)[mesh.triangles[order]]
    canvas = np.full((height, width), NOTHING, np.int32)
    for number, corners in zip(order.tolist(), shifted, strict=True):
        cv2.fillConvexPoly(canvas, corners, number, cv2.LINE_8, SHIFT)
    return canvas


def _mixed(mesh: Mesh, corners: NDArray[np.int64], weights: Shades) -> Shades:
    """(n, 7): place, normal and position across, of the three corners by weight."""
    table = np.concatenate([mesh.corners, mesh.normals, mesh.across[:, None]], axis=1).astype(np.float32)
    mixed = table[corners[:, 0]] * weights[:, :1]
    mixed += table[corners[:, 1]] * weights[:, 1:2]
    mixed += table[corners[:, 2]] * weights[:, 2:]
    return np.asarray(mixed, np.float32)


def _lengths(vectors: Shades) -> Shades:
    return np.asarray(np.sqrt(np.einsum("ij,ij->i", vectors, vectors))[:, None], np.float32)


def _weights(
    mesh: Mesh, which: NDArray[np.int32], fine: Floats, depth: Floats, xs: NDArray[np.int64], ys: NDArray[np.int64]
) -> Shades:
    """(n, 3) how much each corner counts at the pixel, in space and not in the picture."""
    triangles = fine[mesh.triangles]
    a, ab, ac = triangles[:, 0], triangles[:, 1] - triangles[:, 0], triangles[:, 2] - triangles[:, 0]
    whole = ab[:, 0] * ac[:, 1] - ab[:, 1] * ac[:, 0]
    whole = np.where(np.abs(whole) < 1e-9, 1e-9, whole)
    # how the weights of the second and the third corner change with x and y: once a triangle, not once a pixel
    slopes = (np.stack([ac[:, 1], -ac[:, 0], -ab[:, 1], ab[:, 0]], axis=1) / whole[:, None]).astype(np.float32)[which]
    x, y = (xs - a[which, 0]).astype(np.float32), (ys - a[which, 1]).astype(np.float32)
    wb, wc = x * slopes[:, 0] + y * slopes[:, 1], x * slopes[:, 2] + y * slopes[:, 3]
    nearness = (1 / depth).astype(np.float32)[mesh.triangles][which]
    weights = np.empty((len(which), 3), np.float32)
    for each, weight in enumerate((1 - wb - wc, wb, wc)):
        weights[:, each] = np.clip(weight, 0, 1) * nearness[:, each]
    total = weights[:, 0] + weights[:, 1] + weights[:, 2]
    return np.asarray(weights / np.maximum(total, 1e-9)[:, None], dtype=np.float32)
