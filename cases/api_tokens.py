"""Tokens of the API: what a program shows to ask in somebody's name. Never more than that person may just then.

A token has rights of its own and perhaps an area and an offence; what it opens is what both it and its user may, read
from the rows each time. Uploads have tokens of their own (cases/upload_tokens.py), which open nothing here.
"""

import hashlib
import secrets
import uuid
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.orm import Session, joinedload

from cases import accounts
from cases.entitlements import Limit, Right, Scope, may, roles_with, scope_of
from cases.errors import AccountRefused, NotEntitled
from models.api_tokens import ApiToken
from models.dispatch import Area
from models.enums import AccountAct, Offence
from models.people import User

PREFIX = "swa_"  # so that whoever finds one in a log knows what it is
DEFAULT_DAYS, LONGEST_DAYS = 90, 400
MAX_LABEL, MOST_TOKENS = 100, 20
SEEN_EVERY = timedelta(minutes=1)

# what the API offers; a token for anything else would open nothing
OFFERED = (
    Right.SEE_INCIDENTS,
    Right.DECIDE,
    Right.EXPORT,
    Right.SEE_CAMERAS,
    Right.SEE_LOUDSPEAKERS,
    Right.SPEAK,
    Right.SEE_FENCES,
    Right.EDIT_FENCE,
    Right.APPROVE_FENCE,
    Right.SEE_UPLOADS,
    Right.UPLOAD,
    Right.SEE_CUSTODY,
    Right.SEARCH_CUSTODY,
    Right.SEE_FILES,
)


@dataclass(frozen=True)
class Holder:
    """Who asks by a token. user: with the grants as they are now."""

    token: ApiToken
    user: User

    def scope(self, right: Right) -> Scope:
        """What both the user and the token may. Raises NotEntitled."""
        own = scope_of(self.user, right)
        if right.value not in self.token.rights:
            raise NotEntitled(self.user.roles, right.value, roles_with(right))
        return replace(own, also=Scope(frozenset({Limit(self.token.area_id, self.token.offence)})))


def give(
    session: Session,
    user: User,
    *,
    label: str,
    rights: Collection[Right],
    days: int,
    at: datetime,
    area_id: str | None = None,
    offence: Offence | None = None,
) -> str:
    """A new token of this user, told this once. `user` has its grants. Raises AccountRefused."""
    if not 0 < len(label.strip()) <= MAX_LABEL:
        raise AccountRefused("label", f"say what the token is for, in up to {MAX_LABEL} characters")
    if not 1 <= days <= LONGEST_DAYS:
        raise AccountRefused("days", f"a token is good for 1 to {LONGEST_DAYS} days, not for {days}")
    if not rights or not set(rights) <= set(OFFERED) or not all(may(user, right) for right in rights):
        raise AccountRefused("token_rights", "a token opens some of what its user may, and no more: choose again")
    if area_id is not None and session.get(Area, area_id) is None:
        raise AccountRefused("unknown_area", f"there is no area {area_id}; add it to the site file")
    if len([each for each in of_user(session, user) if is_good(each, at)]) >= MOST_TOKENS:
        raise AccountRefused("token_number", f"there are {MOST_TOKENS} tokens already: revoke one that is not needed")
    token = PREFIX + secrets.token_urlsafe(32)
    row = ApiToken(
        token_digest=_digest(token),
        user_id=user.id,
        label=label.strip(),
        rights=sorted(right.value for right in rights),
        area_id=area_id,
        offence=offence,
        created_at=at,
        expires_at=at + timedelta(days=days),
    )
    session.add(row)
    session.flush()
    told = {"label": row.label, "rights": " ".join(row.rights), "token": str(row.id)}
    accounts.put_on_record(session, user, AccountAct.TOKEN_MADE, actor=user.name, at=at, **told)
    return token


def of_user(session: Session, user: User) -> Sequence[ApiToken]:
    """The newest first; the tokens themselves are known to nobody."""
    return session.scalars(
        select(ApiToken).where(ApiToken.user_id == user.id).order_by(ApiToken.created_at.desc(), ApiToken.id)
    ).all()


def is_good(token: ApiToken, at: datetime) -> bool:
    return token.revoked_at is None and at < token.expires_at


def revoke(session: Session, user: User, token_id: uuid.UUID, *, by: str, at: datetime) -> bool:
    """It opens nothing from now on; whether this user had such a token."""
    ended = session.scalar(
        update(ApiToken)
        .where(ApiToken.id == token_id, ApiToken.user_id == user.id, ApiToken.revoked_at.is_(None))
        .values(revoked_at=at)
        .returning(ApiToken.label)
    )
    if ended is not None:
        accounts.put_on_record(session, user, AccountAct.TOKEN_REVOKED, actor=by, at=at, label=ended)
    return ended is not None


def holder_of(session: Session, token: str, *, at: datetime) -> Holder | None:
    """None: unknown, over, revoked; or the user is gone, or has a password to change first."""
    asked = select(ApiToken).where(ApiToken.token_digest == _digest(token))
    found = session.scalar(asked.options(joinedload(ApiToken.user).selectinload(User.grants)))
    if found is None or not is_good(found, at) or not found.user.active or found.user.must_change_password:
        return None
    return Holder(found, found.user)


def is_due_to_be_seen(token: ApiToken, *, at: datetime) -> bool:
    return token.used_at is None or at >= token.used_at + SEEN_EVERY


def note_use(session: Session, token: ApiToken, *, at: datetime) -> None:
    session.execute(update(ApiToken).where(ApiToken.id == token.id).values(used_at=at))


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
