"""Weights adapted to a site: fine-tuned on what its people reviewed, and judged on what was kept back.

The reviewed thing is labelled by a person; everything else in its picture by the detector that is in use, so that the
cars beside it are not unlearned. Where a person said that the thing is not what it was taken for, nothing is labelled
there. The first layers stay as they are: a few hundred pictures of one site say little about edges and textures.
"""

import json
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from detectors.class_roles import roles_of
from detectors.frame import Bytes
from detectors.geometry import Box
from detectors.openvino_engine import OpenVinoDetector
from detectors.sightings import Detection, Detector, Look
from detectors.training.errors import NotOfTheseWeights, UnusableMaterial
from detectors.training.pictures import as_frame, read_picture, write_picture
from detectors.training.quantised_export import narrowed
from detectors.training.reviewed import Reviewed, read_reviewed, split
from detectors.training.training_run import Stage, names_of, tuned
from detectors.yolo_model import export_to_openvino
from models.digest import sha256_of
from models.whole_file import whole_file

MEETS_IOU = 0.5
HEARD = 0.25  # from which confidence on a detection counts, before and after
CARD, FIGURES = "MODEL-CARD.md", "figures.json"


@dataclass(frozen=True)
class Settings:
    """How long and how carefully; what a site of some hundred pictures stands."""

    seed: int = 2026
    epochs: int = 30
    picture_px: int = 640
    learning_rate: float = 0.001
    frozen_layers: int = 10  # YOLO11's backbone
    batch: int = 16


@dataclass(frozen=True)
class Judgement:
    """Of the reviewed things that were kept back: how many the detector finds where a person saw them, or did not."""

    there: int
    found: int
    not_there: int
    made_up: int

    @property
    def precision(self) -> float | None:
        """None where the detector says nothing at all."""
        said = self.found + self.made_up
        return self.found / said if said else None

    @property
    def recall(self) -> float | None:
        return self.found / self.there if self.there else None

    def in_words(self) -> str:
        return (
            f"finds {self.found} of {self.there} that were there, and {self.made_up} of {self.not_there} that were not"
            f" (precision {_share(self.precision)}, recall {_share(self.recall)})"
        )


@dataclass(frozen=True)
class Adapted:
    """weights: the folder of the exported model, ready for STREETWITNESS_WEIGHTS."""

    weights: Path
    digest: str
    learned_from: int
    before: Judgement
    after: Judgement


def adapt(
    folder: Path,
    start: Path,
    out: Path,
    teacher: Detector,
    settings: Settings,
    on_step: Callable[[str], None] = lambda _step: None,
) -> Adapted:
    """Fine-tunes the checkpoint `start` (.pt) on FOLDER/reviewed.jsonl, exports and judges it; all of it under `out`.

    teacher: labels what nobody reviewed in the pictures. Raises UnusableMaterial, TooFewReviewed, NotOfTheseWeights,
    UnusableWeights.
    """
    learn, back = split(read_reviewed(folder))
    if not start.is_file():
        raise UnusableMaterial(start, "is no checkpoint to start from (.pt)")
    if out.exists() and any(out.iterdir()):
        raise UnusableMaterial(out, "is not empty; name a folder that is new")
    work = out / "work"
    names = names_of(start)
    known = {name: number for number, name in names.items()}
    unknown = {line.class_name for line in learn} - known.keys()
    if unknown == {line.class_name for line in learn}:
        raise NotOfTheseWeights(unknown, start)
    on_step("label")
    data = _written(folder, [line for line in learn if line.class_name in known], known, teacher, work)
    on_step("train")
    stage = Stage(settings.picture_px, settings.epochs, settings.learning_rate, plain_epochs=settings.epochs // 3)
    trained = tuned(data, work, start, stage, seed=settings.seed, frozen=settings.frozen_layers, batch=settings.batch)
    on_step("export")
    before = OpenVinoDetector(_exported(start, work / "before", data))
    model = out / "weights"
    shutil.copytree(_exported(trained, work / "after", data), model)
    after = OpenVinoDetector(model)
    on_step("judge")
    adapted = Adapted(model, after.digest, len(learn), judged(before, folder, back), judged(after, folder, back))
    _write_card(out, adapted, start, settings, learn, back, exported_narrow=_can_be_narrowed())
    return adapted


def judged(detector: Detector, folder: Path, lines: Sequence[Reviewed]) -> Judgement:
    """What the detector says of each reviewed thing, by its role and place; of the rest nobody knows the truth."""
    said = [
        (line.there, any(_is_the_thing(one, line) for one in _seen(detector, read_picture(folder / line.picture))))
        for line in lines
    ]
    return Judgement(
        there=sum(there for there, _ in said),
        found=sum(there and seen for there, seen in said),
        not_there=sum(not there for there, _ in said),
        made_up=sum(not there and seen for there, seen in said),
    )


def _is_the_thing(one: Detection, line: Reviewed) -> bool:
    same_role = one.role in roles_of({0: line.class_name}).values()
    return same_role and one.confidence >= HEARD and one.box.iou(line.box) >= MEETS_IOU


def _seen(detector: Detector, picture: Bytes) -> list[Detection]:
    frame = as_frame(picture)
    [found] = detector.detect([Look(frame, (Box(0, 0, frame.width, frame.height),))])
    return found


def _written(folder: Path, lines: Sequence[Reviewed], known: Mapping[str, int], teacher: Detector, work: Path) -> Path:
    """WORK/data in YOLO's format; returns its data.yaml."""
    for kind in ("images", "labels"):
        (work / "data" / kind).mkdir(parents=True)
    for number, line in enumerate(lines):
        picture = read_picture(folder / line.picture)
        beside = [
            (one.class_name, one.box)
            for one in _seen(teacher, picture)
            if one.confidence >= HEARD and one.class_name in known and one.box.iou(line.box) < MEETS_IOU
        ]
        labels = [*beside, (line.class_name, line.box)] if line.there else beside
        height, width = picture.shape[:2]
        write_picture(work / "data" / "images" / f"{number:06}.jpg", picture, quality=95)
        text = "".join(_yolo_line(known[name], box, width, height) for name, box in labels)
        (work / "data" / "labels" / f"{number:06}.txt").write_text(text, "utf-8")
    data = work / "data" / "data.yaml"
    # YAML is a superset of JSON
    names = {number: name for name, number in known.items()}
    data.write_text(json.dumps({"path": str(data.parent), "train": "images", "val": "images", "names": names}), "utf-8")
    return data


def _yolo_line(number: int, box: Box, width: int, height: int) -> str:
    seen = box.within(width, height)
    x, y = seen.centre
    numbers = (x / width, y / height, seen.width / width, seen.height / height)
    return f"{number} " + " ".join(f"{each:.5f}" for each in numbers) + "\n"


def _exported(weights: Path, folder: Path, data: Path) -> Path:
    """The model as the program takes it: in INT8 where NNCF is installed, else in full width and slower."""
    folder.mkdir(parents=True)
    own = folder / "adapted.pt"
    shutil.copyfile(weights, own)
    full = export_to_openvino(own, folder)
    return narrowed(full, data.parent / "images") if _can_be_narrowed() else full


def _can_be_narrowed() -> bool:
    return find_spec("nncf") is not None


def _write_card(
    out: Path,
    adapted: Adapted,
    start: Path,
    settings: Settings,
    learn: Sequence[Reviewed],
    back: Sequence[Reviewed],
    *,
    exported_narrow: bool,
) -> None:
    figures: dict[str, Any] = {
        "weights_digest": adapted.digest,
        "started_from": {"name": start.name, "sha256": sha256_of(start)},
        "settings": asdict(settings),
        "learned_from": _counted(learn),
        "kept_back": _counted(back),
        "before": asdict(adapted.before),
        "after": asdict(adapted.after),
    }
    with whole_file(out / FIGURES) as file:
        file.write(json.dumps(figures, indent=1, ensure_ascii=False).encode())
    width = "INT8" if exported_narrow else "full width (install nncf for INT8: less than half the time a picture)"
    card = f"""# Weights adapted to this site

| | |
|---|---|
| Digest (as in every manifest) | `{adapted.digest}` |
| Started from | `{start.name}`, sha256 `{sha256_of(start)}` |
| Exported as | OpenVINO, {width} |
| Learned from | {_in_words(_counted(learn))} |
| Judged on, never learned from | {_in_words(_counted(back))} |
| Before | {adapted.before.in_words()} |
| After | {adapted.after.in_words()} |

The judge is the reviewed thing alone, at confidence {HEARD} and an overlap of {MEETS_IOU}: of what nobody reviewed in a
picture the truth is not known. Only things that some detector found could be reviewed, so what none has ever found is
in neither figure. The pictures are of this site; elsewhere these weights may see less than those they started from.
"""
    with whole_file(out / CARD) as file:
        file.write(card.encode())


def _counted(lines: Sequence[Reviewed]) -> dict[str, int]:
    return {
        "pictures": len(lines),
        "incidents": len({line.incident for line in lines}),
        "cameras": len({line.camera for line in lines}),
        "there": sum(line.there for line in lines),
    }


def _in_words(counted: Mapping[str, int]) -> str:
    there = counted["there"]
    return (
        f"{counted['pictures']} pictures of {counted['incidents']} incidents of {counted['cameras']} cameras; the thing"
        f" was there on {there}, and not on {counted['pictures'] - there}"
    )


def _share(value: float | None) -> str:
    return "–" if value is None else f"{value:.3f}"
