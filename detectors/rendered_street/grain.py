"""Grain: a field of noise that repeats without a seam, and numbers that belong to a place."""

from functools import cache

import cv2
import numpy as np
from numpy.typing import NDArray

Shades = NDArray[np.float32]
SIDE = 512
SEED = 20260302
ROW = 1024  # length of a row that cv2.remap is given: it takes no long ones


@cache
def _field() -> Shades:
    """(SIDE, SIDE), mean 0, about -1..1: several octaves, so that it looks alike from near and far."""
    rng = np.random.default_rng(SEED)
    total = np.zeros((SIDE, SIDE), np.float32)
    for side, weight in ((8, 0.40), (16, 0.34), (32, 0.30), (64, 0.26), (128, 0.22), (256, 0.2), (512, 0.2)):
        coarse = rng.standard_normal((side, side)).astype(np.float32)
        wrapped = np.pad(coarse, 2, mode="wrap")
        step = SIDE // side
        large = cv2.resize(wrapped, None, fx=step, fy=step, interpolation=cv2.INTER_CUBIC)
        total += weight * np.asarray(large, np.float32)[2 * step : 2 * step + SIDE, 2 * step : 2 * step + SIDE]
    return np.asarray(np.clip(total / total.std() / 2.2, -1.6, 1.6), dtype=np.float32)


def noise(u: NDArray[np.floating], v: NDArray[np.floating], repeat_m: float) -> Shades:
    """The field at places given in metres; it repeats every `repeat_m`. Any shape."""
    across, along = (in_rows(np.mod(np.asarray(each, np.float32) / repeat_m, 1.0) * SIDE) for each in (u, v))
    found = cv2.remap(_field(), across, along, cv2.INTER_LINEAR, borderMode=cv2.BORDER_WRAP)
    return np.asarray(found, np.float32).reshape(-1)[: u.size].reshape(u.shape)


def in_rows(values: NDArray[np.floating]) -> Shades:
    """The values in rows of a length that cv2.remap takes, filled up with zeros."""
    flat = values.reshape(-1)
    rows = max(-(-len(flat) // ROW), 1)
    return np.pad(flat, (0, rows * ROW - len(flat))).reshape(rows, ROW).astype(np.float32)


def lot(*numbers: "NDArray[np.floating] | float", salt: int = 0) -> Shades:
    """0..1 that belongs to whole numbers, such as those of a window; the same numbers, the same lot."""
    total: NDArray[np.float64] = np.asarray(salt * 0.7131, np.float64)
    for factor, each in zip((12.9898, 78.233, 37.719, 9.131), numbers, strict=False):
        total = total + np.asarray(each, np.float64) * factor
    return np.asarray(np.mod(np.sin(total) * 43758.5453, 1.0), dtype=np.float32)
