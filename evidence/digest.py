"""Digests as they are written down: SHA-256, bare hex in rows and file names, `sha256:<hex>` where people read it."""

import hashlib
import re

PREFIX = "sha256:"
_HEX = re.compile(r"[0-9a-f]{64}")


def sha256_of_bytes(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def is_sha256(text: object) -> bool:
    """Whether this is a digest in bare lower-case hex; anything else is no name for an object."""
    return isinstance(text, str) and _HEX.fullmatch(text) is not None


def shown(sha256: str) -> str:
    return PREFIX + sha256
