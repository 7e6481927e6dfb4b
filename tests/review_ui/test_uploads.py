"""Handing in files over tus: whole, once, by who may, whatever breaks; with a client that others wrote."""

import base64
import hashlib
import io
import os
import random
import socket
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
from tusclient.client import TusClient
from tusclient.exceptions import TusCommunicationError

from cases import upload_tokens, uploads
from cases.errors import UploadRefused
from cases.part_files import PartFiles
from cases.uploads import Receiving, UploadRules, Wanted
from evidence.vault import Vault
from models.database import reading, transaction
from models.enums import CameraKind, UploadState
from models.exhibits import SealedObject
from models.uploads import Upload, UploadToken
from review_ui.desk import now
from review_ui.settings import ReviewSettings
from tests.conftest import Database
from tests.patience import PATIENCE_S
from tests.review_ui.conftest import serve
from tests.review_ui.mortal_site import MEGABYTE, Mortal, add_station
from tests.rows import add_camera, add_site, add_user

RULES = UploadRules(max_bytes=50 * MEGABYTE, daily_bytes=120 * MEGABYTE, open_at_once=4, keep_free_bytes=MEGABYTE)
PIECE = {"content-type": "application/offset+octet-stream"}


@dataclass(frozen=True)
class Station:
    """A collection station with its token, and the site it sends to."""

    url: str
    token: str
    settings: ReviewSettings
    database: Database
    closing: ExitStack

    def sender(self, token: str | None = None, **headers: str) -> httpx.Client:
        sent = {"authorization": f"Bearer {token or self.token}", "tus-resumable": "1.0.0", "accept-language": "en"}
        client = httpx.Client(base_url=self.url, headers=sent | headers, trust_env=False, timeout=PATIENCE_S)
        return self.closing.enter_context(client)

    @property
    def parts(self) -> PartFiles:
        assert self.settings.uploads_dir is not None
        return PartFiles(self.settings.uploads_dir)

    def bytes_lying_about(self) -> int:
        return sum(path.stat().st_size for path in self.parts.folder.glob("*"))

    def row(self, location: str) -> Upload:
        with reading(self.database.sessions) as session:
            return session.get_one(Upload, uuid.UUID(location.rpartition("/")[2]))

    def kept(self, row: Upload) -> bytes:
        with reading(self.database.sessions) as session:
            sealed = session.get_one(SealedObject, row.sha256)
        return Vault.path_of(self.settings.vault_root, sealed.sha256, sealed.suffix).read_bytes()


def metadata(**named: str) -> str:
    return ",".join(f"{key} {base64.b64encode(value.encode()).decode()}" for key, value in named.items())


def begun(sender: httpx.Client, length: int, file_name: str = "0001.mp4", **named: str) -> str:
    answer = sender.post(
        "/uploads", headers={"upload-length": str(length), "upload-metadata": metadata(filename=file_name, **named)}
    )
    assert answer.status_code == 201, answer.text
    return answer.headers["location"]


def add(sender: httpx.Client, location: str, offset: int, data: bytes, **headers: str) -> httpx.Response:
    return sender.patch(location, content=data, headers={**PIECE, "upload-offset": str(offset), **headers})


def wait_for(condition: Callable[[], bool]) -> None:
    """Until it holds; not for ever, so that a fault ends the test."""
    until = time.monotonic() + PATIENCE_S
    while not condition():
        if time.monotonic() > until:
            pytest.fail("it did not come about")
        time.sleep(0.01)


def noise(size: int, seed: int = 7) -> bytes:
    return random.Random(seed).randbytes(size)


@pytest.fixture
def station(sqlite_database: Database, tmp_path: Path) -> Iterator[Station]:
    token = add_station(sqlite_database)
    settings = ReviewSettings(
        sqlite_database.sessions,
        tmp_path / "vault",
        tmp_path / "drafts",
        uploads_dir=tmp_path / "uploads",
        upload_rules=RULES,
    )
    for url in serve(settings):
        with ExitStack() as closing:
            yield Station(url, token, settings, sqlite_database, closing)


def test_a_client_that_others_wrote_hands_in_a_file_with_checksums_and_it_is_sealed(station: Station) -> None:
    data = noise(3 * MEGABYTE + 5)
    client = TusClient(f"{station.url}/uploads", headers={"authorization": f"Bearer {station.token}"})
    sending = client.uploader(
        file_stream=io.BytesIO(data), chunk_size=MEGABYTE, metadata={"filename": "0001.mp4"}, upload_checksum=True
    )
    sending.upload()
    row = station.row(sending.url)
    assert row.state is UploadState.SEALED
    assert row.recorder_id == "cam-17"
    assert station.kept(row) == data
    assert station.bytes_lying_about() == 0
    assert not list((station.settings.vault_root / "incoming").glob("*/*"))


def test_the_site_says_what_it_speaks(station: Station) -> None:
    answer = station.sender().options("/uploads")
    assert answer.status_code == 204
    assert answer.headers["tus-version"] == "1.0.0"
    assert answer.headers["tus-extension"].split(",") == ["creation", "checksum", "expiration", "termination"]
    assert answer.headers["tus-checksum-algorithm"] == "sha1,sha256"
    assert answer.headers["tus-max-size"] == str(RULES.max_bytes)


def test_a_sender_asks_how_far_it_is_and_goes_on_from_there(station: Station) -> None:
    sender, data = station.sender(), noise(100_000)
    location = begun(sender, len(data))
    first = add(sender, location, 0, data[:30_000])
    assert (first.status_code, first.headers["upload-offset"]) == (204, "30000")
    assert "upload-expires" in first.headers
    asked = sender.head(location)
    assert (asked.headers["upload-offset"], asked.headers["upload-length"]) == ("30000", "100000")
    assert asked.headers["cache-control"] == "no-store"
    assert add(sender, location, 0, data[:10]).status_code == 409
    assert add(sender, location, 40_000, data[40_000:]).headers["upload-offset"] == "30000"
    assert add(sender, location, 30_000, data[30_000:]).status_code == 204
    assert station.kept(station.row(location)) == data
    assert add(sender, location, 100_000, b"").status_code == 204  # whose last answer was lost
    assert add(sender, location, 100_000, b"x").status_code == 409
    assert sender.delete(location).status_code == 409  # it is an original now
    told = sender.get(location).json()
    assert (told["state"], told["sha256"]) == ("sealed", hashlib.sha256(data).hexdigest())


@pytest.mark.parametrize("header", [None, "Bearer", "Bearer wrong", "Basic c3RhdGlvbi0zOng="])
def test_without_a_good_token_not_a_byte_is_written(station: Station, header: str | None) -> None:
    location = begun(station.sender(), 1000)
    stranger = httpx.Client(
        base_url=station.url, trust_env=False, timeout=PATIENCE_S, headers={"tus-resumable": "1.0.0"}
    )
    if header:
        stranger.headers["authorization"] = header
    with stranger:
        assert add(stranger, location, 0, b"x" * 500).status_code == 401
        assert stranger.head(location).status_code == 401
        assert stranger.delete(location).status_code == 401
        assert stranger.post("/uploads", headers={"upload-length": "5"}).status_code == 401
    assert station.bytes_lying_about() == 0
    assert station.row(location).offset == 0


@pytest.mark.parametrize("how", ["revoked", "run_out", "user_gone"])
def test_a_token_that_is_over_opens_nothing(station: Station, how: str) -> None:
    with transaction(station.database.sessions) as session:
        (token,) = upload_tokens.of_user(session, "station-3")
        assert upload_tokens.holder_of(session, station.token, at=now()) is not None
        if how == "revoked":
            upload_tokens.revoke(session, token.id, at=now())
        elif how == "run_out":
            token.created_at, token.expires_at = now() - timedelta(days=40), now()
        else:
            session.get_one(UploadToken, token.id)
            holder = upload_tokens.holder_of(session, station.token, at=now())
            assert holder is not None
            holder.active = False
    assert station.sender().options("/uploads").status_code == 401


def test_another_user_may_neither_see_nor_touch_it(station: Station) -> None:
    location = begun(station.sender(), 1000)
    with transaction(station.database.sessions) as session:
        add_user(session, "station-4")
        other = station.sender(upload_tokens.give(session, "station-4", label="station 4", days=30, at=now()))
    assert other.head(location).status_code == 404
    assert other.get(location).status_code == 404
    assert add(other, location, 0, b"x" * 1000).status_code == 404
    assert other.delete(location).status_code == 404
    assert station.row(location).offset == 0


def test_an_upload_token_opens_no_page_of_the_desk(station: Station) -> None:
    for path in ("/", "/cameras", "/custody"):
        answer = station.sender(accept="text/html").get(path)
        assert answer.status_code == 303, path
        assert answer.headers["location"].startswith("/sign-in"), path


@pytest.mark.parametrize(
    ("headers", "status", "says"),
    [
        ({"upload-length": "0"}, 400, "empty"),
        ({}, 400, "Upload-Length"),
        ({"upload-length": "-1"}, 400, "Upload-Length"),
        ({"upload-length": "9" * 30}, 400, "Upload-Length"),
        ({"upload-defer-length": "1"}, 400, "Upload-Length"),
        ({"upload-length": str(51 * MEGABYTE)}, 413, "larger"),
        ({"upload-length": "5", "upload-metadata": metadata(filename="all.zip")}, 415, "Unpack archives"),
        ({"upload-length": "5", "upload-metadata": metadata(filename="list.m3u8")}, 415, ".mp4"),
        ({"upload-length": "5", "upload-metadata": ""}, 415, ".mp4"),
        ({"upload-length": "5", "upload-metadata": "filename not-base64!"}, 400, "Upload-Metadata"),
        ({"upload-length": "5", "upload-metadata": metadata(filename="a.mp4", sha256="short")}, 400, "Upload-Metadata"),
        ({"upload-length": "5", "upload-metadata": metadata(filename="a.mp4", recorder="../x")}, 400, "recorder"),
        ({"upload-length": "5", "tus-resumable": "0.2.2"}, 412, "tus 1.0.0"),
    ],
)
def test_what_cannot_be_begun_is_refused_in_a_sentence(
    station: Station, headers: dict[str, str], status: int, says: str
) -> None:
    sent = {"upload-metadata": metadata(filename="a.mp4")} | headers
    answer = station.sender().post("/uploads", headers=sent)
    assert (answer.status_code, says in answer.text) == (status, True), answer.text
    assert answer.headers["content-type"].startswith("text/plain")
    with reading(station.database.sessions) as session:
        assert session.query(Upload).count() == 0


def test_where_there_are_several_recorders_the_sender_says_which(station: Station) -> None:
    with transaction(station.database.sessions) as session:
        add_camera(session, add_site(session, name="Xicheng"), id="cam-18", kind=CameraKind.BODY_WORN)
    sender = station.sender()
    headers = {"upload-length": "5", "upload-metadata": metadata(filename="a.mp4")}
    assert "which recorder" in sender.post("/uploads", headers=headers).text
    assert station.row(begun(sender, 5, recorder="cam-18")).recorder_id == "cam-18"


def test_one_user_cannot_fill_the_site(station: Station) -> None:
    sender = station.sender()
    for _ in range(2):
        begun(sender, 45 * MEGABYTE)
    headers = {"upload-length": str(45 * MEGABYTE), "upload-metadata": metadata(filename="a.mp4")}
    assert sender.post("/uploads", headers=headers).status_code == 429
    locations = [begun(sender, 10) for _ in range(2)]
    answer = sender.post("/uploads", headers=headers | {"upload-length": "10"})
    assert (answer.status_code, "retry-after" in answer.headers) == (429, True)
    assert sender.delete(locations[0]).status_code == 204
    assert sender.delete(locations[0]).status_code == 410
    begun(sender, 10)


@pytest.mark.parametrize(
    ("differs", "why"),
    [
        ({"free_bytes": 1_000_000}, "no_room"),
        ({"begun_this_minute": 600}, "too_many_begun"),
    ],
)
def test_neither_room_nor_haste_without_end(differs: dict[str, int], why: str) -> None:
    standing = uploads.Standing(open_at_once=0, begun_this_minute=0, bytes_today=0, free_bytes=10**12)
    wanted = Wanted("a.mp4", 10_000_000)
    uploads.check(wanted, standing, UploadRules())
    with pytest.raises(UploadRefused, match=why.replace("_", " ")):
        uploads.check(wanted, replace(standing, **differs), UploadRules())


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("../../etc/passwd.mp4", "passwd.mp4"),
        ("C:\\Users\\x\\DCIM\\0001.MP4", "0001.MP4"),
        ("/absolute/0001.mp4", "0001.mp4"),
        ("a\nb\x00\x1b[2J.mp4", "a�b��[2J.mp4"),
        ("gpj.\u202e4pm.mp4", "gpj.�4pm.mp4"),
        ("停车 1.mp4", "停车 1.mp4"),
        ("a" * 400 + ".mp4", "a" * 251 + ".mp4"),
    ],
)
def test_a_name_is_shown_and_never_becomes_a_path(station: Station, given: str, shown: str) -> None:
    sender = station.sender()
    location = begun(sender, 10, given)
    add(sender, location, 0, b"12345")
    assert station.row(location).file_name == shown
    (part,) = station.parts.folder.iterdir()
    assert part.name == f"{station.row(location).id.hex}.part"


def test_a_wrong_checksum_keeps_nothing_of_the_piece(station: Station) -> None:
    sender = station.sender()
    location = begun(sender, 1000)
    wrong = base64.b64encode(hashlib.sha256(b"other").digest()).decode()
    assert add(sender, location, 0, b"a" * 400, **{"upload-checksum": f"sha256 {wrong}"}).status_code == 460
    assert station.bytes_lying_about() == 0
    right = base64.b64encode(hashlib.sha1(b"a" * 400, usedforsecurity=False).digest()).decode()
    assert add(sender, location, 0, b"a" * 400, **{"upload-checksum": f"sha1 {right}"}).status_code == 204
    for bad in ("md5 Zm9v", "sha256 not-base64!"):
        assert add(sender, location, 400, b"a", **{"upload-checksum": bad}).status_code == 400
    assert sender.patch(location, content=b"a", headers={"upload-offset": "400"}).status_code == 415
    assert station.row(location).offset == 400


@pytest.mark.parametrize("counted", [True, False], ids=["with_its_length", "in_chunks_without_a_length"])
def test_more_than_was_said_is_not_kept(station: Station, counted: bool) -> None:
    sender = station.sender()
    location = begun(sender, 1000)
    content = b"a" * 2000
    sent = content if counted else iter([content])
    answer = sender.patch(location, content=sent, headers={**PIECE, "upload-offset": "0"})
    assert answer.status_code == 413
    assert (station.row(location).offset, station.bytes_lying_about()) == (0, 0)


def test_two_connections_do_not_write_to_one_upload(station: Station) -> None:
    sender, data = station.sender(), noise(2000)
    location = begun(sender, len(data))
    half_sent, go_on = threading.Event(), threading.Event()

    def slowly() -> Iterator[bytes]:
        yield data[:1000]
        half_sent.set()
        assert go_on.wait(PATIENCE_S)
        yield data[1000:]

    answers: list[int] = []
    first = threading.Thread(
        target=lambda: answers.append(
            station.sender()
            .patch(location, content=slowly(), headers={**PIECE, "upload-offset": "0"}, timeout=PATIENCE_S)
            .status_code
        )
    )
    first.start()
    assert half_sent.wait(PATIENCE_S)
    wait_for(lambda: add(sender, location, 5, b"x").status_code == 423)  # until then the first has not begun
    assert add(sender, location, 0, b"x" * 2000).status_code == 423
    assert sender.delete(location).status_code == 423
    go_on.set()
    first.join()
    assert answers == [204]
    assert station.kept(station.row(location)) == data


def test_what_came_before_the_sender_broke_off_counts(station: Station) -> None:
    data = noise(3 * MEGABYTE)
    location = begun(station.sender(), len(data))
    host, port = station.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port))) as broken:
        broken.sendall(
            f"PATCH {location} HTTP/1.1\r\nHost: {host}:{port}\r\nAuthorization: Bearer {station.token}\r\n"
            f"Tus-Resumable: 1.0.0\r\nContent-Type: {PIECE['content-type']}\r\nUpload-Offset: 0\r\n"
            f"Content-Length: {len(data)}\r\n\r\n".encode()
        )
        broken.sendall(data[: 2 * MEGABYTE])
        wait_for(lambda: station.bytes_lying_about() > 0)
    sender = station.sender()
    wait_for(lambda: sender.head(location).headers["upload-offset"] != "0")
    there = int(sender.head(location).headers["upload-offset"])
    assert there <= 2 * MEGABYTE
    assert add(sender, location, there, data[there:]).status_code == 204
    assert station.kept(station.row(location)) == data


def test_what_a_dead_server_wrote_behind_the_offset_is_cut_off(station: Station) -> None:
    sender, data = station.sender(), noise(1000)
    location = begun(sender, len(data))
    add(sender, location, 0, data[:400])
    (part,) = station.parts.folder.iterdir()
    with part.open("ab") as file:
        file.write(b"never counted" * 100)
    assert add(sender, location, 400, data[400:]).status_code == 204
    assert station.kept(station.row(location)) == data


def test_an_upload_whose_bytes_are_gone_says_so_and_is_never_filled_with_zeros(station: Station) -> None:
    sender = station.sender()
    location = begun(sender, 1000)
    add(sender, location, 0, b"a" * 400)
    (part,) = station.parts.folder.iterdir()
    os.truncate(part, 100)
    assert add(sender, location, 400, b"a" * 600).status_code == 410
    part.unlink()
    assert add(sender, location, 400, b"a" * 600).status_code == 410


def test_a_file_that_is_not_what_its_sender_had_is_not_kept(station: Station) -> None:
    sender, data = station.sender(), noise(1000)
    location = begun(sender, len(data), sha256=hashlib.sha256(b"another").hexdigest())
    assert add(sender, location, 0, data).status_code == 460
    assert station.row(location).state is UploadState.GIVEN_UP
    assert station.bytes_lying_about() == 0
    assert not [path for path in (station.settings.vault_root / "objects").rglob("*") if path.is_file()]


def test_the_same_file_again_goes_on_where_it_was_and_is_one(station: Station) -> None:
    sender, data = station.sender(), noise(1000)
    sha256 = hashlib.sha256(data).hexdigest()
    location = begun(sender, len(data), sha256=sha256)
    add(sender, location, 0, data[:400])
    assert begun(sender, len(data), "copy of 0001.mp4", sha256=sha256) == location
    add(sender, location, 400, data[400:])
    assert begun(sender, len(data), sha256=sha256) == location
    assert sender.head(location).headers["upload-offset"] == "1000"
    unnamed = begun(sender, len(data))  # a client that says no digest sends all of it again
    add(sender, unnamed, 0, data)
    assert station.row(unnamed).sha256 == station.row(location).sha256
    with reading(station.database.sessions) as session:
        assert session.query(SealedObject).count() == 1


def test_what_its_sender_forgot_goes_after_three_days_and_what_was_whole_is_sealed(station: Station) -> None:
    sender, sessions, at = station.sender(), station.database.sessions, now()
    forgotten, new, data = begun(sender, 1000), begun(sender, 1000), noise(1000)
    for location in (forgotten, new):
        add(sender, location, 0, data[:400])
    whole = station.row(begun(sender, 1000))
    receiving = Receiving(sessions, station.parts, whole.id, user_id=whole.user_id, offset=0)
    receiving.take(data, at)
    assert receiving.end(at) == 1000  # and here the server was killed
    receiving.close()
    with transaction(sessions) as session:
        session.get_one(Upload, station.row(forgotten).id).touched_at = at - timedelta(days=3)
    stray = station.parts.folder / f"{station.row(forgotten).user_id.hex}.part"
    stray.write_bytes(b"nobody's")
    done = uploads.tidy(sessions, station.parts, station.settings.vault_root, at=at)
    assert done.sealed == (whole.id,)
    assert done.given_up == (station.row(forgotten).id,)
    assert [path.name for path in station.parts.folder.iterdir()] == [f"{station.row(new).id.hex}.part"]
    assert station.kept(station.row(f"/{whole.id}")) == data
    assert sender.head(forgotten).status_code == 200
    assert add(sender, forgotten, 400, data[400:]).status_code == 410
    assert uploads.tidy(sessions, station.parts, station.settings.vault_root, at=at) == uploads.Tidied((), (), ())


def test_a_sender_that_asks_after_a_kill_between_the_last_byte_and_the_seal_finds_it_sealed(station: Station) -> None:
    sender, data = station.sender(), noise(1000)
    location = begun(sender, len(data))
    row = station.row(location)
    receiving = Receiving(station.database.sessions, station.parts, row.id, user_id=row.user_id, offset=0)
    receiving.take(data, now())
    receiving.end(now())  # and here the server was killed
    receiving.close()
    assert sender.head(location).headers["upload-offset"] == "1000"
    assert station.row(location).state is UploadState.SEALED
    assert station.kept(station.row(location)) == data


def test_a_vault_without_room_leaves_the_upload_waiting_and_whole(station: Station, tmp_path: Path) -> None:
    sender, data = station.sender(), noise(1000)
    (tmp_path / "vault").write_text("no folder, so nothing can be sealed")
    location = begun(sender, len(data))
    assert add(sender, location, 0, data).status_code == 204
    assert station.row(location).state is UploadState.RECEIVING
    (tmp_path / "vault").unlink()
    uploads.tidy(station.database.sessions, station.parts, station.settings.vault_root, at=now())
    assert station.kept(station.row(location)) == data


@pytest.fixture
def mortal(sqlite_database: Database, tmp_path: Path) -> Iterator[Mortal]:
    site = Mortal(sqlite_database, tmp_path)
    yield site
    if site.process.poll() is None:
        site.kill()


def test_a_file_arrives_whole_and_once_though_the_server_is_killed_five_times(
    sqlite_database: Database, tmp_path: Path, mortal: Mortal
) -> None:
    token = add_station(sqlite_database)
    file, size, block = tmp_path / "0001.mp4", 64 * MEGABYTE, noise(MEGABYTE)
    with file.open("wb") as out:
        for number in range(64):
            out.write(number.to_bytes(8, "big") + block[8:])
    client = TusClient(f"http://127.0.0.1:{mortal.port}/uploads", headers={"authorization": f"Bearer {token}"})
    stream = file.open("rb")
    sending = client.uploader(
        file_stream=stream, chunk_size=20 * MEGABYTE, metadata={"filename": file.name}, retries=400, retry_delay=0.5
    )
    finished, gave_up = threading.Event(), list[str]()

    def send() -> None:
        try:
            with stream:
                sending.upload()
        except TusCommunicationError as error:
            gave_up.append(str(error))  # each try hangs on the one before: to print all of them takes minutes
        else:
            finished.set()

    def offset() -> int:
        assert gave_up == []
        with reading(sqlite_database.sessions) as session:
            return session.query(Upload.offset).scalar() or 0

    thread = threading.Thread(target=send)
    thread.start()
    for killed in range(5):
        wait_for(lambda there=(killed * 2 + 1) * 5 * MEGABYTE: offset() >= there)  # in mid-piece, further on each time
        assert not finished.is_set()
        mortal.kill()
        mortal.start()
    thread.join()
    assert gave_up == []
    assert finished.is_set()
    mortal.kill()
    assert mortal.grown_kb < 32 * 1024  # of 64 MB sent in pieces of 20
    with reading(sqlite_database.sessions) as session:
        (row,) = session.query(Upload).all()
        (sealed,) = session.query(SealedObject).all()
    assert (row.state, row.offset, sealed.size_bytes) == (UploadState.SEALED, size, size)
    with file.open("rb") as sent:
        assert sealed.sha256 == hashlib.file_digest(sent, "sha256").hexdigest()
    kept = [path for path in (tmp_path / "vault" / "objects").rglob("*") if path.is_file()]
    assert kept == [Vault.path_of(tmp_path / "vault", sealed.sha256, ".mp4")]
    assert list((tmp_path / "uploads").iterdir()) == []
