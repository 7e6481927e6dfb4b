"""Persons: limbs of tubes round a skeleton, walking, standing or sitting, in clothes of their own colours."""

from dataclasses import dataclass
from functools import lru_cache
from math import cos, pi, sin

from numpy.random import Generator

from detectors.rendered_street.mesh import Mesh, box, ellipsoid, joined, tube
from detectors.rendered_street.surface import Colour, Surface

STRIDE_M = 1.45  # two steps
GAIT_STEPS = 16  # pictures of a stride
HIP_M, SHOULDER_M, NECK_M = 0.92, 1.42, 1.50
THIGH_M, SHANK_M, UPPER_ARM_M, FOREARM_M = 0.44, 0.42, 0.29, 0.26


@dataclass(frozen=True)
class Looks:
    jacket: Colour = (0.10, 0.12, 0.25)
    trousers: Colour = (0.06, 0.07, 0.10)
    hair: Colour = (0.02, 0.018, 0.016)
    skin: Colour = (0.50, 0.33, 0.24)
    shoes: Colour = (0.04, 0.04, 0.045)
    height_m: float = 1.70
    stout: float = 1.0
    skirt: bool = False
    bag: Colour | None = None
    hat: Colour | None = None


CLOTHES: tuple[Colour, ...] = (
    (0.03, 0.03, 0.035),
    (0.10, 0.11, 0.13),
    (0.55, 0.55, 0.55),
    (0.04, 0.06, 0.18),
    (0.10, 0.20, 0.38),
    (0.40, 0.04, 0.05),
    (0.45, 0.33, 0.20),
    (0.07, 0.16, 0.09),
    (0.55, 0.40, 0.05),
    (0.45, 0.20, 0.28),
    (0.20, 0.12, 0.08),
)


def anybody(rng: Generator) -> Looks:
    def cloth(upto: int = len(CLOTHES)) -> Colour:
        shade = rng.uniform(0.7, 1.3)
        red, green, blue = CLOTHES[int(rng.integers(upto))]
        return red * shade, green * shade, blue * shade

    grey = float(rng.uniform(0.2, 0.5))
    return Looks(
        jacket=cloth(),
        trousers=cloth(6),
        hair=(grey, grey, grey) if rng.random() < 0.12 else (0.02, 0.018, 0.016),
        height_m=float(rng.normal(1.66, 0.09)),
        stout=float(rng.uniform(0.88, 1.22)),
        skirt=bool(rng.random() < 0.15),
        bag=cloth() if rng.random() < 0.3 else None,
        hat=cloth() if rng.random() < 0.12 else None,
    )


def _limb(
    at: tuple[float, float, float], angles: tuple[float, float], lengths: tuple[float, float]
) -> list[tuple[float, float, float]]:
    """Upper and lower part hanging from `at`, swung forward by the angles (radians from straight down)."""
    x, y, z = at
    points = [at]
    for angle, length in zip(angles, lengths, strict=True):
        x, z = x + length * sin(angle), z - length * cos(angle)
        points.append((x, y, z))
    return points


def walking(looks: Looks, walked_m: float) -> Mesh:
    """In the stride that belongs to so many metres walked."""
    return _striding(looks, round(walked_m / STRIDE_M * GAIT_STEPS) % GAIT_STEPS)


@lru_cache(maxsize=256)
def _striding(looks: Looks, step: int) -> Mesh:
    phase = 2 * pi * step / GAIT_STEPS
    swing = 0.48 * sin(phase)
    legs = []
    for side, lead in ((1.0, swing), (-1.0, -swing)):
        lifted = max(0.0, sin(phase + (0.9 if side > 0 else 0.9 + pi)))
        legs.append((side, (lead, lead - 0.15 - 0.75 * lifted)))
    arms = [(1.0, (-swing * 0.8, -swing * 0.8 + 0.35)), (-1.0, (swing * 0.8, swing * 0.8 + 0.35))]
    return _figure(looks, legs, arms, lean=0.05, sink=0.03 * abs(sin(phase)))


def standing(looks: Looks, busy: float = 0.0) -> Mesh:
    """busy: how far the arms are raised in front, 0..1, as of someone who serves or carries."""
    arms = [(1.0, (0.05 + 0.7 * busy, 0.15 + 1.3 * busy)), (-1.0, (0.0 + 0.4 * busy, 0.2 + 1.5 * busy))]
    return _figure(looks, [(1.0, (0.06, -0.02)), (-1.0, (-0.05, -0.08))], arms, lean=0.04 + 0.1 * busy, sink=0.0)


def riding(looks: Looks, seat_m: float) -> Mesh:
    """On a two-wheeler whose seat is that high, hands forward."""
    legs = [(1.0, (1.05, -0.15)), (-1.0, (1.15, 0.05))]
    arms = [(1.0, (0.75, 1.25)), (-1.0, (0.75, 1.25))]
    return _figure(looks, legs, arms, lean=0.18, sink=HIP_M - seat_m - 0.08)


def _figure(
    looks: Looks,
    legs: list[tuple[float, tuple[float, float]]],
    arms: list[tuple[float, tuple[float, float]]],
    *,
    lean: float,
    sink: float,
) -> Mesh:
    """Of 1.70 m, then stretched; the feet stand on the ground when nothing is sunk."""
    jacket, trousers = Surface(looks.jacket, 0.01, 0.05), Surface(looks.trousers, 0.01, 0.05)
    skin, hair = Surface(looks.skin, 0.02, 0.15), Surface(looks.hair, 0.03, 0.3)
    shoes = Surface(looks.shoes, 0.03, 0.2)
    fat = looks.stout
    parts = []
    for side, angles in legs:
        points = _limb((0.0, side * 0.085 * fat, HIP_M), angles, (THIGH_M, SHANK_M))
        parts.append(tube(points, [0.088 * fat, 0.062 * fat, 0.048], trousers, 8))
        x, y, z = points[-1]
        tilt = angles[1] * 0.6
        parts.append(ellipsoid((0.125, 0.045, 0.042), shoes, 5, 8).turned(-tilt, 1).moved(x + 0.055, y, z - 0.02))
    if looks.skirt:
        parts.append(
            tube([(0, 0, 0.98), (0, 0, 0.80), (0, 0, 0.52)], [0.13 * fat, 0.17 * fat, 0.20 * fat], trousers, 10, 0.75)
        )
    body = [(0.0, 0.0, 0.90), (0.01, 0.0, 1.04), (0.02, 0.0, 1.22), (0.01, 0.0, 1.36), (0.0, 0.0, 1.46)]
    trunk = [tube(body, [0.150 * fat, 0.150 * fat, 0.170 * fat, 0.175 * fat, 0.085], jacket, 12, 0.62)]
    for side, angles in arms:
        points = _limb((0.0, side * 0.195 * fat, SHOULDER_M - 0.03), angles, (UPPER_ARM_M, FOREARM_M))
        trunk.append(tube(points, [0.060 * fat, 0.046, 0.036], jacket, 7))
        hand = points[-1]
        trunk.append(ellipsoid((0.035, 0.03, 0.055), skin, 4, 6).moved(hand[0], hand[1], hand[2] - 0.05))
    trunk.append(tube([(0.0, 0, 1.46), (0.015, 0, 1.54)], [0.052, 0.05], skin, 7))
    trunk.append(ellipsoid((0.098, 0.078, 0.118), skin, 8, 10).moved(0.025, 0, 1.615))
    trunk.append(ellipsoid((0.098, 0.088, 0.108), hair, 8, 10).moved(0.0, 0, 1.645))
    if looks.hat is not None:
        cloth = Surface(looks.hat, 0.01, 0.05)
        trunk.append(ellipsoid((0.115, 0.10, 0.06), cloth, 5, 10).moved(0.01, 0, 1.71))
        trunk.append(ellipsoid((0.10, 0.09, 0.012), cloth, 4, 8).moved(0.10, 0, 1.69))
    if looks.bag is not None:
        bag = box(0.15, 0.27, 0.38, Surface(looks.bag, 0.02, 0.15))
        trunk.append(bag.moved(-0.18 * fat, 0, 1.02))
    leaned = [part.moved(0, 0, -HIP_M).turned(lean, 1).moved(0, 0, HIP_M) for part in trunk]
    tall = looks.height_m / 1.74
    return joined([*parts, *leaned]).moved(z=0.0 - sink).stretched(tall, tall, tall)
