"""Accounts: who may sign in, and the sessions of those who did.

Passwords are kept as argon2id hashes, sessions under the SHA-256 of their token. A refused sign-in says no more
than that; an unknown name costs the same work as a wrong password, so neither answer nor time tells which it was.
"""

import hashlib
import secrets
from datetime import datetime, timedelta

from argon2 import PasswordHasher
from argon2.exceptions import VerifyMismatchError
from argon2.low_level import Type
from sqlalchemy import delete, select
from sqlalchemy.orm import Session, joinedload

from cases.errors import AccountRefused
from models.enums import Role
from models.people import User, UserSession

MIN_PASSWORD_CHARACTERS = 10
MAX_PASSWORD_CHARACTERS = 200  # more is no person typing, and hashing it costs us
MAX_FAILURES = 5
LOCKED_FOR = timedelta(minutes=15)
IDLE_FOR = timedelta(minutes=30)
LONGEST = timedelta(hours=12)
SEEN_EVERY = timedelta(minutes=1)  # how finely idleness is kept: a page view is not worth a write each

# OWASP Password Storage Cheat Sheet: argon2id with m=19 MiB, t=2, p=1
HASHER = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1, type=Type.ID)
NOBODYS_HASH = HASHER.hash(secrets.token_urlsafe(32))  # checked where there is no such user


def add_user(session: Session, *, name: str, display_name: str, password: str, role: Role, at: datetime) -> User:
    """A new user. Raises AccountRefused for a name that is taken or empty, or a password of the wrong length."""
    wanted = _same_name(name)
    if not wanted:
        raise AccountRefused("a user needs a name to sign in with: give one")
    if not MIN_PASSWORD_CHARACTERS <= len(password) <= MAX_PASSWORD_CHARACTERS:
        raise AccountRefused(
            f"a password has {MIN_PASSWORD_CHARACTERS} to {MAX_PASSWORD_CHARACTERS} characters, this one has "
            f"{len(password)}: choose another"
        )
    if session.scalar(select(User.id).where(User.name == wanted)) is not None:
        raise AccountRefused(f"there is already a user {wanted}: choose another name")
    user = User(
        name=wanted,
        display_name=display_name.strip() or wanted,
        password_hash=HASHER.hash(password),
        role=role,
        created_at=at,
    )
    session.add(user)
    session.flush()
    return user


def sign_in(session: Session, name: str, password: str, *, at: datetime) -> tuple[UserSession, str] | None:
    """The new session and its token, or None: refused.

    A refusal changes the row too (it counts towards the lock), so the caller commits either way.
    """
    user = session.scalar(select(User).where(User.name == _same_name(name)).with_for_update())
    fits = _fits(user.password_hash if user else NOBODYS_HASH, password)
    if user is None or not user.active or (user.locked_until is not None and user.locked_until > at):
        return None
    if not fits:
        user.failed_attempts += 1
        if user.failed_attempts >= MAX_FAILURES:
            user.failed_attempts, user.locked_until = 0, at + LOCKED_FOR
        session.flush()
        return None
    user.failed_attempts, user.locked_until = 0, None
    if HASHER.check_needs_rehash(user.password_hash):
        user.password_hash = HASHER.hash(password)
    session.execute(delete(UserSession).where(UserSession.user_id == user.id, UserSession.expires_at <= at))
    token = secrets.token_urlsafe(32)
    opened = UserSession(
        token_digest=_digest(token),
        user_id=user.id,
        csrf_token=secrets.token_urlsafe(32),
        created_at=at,
        seen_at=at,
        expires_at=at + LONGEST,
        user=user,
    )
    session.add(opened)
    session.flush()
    return opened, token


def session_of(session: Session, token: str, *, at: datetime) -> UserSession | None:
    """The session this token opens, with its user, or None: unknown, over, idle too long, or the user is gone."""
    found = session.scalar(
        select(UserSession).where(UserSession.token_digest == _digest(token)).options(joinedload(UserSession.user))
    )
    if found is None or at >= found.expires_at or at >= found.seen_at + IDLE_FOR or not found.user.active:
        return None
    return found


def is_due_to_be_seen(opened: UserSession, *, at: datetime) -> bool:
    return at >= opened.seen_at + SEEN_EVERY


def keep_awake(session: Session, token: str, *, at: datetime) -> None:
    """Puts off the idle limit of a session that is in use; one that is over stays over."""
    found = session_of(session, token, at=at)
    if found is not None:
        found.seen_at = at
        session.flush()


def sign_out(session: Session, token: str) -> None:
    """Ends the session this token opens; the token opens nothing afterwards."""
    session.execute(delete(UserSession).where(UserSession.token_digest == _digest(token)))


def _same_name(name: str) -> str:
    return name.strip().lower()


def _fits(password_hash: str, password: str) -> bool:
    try:
        return HASHER.verify(password_hash, password[:MAX_PASSWORD_CHARACTERS]) and (
            len(password) <= MAX_PASSWORD_CHARACTERS
        )
    except VerifyMismatchError:
        return False


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
