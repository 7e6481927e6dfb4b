"""What may go and what stops it: legal holds, decisions served, deletions, and for what a person looked.

The rules are in evidence/retention.py; deleting is done in evidence/purge.py.
"""

import uuid
from datetime import date, datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from models.base import BYTE_COUNT, Base, WithId


class LegalHold(Base, WithId):
    """Keeps the evidence of an incident whatever the rules say. Several may stand; each is lifted by itself."""

    __tablename__ = "legal_hold"
    __table_args__ = (
        CheckConstraint("put_by <> '' AND reason <> ''", name="says_who_and_why"),
        CheckConstraint(
            "(lifted_at IS NULL) = (lifted_by IS NULL) AND (lifted_at IS NULL) = (lift_reason IS NULL)",
            name="lifted_says_who_and_why",
        ),
        CheckConstraint("lifted_by <> '' AND lift_reason <> ''", name="lifted_with_words"),
    )

    incident_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("incident.id"), index=True)
    put_by: Mapped[str] = mapped_column(String(100))
    put_at: Mapped[datetime]
    reason: Mapped[str] = mapped_column(String(400))
    lifted_by: Mapped[str | None] = mapped_column(String(100))
    lifted_at: Mapped[datetime | None]
    lift_reason: Mapped[str | None] = mapped_column(String(400))


class ServedDecision(Base, WithId):
    """On which day the penalty decision was served; the appeal periods run from it. The newest row counts."""

    __tablename__ = "served_decision"
    __table_args__ = (CheckConstraint("recorded_by <> '' AND document <> ''", name="says_who_and_which"),)

    incident_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("incident.id"), index=True)
    served_on: Mapped[date]
    document: Mapped[str] = mapped_column(String(200))
    recorded_by: Mapped[str] = mapped_column(String(100))
    recorded_at: Mapped[datetime]


class Deletion(Base, WithId):
    """The proof that the bytes of one object were deleted by rule: intended first, then done.

    An object has at most one deletion that counts; one that was given up, or after which the same bytes were sealed
    again, is void and stays on record.
    """

    __tablename__ = "deletion"
    __table_args__ = (
        CheckConstraint("size_bytes > 0", name="not_empty"),
        CheckConstraint("actor <> '' AND why <> '' AND rule <> ''", name="says_who_and_why"),
        CheckConstraint("done_at IS NULL OR done_at >= intended_at", name="intended_first"),
        CheckConstraint("(void_at IS NULL) = (void_why IS NULL)", name="void_says_why"),
        Index(
            "uq_deletion_counts",
            "sha256",
            unique=True,
            sqlite_where=text("void_at IS NULL"),
            postgresql_where=text("void_at IS NULL"),
        ),
    )

    sha256: Mapped[str] = mapped_column(ForeignKey("sealed_object.sha256"))
    size_bytes: Mapped[int] = mapped_column(BYTE_COUNT)
    # [{"incident", "kind", "moment"}, …] as they cited it; empty: nothing did
    belonged_to: Mapped[list[Any]]
    why: Mapped[str] = mapped_column(String(64))  # the reason of the rule, a word of evidence/retention.py
    rule: Mapped[str] = mapped_column(String(300))
    actor: Mapped[str] = mapped_column(String(100))
    intended_at: Mapped[datetime]
    done_at: Mapped[datetime | None]
    void_at: Mapped[datetime | None]
    void_why: Mapped[str | None] = mapped_column(String(200))


class ViewingReason(Base):
    """What a signed-in browser said it looks at an incident for, before anything was shown."""

    __tablename__ = "viewing_reason"
    __table_args__ = (CheckConstraint("reason <> ''", name="has_words"),)

    token_digest: Mapped[str] = mapped_column(
        ForeignKey("user_session.token_digest", ondelete="CASCADE"), primary_key=True
    )
    incident_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("incident.id"), primary_key=True)
    reason: Mapped[str] = mapped_column(String(400))
    at: Mapped[datetime]
