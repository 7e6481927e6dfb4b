"""Things left behind: what was not there before, and stays, found in the looks themselves by two backgrounds.

A slow one remembers the place without anybody in it; a quick one remembers what each point shows and for how many
looks. A point that has shown the same at two looks and differs from the slow one belongs to something that came and
stays.
What is explained otherwise is left out: people and vehicles, a change of light, and the place of a thing that went
away, which looks like its surroundings now and did not before.

Pixels and media seconds only. Who left it is detectors/dumping.py's question, when exactly ingest/look_back.py's.
The method and its figures are in docs/decisions/0014-left-objects.md.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import hypot

import cv2
import numpy as np
from numpy.typing import NDArray

from detectors.appearance import PATCH_HEIGHT, PATCH_WIDTH
from detectors.frame import Bytes, Frame
from detectors.geometry import Box, Polygon
from detectors.sightings import Detection, ObjectRole
from detectors.tracker import Track
from models.enums import SightingKind

LEFT_OBJECT = "left object"  # class name of all that is found here; what it may be is asked later

LONGEST_SIDE_PX = 288  # of the small picture that is compared
MARGIN = 0.06  # of the fences' longer side: an edge is told by what lies on both sides of it
LOOKS_TO_STAY = 2
FOUND_FROM = 0.2  # score from which a person or a vehicle explains what is seen
AGREEING = 0.4  # peak of the phase correlation from which a sway is believed
STILL_PX, SWAY_PX = 0.7, 8.0  # of the small picture: less is noise; farther is another view, and learnt anew
STEP_FOLLOWS = 0.2
FADES = 0.4  # of a look in the slow background where a difference is explained
FOLLOWS_THE_DAY = 0.06  # weight of a look in the slow background
LEAST_DIFFERENCE, MOST_DIFFERENCE = 14.0, 30.0  # 8-bit steps from which a point is another
NOISES = 6.0  # of the usual difference of two looks at one point; between the two bounds above
CHROMA_WEIGHT = 2.0  # a step of colour says more than one of brightness
ANOTHER_LIGHT = (
    0.4  # share of all points that differ at once: the light changed, or the view; everything is learnt anew
)
LEAST_POINTS, LEAST_SIDE_POINTS = 24, 4  # of the small picture
LARGEST_SHARE = 0.3  # of the small picture: nobody leaves so much at once
STAYED = 0.25  # of a lump: points that are surely another, and surely the same as at the look before
WEAK = 0.5  # of the difference: points that continue a lump which is surely another
FILLED = 0.3  # of its box: a bag is a lump, the line of a shadow is not
MASK_MARGIN = 0.12  # round a person's or a vehicle's box: arms, bags in hands, shadows at the feet
EXPLAINED_SHARE = 0.5  # of a blob that lies in the place of a vehicle or a person
THE_SAME_IOU, THE_SAME_SHARE = 0.5, 0.7
PUT_BACK = 0.6  # of a lump's points: they show what stood there before it was taken away
RING = 0.35  # of a lump's sides: its surroundings
BINS = 16  # of a histogram of brightness, and of each colour
SHADE, SHADE_EVEN = (0.42, 0.97), 0.09  # a shadow leaves so much of the coded brightness, evenly (BT.709 curve)
SHADE_CHROMA = 5.0
SHADOW_EVEN = 0.2  # beside somebody who may cast it
SHADOW_BACK, SHADOW_FRONT = 0.5, 0.3  # of their height: so far behind and before their feet
SAME_TEXTURE = 0.75  # correlation with what was there before: lit otherwise, and the same
CONFIDENCE = 0.6  # there is no score: what the tests above let through
COMES_AND_GOES = frozenset({ObjectRole.PERSON, ObjectRole.VEHICLE, ObjectRole.TWO_WHEELER})
LIES = frozenset({ObjectRole.GOODS, ObjectRole.LITTER})
Points = NDArray[np.bool_]


@dataclass(frozen=True)
class _Window:
    """The part of the picture that is compared, and its size in points of the small picture."""

    part: Box
    width: int
    height: int

    @classmethod
    def round(cls, fences: Sequence[Polygon], width: int, height: int) -> "_Window":
        bounds = [fence.bounds for fence in fences]
        x1, y1 = min(each.x1 for each in bounds), min(each.y1 for each in bounds)
        x2, y2 = max(each.x2 for each in bounds), max(each.y2 for each in bounds)
        margin_px = MARGIN * max(x2 - x1, y2 - y1)
        part = Box(x1 - margin_px, y1 - margin_px, x2 + margin_px, y2 + margin_px).within(width, height)
        scale = min(LONGEST_SIDE_PX / max(part.width, part.height), 1.0)
        return cls(part, max(round(part.width * scale), 8), max(round(part.height * scale), 8))

    def points_of(self, box: Box) -> tuple[slice, slice]:
        """Rows and columns of the small picture that the box covers."""
        across, down = self.width / self.part.width, self.height / self.part.height
        inside = Box(
            (box.x1 - self.part.x1) * across,
            (box.y1 - self.part.y1) * down,
            (box.x2 - self.part.x1) * across,
            (box.y2 - self.part.y1) * down,
        ).within(self.width, self.height)
        return slice(int(inside.y1), max(int(np.ceil(inside.y2)), 0)), slice(
            int(inside.x1), max(int(np.ceil(inside.x2)), 0)
        )

    def box_of(self, x: int, y: int, width: int, height: int) -> Box:
        """In pixels of the picture."""
        across, down = self.part.width / self.width, self.part.height / self.height
        return Box(
            self.part.x1 + x * across,
            self.part.y1 + y * down,
            self.part.x1 + (x + width) * across,
            self.part.y1 + (y + height) * down,
        )


class LeftObjects:
    """One view. `update` once a look, in the order of time."""

    def __init__(self) -> None:
        self._window: _Window | None = None
        self._fences: tuple[Polygon, ...] = ()

    def watch(self, fences: Sequence[Polygon], width: int, height: int) -> None:
        """From now on what is left inside these; what was known of other places or sizes is forgotten."""
        self._fences = tuple(fences)
        self._window = _Window.round(fences, width, height) if fences else None
        if self._window is not None:
            self._forget()

    def _forget(self) -> None:
        assert self._window is not None
        shape = (self._window.height, self._window.width)
        self._slow = np.zeros((*shape, 3), np.float32)
        self._known: Points = np.zeros(shape, np.bool_)
        self._quick = np.zeros((*shape, 3), np.uint8)
        self._looks = np.zeros(shape, np.uint16)
        self._taken = np.zeros((*shape, 3), np.uint8)
        self._taken_known: Points = np.zeros(shape, np.bool_)
        self._covered_before: Points = np.zeros(shape, np.bool_)
        self._step, self._gain = LEAST_DIFFERENCE, 1.0
        self._seen = False
        self._sway = self._bias = (0.0, 0.0)
        half = (round(shape[1] * 0.5), round(shape[0] * 0.5))
        self._hanning = cv2.createHanningWindow(half, cv2.CV_32F)
        self._anchor = np.zeros((half[1], half[0]), np.float32)

    def update(self, frame: Frame, detections: Iterable[Detection], tracks: Iterable[Track]) -> list[Detection]:
        """What has been left in view of this look. tracks: as they were before it.

        A picture with concealed errors shows nothing and teaches nothing.
        """
        if self._window is None or frame.corrupt:
            return []
        tracks = list(tracks)
        standing = [each for each in tracks if each.stands and each.role in COMES_AND_GOES]
        things = [each for each in tracks if each.stands and each.class_name == LEFT_OBJECT]
        there = [(each.place, 1.0) for each in things if each.appearance.likeness(frame).same]
        there += _called_a_thing(frame, tracks)
        found = [
            each.box
            for each in detections
            if each.confidence >= FOUND_FROM
            and each.role in COMES_AND_GOES
            and not any(is_the_thing(each.box, place) and each.confidence < sure for place, sure in there)
        ]
        found += _still_there(frame, standing, found)
        picture, masked = self._small(frame), self._covered(found)
        if not self._seen or not self._placed(picture):
            self._begin(picture, masked)
            return []
        picture = self._in_usual_light(self._put_back(picture), ~masked)
        slow = self._slow.astype(np.uint8)
        free = self._known & ~masked
        far = _apart(picture, slow)
        differs = (far > self._step) & free
        if differs.sum() > ANOTHER_LIGHT * max(int(free.sum()), 1):
            self._begin(self._small(frame), masked)
            return []
        self._remember(picture, masked)
        # what somebody covered at the look before may continue what stays
        stays = (far > WEAK * self._step) & free & ((self._looks >= LOOKS_TO_STAY) | self._covered_before)
        self._covered_before = masked
        if not (differs & stays).any():
            self._learn(picture, differs, np.zeros_like(differs), masked)
            return []
        hidden = [each.place for each in standing if each.sightings[-1].kind is not SightingKind.ABSENT]
        left, kept, faded = self._told_apart(picture, slow, stays, differs, found, hidden)
        self._learn(picture, differs | kept, faded, masked)
        return left

    def without(self, box: Box) -> Bytes | None:
        """What the place of a box looked like before, as a patch of an Appearance; None where that is not known."""
        if self._window is None or not self._seen:
            return None
        rows, columns = self._window.points_of(box)
        if not self._known[rows, columns].any():
            return None
        place = np.ascontiguousarray(self._slow[rows, columns, 0] / self._gain)
        patch = cv2.resize(place, (PATCH_WIDTH, PATCH_HEIGHT), interpolation=cv2.INTER_LINEAR)
        return np.asarray(np.clip(patch, 0, 255), np.uint8)

    def _begin(self, picture: Bytes, masked: Points) -> None:
        """Everything that is seen now was always there; what people and vehicles cover is learnt when they go."""
        self._forget()
        self._seen = True
        self._quick[:], self._looks[:] = picture, 1
        self._looks[masked] = 0
        self._covered_before = masked
        self._learn_at_once(picture, ~masked)
        self._anchor = _outlines(picture)
        (dx, dy), _ = cv2.phaseCorrelate(self._anchor, self._anchor, self._hanning)
        self._bias = 2 * dx, 2 * dy  # of the method itself, for this size of picture

    def _placed(self, picture: Bytes) -> bool:
        """Finds how far the view has swayed since it was learnt; False where it shows another place."""
        (dx, dy), agreeing = cv2.phaseCorrelate(self._anchor, _outlines(picture), self._hanning)
        self._sway = (2 * dx - self._bias[0], 2 * dy - self._bias[1]) if agreeing >= AGREEING else (0.0, 0.0)
        return hypot(*self._sway) <= SWAY_PX

    def _put_back(self, picture: Bytes) -> Bytes:
        dx, dy = self._sway
        if hypot(dx, dy) < STILL_PX:
            return picture
        moved = np.array([[1, 0, -dx], [0, 1, -dy]], np.float32)
        size = (picture.shape[1], picture.shape[0])
        return np.asarray(cv2.warpAffine(picture, moved, size, borderMode=cv2.BORDER_REPLICATE), np.uint8)

    def _small(self, frame: Frame) -> Bytes:
        assert self._window is not None
        return frame.yuv_of(self._window.part, self._window.width, self._window.height)

    def _covered(self, boxes: Iterable[Box]) -> Points:
        assert self._window is not None
        covered: Points = np.zeros((self._window.height, self._window.width), np.bool_)
        for box in boxes:
            covered[self._window.points_of(box.padded(MASK_MARGIN))] = True
        return covered

    def _in_usual_light(self, picture: Bytes, uncovered: Points) -> Bytes:
        """In the slow background's light: a cloud, or the camera's exposure, changes all points alike."""
        usable = (uncovered & self._known)[::4, ::4]
        if usable.sum() < LEAST_POINTS:
            return picture
        now, usual = picture[::4, ::4, 0][usable], self._slow[::4, ::4, 0][usable]
        gain = self._gain = float(np.median((usual + 8.0) / (now.astype(np.float32) + 8.0)))
        shift = [
            float(np.median(self._slow[::4, ::4, plane][usable] - picture[::4, ::4, plane][usable])) for plane in (1, 2)
        ]
        luma, u, v = cv2.split(picture)
        luma = cv2.convertScaleAbs(luma, alpha=gain, beta=8.0 * (gain - 1))
        lit = cv2.merge([luma, *(cv2.convertScaleAbs(plane, beta=by) for plane, by in zip((u, v), shift, strict=True))])
        return np.asarray(lit, np.uint8)

    def _remember(self, picture: Bytes, masked: Points) -> None:
        """The quick background: for how many looks each point has shown what it shows; nothing is known under a person.

        The usual difference of two looks is the noise by which all differences are judged.
        """
        far = _apart(picture, self._quick)
        wanted = min(max(NOISES * float(np.median(far[::3, ::3])), LEAST_DIFFERENCE), MOST_DIFFERENCE)
        self._step += STEP_FOLLOWS * (wanted - self._step)
        changed = far > self._step
        anew = changed & ~masked
        cv2.copyTo(picture, anew.astype(np.uint8), self._quick)
        self._looks += ~masked
        self._looks[anew] = 1

    def _learn_at_once(self, picture: Bytes, where: Points) -> None:
        self._slow[where] = picture[where]
        self._known |= where

    def _learn(self, picture: Bytes, differs: Points, faded: Points, masked: Points) -> None:
        """What does not differ follows the light of the day; what nobody has seen free yet is learnt once it stays."""
        self._learn_at_once(picture, ~self._known & ~masked & (self._looks >= LOOKS_TO_STAY))
        steady = self._known & ~differs & ~masked & ~faded
        cv2.accumulateWeighted(picture, self._slow, FOLLOWS_THE_DAY, mask=steady.astype(np.uint8))
        cv2.accumulateWeighted(picture, self._slow, FADES, mask=faded.astype(np.uint8))

    def _told_apart(
        self,
        picture: Bytes,
        slow: Bytes,
        stays: Points,
        differs: Points,
        found: Sequence[Box],
        hidden: Sequence[Box],
    ) -> tuple[list[Detection], Points, Points]:
        """The lumps of points that stay, less those that something else explains; the points of both."""
        assert self._window is not None
        closed = cv2.morphologyEx(stays.astype(np.uint8), cv2.MORPH_OPEN, np.ones((2, 2), np.uint8))
        closed = cv2.morphologyEx(closed, cv2.MORPH_CLOSE, np.ones((3, 3), np.uint8))
        count, labels, figures, _ = cv2.connectedComponentsWithStats(closed, connectivity=8)
        left: list[Detection] = []
        kept, faded = np.zeros_like(differs), np.zeros_like(differs)
        for number in range(1, count):
            x, y, width, height, points = (int(figure) for figure in figures[number])
            if points < LEAST_POINTS or min(width, height) < LEAST_SIDE_POINTS:
                continue
            lump: Points = labels == number
            if (lump & differs & (self._looks >= LOOKS_TO_STAY)).sum() < max(LEAST_POINTS, STAYED * points):
                continue
            box = self._window.box_of(x, y, width, height)
            if any(box.covered_by(each) > EXPLAINED_SHARE for each in (*found, *hidden)):
                continue
            part = slice(y, y + height), slice(x, x + width)
            if self._was_there_before(picture, slow, lump, differs):
                anew = lump & ~self._taken_known
                self._taken[anew] = slow[anew]
                self._taken_known |= anew
                faded |= lump
                continue
            if self._may_be_somebodys_shadow(picture, slow, lump, box, found):
                kept |= lump  # when they have gone it is seen what remains
                continue
            if self._is_light(picture, slow, lump, part) or self._is_put_back(picture, lump):
                faded |= lump
                continue
            if points < FILLED * width * height or points > LARGEST_SHARE * self._known.size:
                continue
            if any(fence.share_of(box) > 0 for fence in self._fences):
                left.append(Detection(box, ObjectRole.LITTER, LEFT_OBJECT, CONFIDENCE))
                kept |= lump
        round_about = cv2.dilate(kept.astype(np.uint8), np.ones((3, 3), np.uint8)).astype(np.bool_)
        return left, round_about, faded

    @staticmethod
    def _may_be_somebodys_shadow(picture: Bytes, slow: Bytes, lump: Points, box: Box, found: Sequence[Box]) -> bool:
        """Darker than the ground was, beside somebody who is there now."""
        beside = any(
            Box(
                each.x1 - each.height,
                each.y2 - SHADOW_BACK * each.height,
                each.x2 + each.height,
                each.y2 + SHADOW_FRONT * each.height,
            ).intersection(box)
            > 0
            for each in found
        )
        if not beside:
            return False
        shade = _shade(picture, slow, lump)
        return shade.is_one and shade.uneven < SHADOW_EVEN

    def _is_light(self, picture: Bytes, slow: Bytes, lump: Points, part: tuple[slice, slice]) -> bool:
        """The same ground in another light: its brightness changed evenly, or its texture stayed what it was."""
        shade = _shade(picture, slow, lump)
        texture_now, texture = (_texture(image[part][:, :, 0]) for image in (picture, slow))
        alike = _correlation(texture_now, texture)
        flat = float(texture.std()) < self._step / 4
        shaded = shade.is_one and shade.uneven < SHADE_EVEN
        return alike > SAME_TEXTURE or (shaded and (flat or alike > SAME_TEXTURE / 2))

    def _is_put_back(self, picture: Bytes, lump: Points) -> bool:
        """What was taken away some time ago stands there again."""
        far = _apart(np.ascontiguousarray(picture), self._taken)
        return bool((lump & self._taken_known & (far <= self._step)).sum() >= PUT_BACK * lump.sum())

    def _was_there_before(self, picture: Bytes, slow: Bytes, lump: Points, differs: Points) -> bool:
        """A place that a thing has left looks like what lies round it now, and did not before."""
        rows, columns = np.flatnonzero(lump.any(axis=1)), np.flatnonzero(lump.any(axis=0))
        reach = max(int(RING * max(np.ptp(rows), np.ptp(columns))), 3)
        near = cv2.dilate(lump.astype(np.uint8), np.ones((2 * reach + 1, 2 * reach + 1), np.uint8))
        edge = cv2.dilate(lump.astype(np.uint8), np.ones((3, 3), np.uint8))
        ring = (np.asarray(near) > np.asarray(edge)) & self._known & ~differs
        if ring.sum() < LEAST_POINTS:
            return False
        return _unlike(picture[lump], picture[ring]) <= _unlike(slow[lump], slow[ring])


@dataclass(frozen=True)
class _Shade:
    """How brightness and colour of a lump changed. ratio: of brightness. uneven: its middle deviation, in shares of it.
    colour: what is left of the change of colour when it has faded or grown with the light.
    """

    ratio: float
    uneven: float
    colour: float

    @property
    def is_one(self) -> bool:
        return SHADE[0] < self.ratio < SHADE[1] and self.colour < SHADE_CHROMA


def _shade(picture: Bytes, slow: Bytes, lump: Points) -> _Shade:
    inner = cv2.erode(lump.astype(np.uint8), np.ones((3, 3), np.uint8)).astype(np.bool_)
    if inner.sum() < LEAST_POINTS // 2:
        inner = lump
    now, before = picture[inner].astype(np.float32), slow[inner].astype(np.float32)
    ratios = (now[:, 0] + 2.0) / (before[:, 0] + 2.0)
    ratio = float(np.median(ratios))
    colour = hypot(*(float(np.median(now[:, c] - 128.0 - ratio * (before[:, c] - 128.0))) for c in (1, 2)))
    return _Shade(ratio, float(np.median(np.abs(ratios - ratio))) / ratio, colour)


def is_the_thing(box: Box, thing: Box) -> bool:
    """Does the network call by another name what was left, and shown to be unchanged since?"""
    return box.iou(thing) >= THE_SAME_IOU or (
        box.covered_by(thing) >= THE_SAME_SHARE and box.area >= THE_SAME_IOU**2 * thing.area
    )


def _called_a_thing(frame: Frame, tracks: Iterable[Track]) -> Iterable[tuple[Box, float]]:
    """Where the network saw a suitcase or a bag that the picture still shows, and how surely: it is no weak bicycle."""
    for track in tracks:
        if track.role in LIES and track.class_name != LEFT_OBJECT and track.appearance.likeness(frame).same:
            yield track.place, max(each.confidence or 0.0 for each in track.sightings)


def _still_there(frame: Frame, standing: Iterable[Track], found: Sequence[Box]) -> list[Box]:
    """Where people and vehicles stand that the network missed this time and the picture still shows."""
    return [
        each.place
        for each in standing
        if not any(each.place.iou(box) > EXPLAINED_SHARE for box in found) and each.appearance.likeness(frame).same
    ]


def _apart(one: Bytes, other: Bytes) -> Bytes:
    """How far each point is from the other picture's: its brightness, or its colour where that says more."""
    luma, u, v = cv2.split(cv2.absdiff(one, other))
    return np.asarray(cv2.max(luma, cv2.convertScaleAbs(cv2.max(u, v), alpha=CHROMA_WEIGHT)), np.uint8)


def _outlines(picture: Bytes) -> NDArray[np.float32]:
    """At half the size, without what light alone changes."""
    half = cv2.resize(picture[:, :, 0], None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
    return np.asarray(cv2.Laplacian(half, cv2.CV_32F, ksize=3), np.float32)


def _texture(luma: NDArray[np.generic]) -> NDArray[np.float32]:
    """What is left of the brightness when its slow changes are taken away."""
    image = luma.astype(np.float32)
    return np.asarray(image - cv2.GaussianBlur(image, (0, 0), 4.0), np.float32)


def _correlation(one: NDArray[np.float32], other: NDArray[np.float32]) -> float:
    scale = float(np.sqrt((one**2).sum() * (other**2).sum()))
    return float((one * other).sum()) / scale if scale > 0 else 0.0


def _unlike(one: Bytes, other: Bytes) -> float:
    """How far the colours of two sets of points are apart, 0..1 (Hellinger distance, the mean of the three planes)."""
    apart = 0.0
    for plane in range(3):
        parts = [np.histogram(each[:, plane], bins=BINS, range=_range(plane))[0] for each in (one, other)]
        first, second = (np.convolve(part / max(part.sum(), 1), (0.25, 0.5, 0.25), "same") for part in parts)
        apart += float(np.sqrt(max(1.0 - np.sqrt(first * second).sum(), 0.0))) / 3
    return apart


def _range(plane: int) -> tuple[int, int]:
    return (0, 256) if plane == 0 else (64, 192)
