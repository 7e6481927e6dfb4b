"""What the things of a rendered street are made of, as far as light is concerned."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Colour = tuple[float, float, float]  # red, green, blue; shares of the light that comes back


@dataclass(frozen=True)
class Surface:
    """mirror: share reflected when looked at squarely. gloss: how sharp the sun's reflection is. glow: own light."""

    colour: Colour
    mirror: float = 0.02
    gloss: float = 0.2
    glow: float = 0.0


def table_of(surfaces: tuple[Surface, ...]) -> NDArray[np.float32]:
    """(n, 6): red, green, blue, mirror, gloss, glow."""
    return np.array([[*each.colour, each.mirror, each.gloss, each.glow] for each in surfaces], dtype=np.float32)


GLASS = Surface((0.02, 0.024, 0.026), mirror=0.07, gloss=0.9)
RUBBER = Surface((0.025, 0.025, 0.027), mirror=0.01, gloss=0.05)
BLACK = Surface((0.015, 0.015, 0.016), mirror=0.02, gloss=0.1)
PLASTIC = Surface((0.05, 0.05, 0.055), mirror=0.03, gloss=0.3)
ALLOY = Surface((0.42, 0.43, 0.45), mirror=0.25, gloss=0.6)
CHROME = Surface((0.35, 0.36, 0.38), mirror=0.45, gloss=0.8)
STEEL = Surface((0.30, 0.31, 0.33), mirror=0.10, gloss=0.4)
