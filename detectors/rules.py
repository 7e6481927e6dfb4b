"""What a rule is to the camera worker, whichever offence it is about: one protocol, and the suspect all rules share.

Values only. One rule watches one geofence for one offence; the camera worker asks it after every look, keeps the
packets round what it suspects, and puts on record what it confirms.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Protocol

from detectors.dwell import Dwell
from detectors.geometry import Polygon
from detectors.sightings import ObjectRole, Sighting, Violation
from detectors.tracker import SHOWN, Track
from models.enums import Offence, SightingKind

LEAST_CONFIDENCE = 0.2  # mean score over the looks that found it
# what moves or stands in any street, and hides what a rule is about; the rest is followed where a rule asks for it
USUALLY_FOLLOWED = frozenset(ObjectRole) - {ObjectRole.FURNITURE, ObjectRole.WARES}
LEAST_FOUND = 0.3  # share of the looks that found it; the rest may be the same picture, hidden or a gap


@dataclass
class Suspect:
    """A thing standing inside the geofence whose dwell is running."""

    track: Track
    from_s: float  # since when it is known to stand against the rule: the look that first showed it, or its stop
    not_before_s: float | None = None  # the first look at which the rule was in force after it had slept
    stopped_s: float | None = None  # None: not established, or it stood there before the watching began
    confirmed: bool = False
    left_with: int = 0  # of the queue it was seen in, those that had gone too when it had
    number: int = 0  # by which its stay is known: the track's, and of a stall that of the thing it was first known by

    def __post_init__(self) -> None:
        self.number = self.number or self.track.id
        self._runs_from(self.from_s)

    def stopped(self, at_s: float) -> None:
        """The moment of stopping was found by looking back; the dwell runs from there, or from when it is forbidden."""
        self.stopped_s = at_s
        self._runs_from(at_s)
        self.track.first_seen_s = min(self.track.first_seen_s, at_s)

    def _runs_from(self, at_s: float) -> None:
        self.from_s = at_s if self.not_before_s is None else max(at_s, self.not_before_s)


class Rule(Protocol):
    """One geofence, one offence. `suspects` are the dwells that run, by track; `fence` is in pixels of the picture."""

    fence: Polygon
    suspects: dict[int, Suspect]
    slept: bool  # it was not in force at the last look

    @property
    def offence(self) -> Offence: ...

    @property
    def geofence_id(self) -> str: ...

    @property
    def dwell_s(self) -> float: ...

    @property
    def roles(self) -> frozenset[ObjectRole]:
        """Of the things that may come to stand against the rule."""
        ...

    def update(self, tracks: Iterable[Track], *, at_s: float, in_force: bool = True) -> list[Suspect]:
        """Follows what stands inside after the look at `at_s`; returns the suspects whose stay ended with it."""
        ...

    def dwell(self, suspect: Suspect) -> Dwell: ...

    def confirm(self) -> list[Suspect]:
        """The suspects whose dwell the newest look completed, each once."""
        ...

    def sightings(self, track: Track) -> tuple[Sighting, ...]:
        """The track's sightings with the share of its ground contact that lay inside."""
        ...

    def violation(self, suspect: Suspect) -> Violation:
        """The violation that the newest look completed."""
        ...

    def facts(self, suspect: Suspect) -> dict[str, Any]:
        """What the rule went by, for the record."""
        ...


def sure_enough(track: Track) -> bool:
    """Found often enough and surely enough to hold it against somebody."""
    found = sum(each.kind is SightingKind.SEEN for each in track.sightings)
    shown = sum(each.kind in SHOWN for each in track.sightings)
    return found >= LEAST_FOUND * shown and track.mean_confidence() >= LEAST_CONFIDENCE


def violation_of(rule: Rule, suspect: Suspect) -> Violation:
    """What the newest look completed, of a thing that stands."""
    track = suspect.track
    return Violation(
        offence=rule.offence,
        geofence_id=rule.geofence_id,
        track_id=track.id,
        role=track.role,
        class_name=track.class_name,
        first_seen_s=track.first_seen_s,
        stopped_s=suspect.stopped_s,
        confirmed_s=track.last_shown_s,
        last_seen_s=track.last_shown_s,
        box=track.place,
        confidence=round(track.mean_confidence(), 4),
        sightings=rule.sightings(track),
    )
