"""Small real clips of a street: drawn here, encoded by real encoders, with every time in them known.

A `Film` says what happens in the street and how it is encoded; picture n is taken at n / RATE seconds. `rewrap` then
does to the packets what cameras, networks and disks do: other timestamps, lost and damaged packets, a file cut off.
"""

import hashlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
from numpy.typing import NDArray

Picture = NDArray[np.uint8]

RATE = 10  # pictures a second
WIDTH, HEIGHT = 320, 240
VEHICLE = (64, 40)
BUS = (150, 110)
# BGR, bright enough for a stand-in detector that knows colours alone; the street and the sensor's noise are grey
PALETTE = {
    "red": (40, 40, 215),
    "green": (50, 190, 50),
    "blue": (215, 70, 40),
    "yellow": (40, 205, 215),
    "magenta": (200, 50, 190),
    "cyan": (205, 190, 40),
    "red of another": (40, 40, 215),  # the same paint, windows and dirt of its own
}


@dataclass(frozen=True)
class Vehicle:
    """way: (second, x, y) of its upper left corner; straight on between two of them, out of the picture outside."""

    colour: str
    way: tuple[tuple[float, float, float], ...]
    size: tuple[int, int] = VEHICLE

    def at(self, second: float) -> tuple[int, int] | None:
        times = [time for time, _, _ in self.way]
        if not times[0] - 1e-6 <= second <= times[-1] + 1e-6:
            return None
        x = np.interp(second, times, [x for _, x, _ in self.way])
        y = np.interp(second, times, [y for _, _, y in self.way])
        return round(float(x)), round(float(y))


FOREVER_S = 10_000.0
DRIVE_S = 1.5  # from the edge of the picture to the place, and from there out of it


def parks(
    colour: str,
    at: tuple[float, float] = (120, 150),
    *,
    stops_s: float | None = None,
    leaves_s: float | None = None,
    size: tuple[int, int] = VEHICLE,
) -> Vehicle:
    """Comes from the left and stands from `stops_s` (None: from the start) until `leaves_s` (None: to the end)."""
    x, y = at
    way = [(-1.0, x, y)] if stops_s is None else [(stops_s - DRIVE_S, -float(size[0]), y), (stops_s, x, y)]
    if leaves_s is None:
        way.append((FOREVER_S, x, y))
    else:
        way += [(leaves_s, x, y), (leaves_s + DRIVE_S, WIDTH + 10.0, y)]
    return Vehicle(colour, tuple(way), size)


def passes(colour: str, enters_s: float, *, takes_s: float = 3.0, y: float = 150) -> Vehicle:
    return Vehicle(colour, ((enters_s, -float(VEHICLE[0]), y), (enters_s + takes_s, WIDTH + 10.0, y)))


@dataclass(frozen=True)
class Film:
    vehicles: tuple[Vehicle, ...] = ()  # a later one is in front of an earlier one
    seconds: float = 10.0
    codec: str = "libx264"
    container: str = "mp4"
    gop: int = RATE  # pictures
    b_frames: int = 0
    open_gop: bool = False
    size: tuple[int, int] = (WIDTH, HEIGHT)
    pixels: str = "yuv420p"

    @property
    def pictures(self) -> int:
        return round(self.seconds * RATE)

    def picture(self, number: int) -> Picture:
        """BGR, with the noise of a sensor, which makes no two pictures alike."""
        width, height = self.size
        canvas = _street(width, height).copy()
        for vehicle in self.vehicles:
            corner = vehicle.at(number / RATE)
            if corner is not None:
                _paste(canvas, _body(vehicle.colour, vehicle.size), *corner)
        noisy = canvas.astype(np.int16) + _noise(width, height)[number % NOISES]
        return np.asarray(np.clip(noisy, 0, 255), dtype=np.uint8)

    def write(self, path: Path) -> None:
        with av.open(str(path), "w", format=self.container) as output:
            stream: Any = output.add_stream(self.codec, rate=RATE, options=self._options())
            stream.width, stream.height = self.size
            stream.pix_fmt = self.pixels
            stream.codec_context.time_base = Fraction(1, RATE)
            stream.codec_context.thread_count = 1
            for number in range(self.pictures):
                frame = av.VideoFrame.from_ndarray(self.picture(number), format="bgr24")
                frame.pts = number
                output.mux(stream.encode(frame))
            output.mux(stream.encode(None))

    def _options(self) -> dict[str, str]:
        options = {"g": str(self.gop), "bf": str(self.b_frames)}
        if self.codec == "libx264":
            options |= {"preset": "ultrafast", "crf": "20", "keyint_min": str(self.gop), "sc_threshold": "0"}
            options["x264-params"] = f"scenecut=0:b-adapt=0:open-gop={int(self.open_gop)}"
        else:
            options |= {"qscale": "3", "flags": "+qscale", "sc_threshold": "1000000000"}
        return options


@dataclass(frozen=True)
class Parcel:
    """One packet on its way from one container to another; pts and dts in ticks of `time_base`, or missing."""

    payload: bytes
    pts: int | None
    dts: int | None
    duration: int
    keyframe: bool


Change = Callable[[list[Parcel]], Iterable[Parcel]]


def rewrap(source: Path, target: Path, change: Change, container: str) -> None:
    """The packets of `source` through `change` into `target`; ticks are 1/1000 s."""
    tick = Fraction(1, 1000)
    with av.open(str(source)) as read, av.open(str(target), "w", format=container) as written:
        stream = read.streams.video[0]
        base = Fraction(stream.time_base or tick)
        parcels = [
            Parcel(
                bytes(packet),
                None if packet.pts is None else round(packet.pts * base / tick),
                None if packet.dts is None else round(packet.dts * base / tick),
                round((packet.duration or 0) * base / tick),
                packet.is_keyframe,
            )
            for packet in read.demux(stream)
            if packet.size
        ]
        copy = written.add_stream_from_template(stream)
        for parcel in change(parcels):
            packet = av.Packet(parcel.payload)
            packet.stream, packet.time_base = copy, tick
            packet.pts, packet.dts, packet.duration = parcel.pts, parcel.dts, parcel.duration
            packet.is_keyframe = parcel.keyframe
            written.mux(packet)


def shifted(from_s: float, by_s: float) -> Change:
    """Timestamps from `from_s` on jump by `by_s`."""

    def change(parcels: list[Parcel]) -> Iterable[Parcel]:
        for each in parcels:
            if each.dts is not None and each.dts >= from_s * 1000:
                yield replace(each, pts=_plus(each.pts, by_s), dts=_plus(each.dts, by_s))
            else:
                yield each

    return change


def _plus(ticks: int | None, seconds: float) -> int | None:
    return None if ticks is None else ticks + round(seconds * 1000)


def damaged(numbers: Iterable[int]) -> Change:
    """The payload of the packets with these numbers in decoding order is overwritten from its middle on."""
    bad = set(numbers)

    def change(parcels: list[Parcel]) -> Iterable[Parcel]:
        for number, each in enumerate(parcels):
            yield replace(each, payload=_scribbled(each.payload)) if number in bad else each

    return change


def _scribbled(payload: bytes) -> bytes:
    scribble = b"".join(hashlib.sha256(payload + bytes([number])).digest() for number in range(8))
    middle = len(payload) // 2
    return payload[:middle] + (scribble * (len(payload) // len(scribble) + 1))[: len(payload) - middle]


def stumps(numbers: Iterable[int]) -> Change:
    """Of the packets with these numbers in decoding order, the first bytes alone arrive: no decoder takes them."""
    bad = set(numbers)

    def change(parcels: list[Parcel]) -> Iterable[Parcel]:
        for number, each in enumerate(parcels):
            yield replace(each, payload=each.payload[:3]) if number in bad else each

    return change


def without(numbers: Iterable[int]) -> Change:
    """The packets with these numbers in decoding order are lost."""
    lost = set(numbers)
    return lambda parcels: [each for number, each in enumerate(parcels) if number not in lost]


class Films:
    """Clips by what is in them: encoded once, then given again."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._made: dict[Film, Path] = {}

    def __call__(self, film: Film) -> Path:
        if film not in self._made:
            path = self._folder / f"{len(self._made):03}.{film.container}"
            film.write(path)
            self._made[film] = path
        return self._made[film]


def broken_off(source: Path, target: Path, share: float) -> None:
    """The first `share` of the bytes: a disk that was pulled out, an upload that stopped."""
    data = source.read_bytes()
    target.write_bytes(data[: int(len(data) * share)])


def sound_only(path: Path) -> None:
    with av.open(str(path), "w", format="mp4") as output:
        stream: Any = output.add_stream("aac", rate=8000)
        stream.layout = "mono"
        for number in range(8):
            frame = av.AudioFrame.from_ndarray(np.zeros((1, 1024), np.float32), format="fltp", layout="mono")
            frame.sample_rate, frame.pts = 8000, number * 1024
            output.mux(stream.encode(frame))
        output.mux(stream.encode(None))


NOISES = 8
NOISE_LEVEL = 3.0


@lru_cache(maxsize=4)
def _noise(width: int, height: int) -> NDArray[np.int16]:
    """Grey, as the noise of a sensor is after the camera has done its best about it."""
    field = np.random.default_rng(7).normal(0.0, NOISE_LEVEL, (NOISES, height, width, 1))
    return np.asarray(np.repeat(field, 3, axis=3), dtype=np.int16)


@lru_cache(maxsize=4)
def _street(width: int, height: int) -> Picture:
    """Houses, a kerb and asphalt, all grey and all with a grain that an eye or a correlation can hold on to."""
    random = np.random.default_rng(11)
    coarse = random.integers(90, 150, (height // 8 + 1, width // 8 + 1), dtype=np.uint8)
    grey = cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC).astype(np.int16)
    grey += random.integers(-6, 7, (height, width), dtype=np.int16)
    grey[: height // 3] += 40
    grey[height // 3 : height // 3 + 3] = 220
    return np.repeat(np.clip(grey, 0, 255).astype(np.uint8)[:, :, None], 3, axis=2)


@cache
def _body(colour: str, size: tuple[int, int]) -> Picture:
    """A vehicle from the side: windows above, wheels below, dents and dirt that are its own."""
    width, height = size
    seed = int.from_bytes(hashlib.sha256(colour.encode()).digest()[:4])
    random = np.random.default_rng(seed)
    dirt = random.uniform(0.8, 1.15, (height // 5 + 1, width // 5 + 1)).astype(np.float32)
    shade = cv2.resize(dirt, (width, height), interpolation=cv2.INTER_LINEAR)[:, :, None]
    body = np.asarray(np.clip(np.array(PALETTE[colour]) * shade, 0, 255), dtype=np.uint8)
    for left in sorted(random.uniform(0.08, 0.8, 3)):
        body[height // 6 : height // 2, int(left * width) : int((left + 0.1) * width)] = 45
    for middle in (0.22, 0.78):
        cv2.circle(body, (int(middle * width), height - height // 8), height // 8, (25, 25, 25), -1)
    return body


def _paste(canvas: Picture, body: Picture, x: int, y: int) -> None:
    height, width = canvas.shape[:2]
    x1, y1, x2, y2 = max(x, 0), max(y, 0), min(x + body.shape[1], width), min(y + body.shape[0], height)
    if x1 < x2 and y1 < y2:
        canvas[y1:y2, x1:x2] = body[y1 - y : y2 - y, x1 - x : x2 - x]
