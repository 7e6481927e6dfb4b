"""The colour of a plate: how well its ground fits each colour that plates have.

Colour counts beside the characters and never alone: at night, under sodium lamps and in infrared it says little,
and what it says then is little.
"""

from collections.abc import Mapping

import cv2
import numpy as np

from detectors.frame import Bytes
from detectors.plates.grammar import COLOURS

# OpenCV's hue, 0..180
HUES = {"yellow": (14, 34), "green": (36, 92), "blue": (93, 132)}
LEAST_SATURATION, LEAST_VALUE = 60, 30
FLOOR = 0.06  # of belief that stays with every colour
RIM = 0.12  # of the strip, left off on each side
PALE_GROUND = 0.5
RULED_OUT = 2.0  # log odds against the likeliest colour


def colours_of(strip: Bytes) -> dict[str, float]:
    """Log likelihood of each of COLOURS for a straightened BGR plate."""
    height, width = strip.shape[:2]
    inner = strip[int(RIM * height) : height - int(RIM * height), int(RIM * width / 3) : width - int(RIM * width / 3)]
    hue, saturation, value = cv2.split(cv2.cvtColor(np.ascontiguousarray(inner), cv2.COLOR_BGR2HSV))
    coloured = (saturation >= LEAST_SATURATION) & (value >= LEAST_VALUE)
    shares = {name: float((coloured & (hue >= low) & (hue <= high)).mean()) for name, (low, high) in HUES.items()}
    grey = max(1.0 - sum(shares.values()) - 0.35, 0.0)  # characters themselves cover a third, and have no colour
    pale = _ground_is_bright(inner)
    weights = shares | {"white": grey * pale, "black": grey * (1 - pale)}
    total = sum(weights.values()) or 1.0
    mixed = {name: FLOOR + (1 - FLOOR * len(COLOURS)) * weights[name] / total for name in COLOURS}
    # a green plate of new energy fades to white, and a grey picture may be of any colour
    return {name: float(np.log(share)) for name, share in mixed.items()}


def not_ruled_out(colours: Mapping[str, float]) -> tuple[str, ...]:
    most = max(colours.values())
    return tuple(name for name, likely in colours.items() if likely >= most - RULED_OUT)


def _ground_is_bright(part: Bytes) -> float:
    """1 where dark characters stand on a bright ground, 0 where bright ones stand on a dark one, in between unsure."""
    grey = cv2.cvtColor(np.ascontiguousarray(part), cv2.COLOR_BGR2GRAY)
    parted, _ = cv2.threshold(grey, 0, 255, cv2.THRESH_BINARY | cv2.THRESH_OTSU)
    return float(np.clip((float((grey > parted).mean()) - PALE_GROUND) * 4 + 0.5, 0.0, 1.0))
