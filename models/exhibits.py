"""What proves it: sealed objects in the vault, the exhibits that cite them, and who held or opened them."""

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.base import BYTE_COUNT, Base, WithId, words
from models.enums import CustodyAct, ExhibitKind, ExhibitMoment


class SealedObject(Base):
    """Bytes in the vault, known by their digest. The row is written when the object is whole and on disk."""

    __tablename__ = "sealed_object"
    __table_args__ = (
        CheckConstraint("size_bytes > 0", name="not_empty"),
        CheckConstraint("length(sha256) = 64", name="digest_is_sha256"),
    )

    sha256: Mapped[str] = mapped_column(String(64), primary_key=True)
    size_bytes: Mapped[int] = mapped_column(BYTE_COUNT)
    media_type: Mapped[str] = mapped_column(String(100))
    suffix: Mapped[str] = mapped_column(String(10))  # of the file in the vault, with its dot
    sealed_at: Mapped[datetime]


class Exhibit(Base, WithId):
    """A sealed object cited by an incident, with the recipe it was made by.

    recipe: for an original, how it was cut (packets, GOPs, offsets); for a still, the frame and the decoder;
    for a derivative, the digest of its original and every parameter.
    """

    __tablename__ = "exhibit"
    __table_args__ = (
        UniqueConstraint("incident_id", "kind", "moment"),
        CheckConstraint("to_at >= from_at", name="runs_forward"),
    )

    incident_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("incident.id"))
    sha256: Mapped[str] = mapped_column(ForeignKey("sealed_object.sha256"), index=True)
    kind: Mapped[ExhibitKind] = mapped_column(words(ExhibitKind, "exhibit_kind"))
    moment: Mapped[ExhibitMoment] = mapped_column(words(ExhibitMoment, "exhibit_moment"))
    from_at: Mapped[datetime]
    to_at: Mapped[datetime]
    recipe: Mapped[dict[str, Any]]

    sealed: Mapped[SealedObject] = relationship(lazy="raise")


class CustodyEvent(Base):
    """Who held or opened what, when and why. Each names the digest of the one before; appended, never edited."""

    __tablename__ = "custody_event"
    __table_args__ = (
        CheckConstraint("seq >= 1", name="seq_counts_from_one"),
        CheckConstraint("actor <> ''", name="has_actor"),
        CheckConstraint("(seq = 1) = (previous IS NULL)", name="chained"),
    )

    incident_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("incident.id"), primary_key=True)
    seq: Mapped[int] = mapped_column(primary_key=True)
    act: Mapped[CustodyAct] = mapped_column(words(CustodyAct, "custody_act"))
    actor: Mapped[str] = mapped_column(String(100))
    at: Mapped[datetime]
    reason: Mapped[str] = mapped_column(String(500))
    sha256: Mapped[str | None] = mapped_column(ForeignKey("sealed_object.sha256"))  # None: the whole incident
    previous: Mapped[str | None] = mapped_column(String(64))
    digest: Mapped[str] = mapped_column(String(64))
