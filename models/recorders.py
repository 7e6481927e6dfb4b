"""Recorders and what they hand in: whose they are and who carried them, how their files are dated, where they went.

A recorder is a camera; these rows say what only recorders have. cases/recorders.py writes them.
"""

import uuid
from datetime import date, datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.base import BYTE_COUNT, Base, WithId, words
from models.enums import (
    ContainerClock,
    FolderOutcome,
    FootageRequestState,
    Offence,
    RecorderSubject,
    TrackSource,
)
from models.incidents import Recording
from models.people import Officer, User
from models.places import Camera


class Recorder(Base):
    """How a recorder's files are to be read, and whose it is. A camera without such a row is ours and writes UTC.

    clock_error_s: what its own clock may be wrong by; None: nobody checked. body: whose it is; None: ours.
    """

    __tablename__ = "recorder"
    __table_args__ = (
        CheckConstraint("clock_error_s IS NULL OR clock_error_s >= 0", name="error_is_a_bound"),
        CheckConstraint("body IS NULL OR body <> ''", name="body_has_name"),
    )

    camera_id: Mapped[str] = mapped_column(ForeignKey("camera.id"), primary_key=True)
    container_clock: Mapped[ContainerClock] = mapped_column(
        words(ContainerClock, "container_clock"), default=ContainerClock.UTC
    )
    clock_error_s: Mapped[float | None]
    body: Mapped[str | None] = mapped_column(String(200))


class RecorderAssignment(Base, WithId):
    """Which officer carries a recorder, from one day to another, both included. to_on None: until further notice."""

    __tablename__ = "recorder_assignment"
    __table_args__ = (
        CheckConstraint("to_on IS NULL OR to_on >= from_on", name="ends_after_start"),
        Index("ix_recorder_assignment_recorder_id_from_on", "recorder_id", "from_on"),
    )

    recorder_id: Mapped[str] = mapped_column(ForeignKey("camera.id"))
    officer_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("officer.id"), index=True)
    from_on: Mapped[date]
    to_on: Mapped[date | None]

    officer: Mapped[Officer] = relationship(lazy="raise")


class RecordingTrack(Base):
    """Where the camera was during a recording: a summary, with a thinned line; the side file it is from is sealed.

    spread_m: how far apart the places are. line: [[seconds from the start or null, latitude, longitude], …].
    """

    __tablename__ = "recording_track"
    __table_args__ = (
        CheckConstraint("points >= 1", name="has_points"),
        CheckConstraint("spread_m >= 0", name="spread_is_a_length"),
        CheckConstraint("(source = 'container') = (sha256 IS NULL)", name="side_file_is_sealed"),
    )

    recording_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("recording.id"), primary_key=True)
    source: Mapped[TrackSource] = mapped_column(words(TrackSource, "track_source"))
    sha256: Mapped[str | None] = mapped_column(ForeignKey("sealed_object.sha256"), index=True)
    points: Mapped[int]
    from_at: Mapped[datetime | None]
    to_at: Mapped[datetime | None]
    spread_m: Mapped[float]
    line: Mapped[list[Any]]


class FolderFile(Base):
    """A file of the watched folder as it was last dealt with. path_sha256: of its path below the folder.

    md5, sha1, sha256: of its bytes, for a list of checksums that comes later.
    """

    __tablename__ = "folder_file"
    __table_args__ = (
        CheckConstraint("outcome <> 'taken' OR upload_id IS NOT NULL", name="taken_has_upload"),
        CheckConstraint("outcome = 'taken' OR why IS NOT NULL", name="refused_says_why"),
    )

    path_sha256: Mapped[str] = mapped_column(String(64), primary_key=True)
    shown: Mapped[str] = mapped_column(String(500))  # its path, fit to be shown and never to be opened
    size_bytes: Mapped[int] = mapped_column(BYTE_COUNT)
    mtime_ns: Mapped[int] = mapped_column(BYTE_COUNT)
    md5: Mapped[str | None] = mapped_column(String(32))
    sha1: Mapped[str | None] = mapped_column(String(40))
    sha256: Mapped[str | None] = mapped_column(String(64))
    outcome: Mapped[FolderOutcome] = mapped_column(words(FolderOutcome, "folder_outcome"))
    upload_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("upload.id"), index=True)
    why: Mapped[str | None] = mapped_column(String(500))
    at: Mapped[datetime]


class RecorderEvent(Base):
    """Who did what about a recorder, a recording or a request. Appended, never edited: triggers refuse the rest."""

    __tablename__ = "recorder_event"
    __table_args__ = (
        CheckConstraint("actor <> ''", name="has_actor"),
        CheckConstraint("act <> ''", name="has_act"),
        Index("ix_recorder_event_subject", "subject", "subject_id", "at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)  # in their order
    subject: Mapped[RecorderSubject] = mapped_column(words(RecorderSubject, "recorder_subject"))
    subject_id: Mapped[str] = mapped_column(String(64))
    act: Mapped[str] = mapped_column(String(40))
    actor: Mapped[str] = mapped_column(String(100))
    at: Mapped[datetime]
    facts: Mapped[dict[str, Any]]


class FootageRequest(Base, WithId):
    """A request for what another body's recorder filmed, and the decision on it by another person than who asked.

    from_at, to_at: of the footage. valid_until: until when it may be brought into a case.
    """

    __tablename__ = "footage_request"
    __table_args__ = (
        CheckConstraint("to_at > from_at", name="covers_some_time"),
        CheckConstraint("legal_basis <> '' AND purpose <> ''", name="says_why"),
        CheckConstraint("decided_by_id IS NULL OR decided_by_id <> asked_by_id", name="decided_by_another"),
        CheckConstraint("(state IN ('approved', 'refused')) = (decided_by_id IS NOT NULL)", name="decided_by_somebody"),
        CheckConstraint("(state = 'asked') = (ended_at IS NULL)", name="ended_says_when"),
        CheckConstraint("state <> 'approved' OR valid_until IS NOT NULL", name="approval_runs_out"),
        CheckConstraint("state <> 'refused' OR reason IS NOT NULL", name="refusal_says_why"),
        Index("ix_footage_request_recorder_id_state", "recorder_id", "state"),
    )

    recorder_id: Mapped[str] = mapped_column(ForeignKey("camera.id"))
    body: Mapped[str] = mapped_column(String(200))
    from_at: Mapped[datetime]
    to_at: Mapped[datetime]
    legal_basis: Mapped[str] = mapped_column(String(500))
    purpose: Mapped[str] = mapped_column(String(500))
    state: Mapped[FootageRequestState] = mapped_column(words(FootageRequestState, "footage_request_state"))
    asked_by_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("user.id"))
    asked_at: Mapped[datetime]
    decided_by_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("user.id"))
    ended_at: Mapped[datetime | None]
    reason: Mapped[str | None] = mapped_column(String(500))
    valid_until: Mapped[datetime | None]

    recorder: Mapped[Camera] = relationship(lazy="raise")
    asked_by: Mapped[User] = relationship(lazy="raise", foreign_keys=[asked_by_id])
    decided_by: Mapped[User | None] = relationship(lazy="raise", foreign_keys=[decided_by_id])


class RecordingMark(Base, WithId):
    """What a person marked on the time-line of a recording, in its seconds; box: fractions of the picture.

    incident_id: what came of it; failure: why nothing did. Neither: a worker has not come to it yet.
    """

    __tablename__ = "recording_mark"
    __table_args__ = (
        CheckConstraint("from_s >= 0 AND to_s > from_s", name="covers_some_time"),
        CheckConstraint("x1 >= 0 AND y1 >= 0 AND x2 <= 1 AND y2 <= 1 AND x2 > x1 AND y2 > y1", name="box_in_picture"),
        CheckConstraint("note <> ''", name="says_what"),
        CheckConstraint("incident_id IS NULL OR failure IS NULL", name="one_outcome"),
    )

    recording_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("recording.id"), index=True)
    offence: Mapped[Offence] = mapped_column(words(Offence, "mark_offence"))
    from_s: Mapped[float]
    to_s: Mapped[float]
    x1: Mapped[float]
    y1: Mapped[float]
    x2: Mapped[float]
    y2: Mapped[float]
    note: Mapped[str] = mapped_column(Text)
    made_by_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("user.id"))
    at: Mapped[datetime]
    incident_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("incident.id"), index=True)
    failure: Mapped[str | None] = mapped_column(String(500))

    made_by: Mapped[User] = relationship(lazy="raise")
    recording: Mapped[Recording] = relationship(lazy="raise")
