"""What is handed in: files on their way from recorders, stations and phones, and the keys that programs send them with.

The bytes lie beside the vault until they are whole (cases/part_files.py); cases/uploads.py writes these rows.
"""

import uuid
from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.base import BYTE_COUNT, Base, WithId, words
from models.enums import UploadState
from models.people import User


class UploadToken(Base, WithId):
    """What a program shows instead of a password. It opens the door for uploads and no other.

    Only the SHA-256 is kept, so a copy of the table opens nothing.
    """

    __tablename__ = "upload_token"
    __table_args__ = (
        CheckConstraint("expires_at > created_at", name="expires_after_start"),
        CheckConstraint("label <> ''", name="has_label"),
    )

    token_digest: Mapped[str] = mapped_column(String(64), unique=True)
    user_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("user.id", ondelete="CASCADE"), index=True)
    label: Mapped[str] = mapped_column(String(100))  # of the station or program it was given to
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]

    user: Mapped[User] = relationship(lazy="raise")


class Upload(Base, WithId):
    """One file that somebody hands in. `offset`: so many bytes are on disk for certain.

    file_name: as the sender calls it, to be shown and never to be opened. claimed_sha256: what the sender says the
    whole will be; sha256: what it was. looked_into: how often it was opened, counted before each time.
    """

    __tablename__ = "upload"
    __table_args__ = (
        CheckConstraint("length > 0", name="not_empty"),
        CheckConstraint('"offset" >= 0 AND "offset" <= length', name="offset_within"),
        CheckConstraint("state <> 'sealed' OR sha256 IS NOT NULL", name="sealed_has_digest"),
        CheckConstraint("state <> 'taken' OR recording_id IS NOT NULL", name="taken_has_recording"),
        CheckConstraint("state NOT IN ('quarantined', 'given_up') OR why IS NOT NULL", name="ended_says_why"),
        CheckConstraint("looked_into >= 0", name="looks_count"),
        Index("ix_upload_state_touched_at", "state", "touched_at"),
        Index("ix_upload_user_id_created_at", "user_id", "created_at"),
    )

    user_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("user.id"))
    recorder_id: Mapped[str] = mapped_column(ForeignKey("camera.id"))
    file_name: Mapped[str] = mapped_column(String(255))
    suffix: Mapped[str] = mapped_column(String(10))  # of the kind of file, with its dot
    length: Mapped[int] = mapped_column(BYTE_COUNT)
    offset: Mapped[int] = mapped_column(BYTE_COUNT)
    claimed_sha256: Mapped[str | None] = mapped_column(String(64))
    state: Mapped[UploadState] = mapped_column(words(UploadState, "upload_state"))
    created_at: Mapped[datetime]
    touched_at: Mapped[datetime]
    sha256: Mapped[str | None] = mapped_column(ForeignKey("sealed_object.sha256"), index=True)
    looked_into: Mapped[int] = mapped_column(default=0)
    recording_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("recording.id"), index=True)
    why: Mapped[str | None] = mapped_column(String(500))
    doubt: Mapped[str | None] = mapped_column(String(500))  # what speaks against these bytes before anybody opens them
