"""The fronts of the houses: shops with their signs on the ground floor, windows above. The signs say nothing."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from detectors.rendered_street.grain import Shades, lot, noise
from detectors.rendered_street.light import Light
from detectors.rendered_street.street_plan import StreetPlan

STOREY_M = 3.1
SHOP_M = 3.9  # height of the ground floor with its sign
SHOPS = 3  # in a house
END_OF_STREET = 3.0  # in place of a side: the houses across the street's far end
WINDOW_MIRROR = 0.22
DETAIL_M = 45.0  # distance by which fine detail fades
WARM = np.array([1.0, 0.72, 0.38], np.float32)
WALLS = np.array([[0.50, 0.46, 0.38], [0.42, 0.25, 0.18], [0.52, 0.52, 0.50], [0.38, 0.40, 0.42]], np.float32)
SIGNS = np.array(
    [
        [0.42, 0.03, 0.03],
        [0.03, 0.10, 0.34],
        [0.55, 0.55, 0.55],
        [0.05, 0.26, 0.10],
        [0.60, 0.36, 0.03],
        [0.1, 0.1, 0.11],
    ],
    np.float32,
)
ON_WHITE, ON_COLOUR = np.array([0.5, 0.04, 0.04], np.float32), np.array([0.8, 0.76, 0.62], np.float32)
WHITE_SIGN = 2
Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class _Front:
    """Places on a front: metres along it and up, house and its shop; colour and own (light of its own) are written."""

    along: Shades
    z: Shades
    house: Shades
    from_left: Shades
    wide: float
    near: Shades
    salt: int
    colour: Shades
    own: Shades

    def lot(self, *numbers: Shades, salt: int) -> Shades:
        return lot(self.house, *numbers, salt=self.salt + salt)


def house_front(
    plan: StreetPlan, light: Light, side: float, along: Shades, z: Shades, rays: Shades, far: Shades
) -> tuple[Shades, Shades]:
    """(n, 3) share of light that comes back, and (n, 3) light that is the front's own or mirrored."""
    house, from_left, wide = plan.house_at(side, along)
    salt = plan.seed + round(side) * 7
    near = np.exp(-far / DETAIL_M).astype(np.float32)
    wall = WALLS[_choice(lot(house, salt=salt), len(WALLS))]
    stain = 1 + 0.07 * noise(along, z * 0.3, 11.0) + 0.05 * near * noise(along, z, 1.7)
    ledge = (np.mod(z - SHOP_M, STOREY_M) < 0.14) & (z > SHOP_M)
    colour = np.asarray(wall * (stain * np.where(ledge, 0.82, 1.0))[:, None], np.float32)
    front = _Front(along, z, house, from_left, wide, near, salt, colour, np.zeros_like(colour))
    mirrored = rays.copy()
    mirrored[:, 1 if side == END_OF_STREET else 0] *= -1
    reflection = light.mirrored(mirrored) * WINDOW_MIRROR
    _windows(front, reflection, dark=light.dark)
    _shops(front, reflection, dark=light.dark)
    return front.colour, front.own


def _choice(chance: Shades, count: int) -> NDArray[np.int64]:
    return np.clip((chance * count).astype(np.int64), 0, count - 1)


def _windows(front: _Front, reflection: Shades, *, dark: bool) -> None:
    """Upper floors: frames with panes, boxes of air conditioners below some, light in some by night."""
    z = front.z
    step = front.wide / np.round(front.wide / (2.6 + 0.8 * front.lot(salt=1)))
    window, storey = np.floor(front.from_left / step), np.floor((z - SHOP_M) / STOREY_M)
    u, v = np.mod(front.from_left, step) / step, np.mod(z - SHOP_M, STOREY_M) / STOREY_M
    chance = front.lot(window, storey, salt=2)
    half = 0.22 + 0.10 * front.lot(salt=3)
    upper = z > SHOP_M
    frame = upper & (np.abs(u - 0.5) < half) & (v > 0.28) & (v < 0.83)
    bar = (np.abs(u - 0.5) < 0.012) | (np.abs(v - 0.62) < 0.012)
    pane = frame & (np.abs(u - 0.5) < half - 0.025) & (v > 0.31) & (v < 0.80) & ~bar
    front.colour[frame] = (0.55, 0.56, 0.57)
    cooler = upper & (np.abs(u - 0.36) < 0.12) & (v > 0.08) & (v < 0.24) & (chance > 0.55)
    front.colour[cooler] = 0.60 - 0.2 * (np.mod(v[cooler, None], 0.03) < 0.012)
    front.colour[pane] = 0.04 + 0.10 * front.lot(window, storey, salt=8)[pane, None]
    front.own[pane] = reflection[pane]
    if dark:
        lit = pane & (chance > 0.62)
        front.own[lit] = WARM * (0.25 + 0.5 * chance[lit, None])


def _shops(front: _Front, reflection: Shades, *, dark: bool) -> None:
    """Ground floor: pillars, panes with what lies behind them, shutters, and a sign above."""
    z, wide = front.z, front.wide / SHOPS
    shop, s = np.floor(front.from_left / wide), np.mod(front.from_left, wide) / wide
    kind = front.lot(shop, salt=4)
    low = (z > 0.35) & (z < 2.75) & (s > 0.06) & (s < 0.94)
    shut = low & (kind > 0.78)
    slats = 1 - 0.25 * front.near * (np.mod(z, 0.11) < 0.03)
    front.colour[shut] = np.array([0.33, 0.34, 0.36], np.float32) * slats[shut, None]
    which = _choice(front.lot(shop, salt=6), len(SIGNS))
    glass = low & ~shut & (np.mod(s * 4, 1.0) > 0.03)
    heaped = np.clip(noise(front.from_left * 2, z * 2, 7.0), 0, 1)
    goods = 0.06 + 0.30 * heaped[:, None] * SIGNS[(which + 1) % len(SIGNS)]
    front.colour[glass] = goods[glass]
    front.own[glass] = reflection[glass]
    sign = (z > 2.85) & (z < SHOP_M - 0.12) & (s > 0.03) & (s < 0.97)
    strokes = (np.abs(np.mod(s * 7.0, 1.0) - 0.5) < 0.34) & (np.abs(z - 3.32) < 0.26) & (s > 0.15) & (s < 0.85)
    strokes &= noise(front.from_left * 5, z * 5, 9.0) > -0.15
    letters = np.where((which == WHITE_SIGN)[:, None], ON_WHITE, ON_COLOUR)
    board = np.where(strokes[:, None], letters, SIGNS[which])
    front.colour[sign] = board[sign]
    if dark:
        open_late = kind < 0.5
        lit, shining = glass & open_late, sign & open_late
        front.own[lit] = WARM * (0.2 + 3 * goods[lit])
        front.own[shining] = board[shining] * 1.1
