"""Which parts of the picture the detector is given, and how they share its input.

The fences say where anything matters. A part of the picture fills the network's input with more pixels an object,
so small vehicles far away are found that the whole picture would lose, at the same cost. Parts that lie far from
each other are put side by side into one input.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

from detectors.geometry import Box, Polygon

MARGIN = 0.15  # of a part's longer side: vehicles rise above the ground they stand on and drive in from outside
LEAST_MARGIN = 0.04  # of the picture's width: a fence round one bay is small, the vehicle in it is not
NOMINAL_PX = 640  # input side the choice is made for; the engine packs for its own
WHOLE_FROM = 0.8  # of the scale of the parts: where the whole picture is shown nearly as large, it is shown
JOIN_FROM = 0.95  # likewise for two parts and the part round both
LARGEST_SCALE = 3.0  # more pixels than that show nothing that is not there
GAP_PX = 8  # of grey between two parts in the input
STEP = 0.96  # of one scale to the next that is tried


@dataclass(frozen=True, slots=True)
class Placed:
    """A part of the picture in the network's input: scaled by `scale`, its corner at (left, top)."""

    region: Box
    scale: float
    left: int
    top: int

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in the input, pixels."""
        return max(round(self.region.width * self.scale), 2), max(round(self.region.height * self.scale), 2)


def look_regions(fences: Sequence[Polygon], width: int, height: int) -> tuple[Box, ...]:
    """The parts of a picture of `width` × `height` pixels to look at; the whole picture where there is no fence."""
    whole = Box(0, 0, width, height)
    parts = [_with_margin(fence.bounds, width, height) for fence in fences]
    while len(parts) > 1:
        scale = _scale_of(parts)
        joined = [
            (_scale_of(fewer), fewer)
            for one, other in combinations(parts, 2)
            for fewer in [[*(each for each in parts if each not in (one, other)), _round(one, other)]]
            if _scale_of(fewer) >= JOIN_FROM * scale or one.intersection(other) > 0
        ]
        if not joined:
            break
        parts = max(joined, key=lambda choice: choice[0])[1]
    if not parts or _scale_of([whole]) >= WHOLE_FROM * _scale_of(parts):
        return (whole,)
    return tuple(parts)


def pack(regions: Sequence[Box], width: int, height: int) -> list[Placed]:
    """All regions in an input of `width` × `height` pixels, at one scale, as large as they go: rows of parts."""
    scale = LARGEST_SCALE
    if len(regions) == 1:
        scale = min(width / regions[0].width, height / regions[0].height, LARGEST_SCALE)
    while (placed := packed_at(regions, scale, width, height)) is None:
        scale *= STEP
    return placed


def packed_at(regions: Sequence[Box], scale: float, width: int, height: int) -> list[Placed] | None:
    """Likewise at this scale; None where they do not fit."""
    if len(regions) > 1:
        return _in_rows(regions, scale, width, height)
    across, down = Placed(regions[0], scale, 0, 0).size
    if across > width or down > height:
        return None
    return [Placed(regions[0], scale, (width - across) // 2, (height - down) // 2)]


def _in_rows(regions: Sequence[Box], scale: float, width: int, height: int) -> list[Placed] | None:
    placed: list[Placed] = []
    left = top = row_height = 0
    for region in sorted(regions, key=lambda each: each.height, reverse=True):
        part = Placed(region, scale, left, top)
        if left + part.size[0] > width:
            left, top, row_height = 0, top + row_height + GAP_PX, 0
            part = Placed(region, scale, left, top)
        if left + part.size[0] > width or top + part.size[1] > height:
            return None
        placed.append(part)
        left, row_height = left + part.size[0] + GAP_PX, max(row_height, part.size[1])
    return placed


def _scale_of(parts: Sequence[Box]) -> float:
    return pack(parts, NOMINAL_PX, NOMINAL_PX)[0].scale


def _round(one: Box, other: Box) -> Box:
    return Box(min(one.x1, other.x1), min(one.y1, other.y1), max(one.x2, other.x2), max(one.y2, other.y2))


def _with_margin(bounds: Box, width: int, height: int) -> Box:
    margin_px = max(MARGIN * max(bounds.width, bounds.height), LEAST_MARGIN * width)
    return Box(bounds.x1 - margin_px, bounds.y1 - margin_px, bounds.x2 + margin_px, bounds.y2 + margin_px).within(
        width, height
    )
