"""The log: that something happened, entered in the very transaction in which it happens.

Whoever writes a row that must not be changed unseen calls `append` in the same transaction:

    log.append(session, LogKind.DELETION, f"deletion/{deletion.id}", proof_of(deletion), at=deletion.done_at)

The entry holds the digest of what was said; for deletions, keys and the opening, where no row goes on saying it, the
words themselves too. Which leaf of the tree an entry becomes is decided a moment later, by `sequence`: waiting for a
number in the transaction would let one seal at a time go on, in the whole site (docs/decisions/0009-the-log.md).
Heads are in evidence/tree_heads.py, the check of everything in evidence/audit.py.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import func, select, text, update
from sqlalchemy.orm import Session

from evidence.canonical import canonical, instant
from evidence.digest import sha256_of_bytes
from evidence.merkle import leaf_hash
from models.enums import LogKind
from models.proof import LogEntry

KEEPS_CONTENT = frozenset({LogKind.DELETION, LogKind.KEY, LogKind.OPENING})
ONE_AT_A_TIME = 0x53574C4F47  # the number of our advisory lock on PostgreSQL: SWLOG
BATCH = 5000


def append(
    session: Session, kind: LogKind, reference: str, content: Mapping[str, Any] | bytes, *, at: datetime
) -> LogEntry:
    """Enters what happened. reference: which row says so, once in the log. content: what it says, or its bytes.

    Raises NotCanonical. Where the log has this reference already, the flush of the session raises IntegrityError.
    """
    said = content if isinstance(content, bytes) else canonical(dict(content))
    sha256 = sha256_of_bytes(said)
    entry = LogEntry(
        kind=kind,
        reference=reference,
        at=at,
        sha256=sha256,
        content=said if kind in KEEPS_CONTENT else None,
        leaf=leaf_hash(leaf_data(kind, reference, sha256, at)),
    )
    session.add(entry)
    return entry


def leaf_data(kind: LogKind, reference: str, sha256: str, at: datetime) -> bytes:
    """The bytes of a leaf: its hash is the SHA-256 over 0x00 and these (RFC 6962, 2.1)."""
    return canonical({"at": instant(at), "kind": kind.value, "reference": reference, "sha256": sha256})


def alone(session: Session) -> None:
    """Until this transaction ends, nobody else sequences or signs heads; entries go on being appended."""
    if session.get_bind().dialect.name == "postgresql":  # a writing transaction of SQLite is alone anyway
        session.execute(text("SELECT pg_advisory_xact_lock(:number)"), {"number": ONE_AT_A_TIME})


def sequence(session: Session) -> int:
    """Makes leaves of the entries that wait, in the order they were written; returns how many."""
    alone(session)
    size = size_of(session)
    count = 0
    while waiting := session.scalars(
        select(LogEntry.id).where(LogEntry.leaf_index.is_(None)).order_by(LogEntry.id).limit(BATCH)
    ).all():
        places = [{"id": entry, "leaf_index": size + count + at} for at, entry in enumerate(waiting)]
        session.execute(update(LogEntry), places)
        count += len(places)
    for known in list(session.identity_map.values()):
        if isinstance(known, LogEntry):
            session.expire(known, ["leaf_index"])
    return count


def size_of(session: Session) -> int:
    """How many leaves the tree has."""
    last = session.scalar(select(func.max(LogEntry.leaf_index)))
    return 0 if last is None else last + 1


def leaves_of(session: Session, size: int | None = None) -> list[bytes]:
    """The leaf hashes of the tree, or of its first `size` leaves."""
    query = select(LogEntry.leaf).where(LogEntry.leaf_index.is_not(None)).order_by(LogEntry.leaf_index)
    if size is not None:
        query = query.where(LogEntry.leaf_index < size)
    return list(session.scalars(query))
