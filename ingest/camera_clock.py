"""The camera's clock against ours: when a picture was taken by our clock, and how far the camera's own is off.

Pure. Times of arrival are our UTC of one moment carried on by the monotonic clock, so that a step of this machine's
wall clock moves nothing. Of the packets of the last minutes the least delayed tells when pictures reach us, the others
waited on the way; what no packet can tell is how long the camera itself needs from the picture to the wire. So a time
of ours is late by between nothing and LATENCY_S, and that much is in every bound given out here.

offset: our UTC minus the camera's. The camera says its time in two ways: with the pictures (RTCP sender reports, RFC
3550 6.4.1) and when asked (ONVIF GetSystemDateAndTime). Where they contradict each other it has two clocks, and the
one it was asked for is the one it also writes into the picture.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from ingest.least_delay import WINDOW_S, LeastDelay
from models.enums import ClockMeasure

# From light to wire: cameras take 0.05 to 0.3 s for exposure, encoding and smoothing; more is allowed for.
LATENCY_S = 0.5
STEP_S = 0.5  # a smaller move is drift, or the camera steering its clock
STEP_LASTS_S = 15.0  # the clock that FFmpeg derives is off between a jump of timestamps and the next sender report
DRIFT = 1e-4  # of the time since a measurement: quartz does 2e-5, quartz in the sun more


@dataclass(frozen=True)
class ClockOffset:
    """offset_s: our UTC minus the camera's, true to within error_s."""

    offset_s: float
    error_s: float
    measure: ClockMeasure


@dataclass(frozen=True)
class ClockStep:
    """The camera's clock was set: by_s > 0 means forward."""

    at: datetime
    by_s: float


@dataclass(frozen=True)
class _Asked:
    offset_s: float
    error_s: float
    at: datetime


def _agree(one: ClockOffset, other: ClockOffset) -> bool:
    return abs(one.offset_s - other.offset_s) <= one.error_s + other.error_s


class CameraClock:
    """One camera's, across its connections: media time goes on, and so does this. Feed it every packet."""

    def __init__(self) -> None:
        self._first_at: datetime | None = None
        self._delays = LeastDelay()  # arrival minus media time
        self._newest_s = 0.0
        self._begin_stream_clock()
        self._asked: _Asked | None = None

    def _begin_stream_clock(self) -> None:
        # media time minus the camera's, in seconds from `_first_at`: least, and with the sign turned most
        self._least, self._most = LeastDelay(), LeastDelay()
        self._told_s: float | None = None  # when the stream last told the camera's time
        self._strange_since_s: float | None = None
        self._strange_by_s = 0.0  # how far the newest time that was told is from what was known

    def packet(self, media_s: float, arrived_at: datetime, camera_utc: datetime | None) -> ClockStep | None:
        """A packet's place in media time, when it came by our clock, and when it was taken by the camera's.

        The step of the camera's clock that is certain with this packet, if any.
        """
        self._first_at = self._first_at or arrived_at
        self._newest_s = (arrived_at - self._first_at).total_seconds()
        self._delays.add(self._newest_s, self._newest_s - media_s)
        if camera_utc is None:
            return None
        return self._told(media_s, media_s - (camera_utc - self._first_at).total_seconds())

    @property
    def base(self) -> datetime | None:
        """Our UTC of media second 0, by the least delayed packets of the last minutes; None before the first."""
        least_s = self._delays.least_s
        if self._first_at is None or least_s is None:
            return None
        return self._first_at + timedelta(seconds=least_s)

    def utc_of(self, media_s: float) -> datetime:
        """captured_at: late by no more than LATENCY_S, and by what all packets of the last minutes waited."""
        base = self.base
        assert base is not None, "no packet has come yet"
        return base + timedelta(seconds=media_s)

    def asked(self, offset_s: float, error_s: float, at: datetime) -> ClockStep | None:
        """A measurement by ONVIF; its error is half the round trip and what the camera's answer is rounded to."""
        before, self._asked = self._asked, _Asked(offset_s, error_s, at)
        if before is None:
            return None
        moved_s = before.offset_s - offset_s
        unsure_s = STEP_S + before.error_s + error_s + DRIFT * (at - before.at).total_seconds()
        return ClockStep(at, moved_s) if abs(moved_s) > unsure_s else None

    def offset(self, at: datetime) -> ClockOffset | None:
        """The best that is known of the camera's clock at this time; None where it never said.

        While the stream tells another time than it did, and it is not yet certain whether the clock was set, the bound
        holds both.
        """
        stream, asked = self._by_stream(), self._by_asking(at)
        if stream is None or asked is None:
            best = stream or asked
        elif not _agree(stream, asked):
            best = asked
        else:
            best = min(stream, asked, key=lambda each: each.error_s)
        if best is None or not self._is_doubted(best, stream):
            return best
        return replace(best, error_s=best.error_s + abs(self._strange_by_s))

    def _is_doubted(self, best: ClockOffset, stream: ClockOffset | None) -> bool:
        """Does what the stream tells lately speak against it? Not against an answer that came since it tells so."""
        if self._strange_since_s is None or stream is None or not _agree(best, stream):
            return False
        return best.measure is ClockMeasure.RTCP or not self._asked_since(self._strange_since_s)

    def _asked_since(self, seconds: float) -> bool:
        if self._asked is None or self._first_at is None:
            return False
        return (self._asked.at - self._first_at).total_seconds() >= seconds

    def _by_stream(self) -> ClockOffset | None:
        behind, delay_s = self._behind(), self._delays.least_s
        if behind is None or delay_s is None or self._told_s is None:
            return None
        middle_s, half_s = behind
        old_s = max(self._newest_s - self._told_s - WINDOW_S, 0.0)
        return ClockOffset(delay_s + middle_s, LATENCY_S + half_s + DRIFT * old_s, ClockMeasure.RTCP)

    def _behind(self) -> tuple[float, float] | None:
        """Media time minus the camera's, as the stream told it lately: the middle, and half of how far it moved."""
        least_s, negated_s = self._least.least_s, self._most.least_s
        if least_s is None or negated_s is None:
            return None
        return (least_s - negated_s) / 2, (-negated_s - least_s) / 2

    def _by_asking(self, at: datetime) -> ClockOffset | None:
        if self._asked is None:
            return None
        old_s = max((at - self._asked.at).total_seconds(), 0.0)
        return ClockOffset(self._asked.offset_s, self._asked.error_s + DRIFT * old_s, ClockMeasure.ONVIF)

    def _told(self, media_s: float, behind_s: float) -> ClockStep | None:
        known, step = self._behind(), None
        if known is not None and abs(behind_s - known[0]) > STEP_S:
            self._strange_by_s = known[0] - behind_s
            self._strange_since_s = self._newest_s if self._strange_since_s is None else self._strange_since_s
            if self._newest_s - self._strange_since_s < STEP_LASTS_S:
                return None
            self._forget_what_was_asked_before(self._strange_since_s)
            self._begin_stream_clock()
            step = ClockStep(self.utc_of(media_s), known[0] - behind_s)
        self._strange_since_s, self._strange_by_s = None, 0.0
        self._least.add(self._newest_s, behind_s)
        self._most.add(self._newest_s, -behind_s)
        self._told_s = self._newest_s
        return step

    def _forget_what_was_asked_before(self, seconds: float) -> None:
        """An answer of before the clock was set. One that never agreed with the stream is another clock's: it stays."""
        stream, asked = self._by_stream(), self._asked
        if stream is None or asked is None or self._asked_since(seconds):
            return
        if _agree(stream, ClockOffset(asked.offset_s, asked.error_s, ClockMeasure.ONVIF)):
            self._asked = None
