"""What a camera is like before it is watched: its stream measured for some seconds, its ONVIF service asked.

`advice` says in plain words what is to be changed in the camera's own settings. Nothing is stored and nothing is
changed; what is dialled is the checked address of the camera and nothing else.
"""

import math
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise

from ingest.camera_address import Address, StreamUrl
from ingest.camera_clock import CameraClock, ClockOffset
from ingest.live_stream import KEYFRAME_WITHIN_S, Transport, open_stream
from ingest.live_time import LiveTime
from ingest.onvif_device import ClockReading, DeviceFacts, OnvifDevice, Profile

CONNECT_WITHIN_S, READ_WITHIN_S = 10.0, 10.0
DUE_KEYFRAME_S = 2.5  # a look every 2 s, and a little for a camera that does not count exactly
EVIDENCE_WIDTH, EVIDENCE_HEIGHT = 1280, 720  # GA/T 832-2014 asks for at least this
CLOCK_LIMIT_S = 1.0  # above it the sufficiency check speaks against the case
FEW_FRAMES = 10.0


@dataclass(frozen=True)
class StreamReport:
    """The stream as it came. keyframe_s: the longest distance between keyframes; None: there was no second one."""

    codec: str
    width: int
    height: int
    frame_rate: float
    keyframe_s: float | None
    bit_rate_bps: float
    watched_s: float
    packets: int
    corrupt: int
    gaps: int
    clock: ClockOffset | None  # None: the stream does not tell the camera's time


@dataclass(frozen=True)
class DeviceReport:
    """What the camera's ONVIF service says."""

    facts: DeviceFacts
    clock: ClockReading
    profiles: tuple[Profile, ...]


def probe_stream(
    url: StreamUrl,
    address: Address,
    *,
    username: str | None,
    password: str | None,
    transport: Transport,
    seconds: float,
    utc: Callable[[float], datetime],
) -> StreamReport:
    """Watches the stream for that long, and on until a second keyframe has come or is not to be waited for.

    utc: our UTC at a moment of the monotonic clock. Raises StreamError.
    """
    with open_stream(
        url.at(address, username, password),
        transport=transport,
        connect_within_s=CONNECT_WITHIN_S,
        read_within_s=READ_WITHIN_S,
        name=url.place,
    ) as stream:
        facts = stream.facts
        times, clock = LiveTime(), CameraClock()
        times.connected(facts.time_base, float(1 / facts.frame_rate))
        began_s = time.monotonic()
        seen: list[float] = []  # media seconds
        keyframes: list[float] = []
        packet_bytes = corrupt = gaps = 0
        for packet in stream.packets():
            placed = times.place(packet.pts, packet.dts, packet.arrival_s)
            clock.packet(placed.media_s, utc(packet.arrival_s), packet.camera_utc)
            seen.append(placed.media_s)
            packet_bytes += packet.packet.size
            corrupt += packet.corrupt
            gaps += placed.gap is not None
            if packet.keyframe:
                keyframes.append(placed.media_s)
            passed_s = time.monotonic() - began_s
            if passed_s >= seconds and (len(keyframes) > 1 or passed_s >= KEYFRAME_WITHIN_S):
                break
        watched_s = max(seen) - min(seen) + float(1 / facts.frame_rate)
        return StreamReport(
            codec=facts.codec,
            width=facts.width,
            height=facts.height,
            frame_rate=float(facts.frame_rate),
            keyframe_s=max((later - earlier for earlier, later in pairwise(keyframes)), default=None),
            bit_rate_bps=8 * packet_bytes / watched_s,
            watched_s=watched_s,
            packets=len(seen),
            corrupt=corrupt,
            gaps=gaps,
            clock=clock.offset(utc(time.monotonic())),
        )


def probe_device(url: StreamUrl, address: Address, *, username: str | None, password: str | None) -> DeviceReport:
    """Asks the camera who it is, what time it has and what it streams. Raises DeviceError."""
    device = OnvifDevice(url, address, username=username, password=password)
    return DeviceReport(device.device_facts(), device.clock(), tuple(device.profiles()))


def advice(stream: StreamReport | None, device: DeviceReport | None) -> list[str]:
    """What to change so that it can be watched well and its evidence stands; empty: nothing."""
    said = [*(_stream_advice(stream) if stream else ()), _clock_advice(stream, device)]
    said += [
        f"profile {profile.name} is MJPEG, which cannot be watched: set it to H.264"
        for profile in (device.profiles if device else ())
        if profile.codec == "JPEG"
    ]
    return [each for each in said if each is not None]


def _stream_advice(stream: StreamReport) -> Iterator[str]:
    if stream.keyframe_s is None or stream.keyframe_s > DUE_KEYFRAME_S:
        found = (
            f"no second keyframe came in {stream.watched_s:.0f} s"
            if stream.keyframe_s is None
            else f"keyframes are up to {stream.keyframe_s:.1f} s apart"
        )
        yield (
            f"{found}: set the I-frame interval to 2 s ({math.ceil(2 * stream.frame_rate)} frames) and switch smart "
            "codecs (H.264+, H.265+, SVC) off; as it is, pictures between the looks are decoded for nothing"
        )
    if stream.codec == "hevc":
        yield (
            "H.265 costs more to watch than H.264, and most browsers show its clips only as converted copies: choose "
            "H.264 where the network carries it"
        )
    if stream.width < EVIDENCE_WIDTH or stream.height < EVIDENCE_HEIGHT:
        yield (
            f"{stream.width}x{stream.height} is smaller than the {EVIDENCE_WIDTH}x{EVIDENCE_HEIGHT} that evidence "
            "needs: use the main stream as the source, and this one as sub_source"
        )
    if stream.frame_rate < FEW_FRAMES:
        yield f"{stream.frame_rate:g} frames a second show the moment of a stop only roughly: 15 to 25 are good"
    if stream.corrupt or stream.gaps:
        yield (
            f"{stream.corrupt} damaged packets and {stream.gaps} gaps in {stream.watched_s:.0f} s: look at cable, "
            "switch and bit rate; over UDP try transport tcp"
        )


def _clock_advice(stream: StreamReport | None, device: DeviceReport | None) -> str | None:
    measured = [each for each in (stream.clock if stream else None, device.clock if device else None) if each]
    if not measured:
        return (
            "the stream does not tell the camera's time (no RTCP sender reports): give its ONVIF address, so that its "
            "clock can be measured"
        )
    best = min(measured, key=lambda each: each.error_s)
    if abs(best.offset_s) - best.error_s <= CLOCK_LIMIT_S:
        return None
    side = "behind" if best.offset_s > 0 else "ahead of"
    return (
        f"its clock is {abs(best.offset_s):.1f} s {side} ours: have both set by the same NTP server, and switch any "
        "other time source (platform, browser) off"
    )
