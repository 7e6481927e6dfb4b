"""Plates read off pictures: drawn ones in every colour, size and tilt, and photographs where they are at hand."""

import csv
from pathlib import Path

import cv2
import numpy as np
import pytest

from detectors.errors import NoSuchGrammar
from detectors.frame import Bytes
from detectors.geometry import Box
from detectors.plates.plate_reading import plates_of_vehicle, read_plates
from evidence.sufficiency import PLATE_CONFIDENCE
from tests.conftest import folder_named
from tests.detectors.plates.drawn_plates import draw_plate, draw_scene, needs_plate_weights

pytestmark = needs_plate_weights


@pytest.fixture(scope="module")
def plates_dir() -> Path:
    return folder_named("STREETWITNESS_PLATES", "plates", "photographs of plates")


@pytest.mark.parametrize(
    ("text", "colour", "rows", "height_px", "tilt"),
    [
        ("京A12345", "blue", 1, 40, 0.0),
        ("京A12345", "blue", 1, 20, 8.0),
        ("苏N7X046", "blue", 1, 16, -5.0),
        ("苏ED51712", "green", 1, 30, 5.0),
        ("川A82349", "yellow", 1, 40, -8.0),
        ("京E6K789", "yellow", 2, 60, 4.0),
        ("川B80H67", "blue", 1, 40, 25.0),
    ],
    ids=["blue", "tilted_right", "sixteen_pixels_high", "new_energy", "yellow", "two_rows", "tilted_past_its_diagonal"],
)
def test_a_drawn_plate_is_found_and_read(text: str, colour: str, rows: int, height_px: int, tilt: float) -> None:
    picture, corners = draw_scene(text, colour, height_px, tilt=tilt, rows=rows)
    (reading,) = read_plates(picture)
    assert reading.text == text
    assert colour in reading.kind.colours
    assert rows in reading.kind.rows
    drawn = Box(*corners.min(axis=0).tolist(), *corners.max(axis=0).tolist())
    assert reading.box.iou(drawn) > 0.5
    assert reading.text not in {other for other, _ in reading.others}


def test_a_plate_cut_out_of_its_picture_is_read_too() -> None:
    (reading,) = read_plates(draw_plate("川B80H67", "blue", 24))
    assert reading.text == "川B80H67"


def worse(picture: Bytes, blur: float, light: float, noise: float) -> Bytes:
    blurred = cv2.GaussianBlur(picture, (0, 0), blur) if blur else picture
    random = np.random.default_rng(1)
    return np.clip(blurred * light + random.normal(0, noise, picture.shape), 0, 255).astype(np.uint8)


@pytest.mark.parametrize("blur", [0.0, 3.0, 4.0])
@pytest.mark.parametrize(("light", "noise"), [(1.0, 0.0), (0.3, 9.0), (0.12, 9.0)], ids=["day", "night", "dark"])
def test_what_cannot_be_read_well_is_right_or_not_sure(blur: float, light: float, noise: float) -> None:
    picture, _ = draw_scene("苏N7X046", "blue", 30)
    readings = read_plates(worse(picture, blur, light, noise))
    assert all(each.confidence < PLATE_CONFIDENCE or each.text == "苏N7X046" for each in readings)
    if (blur, light) == (0.0, 1.0):
        assert readings[0].confidence >= PLATE_CONFIDENCE, "by day and sharp it is sure"
    if (blur, light) == (4.0, 0.12):
        assert not any(each.confidence >= PLATE_CONFIDENCE for each in readings), "in the dark and blurred it is not"


def test_another_countrys_plate_is_read_by_its_own_grammar_alone() -> None:
    picture, _ = draw_scene("DE60ZAB", "white", 40)
    assert all(each.confidence < 0.5 for each in read_plates(picture, ("cn",))), "no province is invented surely"
    (reading,) = read_plates(picture, ("cn", "other"))
    assert (reading.text, reading.kind.country) == ("DE60ZAB", "other")
    with pytest.raises(NoSuchGrammar):
        read_plates(picture, ("atlantis",))


def shop_sign() -> Bytes:
    picture, _ = draw_scene("京A12345", "blue", 40)
    picture[300:360, 230:420] = 110
    cv2.rectangle(picture, (150, 300), (500, 350), (30, 30, 200), -1)
    cv2.putText(picture, "TEL 0571-88123456", (160, 335), cv2.FONT_HERSHEY_SIMPLEX, 0.9, (255, 255, 255), 2)
    return picture


@pytest.mark.parametrize(
    "picture",
    [
        pytest.param(np.full((240, 320, 3), 128, np.uint8), id="grey"),
        pytest.param(np.random.default_rng(2).integers(0, 255, (360, 480, 3), dtype=np.uint8), id="noise"),
        pytest.param(np.zeros((2, 2, 3), np.uint8), id="hardly_a_picture"),
        pytest.param(shop_sign(), id="telephone_number"),
    ],
)
def test_where_there_is_no_plate_none_is_read_surely(picture: Bytes) -> None:
    assert all(each.confidence < PLATE_CONFIDENCE for each in read_plates(picture, ("cn", "other")))
    assert all(each.confidence < PLATE_CONFIDENCE for each in plates_of_vehicle(picture))


def test_of_two_plates_the_larger_comes_first() -> None:
    near, _ = draw_scene("苏N7X046", "blue", 40)
    far, _ = draw_scene("川B80H67", "blue", 20)
    readings = read_plates(np.concatenate([far, near], axis=1))
    assert [each.text for each in readings] == ["苏N7X046", "川B80H67"]
    assert readings[0].box.x1 > 640 > readings[1].box.x2


def test_the_photographs_are_read_as_their_list_says(plates_dir: Path) -> None:
    """A floor under what is reached, so that a change that loses plates is seen: docs/plates.md has the figures."""
    with (plates_dir / "truth.csv").open(encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file) if row["country"] == "CN"][::3]  # a third of them is floor enough
    right, wrong_and_sure = 0, []
    for row in rows:
        picture = np.asarray(cv2.imread(str(plates_dir / row["file"]), cv2.IMREAD_COLOR), dtype=np.uint8)
        readings = read_plates(picture)
        right += bool(readings) and readings[0].text == row["plate"]
        there = {row["plate"], *row["other_plates"].split()}
        wrong_and_sure += [each for each in readings if each.confidence >= PLATE_CONFIDENCE and each.text not in there]
    assert len(rows) == 12
    assert right >= 11
    assert wrong_and_sure == []
