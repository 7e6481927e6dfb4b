"""Reasons against: what was looked for that may speak for who is accused, and what was permitted to whom.

A row for every answer. A later one of the same kind stands beside the earlier: a plate may be read after the incident
was opened, and a queue shows itself when it moves.
"""

import uuid
from datetime import date, datetime
from typing import Any

from sqlalchemy import CheckConstraint, Date, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.base import Base, WithId, words
from models.dispatch import Area
from models.enums import PermissionAct, ReasonKind, ReasonVerdict
from models.places import Geofence


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
    """With a plate a permit, without one a temporary permission, of whoever has the stall or of everybody.

    Of one geofence, of an area with what lies in it, or of all of a site. Dates are local to the site, both included;
    hours: a timetable, empty: all day. paper: who gave it, and its number. entered_by_id: who entered it at the desk;
    None: it came with a site file. withdrawn_at: from then on it permits nothing. Otherwise it is never edited.
    """

    __tablename__ = "permission"
    __table_args__ = (
        CheckConstraint("to_on >= from_on", name="ends_after_start"),
        CheckConstraint(
            "plate IS NOT NULL OR geofence_id IS NOT NULL OR area_id IS NOT NULL", name="of_a_vehicle_or_a_place"
        ),
        CheckConstraint("geofence_id IS NULL OR area_id IS NULL", name="of_one_place"),
        CheckConstraint("stall IS NULL OR (stall <> '' AND plate IS NULL)", name="of_a_stall_or_a_vehicle"),
        CheckConstraint("paper <> ''", name="has_paper"),
        CheckConstraint("withdrawn_by IS NULL OR withdrawn_at IS NOT NULL", name="withdrawn_whole"),
        Index("ix_permission_site_id", "site_id"),
    )

    site_id: Mapped[int] = mapped_column(ForeignKey("site.id"))
    plate: Mapped[str | None] = mapped_column(String(16))
    stall: Mapped[str | None] = mapped_column(String(200))
    geofence_id: Mapped[str | None] = mapped_column(ForeignKey("geofence.id"))
    area_id: Mapped[str | None] = mapped_column(ForeignKey("area.id"))
    offences: Mapped[list[Any]]  # empty: every one
    from_on: Mapped[date] = mapped_column(Date)
    to_on: Mapped[date] = mapped_column(Date)
    hours: Mapped[list[Any]]
    paper: Mapped[str] = mapped_column(String(200))
    legal_basis: Mapped[str | None] = mapped_column(String(300))
    given_at: Mapped[datetime]
    given_by: Mapped[str] = mapped_column(String(100))
    entered_by_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("user.id"))
    withdrawn_at: Mapped[datetime | None]
    withdrawn_by: Mapped[str | None] = mapped_column(String(100))
    withdrawn_reason: Mapped[str | None] = mapped_column(String(400))

    geofence: Mapped[Geofence | None] = relationship(lazy="raise")
    area: Mapped[Area | None] = relationship(lazy="raise")


class PermissionEvent(Base):
    """One act on a permission. Appended, never edited: triggers of the schema refuse UPDATE and DELETE.

    facts: what it permitted then, as a site file has it.
    """

    __tablename__ = "permission_event"
    __table_args__ = (
        CheckConstraint("seq >= 1", name="seq_counts_from_one"),
        CheckConstraint("actor <> ''", name="has_actor"),
        CheckConstraint("reason <> ''", name="has_reason"),
    )

    permission_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("permission.id"), primary_key=True)
    seq: Mapped[int] = mapped_column(primary_key=True)
    act: Mapped[PermissionAct] = mapped_column(words(PermissionAct, "permission_act"))
    actor: Mapped[str] = mapped_column(String(100))
    at: Mapped[datetime]
    reason: Mapped[str] = mapped_column(String(400))
    facts: Mapped[dict[str, Any]]
