"""A camera's stream over RTSP: opened within a time limit, read packet by packet, and every way it fails as our error.

No decoding, no second try, no media time: that goes on across connections (ingest/live_time.py), and what became of
the camera's clock is for ingest/camera_clock.py. Sound is not asked for.

FFmpeg hands a picture on when the next one begins, one picture late, and at the start a heap of them at once, since
it reads ahead to know the stream. `arrival_s` has both put right, so that it says when a picture came to this machine.
"""

import errno
import math
import statistics
import struct
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from itertools import pairwise
from types import TracebackType
from typing import Literal, Self

import av
import av.error
from av.video.stream import VideoStream

from ingest.errors import (
    PasswordRefused,
    PathUnknown,
    StreamChanged,
    StreamError,
    StreamLost,
    StreamSilent,
    StreamUnreachable,
    StreamUnusable,
)
from ingest.live_time import Placed
from ingest.packet_source import HIGHEST_FRAME_RATE, StreamFacts, TimedPacket, facts_of
from ingest.parameter_sets import START_CODE, parameter_sets, sequence_sets
from ingest.rtsp_greeting import greet

PROTOCOLS = "rtsp,rtsps,tcp,udp,rtp,tls,crypto"  # nothing else is dialled, whatever the camera answers
CODECS = ("h264", "hevc")
# Measured with two servers: 2.2 to 2.8 s with FFmpeg's own values, 0.2 to 0.4 s with these, and nothing is missed.
QUICK = {"analyzeduration": "100000", "fpsprobesize": "0"}
SETTLES_IN_S = 0.5  # how long arrivals are watched until it is known which packets came without delay
GATHERS_FOR_S = 0.2
KEYFRAME_WITHIN_S = 30.0  # smart codecs stretch the distance in still scenes; beyond this nothing could be watched
MOST_HELD = 5000  # packets before the first keyframe is found and the pace is known
OLDEST_CLOCK = datetime(
    2000, 1, 1, tzinfo=UTC
)  # cameras that do not know the time count from 1900, 1970 or their start
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

Transport = Literal["tcp", "udp"]


@dataclass(frozen=True, slots=True)
class LivePacket:
    """A packet as the camera sent it, with when it came. Give it its place in media time with `timed`."""

    packet: "av.Packet[VideoStream]"  # generic in the stubs alone
    pts: int | None
    dts: int | None
    keyframe: bool
    arrival_s: float  # our monotonic clock
    camera_utc: datetime | None  # when the picture was taken, by the camera's own clock (its RTCP sender reports)
    corrupt: bool  # FFmpeg knows of damage; that it does not, proves nothing

    def timed(self, placed: Placed) -> TimedPacket:
        """The packet with steady ticks; the packet itself carries them from here on."""
        self.packet.pts, self.packet.dts = placed.pts, placed.dts
        return TimedPacket(self.packet, placed.pts, placed.dts, placed.media_s, placed.offset, self.keyframe)


class LiveStream:
    """A context manager over one connection; iterate `packets()` once. Made by `open_stream`."""

    def __init__(
        self, container: av.container.InputContainer, stream: VideoStream, name: str, silent_s: float, *, gathers: bool
    ) -> None:
        """gathers: whether packets may wait outside of this program, which those sent by UDP cannot."""
        self._container, self.stream, self.name, self._silent_s = container, stream, name, silent_s
        self._gathers = gathers
        self._demuxed = container.demux(stream)
        self.facts: StreamFacts = facts_of(container, stream)
        self._frame_s = float(1 / self.facts.frame_rate)
        self._clock_known = False
        self._opening: list[LivePacket] = []
        self._sets: list[bytes] = []  # of the first keyframe
        self._strange: list[bytes] = []  # of the last one, where they were others

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        self._container.close()

    def packets(self) -> Iterator[LivePacket]:
        """Every packet from the first keyframe on, in decoding order, without end.

        Raises StreamLost, StreamSilent, or StreamChanged before a picture with other parameters.
        """
        opening, self._opening = self._opening, []
        yield from opening
        while True:
            asked_s = time.monotonic()
            packet = self._next()
            waited_s = time.monotonic() - asked_s
            yield self._checked(packet)
            # Nothing more lies in the socket. A thread that waits at it is woken for every few kilobytes: a fifth of
            # what a camera costs. So it lets some pictures gather, and has the last one as it comes, which tells when.
            if self._gathers and self._was_waited_for(waited_s):
                time.sleep(GATHERS_FOR_S)

    def _checked(self, packet: LivePacket) -> LivePacket:
        """A keyframe with another sequence set begins another stream, or was damaged on the way."""
        if not packet.keyframe:
            return packet
        sets = sequence_sets(self.facts.codec, bytes(packet.packet))
        if not sets or sets == self._sets:
            self._strange = []
        elif sets == self._strange or _size_in(packet, self.facts.codec) not in (
            (0, 0),
            (self.facts.width, self.facts.height),
        ):
            raise StreamChanged(self.name)
        else:
            self._strange = sets
        return packet

    def _next(self) -> LivePacket:
        """Waits for a packet; at most as long as the stream may be silent."""
        failure: StreamError
        try:
            packet = next(self._demuxed, None)
        except (av.error.TimeoutError, av.error.ExitError):
            failure = StreamSilent(self.name, self._silent_s)
        except av.error.FFmpegError as error:
            failure = StreamLost(self.name, error.strerror or "unknown reason")
        else:
            # a camera's stream has no end: FFmpeg calls it that when the connection is closed
            if packet is not None and packet.size > 0:
                return self._taken(packet, time.monotonic())
            failure = StreamLost(self.name, "the camera closed it, or went off")
        raise failure  # outside of the handler, since FFmpeg's own error holds the URL with its password

    def _was_waited_for(self, waited_s: float) -> bool:
        return waited_s > self._frame_s / 8

    def _taken(self, packet: "av.Packet[VideoStream]", now_s: float) -> LivePacket:
        return LivePacket(
            packet=packet,
            pts=packet.pts,
            dts=packet.dts,
            keyframe=packet.is_keyframe,
            arrival_s=now_s - self._frame_s,
            camera_utc=self._camera_utc(packet),
            corrupt=packet.is_corrupt,
        )

    def _camera_utc(self, packet: "av.Packet[VideoStream]") -> datetime | None:
        for side in packet.iter_sidedata():
            if side.data_type == "prft":  # AVProducerReferenceTime: microseconds since 1970, then flags
                # that of the first packet which carries one belongs to the picture after it
                known, self._clock_known = self._clock_known, True
                at = EPOCH + timedelta(microseconds=struct.unpack("<q", bytes(side)[:8])[0])
                return at if known and at >= OLDEST_CLOCK else None
        return None

    def settle(self) -> None:
        """Reads on until there is a keyframe to begin with and the pace of arrival is known.

        Raises StreamUnusable, StreamLost or StreamSilent.
        """
        began_s = time.monotonic()
        held: list[LivePacket] = []
        while True:
            asked_s = time.monotonic()
            packet = self._next()
            waited_s = time.monotonic() - asked_s
            if held or packet.keyframe:
                held.append(packet)
            passed_s = time.monotonic() - began_s
            if not held and (passed_s > KEYFRAME_WITHIN_S):
                raise StreamUnusable(self.name, f"no keyframe within {KEYFRAME_WITHIN_S:g} s")
            # a packet that was waited for came just now: it is at the head of what the camera has sent
            if held and passed_s >= SETTLES_IN_S and (self._was_waited_for(waited_s) or len(held) >= MOST_HELD):
                break
        self._complete_facts(held)
        self._opening = _paced(held, self.facts)

    def _complete_facts(self, held: list[LivePacket]) -> None:
        """What the description left out or got wrong, from the packets themselves."""
        facts = self.facts
        step = _usual_step(held)
        if step is not None and Fraction(1, HIGHEST_FRAME_RATE) <= step * facts.time_base:
            facts = replace(facts, frame_rate=(1 / (step * facts.time_base)).limit_denominator(1001))
        self._sets = sequence_sets(facts.codec, bytes(held[0].packet))
        sets = parameter_sets(facts.codec, bytes(held[0].packet))
        known = facts.extradata or b""
        # a description may be of the settings before; what comes with the picture is what decodes it
        if self._sets and any(each not in known for each in sets):
            facts = replace(facts, extradata=b"".join(START_CODE + each for each in sets))
            width, height = _size_in(held[0], facts.codec)
            facts = replace(facts, width=width or facts.width, height=height or facts.height)
        if not (facts.extradata and facts.width and facts.height):
            raise StreamUnusable(self.name, "a stream without the size of its picture")
        self.facts = facts
        late_s, self._frame_s = self._frame_s, float(1 / facts.frame_rate)
        for number, each in enumerate(held):
            held[number] = replace(each, arrival_s=each.arrival_s + late_s - self._frame_s)


def open_stream(
    url: str, *, transport: Transport, connect_within_s: float, read_within_s: float, name: str
) -> LiveStream:
    """Opens an rtsp or rtsps URL; user name and password may be in it, percent-encoded, and go nowhere else.

    connect_within_s: for each answer of the camera until it plays; read_within_s: for each packet after that. Returns
    when a keyframe has come and how late packets come is known, SETTLES_IN_S later. name: the camera's, for messages.
    Raises StreamUnreachable, PasswordRefused, PathUnknown, RedirectRefused or StreamUnusable; StreamLost or
    StreamSilent where it fails after the connection was made.
    """
    greet(url, within_s=connect_within_s, name=name)
    container, failure = None, StreamError(name, "was not opened")
    options = {
        "protocol_whitelist": PROTOCOLS,
        "rtsp_transport": transport,
        "allowed_media_types": "video",  # with sound beside it FFmpeg would take its times from the camera's clock
        "timeout": str(math.ceil(read_within_s * 1e6)),  # microseconds; `stimeout` is ignored without a word
    } | QUICK
    try:
        # the second rope: the timeout of the protocol does not cover every wait
        container = av.open(url, format="rtsp", options=options, timeout=(connect_within_s, read_within_s))
    except av.error.FFmpegError as error:
        failure = _why_not_opened(name, error)
    if container is None:
        raise failure  # outside of the handler, since FFmpeg's own error holds the URL with its password
    stream = None
    try:
        stream = _settled(container, name, read_within_s, gathers=transport == "tcp")
    finally:
        if stream is None:
            container.close()
    return stream


def _settled(container: av.container.InputContainer, name: str, silent_s: float, *, gathers: bool) -> LiveStream:
    if not container.streams.video:
        raise StreamUnusable(name, "no video")
    video = container.streams.video[0]
    if video.codec_context is None or video.codec_context.name not in CODECS:
        codec = "an unknown codec" if video.codec_context is None else video.codec_context.name
        raise StreamUnusable(name, codec)
    stream = LiveStream(container, video, name, silent_s, gathers=gathers)
    stream.settle()
    return stream


def _why_not_opened(name: str, error: av.error.FFmpegError) -> StreamError:
    if isinstance(error, av.error.HTTPUnauthorizedError | av.error.HTTPForbiddenError):
        return PasswordRefused(name)
    if isinstance(error, av.error.HTTPNotFoundError):
        return PathUnknown(name)
    if isinstance(error, av.error.TimeoutError | av.error.ExitError):
        return StreamUnreachable(name, "it did not answer in time")
    if isinstance(error, OSError) and error.errno == errno.EPROTONOSUPPORT:
        return StreamUnusable(name, "nothing by this transport (choose the other of TCP and UDP)")
    if isinstance(error, av.error.InvalidDataError):
        # what FFmpeg says to an answer that is none, and to a connection that takes the question and stays silent
        return StreamUnreachable(name, "what it answered is not RTSP, or nothing")
    return StreamUnreachable(name, error.strerror or "unknown reason")


def _usual_step(held: list[LivePacket]) -> int | None:
    """Ticks from picture to picture."""
    shown = sorted(each.pts for each in held if each.pts is not None)
    steps = [later - earlier for earlier, later in pairwise(shown) if later > earlier]
    return round(statistics.median(steps)) if len(steps) >= 3 else None


def _paced(held: list[LivePacket], facts: StreamFacts) -> list[LivePacket]:
    """The heap of packets from the opening, each with the moment it would have come at the pace of the last ones.

    FFmpeg gives the first picture no time of its own; it is one picture before the second.
    """
    step = max(round(1 / (facts.frame_rate * facts.time_base)), 1)
    if held[0].pts is None and len(held) > 1 and held[1].pts is not None:
        held[0] = replace(held[0], pts=held[1].pts - step)
    if held[0].dts is None and len(held) > 1 and held[1].dts is not None:
        held[0] = replace(held[0], dts=held[1].dts - step)
    timed = [(each.arrival_s, float(each.pts * facts.time_base)) for each in held if each.pts is not None]
    if not timed:
        return held
    least_s = min(arrival_s - shown_s for arrival_s, shown_s in timed)
    return [
        each
        if each.pts is None
        else replace(each, arrival_s=min(each.arrival_s, least_s + float(each.pts * facts.time_base)))
        for each in held
    ]


def _size_in(keyframe: LivePacket, codec: str) -> tuple[int, int]:
    """Width and height as the decoder finds them; (0, 0) where it does not."""
    context = av.CodecContext.create(codec, "r")
    assert isinstance(context, av.VideoCodecContext)
    context.thread_count = 1
    try:
        pictures = context.decode(av.Packet(bytes(keyframe.packet))) + context.decode(None)
    except av.error.FFmpegError:
        return 0, 0  # the caller says what that means
    return (pictures[0].width, pictures[0].height) if pictures else (0, 0)
