"""The site's signing keys over time: the one in use on disk, and the rows by which old signatures stay checkable.

One site signs with one key; hosts that sign share its file. The first who signs makes it; a host that lacks the file
later, or has another, does not sign, and nobody ends a site's key but who asks for it (`replace_key`). A new key is a
log entry that names the key it replaces, so the tree's next head vouches for it.
"""

from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from evidence import log
from evidence.canonical import instant
from evidence.errors import SigningKeyFailed
from evidence.signature import SigningKey
from models.enums import LogKind
from models.proof import SigningKeyRow

ALGORITHM = "ed25519"
CLOCKS_AGREE = timedelta(minutes=1)  # of two who sign at once, one may have looked at the clock before the key was made


def key_in_use(session: Session, path: Path, *, at: datetime) -> SigningKey:
    """The key of this file, entered as the site's where it has none yet.

    Raises SigningKeyFailed for one that is not the site's, has ended, or has not begun by the clock: what it signed
    would not hold.
    """
    if not path.exists():
        _refuse_beside(session, path)
    key = SigningKey.make_or_open(path)
    row = session.get(SigningKeyRow, key.key_id)
    if row is None:
        log.alone(session)  # two hosts that come with two new keys do so one after the other
        row = session.get(SigningKeyRow, key.key_id)
    if row is None:
        _refuse_beside(session, path)
        row = _enter(session, key, at)
    if row.valid_to is not None:
        raise SigningKeyFailed(
            path, f"the site has signed with another key since {instant(row.valid_to)}; copy that one here"
        )
    if at < row.valid_from - CLOCKS_AGREE:
        raise SigningKeyFailed(
            path, f"it counts from {instant(row.valid_from)}, and the clock says {instant(at)}: set the clock"
        )
    return key


def replace_key(session: Session, path: Path, *, at: datetime) -> SigningKey:
    """Ends the site's key and begins another; the old file stays beside it under its key's name. The caller commits.

    Raises SigningKeyFailed.
    """
    log.alone(session)
    if path.exists():
        old = SigningKey.make_or_open(path)
        path.rename(path.with_name(f"{path.stem}-{old.key_id[:16]}{path.suffix}"))
    key = SigningKey.make_or_open(path)
    _enter(session, key, at)
    return key


def _refuse_beside(session: Session, path: Path) -> None:
    """Raises SigningKeyFailed where the site signs with a key already."""
    there = session.scalar(select(SigningKeyRow.key_id).where(SigningKeyRow.valid_to.is_(None)))
    if there is not None:
        raise SigningKeyFailed(path, f"the site signs with key {there[:16]}…, and that is not here")


def content_of(row: SigningKeyRow, replaces: str | None) -> dict[str, str | None]:
    return {
        "key_id": row.key_id,
        "algorithm": row.algorithm,
        "public_pem": row.public_pem,
        "valid_from": instant(row.valid_from),
        "replaces": replaces,
    }


def _enter(session: Session, key: SigningKey, at: datetime) -> SigningKeyRow:
    before = session.scalar(select(SigningKeyRow).where(SigningKeyRow.valid_to.is_(None)))
    if before is not None:
        before.valid_to = max(at, before.valid_from)
        session.flush()
    row = SigningKeyRow(key_id=key.key_id, algorithm=ALGORITHM, public_pem=key.public_pem.decode(), valid_from=at)
    session.add(row)
    session.flush()
    content = content_of(row, before.key_id if before else None)
    log.append(session, LogKind.KEY, f"key/{key.key_id}", content, at=at)
    return row
