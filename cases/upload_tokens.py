"""Upload tokens: what a station or a program shows instead of a person's password. It opens nothing but the upload."""

import hashlib
import secrets
import uuid
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload, selectinload

from cases.entitlements import Right, may
from cases.errors import AccountRefused
from models.people import User
from models.uploads import UploadToken

PREFIX = "swu_"  # so that whoever finds one in a log knows what it is
DEFAULT_DAYS, LONGEST_DAYS = 90, 400
MAX_LABEL = 100


def give(session: Session, user_name: str, *, label: str, days: int, at: datetime) -> str:
    """A new token of this user, told this once. Raises AccountRefused."""
    asked = select(User).where(User.name == user_name.strip().lower())
    user = session.scalar(asked.options(selectinload(User.grants)))
    if user is None or not user.active:
        raise AccountRefused(
            "unknown", f"there is no user {user_name} who may sign in; add one with `streetwitness user add`"
        )
    if not may(user, Right.UPLOAD):
        raise AccountRefused("may_not_upload", f"no role of {user.name} may hand in files; see docs/accounts.md")
    if not 1 <= days <= LONGEST_DAYS:
        raise AccountRefused("days", f"a token is good for 1 to {LONGEST_DAYS} days, not for {days}")
    if not 0 < len(label.strip()) <= MAX_LABEL:
        raise AccountRefused(
            "label", f"say with --label which station or program it is for, in up to {MAX_LABEL} characters"
        )
    token = PREFIX + secrets.token_urlsafe(32)
    session.add(
        UploadToken(
            token_digest=_digest(token),
            user_id=user.id,
            label=label.strip(),
            created_at=at,
            expires_at=at + timedelta(days=days),
        )
    )
    session.flush()
    return token


def of_user(session: Session, user_name: str) -> list[UploadToken]:
    """Every token of this user, oldest first; the tokens themselves are known to nobody."""
    wanted = select(UploadToken).join(User).where(User.name == user_name.strip().lower())
    return list(session.scalars(wanted.order_by(UploadToken.created_at)))


def revoke(session: Session, token_id: uuid.UUID, *, at: datetime) -> None:
    """It opens nothing from now on. Raises AccountRefused where there is none."""
    token = session.get(UploadToken, token_id)
    if token is None:
        raise AccountRefused("no_such_token", f"there is no upload token {token_id}; see `streetwitness user tokens`")
    token.revoked_at = token.revoked_at or at
    session.flush()


def holder_of(session: Session, token: str, *, at: datetime) -> User | None:
    """Whose token it is, with its grants; None: unknown, over, revoked, or the user is gone or may not upload."""
    wanted = select(UploadToken).where(UploadToken.token_digest == _digest(token))
    found = session.scalar(wanted.options(joinedload(UploadToken.user).selectinload(User.grants)))
    if found is None or found.revoked_at is not None or at >= found.expires_at or not found.user.active:
        return None
    if not may(found.user, Right.UPLOAD):
        return None
    return found.user


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
