"""What if: a recording looked at with an edited fence beside the one in force; the real site learns nothing from it."""

import threading
import time
import uuid
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import cv2
import pytest
from redis import Redis
from rq import Queue, SimpleWorker
from sqlalchemy import func, select

from cases import fence_trials, fences
from cases.errors import FenceRefused, UnknownFence
from cases.fence_trials import Found, compare
from ingest.recordings import take_recording
from models.database import open_database, reading, sessions_of, transaction, upgrade
from models.enums import Offence, RecordingState, TrialState
from models.exhibits import Exhibit
from models.fence_trials import FenceTrial
from models.incidents import Incident, Recording
from models.people import User
from streetwitness.embedded_redis import EmbeddedRedis
from streetwitness.fence_trials import forget_pictures, try_fence
from streetwitness.jobs import QUEUES, TRIALS, Sweeper
from streetwitness.settings import load_settings
from streetwitness.workplace import Workplace, now
from tests.patience import PATIENCE_S
from tests.rows import NOON, add_camera, add_geofence, add_geofence_version, add_site, add_user

pytestmark = pytest.mark.footage

CLIP = "path_walkers_parked_van.avi"  # a van and a car stand there all the while
ROUND_THE_VAN = [[0.83, 0.08], [0.945, 0.08], [0.945, 0.19], [0.83, 0.19]]
ROUND_THE_CAR = [[0.948, 0.08], [1.0, 0.08], [1.0, 0.18], [0.948, 0.18]]
RULE = {"illegal_parking": {"dwell_s": 15.0, "grace_s": 15.0, "roles": ["vehicle"]}}


@pytest.fixture
def workplace(tmp_path: Path, weights_dir: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Workplace]:
    monkeypatch.setenv("STREETWITNESS_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("STREETWITNESS_WEIGHTS", str(weights_dir))
    settings = load_settings()
    settings.data.make()
    engine = open_database(settings.database)
    upgrade(engine)
    yield Workplace(settings, engine, sessions_of(engine))
    engine.dispose()


@pytest.fixture
def recorded(workplace: Workplace, footage_dir: Path) -> uuid.UUID:
    """gate-3, where it is forbidden to stand where the van does, and a recording of it."""
    with transaction(workplace.sessions) as session:
        camera = add_camera(session, add_site(session))
        add_geofence_version(session, add_geofence(session, camera, "kerb"), polygon=ROUND_THE_VAN, offences=RULE)
        add_user(session, "chen.bo")
        recording = take_recording(session, "gate-3", footage_dir / CLIP, NOON)
        recording.state = RecordingState.ANALYSED
        return recording.id


def asked(workplace: Workplace, recording_id: uuid.UUID, **differs: Any) -> uuid.UUID:
    with transaction(workplace.sessions) as session:
        terms = {"id": "kerb", "camera": "gate-3", "polygon": ROUND_THE_CAR, "offences": RULE} | differs
        user = session.scalars(select(User)).one()
        return fence_trials.ask(session, fences.read_entry(terms), recording_id, user=user, at=now()).id


def trial(workplace: Workplace, trial_id: uuid.UUID) -> FenceTrial:
    with reading(workplace.sessions) as session:
        return fence_trials.find(session, trial_id)


def files(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}


def test_what_would_appear_and_vanish_is_shown_with_pictures_and_nothing_else_is_written(
    workplace: Workplace, recorded: uuid.UUID
) -> None:
    trial_id = asked(workplace, recorded)
    before = files(workplace.data.root)
    with EmbeddedRedis(workplace.data.redis) as embedded, Redis.from_url(embedded.url) as redis:
        assert Sweeper(workplace, redis).sweep() == [trial_id]
        SimpleWorker([Queue(name, connection=redis) for name in QUEUES], connection=redis).work(
            burst=True, logging_level="WARNING"
        )
    done = trial(workplace, trial_id)
    assert (done.state, done.why) == (TrialState.DONE, None)
    assert done.findings is not None
    (appeared,), (vanished,) = done.findings["appear"], done.findings["vanish"]
    assert done.findings["stay"] == []
    assert vanished["box"] == pytest.approx([651, 43, 722, 100], abs=8)
    assert appeared["box"] == pytest.approx([733, 51, 768, 93], abs=8)
    for found in (appeared, vanished):
        assert (found["offence"], found["first_seen_s"]) == ("illegal_parking", pytest.approx(0, abs=2))
        assert found["confirmed_s"] == pytest.approx(15, abs=4)
        assert cv2.imread(str(workplace.data.pictures.trials / str(trial_id) / found["picture"])) is not None
    new = {name for name in files(workplace.data.root) - before if not name.startswith(("redis/", "streetwitness.db"))}
    assert new == {f"pictures/trials/{trial_id}/{found['picture']}" for found in (appeared, vanished)}
    with reading(workplace.sessions) as session:
        assert session.scalar(select(func.count()).select_from(Incident)) == 0
        assert session.scalar(select(func.count()).select_from(Exhibit)) == 0
        assert session.get_one(Recording, recorded).analysis is None


def test_a_cancelled_trial_ends_within_seconds(workplace: Workplace, recorded: uuid.UUID) -> None:
    trial_id = asked(workplace, recorded)
    working = threading.Thread(target=try_fence, args=(workplace, trial_id))
    working.start()
    try:
        until_s = time.monotonic() + PATIENCE_S
        while trial(workplace, trial_id).state is TrialState.ASKED:
            assert time.monotonic() < until_s
            time.sleep(0.05)
    finally:
        with transaction(workplace.sessions) as session:
            fence_trials.cancel(session, trial_id, user=session.scalars(select(User)).one(), at=now())
        working.join(PATIENCE_S)
    assert not working.is_alive()
    over = trial(workplace, trial_id)
    assert (over.state, over.findings) == (TrialState.CANCELLED, None)
    assert files(workplace.data.pictures.trials) == set()


def test_a_trial_whose_file_is_gone_says_so(workplace: Workplace, recorded: uuid.UUID) -> None:
    with transaction(workplace.sessions) as session:
        session.get_one(Recording, recorded).path = "/nowhere/noon.mp4"
    trial_id = asked(workplace, recorded)
    try_fence(workplace, trial_id)
    failed = trial(workplace, trial_id)
    assert failed.state is TrialState.FAILED
    assert "not on this machine" in str(failed.why)


def test_a_trial_that_lost_its_worker_is_taken_up_again_and_not_for_ever(
    workplace: Workplace, recorded: uuid.UUID
) -> None:
    trial_id = asked(workplace, recorded)
    at = now()
    for _ in range(fence_trials.MOST_TRIES):
        with transaction(workplace.sessions) as session:
            assert fence_trials.begin(session, trial_id, at=at) is not None
            assert fence_trials.begin(session, trial_id, at=at) is None, "it is in other hands"
        at += fence_trials.SILENT * 2
    with transaction(workplace.sessions) as session:
        assert fence_trials.begin(session, trial_id, at=at) is None
    assert trial(workplace, trial_id).state is TrialState.FAILED


def test_how_many_wait_is_bounded_and_what_is_old_goes_with_its_pictures(
    workplace: Workplace, recorded: uuid.UUID
) -> None:
    first = asked(workplace, recorded)
    asked(workplace, recorded)
    with pytest.raises(FenceRefused) as refused:
        asked(workplace, recorded)
    assert refused.value.why == "enough_of_yours"
    with pytest.raises(FenceRefused) as refused:
        asked(workplace, uuid.uuid4())
    assert refused.value.why == "no_such_recording"
    pictures = workplace.data.pictures.trials / str(first)
    pictures.mkdir(parents=True)
    with transaction(workplace.sessions) as session:
        fence_trials.fail(session, first, "for the test", at=now())
        fence_trials.forget_old(session, at=now() + fence_trials.KEPT + timedelta(seconds=1))
    with reading(workplace.sessions) as session, pytest.raises(UnknownFence):
        fence_trials.find(session, first)
    forget_pictures(workplace)
    assert not pictures.exists()


def test_the_queue_of_trials_has_a_worker() -> None:
    assert TRIALS in QUEUES


CAR = Found(Offence.ILLEGAL_PARKING, 10.0, 12.0, 72.0, 140.0, "drafted", (100, 100, 200, 200), "0.jpg")


@pytest.mark.parametrize(
    ("other", "same"),
    [
        (replace(CAR, box=(105, 102, 204, 203), confirmed_s=40.0), True),
        (replace(CAR, box=(300, 100, 400, 200)), False),
        (replace(CAR, first_seen_s=150.0, last_seen_s=190.0), False),
        (replace(CAR, offence=Offence.DUMPING), False),
    ],
    ids=["same_car", "elsewhere", "later", "another_offence"],
)
def test_an_incident_stays_where_both_fences_find_the_same_thing(other: Found, same: bool) -> None:
    found = compare([CAR], [other])
    assert (found.appear, found.vanish, found.stay) == (((), (), ((CAR, other),)) if same else ((other,), (CAR,), ()))
