"""Pins: what the one who checks a bundle was given by another way, and trusts: keys, authorities, tree heads.

Whatever lies inside a bundle can prove only that it is whole and by whom it says it is.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from cryptography import x509

from evidence.canonical import read_canonical
from evidence.digest import is_sha256
from evidence.errors import NotAHead, NotAKey, NotCanonical, TokenRefused
from evidence.signature import key_id_of
from evidence.timestamp_token import roots_of

_PUBLIC_KEY = re.compile(rb"-----BEGIN PUBLIC KEY-----.+?-----END PUBLIC KEY-----\n?", re.DOTALL)


@dataclass(frozen=True)
class HeadGiven:
    size: int
    root: bytes


@dataclass(frozen=True)
class Pins:
    """None: nothing of the kind was given. keys: ids of the site's keys."""

    keys: frozenset[str] | None = None
    authorities: Sequence[x509.Certificate] | None = None
    heads: Sequence[HeadGiven] | None = None


def keys_in(pem: bytes) -> frozenset[str]:
    """The ids of the public keys of a PEM file. Raises NotAKey."""
    keys = frozenset(key_id_of(match) for match in _PUBLIC_KEY.findall(pem))
    if not keys:
        raise NotAKey("there is no public key in PEM in it; give the site's key as it was handed over")
    return keys


def authorities_in(pem: bytes) -> list[x509.Certificate]:
    """Raises TokenRefused."""
    found = roots_of(pem)
    if not found:
        raise TokenRefused("there is no certificate in it; give the authority's in PEM")
    return found


def heads_in(text: bytes) -> list[HeadGiven]:
    """Tree heads, one a line: as they are published, or as they lie in a bundle. Raises NotAHead."""
    heads = [_head_of(line) for line in text.splitlines() if line.strip()]
    if not heads:
        raise NotAHead("there is no tree head in it; give a published one")
    return heads


def _head_of(line: bytes) -> HeadGiven:
    try:
        value = read_canonical(line.strip())
    except NotCanonical as error:
        raise NotAHead(f"not a tree head as it is published: {error}") from error
    read = read_head(value["head"] if isinstance(value, dict) and "head" in value else value)
    if read is None:
        raise NotAHead("not a tree head as it is published: it has no size and root")
    return read


def read_head(value: Any) -> HeadGiven | None:
    """Size and root of a head's signed content; it may come from anybody."""
    if not isinstance(value, dict) or type(value.get("size")) is not int or not is_sha256(value.get("root")):
        return None
    return HeadGiven(value["size"], bytes.fromhex(value["root"]))
