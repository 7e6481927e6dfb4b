"""The ground of a street: asphalt with its lines, kerbs, and pavements with the strip that blind people follow."""

import numpy as np
from numpy.typing import NDArray

from detectors.rendered_street.grain import Shades, lot, noise
from detectors.rendered_street.street_plan import StreetPlan
from detectors.rendered_street.surface import Colour

KERB_M = 0.16
LINE_M = 0.13  # width of a painted line
DETAIL_M = 22.0  # distance by which fine grain fades
WHITE, YELLOW = (0.55, 0.55, 0.53), (0.52, 0.36, 0.05)
Mask = NDArray[np.bool_]


def ground_colour(plan: StreetPlan, x: Shades, y: Shades, far: Shades) -> Shades:
    """(n, 3) share of light that comes back from places on the ground; far: metres from the eye."""
    near = np.exp(-far / DETAIL_M).astype(np.float32)
    grain, blotch = noise(x, y, 2.3) * near, noise(x + 31, y + 17, 21.0)
    colour = _asphalt(plan, x, y, near, grain, blotch)[:, None] * np.ones(3, np.float32)
    worn = np.clip(0.85 + 0.9 * noise(x + 3, y + 7, 6.0), 0.15, 1) * 0.85
    for where, paint in _lines(plan, x, y):
        share = worn[where, None]
        colour[where] = colour[where] * (1 - share) + np.array(paint, np.float32) * share
    lid = np.hypot(np.abs(x) - plan.half_m * 0.45, np.mod(y, 23.0) - 11.0) < 0.38
    colour[lid] = 0.06 + 0.02 * grain[lid, None]
    beside = np.abs(x) > plan.half_m
    colour[beside] = _pavement(plan, x[beside], y[beside], near[beside], grain[beside], blotch[beside])
    return colour


def _asphalt(plan: StreetPlan, x: Shades, y: Shades, near: Shades, grain: Shades, blotch: Shades) -> Shades:
    """The wheels' tracks polished, the middle of a lane and the kerb dirty, patches of other age, cracks."""
    off = np.abs(x)
    lane = np.mod(off, plan.lane_m) - plan.lane_m / 2
    tracks = np.exp(-((np.abs(lane) - 0.75) ** 2) / 0.09)
    shade = 0.115 + 0.018 * grain + 0.012 * blotch + 0.010 * tracks - 0.006 * np.exp(-(lane**2) / 0.12)
    patch = lot(np.floor(x / 2.7), np.floor(y / 4.9), salt=plan.seed) > 0.93
    crack = np.abs(noise(x + 5, y + 9, 13.0)) < 0.012 + 0.01 * (1 - near)
    shade = shade * np.where(patch, 0.72, 1.0) * np.where(crack, 1 - 0.3 * near, 1.0)
    gutter = 1 - 0.25 * np.exp(-((off - plan.half_m + 0.15) ** 2) / 0.06)
    return np.asarray(shade * gutter * (1 - 0.45 * plan.wet), np.float32)


def _lines(plan: StreetPlan, x: Shades, y: Shades) -> list[tuple[Mask, Colour]]:
    off = np.abs(x)
    lines: list[tuple[Mask, Colour]] = [(np.abs(off - 0.14) < LINE_M / 2, YELLOW)]
    lanes = max(round(plan.half_m / plan.lane_m), 1)
    for number in range(1, lanes):
        dashed = (np.abs(off - number * plan.half_m / lanes) < LINE_M / 2) & (np.mod(y, 9.0) < 4.0)
        lines.append((dashed, WHITE))
    if plan.no_stopping:
        from_kerb = plan.half_m - off
        lines.append(((np.abs(from_kerb - 0.35) < LINE_M / 2) | (np.abs(from_kerb - 0.62) < LINE_M / 2), YELLOW))
    if plan.crossing_at is not None:
        stripes = (np.abs(y - plan.crossing_at) < 2.0) & (np.mod(x, 0.9) < 0.45) & (off < plan.half_m - 0.4)
        stop_line = (np.abs(y - plan.crossing_at + 3.4) < 0.2) & (x > 0.3) & (off < plan.half_m - 0.8)
        lines += [(stripes, WHITE), (stop_line, WHITE)]
    return lines


def _pavement(plan: StreetPlan, x: Shades, y: Shades, near: Shades, grain: Shades, blotch: Shades) -> Shades:
    """Slabs, the guiding strip, pits for trees, and the kerb stones along the carriageway."""
    off = np.abs(x) - plan.half_m
    own = 0.5 + float(lot(plan.seed, salt=21))
    tone = np.array([0.27 - 0.03 * own, 0.25 - 0.02 * own, 0.22], np.float32)
    slab = lot(np.floor(x / 0.4), np.floor(y / 0.4), salt=plan.seed + 1) - 0.5
    joint = (np.mod(x, 0.4) < 0.02) | (np.mod(y, 0.4) < 0.02)
    shade = (1 + 0.10 * grain + 0.10 * blotch + 0.14 * slab * near) * np.where(joint, 1 - 0.35 * near, 1.0)
    colour = np.asarray(tone * shade[:, None], np.float32)
    guide = np.abs(off - 1.75) < 0.2
    ribs = shade * (1 - 0.18 * near * (np.mod(off, 0.1) < 0.03))
    colour[guide] = np.array([0.46, 0.34, 0.09], np.float32) * ribs[guide, None]
    pit = (np.abs(off - 0.75) < 0.5) & (np.abs(np.mod(y, 8.0) - 4.0) < 0.5)
    colour[pit] = np.array([0.09, 0.065, 0.04], np.float32) * (1 + 0.4 * grain[pit, None])
    kerb = off < KERB_M
    stone = (0.34 + 0.03 * grain - 0.12 * (np.mod(y, 1.0) < 0.025) * near) * np.where(off < 0.05, 0.72, 1.0)
    colour[kerb] = stone[kerb, None]
    return colour
