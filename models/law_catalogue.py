"""The catalogue of offences: editions as they were read in, the versions of the items in them, who brought them into
force.

A version is never edited: triggers of the schema refuse UPDATE and DELETE. That it holds no longer is a row of its own
(LawEnding), and so is every act on an edition (LawEvent).
"""

import uuid
from datetime import date, datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.base import Base, WithId, words
from models.enums import LawAct, LawEditionState, Offence
from models.people import User


class LawEdition(Base, WithId):
    """One file as it was read in. source: where its content is published. items: how many versions it brings.

    sha256: of the file's bytes.
    """

    __tablename__ = "law_edition"
    __table_args__ = (
        CheckConstraint("source <> '' AND file_name <> ''", name="says_where_from"),
        CheckConstraint("items >= 1", name="brings_something"),
        CheckConstraint("length(sha256) = 64", name="digest_is_sha256"),
    )

    source: Mapped[str] = mapped_column(String(400))
    file_name: Mapped[str] = mapped_column(String(255))
    sha256: Mapped[str] = mapped_column(String(64))
    items: Mapped[int]
    state: Mapped[LawEditionState] = mapped_column(words(LawEditionState, "law_edition_state"))
    read_at: Mapped[datetime]

    events: Mapped[list["LawEvent"]] = relationship(lazy="raise", order_by="LawEvent.seq")


class LawVersion(Base, WithId):
    """What an item of the catalogue says from a day on. valid_to: the first day it no longer holds.

    terms: the whole item (cases/law/items.py). found_by, initials: what a search looks in: its words in lower case, and
    the first letters of the Chinese ones in pinyin.
    """

    __tablename__ = "law_version"
    __table_args__ = (
        UniqueConstraint("edition_id", "code", "valid_from"),
        CheckConstraint("valid_to IS NULL OR valid_to > valid_from", name="runs_forward"),
        CheckConstraint("code <> ''", name="has_code"),
        Index("ix_law_version_code_valid_from", "code", "valid_from"),
    )

    edition_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("law_edition.id"))
    code: Mapped[str] = mapped_column(String(32))
    offence: Mapped[Offence | None] = mapped_column(words(Offence, "offence"))
    valid_from: Mapped[date]
    valid_to: Mapped[date | None]
    terms: Mapped[dict[str, Any]]
    found_by: Mapped[str] = mapped_column(Text)
    initials: Mapped[str] = mapped_column(Text)

    edition: Mapped[LawEdition] = relationship(lazy="raise")
    ending: Mapped["LawEnding | None"] = relationship(lazy="raise", foreign_keys="LawEnding.version_id")


class LawEnding(Base):
    """A version holds no longer from `ends_on` on; where that is its first day, it never held.

    followed_by_id: the version that takes its place; None: it was ended by itself.
    """

    __tablename__ = "law_ending"
    __table_args__ = (CheckConstraint("reason <> ''", name="has_reason"),)

    version_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("law_version.id"), primary_key=True)
    ends_on: Mapped[date]
    followed_by_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("law_version.id"))
    reason: Mapped[str] = mapped_column(String(400))
    ended_at: Mapped[datetime]


class LawEvent(Base):
    """One act on an edition. Appended, never edited: triggers of the schema refuse UPDATE and DELETE.

    actor_id: None where it was done from the command line; the name of who runs it is in `actor`.
    """

    __tablename__ = "law_event"
    __table_args__ = (
        CheckConstraint("seq >= 1", name="seq_counts_from_one"),
        CheckConstraint("actor <> ''", name="has_actor"),
        CheckConstraint("reason <> ''", name="has_reason"),
    )

    edition_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("law_edition.id"), primary_key=True)
    seq: Mapped[int] = mapped_column(primary_key=True)
    act: Mapped[LawAct] = mapped_column(words(LawAct, "law_act"))
    actor: Mapped[str] = mapped_column(String(100))
    actor_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("user.id"))
    at: Mapped[datetime]
    reason: Mapped[str] = mapped_column(String(400))
    facts: Mapped[dict[str, Any]]

    user: Mapped[User | None] = relationship(lazy="raise")
