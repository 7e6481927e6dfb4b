"""Announcements: what each loudspeaker is to say, says or has said, one row each, in the order of its queue.

The sound lies in the vault like every exhibit, with its words inside; cases/horn_queue.py works the rows off.
"""

import uuid
from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.base import Base, WithId, words
from models.enums import AnnouncementState, Utterance
from models.exhibits import SealedObject
from models.places import Loudspeaker


class Announcement(Base, WithId):
    """text: the words as they are spoken; of a recorded voice what its speaker says it says. voice: what spoke them.

    priority: the smaller goes first. next_at: not before; useful_until: not after. began_at: handed to the device.
    outbox_message_id: the promise of the ladder that it keeps.
    """

    __tablename__ = "announcement"
    __table_args__ = (
        CheckConstraint("tries >= 0 AND fence >= 0", name="counts_up"),
        CheckConstraint("useful_until > asked_at", name="useful_for_a_while"),
        CheckConstraint(
            "state <> 'playing' OR (lease_until IS NOT NULL AND began_at IS NOT NULL)", name="playing_needs_lease"
        ),
        CheckConstraint(
            "state NOT IN ('playing', 'played', 'unconfirmed') OR sha256 IS NOT NULL", name="heard_needs_sound"
        ),
        CheckConstraint("(state IN ('waiting', 'playing')) = (ended_at IS NULL)", name="ended_whole"),
        CheckConstraint("utterance <> 'recorded' OR sha256 IS NOT NULL", name="recording_is_sealed"),
        Index("ix_announcement_queue", "loudspeaker_id", "state", "priority", "asked_at"),
        # a horn says one thing at a time, whoever asks it to
        Index(
            "uq_announcement_playing",
            "loudspeaker_id",
            unique=True,
            sqlite_where=text("state = 'playing'"),
            postgresql_where=text("state = 'playing'"),
        ),
    )

    loudspeaker_id: Mapped[str] = mapped_column(ForeignKey("loudspeaker.id"))
    incident_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("incident.id"), index=True)
    outbox_message_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("outbox_message.id"), index=True)
    utterance: Mapped[Utterance] = mapped_column(words(Utterance, "utterance"))
    sentence: Mapped[str | None] = mapped_column(String(64))
    text: Mapped[str] = mapped_column(String(500))
    language: Mapped[str] = mapped_column(String(8))
    asked_by: Mapped[str] = mapped_column(String(100))
    asked_at: Mapped[datetime]
    priority: Mapped[int]
    next_at: Mapped[datetime]
    useful_until: Mapped[datetime]
    state: Mapped[AnnouncementState] = mapped_column(words(AnnouncementState, "announcement_state"))
    lease_until: Mapped[datetime | None]
    fence: Mapped[int] = mapped_column(default=0)
    tries: Mapped[int] = mapped_column(default=0)
    sha256: Mapped[str | None] = mapped_column(ForeignKey("sealed_object.sha256"), index=True)
    voice: Mapped[str | None] = mapped_column(String(60))
    began_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    detail: Mapped[str | None] = mapped_column(String(500))

    loudspeaker: Mapped[Loudspeaker] = relationship(lazy="raise")
    sealed: Mapped[SealedObject | None] = relationship(lazy="raise")
