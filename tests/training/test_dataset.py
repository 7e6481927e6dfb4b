"""The prepared folder: what goes where, that it can be made again to the byte, and what is refused."""

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from detectors.geometry import Box
from detectors.sightings import Detection, Detector, Look, ObjectRole
from detectors.training.dataset import (
    CLIPS_FILE,
    Scene,
    Settings,
    data_file,
    enlarged_parts,
    held_out_clips,
    prepare,
    train_clips,
    write_lists,
)
from detectors.training.errors import StepMissing, UnusableMaterial
from detectors.training.labelled_picture import Label, read_yolo
from detectors.training.pictures import clip_pictures, read_picture
from models.digest import sha256_of
from tests.training.drawn_streets import street_folder

FEW = Settings(composites=4, calibration=2, cut_outs_per_class=3, rendered=1, zooms=3, empty_parts=2)


class SilentTeacher:
    """A teacher that has nothing to add."""

    name, digest = "silent", "0" * 64

    def detect(self, looks: Sequence[Look]) -> list[list[Detection]]:
        return [[] for _ in looks]


class EagerTeacher:
    """A teacher that sees one and the same person wherever it looks."""

    name, digest = "eager", "1" * 64

    def detect(self, looks: Sequence[Look]) -> list[list[Detection]]:
        return [[Detection(Box(2, 2, 30, 60), ObjectRole.PERSON, "person", 0.9)] for _ in looks]


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
    prepare(streets, None, SilentTeacher(), tmp_path / "two", replace(FEW, seed=7))
    one, two = digests(tmp_path / "one" / "data" / "train"), digests(tmp_path / "two" / "data" / "train")
    assert one != two


def parts_of_one_street(streets: Path, folder: Path, teacher: Detector, settings: Settings) -> Path:
    """What is made of a street with one car, 80 of its 320 pixels wide."""
    for kind in ("images", "labels"):
        (folder / "train" / kind).mkdir(parents=True)
    path = min((streets / "images" / "train").iterdir())
    enlarged_parts([Scene(path, [Label("car", Box(40, 120, 120, 170))])], teacher, folder, settings)
    return folder / "train"


def test_enlarged_parts_show_their_object_nearer_than_the_street_did(streets: Path, tmp_path: Path):
    made = parts_of_one_street(streets, tmp_path / "data", SilentTeacher(), replace(FEW, zooms=8, empty_parts=0))
    zoomed = sorted((made / "images").iterdir())
    assert len(zoomed) == 8
    for path in zoomed:
        height, width = read_picture(path).shape[:2]
        [car] = read_yolo((made / "labels" / f"{path.stem}.txt").read_text("utf-8"), width, height)
        assert car.box.width > 80


def test_a_prepared_folder_holds_enlarged_parts_too(streets: Path, tmp_path: Path):
    prepare(streets, None, SilentTeacher(), tmp_path / "work", replace(FEW, rendered=0))
    names = {path.stem for path in (tmp_path / "work" / "data" / "train" / "images").iterdir()}
    assert len([name for name in names if name.startswith("zoom_")]) == 3
    assert {Path(line).stem for line in (tmp_path / "work" / "data" / "near.txt").read_text("utf-8").split()} < names


def test_parts_called_empty_hold_nothing_and_a_teacher_who_sees_something_vetoes_them(streets: Path, tmp_path: Path):
    only_empty = replace(FEW, zooms=0, empty_parts=8)
    made = parts_of_one_street(streets, tmp_path / "silent", SilentTeacher(), only_empty)
    empty = sorted((made / "labels").iterdir())
    assert empty
    assert [path.read_text("utf-8") for path in empty] == [""] * len(empty)
    vetoed = parts_of_one_street(streets, tmp_path / "eager", EagerTeacher(), only_empty)
    assert list((vetoed / "images").iterdir()) == []


@pytest.mark.parametrize(("source", "added"), [("bdroad", True), ("coco", False)])
def test_the_teacher_adds_to_enlarged_parts_but_not_to_pictures_labelled_throughout(
    tmp_path: Path, source: str, *, added: bool
):
    streets = street_folder(tmp_path / "street_images", source=source)
    made = parts_of_one_street(streets, tmp_path / "data", EagerTeacher(), replace(FEW, zooms=12, empty_parts=0))
    texts = [each.read_text("utf-8") for each in sorted((made / "labels").iterdir())]
    assert len(texts) == 12
    assert any(line.startswith("0 ") for text in texts for line in text.splitlines()) is added


def test_without_anything_to_enlarge_no_part_is_made(streets: Path, tmp_path: Path):
    (tmp_path / "train").mkdir()
    path = streets / "images" / "train" / "bdroad_train00.jpg"
    enlarged_parts([Scene(path, [])], SilentTeacher(), tmp_path, replace(FEW, empty_parts=0))
    assert list((tmp_path / "train").iterdir()) == []


def test_the_list_of_what_is_near_repeats_labelled_people_and_thins_out_composites(tmp_path: Path):
    images = tmp_path / "data" / "train" / "images"
    images.mkdir(parents=True)
    names = ["bdroad_00001", "coco_00002", "deped_00003", "clip_square_0001_part", "rendered_00000", "zoom_00000"]
    for name in [*names, *(f"composite_{number:05d}" for number in range(8))]:
        (images / f"{name}.jpg").touch()
    write_lists(tmp_path / "data")
    listed = Counter(Path(line).stem for line in (tmp_path / "data" / "near.txt").read_text("utf-8").splitlines())
    assert listed["coco_00002"] == 6
    assert listed["deped_00003"] == 2
    assert {name: listed[name] for name in names if not name.startswith(("coco", "deped"))} == dict.fromkeys(
        ("bdroad_00001", "clip_square_0001_part", "rendered_00000", "zoom_00000"), 1
    )
    assert sorted(name for name in listed if name.startswith("composite")) == ["composite_00000", "composite_00004"]
    assert "train: near.txt" in (tmp_path / "data" / "near.yaml").read_text("utf-8")
    assert "train: train/images" in (tmp_path / "data" / "data.yaml").read_text("utf-8")


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
    prepare(streets, None, SilentTeacher(), tmp_path / "work", replace(FEW, composites=1))
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
