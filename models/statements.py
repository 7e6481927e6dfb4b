"""What owners say for themselves on the page behind their message."""

import uuid
from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.base import Base, WithId, words
from models.enums import StatementKind
from models.exhibits import SealedObject


class OwnerStatement(Base, WithId):
    """Said once and never changed; the text is sealed under `owner_statement.text:<id>`. receipt: what the owner keeps
    to name it by.
    """

    __tablename__ = "owner_statement"

    incident_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("incident.id"), index=True)
    notice_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("notice.id"))
    kind: Mapped[StatementKind] = mapped_column(words(StatementKind, "statement_kind"))
    text_sealed: Mapped[bytes] = mapped_column(LargeBinary)
    receipt: Mapped[str] = mapped_column(String(20), unique=True)
    made_at: Mapped[datetime]

    attachments: Mapped[list["StatementAttachment"]] = relationship(
        lazy="raise", order_by="StatementAttachment.position"
    )


class StatementAttachment(Base):
    """A picture or document that came with a statement; its bytes lie in the vault."""

    __tablename__ = "statement_attachment"
    __table_args__ = (CheckConstraint("position >= 1", name="position_counts_from_one"),)

    statement_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("owner_statement.id"), primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(200))  # as the owner's phone called it; never a path
    sha256: Mapped[str] = mapped_column(ForeignKey("sealed_object.sha256"), index=True)

    sealed: Mapped[SealedObject] = relationship(lazy="raise")
