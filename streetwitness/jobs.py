"""Jobs: what a worker is asked to do, by id, and the sweeper that asks again when nobody else does.

The row says what is left to do and Redis only rings the bell: a job may be lost, repeated or late, and a wiped Redis
costs a few seconds.
"""

import logging
import threading
import time
import uuid
from collections.abc import Callable, Iterable, Sequence
from contextlib import ExitStack

from redis import Redis
from redis.exceptions import RedisError
from rq import Queue
from sqlalchemy import exists, select

from cases.fence_trials import to_do as trials_to_do
from cases.lifecycle import PROGRAM
from cases.recording_acts import marks_to_do
from cases.volume.volumes import to_do as volumes_to_do
from detectors.errors import DetectorError
from evidence.derivatives import requests
from evidence.errors import EvidenceError
from evidence.vault import Vault
from ingest.derive import derive as make_derivative
from ingest.upload_intake import take_in_all, uploads_to_do
from models.database import Sessions, reading
from models.incidents import Recording
from models.uploads import Upload
from streetwitness import fence_trials
from streetwitness.analysis import TO_DO, alone_with, detector_on, take_further, weights_of
from streetwitness.confined_analysis import analyse_confined, came_by_upload
from streetwitness.confined_derivation import derive_confined, is_of_what_was_handed_in
from streetwitness.errors import BeingAnalysed
from streetwitness.settings import load_settings
from streetwitness.stores import at_hand
from streetwitness.volume_making import make_volume
from streetwitness.workplace import Workplace, now, opened_workplace

log = logging.getLogger(__name__)

QUEUE = "recordings"
# what a person waits for comes before the next recording, what the program wants at drafting after all of them
WAITED_FOR, AT_LEISURE = "derivatives", "derivatives-at-leisure"
HANDED_IN = "uploads"  # short looks into what came: whoever handed it in waits for the answer
TRIALS = "fence-trials"  # somebody waits, and for minutes anyway
BINDING = "volumes"  # a few seconds, and somebody waits
QUEUES = (WAITED_FOR, HANDED_IN, BINDING, TRIALS, QUEUE, AT_LEISURE)
LONGEST_JOB_S = 24 * 3600
SWEEP_EVERY_S = 1.0
ASK_AGAIN_AFTER_S = 30.0
SMALL_BYTES = 32_000_000
TAKEN_ALONG = 15  # small ones in one process, so that starting it is not most of the work


def analyse(recording_id: str) -> None:
    """The job. A recording already done, or in other hands, is left alone."""
    one = uuid.UUID(recording_id)
    with opened_workplace(load_settings()) as workplace:
        if one not in recordings_to_do(workplace.sessions, [one]):
            return
        try:
            if came_by_upload(workplace, one):
                analyse_confined(workplace, [one, *_small_ones_beside(workplace, one)])
            else:
                take_further(workplace, one)
        except DetectorError as error:  # weights may come later
            log.error("recording %s: %s", one, error)  # noqa: TRY400 - the sentence says it all


def _small_ones_beside(workplace: Workplace, one: uuid.UUID) -> list[uuid.UUID]:
    """What is taken along in the same process: other small recordings that were handed in and wait."""
    with reading(workplace.sessions) as session:
        if session.get_one(Recording, one).size_bytes > SMALL_BYTES:
            return []
        waiting = session.scalars(
            select(Recording.id)
            .where(
                Recording.id != one,
                Recording.state.in_(TO_DO),
                Recording.size_bytes <= SMALL_BYTES,
                exists().where(Upload.recording_id == Recording.id),
            )
            .order_by(Recording.started_at, Recording.id)
            .limit(TAKEN_ALONG)
        ).all()
    return [each for each in waiting if _is_free(workplace, each)]


def look_into_upload(upload_id: str) -> None:
    """The job. What was looked into already is left alone; others that wait are taken along."""
    with opened_workplace(load_settings()) as workplace, ExitStack() as locks:
        with reading(workplace.sessions) as session:
            waiting = uploads_to_do(session)
        one = uuid.UUID(upload_id)
        if one not in waiting:
            return
        alone = []
        for each in [one, *(each for each in waiting if each != one)][: TAKEN_ALONG + 1]:
            try:
                locks.enter_context(alone_with(workplace.data.locks, each))
            except BeingAnalysed:
                continue
            alone.append(each)
        for cut_short, error in take_in_all(workplace.sessions, alone, workplace.data.vault, at=now()):
            log.warning("upload %s: %s", cut_short, error)  # asked again


def derive(derivative_id: str) -> None:
    """The job. What is made already, or cannot be made, is left alone; its row says which."""
    with opened_workplace(load_settings()) as workplace:
        if is_of_what_was_handed_in(workplace, uuid.UUID(derivative_id)):
            derive_confined(workplace, uuid.UUID(derivative_id))
            return
        _derive_here(workplace, uuid.UUID(derivative_id))


def _derive_here(workplace: Workplace, derivative_id: uuid.UUID) -> None:
    with Vault.open(workplace.data.vault) as vault:
        try:
            done = make_derivative(
                workplace.sessions,
                vault,
                derivative_id,
                detector=lambda: detector_on(weights_of(workplace.settings)),
                clock=now,
                at_hand=at_hand(workplace.settings),
            )
        except (EvidenceError, DetectorError) as error:  # no room, no weights: asked again until there are
            log.error("derivative %s: %s", derivative_id, error)  # noqa: TRY400 - the sentence says it all
            return
        if done:
            log.info("derivative %s made", derivative_id)


def try_fence(trial_id: str) -> None:
    """The job. A trial that is over, cancelled or in other hands is left alone."""
    with opened_workplace(load_settings()) as workplace:
        fence_trials.try_fence(workplace, uuid.UUID(trial_id))


def bind_volume(volume_id: str) -> None:
    """The job. A volume that is made already, or cannot be made, is left alone; its row says which."""
    with opened_workplace(load_settings()) as workplace:
        try:
            done = make_volume(workplace, uuid.UUID(volume_id))
        except EvidenceError as error:  # no room, no network: asked again until there are
            log.error("volume %s: %s", volume_id, error)  # noqa: TRY400 - the sentence says it all
            return
    if done:
        log.info("volume %s made", volume_id)


def recordings_to_do(sessions: Sessions, among: Sequence[uuid.UUID] | None = None) -> list[uuid.UUID]:
    """Recordings that still wait for their analysis, oldest first, and those on which somebody marked something."""
    with reading(sessions) as session:
        waiting = select(Recording.id).where(Recording.state.in_(TO_DO))
        marked = marks_to_do(session)
        if among is not None:
            waiting, marked = waiting.where(Recording.id.in_(among)), [each for each in marked if each in among]
        found = session.scalars(waiting.order_by(Recording.started_at, Recording.id))
        return list(dict.fromkeys([*marked, *found]))


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


def _is_free(workplace: Workplace, recording_id: uuid.UUID) -> bool:
    try:
        with alone_with(workplace.data.locks, recording_id):
            return True
    except BeingAnalysed:
        return False


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
        with reading(self._workplace.sessions) as session:
            trials = [each for each in trials_to_do(session, now()) if self._is_due(each, at)]
            volumes = [each for each in volumes_to_do(session) if self._is_due(each, at)]
        _enqueue(self._redis, TRIALS, try_fence, "try", trials)
        _enqueue(self._redis, BINDING, bind_volume, "bind", volumes)
        due = [
            each
            for each in recordings_to_do(self._workplace.sessions)
            if self._is_due(each, at) and _is_free(self._workplace, each)
        ]
        ring(self._redis, due)
        rung = [*due, *derivatives, *uploads, *trials, *volumes]
        self._asked |= dict.fromkeys(rung, at)
        return rung

    def _is_due(self, row_id: uuid.UUID, at: float) -> bool:
        return row_id not in self._asked or at - self._asked[row_id] >= ASK_AGAIN_AFTER_S

    def run(self, stop: threading.Event) -> None:
        while not stop.wait(SWEEP_EVERY_S):
            try:
                self.sweep()
            except RedisError as error:
                log.warning("Redis does not answer (%s); what is to do stays in the database", error)
