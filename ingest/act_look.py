"""The look for an act: who left the thing, in which second, and by what they went, out of the packets of that time.

The place is looked at closely round the second in which the thing came to lie there, and less closely before and
after, and shown to the detector. A person who was near comes before a vehicle; where nobody was, nobody left it.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from math import hypot
from statistics import median

from detectors.dumping import Act, Actor, is_near, kind_of
from detectors.frame import Frame
from detectors.geometry import Box
from detectors.left_objects import is_the_thing
from detectors.sightings import Detection, Look, ObjectRole
from detectors.tracker import Track
from ingest.look_back import LookBack
from ingest.plate_look import LEAST_VEHICLE_PX, PlateSeen, read_plate
from ingest.stills import EDGE_PX, sharpness

Find = Callable[[Sequence[Look]], list[list[Detection]]]

BEFORE_S, NEAR_S, FOLLOWED_S = 5.0, 1.6, 12.0  # of the act: looked at before it, closely on both sides, and after it
SETTLES_S, SETTLED = 1.5, 0.98  # share of the likeness it has once it lies there
CLOSELY_S, LOOSELY_S = 0.2, 0.5
AT_ONCE = 4  # pictures shown to the detector together
LEAST_SCORE, SURE_SCORE = 0.25, 0.5
LEAST_PICTURES = 2  # that show somebody near; one is enough where the detector is sure
SOMEBODY = 0.3  # of the pictures that show the thing: so many call it a person
REACH = 0.8  # of its height: so far somebody goes between two pictures
LOST_AFTER_S = 1.6
AS_CLEAR_FROM = 0.7  # of the largest view's height: smaller ones are no better however sharp
GOES_IN = 0.3  # of a person's height: so close to a vehicle they were last seen
MOVED_OFF = 0.3  # of a vehicle's width
PLATE_VIEWS = 5
VEHICLES = frozenset({ObjectRole.VEHICLE, ObjectRole.TWO_WHEELER})


@dataclass(frozen=True)
class ActSeen:
    """The act, and the pictures that show it. before: the place without the thing, and without anybody near it."""

    act: Act
    before: Frame | None
    with_it: Frame
    clearest: Frame
    clearest_box: Box
    plate: PlateSeen | None


@dataclass(frozen=True)
class _Seen:
    frame: Frame
    found: tuple[Detection, ...]
    there: bool  # the thing


@dataclass(frozen=True)
class _View:
    frame: Frame
    box: Box
    score: float
    with_it: bool = True  # the thing lies there by then


@dataclass
class _Followed:
    """The actor in picture after picture; frames are kept of the best view alone, and of a few of the vehicle."""

    role: ObjectRole
    last: _View
    best: _View
    vehicle: list[_View] = field(default_factory=list)

    def seen(self, view: _View) -> None:
        self.last = view
        self.consider(view)

    def consider(self, view: _View) -> None:
        if _is_clearer(view, self.best):
            self.best = view


@dataclass(frozen=True)
class _Eyes:
    """The past of one place, and who can say what its pictures show."""

    look_back: LookBack
    find: Find
    regions: tuple[Box, ...]
    track: Track
    to_s: float

    def seen(self, from_s: float, until_s: float, every_s: float) -> Iterator[_Seen]:
        waiting: list[Frame] = []
        for frame in self.look_back.sampled(from_s, min(until_s, self.to_s), every_s):
            waiting.append(frame)
            if len(waiting) == AT_ONCE:
                yield from self._shown(waiting)
                waiting = []
        yield from self._shown(waiting)

    def _shown(self, frames: list[Frame]) -> Iterator[_Seen]:
        found_in = self.find([Look(each, self.regions) for each in frames]) if frames else []
        for frame, found in zip(frames, found_in, strict=True):
            sure = tuple(each for each in found if each.confidence >= LEAST_SCORE)
            yield _Seen(frame, sure, self.track.appearance.likeness(frame).same)


def settled_s(look_back: LookBack, track: Track, came_s: float) -> float:
    """When the thing that is first seen at its place at `came_s`, in somebody's hand perhaps, lies as it goes on to."""
    alike = [
        (frame.media_s, track.appearance.likeness(frame).correlation)
        for frame in look_back.frames(came_s, came_s + SETTLES_S)
    ]
    usual = median([likeness for at_s, likeness in alike if at_s > came_s + SETTLES_S / 3] or [0.0])
    return next((at_s for at_s, likeness in alike if likeness >= SETTLED * usual), came_s)


def look_for_act(
    look_back: LookBack, find: Find, regions: tuple[Box, ...], track: Track, act_s: float, to_s: float
) -> ActSeen | None:
    """The act of leaving the thing of that track, which came at `act_s`; the packets are looked at up to `to_s`."""
    thing, eyes = track.place, _Eyes(look_back, find, regions, track, to_s)
    near = list(eyes.seen(act_s - NEAR_S, act_s + NEAR_S, CLOSELY_S))
    close = None if _is_somebody(near, thing) else _near_it(near, thing)
    if close is None:
        return None
    role, views = close
    at_act = max(views, key=lambda view: view.score + view.with_it - abs(view.frame.media_s - act_s))
    followed = _Followed(role, views[-1], views[0])
    for view in views:
        followed.consider(view)
    called = [each for look in near for each in look.found]
    for look in eyes.seen(act_s + NEAR_S, act_s + FOLLOWED_S, LOOSELY_S):
        called += look.found if look.there else ()
        if not _follow(followed, look):
            break
    vehicle = _went_by(followed)
    before = _before(list(eyes.seen(act_s - BEFORE_S, act_s - NEAR_S, 2 * LOOSELY_S)), near, thing)
    return ActSeen(
        Act(
            at_s=act_s,
            actor=Actor(role, at_act.box, at_act.frame.media_s, at_act.score, followed.last.frame.media_s),
            kind=kind_of(thing, at_act.box if role is ObjectRole.PERSON else None, called),
            vehicle=None if vehicle is None else vehicle.box,
            vehicle_at_s=None if vehicle is None else vehicle.frame.media_s,
        ),
        before=before,
        with_it=at_act.frame,
        clearest=followed.best.frame,
        clearest_box=followed.best.box,
        plate=None if vehicle is None else read_plate((each.frame, each.box) for each in followed.vehicle),
    )


def _is_somebody(near: Sequence[_Seen], thing: Box) -> bool:
    """A person who stood too still to be found at the looks is found by and by where the thing is said to be."""
    there = [look for look in near if look.there]
    called = sum(
        any(each.role is ObjectRole.PERSON and is_the_thing(each.box, thing) for each in look.found) for look in there
    )
    return called > SOMEBODY * len(there)


def _near_it(near: Sequence[_Seen], thing: Box) -> tuple[ObjectRole, list[_View]] | None:
    """Who was near the thing round that second, in the order of time: a person, else a vehicle."""
    for roles in ({ObjectRole.PERSON}, VEHICLES):
        views = []
        for look in near:
            close = [
                each
                for each in look.found
                if each.role in roles
                and is_near(each.box, thing)
                and not (look.there and is_the_thing(each.box, thing))
            ]
            if close:
                best = min(close, key=lambda each: _distance(each.box, thing) / each.box.height)
                views.append((best.role, _View(look.frame, best.box, best.confidence, look.there)))
        sure = any(view.score >= SURE_SCORE for _, view in views)
        if len(views) >= LEAST_PICTURES or (views and sure):
            return views[0][0], [view for _, view in views]
    return None


def _follow(followed: _Followed, look: _Seen) -> bool:
    """Whether it is worth going on: they were seen not long ago, or the vehicle they went to still is."""
    at_s, last = look.frame.media_s, followed.last
    candidates = [(each.box, each.confidence) for each in look.found if each.role is followed.role]
    reach_px = REACH * last.box.height * max((at_s - last.frame.media_s) / LOOSELY_S, 1.0)
    close = [each for each in candidates if _distance(each[0], last.box) <= reach_px]
    if close:
        box, score = min(close, key=lambda each: _distance(each[0], last.box))
        followed.seen(_View(look.frame, box, score))
    for each in look.found:
        if each.role in VEHICLES and _is_theirs(each.box, followed):
            followed.vehicle.append(_View(look.frame, each.box, each.confidence))
    followed.vehicle = _kept(followed.vehicle)
    newest_s = max([followed.last.frame.media_s, *(each.frame.media_s for each in followed.vehicle[-1:])])
    return at_s - newest_s <= LOST_AFTER_S


def _is_theirs(vehicle: Box, followed: _Followed) -> bool:
    if followed.vehicle:
        return _distance(vehicle, followed.vehicle[-1].box) <= vehicle.width
    if followed.role in VEHICLES:
        return vehicle.iou(followed.last.box) > 0
    person = followed.last.box
    gap_px = max(vehicle.x1 - person.x2, person.x1 - vehicle.x2, 0.0)
    return gap_px <= GOES_IN * person.height and vehicle.y1 < person.y2 and person.y1 < vehicle.y2


def _kept(views: list[_View]) -> list[_View]:
    """The first, the last and the largest between: enough to see it go and to read its plate."""
    if len(views) <= PLATE_VIEWS:
        return views
    smallest = min(views[1:-1], key=lambda view: view.box.width)
    return [view for view in views if view is not smallest]


def _went_by(followed: _Followed) -> _View | None:
    """The vehicle that was with them and then moved off; one that stays was only walked past."""
    if len(followed.vehicle) < LEAST_PICTURES:
        return None
    first, last = followed.vehicle[0], followed.vehicle[-1]
    moved = _distance(first.box, last.box) >= MOVED_OFF * first.box.width
    large = max(followed.vehicle, key=lambda view: view.box.width)
    return large if moved and large.box.width >= min(LEAST_VEHICLE_PX / 4, first.box.width) else None


def _before(looks: Sequence[_Seen], near: Sequence[_Seen], thing: Box) -> Frame | None:
    """The last picture of the place without the thing, best with nobody near it.

    Who bends down is often not found as a person: between two pictures not far apart that show somebody, somebody is.
    """
    looks = [*looks, *near]
    taken = [
        each.frame.media_s
        for each in looks
        if any(other.role in {ObjectRole.PERSON, *VEHICLES} and is_near(other.box, thing) for other in each.found)
    ]
    without = [each for each in looks if not each.there]
    free = [each for each in without if not _lies_between(each.frame.media_s, taken)]
    latest = free[-1:] or without[:1]
    return latest[0].frame if latest else None


def _lies_between(at_s: float, times: Sequence[float]) -> bool:
    """Whether it is one of them, or has one of them not long before it and one not long after."""
    before = any(0 <= at_s - each <= LOST_AFTER_S for each in times)
    after = any(0 <= each - at_s <= LOST_AFTER_S for each in times)
    return before and after


def _is_clearer(view: _View, best: _View) -> bool:
    """Whole rather than cut off by the edge, then not much smaller and sharper."""
    cut, best_cut = (_is_cut(each) for each in (view, best))
    if cut != best_cut:
        return best_cut
    if view.box.height < AS_CLEAR_FROM * best.box.height:
        return False
    larger = best.box.height < AS_CLEAR_FROM * view.box.height
    return larger or sharpness(view.frame, view.box) > sharpness(best.frame, best.box)


def _is_cut(view: _View) -> bool:
    box, frame = view.box, view.frame
    return min(box.x1, box.y1) < EDGE_PX or box.x2 > frame.width - EDGE_PX or box.y2 > frame.height - EDGE_PX


def _distance(one: Box, other: Box) -> float:
    (x1, y1), (x2, y2) = one.centre, other.centre
    return hypot(x1 - x2, y1 - y2)
