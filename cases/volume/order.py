"""The archive order: which part of a volume follows which, and which papers go where. Data, read and checked.

Pure. The order in use is cases/volume/archive_order.toml, or the bureau's own of that name.
"""

import tomllib
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from cases.volume.errors import OrderUnusable
from models.enums import PaperKind, Procedure

OURS = Path(__file__).parent / "archive_order.toml"
ONCE = ("cover", "catalogue", "events", "back_note")


class Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    kind: Literal["cover", "catalogue", "papers", "exhibits", "events", "custody", "back_note"]
    papers: tuple[PaperKind, ...] = ()
    rest: bool = False
    expected_in: tuple[Procedure, ...] = ()

    @model_validator(mode="after")
    def _names_papers(self) -> Self:
        if self.kind == "papers" and bool(self.papers) == self.rest:
            raise ValueError("a part of papers names them, or takes the rest")
        if self.kind not in {"papers", "cover"} and (self.papers or self.rest or self.expected_in):
            raise ValueError(f"a {self.kind} holds no papers")
        return self


class Order(BaseModel):
    """verified: compared with the archive rule it names as its source."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = Field(pattern=r"^[a-z0-9-]{1,40}$")
    version: str = Field(pattern=r"^[a-z0-9.]{1,20}$")
    verified: bool
    source: str
    kept_for_years: int | None = Field(default=None, ge=1, le=100)
    part: tuple[Part, ...]

    @model_validator(mode="after")
    def _holds_everything_once(self) -> Self:
        for kind in ONCE:
            if sum(part.kind == kind for part in self.part) != 1:
                raise ValueError(f"a volume has one {kind}")
        if [part.kind for part in self.part[:2]] != ["cover", "catalogue"]:
            raise ValueError("a volume begins with its cover and its catalogue")
        named = [paper for part in self.part for paper in part.papers]
        twice = sorted({paper for paper in named if named.count(paper) > 1})
        if twice:
            raise ValueError(f"{twice[0]} stands in two parts")
        if sum(part.rest for part in self.part) != 1:
            raise ValueError("one part takes the papers that no other names, so that none is left out")
        return self

    @property
    def title(self) -> str:
        """As a volume says by what it is bound."""
        return f"{self.name}@{self.version}"

    def papers_of(self, part: Part) -> tuple[PaperKind, ...]:
        if not part.rest:
            return part.papers
        named = {paper for each in self.part for paper in each.papers}
        return tuple(paper for paper in PaperKind if paper not in named)

    def missing(self, procedure: Procedure, there: Sequence[PaperKind]) -> tuple[tuple[PaperKind, ...], ...]:
        """Of each part that is expected and of which nothing is there, the papers that would do."""
        return tuple(
            part.papers for part in self.part if procedure in part.expected_in and not set(part.papers) & set(there)
        )


def order_of(folder: Path | None) -> Order:
    """The bureau's own, `archive_order.toml` in its folder, or ours. Raises OrderUnusable."""
    own = None if folder is None else folder / OURS.name
    return read_order(own if own is not None and own.exists() else OURS)


@cache
def read_order(path: Path = OURS) -> Order:
    """Raises OrderUnusable."""
    try:
        return Order.model_validate(tomllib.loads(path.read_text("utf-8")))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, ValidationError) as error:
        raise OrderUnusable(path, str(error)) from error
