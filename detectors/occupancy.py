"""Occupancy: which share of an object's ground contact lies inside a geofence.

Not one point: a wheel on the line is not a car on the pavement. Entering is judged by ENTER, leaving by LEAVE
(hysteresis), so that a box that trembles on the line does not come and go.
"""

from detectors.geometry import Box, Polygon

ENTER, LEAVE = 0.5, 0.3
CONTACT_HEIGHT = 0.25  # of the box: tyres and the ground between them
CONTACT_INSET = 0.08  # of the box's width, on each side: boxes are wider than what stands on the ground


def ground_contact(box: Box) -> Box:
    """The strip of a full box in which the object meets the ground."""
    inset_px = box.width * CONTACT_INSET
    return Box(box.x1 + inset_px, box.y2 - box.height * CONTACT_HEIGHT, box.x2 - inset_px, box.y2)


def share_inside(fence: Polygon, box: Box) -> float:
    return fence.share_of(ground_contact(box))


def is_inside(share: float, *, was_inside: bool) -> bool:
    return share >= (LEAVE if was_inside else ENTER)
