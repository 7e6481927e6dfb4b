"""Jobs: the row says what is to do; a lost Redis, a job asked for twice or a killed analyser change nothing."""

import uuid

import cv2
import numpy as np
import pytest
from redis import Redis
from rq import Queue, SimpleWorker

from cases.lifecycle import PROGRAM
from cases.volume import volumes
from cases.volume.order import order_of
from evidence.derivatives import requests
from evidence.sealing import PendingExhibit, seal
from evidence.vault import Vault
from models.database import open_database, reading, sessions_of, transaction, upgrade
from models.derivatives import Derivative
from models.enums import DerivativeForm, DerivativeState, ExhibitKind, ExhibitMoment, RecordingState, Role, VolumeState
from models.incidents import Recording
from streetwitness.analysis import alone_with
from streetwitness.embedded_redis import EmbeddedRedis
from streetwitness.errors import BeingAnalysed
from streetwitness.jobs import (
    ASK_AGAIN_AFTER_S,
    AT_LEISURE,
    BINDING,
    QUEUE,
    QUEUES,
    WAITED_FOR,
    Sweeper,
    derivatives_to_do,
    recordings_to_do,
    ring,
)
from streetwitness.settings import load_settings
from streetwitness.workplace import Workplace
from tests.cases.volume.filed import add_user, hour, open_file
from tests.rows import NOON, add_camera, add_recording, add_site, add_street, after


@pytest.fixture
def workplace(tmp_path, monkeypatch):
    monkeypatch.setenv("STREETWITNESS_DATA_DIR", str(tmp_path / "data"))
    settings = load_settings()
    settings.data.make()
    engine = open_database(settings.database)
    upgrade(engine)
    yield Workplace(settings, engine, sessions_of(engine))
    engine.dispose()


@pytest.fixture
def redis(tmp_path):
    with EmbeddedRedis(tmp_path / "redis") as embedded, Redis.from_url(embedded.url) as client:
        yield client


@pytest.fixture
def waiting(workplace) -> uuid.UUID:
    """A recording that waits for its analysis, and whose file is not there any more."""
    with transaction(workplace.sessions) as session:
        camera = add_camera(session, add_site(session))
        done = {"sha256": "a" * 64, "state": RecordingState.ANALYSED, "started_at": after(-60)}
        add_recording(session, camera, **done)
        gone = {"path": str(workplace.data.root / "gone.mp4"), "state": RecordingState.QUEUED, "analysis": None}
        return add_recording(session, camera, **gone).id


def recording(workplace, recording_id: uuid.UUID) -> Recording:
    with reading(workplace.sessions) as session:
        return session.get_one(Recording, recording_id)


def job_ids(redis: Redis) -> list[str]:
    return list(Queue(QUEUE, connection=redis).job_ids)


class Watch:
    """A clock that a test moves on."""

    def __init__(self) -> None:
        self.at_s = 0.0

    def __call__(self) -> float:
        return self.at_s


def test_what_is_to_do_is_read_from_the_rows(workplace, waiting):
    assert recordings_to_do(workplace.sessions) == [waiting]
    with transaction(workplace.sessions) as session:
        session.get_one(Recording, waiting).state = RecordingState.ANALYSING
    assert recordings_to_do(workplace.sessions) == [waiting], "whoever began may have been killed"
    with transaction(workplace.sessions) as session:
        session.get_one(Recording, waiting).state = RecordingState.FAILED
    assert recordings_to_do(workplace.sessions) == []


def test_ringing_twice_puts_a_recording_into_the_queue_once(redis, waiting):
    ring(redis, [waiting])
    ring(redis, [waiting])
    assert job_ids(redis) == [f"analyse-{waiting}"]


def test_a_wiped_redis_is_asked_again_for_everything_that_waits(workplace, redis, waiting):
    watch = Watch()
    sweeper = Sweeper(workplace, redis, clock=watch)
    assert sweeper.sweep() == [waiting]
    redis.flushall()
    assert sweeper.sweep() == [], "not at every round: a worker may be about to begin"
    watch.at_s = ASK_AGAIN_AFTER_S
    assert sweeper.sweep() == [waiting]
    assert job_ids(redis) == [f"analyse-{waiting}"]


def test_a_recording_in_other_hands_is_left_alone(workplace, redis, waiting):
    with alone_with(workplace.data.locks, waiting):
        assert Sweeper(workplace, redis).sweep() == []
        ring(redis, [waiting])
        SimpleWorker([Queue(QUEUE, connection=redis)], connection=redis).work(burst=True)
        assert recording(workplace, waiting).state is RecordingState.QUEUED
        with pytest.raises(BeingAnalysed, match="wait for it"), alone_with(workplace.data.locks, waiting):
            pass
    assert Sweeper(workplace, redis).sweep() == [waiting], "the hold ends with its holder"


def test_a_recording_that_cannot_be_read_says_why_in_its_row_and_is_not_asked_for_again(workplace, redis, waiting):
    ring(redis, [waiting])
    SimpleWorker([Queue(QUEUE, connection=redis)], connection=redis).work(burst=True)
    failed = recording(workplace, waiting)
    assert failed.state is RecordingState.FAILED
    assert failed.failure is not None
    assert "there is no such file" in failed.failure
    assert Sweeper(workplace, redis).sweep() == []
    assert job_ids(redis) == []


def test_the_start_of_the_recording_decides_who_is_first(workplace, waiting):
    with transaction(workplace.sessions) as session:
        camera_id = session.get_one(Recording, waiting).camera_id
        earlier = Recording(
            camera_id=camera_id,
            path="/recordings/earlier.mp4",
            sha256="b" * 64,
            size_bytes=1,
            started_at=after(-3600),
            clock_source=session.get_one(Recording, waiting).clock_source,
            state=RecordingState.QUEUED,
        )
        session.add(earlier)
    assert earlier.started_at < NOON
    assert recordings_to_do(workplace.sessions) == [earlier.id, waiting]


def write_still(path) -> None:
    path.write_bytes(cv2.imencode(".jpg", np.full((360, 640, 3), 110, dtype=np.uint8))[1].tobytes())


@pytest.fixture
def asked(workplace) -> dict[str, uuid.UUID]:
    """A captioned still, asked for by a person and by the program, each in its own language."""
    with Vault.open(workplace.data.vault) as vault, transaction(workplace.sessions) as session:
        street = add_street(session)
        moment, at = ExhibitMoment.ENTRY, after(12)
        pending = vault.take(write_still, ".jpg")
        exhibit = PendingExhibit(pending, ExhibitKind.STILL, moment, "image/jpeg", at, at, {"how": "decode"})
        still = seal(session, vault, street.incident.id, exhibit, actor=PROGRAM, at=at)
        session.flush()
        rows = {
            by: requests.ask(
                session,
                street.incident.id,
                DerivativeForm.STILL,
                still.id,
                masked=False,
                language=language,
                by=by,
                reason="for the file",
                at=after(100),
            ).id
            for by, language in ((PROGRAM, "zh"), ("li.na", "en"))
        }
    vault.settle(pending)
    return rows


def test_what_a_person_waits_for_comes_first_and_what_the_program_wants_last(workplace, redis, asked):
    assert derivatives_to_do(workplace.sessions) == {asked["li.na"]: WAITED_FOR, asked[PROGRAM]: AT_LEISURE}
    assert QUEUES.index(WAITED_FOR) < QUEUES.index(QUEUE) < QUEUES.index(AT_LEISURE)
    assert set(Sweeper(workplace, redis).sweep()) >= set(asked.values())
    assert Queue(WAITED_FOR, connection=redis).job_ids == [f"derive-{asked['li.na']}"]
    assert Queue(AT_LEISURE, connection=redis).job_ids == [f"derive-{asked[PROGRAM]}"]


def test_the_worker_makes_what_is_asked_for_and_a_wiped_redis_only_delays_it(workplace, redis, asked):
    watch = Watch()
    sweeper = Sweeper(workplace, redis, clock=watch)
    sweeper.sweep()
    redis.flushall()
    watch.at_s = ASK_AGAIN_AFTER_S
    sweeper.sweep()
    SimpleWorker([Queue(name, connection=redis) for name in QUEUES], connection=redis).work(burst=True)
    with reading(workplace.sessions) as session:
        assert {session.get_one(Derivative, each).state for each in asked.values()} == {DerivativeState.MADE}
    assert derivatives_to_do(workplace.sessions) == {}


def test_a_volume_that_is_asked_for_is_bound_by_the_worker_and_a_wiped_redis_only_delays_it(workplace, redis):
    with transaction(workplace.sessions) as session:
        officer = add_user(session, "qian", "钱一", Role.OFFICER)
        file = open_file(session, officer)
        order = order_of(workplace.data.casework)
        row = volumes.ask(session, file.id, by=officer, reason="归档", language="zh", order=order, at=hour(1))
    watch = Watch()
    sweeper = Sweeper(workplace, redis, clock=watch)
    assert row.id in sweeper.sweep()
    redis.flushall()
    watch.at_s = ASK_AGAIN_AFTER_S
    sweeper.sweep()
    assert Queue(BINDING, connection=redis).job_ids == [f"bind-{row.id}"]
    SimpleWorker([Queue(name, connection=redis) for name in QUEUES], connection=redis).work(burst=True)
    with reading(workplace.sessions) as session:
        made = volumes.find(session, row.id)
        assert made.state is VolumeState.MADE, made.failure
        assert volumes.to_do(session) == []
    assert Vault.path_of(workplace.data.vault, made.sha256, ".pdf").read_bytes().startswith(b"%PDF")
