"""Deletions as rows: which bytes are gone by rule, the proof of it, and that the same bytes were sealed again.

Who may go is judged in evidence/retention.py, the bytes go in evidence/purge.py.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from evidence.canonical import instant
from models.retention import Deletion

SEALED_AGAIN = "the same bytes were sealed again"


def deletions_that_count(session: Session, digests: Iterable[str]) -> dict[str, Deletion]:
    """By digest: intended or done, and not void. An object without one is there."""
    asked = select(Deletion).where(Deletion.sha256.in_(list(digests)), Deletion.void_at.is_(None))
    return {deletion.sha256: deletion for deletion in session.scalars(asked)}


def sealed_again(session: Session, sha256: str, *, at: datetime) -> None:
    """The object has its place again: an earlier deletion of the same bytes counts no longer, and stays on record."""
    counting = select(Deletion).where(Deletion.sha256 == sha256, Deletion.void_at.is_(None)).with_for_update()
    deletion = session.scalar(counting)
    if deletion is not None:
        deletion.void_at, deletion.void_why = at, SEALED_AGAIN
        session.flush()


def proof_of(deletion: Deletion) -> dict[str, Any]:
    """The deletion as it is logged and exported: which bytes, whose, why, by which rule, by whom and when."""
    return {
        "sha256": deletion.sha256,
        "size_bytes": deletion.size_bytes,
        "belonged_to": deletion.belonged_to,
        "why": deletion.why,
        "rule": deletion.rule,
        "actor": deletion.actor,
        "intended_at": instant(deletion.intended_at),
        "done_at": instant(deletion.done_at) if deletion.done_at else None,
    }
