"""What was done about an incident while it lasted: the steps of its ladder, and the looks a camera was asked for."""

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, WithId, words
from models.enums import Asker, LadderAct, StepOutcome


class LadderStep(Base):
    """One step. Without an outcome its answer is still waited for, and there is one such step of an incident at most.

    effective_at: when it began to count; of an SMS its delivery.
    """

    __tablename__ = "ladder_step"
    __table_args__ = (
        CheckConstraint("seq >= 1", name="seq_counts_from_one"),
        CheckConstraint("rung >= 0", name="rung_counts_from_zero"),
        CheckConstraint("answer_by >= began_at", name="answered_after_asked"),
        CheckConstraint("(outcome IS NULL) = (effective_at IS NULL)", name="ended_whole"),
        Index(
            "uq_ladder_step_open",
            "incident_id",
            unique=True,
            sqlite_where=text("outcome IS NULL"),
            postgresql_where=text("outcome IS NULL"),
        ),
    )

    incident_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("incident.id"), primary_key=True)
    seq: Mapped[int] = mapped_column(primary_key=True)
    rung: Mapped[int]
    act: Mapped[LadderAct] = mapped_column(words(LadderAct, "ladder_act"))
    began_at: Mapped[datetime]
    answer_by: Mapped[datetime]
    outcome: Mapped[StepOutcome | None] = mapped_column(words(StepOutcome, "step_outcome"))
    effective_at: Mapped[datetime | None]
    facts: Mapped[dict[str, Any]]  # what it was done with: identifiers, no names and no numbers


class LookRequest(Base, WithId):
    """A camera is asked to look whether the vehicle is still there. Whoever watches it answers."""

    __tablename__ = "look_request"
    __table_args__ = (
        CheckConstraint("(answer IS NULL) = (answered_at IS NULL)", name="answered_whole"),
        Index(
            "ix_look_request_open",
            "incident_id",
            sqlite_where=text("answer IS NULL"),
            postgresql_where=text("answer IS NULL"),
        ),
    )

    incident_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("incident.id"))
    asked_by: Mapped[Asker] = mapped_column(words(Asker, "asker"))
    asked_at: Mapped[datetime]
    answer: Mapped[StepOutcome | None] = mapped_column(words(StepOutcome, "look_answer"))
    answered_at: Mapped[datetime | None]
