"""Plates: every photograph of a folder with truth.csv read as the command reads it, against what is on it.

    python -m benchmarks.plates --plates DIR [--out FOLDER] [--json]

Counted apart: whole scenes, cut-out plates, and of everything at or above the sending threshold what is wrong. With
--out, a page shows every miss with what was read. A plate that the list names as also readable in the photograph is
counted as another plate of it: not right, and not a wrong reading either.
"""

import argparse
import base64
import csv
import json
import time
from dataclasses import dataclass
from html import escape
from pathlib import Path

import cv2
import numpy as np

from detectors.frame import Bytes
from detectors.plates.plate_reading import PlateReading, read_plates
from evidence.sufficiency import PLATE_CONFIDENCE

COUNTRIES = ("cn", "other")
SHOWN_PX = 640


@dataclass(frozen=True)
class Read:
    """One photograph and the most prominent plate that was read in it."""

    file: str
    kind: str
    truth: str
    also: frozenset[str]
    picture: Bytes
    reading: PlateReading | None
    seconds: float

    @property
    def text(self) -> str | None:
        return self.reading.text if self.reading else None

    @property
    def confidence(self) -> float:
        return self.reading.confidence if self.reading else 0.0

    @property
    def right(self) -> bool:
        return self.text == self.truth

    @property
    def wrong(self) -> bool:
        """Something was read that is not there."""
        return self.text is not None and self.text != self.truth and self.text not in self.also


def read_folder(folder: Path) -> list[Read]:
    with (folder / "truth.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    read = []
    for row in rows:
        picture = np.asarray(cv2.imread(str(folder / row["file"]), cv2.IMREAD_COLOR), dtype=np.uint8)
        began = time.process_time()
        readings = read_plates(picture, COUNTRIES)
        first = readings[0] if readings else None
        also = frozenset(row["other_plates"].split())
        took = time.process_time() - began
        read.append(Read(row["file"], row["kind"], row["plate"], also, picture, first, took))
    return read


def figures(read: list[Read]) -> dict[str, float | int]:
    found: dict[str, float | int] = {}
    for kind in sorted({each.kind for each in read}):
        of_kind = [each for each in read if each.kind == kind]
        found[f"{kind}s"] = len(of_kind)
        found[f"{kind}s_right"] = sum(each.right for each in of_kind)
    sent = [each for each in read if each.confidence >= PLATE_CONFIDENCE]
    found["above_threshold"] = len(sent)
    found["wrong_above_threshold"] = sum(each.wrong for each in sent)
    found["seconds_a_picture"] = round(float(np.median([each.seconds for each in read])), 3)
    return found


def misses(read: list[Read]) -> str:
    """The photographs whose plate was not read right, as figures of a page."""
    return "".join(_missed(each) for each in read if not each.right)


def page(read: list[Read]) -> str:
    return (
        f"<!doctype html><meta charset=utf-8><title>Plates that were missed</title>"
        f"<style>body{{font:16px sans-serif;margin:2em}}figure{{margin:0 0 2em}}img{{max-width:{SHOWN_PX}px}}</style>"
        f"<h1>{sum(not each.right for each in read)} of {len(read)} photographs</h1>{misses(read)}"
    )


def _missed(each: Read) -> str:
    shown = each.picture.copy()
    if each.reading is not None:
        corners = np.array(each.reading.corners, np.int32)
        cv2.polylines(shown, [corners], isClosed=True, color=(0, 0, 255), thickness=max(shown.shape[1] // 400, 1))
    scale = min(SHOWN_PX / shown.shape[1], 4.0)
    _, encoded = cv2.imencode(".jpg", cv2.resize(shown, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA))
    data = base64.b64encode(encoded.tobytes()).decode()
    others = ", ".join(f"{text} {share:.2f}" for text, share in each.reading.others[:3]) if each.reading else ""
    said = f"read {each.text} at {each.confidence:.2f} (then {others})" if each.reading else "read nothing"
    caption = escape(f"{each.file}: {each.truth}; {said}")
    return f'<figure><img src="data:image/jpeg;base64,{data}"><figcaption>{caption}</figcaption></figure>'


def main() -> None:
    parser = argparse.ArgumentParser(description="how many plates are read right")
    parser.add_argument("--plates", type=Path, required=True)
    parser.add_argument("--out", type=Path, help="folder for misses.html")
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    read = read_folder(asked.plates)
    found = figures(read)
    if not asked.json:
        for each in read:
            if not each.right:
                print(f"  {each.file}: {each.truth}, read {each.text} at {each.confidence:.2f}")
    if asked.out:
        asked.out.mkdir(parents=True, exist_ok=True)
        (asked.out / "misses.html").write_text(page(read), encoding="utf-8")
    print(json.dumps(found))


if __name__ == "__main__":
    main()
