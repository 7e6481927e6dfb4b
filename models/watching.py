"""Live cameras: how each is reached, who watches it, what state it is in, and what is remembered of it.

A camera without a CameraConnection is one whose recordings are brought in; nobody dials it.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, String, false, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.base import Base, words
from models.enums import CameraState, ClockMeasure, Transport
from models.places import Camera

HOME = ""  # the view of a fixed camera, and of a dome that has no presets
FORGOTTEN = b""  # in place of a fingerprint, since `learnt_at`: the view was turned on purpose and is to be learnt anew


class CameraConnection(Base):
    """How a live camera is reached. Its main stream is `camera.source`, without user name and password in it.

    The password is sealed under `camera_connection.password:<camera id>`. plate_zoom: how near a dome goes for the
    plate of a confirmed vehicle, up to 1; None: it does not.
    """

    __tablename__ = "camera_connection"
    __table_args__ = (CheckConstraint("password_sealed IS NULL OR username IS NOT NULL", name="password_needs_user"),)

    camera_id: Mapped[str] = mapped_column(ForeignKey("camera.id"), primary_key=True)
    sub_source: Mapped[str | None] = mapped_column(String(1000))
    looks_at_sub: Mapped[bool] = mapped_column(default=False, server_default=false())  # evidence is of the main one
    transport: Mapped[Transport] = mapped_column(words(Transport, "transport"), default=Transport.TCP)
    username: Mapped[str | None] = mapped_column(String(100))
    password_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    onvif_url: Mapped[str | None] = mapped_column(String(1000))
    plate_zoom: Mapped[float | None]
    watched: Mapped[bool] = mapped_column(default=True)

    camera: Mapped[Camera] = relationship(lazy="raise")


class CameraView(Base):
    """One view of a camera: a preset of a dome, or HOME. `fingerprint` is how its still parts look.

    `position` is its turn in the tour and `stay_s` how long the dome stays; a view without them is not toured.
    `hours` is a timetable of when it is; None: always.
    """

    __tablename__ = "camera_view"
    __table_args__ = (
        CheckConstraint("(position IS NULL) = (stay_s IS NULL)", name="toured_whole"),
        CheckConstraint("stay_s IS NULL OR stay_s > 0", name="stays_a_while"),
        CheckConstraint("(fingerprint IS NULL) = (learnt_at IS NULL)", name="learnt_once"),
    )

    camera_id: Mapped[str] = mapped_column(ForeignKey("camera.id"), primary_key=True)
    preset: Mapped[str] = mapped_column(String(64), primary_key=True, default=HOME)
    token: Mapped[str | None] = mapped_column(String(64))  # what the camera calls the preset
    position: Mapped[int | None]
    stay_s: Mapped[float | None]
    hours: Mapped[list[Any] | None]
    fingerprint: Mapped[bytes | None] = mapped_column(LargeBinary)
    learnt_at: Mapped[datetime | None]


class CameraCondition(Base):
    """A state a camera was in, from when to when. The open one is its state now."""

    __tablename__ = "camera_condition"
    __table_args__ = (
        CheckConstraint("until_at IS NULL OR until_at >= since_at", name="ends_after_start"),
        Index(
            "uq_camera_condition_now",
            "camera_id",
            unique=True,
            sqlite_where=text("until_at IS NULL"),
            postgresql_where=text("until_at IS NULL"),
        ),
    )

    camera_id: Mapped[str] = mapped_column(ForeignKey("camera.id"), primary_key=True)
    since_at: Mapped[datetime] = mapped_column(primary_key=True)
    until_at: Mapped[datetime | None]
    state: Mapped[CameraState] = mapped_column(words(CameraState, "camera_state"))
    detail: Mapped[str | None] = mapped_column(String(300))


class CameraLease(Base):
    """Which watcher has a camera, and until when unless it says so again. `fence` counts the takings.

    Whoever writes for a camera names the fence it was given; one that is not the newest writes nothing.
    """

    __tablename__ = "camera_lease"
    __table_args__ = (CheckConstraint("fence >= 1", name="fence_counts_from_one"),)

    camera_id: Mapped[str] = mapped_column(ForeignKey("camera.id"), primary_key=True)
    holder: Mapped[str] = mapped_column(String(100), index=True)
    fence: Mapped[int]
    taken_at: Mapped[datetime]
    expires_at: Mapped[datetime]


class CameraPulse(Base):
    """How a watched camera is doing, as its watcher last said it: for people and for metrics, not for decisions."""

    __tablename__ = "camera_pulse"

    camera_id: Mapped[str] = mapped_column(ForeignKey("camera.id"), primary_key=True)
    at: Mapped[datetime]
    last_packet_at: Mapped[datetime | None]
    last_look_at: Mapped[datetime | None]
    # counters since the watcher took the camera, and the facts of its stream
    figures: Mapped[dict[str, Any]]


class CameraClock(Base):
    """What was measured of a camera's clock: its offset (our UTC minus the camera's) and the bound of its error."""

    __tablename__ = "camera_clock"
    __table_args__ = (CheckConstraint("error_s >= 0", name="error_is_a_bound"),)

    camera_id: Mapped[str] = mapped_column(ForeignKey("camera.id"), primary_key=True)
    at: Mapped[datetime] = mapped_column(primary_key=True)
    offset_s: Mapped[float]
    error_s: Mapped[float]
    measure: Mapped[ClockMeasure] = mapped_column(words(ClockMeasure, "clock_measure"))


class CameraMemory(Base):
    """What a watcher needs to go on with the dwells of a camera that another one watched before it."""

    __tablename__ = "camera_memory"

    camera_id: Mapped[str] = mapped_column(ForeignKey("camera.id"), primary_key=True)
    fence: Mapped[int]
    at: Mapped[datetime]
    content: Mapped[bytes] = mapped_column(LargeBinary)
