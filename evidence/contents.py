"""The contents of a bundle, from a ZIP or an unpacked folder: every file with its digest, read and never unpacked.

What should not be opened is refused and named: links, devices, names that lead out of the bundle, names used twice.
"""

import hashlib
import os
import re
import stat
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from evidence.container_reading import Listed, Listing, foreign_parts, read_listing, read_member
from evidence.errors import NotABundle, NotReadable

CHUNK_BYTES = 1 << 20
MOST_FILES = 10_000
LARGEST_TEXT_BYTES = 64 << 20
_PLAIN_NAME = re.compile(r"[!-.0-~]+(?:/[!-.0-~]+)*")  # printable ASCII, no blanks


@dataclass(frozen=True)
class Refusal:
    name: str
    why: str


@dataclass(frozen=True)
class Found:
    """One file as it is. chunks reads it again."""

    size: int
    sha256: str
    crc: int
    chunks: Callable[[], Iterator[bytes]]

    def read(self) -> bytes:
        """All of it; only for the texts of a bundle. Raises NotReadable."""
        if self.size > LARGEST_TEXT_BYTES:
            raise NotReadable(f"it has {self.size} bytes, which no text of a bundle has")
        return b"".join(self.chunks())


@dataclass(frozen=True)
class Contents:
    """foreign_parts: given the digests that should be, which parts of the container we did not write."""

    files: Mapping[str, Found]
    refusals: tuple[Refusal, ...]
    foreign_parts: Callable[[Mapping[str, str]], list[str]]


def shown_name(name: str) -> str:
    """A name as it may be printed: whoever made the bundle chose it."""
    return ascii(name)[1:-1]


def refusal_of(name: str) -> str | None:
    """Why a name has no place in a bundle."""
    if not _PLAIN_NAME.fullmatch(name) or "\\" in name or ":" in name:
        return "its name is not plain"
    if any(part in (".", "..") for part in name.split("/")):
        return "its name leads out of the bundle"
    return None


@contextmanager
def opened(path: Path) -> Iterator[Contents]:
    """Raises NotABundle where there is nothing to look into."""
    try:
        if path.is_dir():
            yield _of_folder(path)
        elif path.is_file():
            with path.open("rb") as file:
                length = os.fstat(file.fileno()).st_size
                listing = read_listing(file, length)
                if not listing.members:
                    raise NotABundle(path, "neither a folder nor a ZIP")
                members = _readable_members(listing, length)

                def foreign(expected: Mapping[str, str]) -> list[str]:
                    crcs = {
                        name.encode(): found.crc for name, found in files.items() if found.sha256 == expected.get(name)
                    }
                    cut = [] if listing.whole else ["the ZIP is cut short or damaged after the files listed"]
                    return cut + foreign_parts(file, length, listing.members, crcs)

                files: dict[str, Found] = {}
                refusals = list(members.refusals)
                for name, member in members.plain.items():
                    try:
                        files[name] = _found(partial(read_member, file, member))
                    except NotReadable as error:
                        refusals.append(Refusal(name, str(error)))
                yield Contents(files, tuple(refusals), foreign)
        else:
            raise NotABundle(path, "there is no such file or folder")
    except OSError as error:
        raise NotABundle(path, f"it cannot be read: {error.strerror or error}") from error


@dataclass(frozen=True)
class _Members:
    plain: Mapping[str, Listed]
    refusals: tuple[Refusal, ...]


def _readable_members(listing: Listing, length: int) -> _Members:
    if len(listing.members) > MOST_FILES:
        return _Members({}, (Refusal("", f"{len(listing.members)} files, more than any bundle has"),))
    if sum(member.packed for member in listing.members) > length:
        return _Members({}, (Refusal("", "the files of the ZIP overlap, or claim more bytes than it has"),))
    plain: dict[str, Listed] = {}
    refusals: list[Refusal] = []
    for member in listing.members:
        name = member.name.decode("utf-8", "surrogateescape")
        if name.endswith("/") and member.size == 0 and refusal_of(name[:-1]) is None:
            continue  # a folder, as other programs list them
        why = refusal_of(name)
        if stat.S_ISLNK(member.mode):
            why = "it is a link"
        elif name in plain:
            why = "its name is used twice"
        if why:
            refusals.append(Refusal(name, why))
        else:
            plain[name] = member
    return _Members(plain, tuple(refusals))


def _of_folder(folder: Path) -> Contents:
    files: dict[str, Found] = {}
    refusals: list[Refusal] = []
    pending = [folder]
    while pending:
        for entry in sorted(os.scandir(pending.pop()), key=lambda entry: entry.name):
            path = Path(entry.path)
            name = path.relative_to(folder).as_posix()
            why = refusal_of(name)
            if entry.is_symlink():
                why = "it is a link"
            elif entry.is_dir():
                pending.append(path)
                continue
            elif not entry.is_file():
                why = "it is not a plain file"
            if why:
                refusals.append(Refusal(name, why))
            else:
                files[name] = _found(_reader_of(path))
            if len(files) + len(refusals) > MOST_FILES:
                return Contents({}, (Refusal("", "more files than any bundle has"),), lambda _: [])
    return Contents(files, tuple(refusals), lambda _: [])


def _reader_of(path: Path) -> Callable[[], Iterator[bytes]]:
    def chunks() -> Iterator[bytes]:
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
        with os.fdopen(handle, "rb") as file:
            while chunk := file.read(CHUNK_BYTES):
                yield chunk

    return chunks


def _found(chunks: Callable[[], Iterator[bytes]]) -> Found:
    digest, crc, size = hashlib.sha256(), 0, 0
    for chunk in chunks():
        digest.update(chunk)
        crc = zlib.crc32(chunk, crc)
        size += len(chunk)
    return Found(size, digest.hexdigest(), crc, chunks)
