"""The ladder: what is done about an incident that does not stop by itself, in which order, and when.

Pure: which step is next follows from the ladder, the steps taken and the time, and from nothing else. Doing the
steps, and their rows, is in cases/escalation.py. A geofence may bring a ladder of its own for an offence; those that
do not are climbed by cases/ladders.toml.
"""

import re
import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

from cases.errors import LadderRefused
from cases.timetable import covers
from models.enums import LadderAct, Offence, StepOutcome

Word = TypeVar("Word", bound=StrEnum)

GRACE = "grace"  # as `wait`: the grace of the geofence's rule
MOST_WARNINGS = 10
# in quiet hours nobody is rung up or shouted at
SPEAKING = {LadderAct.TELL_OWNER, LadderAct.ANNOUNCE}
# what an act that was asked for, and not answered in time, came to
UNANSWERED = {
    LadderAct.TELL_OWNER: StepOutcome.UNANSWERED,
    LadderAct.ANNOUNCE: StepOutcome.UNCONFIRMED,
    LadderAct.LOOK_AGAIN: StepOutcome.CANNOT_SEE,
}
POSSIBLE = {
    LadderAct.TELL_OWNER: {
        StepOutcome.DELIVERED,
        StepOutcome.UNDELIVERED,
        StepOutcome.UNANSWERED,
        StepOutcome.NO_PLATE,
        StepOutcome.NO_PHONE,
        StepOutcome.DO_NOT_CONTACT,
        StepOutcome.ALREADY_TOLD,
        StepOutcome.QUIET_HOURS,
    },
    LadderAct.ANNOUNCE: {
        StepOutcome.PLAYED,
        StepOutcome.UNCONFIRMED,
        StepOutcome.NO_LOUDSPEAKER,
        StepOutcome.QUIET_HOURS,
    },
    LadderAct.LOOK_AGAIN: {StepOutcome.STILL_THERE, StepOutcome.GONE, StepOutcome.CANNOT_SEE},
    LadderAct.TELL_OFFICER: {StepOutcome.TOLD, StepOutcome.NO_OFFICER},
    LadderAct.DRAFT: {StepOutcome.DONE},
}


@dataclass(frozen=True)
class Rung:
    """One step of a ladder. answer_within_s: how long its answer is waited for. wait_s: from when it took effect to
    the next rung; None: the grace. instead: what is done in its place, by what it came to. of_warning: it is done
    once for each warning.
    """

    act: LadderAct
    answer_within_s: float = 0.0
    wait_s: float | None = 0.0
    instead: Mapping[StepOutcome, LadderAct] | None = None
    of_warning: bool = False


@dataclass(frozen=True)
class Ladder:
    """quiet: timetable of the hours in which nobody is spoken to; on public holidays of the country `holidays` (ISO
    3166) quiet_on_holidays besides. thanks: whether an owner who was told and moved in time is thanked. warnings: how
    often it is warned where the rule does not say.
    """

    rungs: tuple[Rung, ...]
    quiet: tuple[Mapping[str, str], ...] = ()
    quiet_on_holidays: tuple[Mapping[str, str], ...] = ()
    holidays: str | None = None
    thanks: bool = False
    warnings: int = 1

    def warning(self, times: int, grace_s: float) -> "Ladder":
        """With its warnings done so often, `grace_s` after each; the grace of the law runs from the last."""
        first = next((number for number, rung in enumerate(self.rungs) if rung.of_warning), None)
        if first is None:
            return self
        once = [rung for rung in self.rungs if rung.of_warning]
        before_last = [replace(rung, wait_s=grace_s) if rung.wait_s is None else rung for rung in once]
        warned = [*before_last * (times - 1), *once] if times else []
        after = [rung for rung in self.rungs[first:] if not rung.of_warning]
        return replace(self, rungs=(*self.rungs[:first], *warned, *after))

    def is_quiet(self, local: datetime, is_holiday: Callable[[date], bool]) -> bool:
        """local: time of the site."""
        if self.quiet and covers(self.quiet, local):
            return True
        return bool(self.quiet_on_holidays) and is_holiday(local.date()) and covers(self.quiet_on_holidays, local)


@dataclass(frozen=True)
class Taken:
    """A step as its row says it. outcome and effective_at: None while its answer is waited for."""

    rung: int
    act: LadderAct
    answer_by: datetime
    outcome: StepOutcome | None
    effective_at: datetime | None


@dataclass(frozen=True)
class Do:
    """This is to be done now. outcome: what it comes to without being done."""

    rung: int
    act: LadderAct
    answer_within_s: float
    outcome: StepOutcome | None = None


@dataclass(frozen=True)
class Expire:
    """The answer of the last step did not come in time."""

    outcome: StepOutcome


@dataclass(frozen=True)
class Wait:
    until: datetime


@dataclass(frozen=True)
class Over:
    """The ladder is climbed."""


def next_step(
    ladder: Ladder,
    taken: Sequence[Taken],
    *,
    grace_s: float,
    at: datetime,
    is_quiet: bool,
) -> Do | Expire | Wait | Over:
    """What follows from the steps taken so far, oldest first. is_quiet: whether quiet hours run at `at`."""
    if not taken:
        return _do(ladder, 0, None, is_quiet=is_quiet)
    last = taken[-1]
    if last.outcome is None:
        return Wait(last.answer_by) if at < last.answer_by else Expire(UNANSWERED[last.act])
    rung = ladder.rungs[last.rung]
    if last.act is rung.act and last.outcome in (rung.instead or {}):
        return _do(ladder, last.rung, (rung.instead or {})[last.outcome], is_quiet=is_quiet)
    assert last.effective_at is not None, "a step that has ended says when it took effect"
    due_at = last.effective_at + timedelta(seconds=grace_s if rung.wait_s is None else rung.wait_s)
    if at < due_at:
        return Wait(due_at)
    if last.rung + 1 == len(ladder.rungs):
        return Over()
    return _do(ladder, last.rung + 1, None, is_quiet=is_quiet)


def _do(ladder: Ladder, rung: int, instead: LadderAct | None, *, is_quiet: bool) -> Do:
    act = instead or ladder.rungs[rung].act
    quiet = StepOutcome.QUIET_HOURS if is_quiet and act in SPEAKING else None
    return Do(rung, act, ladder.rungs[rung].answer_within_s, quiet)


def waits_out_the_grace(ladder: Ladder, taken: Sequence[Taken]) -> bool:
    """Whether the step just ended is one from which the grace runs: what stood instead of it has been done too."""
    last = taken[-1]
    rung = ladder.rungs[last.rung]
    return rung.wait_s is None and not (last.act is rung.act and last.outcome in (rung.instead or {}))


def read(value: Any) -> Ladder:
    """A ladder from data, checked whole. Raises LadderRefused with a sentence."""
    if not isinstance(value, Mapping) or not isinstance(value.get("rungs"), Sequence) or not value["rungs"]:
        raise LadderRefused("a ladder needs `rungs`, a list with at least one step")
    unknown = set(value) - {"rungs", "quiet", "quiet_on_holidays", "holidays", "thanks", "warnings"}
    if unknown:
        raise LadderRefused(f"a ladder knows no `{min(unknown)}`")
    rungs = tuple(_rung(number, each) for number, each in enumerate(value["rungs"], start=1))
    if rungs[-1].act is not LadderAct.DRAFT or any(each.act is LadderAct.DRAFT for each in rungs[:-1]):
        raise LadderRefused("the last step of a ladder, and only the last, is `draft`: a person takes over from there")
    if sum(each.wait_s is None for each in rungs) > 1:
        raise LadderRefused('only one step of a ladder can be followed by the grace (wait = "grace")')
    quiet, on_holidays = (tuple(value.get(name, ())) for name in ("quiet", "quiet_on_holidays"))
    for hours in (quiet, on_holidays):
        try:
            covers(hours, datetime(2000, 1, 1))  # noqa: DTZ001 - any local time shows whether they can be read
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise LadderRefused(
                f'quiet hours are {{days = "mon-sun", from = "22:00", to = "07:00"}}: {error}'
            ) from None
    country = value.get("holidays")
    if country is not None and not (isinstance(country, str) and re.fullmatch("[A-Z]{2}", country)):
        raise LadderRefused(f"`{country}` is not a country; write its two letters, CN")
    thanks = value.get("thanks", False)
    if not isinstance(thanks, bool):
        raise LadderRefused(f"thanks is true or false, not `{thanks}`")
    return Ladder(rungs, quiet, on_holidays, country, thanks, _warnings(value, rungs))


def _warnings(value: Mapping[str, Any], rungs: Sequence[Rung]) -> int:
    warnings = value.get("warnings", 1)
    if isinstance(warnings, bool) or not isinstance(warnings, int) or not 0 <= warnings <= MOST_WARNINGS:
        raise LadderRefused(f"warnings is a whole number, at most {MOST_WARNINGS}, not `{warnings}`")
    repeated = [number for number, rung in enumerate(rungs) if rung.of_warning]
    if repeated and repeated != list(range(repeated[0], repeated[-1] + 1)):
        raise LadderRefused("the steps of a warning stand together, without another between them")
    return warnings


def _rung(number: int, value: Any) -> Rung:
    where = f"step {number} of the ladder"
    if not isinstance(value, Mapping):
        raise LadderRefused(f"{where} is not a group of keys")
    unknown = set(value) - {"act", "answer_within_s", "wait", "instead", "each_warning"}
    if unknown:
        raise LadderRefused(f"{where} has an unknown key `{min(unknown)}`")
    act = _word(LadderAct, value.get("act"), where)
    wait = value.get("wait", 0.0)
    instead = {
        _word(StepOutcome, outcome, where): _word(LadderAct, other, where)
        for outcome, other in value.get("instead", {}).items()
    }
    for outcome, other in instead.items():
        if outcome not in POSSIBLE[act]:
            raise LadderRefused(f"{where}: `{act}` cannot come to `{outcome}`")
        if other in (LadderAct.LOOK_AGAIN, LadderAct.DRAFT, act):
            raise LadderRefused(f"{where}: `{other}` cannot stand instead of `{act}`")
    of_warning = value.get("each_warning", False)
    if not isinstance(of_warning, bool) or (of_warning and act is LadderAct.DRAFT):
        raise LadderRefused(f"{where}: each_warning is true or false, and a draft is made once")
    return Rung(
        act,
        _seconds(value.get("answer_within_s", 0.0), where),
        None if wait == GRACE else _seconds(wait, where),
        instead,
        of_warning,
    )


def _word(kind: type[Word], value: Any, where: str) -> Word:
    try:
        return kind(value)
    except ValueError:
        raise LadderRefused(f"{where}: `{value}` is none of {', '.join(kind)}") from None


def _seconds(value: Any, where: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 86_400:
        raise LadderRefused(f"{where}: `{value}` is not a number of seconds, at most a day")
    return float(value)


@cache
def _defaults() -> dict[Offence, Ladder]:
    data = tomllib.loads((Path(__file__).parent / "ladders.toml").read_text("utf-8"))
    return {Offence(name): read(value) for name, value in data.items()}


def ladder_of(offence: Offence, rule: Mapping[str, Any]) -> Ladder:
    """The ladder of a geofence's rule: its own, or the one for the offence; warned as often as the rule says."""
    own = rule.get("ladder")
    ladder = _defaults()[offence] if own is None else read(own)
    return ladder.warning(int(rule.get("warnings", ladder.warnings)), float(rule.get("grace_s", 0.0)))


def usual_warnings(offence: Offence) -> int:
    """How often it is warned where neither rule nor ladder of a geofence says."""
    return _defaults()[offence].warnings


def grace_of(offence: Offence, rule: Mapping[str, Any]) -> float:
    """Seconds from the confirmation of a thing in a recording, where nobody can be told, to the draft: the grace, once
    for each warning that there would have been.
    """
    ladder = _defaults()[offence] if rule.get("ladder") is None else read(rule["ladder"])
    warned = any(rung.of_warning for rung in ladder.rungs)
    times = int(rule.get("warnings", ladder.warnings)) if warned else 1
    return times * float(rule.get("grace_s", 0.0))
