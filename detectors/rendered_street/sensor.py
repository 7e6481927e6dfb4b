"""What a cheap camera makes of a street: softness, glare round lamps, dark corners, an unsteady exposure, noise."""

from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np
from numpy.random import Generator

from detectors.frame import Bytes
from detectors.rendered_street.grain import Shades
from detectors.rendered_street.layers import Window

GLARING = 225.0  # 8-bit steps from which light spreads to its surroundings


@dataclass(frozen=True)
class Sensor:
    """softness: pixels. noise: 8-bit steps. corners: how much darker the corners are. glare: share of lamps' light."""

    softness: float = 0.65
    noise: float = 2.5
    corners: float = 0.14
    glare: float = 0.25


def any_sensor(rng: Generator, *, dark: bool) -> Sensor:
    return Sensor(
        softness=float(rng.uniform(0.3, 1.3)),
        noise=float(rng.uniform(0.5, 4.0) * (2.0 if dark else 1.0)),
        corners=float(rng.uniform(0.0, 0.3)),
        glare=float(rng.uniform(0.1, 0.5)),
    )


@lru_cache(maxsize=4)
def _corner_shade(width: int, height: int, corners: float) -> Shades:
    x, y = np.linspace(-1, 1, width, dtype=np.float32), np.linspace(-1, 1, height, dtype=np.float32)
    return np.asarray(1 - corners * (x[None] ** 2 + y[:, None] ** 2) / 2, dtype=np.float32)[..., None]


def through_lens(part: Bytes, window: Window, sensor: Sensor, width: int, height: int) -> Bytes:
    """The part of a picture of `width` × `height` pixels, softened and with the picture's dark corners."""
    soft = cv2.GaussianBlur(part, (0, 0), sensor.softness)
    return np.asarray(soft * _corner_shade(width, height, sensor.corners)[window], np.uint8)


def exposed(picture: Bytes, sensor: Sensor, rng: Generator) -> Bytes:
    """One picture on its own, with glare round what is too bright and with its noise: grey, a little of it coloured."""
    height, width = picture.shape[:2]
    clear = through_lens(picture, (slice(0, height), slice(0, width)), sensor, width, height).astype(np.float32)
    small = cv2.resize(picture, (width // 4, height // 4), interpolation=cv2.INTER_AREA).astype(np.float32)
    halo = cv2.GaussianBlur(np.clip(small - GLARING, 0, None) * 4, (0, 0), width / 160)
    clear += np.asarray(cv2.resize(halo, (width, height)), np.float32) * sensor.glare
    noise = rng.standard_normal((height, width, 1), dtype=np.float32)
    coloured = rng.standard_normal((height // 2, width // 2, 3), dtype=np.float32)
    noise = noise + np.asarray(cv2.resize(coloured, (width, height)), np.float32) * 0.5
    return np.clip(clear + noise * sensor.noise, 0, 255).astype(np.uint8)
