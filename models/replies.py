"""What people answer to our messages, and who asked not to be written to."""

import uuid
from datetime import datetime

from sqlalchemy import ForeignKey, LargeBinary, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, WithId, words
from models.enums import ReplyMeaning


class InboundReply(Base, WithId):
    """A reply, once each by the provider's id; its text is sealed under `inbound_reply.text:<id>`."""

    __tablename__ = "inbound_reply"
    __table_args__ = (UniqueConstraint("gateway", "provider_id"),)

    gateway: Mapped[str] = mapped_column(String(32))
    provider_id: Mapped[str] = mapped_column(String(200))
    meaning: Mapped[ReplyMeaning] = mapped_column(words(ReplyMeaning, "reply_meaning"))
    text_sealed: Mapped[bytes] = mapped_column(LargeBinary)
    phone_sealed: Mapped[bytes] = mapped_column(LargeBinary)
    phone_index: Mapped[str] = mapped_column(String(64), index=True)
    received_at: Mapped[datetime]


class DoNotContact(Base, WithId):
    """A number that is not written to any more, and the reply that asked for it."""

    __tablename__ = "do_not_contact"

    phone_sealed: Mapped[bytes] = mapped_column(LargeBinary)
    phone_index: Mapped[str] = mapped_column(String(64), unique=True)
    why: Mapped[ReplyMeaning] = mapped_column(words(ReplyMeaning, "do_not_contact_why"))
    reply_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("inbound_reply.id"))
    since_at: Mapped[datetime]
