"""Who is concerned: users of the desk and their sessions, officers, vehicles and their owners."""

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.base import Base, WithId, words
from models.enums import Role


class User(Base, WithId):
    """A person who signs in. The password is kept as an argon2id hash."""

    __tablename__ = "user"
    __table_args__ = (CheckConstraint("failed_attempts >= 0", name="failed_attempts_counts"),)

    name: Mapped[str] = mapped_column(String(100), unique=True)
    display_name: Mapped[str] = mapped_column(String(200))
    password_hash: Mapped[str] = mapped_column(String(200))
    role: Mapped[Role] = mapped_column(words(Role, "role"))
    active: Mapped[bool] = mapped_column(default=True)
    failed_attempts: Mapped[int] = mapped_column(default=0)
    locked_until: Mapped[datetime | None]
    created_at: Mapped[datetime]


class UserSession(Base):
    """A signed-in browser. Only the SHA-256 of the cookie's token is kept, so a copy of the table opens nothing."""

    __tablename__ = "user_session"
    __table_args__ = (CheckConstraint("expires_at > created_at", name="expires_after_start"),)

    token_digest: Mapped[str] = mapped_column(String(64), primary_key=True)
    user_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("user.id", ondelete="CASCADE"), index=True)
    csrf_token: Mapped[str] = mapped_column(String(64))
    created_at: Mapped[datetime]
    seen_at: Mapped[datetime]
    expires_at: Mapped[datetime]

    user: Mapped[User] = relationship(lazy="raise")


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
