"""Labels in pixels and their lines in fractions; the table of boxes and what it refuses."""

from pathlib import Path

import pytest

from detectors.geometry import Box
from detectors.training import street_images
from detectors.training.classes import CLASSES, JUDGED_ON, ROLE_OF, source_of
from detectors.training.errors import UnusableMaterial
from detectors.training.labelled_picture import Label, read_yolo, yolo_lines
from tests.training.drawn_streets import HEADER, street_folder, write_table


def test_labels_written_and_read_again_are_where_they_were():
    labels = [Label("car", Box(10, 20, 110, 80)), Label("person", Box(200, 50, 220, 120))]
    [car, person] = read_yolo(yolo_lines(labels, 640, 480), 640, 480)
    assert (car.class_name, person.class_name) == ("car", "person")
    assert car.box.as_list() == pytest.approx([10, 20, 110, 80], abs=0.1)


def test_what_reaches_over_the_edge_is_cut_there():
    [car] = read_yolo(yolo_lines([Label("car", Box(-50, 20, 50, 80))], 640, 480), 640, 480)
    assert car.box.as_list() == pytest.approx([0, 20, 50, 80], abs=0.1)


def test_a_sliver_of_an_object_is_not_a_label():
    assert yolo_lines([Label("car", Box(-97, 20, 3, 80)), Label("bus", Box(700, 20, 800, 80))], 640, 480) == ""


def test_every_class_but_the_stall_has_a_role():
    assert set(ROLE_OF) == set(CLASSES)
    assert "stall" not in CLASSES
    assert set(JUDGED_ON) == set(ROLE_OF.values())


def test_the_source_is_the_first_part_of_the_name():
    assert source_of("bdroad_00012") == "bdroad"


def test_the_table_gives_true_and_filled_in_boxes_and_no_stalls(tmp_path: Path):
    rows = [
        ["a", "train", "car", "gt", "suv", "0.5", "0.5", "0.1", "0.2"],
        ["a", "train", "person", "completed", "yolo11n:0.7", "0.2", "0.5", "0.1", "0.2"],
        ["a", "train", "stall", "gt", "wheelbarrow", "0.2", "0.5", "0.1", "0.2"],
    ]
    write_table(tmp_path, HEADER, rows)
    [car, person] = street_images.read_table(tmp_path)["a"]
    assert (car.class_name, car.true) == ("car", True)
    assert (person.class_name, person.true) == ("person", False)
    assert car.label(200, 100).box.as_list() == [90, 40, 110, 60]


@pytest.mark.parametrize(
    ("write", "why"),
    [
        (Path.exists, "cannot be read"),
        (lambda folder: (folder / "boxes.csv.gz").write_bytes(b"image,split\n"), "cannot be read"),
        (lambda folder: write_table(folder, HEADER[:-1], []), "lacks the columns h"),
        (
            lambda folder: write_table(folder, HEADER, [["a", "train", "car", "gt", "suv", "left", "0", "0", "0"]]),
            "cannot be read",
        ),
    ],
    ids=["no_table", "not_compressed", "a_column_less", "a_word_for_a_number"],
)
def test_a_table_that_is_not_one_is_refused_with_the_reason(tmp_path: Path, write, why: str):
    write(tmp_path)
    with pytest.raises(UnusableMaterial, match=why):
        street_images.read_table(tmp_path)


def test_a_split_without_pictures_is_refused(tmp_path: Path):
    street_folder(tmp_path, val=0)
    with pytest.raises(UnusableMaterial, match=r"holds no \.jpg"):
        street_images.pictures_of(tmp_path, "val")
