"""Timestamping: what statements and heads are owed is asked of an authority (RFC 3161), one after the other.

Nothing waits for it: what is owed is a row from the moment it is promised, every try is noted before it is made, and
why the last one failed stands in the row. What a token is and how it is checked: evidence/timestamp_token.py.
"""

import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from cryptography import x509
from sqlalchemy import select, update
from sqlalchemy.orm import Session, joinedload

from evidence.bounded_post import PostFailed, post
from evidence.errors import AuthorityFailed, TokenRefused
from evidence.timestamp_token import checked, request_of
from models.database import Sessions, reading, transaction
from models.proof import Timestamp

DEADLINE_S = 20.0
MOST_BYTES = 64 * 1024  # a token with its certificates is 2 to 8 kB
CLAIM = timedelta(minutes=2)  # nobody else asks for the same one meanwhile; a killed asker loses that much
SAID = 500  # characters of a failure that are kept


@dataclass(frozen=True)
class Authority:
    """url: where it answers. roots: whom its tokens must lead back to. They are checked before they are kept."""

    url: str
    roots: Sequence[x509.Certificate]

    def stamp(self, message: bytes, *, deadline_s: float = DEADLINE_S) -> tuple[bytes, datetime]:
        """Its token for the message, and its time. Raises AuthorityFailed."""
        request = request_of(message)
        headers = {"Content-Type": "application/timestamp-query", "Accept": "application/timestamp-reply"}
        try:
            token = post(self.url, request.der, headers, deadline_s=deadline_s, most_bytes=MOST_BYTES)
            return token, checked(token, message, roots=self.roots, nonce=request.nonce)
        except (PostFailed, TokenRefused) as error:
            raise AuthorityFailed(f"the timestamp authority gave no token to use: {error}") from error


def work_off(
    sessions: Sessions, authority: Authority, clock: Callable[[], datetime], *, most: int = 10
) -> tuple[int, AuthorityFailed | None]:
    """Asks for up to `most` timestamps that are due; how many came, and the failure at which it stopped asking.

    No transaction is open while the authority is asked.
    """
    for count in range(most):
        claimed = _claim(sessions, clock())
        if claimed is None:
            return count, None
        try:
            token, stamped_at = authority.stamp(claimed.message)
        except AuthorityFailed as error:
            _note_failure(sessions, claimed.timestamp_id, str(error), clock())
            return count, error
        _note_token(sessions, claimed.timestamp_id, token, stamped_at, clock())
    return most, None


def owed(sessions: Sessions) -> list[Timestamp]:
    """What has no token yet, the oldest first."""
    with reading(sessions) as session:
        return list(session.scalars(select(Timestamp).where(Timestamp.token.is_(None)).order_by(Timestamp.promised_at)))


@dataclass(frozen=True)
class _Claimed:
    timestamp_id: uuid.UUID
    message: bytes


def _claim(sessions: Sessions, at: datetime) -> _Claimed | None:
    """One that is due, ours for a while; the try is on record before it is made."""
    with transaction(sessions) as session:
        due = session.scalar(
            select(Timestamp)
            .where(Timestamp.token.is_(None), Timestamp.next_at <= at)
            .order_by(Timestamp.next_at, Timestamp.promised_at)
            .limit(1)
            .options(joinedload(Timestamp.statement), joinedload(Timestamp.head))
            .with_for_update(skip_locked=True, of=Timestamp)
        )
        if due is None:
            return None
        due.asked_at, due.next_at, due.tries = at, at + CLAIM, due.tries + 1
        message = due.statement.content if due.statement else due.head.body if due.head else None
        assert message is not None, "the schema holds it to one of the two"
        return _Claimed(due.id, message)


def _note_token(sessions: Sessions, timestamp_id: uuid.UUID, token: bytes, stamped_at: datetime, at: datetime) -> None:
    with transaction(sessions) as session:
        _still_owed(session, timestamp_id, token=token, stamped_at=stamped_at, answered_at=at, failure=None)


def _note_failure(sessions: Sessions, timestamp_id: uuid.UUID, why: str, at: datetime) -> None:
    with transaction(sessions) as session:
        _still_owed(session, timestamp_id, answered_at=at, failure=why[:SAID], next_at=at)


def _still_owed(session: Session, timestamp_id: uuid.UUID, **values: object) -> None:
    """Another who asked meanwhile may have brought a token; the first one stays."""
    session.execute(update(Timestamp).where(Timestamp.id == timestamp_id, Timestamp.token.is_(None)).values(**values))
