"""The folder that the trainer reads: street pictures, frames of clips, composites and enlarged parts, in YOLO format.

WORK/data/{train,calibration,val}/{images,labels}; data.yaml names all of train/, near.yaml a list in which enlarged
parts and pictures of people near by weigh more; prepared.json, written last, says what the folder holds. A folder
without it is what a stopped preparation left, and is made anew.
"""

import json
import shutil
import tomllib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.random import Generator

from detectors.frame import Bytes
from detectors.geometry import Box
from detectors.rendered_street.scenes import scenes
from detectors.sightings import Detector
from detectors.training import street_images
from detectors.training.classes import CLASSES
from detectors.training.composites import far_view, paste
from detectors.training.cut_outs import CutOut, cut_out, stands_free
from detectors.training.errors import StepMissing, UnusableMaterial
from detectors.training.labelled_picture import Label, yolo_lines
from detectors.training.pictures import at_most, clip_pictures, read_picture, write_picture
from detectors.training.teacher import SURE, completed, sees, teach
from detectors.training.weather import EFFECTS
from detectors.training.zooms import empty_part, zoom
from models.whole_file import whole_file

CLIPS_FILE = Path(__file__).with_name("clips.toml")
LONGEST_PX = 960  # a frame is kept at most this long; the trainer shrinks it further
CROP_PX = 640  # a part of a large frame at its full resolution
FAR_SHARE = 0.15  # of the composites
EFFECT_SHARE = 0.7
SECOND_EFFECT_SHARE = 0.3
# How often a class is drawn for pasting: what the street pictures have least of, oftenest.
DRAWN = {"person": 5, "bicycle": 4, "car": 3, "motorcycle": 2, "bus": 2, "truck": 2, "litter": 1}
# The same for the object that an enlarged part is made round, and for the source a person is taken from: people are
# what the street pictures hardly show near by, and coco and deped are where they were labelled by hand.
ZOOMED = {"person": 10, "car": 4, "truck": 3, "bus": 3, "motorcycle": 2, "bicycle": 1}
PERSONS_FROM = {"coco": 5, "deped": 4, "clip": 2}
ZOOMED_FROM_PX = 20.0  # the longer side of the smallest object that is enlarged
THROUGHOUT = {"coco"}  # every object is labelled by hand: the teacher can only add what is not there
EMPTY_FROM = {"coco": 3, "mixlitter": 2, "cnlitter": 2}
ANYTHING = 0.0  # a part is called empty only where the teacher has nothing to say at all, however unsure
REPEATED = {"coco": 6, "deped": 2}  # how often near.txt names the pictures of these sources
NEAR_COMPOSITES = 4  # every so many-th composite is in near.txt


@dataclass(frozen=True)
class Settings:
    """What decides the content of the folder; kept in prepared.json."""

    seed: int = 2026
    composites: int = 2400
    calibration: int = 128
    cut_outs_per_class: int = 300
    rendered: int = 200
    zooms: int = 1800
    empty_parts: int = 250


@dataclass
class Scene:
    """A labelled picture on disk that composites may build on."""

    path: Path
    labels: list[Label] = field(repr=False)


Anchor = tuple[Scene, Label]


def data_file(work: Path) -> Path:
    """data.yaml of a finished preparation; near.yaml lies beside it. Raises StepMissing."""
    if not (work / "data" / "prepared.json").is_file():
        raise StepMissing(work / "data" / "prepared.json", "prepare")
    return work / "data" / "data.yaml"


def train_clips() -> dict[str, float]:
    """Clip name -> seconds between frames."""
    return {name: float(every_s) for name, every_s in tomllib.loads(CLIPS_FILE.read_text("utf-8"))["train"].items()}


def held_out_clips() -> list[str]:
    return list(tomllib.loads(CLIPS_FILE.read_text("utf-8"))["held_out"])


def prepare(images: Path, footage: Path | None, teacher: Detector, work: Path, settings: Settings) -> dict[str, Any]:
    """Fills WORK/data and returns what prepared.json says. Done already with the same settings: nothing is done."""
    folder = work / "data"
    record = folder / "prepared.json"
    asked = {"settings": vars(settings), "teacher": {"name": teacher.name, "digest": teacher.digest}}
    if record.is_file():
        said: dict[str, Any] = json.loads(record.read_text("utf-8"))
        if {key: said[key] for key in asked} == asked:
            return said
    shutil.rmtree(folder, ignore_errors=True)
    for split in ("train", "calibration", "val"):
        for kind in ("images", "labels"):
            (folder / split / kind).mkdir(parents=True)
    rng = np.random.default_rng(settings.seed)
    table = street_images.read_table(images)
    streets = _street_scenes(images, table, teacher, folder, settings, rng)
    _val_pictures(images, table, folder)
    from_clips = _clip_scenes(footage, teacher, folder, rng) if footage else []
    cuts = _cut_outs(streets + from_clips, settings.cut_outs_per_class, rng)
    _composites(streets + from_clips, cuts, folder, settings.composites, rng)
    rendered_pictures(folder, settings.rendered, settings.seed)
    enlarged_parts(streets + from_clips, teacher, folder, settings)
    write_lists(folder)
    summary = {
        **asked,
        "street": len(streets),
        "clip_frames": len(from_clips),
        "cut_outs": {name: len(found) for name, found in cuts.items()},
        "boxes": _boxes(folder / "train" / "labels"),
    }
    with whole_file(record) as file:
        file.write(json.dumps(summary, indent=1).encode())
    return summary


def _keep(folder: Path, name: str, picture: Bytes, labels: Sequence[Label]) -> Scene:
    path = folder / "images" / f"{name}.jpg"
    write_picture(path, picture)
    height, width = picture.shape[:2]
    (folder / "labels" / f"{name}.txt").write_text(yolo_lines(labels, width, height), "utf-8")
    return Scene(path, [label for label in (each.within(width, height) for each in labels) if label.visible])


def _street_scenes(
    images: Path,
    table: dict[str, list[street_images.BoxRow]],
    teacher: Detector,
    folder: Path,
    settings: Settings,
    rng: Generator,
) -> list[Scene]:
    """The training pictures with completed labels; some are put aside for calibrating the quantised model."""
    paths = street_images.pictures_of(images, "train")
    aside = set(rng.choice(len(paths), min(settings.calibration, len(paths) // 2), replace=False).tolist())
    scenes = []
    for number, path in enumerate(paths):
        picture = read_picture(path)
        if number in aside:
            _keep(folder / "calibration", path.stem, picture, [])
            continue
        height, width = picture.shape[:2]
        labels = [row.label(width, height) for row in table.get(path.stem, [])]
        scenes.append(_keep(folder / "train", path.stem, picture, completed(labels, teach(teacher, picture))))
    return scenes


def _val_pictures(images: Path, table: dict[str, list[street_images.BoxRow]], folder: Path) -> None:
    for path in street_images.pictures_of(images, "val"):
        picture = read_picture(path)
        height, width = picture.shape[:2]
        _keep(folder / "val", path.stem, picture, [row.label(width, height) for row in table.get(path.stem, [])])


def _clip_scenes(footage: Path, teacher: Detector, folder: Path, rng: Generator) -> list[Scene]:
    scenes = []
    for name, every_s in train_clips().items():
        path = footage / name
        if not path.is_file():
            raise UnusableMaterial(path, "is named in clips.toml and is not in the footage folder")
        for number, (_, picture) in enumerate(clip_pictures(path, every_s)):
            labels = teach(teacher, picture)
            small, by = at_most(picture, LONGEST_PX)
            stem = f"clip_{path.stem}_{number:04d}"
            scenes.append(_keep(folder / "train", stem, small, [label.scaled(by) for label in labels]))
            if by < 1:
                scenes.append(_keep(folder / "train", f"{stem}_part", *_part(picture, labels, rng)))
    return scenes


def _part(picture: Bytes, labels: Sequence[Label], rng: Generator) -> tuple[Bytes, list[Label]]:
    """A part at full resolution; an object of which little is left in it keeps no label."""
    height, width = picture.shape[:2]
    wide, high = min(CROP_PX, width), min(CROP_PX, height)
    left, top = int(rng.integers(0, width - wide + 1)), int(rng.integers(0, height - high + 1))
    moved = [label.scaled(1.0, -left, -top) for label in labels]
    kept = [m.within(wide, high) for m in moved if m.within(wide, high).box.area > 0.3 * m.box.area]
    return np.ascontiguousarray(picture[top : top + high, left : left + wide]), kept


def _cut_outs(scenes: Sequence[Scene], per_class: int, rng: Generator) -> dict[str, list[CutOut]]:
    """Clean cut-outs by class, from scenes in random order, at most three a scene."""
    found: dict[str, list[CutOut]] = {name: [] for name in CLASSES}
    for at in rng.permutation(len(scenes)):
        scene = scenes[int(at)]
        picture = read_picture(scene.path)
        height, width = picture.shape[:2]
        wanted = [
            label
            for label in scene.labels
            if len(found[label.class_name]) < per_class and stands_free(label, scene.labels, width, height)
        ]
        for label in wanted[:3]:
            cut = cut_out(picture, label)
            if cut is not None:
                found[label.class_name].append(cut)
        if all(len(cuts) >= per_class for cuts in found.values()):
            break
    return found


def _composites(
    scenes: Sequence[Scene], cuts: dict[str, list[CutOut]], folder: Path, count: int, rng: Generator
) -> None:
    for number in range(count):
        picked = [scenes[int(at)] for at in rng.choice(len(scenes), 4, replace=len(scenes) < 4)]
        if rng.random() < FAR_SHARE:
            picture, labels = far_view([(read_picture(s.path), s.labels) for s in picked], CROP_PX)
        else:
            drawn = _drawn(cuts, int(rng.integers(2, 7)), rng)
            picture, labels = paste(read_picture(picked[0].path), picked[0].labels, drawn, rng)
        for share in (EFFECT_SHARE, SECOND_EFFECT_SHARE):
            if rng.random() >= share:
                break
            picture = EFFECTS[str(rng.choice(list(EFFECTS)))](picture, rng)
        _keep(folder / "train", f"composite_{number:05d}", picture, labels)


def rendered_pictures(folder: Path, count: int, seed: int) -> None:
    """Streets of our own drawing, whose labels are exact, in weather and light that few pictures show."""
    for number, (picture, named) in enumerate(scenes(seed, count)):
        labels = [Label(name, Box(*corners)) for name, *corners in named if name in CLASSES]
        _keep(folder / "train", f"rendered_{number:05d}", picture, labels)


def _drawn(cuts: dict[str, list[CutOut]], count: int, rng: Generator) -> list[CutOut]:
    names = [name for name in CLASSES if cuts[name]]
    if not names:
        return []
    weights = np.array([DRAWN[name] for name in names], np.float64)
    chosen = rng.choice(len(names), count, p=weights / weights.sum())
    return [cuts[names[int(at)]][int(rng.integers(len(cuts[names[int(at)]])))] for at in chosen]


def enlarged_parts(scenes: Sequence[Scene], teacher: Detector, folder: Path, settings: Settings) -> None:
    """Parts round single objects, completed by the teacher, who sees more of them now; and parts that hold nothing.

    A generator of its own, so that what was prepared without them stays the same to the byte.
    """
    rng = np.random.default_rng([settings.seed, 1])
    anchors = _anchors(scenes)
    there = {name: weight for name, weight in ZOOMED.items() if anchors[name]}
    for number in range(settings.zooms if there else 0):
        scene, anchor = _anchor(anchors[_weighted(there, rng)], rng)
        picture, labels = zoom(read_picture(scene.path), scene.labels, anchor, rng)
        if rng.random() < EFFECT_SHARE / 2:
            picture = EFFECTS[str(rng.choice(list(EFFECTS)))](picture, rng)
        elif _source(scene.path) not in THROUGHOUT:
            labels = completed(labels, sees(teacher, picture, SURE))
        _keep(folder / "train", f"zoom_{number:05d}", picture, labels)
    _empty_parts(scenes, teacher, folder, settings.empty_parts, rng)


def _anchors(scenes: Sequence[Scene]) -> dict[str, list[Anchor]]:
    found: dict[str, list[Anchor]] = {name: [] for name in ZOOMED}
    for scene in scenes:
        for label in scene.labels:
            if label.class_name in ZOOMED and max(label.box.width, label.box.height) >= ZOOMED_FROM_PX:
                found[label.class_name].append((scene, label))
    return found


def _anchor(of_class: list[Anchor], rng: Generator) -> Anchor:
    """One of them; a person by source first, so that the few who were labelled by hand come often."""
    if of_class[0][1].class_name == "person":
        sources = dict.fromkeys(_source(scene.path) for scene, _ in of_class)
        source = _weighted({name: PERSONS_FROM.get(name, 1) for name in sources}, rng)
        of_class = [each for each in of_class if _source(each[0].path) == source]
    return of_class[int(rng.integers(len(of_class)))]


def _empty_parts(scenes: Sequence[Scene], teacher: Detector, folder: Path, count: int, rng: Generator) -> None:
    by_source: dict[str, list[Scene]] = {}
    for scene in scenes:
        by_source.setdefault(_source(scene.path), []).append(scene)
    weights = {name: EMPTY_FROM.get(name, 1) for name in by_source}
    for number in range(count):
        of_source = by_source[_weighted(weights, rng)]
        scene = of_source[int(rng.integers(len(of_source)))]
        part = empty_part(read_picture(scene.path), scene.labels, rng)
        if part is not None and not sees(teacher, part, ANYTHING):
            _keep(folder / "train", f"empty_{number:05d}", part, [])


def _source(path: Path) -> str:
    return path.stem.split("_", 1)[0]


def _weighted(weights: dict[str, int], rng: Generator) -> str:
    shares = np.array(list(weights.values()), np.float64)
    return str(rng.choice(list(weights), p=shares / shares.sum()))


def write_lists(folder: Path) -> None:
    """data.yaml over all pictures, and near.yaml over near.txt, which repeats some and leaves out some composites."""
    near = []
    for path in sorted((folder / "train" / "images").glob("*.jpg")):
        source, number = _source(path), path.stem.rsplit("_", 1)[1]
        if source != "composite" or int(number) % NEAR_COMPOSITES == 0:
            near += [f"./train/images/{path.name}\n"] * REPEATED.get(source, 1)
    (folder / "near.txt").write_text("".join(near), "utf-8")
    names = "".join(f"  {number}: {name}\n" for number, name in enumerate(CLASSES))
    for file, train in (("data.yaml", "train/images"), ("near.yaml", "near.txt")):
        text = f"path: {folder.resolve()}\ntrain: {train}\nval: val/images\ntest: calibration/images\nnames:\n{names}"
        (folder / file).write_text(text, "utf-8")


def _boxes(labels: Path) -> dict[str, int]:
    numbers = Counter(line.split()[0] for path in labels.glob("*.txt") for line in path.read_text("utf-8").splitlines())
    return {name: numbers[str(number)] for number, name in enumerate(CLASSES)}
