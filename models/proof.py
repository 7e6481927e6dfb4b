"""What makes tampering evident: the log and its heads, the seals' statements, timestamps, and the keys that sign.

Rows here are written once. What comes later to a row (its place in the log, a signature, a token) is set once where
nothing was, and triggers of the schema refuse any other change. How they fit together: docs/evidence.md.
"""

import uuid
from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.base import Base, WithId, words
from models.enums import LogKind
from models.exhibits import Exhibit


class SigningKeyRow(Base):
    """A public key of the site. The one without an end signs; those before it are kept for what they signed."""

    __tablename__ = "signing_key"
    __table_args__ = (
        CheckConstraint("length(key_id) = 64", name="id_is_sha256"),
        CheckConstraint("valid_to IS NULL OR valid_to >= valid_from", name="ends_after_start"),
        Index(
            "uq_signing_key_in_use",
            "algorithm",
            unique=True,
            sqlite_where=text("valid_to IS NULL"),
            postgresql_where=text("valid_to IS NULL"),
        ),
    )

    key_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    algorithm: Mapped[str] = mapped_column(String(16))
    public_pem: Mapped[str] = mapped_column(Text)
    valid_from: Mapped[datetime]
    valid_to: Mapped[datetime | None]


class LogEntry(Base):
    """That something happened: which row says so, and the digest of what it says.

    Written in the transaction of that row. leaf_index is given later, by one sequencer at a time, without gaps.
    """

    __tablename__ = "log_entry"
    __table_args__ = (
        CheckConstraint("length(sha256) = 64", name="digest_is_sha256"),
        CheckConstraint("length(leaf) = 32", name="leaf_is_sha256"),
        CheckConstraint("leaf_index IS NULL OR leaf_index >= 0", name="index_counts_from_zero"),
        CheckConstraint("kind NOT IN ('deletion', 'key', 'opening') OR content IS NOT NULL", name="content_kept"),
        Index(
            "ix_log_entry_unsequenced",
            "id",
            sqlite_where=text("leaf_index IS NULL"),
            postgresql_where=text("leaf_index IS NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    kind: Mapped[LogKind] = mapped_column(words(LogKind, "log_kind"))
    reference: Mapped[str] = mapped_column(String(200), unique=True)
    at: Mapped[datetime]
    sha256: Mapped[str] = mapped_column(String(64))
    # canonical JSON of what happened, where no other row goes on saying it
    content: Mapped[bytes | None] = mapped_column(LargeBinary)
    leaf: Mapped[bytes] = mapped_column(LargeBinary)
    leaf_index: Mapped[int | None] = mapped_column(unique=True)


class SealStatement(Base):
    """What is claimed of an exhibit at its sealing, as the very bytes that are signed and timestamped."""

    __tablename__ = "seal_statement"
    __table_args__ = (
        CheckConstraint("(signature IS NULL) = (key_id IS NULL)", name="signature_names_its_key"),
        CheckConstraint("(signature IS NULL) = (signed_at IS NULL)", name="signature_is_dated"),
        Index(
            "ix_seal_statement_unsigned",
            "exhibit_id",
            sqlite_where=text("signature IS NULL"),
            postgresql_where=text("signature IS NULL"),
        ),
    )

    exhibit_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("exhibit.id"), primary_key=True)
    content: Mapped[bytes] = mapped_column(LargeBinary)
    stated_at: Mapped[datetime]
    signature: Mapped[bytes | None] = mapped_column(LargeBinary)
    key_id: Mapped[str | None] = mapped_column(ForeignKey("signing_key.key_id"))
    signed_at: Mapped[datetime | None]

    exhibit: Mapped[Exhibit] = relationship(lazy="raise")


class TreeHead(Base):
    """The size and root of the log at one moment, signed. `body` is what is signed and timestamped."""

    __tablename__ = "tree_head"
    __table_args__ = (
        CheckConstraint("size >= 0", name="size_counts"),
        CheckConstraint("length(root) = 32", name="root_is_sha256"),
        CheckConstraint("(published_at IS NULL) = (published_to IS NULL)", name="published_somewhere"),
    )

    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    size: Mapped[int]
    root: Mapped[bytes] = mapped_column(LargeBinary)
    at: Mapped[datetime]
    body: Mapped[bytes] = mapped_column(LargeBinary)
    signature: Mapped[bytes] = mapped_column(LargeBinary)
    key_id: Mapped[str] = mapped_column(ForeignKey("signing_key.key_id"))
    published_to: Mapped[str | None] = mapped_column(String(1000))
    published_at: Mapped[datetime | None]
    publish_tries: Mapped[int] = mapped_column(default=0)
    publish_next_at: Mapped[datetime]
    publish_failure: Mapped[str | None] = mapped_column(String(500))


class Timestamp(Base, WithId):
    """A timestamp that is owed to a statement or a head: when it was asked for, what came of it, the token.

    Promised in the transaction of what it is for, so that a delay is on record from the first moment.
    """

    __tablename__ = "timestamp"
    __table_args__ = (
        CheckConstraint("(exhibit_id IS NULL) <> (head_number IS NULL)", name="of_one_thing"),
        CheckConstraint("(token IS NULL) = (stamped_at IS NULL)", name="token_has_its_time"),
        CheckConstraint("token IS NULL OR answered_at IS NOT NULL", name="token_was_answered"),
        CheckConstraint("tries >= 0", name="tries_count"),
        Index(
            "ix_timestamp_due",
            "next_at",
            sqlite_where=text("token IS NULL"),
            postgresql_where=text("token IS NULL"),
        ),
    )

    exhibit_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("seal_statement.exhibit_id"), unique=True)
    head_number: Mapped[int | None] = mapped_column(ForeignKey("tree_head.number"), unique=True)
    promised_at: Mapped[datetime]
    next_at: Mapped[datetime]
    tries: Mapped[int] = mapped_column(default=0)
    asked_at: Mapped[datetime | None]
    answered_at: Mapped[datetime | None]
    failure: Mapped[str | None] = mapped_column(String(500))  # of the last try
    token: Mapped[bytes | None] = mapped_column(LargeBinary)
    stamped_at: Mapped[datetime | None]  # the authority's time

    statement: Mapped[SealStatement | None] = relationship(lazy="raise")
    head: Mapped[TreeHead | None] = relationship(lazy="raise")
