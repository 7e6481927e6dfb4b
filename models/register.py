"""Who asked the register for the owner of which vehicle, and what for: a row for every look-up."""

import uuid
from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, WithId, words
from models.enums import LookupOutcome, LookupSource


class RegisterLookup(Base, WithId):
    """One look-up. It says whether somebody was found and never whom."""

    __tablename__ = "register_lookup"
    __table_args__ = (
        CheckConstraint("purpose <> ''", name="has_purpose"),
        Index("ix_register_lookup_plate_at", "plate", "at"),
    )

    plate: Mapped[str] = mapped_column(String(16))
    purpose: Mapped[str] = mapped_column(String(200))
    asked_by: Mapped[str] = mapped_column(String(100))
    incident_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("incident.id"), index=True)
    source: Mapped[LookupSource] = mapped_column(words(LookupSource, "lookup_source"))
    outcome: Mapped[LookupOutcome] = mapped_column(words(LookupOutcome, "lookup_outcome"))
    at: Mapped[datetime]
