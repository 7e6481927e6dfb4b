"""Stills: one frame of the clip's own packets as a picture, and the close-up of what it is about.

A still is the whole picture, so that vehicle, place and marking are in it together. Of the picture of the moment and
the next few that decode by themselves the one is taken that shows the vehicle clearly sharper, never one from before.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from detectors.frame import Bytes, Frame
from detectors.geometry import Box
from ingest.decoding import decoder_version

JPEG_QUALITY = 92
CLOSE_UP_MARGIN = 0.12  # of the box, on each side
CHOSEN_WITHIN_S = 4.0  # after the moment
MOST_OTHERS = 2  # keyframes: a few milliseconds each
CLEARLY_SHARPER = 1.15  # times; less is the sensor's noise, and then the moment's own picture counts for more
SAME_VIEW = 0.8  # correlation inside the box: a bus in front is sharp too
COMPARED_PX = 48
EDGE_PX = 2.0  # a vehicle this close to the picture's edge is cut off by it


def write_still(frame: Frame, path: Path) -> None:
    write_jpeg(frame.bgr(), path)


def write_close_up(frame: Frame, box: Box, path: Path) -> None:
    write_jpeg(_cut(frame.bgr(), close_up_box(frame, box)), path)


def close_up_box(frame: Frame, box: Box) -> Box:
    return box.padded(CLOSE_UP_MARGIN).within(frame.width, frame.height)


def sharpness(frame: Frame, box: Box) -> float:
    """Variance of the Laplacian inside the box (Pech-Pacheco et al. 2000): higher is sharper."""
    part = _cut(frame.luma, box.within(frame.width, frame.height))
    return float(cv2.Laplacian(part, cv2.CV_32F).var())


@dataclass(frozen=True)
class Candidate:
    frame: Frame
    sharpness: float
    same_view: float


@dataclass(frozen=True)
class Choice:
    """Which of the candidates became the still; the first is the picture of the moment itself."""

    frame: Frame
    box: Box
    candidates: tuple[Candidate, ...]

    def recipe(self) -> dict[str, Any]:
        box, width, height = self.box, self.frame.width, self.frame.height
        whole = box.x1 > EDGE_PX and box.y1 > EDGE_PX and box.x2 < width - EDGE_PX and box.y2 < height - EDGE_PX
        return {
            "vehicle_box": box.as_list(),
            "vehicle_whole": whole,
            "chosen": {
                "by": "variance of the Laplacian in the vehicle's box",
                "clearly_sharper": CLEARLY_SHARPER,
                "same_view": SAME_VIEW,
                "candidates": [
                    {
                        "pts": each.frame.pts,
                        "media_s": round(each.frame.media_s, 6),
                        "sharpness": round(each.sharpness, 1),
                        "same_view": round(each.same_view, 3),
                    }
                    for each in self.candidates
                ],
            },
        }


def choose(shown: Frame, others: Sequence[Frame], box: Box) -> Choice:
    """The picture of the moment, or another that shows the same vehicle as it stands, and clearly sharper."""
    view = shown.grey_of(box, COMPARED_PX, COMPARED_PX)
    candidates = [Candidate(shown, sharpness(shown, box), 1.0)]
    candidates += [Candidate(each, sharpness(each, box), _likeness(view, each, box)) for each in others]
    usable = [each for each in candidates[1:] if each.same_view >= SAME_VIEW]
    best = max(usable, key=lambda each: each.sharpness, default=candidates[0])
    chosen = best if best.sharpness >= CLEARLY_SHARPER * candidates[0].sharpness else candidates[0]
    return Choice(chosen.frame, box, tuple(candidates))


def _likeness(view: Bytes, other: Frame, box: Box) -> float:
    """Correlation of the brightness inside the box, -1..1; a box without any drawing is like nothing."""
    one, two = (each.astype(np.float32) - each.mean() for each in (view, other.grey_of(box, COMPARED_PX, COMPARED_PX)))
    size = float(np.sqrt((one * one).sum() * (two * two).sum()))
    return float((one * two).sum()) / size if size > 0 else 0.0


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


def write_jpeg(picture: Bytes, path: Path) -> None:
    _, encoded = cv2.imencode(".jpg", np.ascontiguousarray(picture), [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])
    path.write_bytes(encoded.tobytes())
