"""Statements of seals: what is claimed of an exhibit when it is sealed, fixed then, signed and timestamped after.

The statement and its log entry come with the exhibit, in one transaction. The signature comes moments later from the
process that holds the key (evidence/notary.py), so that no process that decodes pictures from the street can sign;
the timestamp comes when an authority answers (evidence/timestamping.py). Neither ever holds up a sealing.
"""

from datetime import datetime
from importlib.metadata import version
from pathlib import Path

from cryptography.hazmat.primitives import hashes
from sqlalchemy import select
from sqlalchemy.orm import Session

from evidence import log_contents
from evidence.canonical import canonical, instant
from evidence.digest import sha256_of_bytes
from evidence.signature import SigningKey
from models.exhibits import Exhibit, SealedObject
from models.incidents import Incident
from models.places import GeofenceVersion
from models.proof import SealStatement, Timestamp

FORMAT = "streetwitness-seal-1"
SOFTWARE = f"streetwitness {version('streetwitness')}"
CHUNK_BYTES = 1 << 20


def state(
    session: Session,
    exhibit: Exhibit,
    sealed: SealedObject,
    *,
    actor: str,
    at: datetime,
    sealed_at: datetime,
    sm3: str | None = None,
) -> SealStatement:
    """The statement of an exhibit that has just been written, with its log entry and the timestamp it is owed.

    sealed_at: earlier than `at` only where the exhibit was sealed before there were statements. sm3: its second digest.
    """
    incident = session.get_one(Incident, exhibit.incident_id)
    fence = session.get_one(GeofenceVersion, incident.geofence_version_id)
    content = {
        "format": FORMAT,
        "exhibit": str(exhibit.id),
        "incident": str(exhibit.incident_id),
        "camera": incident.camera_id,
        "geofence": {"id": fence.geofence_id, "version": fence.version},
        "kind": exhibit.kind.value,
        "moment": exhibit.moment.value,
        "from_at": instant(exhibit.from_at),
        "to_at": instant(exhibit.to_at),
        "recipe_sha256": sha256_of_bytes(canonical(exhibit.recipe)),
        "sha256": sealed.sha256,
        "sm3": sm3,
        "size_bytes": sealed.size_bytes,
        "media_type": sealed.media_type,
        "sealed_by": actor,
        "sealed_at": instant(sealed_at),
        "stated_at": instant(at),
        "software": SOFTWARE,
    }
    statement = SealStatement(exhibit_id=exhibit.id, content=canonical(content), stated_at=at)
    session.add(statement)
    session.add(Timestamp(exhibit_id=exhibit.id, promised_at=at, next_at=at))
    log_contents.enter(session, statement)
    return statement


def sign_waiting(session: Session, key: SigningKey, *, at: datetime) -> int:
    """Signs every statement that has no signature yet; returns how many. `key` is the one in use, evidence/keys.py."""
    waiting = session.scalars(
        select(SealStatement)
        .where(SealStatement.signature.is_(None))
        .order_by(SealStatement.stated_at)
        .with_for_update(skip_locked=True)
    ).all()
    for statement in waiting:
        statement.signature = key.sign(statement.content)
        statement.key_id, statement.signed_at = key.key_id, at
    session.flush()
    return len(waiting)


def sm3_of(path: Path) -> str:
    """SM3 (GB/T 32905-2016) of a file, in hex: the digest that Chinese public bodies may ask for beside SHA-256."""
    digest = hashes.Hash(hashes.SM3())
    with path.open("rb") as file:
        while chunk := file.read(CHUNK_BYTES):
            digest.update(chunk)
    return digest.finalize().hex()
