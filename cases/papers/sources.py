"""Sources: what the sentences of a paper point at, and the marks by which they do.

Pure. A sentence of fact cannot be made without a source. Marks are given in the order in which sources are first
pointed at: E exhibits, R records, L articles of law; the list of all of them closes the paper.
"""

from dataclasses import dataclass, field
from typing import Literal

Kind = Literal["exhibit", "record", "article"]
LETTERS: dict[Kind, str] = {"exhibit": "E", "record": "R", "article": "L"}


@dataclass(frozen=True)
class Source:
    """ref: exhibit id, `event:<seq>`, `<table>:<id>`, or the id of an article. text: as the list says it."""

    kind: Kind
    ref: str
    text: str


class SentenceWithoutSource(ValueError):
    """A sentence of fact that nothing carries: a fault of the program."""


@dataclass(frozen=True)
class Sentence:
    text: str
    sources: tuple[Source, ...]

    def __post_init__(self) -> None:
        if not self.sources:
            raise SentenceWithoutSource(self.text)


@dataclass
class Marks:
    """The marks of one paper."""

    _given: dict[tuple[Kind, str], tuple[str, Source]] = field(default_factory=dict)

    def of(self, sentence: Sentence) -> str:
        """`[E1][R3]`."""
        return "".join(f"[{mark}]" for mark in dict.fromkeys(self._mark(source) for source in sentence.sources))

    def listed(self) -> list[tuple[str, Source]]:
        """Exhibits, then records, then articles, each in order."""
        order = list(LETTERS)
        return sorted(self._given.values(), key=lambda one: (order.index(one[1].kind), int(one[0][1:])))

    def _mark(self, source: Source) -> str:
        key = (source.kind, source.ref)
        if key not in self._given:
            number = sum(kind == source.kind for kind, _ in self._given) + 1
            self._given[key] = (f"{LETTERS[source.kind]}{number}", source)
        return self._given[key][0]
