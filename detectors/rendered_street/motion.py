"""How things move: smoothly through given points, vehicles along a line, persons on foot. Pure functions of time."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import atan2, hypot

import numpy as np

STILL_M = 1e-4  # nearer than this to where it was a moment ago, a thing stands
MOMENT_S = 0.05


def smooth(points: Sequence[tuple[float, float]], at: float) -> float:
    """A value at a moment, monotone between the given (moment, value) and level where two values are equal.

    Fritsch and Carlson 1980, "Monotone Piecewise Cubic Interpolation".
    """
    x, y = np.array(points, dtype=np.float64).T
    if at <= x[0] or at >= x[-1]:
        return float(y[0] if at <= x[0] else y[-1])
    slopes = np.diff(y) / np.diff(x)
    tangents = np.empty(len(x))
    tangents[0], tangents[-1] = slopes[0], slopes[-1]
    same_way = slopes[:-1] * slopes[1:] > 0
    harmonic = 2 * slopes[:-1] * slopes[1:] / np.where(same_way, slopes[:-1] + slopes[1:], 1.0)
    tangents[1:-1] = np.where(same_way, harmonic, 0.0)
    left = int(np.searchsorted(x, at, side="right")) - 1
    wide = x[left + 1] - x[left]
    t = (at - x[left]) / wide
    return float(
        y[left] * (1 + 2 * t) * (1 - t) ** 2
        + tangents[left] * wide * t * (1 - t) ** 2
        + y[left + 1] * t**2 * (3 - 2 * t)
        + tangents[left + 1] * wide * t**2 * (t - 1)
    )


@dataclass(frozen=True)
class Where:
    """A place on the ground, the direction of its front, and how far it has come."""

    x: float
    y: float
    heading: float
    gone_m: float
    stands: bool


@dataclass(frozen=True)
class Drive:
    """along: (second, y). aside: (y, x), the line it follows. ahead: 1 where it faces up the street, -1 down."""

    along: tuple[tuple[float, float], ...]
    aside: tuple[tuple[float, float], ...]
    ahead: float = 1.0

    def present(self, second: float) -> bool:
        return self.along[0][0] <= second <= self.along[-1][0]

    def at(self, second: float) -> Where:
        y = smooth(self.along, second)
        x, further = self._aside(y), self._aside(y + 0.3 * self.ahead)
        before = smooth(self.along, max(second - MOMENT_S, self.along[0][0]))
        after = smooth(self.along, min(second + MOMENT_S, self.along[-1][0]))
        stands = abs(before - y) < STILL_M and abs(after - y) < STILL_M
        return Where(x, y, atan2(0.3 * self.ahead, further - x), abs(y - self.along[0][1]), stands)

    def _aside(self, y: float) -> float:
        return smooth(sorted(self.aside), y)


@dataclass(frozen=True)
class Walk:
    """way: (second, x, y), straight on between two of them. faces: heading while standing, None: as it came."""

    way: tuple[tuple[float, float, float], ...]
    faces: float | None = None

    def present(self, second: float) -> bool:
        return self.way[0][0] <= second <= self.way[-1][0]

    def at(self, second: float) -> Where:
        gone_m, heading = 0.0, 0.0 if self.faces is None else self.faces
        x, y = self.way[0][1:]
        for (t0, x0, y0), (t1, x1, y1) in pairwise(self.way):
            if second < t0:
                break
            share = min((second - t0) / (t1 - t0), 1.0)
            far = hypot(x1 - x0, y1 - y0)
            x, y, gone_m = x0 + (x1 - x0) * share, y0 + (y1 - y0) * share, gone_m + far * share
            stands = far < STILL_M
            if not stands:
                heading = atan2(y1 - y0, x1 - x0)
            elif self.faces is not None:
                heading = self.faces
        return Where(x, y, heading, gone_m, stands)
