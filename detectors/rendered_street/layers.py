"""Layers: a painted thing with its shadow, ready to be laid over the street.

Colours are developed, as the camera writes them; a shadow mixes the sunlit street with the same street without sun.
"""

from dataclasses import dataclass
from math import ceil, floor

import cv2
import numpy as np

from detectors.rendered_street.camera import View
from detectors.rendered_street.grain import Shades
from detectors.rendered_street.light import Light
from detectors.rendered_street.raster import NEAREST_M, Pose, painted, unweighted
from detectors.rendered_street.street import Backdrop
from detectors.rendered_street.thing import Thing

CONTACT_BLUR_M = 0.11
CONTACT = 0.50  # share of all light that is kept off right under a thing
SUN_KEPT_OFF = 0.92
TURNED_MOST, GROWN_MOST = 0.04, 0.08  # radians, share: up to there a moved picture does for a new one

Window = tuple[slice, slice]  # rows and columns of the picture


@dataclass(frozen=True)
class Shadow:
    """sun: share of the sun that is kept off; contact: share of all light; both (h, w)."""

    left: int
    top: int
    sun: Shades
    contact: Shades

    @property
    def window(self) -> Window:
        return _window(self.left, self.top, self.sun)


@dataclass(frozen=True)
class Layer:
    """colours: (h, w, 3) RGB 0..255, not weighted with cover: (h, w) 0..1. far_m: from the camera, over the ground."""

    left: int
    top: int
    colours: Shades
    cover: Shades
    far_m: float
    shadow: Shadow | None = None

    @property
    def window(self) -> Window:
        return _window(self.left, self.top, self.cover)


def _window(left: int, top: int, mask: Shades) -> Window:
    return slice(top, top + mask.shape[0]), slice(left, left + mask.shape[1])


def shared(one: Window, other: Window) -> Window | None:
    """The part of the picture that lies in both."""
    rows, columns = (slice(max(a.start, b.start), min(a.stop, b.stop)) for a, b in zip(one, other, strict=True))
    return (rows, columns) if rows.start < rows.stop and columns.start < columns.stop else None


def within(part: Window, outer: Window) -> Window:
    """The same part, counted from the corner of `outer`."""
    rows, columns = (slice(a.start - b.start, a.stop - b.start) for a, b in zip(part, outer, strict=True))
    return rows, columns


def layer_of(thing: Thing, pose: Pose, view: View, light: Light, *, sunlit: float, fineness: float) -> Layer | None:
    """None where nothing of it is in the picture."""
    sprite = painted(thing.mesh, pose, view, light, sunlit=sunlit, fineness=fineness)
    if sprite is None:
        return None
    far_m = float(np.hypot(pose.x - view.at[0], pose.y - view.at[1]))
    shadow = _shadow_of(thing, pose, view, light, far_m)
    return Layer(sprite.left, sprite.top, light.developed(sprite.light), sprite.cover, far_m, shadow)


def _shadow_of(thing: Thing, pose: Pose, view: View, light: Light, far_m: float) -> Shadow | None:
    """The outline of the thing along the sun's rays on the ground, and the soft dark right under it."""
    x, y = thing.length / 2 * 0.96, thing.width / 2 * 0.96
    outlines = [pose.to_world(np.array([[x, y, 0], [-x, y, 0], [-x, -y, 0], [x, -y, 0]], np.float64))]
    if light.sunny:
        world, sun = pose.to_world(thing.mesh.corners), light.to_sun.astype(np.float64)
        outlines.append(world - world[:, 2:3] / sun[2] * sun)
    hulls = []
    for outline in outlines:
        pixels, depth = view.project(outline)
        if depth.min() < NEAREST_M:
            return None
        hulls.append(cv2.convexHull(pixels.astype(np.float32)).reshape(-1, 2))
    every = np.concatenate(hulls)
    blur = max(CONTACT_BLUR_M * view.focal_px / far_m, 0.6)
    pad = int(3 * blur) + 2
    left, top = (max(int(every[:, axis].min()) - pad, 0) for axis in (0, 1))
    right, bottom = (min(int(every[:, axis].max()) + pad, side) for axis, side in ((0, view.width), (1, view.height)))
    if right - left < 2 or bottom - top < 2:
        return None
    masks = []
    for hull, soft in zip(hulls, (blur, blur * 0.35), strict=False):
        mask = np.zeros((bottom - top, right - left), np.float32)
        points = np.round((hull - np.array([left, top])) * 8).astype(np.int32)
        cv2.fillConvexPoly(mask, points, 1.0, cv2.LINE_AA, 3)
        masks.append(np.asarray(cv2.GaussianBlur(mask, (0, 0), max(soft, 0.5)), np.float32))
    sun_kept_off = masks[1] * SUN_KEPT_OFF if len(masks) > 1 else np.zeros_like(masks[0])
    return Shadow(left, top, sun_kept_off, masks[0] * CONTACT)


def cast(canvas: Shades, outer: Window, ground: Backdrop, shadow: Shadow) -> None:
    """Lays a shadow on the ground in a canvas that shows the part `outer` of the picture."""
    part = shared(shadow.window, outer)
    if part is None:
        return
    own = within(part, shadow.window)
    where = ground.ground[part]
    piece = canvas[within(part, outer)]
    piece += (np.minimum(ground.shaded[part], piece) - piece) * (shadow.sun[own] * where)[..., None]
    piece *= 1 - (shadow.contact[own] * where)[..., None]


def lay(canvas: Shades, outer: Window, layer: Layer) -> None:
    """Lays a painted thing over a canvas that shows the part `outer` of the picture."""
    part = shared(layer.window, outer)
    if part is None:
        return
    own, piece = within(part, layer.window), canvas[within(part, outer)]
    piece += (layer.colours[own] - piece) * layer.cover[own][..., None]


def carried_on(layer: Layer, before: Pose, now: Pose, view: View) -> Layer | None:
    """A painted thing moved on by a little, as its ground point moves and grows: for one picture it looks the same.

    None where it reaches over the edge of the picture, or has gone too far to look the same: then it is painted anew.
    """
    rows, columns = layer.window
    inside = rows.start > 0 and columns.start > 0 and rows.stop < view.height and columns.stop < view.width
    turned = abs(before.heading - now.heading)
    (old, new), depth = view.project(np.array([[before.x, before.y, before.z], [now.x, now.y, now.z]]))
    grown = float(depth[0] / depth[1])
    if not inside or turned > TURNED_MOST or abs(grown - 1) > GROWN_MOST:
        return None

    def moved(image: Shades, left: int, top: int) -> tuple[Shades, int, int]:
        """The image scaled round the ground point; its new corner."""
        x, y = (np.array([left, top]) - old) * grown + new
        corner_x, corner_y = floor(x), floor(y)
        size = ceil(image.shape[1] * grown) + 1, ceil(image.shape[0] * grown) + 1
        # the middle of the first pixel is at 0.5
        onto = np.array([[grown, 0, x - corner_x + grown / 2 - 0.5], [0, grown, y - corner_y + grown / 2 - 0.5]])
        return np.asarray(cv2.warpAffine(image, onto, size, flags=cv2.INTER_LINEAR), np.float32), corner_x, corner_y

    weighted, left, top = moved(layer.colours * layer.cover[..., None], layer.left, layer.top)
    cover, _, _ = moved(layer.cover, layer.left, layer.top)
    shadow = None
    if layer.shadow is not None:
        sun, shadow_left, shadow_top = moved(layer.shadow.sun, layer.shadow.left, layer.shadow.top)
        contact, _, _ = moved(layer.shadow.contact, layer.shadow.left, layer.shadow.top)
        shadow = _cut(Shadow(shadow_left, shadow_top, sun, contact), view)
    far_m = float(np.hypot(now.x - view.at[0], now.y - view.at[1]))
    if left < 0 or top < 0 or left + cover.shape[1] > view.width or top + cover.shape[0] > view.height:
        return None
    return Layer(left, top, unweighted(weighted, cover), cover, far_m, shadow)


def _cut(shadow: Shadow, view: View) -> Shadow | None:
    """What of it lies in the picture."""
    part = shared(shadow.window, (slice(0, view.height), slice(0, view.width)))
    if part is None:
        return None
    own = within(part, shadow.window)
    return Shadow(part[1].start, part[0].start, shadow.sun[own], shadow.contact[own])
