"""Voting: what the readings of several pictures of one vehicle come to.

Pure. Pictures of a parked car are much alike, so ten of them are not ten witnesses: agreement adds a little to the
surest reading, and every contradiction takes from it.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

COUNTS_FROM = 0.3  # a reading less sure than this neither speaks for a plate nor against another
EACH_MORE, MOST_MORE = 0.75, 3  # of the doubt stays with each further reading that agrees, up to so many


@dataclass(frozen=True)
class Vote:
    """text: what most of it says. share: of all that was read, weighed by confidence, 0..1."""

    text: str
    confidence: float
    share: float
    agreeing: int


def vote(readings: Iterable[tuple[str, float]]) -> Vote | None:
    """Of (text, confidence) pairs; None of none. A single reading keeps its confidence."""
    known: dict[str, list[float]] = defaultdict(list)
    for text, confidence in readings:
        known[text].append(confidence)
    if not known:
        return None
    counted = {text: sum(each for each in found if each >= COUNTS_FROM) for text, found in known.items()}
    text = max(known, key=lambda each: (counted[each], max(known[each]), each))
    agreeing = sum(each >= COUNTS_FROM for each in known[text])
    total = sum(counted.values())
    share = counted[text] / total if total else 1.0 / len(known)
    doubt = (1.0 - max(known[text])) * EACH_MORE ** min(max(agreeing - 1, 0), MOST_MORE)
    return Vote(text, round((1.0 - doubt) * share, 4), round(share, 4), agreeing)
