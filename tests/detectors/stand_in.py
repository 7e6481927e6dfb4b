"""A detector for drawn streets: it finds patches of strong colour in the pixels, so tests hang on no weights.

It sees what the decoded picture shows and nothing else: of what is hidden, only the part that looks out, if any.
"""

import hashlib
from collections.abc import Mapping, Sequence

import cv2
import numpy as np

from detectors.geometry import Box
from detectors.sightings import Detection, Look, ObjectRole

HUES = {"red": 0, "yellow": 29, "green": 60, "cyan": 93, "blue": 115, "magenta": 152}  # OpenCV's half degrees
HUE_TOLERANCE = 9
LEAST_SATURATION, LEAST_VALUE = 110, 70
LEAST_AREA_PX = 120
CONFIDENCE = 0.9


class StandInDetector:
    """meaning: colour -> role and class; without it every patch is a car."""

    name = "stand-in"
    digest = hashlib.sha256(b"patches of strong colour").hexdigest()

    def __init__(self, meaning: Mapping[str, tuple[ObjectRole, str]] | None = None) -> None:
        self._meaning = dict.fromkeys(HUES, (ObjectRole.VEHICLE, "car")) if meaning is None else meaning

    def detect(self, looks: Sequence[Look]) -> list[list[Detection]]:
        return [self._found(look) for look in looks]

    def _found(self, look: Look) -> list[Detection]:
        hsv = cv2.cvtColor(look.frame.bgr(), cv2.COLOR_BGR2HSV)
        strong = (hsv[:, :, 1] >= LEAST_SATURATION) & (hsv[:, :, 2] >= LEAST_VALUE)
        found: list[Detection] = []
        for colour, (role, class_name) in self._meaning.items():
            hue = HUES[colour]
            away = np.abs(hsv[:, :, 0].astype(np.int16) - hue)
            mask = strong & (np.minimum(away, 180 - away) <= HUE_TOLERANCE)
            whole = cv2.morphologyEx(mask.astype(np.uint8), cv2.MORPH_CLOSE, np.ones((9, 9), np.uint8))
            _, _, patches, _ = cv2.connectedComponentsWithStats(whole)
            found += [
                Detection(Box(x, y, x + width, y + height), role, class_name, CONFIDENCE)
                for x, y, width, height, area in patches[1:].tolist()
                if area >= LEAST_AREA_PX
            ]
        return [each for each in found if any(each.box.covered_by(region) > 0.5 for region in look.regions)]
