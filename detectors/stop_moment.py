"""The moments an object came to stand and left, looked for in the pictures between two looks.

Pure: frames come in, a time goes out. Which frames are decoded, and from where, is ingest/look_back.py.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from math import inf

from detectors.appearance import Appearance
from detectors.frame import Frame

PASSING_S = 1.0  # somebody walking through the picture hides the object for so long at most
AWAY_S, AWAY_STRIDE_S = 0.4, 0.1  # its place without it for so long, asked so often: another may have come
MOST_BETWEEN = 30  # pictures held until the next is asked: after a jam hundreds may claim one moment
STRIDE_S = 0.2  # it is asked after so often; in every picture only where two answers differ


@dataclass(frozen=True, slots=True)
class Shown:
    """Whether a picture shows the object at its place. frame: the picture, kept where it may be that of the stop."""

    at_s: float
    there: bool
    frame: Frame | None = None


class Search:
    """Asks picture after picture whether the object is there; several may share the pictures of one decoding.

    Give it pictures in the order of their time with `take` until it is `done`, then ask for the `answers`.
    """

    def __init__(self, appearance: Appearance, *, stands_s: float = inf) -> None:
        """stands_s: when it is known to stand.

        It is done once the pictures left until then are too few to hide it for longer than somebody who passes does.
        """
        self._appearance, self._stands_s = appearance, stands_s
        self._shown: list[Shown] = []
        self._waiting: list[Frame] = []  # since the last that was asked
        self._before: Shown | None = None  # its answer
        self._absent_since_s: float | None = None
        self._stop: int | None = None
        self.done = False

    def take(self, frame: Frame) -> None:
        self._waiting.append(frame)
        before = self._before
        if before is None or frame.media_s - before.at_s >= STRIDE_S or len(self._waiting) >= MOST_BETWEEN:
            self._ask()

    @property
    def gone(self) -> bool:
        """It has been away for longer than somebody who passes would hide it; what follows does not change that."""
        since_s, newest = self._absent_since_s, self._before
        return since_s is not None and newest is not None and newest.at_s - since_s > PASSING_S

    def answers(self) -> list[Shown]:
        """In the order of time, none for pictures between two like answers; one frame at most is kept."""
        if self._waiting and not self.done:
            self._ask()  # the last picture of all
        return self._shown

    def _ask(self) -> None:
        """The newest picture is asked; those since the last one that was, only where these two answers differ."""
        *between, newest = self._waiting
        self._waiting = []
        there, before = self._appearance.likeness(newest).same, self._before
        if before is not None and before.there != there:
            for each in between:
                self._answered(each, there=self._appearance.likeness(each).same)
        self._answered(newest, there=there)
        self._before = Shown(newest.media_s, there)

    def _answered(self, frame: Frame, *, there: bool) -> None:
        if self.done:
            return
        stops = (
            there
            and self._absent_since_s is not None
            # else somebody passed in front of it
            and (self._stop is None or frame.media_s - self._absent_since_s > PASSING_S)
        )
        if stops:
            if self._stop is not None:
                self._shown[self._stop] = replace(self._shown[self._stop], frame=None)
            self._stop = len(self._shown)
        self._shown.append(Shown(frame.media_s, there, frame if stops else None))
        if there:
            self._absent_since_s = None
            self.done = self._stands_s - frame.media_s < PASSING_S
        elif self._absent_since_s is None:
            self._absent_since_s = frame.media_s


def drove_off(appearance: Appearance, frames: Iterable[Frame]) -> float | None:
    """The moment from which its place was without it for a while, where it was seen to move off; else None.

    Somebody who passes in front leaves its place without it too, and then it is not seen beside its place.
    """
    since_s: float | None = None
    left_s: float | None = None
    moved, next_s = False, float("-inf")
    for frame in frames:
        if frame.media_s < next_s:
            continue
        next_s = frame.media_s + AWAY_STRIDE_S * 0.95
        likeness = appearance.likeness(frame)
        moved = moved or (not likeness.same and appearance.seen_beside(frame))
        if not likeness.other:
            since_s = None
            continue
        since_s = frame.media_s if since_s is None else since_s
        if left_s is None and frame.media_s - since_s >= AWAY_S:
            left_s = since_s
    return left_s if moved else None


def stop_moment(shown: list[Shown]) -> Shown | None:
    """The first moment from which the object is there without a break longer than PASSING_S.

    shown: in order of time, the last one there. None where it is there in the first of them: then it stopped
    before, or always stood there.
    """
    first_there = shown[-1]
    for each in reversed(shown):
        if each.there:
            first_there = each
        elif first_there.at_s - each.at_s > PASSING_S:
            break
    return None if first_there.at_s <= shown[0].at_s else first_there


def leave_moment(shown: list[Shown]) -> float:
    """The last moment up to which the object is there without a break longer than PASSING_S.

    shown: in order of time, the first one there.
    """
    last_there_s = shown[0].at_s
    for each in shown:
        if each.there:
            last_there_s = each.at_s
        elif each.at_s - last_there_s > PASSING_S:
            break
    return last_there_s
