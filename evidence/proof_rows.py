"""Where rows become the proofs of one incident's bundle; with the signing key, the log's head is made to cover it.

What is written down here is only what signing needs: signatures that waited, and a head of the log as it is now.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import or_, select
from sqlalchemy.orm import Session, joinedload

from evidence import log, log_contents, merkle, statements, tree_heads
from evidence.canonical import instant
from evidence.case_rows import CaseRows
from evidence.proofs import EarlierHead, Logged, Proofs, PublicKey, Signed
from evidence.signature import SigningKey
from models.proof import LogEntry, SealStatement, SigningKeyRow, Timestamp, TreeHead

MOST_EARLIER_HEADS = 50  # the newest published ones, to compare with what somebody outside has kept


def load(
    session: Session, rows: CaseRows, key: SigningKey | None, *, at: datetime, authorities_pem: bytes | None
) -> Proofs:
    """key: the one in use (evidence/keys.py); without it the newest head covers what it covers.

    Raises LogBroken where no further head may be signed.
    """
    if key is not None:
        statements.sign_waiting(session, key, at=at)
        tree_heads.sign_head(session, key, at=at)
    head = tree_heads.newest_head(session)
    stated = session.scalars(
        select(SealStatement).where(SealStatement.exhibit_id.in_([exhibit.id for exhibit in rows.exhibits]))
    ).all()
    stamps = session.scalars(
        select(Timestamp)
        .where(Timestamp.exhibit_id.in_([each.exhibit_id for each in stated]))
        .execution_options(populate_existing=True)
    ).all()
    by_exhibit = {stamp.exhibit_id: stamp for stamp in stamps}
    seals = {each.exhibit_id: _statement(each, by_exhibit.get(each.exhibit_id)) for each in stated}
    leaves = log.leaves_of(session, head.size) if head else []
    head_stamp = _stamp_of(session, head) if head else None
    witnessed = _witnessed(session) if head_stamp is None or head_stamp.token is None else None
    return Proofs(
        keys=[_key(row) for row in session.scalars(select(SigningKeyRow))],
        seals=seals,
        head=_head(head, head_stamp) if head else None,
        witnessed=_head(*witnessed) if witnessed else None,
        log=_logged(_entries(session, rows, [str(each.exhibit_id) for each in stated]), leaves),
        earlier=_earlier(session, leaves, witnessed[0] if witnessed else None),
        authorities_pem=authorities_pem,
    )


def _key(row: SigningKeyRow) -> PublicKey:
    return PublicKey(row.key_id, row.public_pem.encode(), row.valid_from, row.valid_to)


def _statement(statement: SealStatement, stamp: Timestamp | None) -> Signed:
    return Signed(
        statement.content,
        statement.signature,
        statement.key_id,
        statement.signed_at,
        stamp.token if stamp else None,
        _why_no_token(stamp),
    )


def _head(head: TreeHead, stamp: Timestamp | None) -> Signed:
    token = stamp.token if stamp else None
    return Signed(head.body, head.signature, head.key_id, head.at, token, _why_no_token(stamp))


def _why_no_token(stamp: Timestamp | None) -> str | None:
    """In our words: what an authority or a network said may name what is nobody's business."""
    if stamp is None:
        return "none was asked for"
    if stamp.token is not None:
        return None
    return f"owed since {instant(stamp.promised_at)}, asked for {stamp.tries} times"


def _stamp_of(session: Session, head: TreeHead) -> Timestamp | None:
    return session.scalar(select(Timestamp).where(Timestamp.head_number == head.number))


def _witnessed(session: Session) -> tuple[TreeHead, Timestamp] | None:
    """The newest head that an authority has dated: what it covers was there by then."""
    stamp = session.scalar(
        select(Timestamp)
        .where(Timestamp.head_number.is_not(None), Timestamp.token.is_not(None))
        .order_by(Timestamp.head_number.desc())
        .limit(1)
        .options(joinedload(Timestamp.head))
    )
    return (stamp.head, stamp) if stamp is not None and stamp.head is not None else None


def _entries(session: Session, rows: CaseRows, stated: Sequence[str]) -> Sequence[LogEntry]:
    """Everything the log says of the incident, also of rows that are there no longer."""
    incident = rows.incident.id
    references = [log_contents.said_by(decision).reference for decision in rows.decisions]
    references += [f"seal/{exhibit}" for exhibit in stated]
    references += [f"deletion/{deletion.id}" for _, deletion in rows.deleted]
    return session.scalars(
        select(LogEntry)
        .where(
            or_(
                LogEntry.reference.in_(references),
                LogEntry.reference.startswith(f"custody/{incident}/", autoescape=True),
                LogEntry.reference.startswith(f"transition/{incident}/", autoescape=True),
            )
        )
        .order_by(LogEntry.id)
        .execution_options(populate_existing=True)
    ).all()


def _logged(entries: Sequence[LogEntry], leaves: Sequence[bytes]) -> list[Logged]:
    placed = [entry.leaf_index for entry in entries if entry.leaf_index is not None and entry.leaf_index < len(leaves)]
    paths = dict(zip(placed, merkle.inclusion_paths(placed, leaves), strict=True))
    return [_place(entry, paths) for entry in entries]


def _place(entry: LogEntry, paths: Mapping[int, Sequence[bytes]]) -> Logged:
    said = {"at": instant(entry.at), "kind": entry.kind.value, "reference": entry.reference, "sha256": entry.sha256}
    if entry.leaf_index is None or entry.leaf_index not in paths:
        return Logged(said)
    return Logged(said, entry.leaf_index, paths[entry.leaf_index])


def _earlier(session: Session, leaves: Sequence[bytes], witnessed: TreeHead | None) -> list[EarlierHead]:
    """Heads that somebody outside may have kept, each with its path to this one."""
    published = session.scalars(
        select(TreeHead)
        .where(TreeHead.published_at.is_not(None))
        .order_by(TreeHead.number.desc())
        .limit(MOST_EARLIER_HEADS)
    ).all()
    heads = {head.size: head.root for head in [*published, *([witnessed] if witnessed else [])]}
    sizes = sorted(size for size in heads if 0 < size <= len(leaves))
    paths = merkle.consistency_paths(sizes, leaves)
    return [EarlierHead(size, heads[size], path) for size, path in zip(sizes, paths, strict=True)]
