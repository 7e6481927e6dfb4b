"""Frames straight from a drawn street, without an encoder between, and a tracker that looks at them."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import timedelta
from fractions import Fraction

import cv2
import numpy as np

from detectors.frame import Frame
from detectors.geometry import Box
from detectors.sightings import Detection, Look, ObjectRole
from detectors.tracker import Track, Tracker
from tests.detectors.stand_in import StandInDetector
from tests.media.make_clips import RATE, Film, Picture
from tests.rows import NOON


def frame_of(picture: Picture, at_s: float) -> Frame:
    planes = np.asarray(cv2.cvtColor(picture, cv2.COLOR_BGR2YUV_I420), dtype=np.uint8)
    return Frame(planes, at_s, round(at_s * RATE), Fraction(1, RATE), NOON + timedelta(seconds=at_s))


def shown(film: Film, at_s: float) -> Frame:
    return frame_of(film.picture(round(at_s * RATE)), at_s)


def vehicle(box: Box, confidence: float = 0.9, name: str = "car") -> Detection:
    return Detection(box, ObjectRole.VEHICLE, name, confidence)


Misses = Callable[[float, Detection], bool]


@dataclass
class Watcher:
    """A tracker with the stand-in detector. `misses` says what the detector fails to find, and when."""

    film: Film
    tracker: Tracker = field(default_factory=Tracker)
    ended: list[Track] = field(default_factory=list)

    def look(self, times: Iterable[float], misses: Misses = lambda _at_s, _detection: False) -> list[Track]:
        for at_s in times:
            frame = shown(self.film, at_s)
            look = Look(frame, (Box(0, 0, frame.width, frame.height),))
            found = [each for each in StandInDetector().detect([look])[0] if not misses(at_s, each)]
            self.ended += self.tracker.update(look, found)
        return self.tracker.tracks
