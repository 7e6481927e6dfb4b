"""Drawing on derivatives: covering parts, the caption strip below, several pictures on a sheet. Never on an original.

A picture is (height, width, 3) BGR; `planes` are those of detectors/frame.py, so that a clip's colours are not made
and unmade for every picture.
"""

from collections.abc import Callable, Iterable, Sequence

import cv2
import numpy as np

from detectors.frame import Bytes
from evidence.derivatives.caption import time_in_strip
from evidence.derivatives.recipe import Caption, Mask

TEXT_SHARE = 1 / 64  # of the picture's width
LEAST_TEXT_PX, MOST_TEXT_PX = 12, 34
LINE_HEIGHT = 1.5
BETWEEN_FIELDS = 1.5  # of the text's size
STRIP_GROUND, STRIP_TEXT = (24, 24, 24), (245, 245, 245)
WEIGHT = 400
LEAST_STRIP_PX = 480  # a close-up may be narrower than any words
SHEET_GROUND = 255
SHEET_GAP_PX = 8


def cover(picture: Bytes, masks: Iterable[Mask]) -> Bytes:
    """A copy in which nothing of the masked parts is left but their mean colour."""
    covered = picture.copy()
    for mask in masks:
        x1, y1, x2, y2 = mask.box
        covered[y1:y2, x1:x2] = picture[y1:y2, x1:x2].mean(axis=(0, 1)).round()
    return covered


def cover_planes(planes: Bytes, masks: Iterable[Mask]) -> Bytes:
    """Likewise of I420; the masks' edges are even, as the colour planes need."""
    covered = [plane.copy() for plane in _planes(planes)]
    for mask in masks:
        x1, y1, x2, y2 = mask.box
        for plane, fine in zip(covered, (1, 2, 2), strict=True):
            part = plane[y1 // fine : y2 // fine, x1 // fine : x2 // fine]
            part[...] = round(float(part.mean()))
    return _joined(covered)


def scale_planes(planes: Bytes, width: int, height: int) -> Bytes:
    """At another size, both sides even."""
    sizes = ((width, height), (width // 2, height // 2), (width // 2, height // 2))
    scaled = [
        cv2.resize(plane, size, interpolation=cv2.INTER_AREA)
        for plane, size in zip(_planes(planes), sizes, strict=True)
    ]
    return _joined([np.asarray(plane, dtype=np.uint8) for plane in scaled])


def strip(caption: Caption, width: int, after_s: float = 0.0) -> Bytes:
    """The words as a picture of `width` pixels, as high as they need: even, and the same whatever the time in it."""
    size = max(min(round(width * TEXT_SHARE), MOST_TEXT_PX), LEAST_TEXT_PX)
    rows = _rows(caption, width - size, size)
    line = round(size * LINE_HEIGHT)
    height = (len(rows) * line + size + 1) // 2 * 2
    picture = np.full((height, width, 3), STRIP_GROUND, dtype=np.uint8)
    face = cv2.FontFace(caption.font)
    shown_at = time_in_strip(caption, after_s)
    for number, row in enumerate(rows):
        for left, field in row:
            baseline = size // 2 + number * line + size
            text = field.replace("{at}", shown_at)
            cv2.putText(picture, text, (left, baseline), STRIP_TEXT, face, size, WEIGHT)
    return picture


def above_strip(picture: Bytes, caption: Caption) -> Bytes:
    """A picture with its strip below; one that is narrower than words need stands in the middle."""
    width = max(picture.shape[1], LEAST_STRIP_PX)
    return np.vstack([fitted(picture, width, picture.shape[0]), strip(caption, width)])


def fitted(picture: Bytes, width: int, height: int) -> Bytes:
    """As large as it goes into `width` × `height`, never larger than it is, in the middle of the strip's ground."""
    share = min(width / picture.shape[1], height / picture.shape[0], 1.0)
    size = (max(round(picture.shape[1] * share), 1), max(round(picture.shape[0] * share), 1))
    part = picture if share == 1.0 else cv2.resize(picture, size, interpolation=cv2.INTER_AREA)
    ground = np.full((height, width, 3), STRIP_GROUND, dtype=np.uint8)
    left, top = (width - part.shape[1]) // 2, (height - part.shape[0]) // 2
    ground[top : top + part.shape[0], left : left + part.shape[1]] = part
    return ground


def planes_above_strip(planes: Bytes, below: Bytes) -> Bytes:
    """A clip's picture with a strip of its width below."""
    words = np.asarray(cv2.cvtColor(below, cv2.COLOR_BGR2YUV_I420), dtype=np.uint8)
    pairs = zip(_planes(planes), _planes(words), strict=True)
    return _joined([np.vstack([above, under]) for above, under in pairs])


def sheet(cells: Sequence[Bytes], columns: int) -> Bytes:
    """Pictures of one width in rows of `columns`, on white."""
    width, height = max(cell.shape[1] for cell in cells), max(cell.shape[0] for cell in cells)
    lines = -(-len(cells) // columns)
    page = np.full(
        (lines * (height + SHEET_GAP_PX) + SHEET_GAP_PX, columns * (width + SHEET_GAP_PX) + SHEET_GAP_PX, 3),
        SHEET_GROUND,
        dtype=np.uint8,
    )
    for number, cell in enumerate(cells):
        top = SHEET_GAP_PX + number // columns * (height + SHEET_GAP_PX)
        left = SHEET_GAP_PX + number % columns * (width + SHEET_GAP_PX)
        page[top : top + cell.shape[0], left : left + cell.shape[1]] = cell
    return page


def _rows(caption: Caption, width: int, size: int) -> list[list[tuple[int, str]]]:
    """The fields with where each begins, in as many rows as they need; one too long for a row is broken."""
    face = cv2.FontFace(caption.font)
    widest_time = "0000-00-00 00:00:00.000 (UTC+00:00)" if caption.fractions else "0000-00-00 00:00:00 (UTC+00:00)"

    def length(text: str) -> int:
        left, _, right, _ = cv2.getTextSize(
            (width, size), text.replace("{at}", widest_time), (0, 0), face, size, WEIGHT
        )
        return int(left + right)

    rows: list[list[tuple[int, str]]] = [[]]
    at = size // 2
    for field in (piece for each in caption.fields for piece in _broken(each, width, length)):
        if rows[-1] and at + length(field) > width:
            rows.append([])
            at = size // 2
        rows[-1].append((at, field))
        at += length(field) + round(size * BETWEEN_FIELDS)
    return rows


def _broken(field: str, width: int, length: Callable[[str], int]) -> list[str]:
    pieces = [""]
    if length(field) <= width:
        return [field]
    for sign in field.replace("{at}", "\0"):
        one = "{at}" if sign == "\0" else sign
        if pieces[-1] and length(pieces[-1] + one) > width:
            pieces.append("")
        pieces[-1] += one
    return pieces


def _planes(planes: Bytes) -> tuple[Bytes, Bytes, Bytes]:
    """Y, U and V of I420."""
    height, width = planes.shape[0] * 2 // 3, planes.shape[1]
    colour = planes[height:].reshape(-1)
    half = (height // 2) * (width // 2)
    size = (height // 2, width // 2)
    return planes[:height], colour[:half].reshape(size), colour[half:].reshape(size)


def _joined(planes: Sequence[Bytes]) -> Bytes:
    height, width = planes[0].shape
    return np.concatenate([plane.reshape(-1) for plane in planes]).reshape(height * 3 // 2, width)
