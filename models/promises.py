"""What was promised to the outside world: the notice, and the outbox message that carries it.

A promise is written in the transaction of the decision that caused it; notify/relay.py keeps it.
"""

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.base import Base, WithId, words
from models.enums import NoticeStatus, OutboxState


class OutboxMessage(Base, WithId):
    """A promise, unique by `key`. `payload` holds identifiers; names and numbers are read when it is sent."""

    __tablename__ = "outbox_message"
    __table_args__ = (
        CheckConstraint("tries >= 0 AND fence >= 0", name="counts_up"),
        CheckConstraint("state <> 'sending' OR lease_until IS NOT NULL", name="sending_needs_lease"),
        CheckConstraint("state <> 'sent' OR answered_at IS NOT NULL", name="sent_needs_answer"),
        Index("ix_outbox_message_due", "state", "next_at"),
    )

    key: Mapped[str] = mapped_column(String(200), unique=True)
    kind: Mapped[str] = mapped_column(String(64))
    payload: Mapped[dict[str, Any]]
    state: Mapped[OutboxState] = mapped_column(words(OutboxState, "outbox_state"))
    created_at: Mapped[datetime]
    next_at: Mapped[datetime]
    lease_until: Mapped[datetime | None]
    fence: Mapped[int] = mapped_column(default=0)
    tries: Mapped[int] = mapped_column(default=0)
    provider_id: Mapped[str | None] = mapped_column(String(200))
    answered_at: Mapped[datetime | None]
    last_error: Mapped[str | None] = mapped_column(Text)


class Notice(Base, WithId):
    """A message that asks to put it right, and what became of it."""

    __tablename__ = "notice"
    __table_args__ = (
        CheckConstraint("status <> 'delivered' OR delivered_at IS NOT NULL", name="delivered_needs_time"),
    )

    incident_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("incident.id"), index=True)
    owner_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("owner.id"))
    outbox_message_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("outbox_message.id"), unique=True)
    wording: Mapped[str] = mapped_column(String(64))
    status: Mapped[NoticeStatus] = mapped_column(words(NoticeStatus, "notice_status"))
    promised_at: Mapped[datetime]
    delivered_at: Mapped[datetime | None]

    outbox_message: Mapped[OutboxMessage] = relationship(lazy="raise")
