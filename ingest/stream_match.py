"""Two streams of one camera on one time line: which second of the main stream a picture of the small one was taken in.

Pure. Each connection has a media time of its own that runs as ours does; what is between the two is a shift. Where the
camera stamps both streams with its clock, that tells it to a few milliseconds. Else the least delayed packets of both
do, as far as the camera needs equally long for both; it needs a little longer for the main one, by less than the bound
of every time that is known by arrival (ingest/camera_clock.py LATENCY_S).
"""

from datetime import UTC, datetime

from ingest.least_delay import LeastDelay

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
CLOCK_HOLDS_S = 60.0  # sender reports come every few seconds
CLOCKS_AGREE_S = 1.0  # beyond that the stamps are of two clocks, or of one that was set in between
LEAST_MOVE_S = 0.1  # looks are seconds apart; smaller corrections are left alone


class _Side:
    """One of the two streams."""

    def __init__(self) -> None:
        self._delays = LeastDelay()  # arrival minus media time
        self._stamp_s: float | None = None  # the camera's clock minus media time
        self._stamped_at_s = float("-inf")
        self._newest_s = float("-inf")

    def packet(self, media_s: float, arrival_s: float, camera_utc: datetime | None) -> None:
        self._delays.add(arrival_s, arrival_s - media_s)
        self._newest_s = arrival_s
        if camera_utc is not None:
            self._stamp_s = (camera_utc - EPOCH).total_seconds() - media_s
            self._stamped_at_s = arrival_s

    @property
    def delay_s(self) -> float | None:
        return self._delays.least_s

    @property
    def stamp_s(self) -> float | None:
        """None where the camera has not said its time lately."""
        return self._stamp_s if self._newest_s - self._stamped_at_s <= CLOCK_HOLDS_S else None


class StreamMatch:
    """Feed it the packets of both; `shift_s` added to a second of the small stream is one of the main stream."""

    def __init__(self) -> None:
        self._main, self._small = _Side(), _Side()
        self._shift_s: float | None = None

    def main(self, media_s: float, arrival_s: float, camera_utc: datetime | None) -> None:
        self._main.packet(media_s, arrival_s, camera_utc)

    def small(self, media_s: float, arrival_s: float, camera_utc: datetime | None) -> None:
        self._small.packet(media_s, arrival_s, camera_utc)

    @property
    def shift_s(self) -> float | None:
        """As it is best known now; moves only where it matters. None until both streams have sent."""
        best_s = self._best_s()
        if best_s is not None and (self._shift_s is None or abs(best_s - self._shift_s) >= LEAST_MOVE_S):
            self._shift_s = best_s
        return self._shift_s

    def _best_s(self) -> float | None:
        if self._main.delay_s is None or self._small.delay_s is None:
            return None
        by_arrival_s = self._small.delay_s - self._main.delay_s
        if self._main.stamp_s is not None and self._small.stamp_s is not None:
            by_clock_s = self._small.stamp_s - self._main.stamp_s
            if abs(by_clock_s - by_arrival_s) <= CLOCKS_AGREE_S:
                return by_clock_s
        return by_arrival_s
