"""After a decision: who goes against it and how that ended, and how it is had executed."""

import uuid
from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, WithId, words
from models.enums import AppealKind, AppealResult, CourtResult

UNDER_WAY = text("ended_on IS NULL")
NOT_ANSWERED = text("result IS NULL")


class Appeal(Base, WithId):
    """A reconsideration or a suit (行政复议法, 行政诉讼法). Never both at once (行政复议法 art. 29).

    body: who hears it. execution_stopped_on: where the body stopped the execution. told_on: when the party had the
    result, from which the time for a suit runs. changed_fine_fen: to what the fine was lowered.
    """

    __tablename__ = "appeal"
    __table_args__ = (
        CheckConstraint("body <> ''", name="is_heard_by_somebody"),
        CheckConstraint("(ended_on IS NULL) = (result IS NULL)", name="ended_with_a_result"),
        CheckConstraint("ended_on IS NULL OR ended_on >= filed_on", name="ended_after_it_began"),
        CheckConstraint("changed_fine_fen IS NULL OR result = 'changed'", name="changed_to_something"),
        CheckConstraint("changed_fine_fen IS NULL OR changed_fine_fen >= 0", name="changed_to_an_amount"),
        Index("uq_appeal_under_way", "file_id", unique=True, sqlite_where=UNDER_WAY, postgresql_where=UNDER_WAY),
    )

    file_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("case_file.id"), index=True)
    decision_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("file_decision.id"))
    kind: Mapped[AppealKind] = mapped_column(words(AppealKind, "appeal_kind"))
    body: Mapped[str] = mapped_column(String(200))
    reference: Mapped[str] = mapped_column(String(100))
    filed_on: Mapped[date]
    execution_stopped_on: Mapped[date | None]
    ended_on: Mapped[date | None]
    told_on: Mapped[date | None]
    result: Mapped[AppealResult | None] = mapped_column(words(AppealResult, "appeal_result"))
    result_reference: Mapped[str | None] = mapped_column(String(100))
    changed_fine_fen: Mapped[int | None]
    recorded_by_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("user.id"))
    recorded_at: Mapped[datetime]


class Demand(Base, WithId):
    """A demand to perform before a court is asked (行政强制法 art. 35, 54). Its service is a PaperService.

    fine_fen, late_fee_fen: owed on the day it was made. answer: what the party said to it (art. 36), and what of it
    was found.
    """

    __tablename__ = "demand"
    __table_args__ = (
        CheckConstraint("fine_fen >= 0 AND late_fee_fen >= 0", name="amounts_count"),
        CheckConstraint("(answer IS NULL) = (answered_on IS NULL)", name="answered_whole"),
    )

    file_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("case_file.id"), index=True)
    decision_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("file_decision.id"))
    made_on: Mapped[date]
    fine_fen: Mapped[int]
    late_fee_fen: Mapped[int]
    answer: Mapped[str | None] = mapped_column(Text)
    answered_on: Mapped[date | None]
    made_by_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("user.id"))
    made_at: Mapped[datetime]


class CourtRequest(Base, WithId):
    """An application to have the decision executed (行政强制法 art. 53-58). One waits for its answer at a time."""

    __tablename__ = "court_request"
    __table_args__ = (
        CheckConstraint("court <> ''", name="asks_a_court"),
        CheckConstraint("(result IS NULL) = (result_on IS NULL)", name="answered_whole"),
        CheckConstraint("result_on IS NULL OR result_on >= asked_on", name="answered_after_asked"),
        Index(
            "uq_court_request_open", "file_id", unique=True, sqlite_where=NOT_ANSWERED, postgresql_where=NOT_ANSWERED
        ),
    )

    file_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("case_file.id"), index=True)
    decision_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("file_decision.id"))
    demand_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("demand.id"))
    court: Mapped[str] = mapped_column(String(200))
    reference: Mapped[str] = mapped_column(String(100))
    asked_on: Mapped[date]
    fine_fen: Mapped[int]
    late_fee_fen: Mapped[int]
    result: Mapped[CourtResult | None] = mapped_column(words(CourtResult, "court_result"))
    result_on: Mapped[date | None]
    made_by_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("user.id"))
    made_at: Mapped[datetime]
