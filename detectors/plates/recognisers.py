"""The two recognisers: from a straightened plate to character probabilities along it.

One knows Chinese plates and reads small ones well; the other knows text in general, and with it the provinces. What
they write is brought to the characters of plates here: separators become blanks, look-alikes count for what they
look like, and every character keeps a little probability, so that no recogniser can forbid what the other sees.
"""

import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from detectors.frame import Bytes
from detectors.plates.constrained_decoding import Steps
from detectors.plates.plate_weights import (
    PLATE_CHARACTERS,
    PLATE_READER,
    TEXT_READER,
    WeightsFile,
    network,
)

LOOKALIKES = Path(__file__).with_name("lookalikes.toml")
LEFT_OVER = 2e-3  # of probability, spread over all characters
PLATE_READER_SIZE = (100, 32)
TEXT_READER_HEIGHT = 48
Floats = NDArray[np.float32]


@dataclass(frozen=True)
class Recogniser:
    """Its weights, and the size it wants; width 0: as wide as the strip is. weight: how much its word counts."""

    file: WeightsFile
    width: int
    height: int
    weight: float

    def read(self, strip: Bytes, characters: str) -> Steps:
        width = self.width or max(round(strip.shape[1] * self.height / strip.shape[0]), self.height)
        scaled = cv2.resize(strip, (width, self.height), interpolation=cv2.INTER_CUBIC)
        canvas = (scaled.astype(np.float32) / 127.5 - 1.0).transpose(2, 0, 1)[None]
        answer = network(self.file).run(np.ascontiguousarray(canvas))[0][0]
        free = float(np.log(np.maximum(answer.max(axis=1), 1e-9)).sum())
        outputs, worth = _folding(self.file, characters)
        folded = np.asarray(answer[:, outputs], np.float64) @ worth
        # a sign that no plate has is a misread character, of which only its place is known
        unknown = np.maximum(1.0 - np.minimum(folded.sum(axis=1, keepdims=True), 1.0), 0.0)
        folded[:, 1:] += unknown / len(characters)
        folded /= folded.sum(axis=1, keepdims=True)
        spread = (1 - LEFT_OVER) * folded + LEFT_OVER / folded.shape[1]
        return Steps(characters, np.log(spread), free, self.weight)


@cache
def recognisers() -> tuple[Recogniser, ...]:
    """Both, ready to read. Raises NoPlateWeights."""
    return (
        Recogniser(PLATE_READER, *PLATE_READER_SIZE, weight=1.0),
        Recogniser(TEXT_READER, 0, TEXT_READER_HEIGHT, weight=1.0),
    )


def read_all(strips: Sequence[Bytes], characters: str) -> list[Steps]:
    return [recogniser.read(strip, characters) for strip in strips for recogniser in recognisers()]


def _written(file: WeightsFile) -> list[str]:
    """The characters that a recogniser writes, in the order of its outputs; the blank comes before them."""
    if file is PLATE_READER:
        return PLATE_CHARACTERS.path().read_text("utf-8").split()
    return [*network(file).facts["character"].split("\n"), " "]


@cache
def _folding(file: WeightsFile, characters: str) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """The outputs that matter, and how much each of them counts for the blank and each character of plates."""
    data = tomllib.loads(LOOKALIKES.read_text("utf-8"))
    worth: dict[str, dict[int, float]] = {}
    for column, character in enumerate(characters, start=1):
        for other in data["similar"].get(character, ""):
            among = "plate" if other in characters else "other"
            worth.setdefault(other, {})[column] = float(data["similar_worth"][among])
        for other in data["exact"].get(character, ""):  # of two that both are on plates none stands for the other
            worth.setdefault(other, {})[column] = float(data["similar_worth"]["other"]) if other in characters else 1.0
        worth.setdefault(character, {})[column] = 1.0
    worth |= {separator: {0: 1.0} for separator in data["separators"]}
    written = {place: worth[each] for place, each in enumerate(_written(file), start=1) if each in worth}
    outputs = [0, *written]
    folding = np.zeros((len(outputs), len(characters) + 1))
    folding[0, 0] = 1.0
    for line, counted in enumerate(written.values(), start=1):
        for column, share in counted.items():
            folding[line, column] = share
    if file is PLATE_READER:
        for character, share in data["taught_too_often"].items():
            if character in characters:
                folding[:, characters.index(character) + 1] *= share
    return np.array(outputs), folding
