"""The folder a collection station writes into: batches, half-written files, checksums, hostile names, and kills."""

import hashlib
import os
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import select

from cases import recorders
from cases.part_files import PartFiles
from cases.recorders import events_of
from evidence.case_rows import load, sufficiency_facts
from evidence.sufficiency import check
from evidence.vault import Vault
from ingest.checksum_lists import read_list
from ingest.errors import FolderUnusable
from ingest.upload_intake import take_in_all, uploads_to_do
from ingest.watched_folder import FolderSettings, WatchedFolder, files_below
from models.database import reading, transaction
from models.enums import CameraKind, FolderOutcome, RecorderSubject, RecordingState, UploadState
from models.exhibits import SealedObject
from models.incidents import Recording
from models.people import Officer
from models.places import Camera
from models.recorders import FolderFile
from models.uploads import Upload
from tests.conftest import Database
from tests.rows import (
    NOON,
    add_camera,
    add_geofence,
    add_geofence_version,
    add_incident,
    add_recording,
    add_site,
    add_user,
    after,
)

STEADY_S = 10.0


@dataclass
class Station:
    """A watched folder, with a clock of its own."""

    database: Database
    settings: FolderSettings
    folder: WatchedFolder
    seconds: float = 0.0

    @property
    def root(self) -> Path:
        return self.settings.root

    def writes(self, path: str, data: bytes = b"a recording") -> Path:
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(data)
        return file

    def passes(self, seconds: float = STEADY_S) -> tuple[str, ...]:
        """What a look takes then."""
        self.folder.look()
        self.seconds += seconds
        return self.folder.look().taken

    def uploads(self) -> list[Upload]:
        with reading(self.database.sessions) as session:
            return list(session.scalars(select(Upload).order_by(Upload.file_name, Upload.id)))

    def why(self, shown: str) -> str | None:
        with reading(self.database.sessions) as session:
            return session.scalars(select(FolderFile.why).where(FolderFile.shown == shown)).one()

    def restarted(self) -> None:
        self.folder = watched(self.database, self.settings, self)


def watched(database: Database, settings: FolderSettings, station: Station | None = None) -> WatchedFolder:
    return WatchedFolder(
        database.sessions,
        PartFiles(settings.root.parent / "parts"),
        settings.root.parent / "vault",
        settings,
        clock=lambda: after(0.0 if station is None else station.seconds),
        monotonic=lambda: 0.0 if station is None else station.seconds,
    )


@pytest.fixture
def station(sqlite_database: Database, tmp_path: Path) -> Station:
    return station_on(sqlite_database, tmp_path)


@pytest.fixture
def any_station(database: Database, tmp_path: Path) -> Station:
    """On both engines."""
    return station_on(database, tmp_path)


def station_on(database: Database, tmp_path: Path) -> Station:
    (tmp_path / "inbox").mkdir()
    with transaction(database.sessions) as session:
        add_user(session, "station.3")
        site = add_site(session)
        for name in ("cam-17", "cam-18"):
            add_camera(session, site, id=name, kind=CameraKind.BODY_WORN)
    settings = FolderSettings(tmp_path / "inbox", "station.3", STEADY_S)
    made = Station(database, settings, watched(database, settings))
    made.restarted()
    return made


def test_a_batch_is_taken_once_and_stays_where_it_is(any_station: Station) -> None:
    station = any_station
    for number in range(3):
        station.writes(f"cam-17/DCIM/{number:04}.mp4", b"recording %d" % number)
    station.writes("cam-18/0000.mp4", b"another")
    assert len(station.passes()) == 4
    assert sorted(each.recorder_id for each in station.uploads()) == ["cam-17", "cam-17", "cam-17", "cam-18"]
    assert {each.state for each in station.uploads()} == {UploadState.SEALED}
    assert station.passes() == ()
    station.restarted()
    assert station.passes() == ()
    assert len(station.uploads()) == 4
    assert (station.root / "cam-17/DCIM/0002.mp4").read_bytes() == b"recording 2"


def test_the_same_bytes_under_another_name_are_the_same_upload(station: Station) -> None:
    station.writes("cam-17/0001.mp4")
    station.writes("cam-17/copy of 0001.mp4")
    assert len(station.passes()) == 2
    assert len(station.uploads()) == 1


def test_a_file_that_is_still_written_waits(station: Station) -> None:
    file = station.writes("cam-17/0001.mp4", b"half")
    assert station.passes(STEADY_S / 2) == ()
    with file.open("ab") as more:
        more.write(b" and half")
    assert station.passes(STEADY_S / 2) == ()
    assert station.passes() == ("cam-17/0001.mp4",)
    assert [each.length for each in station.uploads()] == [13]


@pytest.mark.parametrize("name", ["0001.mp4.part", "0001.mp4.tmp", ".0001.mp4.swp", "~0001.mp4", "0001.mp4.filepart"])
def test_a_name_that_says_somebody_writes_it_is_left_alone(station: Station, name: str) -> None:
    station.writes(f"cam-17/{name}")
    assert station.passes() == ()
    assert station.uploads() == []
    (station.root / "cam-17" / name).rename(station.root / "cam-17" / "0001.mp4")
    assert station.passes() == ("cam-17/0001.mp4",)


@pytest.mark.parametrize("algorithm", ["md5", "sha1", "sha256"])
def test_what_is_not_what_the_recorders_list_says_is_kept_and_quarantined(station: Station, algorithm: str) -> None:
    station.writes("cam-17/0001.mp4", b"as it was filmed")
    station.writes("cam-17/0002.mp4", b"as it was filmex")
    told = hashlib.new(algorithm, b"as it was filmed", usedforsecurity=False).hexdigest()
    station.writes(f"cam-17/list.{algorithm}", f"# batch 7\n{told}  0001.mp4\n{told} *0002.mp4\n".encode())
    assert len(station.passes()) == 2
    good, bad = station.uploads()
    assert (good.doubt, bad.doubt) == (
        None,
        f"the {algorithm} of its bytes is not the one in the recorder's own list",
    )
    vault = station.root.parent / "vault"
    with reading(station.database.sessions) as session:
        to_do = uploads_to_do(session)
    take_in_all(station.database.sessions, [bad.id], vault, at=after(60), look=lambda _paths: pytest.fail("opened"))
    assert bad.id in to_do
    bad = station.uploads()[1]
    assert (bad.state, bad.why) == (UploadState.QUARANTINED, bad.doubt)
    with reading(station.database.sessions) as session:
        sealed = session.get_one(SealedObject, bad.sha256)
    assert Vault.path_of(vault, sealed.sha256, sealed.suffix).read_bytes() == b"as it was filmex"
    # sent again as it should be, it is another upload, and the doubt about the first is none about this one
    station.writes("cam-17/0002.mp4", b"as it was filmed")
    assert station.passes() == ("cam-17/0002.mp4",)


def test_a_list_that_comes_last_is_held_against_what_was_taken_before(any_station: Station) -> None:
    station = any_station
    for number, data in ((1, b"as it was filmed"), (2, b"as it was filmex"), (3, b"not in the list")):
        station.writes(f"cam-17/DCIM/{number:04}.mp4", data)
    assert len(station.passes()) == 3
    told = hashlib.sha256(b"as it was filmed").hexdigest()
    station.writes("cam-17/sha256sums", f"{told}  DCIM/0001.mp4\n{told}  DCIM/0002.mp4\n".encode())
    assert station.folder.look().doubted == ()  # it may still be written
    station.seconds += STEADY_S
    assert station.folder.look().doubted == ("cam-17/DCIM/0002.mp4",)
    why = "the sha256 of its bytes is not the one in the recorder's own list"
    assert [each.doubt for each in station.uploads()] == [None, why, None]
    station.seconds += STEADY_S
    assert station.folder.look().doubted == ()
    station.restarted()
    station.folder.look()
    station.seconds += STEADY_S
    assert station.folder.look().doubted == ()
    assert [each.doubt for each in station.uploads()] == [None, why, None]


def test_what_a_late_list_speaks_against_is_analysed_no_further(station: Station) -> None:
    station.writes("cam-17/0001.mp4", b"as it was filmex")
    station.passes()
    [upload] = station.uploads()
    with transaction(station.database.sessions) as session:
        camera = session.get_one(Camera, "cam-17")
        recording = add_recording(session, camera, state=RecordingState.ANALYSING)
        taken = session.get_one(Upload, upload.id)
        taken.state, taken.recording_id = UploadState.TAKEN, recording.id
        version = add_geofence_version(session, add_geofence(session, camera))
        incident = add_incident(session, version, camera, recording)
        before = [finding.code for finding in check(sufficiency_facts(load(session, incident.id)))]
    told = hashlib.sha256(b"as it was filmed").hexdigest()
    station.writes("cam-17/0001.mp4.sha256", f"{told}\n".encode())
    station.passes()
    [upload] = station.uploads()
    assert upload.state is UploadState.QUARANTINED
    with transaction(station.database.sessions) as session:
        assert session.get_one(Recording, recording.id).state is RecordingState.CANCELLED
        assert [event.act for event in events_of(session, RecorderSubject.RECORDING, recording.id)] == ["cancelled"]
        found = {finding.code: finding for finding in check(sufficiency_facts(load(session, incident.id)))}
    assert "original" not in before
    assert not found["original"].ok
    assert found["original"].detail == {"why": upload.doubt}


def test_files_wait_for_a_list_that_is_still_written(station: Station) -> None:
    station.writes("cam-17/0001.mp4")
    station.folder.look()
    station.seconds += STEADY_S
    station.writes("cam-17/md5sum.txt", b"")
    assert station.folder.look().taken == ()
    assert station.passes() == ("cam-17/0001.mp4",)


def test_lists_are_read_as_stations_write_them() -> None:
    ones, twos, threes = "1" * 32, "2" * 40, "3" * 64
    text = (
        f"\ufeff{ones} *DCIM\\0001.MP4\nSHA1 (0002.mp4) = {twos}\n; remark\n{threes}  ./a b.mp4\nnot a sum 0003.mp4\n"
    )
    assert read_list("checksums.txt", text.encode()).names == {
        "dcim/0001.mp4": {"md5": ones},
        "0002.mp4": {"sha1": twos},
        "a b.mp4": {"sha256": threes},
    }
    assert read_list("0001.mp4.md5", f"{ones}\n".encode()).names == {"0001.mp4": {"md5": ones}}
    assert read_list("checksums.txt", ones.encode()).names == {}


def test_a_folder_named_after_an_officer_is_that_of_the_recorder_he_carried_that_day(station: Station) -> None:
    with transaction(station.database.sessions) as session:
        session.add(Officer(name="王强", phone_sealed=b"x", grid="dongcheng-02"))
        session.flush()
        recorders.assign(session, "cam-18", "王强", from_on=date(2026, 3, 1), to_on=None, actor="li.na", at=NOON)
    for path, day in (("王强/0001.mp4", 2), ("王强/0002.mp4", 0)):
        file = station.writes(path, path.encode())
        filmed = NOON.timestamp() + (day - 2) * 86400
        os.utime(file, (filmed, filmed))
    assert station.passes() == ("王强/0001.mp4",)
    assert [each.recorder_id for each in station.uploads()] == ["cam-18"]
    assert "named after the recorder" in str(station.why("王强/0002.mp4"))


def test_what_cannot_be_taken_says_why_and_is_tried_again_later(station: Station) -> None:
    station.writes("0001.mp4")
    station.writes("cam-17/notes.docx", b"notes")
    station.writes("cam-17/empty.mp4", b"")
    assert station.passes() == ()
    assert "named after the recorder" in str(station.why("0001.mp4"))
    assert "no recording" in str(station.why("cam-17/notes.docx"))
    assert "empty" in str(station.why("cam-17/empty.mp4"))
    with transaction(station.database.sessions) as session:
        session.delete(session.get_one(Camera, "cam-18"))  # now there is one recorder, and it need not be named
    assert station.passes() == ()
    assert station.passes(601) == ("0001.mp4",)


def test_links_are_not_followed_and_names_never_become_paths(station: Station, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.mkdir()
    (secret / "0001.mp4").write_bytes(b"not to be taken")
    (station.root / "cam-17").mkdir()
    (station.root / "cam-18").symlink_to(secret, target_is_directory=True)
    (station.root / "cam-17" / "0002.mp4").symlink_to(secret / "0001.mp4")
    os.mkfifo(station.root / "cam-17" / "0003.mp4")
    (station.root / "cam-17" / "%2e%2e%2f\n\u202e4.mp4").write_bytes(b"a strange name")
    outside = sorted(tmp_path.rglob("*"))
    assert [seen.parts for seen in files_below(station.root)] == [("cam-17", "%2e%2e%2f\n\u202e4.mp4")]
    station.passes()
    assert [(each.file_name, each.length) for each in station.uploads()] == [("%2e%2e%2f��4.mp4", 14)]
    new = set(tmp_path.rglob("*")) - set(outside)
    assert all(path.is_relative_to(tmp_path / "vault") or path.is_relative_to(tmp_path / "parts") for path in new)


def test_a_file_that_became_a_link_after_it_was_listed_is_not_opened(station: Station, tmp_path: Path) -> None:
    file = station.writes("cam-17/0001.mp4")
    station.folder.look()
    station.seconds += STEADY_S
    (tmp_path / "passwd").write_bytes(b"a recording")
    there = files_below(station.root)
    file.unlink()
    file.symlink_to(tmp_path / "passwd")
    assert station.folder._take(there[0], None) is not None  # between two instructions of one look
    assert station.uploads() == []


def test_what_was_taken_is_moved_where_that_is_wanted_also_after_a_kill(station: Station, tmp_path: Path) -> None:
    station.writes("cam-17/0001.mp4", b"one")
    assert station.passes() == ("cam-17/0001.mp4",)
    station.settings = replace(station.settings, move_to=tmp_path / "taken")
    station.restarted()  # as if killed between the commit and the move
    station.passes()
    assert not (station.root / "cam-17/0001.mp4").exists()
    assert (tmp_path / "taken/cam-17/0001.mp4").read_bytes() == b"one"
    station.writes("cam-17/0001.mp4", b"two")
    assert station.passes() == ("cam-17/0001.mp4",)
    moved = sorted(path.read_bytes() for path in (tmp_path / "taken/cam-17").iterdir())
    assert moved == [b"one", b"two"]


def test_a_folder_that_is_not_there_and_a_user_that_is_not_there_say_so(station: Station) -> None:
    station.writes("cam-17/0001.mp4")
    station.settings = replace(station.settings, user="nobody")
    station.restarted()
    station.folder.look()
    station.seconds += STEADY_S
    with pytest.raises(FolderUnusable, match="no user nobody"):
        station.folder.look()
    shutil.rmtree(station.root)
    with pytest.raises(FolderUnusable, match="make the folder"):
        station.folder.look()


def test_killed_again_and_again_every_file_arrives_once(sqlite_database: Database, tmp_path: Path) -> None:
    root = tmp_path / "inbox" / "cam-17"
    root.mkdir(parents=True)
    with transaction(sqlite_database.sessions) as session:
        add_user(session, "station.3")
        add_camera(session, add_site(session), id="cam-17", kind=CameraKind.BODY_WORN)
    files = {}
    for number in range(24):
        data = os.urandom(600_000 + number)
        (root / f"{number:04}.mp4").write_bytes(data)
        files[hashlib.sha256(data).hexdigest()] = len(data)
    command = [sys.executable, "-m", "tests.ingest.folder_driver", sqlite_database.url, str(tmp_path)]
    for wait_s in (0.9, 0.05, 0.2, 0.35, None):
        with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
            assert process.stdout is not None
            assert process.stdout.readline() == b"looking\n"
            if wait_s is None:
                assert process.wait() == 0
                continue
            time.sleep(wait_s)
            process.send_signal(signal.SIGKILL)
    with reading(sqlite_database.sessions) as session:
        taken = session.scalars(select(Upload)).all()
        outcomes = session.scalars(select(FolderFile.outcome)).all()
    assert sorted((each.sha256, each.length) for each in taken) == sorted(files.items())
    assert {each.state for each in taken} == {UploadState.SEALED}
    assert list(outcomes) == [FolderOutcome.TAKEN] * 24
    assert list((tmp_path / "parts").iterdir()) == []
