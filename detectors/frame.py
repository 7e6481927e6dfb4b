"""A decoded picture with its time: what ingest hands to the detectors.

The picture stays in the planes the decoder made (I420); colour is made only for the part that is looked at, at
the size it is looked at. Full-size colour is made for evidence stills alone.
"""

from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from functools import cached_property

import cv2
import numpy as np
from numpy.typing import NDArray

from detectors.geometry import Box

Bytes = NDArray[np.uint8]


@dataclass(frozen=True)
class Frame:
    """planes: uint8 (height * 3 / 2, width), I420; width and height even.

    media_s: seconds since the start of the source, from media_clock. pts: ticks of time_base, as in the container.
    corrupt: the decoder concealed errors; such a frame may show that something is there, never that it is gone, and it
    is never the only evidence.
    """

    planes: Bytes
    media_s: float
    pts: int
    time_base: Fraction
    captured_at: datetime
    keyframe: bool = False
    corrupt: bool = False

    @property
    def width(self) -> int:
        return int(self.planes.shape[1])

    @property
    def height(self) -> int:
        return int(self.planes.shape[0]) * 2 // 3

    @property
    def luma(self) -> Bytes:
        """(height, width) brightness, a view."""
        return self.planes[: self.height]

    def _chroma(self) -> tuple[Bytes, Bytes]:
        """The two colour planes, (height / 2, width / 2) each."""
        size = (self.height // 2, self.width // 2)
        flat = self.planes[self.height :].reshape(-1)
        half = size[0] * size[1]
        return flat[:half].reshape(size), flat[half:].reshape(size)

    def grey_of(self, box: Box, width: int, height: int) -> Bytes:
        """The brightness of the part inside `box`, scaled to (height, width)."""
        part = box.within(self.width, self.height)
        x1, y1 = int(part.x1), int(part.y1)
        x2, y2 = max(int(part.x2), x1 + 1), max(int(part.y2), y1 + 1)
        scaled = cv2.resize(self.luma[y1:y2, x1:x2], (width, height), interpolation=cv2.INTER_AREA)
        return np.asarray(scaled, dtype=np.uint8)

    def yuv_of(self, box: Box, width: int, height: int) -> Bytes:
        """(height, width, 3) Y, U and V of the part inside `box`, each scaled to that size.

        Of a much larger part not every row is read: for comparing looks, not for looking at.
        """
        part = box.within(self.width, self.height)
        x1, y1 = int(part.x1) // 2 * 2, int(part.y1) // 2 * 2
        x2, y2 = max(int(part.x2) // 2 * 2, x1 + 2), max(int(part.y2) // 2 * 2, y1 + 2)
        planes = [self.luma[y1:y2, x1:x2], *(each[y1 // 2 : y2 // 2, x1 // 2 : x2 // 2] for each in self._chroma())]
        scaled = [
            cv2.resize(plane[:: max(plane.shape[0] // (2 * height), 1)], (width, height), interpolation=cv2.INTER_AREA)
            for plane in planes
        ]
        return np.asarray(cv2.merge(scaled), dtype=np.uint8)

    def rgb_of(self, box: Box, width: int, height: int) -> Bytes:
        """(height, width, 3) RGB of the part inside `box`; planes are scaled first, then made colour (BT.601)."""
        part = box.within(self.width, self.height)
        x1, y1 = int(part.x1) // 2 * 2, int(part.y1) // 2 * 2
        x2 = min(max(int(part.x2 + 1) // 2 * 2, x1 + 2), self.width)
        y2 = min(max(int(part.y2 + 1) // 2 * 2, y1 + 2), self.height)
        even_w, even_h = max(width // 2 * 2, 2), max(height // 2 * 2, 2)
        # LINEAR reads four pixels: past a factor of two it would skip some, and small things flicker
        how = cv2.INTER_AREA if (x2 - x1) > 2 * even_w else cv2.INTER_LINEAR
        luma = cv2.resize(self.luma[y1:y2, x1:x2], (even_w, even_h), interpolation=how)
        u, v = (
            cv2.resize(plane[y1 // 2 : y2 // 2, x1 // 2 : x2 // 2], (even_w // 2, even_h // 2), interpolation=how)
            for plane in self._chroma()
        )
        stacked = np.concatenate([luma.reshape(-1), u.reshape(-1), v.reshape(-1)]).reshape(even_h * 3 // 2, even_w)
        rgb = cv2.cvtColor(stacked, cv2.COLOR_YUV2RGB_I420)
        if (even_w, even_h) != (width, height):
            rgb = cv2.resize(rgb, (width, height), interpolation=cv2.INTER_LINEAR)
        return np.asarray(rgb, dtype=np.uint8)

    def mean_colour(self, box: Box) -> tuple[float, float, float]:
        """Mean Y, U and V inside `box`, 0..255 each; U and V of grey are 128."""
        part = box.within(self.width, self.height)
        x1, y1 = int(part.x1) // 2, int(part.y1) // 2
        x2, y2 = max(int(part.x2) // 2, x1 + 1), max(int(part.y2) // 2, y1 + 1)
        y = cv2.mean(self.luma[2 * y1 : 2 * y2, 2 * x1 : 2 * x2])[0]
        u, v = (cv2.mean(plane[y1:y2, x1:x2])[0] for plane in self._chroma())
        return y, u, v

    @cached_property
    def colour_cast(self) -> tuple[float, float, float]:
        """Middle Y, U and V of the whole picture, from every eighth sample: a bus that drives up does not move them."""
        y, u, v = (float(np.median(plane[::8, ::8])) for plane in (self.luma, *self._chroma()))
        return y, u, v

    def bgr(self) -> Bytes:
        """(height, width, 3), the whole picture at full size."""
        return np.asarray(cv2.cvtColor(self.planes, cv2.COLOR_YUV2BGR_I420), dtype=np.uint8)
