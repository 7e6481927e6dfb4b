"""The failure pictures: what is missed is drawn as missed, and what is made up as made up."""

from collections.abc import Sequence

import numpy as np

from detectors.geometry import Box
from detectors.sightings import Detection, Look, ObjectRole
from detectors.training.failures import FOUND, MADE_UP, MISSED, TILE, failure_sheet


class Dreamer:
    """Sees a lorry in the upper left corner of every street, and nothing else."""

    name, digest = "dreamer", "0" * 64

    def detect(self, looks: Sequence[Look]) -> list[list[Detection]]:
        return [[Detection(Box(2, 2, 60, 60), ObjectRole.VEHICLE, "truck", 0.9)] for _ in looks]


def drawn(sheet: np.ndarray, colour: tuple[int, int, int]) -> int:
    return int((np.abs(sheet.astype(int) - colour).max(axis=2) < 30).sum())


def test_misses_and_inventions_are_drawn_each_in_its_colour():
    sheet = failure_sheet(Dreamer(), 0.25, looked_at=3, shown=2)
    assert sheet.shape == (TILE[1], 2 * TILE[0], 3)
    assert drawn(sheet, MISSED) > 200
    assert drawn(sheet, MADE_UP) > 200
    assert drawn(sheet, FOUND) < drawn(sheet, MISSED)


def test_what_is_too_unsure_is_not_said():
    assert drawn(failure_sheet(Dreamer(), 0.95, looked_at=1, shown=1), MADE_UP) < 50
