"""Plates drawn for tests: every character a few strokes of our own, so that no font and no photograph is needed."""

import cv2
import numpy as np
import pytest

from detectors.errors import NoPlateWeights
from detectors.frame import Bytes
from detectors.plates.plate_finder import Floats
from detectors.plates.plate_weights import versions


def _weights_are_there() -> bool:
    try:
        versions()
    except NoPlateWeights:
        return False
    return True


needs_plate_weights = pytest.mark.skipif(
    not _weights_are_there(), reason="the packages with the weights for plates are not installed"
)

Stroke = list[tuple[float, float]]

# on a grid 10 wide and 20 high, y down
STROKES: dict[str, list[Stroke]] = {
    "0": [[(2, 0), (8, 0), (10, 3), (10, 17), (8, 20), (2, 20), (0, 17), (0, 3), (2, 0)]],
    "1": [[(3, 4), (6, 0), (6, 20)]],
    "2": [[(0, 4), (2, 0), (8, 0), (10, 3), (10, 7), (0, 20), (10, 20)]],
    "3": [[(0, 0), (10, 0), (5, 8), (8, 9), (10, 12), (10, 17), (8, 20), (2, 20), (0, 17)]],
    "4": [[(6, 0), (0, 14), (10, 14)], [(7, 9), (7, 20)]],
    "5": [[(10, 0), (1, 0), (0, 9), (7, 8), (10, 11), (10, 17), (8, 20), (2, 20), (0, 17)]],
    "6": [[(6, 0), (1, 9), (0, 13), (0, 17), (2, 20), (8, 20), (10, 17), (10, 12), (8, 9), (3, 9), (0, 13)]],
    "7": [[(0, 0), (10, 0), (4, 20)]],
    "8": [
        [(2, 0), (8, 0), (10, 2), (10, 7), (8, 9), (2, 9), (0, 7), (0, 2), (2, 0)],
        [(2, 9), (0, 12), (0, 18), (2, 20), (8, 20), (10, 18), (10, 12), (8, 9)],
    ],
    "9": [[(4, 20), (9, 11), (10, 7), (10, 3), (8, 0), (2, 0), (0, 3), (0, 8), (2, 11), (7, 11), (10, 7)]],
    "A": [[(0, 20), (5, 0), (10, 20)], [(2, 13), (8, 13)]],
    "B": [
        [(0, 0), (0, 20), (7, 20), (10, 17), (10, 12), (7, 9), (0, 9)],
        [(0, 0), (7, 0), (9, 2), (9, 7), (7, 9)],
    ],
    "D": [[(0, 0), (0, 20), (6, 20), (10, 16), (10, 4), (6, 0), (0, 0)]],
    "E": [[(10, 0), (0, 0), (0, 20), (10, 20)], [(0, 9), (8, 9)]],
    "F": [[(10, 0), (0, 0), (0, 20)], [(0, 9), (8, 9)]],
    "H": [[(0, 0), (0, 20)], [(10, 0), (10, 20)], [(0, 10), (10, 10)]],
    "K": [[(0, 0), (0, 20)], [(10, 0), (0, 12)], [(4, 8), (10, 20)]],
    "M": [[(0, 20), (0, 0), (5, 11), (10, 0), (10, 20)]],
    "N": [[(0, 20), (0, 0), (10, 20), (10, 0)]],
    "T": [[(0, 0), (10, 0)], [(5, 0), (5, 20)]],
    "X": [[(0, 0), (10, 20)], [(10, 0), (0, 20)]],
    "Z": [[(0, 0), (10, 0), (0, 20), (10, 20)]],
    "京": [
        [(5, 0), (5, 3)],
        [(0, 4), (10, 4)],
        [(2, 7), (8, 7), (8, 12), (2, 12), (2, 7)],
        [(5, 12), (5, 19), (4, 20)],
        [(2.5, 14), (0, 18)],
        [(7.5, 14), (10, 18)],
    ],
    "川": [[(1, 1), (1, 14), (0, 20)], [(5, 2), (5, 18)], [(9, 0), (9, 20)]],
    "苏": [
        [(0, 3), (10, 3)],
        [(3, 0), (3, 5)],
        [(7, 0), (7, 5)],
        [(1, 9), (8, 9), (8, 18), (6, 20)],
        [(5, 6), (4, 14), (1, 20)],
        [(1.5, 12), (0, 15)],
        [(9, 12), (10, 15)],
    ],
    "云": [[(2, 3), (8, 3)], [(0, 9), (10, 9)], [(5, 9), (1, 19), (9, 18)], [(7, 14), (10, 20)]],
}
GROUNDS = {"blue": (150, 60, 15), "green": (120, 190, 110), "yellow": (20, 175, 235), "white": (235, 235, 235)}  # BGR
BRIGHT, DARK = (245, 245, 245), (20, 20, 20)
MM_WIDTH, MM_HEIGHT = 440, 140


def draw_plate(text: str, colour: str, height_px: int = MM_HEIGHT, *, rows: int = 1) -> Bytes:
    """The plate alone, seen from the front."""
    width, height = (480 if len(text) == 8 else MM_WIDTH), (220 if rows == 2 else MM_HEIGHT)
    plate = np.full((height, width, 3), GROUNDS[colour], np.uint8)
    ink = BRIGHT if colour == "blue" else DARK
    cv2.rectangle(plate, (5, 5), (width - 6, height - 6), ink, 3, cv2.LINE_AA)
    if rows == 2:
        _write(plate, text[:2], (110, 22), 80, 55, 70, ink)
        _write(plate, text[2:], (35, 98), 78, 58, 100, ink)
    else:
        step = (width - 40) / (len(text) + 0.3)
        _write(plate, text[:2], (28, 25), step, step * 0.76, 90, ink)
        _write(plate, text[2:], (28 + 2.3 * step, 25), step, step * 0.76, 90, ink)
        cv2.circle(plate, (int(24 + 2.1 * step), height // 2), 6, ink, -1, cv2.LINE_AA)
    scale = height_px / height
    return np.asarray(cv2.resize(plate, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA), dtype=np.uint8)


def draw_scene(text: str, colour: str, height_px: int, *, tilt: float = 0.0, rows: int = 1) -> tuple[Bytes, Floats]:
    """The plate on the back of a car in a street; its corners too. tilt: degrees the plate is turned in the picture."""
    plate = draw_plate(text, colour, height_px, rows=rows)
    height, width = plate.shape[:2]
    random = np.random.default_rng(5)
    scene = np.asarray(cv2.GaussianBlur(random.normal(120, 9, (480, 640, 3)), (0, 0), 3), np.float32)
    scene[:150] += 60
    cv2.rectangle(scene, (90, 90), (550, 430), (52, 48, 46), -1)
    cv2.rectangle(scene, (150, 110), (490, 210), (88, 84, 78), -1)
    for x in (105, 480):
        cv2.rectangle(scene, (x, 240), (x + 55, 280), (40, 40, 170), -1)
    flat = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
    turn = np.radians(tilt)
    rotated = (flat - flat.mean(axis=0)) @ np.array([[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]])
    corners = (rotated + np.array([320, 330])).astype(np.float32)
    bend = cv2.getPerspectiveTransform(flat, corners)
    laid = cv2.warpPerspective(plate, bend, (640, 480), flags=cv2.INTER_AREA)
    where = cv2.warpPerspective(np.full((height, width), 255, np.uint8), bend, (640, 480)) > 127
    picture = np.clip(scene, 0, 255).astype(np.uint8)
    picture[where] = laid[where]
    return np.asarray(cv2.GaussianBlur(picture, (0, 0), 0.6), dtype=np.uint8), corners


def _write(
    plate: Bytes, text: str, start: tuple[float, float], step: float, width: float, height: float, ink: tuple[int, ...]
) -> None:
    for place, character in enumerate(text):
        thickness = max(round(width / (9 if character > "z" else 6)), 2)
        inset = thickness / 2
        for stroke in STROKES[character]:
            points = [
                (
                    start[0] + place * step + inset + x / 10 * (width - thickness),
                    start[1] + inset + y / 20 * (height - thickness),
                )
                for x, y in stroke
            ]
            line = np.round(np.array(points) * 8).astype(np.int32)
            cv2.polylines(plate, [line], False, ink, thickness, cv2.LINE_AA, shift=3)
