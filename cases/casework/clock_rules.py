"""The rules of the clocks, read from clocks.toml: which clock begins with what, how long it is, by which article."""

import tomllib
from datetime import date, time
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Annotated, ClassVar, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from cases.errors import LawDataUnusable
from cases.law import calendar
from cases.law.calendar import DayKind, Unit
from cases.law.provisions import Article
from models.enums import CaseSource, Procedure, StopCause

RULES = Path(__file__).parent / "clocks.toml"

Share = Annotated[float, Field(gt=0, le=1)]
Colour = Literal["green", "blue", "amber", "red", "grey"]
Name = Annotated[str, Field(pattern=r"^[a-z_]{1,32}$")]


class Moment(StrEnum):
    """What happened, as clocks begin with it and end by it; read from the rows in cases/casework/clock_facts.py."""

    CONDUCT_ENDED = "conduct_ended"
    REGISTERED = "registered"
    FILED = "filed"
    NOT_FILED = "not_filed"
    WITHDRAWN = "withdrawn"
    TRANSFERRED = "transferred"
    NOTICE_SERVED = "notice_served"
    HEARING_OFFERED = "hearing_offered"  # the notice that offers one was served
    DEFENCE_SAID = "defence_said"
    DEFENCE_ANSWERED = "defence_answered"
    DEFENCE_WAIVED = "defence_waived"
    HEARING_WAIVED = "hearing_waived"
    HEARING_ASKED = "hearing_asked"
    HEARING_ANNOUNCED = "hearing_announced"
    HEARING_DAY = "hearing_day"  # it may lie ahead
    HEARING_ENDED = "hearing_ended"
    PRESERVED = "preserved"
    SEIZED = "seized"
    MEASURE_ENDED = "measure_ended"
    DECIDED = "decided"
    SPARED = "spared"
    REPORTED = "reported"
    DECISION_SERVED = "decision_served"
    FINE_DUE = "fine_due"  # a decision with a fine was served
    PAYMENT_PUT_OFF_TO = "payment_put_off_to"  # it may lie ahead
    PAID = "paid"  # all of it
    PERFORMED = "performed"
    CASH_TAKEN = "cash_taken"
    CASH_HANDED_IN = "cash_handed_in"
    CASH_BANKED = "cash_banked"
    RECONSIDERATION_ASKED = "reconsideration_asked"
    RECONSIDERATION_ANSWERED = "reconsideration_answered"
    SUIT_BROUGHT = "suit_brought"
    DEMAND_SERVED = "demand_served"
    COURT_ASKED = "court_asked"
    CLOSED = "closed"
    REVOKED = "revoked"


class _Read(BaseModel):
    """Read strictly: a misspelt key is an error and not an omission."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class StopRule(_Read):
    """For what a clock stands. first, last: between these by itself; without them a person stops and starts it."""

    cause: StopCause
    article: str
    first: Moment | None = None
    last: Moment | None = None

    @model_validator(mode="after")
    def _begins_and_ends(self) -> Self:
        if (self.first is None) != (self.last is None):
            raise ValueError(f"a clock that stands for {self.cause} by itself needs `first` and `last`")
        return self


class ExtensionRule(_Read):
    days_at_most: Annotated[int, Field(gt=0)]
    times: Annotated[int, Field(gt=0)]
    article: str


class ClockRule(_Read):
    """One clock between two days; what each key means is said at the top of clocks.toml."""

    name: Name
    valid_from: date
    valid_to: date | None = None
    begins: Moment | None = None
    begins_when_lapsed: tuple[Name, ...] = ()
    not_before: Moment | None = None
    needs: Moment | None = None
    before: Moment | None = None
    counts: Literal["first", "newest", "each"] = "newest"
    ends: tuple[Moment, ...]
    length: Annotated[int, Field(gt=0)]
    unit: Unit
    rolls: bool = True
    article: str
    counted_by: str | None = None
    whose: Literal["bureau", "party"]
    lapses: bool = False
    service_level: bool = False
    remind: bool = True
    procedures: tuple[Procedure, ...] = tuple(Procedure)
    sources: tuple[CaseSource, ...] = tuple(CaseSource)
    stop: tuple[StopRule, ...] = ()
    extension: ExtensionRule | None = None

    @model_validator(mode="after")
    def _begins_with_one_thing(self) -> Self:
        if (self.begins is None) == (not self.begins_when_lapsed):
            raise ValueError(f"clock {self.name} needs `begins` or `begins_when_lapsed`, one of the two")
        if self.before is not None and self.unit not in ("days", "working_days"):
            raise ValueError(f"clock {self.name} runs backwards; count it in days or working days")
        return self

    @property
    def is_counted_in_working_days(self) -> bool:
        return self.unit == "working_days"

    @property
    def day_kind(self) -> DayKind:
        return "working" if self.is_counted_in_working_days else "calendar"

    @property
    def articles(self) -> tuple[str, ...]:
        """By which it is as long as it is, the one that says it first."""
        return (self.article,) if self.counted_by is None else (self.article, self.counted_by)

    def holds_on(self, on: date) -> bool:
        return self.valid_from <= on and (self.valid_to is None or on < self.valid_to)

    def causes_by_hand(self) -> tuple[StopCause, ...]:
        """For what a person may stop it."""
        return tuple(stop.cause for stop in self.stop if stop.first is None)


class Colours(_Read):
    green: Colour
    yellow: Colour
    red: Colour


class LightRule(_Read):
    yellow_from: Share
    red_from: Share
    colours: Colours

    @model_validator(mode="after")
    def _grows(self) -> Self:
        if self.yellow_from >= self.red_from:
            raise ValueError("yellow_from lies before red_from")
        return self


class ReminderRule(_Read):
    """from, to: local times between which messages may come."""

    days_left: tuple[Annotated[int, Field(ge=0)], ...]
    days_over: Annotated[int, Field(ge=0)]
    opens: time = Field(alias="from")
    shuts: time = Field(alias="to")
    look_again_after_s: Annotated[int, Field(ge=60)]


class Rules(_Read):
    lights: LightRule
    reminders: ReminderRule
    clock: tuple[ClockRule, ...]
    article: tuple[Article, ...]

    @model_validator(mode="after")
    def _holds_together(self) -> Self:
        held = {article.id for article in self.article}
        names = [rule.name for rule in self.clock]
        for position, rule in enumerate(self.clock):
            cited = {*rule.articles, *(stop.article for stop in rule.stop)}
            cited |= {rule.extension.article} if rule.extension is not None else set()
            if unknown := sorted(cited - held):
                raise ValueError(f"clock {rule.name} cites {', '.join(unknown)}; add the article or mend the name")
            if late := [name for name in rule.begins_when_lapsed if name not in names[:position]]:
                raise ValueError(f"clock {rule.name} follows on {', '.join(late)}; put it behind")
        return self

    def article_named(self, article_id: str) -> Article:
        return next(article for article in self.article if article.id == article_id)


class _InUse:
    """One thing for a whole process, as the calendar is: the gates wait for the days that the clocks show."""

    path: ClassVar[Path] = RULES


def use_rules_of(folder: Path) -> None:
    """The bureau's own clocks.toml in that folder, where there is one, in place of ours; and its holidays, beside ours.

    Said once, at the door of a process. Raises LawDataUnusable, also for one that lacks a clock of ours.
    """
    own = folder / RULES.name
    if own.exists():
        lacking = {rule.name for rule in read_rules(RULES).clock} - {rule.name for rule in read_rules(own).clock}
        if lacking:
            raise LawDataUnusable(own, f"it lacks {', '.join(sorted(lacking))}; gates and pages ask for them")
        _InUse.path = own
    calendar.use_notices_of(folder / calendar.NOTICES.name)


def rules() -> Rules:
    """Those in use. Raises LawDataUnusable."""
    return read_rules(_InUse.path)


@cache
def read_rules(path: Path) -> Rules:
    """Raises LawDataUnusable, naming the file and what is wrong in it."""
    try:
        return Rules.model_validate(tomllib.loads(path.read_text("utf-8")))
    except (tomllib.TOMLDecodeError, ValidationError) as error:
        raise LawDataUnusable(path, str(error)) from error
