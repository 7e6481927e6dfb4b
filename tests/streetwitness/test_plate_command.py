"""`streetwitness plate`: one line a picture, for people and for scripts, and a refusal for what is no picture."""

import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from tests.detectors.plates.drawn_plates import draw_scene, needs_plate_weights
from tests.streetwitness.running import refused, run

pytestmark = needs_plate_weights


@pytest.fixture
def pictures(tmp_path: Path) -> list[Path]:
    """A car, and a street in which there is none."""
    car, street = tmp_path / "车.jpg", tmp_path / "street.jpg"
    picture, _ = draw_scene("苏N7X046", "blue", 40)
    car.write_bytes(cv2.imencode(".jpg", picture)[1].tobytes())
    street.write_bytes(cv2.imencode(".jpg", np.full((240, 320, 3), 128, np.uint8))[1].tobytes())
    return [car, street]


def test_a_script_gets_one_object_a_picture(pictures: list[Path]) -> None:
    answer = run("plate", *pictures, "--json")
    assert answer.returncode == 0
    with_car, without = (json.loads(line) for line in answer.stdout.splitlines())
    assert (with_car["file"], with_car["plate"]) == (str(pictures[0]), "苏N7X046")
    assert with_car["confidence"] >= 0.9
    assert with_car["to_confirm"] is False
    x1, y1, x2, y2 = with_car["box"]
    assert 200 < x1 < x2 < 440
    assert 280 < y1 < y2 < 380
    assert without == {"file": str(pictures[1]), "plate": None, "confidence": None, "box": None}


def test_what_is_no_picture_is_refused_before_any_is_read(pictures: list[Path], tmp_path: Path) -> None:
    note = tmp_path / "note.jpg"
    note.write_text("not a picture")
    said = refused(2, "plate", pictures[0], note)
    assert said.endswith("is not a picture that can be read; give JPEG or PNG")
    said = refused(1, "plate", pictures[0], "--country", "atlantis")
    assert "no grammar of plates for `atlantis`; there are cn, other" in said
