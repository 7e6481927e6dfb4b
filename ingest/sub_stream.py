"""The small stream of a camera, read in a thread of its own so that the main one waits for nothing.

Only read here: connected, lost, connected again, its packets kept in order until the camera's thread asks for them.
Where that takes too long, they are let go of and the next ones begin with a keyframe: a look is worth nothing late.
"""

import contextlib
import logging
import random
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from ingest.back_off import BackOff
from ingest.errors import AddressRefused, HostUnknown, StreamError
from ingest.live_stream import LivePacket, LiveStream
from ingest.packet_source import StreamFacts

log = logging.getLogger(__name__)

MOST_WAITING = 1000  # packets: 40 s at 25 a second, and a small stream's are a few kilobytes each
ENDS_WITHIN_S = 6.0  # longer than a read may take


@dataclass(frozen=True)
class Opened:
    """Its packets follow."""

    facts: StreamFacts


@dataclass(frozen=True)
class Closed:
    """No more of its packets come until it is opened again."""

    why: str


News = Opened | Closed | LivePacket


class SubStream:
    """A context manager; `news` often, from one thread. dial opens the stream, or raises as `open_stream` does."""

    def __init__(self, dial: Callable[[], LiveStream], camera_id: str) -> None:
        self._dial, self._camera_id = dial, camera_id
        self._waiting: deque[News] = deque()
        self._lock = threading.Lock()
        self._stopping = threading.Event()
        self._failure: BaseException | None = None
        self._skips = False  # until the next keyframe
        self.dropped = 0
        self._thread = threading.Thread(target=self._run, name=f"sub-{camera_id}", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stopping.set()
        self._thread.join(ENDS_WITHIN_S)

    def news(self) -> list[News]:
        """What happened since the last call, in its order. Raises what ended the thread."""
        with self._lock:
            if self._failure is not None:
                raise self._failure
            news = list(self._waiting)
            self._waiting.clear()
        return news

    def _run(self) -> None:
        back_off = BackOff()
        try:
            while not self._stopping.is_set():
                began_s = time.monotonic()
                try:
                    self._follow()
                except (StreamError, AddressRefused, HostUnknown) as error:
                    log.warning("small stream lost: %s", error, extra={"camera": self._camera_id})
                    self._add(Closed(str(error)))
                    self._stopping.wait(back_off.failed(error, time.monotonic() - began_s, random.random()))
        except BaseException as error:  # noqa: BLE001 - raised again in the camera's thread
            with self._lock:
                self._failure = error

    def _follow(self) -> None:
        with contextlib.closing(self._dial()) as stream:
            self._add(Opened(stream.facts))
            for packet in stream.packets():
                if self._stopping.is_set():
                    return
                self._add(packet)

    def _add(self, news: News) -> None:
        with self._lock:
            if isinstance(news, LivePacket):
                if len(self._waiting) >= MOST_WAITING:
                    kept = [each for each in self._waiting if not isinstance(each, LivePacket)]
                    self.dropped += len(self._waiting) - len(kept)
                    self._waiting, self._skips = deque(kept), True
                self._skips = self._skips and not news.keyframe
                if self._skips:
                    self.dropped += 1
                    return
            self._waiting.append(news)
