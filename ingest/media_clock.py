"""The media clock: one steady time in seconds from whatever timestamps a source carries.

Missing, negative, jumping and wrapping timestamps and variable frame rate come in; out comes media time that never
runs backwards in decoding order and starts at 0 with the first picture. A jump is not elapsed time: it is recorded
as a discontinuity and not counted, since what happened in it is not known. Only here does media time become UTC.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from fractions import Fraction

WRAP_BITS = (32, 33)  # RTP timestamps (RFC 3550 5.1) and MPEG-TS (ISO/IEC 13818-1 2.4.3.6)
LONGEST_STEP_S = 10.0  # a larger step between two packets is a jump of the clock and not time that passed
LONGEST_STEP_FRAMES = 5  # unless the source is that slow: time-lapse steps are its nature


@dataclass(frozen=True, slots=True)
class Discontinuity:
    """Timestamps jumped by `jump_s` at media time `at_s`."""

    at_s: float
    jump_s: float


class MediaClock:
    """Feed it every packet of a stream in decoding order.

    After `tick`, `media_s(pts)` gives the time of any timestamp near the packet's, in seconds.
    """

    def __init__(self, time_base: Fraction, frame_s: float) -> None:
        self._time_base = time_base
        self._frame_ticks = max(round(frame_s / time_base), 1)
        self._usual_ticks = self._frame_ticks
        self._offset: int | None = None  # ticks added to a timestamp of the source
        self._last: int | None = None  # steady decoding time of the last packet, in ticks
        self._last_is_shown = False  # `_last` is a presentation time, since that packet had no other
        self._newest: int | None = None  # latest decoding time given out
        self.discontinuities: list[Discontinuity] = []

    @property
    def offset_ticks(self) -> int:
        """What is added to a timestamp of the source at this point of it."""
        return self._offset or 0

    def tick(self, pts: int | None, dts: int | None) -> tuple[int, int]:
        """Steady (pts, dts) in ticks of the time base for one packet, in decoding order."""
        raw = dts if dts is not None else pts
        if raw is None:
            steady = self._last + self._frame_ticks if self._last is not None else 0
            self._last = steady
            return steady, self._in_order(steady)
        if self._offset is None:
            # the first picture is at 0; without a time of its own, the first packet that has one follows it
            first = pts if pts is not None else raw
            self._offset = -first if self._last is None else self._last + self._frame_ticks - raw
        steady = raw + self._offset
        if self._last is not None:
            steady = self._continued(raw, steady, self._last, reordered=dts is None or self._last_is_shown)
        # Matroska knows no decoding times; FFmpeg finds them, but not those of the first packets of a stream
        self._last = steady if self._last is None or dts is not None else max(steady, self._last)
        self._last_is_shown = dts is None
        return (pts + self._offset if pts is not None else steady), self._in_order(steady)

    def _in_order(self, steady: int) -> int:
        """What is known of the decoding time, kept from running backwards."""
        self._newest = steady if self._newest is None else max(steady, self._newest)
        return self._newest

    def _continued(self, raw: int, steady: int, last: int, *, reordered: bool) -> int:
        step = steady - last
        # pictures shown out of order go back by a few frames where only presentation times are known
        back = -16 * self._usual_ticks if reordered else 0
        longest = max(round(LONGEST_STEP_S / self._time_base), LONGEST_STEP_FRAMES * self._usual_ticks)
        if back <= step <= longest:
            if step > 0:
                self._usual_ticks = max((7 * self._usual_ticks + step) // 8, 1)
            return steady
        for bits in WRAP_BITS:
            if back <= step + (1 << bits) <= longest:
                self._offset = (self._offset or 0) + (1 << bits)
                return steady + (1 << bits)
        expected = last + self._usual_ticks
        self._offset = expected - raw
        self.discontinuities.append(
            Discontinuity(float(expected * self._time_base), float((steady - expected) * self._time_base))
        )
        return expected

    def seconds(self, steady_ticks: int) -> float:
        return float(steady_ticks * self._time_base)


def utc_of(media_s: float, started_at: datetime, clock_offset_s: float = 0.0) -> datetime:
    """captured_at: the start of the source, plus media time, plus the measured offset of the camera's clock."""
    return started_at + timedelta(seconds=media_s + clock_offset_s)


def utc_since(started_at: datetime, clock_offset_s: float = 0.0) -> Callable[[float], datetime]:
    """`utc_of` for one source."""
    return lambda media_s: utc_of(media_s, started_at, clock_offset_s)
