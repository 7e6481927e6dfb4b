"""The tokens with which programs of the house ask the API in somebody's name."""

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.base import Base, WithId, words
from models.enums import Offence
from models.people import User


class ApiToken(Base, WithId):
    """Opens no more than its user may, and of that only `rights`, there and for that; None: everywhere, for all.

    Only the SHA-256 of the token is kept, so a copy of the table opens nothing.
    """

    __tablename__ = "api_token"
    __table_args__ = (
        CheckConstraint("expires_at > created_at", name="expires_after_start"),
        CheckConstraint("label <> ''", name="has_label"),
    )

    token_digest: Mapped[str] = mapped_column(String(64), unique=True)
    user_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("user.id", ondelete="CASCADE"), index=True)
    label: Mapped[str] = mapped_column(String(100))
    rights: Mapped[list[Any]]
    area_id: Mapped[str | None] = mapped_column(ForeignKey("area.id"))
    offence: Mapped[Offence | None] = mapped_column(words(Offence, "offence"))
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]
    used_at: Mapped[datetime | None]

    user: Mapped[User] = relationship(lazy="raise")
