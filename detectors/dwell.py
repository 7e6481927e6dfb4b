"""Dwell: how long a track has been shown to stand still.

Pure: no clock, no pixels, no database. Times are media times in seconds; ingest/media_clock.py is the only place
that turns them into UTC. Time in which the object was not shown (hidden, gap, looks too far apart) is recorded and
not counted: a dwell that cannot be shown is not claimed.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from detectors.sightings import Sighting
from models.enums import SightingKind


@dataclass(frozen=True, slots=True)
class Dwell:
    """from_s: since when. shown_s: seconds shown standing. not_shown_s: seconds between that are not counted."""

    from_s: float
    last_shown_s: float
    shown_s: float
    not_shown_s: float


def dwell_of(sightings: Sequence[Sighting], from_s: float, longest_step_s: float) -> Dwell:
    """The dwell since `from_s`, a moment at which the object is known to stand.

    Between two looks that show it, the time counts if the looks are at most `longest_step_s` apart and nothing
    between them says that it was hidden or unseen.
    """
    last_s, shown_s, not_shown_s, broken = from_s, 0.0, 0.0, False
    for sighting in sightings:
        if sighting.at_s < from_s:
            continue
        if sighting.kind not in (SightingKind.SEEN, SightingKind.KEPT):
            broken = True
            continue
        step_s = sighting.at_s - last_s
        if broken or step_s > longest_step_s:
            not_shown_s += step_s
        else:
            shown_s += step_s
        last_s, broken = sighting.at_s, False
    return Dwell(from_s, last_s, shown_s, not_shown_s)
