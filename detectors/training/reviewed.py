"""What people decided about detections, as a folder to learn from: pictures, and a line for each that says what is so.

FOLDER/pictures/*.jpg and FOLDER/reviewed.jsonl, one JSON object a line:
{"picture": "pictures/….jpg", "incident": id, "camera": id, "there": true, "class": "car", "box": [x1, y1, x2, y2]}.
`there`: a person saw that the thing is what it was taken for; false: it is something else, or nothing. Boxes are pixels
of the picture. What else is in the picture nobody has said.
"""

import json
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from hashlib import sha256
from pathlib import Path

from detectors.geometry import Box
from detectors.training.errors import TooFewReviewed, UnusableMaterial
from models.whole_file import whole_file

FILE = "reviewed.jsonl"
KEPT_BACK = 0.25  # of the incidents: never trained on, the judge of before and after
LEAST_KEPT_BACK = 5  # incidents; of fewer, before and after say nothing


@dataclass(frozen=True)
class Reviewed:
    """One picture of one incident and what a person said of the thing in it. picture: relative to the folder."""

    picture: str
    incident: str
    camera: str
    there: bool
    class_name: str
    box: Box


def write_reviewed(folder: Path, lines: Iterable[Reviewed]) -> None:
    text = "".join(json.dumps(_out(line), ensure_ascii=False) + "\n" for line in lines)
    with whole_file(folder / FILE) as file:
        file.write(text.encode())


def _out(line: Reviewed) -> dict[str, object]:
    value = asdict(line) | {"class": line.class_name, "box": line.box.as_list()}
    del value["class_name"]
    return value


def read_reviewed(folder: Path) -> list[Reviewed]:
    """Raises UnusableMaterial."""
    path = folder / FILE
    try:
        lines = path.read_text("utf-8").splitlines()
    except OSError as error:
        raise UnusableMaterial(path, "is not there; gather it with `streetwitness train gather`") from error
    found = []
    for number, line in enumerate(lines, start=1):
        try:
            value = json.loads(line)
            one = Reviewed(
                picture=str(value["picture"]),
                incident=str(value["incident"]),
                camera=str(value["camera"]),
                there=bool(value["there"]),
                class_name=str(value["class"]),
                box=Box(*(float(side) for side in value["box"])),
            )
        except (ValueError, KeyError, TypeError) as error:
            raise UnusableMaterial(path, f"line {number} is not a reviewed picture ({error})") from error
        if not (folder / one.picture).resolve().is_relative_to(folder.resolve()):
            raise UnusableMaterial(path, f"line {number} names a picture outside of the folder")
        found.append(one)
    return found


def split(lines: Sequence[Reviewed]) -> tuple[list[Reviewed], list[Reviewed]]:
    """(to learn from, kept back). An incident is on one side whole, the same one whenever it is asked.

    Of what was there and of what was not, each camera gives its share to both. Raises TooFewReviewed.
    """
    incidents: dict[tuple[str, bool], set[str]] = defaultdict(set)
    for line in lines:
        incidents[line.camera, line.there].add(line.incident)
    back: set[str] = set()
    for known in incidents.values():
        ordered = sorted(known, key=lambda incident: sha256(incident.encode()).hexdigest())
        back.update(ordered[: round(len(ordered) * KEPT_BACK)])
    if len(back) < LEAST_KEPT_BACK:
        raise TooFewReviewed(len({line.incident for line in lines}), len(back), LEAST_KEPT_BACK)
    return [line for line in lines if line.incident not in back], [line for line in lines if line.incident in back]
