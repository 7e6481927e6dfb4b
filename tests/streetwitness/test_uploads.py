"""`streetwitness upload`, and what becomes of what it hands in: looked into, analysed in a process of its own, or kept
away.
"""

import json
import os
import shutil
import signal
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest
from click.testing import Result
from redis import Redis
from rq import Queue
from sqlalchemy import select
from sqlalchemy.orm import joinedload
from typer.testing import CliRunner

from cases import recording_acts, upload_tokens
from cases.site_file import read
from cases.site_rows import apply
from evidence.vault import Vault
from ingest.errors import AnalysisCalledOff
from ingest.recordings import analyze_recording
from ingest.sampler import Sampling
from models.database import reading, transaction
from models.derivatives import Derivative
from models.enums import CameraKind, ClockSource, DerivativeForm, DerivativeState, RecordingState, UploadState
from models.exhibits import Exhibit, SealedObject
from models.incidents import Incident, Recording
from models.people import User
from models.places import Camera
from models.uploads import Upload
from review_ui.settings import ReviewSettings
from streetwitness import jobs
from streetwitness.analysis import telling_progress
from streetwitness.command import app
from streetwitness.confined_analysis import TOO_MUCH_MEMORY, analyse_confined, came_by_upload, harm_of
from streetwitness.confined_derivation import is_of_what_was_handed_in
from streetwitness.demo import DEMO_SITE
from streetwitness.embedded_redis import EmbeddedRedis
from streetwitness.errors import NotHandedIn
from streetwitness.jobs import HANDED_IN, Sweeper
from streetwitness.settings import load_settings
from streetwitness.upload_client import HandedIn, Sender
from streetwitness.workplace import Workplace, now, opened_workplace
from tests.conftest import Database
from tests.detectors.stand_in import StandInDetector
from tests.media.make_clips import Film, Films, parks
from tests.review_ui.conftest import serve
from tests.review_ui.mortal_site import MEGABYTE, Mortal, add_station
from tests.review_ui.test_uploads import noise
from tests.rows import add_user


@dataclass(frozen=True)
class Site:
    workplace: Workplace
    url: str
    token: str

    def upload(self, file: Path, recorder: str | None = "lot-1") -> HandedIn:
        with closing(Sender(self.url, self.token)) as sender:
            return sender.hand_in(file, recorder, lambda _sent, _size: None)

    def row(self, upload: str) -> Upload:
        with reading(self.workplace.sessions) as session:
            return session.get_one(Upload, uuid.UUID(upload))

    def recording(self, upload: str) -> Recording:
        with reading(self.workplace.sessions) as session:
            return session.get_one(Recording, session.get_one(Upload, uuid.UUID(upload)).recording_id)


@pytest.fixture
def site(tmp_path: Path, migrated_sqlite: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    """The demo's site with a user, a token, and its desk on loopback."""
    monkeypatch.setenv("STREETWITNESS_DATA_DIR", str(tmp_path / "data"))
    settings = load_settings()
    settings.data.make()
    shutil.copyfile(migrated_sqlite, settings.data.database)
    with opened_workplace(settings) as workplace:
        with transaction(workplace.sessions) as session:
            apply(session, read(DEMO_SITE), workplace.key(), actor="tests", at=now())
            add_user(session, "station.3")
            token = upload_tokens.give(session, "station.3", label="station 3", days=30, at=now())
        data = settings.data
        for url in serve(ReviewSettings(workplace.sessions, data.vault, data.drafts, uploads_dir=data.uploads)):
            yield Site(workplace, url, token)


def asked(*words: object) -> Result:
    return CliRunner().invoke(app, [str(word) for word in words])


def refused(status: int, *words: object) -> str:
    result = asked(*words)
    assert result.exit_code == status, result.output
    assert len(result.stderr.splitlines()) == 1
    return result.stderr


@pytest.fixture(scope="module")
def films(tmp_path_factory: pytest.TempPathFactory) -> Films:
    return Films(tmp_path_factory.mktemp("films"))


def test_the_command_hands_in_several_files_at_once_and_a_second_time_nothing_is_sent(
    site: Site, tmp_path: Path, films: Films
) -> None:
    files = []
    for number, colour in enumerate(("red", "green", "blue")):
        files.append(tmp_path / f"{number:04}.mp4")
        files[-1].write_bytes(films(Film((parks(colour),), seconds=1)).read_bytes())
    token_file = tmp_path / "station.token"
    token_file.write_text(site.token + "\n")
    words = ("upload", *files, "--recorder", "lot-1", "--url", site.url, "--token-file", token_file)
    first = [json.loads(line) for line in asked(*words, "--json").stdout.splitlines()]
    assert [line["file"] for line in first] == [str(file) for file in files]
    assert {line["state"] for line in first} == {"sealed"}
    for line in first:
        jobs.look_into_upload(line["upload"])
        jobs.look_into_upload(line["upload"])  # asked for twice
    again = [json.loads(line) for line in asked(*words, "--json").stdout.splitlines()]
    assert [line["upload"] for line in again] == [line["upload"] for line in first]
    assert {line["state"] for line in again} == {"taken"}
    assert asked(*words).stdout.splitlines()[0] == f"{files[0]}: taken, sha256:{first[0]['sha256']}"
    with reading(site.workplace.sessions) as session:
        recordings = session.query(Recording).all()
        assert sorted(each.sha256 for each in recordings) == sorted(line["sha256"] for line in first)
        assert {(each.camera_id, each.state, each.clock_source) for each in recordings} == {
            ("lot-1", RecordingState.QUEUED, ClockSource.FILE_TIME)
        }
        for each in recordings:
            sealed = session.get_one(SealedObject, each.sha256)
            assert Path(each.path) == Vault.path_of(site.workplace.data.vault, each.sha256, sealed.suffix)


def test_the_same_bytes_from_another_recorder_are_the_same_recording(site: Site, tmp_path: Path, films: Films) -> None:
    file = tmp_path / "0001.mp4"
    file.write_bytes(films(Film((parks("red"),), seconds=1)).read_bytes())
    with reading(site.workplace.sessions) as session:
        other = session.query(Camera.id).filter(Camera.id != "lot-1").first()[0]
    uploads = [site.upload(file, recorder).upload for recorder in ("lot-1", other)]
    assert uploads[0] != uploads[1]
    for upload in uploads:
        jobs.look_into_upload(upload)
    assert site.recording(uploads[0]).id == site.recording(uploads[1]).id


def test_a_file_that_is_no_recording_is_quarantined_and_stays_so(site: Site, tmp_path: Path) -> None:
    file = tmp_path / "holiday.mp4"
    file.write_text("ffconcat version 1.0\nfile '/etc/passwd'\n")
    with reading(site.workplace.sessions) as session:
        cameras = session.scalars(select(Camera.id).order_by(Camera.id).limit(2)).all()
    for recorder in cameras:
        upload = site.upload(file, recorder).upload
        jobs.look_into_upload(upload)
        row = site.row(upload)
        assert row.state is UploadState.QUARANTINED
        assert "one of the containers" in row.why
        assert str(site.workplace.data.root) not in row.why
    told = site.upload(file, cameras[0])
    assert (told.state, told.why) == ("quarantined", row.why)
    with reading(site.workplace.sessions) as session:  # the second time it was not even opened
        assert sorted(session.scalars(select(Upload.looked_into))) == [0, 1]
    with reading(site.workplace.sessions) as session:
        assert session.query(Recording).count() == 0
        assert session.query(SealedObject).count() == 1  # kept, and not opened again


def test_the_sweeper_rings_for_what_was_handed_in(site: Site, tmp_path: Path, films: Films) -> None:
    file = tmp_path / "0001.mp4"
    file.write_bytes(films(Film((parks("red"),), seconds=1)).read_bytes())
    upload = site.upload(file).upload
    with EmbeddedRedis(tmp_path / "redis") as embedded, Redis.from_url(embedded.url) as redis:
        sweeper = Sweeper(site.workplace, redis, clock=lambda: 0.0)
        assert sweeper.sweep() == [uuid.UUID(upload)]
        assert list(Queue(HANDED_IN, connection=redis).job_ids) == [f"look-{upload}"]
        assert sweeper.sweep() == []


@pytest.mark.footage
def test_what_is_handed_in_is_analysed_in_a_process_of_its_own_with_its_exhibits_sealed(
    site: Site, footage_dir: Path, weights_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STREETWITNESS_WEIGHTS", str(weights_dir))
    upload = site.upload(footage_dir / "lot_arrivals_gopro.mp4").upload
    jobs.look_into_upload(upload)
    recording = site.recording(upload)
    assert came_by_upload(site.workplace, recording.id)
    jobs.analyse(str(recording.id))
    done = site.recording(upload)
    assert (done.state, done.failure) == (RecordingState.ANALYSED, None)
    with reading(site.workplace.sessions) as session:
        assert session.query(Incident).filter_by(recording_id=done.id).count() > 0
        exhibits = session.query(Exhibit).count()
        assert exhibits > 0
    assert not list((site.workplace.data.vault / "incoming").glob("*/*"))
    with reading(site.workplace.sessions) as session:  # what leaves the house is decoded in confinement too
        still = session.query(Derivative.id).filter_by(form=DerivativeForm.STILL).limit(1).scalar()
    assert is_of_what_was_handed_in(site.workplace, still)
    jobs.derive(str(still))
    with reading(site.workplace.sessions) as session:
        made = session.get_one(Derivative, still)
        assert (made.state, made.failure) == (DerivativeState.MADE, None)


def handed_in(site: Site, tmp_path: Path, films: Films, seconds: float = 1) -> tuple[str, Recording]:
    file = tmp_path / "0001.mp4"
    file.write_bytes(films(Film((parks("red"),), seconds=seconds)).read_bytes())
    upload = site.upload(file).upload
    jobs.look_into_upload(upload)
    return upload, site.recording(upload)


def kill_while_analysing(site: Site, upload: str, how: signal.Signals) -> None:
    """The process that is at it, once it has opened the file."""
    analysing = threading.Thread(target=analyse_confined, args=(site.workplace, [site.recording(upload).id]))
    analysing.start()
    children = Path(f"/proc/self/task/{analysing.native_id}/children")
    while site.recording(upload).state is not RecordingState.ANALYSING:
        assert analysing.is_alive()
        time.sleep(0.005)
    os.kill(int(children.read_text().split()[0]), how)
    analysing.join()


@pytest.mark.parametrize("how", [signal.SIGSEGV, signal.SIGKILL])
def test_a_file_whose_analysis_crashes_is_quarantined_and_one_that_was_killed_is_not(
    site: Site,
    tmp_path: Path,
    films: Films,
    weights_dir: Path,
    monkeypatch: pytest.MonkeyPatch,
    how: signal.Signals,
) -> None:
    monkeypatch.setenv("STREETWITNESS_WEIGHTS", str(weights_dir))
    upload, recording = handed_in(site, tmp_path, films, seconds=60)
    kill_while_analysing(site, upload, how)
    row, after = site.row(upload), site.recording(upload)
    if how is signal.SIGKILL:
        assert (row.state, after.state) == (UploadState.TAKEN, RecordingState.ANALYSING)
        assert jobs.recordings_to_do(site.workplace.sessions) == [recording.id]  # asked for again
    else:
        assert (row.state, after.state) == (UploadState.QUARANTINED, RecordingState.FAILED)
        assert row.why == after.failure == "its analysis crashes or never ends (signal 11)"


def test_who_calls_an_analysis_off_ends_the_process_that_is_at_it(
    site: Site, tmp_path: Path, films: Films, weights_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STREETWITNESS_WEIGHTS", str(weights_dir))
    upload, recording = handed_in(site, tmp_path, films, seconds=60)
    analysing = threading.Thread(target=analyse_confined, args=(site.workplace, [recording.id]))
    analysing.start()
    while site.recording(upload).state is not RecordingState.ANALYSING:
        assert analysing.is_alive()
        time.sleep(0.005)
    with transaction(site.workplace.sessions) as session:
        by = session.query(User).options(joinedload(User.grants)).filter_by(name="station.3").one()
        recording_acts.cancel(session, recording.id, by=by, at=now())
    analysing.join()
    done = site.recording(upload)
    assert (done.state, done.failure) == (RecordingState.CANCELLED, None)
    assert site.row(upload).state is UploadState.TAKEN  # it is no fault of the file
    assert jobs.recordings_to_do(site.workplace.sessions) == []
    jobs.analyse(str(recording.id))  # a bell that rang before
    assert site.recording(upload).state is RecordingState.CANCELLED


def test_how_far_an_analysis_has_come_is_in_the_row_and_one_that_is_not_wanted_stops_itself(
    site: Site, tmp_path: Path, films: Films
) -> None:
    upload, recording = handed_in(site, tmp_path, films)
    seconds = iter(range(0, 100, 2))
    tell = telling_progress(site.workplace, recording.id, clock=lambda: float(next(seconds)))
    with transaction(site.workplace.sessions) as session:
        session.get_one(Recording, recording.id).state = RecordingState.ANALYSING
    tell(0.4, 1.0)
    assert site.recording(upload).analysed_s == 0.4
    with transaction(site.workplace.sessions) as session:
        session.get_one(Recording, recording.id).state = RecordingState.CANCELLED
    with pytest.raises(AnalysisCalledOff):
        tell(0.8, 1.0)
    assert site.recording(upload).analysed_s == 0.4


@pytest.mark.parametrize(
    ("status", "says"),
    [
        (0, None),
        (1, None),
        (-signal.SIGKILL, None),
        (-signal.SIGTERM, None),
        (TOO_MUCH_MEMORY, "memory"),
        (-signal.SIGXCPU, "never ends"),
        (-signal.SIGABRT, "crashes"),
    ],
)
def test_how_an_analysis_ended_says_what_the_file_does(status: int, says: str | None) -> None:
    harm = harm_of(status)
    assert (harm is None) == (says is None)
    assert (says or "") in (harm or "")


def test_a_camera_that_moves_never_feeds_the_dwell_rule(site: Site, tmp_path: Path, films: Films) -> None:
    with transaction(site.workplace.sessions) as session:
        session.get_one(Camera, "lot-1").kind = CameraKind.BODY_WORN
    file = tmp_path / "0001.mp4"
    file.write_bytes(films(Film((parks("red"),), seconds=4)).read_bytes())
    upload = site.upload(file, None).upload  # from the only recorder there is
    jobs.look_into_upload(upload)
    analyze_recording(
        site.workplace.sessions,
        site.recording(upload).id,
        detector=StandInDetector,
        vault_root=site.workplace.data.vault,
        sampling=Sampling(),
        on_progress=lambda _done_s, _total_s: None,
    )
    done = site.recording(upload)
    assert (done.state, done.analysis["geofence_versions"]) == (RecordingState.ANALYSED, [])
    with reading(site.workplace.sessions) as session:
        assert session.query(Incident).count() == 0


def test_the_client_goes_on_where_it_was_when_the_site_is_killed(sqlite_database: Database, tmp_path: Path) -> None:
    token = add_station(sqlite_database)
    file = tmp_path / "0001.mp4"
    file.write_bytes(noise(20 * MEGABYTE))
    mortal = Mortal(sqlite_database, tmp_path)
    offsets: list[int] = []

    def on_progress(sent: int, size: int) -> None:
        if sent and not offsets:
            mortal.kill()
            mortal.start()
            offsets.append(sent)

    with closing(Sender(f"http://127.0.0.1:{mortal.port}", token)) as sender:
        came = sender.hand_in(file, None, on_progress)
    mortal.kill()
    assert came.state == "sealed"
    assert (offsets, len(mortal.boots)) == ([8 * MEGABYTE], 2)
    with reading(sqlite_database.sessions) as session:
        assert session.query(SealedObject.size_bytes).all() == [(20 * MEGABYTE,)]


def test_a_site_that_never_answers_is_given_up_with_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "0001.mp4").write_bytes(b"x")
    at = iter(range(0, 10_000, 100))
    sender = Sender("http://127.0.0.1:9", "t", sleep=lambda _s: None, clock=lambda: float(next(at)))
    with closing(sender), pytest.raises(NotHandedIn, match=r"did not take it for 600 s; give the same command again"):
        sender.hand_in(tmp_path / "0001.mp4", None, lambda _sent, _size: None)


def test_what_the_command_cannot_do_is_said_in_a_line(site: Site, tmp_path: Path) -> None:
    file = tmp_path / "0001.mp4"
    file.write_bytes(b"some bytes")
    there = ("upload", file, "--url", site.url)
    assert "streetwitness user token" in refused(1, *there, "--token", "swu_wrong")
    said = refused(1, *there, "--token", site.token)
    assert said.startswith(f"{file}: ")
    assert "which recorder" in said
    assert "no recorder or camera of this id" in refused(1, *there, "--token", site.token, "--recorder", "gate-99")
    assert "streetwitness user token" in refused(2, *there)
    assert "no such file" in refused(2, "upload", tmp_path / "none.mp4", "--token", "swu_x")
    assert "--plain-http" in refused(2, "upload", file, "--url", "http://desk.example", "--token", "swu_x")
    assert "not the address of a site" in refused(2, "upload", file, "--url", "desk.example", "--token", "swu_x")


def test_a_token_is_listed_and_revoked(site: Site) -> None:
    listed = asked("user", "tokens", "station.3", "--json").stdout
    token = json.loads(listed)
    assert (token["label"], token["over"]) == ("station 3", False)
    assert site.token not in listed
    made = asked("user", "token", "station.3", "--label", "phone of the shop").stdout.strip()
    with reading(site.workplace.sessions) as session:
        assert upload_tokens.holder_of(session, made, at=now()).name == "station.3"
    assert asked("user", "token", "station.3", "--revoke", token["id"]).exit_code == 0
    assert json.loads(asked("user", "tokens", "station.3", "--json").stdout.splitlines()[0])["over"] is True
    assert "no token" in refused(2, "user", "token", "station.3", "--revoke", "x")
    assert "no user" in refused(1, "user", "token", "nobody", "--label", "x")
    assert "1 to 400 days" in refused(1, "user", "token", "station.3", "--label", "x", "--days", "900")
    assert "--label" in refused(1, "user", "token", "station.3")
