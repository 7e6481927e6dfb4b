"""The rule for illegal parking: a vehicle stationary inside a geofence for `dwell_s`.

Values only. One rule watches one geofence; the camera worker asks it after every look. What a stop means in law,
whether there was a reason, and what follows is decided elsewhere.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar

from detectors.dwell import Dwell, dwell_of
from detectors.geometry import Polygon
from detectors.occupancy import is_inside, share_inside
from detectors.rules import Suspect, sure_enough, violation_of
from detectors.sightings import ObjectRole, Sighting, Violation
from detectors.surroundings import Surroundings, left_with, surroundings
from detectors.tracker import Track
from models.enums import Offence

SAME_OBJECT_SHARE = 0.65  # two standing boxes this far in one another are one object
FAINT = 0.3  # mean score below which an object is not told from the end of the surer one it overlaps
OVERLAP_SHARE = 0.25  # of the smaller box


@dataclass
class IllegalParking:
    """One geofence's rule with its parameters. `suspects` are the dwells that run, by track."""

    geofence_id: str
    fence: Polygon
    dwell_s: float
    longest_step_s: float  # two looks further apart than this show nothing of the time between
    roles: frozenset[ObjectRole] = frozenset({ObjectRole.VEHICLE})
    suspects: dict[int, Suspect] = field(default_factory=dict)
    slept: bool = False
    awake_from_s: float | None = None
    watching_since_s: float | None = None  # the first look that this rule was told of
    _tracks: tuple[Track, ...] = field(default=(), init=False, repr=False)
    _around: dict[int, Surroundings] = field(default_factory=dict, init=False, repr=False)  # of confirmed suspects
    offence: ClassVar[Offence] = Offence.ILLEGAL_PARKING

    def update(self, tracks: Iterable[Track], *, at_s: float, in_force: bool = True) -> list[Suspect]:
        """Follows who stands inside after the look at `at_s`; returns the suspects whose stay ended with it.

        Out of force nobody is suspected, a dwell that was not complete counts for nothing, and what a vehicle stood
        before is not counted when the rule comes into force again.
        """
        self._tracks = tuple(tracks)
        if self.watching_since_s is None:
            self.watching_since_s = at_s
        if self.slept and in_force:
            self.awake_from_s = at_s
        self.slept = not in_force
        standing = {track.id: track for track in self._tracks if track.role in self.roles and track.stands}
        ended = [
            self.suspects.pop(number)
            for number, suspect in list(self.suspects.items())
            if number not in standing
            or not self._inside(suspect.track, was_inside=True)
            or not (in_force or suspect.confirmed)
        ]
        for suspect in ended:
            around = self._around.pop(suspect.number, Surroundings())
            suspect.left_with = left_with(around.queue_ids, self._tracks)
        for track in standing.values() if in_force else ():
            if track.id not in self.suspects and self._inside(track, was_inside=False) and not self._followed(track):
                self.suspects[track.id] = Suspect(track, track.standing_from_s, self.awake_from_s)
        return ended

    def dwell(self, suspect: Suspect) -> Dwell:
        return dwell_of(suspect.track.sightings, suspect.from_s, self.longest_step_s)

    def confirm(self) -> list[Suspect]:
        """The suspects whose dwell the newest look completed, each once."""
        confirmed = []
        for suspect in self.suspects.values():
            track = suspect.track
            if suspect.confirmed or track.in_doubt:
                continue
            if not sure_enough(track) or self._is_the_end_of_another(track):
                continue
            dwell = self.dwell(suspect)
            if dwell.shown_s >= self.dwell_s and dwell.last_shown_s == track.sightings[-1].at_s:
                suspect.confirmed = True
                since_s = self.watching_since_s or 0.0
                self._around[suspect.number] = surroundings(track, self._tracks, watching_since_s=since_s)
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
        dwell, track = self.dwell(suspect), suspect.track
        said = {
            "dwell_s": self.dwell_s,
            "shown_s": round(dwell.shown_s, 3),
            "not_shown_s": round(dwell.not_shown_s, 3),
            "class": track.class_name,
            "role": track.role.value,
        }
        if suspect.number in self._around:
            said["around"] = self._around[suspect.number].as_facts()
        if track.returned_from_s is not None:
            said["returned_after_s"] = round(suspect.from_s - track.returned_from_s, 3)
        return said

    def _inside(self, track: Track, *, was_inside: bool) -> bool:
        return is_inside(share_inside(self.fence, track.place), was_inside=was_inside)

    def _followed(self, track: Track) -> bool:
        """Is this the same object as one already followed, under a second box?"""
        return any(
            track.place.share_of_smaller(other.track.place) > SAME_OBJECT_SHARE for other in self.suspects.values()
        )

    def _is_the_end_of_another(self, track: Track) -> bool:
        """A faint box at the side of a surer vehicle: its tail beyond a post, more likely than a second vehicle."""
        return track.mean_confidence() < FAINT and any(
            other.track is not track
            and other.track.mean_confidence() > FAINT
            and track.place.share_of_smaller(other.track.place) > OVERLAP_SHARE
            for other in self.suspects.values()
        )
