"""The container of a bundle: a ZIP with exactly one way to be written.

Stored, sorted by name, one fixed date, fixed attributes, no extra fields, no comment, nothing between the parts.
So the same files always make the same bytes, and any byte that differs was not written by us. The layout is that of
PKWARE's APPNOTE.TXT 6.3, parts 4.3.7 (local header), 4.3.12 (directory) and 4.3.16 (end); written out here because
what a library writes changes with its version. Reading is in evidence/container_reading.py.
"""

import struct
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import IO

LOCAL = struct.Struct("<4s5H3L2H")
DIRECTORY = struct.Struct("<4s6H3L5H2L")
END = struct.Struct("<4s4H2LH")
LOCAL_SIGNATURE, DIRECTORY_SIGNATURE, END_SIGNATURE = b"PK\x03\x04", b"PK\x01\x02", b"PK\x05\x06"

NEEDS_VERSION = 20
MADE_BY = 3 << 8 | NEEDS_VERSION  # 3: attributes are Unix modes
STORED = 0
DOS_TIME, DOS_DATE = 0, 1 << 5 | 1  # midnight of 1980-01-01, the first a ZIP can say
FILE_MODE = 0o100644 << 16
LARGEST = 2**32 - 2  # beyond it a ZIP needs other records (ZIP64), which this format does not have
MOST_FILES = 2**16 - 2


@dataclass(frozen=True)
class Member:
    """One file of the container, its bytes read when they are needed."""

    name: str
    size: int
    crc: int
    chunks: Callable[[], Iterator[bytes]]


def member_of(name: str, data: bytes) -> Member:
    return Member(name, len(data), zlib.crc32(data), lambda: iter((data,)))


def local_header(name: bytes, crc: int, size: int) -> bytes:
    fixed = (NEEDS_VERSION, 0, STORED, DOS_TIME, DOS_DATE)
    return LOCAL.pack(LOCAL_SIGNATURE, *fixed, crc, size, size, len(name), 0) + name


def directory_entry(name: bytes, crc: int, size: int, offset: int) -> bytes:
    fixed = (MADE_BY, NEEDS_VERSION, 0, STORED, DOS_TIME, DOS_DATE)
    return DIRECTORY.pack(DIRECTORY_SIGNATURE, *fixed, crc, size, size, len(name), 0, 0, 0, 0, FILE_MODE, offset) + name


def end_record(files: int, directory_size: int, directory_offset: int) -> bytes:
    return END.pack(END_SIGNATURE, 0, 0, files, files, directory_size, directory_offset, 0)


def container_size(members: Iterable[Member]) -> int:
    per_file = LOCAL.size + DIRECTORY.size
    return sum(per_file + 2 * len(member.name.encode()) + member.size for member in members) + END.size


def in_order(members: Iterable[Member]) -> list[Member]:
    return sorted(members, key=lambda member: member.name.encode())


def write_container(out: IO[bytes], members: Sequence[Member]) -> None:
    """Raises ValueError where the members do not fit the format, or do not deliver the size they announced."""
    if container_size(members) > LARGEST or len(members) > MOST_FILES:
        raise ValueError("more than 4 GiB or 65534 files do not fit into one bundle")
    offset = 0
    directory: list[bytes] = []
    for member in in_order(members):
        name = member.name.encode("ascii")
        header = local_header(name, member.crc, member.size)
        out.write(header)
        written, crc = 0, 0
        for chunk in member.chunks():
            out.write(chunk)
            written += len(chunk)
            crc = zlib.crc32(chunk, crc)
        if (written, crc) != (member.size, member.crc):
            raise ValueError(f"{member.name} changed while it was copied")
        directory.append(directory_entry(name, member.crc, member.size, offset))
        offset += len(header) + member.size
    out.write(b"".join(directory))
    out.write(end_record(len(directory), sum(map(len, directory)), offset))
