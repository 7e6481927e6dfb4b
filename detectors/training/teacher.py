"""Labels from a detector that already sees well: what hand-made labels leave out, and frames of clips.

The teacher looks at the whole picture and at four overlapping parts of it, so that it also names what is small. It is
believed where it is sure; what it is unsure of stays unlabelled, which is a known weakness of such labels.
"""

from collections.abc import Iterable, Sequence

from detectors.frame import Bytes
from detectors.geometry import Box
from detectors.openvino_engine import without_parts
from detectors.sightings import Detection, Detector, Look, ObjectRole
from detectors.training.classes import CLASSES, ROLE_OF
from detectors.training.labelled_picture import Label
from detectors.training.pictures import as_frame

SURE = 0.45  # on the whole picture
SURE_IN_PART = 0.55  # on an enlarged part, which shows less of what stands around
PART = 0.6  # of each side: four parts, each in one corner, overlap by a fifth of the picture
EDGE_PX = 3.0  # a box this near the inner edge of a part is cut by it
SAME_IOU = 0.5
COVERED_IOU = 0.4  # a label that meets this much of a detection already stands for it

# A rider is a person on a two-wheeler, so boxes of these may lie on each other; a vehicle has a place of its own.
_TRAFFIC = frozenset({ObjectRole.VEHICLE, ObjectRole.TWO_WHEELER})


def parts_of(width: int, height: int) -> list[Box]:
    part_w, part_h = width * PART, height * PART
    return [
        Box(left, top, left + part_w, top + part_h) for top in (0.0, height - part_h) for left in (0.0, width - part_w)
    ]


def cut_by_part(box: Box, part: Box, width: int, height: int) -> bool:
    """Whether the part's edge, where that is not the picture's own, may have cut the object."""
    return (
        (part.x1 > 0 and box.x1 - part.x1 < EDGE_PX)
        or (part.y1 > 0 and box.y1 - part.y1 < EDGE_PX)
        or (part.x2 < width and part.x2 - box.x2 < EDGE_PX)
        or (part.y2 < height and part.y2 - box.y2 < EDGE_PX)
    )


def merged(whole: Iterable[Detection], in_parts: Iterable[Detection]) -> list[Detection]:
    """Each object once. The whole picture's word comes first; the parts add what it did not see."""
    kept = list(whole)
    for one in sorted(in_parts, key=lambda each: each.confidence, reverse=True):
        if not any(one.role is other.role and one.box.iou(other.box) > SAME_IOU for other in kept):
            kept.append(one)
    return without_parts(kept)


def teach(detector: Detector, picture: Bytes) -> list[Label]:
    """What the teacher is sure of, as labels; BGR with even sides."""
    frame = as_frame(picture)
    parts = parts_of(frame.width, frame.height)
    regions = [Box(0, 0, frame.width, frame.height), *parts]
    whole, *each_part = detector.detect([Look(frame, (region,)) for region in regions])
    sure = [one for one in whole if one.confidence >= SURE and one.class_name in CLASSES]
    sure_in_part = [
        one
        for part, found in zip(parts, each_part, strict=True)
        for one in found
        if one.confidence >= SURE_IN_PART
        and one.class_name in CLASSES
        and not cut_by_part(one.box, part, frame.width, frame.height)
    ]
    return [Label(one.class_name, one.box) for one in merged(sure, sure_in_part)]


def sees(detector: Detector, picture: Bytes, confidence: float) -> list[Label]:
    """What the teacher says of the whole picture with at least this confidence; BGR with even sides."""
    frame = as_frame(picture)
    [found] = detector.detect([Look(frame, (Box(0, 0, frame.width, frame.height),))])
    return [
        Label(one.class_name, one.box) for one in found if one.confidence >= confidence and one.class_name in CLASSES
    ]


def completed(labels: Sequence[Label], taught: Iterable[Label]) -> list[Label]:
    """The labels and what the teacher adds to them. What stands there already is never moved or renamed."""
    return [*labels, *(one for one in taught if not any(_stands_for(label, one) for label in labels))]


def _stands_for(label: Label, taught: Label) -> bool:
    roles = {ROLE_OF[label.class_name], ROLE_OF[taught.class_name]}
    comparable = len(roles) == 1 or roles <= _TRAFFIC
    return comparable and label.box.iou(taught.box) >= COVERED_IOU
