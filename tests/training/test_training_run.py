"""A small training with Ultralytics' own trainer: killed, gone on with, exported, and loaded by the product's engine.

The trainer runs in processes of its own, as the command does; what it computes here is worthless, how it ends is not.
"""

import csv
import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import cv2
import pytest
import torch
from ruamel.yaml import YAML

from detectors.geometry import Box
from detectors.openvino_engine import OpenVinoDetector
from detectors.sightings import Look
from detectors.training.classes import CLASSES
from detectors.training.dataset import write_lists
from detectors.training.errors import ForeignWork, StepMissing, UnusableMaterial
from detectors.training.labelled_picture import yolo_lines
from detectors.training.pictures import as_frame
from detectors.training.quantised_export import export, exported_models, letterboxed
from detectors.training.training_run import Settings, keep_checkpoint, train, trained_weights
from detectors.weights import OWN
from tests.training.drawn_streets import draw_car, road

EPOCHS = 10
# as the command has it: threads that wait for each other sleep
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2]), "OMP_WAIT_POLICY": "passive"}
TRAIN = """
import sys
from pathlib import Path
from detectors.training.beside_teacher import ConvolutionLearning
from detectors.training.training_run import Settings, Stage, train
from detectors.weights import OWN
convolutions = ConvolutionLearning(picture_px=64, steps=4, batch=4, kept_every=2)
labels = Stage(64, int(sys.argv[3]), 0.001, 1, "near.yaml", 0.5, 1)
settings = Settings(convolutions=convolutions, labels=labels, batch=4, loaders=0)
[teacher] = OWN.glob("*_openvino_model")
train(Path(sys.argv[1]), Path(sys.argv[2]), teacher, settings, resume=sys.argv[4] == "resume")
"""
EXPORT = """
import sys
from pathlib import Path
from detectors.training.quantised_export import export
export(Path(sys.argv[1]), Path(sys.argv[2]), Path(sys.argv[3]), 64)
"""


@dataclass(frozen=True)
class StoppedRun:
    work: Path
    data: Path


def training_of(work: Path, data: Path, *, resume: bool) -> subprocess.Popen[str]:
    arguments = [str(data), str(work), str(EPOCHS), "resume" if resume else "begin"]
    return subprocess.Popen(
        [sys.executable, "-c", TRAIN, *arguments],
        cwd=work,
        env=ENVIRONMENT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


@pytest.fixture(scope="module")
def killed_and_resumed(tmp_path_factory: pytest.TempPathFactory) -> StoppedRun:
    """A training that was killed once its first checkpoint lay there, and was then let to its end."""
    work = tmp_path_factory.mktemp("work")
    for split in ("train", "val"):
        for kind in ("images", "labels"):
            (work / "data" / split / kind).mkdir(parents=True)
        for number in range(6):
            picture = road(64, 64, seed=number)
            label = draw_car(picture, Box(10 + number, 20, 40 + number, 45))
            cv2.imwrite(str(work / "data" / split / "images" / f"road_{number}.jpg"), picture)
            (work / "data" / split / "labels" / f"road_{number}.txt").write_text(yolo_lines([label], 64, 64))
    data = work / "data" / "data.yaml"
    write_lists(work / "data")

    process = training_of(work, data, resume=False)
    checkpoint = work / "run" / "labels" / "checkpoint.pt"
    while not checkpoint.exists():
        assert process.poll() is None, process.communicate()[0]
        time.sleep(0.02)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    assert not (work / "run" / "labels" / "finished").exists()

    with pytest.raises(ForeignWork, match="go on with --resume"):
        train(data, work, OWN, Settings(), resume=False)

    resumed = training_of(work, data, resume=True)
    said = resumed.communicate()[0]
    assert resumed.returncode == 0, said
    return StoppedRun(work, data)


def test_a_training_that_was_killed_goes_on_where_it_was(killed_and_resumed: StoppedRun):
    with (killed_and_resumed.work / "run" / "labels" / "results.csv").open() as file:
        epochs = [int(row["epoch"]) for row in csv.DictReader(file)]
    assert epochs[0] == 1
    assert epochs.count(1) == 1
    assert epochs[-1] == EPOCHS


def test_labels_go_on_from_what_was_learnt_beside_the_teacher(killed_and_resumed: StoppedRun):
    run = killed_and_resumed.work / "run"
    told = YAML(typ="safe").load((run / "labels" / "args.yaml").read_text())
    assert (told["imgsz"], told["mosaic"], told["warmup_epochs"]) == (64, 0.5, 1)
    assert Path(told["data"]).name == "near.yaml"
    assert told["pretrained"] == str(run / "convolutions" / "learnt.pt")


def test_labels_change_nothing_but_what_says_what_a_thing_is(killed_and_resumed: StoppedRun):
    run = killed_and_resumed.work / "run"
    learnt, trained = (
        torch.load(path, weights_only=False)["model"].state_dict()
        for path in (run / "convolutions" / "learnt.pt", run / "trained.pt")
    )
    changed = {name for name in learnt if not torch.equal(learnt[name], trained[name])}
    assert changed
    assert all(name.startswith("model.23.cv3.") for name in changed)


def test_how_far_from_the_teacher_it_is_stands_in_every_epoch_of_labels(killed_and_resumed: StoppedRun):
    with (killed_and_resumed.work / "run" / "labels" / "results.csv").open() as file:
        away = [float(row["train/imitation"]) for row in csv.DictReader(file)]
    assert len(away) == EPOCHS
    assert all(each > 0 for each in away)


def test_what_is_finished_is_not_trained_again(killed_and_resumed: StoppedRun):
    weights = trained_weights(killed_and_resumed.work)
    before = weights.stat().st_mtime_ns
    assert train(killed_and_resumed.data, killed_and_resumed.work, OWN, Settings(), resume=True) == weights
    assert weights.stat().st_mtime_ns == before


def test_a_training_killed_after_its_last_epoch_only_needs_to_say_so(killed_and_resumed: StoppedRun):
    run = killed_and_resumed.work / "run"
    (run / "trained.pt").unlink()
    (run / "labels" / "finished").unlink()
    epochs_before = (run / "labels" / "results.csv").read_bytes()
    again = training_of(killed_and_resumed.work, killed_and_resumed.data, resume=True)
    said = again.communicate()[0]
    assert again.returncode == 0, said
    assert trained_weights(killed_and_resumed.work).is_file()
    assert (run / "labels" / "results.csv").read_bytes() == epochs_before


@pytest.mark.skipif(find_spec("nncf") is None, reason="quantising needs the package nncf")
def test_the_int8_model_loads_in_the_product_s_engine(killed_and_resumed: StoppedRun):
    work = killed_and_resumed.work
    done = subprocess.run(
        [sys.executable, "-c", EXPORT, str(trained_weights(work)), str(work / "data" / "val" / "images"), str(work)],
        cwd=work,
        env=ENVIRONMENT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    [folder] = exported_models(work)
    detector = OpenVinoDetector(folder)
    assert detector.name == "street11n"
    [found] = detector.detect([Look(as_frame(road(64, 64)), (Box(0, 0, 64, 64),))])
    assert {one.class_name for one in found} <= set(CLASSES)
    assert str(work) not in (folder / "metadata.yaml").read_text("utf-8")
    assert sum(path.stat().st_size for path in folder.iterdir()) < 8_000_000
    assert b"FakeQuantize" in (folder / "street11n.xml").read_bytes()


def test_there_is_nothing_to_go_on_with_before_the_first_checkpoint(tmp_path: Path):
    with pytest.raises(StepMissing, match=r"checkpoint\.pt is not there yet"):
        train(tmp_path / "data.yaml", tmp_path, OWN, Settings(), resume=True)


def test_weights_of_an_unfinished_run_are_not_handed_out(tmp_path: Path):
    (tmp_path / "run" / "labels" / "weights").mkdir(parents=True)
    (tmp_path / "run" / "labels" / "weights" / "last.pt").write_bytes(b"half")
    with pytest.raises(StepMissing, match="run the step `train`"):
        trained_weights(tmp_path)
    with pytest.raises(StepMissing, match="run the step `export`"):
        exported_models(tmp_path)


def test_an_export_needs_weights_and_pictures(tmp_path: Path):
    with pytest.raises(UnusableMaterial, match="no file of trained weights"):
        export(tmp_path / "none.pt", tmp_path, tmp_path, 64)
    weights = tmp_path / "some.pt"
    weights.touch()
    with pytest.raises(UnusableMaterial, match="no pictures to calibrate on"):
        export(weights, tmp_path, tmp_path, 64)


def test_a_checkpoint_takes_its_name_only_when_it_is_whole(tmp_path: Path):
    source, target = tmp_path / "last.pt", tmp_path / "checkpoint.pt"
    target.write_bytes(b"epoch 1")
    source.write_bytes(b"epoch 2")
    keep_checkpoint(source, target)
    assert target.read_bytes() == b"epoch 2"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["checkpoint.pt", "last.pt"]


def test_calibration_pictures_are_letterboxed_as_the_engine_does():
    picture = road(128, 64)
    box = letterboxed(picture, 64)
    assert box.shape == (1, 3, 64, 64)
    assert box[0, :, 0, 0] == pytest.approx([114 / 255] * 3)
    assert box[0, :, 32, 32] == pytest.approx([110 / 255] * 3, abs=0.05)
