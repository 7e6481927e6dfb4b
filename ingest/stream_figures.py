"""What a live stream amounts to: counters since its camera was taken, and the pace of its packets, for the pulse."""

from collections import deque
from collections.abc import Callable
from datetime import datetime
from itertools import pairwise

from cases.cameras import Pulse, StreamNoted
from evidence.seen_with import Weights
from ingest.live_time import Gap
from ingest.packet_source import StreamFacts, TimedPacket

RECENT_S = 10.0  # over which rates are taken
RECENT_KEYFRAMES = 8


class StreamFigures:
    def __init__(self) -> None:
        self._facts: StreamFacts | None = None
        self._connections = self._packets = self._bytes = self._looks = self._gaps = 0
        self._gap_s = 0.0
        self._last_packet_s: float | None = None  # our monotonic clock
        self._last_look_s: float | None = None  # media second
        self._recent: deque[tuple[float, int]] = deque()  # media second and size
        self._keyframes: deque[float] = deque(maxlen=RECENT_KEYFRAMES)

    def connected(self, facts: StreamFacts) -> None:
        self._facts = facts
        self._connections += 1
        self._recent.clear()
        self._keyframes.clear()

    def packet(self, packet: TimedPacket, arrival_s: float) -> None:
        self._packets += 1
        self._bytes += packet.size
        self._last_packet_s = arrival_s
        self._recent.append((packet.media_s, packet.size))
        while packet.media_s - self._recent[0][0] > RECENT_S:
            self._recent.popleft()
        if packet.keyframe:
            self._keyframes.append(packet.media_s)

    def gap(self, gap: Gap) -> None:
        self._gaps += 1
        self._gap_s += gap.to_s - gap.from_s

    def looked(self, media_s: float) -> None:
        self._looks += 1
        self._last_look_s = media_s

    def pulse(
        self,
        *,
        utc: Callable[[float], datetime],
        utc_of_arrival: Callable[[float], datetime],
        looks_dropped: int,
        dwelling: int,
        ring_bytes: int,
        weights: Weights,
    ) -> Pulse:
        """utc: of media seconds. utc_of_arrival: of our monotonic clock."""
        return Pulse(
            last_packet_at=None if self._last_packet_s is None else utc_of_arrival(self._last_packet_s),
            last_look_at=None if self._last_look_s is None else utc(self._last_look_s),
            connections=self._connections,
            packets=self._packets,
            packet_bytes=self._bytes,
            looks=self._looks,
            looks_dropped=looks_dropped,
            gaps=self._gaps,
            gap_s=round(self._gap_s, 3),
            dwelling=dwelling,
            ring_bytes=ring_bytes,
            stream=self._stream(),
            model=weights,
        )

    def _stream(self) -> StreamNoted | None:
        if self._facts is None:
            return None
        keys = list(self._keyframes)
        distances = [later - earlier for earlier, later in pairwise(keys)]
        return StreamNoted(
            codec=self._facts.codec,
            width=self._facts.width,
            height=self._facts.height,
            frame_rate=round(float(self._facts.frame_rate), 3),
            keyframe_s=round(max(distances), 3) if distances else None,
            bit_rate_bps=self._bit_rate(),
        )

    def _bit_rate(self) -> float | None:
        if len(self._recent) < 2 or self._recent[-1][0] <= self._recent[0][0]:
            return None
        seconds = self._recent[-1][0] - self._recent[0][0]
        return round(8 * sum(size for _, size in self._recent) / seconds)
