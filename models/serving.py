"""Serving: where a party wants its papers, what it agreed to, and what an attempt says beyond its PaperService row.

Names, addresses and numbers are sealed; `_shown` beside them is the masked form, for lists and pages.
"""

import uuid
from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, String, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.base import Base, WithId, words
from models.case_files import PaperService
from models.enums import ConsentChannel, ServedTo

HOLDS = text("ended_on IS NULL")
NOT_WITHDRAWN = text("withdrawn_on IS NULL")


class ServiceAddress(Base, WithId):
    """An address confirmation (送达地址确认书). reference: where the signed paper lies: a digest, a page of the file.

    The newest holds; the one before it ends with it.
    """

    __tablename__ = "service_address"
    __table_args__ = (
        CheckConstraint("reference <> ''", name="is_signed_somewhere"),
        CheckConstraint("ended_on IS NULL OR ended_on >= signed_on", name="ends_after_it_began"),
        Index("uq_service_address_holds", "file_id", unique=True, sqlite_where=HOLDS, postgresql_where=HOLDS),
    )

    file_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("case_file.id"), index=True)
    receiver_sealed: Mapped[bytes] = mapped_column(LargeBinary)
    receiver_shown: Mapped[str] = mapped_column(String(200))
    address_sealed: Mapped[bytes] = mapped_column(LargeBinary)
    address_shown: Mapped[str] = mapped_column(String(400))
    reference: Mapped[str] = mapped_column(String(400))
    signed_on: Mapped[date]
    ended_on: Mapped[date | None]
    recorded_by_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("user.id"))
    recorded_at: Mapped[datetime]


class ServiceConsent(Base, WithId):
    """A party's signed consent to be served by one channel (行政处罚法 art. 61(2)). One a channel holds."""

    __tablename__ = "service_consent"
    __table_args__ = (
        CheckConstraint("reference <> ''", name="is_signed_somewhere"),
        CheckConstraint("withdrawn_on IS NULL OR withdrawn_on >= signed_on", name="ends_after_it_began"),
        Index(
            "uq_service_consent_holds",
            "file_id",
            "channel",
            unique=True,
            sqlite_where=NOT_WITHDRAWN,
            postgresql_where=NOT_WITHDRAWN,
        ),
    )

    file_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("case_file.id"), index=True)
    channel: Mapped[ConsentChannel] = mapped_column(words(ConsentChannel, "consent_channel"))
    number_sealed: Mapped[bytes] = mapped_column(LargeBinary)
    number_shown: Mapped[str] = mapped_column(String(200))
    reference: Mapped[str] = mapped_column(String(400))
    signed_on: Mapped[date]
    withdrawn_on: Mapped[date | None]
    recorded_by_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("user.id"))
    recorded_at: Mapped[datetime]


class ServiceDetail(Base):
    """What an attempt says beyond its row. The full receiver and address of which PaperService shows the masked form.

    witnesses: two, where a paper was left before them; recording: the digest or the number of what recorded the
    leaving; waybill: of the mail. because: why by this mode. counts_on: when a public notice counts as service.
    """

    __tablename__ = "service_detail"

    service_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("paper_service.id"), primary_key=True)
    receiver_sealed: Mapped[bytes] = mapped_column(LargeBinary)
    address_sealed: Mapped[bytes] = mapped_column(LargeBinary)
    taken_by: Mapped[ServedTo | None] = mapped_column(words(ServedTo, "served_to"))
    witnesses_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    recording: Mapped[str | None] = mapped_column(String(200))
    waybill: Mapped[str | None] = mapped_column(String(100))
    consent_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("service_consent.id"))
    because: Mapped[str] = mapped_column(String(400))
    counts_on: Mapped[date | None]

    service: Mapped[PaperService] = relationship(lazy="raise")
    consent: Mapped[ServiceConsent | None] = relationship(lazy="raise")
