"""The case file as a whole: its archive volume, the review of archived files, the words it is found by.

A volume is a promise first, as a derivative is: asked for with a reason, then made or not; what was made lies in the
vault. A file's words are kept as they are searched; what is sealed elsewhere (names and numbers of persons) is not
among them.
"""

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.base import Base, WithId, words
from models.case_files import CaseFile
from models.enums import VolumeState
from models.exhibits import SealedObject
from models.people import User

ASKED_FOR = text("state = 'asked'")
UNDER_WAY = text("finished_at IS NULL")
# the index over `file_search.grams` is of each engine's own kind, and the migration makes it: on PostgreSQL an index,
# on SQLite a table of FTS5, with others that SQLite keeps for it, whose names begin so
SEARCH_INDEX = "file_search_fts"


class FileVolume(Base, WithId):
    """order: name and version of the archive order it is bound by. done, parts: how far the making has come.

    contents: the catalogue as it was printed, each part with its first page and what it was made from.
    """

    __tablename__ = "file_volume"
    __table_args__ = (
        UniqueConstraint("file_id", "version"),
        CheckConstraint("(state = 'made') = (sha256 IS NOT NULL)", name="made_has_bytes"),
        CheckConstraint("(state = 'made') = (pages IS NOT NULL)", name="made_has_pages"),
        CheckConstraint("(state = 'made') = (contents IS NOT NULL)", name="made_has_contents"),
        CheckConstraint("(state = 'failed') = (failure IS NOT NULL)", name="failed_says_why"),
        CheckConstraint("reason <> ''", name="has_reason"),
        CheckConstraint("done >= 0 AND parts >= 0 AND version >= 1", name="counts"),
        Index("uq_file_volume_asked", "file_id", unique=True, sqlite_where=ASKED_FOR, postgresql_where=ASKED_FOR),
    )

    file_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("case_file.id"))
    version: Mapped[int]
    order: Mapped[str] = mapped_column(String(64))
    language: Mapped[str] = mapped_column(String(8))
    state: Mapped[VolumeState] = mapped_column(words(VolumeState, "volume_state"), index=True)
    asked_by_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("user.id"))
    asked_at: Mapped[datetime]
    reason: Mapped[str] = mapped_column(String(400))
    done: Mapped[int] = mapped_column(default=0)
    parts: Mapped[int] = mapped_column(default=0)
    made_at: Mapped[datetime | None]
    sha256: Mapped[str | None] = mapped_column(ForeignKey("sealed_object.sha256"), index=True)
    pages: Mapped[int | None]
    contents: Mapped[list[Any] | None] = mapped_column(JSON(none_as_null=True))
    failure: Mapped[str | None] = mapped_column(String(500))

    file: Mapped[CaseFile] = relationship(lazy="raise")
    asked_by: Mapped[User] = relationship(lazy="raise")
    sealed: Mapped[SealedObject | None] = relationship(lazy="raise")


class FileScore(Base, WithId):
    """One review of an archived case file by a score sheet. sheet: its name and version. points: what is left of it."""

    __tablename__ = "file_score"
    __table_args__ = (
        CheckConstraint("(finished_at IS NULL) = (points IS NULL)", name="finished_whole"),
        CheckConstraint("points IS NULL OR points >= 0", name="points_count"),
        Index("uq_file_score_under_way", "file_id", unique=True, sqlite_where=UNDER_WAY, postgresql_where=UNDER_WAY),
    )

    file_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("case_file.id"), index=True)
    sheet: Mapped[str] = mapped_column(String(64))
    reviewer_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("user.id"), index=True)
    begun_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]
    points: Mapped[int | None]
    opinion: Mapped[str] = mapped_column(Text, default="")

    file: Mapped[CaseFile] = relationship(lazy="raise")
    reviewer: Mapped[User] = relationship(lazy="raise")
    items: Mapped[list["FileScoreItem"]] = relationship(lazy="raise", order_by="FileScoreItem.place")


class FileScoreItem(Base, WithId):
    """One item of the sheet. found: what the program saw by itself when the review began, with pointers; None where
    only a person can judge.
    """

    __tablename__ = "file_score_item"
    __table_args__ = (
        UniqueConstraint("score_id", "code"),
        CheckConstraint("points > 0 AND deducted >= 0 AND deducted <= points", name="deducts_what_there_is"),
        CheckConstraint("deducted = 0 OR reason <> ''", name="deducted_with_a_reason"),
    )

    score_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("file_score.id"))
    place: Mapped[int]
    code: Mapped[str] = mapped_column(String(64))
    points: Mapped[int]
    found: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    deducted: Mapped[int] = mapped_column(default=0)
    reason: Mapped[str] = mapped_column(String(1000), default="")


class FileSearch(Base):
    """What a case file is found by. words: as they are compared. grams: their pieces, for the index of the engine.

    On PostgreSQL that is a GIN index over the pieces, on SQLite a table of FTS5 that triggers keep up to date: see
    SEARCH_INDEX and docs/decisions/0017-search.md.
    """

    __tablename__ = "file_search"
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    file_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("case_file.id"), unique=True)
    words: Mapped[str] = mapped_column(Text)
    grams: Mapped[str] = mapped_column(Text)
