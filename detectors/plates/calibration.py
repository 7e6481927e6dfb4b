"""Calibration: what the signs of a reading say about whether all of it is right.

Pure. A logistic regression whose numbers are in calibration.toml; docs/plates.md says what it was fitted on. No sign
counts against its own direction: a larger margin never makes a reading less sure.
"""

import math
import tomllib
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path

FILE = Path(__file__).with_name("calibration.toml")


@dataclass(frozen=True)
class Signs:
    """margin: log odds of the best text over the next. agreement: share of the views that say it by themselves.

    grammar_cost: what the grammar had to bend, per character. found: score of the finder. height_px: of one row of
    characters. colour: log odds against the likeliest colour, 0 where the kind of plate has that colour.
    """

    margin: float
    agreement: float
    grammar_cost: float
    found: float
    height_px: float
    colour: float


def scaled(signs: Signs) -> dict[str, float]:
    """Each sign from 0 (bad) upwards, more being better, and past what is good no better."""
    return {
        "margin": min(max(signs.margin, 0.0), 10.0) / 10.0,
        "agreement": min(max(signs.agreement, 0.0), 1.0),
        "grammar_cost": math.exp(-max(signs.grammar_cost, 0.0)),
        "found": min(max(signs.found, 0.0), 1.0),
        "height_px": min(signs.height_px, 40.0) / 40.0,
        "colour": math.exp(min(signs.colour, 0.0)),
    }


def confidence_of(signs: Signs) -> float:
    """0..1: how often a reading with such signs is right in every character."""
    numbers = _numbers()
    logit = numbers["constant"] + sum(numbers[name] * value for name, value in scaled(signs).items())
    return round(1.0 / (1.0 + math.exp(-logit)), 4)


@cache
def _numbers() -> dict[str, float]:
    numbers: dict[str, float] = tomllib.loads(FILE.read_text("utf-8"))["weight"]
    if set(numbers) != {"constant", *asdict(Signs(0, 0, 0, 0, 0, 0))} or any(
        value < 0 for name, value in numbers.items() if name != "constant"
    ):
        raise ValueError(f"{FILE.name}: one weight for each sign, none below zero")
    return numbers
