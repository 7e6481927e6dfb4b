"""Reasons against: what was looked for that may speak for who is accused, and what was permitted to whom.

A row for every answer. A later one of the same kind stands beside the earlier: a plate may be read after the incident
was opened, and a queue shows itself when it moves.
"""

import uuid
from datetime import date, datetime
from typing import Any

from sqlalchemy import CheckConstraint, Date, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, WithId, words
from models.enums import ReasonKind, ReasonVerdict


class IncidentReason(Base):
    """One answer. facts: the figures its words are filled with, and boxes in pixels of the main stream.

    at: the moment in the street it speaks of. noted_at: when the program said so.
    """

    __tablename__ = "incident_reason"
    __table_args__ = (CheckConstraint("seq >= 1", name="seq_counts_from_one"),)

    incident_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("incident.id"), primary_key=True)
    seq: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[ReasonKind] = mapped_column(words(ReasonKind, "reason_kind"))
    verdict: Mapped[ReasonVerdict] = mapped_column(words(ReasonVerdict, "reason_verdict"))
    facts: Mapped[dict[str, Any]]
    at: Mapped[datetime]
    noted_at: Mapped[datetime]


class Permission(Base, WithId):
    """With a plate a permit, without one a temporary permission for everybody; of one geofence, or of all of a site.

    Dates are local to the site, both included; hours: a timetable, empty: all day. paper: who gave it, and its number.
    withdrawn_at: from then on it permits nothing.
    """

    __tablename__ = "permission"
    __table_args__ = (
        CheckConstraint("to_on >= from_on", name="ends_after_start"),
        CheckConstraint("plate IS NOT NULL OR geofence_id IS NOT NULL", name="of_a_vehicle_or_a_place"),
        CheckConstraint("paper <> ''", name="has_paper"),
        Index("ix_permission_site_id", "site_id"),
    )

    site_id: Mapped[int] = mapped_column(ForeignKey("site.id"))
    plate: Mapped[str | None] = mapped_column(String(16))
    geofence_id: Mapped[str | None] = mapped_column(ForeignKey("geofence.id"))
    offences: Mapped[list[Any]]  # empty: every one
    from_on: Mapped[date] = mapped_column(Date)
    to_on: Mapped[date] = mapped_column(Date)
    hours: Mapped[list[Any]]
    paper: Mapped[str] = mapped_column(String(200))
    given_at: Mapped[datetime]
    given_by: Mapped[str] = mapped_column(String(100))
    withdrawn_at: Mapped[datetime | None]
