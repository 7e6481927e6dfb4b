"""The UTC of a live camera's media seconds: once given, a second keeps its UTC.

When pictures were taken becomes surer with every packet, and rows that were written must stay true. A correction
therefore begins at a moment and does not reach back, except into the first seconds of a connection, when the quickest
packet has not come yet.
"""

from bisect import bisect_right
from datetime import datetime, timedelta

LEAST_CORRECTION_S = 0.1
SETTLES_WITHIN_S = 10.0  # of a connection
PIECES_KEPT = 1000


class UtcAxis:
    """`base` is the UTC of media second 0, as far as it is known at a moment."""

    def __init__(self, base: datetime) -> None:
        self._from_s: list[float] = [float("-inf")]
        self._bases: list[datetime] = [base]

    def connected(self, media_s: float, base: datetime) -> None:
        """A new connection begins at this second, with a new estimate."""
        self._from_s.append(media_s)
        self._bases.append(base)
        del self._from_s[:-PIECES_KEPT], self._bases[:-PIECES_KEPT]

    def correct(self, media_s: float, base: datetime) -> None:
        """The best estimate at this second; small changes are left alone."""
        if abs((base - self._bases[-1]).total_seconds()) < LEAST_CORRECTION_S:
            return
        if media_s - self._from_s[-1] < SETTLES_WITHIN_S:
            self._bases[-1] = base
        else:
            self.connected(media_s, base)

    def utc(self, media_s: float) -> datetime:
        piece = max(bisect_right(self._from_s, media_s) - 1, 0)
        return self._bases[piece] + timedelta(seconds=media_s)
