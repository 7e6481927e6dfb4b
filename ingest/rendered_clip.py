"""A rendered story as a recording: H.264 in MP4, as a camera would have sent it, with a start that is known.

A keyframe every two seconds and no B-frames, as street cameras are set; picture n is taken n / RATE seconds after the
start. Written whole or not at all.
"""

from collections.abc import Callable
from datetime import UTC, datetime
from fractions import Fraction
from pathlib import Path

import av
import av.error
from av.video.stream import VideoStream

from detectors.rendered_street.film import RATE, Film
from ingest.clip_cut import raise_disk_trouble
from ingest.errors import NotRendered
from models.whole_file import whole_file

KEYFRAME_EVERY_S = 2
SETTINGS = {"preset": "superfast", "crf": "25", "bf": "0"}


def write_rendered_clip(
    film: Film, path: Path, started_at: datetime, on_progress: Callable[[float], None] = lambda _share: None
) -> None:
    """`on_progress` is given the share that is done, 0..1. Raises NotRendered; OSError passes (a full disk)."""
    keyframe_every = KEYFRAME_EVERY_S * RATE
    exact = f"keyint={keyframe_every}:min-keyint={keyframe_every}:scenecut=0"
    try:
        with whole_file(path) as file, av.open(file, "w", format="mp4") as output:
            output.metadata["creation_time"] = started_at.astimezone(UTC).isoformat()
            stream = output.add_stream("libx264", rate=RATE, options={**SETTINGS, "x264-params": exact})
            assert isinstance(stream, VideoStream)
            stream.width, stream.height = film.size
            stream.pix_fmt = "yuv420p"
            stream.codec_context.time_base = Fraction(1, RATE)
            for number in range(film.pictures):
                picture = av.VideoFrame.from_numpy_buffer(film.planes(number), format="yuv420p")
                picture.pts, picture.time_base = number, Fraction(1, RATE)
                output.mux(stream.encode(picture))
                on_progress((number + 1) / film.pictures)
            output.mux(stream.encode(None))
    except (av.error.FFmpegError, ValueError) as error:
        raise_disk_trouble(error, path)
        raise NotRendered(path, str(error)) from error
