"""The tour of a dome: where it is to look now, whether it has got there, and when it goes on.

Pure: monotonic seconds, UTC and what the pictures show go in; what to ask the dome comes out. A preset binds its fences
only between its picture having been recognised and the next move being asked for; all other time belongs to no view.
Turning and zooming are bounded in time: whatever a dome does not do, the tour goes on.

The tour leaves early where another view is waited for, and stays a little longer where a clip still needs its last
seconds. Who takes the dome away by hand has it for a while; then it is called back.
"""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

TURNED_WITHIN_S = 20.0  # from the dome's answer to a picture that is the preset's
LONGER_S = 15.0  # than `stay_s` at most: a clip has 6 s after its moment, and they are looked for a keyframe later
LEAST_STAY_S = 6.0  # before it leaves early: less shows nothing
REFUSED_S = 30.0  # after a dome that did not do as asked, or with nothing to tour
BY_HAND_S = 60.0  # somebody else has turned it: so long it is theirs
NEAR_S = 6.0  # how long a plate is looked at


class Phase(StrEnum):
    IDLE = "idle"  # nothing is in force, or the dome refused: it is asked again later
    ASKED = "asked"  # the dome has not answered yet
    TURNING = "turning"  # it says it is there, or cannot say; the picture tells
    THERE = "there"  # the fences of `stop` bind
    APPROACHING = "approaching"  # on its way to a plate
    NEAR = "near"


@dataclass(frozen=True)
class Stop:
    preset: str
    token: str  # what the camera calls it
    stay_s: float
    in_force: Callable[[datetime], bool]


@dataclass(frozen=True)
class Turn:
    """Ask the dome to look there."""

    stop: Stop


class Tour:
    """One dome's. `next_turn` often; what it says has been asked, `answered` is told of, and the pictures after it."""

    def __init__(self, stops: Sequence[Stop]) -> None:
        self._stops = tuple(stops)
        self.phase = Phase.IDLE
        self.stop: Stop | None = None  # where it looks, or was last asked to look
        self._since_s = float("-inf")  # of the phase
        self._doubted_since_s: float | None = None

    def begin(self) -> None:
        """Nothing is known of where the dome looks: a new connection, a new watcher."""
        self._enter(Phase.IDLE, float("-inf"))
        self._doubted_since_s = float("-inf")  # where it was, it goes first: something may dwell there

    @property
    def binds(self) -> bool:
        """Do the fences of `stop` bind the picture?"""
        return self.phase is Phase.THERE

    def next_turn(
        self, now_s: float, at: datetime, *, wanted: Collection[str] = (), holds: bool = False
    ) -> Turn | None:
        """What the dome is to be asked now, if anything; the fences bind no longer from then on.

        wanted: the presets of which somebody waits for a look. holds: this one still needs some seconds.
        """
        if not self._may_go_on(now_s, wanted, holds=holds):
            return None
        stop = self._next_stop(at, wanted)
        if self.phase is Phase.THERE and stop is self.stop and self._doubted_since_s is None:
            self._since_s = now_s  # alone in its tour
            return None
        if stop is None:
            self._enter(Phase.IDLE, now_s)
            return None
        self.stop = stop
        self._enter(Phase.ASKED, now_s)
        return Turn(stop)

    def _may_go_on(self, now_s: float, wanted: Collection[str], *, holds: bool) -> bool:
        passed_s = now_s - self._since_s
        if self.phase is Phase.IDLE:
            return passed_s >= REFUSED_S
        if self.phase is Phase.TURNING:
            return passed_s >= TURNED_WITHIN_S
        if self.phase is not Phase.THERE or self.stop is None:
            return False
        if self._doubted_since_s is not None:
            return now_s - self._doubted_since_s >= BY_HAND_S
        elsewhere = any(preset != self.stop.preset for preset in wanted) and self.stop.preset not in wanted
        due_s = min(LEAST_STAY_S, self.stop.stay_s) if elsewhere else self.stop.stay_s
        return passed_s >= due_s + (LONGER_S if holds else 0.0)

    def _next_stop(self, at: datetime, wanted: Collection[str]) -> Stop | None:
        """A view that was left in doubt first, then one that is waited for, then the next in the order."""
        if self._doubted_since_s is not None and self.stop is not None and self.stop.in_force(at):
            return self.stop
        begin = 0 if self.stop is None or self.stop not in self._stops else self._stops.index(self.stop) + 1
        order = [each for each in self._stops[begin:] + self._stops[:begin] if each.in_force(at)]
        return next(
            (each for each in order if each.preset in wanted and each is not self.stop), next(iter(order), None)
        )

    def answered(self, now_s: float, *, done: bool) -> None:
        """What was asked is done as far as the dome can tell, or it refused or did not answer."""
        if self.phase is Phase.ASKED:
            self._enter(Phase.TURNING if done else Phase.IDLE, now_s)
        elif self.phase is Phase.APPROACHING:
            if done:
                self._enter(Phase.NEAR, now_s)
            else:
                self.begin()

    def recognised(self, now_s: float) -> None:
        """The picture is the one of the preset that was asked for."""
        if self.phase is Phase.TURNING:
            self._enter(Phase.THERE, now_s)

    def shows(self, now_s: float, *, its_view: bool) -> None:
        """What the newest picture is of, while the fences bind."""
        if its_view:
            self._doubted_since_s = None
        elif self._doubted_since_s is None:
            self._doubted_since_s = now_s

    def approach(self, now_s: float) -> None:
        """The dome is asked to go near; afterwards it is sent back to where it was."""
        if self.phase is not Phase.THERE:
            raise ValueError(f"a dome that is {self.phase} goes near nothing")
        self._enter(Phase.APPROACHING, now_s)

    def is_near_enough(self, now_s: float) -> bool:
        """Whether what was gone near for has been looked at long enough."""
        return self.phase is Phase.NEAR and now_s - self._since_s >= NEAR_S

    def back(self, now_s: float) -> Turn:
        """From near to the preset it was at."""
        assert self.stop is not None
        self._enter(Phase.ASKED, now_s)
        return Turn(self.stop)

    def _enter(self, phase: Phase, now_s: float) -> None:
        self.phase, self._since_s, self._doubted_since_s = phase, now_s, None
