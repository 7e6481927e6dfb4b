"""The queue as it changes: one poller a process tells every browser that looks at a queue, by server-sent events.

An event says that something changed and not what: each browser asks for its own rows again, by its own filter and its
own rights. The id of an event is made from what was seen, so that a browser that comes back, to this process or to
another one, is told only where it missed something.
"""

import asyncio
import hashlib
from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import Depends, Request

from cases.queue_changes import stamp
from models.database import Sessions, reading
from review_ui.desk import now

EVERY_S = 1.0
HEARTBEAT_S = 15.0  # so that a connection that died unseen is noticed
LONGEST_S = 300.0  # then the browser comes again, and is asked again who it is
COMES_BACK_MS = 2000
MOST_LISTENERS = 500


def _event(kind: str, seen: str) -> str:
    return f"id: {seen}\nevent: {kind}\ndata: {kind}\n\n"


class QueueFeed:
    """Shared by all requests of an app. It polls only while somebody listens."""

    def __init__(self, sessions: Sessions, *, every_s: float = EVERY_S) -> None:
        self._sessions = sessions
        self._every_s = every_s
        self._listeners = 0
        self._polling: asyncio.Task[None] | None = None
        self._seen: str | None = None
        self._next: asyncio.Future[str] | None = None

    @property
    def listeners(self) -> int:
        return self._listeners

    @property
    def is_full(self) -> bool:
        return self._listeners >= MOST_LISTENERS

    async def events(self, last_seen: str) -> AsyncIterator[str]:
        """The stream of one browser. last_seen: the id of the event it had last; empty: it has just begun.

        What goes wrong with the database ends the stream; the browser comes back by itself.
        """
        self._listeners += 1
        try:
            current = self._seen if self._is_polling() else await self._look()
            assert current is not None, "whoever polls has looked before"
            self._start(current)
            yield f"retry: {COMES_BACK_MS}\n" + _event("changed" if last_seen not in ("", current) else "here", current)
            ends_at = asyncio.get_running_loop().time() + LONGEST_S
            while asyncio.get_running_loop().time() < ends_at:
                if self._seen is not None and self._seen != current:  # also what came while the last one was sent
                    current = self._seen
                    yield _event("changed", current)
                    continue
                assert self._next is not None, "it is made where the polling starts"
                try:
                    await asyncio.wait_for(asyncio.shield(self._next), HEARTBEAT_S)
                except TimeoutError:
                    yield ": still here\n\n"
        finally:
            self._listeners -= 1
            if not self._listeners and self._polling is not None:
                self._polling.cancel()
                self._polling = None

    def _is_polling(self) -> bool:
        return self._polling is not None and not self._polling.done()

    def _start(self, current: str) -> None:
        if not self._is_polling():
            self._seen = current
            self._next = asyncio.get_running_loop().create_future()
            self._polling = asyncio.create_task(self._poll())

    async def _poll(self) -> None:
        while True:
            await asyncio.sleep(self._every_s)
            try:
                current = await self._look()
            except Exception as error:  # whatever it is: who waits must not wait for ever
                self._wake(error)
                raise
            if current != self._seen:
                self._seen = current
                self._wake(current)

    def _wake(self, said: str | Exception) -> None:
        assert self._next is not None, "it is made where the polling starts"
        woken, self._next = self._next, asyncio.get_running_loop().create_future()
        if isinstance(said, Exception):
            woken.set_exception(said)
            woken.exception()  # nobody may be waiting for it
        else:
            woken.set_result(said)

    async def _look(self) -> str:
        return await asyncio.to_thread(self._look_now)

    def _look_now(self) -> str:
        with reading(self._sessions) as session:
            seen = stamp(session, at=now())
        return hashlib.sha256(repr(seen).encode()).hexdigest()[:16]


def feed_of(request: Request) -> QueueFeed:
    feed = request.app.state.queue_feed
    assert isinstance(feed, QueueFeed)
    return feed


TheFeed = Annotated[QueueFeed, Depends(feed_of)]
