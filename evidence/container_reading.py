"""Reading a container that may have been changed by anybody: what it lists, and where it is not as we write it.

A ZIP says everything twice, before each file and in the directory at its end. Our own containers are read by the
headers; where those are damaged, or another program wrote the ZIP, by the directory. Nothing is unpacked to disk.
"""

import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import BinaryIO

from evidence.container import (
    DIRECTORY,
    DIRECTORY_SIGNATURE,
    DOS_DATE,
    DOS_TIME,
    END,
    END_SIGNATURE,
    LOCAL,
    LOCAL_SIGNATURE,
    MOST_FILES,
    NEEDS_VERSION,
    STORED,
    directory_entry,
    end_record,
    local_header,
)
from evidence.errors import NotReadable

CHUNK_BYTES = 1 << 20
DEFLATED = 8
ENCRYPTED = 1
MOST_GROWTH = 200  # deflate reaches 1032:1 on zeros; texts and pictures stay far below this
FREE_GROWTH_BYTES = 1 << 20
END_SEARCH_BYTES = END.size + 0xFFFF  # APPNOTE 4.3.16: a comment of at most 65535 bytes may follow
LARGEST_DIRECTORY_BYTES = 16 << 20
FEW_PARTS = 3


@dataclass(frozen=True)
class Listed:
    """A file as the container lists it. packed: its size inside; size: unpacked, as claimed."""

    name: bytes
    crc: int
    packed: int
    size: int
    header_at: int
    data_at: int
    method: int = STORED
    encrypted: bool = False
    mode: int = 0


@dataclass(frozen=True)
class Listing:
    members: Sequence[Listed]
    whole: bool  # read to its end; else the file is cut short or damaged there


def read_listing(file: BinaryIO, length: int) -> Listing:
    """By the headers where all of them are ours, else by the directory, else as far as the headers go."""
    by_headers = _by_headers(file, length)
    if by_headers.whole:
        return by_headers
    return _by_directory(file, length) or by_headers


def _at(file: BinaryIO, offset: int, size: int) -> bytes:
    file.seek(offset)
    return file.read(size)


def _by_headers(file: BinaryIO, length: int) -> Listing:
    ours = (NEEDS_VERSION, 0, STORED, DOS_TIME, DOS_DATE)
    members: list[Listed] = []
    offset = 0
    while len(members) <= MOST_FILES:
        header = _at(file, offset, LOCAL.size)
        if header[:4] in (DIRECTORY_SIGNATURE, END_SIGNATURE):
            return Listing(members, whole=bool(members))
        if len(header) < LOCAL.size or header[:4] != LOCAL_SIGNATURE:
            break
        _, *fixed, crc, packed, size, name_size, extra_size = LOCAL.unpack(header)
        data_at = offset + LOCAL.size + name_size
        if tuple(fixed) != ours or packed != size or extra_size or data_at + size > length:
            break
        members.append(Listed(file.read(name_size), crc, packed, size, offset, data_at))
        offset = data_at + size
    return Listing(members, whole=False)


def _by_directory(file: BinaryIO, length: int) -> Listing | None:
    tail_at = max(0, length - END_SEARCH_BYTES)
    tail = _at(file, tail_at, END_SEARCH_BYTES)
    found = tail.rfind(END_SIGNATURE)
    if found < 0 or len(tail) - found < END.size:
        return None
    _, _, _, _, _, size, claimed_at, _ = END.unpack_from(tail, found)
    directory_at = tail_at + found - size
    if directory_at < 0 or size > LARGEST_DIRECTORY_BYTES:
        return None
    shift = directory_at - claimed_at  # bytes put before the container move everything
    directory = _at(file, directory_at, size)
    entries: list[Listed] = []
    offset = 0
    while len(entries) <= MOST_FILES and directory[offset : offset + 4] == DIRECTORY_SIGNATURE:
        if len(directory) - offset < DIRECTORY.size:
            return None
        fields = DIRECTORY.unpack_from(directory, offset)
        _, _, _, flags, method, _, _, crc, packed, unpacked, name_size, extra, comment, _, _, attributes, header_at = (
            fields
        )
        name = directory[offset + DIRECTORY.size :][:name_size]
        entries.append(
            Listed(
                name,
                crc,
                packed,
                unpacked,
                header_at + shift,
                0,
                method,
                encrypted=bool(flags & ENCRYPTED),
                mode=attributes >> 16,
            )
        )
        offset += DIRECTORY.size + name_size + extra + comment
    if not entries:
        return None
    entries.sort(key=lambda entry: entry.header_at)
    ends = [entry.header_at for entry in entries[1:]] + [directory_at]
    members = [_with_data(file, entry, end) for entry, end in zip(entries, ends, strict=True)]
    return Listing(members, whole=True)


def _with_data(file: BinaryIO, entry: Listed, end: int) -> Listed:
    """Where its bytes start: as we lay it out where that fits exactly, else as its own header says."""
    ours = entry.header_at + LOCAL.size + len(entry.name)
    header = _at(file, max(entry.header_at, 0), LOCAL.size)
    if end - entry.packed == ours or len(header) < LOCAL.size:
        data_at = ours
    else:
        *_, name_size, extra_size = LOCAL.unpack(header)
        data_at = entry.header_at + LOCAL.size + name_size + extra_size
    return Listed(
        entry.name,
        entry.crc,
        entry.packed,
        entry.size,
        entry.header_at,
        max(data_at, 0),
        entry.method,
        entry.encrypted,
        entry.mode,
    )


def read_member(file: BinaryIO, member: Listed) -> Iterator[bytes]:
    """Its bytes in chunks. Raises NotReadable, before anything large is made of something small."""
    if member.encrypted or member.method not in (STORED, DEFLATED):
        raise NotReadable("it is encrypted or packed in a way that is not read here")
    limit = min(member.size, member.packed * MOST_GROWTH + FREE_GROWTH_BYTES)
    unpack = zlib.decompressobj(-zlib.MAX_WBITS) if member.method == DEFLATED else None
    file_at, left, given = member.data_at, member.packed, 0
    while left > 0:
        packed = _at(file, file_at, min(CHUNK_BYTES, left))
        if not packed:
            raise NotReadable("it is cut short")
        file_at, left = file_at + len(packed), left - len(packed)
        for chunk in _unpacked(unpack, packed):
            given += len(chunk)
            if given > limit:
                raise NotReadable("it is larger than it claims, or grows beyond measure when unpacked")
            yield chunk
    if given != member.size:
        raise NotReadable(f"it has {given} bytes and claims {member.size}")


def _unpacked(unpack: "zlib._Decompress | None", packed: bytes) -> Iterator[bytes]:
    if unpack is None:
        yield packed
        return
    try:
        while packed:
            yield unpack.decompress(packed, CHUNK_BYTES)
            packed = unpack.unconsumed_tail
    except zlib.error as error:
        raise NotReadable(f"its packing is damaged: {error}") from error


def foreign_parts(file: BinaryIO, length: int, members: Sequence[Listed], crcs: Mapping[bytes, int]) -> list[str]:
    """Which parts of the container are not what we would have written round these files; empty: none.

    crcs: of the bytes as they should be; a file without one is judged by what its own header says.
    """
    if sum(member.size for member in members) > length:
        return ["its sizes: they are false, or another program packed this ZIP"]
    parts: list[tuple[str, int, bytes]] = []
    directory: list[tuple[str, bytes]] = []
    offset = 0
    for member in members:
        shown = ascii(member.name.decode("utf-8", "replace"))[1:-1]
        crc = crcs.get(member.name, member.crc)
        header = local_header(member.name, crc, member.size)
        parts.append((f"header of {shown}", offset, header))
        directory.append((f"directory entry of {shown}", directory_entry(member.name, crc, member.size, offset)))
        offset += len(header) + member.size
    directory_at = offset
    for name, entry in directory:
        parts.append((name, offset, entry))
        offset += len(entry)
    end = end_record(len(members), offset - directory_at, directory_at)
    parts.append(("end record", offset, end))
    differ = [name for name, at, expected in parts if _at(file, at, len(expected)) != expected]
    if len(differ) > FEW_PARTS:
        differ = [*differ[:FEW_PARTS], f"{len(differ) - FEW_PARTS} more parts: another program wrote this ZIP"]
    names = [member.name for member in members]
    if names != sorted(set(names)):
        differ.append("order of the files")
    excess = length - offset - len(end)
    if excess:
        differ.append(f"{excess} bytes after its end" if excess > 0 else f"{-excess} bytes missing at its end")
    return differ
