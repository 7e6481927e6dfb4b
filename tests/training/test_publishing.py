"""Publishing: the measured model takes the place of the old one, with what it sees written beside it."""

import json
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from detectors.openvino_engine import BESIDE_YOLO11N, LOWEST
from detectors.training.errors import StepMissing, UnusableMaterial
from detectors.training.publishing import MOST_BYTES, publish
from detectors.training.quantised_export import model_folder

MEASURED = {
    "val_from_32_px": {
        "vehicle": {"share_of_reference_recall": 0.71, "ours": {"confidence": 0.32766}},
        "person": {"share_of_reference_recall": 0.4},
        "two_wheeler": {"share_of_reference_recall": 2.9},
    }
}


@pytest.fixture
def work(tmp_path: Path) -> Path:
    model = model_folder(tmp_path, 416)
    model.mkdir(parents=True)
    (model / "street11n.bin").write_bytes(b"weights")
    (model / "metadata.yaml").write_text("names:\n  0: car\n")
    (tmp_path / "figures").mkdir()
    (tmp_path / "figures" / f"{model.name}.json").write_text(json.dumps(MEASURED))
    return tmp_path


def test_the_new_model_takes_the_place_of_the_old_and_says_what_it_sees(work: Path, tmp_path: Path):
    into = tmp_path / "weights"
    (into / "older").mkdir(parents=True)
    published = publish(work, 416, into)
    assert [each.name for each in into.iterdir()] == [published.name]
    assert (published / "street11n.bin").read_bytes() == b"weights"
    metadata = YAML(typ="safe").load((published / "metadata.yaml").read_text())
    assert metadata[BESIDE_YOLO11N] == {"vehicle": 0.71, "person": 0.4}
    assert metadata[LOWEST] == 0.328
    assert metadata["names"] == {0: "car"}


def test_what_was_not_measured_is_not_published(work: Path, tmp_path: Path):
    with pytest.raises(StepMissing, match="evaluate"):
        publish(work, 512, tmp_path / "weights")
    assert not (tmp_path / "weights").exists()


def test_what_is_too_large_for_the_repository_is_refused(work: Path, tmp_path: Path):
    (model_folder(work, 416) / "street11n.bin").write_bytes(bytes(MOST_BYTES + 1))
    with pytest.raises(UnusableMaterial, match="more than 8000000"):
        publish(work, 416, tmp_path / "weights")
    assert not (tmp_path / "weights").exists()
