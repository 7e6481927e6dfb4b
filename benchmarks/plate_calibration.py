"""Calibration of plates: how often a reading with given signs is right, fitted on plates made worse.

    python -m benchmarks.plate_calibration --plates DIR [--without DIR] [--font FILE] [--times 20] [--json FILE]

Photographs of plates, and plates drawn with a font that has Chinese characters, are made small, blurred, shaken, dark,
noisy and compressed; each is read, and a logistic regression says which signs speak for right and wrong. It is fitted
on half of the plates and checked on the others: no plate is in both. Whatever is read in pictures --without a plate,
signs and shop names, is wrong. The last line is for detectors/plates/
calibration.toml; wrong readings count more than right ones in the fit, because a wrong plate sends a message to
somebody who did nothing.
"""

import argparse
import csv
import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.random import Generator, default_rng
from PIL import Image, ImageDraw, ImageFont

from detectors.frame import Bytes
from detectors.geometry import Box
from detectors.plates.calibration import Signs, scaled
from detectors.plates.plate_finder import Floats, FoundPlate, find_plates
from detectors.plates.plate_reading import LOOK_PX, WHOLE_PICTURE_SCORE, read_at
from detectors.plates.rectified import side_lengths

FONT = Path("/usr/share/fonts/opentype/noto/NotoSansCJK-Bold.ttc")
LEAST_PX, MOST_PX = 10.0, 40.0
WRONG_COUNTS = 2.0
LEAST_SCORE = 0.3
RIDGE = 1e-3
DRAWN = 60
GROUNDS = {"small_car": (160, 60, 20), "large_vehicle": (30, 180, 235), "small_new_energy": (150, 200, 120)}  # BGR
PROVINCES = "京津冀晋蒙辽吉黑沪苏浙皖闽赣鲁豫鄂湘粤桂琼渝川贵云藏陕甘青宁新"


@dataclass(frozen=True)
class Plate:
    """A plate whose text is known. corners in the picture."""

    text: str
    picture: Bytes
    corners: Floats
    cut_out: bool


@dataclass(frozen=True)
class Sample:
    """What was read of a plate made worse."""

    plate: int
    height_px: float
    signs: Signs
    text: str
    truth: str

    @property
    def right(self) -> bool:
        return self.text == self.truth


def picture_of(path: Path) -> Bytes:
    return np.asarray(cv2.imread(str(path), cv2.IMREAD_COLOR), dtype=np.uint8)


def photographed(folder: Path) -> Iterator[Plate]:
    """The Chinese plates of a folder with truth.csv, where they are found at all."""
    with (folder / "truth.csv").open(encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file) if row["country"] == "CN"]
    for row in rows:
        picture = picture_of(folder / row["file"])
        height, width = picture.shape[:2]
        if row["kind"] == "crop":
            corners = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
            yield Plate(row["plate"], picture, corners, cut_out=True)
            continue
        for found in find_plates(picture, min(LOOK_PX / max(height, width), 1.0)):
            reading = read_at(picture, found)
            if reading is not None and reading.text[1:] == row["plate"][1:]:
                yield Plate(row["plate"], picture, found.corners, cut_out=False)


def drawn(font_file: Path, rng: Generator) -> Iterator[Plate]:
    """Plates of every province, drawn on a ground of noise, seen from a little aside."""
    alnum, letters = "0123456789ABCDEFGHJKLMNPQRSTUVWXYZ", "ABCDEFGHJKLMNPQRSTUVWXYZ"
    for number in range(DRAWN):
        kind = ("small_car", "small_car", "small_new_energy", "large_vehicle")[number % 4]
        serial = "".join(rng.choice(list("0123456789"), 5))
        if kind == "small_new_energy":
            serial = "D" + serial
        else:
            place = int(rng.integers(0, 5))
            serial = serial[:place] + str(rng.choice(list(alnum))) + serial[place + 1 :]
        text = PROVINCES[number % len(PROVINCES)] + str(rng.choice(list(letters))) + serial
        picture, corners = draw(text, GROUNDS[kind], font_file, rng, bright_characters=kind == "small_car")
        yield Plate(text, picture, corners, cut_out=False)


def draw(
    text: str, ground: tuple[int, int, int], font_file: Path, rng: Generator, *, bright_characters: bool
) -> tuple[Bytes, Floats]:
    """The plate on a dark body; returns its corners too."""
    width, height = (480 if len(text) == 8 else 440), 140
    image = Image.new("RGB", (width, height), ground[::-1])
    pen = ImageDraw.Draw(image)
    ink = (245, 245, 245) if bright_characters else (15, 15, 15)
    pen.rounded_rectangle((4, 4, width - 5, height - 5), 10, outline=ink, width=4)
    font = ImageFont.truetype(str(font_file), 104)
    step = (width - 40) / (len(text) + 0.4)
    for place, character in enumerate(text):
        x = 20 + step * (place + 0.5 + (0.4 if place > 1 else 0.0))
        pen.text((x, height / 2 - 4), character, ink, font, anchor="mm")
    x = 20 + step * 2.2
    pen.ellipse((x - 6, height / 2 - 6, x + 6, height / 2 + 6), ink)
    plate = np.asarray(image)[:, :, ::-1]
    canvas = np.clip(rng.normal(rng.uniform(30, 160), 12, (420, 1000, 3)), 0, 255).astype(np.uint8)
    canvas = np.asarray(cv2.GaussianBlur(canvas, (0, 0), 3), dtype=np.uint8)
    flat = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
    corners = flat + np.array([260, 130], np.float32) + rng.uniform(-18, 18, (4, 2)).astype(np.float32)
    turn = cv2.getPerspectiveTransform(flat, corners.astype(np.float32))
    laid = cv2.warpPerspective(np.ascontiguousarray(plate), turn, (1000, 420))
    where = cv2.warpPerspective(np.full((height, width), 255, np.uint8), turn, (1000, 420))
    canvas[where > 127] = laid[where > 127]
    return canvas, corners.astype(np.float32)


def made_worse(plate: Plate, height_px: float, rng: Generator) -> tuple[Bytes, Floats]:
    """The plate and its surroundings at this height: blurred, shaken, dark, noisy, compressed."""
    across, up = side_lengths(plate.corners)
    around = np.array([across * 0.6, up * 1.5])
    x1, y1 = np.maximum(plate.corners.min(axis=0) - around, 0).astype(int)
    x2, y2 = (plate.corners.max(axis=0) + around).astype(int)
    scale = height_px / up
    part = cv2.resize(plate.picture[y1:y2, x1:x2], None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    blur = rng.uniform(0, 0.045) * height_px
    if blur > 0.3:
        part = cv2.GaussianBlur(part, (0, 0), blur)
    length = int(rng.uniform(1, 0.18 * height_px))
    if rng.random() < 0.35 and length > 1:
        part = cv2.filter2D(part, -1, _shake(length, rng.uniform(0, 180)))
    light = rng.choice([1.0, 1.0, 1.0, 0.5, 0.25])
    noisy = part.astype(np.float32) * light + rng.normal(0, rng.uniform(0, 8), part.shape)
    quality = [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(35, 95))]
    _, packed = cv2.imencode(".jpg", np.clip(noisy, 0, 255).astype(np.uint8), quality)
    picture = np.asarray(cv2.imdecode(packed, cv2.IMREAD_COLOR), dtype=np.uint8)
    return picture, np.asarray((plate.corners - np.array([x1, y1])) * scale, dtype=np.float32)


def _shake(length: int, angle: float) -> Floats:
    kernel = np.zeros((length, length), np.float32)
    kernel[length // 2] = 1.0
    turn = cv2.getRotationMatrix2D(((length - 1) / 2, (length - 1) / 2), angle, 1.0)
    turned = np.asarray(cv2.warpAffine(kernel, turn, (length, length)), dtype=np.float32)
    return turned / max(float(turned.sum()), 1e-6)


def samples_of(plates: list[Plate], times: int, rng: Generator) -> Iterator[Sample]:
    for number, plate in enumerate(plates):
        _, up = side_lengths(plate.corners)
        for time in range(times):
            height_px = up if time == 0 else float(np.exp(rng.uniform(np.log(LEAST_PX), np.log(min(up, MOST_PX) + 1))))
            picture, corners = (plate.picture, plate.corners) if time == 0 else made_worse(plate, height_px, rng)
            place = Box(*corners.min(axis=0).tolist(), *corners.max(axis=0).tolist())
            if plate.cut_out:
                found = [FoundPlate(corners, WHOLE_PICTURE_SCORE)]
            else:
                scale = min(3.0 if time else 1.0, LOOK_PX / max(picture.shape[:2]))
                found = [each for each in find_plates(picture, scale) if each.box.iou(place) > 0.2]
            reading = read_at(picture, found[0]) if found else None
            if reading is not None:
                yield Sample(number, height_px, reading.signs, reading.text, plate.text)


def in_vain(folder: Path, number: int) -> Iterator[Sample]:
    """What is read where there is no plate, from picture to picture a plate of its own."""
    for place, path in enumerate(sorted(folder.glob("*.jpg"))):
        picture = picture_of(path)
        for found in find_plates(picture, min(2.0, LOOK_PX / max(picture.shape[:2])), LEAST_SCORE):
            reading = read_at(picture, found)
            if reading is not None:
                yield Sample(number + place, reading.signs.height_px, reading.signs, reading.text, "")


def fit(samples: list[Sample]) -> dict[str, float]:
    """Ridge logistic regression with weights that are not below zero, by projected gradient descent."""
    names = list(scaled(samples[0].signs))
    table = np.array([[1.0, *scaled(each.signs).values()] for each in samples])
    right = np.array([each.right for each in samples], float)
    counts = np.where(right > 0, 1.0, WRONG_COUNTS)
    weights = np.zeros(table.shape[1])
    for _ in range(60_000):
        expected = 1.0 / (1.0 + np.exp(-table @ weights))
        slope = table.T @ (counts * (right - expected)) / counts.sum() - RIDGE * np.array([0.0, *weights[1:]])
        weights += 2.0 * slope
        weights[1:] = np.maximum(weights[1:], 0.0)
    return dict(zip(["constant", *names], [round(float(each), 3) for each in weights], strict=True))


def confidences(samples: list[Sample], weights: dict[str, float]) -> Floats:
    logits = [weights["constant"] + sum(weights[n] * v for n, v in scaled(each.signs).items()) for each in samples]
    return np.asarray(1.0 / (1.0 + np.exp(-np.array(logits))), dtype=np.float32)


def told(samples: list[Sample], weights: dict[str, float]) -> list[str]:
    """How right the readings are, by their confidence and by their height."""
    sure, right = confidences(samples, weights), np.array([each.right for each in samples])
    heights = np.array([each.height_px for each in samples])
    lines = []
    for low, high in ((0.0, 0.1), (0.1, 0.3), (0.3, 0.5), (0.5, 0.7), (0.7, 0.9), (0.9, 0.97), (0.97, 1.01)):
        inside = (sure >= low) & (sure < high)
        if inside.any():
            share = f"{100 * right[inside].mean():.1f} %"
            lines.append(f"  confidence {low:.2f} to {high:.2f}: {inside.sum():5d} readings, {share} right")
    for low, high in ((10, 13), (13, 16), (16, 20), (20, 26), (26, 34), (34, 400)):
        inside = (heights >= low) & (heights < high)
        if inside.any():
            above = inside & (sure >= 0.9)
            lines.append(
                f"  {low} to {high} px high: {inside.sum():5d} readings, {100 * right[inside].mean():.1f} % right; "
                f"{above.sum()} of them at 0.9 or more, {int((~right[above]).sum())} of those wrong"
            )
    return lines


def main() -> None:
    parser = argparse.ArgumentParser(description="fit the confidence of plate readings")
    parser.add_argument("--plates", type=Path, required=True)
    parser.add_argument("--without", type=Path, help="folder of pictures that show no plate")
    parser.add_argument("--font", type=Path, default=FONT)
    parser.add_argument("--times", type=int, default=20)
    parser.add_argument("--json", type=Path)
    asked = parser.parse_args()
    rng = default_rng(7)
    plates = [*photographed(asked.plates), *drawn(asked.font, rng)]
    samples = list(samples_of(plates, asked.times, rng))
    samples += in_vain(asked.without, len(plates)) if asked.without else []
    if asked.json:
        asked.json.write_text(json.dumps([asdict(each) for each in samples]))
    one = [each for each in samples if each.plate % 2 == 0]
    other = [each for each in samples if each.plate % 2 == 1]
    print(f"{len(plates)} plates, {len(samples)} readings, {sum(each.right for each in samples)} right")
    print("fitted on every second plate, checked on the others:", *told(other, fit(one)), sep="\n")
    weights = fit(samples)
    print("fitted on all:", *told(samples, weights), sep="\n")
    print(json.dumps(weights))


if __name__ == "__main__":
    main()
