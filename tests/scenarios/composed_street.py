"""Real people and things cut out of street pictures, put into a drawn street for detectors that know photographs."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path

import cv2
import numpy as np

from detectors.frame import Bytes
from detectors.geometry import Box
from detectors.rendered_street.film import RATE, Film
from detectors.rendered_street.stories import STORIES
from detectors.training.cut_outs import CutOut, cut_out
from detectors.training.labelled_picture import Label
from detectors.training.street_images import read_table
from ingest.rendered_clip import write_rendered_clip
from tests.rows import NOON

STREET = "stall-and-bag"  # whose pavement it is
PART = slice(120, 480), slice(560, 1200)  # of its picture
PERSON_PX = 130  # how tall somebody is where the things are put
SWAY_PX, SWAY_S = 2, 3.0  # nobody stands like a post


@cache
def empty_street() -> Bytes:
    film = Film(replace(STORIES[STREET], actors=()))
    return np.ascontiguousarray(cv2.cvtColor(film.planes(0), cv2.COLOR_YUV2BGR_I420)[PART], np.uint8)


@cache
def largest(folder: Path, picture: str, class_name: str) -> CutOut:
    """The largest of a class in a picture that comes off cleanly, by the table of true boxes."""
    canvas = _picture(folder, picture)
    height, width = canvas.shape[:2]
    labels = [row.label(width, height) for row in _boxes(folder)[picture] if row.class_name == class_name]
    by_size = sorted(labels, key=lambda label: label.box.area, reverse=True)
    return next(found for label in by_size if (found := cut_out(canvas, label)) is not None)


@cache
def thing_at(folder: Path, picture: str, class_name: str, box: Box) -> CutOut:
    """Of a class that the table does not know."""
    found = cut_out(_picture(folder, picture), Label(class_name, box))
    assert found is not None, "it came off cleanly when the test was written"
    return found


_boxes = cache(read_table)


def _picture(folder: Path, picture: str) -> Bytes:
    (path,) = folder.glob(f"images/*/{picture}.jpg")
    return np.asarray(cv2.imread(str(path)), np.uint8)


@dataclass(frozen=True)
class Put:
    """A cut-out with the middle of its lower edge at (x, feet_y), so tall. sways: as people do. there: when it is."""

    cut: CutOut
    x: float
    feet_y: float
    tall_px: float
    sways: bool = False
    there: Callable[[float], bool] = lambda _second: True


@dataclass
class Composed:
    """As a film of the renderer: what is put in is put into every picture, with the noise of a sensor."""

    put: Sequence[Put]
    seconds: float
    rng: np.random.Generator = field(default_factory=lambda: np.random.default_rng(1))

    @property
    def size(self) -> tuple[int, int]:
        return empty_street().shape[1], empty_street().shape[0]

    @property
    def pictures(self) -> int:
        return round(self.seconds * RATE)

    def planes(self, number: int) -> Bytes:
        second = number / RATE
        canvas = empty_street().copy()
        for each in self.put:
            if each.there(second):
                sway = SWAY_PX * (int(second / SWAY_S) % 2) if each.sways else 0
                _paste(canvas, each, each.x + sway)
        planes = np.asarray(cv2.cvtColor(canvas, cv2.COLOR_BGR2YUV_I420))
        noise = self.rng.integers(-2, 3, planes.shape, dtype=np.int16)
        return np.clip(planes + noise, 0, 255).astype(np.uint8)

    def write(self, path: Path) -> Path:
        write_rendered_clip(self, path, NOON)  # type: ignore[arg-type]  # what it asks of a film
        return path


def _paste(canvas: Bytes, put: Put, x: float) -> None:
    by = put.tall_px / put.cut.picture.shape[0]
    size = (round(put.cut.picture.shape[1] * by), round(put.tall_px))
    how = cv2.INTER_AREA if by < 1 else cv2.INTER_LINEAR
    picture = cv2.resize(put.cut.picture, size, interpolation=how).astype(np.float32)
    cover = cv2.resize(put.cut.cover, size, interpolation=how)[..., None]
    left, top = round(x - size[0] / 2), round(put.feet_y - size[1])
    part = canvas[top : top + size[1], left : left + size[0]]
    part[:] = (picture * cover + part * (1 - cover)).astype(np.uint8)
