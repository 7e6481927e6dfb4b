"""How often somebody asked within the last minute, counted in one place for every process that serves the desk.

The place is the Redis that rings for the workers: such counts are worth nothing after a minute, so they are no rows as
the failures of a sign-in are, and no request to the API becomes a write to the database. While Redis does not answer,
each process counts by itself and the log says so: the limit then holds for each of them and not for all together. No
door is opened by it, and none is shut: what other systems fetch here matters more than an exact count.
"""

import logging
import math
import time
from collections.abc import Callable

from limits import RateLimitItem
from limits.errors import StorageError
from limits.storage import MemoryStorage, RedisStorage
from limits.strategies import MovingWindowRateLimiter
from redis import ConnectionPool
from redis.backoff import NoBackoff
from redis.retry import Retry

log = logging.getLogger(__name__)

KEYS = "streetwitness:asked"
ANSWERS_WITHIN_S = 0.25  # Redis; nobody waits longer for being counted
ASKED_AGAIN_AFTER_S = 5.0  # once it did not answer


class Counting:
    """Shared by all requests of an app. redis_url: None: there is but one process, and it counts by itself."""

    def __init__(self, redis_url: str | None, *, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._own = MovingWindowRateLimiter(MemoryStorage())
        self._shared = None if redis_url is None else MovingWindowRateLimiter(_in_redis(redis_url))
        self._monotonic = monotonic
        self._away_until: float | None = None

    def take(self, allowed: RateLimitItem, *who: str) -> int | None:
        """Counts one more for them; where that is too many it is not counted, and after so many seconds it may be."""

        def taken(limiter: MovingWindowRateLimiter) -> int | None:
            return None if limiter.hit(allowed, *who) else _wait_s(limiter, allowed, who)

        return self._counted(taken)

    def wait_s(self, allowed: RateLimitItem, *who: str) -> int | None:
        """None: one more would be counted; else after how many seconds."""

        def waits(limiter: MovingWindowRateLimiter) -> int | None:
            return None if limiter.test(allowed, *who) else _wait_s(limiter, allowed, who)

        return self._counted(waits)

    def _counted(self, count: Callable[[MovingWindowRateLimiter], int | None]) -> int | None:
        if self._shared is not None and (self._away_until is None or self._monotonic() >= self._away_until):
            try:
                found = count(self._shared)
            except StorageError as error:
                if self._away_until is None:
                    log.warning("Redis does not answer: requests are counted by each process alone (%s)", error)
                self._away_until = self._monotonic() + ASKED_AGAIN_AFTER_S
            else:
                if self._away_until is not None:
                    log.warning("Redis answers again: requests are counted for all processes together")
                    self._away_until = None
                return found
        return count(self._own)


def _wait_s(limiter: MovingWindowRateLimiter, allowed: RateLimitItem, who: tuple[str, ...]) -> int:
    """Until the oldest one that counts is a minute old; whole seconds, as HTTP wants them (RFC 9110 10.2.3)."""
    return max(math.ceil(limiter.get_window_stats(allowed, *who).reset_time - time.time()), 1)


def _in_redis(url: str) -> RedisStorage:
    """Not connected yet. Tried once each time: the client's own way of trying again takes seconds."""
    pool = ConnectionPool.from_url(
        url,
        socket_timeout=ANSWERS_WITHIN_S,
        socket_connect_timeout=ANSWERS_WITHIN_S,
        retry=Retry(NoBackoff(), 0),
    )
    return RedisStorage("redis://", connection_pool=pool, key_prefix=KEYS, wrap_exceptions=True)
