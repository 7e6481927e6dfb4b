"""Decoding along a grammar: from the recognisers' character probabilities to plates, the likeliest first.

Pure: numbers and strings. A recogniser gives for each step along the plate a probability of each character and of
the blank (connectionist temporal classification, Graves et al. 2006). A beam over the grammar proposes plates from
each of them; then every proposal is weighed exactly, under all of them together.
"""

import math
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from detectors.plates.grammar import Grammar, PlateKind

BEAM = 4  # prefixes of each length and way to go on
PROPOSALS = 12  # of each recogniser and view
LOG_WORTH_TRYING = math.log(
    1e-4
)  # a character less likely than this at a step is tried only where it is the best there
BEST_TRIED = 3
COMBINED_MOST = 400
ROUNDS = 3
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Steps:
    """What one recogniser says of one view. log_p: (steps, characters + 1), the blank first; natural logarithms.

    free: log likelihood of the best characters of each step, whatever they are: what the grammar costs is the
    distance to it. weight: how much this recogniser is worth.
    """

    characters: str
    log_p: Floats
    free: float
    weight: float = 1.0


@dataclass(frozen=True)
class Hypothesis:
    """A plate and how well it explains what was read. share: of all that was considered, 0..1.

    cost: of the grammar, per character; 0 where the recognisers by themselves say the same. agreement: the share of
    the views, by their weight, that by themselves prefer this plate to all others that were considered.
    """

    text: str
    kind: PlateKind
    score: float
    share: float
    cost: float
    agreement: float


def decode(
    views: Sequence[Steps], grammar: Grammar, colours: Mapping[str, float], *, most: int = 5
) -> list[Hypothesis]:
    """The likeliest plates of these views of one plate. colours: log likelihood of each colour."""
    proposed = {text for steps in views for text in propose(steps, grammar)}
    texts = sorted({*proposed, *_combined(sorted(proposed), grammar)})
    weighed: list[Hypothesis] = []
    for _ in range(ROUNDS):
        weighed = _weighed(views, texts, grammar, colours)
        # what nobody proposed may still be nearly as likely, and then the best is not sure
        beside = set(_neighbours(weighed[0].text, grammar)) - set(texts) if weighed else set()
        if not beside:
            break
        texts = sorted({*texts, *beside})
    return weighed[:most]


def _weighed(
    views: Sequence[Steps], texts: Sequence[str], grammar: Grammar, colours: Mapping[str, float]
) -> list[Hypothesis]:
    """All of them, the likeliest first."""
    known = [(text, max(grammar.kinds_of(text), key=lambda kind: _prior(kind, text, colours))) for text in texts]
    if not known:
        return []
    prior = np.array([_prior(kind, text, colours) for text, kind in known])
    read, cost, agreement = np.zeros(len(known)), np.zeros(len(known)), np.zeros(len(known))
    worth = sum(steps.weight for steps in views)
    for steps in views:
        likely = log_likelihoods(steps, texts)
        read += steps.weight * likely
        cost += steps.weight * (steps.free - likely) / worth
        agreement[np.argmax(likely + prior)] += steps.weight / worth
    score = read + prior
    share = np.exp(score - score.max())
    share /= share.sum()
    return [
        Hypothesis(
            text=known[n][0],
            kind=known[n][1],
            score=float(score[n]),
            share=float(share[n]),
            cost=float(cost[n]) / len(known[n][0]),
            agreement=float(agreement[n]),
        )
        for n in np.argsort(-score, kind="stable")
    ]


def _neighbours(text: str, grammar: Grammar) -> Iterator[str]:
    """Plates that differ from it in one character."""
    for kind in grammar.kinds_of(text):
        for place, slot in enumerate(kind.slots):
            for character in slot:
                yield text[:place] + character + text[place + 1 :]


def _prior(kind: PlateKind, text: str, colours: Mapping[str, float]) -> float:
    return kind.log_prior(text) + max(colours[colour] for colour in kind.colours)


def propose(steps: Steps, grammar: Grammar) -> list[str]:
    """Plates that this view may show: a prefix beam search in which only what the grammar allows may follow."""
    number = {character: place + 1 for place, character in enumerate(steps.characters)}
    follow: dict[str, list[list[int]]] = {}  # for each prefix and each place that may come next: outputs
    beam: dict[str, tuple[float, float]] = {"": (0.0, -math.inf)}  # ending in a blank, ending in the last character
    for row in steps.log_p.tolist():
        worth_trying = max(LOG_WORTH_TRYING, sorted(row)[-BEST_TRIED])
        grown: dict[str, tuple[float, float]] = {}
        for prefix, (blank, same) in beam.items():
            either = _sum(blank, same)
            last = number[prefix[-1]] if prefix else 0
            _add(grown, prefix, either + row[0], same + row[last] if prefix else -math.inf)
            if prefix not in follow:
                follow[prefix] = [[number[each] for each in slot] for slot in grammar.next_slots(prefix)]
            tried = {max(slot, key=row.__getitem__) for slot in follow[prefix]}
            tried.update(place for slot in follow[prefix] for place in slot if row[place] >= worth_trying)
            for place in tried:
                before = blank if place == last else either
                _add(grown, prefix + steps.characters[place - 1], -math.inf, before + row[place])
        beam = _pruned(grown, grammar)
    return [prefix for prefix in beam if grammar.kinds_of(prefix)][:PROPOSALS]


def _pruned(grown: Mapping[str, tuple[float, float]], grammar: Grammar) -> dict[str, tuple[float, float]]:
    """The likeliest of each length and of each way to go on.

    What is short is likelier at first, and what is whole must last to the end; and where a character was not seen,
    all are alike, and rare kinds of plates must not take the place of usual ones.
    """
    ranked = sorted(grown.items(), key=lambda each: (-_sum(*each[1]), each[0]))
    places: dict[tuple[int, tuple[str, ...]], int] = defaultdict(int)
    kept = {}
    for prefix, likely in ranked:
        group = (len(prefix), grammar.next_slots(prefix))
        places[group] += 1
        if places[group] <= BEAM:
            kept[prefix] = likely
    return kept


def _add(grown: dict[str, tuple[float, float]], prefix: str, blank: float, same: float) -> None:
    before = grown.get(prefix, (-math.inf, -math.inf))
    grown[prefix] = (_sum(before[0], blank), _sum(before[1], same))


def _sum(one: float, other: float) -> float:
    """Of two probabilities, as logarithms; numpy's is slow for single numbers."""
    if one < other:
        one, other = other, one
    return one if other == -math.inf else one + math.log1p(math.exp(other - one))


def _combined(texts: Sequence[str], grammar: Grammar) -> list[str]:
    """One recogniser may know the province and the other the serial: what differs is exchanged between proposals."""
    made: list[str] = []
    for first in texts:
        for second in texts:
            if len(first) != len(second) or first == second:
                continue
            for split in range(1, len(first)):
                text = first[:split] + second[split:]
                if text not in (first, second) and grammar.kinds_of(text):
                    made.append(text)
    return list(dict.fromkeys(made))[:COMBINED_MOST]


def log_likelihoods(steps: Steps, texts: Sequence[str]) -> Floats:
    """Log probability of each text under this view, over all ways to spread it along the steps; exact."""
    number = {character: place + 1 for place, character in enumerate(steps.characters)}
    answer = np.full(len(texts), -np.inf)
    for length in {len(text) for text in texts}:
        places = [n for n, text in enumerate(texts) if len(text) == length]
        labels = np.array([[number[each] for each in texts[n]] for n in places])
        answer[places] = _forward(steps.log_p, labels)
    return answer


def _forward(log_p: Floats, labels: NDArray[np.int64]) -> Floats:
    """labels: (texts, length). The forward recursion of Graves et al. 2006, section 4.1, for all texts at once."""
    count, length = labels.shape
    states = np.zeros((count, 2 * length + 1), np.int64)
    states[:, 1::2] = labels
    skips = np.zeros_like(states, dtype=bool)
    skips[:, 3::2] = labels[:, 1:] != labels[:, :-1]
    alpha = np.full(states.shape, -np.inf)
    alpha[:, 0] = log_p[0, 0]
    alpha[:, 1] = log_p[0, labels[:, 0]]
    for row in log_p[1:]:
        one, two = np.full_like(alpha, -np.inf), np.full_like(alpha, -np.inf)
        one[:, 1:], two[:, 2:] = alpha[:, :-1], alpha[:, :-2]
        two[~skips] = -np.inf
        alpha = np.logaddexp(np.logaddexp(alpha, one), two) + row[states]
    return np.asarray(np.logaddexp(alpha[:, -1], alpha[:, -2]))
