"""Whom a case file is about, who else knows of it, and what was taken from whom: parties, witnesses, vehicles, goods.

Names, numbers, phones and addresses are sealed under `<table>.<column>:<row id>`. Quantities are in thousandths of
their unit. What lies in which store is never written down by itself: it follows from the movements, each of which says
what is in the store and what is out of it after it.
"""

import uuid
from datetime import date, datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.base import Base, WithId, words
from models.enums import (
    GoodsFate,
    GoodsKind,
    GoodsMove,
    GoodsRequestState,
    MeasureKind,
    PartyAct,
    PartyKind,
    PartyNoteKind,
    PartyNumberKind,
    PartyRole,
)
from models.exhibits import SealedObject
from models.people import User

LINKED = text("ended_at IS NULL")


class Party(Base, WithId):
    """A person, a shop or a company, entered once. public_name: of a company, in clear, since it is no person's.

    merged_into_id: this entry turned out to be of somebody entered before; what it is linked to stays as it was.
    """

    __tablename__ = "party"
    __table_args__ = (
        CheckConstraint("(kind = 'company') = (public_name IS NOT NULL)", name="company_named_in_clear"),
        CheckConstraint("(kind = 'company') = (name_sealed IS NULL)", name="person_named_sealed"),
        CheckConstraint("(name_sealed IS NULL) = (name_index IS NULL)", name="name_is_found"),
        CheckConstraint(
            "(number_kind IS NULL) = (number_sealed IS NULL) AND (number_kind IS NULL) = (number_index IS NULL)",
            name="number_whole",
        ),
        CheckConstraint("(phone_sealed IS NULL) = (phone_index IS NULL)", name="phone_is_found"),
        CheckConstraint("merged_into_id IS NULL OR merged_into_id <> id", name="merged_into_another"),
    )

    kind: Mapped[PartyKind] = mapped_column(words(PartyKind, "party_kind"))
    public_name: Mapped[str | None] = mapped_column(String(200), index=True)
    name_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    name_index: Mapped[str | None] = mapped_column(String(64), index=True)
    number_kind: Mapped[PartyNumberKind | None] = mapped_column(words(PartyNumberKind, "party_number_kind"))
    number_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    number_index: Mapped[str | None] = mapped_column(String(64), unique=True)
    phone_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    phone_index: Mapped[str | None] = mapped_column(String(64), index=True)
    address_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    merged_into_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("party.id"), index=True)
    entered_by: Mapped[str] = mapped_column(String(100))
    entered_at: Mapped[datetime]


class Witness(Base, WithId):
    """Somebody who saw or knows something of a matter, and what they said of it. relation: to the party, in words."""

    __tablename__ = "witness"

    file_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("case_file.id"), index=True)
    name_sealed: Mapped[bytes] = mapped_column(LargeBinary)
    phone_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    address_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    statement_sealed: Mapped[bytes] = mapped_column(LargeBinary)
    relation: Mapped[str] = mapped_column(String(200))
    heard_on: Mapped[date]
    entered_by_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("user.id"))
    entered_at: Mapped[datetime]


class PartyEvent(Base):
    """One act on an entry, or a look at what is sealed, of a party or a witness. Appended, never edited: triggers of
    the schema refuse UPDATE and DELETE.
    """

    __tablename__ = "party_event"
    __table_args__ = (
        CheckConstraint("actor <> ''", name="has_actor"),
        CheckConstraint("(party_id IS NULL) <> (witness_id IS NULL)", name="of_one"),
        CheckConstraint("act NOT IN ('merged', 'merge_undone', 'note_removed', 'looked') OR reason <> ''", name="says"),
    )

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    party_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("party.id"), index=True)
    witness_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("witness.id"), index=True)
    act: Mapped[PartyAct] = mapped_column(words(PartyAct, "party_act"))
    actor: Mapped[str] = mapped_column(String(100))
    at: Mapped[datetime]
    reason: Mapped[str] = mapped_column(String(400))
    facts: Mapped[dict[str, Any]]


class FileParty(Base, WithId):
    """Somebody's part in a case file. letter: of an agent, which letter says that they may speak. acts_for_id: whom."""

    __tablename__ = "file_party"
    __table_args__ = (
        CheckConstraint("(role = 'agent') = (letter IS NOT NULL)", name="agent_has_letter"),
        CheckConstraint("(ended_at IS NULL) = (end_reason IS NULL)", name="ended_with_a_reason"),
        Index(
            "uq_file_party_role",
            "file_id",
            "party_id",
            "role",
            unique=True,
            sqlite_where=LINKED,
            postgresql_where=LINKED,
        ),
    )

    file_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("case_file.id"), index=True)
    party_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("party.id"), index=True)
    role: Mapped[PartyRole] = mapped_column(words(PartyRole, "party_role"))
    acts_for_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("party.id"))
    letter: Mapped[str | None] = mapped_column(String(200))
    linked_by: Mapped[str] = mapped_column(String(100))
    linked_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    end_reason: Mapped[str | None] = mapped_column(String(400))

    party: Mapped[Party] = relationship(lazy="raise", foreign_keys=[party_id])


class FileVehicle(Base, WithId):
    """A vehicle that a matter is about. keeper_id: whose it is, as far as it is established."""

    __tablename__ = "file_vehicle"
    __table_args__ = (UniqueConstraint("file_id", "plate"), CheckConstraint("plate <> ''", name="has_plate"))

    file_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("case_file.id"))
    plate: Mapped[str] = mapped_column(String(16), index=True)
    vehicle_class: Mapped[str] = mapped_column(String(60))
    colour: Mapped[str] = mapped_column(String(40))
    keeper_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("party.id"), index=True)
    entered_by: Mapped[str] = mapped_column(String(100))
    entered_at: Mapped[datetime]


class Corroboration(Base, WithId):
    """What bears out what: a witness an exhibit or a fact; or why nothing is needed to bear it out."""

    __tablename__ = "corroboration"
    __table_args__ = (
        CheckConstraint("(witness_id IS NULL) = (not_needed_because IS NOT NULL)", name="witness_or_why_none"),
        CheckConstraint("witness_id IS NULL OR exhibit_id IS NOT NULL OR fact <> ''", name="bears_something_out"),
        CheckConstraint("not_needed_because IS NULL OR not_needed_because <> ''", name="says_why_none"),
    )

    file_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("case_file.id"), index=True)
    witness_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("witness.id"))
    exhibit_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("exhibit.id"))
    fact: Mapped[str] = mapped_column(String(300))
    not_needed_because: Mapped[str | None] = mapped_column(String(400))
    entered_by_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("user.id"))
    entered_at: Mapped[datetime]

    witness: Mapped[Witness | None] = relationship(lazy="raise")


class PartyNote(Base, WithId):
    """A credit note, or a note of hardship; sealed under `party_note.text:<id>`. It ends by itself on expires_on."""

    __tablename__ = "party_note"
    __table_args__ = (
        CheckConstraint("legal_basis <> ''", name="has_legal_basis"),
        CheckConstraint("expires_on > from_on", name="expires"),
        CheckConstraint(
            "(removed_at IS NULL) = (removed_by IS NULL) AND (removed_at IS NULL) = (remove_reason IS NULL)",
            name="removed_says_who_and_why",
        ),
    )

    party_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("party.id"), index=True)
    kind: Mapped[PartyNoteKind] = mapped_column(words(PartyNoteKind, "party_note_kind"))
    text_sealed: Mapped[bytes] = mapped_column(LargeBinary)
    legal_basis: Mapped[str] = mapped_column(String(300))
    from_on: Mapped[date]
    expires_on: Mapped[date]
    entered_by: Mapped[str] = mapped_column(String(100))
    entered_at: Mapped[datetime]
    removed_by: Mapped[str | None] = mapped_column(String(100))
    removed_at: Mapped[datetime | None]
    remove_reason: Mapped[str | None] = mapped_column(String(400))


class GoodsStore(Base, WithId):
    """A place where things are kept; area_id: whose it is, None: the whole bureau's."""

    __tablename__ = "goods_store"
    __table_args__ = (CheckConstraint("name <> ''", name="has_name"),)

    name: Mapped[str] = mapped_column(String(100), unique=True)
    place: Mapped[str] = mapped_column(String(200))
    area_id: Mapped[str | None] = mapped_column(ForeignKey("area.id"), index=True)
    opened_by: Mapped[str] = mapped_column(String(100))
    opened_at: Mapped[datetime]


class GoodsMeasure(Base, WithId):
    """By what things were taken, on which paper, until when. replaces_id: the measure it followed on.

    approved_by_id: the head of the bureau, or whom they charged with it; None: not yet. urgent: taken on the spot, and
    approved afterwards (行政强制法 art. 19). due_on: the last day it may stand.
    """

    __tablename__ = "goods_measure"
    __table_args__ = (
        CheckConstraint("document <> '' AND legal_basis <> '' AND reason <> ''", name="rests_on_something"),
        CheckConstraint("due_on >= taken_on", name="runs_forward"),
        CheckConstraint("(approved_at IS NULL) = (approved_by_id IS NULL)", name="approved_whole"),
        CheckConstraint("(extended_until IS NULL) = (extend_reason IS NULL)", name="extended_with_a_reason"),
        CheckConstraint("extended_until IS NULL OR extended_until > due_on", name="extended_forward"),
        CheckConstraint("(ended_on IS NULL) = (end_document IS NULL)", name="ended_on_paper"),
    )

    file_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("case_file.id"), index=True)
    kind: Mapped[MeasureKind] = mapped_column(words(MeasureKind, "measure_kind"))
    document: Mapped[str] = mapped_column(String(100), unique=True)
    legal_basis: Mapped[str] = mapped_column(String(300))
    reason: Mapped[str] = mapped_column(String(400))
    from_party_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("party.id"))
    urgent: Mapped[bool]
    taken_on: Mapped[date]
    due_on: Mapped[date]
    recorded_by_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("user.id"))
    recorded_at: Mapped[datetime]
    approved_by_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("user.id"))
    approved_at: Mapped[datetime | None]
    extended_until: Mapped[date | None]
    extend_reason: Mapped[str | None] = mapped_column(String(400))
    ended_on: Mapped[date | None]
    end_document: Mapped[str | None] = mapped_column(String(100))
    replaces_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("goods_measure.id"), unique=True)


class GoodsItem(Base, WithId):
    """One line of a list of things taken. number: of the list and the line. condition: how it was found."""

    __tablename__ = "goods_item"
    __table_args__ = (
        UniqueConstraint("number"),
        CheckConstraint("name <> '' AND unit <> ''", name="says_what"),
        CheckConstraint("taken_milli BETWEEN 1 AND 1000000000", name="takes_something"),
    )

    file_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("case_file.id"), index=True)
    measure_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("goods_measure.id"), index=True)
    number: Mapped[str] = mapped_column(String(110))
    name: Mapped[str] = mapped_column(String(200))
    kind: Mapped[GoodsKind] = mapped_column(words(GoodsKind, "goods_kind"))
    unit: Mapped[str] = mapped_column(String(20))
    taken_milli: Mapped[int]
    condition: Mapped[str] = mapped_column(String(300))
    remarks: Mapped[str] = mapped_column(Text)
    entered_at: Mapped[datetime]

    measure: Mapped[GoodsMeasure] = relationship(lazy="raise")


class GoodsPicture(Base):
    """A picture of a thing as it was taken; its bytes lie in the vault."""

    __tablename__ = "goods_picture"
    __table_args__ = (CheckConstraint("position >= 1", name="position_counts_from_one"),)

    item_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("goods_item.id"), primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True)
    sha256: Mapped[str] = mapped_column(ForeignKey("sealed_object.sha256"), index=True)
    added_by: Mapped[str] = mapped_column(String(100))
    added_at: Mapped[datetime]

    sealed: Mapped[SealedObject] = relationship(lazy="raise")


class GoodsRuling(Base, WithId):
    """What was decided about how much of a thing, on which paper."""

    __tablename__ = "goods_ruling"
    __table_args__ = (
        CheckConstraint("milli > 0", name="decides_something"),
        CheckConstraint("document <> '' AND reason <> ''", name="rests_on_something"),
    )

    item_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("goods_item.id"), index=True)
    fate: Mapped[GoodsFate] = mapped_column(words(GoodsFate, "goods_fate"))
    milli: Mapped[int]
    document: Mapped[str] = mapped_column(String(100))
    reason: Mapped[str] = mapped_column(String(400))
    ruled_on: Mapped[date]
    ruled_by_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("user.id"))
    recorded_at: Mapped[datetime]


class GoodsRequest(Base, WithId):
    """That something may leave a store: asked by one, decided by another. fate: None: it is to come back, by
    back_due_on. receiver: sealed under `goods_request.receiver:<id>`.
    """

    __tablename__ = "goods_request"
    __table_args__ = (
        CheckConstraint("milli > 0", name="asks_for_something"),
        CheckConstraint("(fate IS NULL) = (back_due_on IS NOT NULL)", name="comes_back_or_not"),
        CheckConstraint("reason <> ''", name="has_reason"),
        CheckConstraint("decided_by_id IS NULL OR decided_by_id <> asked_by_id", name="decided_by_another"),
        CheckConstraint("state <> 'asked' OR decided_by_id IS NULL", name="asked_is_undecided"),
        CheckConstraint("state IN ('asked', 'withdrawn') OR decided_by_id IS NOT NULL", name="decided_by_somebody"),
    )

    file_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("case_file.id"), index=True)
    item_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("goods_item.id"), index=True)
    fate: Mapped[GoodsFate | None] = mapped_column(words(GoodsFate, "goods_request_fate"))
    milli: Mapped[int]
    reason: Mapped[str] = mapped_column(String(400))
    receiver_sealed: Mapped[bytes] = mapped_column(LargeBinary)
    back_due_on: Mapped[date | None]
    state: Mapped[GoodsRequestState] = mapped_column(words(GoodsRequestState, "goods_request_state"))
    asked_by_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("user.id"))
    asked_at: Mapped[datetime]
    decided_by_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("user.id"))
    decided_at: Mapped[datetime | None]
    decide_reason: Mapped[str] = mapped_column(String(400))

    asked_by: Mapped[User] = relationship(lazy="raise", foreign_keys=[asked_by_id])


class GoodsMovement(Base):
    """One movement of a thing, and how much of it is in its store and out of it afterwards. Appended, never edited:
    triggers of the schema refuse UPDATE and DELETE.
    """

    __tablename__ = "goods_movement"
    __table_args__ = (
        CheckConstraint("(seq = 1) = (kind = 'taken_in')", name="begins_with_taking_in"),
        CheckConstraint("milli > 0", name="moves_something"),
        CheckConstraint("in_store_milli >= 0 AND out_milli >= 0", name="never_less_than_nothing"),
        CheckConstraint("(kind IN ('out', 'back', 'left')) = (request_id IS NOT NULL)", name="out_by_request"),
    )

    item_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("goods_item.id"), primary_key=True)
    seq: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[GoodsMove] = mapped_column(words(GoodsMove, "goods_move"))
    milli: Mapped[int]
    store_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("goods_store.id"), index=True)
    request_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("goods_request.id"), index=True)
    in_store_milli: Mapped[int]
    out_milli: Mapped[int]
    moved_on: Mapped[date]
    actor: Mapped[str] = mapped_column(String(100))
    at: Mapped[datetime]

    store: Mapped[GoodsStore] = relationship(lazy="raise")
