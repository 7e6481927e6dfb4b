"""Pictures from files and clips for the recipe, and a picture as a Frame for the product's own engine."""

from collections.abc import Iterator
from datetime import UTC, datetime
from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np

from detectors.frame import Bytes, Frame
from detectors.training.errors import UnusableMaterial

NO_TIME = datetime(1970, 1, 1, tzinfo=UTC)  # a photograph of a data set has no capture time that matters here


def read_picture(path: Path) -> Bytes:
    """(height, width, 3) BGR with even sides. Raises UnusableMaterial."""
    picture = cv2.imread(str(path), cv2.IMREAD_COLOR)
    if picture is None:
        raise UnusableMaterial(path, "is not a picture that OpenCV can read")
    height, width = picture.shape[0] // 2 * 2, picture.shape[1] // 2 * 2
    return np.asarray(picture[:height, :width], dtype=np.uint8)


def write_picture(path: Path, picture: Bytes, quality: int = 90) -> None:
    done, data = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, quality])
    if not done:
        raise UnusableMaterial(path, "could not be encoded as JPEG")
    path.write_bytes(data.tobytes())


def as_frame(picture: Bytes) -> Frame:
    """A BGR picture with even sides as the engine takes it."""
    planes = np.asarray(cv2.cvtColor(picture, cv2.COLOR_BGR2YUV_I420), dtype=np.uint8)
    return Frame(planes, media_s=0.0, pts=0, time_base=Fraction(1, 1000), captured_at=NO_TIME)


def clip_pictures(path: Path, every_s: float) -> Iterator[tuple[float, Bytes]]:
    """(media seconds, BGR picture with even sides), one every `every_s`. Raises UnusableMaterial.

    The recipe may not lean on ingest, so OpenCV's own decoder reads the clip; times are good enough to name a frame.
    """
    capture = cv2.VideoCapture(str(path))
    if not capture.isOpened():
        raise UnusableMaterial(path, "is not a clip that OpenCV can open")
    try:
        due_s = 0.0
        while capture.grab():
            at_s = float(capture.get(cv2.CAP_PROP_POS_MSEC)) / 1000
            if at_s + 1e-6 >= due_s:
                decoded, picture = capture.retrieve()
                if decoded:
                    height, width = picture.shape[0] // 2 * 2, picture.shape[1] // 2 * 2
                    yield at_s, np.asarray(picture[:height, :width], dtype=np.uint8)
                    due_s = at_s + every_s
    finally:
        capture.release()


def at_most(picture: Bytes, longest_px: int) -> tuple[Bytes, float]:
    """The picture shrunk until its longer side fits, with even sides, and the factor; never enlarged."""
    height, width = picture.shape[:2]
    by = min(longest_px / max(height, width), 1.0)
    if by == 1.0:
        return picture, 1.0
    size = (max(round(width * by) // 2 * 2, 2), max(round(height * by) // 2 * 2, 2))
    return np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_AREA), dtype=np.uint8), by
