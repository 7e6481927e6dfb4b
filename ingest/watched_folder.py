"""The watched folder: what a collection station writes into it is taken in, once and whole.

A file is touched when it has been the same for a while and its name does not say that somebody still writes it; where
its folder holds a list of checksums, when that has been the same for a while too. What does not add up is kept as it is
and quarantined. Nothing is followed: each folder is opened below the one before, without symbolic links, and a name is
only ever the name of one entry of one folder. From there on a file goes the way of every upload (cases/uploads.py), so
a process killed at any instruction goes on where it was. A list that comes after its files, as stations write it last,
is held against what they were when they were taken.
"""

import fnmatch
import hashlib
import logging
import os
import stat
import threading
import time
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from cases import uploads
from cases.errors import UploadRefused
from cases.part_files import PartFiles
from cases.recorders import recorder_carried_by
from cases.uploads import Receiving, UploadRules, Wanted, shown_name
from evidence.errors import VaultError
from ingest.checksum_lists import MOST_BYTES, ChecksumList, Sums, is_list, read_list
from ingest.errors import FolderUnusable
from ingest.upload_intake import doubt
from models.database import Sessions, reading, transaction
from models.enums import FolderOutcome, UploadState
from models.people import User
from models.places import Camera
from models.recorders import FolderFile
from models.uploads import Upload

log = logging.getLogger(__name__)

DEEPEST = 8
MOST_FILES = 200_000
BEING_WRITTEN = (
    "*.tmp", "*.temp", "*.part", "*.partial", "*.filepart", "*.crdownload", "*.download", "*.!ut", "*.lock", ".*", "~*"
)  # fmt: skip
PIECE_BYTES = 1024 * 1024
LOOK_EVERY_S = 2.0
TRIED_AGAIN_AFTER = timedelta(minutes=10)
NOT_AS_LISTED = "the {algorithm} of its bytes is not the one in the recorder's own list"
MAX_SHOWN, MAX_WHY = 500, 500
SEPARATOR = "/"
# a folder has no person at it who could be asked to wait; the disk's limit stays
RULES = UploadRules(open_at_once=1_000_000, begun_a_minute=1_000_000, daily_bytes=1 << 62)

Parts = tuple[str, ...]  # names of folders below the watched one, then of the file


@dataclass(frozen=True)
class FolderSettings:
    """user: in whose name it is taken in. move_to: where what was taken goes; None: it stays. Both on one disk."""

    root: Path
    user: str
    steady_s: float = 10.0
    move_to: Path | None = None


@dataclass(frozen=True)
class Seen:
    """A file as the folder shows it."""

    parts: Parts
    size_bytes: int
    mtime_ns: int

    @property
    def name(self) -> str:
        return self.parts[-1]

    @property
    def look(self) -> tuple[int, int]:
        return self.size_bytes, self.mtime_ns

    @property
    def key(self) -> str:
        """Of its row: a digest, since a path may be longer than a column and hold anything."""
        return hashlib.sha256(os.fsencode(SEPARATOR.join(self.parts))).hexdigest()

    @property
    def shown(self) -> str:
        return SEPARATOR.join(shown_name(part) for part in self.parts)[-MAX_SHOWN:]


@dataclass(frozen=True)
class Round:
    """What one look at the folder came to, as paths to be shown."""

    taken: tuple[str, ...] = ()
    refused: tuple[str, ...] = ()
    moved: tuple[str, ...] = ()
    doubted: tuple[str, ...] = ()  # taken before, and not what a list says that came after


@contextmanager
def opened(root: Path, parts: Parts, flags: int = os.O_RDONLY) -> Iterator[int]:
    """An entry below the folder, reached name by name. Raises OSError where one of the names is a symbolic link."""
    handle = os.open(root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        for place, part in enumerate(parts):
            last = place == len(parts) - 1
            own = flags if last else os.O_RDONLY | os.O_DIRECTORY
            # not to wait for somebody to write into a pipe that lies there
            below = os.open(part, own | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK, dir_fd=handle)
            os.close(handle)
            handle = below
        yield handle
    finally:
        os.close(handle)


def files_below(root: Path) -> list[Seen]:
    """Every plain file, by name. Raises FolderUnusable where the folder itself is not there."""
    found: list[Seen] = []
    try:
        handle = os.open(root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError as error:
        raise FolderUnusable(
            f"{root}: cannot be watched ({error.strerror}); make the folder, or name another"
        ) from error
    try:
        _walk(handle, (), found)
    finally:
        os.close(handle)
    return sorted(found, key=lambda seen: seen.parts)


def _walk(handle: int, above: Parts, found: list[Seen]) -> None:
    with os.scandir(handle) as entries:
        names = sorted(entry.name for entry in entries)
    for name in names:
        if len(found) >= MOST_FILES:
            log.warning("the watched folder holds more than %s files; those after them wait", MOST_FILES)
            return
        try:
            told = os.stat(name, dir_fd=handle, follow_symlinks=False)
        except OSError:  # gone meanwhile
            continue
        if stat.S_ISREG(told.st_mode):
            if not is_being_written(name):
                found.append(Seen((*above, name), told.st_size, told.st_mtime_ns))
        elif stat.S_ISDIR(told.st_mode) and len(above) < DEEPEST and not name.startswith("."):
            try:
                below = os.open(name, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=handle)
            except OSError:  # gone, not ours to read, or a link by now
                continue
            try:
                _walk(below, (*above, name), found)
            finally:
                os.close(below)


def is_being_written(name: str) -> bool:
    """Whether the name says so."""
    return any(fnmatch.fnmatchcase(name.lower(), pattern) for pattern in BEING_WRITTEN)


@dataclass
class _Steady:
    """Since when each file has looked as it looks."""

    seconds: float
    _since: dict[Parts, tuple[tuple[int, int], float]] = field(default_factory=dict)

    def of(self, there: Sequence[Seen], at_s: float) -> set[Parts]:
        known, self._since = self._since, {}
        for seen in there:
            look, since_s = known.get(seen.parts, (None, at_s))
            self._since[seen.parts] = (seen.look, since_s if look == seen.look else at_s)
        return {parts for parts, (_, since_s) in self._since.items() if at_s - since_s >= self.seconds}


class WatchedFolder:
    """`look` again and again, or `run` until `stop` is set. One process at a time has a folder."""

    def __init__(
        self,
        sessions: Sessions,
        parts: PartFiles,
        vault_root: Path,
        settings: FolderSettings,
        *,
        clock: Callable[[], datetime],
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._sessions, self._parts, self._vault_root, self._settings = sessions, parts, vault_root, settings
        self._clock, self._monotonic = clock, monotonic
        self._steady = _Steady(settings.steady_s)
        with reading(sessions) as session:
            rows = session.scalars(select(FolderFile)).all()
        self._done = {
            row.path_sha256: (row.size_bytes, row.mtime_ns) for row in rows if row.outcome is FolderOutcome.TAKEN
        }
        self._refused = {row.path_sha256: row for row in rows if row.outcome is FolderOutcome.REFUSED}
        self._compared: dict[
            Parts, tuple[int, int]
        ] = {}  # lists, as they looked when taken files were held against them

    def run(self, stop: threading.Event) -> None:
        wait_s = 0.0
        while not stop.wait(wait_s):
            began = self._monotonic()
            try:
                self.look(stop)
            except (FolderUnusable, VaultError, SQLAlchemyError, OSError):
                log.exception("the watched folder was not worked through; it is tried again")
            wait_s = max(
                LOOK_EVERY_S, 4 * (self._monotonic() - began)
            )  # a folder of many files is not always looked at

    def look(self, stop: threading.Event | None = None) -> Round:
        """One look: takes in what is steady. Raises FolderUnusable, VaultError, OSError."""
        there = files_below(self._settings.root)
        steady = self._steady.of(there, self._monotonic())
        lists, waiting = self._lists(there, steady)
        doubted = self._hold_against_what_was_taken(there, lists)
        taken, refused, moved = [], [], []
        for seen in there:
            if stop is not None and stop.is_set():
                break
            if is_list(seen.name) or seen.parts not in steady or seen.parts[:-1] in waiting:
                continue
            if self._done.get(seen.key) != seen.look:
                if not self._is_due(seen):
                    continue
                why = self._take(seen, sums_of(seen.parts, lists))
                if why is not None:
                    log.warning("not taken from the watched folder: %s", why, extra={"file": seen.shown})
                    refused.append(seen.shown)
                    continue
                taken.append(seen.shown)
            if self._settings.move_to is not None and self._move(seen):
                moved.append(seen.shown)
        return Round(tuple(taken), tuple(refused), tuple(moved), doubted)

    def _is_due(self, seen: Seen) -> bool:
        row = self._refused.get(seen.key)
        same = row is not None and (row.size_bytes, row.mtime_ns) == seen.look
        return row is None or not same or self._clock() - row.at >= TRIED_AGAIN_AFTER

    def _lists(self, there: Sequence[Seen], steady: set[Parts]) -> tuple[dict[Parts, ChecksumList], set[Parts]]:
        """The lists by folder, and the folders whose list is still being written."""
        lists: dict[Parts, ChecksumList] = {}
        waiting: set[Parts] = set()
        for seen in (each for each in there if is_list(each.name)):
            if seen.parts not in steady:
                waiting.add(seen.parts[:-1])
                continue
            try:
                with opened(self._settings.root, seen.parts) as handle:
                    told = read_list(seen.name, os.read(handle, MOST_BYTES))
            except OSError:
                continue
            for name, sums in told.names.items():
                for algorithm, hexadecimal in sums.items():
                    lists.setdefault(seen.parts[:-1], ChecksumList()).add(name, algorithm, hexadecimal)
        return lists, waiting

    def _hold_against_what_was_taken(
        self, there: Sequence[Seen], lists: Mapping[Parts, ChecksumList]
    ) -> tuple[str, ...]:
        """Files that a list names which came, or changed, after they were taken; also where they were moved since."""
        looks = {seen.parts: seen.look for seen in there if is_list(seen.name) and seen.parts[:-1] in lists}
        fresh = {parts[:-1] for parts, look in looks.items() if self._compared.get(parts) != look}
        if not fresh:
            return ()
        doubted: list[str] = []
        with reading(self._sessions) as session:
            rows = session.scalars(select(FolderFile).where(FolderFile.outcome == FolderOutcome.TAKEN)).all()
        for row in rows:
            claimed = sums_of(tuple(row.shown.split(SEPARATOR)), {folder: lists[folder] for folder in fresh})
            known = {"md5": row.md5, "sha1": row.sha1, "sha256": row.sha256}
            actual = Sums({name: told for name, told in known.items() if told is not None})
            differing = None if claimed is None else claimed.differing(actual)
            if differing is not None and row.upload_id is not None:
                with transaction(self._sessions) as session:
                    if doubt(session, row.upload_id, NOT_AS_LISTED.format(algorithm=differing), at=self._clock()):
                        doubted.append(row.shown)
        self._compared = looks
        return tuple(doubted)

    def _take(self, seen: Seen, claimed: Sums | None) -> str | None:
        """None where it is in now; else why not, which is in its row."""
        try:
            with opened(self._settings.root, seen.parts) as handle:
                sums = _summed(handle, seen)
                if sums is None:
                    return self._refuse(seen, None, "it changed while it was read; it is tried again")
                return self._hand_in(handle, seen, sums, claimed)
        except OSError as error:
            return self._refuse(seen, None, f"it cannot be read ({error.strerror})")

    def _hand_in(self, handle: int, seen: Seen, sums: Sums, claimed: Sums | None) -> str | None:
        at = self._clock()
        differing = None if claimed is None else claimed.differing(sums)
        speaks_against = None if differing is None else NOT_AS_LISTED.format(algorithm=differing)
        try:
            with transaction(self._sessions) as session:
                user = _user(session, self._settings.user)
                wanted = Wanted(
                    file_name=seen.name,
                    length=seen.size_bytes,
                    recorder_id=self._recorder(session, seen),
                    sha256=sums.by_algorithm["sha256"],
                    doubt=speaks_against,
                )
                upload = uploads.begin(session, self._parts, RULES, wanted, user_id=user.id, at=at)
            if upload.state is UploadState.RECEIVING:
                self._receive(handle, upload)
                uploads.seal_whole(self._sessions, self._parts, self._vault_root, upload.id, at=self._clock())
        except UploadRefused as error:
            return self._refuse(seen, sums, WHY.get(error.why, str(error)))
        self._remember(seen, sums, FolderOutcome.TAKEN, upload.id, None)
        return None

    def _receive(self, handle: int, upload: Upload) -> None:
        """The bytes that are not there yet. Raises UploadRefused."""
        if upload.offset == upload.length:
            return
        receiving = Receiving(
            self._sessions, self._parts, upload.id, user_id=upload.user_id, offset=upload.offset, checksum=None
        )
        with closing(receiving):
            os.lseek(handle, upload.offset, os.SEEK_SET)
            while piece := os.read(handle, PIECE_BYTES):
                receiving.take(piece, self._clock())
            receiving.end(self._clock())

    def _recorder(self, session: Session, seen: Seen) -> str | None:
        """The nearest folder above it that is named after a recorder, or after the officer who carried one that day."""
        filmed_on = datetime.fromtimestamp(seen.mtime_ns / 1e9, UTC).date()
        for name in reversed(seen.parts[:-1]):
            if session.get(Camera, name) is not None:
                return name
            carried = recorder_carried_by(session, name, filmed_on)
            if carried is not None:
                return carried
        return None

    def _refuse(self, seen: Seen, sums: Sums | None, why: str) -> str:
        self._remember(seen, sums, FolderOutcome.REFUSED, None, why)
        return why

    def _remember(
        self, seen: Seen, sums: Sums | None, outcome: FolderOutcome, upload_id: uuid.UUID | None, why: str | None
    ) -> None:
        told: Mapping[str, str] = {} if sums is None else sums.by_algorithm
        with transaction(self._sessions) as session:
            row = session.get(FolderFile, seen.key)
            if row is None:
                row = FolderFile(path_sha256=seen.key)
                session.add(row)
            row.shown, (row.size_bytes, row.mtime_ns) = seen.shown, seen.look
            row.md5, row.sha1, row.sha256 = told.get("md5"), told.get("sha1"), told.get("sha256")
            row.outcome, row.upload_id, row.at = outcome, upload_id, self._clock()
            row.why = None if why is None else why[:MAX_WHY]
        if outcome is FolderOutcome.TAKEN:
            self._done[seen.key] = seen.look
            self._refused.pop(seen.key, None)
        else:
            self._refused[seen.key] = row

    def _move(self, seen: Seen) -> bool:
        """Out of the watched folder, under the same names; under another where there is one of this name already."""
        assert self._settings.move_to is not None
        self._settings.move_to.mkdir(parents=True, exist_ok=True)
        try:
            with (
                opened(self._settings.root, seen.parts[:-1], os.O_RDONLY | os.O_DIRECTORY) as source,
                _made(self._settings.move_to, seen.parts[:-1]) as target,
            ):
                if _looks(source, seen.name) != seen.look:
                    return False  # written again meanwhile: another file by now
                name = seen.name if _looks(target, seen.name) is None else f"{seen.key[:8]}-{seen.name}"
                os.rename(seen.name, name, src_dir_fd=source, dst_dir_fd=target)
        except OSError as error:
            log.warning("a file that was taken stays in the watched folder: %s", error, extra={"file": seen.shown})
            return False
        return True


WHY = {
    "which_recorder": "nobody says which recorder it is from; put it into a folder named after the recorder",
    "kind_not_taken": "it is no recording and no track, by its ending",
    "empty": "it is empty",
    "no_room": "there is not enough room on the disk; it is tried again",
    "not_as_claimed": "it changed while it was read; it is tried again",
    "busy": "another process has it; it is tried again",
}


def sums_of(parts: Parts, lists: Mapping[Parts, ChecksumList]) -> Sums | None:
    """What the lists of its folder, and of those above, say the file adds up to."""
    for depth in range(len(parts) - 1, -1, -1):
        told = lists.get(parts[:depth])
        if told is None:
            continue
        found = told.names.get(SEPARATOR.join(parts[depth:]).casefold())
        if found is not None:
            return Sums(found)
    return None


def _summed(handle: int, seen: Seen) -> Sums | None:
    """Of its bytes; None where they were not the same before and after."""
    if not stat.S_ISREG(os.fstat(handle).st_mode) or _look_of(os.fstat(handle)) != seen.look:
        return None
    made = {name: hashlib.new(name, usedforsecurity=False) for name in ("md5", "sha1", "sha256")}
    while piece := os.read(handle, PIECE_BYTES):
        for each in made.values():
            each.update(piece)
    if _look_of(os.fstat(handle)) != seen.look:
        return None
    return Sums({name: each.hexdigest() for name, each in made.items()})


def _look_of(told: os.stat_result) -> tuple[int, int]:
    return told.st_size, told.st_mtime_ns


def _looks(folder: int, name: str) -> tuple[int, int] | None:
    try:
        return _look_of(os.stat(name, dir_fd=folder, follow_symlinks=False))
    except FileNotFoundError:
        return None


@contextmanager
def _made(root: Path, parts: Parts) -> Iterator[int]:
    """The folder below, made where it is not there."""
    handle = os.open(root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        for part in parts:
            if _looks(handle, part) is None:
                os.mkdir(part, dir_fd=handle)
            below = os.open(part, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=handle)
            os.close(handle)
            handle = below
        yield handle
    finally:
        os.close(handle)


def _user(session: Session, name: str) -> User:
    """Raises FolderUnusable."""
    user = session.scalar(select(User).where(User.name == name.strip().lower()))
    if user is None or not user.active:
        raise FolderUnusable(
            f"there is no user {name} in whose name the watched folder is taken in; add one, or name one"
        )
    return user
