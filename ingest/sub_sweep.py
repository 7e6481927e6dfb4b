"""Looks made of the small stream, as looks at the main one: same second, same place, in the main stream's pixels.

The detector is shown the small picture as it is. What it found, and the picture for whoever compares places in it, are
then brought to the main stream's size, so that tracks, rules, looking back and rows know one picture alone. A picture
of the small stream shows what is there; it is never a still.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields, replace
from datetime import datetime

import cv2
import numpy as np

from detectors.frame import Bytes, Frame
from detectors.geometry import Box
from detectors.sightings import Detection, Look
from ingest.decoding import FrameDecoder
from ingest.live_stream import LivePacket
from ingest.live_time import LiveTime, Placed
from ingest.packet_source import StreamFacts, TimedPacket
from ingest.sampler import Sampler, Sampling
from ingest.stream_match import StreamMatch


@dataclass(frozen=True)
class FrameOfSub(Frame):
    """Of the small stream, in its own size or brought to the main stream's."""


class SubTime:
    """Media time of the small stream, on the main stream's line."""

    def __init__(self) -> None:
        self._time, self._match = LiveTime(), StreamMatch()
        self._facts: StreamFacts | None = None
        self._shift_s = 0.0

    def opened(self, facts: StreamFacts) -> None:
        self._facts = facts
        self._time.connected(facts.time_base, float(1 / facts.frame_rate))

    def main(self, media_s: float, packet: LivePacket) -> None:
        """A packet of the main stream, for comparison."""
        self._match.main(media_s, packet.arrival_s, packet.camera_utc)

    def timed(self, packet: LivePacket) -> TimedPacket | None:
        """The packet with its place on the main stream's line; None as long as that is not known."""
        assert self._facts is not None, "the stream was opened before it sent"
        placed = self._time.place(packet.pts, packet.dts, packet.arrival_s)
        self._match.small(placed.media_s, packet.arrival_s, packet.camera_utc)
        shift_s = self._match.shift_s
        if shift_s is None:
            return None
        if packet.keyframe:  # within a GOP times do not move
            self._shift_s = shift_s
        return packet.timed(self._moved(placed))

    def _moved(self, placed: Placed) -> Placed:
        assert self._facts is not None
        ticks = round(self._shift_s / self._facts.time_base)
        return replace(
            placed,
            pts=placed.pts + ticks,
            dts=placed.dts + ticks,
            media_s=float((placed.pts + ticks) * self._facts.time_base),
            offset=placed.offset + ticks,
        )


class SubSweep:
    """Decides which packets of the small stream become pictures. regions: what matters of them, in their pixels."""

    def __init__(
        self,
        facts: StreamFacts,
        regions: Sequence[Box],
        sampling: Sampling,
        utc: Callable[[float], datetime],
    ) -> None:
        self._decoder = FrameDecoder(facts, utc)
        self._sampler = Sampler(self._decoder, sampling, float(1 / facts.frame_rate))
        self._regions = tuple(regions)
        self._size = (facts.width, facts.height)
        self._begun = False

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of its pictures."""
        return self._size

    @property
    def decoded(self) -> int:
        return self._decoder.decoded

    @property
    def refused(self) -> int:
        return self._decoder.refused

    def offer(self, packet: TimedPacket) -> list[Look]:
        """What is to be shown to the detector."""
        self._begun = self._begun or packet.keyframe
        if not self._begun:
            return []
        return [Look(_of_sub(frame), self._regions) for frame in self._sampler.offer(packet)]

    def rest(self, look_s: float) -> None:
        self._sampler.rest(look_s)


def in_main(look: Look, detections: list[Detection], size: tuple[int, int]) -> tuple[Look, list[Detection]]:
    """A look of the small stream, and what was found in it, in a picture of the main stream's size."""
    frame = look.frame
    if (frame.width, frame.height) == size:
        return look, detections
    x, y = size[0] / frame.width, size[1] / frame.height
    return (
        Look(replace(frame, planes=_enlarged(frame, size)), tuple(region.scaled(x, y) for region in look.regions)),
        [replace(each, box=each.box.scaled(x, y)) for each in detections],
    )


def _of_sub(frame: Frame) -> FrameOfSub:
    return FrameOfSub(**{each.name: getattr(frame, each.name) for each in fields(Frame)})


def _enlarged(frame: Frame, size: tuple[int, int]) -> Bytes:
    """The planes of the small picture at another size, both even."""
    width, height = size
    half = (frame.width // 2, frame.height // 2)
    chroma = frame.planes[frame.height :].reshape(2, half[1], half[0])
    luma = cv2.resize(frame.luma, (width, height), interpolation=cv2.INTER_LINEAR)
    u, v = (cv2.resize(plane, (width // 2, height // 2), interpolation=cv2.INTER_LINEAR) for plane in chroma)
    flat = np.concatenate([luma.reshape(-1), u.reshape(-1), v.reshape(-1)])
    return np.asarray(flat.reshape(height * 3 // 2, width), dtype=np.uint8)
