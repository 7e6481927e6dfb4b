"""Search words: how a text is compared, and the pieces by which an index finds it. The same on every engine.

Chinese has no blanks between words, so a text is cut into single characters and neighbouring pairs: whatever somebody
types is found where all its pieces are, and then the text itself is asked. A piece is written as hex digits, five to a
character, so that no engine's idea of letters, languages or case has a say.
"""

import re
import unicodedata
from collections.abc import Iterable

# 浙J·12345 and 浙J12345, 2026-03-02 and 20260302 are the same
JOINS = re.compile(r"[·•・‧\-‐‑–_.]")
MOST_TERMS = 12
PIECE = 2  # characters of the longer pieces


def comparable(text: str) -> str:
    """Width and case made one, signs made blanks, one blank between."""
    same = JOINS.sub("", unicodedata.normalize("NFKC", text).casefold())
    return " ".join("".join(each if each.isalnum() else " " for each in same).split())


def terms_of(typed: str) -> list[str]:
    """What was typed, at its blanks: each of them is to be found somewhere."""
    return list(dict.fromkeys(comparable(typed).split()))[:MOST_TERMS]


def pieces_of(words: str) -> list[str]:
    """Of comparable words: every character and every pair, each once, in a steady order."""
    found: set[str] = set()
    for run in words.split():
        found |= {_piece(each) for each in run} | {_piece(run[at : at + PIECE]) for at in range(len(run) - PIECE + 1)}
    return sorted(found)


def pieces_of_term(term: str) -> list[str]:
    """What has to be there for the term to be there: its pairs, or the one character it is."""
    if len(term) < PIECE:
        return [_piece(term)]
    return sorted({_piece(term[at : at + PIECE]) for at in range(len(term) - PIECE + 1)})


def joined(parts: Iterable[str | None]) -> str:
    """The comparable words of several texts; none of them runs into the next."""
    return " ".join(filter(None, (comparable(part) for part in parts if part)))


def _piece(characters: str) -> str:
    return "".join(f"{ord(each):05x}" for each in characters)
