"""Accounts: who is there, which roles each has where, and every change of that with the name of who made it.

Passwords are in cases/passwords.py, signing in and sessions in cases/sign_in.py. A change of roles holds from the next
request on, because nobody carries rights about: they are read from the rows each time. Each act is an AccountEvent and
an entry of the log.
"""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session, selectinload

from cases import passwords
from cases.entitlements import ROLES, Right, may
from cases.errors import AccountRefused, PasswordRefused
from cases.lifecycle import PROGRAM
from evidence import log_contents
from evidence.canonical import instant
from models.api_tokens import ApiToken
from models.dispatch import Area
from models.enums import AccountAct, Offence, Role
from models.people import AccountEvent, RoleGrant, User, UserSession
from models.retention import ViewingReason

LONGEST_NAME, LONGEST_DISPLAY_NAME, LONGEST_EMAIL = 100, 200, 254
EVENTS_SHOWN = 50

FREE_TRIES = 4  # the fifth failure makes an account wait
FIRST_WAIT, LONGEST_WAIT = timedelta(minutes=1), timedelta(hours=1)

WITH_GRANTS = selectinload(User.grants)


@dataclass(frozen=True)
class Granted:
    """A role, where, and for which offence; None: everywhere, for all."""

    role: Role
    area_id: str | None = None
    offence: Offence | None = None


def add_user(
    session: Session,
    *,
    name: str,
    display_name: str,
    password: str,
    role: Role | None,
    at: datetime,
    by: str = PROGRAM,
    area_id: str | None = None,
    offence: Offence | None = None,
    email: str | None = None,
    must_change_password: bool = False,
) -> User:
    """A new user with one role, or none yet. Raises AccountRefused, PasswordRefused."""
    wanted = same_name(name)
    if not 0 < len(wanted) <= LONGEST_NAME:
        raise AccountRefused("name", f"a user needs a name to sign in with, of up to {LONGEST_NAME} characters")
    shown = display_name.strip() or wanted
    if len(shown) > LONGEST_DISPLAY_NAME:
        raise AccountRefused("display_name", f"the name to be shown has up to {LONGEST_DISPLAY_NAME} characters")
    passwords.check(password, names=(wanted, shown))
    if session.scalar(select(User.id).where(User.name == wanted)) is not None:
        raise AccountRefused("name_taken", f"there is already a user {wanted}: choose another name")
    user = User(
        name=wanted,
        display_name=shown,
        email=_free_email(session, email),
        password_hash=passwords.hashed(password),
        must_change_password=must_change_password,
        created_at=at,
        grants=[],
    )
    session.add(user)
    session.flush()
    put_on_record(session, user, AccountAct.ADDED, actor=by, at=at, name=wanted, display_name=shown)
    if role is not None:
        grant(session, user, Granted(role, area_id, offence), by=by, at=at)
    return user


def grant(session: Session, user: User, granted: Granted, *, by: str, at: datetime) -> RoleGrant:
    """`user` was loaded with its grants. Raises AccountRefused."""
    if by == user.name:
        raise AccountRefused("own_rights", "nobody gives rights to themselves: another administrator does it")
    if granted.area_id is not None and session.get(Area, granted.area_id) is None:
        raise AccountRefused("unknown_area", f"there is no area {granted.area_id}; add it to the site file")
    if any(_same(each, granted) for each in user.grants):
        raise AccountRefused("granted_before", f"{user.name} has that role there already")
    row = RoleGrant(
        user_id=user.id,
        role=granted.role,
        area_id=granted.area_id,
        offence=granted.offence,
        granted_at=at,
        granted_by=by,
    )
    user.grants.append(row)
    session.flush()
    put_on_record(session, user, AccountAct.ROLE_GRANTED, actor=by, at=at, **_told(granted))
    return row


def withdraw(session: Session, user: User, grant_id: uuid.UUID, *, by: str, at: datetime) -> None:
    """From the next request on. `user` was loaded with its grants. Raises AccountRefused."""
    row = next((each for each in user.grants if each.id == grant_id), None)
    if row is None:
        raise AccountRefused("no_such_grant", f"{user.name} has no such role; look again")
    administered = may(user, Right.ADMINISTER)
    user.grants.remove(row)
    sessions = select(UserSession.token_digest).where(UserSession.user_id == user.id)
    session.execute(delete(ViewingReason).where(ViewingReason.token_digest.in_(sessions)))  # said under more rights
    session.flush()
    if administered and not may(user, Right.ADMINISTER):
        _somebody_else_administers(session, user)
    granted = Granted(row.role, row.area_id, row.offence)
    put_on_record(session, user, AccountAct.ROLE_WITHDRAWN, actor=by, at=at, **_told(granted))


def describe(session: Session, user: User, *, display_name: str, email: str | None, by: str, at: datetime) -> None:
    """The name as pages show it, and the address by which a sign-in elsewhere finds the user. Raises AccountRefused."""
    shown = display_name.strip()
    if not 0 < len(shown) <= LONGEST_DISPLAY_NAME:
        raise AccountRefused("display_name", f"the name to be shown has 1 to {LONGEST_DISPLAY_NAME} characters")
    before = (user.display_name, user.email)
    user.display_name, user.email = shown, _free_email(session, email, but_of=user)
    if before != (user.display_name, user.email):
        session.flush()
        told = {"display_name": user.display_name, "email": user.email or ""}
        put_on_record(session, user, AccountAct.CHANGED, actor=by, at=at, **told)


def switch(session: Session, user: User, *, active: bool, by: str, at: datetime) -> None:
    """Off: every session of the user is over and every token of the API, and no new one opens.

    `user` was loaded with its grants. Raises AccountRefused.
    """
    if user.active is active:
        return
    user.active = active
    session.flush()
    if not active:
        if may(user, Right.ADMINISTER):
            _somebody_else_administers(session, user)
        end_sessions(session, user)
        _end_tokens(session, user, at)
    put_on_record(session, user, AccountAct.ENABLED if active else AccountAct.DISABLED, actor=by, at=at)


def unlock(session: Session, user: User, *, by: str, at: datetime) -> None:
    """The next try needs not wait."""
    if user.failed_attempts == 0 and user.locked_until is None:
        return
    user.failed_attempts, user.locked_until = 0, None
    session.flush()
    put_on_record(session, user, AccountAct.UNLOCKED, actor=by, at=at)


def give_password(session: Session, user: User, password: str, *, by: str, at: datetime) -> None:
    """A password that somebody else knows: to be changed at the next sign-in. Raises PasswordRefused."""
    passwords.check(password, names=(user.name, user.display_name))
    user.password_hash, user.must_change_password = passwords.hashed(password), True
    user.failed_attempts, user.locked_until = 0, None
    session.flush()
    end_sessions(session, user)
    _end_tokens(session, user, at)
    put_on_record(session, user, AccountAct.PASSWORD_GIVEN, actor=by, at=at)


def confirms(session: Session, opened: UserSession, password: str, *, at: datetime) -> bool:
    """Whether who sits there knows the password. Failures count as those of a sign-in do, so the caller commits either
    way; where the account has to wait, its sessions are over.
    """
    user = session.get_one(User, opened.user_id, with_for_update=True)
    if passwords.fits(user.password_hash, password):
        return True
    count_failure(session, user, opened.address, at=at)
    if user.locked_until is not None and user.locked_until > at:
        end_sessions(session, user)
    return False


def change_password(session: Session, opened: UserSession, wanted: str, *, at: datetime) -> User:
    """By its user; every other session of the user ends. Raises PasswordRefused."""
    user = session.get_one(User, opened.user_id, with_for_update=True)
    if passwords.fits(user.password_hash, wanted):
        raise PasswordRefused("same", "the new password is the old one: choose another")
    passwords.check(wanted, names=(user.name, user.display_name))
    user.password_hash, user.must_change_password = passwords.hashed(wanted), False
    user.failed_attempts = 0
    session.flush()
    end_sessions(session, user, but=opened.token_digest)
    put_on_record(session, user, AccountAct.PASSWORD_CHANGED, actor=user.name, at=at)
    return user


def end_sessions(session: Session, user: User, *, but: str | None = None) -> int:
    """How many of the user's sessions ended."""
    found = session.scalars(
        delete(UserSession)
        .where(UserSession.user_id == user.id, UserSession.token_digest != (but or ""))
        .returning(UserSession.token_digest)
    )
    return len(found.all())


def wait_after(failures: int, free: int) -> timedelta | None:
    """How long nobody is believed after so many failures: not at all while some are free, then twice as long each."""
    if failures <= free:
        return None
    wait = FIRST_WAIT
    for _ in range(failures - free - 1):
        wait = min(wait * 2, LONGEST_WAIT)
    return wait


def count_failure(session: Session, user: User, address: str, *, at: datetime) -> None:
    user.failed_attempts += 1
    wait = wait_after(user.failed_attempts, FREE_TRIES)
    if wait is not None:
        user.locked_until = at + wait
        told = {"until": instant(user.locked_until), "failures": str(user.failed_attempts), "address": address}
        put_on_record(session, user, AccountAct.LOCKED, actor=PROGRAM, at=at, **told)
    session.flush()


def user_named(session: Session, name: str) -> User:
    """With its grants. Raises AccountRefused."""
    user = session.scalar(select(User).where(User.name == same_name(name)).options(WITH_GRANTS))
    if user is None:
        raise AccountRefused("unknown", f"there is no user {name}; see `streetwitness user list`")
    return user


def user_of(session: Session, user_id: uuid.UUID) -> User | None:
    """With its grants."""
    return session.scalar(select(User).where(User.id == user_id).options(WITH_GRANTS))


def users(session: Session) -> Sequence[User]:
    """Everybody, with their grants, those who may sign in first."""
    return session.scalars(select(User).order_by(User.active.desc(), User.name).options(WITH_GRANTS)).all()


def areas(session: Session) -> Sequence[Area]:
    return session.scalars(select(Area).order_by(Area.name, Area.id)).all()


def events_of(session: Session, user_id: uuid.UUID) -> Sequence[AccountEvent]:
    """The newest first."""
    asked = select(AccountEvent).where(AccountEvent.user_id == user_id).order_by(AccountEvent.id.desc())
    return session.scalars(asked.limit(EVENTS_SHOWN)).all()


def put_on_record(session: Session, user: User, act: AccountAct, *, actor: str, at: datetime, **facts: str) -> None:
    event = AccountEvent(user_id=user.id, act=act, actor=actor, at=at, facts=facts)
    session.add(event)
    session.flush()  # the log names it by its number
    log_contents.enter(session, event)
    session.flush()


def same_name(name: str) -> str:
    return name.strip().lower()


def _end_tokens(session: Session, user: User, at: datetime) -> None:
    """Those of the API; who gets the account back makes new ones."""
    session.execute(
        update(ApiToken).where(ApiToken.user_id == user.id, ApiToken.revoked_at.is_(None)).values(revoked_at=at)
    )


def _same(row: RoleGrant, granted: Granted) -> bool:
    return (row.role, row.area_id, row.offence) == (granted.role, granted.area_id, granted.offence)


def _told(granted: Granted) -> dict[str, str]:
    return {
        "role": granted.role.value,
        "area": granted.area_id or "",
        "offence": granted.offence.value if granted.offence else "",
    }


def _free_email(session: Session, email: str | None, but_of: User | None = None) -> str | None:
    """In small letters; None for none. Raises AccountRefused."""
    wanted = (email or "").strip().lower()
    if not wanted:
        return None
    if "@" not in wanted or len(wanted) > LONGEST_EMAIL:
        raise AccountRefused("email", f"{wanted[:40]} is no email address: correct it, or leave it out")
    taken = session.scalar(select(User.id).where(User.email == wanted))
    if taken is not None and (but_of is None or taken != but_of.id):
        raise AccountRefused("email_taken", f"another user has the address {wanted}")
    return wanted


def _somebody_else_administers(session: Session, user: User) -> None:
    """Raises AccountRefused where nobody would be left who may."""
    others = (
        select(RoleGrant)
        .join(User, User.id == RoleGrant.user_id)
        .where(
            User.active,
            User.id != user.id,
            RoleGrant.role.in_(ROLES[Right.ADMINISTER]),
            RoleGrant.area_id.is_(None),
            RoleGrant.offence.is_(None),
        )
        .with_for_update()  # two who take it from each other at once: one of them waits, and sees what the other did
    )
    if session.scalars(others).first() is None:
        raise AccountRefused(
            "last_administrator", "nobody would be left to administer the accounts: make another administrator first"
        )
