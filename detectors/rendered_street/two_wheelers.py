"""Bicycles, scooters and three-wheelers, with or without somebody on them."""

from functools import lru_cache
from math import pi

import numpy as np

from detectors.rendered_street.mesh import Mesh, box, disc_stack, ellipsoid, flat, joined, tube
from detectors.rendered_street.persons import Looks, riding
from detectors.rendered_street.surface import ALLOY, BLACK, GLASS, PLASTIC, RUBBER, STEEL, Colour, Surface
from detectors.rendered_street.thing import Thing


def _thin_wheel(radius: float, width: float, surface: Surface) -> Mesh:
    """A tyre with its rim and a few spokes, open between them."""
    angle = np.linspace(0, 2 * pi, 21)
    ring = tube([(radius * np.cos(a), 0.0, radius * np.sin(a)) for a in angle], [width] * 21, RUBBER, 6)
    rim = tube(
        [(radius * 0.9 * np.cos(a), 0.0, radius * 0.9 * np.sin(a)) for a in angle], [width * 0.4] * 21, surface, 5
    )
    spokes = [
        tube([(0, 0, 0), (radius * 0.9 * np.cos(a), 0, radius * 0.9 * np.sin(a))], [0.004, 0.004], surface, 4)
        for a in np.linspace(0, 2 * pi, 10, endpoint=False)
    ]
    return joined([ring, rim, *spokes])


def _solid_wheel(radius: float, width: float) -> Mesh:
    half = width / 2
    rings = [
        (radius * 0.25, -half * 0.6, ALLOY),
        (radius * 0.6, -half * 0.9, RUBBER),
        (radius, -half * 0.5, RUBBER),
        (radius, half * 0.5, RUBBER),
        (radius * 0.6, half * 0.9, ALLOY),
        (radius * 0.05, half * 0.6, ALLOY),
    ]
    return disc_stack(rings, 18)


@lru_cache(maxsize=16)
def bicycle(paint: Colour, rider: Looks | None = None) -> list[Thing]:
    """The bicycle, and its rider as a person."""
    frame = Surface(paint, 0.05, 0.6)
    seat, crank, head, back, front = (
        (-0.18, 0, 0.80),
        (-0.05, 0, 0.30),
        (0.38, 0, 0.78),
        (-0.50, 0, 0.34),
        (0.54, 0, 0.34),
    )
    bars = [
        tube([seat, crank], [0.019, 0.019], frame, 6),
        tube([crank, head], [0.022, 0.022], frame, 6),
        tube([(-0.16, 0, 0.74), head], [0.018, 0.018], frame, 6),
        tube([crank, back], [0.014, 0.014], frame, 6),
        tube([(-0.16, 0, 0.74), back], [0.014, 0.014], frame, 6),
        tube([(0.36, 0, 0.92), front], [0.017, 0.017], frame, 6),
        tube([(0.34, -0.28, 0.97), (0.40, 0, 0.95), (0.34, 0.28, 0.97)], [0.015, 0.015, 0.015], BLACK, 6),
        tube([(-0.18, 0, 0.80), (-0.20, 0, 0.90)], [0.014, 0.014], STEEL, 5),
        ellipsoid((0.14, 0.075, 0.035), BLACK, 5, 8).moved(-0.20, 0, 0.92),
        ellipsoid((0.09, 0.02, 0.09), STEEL, 5, 10).moved(*crank),
        box(0.24, 0.30, 0.20, PLASTIC).moved(0.60, 0, 0.72),
        _thin_wheel(0.33, 0.022, ALLOY).moved(back[0], 0, back[2]),
        _thin_wheel(0.33, 0.022, ALLOY).moved(front[0], 0, front[2]),
    ]
    things = [Thing("bicycle", joined(bars), 1.7, 0.5)]
    if rider is not None:
        things.append(Thing("person", riding(rider, 0.92).moved(-0.16), 0.6, 0.5))
    return things


@lru_cache(maxsize=16)
def scooter(paint: Colour, rider: Looks | None = None) -> list[Thing]:
    """A motor or electric scooter; COCO has it as a motorcycle."""
    panel = Surface(paint, 0.06, 0.7)
    parts = [
        tube([(-0.62, 0, 0.58), (-0.35, 0, 0.56), (-0.12, 0, 0.42)], [0.13, 0.17, 0.12], panel, 10, 1.2),
        tube([(-0.15, 0, 0.28), (0.18, 0, 0.26), (0.32, 0, 0.34)], [0.13, 0.14, 0.10], PLASTIC, 10, 0.4),
        tube([(0.30, 0, 0.32), (0.42, 0, 0.62), (0.46, 0, 0.88)], [0.10, 0.16, 0.10], panel, 10, 0.45),
        tube([(-0.62, 0, 0.74), (-0.30, 0, 0.76), (-0.05, 0, 0.72)], [0.10, 0.14, 0.11], BLACK, 10, 0.45),
        tube([(0.44, 0, 0.85), (0.42, 0, 1.02)], [0.035, 0.03], PLASTIC, 6),
        tube([(0.36, -0.32, 1.03), (0.44, 0, 1.03), (0.36, 0.32, 1.03)], [0.02, 0.04, 0.02], BLACK, 6),
        ellipsoid((0.07, 0.09, 0.08), Surface((0.6, 0.6, 0.6), 0.2, 0.8), 6, 8).moved(0.50, 0, 0.93),
        ellipsoid((0.04, 0.08, 0.05), Surface((0.35, 0.02, 0.02), 0.1, 0.7), 5, 8).moved(-0.76, 0, 0.62),
        ellipsoid((0.24, 0.07, 0.05), panel, 5, 8).moved(0.58, 0, 0.47),
        ellipsoid((0.02, 0.055, 0.04), BLACK, 4, 6).moved(0.38, 0.33, 1.15),
        ellipsoid((0.02, 0.055, 0.04), BLACK, 4, 6).moved(0.38, -0.33, 1.15),
        box(0.32, 0.34, 0.30, PLASTIC).moved(-0.78, 0, 0.80),
        _solid_wheel(0.22, 0.10).moved(-0.55, 0, 0.22),
        _solid_wheel(0.22, 0.10).moved(0.60, 0, 0.22),
        tube([(0.60, 0.08, 0.22), (0.46, 0.06, 0.70)], [0.022, 0.022], STEEL, 6),
        tube([(0.60, -0.08, 0.22), (0.46, -0.06, 0.70)], [0.022, 0.022], STEEL, 6),
    ]
    things = [Thing("motorcycle", joined(parts), 1.8, 0.6)]
    if rider is not None:
        things.append(Thing("person", riding(rider, 0.78).moved(-0.28), 0.6, 0.5))
    return things


@lru_cache(maxsize=16)
def three_wheeler(paint: Colour, load: Colour | None = None) -> Thing:
    """A delivery tricycle with a cabin; the street pictures have it as a motorcycle."""
    panel = Surface(paint, 0.05, 0.6)
    x0, x1, y = 0.25, 1.25, 0.52
    nose = np.array(
        [[x1, -y * 0.7, 0.30], [x1, y * 0.7, 0.30], [x1 - 0.05, y * 0.7, 0.95], [x1 - 0.05, -y * 0.7, 0.95]]
    )
    pane = np.array(
        [
            [x1 - 0.05, -y * 0.7, 0.95],
            [x1 - 0.05, y * 0.7, 0.95],
            [x1 - 0.35, y * 0.8, 1.55],
            [x1 - 0.35, -y * 0.8, 1.55],
        ]
    )
    roof = box(0.95, 1.0, 0.06, panel).moved(0.55, 0, 1.55)
    sides = []
    for s in (1.0, -1.0):
        low = np.array(
            [[x0, s * y, 0.28], [x0, s * y, 0.90], [x1 - 0.06, s * y * 0.72, 0.90], [x1, s * y * 0.72, 0.28]]
        )
        high = np.array(
            [[x0, s * y, 0.90], [x0, s * y, 1.55], [x1 - 0.35, s * y * 0.8, 1.55], [x1 - 0.06, s * y * 0.72, 0.90]]
        )
        for corners, surface in ((low, panel), (high, GLASS)):
            sides.append(flat(corners if s > 0 else corners[::-1], surface))
    back = flat(np.array([[x0, y, 0.3], [x0, -y, 0.3], [x0, -y, 1.55], [x0, y, 1.55]])[::-1], panel)
    tray = box(1.55, 1.15, 0.42, Surface((0.10, 0.16, 0.26), 0.04, 0.4), 3).moved(-0.60, 0, 0.42)
    parts = [flat(nose, panel), flat(pane, GLASS), roof, *sides, back, tray]
    if load is not None:
        parts.append(box(1.45, 1.05, 0.75, Surface(load, 0.02, 0.15), 3).moved(-0.60, 0, 0.84))
    parts += [
        ellipsoid((0.04, 0.09, 0.07), Surface((0.6, 0.6, 0.6), 0.2, 0.8), 6, 8).moved(x1, 0.22, 0.70),
        ellipsoid((0.04, 0.09, 0.07), Surface((0.6, 0.6, 0.6), 0.2, 0.8), 6, 8).moved(x1, -0.22, 0.70),
        ellipsoid((0.28, 0.09, 0.10), panel, 5, 8).moved(1.12, 0, 0.50),
        _solid_wheel(0.25, 0.11).moved(1.10, 0, 0.25),
        _solid_wheel(0.25, 0.12).moved(-0.95, 0.52, 0.25),
        _solid_wheel(0.25, 0.12).turned(pi).moved(-0.95, -0.52, 0.25),
    ]
    return Thing("motorcycle", joined(parts), 2.6, 1.15)
