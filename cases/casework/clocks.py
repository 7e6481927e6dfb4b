"""Clocks: for what happened in a case file and a day, which clocks run, until when, and of which light.

Pure: no session, no "today". What happened is a `ClockFacts` (cases/casework/clock_facts.py reads it from the rows),
the rules are data (cases/casework/clock_rules.py), the days are the law's (cases/law/calendar.py). Nothing of this is
kept: it follows anew from the facts each time, so a fact put right puts its clocks right.

Days after the day a clock was stopped, up to and with the day it started again, do not count.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from cases.casework.clock_rules import ClockRule, LightRule, Moment, Rules, rules
from cases.law.calendar import (
    ONE_DAY,
    add_months,
    days_before,
    first_working_day,
    is_working_day,
    rests_on_settled_days,
    term_end,
)
from models.enums import CaseSource, Procedure, StopCause

# with these a matter is over, and what was still to be done need not be done
ENDS_THE_MATTER = frozenset({Moment.NOT_FILED, Moment.WITHDRAWN, Moment.TRANSFERRED, Moment.CLOSED, Moment.REVOKED})


@dataclass(frozen=True)
class Fact:
    """of: which one, where there are several of its kind (a measure, a point of the defence); label: what people call
    it. due_on: the last day, where a paper says it and not the law alone.
    """

    moment: Moment
    on: date
    of: str = ""
    label: str = ""
    due_on: date | None = None


@dataclass(frozen=True)
class Stop:
    """ended_on None: it stands still."""

    cause: StopCause
    began_on: date
    ended_on: date | None
    clock: str = ""
    of: str = ""
    reason: str = ""
    by: str = ""


@dataclass(frozen=True)
class Extension:
    clock: str
    of: str
    days: int
    reason: str
    by: str
    on: date


@dataclass(frozen=True)
class ClockFacts:
    """stops: those that a person made; where a clock stands by itself follows from the facts."""

    procedure: Procedure
    source: CaseSource
    facts: tuple[Fact, ...]
    stops: tuple[Stop, ...] = ()
    extensions: tuple[Extension, ...] = ()


class Light(StrEnum):
    GREEN = "green"
    YELLOW = "yellow"
    RED = "red"


class ClockState(StrEnum):
    RUNS = "runs"
    STANDS = "stands"
    MET = "met"
    MISSED = "missed"  # it was done, too late
    LAPSED = "lapsed"  # the party let it pass
    CALLED_OFF = "called_off"  # the matter ended first


@dataclass(frozen=True)
class Clock:
    """light: of one that runs or stands. whole: how many days of its kind it has; left: how many there are still, the
    last one too; below zero: over.

    used: the share that is gone, 0 to 1. stopped: for what it stands on the day asked about. provisional: it rests on
    days about which nothing is decided yet.
    """

    rule: ClockRule
    of: str
    label: str
    begins_on: date
    due_on: date
    state: ClockState
    ended_on: date | None
    light: Light | None
    whole: int
    left: int
    used: float
    stops: tuple[Stop, ...]
    extensions: tuple[Extension, ...]
    provisional: bool

    @property
    def name(self) -> str:
        return self.rule.name

    @property
    def article_id(self) -> str:
        return self.rule.article

    @property
    def goes_on(self) -> bool:
        return self.state in (ClockState.RUNS, ClockState.STANDS)

    @property
    def stopped(self) -> StopCause | None:
        return self.stops[-1].cause if self.state is ClockState.STANDS else None

    @property
    def is_over(self) -> bool:
        return self.goes_on and self.left < 0


def clocks(facts: ClockFacts, on: date, given: Rules | None = None) -> tuple[Clock, ...]:
    """Every clock that has begun by that day, ended ones too, in the order of the rules."""
    ruled, found = given or rules(), list[Clock]()
    for rule in ruled.clock:
        if facts.procedure not in rule.procedures or facts.source not in rule.sources:
            continue
        if rule.needs is not None and not _happened(facts, rule.needs):
            continue
        for begun in _beginnings(rule, facts, found):
            if begun.on <= on and rule.holds_on(begun.on):
                found += _clock(rule, begun, facts, on, ruled.lights)
    return tuple(found)


def _happened(facts: ClockFacts, *moments: Moment) -> list[Fact]:
    """Oldest first."""
    return sorted((fact for fact in facts.facts if fact.moment in moments), key=lambda fact: fact.on)


def _beginnings(rule: ClockRule, facts: ClockFacts, found: Sequence[Clock]) -> list[Fact]:
    if rule.begins is None:
        return list(_after_another(rule, facts, found))
    happened = _happened(facts, rule.begins)
    match rule.counts:
        case "each":
            return happened
        case "first":
            return happened[:1]
        case "newest":
            return happened[-1:]


def _after_another(rule: ClockRule, facts: ClockFacts, found: Sequence[Clock]) -> Iterator[Fact]:
    """From the end of the first of those clocks that there is, where the party let it pass."""
    before = next((clock for name in rule.begins_when_lapsed for clock in found if clock.name == name), None)
    if before is None or before.state is not ClockState.LAPSED:
        return
    put_off = _happened(facts, rule.not_before) if rule.not_before is not None else []
    yield Fact(Moment.DECISION_SERVED, max([before.due_on, *(fact.on for fact in put_off)]))


def _clock(rule: ClockRule, begun: Fact, facts: ClockFacts, on: date, lights: LightRule) -> Iterator[Clock]:
    stops = tuple(_stops(rule, begun, facts, on))
    extensions = tuple(each for each in facts.extensions if (each.clock, each.of) == (rule.name, begun.of))
    count = _Count(rule, begun, stops, sum(each.days for each in extensions), on)
    if rule.before is None:
        due_on = count.due_on()
        provisional = not count.rests_on_settled_days(due_on)
    else:
        ahead = [fact for fact in _happened(facts, rule.before) if fact.of == begun.of]
        if not ahead:
            return  # nothing is announced for a day that is not set
        due_on = days_before(ahead[-1].on, rule.length, rule.day_kind)
        provisional = not rests_on_settled_days(due_on, ahead[-1].on)
    state, ended_on = _state(rule, begun, facts, on, due_on, stops)
    goes_on = state in (ClockState.RUNS, ClockState.STANDS)
    used = count.used(due_on) if goes_on else 1.0
    yield Clock(
        rule=rule,
        of=begun.of,
        label=begun.label,
        begins_on=begun.on,
        due_on=due_on,
        state=state,
        ended_on=ended_on,
        light=_light(used, lights, is_over=on > due_on) if goes_on else None,
        whole=count.whole(due_on) if goes_on else 0,
        left=count.left(due_on) if goes_on else 0,
        used=used,
        stops=stops,
        extensions=extensions,
        provisional=provisional,
    )


def _stops(rule: ClockRule, begun: Fact, facts: ClockFacts, on: date) -> Iterator[Stop]:
    """By when they began; those that lie ahead left out."""
    found = [each for each in facts.stops if (each.clock, each.of) == (rule.name, begun.of)]
    for stop in rule.stop:
        if stop.first is None or stop.last is None:
            continue
        ends = {fact.of: fact.on for fact in _happened(facts, stop.last)}
        found += [
            Stop(stop.cause, first.on, ends.get(first.of), rule.name, begun.of)
            for first in _happened(facts, stop.first)
        ]
    yield from sorted(
        (each for each in found if each.began_on <= on and (each.ended_on is None or each.ended_on > begun.on)),
        key=lambda each: each.began_on,
    )


def _state(
    rule: ClockRule, begun: Fact, facts: ClockFacts, on: date, due_on: date, stops: Sequence[Stop]
) -> tuple[ClockState, date | None]:
    ends = [
        fact.on
        for fact in _happened(facts, *rule.ends)
        if begun.on <= fact.on <= on and (rule.counts != "each" or fact.of == begun.of)
    ]
    if ends and (ends[0] <= due_on or not rule.lapses):
        return (ClockState.MET if ends[0] <= due_on else ClockState.MISSED), ends[0]
    over = [fact for fact in _happened(facts, *ENDS_THE_MATTER - {rule.begins}) if begun.on <= fact.on <= on]
    if rule.lapses:  # what the party may do, it may still do when the bureau has closed the matter
        over = [fact for fact in over if fact.moment is not Moment.CLOSED]
    if over and over[0].on <= due_on:
        return ClockState.CALLED_OFF, over[0].on
    if over and not rule.lapses:
        return ClockState.MISSED, over[0].on
    if rule.lapses and on > due_on:
        return ClockState.LAPSED, due_on
    # what was over already is not saved by standing still
    stands = any(stop.began_on < due_on and (stop.ended_on is None or stop.ended_on > on) for stop in stops)
    return (ClockState.STANDS if stands else ClockState.RUNS), None


@dataclass(frozen=True)
class _Count:
    """The days of one clock. A stop that stands is counted as if it ended on the day asked about."""

    rule: ClockRule
    begun: Fact
    stops: Sequence[Stop]
    more_days: int
    on: date

    def due_on(self) -> date:
        if self.begun.due_on is not None:
            return self._shifted(self.begun.due_on + timedelta(days=self.more_days))
        rule = self.rule
        if rule.unit in ("months", "years"):
            months = rule.length * (1 if rule.unit == "months" else 12)
            end = self._shifted(add_months(self.begun.on, months) + timedelta(days=self.more_days))
        elif not self.stops:
            end = term_end(self.begun.on, rule.length + self.more_days, rule.unit, rolls=False)
        else:
            end = self.begun.on
            for _ in range(rule.length + self.more_days):
                end = self._next_that_counts(end)
        return first_working_day(end) if rule.rolls and not rule.is_counted_in_working_days else end

    def rests_on_settled_days(self, due_on: date) -> bool:
        """Of working days each matters; of others whether the last one is a day off."""
        if self.rule.is_counted_in_working_days:
            return rests_on_settled_days(self.begun.on, due_on)
        return not self.rule.rolls or self.begun.due_on is not None or rests_on_settled_days(due_on, due_on)

    def whole(self, due_on: date) -> int:
        return self._counted(self.begun.on, due_on)

    def used(self, due_on: date) -> float:
        whole = self.whole(due_on)
        return 1.0 if whole == 0 or self.on > due_on else self._counted(self.begun.on, self.on) / whole

    def left(self, due_on: date) -> int:
        """Over: at least one, a day off counts like the working day before it."""
        if self.on <= due_on:
            return self._counted(self.on, due_on)
        return -max(1, self._counted(due_on, self.on))

    def _shifted(self, end: date) -> date:
        """Moved on by the days that do not count; those it moves over may hold more of them."""
        shifted = end
        while self.stops:
            stopped = sum(self._stands_on(day) for day in _days_after(self.begun.on, shifted))
            if end + timedelta(days=stopped) == shifted:
                return shifted
            shifted = end + timedelta(days=stopped)
        return end

    def _counted(self, first: date, last: date) -> int:
        if not self.stops and not self.rule.is_counted_in_working_days:
            return (last - first).days
        return sum(self._counts(day) for day in _days_after(first, last))

    def _next_that_counts(self, day: date) -> date:
        day += ONE_DAY
        while not self._counts(day):
            day += ONE_DAY
        return day

    def _counts(self, day: date) -> bool:
        if self._stands_on(day):
            return False
        return not self.rule.is_counted_in_working_days or is_working_day(day)

    def _stands_on(self, day: date) -> bool:
        return any(stop.began_on < day <= (self.on if stop.ended_on is None else stop.ended_on) for stop in self.stops)


def _days_after(first: date, last: date) -> Iterator[date]:
    """Those after `first`, up to and with `last`."""
    return (first + timedelta(days=step) for step in range(1, (last - first).days + 1))


def _light(used: float, lights: LightRule, *, is_over: bool) -> Light:
    if is_over or (used >= lights.red_from and lights.red_from < 1):
        return Light.RED
    return Light.YELLOW if used >= lights.yellow_from else Light.GREEN
