"""Live time: one steady media time for a camera, across its connections and whatever its timestamps do.

Pure: packets' timestamps and the moments they came go in, steady ticks and gaps come out. Timestamps say how far apart
two pictures are, more exactly than their arrival does; arrival, by our own monotonic clock, says how much time really
passed. So timestamps are believed as long as what they claim can have passed, and where they jump, wrap, are reset,
run too fast or fall behind, the time that passed by arrival takes their place. What was not shown is a gap on record.

Of lost packets only whole pictures can be missed here: FFmpeg does not hand on RTP's sequence numbers, and a picture
with a part missing looks like any other until it is decoded.
"""

from dataclasses import dataclass
from fractions import Fraction

from ingest.least_delay import LeastDelay
from ingest.media_clock import WRAP_BITS

AHEAD_S = 0.5  # media time may be this much ahead of what has passed: the delay became less than it ever was
CREEP = 0.01  # of the time passed: how quickly "less than it ever was" becomes the usual
LATE_S = 1.0  # behind by more than this for long: the timestamps did not count all the time that passed
LATE_FOR_S = 10.0  # a jam in the network is worked off sooner
LATE_AGAIN_S, LATE_AGAIN_FOR_S = 60.0, 1.0  # timestamps that fell behind a moment ago are given less time
HURRIED_AGAIN_S = 10.0  # a burst may pause for so long
HOLE = 1.5  # of the usual distance between two pictures
BELIEVED = 2.5  # of it: so short a step is no jump
RTP_TICKS = 1 << 32
REORDERED = 16  # pictures, where only presentation times are known


@dataclass(frozen=True, slots=True)
class Gap:
    """Nothing is known of the camera from `from_s` to `to_s`; both may be the same moment."""

    from_s: float
    to_s: float
    why: str


@dataclass(frozen=True, slots=True)
class Placed:
    """A packet's place in media time; ticks of its stream's time base, `offset` takes them back to the camera's."""

    pts: int
    dts: int
    media_s: float
    offset: int
    gap: Gap | None  # that this packet ends


class LiveTime:
    """Call `connected` for each new connection, then `place` for its packets in decoding order."""

    def __init__(self, resumes_at_s: float = 0.0, now_s: float | None = None) -> None:
        """resumes_at_s: media second of the first packet: 0, or where another watcher of this camera has got to.

        now_s: the monotonic second at which it had got there; what passes until the first packet comes is counted.
        """
        self._resumes_at_s, self._resumes_now_s = resumes_at_s, now_s
        self._last_s: float | None = None  # newest media second placed
        self._delays = LeastDelay()
        self._least_s: float | None = None  # the delay that counts as none
        self._arrival_s = 0.0
        self._late_since_s: float | None = None
        self._fell_behind_at_s: float | None = None
        self._raw: int | None = None  # of the packet before
        self._hurried_s: float | None = None  # when it was last said that pictures claim more time than passed
        self.connected(Fraction(1, 90_000), 0.04)

    def connected(self, time_base: Fraction, frame_s: float) -> None:
        self._time_base = time_base
        self._usual_ticks = max(round(frame_s / time_base), 1)
        self._offset: int | None = None
        self._last = 0  # steady decoding time of the last packet
        self._newest = 0
        self._late_since_s = None
        self._raw = None

    def place(self, pts: int | None, dts: int | None, arrival_s: float) -> Placed:
        raw = dts if dts is not None else pts
        if self._offset is None:
            first = pts if pts is not None else (raw or 0)
            steady, gap = self._begun(first, first if raw is None else raw, arrival_s)
        elif raw is None:
            steady, gap = self._last + self._usual_ticks, None
        else:
            steady, gap = self._continued(raw, arrival_s, reordered=dts is None)
        if raw is not None and self._late_too_long(steady, arrival_s):
            steady, gap = self._moved(
                raw, self._passed_ticks(arrival_s), "the camera's timestamps fell behind: {:+.1f} s"
            )
        if raw is not None:
            self._raw = raw
        assert self._offset is not None
        shown = pts + self._offset if pts is not None else steady
        self._last = steady if dts is not None else max(steady, self._last)
        self._newest = max(steady, self._newest)
        media_s = self._seconds(shown)
        self._last_s = media_s if self._last_s is None else max(media_s, self._last_s)
        self._take_delay(self._seconds(steady), arrival_s)
        return Placed(shown, self._newest, media_s, self._offset, gap)

    def _seconds(self, ticks: int) -> float:
        # as exact as a Fraction, at a tenth of its cost for every packet of every camera
        return ticks * self._time_base.numerator / self._time_base.denominator

    def _ticks(self, seconds: float) -> int:
        return round(seconds * self._time_base.denominator / self._time_base.numerator)

    def _passed_ticks(self, arrival_s: float) -> int:
        """Where a packet that came now belongs if it came without delay."""
        return self._ticks(arrival_s - (self._least_s or 0.0))

    def _begun(self, first: int, raw: int, arrival_s: float) -> tuple[int, Gap | None]:
        """The first packet of a connection."""
        gap = None
        if self._last_s is None:
            passed_s = 0.0 if self._resumes_now_s is None else max(arrival_s - self._resumes_now_s, 0.0)
            at = self._ticks(self._resumes_at_s + passed_s)
        else:
            at = max(self._passed_ticks(arrival_s), self._ticks(self._last_s) + self._usual_ticks)
            gap = Gap(self._last_s, self._seconds(at), "no connection to the camera")
        self._offset = at - first
        self._newest = raw + self._offset
        self._last = self._newest
        return self._newest, gap

    def _continued(self, raw: int, arrival_s: float, *, reordered: bool) -> tuple[int, Gap | None]:
        assert self._offset is not None
        steady = raw + self._offset
        step = steady - self._last
        back = -REORDERED * self._usual_ticks if reordered else 0
        if back <= step and self._can_have_passed(step, steady, arrival_s):
            gap = None
            if step > HOLE * self._usual_ticks:
                gap = Gap(self._seconds(self._last), self._seconds(steady), "pictures are missing")
            if step > 0:
                # a hole counts as a long step and not as its full length: one minute without pictures is not a rate
                self._usual_ticks = max((7 * self._usual_ticks + min(step, 2 * self._usual_ticks)) // 8, 1)
            return steady, gap
        for bits in WRAP_BITS:
            if back <= step + (1 << bits) <= BELIEVED * self._usual_ticks:
                self._offset += 1 << bits
                return steady + (1 << bits), None
        hurries = self._raw is not None and 0 <= raw - self._raw <= BELIEVED * self._usual_ticks
        steady, gap = self._moved(raw, self._passed_ticks(arrival_s), "the camera's timestamps jumped by {:+.1f} s")
        if not hurries:
            return steady, gap
        # pictures that come in a burst after a jam each claim more time than passed: that is one jump and not hundreds
        said = self._hurried_s is not None and arrival_s - self._hurried_s < HURRIED_AGAIN_S
        self._hurried_s = arrival_s
        return steady, None if said else gap

    def _can_have_passed(self, step: int, steady: int, arrival_s: float) -> bool:
        if self._least_s is None:
            return True
        ahead_s = self._seconds(steady) - (arrival_s - self._least_s)
        return ahead_s <= (AHEAD_S if step <= BELIEVED * self._usual_ticks else AHEAD_S / 2)

    def _moved(self, raw: int, to: int, why: str) -> tuple[int, Gap]:
        """From here on another offset: this packet lies at `to`, or a tick behind the last one if that is later."""
        assert self._offset is not None
        steady = max(to, self._last + 1)
        # RTP counts modulo 2**32: of the jumps that it may have been, the smallest is said
        jumped_s = self._seconds((raw + self._offset - steady + RTP_TICKS // 2) % RTP_TICKS - RTP_TICKS // 2)
        self._offset = steady - raw
        return steady, Gap(self._seconds(self._last), self._seconds(steady), why.format(jumped_s))

    def _late_too_long(self, steady: int, arrival_s: float) -> bool:
        if self._least_s is None or arrival_s - self._seconds(steady) - self._least_s <= LATE_S:
            self._late_since_s = None
            return False
        if self._late_since_s is None:
            self._late_since_s = arrival_s
        again = self._fell_behind_at_s is not None and arrival_s - self._fell_behind_at_s < LATE_AGAIN_S
        if arrival_s - self._late_since_s < (LATE_AGAIN_FOR_S if again else LATE_FOR_S):
            return False
        self._late_since_s, self._fell_behind_at_s = None, arrival_s
        return True

    def _take_delay(self, media_s: float, arrival_s: float) -> None:
        delay_s = arrival_s - media_s
        self._delays.add(arrival_s, delay_s)
        least_s = self._delays.least_s
        assert least_s is not None
        if self._least_s is not None:
            least_s = max(least_s, self._least_s - CREEP * (arrival_s - self._arrival_s))
        self._least_s, self._arrival_s = least_s, arrival_s
