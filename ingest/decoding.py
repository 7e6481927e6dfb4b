"""Decoding: packets in, frames with their capture time out. The only place where pictures are made."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from fractions import Fraction
from pathlib import Path

import av
import av.error
import numpy as np
from av.video.frame import VideoFrame

from detectors.frame import Frame
from ingest.errors import UndecodableCodec
from ingest.media_clock import utc_of
from ingest.packet_source import StreamFacts, TimedPacket


class FrameDecoder:
    """One decoder for one stream. Feed it a keyframe first, then what follows it, in decoding order.

    A packet that cannot be decoded gives no frame and is counted in `refused`.
    """

    def __init__(self, facts: StreamFacts, started_at: datetime, clock_offset_s: float = 0.0) -> None:
        self._facts, self._started_at, self._clock_offset_s = facts, started_at, clock_offset_s
        self._context = _context_of(facts)
        self._offset = 0
        self.decoded = 0
        self.refused = 0

    def feed(self, packet: TimedPacket) -> list[Frame]:
        """The frames that come out when this packet goes in: none while the decoder holds them back for reordering."""
        self._offset = packet.offset
        try:
            pictures = self._context.decode(packet.packet)
        except av.error.FFmpegError:
            self.refused += 1
            return []
        return [self._frame(picture) for picture in pictures]

    def drain(self) -> list[Frame]:
        """What the decoder still holds; afterwards it must be fed a keyframe again."""
        try:
            pictures = self._context.decode(None)
        except av.error.FFmpegError:
            pictures = []
        self._context.flush_buffers()
        return [self._frame(picture) for picture in pictures]

    def alone(self, keyframe: TimedPacket) -> Frame | None:
        """A keyframe's own picture. Without the drain a stream with B-frames gives it one GOP late."""
        self._context.flush_buffers()
        frames = self.feed(keyframe) + self.drain()
        return frames[0] if frames else None

    def all_of(self, packets: Iterable[TimedPacket]) -> Iterator[Frame]:
        """Every picture of packets that begin with a keyframe; may be left before its end."""
        self._context.flush_buffers()
        for packet in packets:
            yield from self.feed(packet)
        yield from self.drain()

    def _frame(self, picture: VideoFrame) -> Frame:
        self.decoded += 1
        steady = (picture.pts or 0) + self._offset
        media_s = float(steady * self._facts.time_base)
        return Frame(
            planes=_planes(picture),
            media_s=media_s,
            pts=picture.pts or 0,
            time_base=Fraction(self._facts.time_base),
            captured_at=utc_of(media_s, self._started_at, self._clock_offset_s),
            keyframe=bool(picture.key_frame),
            corrupt=bool(picture.is_corrupt),
        )


def _planes(picture: VideoFrame) -> np.ndarray[tuple[int, int], np.dtype[np.uint8]]:
    """I420 with even sides, which every camera's picture is or can be made."""
    width, height = picture.width // 2 * 2, picture.height // 2 * 2
    if picture.format.name not in ("yuv420p", "yuvj420p") or (width, height) != (picture.width, picture.height):
        picture = picture.reformat(width=width, height=height, format="yuv420p")
    return np.asarray(picture.to_ndarray(), dtype=np.uint8)


def _context_of(facts: StreamFacts) -> av.VideoCodecContext:
    try:
        context = av.CodecContext.create(facts.codec, "r")
    except (av.error.FFmpegError, ValueError) as error:
        raise UndecodableCodec(Path(facts.container), facts.codec) from error
    assert isinstance(context, av.VideoCodecContext)
    context.extradata = facts.extradata
    context.width, context.height = facts.width, facts.height  # msmpeg4 and its like do not carry them inside
    context.codec_tag = facts.codec_tag
    context.thread_count = 1  # more threads cost more processor time a picture, and keep frames back
    return context


def decoder_version(codec: str) -> str:
    return f"{codec}, libavcodec {'.'.join(str(part) for part in av.library_versions['libavcodec'])}"
