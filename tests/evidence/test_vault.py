"""The vault is whole at every moment: killed at any step, out of room at any step, two writers at once."""

import errno
import hashlib
import json
import os
import resource
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path

import pytest

from evidence.errors import DigestMismatch, NoObjectName, NothingToSeal, NotPending, VaultFailed, VaultFull
from evidence.vault import DiskCalls, PendingObject, Vault

CAR, VAN = b"a car stood here" * 100, b"a van stood here" * 100


def writes(data: bytes) -> Callable[[Path], None]:
    return lambda path: void(path.write_bytes(data))


def void(_: object) -> None:
    return None


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def objects(root: Path) -> dict[str, bytes]:
    """Every object by the digest its place claims."""
    return {
        path.parent.name + path.name.partition(".")[0]: path.read_bytes() for path in (root / "objects").glob("*/*")
    }


def incoming(root: Path) -> list[str]:
    return sorted(path.name for path in (root / "incoming").glob("*/*") if path.name != "lock")


def nobody_knows(_: str) -> bool:
    return False


def test_an_object_is_kept_settled_and_found_by_its_digest(tmp_path: Path) -> None:
    with Vault.open(tmp_path) as vault:
        pending = vault.take(writes(CAR), ".mp4")
        assert (pending.sha256, pending.size_bytes) == (sha256(CAR), len(CAR))
        place = vault.keep(pending)
        assert incoming(tmp_path) == [pending.path.name]
        vault.settle(pending)
    assert place == Vault.path_of(tmp_path, sha256(CAR), ".mp4")
    assert place.read_bytes() == CAR
    assert place.stat().st_mode & 0o777 == 0o440
    assert list((tmp_path / "incoming").iterdir()) == []


def test_the_same_bytes_twice_are_one_object(tmp_path: Path) -> None:
    with Vault.open(tmp_path) as vault:
        first, second = vault.take(writes(CAR), ".mp4"), vault.take(writes(CAR), ".mp4")
        vault.keep(first)
        vault.keep(second)
        vault.settle(first)
        vault.settle(second)
    assert objects(tmp_path) == {sha256(CAR): CAR}


def test_dropping_one_of_two_equal_takes_leaves_the_other(tmp_path: Path) -> None:
    with Vault.open(tmp_path) as vault:
        first, second = vault.take(writes(CAR), ".mp4"), vault.take(writes(CAR), ".mp4")
        vault.discard(first)
        vault.keep(second)
        vault.settle(second)
    assert objects(tmp_path) == {sha256(CAR): CAR}


def test_what_is_discarded_before_it_is_kept_is_gone(tmp_path: Path) -> None:
    with Vault.open(tmp_path) as vault:
        vault.discard(vault.take(writes(CAR), ".mp4"))
        assert incoming(tmp_path) == []
    assert objects(tmp_path) == {}


@pytest.mark.parametrize("known", [False, True], ids=["no_row", "another_row"])
def test_what_is_discarded_after_it_was_kept_goes_only_if_no_row_knows_it(tmp_path: Path, known: bool) -> None:
    with Vault.open(tmp_path) as vault:
        pending = vault.take(writes(CAR), ".mp4")
        vault.keep(pending)
        vault.discard(pending)
        assert objects(tmp_path) == {sha256(CAR): CAR}
        recovered = vault.recover(lambda _: known)
        assert (recovered.orphans, recovered.waiting) == (((), (sha256(CAR),)) if known else ((sha256(CAR),), ()))
    assert objects(tmp_path) == ({sha256(CAR): CAR} if known else {})
    assert list((tmp_path / "incoming").iterdir()) == []


def test_nothing_is_taken_from_a_writer_that_wrote_nothing(tmp_path: Path) -> None:
    with Vault.open(tmp_path) as vault:
        for write in (void, writes(b"")):
            with pytest.raises(NothingToSeal):
                vault.take(write, ".mp4")
        assert incoming(tmp_path) == []


def test_a_writer_that_fails_for_its_own_reasons_is_heard_and_leaves_nothing(tmp_path: Path) -> None:
    def breaks(path: Path) -> None:
        path.write_bytes(CAR)
        raise LookupError("the recording ended")

    def cannot_read(_: Path) -> None:
        (tmp_path / "no such recording").read_bytes()

    with Vault.open(tmp_path) as vault:
        with pytest.raises(LookupError, match="the recording ended"):
            vault.take(breaks, ".mp4")
        with pytest.raises(FileNotFoundError):
            vault.take(cannot_read, ".mp4")
        assert incoming(tmp_path) == []


def test_an_object_that_rotted_is_not_taken_for_the_same(tmp_path: Path) -> None:
    with Vault.open(tmp_path) as vault:
        first = vault.take(writes(CAR), ".mp4")
        place = vault.keep(first)
        vault.settle(first)
        place.chmod(0o600)
        place.write_bytes(VAN)
        with pytest.raises(DigestMismatch, match="restore it"):
            vault.keep(vault.take(writes(CAR), ".mp4"))


def test_only_what_waits_here_can_be_kept(tmp_path: Path) -> None:
    with Vault.open(tmp_path / "a") as vault, Vault.open(tmp_path / "b") as other:
        pending = vault.take(writes(CAR), ".mp4")
        with pytest.raises(NotPending):
            other.keep(pending)
        vault.discard(pending)
        with pytest.raises(NotPending):
            vault.keep(pending)


@pytest.mark.parametrize("name", ["", "../../etc/passwd", "A" * 64, "é" * 64, "0" * 63])
def test_what_is_no_digest_names_no_object(tmp_path: Path, name: str) -> None:
    with pytest.raises(NoObjectName):
        Vault.path_of(tmp_path, name, ".mp4")
    with pytest.raises(NoObjectName):
        Vault.path_of(tmp_path, "0" * 64, "/../x")


def test_recovery_leaves_living_writers_alone(tmp_path: Path) -> None:
    with Vault.open(tmp_path) as living, Vault.open(tmp_path) as other:
        waiting, kept = living.take(writes(CAR), ".mp4"), living.take(writes(VAN), ".mp4")
        living.keep(kept)
        recovered = other.recover(nobody_knows)
        assert recovered.writers == ()
        assert waiting.path.read_bytes() == CAR
        assert objects(tmp_path) == {sha256(VAN): VAN}
        living.keep(waiting)
        living.settle(waiting)
        living.settle(kept)
    assert objects(tmp_path) == {sha256(CAR): CAR, sha256(VAN): VAN}


def test_what_a_dead_writer_left_stays_while_a_living_one_holds_the_same_bytes(tmp_path: Path) -> None:
    run_writer(tmp_path, call="never")  # leaves CAR kept and not settled
    assert objects(tmp_path) == {sha256(CAR): CAR, sha256(VAN): VAN}
    with Vault.open(tmp_path) as living, Vault.open(tmp_path) as other:
        pending = living.take(writes(CAR), ".mp4")
        recovered = other.recover(lambda digest: digest == sha256(VAN))
        assert recovered.waiting == (sha256(CAR),)
        living.keep(pending)
        living.settle(pending)
    assert objects(tmp_path) == {sha256(CAR): CAR, sha256(VAN): VAN}


WRITER = """
import dataclasses, json, os, signal, sys
from pathlib import Path
from evidence.vault import DiskCalls, Vault

root, call, number, moment = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]), sys.argv[4]
counts = {}

def deadly(name, really):
    def run(*args):
        counts[name] = counts.get(name, 0) + 1
        here = (name, counts[name]) == (call, number)
        if here and moment == "before":
            os.kill(os.getpid(), signal.SIGKILL)
        really(*args)
        if here and moment == "after":
            os.kill(os.getpid(), signal.SIGKILL)
    return run

def write(data):
    def run(path):
        with path.open("wb", buffering=0) as file:
            file.write(data[:100])
            if call == "write":
                os.kill(os.getpid(), signal.SIGKILL)
            file.write(data[100:])
    return run

def commit(pending):
    with (root.parent / "rows").open("a") as rows:
        rows.write(pending.sha256 + chr(10))

disk = DiskCalls()
disk = DiskCalls(**{f.name: deadly(f.name, getattr(disk, f.name)) for f in dataclasses.fields(disk)})
with Vault.open(root, disk) as vault:
    van, car = (vault.take(write(data * 100), ".mp4") for data in (b"a van stood here", b"a car stood here"))
    vault.keep(van)
    commit(van)
    vault.settle(van)
    vault.keep(car)
    print(json.dumps(counts))
    sys.stdout.flush()
    os._exit(0)
"""


def run_writer(root: Path, call: str, number: int = 0, moment: str = "before") -> subprocess.CompletedProcess[str]:
    """A process that takes two objects, settles the van with its row and dies with the car kept and no row."""
    return subprocess.run(
        [sys.executable, "-c", WRITER, str(root), call, str(number), moment],
        capture_output=True,
        text=True,
        check=False,
    )


def assert_whole(root: Path) -> None:
    """What a fresh process finds after recovery: every known object, no other, nothing waiting."""
    rows_file = root.parent / "rows"
    known = set(rows_file.read_text("utf-8").split()) if rows_file.exists() else set()
    with Vault.open(root) as vault:
        recovered = vault.recover(known.__contains__)
        assert len(recovered.writers) <= 1
        assert vault.recover(known.__contains__).writers == ()
    assert list((root / "incoming").iterdir()) == []
    held = objects(root)
    assert set(held) == known, recovered
    assert all(sha256(data) == digest for digest, data in held.items())


def test_killed_before_and_after_every_disk_call_nothing_is_lost_half_written_or_orphaned(tmp_path: Path) -> None:
    dry = run_writer(tmp_path / "dry" / "vault", call="never")
    counts: dict[str, int] = json.loads(dry.stdout)
    assert set(counts) == {field.name for field in fields(DiskCalls)} - {"remove_folder"}
    killed = 0
    for call, times in [*counts.items(), ("write", 1)]:
        for number in range(1, times + 1):
            for moment in ("before", "after"):
                root = tmp_path / f"{call}{number}{moment}" / "vault"
                done = run_writer(root, call, number, moment)
                assert done.returncode == -signal.SIGKILL, (call, number, moment, done.stderr)
                killed += 1
                assert_whole(root)
    print(f"\nkilled at {killed} points: nothing lost, half-written or orphaned")  # noqa: T201 - asked for


def test_recovery_killed_at_any_step_is_finished_by_the_next(tmp_path: Path) -> None:
    class Killed(BaseException):
        """Stands for a kill: nothing below catches it."""

    def deadly(name: str, left: list[int]) -> Callable[..., None]:
        really = getattr(DiskCalls(), name)

        def run(*args: Path) -> None:
            left[0] -= 1
            if left[0] < 0:
                raise Killed
            really(*args)

        return run

    for steps in range(12):
        root = tmp_path / str(steps) / "vault"
        run_writer(root, call="never")
        known = {sha256(VAN)}
        with Vault.open(root) as vault:
            left = [steps]
            vault.disk = DiskCalls(**{name: deadly(name, left) for name in ("remove", "remove_folder", "fsync")})
            try:
                vault.recover(known.__contains__)
            except Killed:
                assert steps < 5
            vault.disk = DiskCalls()
        assert_whole(root)


@pytest.mark.parametrize("trouble", [errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.EROFS], ids=errno.errorcode.get)
def test_trouble_with_the_disk_at_any_call_is_our_error_and_leaves_nothing(tmp_path: Path, trouble: int) -> None:
    expected = VaultFull if trouble in (errno.ENOSPC, errno.EDQUOT) else VaultFailed
    broken = 0
    for field in fields(DiskCalls):
        for number in range(1, 10):
            root = tmp_path / f"{field.name}{number}" / "vault"
            if not fails_once(root, field.name, number, trouble, expected):
                break
            broken += 1
            assert_whole(root)
    assert broken >= len(fields(DiskCalls)) - 1


def fails_once(root: Path, call: str, number: int, trouble: int, expected: type[Exception]) -> bool:
    """Whether the n-th such call was reached; then it failed, and the failure came out as ours."""
    seen = [0]
    really = getattr(DiskCalls(), call)

    def failing(*args: Path) -> None:
        seen[0] += 1
        if seen[0] == number:
            raise OSError(trouble, os.strerror(trouble))
        really(*args)

    try:
        with Vault.open(root, DiskCalls(**{call: failing})) as vault:
            pending = vault.take(writes(CAR), ".mp4")
            vault.keep(pending)
            (root.parent / "rows").write_text(pending.sha256, encoding="utf-8")
            vault.settle(pending)
    except expected:
        return True
    assert seen[0] < number
    return False


FULL = """
import sys
from pathlib import Path
from evidence.errors import VaultFull
from evidence.vault import Vault

with Vault.open(Path(sys.argv[1])) as vault:
    try:
        vault.take(lambda path: path.write_bytes(bytes(1 << 20)), ".mp4")
    except VaultFull as error:
        print(error)
        sys.exit(3)
"""


def test_a_file_that_the_system_will_not_let_grow_is_refused_whole(tmp_path: Path) -> None:
    """The kernel's own refusal in the middle of a write, by a limit on the size of files."""
    done = subprocess.run(
        [sys.executable, "-c", FULL, str(tmp_path)],
        capture_output=True,
        text=True,
        check=False,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096)),
    )
    assert done.returncode == 3, done.stderr
    assert "no room left" in done.stdout
    assert incoming(tmp_path) == []
    assert objects(tmp_path) == {}


def test_a_vault_that_cannot_be_made_says_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(VaultFailed, match="check the disk"), Vault.open(tmp_path / "file" / "vault"):
        pass


def test_what_is_not_ours_in_the_incoming_folder_is_not_touched(tmp_path: Path) -> None:
    stranger = tmp_path / "incoming" / "0" / "holiday.jpg"
    stranger.parent.mkdir(parents=True)
    stranger.write_bytes(b"x")
    with Vault.open(tmp_path) as vault, pytest.raises(NoObjectName, match="move what is not ours"):
        vault.recover(nobody_knows)
    assert stranger.exists()


def test_a_pending_object_says_what_it_is(tmp_path: Path) -> None:
    with Vault.open(tmp_path) as vault:
        pending = vault.take(writes(CAR), ".jpg")
        assert pending == PendingObject(pending.path, sha256(CAR), len(CAR), ".jpg")
        assert pending.path.read_bytes() == CAR
        vault.discard(pending)
