"""A scene: one street in one light from one camera, and pictures of it with whatever stands or moves in it.

What never moves is painted once, and a picture can be had in parts: where nothing moved, nothing is done again.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from math import pi

import cv2
import numpy as np
from numpy.typing import NDArray

from detectors.frame import Bytes
from detectors.geometry import Box
from detectors.rendered_street.camera import View
from detectors.rendered_street.grain import Shades
from detectors.rendered_street.layers import Layer, Window, cast, lay, layer_of
from detectors.rendered_street.light import Light
from detectors.rendered_street.raster import Pose
from detectors.rendered_street.roadside import crown, lamp_post, leaves_of, trunk
from detectors.rendered_street.street import Backdrop, backdrop
from detectors.rendered_street.street_plan import StreetPlan
from detectors.rendered_street.thing import Thing

SEEN_FROM = 0.5  # cover from which a pixel belongs to a thing
LEAF_SHADE = 0.8
MIDDLE_M = 0.6  # height at which it is asked whether a thing stands in the sun
LAMP_GLOW = 6.0


@dataclass(frozen=True)
class Placed:
    """A thing where it stands. key: equal for the same thing in the same pose, so that it is painted once."""

    thing: Thing
    pose: Pose
    key: object = None


@dataclass(frozen=True)
class Label:
    """box: of all of it that lies in the picture; seen: of what is not hidden, None where all is; pixels."""

    class_name: str
    box: Box
    seen: Box | None
    hidden: float  # share of its pixels in the picture that something nearer hides


@dataclass(frozen=True)
class Tree:
    x: float
    y: float
    seed: int
    height: float = 5.2
    spread: float = 2.2


@dataclass
class Scene:
    """posts: lamp posts at (x, y), their arms over the street. fineness: samples along a pixel of what is painted."""

    plan: StreetPlan
    view: View
    light: Light
    trees: Sequence[Tree] = ()
    posts: Sequence[tuple[float, float]] = ()
    fineness: float = 2.0
    _kept: dict[object, Layer | None] = field(default_factory=dict)

    @property
    def whole(self) -> Window:
        return slice(0, self.view.height), slice(0, self.view.width)

    @cached_property
    def ground(self) -> Backdrop:
        """The street with the shadows of what always stands there."""
        plain = backdrop(self.plan, self.view, self.light)
        shade = self._leaf_shade()[..., None] * plain.ground[..., None]
        lit = plain.lit * (1 - shade) + plain.shaded * shade
        ground = Backdrop(lit, plain.shaded, plain.ground)
        for layer in self._standing:
            if layer.shadow is not None:
                cast(lit, self.whole, ground, layer.shadow)
        return ground

    def _leaf_shade(self) -> Shades:
        canvas = np.zeros((self.view.height, self.view.width), np.float32)
        if not self.light.sunny:
            return canvas
        sun = self.light.to_sun.astype(np.float64)
        for tree in self.trees:
            leaves = leaves_of(np.random.default_rng(tree.seed), tree.height, tree.spread)
            leaves = leaves + np.array([tree.x, tree.y, 0.0])
            pixels, depth = self.view.project(leaves - leaves[:, 2:3] / sun[2] * sun)
            near = depth > 2
            wide = 0.16 * self.view.focal_px / depth[near]
            flat = np.maximum(wide * self.view.at[2] / depth[near], 0.4)
            for (u, v), a, b in zip((pixels[near] * 8).astype(int).tolist(), wide.tolist(), flat.tolist(), strict=True):
                cv2.ellipse(canvas, (u, v), (int(a * 8) + 4, int(b * 8) + 4), 0, 0, 360, LEAF_SHADE, -1, cv2.LINE_8, 3)
        return np.asarray(cv2.GaussianBlur(canvas, (0, 0), 1.2), np.float32)

    @cached_property
    def _standing(self) -> list[Layer]:
        """Trees and posts, as layers like everything else: cars drive behind them."""
        layers = []
        for tree in self.trees:
            rng = np.random.default_rng(tree.seed)
            leaves = leaves_of(rng, tree.height, tree.spread)
            layers.append(self._painted(trunk(tree.height), Pose(tree.x, tree.y, 0.0)))
            layers.append(crown(leaves, tree.x, tree.y, self.view, self.light, rng))
        glow = LAMP_GLOW if self.light.dark else 0.0
        layers += [self._painted(lamp_post(glow=glow), Pose(x, y, 0.0 if x < 0 else pi)) for x, y in self.posts]
        return [layer for layer in layers if layer is not None]

    def picture(self, things: Sequence[Placed]) -> tuple[Bytes, list[Label]]:
        """BGR, and a label for each thing that is in the picture, in the order of `things`."""
        layers = [layer for layer in map(self.layer, things) if layer is not None]
        return self.part(layers, self.whole), self.labels(things)

    def part(self, layers: Sequence[Layer], window: Window) -> Bytes:
        """BGR of a part of the picture."""
        canvas = self.ground.lit[window].copy()
        for layer in layers:
            if layer.shadow is not None:
                cast(canvas, window, self.ground, layer.shadow)
        for layer in sorted([*layers, *self._standing], key=lambda each: -each.far_m):
            lay(canvas, window, layer)
        return np.ascontiguousarray(np.clip(canvas[..., ::-1], 0, 255).astype(np.uint8))

    def labels(self, things: Sequence[Placed]) -> list[Label]:
        owner = np.zeros((self.view.height, self.view.width), np.int32)  # 0: the street and what always stands there
        own = [(layer, number) for number, layer in enumerate(map(self.layer, things), 1) if layer is not None]
        everything = [*own, *((layer, 0) for layer in self._standing)]
        for layer, number in sorted(everything, key=lambda each: -each[0].far_m):
            owner[layer.window][layer.cover > SEEN_FROM] = number
        found = [_label(things[number - 1].thing, layer, owner[layer.window] == number) for layer, number in own]
        return [label for label in found if label is not None]

    def layer(self, placed: Placed, fineness: float | None = None) -> Layer | None:
        """The thing painted, or None where nothing of it is in the picture. What has a key is painted once."""
        if placed.key is None:
            return self._painted(placed.thing, placed.pose, fineness)
        if placed.key not in self._kept:
            self._kept[placed.key] = self._painted(placed.thing, placed.pose)
        return self._kept[placed.key]

    def _painted(self, thing: Thing, pose: Pose, fineness: float | None = None) -> Layer | None:
        middle = np.array([[pose.x, pose.y, MIDDLE_M]], np.float32)
        sunlit = float(self.plan.sunlit(middle, self.light)[0])
        return layer_of(thing, pose, self.view, self.light, sunlit=sunlit, fineness=fineness or self.fineness)


def _label(thing: Thing, layer: Layer, shown: NDArray[np.bool_]) -> Label | None:
    own = layer.cover > SEEN_FROM
    whole, seen = _box(own, layer), _box(shown & own, layer)
    if whole is None:
        return None
    return Label(thing.class_name, whole, seen, 1 - float((shown & own).sum() / own.sum()))


def _box(mask: NDArray[np.bool_], layer: Layer) -> Box | None:
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    if not len(rows):
        return None
    return Box(
        float(layer.left + columns[0]),
        float(layer.top + rows[0]),
        float(layer.left + columns[-1] + 1),
        float(layer.top + rows[-1] + 1),
    )
