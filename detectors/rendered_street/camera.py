"""The camera that a rendered street is seen by: a pinhole over a flat ground.

World: metres, x across the street, y along it, z up. Picture: pixels, y down; the middle of the first pixel is 0.5.
"""

from dataclasses import dataclass
from functools import cached_property
from math import cos, radians, sin

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class View:
    """yaw_deg turns left of the street's direction, pitch_deg looks down. field_deg: from side to side."""

    width: int = 1280
    height: int = 720
    at: tuple[float, float, float] = (0.0, 0.0, 5.5)
    yaw_deg: float = 0.0
    pitch_deg: float = 15.0
    field_deg: float = 60.0

    @cached_property
    def focal_px(self) -> float:
        return self.width / 2 / float(np.tan(radians(self.field_deg) / 2))

    @cached_property
    def axes(self) -> Floats:
        """Rows: what is right, down and forward in the picture, in the world's directions."""
        yaw, pitch = radians(self.yaw_deg), radians(self.pitch_deg)
        forward = np.array([-sin(yaw) * cos(pitch), cos(yaw) * cos(pitch), -sin(pitch)])
        right = np.array([cos(yaw), sin(yaw), 0.0])
        return np.stack([right, np.cross(forward, right), forward])

    @property
    def place(self) -> Floats:
        return np.array(self.at)

    def project(self, points: Floats) -> tuple[Floats, Floats]:
        """(n, 2) pixels and (n,) depth of points in the world; what lies behind the camera has no sensible pixel."""
        seen = (points - self.place) @ self.axes.T
        depth = seen[:, 2]
        safe = np.where(np.abs(depth) < 1e-6, 1e-6, depth)[:, None]
        return seen[:, :2] / safe * self.focal_px + np.array([self.width / 2, self.height / 2]), depth

    def rays(self, xs: NDArray[np.floating], ys: NDArray[np.floating]) -> Floats:
        """(rows, columns, 3) directions, not of unit length, through the pixels at those coordinates."""
        right, down = (xs - self.width / 2) / self.focal_px, (ys - self.height / 2) / self.focal_px
        return np.asarray(
            right[None, :, None] * self.axes[0] + down[:, None, None] * self.axes[1] + self.axes[2], dtype=np.float64
        )

    def pixel_of_ground(self, x: float, y: float) -> tuple[float, float]:
        pixels, _ = self.project(np.array([[x, y, 0.0]]))
        return float(pixels[0, 0]), float(pixels[0, 1])
