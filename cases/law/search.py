"""Search in the catalogue of offences: by code, by keyword, by the first letters in pinyin. Best first.

Pure: what is looked through is given. The rows are read in cases/law/catalogue.py.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TypeVar

from cases.law.items import LawItem
from cases.law.pinyin import initials

Key = TypeVar("Key")


@dataclass(frozen=True)
class Indexed:
    """found_by: its words, the act first, in lower case. initials: of each of its words in Chinese."""

    code: str
    found_by: str
    initials: str


def indexed(item: LawItem) -> Indexed:
    """What a search finds the item by."""
    chinese = (item.act.zh, item.power.zh, item.class_.zh, *item.keywords)
    english = (item.act.en or "", item.power.en or "", item.class_.en or "")
    clauses = tuple(f"{clause.law.zh}{clause.article.zh}" for clause in (*item.violation, *item.penalty))
    found_by = "\n".join((*chinese, *english, *clauses)).lower()
    return Indexed(item.code, found_by, " ".join(initials(each) for each in chinese))


def words_of(text: str) -> tuple[str, ...]:
    """The words of a search, each of which has to be found."""
    return tuple(text.lower().split())


def rank(entry: Indexed, words: tuple[str, ...]) -> int | None:
    """Lower is better; None: it is not found."""
    worst = 0
    for word in words:
        found = _rank_of(entry, word)
        if found is None:
            return None
        worst = max(worst, found)
    return worst


def _rank_of(entry: Indexed, word: str) -> int | None:
    code = entry.code.lower()
    tests = (
        code == word,
        code.startswith(word),
        entry.initials.startswith(word),
        entry.found_by.startswith(word),
        f" {word}" in entry.initials,
        word in entry.found_by,
        word in entry.initials,
        word in code,
    )
    return next((place for place, found in enumerate(tests) if found), None)


def best(entries: Iterable[tuple[Key, Indexed]], text: str, limit: int) -> list[Key]:
    """The keys of what is found; without words everything, by code."""
    words = words_of(text)
    ranked = [(found, entry.code, key) for key, entry in entries if (found := rank(entry, words)) is not None]
    return [key for _, _, key in sorted(ranked, key=lambda each: each[:2])[:limit]]
