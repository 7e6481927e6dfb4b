"""The figures of the model card: our exported weights beside another detector, on the val split and on held-out clips.

Clips have no boxes for everything in them; there the figures are how much of what the reference is sure of ours sees
too, and how much of what ours says the reference says as well. That is agreement and is called so.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import Any

from detectors.geometry import Box
from detectors.sightings import Detection, Detector, Look, ObjectRole
from detectors.training import street_images
from detectors.training.classes import CLASSES, JUDGED_ON, source_of
from detectors.training.dataset import held_out_clips
from detectors.training.evaluation import WORKING_CONFIDENCE, Tally, Truth, compare, judge
from detectors.training.labelled_picture import Label
from detectors.training.pictures import as_frame, clip_pictures, read_picture
from models.whole_file import whole_file

COMPARED = (ObjectRole.VEHICLE, ObjectRole.TWO_WHEELER, ObjectRole.PERSON)
ALL_ROLES = (*COMPARED, ObjectRole.LITTER)  # litter has no counterpart in the reference's classes
AT_LEAST_PX = 32.0
SURE = 0.5  # what the reference says on a clip with this confidence stands for the truth
CLIP_EVERY_S = 1.0

Tallies = dict[ObjectRole, Tally]


@dataclass(frozen=True)
class Seen:
    """One picture's detections and how long they took."""

    found: list[Detection]
    wall_s: float


def see(detector: Detector, picture: Any) -> Seen:
    frame = as_frame(picture)
    started = perf_counter()
    [found] = detector.detect([Look(frame, (Box(0, 0, frame.width, frame.height),))])
    return Seen(found, perf_counter() - started)


def truths(images: Path, split: str) -> Iterator[tuple[Path, Any, Truth]]:
    """(path, BGR picture, what is known of it) for each picture of a split."""
    table = street_images.read_table(images)
    for path in street_images.pictures_of(images, split):
        picture = read_picture(path)
        height, width = picture.shape[:2]
        rows = table.get(path.stem, [])
        judged = frozenset(role for role in ALL_ROLES if source_of(path.stem) in JUDGED_ON[role])
        true = [row.label(width, height) for row in rows if row.true]
        filled_in = [row.label(width, height) for row in rows if not row.true]
        yield path, picture, Truth(true, filled_in, judged)


def on_split(
    detectors: Mapping[str, Detector], images: Path, split: str
) -> tuple[dict[str, Tallies], dict[str, float]]:
    """Tallies by detector and role, and the median milliseconds a picture, one picture at a time."""
    tallies: dict[str, Tallies] = {name: {role: Tally() for role in ALL_ROLES} for name in detectors}
    spent: dict[str, list[float]] = {name: [] for name in detectors}
    for _, picture, truth in truths(images, split):
        for name, detector in detectors.items():
            seen = see(detector, picture)
            spent[name].append(seen.wall_s * 1000)
            judge(seen.found, truth, tallies[name])
    return tallies, {name: sorted(times)[len(times) // 2] for name, times in spent.items()}


def on_clips(ours: Detector, reference: Detector, footage: Path) -> dict[str, Tallies]:
    """Clip -> tallies of ours, against what the reference is sure of."""
    agreed: dict[str, Tallies] = {}
    for name in held_out_clips():
        tallies = {role: Tally() for role in COMPARED}
        for _, picture in clip_pictures(footage / name, CLIP_EVERY_S):
            judge(see(ours, picture).found, agreement_truth(see(reference, picture).found), tallies)
        agreed[name] = tallies
    return agreed


def agreement_truth(found: Sequence[Detection]) -> Truth:
    """What the reference is sure of as labels; what it merely suspects counts neither way."""
    named = [(one, Label(one.class_name, one.box)) for one in found if one.class_name in CLASSES]
    return Truth(
        [label for one, label in named if one.confidence >= SURE],
        [label for one, label in named if one.confidence < SURE],
        frozenset(COMPARED),
    )


def figures(ours: Detector, reference: Detector, images: Path, footage: Path | None) -> dict[str, Any]:
    """Everything the model card says in numbers, as JSON."""
    tallies, milliseconds = on_split({"ours": ours, "reference": reference}, images, "val")
    said: dict[str, Any] = {
        "weights": {"ours": _named(ours), "reference": _named(reference)},
        "ms_a_picture": {name: round(value, 1) for name, value in milliseconds.items()},
        "val": {role.value: _role_figures(role, tallies, 0.0) for role in COMPARED},
        f"val_from_{AT_LEAST_PX:.0f}_px": {role.value: _role_figures(role, tallies, AT_LEAST_PX) for role in COMPARED},
        "val_litter": _working_point(tallies["ours"][ObjectRole.LITTER]),
    }
    if footage is not None:
        said["agreement_on_clips"] = {
            clip: {role.value: _working_point(tally.from_size(AT_LEAST_PX)) for role, tally in by_role.items()}
            for clip, by_role in on_clips(ours, reference, footage).items()
        }
    return said


def _named(detector: Detector) -> dict[str, str]:
    return {"name": detector.name, "digest": detector.digest}


def _role_figures(role: ObjectRole, tallies: dict[str, Tallies], smallest_px: float) -> dict[str, Any]:
    ours = tallies["ours"][role].from_size(smallest_px)
    reference = tallies["reference"][role].from_size(smallest_px)
    both = compare(role, ours, reference)
    own_point = both.confidence if both.confidence is not None else 1.0
    return {
        "labels": both.labels,
        "reference": {"precision": _3(both.reference_precision), "recall": _3(both.reference_recall)},
        "ours": {"confidence": both.confidence, "precision": _3(both.precision), "recall": _3(both.recall)},
        "share_of_reference_recall": _3(both.share),
        "recall_by_size": {
            "reference": _bands(reference, WORKING_CONFIDENCE),
            "ours": _bands(ours, own_point),
        },
    }


def _working_point(tally: Tally) -> dict[str, Any]:
    precision, recall = tally.at(WORKING_CONFIDENCE)
    return {"labels": len(tally.sizes_px), "precision": _3(precision), "recall": _3(recall)}


def _bands(tally: Tally, confidence: float) -> dict[str, list[float]]:
    return {band: [count, _3(recall)] for band, (count, recall) in tally.recall_by_size(confidence).items()}


def _3(value: float) -> float:
    return round(value, 3)


def write_figures(path: Path, said: dict[str, Any]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with whole_file(path) as file:
        file.write(f"{json.dumps(said, indent=1, ensure_ascii=False)}\n".encode())
