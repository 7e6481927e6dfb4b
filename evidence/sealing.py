"""Sealing: a whole object from the vault's incoming folder becomes an exhibit: its rows, custody entry, statement.

After this nothing about it changes. The caller commits, and then settles the pending object.
"""

import uuid
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from evidence import custody, statements
from evidence.deletion import sealed_again
from evidence.vault import PendingObject, Vault
from models.enums import CustodyAct, ExhibitKind, ExhibitMoment
from models.exhibits import Exhibit, SealedObject


@dataclass(frozen=True)
class PendingExhibit:
    """An object with what makes it evidence: which moment it shows, and the recipe it was made by."""

    pending: PendingObject
    kind: ExhibitKind
    moment: ExhibitMoment
    media_type: str
    from_at: datetime
    to_at: datetime
    recipe: dict[str, Any]


def seal(
    session: Session,
    vault: Vault,
    incident_id: uuid.UUID,
    exhibit: PendingExhibit,
    *,
    actor: str,
    at: datetime,
    sm3: bool = False,
) -> Exhibit:
    """Keeps the object and adds its rows; with `sm3`, its statement gives that digest beside SHA-256.

    Raises VaultFull or VaultFailed, and then the transaction is to end.
    """
    second_digest = statements.sm3_of(exhibit.pending.path) if sm3 else None
    sealed = keep_object(session, vault, exhibit.pending, exhibit.media_type, at=at)
    row = Exhibit(
        incident_id=incident_id,
        sha256=sealed.sha256,
        kind=exhibit.kind,
        moment=exhibit.moment,
        from_at=exhibit.from_at,
        to_at=exhibit.to_at,
        recipe=exhibit.recipe,
        sealed=sealed,
    )
    session.add(row)
    custody.record(
        session,
        incident_id,
        CustodyAct.SEALED,
        actor=actor,
        at=at,
        reason=f"{exhibit.kind.value} of {exhibit.moment.value}",
        sha256=sealed.sha256,
    )
    statements.state(session, row, sealed, actor=actor, at=at, sealed_at=at, sm3=second_digest)
    return row


def keep_object(
    session: Session, vault: Vault, pending: PendingObject, media_type: str, *, at: datetime
) -> SealedObject:
    """Gives the bytes their place and their row, whatever cites them. Raises VaultFull or VaultFailed."""
    row = _object_row(session, pending, media_type, at)
    # The same bytes under another ending are the same object, under the name it got first.
    vault.keep(replace(pending, suffix=row.suffix))
    sealed_again(session, row.sha256, at=at)
    return row


def _object_row(session: Session, pending: PendingObject, media_type: str, at: datetime) -> SealedObject:
    known = session.get(SealedObject, pending.sha256)
    if known is not None:
        return known
    row = SealedObject(
        sha256=pending.sha256,
        size_bytes=pending.size_bytes,
        media_type=media_type,
        suffix=pending.suffix,
        sealed_at=at,
    )
    try:
        with session.begin_nested():
            session.add(row)
    except IntegrityError:  # another process sealed the same bytes a moment ago
        return session.get_one(SealedObject, pending.sha256)
    return row
