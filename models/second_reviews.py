"""The second pair of eyes on an accepted case: 行政处罚法 art. 42 asks for two officers, art. 43 for no stake in it."""

import uuid
from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.base import Base, WithId, words
from models.enums import SecondVerdict
from models.people import User

SAID = text("verdict <> 'recused'")


class SecondReview(Base, WithId):
    """What a second person said of a decision to accept: agrees, refuses, or stands back for a conflict of interest."""

    __tablename__ = "second_review"
    __table_args__ = (
        CheckConstraint("reason <> ''", name="has_reason"),
        UniqueConstraint("decision_id", "user_id"),
        Index("uq_second_review_said", "decision_id", unique=True, sqlite_where=SAID, postgresql_where=SAID),
    )

    incident_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("incident.id"), index=True)
    decision_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("review_decision.id"))
    user_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("user.id"))
    verdict: Mapped[SecondVerdict] = mapped_column(words(SecondVerdict, "second_verdict"))
    reason: Mapped[str] = mapped_column(Text)
    at: Mapped[datetime]

    user: Mapped[User] = relationship(lazy="raise")
