"""The look for a plate: pictures of the vehicle where it stands, out of the packets of its entry clip.

Keyframes first, since they are cheap and sharp; only where they show a plate that is not read surely yet, the seconds
between are decoded at full rate and the sharpest of them are read. A vehicle too small to hold a readable plate is
not looked at. Where the packages with the weights are missing, the road goes on without plates.
"""

import logging
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache

import numpy as np

from detectors.errors import NoPlateWeights
from detectors.frame import Frame
from detectors.geometry import Box
from detectors.plates.plate_reading import PlateReading, plates_of_vehicle, prepare
from detectors.plates.voting import Vote, vote
from ingest.clip_cut import ClipRange
from ingest.decoding import FrameDecoder
from ingest.stills import sharpness

log = logging.getLogger(__name__)

# a car is 1.8 m wide and its plate 0.14 m high: narrower than this, characters have less than ten pixels
LEAST_VEHICLE_PX = 130
MARGIN = 0.08  # round the vehicle's box
KEYFRAMES, FRAMES, READ_OF_THEM = 3, 24, 5
FULL_RATE_S = 4.0
SURE, SURE_TWICE = 0.97, 2
ON_RECORD = 0.5  # a plate less sure than this is in the readings, and not the incident's


@dataclass(frozen=True)
class PlateAt:
    """What was read in one picture. reading.box is in pixels of the whole picture."""

    frame: Frame
    reading: PlateReading


@dataclass(frozen=True)
class PlateSeen:
    """The readings, in the order of time, and what they come to."""

    readings: tuple[PlateAt, ...]
    vote: Vote

    @property
    def plate(self) -> str | None:
        return self.vote.text if self.vote.confidence >= ON_RECORD else None

    @property
    def confidence(self) -> float | None:
        return self.vote.confidence if self.plate is not None else None

    @property
    def clearest(self) -> Frame:
        """The picture in which what they come to was read most surely: the close-up shows this one."""
        agreeing = [each for each in self.readings if each.reading.text == self.vote.text]
        return max(agreeing, key=lambda each: each.reading.confidence).frame


def look_for_plate(decoder: FrameDecoder, clip: ClipRange, from_s: float, vehicle: Box) -> PlateSeen | None:
    """The plate of the vehicle that stands at `vehicle` from `from_s` on; None where none can be read.

    Its pictures are all of this clip, so that any of them can be shown from it again.
    """
    if vehicle.width < LEAST_VEHICLE_PX or not _can_read():
        return None
    readings: list[PlateAt] = []
    for frame in _keyframes(decoder, clip, from_s):
        readings += _read(frame, vehicle)
    if not readings:
        return None
    sure = sum(each.reading.confidence >= SURE for each in readings)
    if sure < min(SURE_TWICE, len(readings)):
        known = {each.frame.pts for each in readings}
        plate = max(readings, key=lambda each: each.reading.confidence).reading.box
        between = [frame for frame in _full_rate(decoder, clip, from_s) if frame.pts not in known]
        between.sort(key=lambda frame: -sharpness(frame, plate))
        for frame in between[:READ_OF_THEM]:
            readings += _read(frame, vehicle)
    readings.sort(key=lambda each: each.frame.media_s)
    result = vote((each.reading.text, each.reading.confidence) for each in readings)
    assert result is not None, "there are readings"
    return PlateSeen(tuple(readings), result)


def read_plate(views: Iterable[tuple[Frame, Box]]) -> PlateSeen | None:
    """The plate of a vehicle that moves, from pictures and its box in each; None where none can be read."""
    wide = [(frame, box) for frame, box in views if box.width >= LEAST_VEHICLE_PX]
    if not wide or not _can_read():
        return None
    readings = sorted((each for frame, box in wide for each in _read(frame, box)), key=lambda each: each.frame.media_s)
    result = vote((each.reading.text, each.reading.confidence) for each in readings)
    return None if result is None else PlateSeen(tuple(readings), result)


def _keyframes(decoder: FrameDecoder, clip: ClipRange, from_s: float) -> Iterator[Frame]:
    packets = [gop[0] for gop in clip.gops if gop[0].media_s >= from_s]
    for packet in packets[:: max(len(packets) // KEYFRAMES, 1)][:KEYFRAMES]:
        frame = decoder.alone(packet)
        if frame is not None and not frame.corrupt:
            yield frame


def _full_rate(decoder: FrameDecoder, clip: ClipRange, from_s: float) -> Iterator[Frame]:
    """Pictures spread over the first seconds of standing; of what lies between only what they need is decoded."""
    to_s = from_s + FULL_RATE_S
    times = sorted(each.media_s for each in clip.packets if from_s <= each.media_s <= to_s)
    wanted = set(times[:: max(len(times) // FRAMES, 1)][:FRAMES])
    for gop in clip.gops:
        if gop[0].media_s <= to_s and max(each.media_s for each in gop) >= from_s:
            for frame in decoder.all_of(gop, lambda media_s: media_s in wanted):
                if not frame.corrupt:
                    yield frame


def _read(frame: Frame, vehicle: Box) -> Iterator[PlateAt]:
    """The surest plate in the vehicle's part of the picture. One whose middle is outside is another vehicle's."""
    part = vehicle.padded(MARGIN).within(frame.width, frame.height)
    x, y = int(part.x1) // 2 * 2, int(part.y1) // 2 * 2
    cut = Box(x, y, part.x2, part.y2)
    picture = frame.rgb_of(cut, int(part.x2) - x, int(part.y2) - y)[:, :, ::-1]
    for reading in plates_of_vehicle(np.ascontiguousarray(picture)):
        moved = reading.moved(x, y)
        middle = Box(*moved.box.centre, *moved.box.centre)
        if vehicle.x1 <= middle.x1 <= vehicle.x2 and vehicle.y1 <= middle.y1 <= vehicle.y2:
            yield PlateAt(frame, moved)
            return


@cache
def _can_read() -> bool:
    """Asked once a process; said once."""
    try:
        prepare()
    except NoPlateWeights as error:
        log.warning("no plates are read", extra={"why": str(error)})
        return False
    return True
