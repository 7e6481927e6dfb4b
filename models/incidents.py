"""What happened: recording, incident with its sightings and events, draft case, review decision.

`incident.state` has one writer, cases/lifecycle.py; every change has its CaseEvent in the same transaction.
"""

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.base import BYTE_COUNT, Base, WithId, one_of, words
from models.enums import (
    Act,
    ClockSource,
    Decision,
    IncidentState,
    Offence,
    RecordingState,
    SightingKind,
)
from models.people import User
from models.places import Camera, GeofenceVersion

OPEN_STATES = (IncidentState.OBSERVED, IncidentState.NOTIFIED)


class Recording(Base, WithId):
    """A video file taken through the road; known by what it holds, not by where it lay."""

    __tablename__ = "recording"
    __table_args__ = (
        UniqueConstraint("camera_id", "sha256", "started_at"),
        CheckConstraint("size_bytes > 0", name="not_empty"),
    )

    camera_id: Mapped[str] = mapped_column(ForeignKey("camera.id"))
    path: Mapped[str] = mapped_column(String(1000))
    sha256: Mapped[str] = mapped_column(String(64))
    size_bytes: Mapped[int] = mapped_column(BYTE_COUNT)
    started_at: Mapped[datetime]
    clock_source: Mapped[ClockSource] = mapped_column(words(ClockSource, "clock_source"))
    state: Mapped[RecordingState] = mapped_column(words(RecordingState, "recording_state"))
    start_error_s: Mapped[float | None]  # bound of what started_at may be wrong by; None: not known
    moves: Mapped[bool | None]  # whether its camera moved, by its track; None: nobody knows more than its kind
    length_s: Mapped[float | None]
    analysed_s: Mapped[float | None]  # how far an analysis under way has come
    failure: Mapped[str | None] = mapped_column(String(500))
    # what the analysis was made with and what it cost: sampling, model digest, frames, seconds, gaps
    analysis: Mapped[dict[str, Any] | None]

    camera: Mapped[Camera] = relationship(lazy="raise")


class Incident(Base, WithId):
    """One conduct, one object, one place, from first sighting to end. Boxes are pixels of the main stream."""

    __tablename__ = "incident"
    __table_args__ = (
        CheckConstraint("confirmed_at >= first_seen_at", name="confirmed_after_seen"),
        CheckConstraint("last_seen_at >= first_seen_at", name="last_after_first"),
        CheckConstraint("stopped_at IS NULL OR stopped_at >= first_seen_at", name="stopped_after_seen"),
        CheckConstraint("confidence BETWEEN 0 AND 1", name="confidence_is_share"),
        CheckConstraint("plate_confidence IS NULL OR plate IS NOT NULL", name="confidence_needs_plate"),
        CheckConstraint("box_x2 > box_x1 AND box_y2 > box_y1", name="box_has_area"),
        CheckConstraint("state <> 'resolved' OR left_at IS NOT NULL", name="resolved_needs_left"),
        Index(
            "uq_incident_open_conduct",
            "camera_id",
            "conduct_key",
            unique=True,
            sqlite_where=text(one_of("state", OPEN_STATES)),
            postgresql_where=text(one_of("state", OPEN_STATES)),
        ),
        Index("ix_incident_state_confirmed_at", "state", "confirmed_at"),
        Index("ix_incident_next_step_at", "next_step_at"),
        Index("ix_incident_camera_id_confirmed_at", "camera_id", "confirmed_at"),
    )

    camera_id: Mapped[str] = mapped_column(ForeignKey("camera.id"))
    geofence_version_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("geofence_version.id"))
    recording_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("recording.id"), index=True)
    offence: Mapped[Offence] = mapped_column(words(Offence, "offence"))
    state: Mapped[IncidentState] = mapped_column(words(IncidentState, "incident_state"))
    # the same object at the same place and time has the same key, whoever reports it and however often
    conduct_key: Mapped[str] = mapped_column(String(200))
    first_seen_at: Mapped[datetime]
    stopped_at: Mapped[datetime | None]  # None: it already stood there when the watching began
    confirmed_at: Mapped[datetime]
    last_seen_at: Mapped[datetime]
    grace_ends_at: Mapped[datetime | None]
    left_at: Mapped[datetime | None]
    next_step_at: Mapped[datetime | None]  # when its ladder is to be looked at again; None: nothing is to be done
    box_x1: Mapped[float]
    box_y1: Mapped[float]
    box_x2: Mapped[float]
    box_y2: Mapped[float]
    confidence: Mapped[float]
    plate: Mapped[str | None] = mapped_column(String(16))
    plate_confidence: Mapped[float | None]
    plate_confirmed_by: Mapped[str | None] = mapped_column(String(100))  # a person; what was read stays in plate_read
    # weights, stream, clock as of the confirmation (evidence/seen_with.py); None: opened before that was written
    seen_with: Mapped[dict[str, Any] | None]

    camera: Mapped[Camera] = relationship(lazy="raise")
    geofence_version: Mapped[GeofenceVersion] = relationship(lazy="raise")
    recording: Mapped[Recording | None] = relationship(lazy="raise")


class Sighting(Base):
    """What a rule saw of the object at one look. Gaps are rows too: nothing is missing silently."""

    __tablename__ = "sighting"
    __table_args__ = (
        CheckConstraint("kind <> 'seen' OR x1 IS NOT NULL", name="seen_needs_box"),
        CheckConstraint("until_at IS NULL OR until_at >= at", name="gap_runs_forward"),
    )

    incident_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("incident.id"), primary_key=True)
    at: Mapped[datetime] = mapped_column(primary_key=True)
    kind: Mapped[SightingKind] = mapped_column(words(SightingKind, "sighting_kind"))
    until_at: Mapped[datetime | None]  # end of a gap
    note: Mapped[str | None] = mapped_column(String(200))
    x1: Mapped[float | None]
    y1: Mapped[float | None]
    x2: Mapped[float | None]
    y2: Mapped[float | None]
    confidence: Mapped[float | None]
    share_inside: Mapped[float | None]  # of the ground contact


class CaseEvent(Base):
    """One act on an incident. Appended, never edited: triggers of the schema refuse UPDATE and DELETE."""

    __tablename__ = "case_event"
    __table_args__ = (
        CheckConstraint("seq >= 1", name="seq_counts_from_one"),
        CheckConstraint("actor <> ''", name="has_actor"),
    )

    incident_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("incident.id"), primary_key=True)
    seq: Mapped[int] = mapped_column(primary_key=True)
    act: Mapped[Act] = mapped_column(words(Act, "act"))
    from_state: Mapped[IncidentState | None] = mapped_column(words(IncidentState, "event_from_state"))
    to_state: Mapped[IncidentState] = mapped_column(words(IncidentState, "event_to_state"))
    actor: Mapped[str] = mapped_column(String(100))
    at: Mapped[datetime]  # when it was done
    conduct_at: Mapped[datetime | None]  # the moment in the street it speaks of
    facts: Mapped[dict[str, Any]]


class DraftCase(Base, WithId):
    """The file proposed to a person. It has no legal effect. `content` is what both documents are made from."""

    __tablename__ = "draft_case"
    __table_args__ = (
        UniqueConstraint("incident_id", "version"),
        CheckConstraint("version >= 1", name="version_counts_from_one"),
    )

    incident_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("incident.id"))
    version: Mapped[int]
    content: Mapped[dict[str, Any]]
    made_at: Mapped[datetime]
    software: Mapped[str] = mapped_column(String(100))
    edited_by: Mapped[str | None] = mapped_column(String(100))  # None: as the program composed it
    edited_from: Mapped[int | None]  # the version it was edited from


class ReviewDecision(Base, WithId):
    """A named person's decision on one draft, with the reason. 行政处罚法 art. 41(2): unreviewed is not evidence."""

    __tablename__ = "review_decision"
    __table_args__ = (
        CheckConstraint("reason <> ''", name="has_reason"),
        CheckConstraint(
            "decision <> 'accept' OR (is_true AND is_clear AND is_complete AND is_accurate)",
            name="accept_needs_four_points",
        ),
        CheckConstraint("decision = 'dismiss' OR draft_case_id IS NOT NULL", name="decides_on_a_draft"),
    )

    incident_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("incident.id"), index=True)
    draft_case_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("draft_case.id"))
    user_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("user.id"))
    decision: Mapped[Decision] = mapped_column(words(Decision, "decision"))
    reason: Mapped[str] = mapped_column(Text)
    ground: Mapped[str | None] = mapped_column(String(32))  # a word of Ground; None: decided before there were any
    is_true: Mapped[bool]
    is_clear: Mapped[bool]
    is_complete: Mapped[bool]
    is_accurate: Mapped[bool]
    at: Mapped[datetime]

    user: Mapped[User] = relationship(lazy="raise")
