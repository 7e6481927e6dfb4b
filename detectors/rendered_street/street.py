"""The street as a camera sees it when nobody is in it: ground, house fronts and sky, worked out for each pixel's ray.

Nothing that moves and nothing that stands free: those are sprites. The same street is given twice, in the sun and
without it, so that a shadow is a mix of the two.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from detectors.rendered_street.camera import View
from detectors.rendered_street.grain import Shades, lot, noise
from detectors.rendered_street.ground import ground_colour
from detectors.rendered_street.house_fronts import END_OF_STREET, house_front
from detectors.rendered_street.light import Light
from detectors.rendered_street.street_plan import StreetPlan

FINENESS = 1.5  # rays along a pixel
FAR_M = 140.0  # where the street ends at houses across it
ROWS_AT_ONCE = 64  # the fine rays of a whole picture would fill the memory for nothing


@dataclass(frozen=True)
class Backdrop:
    """Developed pictures, (h, w, 3) float32 RGB 0..255, in the sun and in shade; ground: where a shadow can fall."""

    lit: Shades
    shaded: Shades
    ground: Shades


def backdrop(plan: StreetPlan, view: View, light: Light) -> Backdrop:
    height, width = view.height, view.width
    fine_x, fine_y = ((np.arange(round(side * FINENESS)) + 0.5) / FINENESS for side in (width, height))
    colours = np.empty((height, width, 3), np.float32)
    own = np.empty((height, width, 3), np.float32)
    for top in range(0, height, ROWS_AT_ONCE):
        rows = slice(top, min(top + ROWS_AT_ONCE, height))
        hit = _hits(plan, view, fine_x, fine_y[round(rows.start * FINENESS) : round(rows.stop * FINENESS)])
        colour, glow = _surfaces(plan, light, hit)
        size = (width, rows.stop - rows.start)
        colours[rows] = cv2.resize(colour, size, interpolation=cv2.INTER_AREA)
        own[rows] = cv2.resize(glow, size, interpolation=cv2.INTER_AREA)
    hit = _hits(plan, view, np.arange(width) + 0.5, np.arange(height) + 0.5)
    places, normals = hit.places.reshape(-1, 3), hit.normals.reshape(-1, 3)
    shade = light.falling_on(places, normals, 0.0).reshape(height, width, 3)
    sunlit = cv2.GaussianBlur(plan.sunlit(places, light).reshape(height, width), (0, 0), 1.2)
    facing = np.clip(normals @ light.to_sun, 0, None).reshape(height, width)
    sun = (np.asarray(sunlit) * facing)[..., None] * np.array(light.sun, np.float32)
    sky = hit.kind == SKY
    pictures = []
    for fallen in (shade + sun, shade):
        seen = light.through_air(colours * fallen + own, np.minimum(hit.far, 4 * light.haze_m).astype(np.float32))
        seen[sky] = own[sky]
        pictures.append(light.developed(seen))
    return Backdrop(pictures[0], pictures[1], (hit.kind == GROUND).astype(np.float32))


GROUND, LEFT, RIGHT, END, SKY = range(5)


@dataclass(frozen=True)
class _Hits:
    """What each ray meets first: (h, w) kind and distance, (h, w, 3) place, normal and direction."""

    kind: NDArray[np.int64]
    far: Shades
    places: Shades
    normals: Shades
    rays: Shades


def _hits(
    plan: StreetPlan,
    view: View,
    xs: NDArray[np.floating],
    ys: NDArray[np.floating],
) -> _Hits:
    rays = view.rays(xs, ys).astype(np.float32)
    rays /= np.linalg.norm(rays, axis=2, keepdims=True)
    eye = view.place.astype(np.float32)
    never = np.float32(1e9)

    def until(value: float, axis: int, sign: float) -> Shades:
        """Distance to the plane where that coordinate is `value`, for rays that go that way."""
        step = rays[..., axis]
        going = step * sign > 1e-6
        return np.where(going, (value - eye[axis]) / np.where(going, step, 1), never).astype(np.float32)

    ground = until(0.0, 2, -1)
    distances = [ground]
    for side in (-1.0, 1.0):
        far = until(side * plan.front_m, 0, side)
        at = eye + far[..., None] * rays
        distances.append(np.where(at[..., 2] < plan.height_at(side, at[..., 1]), far, never))
    end = until(FAR_M, 1, 1)
    height = 10 + 6 * lot(np.floor((eye[0] + end * rays[..., 0]) / 9), salt=plan.seed + 3)
    distances.append(np.where(eye[2] + end * rays[..., 2] < height, end, never))
    stacked = np.stack(distances)
    kind = stacked.argmin(axis=0)
    far = stacked.min(axis=0)
    kind[far >= never] = SKY
    normals = np.array([[0, 0, 1], [1, 0, 0], [-1, 0, 0], [0, -1, 0], [0, 0, 1]], np.float32)[kind]
    return _Hits(kind, far, eye + np.minimum(far, 2000)[..., None] * rays, normals, rays)


def _surfaces(plan: StreetPlan, light: Light, hit: _Hits) -> tuple[Shades, Shades]:
    """(h, w, 3) share of light that comes back, and light that is the surface's own or mirrored."""
    colour, own = np.zeros_like(hit.places), np.zeros_like(hit.places)
    x, y, z = (hit.places[..., axis] for axis in range(3))
    here = hit.kind == GROUND
    colour[here] = ground_colour(plan, x[here], y[here], hit.far[here])
    for kind, side, along in ((LEFT, -1.0, y), (RIGHT, 1.0, y), (END, END_OF_STREET, x)):
        here = hit.kind == kind
        if here.any():
            colour[here], own[here] = house_front(
                plan, light, side, along[here], z[here], hit.rays[here], hit.far[here]
            )
    here = hit.kind == SKY
    own[here] = _sky(plan, light, hit.rays[here])
    return colour, own


def _sky(plan: StreetPlan, light: Light, rays: Shades) -> Shades:
    up = np.clip(rays[:, 2:3], 0, 1)
    horizon, zenith = np.array(light.horizon, np.float32), np.array(light.zenith, np.float32)
    high = up**0.6
    flat = np.maximum(rays[:, 2], 0.04)
    cloud = noise(rays[:, 0] / flat, rays[:, 1] / flat + plan.seed * 3.7, 9.0)
    cover = np.clip(cloud * 0.9 - 0.1, 0, 1)[:, None] * 0.6
    return np.asarray((horizon * (1 - high) + zenith * high) * (1 - cover) + horizon * 1.08 * cover, np.float32)
