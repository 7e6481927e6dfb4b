"""Least delay: by how little the quickest packets of the last minutes were late.

Pure. What arrives may be late by any amount and never early: the least of many delays tells when things happened,
and the rest is waiting on the way. Kept in steps of a second, so that hours of packets cost nothing.
"""

from collections import deque

WINDOW_S = 300.0
STEP_S = 1.0


class LeastDelay:
    """`at_s` never runs backwards; delays are differences of two clocks, so their zero means nothing."""

    def __init__(self, window_s: float = WINDOW_S) -> None:
        self._window_s = window_s
        self._steps: deque[tuple[float, float]] = deque()  # (its number, its least delay), least first

    def add(self, at_s: float, delay_s: float) -> None:
        step = at_s // STEP_S
        while self._steps and self._steps[-1][1] >= delay_s:
            self._steps.pop()  # later and no more late: it says all the earlier one said, and for longer
        if not self._steps or self._steps[-1][0] != step:
            self._steps.append((step, delay_s))
        while self._steps[0][0] * STEP_S < at_s - self._window_s:
            self._steps.popleft()

    @property
    def least_s(self) -> float | None:
        return self._steps[0][1] if self._steps else None
