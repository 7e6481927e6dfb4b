"""The clocks of a case file on one line of time: where each bar begins and ends, in percent of the width.

Pure. The line reaches from the first beginning to the last end of the clocks that go on, and holds the day it is.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from cases.casework.clocks import Clock
from cases.law.calendar import add_months

MOST_TICKS = 7
SHORT = timedelta(days=60)  # a line up to that long is divided into weeks, a longer one into months
WEEK = timedelta(days=7)
LEAST = 0.4  # percent: a bar of one day on a line of years is still seen


@dataclass(frozen=True)
class Bar:
    x: float
    width: float


@dataclass(frozen=True)
class Track:
    """term: from the beginning to the last day; used: as far as the day it is; stood: where it stood still; over: the
    days after its end.
    """

    clock: Clock
    term: Bar
    used: Bar
    stood: tuple[Bar, ...]
    over: Bar | None


@dataclass(frozen=True)
class Tick:
    x: float
    on: date


@dataclass(frozen=True)
class TimeLine:
    tracks: tuple[Track, ...]
    ticks: tuple[Tick, ...]
    today: float


def time_line(clocks: Sequence[Clock], on: date) -> TimeLine | None:
    """Of the clocks that go on; None: there is none."""
    running = [clock for clock in clocks if clock.goes_on]
    if not running:
        return None
    line = _Line(min(clock.begins_on for clock in running), max(on, *(clock.due_on for clock in running)))
    tracks = tuple(_track(line, clock, on) for clock in running)
    ticks = tuple(Tick(line.x(day), day) for day in line.days())
    return TimeLine(tracks, ticks, line.x(on))


@dataclass(frozen=True)
class _Line:
    first: date
    last: date

    def x(self, on: date) -> float:
        whole = max((self.last - self.first).days, 1)
        return round(100 * min(max((on - self.first).days / whole, 0.0), 1.0), 2)

    def bar(self, begins_on: date, ends_on: date) -> Bar:
        x = self.x(begins_on)
        return Bar(x, max(round(self.x(ends_on) - x, 2), LEAST))

    def days(self) -> list[date]:
        """Mondays, or firsts of months, no more than can be read beside each other."""
        if self.last - self.first <= SHORT:
            day = self.first + timedelta(days=-self.first.weekday() % 7)
            found = [day + step * WEEK for step in range((self.last - day).days // 7 + 1)]
        else:
            day, found = self.first.replace(day=1), []
            while (day := add_months(day, 1)) <= self.last:
                found.append(day)
        return found[:: -(-len(found) // MOST_TICKS) or 1]


def _track(line: _Line, clock: Clock, on: date) -> Track:
    begins_on, due_on = clock.begins_on, clock.due_on
    stood = [
        line.bar(max(stop.began_on, begins_on), min(stop.ended_on or on, due_on))
        for stop in clock.stops
        if min(stop.ended_on or on, due_on) > stop.began_on
    ]
    return Track(
        clock,
        line.bar(begins_on, due_on),
        line.bar(begins_on, min(on, due_on)),
        tuple(stood),
        line.bar(due_on, on) if on > due_on else None,
    )
