"""Limits: the numbers of the procedure that held on a day, each with its article, read from limits.toml.

Nothing is assumed: a day before the first block has none. Lengths of time are in cases/casework/clocks.toml.
"""

import tomllib
from datetime import date
from functools import cache
from pathlib import Path
from typing import Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from cases.errors import LawDataUnusable
from models.enums import OutcomeKind

PATH = Path(__file__).parent / "limits.toml"


class _Read(BaseModel):
    """Read strictly: a misspelt key is an error and not an omission."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Number(_Read):
    value: int = Field(ge=1)
    article: str
    verified: bool


class Limits(_Read):
    """_fen: money. organisation: what the party is decides, art. 51 and 63."""

    valid_from: date
    officers: Number
    spot_citizen_fen: Number
    spot_organisation_fen: Number
    limitation_years: Number
    limitation_years_long: Number
    hearing_citizen_fen: Number
    hearing_organisation_fen: Number
    review_fen: Number
    same_act_hours: Number

    def spot_fen(self, *, organisation: bool) -> Number:
        return self.spot_organisation_fen if organisation else self.spot_citizen_fen

    def hearing_is_due(self, outcome: OutcomeKind, fine_fen: int | None, *, organisation: bool) -> bool:
        """Whether so much is intended that the party has to be offered a hearing (art. 63)."""
        bound = self.hearing_organisation_fen if organisation else self.hearing_citizen_fen
        return outcome is OutcomeKind.FINE and (fine_fen or 0) >= bound.value


class _LimitsFile(_Read):
    read_in: str
    limits: tuple[Limits, ...]

    @model_validator(mode="after")
    def _one_a_day(self) -> Self:
        days = [each.valid_from for each in self.limits]
        if len(days) != len(set(days)):
            raise ValueError("two blocks begin on one day; merge them")
        return self


def limits_on(on: date, path: Path = PATH) -> Limits:
    """Raises LawDataUnusable, also for a day before the first block."""
    holding = [each for each in _read(path) if each.valid_from <= on]
    if not holding:
        raise LawDataUnusable(path, f"no limits are known for {on.isoformat()}; add the block that held then")
    return max(holding, key=lambda each: each.valid_from)


@cache
def _read(path: Path) -> tuple[Limits, ...]:
    try:
        return _LimitsFile.model_validate(tomllib.loads(path.read_text("utf-8"))).limits
    except (tomllib.TOMLDecodeError, ValidationError) as error:
        raise LawDataUnusable(path, str(error)) from error
