"""The rule for dumping: something left inside a geofence, by somebody who came and went, and still there.

Values only. That something is left is found in the looks (detectors/left_objects.py). Who left it, and in which second,
is looked up in the packets of that time (ingest/act_look.py) and told to the rule as an Act; what nobody is seen to
have left is not held against anybody. The rule counts the seconds for which the thing is shown with nobody near it.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any, ClassVar

from detectors.dwell import Dwell
from detectors.geometry import Box, Polygon
from detectors.left_objects import COMES_AND_GOES, LEFT_OBJECT, is_the_thing
from detectors.occupancy import is_inside, share_inside
from detectors.rules import Suspect, violation_of
from detectors.sightings import Detection, ObjectRole, Sighting, Violation
from detectors.tracker import SHOWN, Track
from models.enums import Offence, SightingKind

# How near is near, in heights of the person: an arm's length and a step beside it, and less before or behind, since
# cameras look down at a slant. Of a vehicle, in heights of the vehicle.
REACH_BESIDE, REACH_BEFORE = 0.6, 0.4
AWAY_S = 10.0  # where the fence does not say: so long it is shown with nobody near it
STAYS_LOOKS = 3  # who is near at so many looks in a row minds it; who passes by is near at one or two
JUST_COME_S = 30.0  # a vehicle that stood there longer before the thing came is not what brought it
HEAP_FROM = 0.8  # of a person's height: longest side from which it is more than anybody carries at once
SPILL_WIDTH, SPILL_HEIGHT = 3.0, 0.15  # wider than high so often, and lower than this share of a person: it lies flat
NAMED_SHARE = 0.3  # overlap with what the network calls a bag
BAGS = frozenset({"suitcase", "backpack", "handbag", "bag of rubbish"})


class Kind(StrEnum):
    """What was left, as far as can be told."""

    BAG = "bag"
    HEAP = "heap"
    SPILL = "spill"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Actor:
    """Who was near when it came.

    box, at_s: where and when it was nearest to the act. last_seen_s: in the pictures that were looked at.
    """

    role: ObjectRole
    box: Box
    at_s: float
    confidence: float
    last_seen_s: float


@dataclass(frozen=True)
class Act:
    """The second in which the thing came to lie there, who was with it, and by which vehicle they left, if by one."""

    at_s: float
    actor: Actor
    kind: Kind
    vehicle: Box | None = None
    vehicle_at_s: float | None = None

    def facts(self) -> dict[str, Any]:
        actor = self.actor
        return {
            "act_s": round(self.at_s, 3),
            "kind": self.kind.value,
            "actor": {
                "role": actor.role.value,
                "box": actor.box.as_list(),
                "at_s": round(actor.at_s, 3),
                "confidence": round(actor.confidence, 4),
                "last_seen_s": round(actor.last_seen_s, 3),
            },
            "vehicle": None if self.vehicle is None else self.vehicle.as_list(),
        }


@dataclass
class _Alone:
    """For how long the thing is shown with nobody near it."""

    from_s: float
    last_s: float | None = None  # last look that showed it so, without another in between
    shown_s: float = 0.0
    not_shown_s: float = 0.0
    minded_looks: int = 0

    def look(self, at_s: float, *, shown: bool, minded: bool, longest_step_s: float) -> None:
        if shown and minded:
            self.minded_looks += 1
            if self.minded_looks >= STAYS_LOOKS:
                self.shown_s = self.not_shown_s = 0.0
        elif shown:
            self.minded_looks = 0
        if not shown or minded:
            self.last_s = None
            return
        if self.last_s is None:
            self.from_s = at_s if self.shown_s == 0.0 else self.from_s
        elif at_s - self.last_s <= longest_step_s:
            self.shown_s += at_s - self.last_s
        else:
            self.not_shown_s += at_s - self.last_s
        self.last_s = at_s


@dataclass
class Dumping:
    """One geofence's rule. dwell_s: for so long it is shown with nobody near it. `acts`: by suspect, as they are told.

    `open_acts`: suspects whose act is still looked for; what was remembered from another watcher is not among them.
    """

    geofence_id: str
    fence: Polygon
    dwell_s: float
    longest_step_s: float  # two looks further apart than this show nothing of the time between
    suspects: dict[int, Suspect] = field(default_factory=dict)
    acts: dict[int, Act] = field(default_factory=dict)
    open_acts: set[int] = field(default_factory=set)
    slept: bool = False
    _alone: dict[int, _Alone] = field(default_factory=dict)
    _left_by_nobody: set[int] = field(default_factory=set)
    roles: ClassVar[frozenset[ObjectRole]] = frozenset({ObjectRole.LITTER})
    offence: ClassVar[Offence] = Offence.DUMPING

    def update(self, tracks: Iterable[Track], *, at_s: float, in_force: bool = True) -> list[Suspect]:
        """Follows what lies inside after the look at `at_s`; returns the suspects whose stay ended with it.

        What came while the rule was not in force was allowed to come.
        """
        known = list(tracks)
        left = {each.id: each for each in known if each.role in self.roles and each.class_name == LEFT_OBJECT}
        ended = [
            self._let_go(number)
            for number, suspect in list(self.suspects.items())
            if number not in left
            or not self._inside(suspect.track, was_inside=True)
            or not (in_force or suspect.confirmed)
        ]
        self._left_by_nobody &= left.keys()
        self._alone = {number: each for number, each in self._alone.items() if number in left}
        for track in left.values():
            self._note(track, known, at_s)
            if not in_force:
                self._left_by_nobody.add(track.id)
            elif (
                track.stands
                and track.id not in self.suspects
                and track.id not in self._left_by_nobody
                and self._inside(track, was_inside=False)
            ):
                self.suspects[track.id] = Suspect(track, track.standing_from_s)
                self.open_acts.add(track.id)
        return ended

    def dwell(self, suspect: Suspect) -> Dwell:
        alone = self._alone.get(suspect.track.id) or _Alone(suspect.from_s)
        return Dwell(alone.from_s, alone.last_s or alone.from_s, alone.shown_s, alone.not_shown_s)

    def is_alone(self, suspect: Suspect) -> bool:
        """Did the newest look show it with nobody near it?"""
        alone = self._alone.get(suspect.track.id)
        return alone is not None and alone.last_s == suspect.track.sightings[-1].at_s

    def witnessed(self, suspect: Suspect, act: Act) -> None:
        """The act was found in the packets of its time."""
        self.acts[suspect.track.id] = act
        self.open_acts.discard(suspect.track.id)

    def dismiss(self, suspect: Suspect) -> None:
        """Nobody is seen to have left it: it is let be for as long as it lies there."""
        self._left_by_nobody.add(suspect.track.id)
        self._let_go(suspect.track.id)

    def confirm(self) -> list[Suspect]:
        """The suspects that the newest look shows to be left for good, each once."""
        confirmed = []
        for suspect in self.suspects.values():
            if suspect.confirmed or suspect.track.id in self.open_acts:
                continue
            if self.dwell(suspect).shown_s >= self.dwell_s and self.is_alone(suspect):
                suspect.confirmed = True
                confirmed.append(suspect)
        return confirmed

    def sightings(self, track: Track) -> tuple[Sighting, ...]:
        """The track's sightings with the share of its ground contact that lay inside."""
        return tuple(
            each if each.box is None else replace(each, share_inside=round(share_inside(self.fence, each.box), 3))
            for each in track.sightings
        )

    def violation(self, suspect: Suspect) -> Violation:
        """The violation that the newest look completed."""
        return violation_of(self, suspect)

    def facts(self, suspect: Suspect) -> dict[str, Any]:
        """What the rule went by, for the record."""
        dwell, act = self.dwell(suspect), self.acts.get(suspect.track.id)
        said = {
            "away_s": self.dwell_s,
            "alone_s": round(dwell.shown_s, 3),
            "not_shown_s": round(dwell.not_shown_s, 3),
            "class": suspect.track.class_name,
            "role": suspect.track.role.value,
        }
        return said if act is None else said | act.facts()

    def _let_go(self, number: int) -> Suspect:
        self.acts.pop(number, None)
        self.open_acts.discard(number)
        return self.suspects.pop(number)

    def _note(self, track: Track, known: Sequence[Track], at_s: float) -> None:
        newest = track.sightings[-1]
        alone = self._alone.setdefault(track.id, _Alone(at_s))
        minded = any(_minds(each, track, at_s) for each in known if each is not track)
        shown = newest.at_s == at_s and newest.kind in SHOWN
        alone.look(at_s, shown=shown, minded=minded, longest_step_s=self.longest_step_s)

    def _inside(self, track: Track, *, was_inside: bool) -> bool:
        return is_inside(share_inside(self.fence, track.place), was_inside=was_inside)


def is_near(box: Box, thing: Box) -> bool:
    """Could whoever is in the box have put the thing there, or reach it?"""
    beside_px = max(box.x1 - thing.x2, thing.x1 - box.x2, 0.0)
    middle_y = thing.y2 - min(thing.height, box.height) / 2  # a thing reaches back on the ground about half its height
    before_px = max(box.y2 - thing.y2, middle_y - box.y2, 0.0)
    return beside_px <= REACH_BESIDE * box.height and before_px <= REACH_BEFORE * box.height


def kind_of(thing: Box, person: Box | None, found: Iterable[Detection]) -> Kind:
    """By what the network calls it, else by its size beside the person who left it."""
    if any(each.class_name.lower() in BAGS and each.box.iou(thing) > NAMED_SHARE for each in found):
        return Kind.BAG
    if person is None:
        return Kind.UNKNOWN
    if thing.width >= SPILL_WIDTH * thing.height and thing.height <= SPILL_HEIGHT * person.height:
        return Kind.SPILL
    return Kind.HEAP if max(thing.width, thing.height) >= HEAP_FROM * person.height else Kind.UNKNOWN


def _minds(other: Track, thing: Track, at_s: float) -> bool:
    newest = other.sightings[-1]
    if other.role not in COMES_AND_GOES or newest.at_s != at_s or newest.kind not in SHOWN:
        return False
    if is_the_thing(other.box, thing.place) and thing.sightings[-1].kind in SHOWN:
        return False
    if other.role is not ObjectRole.PERSON and other.first_seen_s < thing.first_seen_s - JUST_COME_S:
        return False
    return is_near(other.place if newest.kind is SightingKind.KEPT else other.box, thing.place)
