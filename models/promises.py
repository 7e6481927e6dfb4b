"""What was promised to the outside world: the notice, the outbox message that carries it, and what became of it.

A promise is written in the transaction of the decision that caused it; notify/relay.py keeps it, notify/receipts.py
takes in what the provider says of it afterwards.
"""

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.base import Base, WithId, words
from models.enums import NoticeStatus, OutboxState


class OutboxMessage(Base, WithId):
    """A promise, unique by `key`. `payload` holds identifiers; names and numbers are read when it is first sent.

    letter_sealed: number and words as they were handed over first, under `outbox_message.letter:<id>`; every further
    try sends the same. gateway: who was asked and has neither taken nor refused it for certain; no other gateway gets
    the message before that one was asked again.
    """

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
    gateway: Mapped[str | None] = mapped_column(String(32))
    letter_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    first_tried_at: Mapped[datetime | None]
    useful_until: Mapped[datetime | None]  # after that it is better not said at all
    provider_id: Mapped[str | None] = mapped_column(String(200), index=True)
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
    status_at: Mapped[datetime | None]  # since when it has that status; None: since it was promised
    delivered_at: Mapped[datetime | None]

    outbox_message: Mapped[OutboxMessage] = relationship(lazy="raise")


class DeliveryReceipt(Base, WithId):
    """What a provider said of a message, once each: the same said again changes nothing.

    A receipt that was too late to change anything is on record too.
    """

    __tablename__ = "delivery_receipt"
    __table_args__ = (UniqueConstraint("gateway", "provider_id", "status"),)

    gateway: Mapped[str] = mapped_column(String(32))
    provider_id: Mapped[str] = mapped_column(String(200))
    status: Mapped[str] = mapped_column(String(32))  # the provider's own word
    error_code: Mapped[str | None] = mapped_column(String(64))
    outbox_message_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("outbox_message.id"), index=True)
    provider_at: Mapped[datetime | None]  # as the provider's clock says
    received_at: Mapped[datetime]


class OutboxRetry(Base, WithId):
    """A person had a dead message sent again, and said why."""

    __tablename__ = "outbox_retry"
    __table_args__ = (CheckConstraint("reason <> ''", name="has_reason"),)

    outbox_message_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("outbox_message.id"), index=True)
    user_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("user.id"))
    reason: Mapped[str] = mapped_column(String(500))
    at: Mapped[datetime]


class GatewayState(Base):
    """How a gateway does, shared by every relay: the circuit breaker.

    failures: without an answer, one after the other. open_until: it is left alone until then. probing_until: one relay
    tries it just now, the others wait for what comes of that.
    """

    __tablename__ = "gateway_state"
    __table_args__ = (CheckConstraint("failures >= 0", name="failures_count"),)

    gateway: Mapped[str] = mapped_column(String(32), primary_key=True)
    failures: Mapped[int]
    open_until: Mapped[datetime | None]
    probing_until: Mapped[datetime | None]
    last_error: Mapped[str | None] = mapped_column(Text)
    changed_at: Mapped[datetime]
