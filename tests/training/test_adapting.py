"""Adapting weights to a site: labels, training, export and judgement, with a small network and drawn streets."""

import json
import subprocess
import sys
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path

import numpy as np
import pytest

from detectors.frame import Bytes
from detectors.geometry import Box
from detectors.openvino_engine import OpenVinoDetector
from detectors.sightings import Detection, Look, ObjectRole
from detectors.training.adapting import CARD, FIGURES, Settings, adapt, judged
from detectors.training.errors import NotOfTheseWeights, UnusableMaterial
from detectors.training.pictures import write_picture
from detectors.training.reviewed import Reviewed, read_reviewed, write_reviewed
from detectors.training.torchvision_operators import ensure_torchvision

THING, OTHER = Box(60, 80, 140, 130), Box(200, 90, 280, 140)


class SeesDarkThings:
    """Says "car" wherever a known place is dark."""

    name, digest = "stand-in", "0" * 64

    def __init__(self, *places: Box) -> None:
        self.places = places

    def detect(self, looks: Sequence[Look]) -> list[list[Detection]]:
        return [
            [
                Detection(box, ObjectRole.VEHICLE, "car", 0.9)
                for box in self.places
                if look.frame.luma[int(box.y1) : int(box.y2), int(box.x1) : int(box.x2)].mean() < 90
            ]
            for look in looks
        ]


def street(*dark: Box, seed: int) -> Bytes:
    picture = np.random.default_rng(seed).integers(120, 180, (240, 320, 3), dtype=np.uint8)
    for box in dark:
        picture[int(box.y1) : int(box.y2), int(box.x1) : int(box.x2)] = (40, 30, 60)
    return picture


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Thirty incidents: on two of three the thing is there, beside another one that nobody reviewed."""
    folder = tmp_path / "reviewed"
    (folder / "pictures").mkdir(parents=True)
    lines = []
    for incident in range(30):
        there = incident % 3 > 0
        picture = f"pictures/{incident}.jpg"
        write_picture(folder / picture, street(*([THING, OTHER] if there else [OTHER]), seed=incident))
        lines.append(Reviewed(picture, f"i{incident}", f"gate-{incident % 2}", there, "car", THING))
    write_reviewed(folder, lines)
    return folder


@pytest.fixture(scope="module")
def start(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A network that has learned nothing yet."""
    ensure_torchvision()
    network = import_module("ultralytics").YOLO("yolo11n.yaml")
    network.model.names = {number: f"class {number}" for number in range(80)} | {0: "person", 2: "car"}
    path = tmp_path_factory.mktemp("start") / "untaught.pt"
    network.save(path)
    return path


def test_a_detector_is_judged_by_the_reviewed_thing_alone(folder: Path):
    sees_all = judged(SeesDarkThings(THING, OTHER), folder, read_reviewed(folder))
    assert (sees_all.there, sees_all.found, sees_all.not_there, sees_all.made_up) == (20, 20, 10, 0)
    assert (sees_all.precision, sees_all.recall) == (1.0, 1.0)
    blind = judged(SeesDarkThings(OTHER), folder, read_reviewed(folder))
    assert (blind.found, blind.made_up, blind.precision, blind.recall) == (0, 0, None, 0.0)


def test_weights_are_taught_exported_and_judged_before_and_after(folder: Path, start: Path, tmp_path: Path):
    """In a process of its own, as the command is: what quantises leaves torch changed behind it."""
    out = tmp_path / "out"
    asked = ["train", "weights", folder, "--from", start, "-o", out, "--epochs", 1, "--px", 64, "--json"]
    command = [sys.executable, "-m", "streetwitness", *(str(word) for word in asked)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout.splitlines()[-1])
    assert (said["before"]["there"] + said["before"]["not_there"], said["learned_from"]) == (6, 24)
    assert said["after"]["there"] == said["before"]["there"]

    labels = [path.read_text().splitlines() for path in sorted((out / "work" / "data" / "labels").iterdir())]
    assert sum(bool(each) for each in labels) >= 16, "the thing where it was"
    assert OpenVinoDetector(Path(said["weights"])).digest == said["digest"]
    card = (out / CARD).read_text("utf-8")
    assert said["digest"] in card
    assert "24 pictures of 24 incidents of 2 cameras" in card
    assert json.loads((out / FIGURES).read_text())["started_from"]["name"] == "untaught.pt"

    with pytest.raises(UnusableMaterial, match="is not empty"):
        adapt(folder, start, out, SeesDarkThings(), Settings())


def test_names_that_the_weights_do_not_know_are_refused_before_anything_is_made(
    folder: Path, start: Path, tmp_path: Path
):
    lines = [
        Reviewed(each.picture, each.incident, each.camera, each.there, "stall", each.box)
        for each in read_reviewed(folder)
    ]
    write_reviewed(folder, lines)
    with pytest.raises(NotOfTheseWeights, match="classes stall"):
        adapt(folder, start, tmp_path / "out", SeesDarkThings(), Settings())
    assert not (tmp_path / "out").exists()


def test_what_is_no_checkpoint_is_refused(folder: Path, tmp_path: Path):
    with pytest.raises(UnusableMaterial, match="no checkpoint to start from"):
        adapt(folder, tmp_path / "nothing.pt", tmp_path / "out", SeesDarkThings(), Settings())
    (tmp_path / "text.pt").write_text("weights")
    with pytest.raises(UnusableMaterial, match="no checkpoint of Ultralytics"):
        adapt(folder, tmp_path / "text.pt", tmp_path / "out", SeesDarkThings(), Settings())
