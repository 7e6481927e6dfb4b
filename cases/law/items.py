"""An item of the catalogue of offences: what is forbidden, by which clause, what may follow, and the bands between.

Values alone: read in by cases/law/import_law.py, kept by cases/law/catalogue.py, weighed by cases/law/discretion.py.
Amounts are in fen. What the law leaves to a local rule is None, and not a number of ours.
"""

import re
import tomllib
from datetime import date
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from cases.errors import LawDataUnusable
from cases.languages import Language
from models.enums import Offence, OutcomeKind, SpareGround

GENERAL = Path(__file__).parent / "general.toml"
CODE = r"[0-9A-Za-z]+([.\-][0-9A-Za-z]+)*"
CONDITION = re.compile(r"(priors|warnings)\s*(>=|<=)\s*(\d{1,3})|(corrected|not corrected)|(harm|with)\s*=\s*([a-z_]+)")
HARMS = ("none", "slight", "serious")


class Subject(StrEnum):
    """Whom a limit or a band is for: the law draws its limits apart (行政处罚法 art. 51, for one)."""

    CITIZEN = "citizen"
    ORGANISATION = "organisation"


class Weighs(StrEnum):
    LIGHTER = "lighter"
    HEAVIER = "heavier"


class _Value(BaseModel):
    """Read strictly: a misspelt key in a law file is an error and not an omission."""

    model_config = ConfigDict(extra="forbid", frozen=True)


Word = Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[a-z0-9_]+$")]
Fen = Annotated[int, Field(ge=0, le=10_000_000_00)]


class Said(_Value):
    """A text of the law in Chinese, and in English where somebody has translated it."""

    zh: Annotated[str, Field(min_length=1, max_length=4000)]
    en: Annotated[str, Field(max_length=4000)] | None = None

    def in_(self, language: Language) -> str:
        return self.en if language == "en" and self.en else self.zh


class Clause(_Value):
    """An article that is cited. verified: `text` was compared word for word with the copy in `read_in`."""

    id: Annotated[str, Field(min_length=1, max_length=64)]
    law: Said
    article: Said
    text: Annotated[str, Field(max_length=8000)] = ""
    verified: bool = False
    read_in: str | None = None

    @model_validator(mode="after")
    def _says_where_it_was_read(self) -> Self:
        if self.verified and not (self.read_in and self.text):
            raise ValueError(f"clause {self.id} is marked verified; give its text, and in read_in the copy it is from")
        return self


class Limits(_Value):
    """What the clause allows at most and at least. fine_max_fen None: the clause names no amount, a local rule may.

    fined: whether a fine is allowed at all.
    """

    warning: bool = False
    fined: bool = True
    fine_min_fen: Fen | None = None
    fine_max_fen: Fen | None = None

    @model_validator(mode="after")
    def _run_upwards(self) -> Self:
        if self.fine_min_fen is not None and self.fine_max_fen is not None and self.fine_min_fen > self.fine_max_fen:
            raise ValueError(f"the least fine is above the greatest ({self.fine_min_fen} fen, {self.fine_max_fen} fen)")
        if not self.fined and (self.fine_min_fen is not None or self.fine_max_fen is not None):
            raise ValueError("a clause that allows no fine has no amounts")
        return self

    def allow(self, fen: int) -> bool:
        """Whether a fine of this amount lies within."""
        return (
            self.fined
            and fen > 0
            and (self.fine_min_fen is None or fen >= self.fine_min_fen)
            and (self.fine_max_fen is None or fen <= self.fine_max_fen)
        )


class Circumstance(_Value):
    """Something about the conduct or the party that weighs, as a rule says that is published."""

    code: Word
    weighs: Weighs
    text: Said
    article: Annotated[str, Field(min_length=1, max_length=200)]


class Condition(_Value):
    """One condition of a band, written in one line of a file.

    Such as `priors>=2`, `warnings>=1`, `corrected`, `harm=none`, `with=fire_lane`.
    """

    about: Literal["priors", "warnings", "corrected", "harm", "with"]
    sign: Literal[">=", "<=", "="]
    number: int | None = None
    word: str | None = None

    @classmethod
    def read(cls, line: str) -> "Condition":
        """Raises ValueError."""
        found = CONDITION.fullmatch(line.strip())
        if found is None:
            raise ValueError(
                f"`{line}` is no condition: write priors>=2, priors<=0, warnings>=1, corrected, not corrected, "
                "harm=none, harm=slight, harm=serious or with=a_circumstance"
            )
        if found[1]:
            return cls.model_validate({"about": found[1], "sign": found[2], "number": int(found[3])})
        if found[4]:
            return cls(about="corrected", sign="=", word="yes" if found[4] == "corrected" else "no")
        if found[5] == "harm" and found[6] not in HARMS:
            raise ValueError(f"`{line}`: harm is none, slight or serious")
        return cls.model_validate({"about": found[5], "sign": "=", "word": found[6]})

    def __str__(self) -> str:
        if self.about == "corrected":
            return "corrected" if self.word == "yes" else "not corrected"
        return f"{self.about}{self.sign}{self.number if self.word is None else self.word}"


class Band(_Value):
    """A range of outcome for given circumstances, as the published standard draws it (行政处罚法 art. 34).

    subject: None, for everybody. when: every condition has to hold.
    """

    code: Word
    name: Said
    subject: Subject | None = None
    when: tuple[str, ...] = ()
    outcome: OutcomeKind
    fine_min_fen: Fen | None = None
    fine_max_fen: Fen | None = None
    spare_ground: SpareGround | None = None

    @property
    def conditions(self) -> tuple[Condition, ...]:
        return tuple(Condition.read(line) for line in self.when)

    @model_validator(mode="after")
    def _holds_together(self) -> Self:
        _ = self.conditions
        amounts = self.fine_min_fen is not None and self.fine_max_fen is not None
        if (self.outcome is OutcomeKind.FINE) != amounts or (not amounts and self.fine_max_fen != self.fine_min_fen):
            raise ValueError(f"band {self.code}: a fine has a least and a greatest amount, anything else has none")
        if amounts and not 0 < (self.fine_min_fen or 0) <= (self.fine_max_fen or 0):
            raise ValueError(f"band {self.code}: its least amount is above 0 and not above its greatest")
        if (self.outcome is OutcomeKind.NO_PENALTY) != (self.spare_ground is not None):
            raise ValueError(f"band {self.code}: no penalty has its ground in spare_ground, anything else has none")
        return self


class Standard(_Value):
    """Where the bands come from. verified: the bureau has compared them with what it published."""

    name: Said
    verified: bool
    published_on: date | None = None
    read_in: str | None = None


class LawItem(_Value):
    """class_, power, act: the three steps of the catalogue. valid_to: the first day it no longer holds.

    lookback_days: how far back a prior counts; None: no rule says that one counts at all. long_limitation: it is one
    of those with the longer limitation period of 行政处罚法 art. 36. version_id: of its row; None in a file.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)

    version_id: str | None = Field(default=None, exclude=True)

    code: Annotated[str, Field(max_length=32, pattern=f"^{CODE}$")]
    class_: Annotated[Said, Field(alias="class")]
    power: Said
    act: Said
    offence: Offence | None = None
    valid_from: date
    valid_to: date | None = None
    keywords: tuple[str, ...] = ()
    violation: tuple[Clause, ...] = Field(min_length=1)
    penalty: tuple[Clause, ...] = Field(min_length=1)
    limits: dict[Subject, Limits] = Field(min_length=1)
    lookback_days: Annotated[int, Field(ge=1, le=3660)] | None = None
    long_limitation: bool = False
    correction: Said | None = None
    standard: Standard | None = None
    circumstance: tuple[Circumstance, ...] = ()
    band: tuple[Band, ...] = ()

    @model_validator(mode="after")
    def _holds_together(self) -> Self:
        if self.valid_to is not None and self.valid_to <= self.valid_from:
            raise ValueError("valid_to is the first day it no longer holds, so it is after valid_from")
        if self.band and self.standard is None:
            raise ValueError("bands need the standard they are from (行政处罚法 art. 34); name it in `standard`")
        for name, codes in (
            ("band", [band.code for band in self.band]),
            ("circumstance", [each.code for each in self.circumstance]),
        ):
            if twice := sorted({code for code in codes if codes.count(code) > 1}):
                raise ValueError(f"{name} {', '.join(twice)} is there twice")
        for band in self.band:
            self._check(band)
        return self

    def _check(self, band: Band) -> None:
        for subject in (band.subject,) if band.subject else tuple(self.limits):
            limits = self.limits.get(subject)
            if limits is None:
                raise ValueError(f"band {band.code} is for a {subject.value}; the item has no limits for one")
            if band.outcome is OutcomeKind.WARNING and not limits.warning:
                raise ValueError(f"band {band.code} is a warning; the clause allows none for a {subject.value}")
            for fen in (band.fine_min_fen, band.fine_max_fen):
                if fen is not None and not limits.allow(fen):
                    raise ValueError(f"band {band.code}: {fen} fen lies outside what the clause allows")
        known = {each.code for each in self.circumstance} | {each.code for each in general_circumstances()}
        for condition in band.conditions:
            if condition.about == "with" and condition.word not in known:
                raise ValueError(f"band {band.code} speaks of `{condition.word}`, which is no circumstance of the item")
            if condition.about == "priors" and self.lookback_days is None:
                raise ValueError(f"band {band.code} counts priors; say in lookback_days how far back")

    def holds_on(self, on: date) -> bool:
        return self.valid_from <= on and (self.valid_to is None or on < self.valid_to)

    def band_named(self, code: str) -> Band | None:
        return next((band for band in self.band if band.code == code), None)

    def circumstance_named(self, code: str) -> Circumstance | None:
        every = (*self.circumstance, *general_circumstances())
        return next((each for each in every if each.code == code), None)


class _General(_Value):
    valid_from: date
    circumstance: tuple[Circumstance, ...]
    article: tuple[Clause, ...]


def general_circumstances() -> tuple[Circumstance, ...]:
    """What weighs for every offence, 行政处罚法 art. 30-32: each of them lighter. Raises LawDataUnusable."""
    return _general().circumstance


def general_article(article_id: str) -> Clause | None:
    """An article of the 行政处罚法 that a proposal may point at. Raises LawDataUnusable."""
    return next((article for article in _general().article if article.id == article_id), None)


@cache
def _general() -> _General:
    try:
        return _General.model_validate(tomllib.loads(GENERAL.read_text("utf-8")))
    except (tomllib.TOMLDecodeError, ValidationError) as error:
        raise LawDataUnusable(GENERAL, str(error)) from error
