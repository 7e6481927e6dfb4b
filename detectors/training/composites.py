"""Composites: cut-outs pasted into other streets where something of that kind could stand, and views from far away.

Pure: pictures, labels and a random generator in, picture and labels out. Size follows what stands at the same height
of the picture, since a camera that sees one car sees the next one at that distance at the same size.
"""

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.random import Generator

from detectors.frame import Bytes
from detectors.geometry import Box
from detectors.sightings import ObjectRole
from detectors.training.classes import ROLE_OF
from detectors.training.cut_outs import CutOut
from detectors.training.labelled_picture import Label

LARGEST_ENLARGEMENT = 1.25
CROWDED = 0.25  # of a label that a pasted object may hide; hidden farther than HIDDEN it is no longer labelled
HIDDEN = 0.7
TRIES = 12
# Height of a thing beside the height of a car at the same distance.
TALL_AS: dict[str, float] = {
    "person": 1.1,
    "bicycle": 0.75,
    "car": 1.0,
    "motorcycle": 0.9,
    "bus": 1.9,
    "truck": 1.6,
    "litter": 0.4,
}
ON_THE_GROUND = frozenset({ObjectRole.VEHICLE, ObjectRole.TWO_WHEELER, ObjectRole.PERSON})


def place_for(
    cut: CutOut, labels: Sequence[Label], width: int, height: int, rng: Generator
) -> tuple[Box, float] | None:
    """Where the cut-out goes and how much it is scaled, or None where it fits nowhere."""
    anchors = [label for label in labels if ROLE_OF[label.class_name] in ON_THE_GROUND]
    if not anchors:
        return None
    for _ in range(TRIES):
        anchor = anchors[int(rng.integers(len(anchors)))]
        high = anchor.box.height / TALL_AS[anchor.class_name] * TALL_AS[cut.class_name] * rng.uniform(0.85, 1.15)
        by = high / cut.picture.shape[0]
        wide = cut.picture.shape[1] * by
        bottom = anchor.box.y2 + rng.uniform(-0.05, 0.25) * anchor.box.height
        left = rng.uniform(0, max(width - wide, 1.0))
        box = Box(left, bottom - high, left + wide, bottom)
        fits = box.y1 >= 0 and box.y2 <= height and box.x2 <= width and wide >= 6 and high >= 6
        if fits and by <= LARGEST_ENLARGEMENT and not _in_the_way(box, labels):
            return box, by
    return None


def _in_the_way(box: Box, labels: Sequence[Label]) -> bool:
    return any(label.box.covered_by(box) > CROWDED or box.covered_by(label.box) > CROWDED for label in labels)


def paste(picture: Bytes, labels: Sequence[Label], cuts: Sequence[CutOut], rng: Generator) -> tuple[Bytes, list[Label]]:
    """The picture with as many of the cut-outs as found a place, and the labels of all that can still be seen."""
    canvas = picture.copy()
    all_labels = list(labels)
    for cut in cuts:
        place = place_for(cut, all_labels, picture.shape[1], picture.shape[0], rng)
        if place is not None:
            box = _blend(canvas, cut, place[0], mirrored=rng.random() < 0.5)
            all_labels = [label for label in all_labels if label.box.covered_by(box) <= HIDDEN]
            all_labels.append(Label(cut.class_name, box))
    return canvas, all_labels


def _blend(canvas: Bytes, cut: CutOut, box: Box, *, mirrored: bool) -> Box:
    """Draws the cut-out into the canvas in the light of the place; returns the box in whole pixels."""
    x1, y1 = int(box.x1), int(box.y1)
    wide, high = max(int(box.width), 1), max(int(box.height), 1)
    how = cv2.INTER_AREA if wide < cut.picture.shape[1] else cv2.INTER_LINEAR
    thing = np.asarray(cv2.resize(cut.picture, (wide, high), interpolation=how), np.float32)
    cover = np.asarray(cv2.resize(cut.cover, (wide, high), interpolation=how), np.float32)[..., None]
    if mirrored:
        thing, cover = thing[:, ::-1], cover[:, ::-1]
    behind = canvas[y1 : y1 + high, x1 : x1 + wide].astype(np.float32)
    # Half way to the brightness of the place: a white car in the shade stays a white car.
    light = float(behind.mean() + 20) / float(thing.mean() + 20)
    thing = thing * float(np.clip(1 + (light - 1) / 2, 0.6, 1.5))
    canvas[y1 : y1 + high, x1 : x1 + wide] = np.clip(thing * cover + behind * (1 - cover), 0, 255).astype(np.uint8)
    return Box(x1, y1, x1 + wide, y1 + high)


def far_view(scenes: Sequence[tuple[Bytes, Sequence[Label]]], side_px: int) -> tuple[Bytes, list[Label]]:
    """Four scenes in one square picture, each at half its side: everything small and far."""
    half = side_px // 2
    canvas = np.full((half * 2, half * 2, 3), 114, np.uint8)
    labels: list[Label] = []
    for number, (picture, own) in enumerate(scenes[:4]):
        height, width = picture.shape[:2]
        by = half / max(height, width)
        left, top = half * (number % 2), half * (number // 2)
        size = (max(int(width * by), 1), max(int(height * by), 1))
        canvas[top : top + size[1], left : left + size[0]] = cv2.resize(picture, size, interpolation=cv2.INTER_AREA)
        labels += [label.scaled(by, left, top) for label in own]
    return canvas, [label for label in labels if label.visible]
