"""The street pictures and their table of boxes: which picture is for what, and which boxes are true.

Reads `boxes.csv.gz` rather than the label files, because only the table tells a label made by hand (`gt`) from one
that a detector filled in (`completed`).
"""

import csv
import gzip
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from detectors.training.classes import CLASSES
from detectors.training.errors import UnusableMaterial
from detectors.training.labelled_picture import Label, box_of_fractions

COLUMNS = frozenset({"image", "split", "class", "origin", "cx", "cy", "w", "h"})


@dataclass(frozen=True, slots=True)
class BoxRow:
    """One row of the table; cx, cy, w and h are fractions of the picture."""

    class_name: str
    true: bool  # made by hand, not filled in by a detector
    cx: float
    cy: float
    w: float
    h: float

    def label(self, width: int, height: int) -> Label:
        return Label(self.class_name, box_of_fractions(self.cx, self.cy, self.w, self.h, width, height))


def rows_by_picture(rows: Iterable[Mapping[str, str]]) -> dict[str, list[BoxRow]]:
    """The boxes of each picture, without the classes we do not train."""
    found: dict[str, list[BoxRow]] = defaultdict(list)
    for row in rows:
        if row["class"] in CLASSES:
            numbers = (float(row[column]) for column in ("cx", "cy", "w", "h"))
            found[row["image"]].append(BoxRow(row["class"], row["origin"] == "gt", *numbers))
    return dict(found)


def read_table(folder: Path) -> dict[str, list[BoxRow]]:
    """Raises UnusableMaterial."""
    path = folder / "boxes.csv.gz"
    try:
        with gzip.open(path, "rt", encoding="utf-8", newline="") as file:
            reader = csv.DictReader(file)
            missing = COLUMNS - set(reader.fieldnames or ())
            if missing:
                raise UnusableMaterial(path, f"lacks the columns {', '.join(sorted(missing))}")
            return rows_by_picture(reader)
    except (OSError, EOFError, ValueError) as error:
        raise UnusableMaterial(path, "cannot be read as a table of boxes") from error


def pictures_of(folder: Path, split: str) -> list[Path]:
    """The pictures of a split in the order of their names. Raises UnusableMaterial where there are none."""
    found = sorted((folder / "images" / split).glob("*.jpg"))
    if not found:
        raise UnusableMaterial(folder / "images" / split, "holds no .jpg pictures")
    return found
