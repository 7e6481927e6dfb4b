"""Failure pictures for the model card: what a detector misses and makes up, on streets of our own drawing.

The street pictures that the other figures are made on may not be shown; these may, and were not trained on.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from detectors.frame import Bytes
from detectors.geometry import Box
from detectors.rendered_street.scenes import scenes
from detectors.sightings import Detection, Detector, ObjectRole
from detectors.training.classes import ROLE_OF
from detectors.training.evaluation import MEETS_IOU, size_px
from detectors.training.figures import AT_LEAST_PX, COMPARED, see

SEED = 77  # not the one that training pictures are drawn with
FOUND, MISSED, MADE_UP = (60, 200, 60), (40, 40, 230), (0, 200, 255)  # BGR
TILE = (640, 360)
COLUMNS = 3


@dataclass(frozen=True)
class Judgement:
    picture: Bytes
    found: list[Box]
    missed: list[Box]
    made_up: list[Box]

    @property
    def failures(self) -> int:
        return len(self.missed) + len(self.made_up)


def failure_sheet(detector: Detector, confidence: float, *, looked_at: int = 60, shown: int = 6) -> Bytes:
    """The pictures with most failures, in one: found green, missed red, made up yellow (from 32 px, vehicles first)."""
    judged = [_judged(detector, picture, named, confidence) for picture, named in scenes(SEED, looked_at)]
    worst = sorted(judged, key=lambda each: each.failures, reverse=True)[:shown]
    tiles = [_drawn(each) for each in worst]
    rows = [np.hstack(tiles[at : at + COLUMNS]) for at in range(0, len(tiles), COLUMNS)]
    return np.asarray(np.vstack(rows), dtype=np.uint8)


def _judged(
    detector: Detector, picture: Bytes, named: Sequence[tuple[str, float, float, float, float]], confidence: float
) -> Judgement:
    labels = [(ROLE_OF[name], Box(*corners)) for name, *corners in named]
    labels = [(role, box) for role, box in labels if role in COMPARED and size_px(box) >= AT_LEAST_PX]
    said = [each for each in see(detector, picture).found if each.confidence >= confidence and each.role in COMPARED]
    return Judgement(
        picture,
        found=[box for role, box in labels if _met(role, box, said)],
        missed=[box for role, box in labels if not _met(role, box, said)],
        made_up=[
            each.box
            for each in said
            if size_px(each.box) >= AT_LEAST_PX and not any(box.iou(each.box) >= MEETS_IOU / 2 for _, box in labels)
        ],
    )


def _met(role: ObjectRole, box: Box, said: Sequence[Detection]) -> bool:
    return any(each.role is role and each.box.iou(box) >= MEETS_IOU for each in said)


def _drawn(judged: Judgement) -> Bytes:
    canvas = judged.picture.copy()
    for boxes, colour in ((judged.found, FOUND), (judged.missed, MISSED), (judged.made_up, MADE_UP)):
        for box in boxes:
            cv2.rectangle(canvas, (round(box.x1), round(box.y1)), (round(box.x2), round(box.y2)), colour, 2)
    return np.asarray(cv2.resize(canvas, TILE, interpolation=cv2.INTER_AREA), dtype=np.uint8)
