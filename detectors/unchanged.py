"""Unchanged: does a picture show, where it matters, what the last one that was looked at shows?

Then the detector would find what it found. Pure: pictures are compared cell by cell, each the mean of some pixels, so
that an encoder's noise is not seen and a person far away is.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from detectors.geometry import Box
from detectors.sightings import Detection, Look

ROWS = 270  # of cells in a whole picture: of one of 1080 lines each is the mean of 4 x 4 pixels
LEAST_CELL_PX = 2.0  # one pixel of a small picture is noise
DIFFERS = 10  # levels of brightness: what an encoder makes of the same street at another keyframe stays below
CELLS = 6  # so many that differ are something: a person of 32 px in 1080 lines is some twenty
HOLDS_S = 10.0  # what was overlooked once is looked for again after so long, even where nothing changes


@dataclass(frozen=True)
class SeenBefore:
    """What was found in a picture, and what it looked like where it matters."""

    at_s: float
    detections: Sequence[Detection]
    regions: tuple[Box, ...]
    parts: tuple[NDArray[np.uint8], ...]

    @classmethod
    def of(cls, look: Look, detections: Sequence[Detection]) -> "SeenBefore":
        return cls(look.frame.media_s, detections, look.regions, _parts(look))

    def is_shown_by(self, look: Look) -> bool:
        """Whether it shows the same; False after HOLDS_S, and for a damaged picture."""
        frame = look.frame
        if frame.corrupt or look.regions != self.regions or not 0 <= frame.media_s - self.at_s < HOLDS_S:
            return False
        differ = 0
        for part, before in zip(_parts(look), self.parts, strict=True):
            if part.shape != before.shape:
                return False
            differ += int(np.count_nonzero(cv2.absdiff(part, before) > DIFFERS))
        return differ < CELLS


def _parts(look: Look) -> tuple[NDArray[np.uint8], ...]:
    cell_px = max(look.frame.height / ROWS, LEAST_CELL_PX)
    return tuple(
        look.frame.grey_of(region, max(round(region.width / cell_px), 1), max(round(region.height / cell_px), 1))
        for region in look.regions
    )
