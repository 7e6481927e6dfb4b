"""The sampler: which packets become pictures.

The promise is one look at least every `look_s`, or as often as ingest/pace.py says. Keyframes alone keep it where they
are close enough; where they are rarer, the sampler decodes as little as it takes: from the last keyframe up to the
moment a look is due, and not the rest of the GOP.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from detectors.frame import Frame
from ingest.decoding import FrameDecoder
from ingest.pace import Pace
from ingest.packet_source import TimedPacket

DEFAULT_LOOK_S = 2.0
TOLERANCE = 0.05  # of look_s: a GOP of 2.002 s is a GOP of 2 s, and its keyframes are waited for
LONGEST_STEP = 2.5  # of the pace
EARLIEST = 0.5  # of look_s: a keyframe sooner after a look than this shows nothing new


class Attention(StrEnum):
    SWEEP = "sweep"  # a look every look_s
    KEYFRAMES = "keyframes"  # keyframes alone, however far apart
    ALL = "all"  # every picture


@dataclass(frozen=True)
class Sampling:
    attention: Attention = Attention.SWEEP
    look_s: float = DEFAULT_LOOK_S
    idle_look_s: float | None = None  # while nothing dwells or stirs; None: look_s always

    @property
    def longest_step_s(self) -> float:
        """Two looks further apart than this show nothing of the time between: one look may fail, two may not."""
        return LONGEST_STEP * self.look_s

    @property
    def longest_idle_step_s(self) -> float:
        """After a look that showed nothing that matters; beyond it looks were missed that should have been made."""
        return LONGEST_STEP * max(self.look_s, self.idle_look_s or 0.0)


class Sampler:
    """Offer it every packet; it gives back the frames to look at."""

    def __init__(self, decoder: FrameDecoder, sampling: Sampling, frame_s: float) -> None:
        self._decoder, self._sampling, self._frame_s = decoder, sampling, frame_s
        self._pace = Pace(sampling.look_s, sampling.idle_look_s)
        self._pending: list[TimedPacket] = []  # of this GOP, not yet decoded
        self._last_key_s: float | None = None
        self._gop_s = 0.0  # distance of the last two keyframes
        self.looks = 0

    def offer(self, packet: TimedPacket) -> Iterator[Frame]:
        if self._sampling.attention is Attention.ALL:
            for frame in self._decoder.feed(packet):
                yield self._looked(frame)
            return
        self._pace.packet(packet.media_s, packet.size, keyframe=packet.keyframe)
        if packet.keyframe:
            self._begin_gop(packet)
            alone = self._decoder.alone(packet) if self._wanted(packet) else None
            if alone is not None:
                yield self._looked(alone)
        # the keyframe too: decoded alone it left nothing behind, and whoever wants more of this GOP begins there
        self._pending.append(packet)
        if self._sampling.attention is Attention.SWEEP and self._overdue(packet.media_s):
            packets, self._pending = self._pending, []
            for each in packets:
                frames = self._decoder.feed(each, self._overdue)
                yield from (self._looked(frame) for frame in frames if self._overdue(frame.media_s))

    @property
    def last_look_s(self) -> float | None:
        return self._pace.last_look_s

    def rest(self, look_s: float) -> None:
        """Nothing that matters was found in the look of that time."""
        self._pace.rest(look_s)

    def finish(self) -> Iterator[Frame]:
        """The end of the stream: what the decoder still holds back."""
        for frame in self._decoder.drain():
            if self._sampling.attention is Attention.ALL or self._overdue(frame.media_s):
                yield self._looked(frame)

    def _begin_gop(self, keyframe: TimedPacket) -> None:
        if self._last_key_s is not None:
            self._gop_s = keyframe.media_s - self._last_key_s
        self._last_key_s = keyframe.media_s
        self._pending.clear()

    def _wanted(self, keyframe: TimedPacket) -> bool:
        """Is this keyframe needed, or will the next one still be in time?"""
        last_s, step_s = self._pace.last_look_s, self._pace.step_s
        if self._sampling.attention is Attention.KEYFRAMES or last_s is None:
            return True
        since_s = keyframe.media_s - last_s
        return since_s >= EARLIEST * step_s and since_s + self._gop_s > step_s * (1 + TOLERANCE)

    def _overdue(self, media_s: float) -> bool:
        """Would the frame after this one come too late?"""
        last_s, step_s = self._pace.last_look_s, self._pace.step_s
        if last_s is None:
            return True
        if step_s < self._gop_s <= step_s * (1 + TOLERANCE):
            step_s = self._gop_s
        return media_s - last_s > step_s - self._frame_s / 2

    def _looked(self, frame: Frame) -> Frame:
        self._pace.looked(frame.media_s)
        self.looks += 1
        return frame
