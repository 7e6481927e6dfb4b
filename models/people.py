"""Who is concerned: users of the desk with their roles and sessions, officers, vehicles and their owners."""

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, String, false
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.base import Base, WithId, words
from models.enums import AccountAct, Offence, Role


class User(Base, WithId):
    """A person who signs in. The password is kept as an argon2id hash. What a user may do is in the grants alone.

    must_change_password: somebody else knows it; until it is changed nothing else can be done. failed_attempts: since
    the last success. email: by which a sign-in elsewhere finds this account the first time.
    """

    __tablename__ = "user"
    __table_args__ = (
        CheckConstraint("failed_attempts >= 0", name="failed_attempts_counts"),
        Index("uq_user_email", "email", unique=True),
    )

    name: Mapped[str] = mapped_column(String(100), unique=True)
    display_name: Mapped[str] = mapped_column(String(200))
    email: Mapped[str | None] = mapped_column(String(254))
    password_hash: Mapped[str] = mapped_column(String(200))
    must_change_password: Mapped[bool] = mapped_column(default=False, server_default=false())
    active: Mapped[bool] = mapped_column(default=True)
    failed_attempts: Mapped[int] = mapped_column(default=0)
    locked_until: Mapped[datetime | None]
    created_at: Mapped[datetime]

    grants: Mapped[list["RoleGrant"]] = relationship(
        lazy="raise", cascade="all, delete-orphan", order_by="RoleGrant.granted_at"
    )

    @property
    def roles(self) -> list[Role]:
        """Each once, in the order of the list of roles."""
        held = {grant.role for grant in self.grants}
        return [role for role in Role if role in held]


class RoleGrant(Base, WithId):
    """A role somebody has. area_id: there and in what lies in it; offence: for that alone; None: for all there are."""

    __tablename__ = "role_grant"

    user_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("user.id", ondelete="CASCADE"), index=True)
    role: Mapped[Role] = mapped_column(words(Role, "role"))
    area_id: Mapped[str | None] = mapped_column(ForeignKey("area.id"), index=True)
    offence: Mapped[Offence | None] = mapped_column(words(Offence, "offence"))
    granted_at: Mapped[datetime]
    granted_by: Mapped[str] = mapped_column(String(100))


class UserSession(Base):
    """A signed-in browser. Only the SHA-256 of the cookie's token is kept, so a copy of the table opens nothing.

    issuer: who said who it is; None: the password did. address, agent: of the browser that signed in, for its user.
    """

    __tablename__ = "user_session"
    __table_args__ = (CheckConstraint("expires_at > created_at", name="expires_after_start"),)

    token_digest: Mapped[str] = mapped_column(String(64), primary_key=True)
    user_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("user.id", ondelete="CASCADE"), index=True)
    csrf_token: Mapped[str] = mapped_column(String(64))
    created_at: Mapped[datetime]
    seen_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    issuer: Mapped[str | None] = mapped_column(String(300))
    address: Mapped[str] = mapped_column(String(64), default="", server_default="")
    agent: Mapped[str] = mapped_column(String(200), default="", server_default="")

    user: Mapped[User] = relationship(lazy="raise")


class SignInIdentity(Base):
    """By which name another house's sign-in (OIDC) knows a user. It says who comes and nothing of what they may."""

    __tablename__ = "sign_in_identity"

    issuer: Mapped[str] = mapped_column(String(300), primary_key=True)
    subject: Mapped[str] = mapped_column(String(255), primary_key=True)
    user_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("user.id", ondelete="CASCADE"), index=True)
    linked_at: Mapped[datetime]


class SignInOrigin(Base):
    """An address that failed to sign in, until it has been quiet for a while."""

    __tablename__ = "sign_in_origin"
    __table_args__ = (CheckConstraint("failures >= 0", name="failures_count"),)

    address: Mapped[str] = mapped_column(String(64), primary_key=True)
    failures: Mapped[int]
    locked_until: Mapped[datetime | None]
    failed_at: Mapped[datetime] = mapped_column(index=True)


class AccountEvent(Base):
    """One act on an account, or with it. Appended, never edited: triggers of the schema refuse UPDATE and DELETE."""

    __tablename__ = "account_event"
    __table_args__ = (CheckConstraint("actor <> ''", name="has_actor"),)

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    user_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("user.id"), index=True)
    act: Mapped[AccountAct] = mapped_column(words(AccountAct, "account_act"))
    actor: Mapped[str] = mapped_column(String(100))
    at: Mapped[datetime]
    facts: Mapped[dict[str, Any]]


class Officer(Base, WithId):
    """A grid officer; the phone number is sealed under `officer.phone:<id>`.

    grid: the id of the area the officer works in, of any level. duty: timetable of the hours on duty; empty: always.
    """

    __tablename__ = "officer"

    name: Mapped[str] = mapped_column(String(200), unique=True)
    phone_sealed: Mapped[bytes] = mapped_column(LargeBinary)
    grid: Mapped[str] = mapped_column(String(64), index=True)
    duty: Mapped[list[Any] | None]


class Owner(Base, WithId):
    """A registered keeper; sealed under `owner.name:<id>` and `owner.phone:<id>`, found by phone through the index."""

    __tablename__ = "owner"

    name_sealed: Mapped[bytes] = mapped_column(LargeBinary)
    phone_sealed: Mapped[bytes] = mapped_column(LargeBinary)
    phone_index: Mapped[str] = mapped_column(String(64), index=True)


class Vehicle(Base, WithId):
    """checked_at: when another register said who its owner is; None: a site file or a list did, and that stands."""

    __tablename__ = "vehicle"

    plate: Mapped[str] = mapped_column(String(16), unique=True)
    owner_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("owner.id"))
    checked_at: Mapped[datetime | None]

    owner: Mapped[Owner | None] = relationship(lazy="raise")
