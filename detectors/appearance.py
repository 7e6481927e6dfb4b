"""What an object looks like where it stands, and whether a later picture shows the same there.

A small patch of brightness, compared by normalised cross-correlation (Lewis 1995, "Fast Normalized Cross-
Correlation"), which a change of exposure does not move, and the mean tone and colour, which tell a white car from a
black one and a red one from a blue one of the same shape. The patch may slide a little, since masts sway.
"""

from dataclasses import dataclass
from math import hypot

import cv2
import numpy as np

from detectors.frame import Bytes, Frame
from detectors.geometry import Box

PATCH_WIDTH, PATCH_HEIGHT = 48, 36  # pixels of the scaled patch
SLIDE = 0.08  # of the box's sides: how far the patch is looked for on each side
SAME_FROM = 0.6  # correlation from which the place shows the same object
OTHER_BELOW = 0.35  # correlation under which it shows something else; between the two nothing is said
SAME_COLOUR = 5.0  # distance of mean colours up to which it may be the same; one object stays under 2 by day
OTHER_COLOUR = 10.0  # distance from which it is another object whatever the shape
TONE_STEP = 6.0  # percent of the picture's brightness that weigh as much as one 8-bit step of colour
BLACK = 16.0  # of 8-bit brightness; keeps the ratio of two dark tones from running away
LEAST_LIGHT = 16.0  # of 8-bit brightness above black; in the dark, noise must not be taken for colour
REFRESH = 0.25  # weight of a new sure picture in the patch: follows the light of the day, not a single shadow

Colour = tuple[float, float, float]  # tone in steps; U and V in shares of the picture's light


@dataclass(frozen=True)
class Likeness:
    """correlation: -1..1. colour: distance of the mean tone and colour, in 8-bit steps of chroma."""

    correlation: float
    colour: float

    @property
    def same(self) -> bool:
        return self.correlation >= SAME_FROM and self.colour < SAME_COLOUR

    @property
    def other(self) -> bool:
        return self.correlation < OTHER_BELOW or self.colour >= OTHER_COLOUR


@dataclass(frozen=True)
class Appearance:
    """patch: uint8 (PATCH_HEIGHT, PATCH_WIDTH). colour: mean tone, U and V of the middle of the box.

    Against the whole picture's, because a cloud darkens everything at once, strong colours most of all, and a camera
    that goes over to infrared takes the colour from everything at once. light: the picture's when it was taken.
    """

    box: Box
    patch: Bytes
    colour: Colour
    light: float

    @classmethod
    def of(cls, frame: Frame, box: Box) -> "Appearance":
        patch = _smoothed(frame.grey_of(box, PATCH_WIDTH, PATCH_HEIGHT))
        return cls(box, patch, _colour(frame, box), _light(frame))

    def likeness(self, frame: Frame) -> Likeness:
        """How much the frame shows the same at the same place."""
        dx, dy = round(PATCH_WIDTH * SLIDE), round(PATCH_HEIGHT * SLIDE)
        wider = Box(
            self.box.x1 - self.box.width * SLIDE,
            self.box.y1 - self.box.height * SLIDE,
            self.box.x2 + self.box.width * SLIDE,
            self.box.y2 + self.box.height * SLIDE,
        )
        inside = wider.within(frame.width, frame.height)
        # at the edge of the picture the search window is cut; the patch itself never is
        width = max(round((PATCH_WIDTH + 2 * dx) * inside.width / wider.width), PATCH_WIDTH)
        height = max(round((PATCH_HEIGHT + 2 * dy) * inside.height / wider.height), PATCH_HEIGHT)
        around = _smoothed(frame.grey_of(inside, width, height))
        score = float(cv2.matchTemplate(around, self.patch, cv2.TM_CCOEFF_NORMED).max())
        return Likeness(score, self.colour_distance(frame, self.box))

    def colour_distance(self, frame: Frame, box: Box) -> float:
        """From the colour of what is in `box`, in 8-bit steps of chroma as they would be in this one's light."""
        (tone, u, v), (other_tone, other_u, other_v) = self.colour, _colour(frame, box)
        return hypot(tone - other_tone, self.light * (u - other_u), self.light * (v - other_v))

    def refreshed(self, frame: Frame) -> "Appearance":
        """The same place, moved a little towards how it looks now."""
        now = Appearance.of(frame, self.box)
        patch = cv2.addWeighted(self.patch, 1 - REFRESH, now.patch, REFRESH, 0)
        tone, u, v = (old + REFRESH * (new - old) for old, new in zip(self.colour, now.colour, strict=True))
        light = self.light + REFRESH * (now.light - self.light)
        return Appearance(self.box, np.asarray(patch, dtype=np.uint8), (tone, u, v), light)


def _colour(frame: Frame, box: Box) -> Colour:
    y, u, v = frame.mean_colour(box.padded(-0.2))
    all_y, all_u, all_v = frame.colour_cast
    light = _light(frame)
    return 100 * (y + BLACK) / (all_y + BLACK) / TONE_STEP, (u - all_u) / light, (v - all_v) / light


def _light(frame: Frame) -> float:
    """Brightness of the whole picture above black (BT.601: 16), with which its colours rise and fall."""
    return max(frame.colour_cast[0] - 16.0, LEAST_LIGHT)


def _smoothed(patch: Bytes) -> Bytes:
    return np.asarray(cv2.GaussianBlur(patch, (3, 3), 0), dtype=np.uint8)
