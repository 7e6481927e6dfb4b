"""The rule for street vending: something to sell from, and somebody who stays with it, for `dwell_s`.

Also for goods that a shop puts over its door line, with which nobody need stand. Values only. The suspect is the
thing and not the person: a seller who goes for a minute ends nothing, and when the thing goes while others of the same
pitch stay, one of them takes its place. What speaks for a sale, and how much, is in detectors/vending_signs.py.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar

from detectors.dwell import Dwell, dwell_of
from detectors.geometry import Box, Polygon
from detectors.occupancy import is_inside, share_inside
from detectors.rules import Suspect, sure_enough, violation_of
from detectors.sightings import ObjectRole, Sighting, Violation
from detectors.tracker import SHOWN, Track
from detectors.vending_signs import (
    Judgement,
    Pitch,
    Visit,
    is_beside,
    is_carried,
    judge,
    limits,
    named_once,
    sign_of,
    worth_of,
)
from models.enums import Offence, SightingKind

ANCHORS = frozenset(
    {
        ObjectRole.STALL,
        ObjectRole.GOODS,
        ObjectRole.FURNITURE,
        ObjectRole.WARES,
        ObjectRole.TWO_WHEELER,
        ObjectRole.LITTER,
    }
)
SETTLED = 0.5  # of the dwell: what has not stood so long is not counted yet
SURELY = 0.3  # mean score of a person who minds a stall; a bag is taken for a person more faintly
REMEMBERED = 3  # dwells for which it is remembered who was there


@dataclass
class StreetVending:
    """One geofence's rule with its parameters. over_line: what stands in `fence` is over a shop's door line."""

    geofence_id: str
    fence: Polygon
    dwell_s: float
    longest_step_s: float  # two looks further apart than this show nothing of the time between
    roles: frozenset[ObjectRole] = ANCHORS
    over_line: bool = False
    suspects: dict[int, Suspect] = field(default_factory=dict)
    slept: bool = False
    awake_from_s: float | None = None
    _pitches: dict[int, Pitch] = field(default_factory=dict)
    _judged: dict[int, Judgement] = field(default_factory=dict)
    _things: list[Track] = field(default_factory=list)
    _at_s: float = 0.0
    offence: ClassVar[Offence] = Offence.STREET_VENDING

    def update(self, tracks: Iterable[Track], *, at_s: float, in_force: bool = True) -> list[Suspect]:
        """Follows what stands inside after the look at `at_s`; returns the suspects whose stay ended with it.

        Out of force it is as with parking: nobody is suspected, and what was not complete counts for nothing.
        """
        if self.slept and in_force:
            self.awake_from_s = at_s
        self.slept, self._at_s = not in_force, at_s
        known = list(tracks)
        persons = [each for each in known if each.role is ObjectRole.PERSON and _is_seen_surely(each, at_s)]
        standing = [each for each in known if each.stands and sign_of(each).weight > 0]
        self._things = named_once([each for each in standing if not is_carried(each, persons)])
        ended = self._let_go(known, at_s, in_force=in_force)
        if in_force:
            self._suspect(persons)
        for suspect in self.suspects.values():
            self._note_persons(suspect, persons, at_s)
        return ended

    def dwell(self, suspect: Suspect) -> Dwell:
        return dwell_of(suspect.track.sightings, suspect.from_s, self.longest_step_s)

    def confirm(self) -> list[Suspect]:
        """The suspects whose dwell the newest look completed and whose signs are enough, each once."""
        confirmed = []
        for suspect in self.suspects.values():
            track = suspect.track
            if suspect.confirmed or not sure_enough(track):
                continue
            dwell = self.dwell(suspect)
            if dwell.shown_s < self.dwell_s or dwell.last_shown_s != track.sightings[-1].at_s:
                continue
            if self._pitches[suspect.number].watched_s() < self.dwell_s / 2:
                continue  # so short a look at who stands there says little
            judged = self._judge(suspect)
            if judged.holds:
                suspect.confirmed = True
                self._judged[suspect.number] = judged
                confirmed.append(suspect)
        return confirmed

    def sightings(self, track: Track) -> tuple[Sighting, ...]:
        """The track's sightings with the share of its ground contact that lay inside."""
        drop_px = self._ground_of(track).y2 - track.place.y2
        return tuple(
            each
            if each.box is None
            else replace(each, share_inside=round(share_inside(self.fence, _lower(each.box, drop_px)), 3))
            for each in track.sightings
        )

    def violation(self, suspect: Suspect) -> Violation:
        """The violation that the newest look completed."""
        return violation_of(self, suspect)

    def facts(self, suspect: Suspect) -> dict[str, Any]:
        """What the rule went by, for the record."""
        dwell, track = self.dwell(suspect), suspect.track
        judged = self._judged.get(suspect.number) or self._judge(suspect)
        return {
            "dwell_s": self.dwell_s,
            "shown_s": round(dwell.shown_s, 3),
            "not_shown_s": round(dwell.not_shown_s, 3),
            "class": track.class_name,
            "role": track.role.value,
            "signs": judged.as_facts(),
        }

    def _let_go(self, known: Sequence[Track], at_s: float, *, in_force: bool) -> list[Suspect]:
        ended = []
        there = {id(each) for each in known if each.stands}
        for number, suspect in list(self.suspects.items()):
            stays = id(suspect.track) in there and self._inside(suspect.track, was_inside=True)
            if not stays and suspect.confirmed:
                stays = self._handed_on(suspect)
            if not suspect.confirmed:
                stays = stays and in_force and not self._is_deserted(suspect, at_s)
            if not stays:
                ended.append(self.suspects.pop(number))
                self._pitches.pop(number, None)
                self._judged.pop(number, None)
        return ended

    def _handed_on(self, suspect: Suspect) -> bool:
        """The pitch is still there as long as anything of it is: what is worth most stands for it from now on."""
        heirs = [
            each for each in self._of_the_pitch(suspect.track) if not sign_of(each).own and each.role in self.roles
        ]
        if not heirs:
            return False
        suspect.track = heirs[0]
        return True

    def _is_deserted(self, suspect: Suspect, at_s: float) -> bool:
        if self.over_line:
            return False
        pitch = self._pitches.get(suspect.number)
        if pitch is None or not pitch.looks:
            return False  # it was remembered from before, and who stood there was not
        since_s = pitch.last_attended_s
        return at_s - (pitch.looks[0][0] if since_s is None else since_s) > self.dwell_s

    def _suspect(self, persons: Sequence[Track]) -> None:
        """What could be a pitch comes under suspicion: the thing in it that says most."""
        limit = limits()
        for track in self._things:
            taken = any(self._belong_together(track, each.track) for each in self.suspects.values())
            if track.role not in self.roles or taken or not self._inside(track, was_inside=False, persons=persons):
                continue
            beside = [each for each in persons if is_beside(each.box, track.place, sign_of(track))]
            if not self.over_line and not any(each.stands for each in beside):
                continue
            tall_px = max((each.box.height for each in beside), default=None)
            pitch = [track, *self._of_the_pitch(track)]
            of_things = sum(worth for _, worth in worth_of(pitch, tall_px, over_line=self.over_line).values())
            needed = limit.enough_over_line
            if not self.over_line:
                needed = limit.enough - limit.attended - limit.customer * limit.customers_counted
            if of_things < max(needed, limit.least_things):
                continue
            came_s = {each.id: _beside_since(each, track) for each in beside}
            since_s = self.awake_from_s
            if not self.over_line:
                first_s = min(came_s[each.id] for each in beside if each.stands)
                since_s = first_s if since_s is None else max(first_s, since_s)
            self.suspects[track.id] = Suspect(track, track.standing_from_s, since_s)
            visits = {each.id: Visit(came_s[each.id], came_s[each.id], each.box.height) for each in beside}
            self._pitches[track.id] = Pitch(visits)

    def _note_persons(self, suspect: Suspect, persons: Sequence[Track], at_s: float) -> None:
        if suspect.confirmed:
            return
        things = [suspect.track, *self._of_the_pitch(suspect.track)]
        beside = [each for each in persons if any(is_beside(each.box, thing.place, sign_of(thing)) for thing in things)]
        # a dwell that was remembered comes without its persons
        pitch = self._pitches.setdefault(suspect.number, Pitch())
        pitch.look(beside, at_s=at_s, hidden=not _is_shown(suspect.track, at_s))
        pitch.forget_before(at_s - REMEMBERED * self.dwell_s)

    def _judge(self, suspect: Suspect) -> Judgement:
        settled_s = self._at_s - SETTLED * self.dwell_s
        things = [each for each in self._of_the_pitch(suspect.track) if each.standing_from_s <= settled_s]
        pitch = self._pitches.get(suspect.number, Pitch())
        return judge([suspect.track, *things], pitch, dwell_s=self.dwell_s, over_line=self.over_line)

    def _of_the_pitch(self, track: Track) -> list[Track]:
        """What else stands there, whatever the fence; worth most first."""
        return [each for each in self._things if each is not track and self._belong_together(each, track)]

    def _belong_together(self, one: Track, other: Track) -> bool:
        """So near that one person could sell from both."""
        if one is other:
            return True
        tall_px = self._tall_px(other) or 0.75 * max(other.place.width, other.place.height)
        reach_px, feet_px = limits().reach * tall_px, limits().feet * tall_px
        apart = max(one.place.x1 - other.place.x2, other.place.x1 - one.place.x2, 0.0)
        overhead = [each for each in (one, other) if sign_of(each).hangs]
        lower_px = limits().under * tall_px if overhead else feet_px
        return apart <= reach_px and abs(one.place.y2 - other.place.y2) <= lower_px

    def _tall_px(self, track: Track) -> float | None:
        pitch = self._pitches.get(track.id)
        return None if pitch is None else pitch.tall_px

    def _ground_of(self, track: Track, persons: Sequence[Track] = ()) -> Box:
        """Its box down to the ground: of what hangs overhead, down to the feet of those who stand under it, or of what
        stands there.
        """
        if not sign_of(track).hangs:
            return track.place
        feet = [each.box.y2 for each in persons if is_beside(each.box, track.place, sign_of(track))]
        feet += [each.place.y2 for each in self._of_the_pitch(track) if not sign_of(each).hangs]
        return _lower(track.place, max(max(feet, default=0.0) - track.place.y2, 0.0))

    def _inside(self, track: Track, *, was_inside: bool, persons: Sequence[Track] = ()) -> bool:
        return is_inside(share_inside(self.fence, self._ground_of(track, persons)), was_inside=was_inside)


def _lower(box: Box, by_px: float) -> Box:
    return Box(box.x1, box.y1, box.x2, box.y2 + by_px)


def _is_shown(track: Track, at_s: float) -> bool:
    newest = track.sightings[-1]
    return newest.at_s == at_s and newest.kind in SHOWN


def _is_seen_surely(person: Track, at_s: float) -> bool:
    return _is_shown(person, at_s) and person.mean_confidence() >= SURELY


def _beside_since(person: Track, thing: Track) -> float:
    """Since when the person has been there without a break, as far as is remembered."""
    since_s = person.sightings[-1].at_s
    for each in reversed(person.sightings):
        if each.box is None or each.kind is SightingKind.GAP:
            continue
        if not is_beside(each.box, thing.place, sign_of(thing)):
            break
        since_s = each.at_s
    return since_s
