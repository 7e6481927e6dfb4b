"""Tracks over looks that are seconds apart.

Kalman trackers are tuned to 25 pictures a second and lose their meaning at one look in two seconds. Here what
stands is matched by place and appearance, what moves by motion, and what was standing and is not found is asked
after in the picture itself: still there, hidden, or shown to be gone. Absence is proven, never assumed.

No clock and no database: `at_s` is media time in seconds.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from itertools import count
from math import hypot
from statistics import median

from detectors.appearance import Appearance, Likeness, light_of
from detectors.frame import Frame
from detectors.geometry import Box
from detectors.sightings import Detection, Look, ObjectRole, Sighting
from models.enums import SightingKind

START_CONFIDENCE = 0.2  # a weaker detection may go on with a track, it does not begin one
PLACE_IOU = 0.5  # two boxes this much alike are at one place
SURE_IOU = 0.7  # so much alike that the picture need not agree: a face of noise at night, a door that opens
PART_SHARE, PART_IOU = 0.8, 0.25  # or the smaller lies in the larger: half of it was hidden this time
STEADY_LOOKS = 5  # the place is the median of so many boxes and then stays, so that creeping adds up
HIDING_SHARE = 0.2  # something found over this share of the place may hide what stands there
BEHIND = 0.05  # of the place's height: what meets the ground this much further up stands behind and hides nothing
ABSORBED_SHARE, ABSORBED_LOOKS = 0.7, 2  # a place so far inside another's box, so often, is a part of that object
ABSENT_LOOKS = 2  # looks in a row that must show the place without it
LOST_LOOKS = 2  # looks after which a moving object that is not found again is forgotten
REACH = 2.5  # how many of its own lengths a moving object may go between two looks
SIZE_RATIO = 2.0
MOVING_COLOUR = 8.0
# two whose lower edges are so near in height (of the lower one's), and share so much of their width (of the narrower
# one's), stand on the same ground, and cannot do so at once
SAME_GROUND, SAME_GROUND_WIDE = 0.12, 0.6
DOUBT_DROP = 0.08  # correlation so far below the usual, and staying there, may be another that looks much alike
DOUBT_LOOKS = 2  # looks that agree with one another about how it looks now
DOUBT_MOST_LOOKS = 4  # after so many the packets are asked, whether or not the looks agree
USUAL_WEIGHT = 0.3  # of the newest correlation in the usual one
LIGHT_STEP = 1.5  # the whole picture so much brighter or darker: everything looks otherwise, and nothing is doubted
RETURN_WITHIN_S, DEPARTED_KEPT = 900.0, 50  # what left is remembered so long, and so many
RETURN_FROM, RETURN_IOU = 0.88, 0.3  # correlation and overlap from which a newcomer looks like one that left

SHOWN = (SightingKind.SEEN, SightingKind.KEPT)


@dataclass
class Doubt:
    """Something stands where the track stood and looks a little otherwise: is it still the same?

    before_s: the last look that showed it as ever. since_s: the first that did not. appearance: how it looks since.
    """

    before_s: float
    since_s: float
    appearance: Appearance
    looks: int = 1  # in all
    agreeing: int = 1
    answered: bool = False

    @property
    def ripe(self) -> bool:
        return not self.answered and (self.agreeing >= DOUBT_LOOKS or self.looks >= DOUBT_MOST_LOOKS)


@dataclass(frozen=True)
class Departed:
    """What stood there and was shown to be gone."""

    appearance: Appearance
    place: Box
    left_s: float


@dataclass
class Track:
    """One object over time. `sightings` is everything a rule may know of it, gaps included."""

    id: int
    role: ObjectRole
    first_seen_s: float
    box: Box
    place: Box
    appearance: Appearance
    standing_from_s: float  # first look that showed it at `place`
    classes: Counter[str] = field(default_factory=Counter)
    sightings: list[Sighting] = field(default_factory=list)
    steady: list[Box] = field(default_factory=list)
    velocity: tuple[float, float] = (0.0, 0.0)  # pixels a second
    missed: int = 0
    inside_another: int = 0  # looks in which another's box lay round its place and it was not found itself
    sure: float = 0.0  # mean confidence of the sightings that were let go of
    left_s: float | None = None  # first of the looks that showed its place without it
    usual: float | None = None  # correlation with which the picture shows it
    doubt: Doubt | None = None
    returned_from_s: float | None = None  # when one that looks like it left about the same place

    @property
    def gone(self) -> bool:
        return self.left_s is not None

    @property
    def ended(self) -> bool:
        return self.gone or self.absorbed or (not self.stands and self.missed >= LOST_LOOKS)

    @property
    def stands(self) -> bool:
        """Seen at one place at two looks or more."""
        return len(self.steady) > 1

    @property
    def absorbed(self) -> bool:
        return self.inside_another >= ABSORBED_LOOKS

    @property
    def in_doubt(self) -> bool:
        """Another may stand there, and nobody has looked yet."""
        return self.doubt is not None and not self.doubt.answered

    @property
    def class_name(self) -> str:
        return self.classes.most_common(1)[0][0]

    @property
    def last_shown_s(self) -> float:
        return next(each.at_s for each in reversed(self.sightings) if each.kind in SHOWN)

    def mean_confidence(self) -> float:
        scores = [each.confidence for each in self.sightings if each.confidence is not None]
        return sum(scores) / len(scores) if scores else self.sure

    def forget(self, keep: int) -> None:
        """Lets go of all but the last sightings, and of the last that showed it however old that is."""
        if len(self.sightings) <= keep:
            return
        self.sure = self.mean_confidence()
        newest = self.sightings[-keep:]
        if not any(each.kind in SHOWN for each in newest):
            newest.insert(0, next(each for each in reversed(self.sightings) if each.kind in SHOWN))
        self.sightings = newest


class Tracker:
    """All tracks of one camera's view."""

    def __init__(self) -> None:
        self._ids = count(1)
        self.tracks: list[Track] = []
        self._departed: list[Departed] = []

    def update(self, look: Look, detections: list[Detection]) -> list[Track]:
        """Takes one look into the tracks; returns the tracks that ended with it (gone, lost, or part of another)."""
        at_s = look.frame.media_s
        free = list(detections)
        for track, detection, likeness in self._by_place(look.frame, free):
            self._stay(track, detection, look.frame, likeness)
            self._absorb(track, detection.box, look.frame)
        newcomers = [*free]
        unmatched = [track for track in self.tracks if track.sightings[-1].at_s < at_s]
        # the latest comer first: whether it is shown decides what it can hide
        standing = [track for track in unmatched if track.stands]
        for track in sorted(standing, key=lambda each: each.standing_from_s, reverse=True):
            shown = [
                each for each in self.tracks if each.sightings[-1].at_s == at_s and each.sightings[-1].kind in SHOWN
            ]
            came_after = [each for each in shown if each.standing_from_s > track.last_shown_s]
            self._ask_the_picture(track, look.frame, newcomers, came_after)
        if (
            not look.frame.corrupt
        ):  # a decoder fills what is missing with anything: that begins nothing and moves nothing
            self._follow_what_moves([track for track in unmatched if not track.stands], free, look.frame)
        self._recognise(at_s)
        return self._take_out_the_ended()

    def _take_out_the_ended(self) -> list[Track]:
        ended = [track for track in self.tracks if track.ended]
        self.tracks = [track for track in self.tracks if track not in ended]
        self._departed += [
            Departed(track.appearance, track.place, track.left_s) for track in ended if track.left_s is not None
        ]
        self._departed = self._departed[-DEPARTED_KEPT:]
        return ended

    def _recognise(self, at_s: float) -> None:
        """Who has just come to stand may look like one that left about the same place not long ago."""
        self._departed = [each for each in self._departed if at_s - each.left_s <= RETURN_WITHIN_S]
        for track in self.tracks:
            if len(track.steady) == 2 and track.sightings[-1].at_s == at_s:
                alike = [each.left_s for each in self._departed if _looks_like(track, each)]
                track.returned_from_s = max(alike, default=None)

    def doubted(self) -> list[Track]:
        """Those of which only the pictures between two looks can tell whether another took their place."""
        return [track for track in self.tracks if track.doubt is not None and track.doubt.ripe]

    def still_the_same(self, track: Track) -> None:
        """Nothing else was in its place between the looks: this is how it looks from now on."""
        doubt = track.doubt
        assert doubt is not None, "only of a doubted track is it asked"
        doubt.answered, track.usual, track.appearance = True, None, doubt.appearance

    def replaced(self, track: Track, left_s: float) -> Track:
        """Its place was shown without it between two looks: who stands there since is another, with times of its own.

        The first ends with it. Looks since then showed the other.
        """
        doubt = track.doubt
        assert doubt is not None, "only of a doubted track is it asked"
        since = [each for each in track.sightings if each.at_s >= doubt.since_s]
        boxes = [each.box for each in since if each.box is not None]
        place = median_box(boxes) if boxes else track.place
        newcomer = Track(
            id=next(self._ids),
            role=track.role,
            first_seen_s=doubt.since_s,
            box=track.box,
            place=place,
            appearance=doubt.appearance,
            standing_from_s=doubt.since_s,
            classes=Counter(track.classes),
            sightings=since,
            steady=boxes[-STEADY_LOOKS:] or [place],
        )
        track.sightings = [each for each in track.sightings if each.at_s < doubt.since_s]
        track.sightings += [Sighting(each.at_s, SightingKind.ABSENT, note="another stands there") for each in since]
        track.left_s = max(left_s, doubt.before_s)
        self.tracks.append(newcomer)
        self._take_out_the_ended()
        return newcomer

    def _follow_what_moves(self, moving: list[Track], free: list[Detection], frame: Frame) -> None:
        """Pairs what moved with what was found elsewhere; what is left of the found begins tracks of its own."""
        for track, detection in _by_motion(moving, free, frame):
            _move(track, detection, frame)
        for track in moving:
            if track.sightings[-1].at_s < frame.media_s:
                track.missed += 1
        for detection in free:
            if detection.confidence >= START_CONFIDENCE:
                self.tracks.append(self._begin(detection, frame))

    def gap(self, from_s: float, to_s: float, why: str) -> None:
        """No usable picture between two moments: on record in every track, and held against none."""
        for track in self.tracks:
            track.sightings.append(Sighting(from_s, SightingKind.GAP, until_s=to_s, note=why))

    def resume(self, tracks: list[Track]) -> None:
        """Goes on with tracks that another tracker of the same view had."""
        self.tracks = tracks
        self._ids = count(max((track.id for track in tracks), default=0) + 1)

    def rescale(self, x: float, y: float) -> None:
        """The same view has another picture size from now on."""
        for track in self.tracks:
            track.box, track.place = track.box.scaled(x, y), track.place.scaled(x, y)
            track.steady = [box.scaled(x, y) for box in track.steady]
            track.velocity = (track.velocity[0] * x, track.velocity[1] * y)
            track.appearance = replace(track.appearance, box=track.appearance.box.scaled(x, y))
            track.sightings = [
                each if each.box is None else replace(each, box=each.box.scaled(x, y)) for each in track.sightings
            ]

    def _by_place(self, frame: Frame, free: list[Detection]) -> Iterable[tuple[Track, Detection, Likeness | None]]:
        """Pairs of track and detection at one place, best first; takes the paired detections out of `free`.

        With them how much the picture shows it there; None where something stands before it and the rest of it is the
        same. A detection at the place of a track that looks like something else is left free: it begins a track of
        its own, and the old one is asked after in the picture.
        """
        pairs = sorted(
            (
                (_closeness(track.place, detection.box), track.id, number)
                for track in self.tracks
                for number, detection in enumerate(free)
                if detection.role is track.role and _at_one_place(track.place, detection.box)
            ),
            reverse=True,
        )
        by_id = {track.id: track for track in self.tracks}
        likenesses = {
            track_id: by_id[track_id].appearance.likeness(frame) for track_id in {track_id for _, track_id, _ in pairs}
        }
        taken: set[int] = set()
        matched = []
        for _, track_id, number in pairs:
            if track_id not in by_id or number in taken:
                continue
            track, likeness = by_id[track_id], likenesses[track_id]
            looks_out = not likeness.same and track.stands and _looks_out(track, free[number], free, frame)
            if likeness.other and not looks_out and not (likeness.lit and track.stands):
                continue
            if track.stands or likeness.same or track.place.iou(free[number].box) >= SURE_IOU:
                matched.append((by_id.pop(track_id), free[number], None if looks_out else likeness))
                taken.add(number)
        free[:] = [detection for number, detection in enumerate(free) if number not in taken]
        return matched

    def _absorb(self, track: Track, box: Box, frame: Frame) -> None:
        """Half a vehicle beside a post may have begun a track of its own; a box round both halves tells.

        The half is still to be seen where it was. What is not to be seen inside the larger box is hidden by it.
        """
        for other in self.tracks:
            if (
                other is not track
                and other.role is track.role
                and other.sightings[-1].at_s < frame.media_s
                and other.place.covered_by(box) > ABSORBED_SHARE
                and other.appearance.likeness(frame).same
            ):
                other.inside_another += 1

    @staticmethod
    def _stay(track: Track, detection: Detection, frame: Frame, likeness: Likeness | None) -> None:
        if likeness is None:
            track.sightings.append(replace(_seen(detection, frame), note="looks out from behind"))
            track.classes[detection.class_name] += 1
            track.missed = 0
            return  # half of it tells neither where it stands nor how it looks
        if likeness.other:  # matched all the same, because the ground round it is lit otherwise too
            track.sightings.append(Sighting(frame.media_s, SightingKind.HIDDEN, note="light falls on it"))
            return
        same = likeness.same
        _doubt(track, likeness, frame)
        if not same and track.place.iou(detection.box) < SURE_IOU:
            # one vehicle after another at a line of lights stands at one place too
            track.sightings.append(Sighting(frame.media_s, SightingKind.HIDDEN, note="not surely the same"))
            return
        track.sightings.append(_seen(detection, frame))
        track.classes[detection.class_name] += 1
        track.box, track.missed, track.velocity = detection.box, 0, (0.0, 0.0)
        if frame.corrupt:
            return  # it shows that it is there, and not exactly where or how it looks
        if len(track.steady) < STEADY_LOOKS:
            track.steady.append(detection.box)
            track.place = median_box(track.steady)
            track.appearance = Appearance.of(frame, track.place)
        elif likeness.plainly_same and track.doubt is None:
            track.appearance = track.appearance.refreshed(frame)

    @staticmethod
    def _ask_the_picture(track: Track, frame: Frame, newcomers: list[Detection], came_after: list[Track]) -> None:
        """A standing object was not found: does the picture still show it, is it hidden, or is its place empty?

        What stood beside it while it was still seen hides nothing now; only what came since can. What stands on the
        same ground hides nothing either: there is no room behind it.
        """
        at_s = frame.media_s
        likeness = track.appearance.likeness(frame)
        if likeness.same:
            _doubt(track, likeness, frame)
            track.sightings.append(Sighting(at_s, SightingKind.KEPT, track.place, note="same picture"))
            track.missed = 0
            return
        if frame.corrupt:  # what is missing in it is not shown to be gone
            track.sightings.append(Sighting(at_s, SightingKind.HIDDEN, note="damaged picture"))
            return
        in_front = [
            box
            for box in [*(each.box for each in newcomers), *(each.box for each in came_after)]
            if _hides(box, track.place)
        ]
        if in_front and track.appearance.rest_is_same(frame, in_front):
            track.sightings.append(Sighting(at_s, SightingKind.KEPT, track.place, note="looks out from behind"))
            track.missed = 0
            return
        if likeness.lit and not in_front:
            track.sightings.append(Sighting(at_s, SightingKind.HIDDEN, note="light falls on it"))
            return
        displaced = any(each.stands and _on_one_ground(each, track) for each in came_after)
        if in_front and not displaced:
            track.sightings.append(Sighting(at_s, SightingKind.HIDDEN, note="something stands in front"))
            return
        note = "another stands on its ground" if displaced else None
        track.sightings.append(Sighting(at_s, SightingKind.ABSENT, note=note))
        track.missed += 1
        if track.missed >= ABSENT_LOOKS:
            absent = [each.at_s for each in track.sightings[-ABSENT_LOOKS:] if each.kind is SightingKind.ABSENT]
            track.left_s = min(absent)

    def _begin(self, detection: Detection, frame: Frame) -> Track:
        box = detection.box
        return Track(
            id=next(self._ids),
            role=detection.role,
            first_seen_s=frame.media_s,
            box=box,
            place=box,
            appearance=Appearance.of(frame, box),
            standing_from_s=frame.media_s,
            classes=Counter([detection.class_name]),
            sightings=[_seen(detection, frame)],
            steady=[box],
        )


def _seen(detection: Detection, frame: Frame) -> Sighting:
    return Sighting(frame.media_s, SightingKind.SEEN, detection.box, detection.confidence)


def _hides(box: Box, place: Box) -> bool:
    in_front = box.y2 >= place.y2 - BEHIND * place.height
    return in_front and place.iou(box) < PLACE_IOU and place.covered_by(box) > HIDING_SHARE


def _looks_out(track: Track, detection: Detection, found: list[Detection], frame: Frame) -> bool:
    """Is what was found there the rest of it, behind something else that was found?"""
    in_front = [each.box for each in found if each is not detection and _hides(each.box, track.place)]
    return bool(in_front) and track.appearance.rest_is_same(frame, in_front)


def _on_one_ground(one: Track, other: Track) -> bool:
    """Do they meet the ground at the same place?"""
    a, b = one.place, other.place
    shared_px = min(a.x2, b.x2) - max(a.x1, b.x1)
    return (
        one.role is other.role
        and abs(a.y2 - b.y2) <= SAME_GROUND * min(a.height, b.height)
        and shared_px > SAME_GROUND_WIDE * min(a.width, b.width)
    )


def _looks_like(track: Track, departed: Departed) -> bool:
    likeness = track.appearance.resembles(departed.appearance)
    return track.place.iou(departed.place) >= RETURN_IOU and likeness.same and likeness.correlation >= RETURN_FROM


def _doubt(track: Track, likeness: Likeness, frame: Frame) -> None:
    """Takes note of how much the picture shows it as ever; a place that stays a little otherwise is doubted."""
    usual, light = track.usual, light_of(frame) / track.appearance.light
    if frame.corrupt or not track.stands or track.role is not ObjectRole.VEHICLE:
        return
    as_ever = likeness.same and (usual is None or likeness.correlation >= usual - DOUBT_DROP)
    if as_ever or not 1 / LIGHT_STEP < light < LIGHT_STEP:
        track.usual = likeness.correlation if usual is None else usual + USUAL_WEIGHT * (likeness.correlation - usual)
        track.doubt = None
        return
    doubt = track.doubt
    if doubt is None or doubt.answered:
        track.doubt = Doubt(track.last_shown_s, frame.media_s, Appearance.of(frame, track.place))
        return
    doubt.looks += 1
    if doubt.appearance.likeness(frame).same:
        doubt.agreeing += 1
    else:
        doubt.appearance, doubt.agreeing = Appearance.of(frame, track.place), 1


def _closeness(place: Box, box: Box) -> float:
    return max(place.iou(box), place.share_of_smaller(box) * PLACE_IOU)


def _at_one_place(place: Box, box: Box) -> bool:
    iou = place.iou(box)
    if iou == 0.0:
        return False
    part = box.area <= place.area and iou >= PART_IOU and place.share_of_smaller(box) >= PART_SHARE
    return iou >= PLACE_IOU or part


def _by_motion(moving: list[Track], free: list[Detection], frame: Frame) -> Iterable[tuple[Track, Detection]]:
    """Pairs by predicted place, size and colour, nearest first; takes the paired detections out of `free`."""
    pairs = []
    for track in moving:
        elapsed_s = frame.media_s - track.sightings[-1].at_s
        x, y = track.box.centre
        x, y = x + track.velocity[0] * elapsed_s, y + track.velocity[1] * elapsed_s
        reach_px = REACH * max(track.box.width, track.box.height)
        for number, detection in enumerate(free):
            distance_px = hypot(detection.box.centre[0] - x, detection.box.centre[1] - y)
            ratio = detection.box.area / max(track.box.area, 1.0)
            if (
                detection.role is track.role
                and distance_px <= reach_px
                and 1 / SIZE_RATIO <= ratio <= SIZE_RATIO
                and _colour_distance(track, detection, frame) < MOVING_COLOUR
            ):
                pairs.append((distance_px / reach_px, track.id, number))
    by_id = {track.id: track for track in moving}
    taken: set[int] = set()
    matched = []
    for _, track_id, number in sorted(pairs):
        if track_id in by_id and number not in taken:
            matched.append((by_id.pop(track_id), free[number]))
            taken.add(number)
    free[:] = [detection for number, detection in enumerate(free) if number not in taken]
    return matched


def _colour_distance(track: Track, detection: Detection, frame: Frame) -> float:
    return track.appearance.colour_distance(frame, detection.box)


def _move(track: Track, detection: Detection, frame: Frame) -> None:
    """The object is somewhere else now: what it stood for before is over, its identity goes on."""
    elapsed_s = max(frame.media_s - track.sightings[-1].at_s, 1e-3)
    (x0, y0), (x1, y1) = track.box.centre, detection.box.centre
    track.velocity = ((x1 - x0) / elapsed_s, (y1 - y0) / elapsed_s)
    track.sightings.append(_seen(detection, frame))
    track.classes[detection.class_name] += 1
    track.box = track.place = detection.box
    track.steady = [detection.box]
    track.standing_from_s = frame.media_s
    track.appearance = Appearance.of(frame, detection.box)
    track.missed = 0


def median_box(boxes: list[Box]) -> Box:
    return Box(
        median(box.x1 for box in boxes),
        median(box.y1 for box in boxes),
        median(box.x2 for box in boxes),
        median(box.y2 for box in boxes),
    )
