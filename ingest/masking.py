"""Masking: which parts of a picture are covered before it leaves the house. Pure: detections in, boxes out.

Rather too much than too little: what is covered here is still in the original, what is not covered is out for good.
Faces are not looked for: where a person is, the upper part of the box is covered. Other vehicles' plates are not
looked for either: the lower part of the box is covered, wherever the plate may sit in it.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise

from detectors.geometry import Box
from detectors.sightings import Detection, ObjectRole
from evidence.derivatives.recipe import Mask

HEAD_SHARE = 0.36  # of a standing person's height, from the top
UPRIGHT_FROM = 1.3  # height over width below which somebody sits, bends or is cut off: then the whole box
HEAD_MARGIN = 0.12  # of the box, on each side
PLATE_SHARE = 0.62  # of a vehicle's height, from the bottom
PLATE_MARGIN = 0.05
SAME_VEHICLE_IOU = 0.5  # with the box of the vehicle it is about, which is spared
HELD_S = 0.25  # before the first and after the last look that found it: the network overlooks things now and then
STEP_PX = 16  # masks of clips lie on this raster, so that a parked car's box does not tremble
SAME_THING_IOU = 0.1  # from one look to the next

RULE: Mapping[str, str | float] = {
    "persons": "upper part of the box; the whole box where it is not upright",
    "head_share": HEAD_SHARE,
    "upright_from": UPRIGHT_FROM,
    "head_margin": HEAD_MARGIN,
    "vehicles": "lower part of the box; two-wheelers whole; the vehicle it is about is spared",
    "plate_share": PLATE_SHARE,
    "plate_margin": PLATE_MARGIN,
    "same_vehicle_iou": SAME_VEHICLE_IOU,
    "covered_with": "the mean colour of the part",
}
CLIP_RULE: Mapping[str, str | float] = {**RULE, "held_s": HELD_S, "raster_px": STEP_PX}
VEHICLES = (ObjectRole.VEHICLE, ObjectRole.TWO_WHEELER)

Covered = tuple[Box, ObjectRole]


def to_cover(detections: Iterable[Detection], spared: Box | None) -> list[Covered]:
    """The parts of one picture that show a face or another's plate, or may."""
    covered: list[Covered] = []
    for each in detections:
        if each.role is ObjectRole.PERSON:
            covered.append((_head(each.box), each.role))
        elif each.role in VEHICLES and (spared is None or each.box.iou(spared) < SAME_VEHICLE_IOU):
            covered.append((_plate(each), each.role))
    return covered


def of_picture(covered: Sequence[Covered], width: int, height: int) -> tuple[Mask, ...]:
    return tuple(
        Mask(box=edges, what=role.value)
        for box, role in covered
        if (edges := _edges(box, width, height, 2)) is not None
    )


def over_time(looks: Sequence[tuple[float, Sequence[Covered]]], width: int, height: int) -> tuple[Mask, ...]:
    """Masks of a clip from looks at some of its pictures, in the order of time.

    Between two looks a thing is covered wherever it may have been: the box round both. The first look holds from the
    beginning, the last to the end.
    """
    spans: dict[tuple[tuple[int, int, int, int], str], list[tuple[float, float]]] = {}
    begins, ends = [at_s for at_s, _ in looks], [at_s for at_s, _ in looks[1:]] + [math.inf]
    nexts = [covered for _, covered in looks[1:]] + [[]]
    for number, (begin_s, end_s, (_, covered), later) in enumerate(zip(begins, ends, looks, nexts, strict=True)):
        from_s = 0.0 if number == 0 else begin_s - HELD_S
        for box, role in covered:
            same = max((box.iou(other) for other, kind in later if kind is role), default=0.0)
            after = next((o for o, kind in later if kind is role and box.iou(o) == same), None)
            whole = box if after is None or same < SAME_THING_IOU else _round(box, after)
            edges = _edges(whole, width, height, STEP_PX)
            if edges is not None:
                spans.setdefault((edges, role.value), []).append((max(from_s, 0.0), end_s + HELD_S))
    masks = [
        Mask(box=edges, what=what, from_s=round(a, 3), to_s=None if math.isinf(b) else round(b, 3))
        for (edges, what), each in spans.items()
        for a, b in _joined(each)
    ]
    return tuple(sorted(masks, key=lambda mask: (mask.from_s or 0.0, mask.box)))


def _head(box: Box) -> Box:
    dx, dy = HEAD_MARGIN * box.width, HEAD_MARGIN * box.height / 2
    upright = box.height >= UPRIGHT_FROM * box.width
    bottom = box.y1 + HEAD_SHARE * box.height if upright else box.y2
    return Box(box.x1 - dx, box.y1 - dy, box.x2 + dx, bottom)


def _plate(found: Detection) -> Box:
    box = found.box.padded(PLATE_MARGIN)
    if found.role is ObjectRole.TWO_WHEELER:
        return box
    return Box(box.x1, box.y2 - PLATE_SHARE * box.height, box.x2, box.y2)


def _round(one: Box, other: Box) -> Box:
    return Box(min(one.x1, other.x1), min(one.y1, other.y1), max(one.x2, other.x2), max(one.y2, other.y2))


def _edges(box: Box, width: int, height: int, step: int) -> tuple[int, int, int, int] | None:
    """Outwards to the raster, inside the picture; None where nothing of it is inside."""
    x1, y1 = max(math.floor(box.x1 / step) * step, 0), max(math.floor(box.y1 / step) * step, 0)
    x2, y2 = min(math.ceil(box.x2 / step) * step, width), min(math.ceil(box.y2 / step) * step, height)
    return (x1, y1, x2, y2) if x2 > x1 and y2 > y1 else None


def _joined(spans: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    """Spans that touch become one."""
    ordered = sorted(spans)
    joined = [ordered[0]]
    for _, (from_s, to_s) in pairwise(ordered):
        if from_s <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(joined[-1][1], to_s))
        else:
            joined.append((from_s, to_s))
    return joined
