"""Of the looks of a camera one every few seconds is kept as its newest picture, small (cases/newest_pictures.py)."""

import logging
import math
from dataclasses import dataclass, field
from pathlib import Path

import cv2

from cases import newest_pictures
from detectors.frame import Frame
from detectors.geometry import Box
from models.watching import HOME

log = logging.getLogger(__name__)

EVERY_S = 5.0
WIDEST_PX, JPEG_QUALITY = 1280, 75  # about 120 kB of a street


@dataclass
class NewestPictureKeeper:
    """folder: None: nobody wants any. Not for two threads."""

    folder: Path | None
    camera_id: str
    _due_s: float = field(default=-math.inf, init=False)

    def offer(self, frame: Frame, now_s: float, preset: str = HOME) -> None:
        """now_s: any clock that runs on. A full disk costs the picture and nothing else.

        What a dome sees in a preset is kept as that, and as what the camera sees now.
        """
        if self.folder is None or now_s < self._due_s:
            return
        self._due_s = now_s + EVERY_S
        try:
            jpeg = small_jpeg(frame)
            for view in {preset, HOME}:
                newest_pictures.keep(self.folder, self.camera_id, jpeg, frame.captured_at, view)
        except OSError as error:
            log.warning("the newest picture is not kept: %s", error, extra={"camera": self.camera_id})


def small_jpeg(frame: Frame) -> bytes:
    width = min(frame.width, WIDEST_PX)
    height = max(round(frame.height * width / frame.width), 1)
    # made anew as BGR: OpenCV encodes a view that runs backwards at a third of the speed
    picture = cv2.cvtColor(frame.rgb_of(Box(0, 0, frame.width, frame.height), width, height), cv2.COLOR_RGB2BGR)
    _, encoded = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])
    return encoded.tobytes()
