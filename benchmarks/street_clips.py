"""Streets as a camera sends them: 1080p25 H.264, 4 Mbit/s, a keyframe every 2 s, no B-pictures, one reference.

Made once from the development footage, enlarged and looped, with a sensor's noise on top; each clip is one view, since
a camera that shows another street is noticed. Busy: people, a motorway, a street with a queue. Quiet: the people's
street when nobody is there, and then a few seconds with people. Without footage, both are drawn: rectangles that drive.
"""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import count
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
from numpy.typing import NDArray

WIDTH, HEIGHT, RATE, GOP, SECONDS = 1920, 1080, 25, 50, 30
BIT_RATE = 4_000_000
SMALL_WIDTH, SMALL_HEIGHT, SMALL_BIT_RATE = 640, 360, 500_000
RECIPE = "1"  # another one makes the clips anew
PEOPLE, MOTORWAY, STREET = "shopping_street_people.mp4", "motorway_bridge_day.mp4", "street_queue_and_traffic.mp4"
QUIET_S = 25  # of a quiet clip; then people come
NOISE = 2.0  # standard deviation in luma steps
OPTIONS = {
    "preset": "veryfast",
    "b": str(BIT_RATE),
    "maxrate": str(BIT_RATE),
    "bufsize": str(BIT_RATE),
    "x264-params": f"keyint={GOP}:min-keyint={GOP}:scenecut=0:bframes=0:ref=1",
}

Planes = NDArray[np.uint8]  # I420, (HEIGHT * 3 / 2, WIDTH)


@dataclass(frozen=True)
class Streets:
    busy: tuple[Path, ...]
    quiet: tuple[Path, ...]


def streets(footage: Path | None, folder: Path) -> Streets:
    """The clips, made where `folder` does not hold them yet."""
    folder.mkdir(parents=True, exist_ok=True)
    if footage is None:
        return Streets(
            (_kept(folder, "drawn_busy", lambda: _drawn(12)),), (_kept(folder, "drawn_quiet", _drawn_quiet),)
        )
    busy = tuple(
        _kept(folder, f"busy_{name}", lambda clip=name: _enlarged(footage / clip))
        for name in (PEOPLE, MOTORWAY, STREET)
    )
    return Streets(busy, (_kept(folder, f"quiet_{PEOPLE}", lambda: _mostly_empty(footage / PEOPLE)),))


def small_ones(clips: Sequence[Path], folder: Path) -> tuple[Path, ...]:
    """The same pictures as the small stream of such a camera sends them."""
    return tuple(_small_one(clip, folder) for clip in clips)


def _small_one(clip: Path, folder: Path) -> Path:
    path = folder / f"small_{clip.name}"
    if path.exists():
        return path
    print(f"making {path.name}, once", flush=True)
    unfinished = path.with_suffix(".part")
    rates = {"b": str(SMALL_BIT_RATE), "maxrate": str(SMALL_BIT_RATE), "bufsize": str(SMALL_BIT_RATE)}
    with av.open(str(clip)) as read, av.open(str(unfinished), "w", format="mp4") as written:
        stream = written.add_stream("libx264", rate=RATE, options=OPTIONS | rates)
        stream.width, stream.height, stream.pix_fmt = SMALL_WIDTH, SMALL_HEIGHT, "yuv420p"
        for number, frame in enumerate(read.decode(video=0)):
            small = frame.reformat(width=SMALL_WIDTH, height=SMALL_HEIGHT, format="yuv420p")
            small.pts, small.time_base = number, Fraction(1, RATE)
            written.mux(stream.encode(small))
        written.mux(stream.encode(None))
    unfinished.rename(path)
    return path


def _kept(folder: Path, name: str, pictures: Any) -> Path:
    made_by = hashlib.sha256(repr((RECIPE, OPTIONS, SECONDS, QUIET_S, NOISE)).encode()).hexdigest()[:8]
    path = folder / f"{Path(name).stem}_{made_by}.mp4"
    if not path.exists():
        print(f"making {path.name}, once", flush=True)
        unfinished = path.with_suffix(".part")
        _encode(pictures(), unfinished)
        unfinished.rename(path)
    return path


def _encode(pictures: Iterator[Planes], path: Path) -> None:
    grain = _grain()
    with av.open(str(path), "w", format="mp4") as written:
        stream = written.add_stream("libx264", rate=RATE, options=OPTIONS)
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        for number, planes in zip(range(RATE * SECONDS), pictures, strict=False):
            planes[:HEIGHT] = next(grain)(planes[:HEIGHT])
            frame = av.VideoFrame.from_ndarray(planes, format="yuv420p")
            frame.pts, frame.time_base = number, Fraction(1, RATE)
            written.mux(stream.encode(frame))
        written.mux(stream.encode(None))


def _grain() -> Iterator[Any]:
    """Noise for one picture after another: one large field, seen at another place each time."""
    random = np.random.default_rng(1)
    field = random.normal(0, NOISE, (HEIGHT + 256, WIDTH + 256)).round()
    lighter, darker = field.clip(0, 255).astype(np.uint8), (-field).clip(0, 255).astype(np.uint8)
    while True:
        y, x = (int(each) for each in random.integers(0, 256, 2))
        here = slice(y, y + HEIGHT), slice(x, x + WIDTH)
        yield lambda luma, here=here: cv2.subtract(cv2.add(luma, lighter[here]), darker[here])


def _enlarged(clip: Path) -> Iterator[Planes]:
    """The clip at our size and rate, again and again."""
    while True:
        with av.open(str(clip)) as source:
            due = count()
            next_s = next(due) / RATE
            for frame in source.decode(video=0):
                if frame.time is None or frame.time < next_s:
                    continue
                planes = _planes(frame)
                while frame.time >= next_s:
                    yield planes.copy()
                    next_s = next(due) / RATE


def _planes(frame: av.VideoFrame) -> Planes:
    scaled = frame.reformat(width=WIDTH, height=HEIGHT, format="yuv420p")
    return np.asarray(scaled.to_ndarray(), dtype=np.uint8)


def _mostly_empty(clip: Path) -> Iterator[Planes]:
    """What is in the picture more often than not is the street without the people."""
    with av.open(str(clip)) as source:
        seen = [_planes(frame) for number, frame in enumerate(source.decode(video=0)) if number % 20 == 0]
    empty = np.median(np.stack(seen), axis=0).astype(np.uint8)
    for _ in range(QUIET_S * RATE):
        yield empty.copy()
    yield from _enlarged(clip)


def _drawn(vehicles: int) -> Iterator[Planes]:
    street = _ground()
    random = np.random.default_rng(2)
    starts, speeds = random.uniform(0, WIDTH, vehicles), random.uniform(-300, 300, vehicles)
    for number in count():
        planes = street.copy()
        for vehicle, (start, speed) in enumerate(zip(starts, speeds, strict=True)):
            x, y = int(start + speed * number / RATE) % WIDTH, 300 + 50 * vehicle
            planes[y : y + 90, x : x + 200] = 40 + 15 * vehicle
        yield planes


def _drawn_quiet() -> Iterator[Planes]:
    for _, planes in zip(range(QUIET_S * RATE), _drawn(0), strict=False):
        yield planes
    yield from _drawn(12)


def _ground() -> Planes:
    planes = np.full((HEIGHT * 3 // 2, WIDTH), 128, np.uint8)
    coarse = np.random.default_rng(3).integers(60, 200, (27, 48), np.uint8)
    planes[:HEIGHT] = cv2.resize(coarse, (WIDTH, HEIGHT), interpolation=cv2.INTER_CUBIC)
    return planes
