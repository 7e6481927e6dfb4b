"""What stands at the roadside: a stall with its parasol and goods, bags of rubbish, bollards, poles and trees."""

from functools import cache
from math import pi

import cv2
import numpy as np
from numpy.random import Generator

from detectors.rendered_street.camera import Floats, View
from detectors.rendered_street.layers import Layer
from detectors.rendered_street.light import Light
from detectors.rendered_street.mesh import Mesh, box, disc_stack, ellipsoid, grid, joined, tube
from detectors.rendered_street.raster import NEAREST_M, unweighted
from detectors.rendered_street.surface import ALLOY, PLASTIC, RUBBER, STEEL, Colour, Surface
from detectors.rendered_street.thing import Thing

WOOD = Surface((0.30, 0.19, 0.10), 0.01, 0.1)


@cache
def stall(seed: int, colours: tuple[Colour, Colour] = ((0.50, 0.04, 0.04), (0.65, 0.62, 0.58))) -> Thing:
    """A hand cart with heaped fruit under a parasol."""
    rng = np.random.default_rng(seed)
    parts = [
        box(1.7, 0.95, 0.10, WOOD, 4).moved(z=0.68),
        box(1.6, 0.85, 0.38, Surface((0.13, 0.20, 0.28), 0.03, 0.3), 4).moved(z=0.30),
        tube([(0.85, 0.4, 0.74), (1.25, 0.4, 0.85)], [0.02, 0.02], STEEL, 6),
        tube([(0.85, -0.4, 0.74), (1.25, -0.4, 0.85)], [0.02, 0.02], STEEL, 6),
    ]
    wheel = [
        (0.08, -0.05, ALLOY),
        (0.3, -0.06, RUBBER),
        (0.34, -0.03, RUBBER),
        (0.34, 0.03, RUBBER),
        (0.3, 0.06, ALLOY),
        (0.05, 0.05, ALLOY),
    ]
    parts += [disc_stack(wheel, 18).moved(-0.3, 0.52, 0.34), disc_stack(wheel, 18).turned(pi).moved(-0.3, -0.52, 0.34)]
    fruits: tuple[Colour, ...] = ((0.55, 0.20, 0.02), (0.42, 0.03, 0.03), (0.16, 0.30, 0.04), (0.60, 0.45, 0.06))
    for number, x in enumerate((-0.6, -0.2, 0.2, 0.6)):
        tray = Surface(fruits[(number + seed) % 4], 0.03, 0.3)
        parts.append(box(0.36, 0.80, 0.08, PLASTIC).moved(x, 0, 0.78))
        for _ in range(14):
            parts.append(
                ellipsoid((0.055, 0.055, 0.05), tray, 4, 6).moved(
                    x + rng.uniform(-0.12, 0.12), rng.uniform(-0.32, 0.32), 0.88 + rng.uniform(0, 0.07)
                )
            )
    parts.append(_parasol(colours).moved(0.0, 0.1))
    return Thing("stall", joined(parts), 1.9, 1.1)


def _parasol(colours: tuple[Colour, Colour]) -> Mesh:
    pole = tube([(0, 0, 0.7), (0, 0, 2.45)], [0.025, 0.025], STEEL, 6)
    panels = []
    for number in range(8):
        angle = np.linspace(number, number + 1, 3) * pi / 4
        rings = [
            np.stack([r * np.cos(angle), r * np.sin(angle), np.full(3, z)], axis=-1)
            for r, z in ((0.03, 2.52), (0.55, 2.40), (1.05, 2.18), (1.30, 2.00), (1.30, 1.90))
        ]
        cloth = Surface(colours[number % 2], 0.02, 0.15)
        red, green, blue = colours[number % 2]
        lining = Surface((red / 2, green / 2, blue / 2), 0.01, 0.05)
        panels += [grid(np.stack(rings), cloth), grid(np.stack(rings)[:, ::-1], lining)]
    return joined([pole, *panels])


@cache
def rubbish_bag(seed: int) -> Thing:
    """A tied plastic sack, dented as sacks are."""
    rng = np.random.default_rng(seed)
    shades: tuple[Colour, ...] = ((0.02, 0.02, 0.024), (0.45, 0.44, 0.42), (0.05, 0.10, 0.20))
    plastic = Surface(shades[seed % 3], 0.05, 0.55)
    body = ellipsoid((0.30, 0.27, 0.30), plastic, 14, 18)
    dents = 1 + 0.09 * np.sin(body.corners @ rng.normal(0, 9, 3)) + 0.06 * np.sin(body.corners @ rng.normal(0, 16, 3))
    rows = (body.corners * dents[:, None]).reshape(15, 18, 3)
    sack = grid(rows * np.array([1, 1, 1.0]), plastic, closed=True).moved(z=0.27)
    knot = tube([(0, 0, 0.46), (0.01, 0.01, 0.55), (0.03, 0.02, 0.60)], [0.13, 0.04, 0.07], plastic, 8)
    return Thing("litter", joined([sack, knot]), 0.6, 0.55)


def bollard() -> Thing:
    post = tube([(0, 0, 0.02), (0, 0, 0.75)], [0.07, 0.07], Surface((0.55, 0.40, 0.04), 0.03, 0.3), 10)
    return Thing("bollard", post, 0.15, 0.15)


def lamp_post(height: float = 7.5, glow: float = 0.0) -> Thing:
    pole = tube([(0, 0, 0.1), (0, 0, 3), (0, 0, height)], [0.10, 0.08, 0.05], STEEL, 8)
    arm = tube([(0, 0, height), (0.9, 0, height + 0.25), (1.6, 0, height + 0.3)], [0.045, 0.04, 0.04], STEEL, 6)
    head = ellipsoid((0.36, 0.14, 0.07), PLASTIC, 6, 10).moved(1.75, 0, height + 0.3)
    under = ellipsoid((0.28, 0.11, 0.05), Surface((0.8, 0.78, 0.7), glow=glow), 5, 8).moved(1.75, 0, height + 0.26)
    return Thing("lamp post", joined([pole, arm, head, under]), 0.2, 0.2)


LEAVES = 1500


def leaves_of(rng: Generator, height: float, spread: float) -> Floats:
    """(n, 3) places of tufts of leaves round a crown of several lobes, with the trunk at the origin."""
    lobes = rng.normal(0, 1, (9, 3)) * np.array([0.42, 0.42, 0.30]) * spread + np.array([0, 0, height])
    chosen = lobes[rng.integers(0, len(lobes), LEAVES)]
    direction = rng.normal(0, 1, (LEAVES, 3))
    direction /= np.linalg.norm(direction, axis=1, keepdims=True)
    return np.asarray(
        chosen + direction * (spread * 0.48 * rng.uniform(0.5, 1.0, (LEAVES, 1))) * np.array([1, 1, 0.8]), np.float64
    )


def crown(leaves: Floats, x: float, y: float, view: View, light: Light, rng: Generator) -> Layer | None:
    """The crown of a tree as it is seen: tufts from far to near, the sunny side bright, the inside dark."""
    world = leaves + np.array([x, y, 0.0])
    pixels, depth = view.project(world)
    if depth.min() < NEAREST_M:
        return None
    radius = 0.13 * view.focal_px / float(depth.mean())
    pad = int(radius * 2) + 2
    left, top = (max(int(pixels[:, axis].min()) - pad, 0) for axis in (0, 1))
    right = min(int(pixels[:, 0].max()) + pad, view.width)
    bottom = min(int(pixels[:, 1].max()) + pad, view.height)
    if right - left < 2 or bottom - top < 2:
        return None
    middle = world.mean(axis=0)
    outwards = (world - middle).astype(np.float32)
    reach = np.linalg.norm(outwards, axis=1, keepdims=True)
    normals = outwards / np.maximum(reach, 1e-3)
    depth_in = np.clip(reach / reach.max(), 0.2, 1)
    fallen = light.falling_on(world.astype(np.float32), normals.astype(np.float32), 1.0) * depth_in
    tones = np.array([0.075, 0.12, 0.035], np.float32) * rng.uniform(0.55, 1.5, (len(world), 1)).astype(np.float32)
    seen = light.through_air((tones * fallen).astype(np.float32), depth.astype(np.float32))
    fine = 2
    canvas = np.zeros(((bottom - top) * fine, (right - left) * fine, 4), np.float32)
    places = np.round((pixels - np.array([left, top])) * fine * 16).astype(np.int64)
    sizes = np.maximum(rng.uniform(0.6, 1.3, len(world)) * radius * fine, 1.0)
    for number in np.argsort(-depth):
        u, v = places[number].tolist()
        size = float(sizes[number])
        colour = (*seen[number].tolist(), 1.0)
        axes = (int(size * 16), int(size * 9))
        cv2.ellipse(canvas, (u, v), axes, float(number * 47 % 180), 0, 360, colour, -1, cv2.LINE_8, 4)
    small = np.asarray(cv2.resize(canvas, (right - left, bottom - top), interpolation=cv2.INTER_AREA), np.float32)
    cover = small[..., 3]
    colours = light.developed(unweighted(small[..., :3], cover))
    far_m = float(np.hypot(x - view.at[0], y - view.at[1]))
    return Layer(left, top, colours, cover, far_m - 0.3)


def trunk(height: float) -> Thing:
    bark = Surface((0.13, 0.10, 0.075), 0.01, 0.05)
    return Thing(
        "tree",
        tube([(0, 0, 0.05), (0.05, 0.03, height * 0.5), (0, 0, height)], [0.17, 0.12, 0.09], bark, 10),
        0.35,
        0.35,
    )
