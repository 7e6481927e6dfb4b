"""The finder: number plates in a picture, each with its four corners.

The network is of the RetinaFace family: three levels of anchors, for each a score, a box and the corners. What is
small is looked at once more, enlarged; what was found twice is kept once.
"""

from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from detectors.frame import Bytes
from detectors.geometry import Box
from detectors.plates.plate_weights import FINDER, network

STRIDES = (8, 16, 32)
ANCHORS_PX = ((24, 48), (96, 192), (384, 768))
VARIANCES = (0.1, 0.2)
MEAN_BGR = (104.0, 117.0, 123.0)
LEAST_SCORE, LEAST_SCORE_AGAIN = 0.5, 0.3  # at the first look, and at a second that is asked for
DOUBLES_IOU = 0.3
SIDES = 32  # input sides are multiples of the coarsest stride
Floats = NDArray[np.float32]


@dataclass(frozen=True)
class FoundPlate:
    """corners: (4, 2) pixels of the picture: top left, top right, bottom right, bottom left."""

    corners: Floats
    score: float

    @property
    def box(self) -> Box:
        (x1, y1), (x2, y2) = self.corners.min(axis=0).tolist(), self.corners.max(axis=0).tolist()
        return Box(x1, y1, x2, y2)


def find_plates(picture: Bytes, scale: float, least_score: float = LEAST_SCORE) -> list[FoundPlate]:
    """Plates of a BGR picture, looked at `scale` times as large as it is, the surest first. Raises NoPlateWeights."""
    canvas = _canvas(picture, scale)
    answer = network(FINDER).run(canvas)
    scores = answer["conf"][0][:, 1]
    likely = np.flatnonzero(scores >= least_score)
    if not likely.size:
        return []
    anchors = _anchors(canvas.shape[2], canvas.shape[3])[likely]
    offsets = answer["landms"][0][likely].reshape(-1, 4, 2)
    points = (anchors[:, None, :2] + offsets * VARIANCES[0] * anchors[:, None, 2:]) / scale
    found = [
        FoundPlate(_in_order(corners), float(score)) for corners, score in zip(points, scores[likely], strict=True)
    ]
    return without_doubles(found)


def without_doubles(found: list[FoundPlate]) -> list[FoundPlate]:
    kept: list[FoundPlate] = []
    for one in sorted(found, key=lambda each: -each.score):
        if all(one.box.iou(other.box) < DOUBLES_IOU for other in kept):
            kept.append(one)
    return kept


def _canvas(picture: Bytes, scale: float) -> Floats:
    """(1, 3, height, width) with the mean taken off; what is added at the right and below is of the mean colour."""
    how = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    size = (max(round(picture.shape[1] * scale), 1), max(round(picture.shape[0] * scale), 1))
    scaled = cv2.resize(picture, size, interpolation=how)
    canvas = np.zeros((1, 3, -(-size[1] // SIDES) * SIDES, -(-size[0] // SIDES) * SIDES), np.float32)
    canvas[0, :, : size[1], : size[0]] = (scaled.astype(np.float32) - np.array(MEAN_BGR, np.float32)).transpose(2, 0, 1)
    return canvas


@lru_cache(maxsize=8)
def _anchors(height: int, width: int) -> Floats:
    """(anchors, 4): centre x, centre y, width, height in pixels, in the order of the network's answers."""
    levels = []
    for stride, sizes in zip(STRIDES, ANCHORS_PX, strict=True):
        rows, columns = np.mgrid[0 : -(-height // stride), 0 : -(-width // stride)]
        centre = [(columns + 0.5) * stride, (rows + 0.5) * stride]
        each = [np.stack([*centre, np.full(rows.shape, size), np.full(rows.shape, size)], axis=-1) for size in sizes]
        levels.append(np.stack(each, axis=2).reshape(-1, 4))
    return np.concatenate(levels).astype(np.float32)


def _in_order(points: Floats) -> Floats:
    """From the top left clockwise, whatever order they come in; the upper side is the one that runs most to the right.

    Of a plate that is tilted by more than its own diagonal, the top left corner is not above the middle any more.
    """
    away = points - points.mean(axis=0)
    around = points[np.argsort(np.arctan2(away[:, 1], away[:, 0]))]
    to_the_right = np.roll(around, -1, axis=0)[:, 0] - around[:, 0]
    return np.asarray(np.roll(around, -int(to_the_right.argmax()), axis=0), dtype=np.float32)
