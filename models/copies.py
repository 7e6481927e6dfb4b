"""Copies of sealed objects in a store beside the vault: what is there, what was tried, and when it was last shown.

The row comes before the bytes: whoever was killed between the two is found out. evidence/copies.py does the work.
"""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from models.base import BYTE_COUNT, Base, words
from models.enums import CopyState


class ObjectCopy(Base):
    """One object in one store. Its digest is that of the plain bytes, however the store holds them.

    key: its name in the store. sealed_for: the public key its bytes are encrypted for; None: plain.
    etag, version, locked_until: as the store says; a store without object lock says nothing of the last.
    """

    __tablename__ = "object_copy"
    __table_args__ = (
        CheckConstraint("state <> 'verified' OR verified_at IS NOT NULL", name="verified_says_when"),
        CheckConstraint("state NOT IN ('failed', 'differs') OR note IS NOT NULL", name="trouble_says_why"),
        CheckConstraint("tries >= 0", name="tries_count"),
    )

    sha256: Mapped[str] = mapped_column(ForeignKey("sealed_object.sha256"), primary_key=True)
    store: Mapped[str] = mapped_column(String(300), primary_key=True)
    key: Mapped[str] = mapped_column(String(200))
    state: Mapped[CopyState] = mapped_column(words(CopyState, "copy_state"), index=True)
    sealed_for: Mapped[str | None] = mapped_column(String(100))
    stored_bytes: Mapped[int | None] = mapped_column(BYTE_COUNT)
    etag: Mapped[str | None] = mapped_column(String(200))
    version: Mapped[str | None] = mapped_column(String(200))
    locked_until: Mapped[datetime | None]
    tries: Mapped[int] = mapped_column(default=0)
    note: Mapped[str | None] = mapped_column(String(500))
    at: Mapped[datetime]  # of the last change
    again_at: Mapped[datetime]  # not before this is it tried again
    verified_at: Mapped[datetime | None]  # when it was last read back whole, with the digest it was sealed with
