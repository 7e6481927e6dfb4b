"""The packet ring: the last seconds of a stream, as packets in whole GOPs, bounded in seconds and bytes.

It is what makes looking back possible: the sweep decodes one picture in fifty, the ring still has the other 49.
"""

import threading
from collections import deque
from collections.abc import Iterator

from ingest.packet_source import TimedPacket

DEFAULT_SECONDS = 30.0
DEFAULT_BYTES = 40_000_000
ONE_GOP = 4  # times the bound that a single GOP may grow to before it is given up


class RingBudget:
    """What all rings of a process may hold together; counted, since many threads add to it."""

    def __init__(self, max_bytes: int) -> None:
        self._max_bytes, self._held, self._lock = max_bytes, 0, threading.Lock()

    def take(self, size: int) -> None:
        with self._lock:
            self._held += size

    @property
    def is_exceeded(self) -> bool:
        return self._held > self._max_bytes


class PacketRing:
    """Keeps at least `seconds` of whole GOPs, in `max_bytes` (then it keeps less; one GOP may be larger).

    Where the budget of all rings is exceeded, each keeps no more than its newest GOP.
    """

    def __init__(
        self, seconds: float = DEFAULT_SECONDS, max_bytes: int = DEFAULT_BYTES, budget: RingBudget | None = None
    ) -> None:
        self._seconds, self._max_bytes, self._budget = seconds, max_bytes, budget
        self._gops: deque[list[TimedPacket]] = deque()
        self._bytes = 0
        self._newest_s = 0.0  # of the newest GOP; asked for at every packet
        self.dropped_for_size = 0  # GOPs that went early because the ring was full

    def add(self, packet: TimedPacket) -> None:
        """Packets before the first keyframe belong to no GOP and are not kept."""
        if packet.keyframe:
            self._gops.append([])
            self._newest_s = packet.media_s
        if not self._gops:
            return
        self._newest_s = max(self._newest_s, packet.media_s)
        self._gops[-1].append(packet)
        self._count(packet.size)
        while len(self._gops) > 1 and packet.media_s - self._gops[1][0].media_s >= self._seconds:
            self._drop_oldest()
        # a stream that hardly ever sends a keyframe must not eat the machine: then its one GOP goes too
        while self._gops and self._bytes > (self._max_bytes if len(self._gops) > 1 else ONE_GOP * self._max_bytes):
            self._drop_oldest()
            self.dropped_for_size += 1
        while len(self._gops) > 1 and self._budget is not None and self._budget.is_exceeded:
            self._drop_oldest()
            self.dropped_for_size += 1

    def clear(self) -> None:
        self._gops.clear()
        self._count(-self._bytes)

    def _drop_oldest(self) -> None:
        self._count(-sum(packet.size for packet in self._gops.popleft()))

    def _count(self, size: int) -> None:
        self._bytes += size
        if self._budget is not None:
            self._budget.take(size)

    @property
    def bytes(self) -> int:
        return self._bytes

    @property
    def newest_s(self) -> float | None:
        return self._newest_s if self._gops else None

    def keyframes(self) -> list[TimedPacket]:
        return [gop[0] for gop in self._gops]

    def gops(self, from_s: float, to_s: float) -> list[list[TimedPacket]]:
        """Whole GOPs that together cover [from_s, to_s], as far as the ring still has them."""
        starts = [gop[0].media_s for gop in self._gops]
        return [
            gop
            for number, gop in enumerate(self._gops)
            if starts[number] <= to_s and (number + 1 == len(starts) or starts[number + 1] > from_s)
        ]

    def __iter__(self) -> Iterator[TimedPacket]:
        return (packet for gop in self._gops for packet in gop)
