"""The plate made straight: cut out along its four corners, as a strip of one line, in a few views.

A view is the same plate cut a little wider or narrower: corners are never exact, and where a recogniser depends on
that, the mean over the views does not. A plate of two rows becomes one line, the upper row first.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np

from detectors.frame import Bytes
from detectors.plates.plate_finder import Floats

STRIP_HEIGHT = 64
STRIP_WIDTH = 208  # as wide as plates are, 440 mm to 140 mm, and a little
MARGINS = ((0.03, 0.04), (0.07, 0.12), (0.1, 0.06))  # of width and height, on each side
UPPER_ROW, LOWER_ROW = (0.0, 0.44), (0.36, 1.0)  # GA 36: 60 of 220 mm and 110 of 220 mm, with their rims
UPPER_SIDES = 0.16  # the upper row is shorter
DOUBLE_BELOW = 2.5  # a plate that is less wide than this, for its height, may have two rows


@dataclass(frozen=True)
class Strip:
    """One view of a plate, BGR."""

    picture: Bytes
    rows: int


def strips(picture: Bytes, corners: Floats) -> Iterator[Strip]:
    """The views of the plate with these corners; of one that may have two rows both readings of it."""
    across, up = side_lengths(corners)
    for margin in MARGINS:
        yield Strip(_straight(picture, corners, STRIP_WIDTH, STRIP_HEIGHT, margin), 1)
    if across < DOUBLE_BELOW * up:
        for margin in MARGINS[:2]:
            yield Strip(_one_line(_straight(picture, corners, STRIP_WIDTH, STRIP_WIDTH // 2, margin)), 2)


def side_lengths(corners: Floats) -> tuple[float, float]:
    """Mean width and height in pixels."""
    left_up, right_up, right_down, left_down = corners
    across = (np.linalg.norm(right_up - left_up) + np.linalg.norm(right_down - left_down)) / 2
    up = (np.linalg.norm(left_down - left_up) + np.linalg.norm(right_down - right_up)) / 2
    return float(across), float(up)


def _straight(picture: Bytes, corners: Floats, width: int, height: int, margin: tuple[float, float]) -> Bytes:
    x, y = margin[0] * width, margin[1] * height
    target = np.array([[x, y], [width - x, y], [width - x, height - y], [x, height - y]], np.float32)
    turn = cv2.getPerspectiveTransform(np.ascontiguousarray(corners, np.float32), target)
    made = cv2.warpPerspective(picture, turn, (width, height), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(made, dtype=np.uint8)


def _one_line(plate: Bytes) -> Bytes:
    height, width = plate.shape[:2]
    inset = int(UPPER_SIDES * width)
    upper = plate[int(UPPER_ROW[0] * height) : int(UPPER_ROW[1] * height), inset : width - inset]
    lower = plate[int(LOWER_ROW[0] * height) : int(LOWER_ROW[1] * height)]
    parts = [
        cv2.resize(part, (share, STRIP_HEIGHT), interpolation=cv2.INTER_CUBIC)
        for part, share in ((upper, STRIP_WIDTH * 5 // 12), (lower, STRIP_WIDTH * 9 // 12))
    ]
    return np.asarray(np.concatenate(parts, axis=1), dtype=np.uint8)
