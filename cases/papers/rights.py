"""Rights: the sentences a party has to be told, with what they rest on, as they held on a day; read from rights.toml.

Pure. An article that nobody has compared with a copy says so in the list of sources.
"""

import tomllib
from datetime import date
from functools import cache
from pathlib import Path
from typing import Self

from pydantic import BaseModel, ConfigDict, ValidationError, model_validator

from cases.errors import LawDataUnusable
from cases.papers.sources import Sentence, Source

PATH = Path(__file__).with_name("rights.toml")
UNVERIFIED = "（条文待核对）"


class _Read(BaseModel):
    """Read strictly: a misspelt key is an error and not an omission."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Article(_Read):
    law: str
    article: str
    verified: bool


class _Said(_Read):
    text: str
    articles: tuple[str, ...]


class Rights(_Read):
    """One edition: what held from a day on."""

    valid_from: date
    article: dict[str, Article]
    sentence: dict[str, _Said]
    basis: dict[str, tuple[str, ...]]

    @model_validator(mode="after")
    def _cites_what_it_holds(self) -> Self:
        cited = {article for said in self.sentence.values() for article in said.articles}
        cited |= {article for articles in self.basis.values() for article in articles}
        if unknown := sorted(cited - set(self.article)):
            raise ValueError(f"{', '.join(unknown)} is cited and not there; add the article or mend the name")
        return self

    def say(self, code: str, **values: str | int) -> Sentence:
        said = self.sentence[code]
        return Sentence(said.text.format(**values), tuple(self.source(each) for each in said.articles))

    def on(self, basis: str) -> tuple[Source, ...]:
        """What a kind of act rests on."""
        return tuple(self.source(each) for each in self.basis[basis])

    def source(self, article_id: str) -> Source:
        held = self.article[article_id]
        unverified = "" if held.verified else UNVERIFIED
        return Source("article", article_id, f"《{held.law}》{held.article}{unverified}")


class _RightsFile(_Read):
    edition: tuple[Rights, ...]


def rights_on(on: date) -> Rights:
    """The newest edition of that day; of a day before the first, the first. Raises LawDataUnusable."""
    editions = sorted(_read(PATH), key=lambda each: each.valid_from)
    return max(
        (each for each in editions if each.valid_from <= on), key=lambda each: each.valid_from, default=editions[0]
    )


@cache
def _read(path: Path) -> tuple[Rights, ...]:
    try:
        return _RightsFile.model_validate(tomllib.loads(path.read_text("utf-8"))).edition
    except (tomllib.TOMLDecodeError, ValidationError) as error:
        raise LawDataUnusable(path, str(error)) from error
