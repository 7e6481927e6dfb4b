"""The desk's own: who has an incident in hand just now, and what was passed on to somebody who may decide more."""

import uuid
from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.base import Base, WithId
from models.people import User


class Claim(Base):
    """Who has an incident in hand, until when unless the page says so again. One row an incident; fence counts takings.

    One that is over has until_at in the past. changed_at: when it last changed hands, for those who look at the queue.
    """

    __tablename__ = "claim"
    __table_args__ = (
        CheckConstraint("fence >= 1", name="fence_counts_from_one"),
        CheckConstraint("until_at >= taken_at", name="ends_after_start"),
        Index("ix_claim_changed_at", "changed_at"),
    )

    incident_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("incident.id"), primary_key=True)
    user_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("user.id"), index=True)
    fence: Mapped[int]
    taken_at: Mapped[datetime]
    until_at: Mapped[datetime]
    changed_at: Mapped[datetime]

    user: Mapped[User] = relationship(lazy="raise")


class PassedOn(Base, WithId):
    """An incident that its reviewer left to somebody who may decide more. The open one counts; there is one at most."""

    __tablename__ = "passed_on"
    __table_args__ = (
        CheckConstraint("reason <> ''", name="has_reason"),
        CheckConstraint("ended_at IS NULL OR ended_at >= at", name="ends_after_start"),
        Index(
            "uq_passed_on_open",
            "incident_id",
            unique=True,
            sqlite_where=text("ended_at IS NULL"),
            postgresql_where=text("ended_at IS NULL"),
        ),
    )

    incident_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("incident.id"), index=True)
    user_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("user.id"))
    ground: Mapped[str] = mapped_column(String(32))
    reason: Mapped[str] = mapped_column(Text)
    at: Mapped[datetime]
    ended_at: Mapped[datetime | None]  # decided, or taken back

    user: Mapped[User] = relationship(lazy="raise")
