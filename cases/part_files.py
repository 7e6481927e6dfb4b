"""Part files: the bytes of uploads that are not whole yet, one file each, named by the upload's id and nothing else.

Whoever writes to one, or takes it away, has it alone; the kernel lets go when that process dies.
"""

import fcntl
import os
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from cases.errors import UploadRefused

SUFFIX = ".part"


@dataclass(frozen=True)
class PartFile:
    """A part file that nobody else has meanwhile. `path` may be linked into the vault when it is whole."""

    path: Path

    @property
    def size(self) -> int:
        return self.path.stat().st_size

    def cut(self, length: int) -> None:
        """Drops what lies behind: written by somebody who died before it counted."""
        if self.size != length:
            os.truncate(self.path, length)

    def write(self, data: bytes, at: int) -> None:
        """Puts the bytes there; on disk for certain only after `settle`."""
        with self._opened() as handle:
            view = memoryview(data)
            while view:
                written = os.pwrite(handle, view, at)
                view, at = view[written:], at + written

    def settle(self) -> None:
        with self._opened() as handle:
            os.fsync(handle)

    @contextmanager
    def _opened(self) -> Iterator[int]:
        handle = os.open(self.path, os.O_WRONLY | os.O_CLOEXEC)
        try:
            yield handle
        finally:
            os.close(handle)


@dataclass(frozen=True)
class PartFiles:
    """The folder of them."""

    folder: Path

    def _path_of(self, upload_id: uuid.UUID) -> Path:
        return self.folder / f"{upload_id.hex}{SUFFIX}"

    @contextmanager
    def alone(self, upload_id: uuid.UUID, *, make: bool = False) -> Iterator[PartFile]:
        """With `make`, an empty one where there is none; its row is there before it.

        Raises UploadRefused: `busy` while another has it, `bytes_missing` where there is none.
        """
        path = self._path_of(upload_id)
        if make:
            self._make(path)
        try:
            # for reading: once linked into the vault it is read-only
            handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        except FileNotFoundError as error:
            raise UploadRefused("bytes_missing") from error
        try:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                raise UploadRefused("busy") from error
            yield PartFile(path)
        finally:
            os.close(handle)

    def _make(self, path: Path) -> None:
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        try:
            os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
        except FileExistsError:
            return
        handle = os.open(self.folder, os.O_RDONLY | os.O_CLOEXEC)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)

    def remove(self, upload_id: uuid.UUID) -> None:
        self._path_of(upload_id).unlink(missing_ok=True)

    def ids(self) -> list[uuid.UUID]:
        """Of the uploads that have bytes here."""
        return sorted(uuid.UUID(path.stem) for path in self.folder.glob(f"*{SUFFIX}"))

    def free_bytes(self) -> int:
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        room = os.statvfs(self.folder)
        return room.f_bavail * room.f_frsize
