"""Jobs: what a worker is asked to do, by id, and the sweeper that asks again when nobody else does.

The row says what is left to do and Redis only rings the bell: a job may be lost, repeated or late, and a wiped Redis
costs a few seconds.
"""

import logging
import threading
import time
import uuid
from collections.abc import Callable, Iterable

from redis import Redis
from redis.exceptions import RedisError
from rq import Queue
from sqlalchemy import select

from detectors.errors import DetectorError
from ingest.errors import IngestError
from models.database import Sessions, reading
from models.enums import RecordingState
from models.incidents import Recording
from streetwitness.analysis import alone_with
from streetwitness.analysis import analyse as take_down_the_road
from streetwitness.errors import BeingAnalysed
from streetwitness.settings import load_settings
from streetwitness.workplace import Workplace, opened_workplace

log = logging.getLogger(__name__)

QUEUE = "recordings"
LONGEST_JOB_S = 24 * 3600
SWEEP_EVERY_S = 1.0
ASK_AGAIN_AFTER_S = 30.0
TO_DO = (RecordingState.QUEUED, RecordingState.ANALYSING)  # one that says `analysing` may have lost its analyser


def analyse(recording_id: str) -> None:
    """The job. A recording already done, or in other hands, is left alone."""
    with opened_workplace(load_settings()) as workplace:
        try:
            report = take_down_the_road(workplace, uuid.UUID(recording_id), lambda _done_s, _total_s: None)
        except BeingAnalysed:
            return
        except (IngestError, DetectorError) as error:  # a file's own fault is in its row; weights may come later
            log.error("recording %s: %s", recording_id, error)  # noqa: TRY400 - the sentence says it all
            return
        log.info("recording %s analysed in %s s", recording_id, report.analysis.get("wall_s"))


def recordings_to_do(sessions: Sessions) -> list[uuid.UUID]:
    """Recordings that still wait for their analysis, oldest first."""
    with reading(sessions) as session:
        return list(
            session.scalars(
                select(Recording.id).where(Recording.state.in_(TO_DO)).order_by(Recording.started_at, Recording.id)
            )
        )


def ring(redis: Redis, recordings: Iterable[uuid.UUID]) -> None:
    """Puts the recordings into the queue, except those that stand in it already."""
    queue = Queue(QUEUE, connection=redis)
    waiting = set(queue.job_ids)
    for recording_id in recordings:
        job_id = f"analyse-{recording_id}"
        if job_id not in waiting:
            queue.enqueue(
                analyse,
                str(recording_id),
                job_id=job_id,
                job_timeout=LONGEST_JOB_S,
                result_ttl=0,
                failure_ttl=0,
            )


class Sweeper:
    """Looks into the database and rings for what is to do. `run` until `stop` is set."""

    def __init__(self, workplace: Workplace, redis: Redis, clock: Callable[[], float] = time.monotonic) -> None:
        self._workplace, self._redis, self._clock = workplace, redis, clock
        self._asked: dict[uuid.UUID, float] = {}

    def sweep(self) -> list[uuid.UUID]:
        """One round; which recordings it rang for. One is asked for again only after a while."""
        at = self._clock()
        due = [
            each
            for each in recordings_to_do(self._workplace.sessions)
            if (each not in self._asked or at - self._asked[each] >= ASK_AGAIN_AFTER_S) and self._is_free(each)
        ]
        ring(self._redis, due)
        self._asked |= dict.fromkeys(due, at)
        return due

    def _is_free(self, recording_id: uuid.UUID) -> bool:
        try:
            with alone_with(self._workplace.data.locks, recording_id):
                return True
        except BeingAnalysed:
            return False

    def run(self, stop: threading.Event) -> None:
        while not stop.wait(SWEEP_EVERY_S):
            try:
                self.sweep()
            except RedisError as error:
                log.warning("Redis does not answer (%s); what is to do stays in the database", error)
