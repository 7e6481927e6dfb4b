"""What was made from originals to be handed out: masked, captioned, made small. Beside the exhibits, never among them.

A row is a promise first: asked for by somebody with a reason, then made or not. What was made lies in the vault.
"""

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.base import Base, WithId, words
from models.enums import DerivativeForm, DerivativeState
from models.exhibits import Exhibit, SealedObject


class Derivative(Base, WithId):
    """exhibit: what it is made from; None for a contact sheet, which is made from all stills there were.

    key: the same thing asked for twice is one row. recipe: every parameter, and the digest of each original.
    codes: the anti-forgery codes it carries, with a space between: one a picture that has a caption strip.
    """

    __tablename__ = "derivative"
    __table_args__ = (
        CheckConstraint("(form = 'contact_sheet') = (exhibit_id IS NULL)", name="sheet_is_of_all"),
        CheckConstraint("(state = 'made') = (sha256 IS NOT NULL)", name="made_has_bytes"),
        CheckConstraint("(state = 'made') = (recipe IS NOT NULL)", name="made_has_recipe"),
        CheckConstraint("(state = 'failed') = (failure IS NOT NULL)", name="failed_says_why"),
        CheckConstraint("reason <> ''", name="has_reason"),
        CheckConstraint("length(key) = 64", name="key_is_a_digest"),
    )

    incident_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("incident.id"), index=True)
    exhibit_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("exhibit.id"))
    key: Mapped[str] = mapped_column(String(64), unique=True)
    form: Mapped[DerivativeForm] = mapped_column(words(DerivativeForm, "derivative_form"))
    masked: Mapped[bool]
    captioned: Mapped[bool]
    language: Mapped[str] = mapped_column(String(8))
    state: Mapped[DerivativeState] = mapped_column(words(DerivativeState, "derivative_state"), index=True)
    asked_by: Mapped[str] = mapped_column(String(100))
    asked_at: Mapped[datetime]
    reason: Mapped[str] = mapped_column(String(500))
    made_at: Mapped[datetime | None]
    sha256: Mapped[str | None] = mapped_column(ForeignKey("sealed_object.sha256"), index=True)
    codes: Mapped[str | None] = mapped_column(String(500), index=True)
    recipe: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    failure: Mapped[str | None] = mapped_column(String(500))

    sealed: Mapped[SealedObject | None] = relationship(lazy="raise")
    exhibit: Mapped[Exhibit | None] = relationship(lazy="raise")
