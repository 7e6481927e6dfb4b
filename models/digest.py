"""SHA-256 of a file, in hex. Here, at the bottom of the road, because every folder above names things by digest."""

import hashlib
from pathlib import Path


def sha256_of(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
