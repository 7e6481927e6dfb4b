"""What weather, night and cheap cameras do to a picture. Pure: a BGR picture and a random generator in, a picture out.

Nothing moves, so labels stay as they are. The faults are drawn, not measured: they widen what the detector has seen.
"""

from collections.abc import Callable

import cv2
import numpy as np
from numpy.random import Generator

from detectors.frame import Bytes

Effect = Callable[[Bytes, Generator], Bytes]


def _as_bytes(values: object) -> Bytes:
    return np.clip(np.asarray(values, dtype=np.float32), 0, 255).astype(np.uint8)


def night(picture: Bytes, rng: Generator) -> Bytes:
    """Dark, noisy, bluish or sodium yellow, with a few lamps that outshine what is near them."""
    height, width = picture.shape[:2]
    exposed = (picture.astype(np.float32) / 255) ** rng.uniform(1.2, 1.8) * rng.uniform(0.45, 0.8)
    exposed *= np.array(rng.choice([[1.15, 0.95, 0.85], [0.7, 0.95, 1.15], [1.0, 1.0, 1.0]]), np.float32)
    glow = np.zeros((height, width), np.float32)
    for _ in range(int(rng.integers(1, 6))):
        at = (int(rng.integers(0, width)), int(rng.integers(0, height * 2 // 3)))
        cv2.circle(glow, at, int(rng.integers(2, max(width // 60, 4))), 1.0, -1)
    glow = np.asarray(cv2.GaussianBlur(glow, (0, 0), width / 40), np.float32) * rng.uniform(2, 6)
    noise = rng.normal(0, rng.uniform(0.01, 0.04), picture.shape).astype(np.float32)
    return _as_bytes((exposed + glow[..., None] * np.array([0.7, 0.9, 1.0], np.float32) + noise) * 255)


def rain(picture: Bytes, rng: Generator) -> Bytes:
    """Streaks in one direction over a paler, softer picture."""
    height, width = picture.shape[:2]
    drops = np.zeros((height, width), np.float32)
    slant = int(rng.integers(-6, 7))
    for _ in range(int(rng.integers(150, 500))):
        x, y = int(rng.integers(0, width)), int(rng.integers(0, height))
        length = int(rng.integers(6, 22))
        cv2.line(drops, (x, y), (x + slant * length // 20, y + length), float(rng.uniform(0.2, 0.8)), 1)
    soft = cv2.GaussianBlur(picture, (3, 3), 0).astype(np.float32)
    paler = soft * rng.uniform(0.6, 0.9) + rng.uniform(15, 45)
    return _as_bytes(paler + drops[..., None] * 110)


def fog(picture: Bytes, rng: Generator) -> Bytes:
    """Thicker towards the top, where the street is farther away."""
    height = picture.shape[0]
    grey = rng.uniform(150, 215)
    clear = np.linspace(rng.uniform(0.15, 0.5), rng.uniform(0.6, 0.95), height, dtype=np.float32)[:, None, None]
    return _as_bytes(picture * clear + grey * (1 - clear))


def motion_blur(picture: Bytes, rng: Generator) -> Bytes:
    """A shake in one direction."""
    size = int(rng.choice([3, 5, 7]))
    kernel = np.zeros((size, size), np.float32)
    kernel[size // 2] = 1 / size
    turned = cv2.warpAffine(
        kernel, cv2.getRotationMatrix2D(((size - 1) / 2, (size - 1) / 2), rng.uniform(0, 180), 1), (size, size)
    )
    kernel = np.asarray(turned / max(float(turned.sum()), 1e-6), dtype=np.float32)
    return np.asarray(cv2.filter2D(picture, -1, kernel), dtype=np.uint8)


def low_bit_rate(picture: Bytes, rng: Generator) -> Bytes:
    """Blocks and smeared colour: encoded small and coarse, shown at the old size."""
    height, width = picture.shape[:2]
    by = rng.uniform(0.5, 0.9)
    small = cv2.resize(picture, (max(int(width * by), 8), max(int(height * by), 8)), interpolation=cv2.INTER_AREA)
    _, data = cv2.imencode(".jpg", small, [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(8, 30))])
    coarse = np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR), dtype=np.uint8)
    return np.asarray(cv2.resize(coarse, (width, height), interpolation=cv2.INTER_LINEAR), dtype=np.uint8)


def low_sun(picture: Bytes, rng: Generator) -> Bytes:
    """One side of the picture bright, the other in shade."""
    width = picture.shape[1]
    ends = rng.uniform(0.45, 0.9), rng.uniform(1.1, 1.6)
    share = np.linspace(*(ends if rng.random() < 0.5 else ends[::-1]), width, dtype=np.float32)[None, :, None]
    return _as_bytes(picture * share)


EFFECTS: dict[str, Effect] = {
    "night": night,
    "rain": rain,
    "fog": fog,
    "motion_blur": motion_blur,
    "low_bit_rate": low_bit_rate,
    "low_sun": low_sun,
}
