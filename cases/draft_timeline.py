"""The time-line of a draft: every sighting accounted for, equal ones in a row put together.

Pure. A gap is always a row of its own, and nothing is put together across a moment of the case (stopped, allowed
time used up, …), so that the rows show what was seen before it and after it.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from math import inf

from cases.draft_content import TimelineRow, When
from detectors.dwell import Dwell, dwell_of
from detectors.sightings import Sighting
from models.enums import SightingKind


@dataclass(frozen=True)
class Look:
    """A sighting as the time-line needs it."""

    at: datetime
    kind: SightingKind
    until_at: datetime | None = None
    confidence: float | None = None
    share_inside: float | None = None
    note: str | None = None

    @property
    def end(self) -> datetime:
        return self.until_at or self.at


def timeline(looks: Sequence[Look], when: When) -> list[TimelineRow]:
    """Rows in order of time; a moment stands before the sightings of the same time."""
    moments = _moments(when)
    rows = [_moment_row(name, at, when.first_seen) for name, at in moments]
    rows += [_row(run, when.first_seen) for run in _runs(looks, [at for _, at in moments])]
    return sorted(rows, key=lambda row: (row.from_at, row.kind != "moment"))


def _moments(when: When) -> list[tuple[str, datetime]]:
    named = {
        "first_seen": when.first_seen,
        "stopped": when.stopped,
        "confirmed": when.dwell_complete,
        "grace_ends": when.grace_ends,
        "last_seen": when.last_seen,
        "left": when.left,
    }
    return [(name, at) for name, at in named.items() if at is not None]


def _runs(looks: Sequence[Look], moments: Sequence[datetime]) -> Iterator[list[Look]]:
    run: list[Look] = []
    for look in sorted(looks, key=lambda look: look.at):
        if run and not _go_together(run[-1], look, moments):
            yield run
            run = []
        run.append(look)
    if run:
        yield run


def _go_together(before: Look, look: Look, moments: Sequence[datetime]) -> bool:
    if before.kind is SightingKind.GAP or (before.kind, before.note) != (look.kind, look.note):
        return False
    return not any(before.at < moment <= look.at for moment in moments)


def _row(run: Sequence[Look], start: datetime) -> TimelineRow:
    first, last = run[0], run[-1]
    end = max(look.end for look in run)
    apart = [(later.at - earlier.at).total_seconds() for earlier, later in pairwise(run)]
    return TimelineRow(
        kind=first.kind,
        from_at=first.at,
        to_at=end,
        from_s=_seconds(start, first.at),
        to_s=_seconds(start, end),
        looks=0 if last.kind is SightingKind.GAP else len(run),
        longest_s=max(apart, default=None),
        least_confidence=min((look.confidence for look in run if look.confidence is not None), default=None),
        least_share_inside=min((look.share_inside for look in run if look.share_inside is not None), default=None),
        note=first.note,
    )


def _moment_row(name: str, at: datetime, start: datetime) -> TimelineRow:
    since_s = _seconds(start, at)
    return TimelineRow(kind="moment", moment=name, from_at=at, to_at=at, from_s=since_s, to_s=since_s)


def _seconds(start: datetime, at: datetime) -> float:
    return round((at - start).total_seconds(), 3)


def gap_seconds(looks: Sequence[Look], since: datetime, until: datetime) -> float:
    """Seconds between the two moments without a usable picture."""
    return sum(_inside(look.at, look.end, since, until) for look in looks if look.kind is SightingKind.GAP)


def standing(looks: Sequence[Look], since: datetime, until: datetime) -> Dwell:
    """How long it was shown to stand, counted by the rule that confirmed it: what was hidden or unseen is left out.

    Looks that lie too far apart to show the time between have a gap on record between them.
    """
    sightings = [
        Sighting(_seconds(since, look.at), look.kind)
        for look in sorted(looks, key=lambda look: (look.at, look.kind is SightingKind.GAP))
        if look.at <= until
    ]
    return dwell_of(sightings, 0.0, inf)


def _inside(start: datetime, end: datetime, since: datetime, until: datetime) -> float:
    return max((min(end, until) - max(start, since)).total_seconds(), 0.0)
