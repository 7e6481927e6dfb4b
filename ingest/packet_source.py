"""Packets with their media time, from a container that PyAV opens.

A file today; a camera's stream is the same thing with another way to open it. No decoding here.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import Protocol, Self

import av
import av.error
from av.video.stream import VideoStream

from ingest.errors import IngestError, NotAVideo, NoVideoStream, SourceMissing, UndecodableCodec
from ingest.media_clock import Discontinuity, MediaClock

DEFAULT_FRAME_RATE, HIGHEST_FRAME_RATE = Fraction(25), Fraction(240)
# What recorders and cameras write: packets with times, in one file. FFmpeg would open much more: playlists and scripts
# that name other files and hosts, pictures, text as pictures of text, and bare streams that carry no time at all.
CONTAINERS = ("mov", "matroska", "webm", "avi", "mpegts", "mpeg", "flv", "asf", "dhav", "mxf", "ogg")
PLAYED_BY_BROWSERS = ("h264",)
MP4_CODECS = ("h264", "hevc", "mpeg4", "av1")

# FFmpeg prints into our logs otherwise, from its own threads, and its messages may hold a URL with its password.
av.logging.set_level(None)


@dataclass(frozen=True, slots=True)
class TimedPacket:
    """A packet and its place in media time. pts and dts are steady ticks; `offset` takes them back to the source's.

    The packet itself carries the steady ticks too, so that a decoder hands them on with its pictures.
    """

    packet: "av.Packet[VideoStream]"  # generic in the stubs alone
    pts: int
    dts: int
    media_s: float  # of its picture
    offset: int
    keyframe: bool

    @property
    def size(self) -> int:
        return self.packet.size


@dataclass(frozen=True)
class StreamFacts:
    """What a decoder or a muxer must know of a video stream."""

    codec: str
    codec_tag: str
    extradata: bytes | None
    width: int
    height: int
    time_base: Fraction
    frame_rate: Fraction
    container: str
    duration_s: float | None  # as the container claims
    started_at: datetime | None  # as the container claims

    @property
    def plays_in_browsers(self) -> bool:
        return self.codec in PLAYED_BY_BROWSERS


class Stream(Protocol):
    """What can be decoded and cut: its facts, and the stream a muxer takes for its model."""

    @property
    def facts(self) -> StreamFacts: ...

    @property
    def stream(self) -> VideoStream: ...


class PacketSource:
    """A context manager over an open container; iterate `packets()` once."""

    def __init__(self, container: av.container.InputContainer, stream: VideoStream, name: str) -> None:
        self._container, self.stream, self.name = container, stream, name
        self.facts = facts_of(container, stream)
        self.streams, self.has_sound = len(container.streams), bool(container.streams.audio)
        self.tags = dict(container.metadata)
        self.clock = MediaClock(self.facts.time_base, float(1 / self.facts.frame_rate))
        self.broken_at_s: float | None = None
        self.reached_s = 0.0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._container.close()

    @property
    def discontinuities(self) -> list[Discontinuity]:
        return self.clock.discontinuities

    def packets(self) -> Iterator[TimedPacket]:
        """Every packet of the video stream in decoding order.

        A container that breaks off ends the iteration, with `broken_at_s` saying where.
        """
        ends_s = 0.0  # of the last picture, which may be shown for long
        try:
            for packet in self._container.demux(self.stream):
                if packet.size == 0:  # the flush at the end; a missing dts is no reason to leave a packet out
                    continue
                packet.pts, packet.dts = pts, dts = self.clock.tick(packet.pts, packet.dts)
                media_s = self.clock.seconds(pts)
                self.reached_s = max(self.reached_s, media_s)
                ends_s = max(ends_s, self.clock.seconds(pts + (packet.duration or 0)))
                yield TimedPacket(packet, pts, dts, media_s, self.clock.offset_ticks, packet.is_keyframe)
        except av.error.FFmpegError:
            self.broken_at_s = self.reached_s
        claimed_s, frame_s = self.facts.duration_s, 1 / float(self.facts.frame_rate)
        # the container counts a jump of the clock as time
        shown_s = max(ends_s, self.reached_s + frame_s) + sum(jump.jump_s for jump in self.discontinuities)
        if claimed_s is not None and claimed_s - shown_s > max(1.0, frame_s):
            self.broken_at_s = self.reached_s


@contextmanager
def _our_errors(path: Path) -> Iterator[None]:
    try:
        yield
    except av.error.ArgumentError as error:  # what FFmpeg says to a format that is not on the list
        raise NotAVideo(
            path, "not one of the containers that hold a recording (MP4, MKV, AVI, TS and their like)"
        ) from error
    except av.error.InvalidDataError as error:
        raise NotAVideo(path, "not a video file, or cut off before its index") from error
    except av.error.FFmpegError as error:
        raise IngestError(f"{path}: cannot be opened ({error.strerror})") from error


def open_file(path: Path) -> PacketSource:
    """Opens a video file. Raises SourceMissing, NotAVideo, NoVideoStream or UndecodableCodec."""
    if not path.is_file():
        raise SourceMissing(path)
    if path.stat().st_size == 0:
        raise NotAVideo(path, "the file is empty")
    with _our_errors(path):
        # an absolute path, since FFmpeg takes what stands before a colon for a protocol
        container = av.open(
            str(path.absolute()),
            options={"protocol_whitelist": "file", "format_whitelist": ",".join(CONTAINERS), "enable_drefs": "0"},
            metadata_errors="replace",  # recorders write names and places in GBK, and damaged files write anything
        )
    streams = [stream for stream in container.streams.video if stream.disposition.value & 0x400 == 0]  # no cover art
    if not streams:
        container.close()
        raise NoVideoStream(path)
    stream = streams[0]
    if stream.codec_context is None:
        container.close()
        raise UndecodableCodec(path, "(unknown)")
    if stream.width == 0 or stream.height == 0:
        container.close()
        raise NotAVideo(path, "its video stream has no picture size")
    return PacketSource(container, stream, path.name)


def facts_of(container: av.container.InputContainer, stream: VideoStream) -> StreamFacts:
    context = stream.codec_context
    time_base = stream.time_base or Fraction(1, 90000)
    return StreamFacts(
        codec=context.name,
        codec_tag=context.codec_tag,
        extradata=context.extradata,
        width=stream.width,
        height=stream.height,
        time_base=time_base,
        frame_rate=_frame_rate(stream),
        container=container.format.name,
        duration_s=_claimed_duration_s(container, stream, time_base),
        started_at=_creation_time(container.metadata.get("creation_time")),
    )


def _claimed_duration_s(
    container: av.container.InputContainer, stream: VideoStream, time_base: Fraction
) -> float | None:
    if stream.duration is not None:
        length_s = float(stream.duration * time_base)
        # AVI's index is at its end: of one that broke off FFmpeg says how much is left, its header how much there was
        if container.format.name == "avi" and stream.average_rate:
            length_s = max(length_s, float(stream.frames / stream.average_rate))
        return length_s
    # Matroska says it of all streams together, from zero on
    if container.duration is None or len(container.streams) > 1:
        return None
    return (container.duration - max(container.start_time or 0, 0)) / av.time_base


def _frame_rate(stream: VideoStream) -> Fraction:
    """The larger of the two that FFmpeg finds: the average is a trifle where the clock jumped by an hour."""
    found = [rate for rate in (stream.average_rate, stream.guessed_rate) if rate and rate <= HIGHEST_FRAME_RATE]
    return max(found, default=DEFAULT_FRAME_RATE)


def _creation_time(text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return None
    at = at.replace(tzinfo=UTC) if at.tzinfo is None else at
    # recorders that do not know the time write the epoch of 1904 or of 1970
    return at if at.year > 1971 else None


def av_versions() -> dict[str, str]:
    """The versions of the FFmpeg libraries in use, for `doctor` and the manifest."""
    return {name: ".".join(str(part) for part in version) for name, version in av.library_versions.items()}
