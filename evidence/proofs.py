"""Proofs: what a bundle carries so that others can check it by signature, time and log, as values and as files.

Made from rows by evidence/proof_rows.py, put into the bundle by evidence/bundle.py, checked from the bundle alone by
evidence/proof_checks.py. Nothing here signs, asks or stores.
"""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import PurePosixPath
from typing import Any

from evidence.bundle_files import AUTHORITIES, HEAD, LOG, PROOF, WITNESSED
from evidence.canonical import canonical, instant, instant_or_none
from evidence.errors import TokenRefused
from evidence.timestamp_token import claimed

KEY_NAME_HEX = 16


@dataclass(frozen=True)
class PublicKey:
    """A key of the site, and from when to when it signed."""

    key_id: str
    pem: bytes
    valid_from: datetime
    valid_to: datetime | None


@dataclass(frozen=True)
class Signed:
    """Bytes that were signed and, perhaps later, timestamped. why_no_token: said where there is none."""

    content: bytes
    signature: bytes | None
    key_id: str | None
    signed_at: datetime | None
    token: bytes | None = None
    why_no_token: str | None = None


@dataclass(frozen=True)
class Logged:
    """An entry of the log, and where it is in the tree; index None: it waits for the next head."""

    entry: Mapping[str, Any]
    index: int | None = None
    path: Sequence[bytes] = ()


@dataclass(frozen=True)
class EarlierHead:
    """A head published before, with the path that proves it to be the beginning of the one in the bundle."""

    size: int
    root: bytes
    path: Sequence[bytes]


@dataclass(frozen=True)
class Proofs:
    """seals: by exhibit. head: the one the log's entries are proven by. witnessed: an older one that has its token,
    where the head has none yet. authorities_pem: certificates that the tokens can be checked by.
    """

    keys: Sequence[PublicKey] = ()
    seals: Mapping[uuid.UUID, Signed] | None = None
    head: Signed | None = None
    witnessed: Signed | None = None
    log: Sequence[Logged] = ()
    earlier: Sequence[EarlierHead] = ()
    authorities_pem: bytes | None = None


def files_of(proofs: Proofs, exhibit_files: Mapping[uuid.UUID, str]) -> tuple[dict[str, Any], dict[str, bytes]]:
    """The `proofs` part of the manifest, and the files it names. exhibit_files: the name of each exhibit."""
    files: dict[str, bytes] = {}
    keys = []
    for key in sorted(proofs.keys, key=lambda key: (key.valid_from, key.key_id)):
        name = f"{PROOF}key_{key.key_id[:KEY_NAME_HEX]}.pem"
        files[name] = key.pem
        keys.append(
            {
                "key_id": key.key_id,
                "file": name,
                "valid_from": instant(key.valid_from),
                "valid_to": instant_or_none(key.valid_to),
            }
        )
    seals = {exhibit_files[exhibit]: seal for exhibit, seal in (proofs.seals or {}).items() if exhibit in exhibit_files}
    statements = [
        {"exhibit": file} | _signed(f"{PROOF}{PurePosixPath(file).stem}", seal, files)
        for file, seal in sorted(seals.items())
    ]
    head = _signed(HEAD.removesuffix(".json"), proofs.head, files) if proofs.head else None
    witnessed = _signed(WITNESSED.removesuffix(".json"), proofs.witnessed, files) if proofs.witnessed else None
    if proofs.head:
        files[LOG] = canonical(_log(proofs))
    if proofs.authorities_pem:
        files[AUTHORITIES] = proofs.authorities_pem
    claims = {
        "keys": keys,
        "statements": statements,
        "head": head,
        "witnessed": witnessed,
        "log": LOG if proofs.head else None,
        "authorities": AUTHORITIES if proofs.authorities_pem else None,
    }
    return claims, files


def _signed(stem: str, signed: Signed, files: dict[str, bytes]) -> dict[str, Any]:
    """Puts its bytes, signature and token beside each other under one stem."""
    names: dict[str, str | None] = {"file": f"{stem}.json", "signature": None, "token": None}
    files[f"{stem}.json"] = signed.content
    if signed.signature is not None:
        names["signature"] = f"{stem}.sig"
        files[f"{stem}.sig"] = signed.signature
    if signed.token is not None:
        names["token"] = f"{stem}.tsr"
        files[f"{stem}.tsr"] = signed.token
    return names | {
        "key_id": signed.key_id,
        "signed_at": instant_or_none(signed.signed_at),
        "token_at": _time_in(signed),
        "why_no_token": signed.why_no_token,
    }


def _time_in(signed: Signed) -> str | None:
    """A token that is for something else goes into the bundle as it is, and the check says so."""
    if signed.token is None:
        return None
    try:
        return instant(claimed(signed.token, signed.content))
    except TokenRefused:
        return None


def _log(proofs: Proofs) -> dict[str, Any]:
    return {
        "entries": [
            {"entry": dict(logged.entry), "index": logged.index, "path": [node.hex() for node in logged.path]}
            for logged in proofs.log
        ],
        "earlier": [
            {"size": head.size, "root": head.root.hex(), "path": [node.hex() for node in head.path]}
            for head in proofs.earlier
        ],
    }
