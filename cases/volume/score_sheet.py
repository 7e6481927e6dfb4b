"""The score sheet: its items, their points, what the program checks of each, and the figures made of the results.

Pure. Data with a version, read and checked; a sheet whose figures name fines is refused (cases/volume/formula.py).
"""

import tomllib
from functools import cache
from pathlib import Path
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from cases.languages import Language
from cases.volume import formula
from cases.volume.checks import CHECKS
from cases.volume.errors import SheetUnusable

OURS = Path(__file__).parent / "score_sheet.toml"
Code = Annotated[str, Field(pattern=r"^[a-z0-9_]{1,64}$")]


class _Worded(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    code: Code
    zh: str = Field(min_length=1)
    en: str = Field(min_length=1)

    def in_(self, language: Language) -> str:
        return self.zh if language == "zh" else self.en


class Item(_Worded):
    """check: None where only a person can judge."""

    points: int = Field(ge=1, le=100)
    article: str = ""
    check: str | None = None


class Measure(_Worded):
    formula: str


class ScoreSheet(BaseModel):
    """verified: compared with the standard it names as its source."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = Field(pattern=r"^[a-z0-9-]{1,40}$")
    version: str = Field(pattern=r"^[a-z0-9.]{1,20}$")
    verified: bool
    source: str
    item: tuple[Item, ...] = Field(min_length=1)
    measure: tuple[Measure, ...] = ()

    @model_validator(mode="after")
    def _holds_together(self) -> Self:
        for rows in (self.item, self.measure):
            codes = [row.code for row in rows]
            twice = sorted({code for code in codes if codes.count(code) > 1})
            if twice:
                raise ValueError(f"{twice[0]} is there twice")
        for item in self.item:
            if item.check is not None and item.check not in CHECKS:
                raise ValueError(f"nobody checks {item.check}; there are {', '.join(sorted(CHECKS))}")
        return self

    @property
    def title(self) -> str:
        return f"{self.name}@{self.version}"

    @property
    def total(self) -> int:
        return sum(item.points for item in self.item)

    def item_of(self, code: str) -> Item | None:
        return next((item for item in self.item if item.code == code), None)


def sheet_of(folder: Path | None) -> ScoreSheet:
    """The bureau's own, `score_sheet.toml` in its folder, or ours. Raises SheetUnusable, FormulaRefused."""
    own = None if folder is None else folder / OURS.name
    return read_sheet(own if own is not None and own.exists() else OURS)


@cache
def read_sheet(path: Path = OURS) -> ScoreSheet:
    """Raises SheetUnusable, and FormulaRefused."""
    try:
        sheet = ScoreSheet.model_validate(tomllib.loads(path.read_text("utf-8")))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, ValidationError) as error:
        raise SheetUnusable(path, str(error)) from error
    for measure in sheet.measure:
        formula.check(measure.formula)
    return sheet
