"""How much a detector sees, beside another one: precision and recall by role and size, through the product's engine.

A detection meets a label of its role when they overlap by half. A label that a detector filled in is no proof: what
meets only such a label counts neither for nor against. A role is judged only on sources that label it throughout.
"""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from math import sqrt

from detectors.geometry import Box
from detectors.sightings import Detection, ObjectRole
from detectors.training.classes import ROLE_OF
from detectors.training.labelled_picture import Label

MEETS_IOU = 0.5
WORKING_CONFIDENCE = 0.25  # where the reference detector's precision is taken
SIZES_PX = (16, 32, 64, 128)  # of the square with the box's area, in pixels of the picture
RIDER_SHARE = 0.6  # of a person's box that lies on a two-wheeler: a rider, whom these labels name only now and then


@dataclass(frozen=True)
class Truth:
    """What is known of one picture: labels made by hand, labels filled in, and the roles it is judged on."""

    true: Sequence[Label]
    filled_in: Sequence[Label] = ()
    judged: frozenset[ObjectRole] = frozenset(ObjectRole)


@dataclass(frozen=True, slots=True)
class Judged:
    """One detection after the comparison; its size is that of the label it met, or its own where it met none."""

    confidence: float
    met: bool
    size_px: float


@dataclass
class Tally:
    """Of one role (or class): every judged detection and the sizes of all labels there were to find."""

    detections: list[Judged] = field(default_factory=list)
    sizes_px: list[float] = field(default_factory=list)

    def at(self, confidence: float) -> tuple[float, float]:
        """(precision, recall) of what is at least so sure; precision is 1 where nothing is said."""
        said = [one for one in self.detections if one.confidence >= confidence]
        met = sum(one.met for one in said)
        return (met / len(said) if said else 1.0), (met / len(self.sizes_px) if self.sizes_px else 0.0)

    def confidence_for(self, precision: float) -> float | None:
        """The lowest confidence from which on precision is at least this; None where none is."""
        met, best = 0, None
        ordered = sorted(self.detections, key=lambda each: each.confidence, reverse=True)
        for number, one in enumerate(ordered, start=1):
            met += one.met
            last_of_its_kind = number == len(ordered) or ordered[number].confidence < one.confidence
            if last_of_its_kind and met / number >= precision:
                best = one.confidence
        return best

    def from_size(self, smallest_px: float) -> "Tally":
        """The same for labels of at least this size; smaller detections and what met a smaller label are left out."""
        return Tally(
            [one for one in self.detections if one.size_px >= smallest_px],
            [size for size in self.sizes_px if size >= smallest_px],
        )

    def recall_by_size(self, confidence: float) -> dict[str, tuple[int, float]]:
        """Band of sizes -> (labels, recall)."""
        names = [f"< {SIZES_PX[0]}", *(f"{a}-{b}" for a, b in pairwise(SIZES_PX))]
        names.append(f">= {SIZES_PX[-1]}")
        there: dict[str, int] = defaultdict(int)
        met: dict[str, int] = defaultdict(int)
        for size in self.sizes_px:
            there[names[band_of(size)]] += 1
        for one in self.detections:
            if one.met and one.confidence >= confidence:
                met[names[band_of(one.size_px)]] += 1
        return {name: (there[name], met[name] / there[name]) for name in names if there[name]}


def band_of(size_px: float) -> int:
    return bisect_right(SIZES_PX, size_px)


def size_px(box: Box) -> float:
    return sqrt(box.area)


def judge(found: Iterable[Detection], truth: Truth, tallies: Mapping[ObjectRole, Tally]) -> None:
    """Adds one picture to the tallies of the roles it is judged on; the surest detection chooses its label first."""
    for role in truth.judged & tallies.keys():
        labels = [label for label in truth.true if ROLE_OF[label.class_name] is role]
        tallies[role].sizes_px += [size_px(label.box) for label in labels]
        free = list(labels)
        of_role = sorted((one for one in found if one.role is role), key=lambda each: -each.confidence)
        for one in of_role:
            near = max(free, key=lambda label: label.box.iou(one.box), default=None)
            if near is not None and near.box.iou(one.box) >= MEETS_IOU:
                free.remove(near)
                tallies[role].detections.append(Judged(one.confidence, met=True, size_px=size_px(near.box)))
            elif not _proves_nothing(one, truth):
                tallies[role].detections.append(Judged(one.confidence, met=False, size_px=size_px(one.box)))


def _proves_nothing(one: Detection, truth: Truth) -> bool:
    if any(ROLE_OF[label.class_name] is one.role and label.box.iou(one.box) >= MEETS_IOU for label in truth.filled_in):
        return True
    riding = [label for label in truth.true if ROLE_OF[label.class_name] is ObjectRole.TWO_WHEELER]
    return one.role is ObjectRole.PERSON and any(one.box.covered_by(label.box) > RIDER_SHARE for label in riding)


@dataclass(frozen=True)
class Comparison:
    """One role: our detector at the confidence where it is as precise as the reference is at its working point."""

    role: ObjectRole
    labels: int
    reference_precision: float
    reference_recall: float
    confidence: float | None
    precision: float
    recall: float

    @property
    def share(self) -> float:
        """Our recall over the reference's, at the same precision."""
        return self.recall / self.reference_recall if self.reference_recall else 0.0


def compare(role: ObjectRole, ours: Tally, reference: Tally) -> Comparison:
    precision, recall = reference.at(WORKING_CONFIDENCE)
    confidence = ours.confidence_for(precision)
    own_precision, own_recall = ours.at(confidence) if confidence is not None else (0.0, 0.0)
    return Comparison(role, len(ours.sizes_px), precision, recall, confidence, own_precision, own_recall)
