"""A story: who comes into the street when, by which way, where they stop and when they leave; and what is true of it.

A story is data (stories.py has those of the demo); film.py makes pictures of it.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from detectors.rendered_street.motion import Drive, Walk
from detectors.rendered_street.scene import Scene
from detectors.rendered_street.thing import Thing

# Metres it has gone -> what it looks like then: wheels turned, legs in stride, arms busy where it stands.
Shape = Callable[[float, bool], list[Thing]]


@dataclass(frozen=True)
class Actor:
    """carried_until: a thing held off the ground by so many metres before that second."""

    name: str
    shape: Shape
    motion: Drive | Walk
    carried_until: float = 0.0
    carried_m: float = 0.0


@dataclass(frozen=True)
class Stop:
    """The truth about an actor that stops where the fence forbids it; seconds; left None: still there at the end."""

    actor: str
    stopped_s: float
    left_s: float | None


@dataclass(frozen=True)
class Story:
    """fence: corners on the ground, metres (x, y), of where nobody may stop; pavement: of where nothing may be sold or
    left. scene: made when it is asked for, since that costs a second.
    """

    name: str
    seconds: float
    scene: Callable[[], Scene]
    actors: tuple[Actor, ...]
    fence: tuple[tuple[float, float], ...]
    stops: tuple[Stop, ...] = ()
    pavement: tuple[tuple[float, float], ...] = ()
    seed: int = 0

    def fence_in_picture(self) -> list[list[float]]:
        """The fence in fractions of the picture, to the thousandth."""
        return self._in_picture(self.fence)

    def pavement_in_picture(self) -> list[list[float]]:
        return self._in_picture(self.pavement)

    def _in_picture(self, ground: Sequence[tuple[float, float]]) -> list[list[float]]:
        view = self.scene().view
        corners = [(x, y, 0.0) for x, y in ground]
        pixels, _ = view.project(np.array(corners))
        return [[round(u / view.width, 3), round(v / view.height, 3)] for u, v in pixels.tolist()]
