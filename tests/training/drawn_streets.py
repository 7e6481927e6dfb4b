"""Streets drawn by the tests: grey roads with cars that are coloured blocks, and what a table of boxes says of them."""

import csv
import gzip
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from detectors.geometry import Box
from detectors.training.labelled_picture import Label

HEADER = ["image", "split", "class", "origin", "source_class", "cx", "cy", "w", "h"]


def road(width: int = 320, height: int = 240, seed: int = 1) -> NDArray[np.uint8]:
    """A grey road with the grain that a camera gives it."""
    grain = np.random.default_rng(seed).normal(0, 4, (height, width, 3))
    return np.clip(110 + grain, 0, 255).astype(np.uint8)


def draw_car(picture: NDArray[np.uint8], box: Box, colour: tuple[int, int, int] = (30, 30, 200)) -> Label:
    """An ellipse of one colour that fills its box as a car does."""
    centre = (int((box.x1 + box.x2) / 2), int((box.y1 + box.y2) / 2))
    cv2.ellipse(picture, centre, (int(box.width / 2), int(box.height / 2)), 0, 0, 360, colour, -1)
    return Label("car", box)


def street_folder(root: Path, *, train: int = 6, val: int = 2, source: str = "bdroad") -> Path:
    """A folder laid out like the street pictures: each picture with one labelled car and a row for a stall."""
    rows = []
    for split, count in (("train", train), ("val", val)):
        folder = root / "images" / split
        folder.mkdir(parents=True)
        for number in range(count):
            picture = road(seed=number)
            box = Box(40 + 10 * number, 120, 120 + 10 * number, 170)
            draw_car(picture, box)
            name = f"{source}_{split}{number:02d}"
            cv2.imwrite(str(folder / f"{name}.jpg"), picture)
            fractions = (box.centre[0] / 320, box.centre[1] / 240, box.width / 320, box.height / 240)
            rows.append([name, split, "car", "gt", "sedan", *(f"{value:.5f}" for value in fractions)])
            rows.append([name, split, "stall", "gt", "wheelbarrow", "0.5", "0.5", "0.2", "0.2"])
    write_table(root, HEADER, rows)
    return root


def write_table(root: Path, header: list[str], rows: list[list[str]]) -> None:
    with gzip.open(root / "boxes.csv.gz", "wt", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([header, *rows])
