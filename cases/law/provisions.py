"""Provisions: what the law says about an offence on a given day, read from the dated files in cases/law/offences.

Nothing is assumed: an offence without a file, or a day before the first provision, has none, and the draft says so.
"""

import tomllib
from datetime import date
from functools import cache
from pathlib import Path
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, ValidationError, model_validator

from cases.errors import LawDataUnusable
from cases.languages import Bilingual
from models.enums import Offence

OFFENCES = Path(__file__).parent / "offences"


class _Dated(BaseModel):
    """Read strictly: a misspelt key in a law file is an error and not an omission."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Article(_Dated):
    """text: the article in Chinese. verified: compared word for word with the copy in `read_in`."""

    id: str
    law: Bilingual
    article: Bilingual
    text: str
    verified: bool
    read_in: str | None = None
    cited_for: Literal["prohibition", "penalty", "procedure"] | None = None

    @model_validator(mode="after")
    def _says_where_it_was_read(self) -> Self:
        if self.verified and self.read_in is None:
            raise ValueError(f"article {self.id} is marked verified; name in read_in the copy it was compared with")
        return self


class Element(_Dated):
    """A fact that the penalty requires, and whether watching can show it."""

    code: str
    shown_by: Literal["watching", "person"]
    text: Bilingual
    article: str


class Exculpation(_Dated):
    """What would speak for the vehicle; a person looks for it."""

    code: str
    text: Bilingual
    article: str


class Competence(_Dated):
    """Who may penalise whom. "locally": not for this program to say."""

    decided: Literal["locally", "by_this_law"]
    text: Bilingual
    articles: tuple[str, ...]


class Provision(_Dated):
    """What is forbidden and what may follow, between two days; `valid_to` is the first day it no longer holds."""

    id: str
    valid_from: date
    valid_to: date | None = None
    name: Bilingual
    penalty: Bilingual
    competence: Competence
    element: tuple[Element, ...]
    exculpation: tuple[Exculpation, ...]
    article: tuple[Article, ...]

    @model_validator(mode="after")
    def _cites_what_it_holds(self) -> Self:
        held = {article.id for article in self.article}
        cited = {element.article for element in self.element} | {said.article for said in self.exculpation}
        cited |= set(self.competence.articles)
        if unknown := sorted(cited - held):
            raise ValueError(f"provision {self.id} cites {', '.join(unknown)}; add the article or mend the name")
        return self

    def holds_on(self, on: date) -> bool:
        return self.valid_from <= on and (self.valid_to is None or on < self.valid_to)

    def article_named(self, article_id: str) -> Article:
        return next(article for article in self.article if article.id == article_id)


class _OffenceFile(_Dated):
    offence: Offence
    provision: tuple[Provision, ...]


def provision_in_force(offence: Offence, on: date) -> Provision | None:
    """The provision that held on that day. None: the law data know of none. Raises LawDataUnusable."""
    path = OFFENCES / f"{offence.value}.toml"
    if not path.exists():
        return None
    return choose(read_provisions(path), on)


def choose(provisions: tuple[Provision, ...], on: date) -> Provision | None:
    """The one that holds on that day; of two that overlap, the later law."""
    holding = [provision for provision in provisions if provision.holds_on(on)]
    return max(holding, key=lambda provision: provision.valid_from, default=None)


@cache
def read_provisions(path: Path) -> tuple[Provision, ...]:
    """Raises LawDataUnusable, naming the file and what is wrong in it."""
    try:
        return _OffenceFile.model_validate(tomllib.loads(path.read_text("utf-8"))).provision
    except (tomllib.TOMLDecodeError, ValidationError) as error:
        raise LawDataUnusable(path, str(error)) from error
