"""Papers of a case file: the registry of numbered sheets, the documents made, and who signed them.

A number is taken by adding its sheet in the same transaction as the counter, so a series has no gap and no double.
"""

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.base import Base, WithId, words
from models.case_files import CaseFile
from models.enums import PaperKind, SheetKind, SheetState
from models.exhibits import SealedObject
from models.people import User

IN_USE = text("ended_at IS NULL")


class NumberSeries(Base):
    """How far the numbers of one kind and year have come. Its row is locked by who takes the next."""

    __tablename__ = "number_series"
    __table_args__ = (
        CheckConstraint("last >= 0", name="counts_up"),
        CheckConstraint("year BETWEEN 2000 AND 9999", name="year_in_full"),
    )

    kind: Mapped[SheetKind] = mapped_column(words(SheetKind, "series_kind"), primary_key=True)
    year: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    last: Mapped[int]


class NumberForm(Base, WithId):
    """How the numbers of a kind are written, from the next one drawn on: the newest row counts.

    form: with {year} and {number}, as `〔{year}〕城管罚决字第{number:04}号`. No row: as cases/papers/numbers.toml says.
    """

    __tablename__ = "number_form"
    __table_args__ = (
        CheckConstraint("form <> ''", name="has_form"),
        Index("ix_number_form_kind_set_at", "kind", "set_at"),
    )

    kind: Mapped[SheetKind] = mapped_column(words(SheetKind, "formed_kind"))
    form: Mapped[str] = mapped_column(String(80))
    set_by: Mapped[str] = mapped_column(String(100))
    set_at: Mapped[datetime]


class NumberedSheet(Base, WithId):
    """One number of a series and what became of it. Its row never goes: a trigger of the schema refuses DELETE.

    number: counted within kind and year. text: as it is printed. used_for: what carries the number
    (`case_file:<id>`, `file_paper:<id>`). file_id: None for a sheet that is taken into the street before there is a
    matter.
    """

    __tablename__ = "numbered_sheet"
    __table_args__ = (
        UniqueConstraint("kind", "year", "number"),
        UniqueConstraint("text"),
        CheckConstraint("number >= 1 AND text <> ''", name="has_number"),
        CheckConstraint("state NOT IN ('used', 'written_off') OR used_for IS NOT NULL", name="used_for_something"),
        CheckConstraint("state <> 'drawn' OR used_for IS NULL", name="drawn_is_free"),
        CheckConstraint("(state = 'voided') = (void_reason IS NOT NULL)", name="voided_with_a_reason"),
    )

    kind: Mapped[SheetKind] = mapped_column(words(SheetKind, "sheet_kind"))
    year: Mapped[int]
    number: Mapped[int]
    text: Mapped[str] = mapped_column(String(100))
    state: Mapped[SheetState] = mapped_column(words(SheetState, "sheet_state"))
    file_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("case_file.id"), index=True)
    used_for: Mapped[str | None] = mapped_column(String(64))
    void_reason: Mapped[str | None] = mapped_column(String(400))
    drawn_by: Mapped[str] = mapped_column(String(100))
    drawn_at: Mapped[datetime]

    file: Mapped[CaseFile | None] = relationship(lazy="raise")


class SheetEvent(Base):
    """One change of a sheet. Appended, never edited: triggers of the schema refuse UPDATE and DELETE."""

    __tablename__ = "sheet_event"
    __table_args__ = (
        CheckConstraint("seq >= 1", name="seq_counts_from_one"),
        CheckConstraint("actor <> ''", name="has_actor"),
    )

    sheet_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("numbered_sheet.id"), primary_key=True)
    seq: Mapped[int] = mapped_column(primary_key=True)
    to_state: Mapped[SheetState] = mapped_column(words(SheetState, "sheet_to_state"))
    actor: Mapped[str] = mapped_column(String(100))
    actor_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("user.id"))
    at: Mapped[datetime]
    reason: Mapped[str] = mapped_column(String(400))


class FilePaper(Base, WithId):
    """One version of a paper, as it was made; its bytes are in the vault and never change.

    about: the row it speaks of where a case file can have several (`notice:<id>`, `service:<id>`); "": the file.
    version: counted within kind and about. sha256: of the DOCX; pdf_sha256: of the PDF, once somebody asked for one.
    template: whose it was filled from. sources: what its sentences point at, each with its mark.
    """

    __tablename__ = "file_paper"
    __table_args__ = (
        UniqueConstraint("file_id", "kind", "about", "version"),
        CheckConstraint("version >= 1", name="version_counts_from_one"),
        CheckConstraint("length(template_sha256) = 64", name="template_is_known"),
    )

    file_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("case_file.id"))
    kind: Mapped[PaperKind] = mapped_column(words(PaperKind, "paper_kind"))
    about: Mapped[str] = mapped_column(String(64))
    version: Mapped[int]
    sheet_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("numbered_sheet.id"), index=True)
    sha256: Mapped[str] = mapped_column(ForeignKey("sealed_object.sha256"), index=True)
    pdf_sha256: Mapped[str | None] = mapped_column(ForeignKey("sealed_object.sha256"))
    template: Mapped[str] = mapped_column(String(100))
    template_sha256: Mapped[str] = mapped_column(String(64))
    sources: Mapped[list[Any]]
    made_by: Mapped[str] = mapped_column(String(100))
    made_by_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("user.id"))
    made_at: Mapped[datetime]

    sheet: Mapped[NumberedSheet | None] = relationship(lazy="raise")
    sealed: Mapped[SealedObject] = relationship(lazy="raise", foreign_keys=[sha256])
    signatures: Mapped[list["PaperSignature"]] = relationship(lazy="raise", order_by="PaperSignature.signed_at")


class OfficerKey(Base, WithId):
    """The Ed25519 key an officer signs with. private_sealed: opened with the officer's password and the site's key.

    Public keys stay, so that what was signed with them can be checked for ever. One of a user is in use.
    """

    __tablename__ = "officer_key"
    __table_args__ = (
        Index("uq_officer_key_in_use", "user_id", unique=True, sqlite_where=IN_USE, postgresql_where=IN_USE),
    )

    user_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("user.id"))
    key_id: Mapped[str] = mapped_column(String(64), unique=True)
    public_pem: Mapped[str] = mapped_column(Text)
    private_sealed: Mapped[bytes] = mapped_column(LargeBinary)
    made_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]


class SignatureImage(Base, WithId):
    """How a user signs by hand, as a PNG; sealed, and shown to that user and on papers."""

    __tablename__ = "signature_image"
    __table_args__ = (
        CheckConstraint("width_px > 0 AND height_px > 0", name="has_size"),
        Index("uq_signature_image_in_use", "user_id", unique=True, sqlite_where=IN_USE, postgresql_where=IN_USE),
    )

    user_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("user.id"))
    image_sealed: Mapped[bytes] = mapped_column(LargeBinary)
    width_px: Mapped[int]
    height_px: Mapped[int]
    put_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]


class PaperSignature(Base, WithId):
    """An officer's signature over one version of a paper. statement: what was signed, canonical JSON.

    place: which of the places for signatures of the paper it fills (`officer_1`, `leader`, ...). image_id: how the
    name is drawn on the PDF; None: it stands there in letters. pdf_sha256: the PDF with this name on it.
    """

    __tablename__ = "paper_signature"
    __table_args__ = (UniqueConstraint("paper_id", "user_id"), UniqueConstraint("paper_id", "place"))

    paper_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("file_paper.id"))
    user_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("user.id"), index=True)
    place: Mapped[str] = mapped_column(String(32))
    key_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("officer_key.id"))
    image_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("signature_image.id"))
    pdf_sha256: Mapped[str] = mapped_column(ForeignKey("sealed_object.sha256"))
    statement: Mapped[str] = mapped_column(Text)
    signature: Mapped[bytes] = mapped_column(LargeBinary)
    signed_at: Mapped[datetime]

    user: Mapped[User] = relationship(lazy="raise")
    key: Mapped[OfficerKey] = relationship(lazy="raise")
    image: Mapped[SignatureImage | None] = relationship(lazy="raise")
