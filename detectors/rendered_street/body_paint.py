"""What is painted on a vehicle's body: told for each pixel from where on the skin it lies.

Windows, seams and handles, lamps, grille and number plate, each where the numbers of the shape put them. The plate
bears blocks in place of characters, which read as nothing.
"""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from detectors.rendered_street.body_shape import HEAD_OF_WINDOW, SHOULDER, SILL_OF_WINDOW, Finish, Shape, at
from detectors.rendered_street.grain import Shades
from detectors.rendered_street.mesh import Whole
from detectors.rendered_street.surface import BLACK, CHROME, GLASS, PLASTIC, Colour, Surface

# Numbers of the surfaces, in the order of `surfaces_of`.
PAINT, PANE, DARK, LAMP, REAR_LAMP, PLATE, CHARACTER, BRIGHT, TRIM, SEAM, AMBER, LOWER = range(12)
PLATES: dict[str, tuple[Colour, Colour]] = {
    "blue": ((0.02, 0.08, 0.42), (0.75, 0.76, 0.78)),
    "green": ((0.30, 0.62, 0.36), (0.03, 0.03, 0.03)),
    "yellow": ((0.80, 0.52, 0.03), (0.03, 0.03, 0.03)),
}
PLATE_HALF_M, PLATE_HALF_HIGH_M, CHARACTERS = 0.22, 0.07, 7
AT_THE_END_M = 0.16  # from the foremost or rearmost point: what is fixed to the bumper
Mask = NDArray[np.bool_]


def surfaces_of(finish: Finish) -> tuple[Surface, ...]:
    ground, characters = PLATES[finish.plate]
    rear = 2.2 if finish.braking else 0.7 if finish.lamps_on else 0.05
    return (
        Surface(finish.paint, mirror=0.055, gloss=finish.metallic),
        replace(GLASS, colour=_times(GLASS.colour, finish.dark_glass)),
        BLACK,
        Surface((0.55, 0.57, 0.60), mirror=0.18, gloss=0.8, glow=9.0 if finish.lamps_on else 0.0),
        Surface((0.34, 0.015, 0.015), mirror=0.08, gloss=0.7, glow=rear),
        Surface(ground, mirror=0.02, gloss=0.3),
        Surface(characters, mirror=0.02, gloss=0.3),
        CHROME,
        PLASTIC,
        Surface(_times(finish.paint, 0.28), mirror=0.02, gloss=0.2),
        Surface((0.6, 0.25, 0.02), mirror=0.08, gloss=0.6),
        Surface(finish.lower or finish.paint, mirror=0.05, gloss=finish.metallic),
    )


def _times(colour: Colour, by: float) -> Colour:
    red, green, blue = colour
    return red * by, green * by, blue * by


@dataclass(frozen=True)
class _Skin:
    """Pixels of a body: x, height, distance from the middle (y) and on which side of it; kind is written."""

    x: Shades
    y: Shades
    side_y: Shades
    z: Shades
    across: Shades
    paint: Mask
    kind: Whole

    def put(self, where: Mask, what: int) -> None:
        self.kind[where] = what


def painted_on(shape: Shape, finish: Finish, own: Shades, across: Shades, surface: Whole) -> Whole:
    """The surface of each pixel of the skin; `own`: (n, 3) its place on the vehicle."""
    skin = _Skin(own[:, 0], np.abs(own[:, 1]), own[:, 1], own[:, 2], across, surface == PAINT, surface.copy())
    belt = at(shape.belt, skin.x)
    side = skin.paint & (across > 0.05) & (across < SHOULDER + 0.5)
    skin.put(side & (skin.z < belt - 0.02), LOWER)
    skin.put(skin.paint & (skin.z < at(shape.bottom, skin.x) + 0.10), TRIM)
    for seam in shape.seams:
        skin.put(side & (np.abs(skin.x - seam) < 0.012) & (skin.z > 0.30), SEAM)
        skin.put(side & (np.abs(skin.x - seam - 0.16) < 0.09) & (np.abs(skin.z - belt + 0.10) < 0.016), SEAM)
    _side_windows(skin, shape)
    _panes(skin, shape)
    half = max(value for _, value in shape.half)
    _front(skin, shape, finish, half)
    _rear(skin, shape, finish, half)
    for axle in shape.axles:
        arch = np.hypot(skin.x - axle, skin.z - shape.wheel_radius) < shape.wheel_radius * 1.17
        skin.put(side & arch, DARK)
    return skin.kind


def _side_windows(skin: _Skin, shape: Shape) -> None:
    if shape.side_glass is None:
        return
    front_foot, front_head, rear_foot, rear_head = shape.side_glass
    up = np.clip((skin.across - SILL_OF_WINDOW) / (HEAD_OF_WINDOW - SILL_OF_WINDOW), 0, 1)
    ahead, behind = front_foot * (1 - up) + front_head * up, rear_foot * (1 - up) + rear_head * up
    frame = skin.paint & (skin.across > SILL_OF_WINDOW - 0.35) & (skin.across < HEAD_OF_WINDOW + 0.2)
    frame &= (skin.x < ahead) & (skin.x > behind)
    skin.put(frame, DARK)
    pane = frame & (skin.x < ahead - 0.05) & (skin.x > behind + 0.05)
    skin.put(pane & (skin.across > SILL_OF_WINDOW - 0.15) & (skin.across < HEAD_OF_WINDOW), PANE)
    for pillar in shape.pillars:
        skin.put(frame & (np.abs(skin.x - pillar) < 0.045), DARK)


def _panes(skin: _Skin, shape: Shape) -> None:
    """Windscreen and rear window, with the seams of the bonnet and the dark strip where the wipers lie."""
    if shape.windscreen is not None:
        foot = max(shape.windscreen)
        bonnet = skin.paint & (skin.x > foot + 0.03) & (skin.x < shape.top[0][0] - 0.12)
        seam = (skin.across > SHOULDER + 0.6) & (np.abs(skin.y - shape.roof_half * 1.14) < 0.010)
        skin.put(bonnet & seam, SEAM)
        skin.put(skin.paint & (np.abs(skin.x - foot - 0.04) < 0.05) & (skin.across > HEAD_OF_WINDOW), DARK)
    for pane in (shape.windscreen, shape.rear_window):
        if pane is not None:
            low, high = min(pane), max(pane)
            frame = skin.paint & (skin.x > low) & (skin.x < high) & (skin.across > HEAD_OF_WINDOW + 0.35)
            skin.put(frame, DARK)
            inside = (skin.x > low + 0.02) & (skin.x < high - 0.04) & (skin.y < shape.roof_half * 0.93)
            skin.put(frame & inside, PANE)


def _front(skin: _Skin, shape: Shape, finish: Finish, half: float) -> None:
    y, z, front = skin.y, skin.z, shape.top[0][0]
    nose = skin.paint & (skin.x > front - 0.42)
    bumper = nose & (skin.x > front - AT_THE_END_M)
    low, high = shape.grille_z
    grille = bumper & (z > low) & (z < high)
    skin.put(grille & (y < half * 0.50), DARK)
    skin.put(grille & (y < half * 0.46) & (np.mod(z - low, 0.055) < 0.016) & (z > low + 0.01), BRIGHT)
    skin.put(bumper & (z > shape.bottom[0][1] + 0.05) & (z < low - 0.05) & (y < half * 0.58), DARK)
    low, high = shape.lamp_z
    slant = (y - half * 0.6) * 0.10
    skin.put(nose & (z > low + slant) & (z < high + slant) & (y > half * 0.56), DARK)
    skin.put(nose & (z > low + slant + 0.015) & (z < high + slant - 0.015) & (y > half * 0.59), LAMP)
    fog_lamp = (np.abs(z - shape.bottom[0][1] - 0.16) < 0.05) & (np.abs(y - half * 0.74) < 0.08)
    skin.put(nose & fog_lamp, TRIM)
    _plate(skin, bumper, shape.plate_z[0], finish.seed)


def _rear(skin: _Skin, shape: Shape, finish: Finish, half: float) -> None:
    y, z, rear = skin.y, skin.z, shape.top[-1][0]
    tail = skin.paint & (skin.x < rear + 0.35)
    bumper = tail & (skin.x < rear + AT_THE_END_M)
    low, high = shape.rear_lamp_z
    skin.put(tail & (z > low) & (z < high) & (y > half * 0.60), REAR_LAMP)
    skin.put(tail & (z > low) & (z < low + (high - low) * 0.28) & (y > half * 0.68), AMBER)
    skin.put(bumper & (np.abs(z - shape.plate_z[1]) < 0.11) & (y < 0.30), SEAM)
    _plate(skin, bumper, shape.plate_z[1], finish.seed)


def _plate(skin: _Skin, bumper: Mask, at_z: float, seed: int) -> None:
    on_it = np.flatnonzero(bumper & (skin.y < PLATE_HALF_M) & (np.abs(skin.z - at_z) < PLATE_HALF_HIGH_M))
    skin.kind[on_it] = PLATE
    place = (skin.side_y[on_it] / (PLATE_HALF_M - 0.02) + 1) / 2 * CHARACTERS
    cell = np.clip(np.floor(place), 0, CHARACTERS - 1).astype(np.int64)
    inside, up = place - cell, (skin.z[on_it] - at_z) / 0.045
    gap = np.random.default_rng(seed).uniform(0.2, 0.8, (CHARACTERS, 2))[cell]
    block = (inside > 0.18) & (inside < 0.84) & (np.abs(up) < 1)
    hole = (np.abs(inside - gap[:, 0]) < 0.10) & (np.abs(up - gap[:, 1]) < 0.45)
    skin.kind[on_it[block & ~hole]] = CHARACTER
