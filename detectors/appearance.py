"""What an object looks like where it stands, and whether a later picture shows the same there.

A small patch of brightness, compared by normalised cross-correlation (Lewis 1995, "Fast Normalized Cross-
Correlation"), which a change of exposure does not move, and the mean tone and colour, which tell a white car from a
black one and a red one from a blue one of the same shape. The patch may slide a little, since masts sway. Headlights
that fall on a car fall on the ground round it too; what stands before a part of it leaves the rest to be compared.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import hypot, log2

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
SHAPE_FROM = 0.8  # correlation from which other colours may be other light
TONE_STEP = 6.0  # percent of the picture's brightness that weigh as much as one 8-bit step of colour
BLACK = 16.0  # of 8-bit brightness; keeps the ratio of two dark tones from running away
LEAST_LIGHT = 16.0  # of 8-bit brightness above black; in the dark, noise must not be taken for colour
GAIN_SLACK, GAIN_SLACK_AN_OCTAVE = 1.15, 0.35  # how far light on a car may differ from that on the ground round it
AROUND = 0.35  # of the box's sides: the ground round it
REST_FROM = 0.75  # correlation of the part that looks out from which it is the same
LEAST_REST = 0.4  # share of the middle of the box that must look out
BESIDE_FROM, BESIDE_AT_LEAST = 0.7, 0.15  # correlation, and shares of its width away, at which it is seen to move off
BESIDE_WIDE, BESIDE_HIGH = 1.2, 0.6  # of the box's sides: so far it is looked for
RIM = 0.12  # of the patch's sides: there a box holds street as well, which stays when a car goes
WITH_IT_FROM, EMPTY_TO = 0.5, 0.25  # of the way from the place without it to the place with it
FLAT = 4.0  # standard deviation in 8-bit steps: less is nothing to hold on to
REFRESH = 0.25  # weight of a new sure picture in the patch: follows the light of the day, not a single shadow

LIT_OTHERWISE, LIT_SIDES = 1.3, 3  # so much brighter or darker is the ground on so many of four sides, all alike

Sides = tuple[float, float, float, float]  # above, below, left and right of the box
Colour = tuple[float, float, float]  # tone in steps; U and V in shares of the picture's light


@dataclass(frozen=True)
class Likeness:
    """correlation: -1..1. colour: distance of the mean tone and colour, in 8-bit steps of chroma. relit: that distance
    if other light falls on it and on the ground round it. lit: whether other light does fall on that ground.
    """

    correlation: float
    colour: float
    relit: float
    lit: bool = False
    with_it: float | None = None  # 1: as the place is with it, 0: as without; None: how it is without is not known

    @property
    def same(self) -> bool:
        if self.with_it is not None:  # the difference says more than the colour, which somebody beside it changes
            return self.with_it >= WITH_IT_FROM and self.correlation >= SAME_FROM
        return self.correlation >= SAME_FROM and self._distance < SAME_COLOUR

    @property
    def plainly_same(self) -> bool:
        """Without allowing for the light on it."""
        return self.correlation >= SAME_FROM and self.colour < SAME_COLOUR

    @property
    def other(self) -> bool:
        empty = self.with_it is not None and self.with_it <= EMPTY_TO
        return empty or self.correlation < OTHER_BELOW or self._distance >= OTHER_COLOUR

    @property
    def _distance(self) -> float:
        return min(self.colour, self.relit) if self.correlation >= SHAPE_FROM else self.colour


@dataclass(frozen=True)
class Appearance:
    """patch: uint8 (PATCH_HEIGHT, PATCH_WIDTH). colour: mean tone, U and V of the middle of the box.

    Against the whole picture's, because a cloud darkens everything at once, strong colours most of all, and a camera
    that goes over to infrared takes the colour from everything at once. light: the picture's when it was taken.
    around: brightness of what lies round the box, by sides; None: not known. without: a patch of the place as it was
    before it came, where somebody knows that: what is small beside its surroundings is told by the difference.
    """

    box: Box
    patch: Bytes
    colour: Colour
    light: float
    around: Sides | None = None
    without: Bytes | None = None

    @classmethod
    def of(cls, frame: Frame, box: Box) -> "Appearance":
        patch = _smoothed(frame.grey_of(box, PATCH_WIDTH, PATCH_HEIGHT))
        return cls(box, patch, _colour(frame, box), light_of(frame), _around(frame, box))

    def likeness(self, frame: Frame) -> Likeness:
        """How much the frame shows the same at the same place."""
        score = float(cv2.matchTemplate(self._there(frame), self.patch, cv2.TM_CCOEFF_NORMED).max())
        colour = self.colour_distance(frame, self.box)
        if self.around is None or (score >= SAME_FROM and colour < SAME_COLOUR):  # then its light need not be asked
            return Likeness(score, colour, colour, with_it=self._with_it(frame))
        then_and_now = zip(self.around, _around(frame, self.box), strict=True)
        ratios = [(now + BLACK) / (then + BLACK) for then, now in then_and_now]
        everywhere = (light_of(frame) + BLACK) / (self.light + BLACK)
        brighter = sum(each >= LIT_OTHERWISE * everywhere for each in ratios)
        darker = sum(each <= everywhere / LIT_OTHERWISE for each in ratios)
        lit = max(brighter, darker) >= LIT_SIDES
        relit = self._relit_distance(frame, float(np.median(ratios)))
        return Likeness(score, colour, relit, lit, self._with_it(frame))

    def _with_it(self, frame: Frame) -> float | None:
        """How far the picture has gone from the place without it to the place with it, where these two differ."""
        if self.without is None:
            return None
        now = _smoothed(frame.grey_of(self.box, PATCH_WIDTH, PATCH_HEIGHT)).astype(np.float32)
        now = (now + BLACK) * (self.light + BLACK) / (light_of(frame) + BLACK) - BLACK
        without = self.without.astype(np.float32)
        apart = self.patch.astype(np.float32) - without
        apart[np.abs(apart) < FLAT * 2] = 0.0
        return float((apart * (now - without)).sum() / max(float((apart * apart).sum()), 1.0))

    def rest_is_same(self, frame: Frame, before_it: Sequence[Box]) -> bool:
        """Whether what looks out behind those boxes is the same; False where too little does."""
        seen = np.zeros((PATCH_HEIGHT, PATCH_WIDTH), np.uint8)
        x, y = round(PATCH_WIDTH * RIM), round(PATCH_HEIGHT * RIM)
        seen[y:-y, x:-x] = 1
        middle = int(seen.sum())
        for box in before_it:
            left, right = ((each - self.box.x1) / self.box.width * PATCH_WIDTH for each in (box.x1, box.x2))
            top, bottom = ((each - self.box.y1) / self.box.height * PATCH_HEIGHT for each in (box.y1, box.y2))
            seen[max(int(top), 0) : max(int(bottom + 1), 0), max(int(left), 0) : max(int(right + 1), 0)] = 0
        if seen.sum() < LEAST_REST * middle or float(self.patch[seen > 0].std()) < FLAT:
            return False
        scores = cv2.matchTemplate(self._there(frame), self.patch, cv2.TM_CCOEFF_NORMED, mask=seen)
        known = scores[np.isfinite(scores)]
        return known.size > 0 and float(known.max()) >= REST_FROM

    def seen_beside(self, frame: Frame) -> bool:
        """Whether it is to be seen near its place and not at it: just driving off."""
        wider = Box(
            self.box.x1 - self.box.width * BESIDE_WIDE,
            self.box.y1 - self.box.height * BESIDE_HIGH,
            self.box.x2 + self.box.width * BESIDE_WIDE,
            self.box.y2 + self.box.height * BESIDE_HIGH,
        ).within(frame.width, frame.height)
        x_scale, y_scale = PATCH_WIDTH / self.box.width, PATCH_HEIGHT / self.box.height
        width = max(round(wider.width * x_scale), PATCH_WIDTH)
        height = max(round(wider.height * y_scale), PATCH_HEIGHT)
        scores = cv2.matchTemplate(_smoothed(frame.grey_of(wider, width, height)), self.patch, cv2.TM_CCOEFF_NORMED)
        _, best, _, (x, y) = cv2.minMaxLoc(scores)
        dx, dy = wider.x1 + x / x_scale - self.box.x1, wider.y1 + y / y_scale - self.box.y1
        return best >= BESIDE_FROM and hypot(dx, dy) >= BESIDE_AT_LEAST * self.box.width

    def resembles(self, other: "Appearance") -> Likeness:
        """How much what stood elsewhere, or at another time, looks like it; about as large and in about such light."""
        dx, dy = round(PATCH_WIDTH * SLIDE), round(PATCH_HEIGHT * SLIDE)
        middle = other.patch[dy:-dy, dx:-dx]
        score = float(cv2.matchTemplate(self.patch, middle, cv2.TM_CCOEFF_NORMED).max())
        (tone, u, v), (other_tone, other_u, other_v) = self.colour, other.colour
        colour = hypot(tone - other_tone, self.light * (u - other_u), self.light * (v - other_v))
        return Likeness(score, colour, colour)

    def _there(self, frame: Frame) -> Bytes:
        """What the frame shows there and a little round it, at the scale of the patch."""
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
        return _smoothed(frame.grey_of(inside, width, height))

    def colour_distance(self, frame: Frame, box: Box) -> float:
        """From the colour of what is in `box`, in 8-bit steps of chroma as they would be in this one's light."""
        (tone, u, v), (other_tone, other_u, other_v) = self.colour, _colour(frame, box)
        return hypot(tone - other_tone, self.light * (u - other_u), self.light * (v - other_v))

    def _relit_distance(self, frame: Frame, ratio: float) -> float:
        """As colour_distance, if the light on it has changed about by that ratio: one factor for tone and colour."""
        slack = GAIN_SLACK + GAIN_SLACK_AN_OCTAVE * min(abs(log2(ratio)), 1.0)
        (tone, u, v), (now_tone, now_u, now_v) = self.colour, _colour(frame, self.box)
        light = light_of(frame)
        then = np.array([tone, self.light * u, self.light * v])
        # tones are shares of the whole picture's, which has not changed: what changed is the light on this part of it
        now = np.array([now_tone * (light + 16 + BLACK) / (self.light + 16 + BLACK), light * now_u, light * now_v])
        gain = float(np.clip(now @ then / max(then @ then, 1e-6), ratio / slack, ratio * slack))
        return float(np.linalg.norm(now / gain - then))

    def refreshed(self, frame: Frame) -> "Appearance":
        """The same place, moved a little towards how it looks now."""
        now = Appearance.of(frame, self.box)
        patch = cv2.addWeighted(self.patch, 1 - REFRESH, now.patch, REFRESH, 0)
        tone, u, v = (old + REFRESH * (new - old) for old, new in zip(self.colour, now.colour, strict=True))
        light = self.light + REFRESH * (now.light - self.light)
        around = now.around
        if self.around is not None and now.around is not None:
            above, below, left, right = (
                old + REFRESH * (new - old) for old, new in zip(self.around, now.around, strict=True)
            )
            around = above, below, left, right
        return Appearance(self.box, np.asarray(patch, dtype=np.uint8), (tone, u, v), light, around, self.without)


def _colour(frame: Frame, box: Box) -> Colour:
    y, u, v = frame.mean_colour(box.padded(-0.2))
    all_y, all_u, all_v = frame.colour_cast
    light = light_of(frame)
    return 100 * (y + BLACK) / (all_y + BLACK) / TONE_STEP, (u - all_u) / light, (v - all_v) / light


def _around(frame: Frame, box: Box) -> Sides:
    """Mean brightness of what lies round the box; where the picture ends, of the box itself."""
    (x1, y1, x2, y2), (left, top, right, bottom) = (
        _whole(each.within(frame.width, frame.height)) for each in (box.padded(AROUND), box)
    )
    luma = frame.luma
    parts = luma[y1:top, left:right], luma[bottom:y2, left:right], luma[top:bottom, x1:left], luma[top:bottom, right:x2]
    own = frame.mean_colour(box)[0] if any(not each.size for each in parts) else 0.0
    above, below, beside_left, beside_right = (cv2.mean(each)[0] if each.size else own for each in parts)
    return above, below, beside_left, beside_right


def _whole(box: Box) -> tuple[int, int, int, int]:
    return int(box.x1), int(box.y1), int(box.x2), int(box.y2)


def light_of(frame: Frame) -> float:
    """Brightness of the whole picture above black (BT.601: 16), with which its colours rise and fall."""
    return max(frame.colour_cast[0] - 16.0, LEAST_LIGHT)


def _smoothed(patch: Bytes) -> Bytes:
    return np.asarray(cv2.GaussianBlur(patch, (3, 3), 0), dtype=np.uint8)
