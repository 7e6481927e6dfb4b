"""A derivative that browsers play, for clips whose own codec they do not. The original stays the evidence."""

from collections.abc import Iterable
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import av.error
from av.video.stream import VideoStream

from detectors.frame import Frame
from ingest.clip_cut import raise_disk_trouble
from ingest.errors import CutFailed
from ingest.packet_source import StreamFacts

ENCODER = "libx264"
# For looking, beside an original that stays the evidence: every picture at its full size, since small things are what
# is looked for. `crf` 30 makes it 2 dB finer, for half as much work and half as many bytes again.
# One thread: with more, the number of cores would decide what the bytes are.
SETTINGS = {"preset": "ultrafast", "qp": "28", "threads": "1"}
TIME_BASE = Fraction(1, 90_000)


def write_browser_copy(frames: Iterable[Frame], facts: StreamFacts, path: Path) -> None:
    """Encodes the frames as H.264 in MP4, each shown when it was taken.

    Raises CutFailed; OSError passes (a full disk).
    """
    try:
        with av.open(str(path), "w", format="mp4", options={"movflags": "+faststart", "fflags": "+bitexact"}) as output:
            stream = output.add_stream(ENCODER, rate=facts.frame_rate, options=SETTINGS)
            assert isinstance(stream, VideoStream)
            stream.width, stream.height = facts.width // 2 * 2, facts.height // 2 * 2
            stream.pix_fmt = "yuv420p"
            stream.codec_context.time_base = TIME_BASE
            first_s: float | None = None
            for frame in frames:
                first_s = frame.media_s if first_s is None else first_s
                picture = av.VideoFrame.from_numpy_buffer(frame.planes, format="yuv420p")
                picture.pts, picture.time_base = round((frame.media_s - first_s) / TIME_BASE), TIME_BASE
                output.mux(stream.encode(picture))
            output.mux(stream.encode(None))
    except (av.error.FFmpegError, ValueError) as error:
        raise_disk_trouble(error, path)
        raise CutFailed(f"{path.name}: no copy for browsers could be made ({error})") from error


def browser_copy_recipe(original_sha256: str) -> dict[str, Any]:
    version = ".".join(str(part) for part in av.library_versions["libavcodec"])
    return {
        "how": "transcode",
        "original_sha256": original_sha256,
        "encoder": f"{ENCODER} through libavcodec {version}",
        "settings": dict(SETTINGS),
        "codec": "h264",
    }
