"""The bundle: one ZIP that proves itself on a laptop, without our software, our database or a network.

What it is checked by is evidence/verification.py; how the ZIP is laid out, evidence/container.py.
"""

import hashlib
import re
import uuid
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from sqlalchemy.orm import Session

from evidence import bundle_page, case_rows, custody, custody_chain, keys, manifest, proof_rows, proofs
from evidence.bundle_files import (
    CUSTODY,
    DRAFT,
    EXHIBITS,
    MANIFEST,
    PAGE,
    SIGNATURE,
    SUMS,
    VERIFY,
    sums_text,
    verify_text,
)
from evidence.canonical import canonical, read_canonical
from evidence.container import Member, member_of, write_container
from evidence.digest import sha256_of_bytes
from evidence.errors import CustodyBroken, DigestMismatch, ExhibitMissing, ExportFailed, VaultFailed
from evidence.signature import SigningKey
from evidence.vault import Vault
from models.enums import CustodyAct
from models.exhibits import Exhibit
from models.whole_file import whole_file

CHUNK_BYTES = 1 << 20


@dataclass(frozen=True)
class Signing:
    """What it takes to sign: the site's key, and the certificates its timestamps are checked by, in PEM."""

    key_path: Path
    authorities: Path | None = None


def export_bundle(
    session: Session,
    vault_root: Path,
    incident_id: uuid.UUID,
    out: Path,
    *,
    actor: str,
    at: datetime,
    reason: str,
    signing: Signing | None = None,
) -> None:
    """Writes the bundle under a name that was free, whole or not at all; the export is a custody entry inside it.

    signing: without it the bundle says that nobody signed it, and its tree head may be older than the export.

    Raises NoSuchIncident, ExhibitMissing, DigestMismatch, CustodyBroken, LogBroken, SigningKeyFailed, ExportFailed.
    The caller commits; where
    that fails, the bundle holds an entry that the database does not, and is to be deleted.
    """
    if out.exists():
        raise ExportFailed(out, "there is something under this name already; choose another")
    custody.record(session, incident_id, CustodyAct.EXPORTED, actor=actor, at=at, reason=reason)
    rows = case_rows.load(session, incident_id)
    broken = custody_chain.breaks([custody.entry_of(event) for event in rows.custody], str(incident_id))
    if broken:
        raise CustodyBroken(incident_id, "; ".join(broken))
    names = {exhibit: _file_name(number, exhibit) for number, exhibit in enumerate(rows.exhibits, start=1)}
    key = keys.key_in_use(session, signing.key_path, at=at) if signing else None
    pem = _authorities_pem(signing)
    found = proof_rows.load(session, rows, key, at=at, authorities_pem=pem)
    told, proof_files = proofs.files_of(found, {exhibit.id: name for exhibit, name in names.items()})
    claims = manifest.compose(
        rows,
        made_at=at,
        software=f"streetwitness {version('streetwitness')}",
        exhibit_files=names,
        draft_file=DRAFT,
        sealed_at={exhibit: read_canonical(seal.content)["sealed_at"] for exhibit, seal in (found.seals or {}).items()},
        proofs=told | {"signed_by": key.key_id if key else None},
    )
    texts = proof_files | {CUSTODY: canonical(claims["custody"]), PAGE: bundle_page.render(claims)}
    if rows.draft:
        texts[DRAFT] = canonical(rows.draft.content)
    exhibits = {name: _from_vault(vault_root, exhibit) for exhibit, name in names.items()}
    _write_whole(out, _members(claims, texts, exhibits, key))


def _authorities_pem(signing: Signing | None) -> bytes | None:
    if signing is None or signing.authorities is None:
        return None
    try:
        return signing.authorities.read_bytes()
    except OSError as error:
        raise VaultFailed(signing.authorities, "read the authority's certificates", str(error)) from error


def _file_name(number: int, exhibit: Exhibit) -> str:
    suffix = exhibit.sealed.suffix if re.fullmatch(r"\.[a-z0-9]{1,9}", exhibit.sealed.suffix) else ".bin"
    return f"{EXHIBITS}{number:02}_{exhibit.moment.value}_{exhibit.kind.value}{suffix}"


def _members(
    claims: dict[str, Any],
    texts: dict[str, bytes],
    exhibits: dict[str, tuple[Member, str]],
    key: SigningKey | None,
) -> list[Member]:
    """Every file of the bundle; `files` of the manifest is filled here, when all others are known."""
    digests = {name: sha256_of_bytes(data) for name, data in texts.items()}
    digests |= {name: sha256 for name, (_, sha256) in exhibits.items()}
    members = [member_of(name, data) for name, data in texts.items()]
    members += [replace(member, name=name) for name, (member, _) in exhibits.items()]
    claims["files"] = {member.name: {"sha256": digests[member.name], "size_bytes": member.size} for member in members}
    written_manifest = canonical(claims)
    last = {MANIFEST: written_manifest, VERIFY: verify_text(sha256_of_bytes(written_manifest), claims)}
    if key:
        last[SIGNATURE] = key.sign(written_manifest)
    for name, data in last.items():
        digests[name] = sha256_of_bytes(data)
        members.append(member_of(name, data))
    members.append(member_of(SUMS, sums_text(digests)))
    return members


def _from_vault(vault_root: Path, exhibit: Exhibit) -> tuple[Member, str]:
    """The exhibit's bytes, if they are there and are the ones that were sealed."""
    path = Vault.path_of(vault_root, exhibit.sha256, exhibit.sealed.suffix)
    digest, crc, size = hashlib.sha256(), 0, 0
    try:
        for chunk in _chunks_of(path)():
            digest.update(chunk)
            crc = zlib.crc32(chunk, crc)
            size += len(chunk)
    except FileNotFoundError as error:
        raise ExhibitMissing(path, exhibit.sha256) from error
    except OSError as error:
        raise VaultFailed(path, "read an exhibit", error.strerror or str(error)) from error
    if digest.hexdigest() != exhibit.sha256:
        raise DigestMismatch(path, exhibit.sha256, digest.hexdigest())
    return Member(path.name, size, crc, _chunks_of(path)), exhibit.sha256


def _chunks_of(path: Path) -> Callable[[], Iterator[bytes]]:
    def chunks() -> Iterator[bytes]:
        with path.open("rb") as file:
            while chunk := file.read(CHUNK_BYTES):
                yield chunk

    return chunks


def _write_whole(out: Path, members: list[Member]) -> None:
    try:
        with whole_file(out) as file:
            write_container(file, members)
    except (OSError, ValueError) as error:
        raise ExportFailed(out, f"{error}; nothing was left behind, choose a place with room and try again") from error
