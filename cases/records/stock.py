"""The stock: what is usually asked, found or gone through, to pick from while a record is written.

Pure. The stock in use is questions.toml, or the bureau's own of that name.
"""

import tomllib
from functools import cache
from pathlib import Path
from typing import Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from cases.errors import LawDataUnusable
from models.enums import Offence, RecordKind, RecordSpeaker

PATH = Path(__file__).with_name("questions.toml")


class Entry(BaseModel):
    """offences: for which matters it is offered; none: for all. starts: it stands in every new record of its kind."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    code: str = Field(pattern=r"^[a-z0-9_]{1,40}$")
    kind: RecordKind
    zh: str = Field(min_length=1, max_length=400)
    en: str = Field(min_length=1, max_length=400)
    starts: bool = False
    offences: tuple[Offence, ...] = ()
    speaker: RecordSpeaker | None = None

    @model_validator(mode="after")
    def _is_somebodys_turn(self) -> Self:
        if (self.kind is RecordKind.HEARING) != (self.speaker is not None):
            raise ValueError(f"{self.code}: at a hearing it is somebody's turn, and nowhere else")
        return self


class Stock(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    version: str = Field(pattern=r"^[a-z0-9.]{1,20}$")
    entry: tuple[Entry, ...]

    @model_validator(mode="after")
    def _codes_differ(self) -> Self:
        codes = [each.code for each in self.entry]
        if twice := sorted({code for code in codes if codes.count(code) > 1}):
            raise ValueError(f"{twice[0]} is there twice")
        return self

    def for_a(self, kind: RecordKind, offence: Offence | None) -> tuple[Entry, ...]:
        """What is offered in a matter of this offence, what every record starts with first."""
        offered = [each for each in self.entry if each.kind is kind and (not each.offences or offence in each.offences)]
        return tuple(sorted(offered, key=lambda each: not each.starts))

    def find(self, code: str) -> Entry | None:
        return next((each for each in self.entry if each.code == code), None)


def stock_of(folder: Path | None) -> Stock:
    """The bureau's own, `questions.toml` in its folder, or ours. Raises LawDataUnusable."""
    own = None if folder is None else folder / PATH.name
    return read_stock(own if own is not None and own.exists() else PATH)


@cache
def read_stock(path: Path = PATH) -> Stock:
    """Raises LawDataUnusable."""
    try:
        return Stock.model_validate(tomllib.loads(path.read_text("utf-8")))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, ValidationError) as error:
        raise LawDataUnusable(path, str(error)) from error
