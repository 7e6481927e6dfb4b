"""The prepared folder: what goes where, that it can be made again to the byte, and what is refused."""

import json
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
import pytest

from detectors.geometry import Box
from detectors.sightings import Detection, Look
from detectors.training.dataset import (
    CLIPS_FILE,
    Settings,
    data_file,
    held_out_clips,
    prepare,
    train_clips,
)
from detectors.training.errors import StepMissing, UnusableMaterial
from detectors.training.labelled_picture import read_yolo
from detectors.training.pictures import clip_pictures, read_picture
from models.digest import sha256_of
from tests.training.drawn_streets import street_folder

FEW = Settings(composites=4, calibration=2, cut_outs_per_class=3, rendered=2)


class SilentTeacher:
    """A teacher that has nothing to add."""

    name, digest = "silent", "0" * 64

    def detect(self, looks: Sequence[Look]) -> list[list[Detection]]:
        return [[] for _ in looks]


@pytest.fixture
def streets(tmp_path: Path) -> Path:
    return street_folder(tmp_path / "street_images")


def digests(folder: Path) -> dict[str, str]:
    return {str(path.relative_to(folder)): sha256_of(path) for path in sorted(folder.rglob("*")) if path.is_file()}


def test_pictures_are_sorted_into_training_calibration_and_validation(streets: Path, tmp_path: Path):
    said = prepare(streets, None, SilentTeacher(), tmp_path / "work", FEW)
    data = tmp_path / "work" / "data"
    trained = {path.stem for path in (data / "train" / "images").iterdir()}
    aside = {path.stem for path in (data / "calibration" / "images").iterdir()}
    assert len(aside) == 2
    assert not aside & trained
    assert len([name for name in trained if name.startswith("composite_")]) == 4
    assert {path.stem for path in (data / "val" / "images").iterdir()} == {"bdroad_val00", "bdroad_val01"}
    assert said["street"] == 4
    assert said["boxes"]["car"] >= 8  # four streets and four composites with at least the car they began with
    assert data_file(tmp_path / "work").read_text("utf-8").startswith(f"path: {data}")


def test_the_label_of_a_street_is_the_table_s(streets: Path, tmp_path: Path):
    prepare(streets, None, SilentTeacher(), tmp_path / "work", FEW)
    text = (tmp_path / "work" / "data" / "val" / "labels" / "bdroad_val01.txt").read_text("utf-8")
    [car] = read_yolo(text, 320, 240)
    assert car.box.as_list() == pytest.approx(Box(50, 120, 130, 170).as_list(), abs=0.1)


def test_the_same_seed_makes_the_same_folder(streets: Path, tmp_path: Path):
    for name in ("one", "two"):
        prepare(streets, None, SilentTeacher(), tmp_path / name, FEW)
    one, two = digests(tmp_path / "one" / "data" / "train"), digests(tmp_path / "two" / "data" / "train")
    assert one == two


def test_another_seed_makes_other_composites(streets: Path, tmp_path: Path):
    prepare(streets, None, SilentTeacher(), tmp_path / "one", FEW)
    prepare(streets, None, SilentTeacher(), tmp_path / "two", Settings(seed=7, composites=4, calibration=2, rendered=2))
    one, two = digests(tmp_path / "one" / "data" / "train"), digests(tmp_path / "two" / "data" / "train")
    assert one != two


def test_a_preparation_that_was_stopped_is_made_anew(streets: Path, tmp_path: Path):
    left = tmp_path / "work" / "data" / "train" / "images" / "half.jpg"
    left.parent.mkdir(parents=True)
    left.write_bytes(b"half")
    with pytest.raises(StepMissing, match="run the step `prepare`"):
        data_file(tmp_path / "work")
    prepare(streets, None, SilentTeacher(), tmp_path / "work", FEW)
    assert not left.exists()


def test_a_finished_preparation_is_left_alone_until_the_settings_change(streets: Path, tmp_path: Path):
    prepare(streets, None, SilentTeacher(), tmp_path / "work", FEW)
    mark = tmp_path / "work" / "data" / "mark"
    mark.touch()
    prepare(streets, None, SilentTeacher(), tmp_path / "work", FEW)
    assert mark.exists()
    prepare(streets, None, SilentTeacher(), tmp_path / "work", Settings(composites=1, calibration=2, rendered=0))
    assert not mark.exists()
    record = json.loads((tmp_path / "work" / "data" / "prepared.json").read_text("utf-8"))
    assert record["settings"]["composites"] == 1


def test_a_clip_that_is_named_and_not_there_is_refused(streets: Path, tmp_path: Path):
    (tmp_path / "footage").mkdir()
    with pytest.raises(UnusableMaterial, match=r"named in clips\.toml"):
        prepare(streets, tmp_path / "footage", SilentTeacher(), tmp_path / "work", FEW)


def test_a_picture_that_is_none_is_refused_by_name(streets: Path, tmp_path: Path):
    (streets / "images" / "train" / "bdroad_train03.jpg").write_bytes(b"no picture")
    with pytest.raises(UnusableMaterial, match=r"bdroad_train03\.jpg"):
        prepare(streets, None, SilentTeacher(), tmp_path / "work", FEW)


def test_a_clip_gives_one_picture_every_so_often(tmp_path: Path):
    path = tmp_path / "clip.avi"
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), 10, (64, 48))
    for number in range(30):
        writer.write(grey(number))
    writer.release()
    times = [at_s for at_s, _ in clip_pictures(path, 1.0)]
    assert times == pytest.approx([0, 1, 2], abs=0.11)


def grey(number: int):
    return np.full((48, 64, 3), number * 8, np.uint8)


def test_a_text_file_is_no_clip(tmp_path: Path):
    path = tmp_path / "clip.mp4"
    path.write_text("no clip")
    with pytest.raises(UnusableMaterial, match="OpenCV can open"):
        list(clip_pictures(path, 1.0))


def test_a_picture_with_odd_sides_loses_a_row_and_a_column(streets: Path, tmp_path: Path):
    path = tmp_path / "odd.png"
    cv2.imwrite(str(path), grey(3)[:47, :63])
    assert read_picture(path).shape == (46, 62, 3)


def test_no_clip_is_both_trained_on_and_measured():
    assert not set(train_clips()) & set(held_out_clips())


@pytest.mark.footage
def test_every_clip_of_the_footage_has_its_place(footage_dir: Path):
    said = CLIPS_FILE.read_text("utf-8")
    clips = [path.name for path in footage_dir.iterdir() if path.suffix in {".mp4", ".avi"}]
    assert [name for name in clips if f'"{name}"' not in said] == []
