"""The plan of a street: how wide, which houses, where the sun reaches. Metres; pure geometry, no pictures."""

from dataclasses import dataclass

import numpy as np

from detectors.rendered_street.grain import Shades, lot
from detectors.rendered_street.light import Light

DIMMEST_SUN = 0.05  # sum of its colours: by less nothing is lit
ALONG_THE_STREET = 0.02  # of the sun's direction across it: then no house stands before it


@dataclass(frozen=True)
class StreetPlan:
    """half_m: from the middle line to the kerb. pavement_m: from the kerb to the houses."""

    seed: int = 1
    half_m: float = 5.4
    pavement_m: float = 4.2
    lane_m: float = 3.2
    no_stopping: bool = True  # yellow lines along the kerbs
    crossing_at: float | None = None  # metres along the street
    wet: float = 0.0

    @property
    def front_m(self) -> float:
        return self.half_m + self.pavement_m

    def height_at(self, side: float, y: Shades) -> Shades:
        """Of the houses on the side (-1 left, 1 right)."""
        number = self.house_at(side, y)[0]
        return np.asarray(7.5 + 13 * lot(number, side, salt=self.seed), dtype=np.float32)

    def house_at(self, side: float, y: Shades) -> tuple[Shades, Shades, float]:
        """Number of the house, metres from its left end, and its width."""
        wide = 14.0 + 4.0 * float(lot(side, salt=self.seed + 5))
        shifted = y + wide * float(lot(side, salt=self.seed + 9)) + 5 * wide
        number = np.floor(shifted / wide)
        return np.asarray(number, np.float32), np.asarray(shifted - number * wide, np.float32), wide

    def sunlit(self, places: Shades, light: Light) -> Shades:
        """(n,) 1 where the sun reaches past the houses, else 0."""
        sun = light.to_sun
        across = float(sun[0])
        if sum(light.sun) < DIMMEST_SUN:
            return np.zeros(len(places), np.float32)
        if abs(across) < ALONG_THE_STREET:
            return np.ones(len(places), np.float32)
        side = 1.0 if across > 0 else -1.0
        way = np.maximum((side * self.front_m - places[:, 0]) / across, 0)  # to where the ray passes the house
        over = places[:, 2] + way * sun[2] - self.height_at(side, places[:, 1] + way * sun[1])
        return np.asarray(np.clip(over * 2.5 + 0.5, 0, 1), dtype=np.float32)
