"""Stills: one frame of the clip's own packets as a picture, and the close-up of what it is about."""

from pathlib import Path
from typing import Any

import cv2
import numpy as np

from detectors.frame import Bytes, Frame
from detectors.geometry import Box
from ingest.decoding import decoder_version

JPEG_QUALITY = 92
CLOSE_UP_MARGIN = 0.12  # of the box, on each side


def write_still(frame: Frame, path: Path) -> None:
    _write_jpeg(frame.bgr(), path)


def write_close_up(frame: Frame, box: Box, path: Path) -> None:
    _write_jpeg(_cut(frame.bgr(), close_up_box(frame, box)), path)


def close_up_box(frame: Frame, box: Box) -> Box:
    return box.padded(CLOSE_UP_MARGIN).within(frame.width, frame.height)


def sharpness(frame: Frame, box: Box) -> float:
    """Variance of the Laplacian inside the box (Pech-Pacheco et al. 2000): higher is sharper."""
    part = _cut(frame.luma, box.within(frame.width, frame.height))
    return float(cv2.Laplacian(part, cv2.CV_32F).var())


def still_recipe(frame: Frame, codec: str, clip_sha256: str) -> dict[str, Any]:
    return {
        "how": "decode",
        "clip_sha256": clip_sha256,
        "pts": frame.pts,
        "time_base": str(frame.time_base),
        "media_s": round(frame.media_s, 6),
        "decoder": decoder_version(codec),
        "encoder": f"OpenCV {cv2.__version__} JPEG quality {JPEG_QUALITY}",
        "width": frame.width,
        "height": frame.height,
        "concealed_errors": frame.corrupt,
    }


def _cut(picture: Bytes, box: Box) -> Bytes:
    x1, y1 = int(box.x1), int(box.y1)
    return picture[y1 : max(int(box.y2), y1 + 1), x1 : max(int(box.x2), x1 + 1)]


def _write_jpeg(picture: Bytes, path: Path) -> None:
    _, encoded = cv2.imencode(".jpg", np.ascontiguousarray(picture), [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])
    path.write_bytes(encoded.tobytes())
