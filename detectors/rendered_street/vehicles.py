"""The vehicles: shapes as numbers, put together with wheels, mirrors and loads.

All of them are nobody's: typical outlines of a saloon, a hatchback, an off-roader, a van, a bus, a light lorry and a
three-wheeler, drawn from memory of what stands in any street.
"""

from collections.abc import Callable
from dataclasses import replace
from functools import cache
from math import pi

import numpy as np

from detectors.rendered_street.body import skin
from detectors.rendered_street.body_shape import Finish, Shape
from detectors.rendered_street.grain import Shades
from detectors.rendered_street.mesh import Detail, Mesh, Whole, box, disc_stack, ellipsoid, joined
from detectors.rendered_street.surface import ALLOY, BLACK, RUBBER, Colour, Surface
from detectors.rendered_street.thing import Thing

Maker = Callable[[Finish, float], Thing]  # the second: metres it has been driven, which turns its wheels

SALOON = Shape(
    top=(
        (2.32, 0.52),
        (2.27, 0.68),
        (2.12, 0.79),
        (1.75, 0.87),
        (1.10, 0.97),
        (0.95, 1.02),
        (0.25, 1.39),
        (-0.05, 1.45),
        (-0.55, 1.465),
        (-1.00, 1.41),
        (-1.75, 1.09),
        (-2.10, 1.05),
        (-2.26, 0.98),
        (-2.32, 0.62),
    ),
    belt=((2.32, 0.66), (2.0, 0.78), (1.0, 0.93), (-1.2, 0.98), (-2.32, 0.97)),
    bottom=((2.32, 0.30), (1.9, 0.20), (0.9, 0.21), (-0.9, 0.21), (-1.9, 0.22), (-2.32, 0.34)),
    half=(
        (2.32, 0.56),
        (2.22, 0.74),
        (2.0, 0.85),
        (1.4, 0.90),
        (-1.4, 0.90),
        (-2.05, 0.85),
        (-2.25, 0.78),
        (-2.32, 0.66),
    ),
    roof_half=0.59,
    windscreen=(0.98, 0.16),
    rear_window=(-1.02, -1.74),
    side_glass=(0.88, 0.10, -1.42, -1.00),
    pillars=(-0.22,),
    seams=(0.98, -0.22, -1.22),
)
HATCHBACK = Shape(
    top=(
        (2.02, 0.54),
        (1.97, 0.72),
        (1.82, 0.84),
        (1.15, 1.02),
        (1.02, 1.07),
        (0.35, 1.43),
        (0.05, 1.50),
        (-0.6, 1.52),
        (-1.45, 1.44),
        (-1.72, 1.30),
        (-1.93, 0.98),
        (-2.00, 0.62),
    ),
    belt=((2.02, 0.68), (1.6, 0.84), (1.0, 0.97), (-1.2, 1.03), (-2.0, 1.03)),
    bottom=((2.02, 0.30), (1.6, 0.20), (-1.5, 0.20), (-2.0, 0.36)),
    half=(
        (2.02, 0.56),
        (1.93, 0.72),
        (1.7, 0.82),
        (1.1, 0.86),
        (-1.2, 0.86),
        (-1.75, 0.82),
        (-1.95, 0.76),
        (-2.0, 0.68),
    ),
    roof_half=0.60,
    windscreen=(1.04, 0.24),
    rear_window=(-1.56, -1.90),
    side_glass=(0.95, 0.15, -1.60, -1.36),
    pillars=(-0.20,),
    seams=(1.0, -0.20, -1.10),
    axles=(1.22, -1.22),
    wheel_radius=0.31,
    rear_lamp_z=(0.78, 1.04),
)
OFF_ROADER = Shape(
    top=(
        (2.32, 0.62),
        (2.27, 0.84),
        (2.12, 0.98),
        (1.25, 1.10),
        (1.08, 1.15),
        (0.50, 1.58),
        (0.20, 1.66),
        (-0.6, 1.69),
        (-1.75, 1.62),
        (-2.02, 1.45),
        (-2.24, 1.05),
        (-2.30, 0.70),
    ),
    belt=((2.32, 0.80), (2.0, 0.95), (1.0, 1.07), (-1.2, 1.12), (-2.3, 1.12)),
    bottom=((2.32, 0.38), (1.9, 0.28), (-1.9, 0.28), (-2.3, 0.42)),
    half=(
        (2.32, 0.60),
        (2.24, 0.80),
        (2.0, 0.90),
        (1.4, 0.93),
        (-1.4, 0.93),
        (-2.05, 0.90),
        (-2.25, 0.84),
        (-2.3, 0.74),
    ),
    roof_half=0.66,
    windscreen=(1.10, 0.40),
    rear_window=(-1.84, -2.20),
    side_glass=(1.02, 0.30, -1.95, -1.70),
    pillars=(-0.10, -1.12),
    seams=(1.02, -0.10, -1.12),
    axles=(1.38, -1.36),
    wheel_radius=0.37,
    lamp_z=(0.74, 0.92),
    rear_lamp_z=(0.86, 1.14),
    grille_z=(0.50, 0.80),
    plate_z=(0.46, 0.86),
)
VAN = Shape(
    top=(
        (2.25, 0.60),
        (2.21, 0.84),
        (2.05, 1.02),
        (1.85, 1.14),
        (1.25, 1.74),
        (0.95, 1.88),
        (0.2, 1.93),
        (-1.7, 1.92),
        (-2.10, 1.84),
        (-2.22, 1.20),
        (-2.26, 0.62),
    ),
    belt=((2.25, 0.72), (2.0, 0.92), (1.6, 1.06), (-2.26, 1.08)),
    bottom=((2.25, 0.30), (1.9, 0.22), (-1.9, 0.22), (-2.26, 0.34)),
    half=((2.25, 0.58), (2.18, 0.72), (2.0, 0.80), (1.6, 0.84), (-2.0, 0.84), (-2.2, 0.80), (-2.26, 0.76)),
    roof_half=0.70,
    windscreen=(1.92, 1.12),
    rear_window=(-2.10, -2.24),
    side_glass=(1.62, 1.02, -2.08, -2.02),
    pillars=(0.42, -0.72),
    seams=(1.45, 0.42, -0.72),
    axles=(1.48, -1.30),
    wheel_radius=0.31,
    lamp_z=(0.66, 0.86),
    rear_lamp_z=(0.80, 1.20),
    grille_z=(0.40, 0.58),
    plate_z=(0.44, 0.70),
    roof_stands=0.6,
)
PANEL_VAN = replace(VAN, side_glass=(1.62, 1.02, 0.48, 0.48), pillars=(), rear_window=None)
BUS = Shape(
    top=(
        (5.30, 0.60),
        (5.28, 1.30),
        (5.18, 2.60),
        (5.00, 2.95),
        (4.6, 3.06),
        (-4.9, 3.06),
        (-5.15, 2.95),
        (-5.28, 1.30),
        (-5.30, 0.60),
    ),
    belt=((5.30, 0.80), (5.2, 1.22), (4.9, 1.28), (-5.3, 1.28)),
    bottom=((5.30, 0.34), (4.9, 0.28), (-5.0, 0.28), (-5.3, 0.36)),
    half=((5.30, 1.06), (5.22, 1.20), (5.0, 1.25), (-5.0, 1.25), (-5.22, 1.22), (-5.30, 1.10)),
    roof_half=1.20,
    windscreen=(5.29, 5.05),
    rear_window=(-5.12, -5.27),
    side_glass=(4.95, 4.85, -5.05, -5.02),
    pillars=(3.6, 2.2, 0.8, -0.6, -2.0, -3.4),
    seams=(4.55, 3.55, -0.1),
    axles=(2.75, -2.95),
    wheel_radius=0.48,
    lamp_z=(0.62, 0.82),
    rear_lamp_z=(0.80, 1.10),
    grille_z=(0.45, 0.60),
    plate_z=(0.50, 0.72),
    roof_stands=1.4,
)
CAB = Shape(
    top=(
        (2.75, 0.60),
        (2.73, 1.05),
        (2.60, 1.28),
        (2.35, 1.95),
        (2.15, 2.14),
        (1.7, 2.18),
        (1.25, 2.16),
        (1.17, 1.90),
        (1.15, 0.80),
    ),
    belt=((2.75, 0.80), (2.6, 1.15), (1.15, 1.22)),
    bottom=((2.75, 0.42), (2.5, 0.40), (1.15, 0.42)),
    half=((2.75, 0.78), (2.68, 0.88), (2.5, 0.92), (1.3, 0.92), (1.15, 0.90)),
    roof_half=0.80,
    windscreen=(2.62, 2.26),
    rear_window=None,
    side_glass=(2.50, 2.22, 1.45, 1.45),
    seams=(1.38,),
    axles=(1.95, -9.0),
    wheel_radius=0.40,
    lamp_z=(0.66, 0.84),
    grille_z=(0.86, 1.02),
    plate_z=(0.52, 0.72),
    roof_stands=0.7,
)
PAINTS: dict[str, Colour] = {
    "white": (0.74, 0.75, 0.76),
    "silver": (0.40, 0.41, 0.43),
    "grey": (0.13, 0.135, 0.145),
    "black": (0.018, 0.018, 0.02),
    "red": (0.36, 0.02, 0.025),
    "blue": (0.03, 0.07, 0.26),
    "light blue": (0.16, 0.30, 0.48),
    "brown": (0.13, 0.075, 0.045),
    "gold": (0.40, 0.31, 0.18),
    "green": (0.03, 0.15, 0.08),
    "yellow": (0.72, 0.42, 0.02),
    "orange": (0.62, 0.20, 0.02),
}


@cache
def wheel(radius: float, width: float, spokes: int, rim: Surface = ALLOY) -> Mesh:
    """Its axle lies along y, its outer face looks to y > 0."""
    half = width / 2
    columns = spokes * 4
    mesh = disc_stack(
        [
            (radius * 0.97, -half, RUBBER),
            (radius, -half * 0.7, RUBBER),
            (radius, half * 0.7, RUBBER),
            (radius * 0.97, half, RUBBER),
            (radius * 0.72, half * 1.03, rim),
            (radius * 0.66, half * 0.92, BLACK),
            (radius * 0.24, half * 0.80, rim),
            (radius * 0.03, half * 0.86, rim),
        ],
        columns,
    )
    # the dark ring becomes spokes: two of four columns are rim
    ring = np.flatnonzero(mesh.surface_of == 5)
    column = (ring - ring[0]) % columns
    kinds = mesh.surface_of.copy()
    kinds[ring[column % 4 < 2]] = 4
    return replace(mesh, surface_of=kinds)


def _wheels(shape: Shape, half: float, driven_m: float, spokes: int, axles: tuple[float, ...]) -> list[Mesh]:
    found = []
    width = shape.wheel_radius * 0.65
    for x in axles:
        for side in (1, -1):
            one = wheel(shape.wheel_radius, width, spokes).turned(driven_m / shape.wheel_radius, axis=1)
            one = one if side > 0 else one.turned(pi)
            found.append(one.moved(x, side * (half - width / 2 + 0.012), shape.wheel_radius))
    return found


def _mirrors(x: float, z: float, half: float, paint: Colour) -> list[Mesh]:
    return [
        ellipsoid((0.07, 0.12, 0.085), Surface(paint, mirror=0.05, gloss=0.6), 6, 8).moved(x, side * (half + 0.09), z)
        for side in (1, -1)
    ]


def _with_wheels(shape: Shape, finish: Finish, driven_m: float, mirror: tuple[float, float] | None) -> Mesh:
    half = max(value for _, value in shape.half)
    body = skin(shape, finish)
    parts = [body, *_wheels(shape, half, driven_m, 5 + finish.seed % 3, shape.axles)]
    if mirror is not None:
        parts += _mirrors(*mirror, half, finish.paint)
    return joined(parts, _first_part_only(body))


def _first_part_only(body: Mesh) -> Detail:
    """The detail of the body, kept off the surfaces of what was joined to it."""
    count, detail = len(body.surfaces), body.detail

    def detailed(own: Shades, across: Shades, surface: Whole) -> Whole:
        found = surface.copy()
        on_body = surface < count
        if detail is not None and on_body.any():
            found[on_body] = detail(own[on_body], across[on_body], surface[on_body])
        return found

    return detailed


def saloon(finish: Finish, driven_m: float = 0.0) -> Thing:
    return Thing("car", _with_wheels(SALOON, finish, driven_m, (0.72, 0.98)), SALOON.length, 1.8)


def hatchback(finish: Finish, driven_m: float = 0.0) -> Thing:
    return Thing("car", _with_wheels(HATCHBACK, finish, driven_m, (0.78, 1.02)), HATCHBACK.length, 1.72)


def off_roader(finish: Finish, driven_m: float = 0.0) -> Thing:
    return Thing("car", _with_wheels(OFF_ROADER, finish, driven_m, (0.86, 1.14)), OFF_ROADER.length, 1.86)


def van(finish: Finish, driven_m: float = 0.0) -> Thing:
    return Thing("car", _with_wheels(VAN, finish, driven_m, (1.50, 1.16)), VAN.length, 1.68)


def panel_van(finish: Finish, driven_m: float = 0.0) -> Thing:
    return Thing("car", _with_wheels(PANEL_VAN, finish, driven_m, (1.50, 1.16)), PANEL_VAN.length, 1.68)


def bus(finish: Finish, driven_m: float = 0.0) -> Thing:
    return Thing("bus", _with_wheels(BUS, finish, driven_m, (5.1, 1.9)), BUS.length, 2.5)


def lorry(finish: Finish, driven_m: float = 0.0, load: Colour | None = (0.62, 0.63, 0.64)) -> Thing:
    """A light lorry: with a closed body of that colour, or open."""
    body = skin(CAB, finish)
    parts = [body, box(4.4, 0.9, 0.22, BLACK, 6).moved(-0.6, 0, 0.55)]
    if load is not None:
        parts.append(box(4.1, 2.06, 1.95, Surface(load, 0.03, 0.3), 8).moved(-1.0, 0, 0.85))
    else:
        tray = Surface(finish.paint, 0.04, 0.4)
        parts.append(box(4.1, 2.0, 0.08, BLACK, 8).moved(-1.0, 0, 0.80))
        parts += [box(4.1, 0.05, 0.42, tray, 8).moved(-1.0, side * 0.98, 0.84) for side in (1, -1)]
        parts += [box(0.05, 1.9, 0.42, tray).moved(x, 0, 0.84) for x in (-3.0, 1.0)]
    lamp = Surface((0.34, 0.015, 0.015), 0.08, 0.7, 2.0 if finish.braking else 0.1)
    parts += [box(0.06, 0.34, 0.14, lamp).moved(-3.08, side * 0.82, 0.62) for side in (1, -1)]
    parts += [box(0.04, 0.44, 0.14, Surface((0.80, 0.52, 0.03))).moved(-3.08, 0, 0.60)]
    parts += [*_wheels(CAB, 0.95, driven_m, 6, (1.95, -2.05)), *_mirrors(2.45, 1.45, 0.92, (0.03, 0.03, 0.03))]
    return Thing("truck", joined(parts, _first_part_only(body)), 5.9, 2.06)
