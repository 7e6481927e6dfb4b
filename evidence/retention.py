"""Retention: whether evidence must be kept, until when, and by which rule.

Pure: facts of values in, a verdict out; no session and no clock. The periods are dated data in retention.toml. What
may go is deleted by evidence/purge.py; the facts come from the rows by evidence/retention_rows.py.
"""

import calendar
import tomllib
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Self
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, ValidationError, model_validator

from evidence.errors import RetentionDataUnusable
from models.enums import IncidentState

DATA = Path(__file__).parent / "retention.toml"


class Reason(StrEnum):
    """Why evidence is kept, or why it may go."""

    LEGAL_HOLD = "legal_hold"  # a person said so; beats every rule
    OPEN = "open"  # the conduct is still being watched
    UNDECIDED = "undecided"  # a person has yet to decide
    NOT_SERVED = "not_served"  # accepted, and no decision on record that periods could run from
    APPEALS_RUN = "appeals_run"  # reconsideration, suit or execution may still come
    SECOND_THOUGHTS = "second_thoughts"  # it ended only lately
    FLOOR = "floor"  # nothing needs it any longer, and the least time for footage is not over
    MOVED_IN_TIME = "moved_in_time"
    DISMISSED = "dismissed"
    WARNED_ONLY = "warned_only"
    APPEALS_OVER = "appeals_over"
    CITED_BY_NOTHING = "cited_by_nothing"


@dataclass(frozen=True)
class RetentionFacts:
    """What the rule asks of one incident.

    kept_since: the last moment its exhibits show, or when the last was sealed. acted_at: the last thing done to it.
    """

    state: IncidentState
    kept_since: datetime
    timezone: str
    acted_at: datetime | None = None
    holds: int = 0  # legal holds that stand
    served_on: date | None = None  # the newest day on record on which the penalty decision was served


@dataclass(frozen=True)
class Verdict:
    """until: when it may go; None while kept means that no day can be named yet. rule: what it rests on."""

    kept: bool
    until: datetime | None
    reason: Reason
    rule: str


class Period(BaseModel):
    """Read strictly: a misspelt key in the file is an error and not an omission."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: str
    months: int = 0
    days: int = 0
    minutes: int = 0
    valid_from: date
    valid_to: date | None = None
    verified: bool
    source: str

    @model_validator(mode="after")
    def _lasts(self) -> Self:
        if min(self.months, self.days, self.minutes) < 0 or not (self.months or self.days or self.minutes):
            raise ValueError(f"period {self.id} lasts no time; give it months, days or minutes above zero")
        return self

    def holds_on(self, on: date) -> bool:
        return self.valid_from <= on and (self.valid_to is None or on < self.valid_to)


class _PeriodFile(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    period: tuple[Period, ...]


# without a penalty: nothing that anybody could still go against
_CAME_TO_NOTHING = {
    IncidentState.RESOLVED: Reason.MOVED_IN_TIME,
    IncidentState.DISMISSED: Reason.DISMISSED,
    IncidentState.WARNED: Reason.WARNED_ONLY,
}
ENDED = (*_CAME_TO_NOTHING, IncidentState.ACCEPTED)
_OPEN = (IncidentState.OBSERVED, IncidentState.NOTIFIED)


def keep_until(facts: RetentionFacts, at: datetime) -> Verdict:
    """Whether the evidence of this incident must be kept at this moment. Raises RetentionDataUnusable."""
    held = _held(facts)
    if held is not None:
        reason, rule = held
        return Verdict(kept=True, until=None, reason=reason, rule=rule)
    zone = ZoneInfo(facts.timezone)
    floor = period_in_force("footage_floor", facts.kept_since.astimezone(zone).date())
    ends = [(facts.kept_since + timedelta(days=floor.days), Reason.FLOOR, floor.source)]
    if facts.acted_at is not None:
        thinking = period_in_force("second_thoughts", facts.acted_at.astimezone(zone).date())
        ends.append((facts.acted_at + timedelta(days=thinking.days), Reason.SECOND_THOUGHTS, thinking.source))
    released_as = _CAME_TO_NOTHING.get(facts.state, Reason.APPEALS_OVER)
    if facts.served_on is not None and released_as is Reason.APPEALS_OVER:
        appeals_end, appeals = _appeals(facts.served_on, zone)
        ends.append((appeals_end, Reason.APPEALS_RUN, appeals))
    until, kept_for, rule = max(ends)
    return _verdict(at, until, kept_for, released_as, rule)


def keep_uncited_until(sealed_at: datetime, at: datetime) -> Verdict:
    """The same for an object that nothing cites: it came to nothing."""
    period = period_in_force("provisional", sealed_at.date())
    until = sealed_at + timedelta(minutes=period.minutes)
    return _verdict(at, until, Reason.CITED_BY_NOTHING, Reason.CITED_BY_NOTHING, period.source)


def earliest_release(at: datetime) -> datetime:
    """No incident that still shows a later moment than this can be released at `at`: what need not be asked about."""
    return at - timedelta(days=min(period.days for period in periods() if period.id == "footage_floor"))


def period_in_force(period_id: str, on: date) -> Period:
    """Of two that overlap, the later one. Raises RetentionDataUnusable."""
    holding = [period for period in periods() if period.id == period_id and period.holds_on(on)]
    if not holding:
        raise RetentionDataUnusable(DATA, f"no period {period_id!r} holds on {on}")
    return max(holding, key=lambda period: period.valid_from)


def periods() -> tuple[Period, ...]:
    return read_periods(DATA)


@cache
def read_periods(path: Path) -> tuple[Period, ...]:
    """Raises RetentionDataUnusable, naming the file and what is wrong in it."""
    try:
        return _PeriodFile.model_validate(tomllib.loads(path.read_text("utf-8"))).period
    except (tomllib.TOMLDecodeError, ValidationError) as error:
        raise RetentionDataUnusable(path, str(error)) from error


def _held(facts: RetentionFacts) -> tuple[Reason, str] | None:
    """What keeps it while no day can be named; None: the periods say. An unknown state is one that is undecided."""
    if facts.holds:
        return Reason.LEGAL_HOLD, "a legal hold stands until it is lifted"
    if facts.state in _OPEN:
        return Reason.OPEN, "held from the first suspicion"
    if facts.state not in ENDED:
        return Reason.UNDECIDED, "held until a person has decided"
    if facts.state is IncidentState.ACCEPTED and facts.served_on is None:
        return Reason.NOT_SERVED, "accepted: held until appeal periods can be counted"
    return None


def _verdict(at: datetime, until: datetime, kept_for: Reason, released_as: Reason, rule: str) -> Verdict:
    kept = at < until
    return Verdict(kept=kept, until=until, reason=kept_for if kept else released_as, rule=rule)


def _appeals(served_on: date, zone: ZoneInfo) -> tuple[datetime, str]:
    """The end of the last day on which anybody may still go against the decision or have it executed."""
    reconsideration, suit, execution, margin = (
        period_in_force(name, served_on) for name in ("reconsideration", "suit", "execution", "margin")
    )
    # the day of service does not count, the last day counts whole (民事诉讼法 art. 85, by 行政诉讼法 art. 101)
    last = max(_later(served_on, reconsideration), _later(_later(served_on, suit), execution))
    day_after = last + timedelta(days=margin.days + 1)
    return datetime.combine(day_after, time(), zone).astimezone(UTC), f"{suit.source}; {execution.source}"


def _later(day: date, period: Period) -> date:
    """Months by the calendar: from 31 August, six months end on the last of February."""
    months = day.month - 1 + period.months
    year, month = day.year + months // 12, months % 12 + 1
    moved = date(year, month, min(day.day, calendar.monthrange(year, month)[1]))
    return moved + timedelta(days=period.days)
