"""What was read on a vehicle's plate, picture by picture; the incident has what came of it.

The desk shows the readings beside the close-up, so that a person sees how sure it is and where readings differ.
"""

import uuid
from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base


class PlateRead(Base):
    """One reading of one picture. The box is of the plate, in pixels of the main stream."""

    __tablename__ = "plate_read"
    __table_args__ = (
        CheckConstraint("text <> ''", name="has_text"),
        CheckConstraint("confidence BETWEEN 0 AND 1", name="confidence_is_share"),
        CheckConstraint("x2 > x1 AND y2 > y1", name="box_has_area"),
    )

    incident_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("incident.id"), primary_key=True)
    at: Mapped[datetime] = mapped_column(primary_key=True)
    text: Mapped[str] = mapped_column(String(16))
    confidence: Mapped[float]
    kind: Mapped[str] = mapped_column(String(32))  # of plate: code of detectors/plates/grammars/*.toml
    colour: Mapped[str] = mapped_column(String(16))
    x1: Mapped[float]
    y1: Mapped[float]
    x2: Mapped[float]
    y2: Mapped[float]
