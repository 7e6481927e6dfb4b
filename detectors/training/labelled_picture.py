"""A label and its line in a YOLO label file.

Boxes are pixels of the picture here and fractions of it in the file (class, centre x, centre y, width, height).
"""

from collections.abc import Iterable
from dataclasses import dataclass

from detectors.geometry import Box
from detectors.training.classes import CLASSES

SMALLEST_PX = 4.0  # a box narrower or lower than this teaches noise


@dataclass(frozen=True, slots=True)
class Label:
    class_name: str
    box: Box

    def scaled(self, by: float, left: float = 0.0, top: float = 0.0) -> "Label":
        """The label after its picture was scaled by `by` and put at (left, top)."""
        box = self.box
        return Label(self.class_name, Box(box.x1 * by + left, box.y1 * by + top, box.x2 * by + left, box.y2 * by + top))

    def within(self, width: int, height: int) -> "Label":
        return Label(self.class_name, self.box.within(width, height))

    @property
    def visible(self) -> bool:
        return self.box.width >= SMALLEST_PX and self.box.height >= SMALLEST_PX


def box_of_fractions(cx: float, cy: float, w: float, h: float, width: int, height: int) -> Box:
    return Box((cx - w / 2) * width, (cy - h / 2) * height, (cx + w / 2) * width, (cy + h / 2) * height)


def yolo_lines(labels: Iterable[Label], width: int, height: int) -> str:
    """The text of the label file; what reaches over the edge is cut off, what is then too small is left out."""
    lines = []
    for label in (each.within(width, height) for each in labels):
        if label.visible:
            x, y = label.box.centre
            numbers = (x / width, y / height, label.box.width / width, label.box.height / height)
            lines.append(f"{CLASSES.index(label.class_name)} " + " ".join(f"{number:.5f}" for number in numbers))
    return "".join(f"{line}\n" for line in lines)


def read_yolo(text: str, width: int, height: int) -> list[Label]:
    labels = []
    for line in text.splitlines():
        number, *numbers = line.split()
        cx, cy, w, h = (float(each) for each in numbers)
        labels.append(Label(CLASSES[int(number)], box_of_fractions(cx, cy, w, h, width, height)))
    return labels
