"""The vault: a write-once folder of objects addressed by digest, whole at every moment.

    objects/ab/cdef….mp4                  whole, on disk, never changed
    incoming/<writer>/lock                held (flock) while that writer lives; the kernel lets go when it dies
    incoming/<writer>/<id>.part           being written
    incoming/<writer>/<id>-<sha256>.mp4   whole, waiting for its row

`take` writes and digests, `keep` gives the object its place just before the rows commit, `settle` after the commit
drops the waiting name. Until then the waiting name says that the object may be nobody's: `recover` looks at what
dead writers left, asks the database, and removes what no row knows. The database is reached by whoever calls.
"""

import errno
import fcntl
import os
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from evidence.digest import is_sha256
from evidence.errors import DigestMismatch, NoObjectName, NothingToSeal, NotPending, VaultFailed, VaultFull
from models.digest import sha256_of

NO_ROOM = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
DISK_TROUBLE = NO_ROOM | {errno.EIO, errno.EROFS}
READ_ONLY = 0o440
PART = ".part"
LOCK = "lock"
SHA256_HEX = 64


def _fsync(path: Path) -> None:
    """What `path` holds is on disk; for a folder, its names."""
    handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _make_folder(path: Path) -> None:
    path.mkdir(exist_ok=True)


def _remove(path: Path) -> None:
    path.unlink(missing_ok=True)


@dataclass(frozen=True)
class DiskCalls:
    """The calls that change the disk, as values: what can fail or be interrupted is all here, and can be made to."""

    fsync: Callable[[Path], None] = _fsync
    make_folder: Callable[[Path], None] = _make_folder
    make_read_only: Callable[[Path], None] = lambda path: path.chmod(READ_ONLY)
    rename: Callable[[Path, Path], None] = os.rename
    link: Callable[[Path, Path], None] = os.link
    remove: Callable[[Path], None] = _remove
    remove_folder: Callable[[Path], None] = os.rmdir


@dataclass(frozen=True)
class PendingObject:
    """Whole and on disk, in a writer's own incoming folder; in the vault proper once it is kept."""

    path: Path
    sha256: str
    size_bytes: int
    suffix: str


@dataclass(frozen=True)
class Recovered:
    """What recovery took away, by name or digest. parts: half-written files. waiting: whole ones that had no place
    yet, or whose object a row knows or another writer holds. orphans: objects that had a place and no row.
    """

    writers: tuple[str, ...] = ()
    parts: tuple[str, ...] = ()
    waiting: tuple[str, ...] = ()
    orphans: tuple[str, ...] = ()


@dataclass
class Vault:
    """Open for writing by one process. Reading needs no opening: `Vault.path_of`."""

    root: Path
    disk: DiskCalls = field(default_factory=DiskCalls)
    writer: str = field(default_factory=lambda: uuid.uuid4().hex)
    _kept: set[Path] = field(default_factory=set)
    _left_to_recovery: set[Path] = field(default_factory=set)

    @property
    def incoming(self) -> Path:
        return self.root / "incoming" / self.writer

    @classmethod
    @contextmanager
    def open(cls, root: Path, disk: DiskCalls | None = None) -> Iterator[Self]:
        """Raises VaultFull or VaultFailed where the folder cannot be written."""
        vault = cls(root, disk or DiskCalls())
        with _ours(root, "open the vault"):
            for folder in (root, root / "objects", root / "incoming"):
                folder.mkdir(parents=True, exist_ok=True)
            handle = vault._arrive()
        try:
            yield vault
        finally:
            try:
                vault._depart()
            finally:
                os.close(handle)

    @staticmethod
    def path_of(root: Path, sha256: str, suffix: str) -> Path:
        """Where the object with this digest lies, if the vault holds it."""
        if not is_sha256(sha256) or "/" in suffix:
            raise NoObjectName(root, sha256 + suffix)
        return root / "objects" / sha256[:2] / f"{sha256[2:]}{suffix}"

    def take(self, write: Callable[[Path], None], suffix: str) -> PendingObject:
        """Runs `write(path)` on a file of our own, and returns it whole, on disk and digested.

        Raises VaultFull or VaultFailed; whatever `write` raises for its own reasons comes through. Nothing stays.
        """
        name = uuid.uuid4().hex
        part = self.incoming / f"{name}{PART}"
        try:
            with _ours(self.root, "write an object", only=DISK_TROUBLE):
                write(part)
            with _ours(self.root, "write an object"):
                size_bytes = _size_of(part)
                self.disk.make_read_only(part)
                self.disk.fsync(part)
                sha256 = sha256_of(part)
                whole = self.incoming / f"{name}-{sha256}{suffix}"
                self.disk.rename(part, whole)
        except BaseException:
            self._clear_away(part)
            raise
        try:
            # The waiting name is on disk before the object has its place: after a power cut it leads recovery there.
            with _ours(self.root, "write an object"):
                self.disk.fsync(self.incoming)
        except BaseException:
            self._clear_away(whole)
            raise
        return PendingObject(whole, sha256, size_bytes, suffix)

    def keep(self, pending: PendingObject) -> Path:
        """Gives the object its place; the rows may commit after this. The same bytes twice are one object."""
        if pending.path.parent != self.incoming or not pending.path.exists():
            raise NotPending(pending.path)
        place = self.path_of(self.root, pending.sha256, pending.suffix)
        with _ours(self.root, "keep an object"), self._alone():
            self.disk.make_folder(place.parent)
            self.disk.fsync(place.parent.parent)
            self._kept.add(pending.path)
            try:
                self.disk.link(pending.path, place)
            except FileExistsError:
                there = sha256_of(place)
                if there != pending.sha256:
                    raise DigestMismatch(place, pending.sha256, there) from None
            self.disk.fsync(place.parent)
        return place

    def settle(self, pending: PendingObject) -> None:
        """After the commit: the row knows the object now, the waiting name goes."""
        with _ours(self.root, "settle an object"):
            self.disk.remove(pending.path)
        self._kept.discard(pending.path)

    def discard(self, pending: PendingObject) -> None:
        """Drops it. Where it was kept already, others may know the bytes: then `recover` asks the database."""
        if pending.path in self._kept:
            self._left_to_recovery.add(pending.path)
            return
        with _ours(self.root, "discard an object"):
            self.disk.remove(pending.path)

    def delete(self, sha256: str, suffix: str, may_go: Callable[[], bool]) -> bool:
        """Takes an object's bytes away for good; False where they had to stay. Gone already is gone.

        may_go is asked while nobody gives or takes places, and after the look for writers that wait with these bytes:
        one that has settled has committed by then, so it must take a fresh look at the database.
        """
        place = self.path_of(self.root, sha256, suffix)
        with _ours(self.root, "delete an object"), self._alone():
            if not place.exists():
                return True
            if any((self.root / "incoming").glob(f"*/*-{sha256}*")) or not may_go():
                return False
            self.disk.remove(place)
            self.disk.fsync(place.parent)
        return True

    def recover(self, is_known: Callable[[str], bool]) -> Recovered:
        """Removes what dead writers left, and what this one kept and then discarded.

        is_known(sha256): whether a committed row names the object. It is asked after the look at the folders, and
        must take a fresh look at the database each time: a writer that settled a moment ago has committed by then.
        """
        writers: list[str] = []
        parts: list[str] = []
        names: list[str] = []
        orphans: list[str] = []
        with _ours(self.root, "recover"), self._alone():
            for waiting in sorted(self._left_to_recovery):
                (orphans if self._decide(waiting, is_known) else names).append(_sha256_in(waiting))
            self._left_to_recovery.clear()
            for folder in self._dead_writers():
                for left in sorted(folder.iterdir()):
                    if left.suffix == PART:
                        self.disk.remove(left)
                        parts.append(left.name)
                    elif left.name != LOCK:
                        (orphans if self._decide(left, is_known) else names).append(_sha256_in(left))
                self.disk.remove(folder / LOCK)
                self.disk.remove_folder(folder)
                writers.append(folder.name)
        return Recovered(tuple(writers), tuple(parts), tuple(names), tuple(orphans))

    def _decide(self, waiting: Path, is_known: Callable[[str], bool]) -> bool:
        """One waiting name; returns whether its object went. The object goes first: a kill between leaves the name."""
        sha256 = _sha256_in(waiting)
        if not is_sha256(sha256):
            raise NoObjectName(self.root, waiting.name)
        place = self.path_of(self.root, sha256, waiting.name.partition(sha256)[2])
        # The order matters: a live writer settles only after its commit, so what waits no longer is known by now.
        others = [name for name in (self.root / "incoming").glob(f"*/*-{sha256}*") if name != waiting]
        orphan = not others and not is_known(sha256) and place.exists()
        if orphan:
            self.disk.remove(place)
            self.disk.fsync(place.parent)
        self.disk.remove(waiting)
        self._kept.discard(waiting)
        return orphan

    def _dead_writers(self) -> Iterator[Path]:
        """Incoming folders whose lock nobody holds."""
        for folder in sorted((self.root / "incoming").iterdir()):
            if folder.name == self.writer:
                continue
            handle = os.open(folder / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                continue
            else:
                yield folder
            finally:
                os.close(handle)

    def _arrive(self) -> int:
        """Our incoming folder and its lock, made while nobody recovers: a folder without its lock looks dead."""
        with self._alone():
            self.disk.make_folder(self.incoming)
            self.disk.fsync(self.incoming.parent)
            handle = os.open(self.incoming / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return handle

    def _depart(self) -> None:
        """Takes the incoming folder away if nothing waits in it; else it is left for recovery to decide."""
        with _ours(self.root, "close the vault"), self._alone():
            if {left.name for left in self.incoming.iterdir()} == {LOCK}:
                self.disk.remove(self.incoming / LOCK)
                self.disk.remove_folder(self.incoming)

    def _clear_away(self, path: Path) -> None:
        """After a failure. If even this fails, the name has the form that recovery removes."""
        try:
            self.disk.remove(path)
        except OSError as error:
            raise VaultFailed(path, "remove a half-written file (recovery will)", str(error)) from error

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Places are given and taken away by one process at a time."""
        handle = os.open(self.root / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            yield
        finally:
            os.close(handle)


def _size_of(part: Path) -> int:
    size_bytes = part.stat().st_size if part.exists() else 0
    if size_bytes == 0:
        raise NothingToSeal(part)
    return size_bytes


def _sha256_in(waiting: Path) -> str:
    return waiting.name.partition("-")[2][:SHA256_HEX]


@contextmanager
def _ours(root: Path, doing: str, only: set[int] | None = None) -> Iterator[None]:
    """The operating system's errors as ours; with `only`, just those errors, and others come through."""
    try:
        yield
    except OSError as error:
        if only is not None and error.errno not in only:
            raise
        if error.errno in NO_ROOM:
            raise VaultFull(root, doing) from error
        raise VaultFailed(root, doing, error.strerror or str(error)) from error
