"""The calendar of the law: which days are worked, and on which day a term ends.

A working day is Monday to Friday, without the days off and with the days worked instead that the State Council's
notice of that year names (cases/law/holidays/). Of a year whose notice is not out, weekends and the holidays that the
law fixes are assumed, and what rests on that is provisional (docs/decisions/0016-working-days.md).

The rules of counting: 民法典 art. 201-203, 民事诉讼法 art. 85. The day on which a term begins does not count; one that
ends on a day off ends on the first working day after it; months and years end on the day of the same number, or on the
last of a month that has no such day.
"""

import calendar
import tomllib
from datetime import date, timedelta
from functools import cache, lru_cache
from pathlib import Path
from typing import ClassVar, Literal, Self

import holidays
from pydantic import BaseModel, ConfigDict, ValidationError, model_validator

from cases.errors import LawDataUnusable

DayKind = Literal["calendar", "working"]
Unit = Literal["days", "working_days", "months", "years"]

NOTICES = Path(__file__).parent / "holidays"
ONE_DAY = timedelta(days=1)
SATURDAY = 5
MOST_DAYS = 4096  # remembered
# a notice may reach back: that of 2023 began with 31 December 2022
REACHES_BACK_TO = (12, 28)


class _Read(BaseModel):
    """Read strictly: a misspelt key is an error and not an omission."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class DaysOff(_Read):
    """first and last are both off."""

    name: str
    first: date
    last: date

    def holds(self, on: date) -> bool:
        return self.first <= on <= self.last


class Notice(_Read):
    """What the State Council said of one year. verified: compared with the copy in `read_in`."""

    year: int
    notice: str
    published_on: date
    verified: bool
    read_in: str | None = None
    closed: tuple[DaysOff, ...]
    worked: tuple[date, ...]

    @model_validator(mode="after")
    def _holds_together(self) -> Self:
        for day in self.worked:
            if any(days.holds(day) for days in self.closed):
                raise ValueError(f"{day} is both off and worked; look at the notice again")
            if day.weekday() < SATURDAY:
                raise ValueError(f"{day} is worked anyway; only Saturdays and Sundays are worked instead")
        for days in self.closed:
            if days.last < days.first:
                raise ValueError(f"{days.name} ends before it begins")
        if self.verified and self.read_in is None:
            raise ValueError(f"the notice of {self.year} is marked verified; name the copy in read_in")
        return self


class _InUse:
    """Which days are worked is one thing for a whole process, like the time zones: said once, at its door."""

    folders: ClassVar[tuple[Path, ...]] = (NOTICES,)


def use_notices_of(folder: Path) -> None:
    """Those that a bureau put into a folder of its own count as well, and before ours of the same year.

    Raises LawDataUnusable.
    """
    read_notices(folder)
    _InUse.folders = (NOTICES, folder)
    for remembered in (is_working_day, is_settled):
        remembered.cache_clear()


def notices() -> dict[int, Notice]:
    """By year. Raises LawDataUnusable."""
    found: dict[int, Notice] = {}
    for folder in _InUse.folders:
        found |= read_notices(folder)
    return found


@cache
def read_notices(folder: Path) -> dict[int, Notice]:
    """By year. Raises LawDataUnusable, naming the file and what is wrong in it."""
    read: dict[int, Notice] = {}
    for path in sorted(folder.glob("*.toml")):
        try:
            notice = Notice.model_validate(tomllib.loads(path.read_text("utf-8")))
        except (tomllib.TOMLDecodeError, ValidationError) as error:
            raise LawDataUnusable(path, str(error)) from error
        if path.stem != str(notice.year):
            raise LawDataUnusable(path, f"it speaks of {notice.year}; name it {notice.year}.toml")
        read[notice.year] = notice
    return read


@lru_cache(maxsize=MOST_DAYS)
def is_working_day(on: date) -> bool:
    """Of a year without a notice: as far as it can be known before it is out."""
    for year in (on.year, on.year + 1):
        notice = notices().get(year)
        if notice is not None:
            if on in notice.worked:
                return True
            if any(days.holds(on) for days in notice.closed):
                return False
    if on.weekday() >= SATURDAY:
        return False
    return on.year in notices() or on not in _fixed_by_law(on.year)


@lru_cache(maxsize=MOST_DAYS)
def is_settled(on: date) -> bool:
    """Whether the notice that decides about this day is on record."""
    known = notices()
    return on.year in known and ((on.month, on.day) < REACHES_BACK_TO or on.year + 1 in known)


def first_working_day(on: date) -> date:
    """The day itself, or the first worked after it."""
    while not is_working_day(on):
        on += ONE_DAY
    return on


def add_days(on: date, days: int, kind: DayKind, *, rolls: bool = True) -> date:
    """The last day of a term of so many days that begins with what happened on `on`.

    rolls: a term of calendar days that would end on a day off ends on the first working day after it.
    """
    return term_end(on, days, "days" if kind == "calendar" else "working_days", rolls=rolls)


def term_end(on: date, length: int, unit: Unit, *, rolls: bool = True) -> date:
    """The last day of a term that begins with what happened on `on`."""
    match unit:
        case "working_days":
            for _ in range(length):
                on = first_working_day(on + ONE_DAY)
            return on
        case "days":
            end = on + timedelta(days=length)
        case "months":
            end = add_months(on, length)
        case "years":
            end = add_months(on, 12 * length)
    return first_working_day(end) if rolls else end


def add_months(on: date, months: int) -> date:
    """The day of the same number, or the last of a month that has no such day (民法典 art. 202)."""
    year, month = divmod(on.year * 12 + on.month - 1 + months, 12)
    return date(year, month + 1, min(on.day, calendar.monthrange(year, month + 1)[1]))


def days_before(on: date, days: int, kind: DayKind) -> date:
    """The last working day on which something can be done "so many days before" what happens on `on`: from it the
    term, its own day left out, has run by then.
    """
    last = on
    for _ in range(days):
        while kind == "working" and not is_working_day(last):
            last -= ONE_DAY
        last -= ONE_DAY
    while not is_working_day(last):
        last -= ONE_DAY
    return last


def working_days_between(first: date, last: date) -> int:
    """How many working days lie after `first`, up to and with `last`."""
    return sum(is_working_day(first + timedelta(days=step)) for step in range(1, (last - first).days + 1))


def rests_on_settled_days(first: date, last: date) -> bool:
    """Whether each of these days is decided about; else what was counted over them is provisional."""
    return all(is_settled(first + timedelta(days=step)) for step in range((last - first).days + 1))


@cache
def _fixed_by_law(year: int) -> frozenset[date]:
    """The holidays that 全国年节及纪念日放假办法 fixes, lunar ones computed; days worked instead are not foreseen."""
    return frozenset(holidays.country_holidays("CN", years=year))
