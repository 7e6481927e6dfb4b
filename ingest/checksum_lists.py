"""Checksum lists: what a recorder or a station says its files add up to, beside them.

Pure. Read are the lists of md5sum, sha1sum and sha256sum (`<hex>  name`), of BSD (`SHA256 (name) = <hex>`), and a bare
sum in a file that is named after its own (`0001.mp4.md5`).
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import PurePosixPath

SUFFIXES = {".md5": "md5", ".sha1": "sha1", ".sha256": "sha256"}
LIST_NAMES = {
    "md5sum.txt": "md5",
    "md5sums.txt": "md5",
    "md5sums": "md5",
    "sha1sums": "sha1",
    "sha1sums.txt": "sha1",
    "sha256sums": "sha256",
    "sha256sums.txt": "sha256",
    "checksum.txt": None,
    "checksums.txt": None,
}
BY_LENGTH = {32: "md5", 40: "sha1", 64: "sha256"}
MOST_BYTES = 8_000_000

_PLAIN = re.compile(r"^\\?([0-9a-fA-F]{32}|[0-9a-fA-F]{40}|[0-9a-fA-F]{64})[ \t]+[*]?(.+?)\s*$")
_BSD = re.compile(r"^(MD5|SHA1|SHA256)\s*\((.+)\)\s*=\s*([0-9a-fA-F]{32,64})\s*$")
_BARE = re.compile(r"^([0-9a-fA-F]{32}|[0-9a-fA-F]{40}|[0-9a-fA-F]{64})\s*$")


@dataclass(frozen=True)
class Sums:
    """By algorithm; of one file."""

    by_algorithm: Mapping[str, str]

    def differing(self, actual: "Sums") -> str | None:
        """The algorithm by which the file is not what its list says. None: by none that both have."""
        for algorithm, wanted in self.by_algorithm.items():
            if actual.by_algorithm.get(algorithm, wanted) != wanted:
                return algorithm
        return None


@dataclass
class ChecksumList:
    """names: of files below the list's own folder, with / between folders, in small letters."""

    names: dict[str, dict[str, str]] = field(default_factory=dict)

    def add(self, name: str, algorithm: str, hexadecimal: str) -> None:
        plain = PurePosixPath(name.replace("\\", "/")).as_posix().removeprefix("./").casefold()
        self.names.setdefault(plain, {})[algorithm] = hexadecimal.lower()


def is_list(file_name: str) -> bool:
    return PurePosixPath(file_name).suffix.lower() in SUFFIXES or file_name.lower() in LIST_NAMES


def read_list(file_name: str, data: bytes) -> ChecksumList:
    """Lines that are no sums are left out: lists carry remarks."""
    text = data[:MOST_BYTES].decode("utf-8-sig", errors="replace")
    found = ChecksumList()
    for line in text.splitlines():
        if bsd := _BSD.match(line):
            found.add(bsd[2], bsd[1].lower(), bsd[3])
        elif plain := _PLAIN.match(line):
            found.add(plain[2], BY_LENGTH[len(plain[1])], plain[1])
        elif (bare := _BARE.match(line)) and PurePosixPath(file_name).suffix.lower() in SUFFIXES:
            found.add(PurePosixPath(file_name).stem, BY_LENGTH[len(bare[1])], bare[1])
    return found
