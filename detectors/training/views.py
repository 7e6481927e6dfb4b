"""What a picture is made into before a teacher and its student look at it. Pure but for the generator handed in."""

import math

import cv2
import numpy as np
from numpy.random import Generator

from detectors.frame import Bytes
from detectors.openvino_engine import LETTERBOX_GREY

MOST_ENLARGED = 2.0


def view(picture: Bytes, side_px: int, sides_px: tuple[float, float], rng: Generator) -> Bytes:
    """(side, side, 3): a part of the picture at some size, mirrored or not, in some light; grey where it ends. BGR.

    sides_px: the longer side that the whole picture is brought to, from and to.
    """
    low, high = (math.log(each) for each in sides_px)
    by = min(math.exp(rng.uniform(low, high)) / max(picture.shape[:2]), MOST_ENLARGED)
    seen = cv2.resize(picture, None, fx=by, fy=by, interpolation=cv2.INTER_AREA if by < 1 else cv2.INTER_LINEAR)
    if rng.random() < 0.5:
        seen = seen[:, ::-1]
    top, left = (int(rng.integers(0, max(length - side_px, 0) + 1)) for length in seen.shape[:2])
    seen = seen[top : top + side_px, left : left + side_px]
    if rng.random() < 0.6:
        gains = np.float32(rng.uniform(0.7, 1.3)) * rng.uniform(0.93, 1.07, 3).astype(np.float32)
        seen = np.clip(seen * gains + np.float32(rng.uniform(-25, 25)), 0, 255).astype(np.uint8)
    canvas = np.full((side_px, side_px, 3), LETTERBOX_GREY, np.uint8)
    height, width = seen.shape[:2]
    down, right = (side_px - height) // 2, (side_px - width) // 2
    canvas[down : down + height, right : right + width] = seen
    return canvas
