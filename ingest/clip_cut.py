"""Cutting a clip: the ring's packets re-wrapped on GOP boundaries. Nothing is decoded and nothing is encoded.

The payload of every packet is the camera's own; its digest over the range is in the recipe, so anybody can show that
the packets of the clip are those of the source.
"""

import errno
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import av
import av.error
from av.video.stream import VideoStream

from ingest.errors import CutFailed
from ingest.packet_ring import PacketRing
from ingest.packet_source import MP4_CODECS, StreamFacts, TimedPacket


@dataclass(frozen=True)
class ClipRange:
    """Whole GOPs that cover the wanted seconds; from_s and to_s are the times of their first and last picture."""

    gops: tuple[tuple[TimedPacket, ...], ...]
    from_s: float
    to_s: float

    @property
    def packets(self) -> list[TimedPacket]:
        return [packet for gop in self.gops for packet in gop]


def clip_range(ring: PacketRing, from_s: float, to_s: float) -> ClipRange:
    """The GOPs of the ring that cover [from_s, to_s]. Raises CutFailed where the ring has none of them."""
    gops = tuple(tuple(gop) for gop in ring.gops(from_s, to_s))
    if not gops:
        raise CutFailed(f"no packets of {from_s:.1f}–{to_s:.1f} s are left in the ring; make it longer")
    times = [packet.media_s for gop in gops for packet in gop]
    return ClipRange(gops, min(times), max(times))


def container_of(facts: StreamFacts) -> tuple[str, str, str]:
    """Name of the container, file suffix and media type for a stream copy of this codec."""
    if facts.codec in MP4_CODECS:
        return "mp4", ".mp4", "video/mp4"
    return "matroska", ".mkv", "video/x-matroska"


def write_clip(packets: Sequence[TimedPacket], stream: VideoStream, container: str, path: Path) -> None:
    """Re-wraps the packets into a file that starts at time 0. Raises CutFailed; OSError passes (a full disk)."""
    start = min(packet.pts for packet in packets)
    # bitexact: no writing date and no library name, so that the same packets make the same file
    options = {"fflags": "+bitexact"}
    if container == "mp4":
        options["movflags"] = "+faststart"
    try:
        with av.open(str(path), "w", format=container, options=options) as output:
            target = output.add_stream_from_template(stream)
            for each in packets:
                # muxing rewrites a packet's timestamps; the ring's own must stay as they are
                copy = av.Packet(bytes(each.packet))
                copy.stream = target
                copy.time_base = each.packet.time_base
                copy.pts, copy.dts = each.pts - start, each.dts - start
                copy.duration = each.packet.duration or 0
                copy.is_keyframe = each.keyframe
                output.mux(copy)
    except (av.error.FFmpegError, ValueError) as error:
        if getattr(error, "errno", None) in (errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.EFBIG):
            raise OSError(error.errno, error.strerror, str(path)) from error  # type: ignore[union-attr]
        raise CutFailed(f"{path.name}: the packets cannot be put into {container} ({error})") from error


def payload_sha256(packets: Sequence[TimedPacket]) -> str:
    digest = hashlib.sha256()
    for each in packets:
        digest.update(bytes(each.packet))
    return digest.hexdigest()


def clip_recipe(
    clip: ClipRange, facts: StreamFacts, source_sha256: str | None, gaps: Sequence[tuple[float, float]]
) -> dict[str, Any]:
    """How the clip was made, so that it can be made again from the source."""
    packets = clip.packets
    container, _, _ = container_of(facts)
    return {
        "how": "remux",
        "container": container,
        "codec": facts.codec,
        "width": facts.width,
        "height": facts.height,
        "frame_rate": str(facts.frame_rate),
        "time_base": str(facts.time_base),
        "packets": len(packets),
        "gops": len(clip.gops),
        "first_pts": packets[0].pts - packets[0].offset,
        "last_pts": max(packet.pts - packet.offset for packet in packets),
        "payload_sha256": payload_sha256(packets),
        "source_sha256": source_sha256,
        "from_s": round(clip.from_s, 6),
        "to_s": round(clip.to_s, 6),
        "gaps": [[round(a, 3), round(b, 3)] for a, b in gaps if a < clip.to_s and b > clip.from_s],
        "plays_in_browser": facts.plays_in_browsers,
    }
