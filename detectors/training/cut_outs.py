"""Objects cut out of their pictures along their outline, to be pasted into other streets.

The outline comes from OpenCV's GrabCut, started from the label's box. What it does not separate cleanly is dropped:
a cut-out with half a street on it would teach the seam.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from detectors.frame import Bytes
from detectors.geometry import Box
from detectors.training.labelled_picture import Label

SMALLEST_SIDE_PX = 36
LARGEST_SIDE_PX = 420
MARGIN = 0.15  # of the box on each side: what GrabCut learns the background from
OVERLAP = 0.08  # of a box that another may cover
FILLED = (0.38, 0.95)  # share of the box that an outline of a street object fills
SPANNED = 0.88  # of the box's width and height that the outline must reach
IN_ONE_PIECE = 0.9
GRABCUT_ROUNDS = 4


@dataclass(frozen=True)
class CutOut:
    """picture: (h, w, 3) BGR; cover: (h, w) 0..1, soft at the outline."""

    class_name: str
    picture: Bytes
    cover: np.ndarray[tuple[int, ...], np.dtype[np.float32]]


def stands_free(label: Label, others: Sequence[Label], width: int, height: int) -> bool:
    """Whole in the picture, of a useful size, hardly touched by another label."""
    box = label.box
    inside = box.x1 > 2 and box.y1 > 2 and box.x2 < width - 2 and box.y2 < height - 2
    sides = sorted((box.width, box.height))
    fits = sides[0] >= SMALLEST_SIDE_PX and sides[1] <= LARGEST_SIDE_PX
    return inside and fits and not any(o is not label and box.covered_by(o.box) > OVERLAP for o in others)


def cut_out(picture: Bytes, label: Label) -> CutOut | None:
    """The object along its outline, or None where it does not come off cleanly."""
    height, width = picture.shape[:2]
    around = label.box.padded(MARGIN).within(width, height)
    x1, y1, x2, y2 = (int(side) for side in (around.x1, around.y1, around.x2, around.y2))
    part = np.ascontiguousarray(picture[y1:y2, x1:x2])
    left, top = int(label.box.x1) - x1, int(label.box.y1) - y1
    wide, high = int(label.box.width), int(label.box.height)
    mask = np.zeros(part.shape[:2], np.uint8)
    cv2.setRNGSeed(0)  # GrabCut begins with a random clustering; the same picture gives the same outline
    cv2.grabCut(
        part,
        mask,
        (left, top, wide, high),
        np.zeros((1, 65), np.float64),
        np.zeros((1, 65), np.float64),
        GRABCUT_ROUNDS,
        cv2.GC_INIT_WITH_RECT,
    )
    own = np.isin(mask, (cv2.GC_FGD, cv2.GC_PR_FGD)).astype(np.uint8)[top : top + high, left : left + wide]
    main = _main_piece(own)
    if main is None:
        return None
    cover = cv2.GaussianBlur(main.astype(np.float32), (3, 3), 0)
    inside = part[top : top + high, left : left + wide]
    return CutOut(label.class_name, np.ascontiguousarray(inside), np.asarray(cover, np.float32))


def _main_piece(own: Bytes) -> Bytes | None:
    """The largest connected piece without its holes, or None where it is not like one whole object."""
    count, numbered, stats, _ = cv2.connectedComponentsWithStats(own)
    if count < 2:
        return None
    largest = 1 + int(np.argmax(stats[1:, cv2.CC_STAT_AREA]))
    piece = (numbered == largest).astype(np.uint8)
    if piece.sum() < IN_ONE_PIECE * own.sum():
        return None
    outlines, _ = cv2.findContours(piece, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    whole = np.zeros_like(piece)
    cv2.drawContours(whole, outlines, -1, 1, cv2.FILLED)
    box = Box(*(float(v) for v in (0, 0, stats[largest, cv2.CC_STAT_WIDTH], stats[largest, cv2.CC_STAT_HEIGHT])))
    spans = box.width >= SPANNED * own.shape[1] and box.height >= SPANNED * own.shape[0]
    return whole if spans and FILLED[0] <= whole.mean() <= FILLED[1] else None
