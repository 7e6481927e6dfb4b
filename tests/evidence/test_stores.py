"""Copies in a store beside the vault: written once, read back, opened again, killed anywhere, refused in a sentence."""

import signal
import subprocess
import sys
import threading
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from evidence.at_hand import AtHand
from evidence.copies import KEPT_VERSION, Copier, CopyRound
from evidence.encryption import StoreKeys, make_key_file
from evidence.errors import (
    ExhibitMissing,
    NotInStore,
    OtherBytesInStore,
    StoreKeyUnusable,
    StoreNotWriteOnce,
    StoreRefused,
    StoreUnreachable,
    WrongStoreKey,
)
from evidence.store import Store, StoreAddress, locked_until
from evidence.verdict import Outcome
from evidence.verification import verify
from models.copies import ObjectCopy
from models.enums import CopyState, ExhibitKind
from models.exhibits import SealedObject
from models.retention import Deletion
from tests.conftest import Database
from tests.evidence.s3_server import S3Server, s3_server
from tests.evidence.scene import Scene, sealed_scene
from tests.patience import PATIENCE_S
from tests.rows import after

REPOSITORY = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def server() -> Iterator[S3Server]:
    with s3_server() as running:
        yield running


@pytest.fixture
def bucket(server: S3Server) -> str:
    name = f"b-{uuid.uuid4().hex}"
    server.bucket(name)
    return name


@pytest.fixture
def keys(tmp_path: Path) -> StoreKeys:
    make_key_file(tmp_path / "store.key")
    return StoreKeys.open(tmp_path / "store.key")


@dataclass
class Clock:
    at_s: float = 3000.0

    def __call__(self) -> datetime:
        return after(self.at_s)


@dataclass
class Copying:
    """A sealed case and what copies it."""

    scene: Scene
    store: Store
    keys: StoreKeys | None = None
    clock: Clock = field(default_factory=Clock)

    @property
    def copier(self) -> Copier:
        return Copier(self.scene.database.sessions, self.scene.vault_root, self.store, self.keys, self.clock)

    @property
    def at_hand(self) -> AtHand:
        return AtHand(self.scene.vault_root, self.store, self.keys)

    def rows(self) -> list[ObjectCopy]:
        with self.scene.database.sessions() as session:
            return list(session.scalars(select(ObjectCopy).order_by(ObjectCopy.sha256)))

    def states(self) -> set[CopyState]:
        return {row.state for row in self.rows()}

    def sealed(self) -> dict[str, str]:
        """Suffix by digest of everything that was sealed."""
        with self.scene.database.sessions() as session:
            return {each.sha256: each.suffix for each in session.scalars(select(SealedObject))}

    def plain(self) -> dict[str, bytes]:
        return {sha256: self.at_hand.path(sha256, suffix).read_bytes() for sha256, suffix in self.sealed().items()}

    def clear_vault(self) -> None:
        for path in (self.scene.vault_root / "objects").glob("*/*"):
            path.unlink()


@pytest.fixture
def copying(scene: Scene, server: S3Server, bucket: str) -> Copying:
    return Copying(scene, server.store(bucket))


def test_every_sealed_object_is_copied_once_read_back_and_on_record(
    database: Database, tmp_path: Path, server: S3Server, bucket: str
) -> None:
    copying = Copying(sealed_scene(database, tmp_path), server.store(bucket))
    first = copying.copier.copy_due()
    assert sorted(first.copied) == sorted(copying.sealed())
    assert copying.states() == {CopyState.VERIFIED}
    assert all(row.etag and row.verified_at == after(3000) and row.sealed_for is None for row in copying.rows())
    lying = server.objects(bucket)
    assert sorted(lying.values()) == sorted(copying.plain().values())
    assert set(lying) == {f"street/witness/{row.key}" for row in copying.rows()}
    assert copying.copier.copy_due().copied == []


def test_two_that_copy_at_once_make_one_copy_of_each(
    database: Database, tmp_path: Path, server: S3Server, bucket: str, keys: StoreKeys
) -> None:
    """Encrypted, so that what the second would have put is not even the same bytes."""
    copying = Copying(sealed_scene(database, tmp_path), server.store(bucket), keys)
    together = threading.Barrier(2, timeout=PATIENCE_S)
    rounds: list[CopyRound] = []

    def work() -> None:
        together.wait()
        rounds.append(copying.copier.copy_due())

    workers = [threading.Thread(target=work) for _ in range(2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert [(done.failed, done.differing) for done in rounds] == [([], [])] * 2
    assert copying.states() == {CopyState.VERIFIED}
    assert len(server.objects(bucket)) == len(copying.rows()) == len(copying.sealed())


@pytest.mark.parametrize("encrypted", [False, True], ids=["plain", "encrypted"])
def test_a_vault_that_lost_everything_is_read_from_the_store(
    copying: Copying, keys: StoreKeys, tmp_path: Path, encrypted: bool
) -> None:
    copying.keys = keys if encrypted else None
    before = copying.plain()
    copying.copier.copy_due()
    copying.clear_vault()
    with pytest.raises(ExhibitMissing):
        AtHand(copying.scene.vault_root).path(*next(iter(copying.sealed().items())))
    assert copying.plain() == before
    place = copying.scene.object_path(ExhibitKind.CLIP)
    assert place.stat().st_mode & 0o777 == 0o440
    assert list((copying.scene.vault_root / "incoming").iterdir()) == []
    copying.scene.export(tmp_path / "case.zip")
    assert verify(tmp_path / "case.zip").outcome is Outcome.INTACT


def test_encrypted_copies_show_nothing_and_open_with_every_key_there_ever_was(
    copying: Copying, server: S3Server, bucket: str, tmp_path: Path, keys: StoreKeys
) -> None:
    copying.keys = keys
    plain = copying.plain()
    copying.copier.copy_due()
    for lying in server.objects(bucket).values():
        assert lying.startswith(b"age-encryption.org/v1\n")
        assert not any(data[200:232] in lying for data in plain.values())
    assert {row.sealed_for for row in copying.rows()} == {keys.public}
    newer = make_key_file(tmp_path / "store.key")
    copying.keys = StoreKeys.open(tmp_path / "store.key")
    assert copying.keys.public == newer != keys.public
    copying.clear_vault()
    assert copying.plain() == plain


def test_another_key_or_none_is_said_in_a_sentence_and_gives_nothing(
    copying: Copying, keys: StoreKeys, tmp_path: Path
) -> None:
    copying.keys = keys
    copying.copier.copy_due()
    copying.clear_vault()
    sha256, suffix = next(iter(copying.sealed().items()))
    make_key_file(tmp_path / "other.key")
    for wrong in (StoreKeys.open(tmp_path / "other.key"), None):
        copying.keys = wrong
        with pytest.raises(WrongStoreKey, match="name the key file it was encrypted with"):
            copying.at_hand.path(sha256, suffix)
        assert copying.copier.check().failed == sorted(copying.sealed())
    assert list((copying.scene.vault_root / "objects").glob("*/*")) == []


@pytest.mark.parametrize("encrypted", [False, True], ids=["plain", "encrypted"])
def test_a_changed_copy_is_found_and_never_shown(
    copying: Copying, server: S3Server, bucket: str, keys: StoreKeys, encrypted: bool
) -> None:
    copying.keys = keys if encrypted else None
    copying.copier.copy_due()
    row = copying.rows()[0]
    key = f"street/witness/{row.key}"
    changed = bytearray(server.objects(bucket)[key])
    changed[len(changed) // 2] ^= 1
    server.client().put_object(Bucket=bucket, Key=key, Body=bytes(changed))
    found = copying.copier.check()
    assert found.differing == [row.sha256]
    assert len(found.checked) == len(copying.sealed()) - 1
    copying.clear_vault()
    with pytest.raises(OtherBytesInStore, match="not what was sealed"):
        copying.at_hand.path(row.sha256, copying.sealed()[row.sha256])
    assert list((copying.scene.vault_root / "objects").glob("*/*")) == []


def test_what_lies_under_the_name_already_is_neither_written_over_nor_believed(
    copying: Copying, server: S3Server, bucket: str
) -> None:
    (sha256, suffix), *_ = copying.sealed().items()
    foreign = f"street/witness/{Store.key_of(sha256, suffix)}"
    server.client().put_object(Bucket=bucket, Key=foreign, Body=b"somebody else's")
    assert copying.copier.copy_due().differing == [sha256]
    assert server.objects(bucket)[foreign] == b"somebody else's"
    row = next(row for row in copying.rows() if row.sha256 == sha256)
    assert row.state is CopyState.DIFFERS
    assert "find out who writes there" in row.note
    assert copying.copier.copy_due().copied == [], "a person looks first"


def test_bytes_that_rotted_on_this_disk_are_not_spread(copying: Copying, server: S3Server, bucket: str) -> None:
    place = copying.scene.object_path(ExhibitKind.CLIP)
    place.chmod(0o600)
    place.write_bytes(b"x" + place.read_bytes()[1:])
    done = copying.copier.copy_due()
    assert len(done.failed) == 1
    assert len(server.objects(bucket)) == len(done.copied) == len(copying.sealed()) - 1
    assert any("restore it" in (row.note or "") for row in copying.rows())


def test_a_store_that_does_not_answer_delays_and_loses_nothing(copying: Copying, server: S3Server) -> None:
    server.fail += [503] * 12
    with pytest.raises(StoreUnreachable, match="nothing is lost"):
        copying.copier.copy_due()
    server.fail.clear()
    (row,) = copying.rows()
    assert (row.state, row.tries) == (CopyState.FAILED, 1)
    assert row.sha256 not in copying.copier.copy_due().copied, "not before its time"
    copying.clock.at_s += 31
    assert copying.copier.copy_due().copied == [row.sha256]
    assert copying.states() == {CopyState.VERIFIED}


def test_bytes_that_lie_in_another_machines_vault_are_left_to_it(copying: Copying) -> None:
    copying.clear_vault()
    done = copying.copier.copy_due()
    assert sorted(done.not_here) == sorted(copying.sealed())
    assert copying.rows() == []


def test_old_objects_are_moved_away_only_while_the_store_can_show_them(
    copying: Copying, server: S3Server, bucket: str
) -> None:
    before = copying.plain()
    copying.copier.copy_due()
    lost, *others = copying.rows()
    server.client().delete_object(Bucket=bucket, Key=f"street/witness/{lost.key}")
    copying.clock.at_s = (datetime.now(tz=after(0).tzinfo) - after(0)).total_seconds() + 10
    assert copying.copier.move_away(timedelta(hours=1)).moved_away == [], "they are young"
    assert copying.copier.move_away(timedelta(seconds=5)).moved_away == [row.sha256 for row in others]
    left = list((copying.scene.vault_root / "objects").glob("*/*"))
    assert [path.parent.name + path.stem for path in left] == [lost.sha256]
    assert copying.plain() == before
    copying.clock.at_s += 31
    assert copying.copier.copy_due().copied == [lost.sha256], "what the store lost is copied again"


def test_copies_of_what_was_deleted_by_rule_go_and_do_not_come_back(
    copying: Copying, server: S3Server, bucket: str
) -> None:
    copying.copier.copy_due()
    place = copying.scene.object_path(ExhibitKind.STILL)
    sha256 = place.parent.name + place.stem
    with copying.scene.database.sessions.begin() as session:
        session.add(
            Deletion(
                sha256=sha256,
                size_bytes=10,
                belonged_to=[],
                why="dismissed",
                rule="within the hour",
                actor="streetwitness",
                intended_at=after(3000),
                done_at=after(3001),
            )
        )
    place.unlink()
    assert copying.copier.remove_deleted().removed == [sha256]
    assert not any(sha256[2:] in name for name in server.objects(bucket))
    assert copying.copier.remove_deleted().removed == []
    assert copying.copier.copy_due().copied == []
    with pytest.raises(ExhibitMissing):
        copying.at_hand.path(sha256, place.suffix)


def test_the_lock_of_a_bucket_is_used_and_on_record(scene: Scene, server: S3Server) -> None:
    name = f"locked-{uuid.uuid4().hex}"
    server.bucket(name, lock_days=30)
    copying = Copying(scene, server.store(name))
    copying.store.prove_write_once()
    copying.copier.copy_due()
    assert copying.states() == {CopyState.VERIFIED}
    now = datetime.now(tz=after(0).tzinfo)
    for row in copying.rows():
        assert row.version
        assert timedelta(days=29) < row.locked_until - now < timedelta(days=31)
    row = copying.rows()[0]
    with copying.scene.database.sessions.begin() as session:
        facts = {
            "sha256": row.sha256,
            "size_bytes": 1,
            "belonged_to": [],
            "why": "dismissed",
            "rule": "r",
            "actor": "a",
        }
        session.add(Deletion(**facts, intended_at=after(1), done_at=after(2)))
    copying.copier.remove_deleted()
    assert copying.rows()[0].note == KEPT_VERSION
    kept = server.client().get_object(Bucket=name, Key=f"street/witness/{row.key}", VersionId=row.version)
    assert len(kept["Body"].read()) == row.stored_bytes, "a lock is a lock, and the row says so"


@pytest.mark.parametrize("said", ["for ever", "2026-13-01T00:00:00Z", "0"])
def test_a_store_that_says_nonsense_of_its_locks_does_not_end_the_copier(said: str) -> None:
    with pytest.raises(StoreUnreachable, match="of until when"):
        locked_until("s3://far", {"x-amz-object-lock-retain-until-date": said})
    without_zone = locked_until("s3://far", {"x-amz-object-lock-retain-until-date": "2027-01-01T00:00:00"})
    assert without_zone == datetime.fromisoformat("2027-01-01T00:00:00Z")
    assert locked_until("s3://far", {}) is None


def test_a_store_that_writes_over_things_is_refused(server: S3Server, bucket: str) -> None:
    server.store(bucket).prove_write_once()
    server.store(bucket).prove_write_once()
    server.deaf = True
    try:
        with pytest.raises(StoreNotWriteOnce, match="choose one that refuses"):
            server.store(bucket).prove_write_once()
    finally:
        server.deaf = False


def test_a_folder_is_a_store_too(scene: Scene, tmp_path: Path, keys: StoreKeys) -> None:
    copying = Copying(scene, Store.open(StoreAddress(f"file://{tmp_path / 'archive'}")), keys)
    copying.store.prove_write_once()
    before = copying.plain()
    copying.copier.copy_due()
    copying.clear_vault()
    assert copying.plain() == before


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("nonsense", "no store can be opened"),
        ("ftp://host/folder", "no store can be opened"),
        ("s3://key:secret@bucket", "keys have no place in the URL"),
        ("s3://bucket?secret=x", "'secret' is no option"),
    ],
)
def test_an_address_that_cannot_be_is_refused_in_a_sentence(url: str, says: str) -> None:
    with pytest.raises(StoreRefused, match=says) as refused:
        Store.open(StoreAddress(url))
    assert "secret@" not in str(refused.value)


def test_a_store_says_what_is_wrong_with_it(server: S3Server, bucket: str) -> None:
    with pytest.raises(StoreRefused, match="no such bucket"):
        server.store("nobody-made-this").read("x")
    with pytest.raises(NotInStore, match="restore it"):
        server.store(bucket).read("x")
    closed = Store.open(StoreAddress("s3://bucket?endpoint=http://127.0.0.1:1", "a", "b"))
    with pytest.raises(StoreUnreachable, match="tried again"):
        closed.read("x")
    server.fail += [403]
    with pytest.raises(StoreRefused, match="does not let us in"):
        server.store(bucket).read("x")


def test_keys_never_show_in_words(server: S3Server, bucket: str, keys: StoreKeys) -> None:
    assert "not-so-secret" not in f"{server.address(bucket)!r} {server.store(bucket)!r}"
    assert "AGE-SECRET-KEY" not in repr(keys)


def test_a_key_file_is_its_owners_alone_and_says_what_is_wrong(tmp_path: Path) -> None:
    path = tmp_path / "store.key"
    public = make_key_file(path)
    assert path.stat().st_mode & 0o777 == 0o600
    assert StoreKeys.open(path).public == public
    path.chmod(0o644)
    with pytest.raises(StoreKeyUnusable, match="chmod 600"):
        StoreKeys.open(path)
    for text, says in (("", "there is none in it"), ("AGE-SECRET-KEY-1NOT", "no age secret key")):
        path.write_text(text, encoding="utf-8")
        path.chmod(0o600)
        with pytest.raises(StoreKeyUnusable, match=says):
            StoreKeys.open(path)
    with pytest.raises(StoreKeyUnusable, match="cannot be read"):
        StoreKeys.open(tmp_path / "nothing")
    with pytest.raises(StoreKeyUnusable, match="cannot be written"):
        make_key_file(tmp_path / "no folder" / "store.key")


def test_killed_at_any_step_the_copies_are_finished_by_the_next_round(
    copying: Copying, server: S3Server, bucket: str, keys: StoreKeys, tmp_path: Path
) -> None:
    copying.keys = keys
    copying.clock.at_s += 10_000
    for kind in (ExhibitKind.STILL, ExhibitKind.CLOSE_UP):
        copying.scene.object_path(kind).unlink()
    arguments = [copying.scene.database.url, str(copying.scene.vault_root), server.address(bucket).url]
    driver = subprocess.Popen(
        [sys.executable, "-m", "tests.evidence.copy_driver", *arguments, str(tmp_path / "store.key")],
        cwd=REPOSITORY,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    killed = 0
    with driver:
        while True:
            driver.stdin.write(f"{killed + 1}\n")
            driver.stdin.flush()
            ended_by = int(driver.stdout.readline())
            done = copying.copier.copy_due()
            assert (done.differing, done.failed) == ([], [])
            assert copying.states() == {CopyState.VERIFIED}
            assert len(copying.copier.check().checked) == len(server.objects(bucket)) == 1
            if ended_by == 0:
                break
            assert ended_by == signal.SIGKILL
            killed += 1
            forget(copying, server, bucket)
        driver.stdin.close()
    assert killed > 6
    print(f"\nkilled at {killed} points: every copy whole and on record")  # noqa: T201 - asked for


def forget(copying: Copying, server: S3Server, bucket: str) -> None:
    """Rows and bucket as before the first copy."""
    for name in server.objects(bucket):
        server.client().delete_object(Bucket=bucket, Key=name)
    with copying.scene.database.sessions.begin() as session:
        for row in session.scalars(select(ObjectCopy)):
            session.delete(row)
    copying.scene.database.engine.dispose()
