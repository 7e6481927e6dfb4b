"""The pace of looking: how soon after a look the next is due.

Pure: media seconds and sizes of packets in, seconds out. While something dwells, or may come to, it is `look_s`. Where
nothing does, and a site allows for it, it is `idle_look_s`; that bound holds whatever the packets are like, so nothing
that stands is found later than that. Packets that nobody decodes still tell when more moves in the picture than did: an
encoder that is free to needs more bytes for it. Then the next look comes sooner. An encoder that is held to a constant
rate does not show it, and costs the site nothing but the head start.
"""

import math
from collections import deque
from statistics import median

BIN_S = 1.0  # sizes are summed over so long; a vehicle takes some seconds to come
BINS, LEAST_BINS = 60, 10  # what is usual is taken from the last minute
RISES_BY = 1.25  # times the usual: noise and rate control stay below
DEVIATIONS = 5.0  # above the usual, in median deviations: where much moves, much more must


class Stirring:
    """Whether the pictures of one stream change more than they usually do, by the sizes of their packets alone."""

    def __init__(self) -> None:
        self._bins: deque[int] = deque(maxlen=BINS)
        self._from_s = -math.inf
        self._bytes = 0
        self._too_much = math.inf

    def packet(self, media_s: float, size: int, *, keyframe: bool) -> bool:
        """Whether more moves with this packet than was usual in the last minute. A keyframe's size says nothing."""
        if not 0 <= media_s - self._from_s < BIN_S:
            self._end_bin(media_s)
        if keyframe:
            return False
        self._bytes += size
        return self._bytes > self._too_much

    def _end_bin(self, media_s: float) -> None:
        """What was cut short by a gap or a jump is no second, and says nothing of what is usual."""
        if BIN_S <= media_s - self._from_s < 2 * BIN_S:
            self._bins.append(self._bytes)
            if len(self._bins) >= LEAST_BINS:
                usual = median(self._bins)
                spread = median(abs(each - usual) for each in self._bins)
                self._too_much = max(RISES_BY * usual, usual + DEVIATIONS * spread)
        self._from_s, self._bytes = media_s, 0


class Pace:
    """Tell it of every packet, of every look that is made, and of what turned out to show nothing that matters."""

    def __init__(self, look_s: float, idle_look_s: float | None) -> None:
        self._look_s, self._idle_look_s = look_s, max(look_s, idle_look_s or look_s)
        self._stirring = Stirring()
        self._last_look_s: float | None = None
        self._stirred_s = -math.inf
        self._idle = False
        self._woke_s = -math.inf

    @property
    def last_look_s(self) -> float | None:
        return self._last_look_s

    @property
    def idle(self) -> bool:
        return self._idle

    def packet(self, media_s: float, size: int, *, keyframe: bool) -> None:
        if self._idle_look_s <= self._look_s or not self._stirring.packet(media_s, size, keyframe=keyframe):
            return
        self._stirred_s = media_s
        if self._idle:
            self._idle, self._woke_s = False, media_s

    def looked(self, media_s: float) -> None:
        """A picture is shown to the detector. Until it is known to show nothing, it may show something."""
        self._last_look_s, self._idle, self._woke_s = media_s, False, -math.inf

    def rest(self, look_s: float) -> None:
        """Nothing that matters is in the look of that time; a newer one, or what stirred since, may say otherwise."""
        if look_s == self._last_look_s and self._stirred_s <= look_s:
            self._idle = self._idle_look_s > self._look_s

    @property
    def step_s(self) -> float:
        """How long after the last look the next one is due, as far as is known."""
        if self._idle:
            return self._idle_look_s
        if self._last_look_s is None or self._woke_s <= self._last_look_s:
            return self._look_s
        return min(self._woke_s + self._look_s - self._last_look_s, self._idle_look_s)
