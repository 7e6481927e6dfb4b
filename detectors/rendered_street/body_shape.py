"""The shape of a vehicle's body as numbers, and what differs between two vehicles of one shape. Values only."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from detectors.rendered_street.surface import Colour

Curve = Sequence[tuple[float, float]]  # (x, value), x falling from the front to the rear
# Position across the skin, from the sill upwards: shoulder, foot and head of the side window.
SHOULDER, SILL_OF_WINDOW, HEAD_OF_WINDOW = 4.0, 5.0, 7.0


@dataclass(frozen=True)
class Shape:
    """top, belt, bottom: heights; half: half widths at the belt; all metres along x. roof_half: half width up there."""

    top: Curve
    belt: Curve
    bottom: Curve
    half: Curve
    roof_half: float
    windscreen: tuple[float, float] | None  # x of its foot and of its head
    rear_window: tuple[float, float] | None
    side_glass: tuple[float, float, float, float] | None  # x: front foot, front head, rear foot, rear head
    pillars: tuple[float, ...] = ()
    seams: tuple[float, ...] = ()
    axles: tuple[float, float] = (1.35, -1.30)
    wheel_radius: float = 0.32
    lamp_z: tuple[float, float] = (0.58, 0.74)
    rear_lamp_z: tuple[float, float] = (0.72, 0.92)
    grille_z: tuple[float, float] = (0.36, 0.56)
    plate_z: tuple[float, float] = (0.42, 0.80)  # of the front and the rear plate
    roof_stands: float = 0.35  # height of the roof over the belt from which the cabin has its full shape

    @property
    def length(self) -> float:
        return self.top[0][0] - self.top[-1][0]


@dataclass(frozen=True)
class Finish:
    """What differs between two vehicles of one shape."""

    paint: Colour = (0.45, 0.46, 0.48)
    plate: str = "blue"
    lamps_on: bool = False
    braking: bool = False
    seed: int = 0
    dark_glass: float = 1.0
    lower: Colour | None = None  # a second colour below the belt
    metallic: float = 0.75


def at(curve: Curve, x: NDArray[np.floating]) -> NDArray[np.float64]:
    """The value of the curve at each x."""
    xs, values = zip(*reversed(curve), strict=True)
    return np.asarray(np.interp(x, xs, values), dtype=np.float64)
