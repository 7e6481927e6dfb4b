"""Who is sent where: areas in four levels, and the dispatches of officers with what came of each."""

import uuid
from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, WithId, words
from models.enums import AreaLevel, DispatchPurpose, DispatchState, HandledAs


class Area(Base):
    """A part of the city; every one but a city lies in the one above it."""

    __tablename__ = "area"
    __table_args__ = (
        CheckConstraint("(level = 'city') = (parent_id IS NULL)", name="lies_in_another"),
        CheckConstraint("parent_id <> id", name="not_in_itself"),
    )

    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    name: Mapped[str] = mapped_column(String(200))
    level: Mapped[AreaLevel] = mapped_column(words(AreaLevel, "area_level"))
    parent_id: Mapped[str | None] = mapped_column(ForeignKey("area.id"), index=True)


class Dispatch(Base, WithId):
    """Officers are asked to see to an incident. One of them takes it on; while nobody does, it is urged.

    area_id: whose officers were asked; None: the camera lies in no area. urge_at: when the next are asked.
    """

    __tablename__ = "dispatch"
    __table_args__ = (
        UniqueConstraint("incident_id", "purpose"),
        CheckConstraint("urged >= 0", name="urged_counts"),
        CheckConstraint(
            "state NOT IN ('taken', 'handled') OR (officer_id IS NOT NULL AND taken_at IS NOT NULL)",
            name="taken_by_somebody",
        ),
        CheckConstraint("(state = 'handled') = (handled_as IS NOT NULL)", name="handled_as_something"),
        Index("ix_dispatch_urge_at", "urge_at"),
    )

    incident_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("incident.id"))
    purpose: Mapped[DispatchPurpose] = mapped_column(words(DispatchPurpose, "dispatch_purpose"))
    state: Mapped[DispatchState] = mapped_column(words(DispatchState, "dispatch_state"))
    area_id: Mapped[str | None] = mapped_column(ForeignKey("area.id"))
    made_at: Mapped[datetime]
    urged: Mapped[int] = mapped_column(default=0)
    urge_at: Mapped[datetime | None]
    officer_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("officer.id"))
    taken_at: Mapped[datetime | None]
    handled_at: Mapped[datetime | None]
    handled_as: Mapped[HandledAs | None] = mapped_column(words(HandledAs, "handled_as"))
    note: Mapped[str | None] = mapped_column(String(500))


class DispatchedTo(Base):
    """An officer who was asked, and when first."""

    __tablename__ = "dispatched_to"

    dispatch_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("dispatch.id"), primary_key=True)
    officer_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("officer.id"), primary_key=True)
    asked_at: Mapped[datetime]


class PageLink(Base):
    """The page behind a message, for whoever holds the link: only the SHA-256 of its token is kept.

    Exactly one of the two: the notice of an owner, or a dispatch with the officer who was asked.
    """

    __tablename__ = "page_link"
    __table_args__ = (
        CheckConstraint("(notice_id IS NULL) <> (dispatch_id IS NULL)", name="leads_to_one"),
        CheckConstraint("(dispatch_id IS NULL) = (officer_id IS NULL)", name="officer_of_the_dispatch"),
        CheckConstraint("expires_at > made_at", name="expires_after_start"),
    )

    token_digest: Mapped[str] = mapped_column(String(64), primary_key=True)
    incident_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("incident.id"), index=True)
    notice_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("notice.id"))
    dispatch_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("dispatch.id"))
    officer_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("officer.id"))
    made_at: Mapped[datetime]
    expires_at: Mapped[datetime]
