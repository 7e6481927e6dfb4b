"""Parts of labelled pictures, enlarged round one object, and parts in which nothing of our classes stands.

Pure: picture, labels and a random generator in, picture and labels out. Street pictures show people small and far;
a part round a person of 100 pixels, enlarged, teaches what one looks like near by.
"""

import cv2
import numpy as np
from numpy.random import Generator

from detectors.frame import Bytes
from detectors.geometry import Box
from detectors.training.labelled_picture import Label

SIDE_PX = 448  # the longest side of what is made
LARGEST_ENLARGEMENT = 3.0  # beyond it there is only blur to learn from
SHARES = (0.3, 0.95)  # of the part's side that the object fills
KEPT = 0.3  # of an object must lie in the part for its label to stay
SMALLEST_SIDE_PX = 64
EMPTY_SHARES = (0.3, 0.6)  # of each side of the picture that an empty part takes
EMPTY_TRIES = 20


def zoom(picture: Bytes, labels: list[Label], anchor: Label, rng: Generator) -> tuple[Bytes, list[Label]]:
    """The part round the anchor in which it fills a share of the side that is drawn from SHARES."""
    height, width = picture.shape[:2]
    long = max(anchor.box.width, anchor.box.height)
    side = max(long / rng.uniform(*SHARES), SIDE_PX / LARGEST_ENLARGEMENT)
    wide, high = round(min(side * rng.uniform(1.0, 1.5), width)), round(min(side, height))
    left = _start(anchor.box.x1, anchor.box.x2, wide, width, rng)
    top = _start(anchor.box.y1, anchor.box.y2, high, height, rng)
    return _cut(picture, labels, Box(left, top, left + wide, top + high))


def _start(near: float, far: float, length: int, limit: int, rng: Generator) -> int:
    """Where the part begins along one axis: anywhere that keeps the object in it, or in its middle if it is larger."""
    first, last = far - length, near
    if first > last:
        first = last = (first + last) / 2
    return round(float(np.clip(rng.uniform(first, last), 0, limit - length)))


def _cut(picture: Bytes, labels: list[Label], part: Box) -> tuple[Bytes, list[Label]]:
    by = min(SIDE_PX / max(part.width, part.height), LARGEST_ENLARGEMENT)
    size = (max(round(part.width * by) // 2 * 2, 2), max(round(part.height * by) // 2 * 2, 2))
    inside = picture[int(part.y1) : int(part.y2), int(part.x1) : int(part.x2)]
    enlarged = np.asarray(cv2.resize(inside, size, interpolation=cv2.INTER_AREA if by < 1 else cv2.INTER_CUBIC))
    moved = [label.scaled(by, -part.x1 * by, -part.y1 * by) for label in labels]
    kept = [m.within(*size) for m in moved if m.within(*size).box.area > KEPT * m.box.area]
    return enlarged.astype(np.uint8), [label for label in kept if label.visible]


def empty_part(picture: Bytes, labels: list[Label], rng: Generator) -> Bytes | None:
    """A part that no label reaches into, or None where a few tries found none."""
    height, width = picture.shape[:2]
    for _ in range(EMPTY_TRIES):
        share = rng.uniform(*EMPTY_SHARES)
        wide, high = round(width * share), round(height * share)
        left, top = int(rng.integers(0, width - wide + 1)), int(rng.integers(0, height - high + 1))
        part = Box(left, top, left + wide, top + high)
        if min(wide, high) >= SMALLEST_SIDE_PX and not any(label.box.covered_by(part) > 0 for label in labels):
            return _cut(picture, [], part)[0]
    return None
