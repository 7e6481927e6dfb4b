"""Decoding: packets in, frames with their capture time out. The only place where pictures are made."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from datetime import datetime
from fractions import Fraction
from pathlib import Path

import av
import av.error
import numpy as np
from av.video.frame import PictureType, VideoFrame

from detectors.frame import Frame
from ingest.errors import UndecodableCodec
from ingest.packet_source import StreamFacts, TimedPacket


def _all(_media_s: float) -> bool:
    return True


class FrameDecoder:
    """One decoder for one stream. Feed it a keyframe first, then what follows it, in decoding order.

    A packet that cannot be decoded gives no frame and is counted in `refused`. After it, and after a picture with
    concealed errors, every picture up to the next keyframe is built on the damage: all of them are marked corrupt.
    A B-picture is built on the one that comes out after it too, and waits for it.

    After a `drain` there is no codec context until the next packet: it would keep room for several pictures, 4 to 11 MB
    of 1080p, and a watcher has two decoders for each camera. Made anew it costs a hundredth of a keyframe.
    """

    def __init__(self, facts: StreamFacts, utc: Callable[[float], datetime]) -> None:
        """utc: what gives a media second its UTC."""
        self._facts, self._utc = facts, utc
        self._context: av.VideoCodecContext | None = _context_of(facts)
        self._offsets: dict[int, int] = {}  # of the packets whose pictures are still to come, by pts
        self._newest = 0  # pts of the picture that was shown last
        self._damaged = False
        self._waiting: list[Frame] = []  # B-pictures whose later reference has not come out yet
        self.decoded = 0
        self.refused = 0

    def feed(self, packet: TimedPacket, wanted: Callable[[float], bool] = _all) -> list[Frame]:
        """The frames that come out when this packet goes in: none while the decoder holds them back for reordering.

        Of pictures at media seconds that are not `wanted` only what others are predicted from is decoded.
        """
        if self._context is None:
            self._context = _context_of(self._facts)
        self._offsets[packet.pts] = packet.offset
        self._context.skip_frame = "DEFAULT" if wanted(packet.media_s) else "NONREF"
        try:
            pictures = self._context.decode(packet.packet)
        except av.error.FFmpegError:
            self.refused += 1
            self._damaged = True
            return []
        return self._frames(pictures, wanted)

    def drain(self) -> list[Frame]:
        """What the decoder still holds; afterwards it must be fed a keyframe again."""
        try:
            pictures = [] if self._context is None else self._context.decode(None)
        except av.error.FFmpegError:
            pictures = []
        frames = self._frames(pictures, _all) + self._waiting
        self._begin_anew()
        return frames

    def alone(self, keyframe: TimedPacket) -> Frame | None:
        """A keyframe's own picture. Without the drain a stream with B-frames gives it one GOP late."""
        self._begin_anew()
        frames = self.feed(keyframe) + self.drain()
        return frames[0] if frames else None

    def all_of(self, packets: Iterable[TimedPacket], wanted: Callable[[float], bool] = _all) -> Iterator[Frame]:
        """Every wanted picture of packets that begin with a keyframe; may be left before its end."""
        self._begin_anew()
        try:
            for packet in packets:
                yield from self.feed(packet, wanted)
            yield from (frame for frame in self.drain() if wanted(frame.media_s))
        finally:
            self._begin_anew()

    def _begin_anew(self) -> None:
        self._context = None
        self._offsets.clear()
        self._waiting = []
        self._damaged = False

    def _frames(self, pictures: Iterable[VideoFrame], wanted: Callable[[float], bool]) -> list[Frame]:
        frames: list[Frame] = []
        for picture in pictures:
            self.decoded += 1
            self._damaged = picture.is_corrupt or (self._damaged and not picture.key_frame)
            # two pictures may come out of one packet (MPEG-4 in AVI): the second has no time of its own
            steady = self._newest + 1 if picture.pts is None else picture.pts
            self._newest = steady
            offset = self._offsets.get(steady, 0)
            self._offsets = {pts: offset for pts, offset in self._offsets.items() if pts > steady}
            if picture.pict_type != PictureType.B:
                frames += [replace(each, corrupt=each.corrupt or self._damaged) for each in self._waiting]
                self._waiting = []
            if wanted(float(steady * self._facts.time_base)):
                (self._waiting if picture.pict_type == PictureType.B else frames).append(
                    self._frame(picture, steady, offset)
                )
        return frames

    def _frame(self, picture: VideoFrame, steady: int, offset: int) -> Frame:
        media_s = float(steady * self._facts.time_base)
        return Frame(
            planes=_planes(picture),
            media_s=media_s,
            pts=steady - offset,
            time_base=Fraction(self._facts.time_base),
            captured_at=self._utc(media_s),
            keyframe=bool(picture.key_frame),
            corrupt=self._damaged,
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
