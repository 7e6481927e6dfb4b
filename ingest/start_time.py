"""Start time: when a recording began, by whom that is said, and what it may be wrong by.

Pure: texts and numbers in, claims out. A person's word comes first, then the satellites' time, then what the recorder
wrote into the container, then the file's name. Where nothing says anything the time it was handed in less its length is
a guess, and has no bound.
"""

import re
import tomllib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from functools import cache
from pathlib import Path

from models.enums import ClockSource, ContainerClock

CONTAINER_ERROR_S = 1.0  # it is written in whole seconds
UNCHECKED_CLOCK_S = 60.0  # what a recorder's clock is taken to be wrong by where nobody checked it
EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)  # recorders that lost their time begin again before it
AHEAD = timedelta(hours=26)  # further ahead than any zone: no clock that somebody set
ORDER = (
    ClockSource.GIVEN,
    ClockSource.TRACK,
    ClockSource.CAMERA,
    ClockSource.CONTAINER,
    ClockSource.FILE_NAME,
    ClockSource.FILE_TIME,
)


@dataclass(frozen=True)
class StartClaim:
    """error_s: None: it cannot be said."""

    at: datetime
    source: ClockSource
    error_s: float | None


@dataclass(frozen=True)
class RecorderClock:
    """How a recorder's times are to be read. error_s: of its clock; None: nobody checked."""

    zone: tzinfo
    container: ContainerClock = ContainerClock.UTC
    error_s: float | None = None

    @property
    def bound_s(self) -> float:
        return UNCHECKED_CLOCK_S if self.error_s is None else self.error_s


@dataclass(frozen=True)
class NamePattern:
    maker: str
    name: re.Pattern[str]
    error_s: float
    utc: bool


@cache
def name_patterns() -> tuple[NamePattern, ...]:
    """Those of file_names.toml, in their order."""
    told = tomllib.loads(Path(__file__).with_name("file_names.toml").read_text("utf-8"))
    return tuple(
        NamePattern(each["maker"], re.compile(each["name"]), float(each["error_s"]), bool(each.get("utc", False)))
        for each in told["pattern"]
    )


def of_container(at: datetime | None, clock: RecorderClock) -> StartClaim | None:
    """What the container says; the same figures are another time where the recorder writes its local time."""
    if at is None or clock.container is ContainerClock.IGNORED:
        return None
    if clock.container is ContainerClock.LOCAL:
        at = at.replace(tzinfo=clock.zone).astimezone(UTC)
    return StartClaim(at, ClockSource.CONTAINER, CONTAINER_ERROR_S + clock.bound_s)


def of_name(file_name: str, clock: RecorderClock, patterns: Sequence[NamePattern] | None = None) -> StartClaim | None:
    """What the file's name says by the first pattern that fits and names a time there is."""
    for pattern in name_patterns() if patterns is None else patterns:
        found = pattern.name.search(file_name)
        if found is None:
            continue
        try:
            local = datetime(*(int(found[part]) for part in "YmdHMS"), tzinfo=UTC if pattern.utc else clock.zone)  # type: ignore[arg-type,misc]
        except ValueError:  # digits that are no time
            continue
        return StartClaim(local.astimezone(UTC), ClockSource.FILE_NAME, pattern.error_s + clock.bound_s)
    return None


def guessed(handed_in_at: datetime, length_s: float) -> StartClaim:
    """Later than this it cannot have begun; how much earlier nobody can say."""
    return StartClaim(handed_in_at - timedelta(seconds=length_s), ClockSource.FILE_TIME, None)


def best(claims: Iterable[StartClaim | None], *, by: datetime) -> StartClaim:
    """The claim to go by. by: when the file was handed in: what would begin well after it is no claim.

    Raises ValueError where there is none at all: a guess always is one.
    """
    bearable = [claim for claim in claims if claim is not None and EARLIEST <= claim.at <= by + AHEAD]
    return min(bearable, key=lambda claim: ORDER.index(claim.source))
