"""Terms: what the law says about serving, paying and executing, read from the dated file terms.toml.

Nothing of it is a number in code. On which day a term ends is counted by cases/law/calendar.py.
"""

import tomllib
from datetime import date
from functools import cache
from pathlib import Path
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from cases.errors import LawDataUnusable
from cases.law.calendar import term_end
from cases.service.late_fee import LateFeeRate
from models.enums import Procedure, ServedPaper, ServiceMode

DATA = Path(__file__).parent / "terms.toml"


class _Dated(BaseModel):
    """Read strictly: a misspelt key is an error and not an omission."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: str
    article: str
    valid_from: date
    valid_to: date | None = None
    verified: bool
    read_in: str | None = None

    @model_validator(mode="after")
    def _says_where_it_was_read(self) -> Self:
        if self.verified and self.read_in is None:
            raise ValueError(f"{self.id} is marked verified; name in read_in the copy it was compared with")
        return self

    def holds_on(self, on: date) -> bool:
        return self.valid_from <= on and (self.valid_to is None or on < self.valid_to)


class Term(_Dated):
    amount: int = Field(gt=0)
    unit: Literal["days", "working_days", "months", "percent", "fen"]

    def ends_on(self, begins_on: date) -> date:
        """The last day of the term; that of what happened on `begins_on` does not count."""
        match self.unit:
            case "percent" | "fen":
                raise LawDataUnusable(DATA, f"{self.id} is no term of days")
            case unit:
                return term_end(begins_on, self.amount, unit)


class Rule(_Dated):
    """For which papers, in which procedures, of which modes it holds."""

    papers: tuple[ServedPaper, ...] = ()
    procedures: tuple[Procedure, ...] = ()
    modes: tuple[ServiceMode, ...] = ()


class _TermFile(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    term: tuple[Term, ...]
    rule: tuple[Rule, ...]


def term(term_id: str, on: date) -> Term:
    """As it holds on the day; of two the later. Raises LawDataUnusable."""
    holding = [each for each in _read(DATA).term if each.id == term_id and each.holds_on(on)]
    if not holding:
        raise LawDataUnusable(DATA, f"no term {term_id!r} holds on {on}")
    return max(holding, key=lambda each: each.valid_from)


def rules(rule_id: str, on: date) -> tuple[Rule, ...]:
    """All of that name that hold on the day."""
    return tuple(each for each in _read(DATA).rule if each.id == rule_id and each.holds_on(on))


def late_fee_rate(on: date) -> LateFeeRate:
    """As it holds on the day on which a fine is late for the first time."""
    return LateFeeRate(term("late_fee_daily", on).amount, term("late_fee_at_most", on).amount)


def tried_before_public(on: date) -> tuple[ServiceMode, ...]:
    """By which modes a paper has to have been tried in vain before it is made public."""
    return tuple(mode for rule in rules("public_notice_after", on) for mode in rule.modes)


def never_electronic(paper: ServedPaper, on: date) -> Rule | None:
    """What keeps this paper from being served by wire; None: nothing does."""
    return next((rule for rule in rules("never_electronic", on) if paper in rule.papers), None)


def reconsideration_first(procedure: Procedure, on: date) -> Rule | None:
    """What sends who goes against the decision to reconsideration before a court; None: the party may choose."""
    return next((rule for rule in rules("reconsideration_first", on) if procedure in rule.procedures), None)


@cache
def _read(path: Path) -> _TermFile:
    try:
        return _TermFile.model_validate(tomllib.loads(path.read_text("utf-8")))
    except (tomllib.TOMLDecodeError, ValidationError) as error:
        raise LawDataUnusable(path, str(error)) from error
