"""Clocks of case files: where one was stopped, how long one was extended, when they were looked at, whom to remind.

When a clock began and when it is due is not kept: it follows from what happened (cases/casework/clocks.py).
"""

import uuid
from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, String, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.base import Base, WithId, words
from models.enums import StopCause
from models.people import User

STANDS = text("started_at IS NULL")


class FileClockStop(Base, WithId):
    """A clock that a person stopped, and started again. clock: its name in clocks.toml. of: which one, where a file has
    several of that name (a measure, a point of the defence). Days after stopped_on, up to started_on, do not count.
    """

    __tablename__ = "file_clock_stop"
    __table_args__ = (
        CheckConstraint("clock <> '' AND reason <> ''", name="says_which_and_why"),
        CheckConstraint("started_on IS NULL OR started_on >= stopped_on", name="started_after_stopped"),
        CheckConstraint(
            "(started_at IS NULL) = (started_on IS NULL) AND (started_at IS NULL) = (started_by_id IS NULL)",
            name="started_whole",
        ),
        Index(
            "uq_file_clock_stop_stands",
            "file_id",
            "clock",
            "of",
            unique=True,
            sqlite_where=STANDS,
            postgresql_where=STANDS,
        ),
    )

    file_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("case_file.id"), index=True)
    clock: Mapped[str] = mapped_column(String(32))
    of: Mapped[str] = mapped_column(String(64), default="")
    cause: Mapped[StopCause] = mapped_column(words(StopCause, "stop_cause"))
    reason: Mapped[str] = mapped_column(String(1000))
    stopped_on: Mapped[date]
    stopped_at: Mapped[datetime]
    stopped_by_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("user.id"))
    started_on: Mapped[date | None]
    started_at: Mapped[datetime | None]
    started_by_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("user.id"))

    stopped_by: Mapped[User] = relationship(lazy="raise", foreign_keys=[stopped_by_id])
    started_by: Mapped[User | None] = relationship(lazy="raise", foreign_keys=[started_by_id])


class FileClockExtension(Base, WithId):
    """A clock that a leader extended, by days of its own kind."""

    __tablename__ = "file_clock_extension"
    __table_args__ = (
        CheckConstraint("clock <> '' AND reason <> ''", name="says_which_and_why"),
        CheckConstraint("days > 0", name="extends"),
    )

    file_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("case_file.id"), index=True)
    clock: Mapped[str] = mapped_column(String(32))
    of: Mapped[str] = mapped_column(String(64), default="")
    days: Mapped[int]
    reason: Mapped[str] = mapped_column(String(1000))
    extended_on: Mapped[date]
    extended_at: Mapped[datetime]
    approved_by_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("user.id"))

    approved_by: Mapped[User] = relationship(lazy="raise")


class FileClockLook(Base):
    """When the clocks of a case file are looked at next, for reminders. Its row is locked by who looks."""

    __tablename__ = "file_clock_look"

    file_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("case_file.id"), primary_key=True)
    next_at: Mapped[datetime] = mapped_column(index=True)


class ReminderPhone(Base):
    """The number on which a user wants to be reminded, as they entered it; sealed under `reminder_phone.phone:<id>`."""

    __tablename__ = "reminder_phone"

    user_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("user.id", ondelete="CASCADE"), primary_key=True)
    phone_sealed: Mapped[bytes] = mapped_column(LargeBinary)
    phone_index: Mapped[str] = mapped_column(String(64), index=True)
    entered_at: Mapped[datetime]
