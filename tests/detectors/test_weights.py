"""The search for weights, and the engine on those that development has."""

import re
import shutil
from pathlib import Path

import pytest

from detectors.errors import NoWeights, UnusableWeights
from detectors.geometry import Box
from detectors.openvino_engine import OpenVinoDetector, without_parts
from detectors.sightings import Look, ObjectRole
from detectors.weights import OWN, find_detector
from ingest.decoding import FrameDecoder
from ingest.media_clock import utc_since
from ingest.packet_source import open_file
from tests.detectors.drawn import vehicle
from tests.rows import NOON

VAN, CAR = Box(651, 43, 722, 100), Box(733, 51, 768, 93)  # ground_truth.yaml of the footage


def test_a_path_that_is_not_there_is_named_and_what_to_do_is_said(tmp_path: Path) -> None:
    with pytest.raises(NoWeights) as caught:
        find_detector(str(tmp_path / "ours.pt"), cache=tmp_path)
    assert f"{tmp_path}/ours.pt (no such folder or file)" in str(caught.value)
    assert "Set STREETWITNESS_WEIGHTS" in str(caught.value)
    assert caught.value.tried == [f"{tmp_path}/ours.pt (no such folder or file)"]


def test_an_empty_folder_is_refused_and_not_replaced_by_other_weights(tmp_path: Path) -> None:
    with pytest.raises(UnusableWeights, match="no exported model"):
        find_detector(str(tmp_path), cache=tmp_path)


def test_with_nothing_named_and_nothing_exported_before_the_program_s_own_weights_are_taken(tmp_path: Path) -> None:
    detector = find_detector(None, cache=tmp_path)
    assert OWN in detector.folder.parents
    assert detector.name == "street11n"
    assert list(tmp_path.iterdir()) == [], "nothing was fetched or made"


def test_the_own_weights_say_in_one_line_what_they_see_less(tmp_path: Path) -> None:
    weakness = find_detector(None, cache=tmp_path).weakness
    assert weakness is not None
    assert "\n" not in weakness
    assert re.search(r"find \d+ % of what YOLO11n sees of role person", weakness)
    assert "STREETWITNESS_WEIGHTS" in weakness


def test_what_was_exported_here_before_wins_over_the_own_weights(copied: Path, tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    shutil.copytree(copied, cache / "yolo11n" / copied.name)
    detector = find_detector(None, cache=cache)
    assert detector.folder == cache / "yolo11n" / copied.name
    assert detector.weakness is None


def test_a_name_that_cannot_be_had_is_not_replaced_by_the_own_weights(tmp_path: Path) -> None:
    with pytest.raises(NoWeights, match=r"Ultralytics' download of yolo11nonesuch\.pt"):
        find_detector("yolo11nonesuch", cache=tmp_path)


@pytest.fixture
def copied(weights_dir: Path, tmp_path: Path) -> Path:
    """A copy of the model's folder that a test may spoil."""
    (model,) = weights_dir.glob("*/*.xml")
    folder = tmp_path / model.parent.name
    shutil.copytree(model.parent, folder)
    folder.chmod(0o755)
    for each in folder.iterdir():
        each.chmod(0o644)
    return folder


def spoil_names(folder: Path) -> None:
    (folder / "metadata.yaml").write_text("task: detect\n")


def take_names(folder: Path) -> None:
    (folder / "metadata.yaml").unlink()


def give_strange_names(folder: Path) -> None:
    (folder / "metadata.yaml").write_text("names:\n  0: cat\n  1: dog\n")


def spoil_graph(folder: Path) -> None:
    (folder / "yolo11n.xml").write_text("<net>")


def add_graph(folder: Path) -> None:
    shutil.copyfile(folder / "yolo11n.xml", folder / "another.xml")


@pytest.mark.parametrize(
    ("spoil", "why"),
    [
        (spoil_names, "missing or unreadable"),
        (take_names, "missing or unreadable"),
        (give_strange_names, "none of its classes has a role"),
        (spoil_graph, "OpenVINO cannot read it"),
        (add_graph, "expected one .xml, found 2"),
    ],
)
def test_a_spoilt_model_is_refused_with_the_reason(copied: Path, spoil: object, why: str) -> None:
    assert callable(spoil)
    spoil(copied)
    with pytest.raises(UnusableWeights, match=why):
        find_detector(str(copied), cache=copied)


def test_a_box_within_a_surer_one_is_a_part_of_it() -> None:
    whole, part, beside = vehicle(Box(0, 0, 100, 50), 0.8), vehicle(Box(50, 5, 95, 48), 0.6), vehicle(VAN, 0.3)
    assert without_parts([part, whole, beside]) == [whole, beside]


@pytest.mark.footage
def test_the_parked_van_and_car_are_found_in_every_look(footage_dir: Path, weights_dir: Path) -> None:
    detector = find_detector(str(weights_dir))
    assert isinstance(detector, OpenVinoDetector)
    looks: list[Look] = []
    with open_file(footage_dir / "path_walkers_parked_van.avi") as source:
        decoder = FrameDecoder(source.facts, utc_since(NOON))
        whole = Box(0, 0, source.facts.width, source.facts.height)
        for packet in source.packets():
            if packet.keyframe and len(looks) < 6:
                frame = decoder.alone(packet)
                assert frame is not None
                looks.append(Look(frame, (whole,)))
    for found in detector.detect(looks):
        vehicles = [each.box for each in found if each.role is ObjectRole.VEHICLE]
        assert max(box.iou(VAN) for box in vehicles) > 0.6
        assert max(box.iou(CAR) for box in vehicles) > 0.6
