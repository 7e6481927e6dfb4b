"""The figures of the model card, on drawn streets with detectors whose answers are known."""

import json
from collections.abc import Sequence
from pathlib import Path

import pytest

from detectors.geometry import Box
from detectors.sightings import Detection, Look, ObjectRole
from detectors.training.figures import figures, truths, write_figures
from tests.training.drawn_streets import street_folder


class RedFinder:
    """Finds the red car of a drawn street by its colour, on every `every`th picture."""

    def __init__(self, name: str, *, every: int = 1) -> None:
        self.name, self.digest = name, "0" * 64
        self._every, self._looked = every, 0

    def detect(self, looks: Sequence[Look]) -> list[list[Detection]]:
        return [self._of(look) for look in looks]

    def _of(self, look: Look) -> list[Detection]:
        self._looked += 1
        if self._looked % self._every:
            return []
        red = look.frame.bgr()[..., 2].astype(int) - look.frame.bgr()[..., 1] > 60
        rows, columns = red.any(axis=1).nonzero()[0], red.any(axis=0).nonzero()[0]
        box = Box(float(columns[0]), float(rows[0]), float(columns[-1] + 1), float(rows[-1] + 1))
        return [Detection(box, ObjectRole.VEHICLE, "car", 0.8)]


def test_a_detector_that_sees_half_is_said_to_see_half(tmp_path: Path):
    streets = street_folder(tmp_path, val=4)
    said = figures(RedFinder("half", every=2), RedFinder("all"), streets, None)
    vehicles = said["val_from_32_px"]["vehicle"]
    assert vehicles["labels"] == 4
    assert vehicles["reference"] == {"precision": 1.0, "recall": 1.0}
    assert vehicles["ours"] == {"confidence": 0.8, "precision": 1.0, "recall": 0.5}
    assert vehicles["share_of_reference_recall"] == 0.5
    assert vehicles["recall_by_size"]["ours"] == {"32-64": [4, 0.5]}
    assert "agreement_on_clips" not in said


def test_the_figures_name_the_weights_they_were_taken_with(tmp_path: Path):
    said = figures(RedFinder("ours"), RedFinder("theirs"), street_folder(tmp_path), None)
    write_figures(tmp_path / "figures" / "ours.json", said)
    read = json.loads((tmp_path / "figures" / "ours.json").read_text("utf-8"))
    assert [read["weights"][which]["name"] for which in ("ours", "reference")] == ["ours", "theirs"]


@pytest.mark.parametrize(
    ("source", "judged"),
    [
        ("bdroad", {ObjectRole.VEHICLE, ObjectRole.TWO_WHEELER}),
        ("coco", {ObjectRole.VEHICLE, ObjectRole.TWO_WHEELER, ObjectRole.PERSON}),
        ("cnlitter", {ObjectRole.LITTER}),
    ],
)
def test_a_picture_is_judged_on_what_its_source_labels(tmp_path: Path, source: str, judged: set[ObjectRole]):
    for _, _, truth in truths(street_folder(tmp_path, source=source), "val"):
        assert truth.judged == judged
        assert len(truth.true) == 1
