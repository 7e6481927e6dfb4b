"""One view of a camera while it is watched: the worker of its fences, and what watches over its picture.

A fixed camera has one, a dome one for each preset of its tour. What stands in a view that is left goes on standing when
it is seen again, as after a lost connection: no clip goes across, and the time between is a gap on record.
"""

from dataclasses import dataclass

from ingest.camera_health import Watchdog
from ingest.camera_worker import CameraWorker
from ingest.packet_source import Stream, StreamFacts


@dataclass
class View:
    """`away_from_s` and `away_why`: since which second nobody looks at it; None where it was never looked at."""

    preset: str
    worker: CameraWorker
    watchdog: Watchdog
    away_from_s: float | None = None
    away_why: str = ""

    def enter(self, stream: Stream, small: StreamFacts | None, at_s: float, now_s: float) -> None:
        """Packets of it follow from media second `at_s` on; now_s: our monotonic clock."""
        self.worker.connected(stream)
        if small is not None:
            self.worker.looks_at(small)
        if self.away_from_s is not None:
            self.worker.gap(self.away_from_s, at_s, self.away_why)
            self.away_from_s = None
        self.watchdog.connected(now_s)

    def leave(self, why: str) -> None:
        """No packets of it follow until `enter`: what is due is cut with what there is."""
        self.worker.keep_young_stops()
        self.worker.disconnected()
        self.away_from_s, self.away_why = self.worker.last_look_s, why
