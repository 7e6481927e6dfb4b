"""Reading a bundle that was verified: its claims, and its exhibits as files for whoever looks at them again."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from evidence.bundle_files import MANIFEST
from evidence.canonical import read_canonical
from evidence.contents import opened
from evidence.digest import sha256_of_bytes
from evidence.errors import DigestMismatch, NotABundle


def unpack(bundle: Path, folder: Path, wanted: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
    """Writes the exhibits whose entry in the manifest is `wanted` into `folder`, under their names; returns the claims.

    Digests are compared once more as they are written: a bundle may be changed between its verification and this.
    Raises NotABundle, NotCanonical, DigestMismatch.
    """
    with opened(bundle) as contents:
        if MANIFEST not in contents.files:
            raise NotABundle(bundle, f"it has no {MANIFEST}")
        claims: dict[str, Any] = read_canonical(contents.files[MANIFEST].read())
        for exhibit in claims["exhibits"]:
            found = contents.files.get(exhibit["file"])
            if found is None or not wanted(exhibit):
                continue
            data = b"".join(found.chunks())
            if sha256_of_bytes(data) != exhibit["sha256"]:
                raise DigestMismatch(Path(exhibit["file"]), exhibit["sha256"], sha256_of_bytes(data))
            place = folder / exhibit["file"]
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(data)
    return claims
