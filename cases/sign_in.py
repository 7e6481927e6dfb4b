"""Signing in: what opens a session, how long it stays open, and how long somebody who fails has to wait.

Sessions are kept under the SHA-256 of their token. A refused sign-in says no more than that; an unknown name costs the
same work as a wrong password, so neither answer nor time tells which it was. Failures make an account wait, and the
address they come from, each time longer; the address waits for every name alike. Nothing a session carries says what
its user may: that is read with the user at each request.
"""

import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.orm import Session, joinedload

from cases import accounts, passwords
from models.database import insert_into
from models.enums import AccountAct
from models.people import SignInIdentity, SignInOrigin, User, UserSession

IDLE_FOR = timedelta(minutes=30)
LONGEST = timedelta(hours=12)
SEEN_EVERY = timedelta(minutes=1)  # how finely idleness is kept: a page view is not worth a write each
LONGEST_AGENT, LONGEST_ADDRESS = 200, 64

FREE_TRIES_OF_AN_ADDRESS = 19  # behind one there may be a whole office
FORGOTTEN_AFTER = timedelta(hours=24)  # without a failure from there

USER_WITH_GRANTS = joinedload(UserSession.user).selectinload(User.grants)


@dataclass(frozen=True)
class Browser:
    """What is known of who signs in. address: empty where it is not known."""

    address: str = ""
    agent: str = ""


def sign_in(
    session: Session, name: str, password: str, *, at: datetime, browser: Browser = Browser()
) -> tuple[UserSession, str] | None:
    """The new session and its token, or None: refused.

    A refusal changes rows too (it counts towards the wait), so the caller commits either way.
    """
    if _waits(session, browser.address, at):
        return None
    user = session.scalar(
        select(User).where(User.name == accounts.same_name(name)).options(accounts.WITH_GRANTS).with_for_update()
    )
    fits = passwords.fits(user.password_hash if user else passwords.NOBODYS_HASH, password)
    locked = user is not None and user.locked_until is not None and user.locked_until > at
    if user is None or not user.active or locked or not fits:
        _count_address(session, browser.address, at)
        if user is not None and user.active and not locked:
            accounts.count_failure(session, user, browser.address, at=at)
        return None
    user.failed_attempts, user.locked_until = 0, None
    if passwords.is_dated(user.password_hash):
        user.password_hash = passwords.hashed(password)
    return _open(session, user, at, browser, issuer=None)


def sign_in_known_elsewhere(
    session: Session, issuer: str, subject: str, *, verified_email: str | None, at: datetime, browser: Browser
) -> tuple[UserSession, str] | None:
    """The session of who `issuer` says it is, or None: nobody here, or not to sign in.

    The first time the account is found by its address, if the issuer has verified that; from then on by the subject
    alone. Nobody is added and nothing is granted.
    """
    known = session.get(SignInIdentity, (issuer, subject))
    by = User.id == known.user_id if known is not None else User.email == (verified_email or "").lower()
    user = session.scalar(select(User).where(by).options(accounts.WITH_GRANTS).with_for_update())
    if user is None or not user.active or (known is None and not verified_email):
        return None
    if known is None:
        others = select(SignInIdentity).where(SignInIdentity.user_id == user.id, SignInIdentity.issuer == issuer)
        if session.scalar(others) is not None:
            return None  # the address has gone to somebody else there; who it was here stays who it was
        session.add(SignInIdentity(issuer=issuer, subject=subject, user_id=user.id, linked_at=at))
        accounts.put_on_record(
            session, user, AccountAct.IDENTITY_LINKED, actor=user.name, at=at, issuer=issuer, subject=subject
        )
    return _open(session, user, at, browser, issuer=issuer)


def session_of(session: Session, token: str, *, at: datetime) -> UserSession | None:
    """The session this token opens, with its user and the grants as they are now.

    None: unknown, over, idle too long, or the user is gone.
    """
    asked = select(UserSession).where(UserSession.token_digest == _digest(token)).options(USER_WITH_GRANTS)
    found = session.scalar(asked)
    return found if found is not None and is_open(found, at) and found.user.active else None


def is_open(opened: UserSession, at: datetime) -> bool:
    return at < opened.expires_at and at < opened.seen_at + IDLE_FOR


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


def sessions_of_user(session: Session, user: User, at: datetime) -> Sequence[UserSession]:
    """Those that are open, the one used last first."""
    asked = select(UserSession).where(UserSession.user_id == user.id).order_by(UserSession.seen_at.desc())
    return [each for each in session.scalars(asked) if is_open(each, at)]


def end_session(session: Session, user: User, session_id: str, *, by: str, at: datetime) -> bool:
    """Ends one session of this user, named by the digest of its token; whether there was such a one."""
    asked = delete(UserSession).where(UserSession.user_id == user.id, UserSession.token_digest == session_id)
    ended = session.scalars(asked.returning(UserSession.token_digest)).all()
    if ended:
        accounts.put_on_record(session, user, AccountAct.SESSION_ENDED, actor=by, at=at)
    return bool(ended)


def _open(session: Session, user: User, at: datetime, browser: Browser, issuer: str | None) -> tuple[UserSession, str]:
    session.execute(delete(UserSession).where(UserSession.user_id == user.id, UserSession.expires_at <= at))
    token = secrets.token_urlsafe(32)
    opened = UserSession(
        token_digest=_digest(token),
        user_id=user.id,
        csrf_token=secrets.token_urlsafe(32),
        created_at=at,
        seen_at=at,
        expires_at=at + LONGEST,
        issuer=issuer,
        address=browser.address[:LONGEST_ADDRESS],
        agent=browser.agent[:LONGEST_AGENT],
        user=user,
    )
    session.add(opened)
    session.flush()
    told = {"address": opened.address} | ({"issuer": issuer} if issuer else {})
    accounts.put_on_record(session, user, AccountAct.SIGNED_IN, actor=user.name, at=at, **told)
    return opened, token


def _waits(session: Session, address: str, at: datetime) -> bool:
    origin = session.get(SignInOrigin, address[:LONGEST_ADDRESS]) if address else None
    return origin is not None and origin.locked_until is not None and origin.locked_until > at


def _count_address(session: Session, address: str, at: datetime) -> None:
    if not address:
        return
    session.execute(delete(SignInOrigin).where(SignInOrigin.failed_at < at - FORGOTTEN_AFTER))
    named: dict[str, Any] = {"address": address[:LONGEST_ADDRESS], "failures": 0, "failed_at": at}
    session.execute(insert_into(session, SignInOrigin).values(**named).on_conflict_do_nothing())
    origin = session.get_one(SignInOrigin, named["address"], with_for_update=True, populate_existing=True)
    origin.failures, origin.failed_at = origin.failures + 1, at
    wait = accounts.wait_after(origin.failures, FREE_TRIES_OF_AN_ADDRESS)
    origin.locked_until = None if wait is None else at + wait
    session.flush()


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
