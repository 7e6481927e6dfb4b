"""Boxes and polygons, by name, so that nobody has to remember what d[2] holds.

Pixels of the picture unless a name says otherwise; the origin is the top left corner, y runs down.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from math import hypot
from typing import Literal

import shapely
from shapely.ops import split

Side = Literal["left", "right"]  # of who walks along a line from its first point, as the picture shows it
OTHER_SIDE: dict[Side, Side] = {"left": "right", "right": "left"}
FLAT = 1e-6  # of the length of a stretch: so near beside it that nothing else of the line lies between


def gone_on(line: Sequence[tuple[float, float]], by: float) -> shapely.LineString:
    """The line with its first and last stretch going on straight for `by`."""
    (x1, y1), (x2, y2) = line[1], line[0]
    (x3, y3), (x4, y4) = line[-2:]
    before, after = by / hypot(x2 - x1, y2 - y1), by / hypot(x4 - x3, y4 - y3)
    start = (x2 + (x2 - x1) * before, y2 + (y2 - y1) * before)
    return shapely.LineString([start, *line, (x4 + (x4 - x3) * after, y4 + (y4 - y3) * after)])


@dataclass(frozen=True, slots=True)
class Box:
    """x1, y1 inclusive corner, x2, y2 exclusive corner, in pixels of the full picture."""

    x1: float
    y1: float
    x2: float
    y2: float

    @property
    def width(self) -> float:
        return self.x2 - self.x1

    @property
    def height(self) -> float:
        return self.y2 - self.y1

    @property
    def area(self) -> float:
        return max(self.width, 0.0) * max(self.height, 0.0)

    @property
    def centre(self) -> tuple[float, float]:
        return (self.x1 + self.x2) / 2, (self.y1 + self.y2) / 2

    @property
    def ground_point(self) -> tuple[float, float]:
        """Bottom centre: where the object meets the ground. Never ask it of a box clipped by the picture's edge."""
        return (self.x1 + self.x2) / 2, self.y2

    def intersection(self, other: "Box") -> float:
        width = min(self.x2, other.x2) - max(self.x1, other.x1)
        height = min(self.y2, other.y2) - max(self.y1, other.y1)
        return max(width, 0.0) * max(height, 0.0)

    def iou(self, other: "Box") -> float:
        shared = self.intersection(other)
        return shared / (self.area + other.area - shared) if shared > 0 else 0.0

    def share_of_smaller(self, other: "Box") -> float:
        """Intersection over the smaller box: 1 where one lies within the other."""
        smaller = min(self.area, other.area)
        return self.intersection(other) / smaller if smaller > 0 else 0.0

    def covered_by(self, other: "Box") -> float:
        return self.intersection(other) / self.area if self.area > 0 else 0.0

    def within(self, width: float, height: float) -> "Box":
        return Box(max(self.x1, 0.0), max(self.y1, 0.0), min(self.x2, width), min(self.y2, height))

    def padded(self, share: float) -> "Box":
        dx, dy = self.width * share, self.height * share
        return Box(self.x1 - dx, self.y1 - dy, self.x2 + dx, self.y2 + dy)

    def scaled(self, x: float, y: float) -> "Box":
        """The same part of the same picture at another size."""
        return Box(self.x1 * x, self.y1 * y, self.x2 * x, self.y2 * y)

    def as_list(self) -> list[float]:
        return [round(self.x1, 1), round(self.y1, 1), round(self.x2, 1), round(self.y2, 1)]


@dataclass(frozen=True)
class Polygon:
    """A simple polygon in pixels of the full picture."""

    corners: tuple[tuple[float, float], ...]
    cut_out: tuple["Polygon", ...] = ()  # what lies in one of these lies outside

    @classmethod
    def of_fractions(cls, corners: Sequence[Sequence[float]], width: int, height: int) -> "Polygon":
        """From corners in fractions of a picture of `width` × `height` pixels."""
        return cls(tuple((float(x) * width, float(y) * height) for x, y in corners))

    @cached_property
    def _shape(self) -> shapely.Geometry:
        shape = shapely.Polygon(self.corners)
        for part in self.cut_out:
            shape = shapely.difference(shape, shapely.Polygon(part.corners))
        shapely.prepare(shape)
        return shape

    @property
    def bounds(self) -> Box:
        return Box(*shapely.Polygon(self.corners).bounds)

    def without(self, parts: Sequence["Polygon"]) -> "Polygon":
        return Polygon(self.corners, (*self.cut_out, *parts))

    def beyond(self, line: Sequence[tuple[float, float]], shop: Side | None = None) -> "Polygon":
        """The largest of the parts into which the line divides it, its ends going on straight; all where it does not.

        shop: the side of the line that is none of them; None: either may be the largest.
        """
        parts = self.parts_beside(line, None if shop is None else OTHER_SIDE[shop])
        if not parts:
            return self
        largest = max(parts, key=lambda part: part.area)
        return Polygon(tuple(largest.exterior.coords[:-1]), self.cut_out)

    def parts_beside(self, line: Sequence[tuple[float, float]], side: Side | None) -> list[shapely.Polygon]:
        """What of it lies on that side of the line; None: on either, apart."""
        far = 2 * max(abs(value) for corner in (*self.corners, *line) for value in corner) + 1
        (x1, y1), (x2, y2) = line[:2]
        whole = shapely.Polygon(self.corners)
        found = []
        for half in split(shapely.box(-far, -far, far, far), gone_on(line, 4 * far)).geoms:
            # y runs down, so left of (1, 0) is (0, -1)
            beside = ((x1 + x2) / 2 + (y2 - y1) * FLAT, (y1 + y2) / 2 - (x2 - x1) * FLAT)
            is_left = half.covers(shapely.Point(beside))
            if side is None or is_left == (side == "left"):
                shared = shapely.get_parts(shapely.intersection(whole, half))
                found += [part for part in shared if isinstance(part, shapely.Polygon) and not part.is_empty]
        return found

    def share_of(self, box: Box) -> float:
        """Which share of the box's area lies inside the polygon, 0..1."""
        if box.area == 0:
            return 0.0
        rectangle = shapely.box(box.x1, box.y1, box.x2, box.y2)
        if self._shape.contains(rectangle):
            return 1.0
        return float(shapely.intersection(self._shape, rectangle).area / box.area)
