"""Until when a measure over things may stand: the terms as dated data, and the last day by them. Pure."""

import tomllib
from datetime import date
from functools import cache
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from cases.errors import LawDataUnusable
from cases.law import calendar
from cases.law.calendar import DayKind
from models.enums import MeasureKind

DATA = Path(__file__).parent / "goods_terms.toml"


class Term(BaseModel):
    """Read strictly: a misspelt key in the file is an error and not an omission."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    measure: MeasureKind
    days: int = Field(gt=0)
    kind: DayKind
    longer_days: int = Field(ge=0)
    valid_from: date
    valid_to: date | None = None
    article: str
    verified: bool
    read_in: str | None = None

    def holds_on(self, on: date) -> bool:
        return self.valid_from <= on and (self.valid_to is None or on < self.valid_to)

    def ends(self, taken_on: date) -> date:
        """The last day, never put off by a day off: the term binds the bureau."""
        return calendar.add_days(taken_on, self.days, self.kind, rolls=False)

    def longest(self, due_on: date) -> date | None:
        """The last day to which it may be lengthened; None: it may not."""
        return calendar.add_days(due_on, self.longer_days, self.kind, rolls=False) if self.longer_days else None


class _TermFile(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    term: tuple[Term, ...]


def term_of(measure: MeasureKind, on: date, path: Path = DATA) -> Term:
    """The term in force on that day; of two the later. Raises LawDataUnusable."""
    holding = [each for each in _terms(path) if each.measure is measure and each.holds_on(on)]
    if not holding:
        raise LawDataUnusable(path, f"no term for {measure.value} holds on {on}")
    return max(holding, key=lambda each: each.valid_from)


@cache
def _terms(path: Path) -> tuple[Term, ...]:
    try:
        return _TermFile.model_validate(tomllib.loads(path.read_text("utf-8"))).term
    except (tomllib.TOMLDecodeError, ValidationError) as error:
        raise LawDataUnusable(path, str(error)) from error
