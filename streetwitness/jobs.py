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

from cases.lifecycle import PROGRAM
from detectors.errors import DetectorError
from evidence.derivatives import requests
from evidence.errors import EvidenceError
from evidence.vault import Vault
from ingest.derive import derive as make_derivative
from ingest.errors import IngestError, LookCutShort
from ingest.upload_intake import take_in, uploads_to_do
from models.database import Sessions, reading
from models.enums import RecordingState
from models.incidents import Recording
from streetwitness.analysis import alone_with, detector_on, weights_of
from streetwitness.analysis import analyse as take_down_the_road
from streetwitness.confined_analysis import analyse_confined, came_by_upload
from streetwitness.errors import BeingAnalysed
from streetwitness.settings import load_settings
from streetwitness.stores import at_hand
from streetwitness.workplace import Workplace, now, opened_workplace

log = logging.getLogger(__name__)

QUEUE = "recordings"
# what a person waits for comes before the next recording, what the program wants at drafting after all of them
WAITED_FOR, AT_LEISURE = "derivatives", "derivatives-at-leisure"
HANDED_IN = "uploads"  # short looks into what came: whoever handed it in waits for the answer
QUEUES = (WAITED_FOR, HANDED_IN, QUEUE, AT_LEISURE)
LONGEST_JOB_S = 24 * 3600
SWEEP_EVERY_S = 1.0
ASK_AGAIN_AFTER_S = 30.0
TO_DO = (RecordingState.QUEUED, RecordingState.ANALYSING)  # one that says `analysing` may have lost its analyser


def analyse(recording_id: str) -> None:
    """The job. A recording already done, or in other hands, is left alone."""
    with opened_workplace(load_settings()) as workplace:
        if came_by_upload(workplace, uuid.UUID(recording_id)):
            analyse_confined(workplace, uuid.UUID(recording_id))
            return
        try:
            report = take_down_the_road(workplace, uuid.UUID(recording_id), lambda _done_s, _total_s: None)
        except BeingAnalysed:
            return
        except (IngestError, DetectorError) as error:  # a file's own fault is in its row; weights may come later
            log.error("recording %s: %s", recording_id, error)  # noqa: TRY400 - the sentence says it all
            return
        log.info("recording %s analysed in %s s", recording_id, report.analysis.get("wall_s"))


def look_into_upload(upload_id: str) -> None:
    """The job. What was looked into already is left alone; its row says what it is."""
    with opened_workplace(load_settings()) as workplace:
        try:
            take_in(workplace.sessions, uuid.UUID(upload_id), workplace.data.vault, at=now())
        except LookCutShort as error:  # asked again
            log.warning("upload %s: %s", upload_id, error)


def derive(derivative_id: str) -> None:
    """The job. What is made already, or cannot be made, is left alone; its row says which."""
    with opened_workplace(load_settings()) as workplace, Vault.open(workplace.data.vault) as vault:
        try:
            done = make_derivative(
                workplace.sessions,
                vault,
                uuid.UUID(derivative_id),
                detector=lambda: detector_on(weights_of(workplace.settings)),
                clock=now,
                at_hand=at_hand(workplace.settings),
            )
        except (EvidenceError, DetectorError) as error:  # no room, no weights: asked again until there are
            log.error("derivative %s: %s", derivative_id, error)  # noqa: TRY400 - the sentence says it all
            return
        if done:
            log.info("derivative %s made", derivative_id)


def recordings_to_do(sessions: Sessions) -> list[uuid.UUID]:
    """Recordings that still wait for their analysis, oldest first."""
    with reading(sessions) as session:
        return list(
            session.scalars(
                select(Recording.id).where(Recording.state.in_(TO_DO)).order_by(Recording.started_at, Recording.id)
            )
        )


def derivatives_to_do(sessions: Sessions) -> dict[uuid.UUID, str]:
    """What is asked for and not made yet, oldest first, with the queue it belongs in."""
    with reading(sessions) as session:
        return {row.id: AT_LEISURE if row.asked_by == PROGRAM else WAITED_FOR for row in requests.to_do(session)}


def uploads_to_look_into(sessions: Sessions) -> list[uuid.UUID]:
    """What was handed in and sealed and nobody has looked into, oldest first."""
    with reading(sessions) as session:
        return uploads_to_do(session)


def ring(redis: Redis, recordings: Iterable[uuid.UUID]) -> None:
    """Puts the recordings into the queue, except those that stand in it already."""
    _enqueue(redis, QUEUE, analyse, "analyse", recordings)


def _enqueue(redis: Redis, name: str, job: Callable[[str], None], verb: str, rows: Iterable[uuid.UUID]) -> None:
    queue = Queue(name, connection=redis)
    waiting = set(queue.job_ids)
    for row_id in rows:
        job_id = f"{verb}-{row_id}"
        if job_id not in waiting:
            queue.enqueue(
                job,
                str(row_id),
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
        """One round; which rows it rang for. One is asked for again only after a while."""
        at = self._clock()
        uploads = [each for each in uploads_to_look_into(self._workplace.sessions) if self._is_due(each, at)]
        _enqueue(self._redis, HANDED_IN, look_into_upload, "look", uploads)
        derivatives = {
            each: name for each, name in derivatives_to_do(self._workplace.sessions).items() if self._is_due(each, at)
        }
        for name in (WAITED_FOR, AT_LEISURE):
            _enqueue(self._redis, name, derive, "derive", [each for each in derivatives if derivatives[each] == name])
        due = [
            each
            for each in recordings_to_do(self._workplace.sessions)
            if self._is_due(each, at) and self._is_free(each)
        ]
        ring(self._redis, due)
        self._asked |= dict.fromkeys([*due, *derivatives, *uploads], at)
        return [*due, *derivatives, *uploads]

    def _is_due(self, row_id: uuid.UUID, at: float) -> bool:
        return row_id not in self._asked or at - self._asked[row_id] >= ASK_AGAIN_AFTER_S

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
