"""Changes of fences that wait for a second person, and what became of each."""

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.base import Base, WithId, words
from models.enums import FenceAct, FenceProposalState
from models.people import User
from models.places import Camera


class FenceProposal(Base, WithId):
    """What a geofence is to be; it forbids nothing until somebody else than the proposer has approved it.

    geofence_id: of a fence that is there, or that is to be. terms: the fence as a site file has it. base_version: the
    newest version when it was proposed; None: there was none. ends: the fence is to forbid nothing any more.
    became_version: set with the approval.
    """

    __tablename__ = "fence_proposal"
    __table_args__ = (
        CheckConstraint("reason <> ''", name="has_reason"),
        CheckConstraint("(state = 'open') = (ended_at IS NULL)", name="ended_whole"),
        CheckConstraint("state = 'open' OR ended_by_id IS NOT NULL", name="ended_by_somebody"),
        CheckConstraint("state <> 'in_force' OR ended_by_id <> proposed_by_id", name="approved_by_another"),
        CheckConstraint("state <> 'withdrawn' OR ended_by_id = proposed_by_id", name="withdrawn_by_the_same"),
        CheckConstraint("(state = 'in_force') = (became_version IS NOT NULL)", name="in_force_as_a_version"),
        CheckConstraint("NOT ends OR base_version IS NOT NULL", name="ends_what_is_there"),
        Index(
            "uq_fence_proposal_open",
            "geofence_id",
            unique=True,
            sqlite_where=text("state = 'open'"),
            postgresql_where=text("state = 'open'"),
        ),
    )

    geofence_id: Mapped[str] = mapped_column(String(64), index=True)
    camera_id: Mapped[str] = mapped_column(ForeignKey("camera.id"), index=True)
    terms: Mapped[dict[str, Any]]
    base_version: Mapped[int | None]
    ends: Mapped[bool] = mapped_column(default=False)
    reason: Mapped[str] = mapped_column(String(400))
    proposed_by_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("user.id"))
    proposed_at: Mapped[datetime]
    state: Mapped[FenceProposalState] = mapped_column(words(FenceProposalState, "fence_proposal_state"))
    ended_by_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("user.id"))
    ended_at: Mapped[datetime | None]
    became_version: Mapped[int | None]

    camera: Mapped[Camera] = relationship(lazy="raise")
    proposed_by: Mapped[User] = relationship(lazy="raise", foreign_keys=[proposed_by_id])
    ended_by: Mapped[User | None] = relationship(lazy="raise", foreign_keys=[ended_by_id])


class FenceEvent(Base):
    """One act on a proposal. Appended, never edited: triggers of the schema refuse UPDATE and DELETE.

    terms_sha256: of the canonical terms, so that what was proposed is what was approved.
    """

    __tablename__ = "fence_event"
    __table_args__ = (
        CheckConstraint("seq >= 1", name="seq_counts_from_one"),
        CheckConstraint("actor <> ''", name="has_actor"),
        CheckConstraint("reason <> ''", name="has_reason"),
    )

    proposal_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("fence_proposal.id"), primary_key=True)
    seq: Mapped[int] = mapped_column(primary_key=True)
    act: Mapped[FenceAct] = mapped_column(words(FenceAct, "fence_act"))
    actor: Mapped[str] = mapped_column(String(100))
    at: Mapped[datetime]
    reason: Mapped[str] = mapped_column(String(400))
    terms_sha256: Mapped[str] = mapped_column(String(64))
