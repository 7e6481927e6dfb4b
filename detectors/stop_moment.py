"""The moments an object came to stand and left, looked for in the pictures between two looks.

Pure: frames come in, a time goes out. Which frames are decoded, and from where, is ingest/look_back.py.
"""

from collections.abc import Iterable, Iterator
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


def look_for(appearance: Appearance, frames: Iterable[Frame], *, stands_s: float = inf) -> list[Shown]:
    """The answers in order of time, none for pictures between two like answers; one frame at most is kept.

    stands_s: when it is known to stand. No more pictures are taken once those left until then are too few to hide it
    for longer than somebody who passes does.
    """
    shown: list[Shown] = []
    absent_since_s: float | None = None
    stop: int | None = None
    for frame, there in _asked(appearance, frames):
        stops = (
            there
            and absent_since_s is not None
            and (stop is None or frame.media_s - absent_since_s > PASSING_S)  # else somebody passed in front of it
        )
        if stops:
            if stop is not None:
                shown[stop] = replace(shown[stop], frame=None)
            stop = len(shown)
        shown.append(Shown(frame.media_s, there, frame if stops else None))
        if not there:
            absent_since_s = frame.media_s if absent_since_s is None else absent_since_s
            continue
        absent_since_s = None
        if stands_s - frame.media_s < PASSING_S:
            break
    return shown


def _asked(appearance: Appearance, frames: Iterable[Frame]) -> Iterator[tuple[Frame, bool]]:
    """The first frame, one in every STRIDE_S and the last, and between two that differ every one."""
    before: Shown | None = None
    since: list[Frame] = []  # the last that was asked
    for frame, is_last in _with_the_last_marked(frames):
        since.append(frame)
        between = before is not None and frame.media_s - before.at_s < STRIDE_S and len(since) < MOST_BETWEEN
        if between and not is_last:
            continue
        there = appearance.likeness(frame).same
        if before is not None and before.there != there:
            yield from ((each, appearance.likeness(each).same) for each in since[:-1])
        yield frame, there
        before, since = Shown(frame.media_s, there), []


def _with_the_last_marked(frames: Iterable[Frame]) -> Iterator[tuple[Frame, bool]]:
    waiting: Frame | None = None
    for frame in frames:
        if waiting is not None:
            yield waiting, False
        waiting = frame
    if waiting is not None:
        yield waiting, True


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
