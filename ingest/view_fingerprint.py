"""A view's fingerprint: how its still parts look, so that a camera that was turned or covered is noticed.

Pure. What stays the same in a street by day and by night, in rain and with a bus in front, is the direction of its
edges: kerbs, roofs, poles. A picture is reduced to a small grid of edge directions, each as strong as the edge stands
out from its surroundings; the mean of many pictures keeps what is built and loses what drives. One such mean is kept
for a light street and one for a dark one, both learned slowly from pictures that fit.
"""

import struct
import zlib
from dataclasses import dataclass, field
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from ingest.errors import FingerprintUnreadable

Luma = NDArray[np.uint8]
Directions = NDArray[np.complex64]  # (ROWS, COLUMNS): twice the angle, so that both sides of an edge agree

COLUMNS, ROWS = 80, 45
CELL_COLUMNS, CELL_ROWS = 10, 9  # grid points in a cell; a bus covers some cells and leaves the others
FAINT = 2.0  # luma steps a pixel of the reduced picture: weaker edges are noise
FINE_WIDTH = 640  # at which sharpness is measured: a large picture's finest detail is the encoder's choice
GRAIN_PX = 1.5  # finer than this is the noise of the sensor, which a lens out of focus does not blur
DARK_BELOW = 70.0  # mean luma
NEAR = 4  # grid points, 5 % of the width: wind, and a mount that settled
CELL_FITS = 0.4
EMPTY = 0.35  # of the strength a cell usually has
STEADY_LOOKS = 5  # of which a mean is made before anything is compared with it
LEARNS_IN_S = 1200.0  # so slowly that no parked lorry becomes a part of the view before it is looked into
MAGIC, HEADER = b"SWF1", struct.Struct("<?IfHH")


@dataclass(frozen=True)
class Glance:
    """One picture, reduced."""

    directions: Directions
    sharpness: float  # fine detail against coarse: falls with blur and hardly with light
    fine_px: int  # the width at which it was measured
    mean: float
    brightest: float  # of all but the brightest hundredth

    @property
    def is_dark(self) -> bool:
        return self.mean < DARK_BELOW


def glance(luma: Luma) -> Glance:
    """Reduces the brightness of a picture of any size."""
    height, width = luma.shape
    scale = min(FINE_WIDTH / width, 1.0)
    size = (max(round(width * scale), 2 * COLUMNS), max(round(height * scale), 2 * ROWS))
    halved: NDArray[Any] = luma
    while halved.shape[1] >= 2 * size[0]:  # of 1080p this takes a fifth of the time
        halved = cv2.resize(halved, (halved.shape[1] // 2, halved.shape[0] // 2), interpolation=cv2.INTER_AREA)
    fine = cv2.resize(halved, size, interpolation=cv2.INTER_LINEAR)
    reduced = cv2.resize(fine, (2 * COLUMNS, 2 * ROWS), interpolation=cv2.INTER_AREA).astype(np.float32)
    coarse = cv2.GaussianBlur(reduced, (0, 0), 1.0)
    x, y = (cv2.Sobel(coarse, cv2.CV_32F, *order) / 8 for order in ((1, 0), (0, 1)))
    strength = np.sqrt(x * x + y * y)
    stands_out = strength / (cv2.blur(strength, (15, 15)) + FAINT)
    doubled = np.square(x + 1j * y) / np.maximum(strength * strength, 1e-6) * stands_out
    directions = doubled.reshape(ROWS, 2, COLUMNS, 2).mean(axis=(1, 3)).astype(np.complex64)
    smooth = cv2.GaussianBlur(fine.astype(np.float32), (0, 0), GRAIN_PX)
    detail = np.abs(cv2.Laplacian(smooth, cv2.CV_32F)).mean()
    return Glance(
        directions,
        sharpness=float(detail / (strength.mean() + 1.0)),
        fine_px=size[0],
        mean=float(coarse.mean()),
        brightest=float(np.percentile(coarse, 99)),
    )


@dataclass(frozen=True)
class Fit:
    """How a picture fits a known view."""

    alike: float  # -1 to 1, at the best small shift
    cells_alike: float  # share of the view's structure that is where it was
    cells_empty: float  # share of it where nothing is to be seen
    moved: bool  # it is all there, elsewhere in the picture
    sharpness: float  # of what is usual; 1 where another size of the picture is usual


@dataclass
class Mean:
    """What many pictures have in common."""

    directions: Directions
    sharpness: float
    fine_px: int
    looks: int = 1

    @property
    def is_steady(self) -> bool:
        return self.looks >= STEADY_LOOKS

    def add(self, seen: Glance, share: float) -> None:
        share = max(share, 1 / (self.looks + 1))
        self.directions = (self.directions + share * (seen.directions - self.directions)).astype(np.complex64)
        if seen.fine_px == self.fine_px:
            self.sharpness += share * (seen.sharpness - self.sharpness)
        else:
            self.sharpness, self.fine_px = seen.sharpness, seen.fine_px
        self.looks += 1

    def fit(self, seen: Glance) -> Fit:
        known, now = self.directions, seen.directions
        norm = float(np.linalg.norm(known) * np.linalg.norm(now)) + 1e-9
        everywhere = np.fft.ifft2(np.fft.fft2(now) * np.fft.fft2(known).conj()).real / norm
        shifts = np.arange(-NEAR, NEAR + 1)
        near = everywhere[np.ix_(shifts, shifts)]
        row, column = np.unravel_index(int(near.argmax()), near.shape)
        alike = float(near.max())
        back = np.roll(now, (-int(shifts[row]), -int(shifts[column])), (0, 1))
        was, is_now = np.sqrt(_by_cell(np.abs(known) ** 2)), np.sqrt(_by_cell(np.abs(back) ** 2))
        cells = _by_cell((back * known.conj()).real) / (was * is_now + 1e-6)
        weight = np.where(was > 0.3 * np.median(was), was, 0.0)
        total = float(weight.sum()) + 1e-9
        elsewhere = float(everywhere.max())
        return Fit(
            alike=alike,
            cells_alike=float(weight[cells > CELL_FITS].sum()) / total,
            cells_empty=float(weight[is_now < EMPTY * was].sum()) / total,
            moved=elsewhere > max(alike + 0.15, 0.4),
            sharpness=seen.sharpness / max(self.sharpness, 1e-6) if seen.fine_px == self.fine_px else 1.0,
        )


@dataclass
class Fingerprint:
    """What is known of one view. `fit` and `learn`; `to_bytes` for the row, `from_bytes` from it."""

    means: dict[bool, Mean] = field(default_factory=dict)  # by whether the street is dark

    @property
    def is_steady(self) -> bool:
        return any(mean.is_steady for mean in self.means.values())

    def fit(self, seen: Glance) -> Fit | None:
        """The better of what is known by light and in the dark; None while that is too little."""
        fits = [mean.fit(seen) for mean in self.means.values() if mean.is_steady]
        return max(fits, key=lambda fit: fit.cells_alike, default=None)

    def learn(self, seen: Glance, after_s: float) -> None:
        """A picture that fits, `after_s` after the last one."""
        mean = self.means.get(seen.is_dark)
        if mean is None:
            self.means[seen.is_dark] = Mean(seen.directions, seen.sharpness, seen.fine_px)
        else:
            mean.add(seen, min(after_s / LEARNS_IN_S, 0.1))

    def to_bytes(self) -> bytes:
        parts = []
        for dark, mean in sorted(self.means.items()):
            largest = float(np.abs(mean.directions.view(np.float32)).max()) or 1.0
            steps = np.round(mean.directions.view(np.float32) / largest * 127).astype(np.int8)
            header = HEADER.pack(dark, mean.looks, mean.sharpness, mean.fine_px, round(largest * 1000))
            parts.append(header + steps.tobytes())
        return MAGIC + zlib.compress(b"".join(parts), 9)

    @classmethod
    def from_bytes(cls, content: bytes) -> "Fingerprint":
        """Raises FingerprintUnreadable."""
        points = ROWS * COLUMNS * 2
        if not content.startswith(MAGIC):
            raise FingerprintUnreadable("it begins differently")
        unpacked = zlib.decompressobj()
        try:
            plain = unpacked.decompress(content[len(MAGIC) :], 2 * (HEADER.size + points) + 1)
        except zlib.error as error:
            raise FingerprintUnreadable("it is damaged") from error
        size = HEADER.size + points
        if len(plain) not in (0, size, 2 * size) or not unpacked.eof:
            raise FingerprintUnreadable("it has another length")
        means = {}
        for begin in range(0, len(plain), size):
            dark, looks, sharpness, fine_px, thousandths = HEADER.unpack_from(plain, begin)
            steps = np.frombuffer(plain, np.int8, points, begin + HEADER.size).astype(np.float32)
            directions = (steps / 127 * (thousandths / 1000)).view(np.complex64).reshape(ROWS, COLUMNS)
            means[bool(dark)] = Mean(directions, sharpness, fine_px, looks)
        return cls(means)


def _by_cell(values: NDArray[np.float32]) -> NDArray[np.float32]:
    shape = (ROWS // CELL_ROWS, CELL_ROWS, COLUMNS // CELL_COLUMNS, CELL_COLUMNS)
    return np.asarray(values.reshape(shape).sum(axis=(1, 3)), dtype=np.float32)
