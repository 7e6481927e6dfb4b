"""Which part of the picture the detector is given.

The fences say where anything matters. A part of the picture fills the network's input with more pixels an object,
so small vehicles far away are found that the whole picture would lose, at the same cost.
"""

from collections.abc import Sequence

from detectors.geometry import Box, Polygon

MARGIN = 0.15  # of the region's longer side: vehicles rise above the ground they stand on and drive in from outside
WHOLE_FROM = 0.75  # of the picture's width or height: past this a cut wins nothing


def look_region(fences: Sequence[Polygon], width: int, height: int) -> Box:
    """The part of a picture of `width` × `height` pixels to look at; the whole picture where there is no fence."""
    whole = Box(0, 0, width, height)
    if not fences:
        return whole
    bounds = [fence.bounds for fence in fences]
    around = Box(
        min(box.x1 for box in bounds),
        min(box.y1 for box in bounds),
        max(box.x2 for box in bounds),
        max(box.y2 for box in bounds),
    )
    margin_px = MARGIN * max(around.width, around.height)
    region = Box(around.x1 - margin_px, around.y1 - margin_px, around.x2 + margin_px, around.y2 + margin_px).within(
        width, height
    )
    if region.width > WHOLE_FROM * width or region.height > WHOLE_FROM * height:
        return whole
    return region
