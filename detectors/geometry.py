"""Boxes and polygons, by name, so that nobody has to remember what d[2] holds.

Pixels of the picture unless a name says otherwise; the origin is the top left corner, y runs down.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from math import hypot

import shapely


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
        union = self.area + other.area - shared
        return shared / union if union > 0 else 0.0

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

    def beyond(self, line: Sequence[tuple[float, float]]) -> "Polygon":
        """The larger of the two parts into which the line through two points divides it; all where it does not."""
        (x1, y1), (x2, y2) = line
        far = 10 * max(abs(value) for corner in (*self.corners, *line) for value in corner)
        by = far / hypot(x2 - x1, y2 - y1)
        dx, dy = (x2 - x1) * by, (y2 - y1) * by
        start, end = (x1 - dx, y1 - dy), (x2 + dx, y2 + dy)
        whole = shapely.Polygon(self.corners)
        sides = [
            shapely.Polygon([start, end, (end[0] + ox, end[1] + oy), (start[0] + ox, start[1] + oy)])
            for ox, oy in ((-dy, dx), (dy, -dx))
        ]
        parts = shapely.get_parts([shapely.intersection(whole, side) for side in sides])
        largest = max(parts, key=lambda part: float(part.area))
        return Polygon(tuple(largest.exterior.coords[:-1]), self.cut_out)

    def share_of(self, box: Box) -> float:
        """Which share of the box's area lies inside the polygon, 0..1."""
        if box.area == 0:
            return 0.0
        rectangle = shapely.box(box.x1, box.y1, box.x2, box.y2)
        if self._shape.contains(rectangle):
            return 1.0
        return float(shapely.intersection(self._shape, rectangle).area / box.area)
