"""The moments an object came to stand and left, looked for in the pictures between two looks.

Pure: frames come in, a time goes out. Which frames are decoded, and from where, is ingest/look_back.py.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from detectors.appearance import Appearance
from detectors.frame import Frame

PASSING_S = 1.0  # somebody walking through the picture hides the object for so long at most


@dataclass(frozen=True, slots=True)
class Shown:
    """Whether a frame shows the object at its place."""

    at_s: float
    there: bool


def look_for(appearance: Appearance, frames: Iterable[Frame]) -> list[Shown]:
    return [Shown(frame.media_s, appearance.likeness(frame).same) for frame in frames]


def stop_moment(shown: list[Shown]) -> float | None:
    """The first moment from which the object is there without a break longer than PASSING_S.

    shown: in order of time, the last one there. None where it is there in the first of them: then it stopped
    before, or always stood there.
    """
    first_there_s = shown[-1].at_s
    for each in reversed(shown):
        if each.there:
            first_there_s = each.at_s
        elif first_there_s - each.at_s > PASSING_S:
            break
    return None if first_there_s <= shown[0].at_s else first_there_s


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
