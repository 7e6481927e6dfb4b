"""The chain of custody as values: how an entry is written, digested, and checked against the one before.

Pure, and free of the database, so that a bundle's chain is checked by the same lines that made it.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from evidence.canonical import canonical
from evidence.digest import sha256_of_bytes
from evidence.errors import NotCanonical

FIELDS = ("incident", "seq", "act", "actor", "at", "reason", "sha256", "previous")


def digest_of(entry: Mapping[str, Any]) -> str:
    """Over everything the entry says, the digest of the one before included, its own digest left out."""
    return sha256_of_bytes(canonical({name: entry[name] for name in FIELDS}))


def breaks(entries: Sequence[Any], incident: str) -> list[str]:
    """Where the chain does not hold, in words; empty: it holds. Entries may come from anybody."""
    found: list[str] = []
    previous: str | None = None
    for number, entry in enumerate(entries, start=1):
        if not isinstance(entry, dict) or set(entry) != {*FIELDS, "digest"}:
            found.append(f"entry {number} does not have the fields of a custody entry")
            previous = None
            continue
        if entry["incident"] != incident:
            found.append(f"entry {number} belongs to another incident")
        if type(entry["seq"]) is not int or entry["seq"] != number:
            found.append(f"entry {number} is numbered {entry['seq']!a}")
        if entry["previous"] != previous:
            found.append(f"entry {number} does not name the digest of the one before it")
        if entry["digest"] != _digest_or_none(entry):
            found.append(f"entry {number} was changed: its digest does not fit it")
        previous = entry["digest"]
    return found


def _digest_or_none(entry: Mapping[str, Any]) -> str | None:
    try:
        return digest_of(entry)
    except NotCanonical:
        return None
