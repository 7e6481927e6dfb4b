"""Cutting a clip: the ring's packets re-wrapped on GOP boundaries. Nothing is decoded and nothing is encoded.

The payload of every packet is the camera's own; its digest over the range is in the recipe, so anybody can show that
the packets of the clip are those of the source.
"""

import errno
import hashlib
import os
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
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
    """Whole GOPs that cover the wanted seconds; from_s and to_s are the times of their first and last picture.

    asked_from_s and asked_to_s: first and last picture of the seconds that were wanted, as far as they are there.
    """

    gops: tuple[tuple[TimedPacket, ...], ...]
    from_s: float
    to_s: float
    asked_from_s: float
    asked_to_s: float

    @property
    def packets(self) -> list[TimedPacket]:
        return [packet for gop in self.gops for packet in gop]


def clip_range(ring: PacketRing, from_s: float, to_s: float) -> ClipRange:
    """The GOPs of the ring that cover [from_s, to_s]. Raises CutFailed where the ring has none of them."""
    gops = tuple(tuple(gop) for gop in ring.gops(from_s, to_s))
    if not gops:
        raise CutFailed(f"no packets of {from_s:.1f}–{to_s:.1f} s are left in the ring; make it longer")
    times = [packet.media_s for gop in gops for packet in gop]
    asked = [media_s for media_s in times if from_s <= media_s <= to_s] or times
    return ClipRange(gops, min(times), max(times), min(asked), max(asked))


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
    else:
        options["avoid_negative_ts"] = "disabled"  # it would move all pictures for decoding times that are not written
    try:
        with av.open(str(path), "w", format=container, options=options) as output:
            target = output.add_stream_from_template(stream)
            for each, dts in zip(packets, _decoding_times(packets), strict=True):
                # muxing rewrites a packet's timestamps; the ring's own must stay as they are
                copy = av.Packet(bytes(each.packet))
                copy.stream = target
                copy.time_base = each.packet.time_base
                copy.pts, copy.dts = each.pts - start, dts - start
                copy.duration = each.packet.duration or 0
                copy.is_keyframe = each.keyframe
                output.mux(copy)
    except (av.error.FFmpegError, ValueError) as error:
        raise_disk_trouble(error, path)
        raise CutFailed(f"{path.name}: the packets cannot be put into {container} ({error})") from error


def raise_disk_trouble(error: Exception, path: Path) -> None:
    """FFmpeg's error as the operating system's where the disk is to blame, so that nobody takes it for the clip's."""
    number = getattr(error, "errno", None)
    if number in (errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.EFBIG):
        raise OSError(number, os.strerror(number), str(path)) from error


def _decoding_times(packets: Sequence[TimedPacket]) -> list[int]:
    """The source's decoding times, or where they are missing or stand still, such as a container takes.

    Rising, and none after its picture is shown: the presentation times in order, moved forward as far as it needs.
    """
    known = [each.dts for each in packets]
    rising = all(earlier < later for earlier, later in pairwise(known))
    if rising and all(each.dts <= each.pts for each in packets):
        return known
    shown = sorted(each.pts for each in packets)
    for number in range(1, len(shown)):
        shown[number] = max(shown[number], shown[number - 1] + 1)
    ahead = max(at - each.pts for at, each in zip(shown, packets, strict=True))
    return [at - max(ahead, 0) for at in shown]


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
    first, last = (find(packets, key=lambda packet: packet.pts) for find in (min, max))
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
        "first_pts": first.pts - first.offset,
        "last_pts": last.pts - last.offset,
        "payload_sha256": payload_sha256(packets),
        "source_sha256": source_sha256,
        "from_s": round(clip.from_s, 6),
        "to_s": round(clip.to_s, 6),
        "gaps": [[round(a, 3), round(b, 3)] for a, b in gaps if a < clip.to_s and b > clip.from_s],
        "plays_in_browser": facts.plays_in_browsers,
    }
