"""Records that officers take down: of an inspection, of an inquiry, of a hearing; what was typed, and what stands.

Until it is read over to the person a record is a draft, sealed whole under `file_record.draft:<id>`. From then on its
lines stand in rows of their own that are only added to; what is put right is a new line that names the one it is about.
What is said in it is sealed under `<table>.<column>:<row id>`.
"""

import uuid
from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, LargeBinary, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.base import Base, WithId, words
from models.case_files import FileHearing
from models.enums import RecordEnding, RecordKind, RecordSpeaker, RecordState
from models.people import User


class FileRecord(Base, WithId):
    """number: counted within the case file and kind. revision: of the draft, so that of two who write at once one is
    told. begun_at, ended_at: of what it records, and known once it was read over.

    first_id, second_id: the two officers, each with the certificate that was shown; of a hearing the chair and the
    clerk. Who was asked is a part in the case file, a witness of it, or a passer-by in words; none of them: nobody was
    there. read_sha256, sha256: of all it says, when it was read over and when it was finished.
    """

    __tablename__ = "file_record"
    __table_args__ = (
        UniqueConstraint("file_id", "kind", "number"),
        CheckConstraint("number >= 1 AND revision >= 1", name="counts_from_one"),
        CheckConstraint("(kind = 'hearing') = (hearing_id IS NOT NULL)", name="hearing_names_it"),
        CheckConstraint("(state IN ('draft', 'dropped')) = (draft_sealed IS NOT NULL)", name="draft_as_typed"),
        CheckConstraint("(state = 'dropped') = (drop_reason IS NOT NULL)", name="dropped_with_a_reason"),
        CheckConstraint(
            "(state IN ('read', 'finished')) = (read_at IS NOT NULL) AND (read_at IS NULL) = (begun_at IS NULL) "
            "AND (read_at IS NULL) = (ended_at IS NULL) AND (read_at IS NULL) = (first_id IS NULL) "
            "AND (read_at IS NULL) = (second_id IS NULL) AND (read_at IS NULL) = (read_sha256 IS NULL)",
            name="read_whole",
        ),
        CheckConstraint("ended_at >= begun_at", name="runs_forward"),
        CheckConstraint("first_id <> second_id", name="two_people"),
        CheckConstraint(
            "kind = 'hearing' OR read_at IS NULL OR (first_certificate IS NOT NULL AND second_certificate IS NOT NULL)",
            name="officers_have_certificates",
        ),
        CheckConstraint(
            "(file_party_id IS NULL OR witness_id IS NULL) AND "
            "(bystander_sealed IS NULL OR (file_party_id IS NULL AND witness_id IS NULL AND kind = 'inspection'))",
            name="one_was_asked",
        ),
        CheckConstraint(
            "(state = 'finished') = (ending IS NOT NULL) AND (ending IS NULL) = (sha256 IS NULL) "
            "AND (ending IS NULL) = (finished_at IS NULL)",
            name="finished_whole",
        ),
        CheckConstraint("ending IS NULL OR ending = 'signs' OR ending_reason_sealed IS NOT NULL", name="says_why"),
    )

    file_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("case_file.id"))
    kind: Mapped[RecordKind] = mapped_column(words(RecordKind, "record_kind"))
    number: Mapped[int]
    state: Mapped[RecordState] = mapped_column(words(RecordState, "record_state"))
    revision: Mapped[int]
    hearing_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("file_hearing.id"), index=True)
    written_by_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("user.id"))
    written_at: Mapped[datetime]
    changed_at: Mapped[datetime]
    draft_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    drop_reason: Mapped[str | None] = mapped_column(String(400))
    place: Mapped[str] = mapped_column(String(300))
    begun_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    first_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("user.id"), index=True)
    second_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("user.id"), index=True)
    first_certificate: Mapped[str | None] = mapped_column(String(64))
    second_certificate: Mapped[str | None] = mapped_column(String(64))
    file_party_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("file_party.id"))
    witness_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("witness.id"))
    bystander_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    certificate_shown: Mapped[bool] = mapped_column(default=False)
    rights_told: Mapped[bool] = mapped_column(default=False)
    read_at: Mapped[datetime | None]
    read_sha256: Mapped[str | None] = mapped_column(String(64))
    ending: Mapped[RecordEnding | None] = mapped_column(words(RecordEnding, "record_ending"))
    ending_reason_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    ending_witness_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    finished_at: Mapped[datetime | None]
    sha256: Mapped[str | None] = mapped_column(String(64))

    written_by: Mapped[User] = relationship(lazy="raise", foreign_keys=[written_by_id])
    first: Mapped[User | None] = relationship(lazy="raise", foreign_keys=[first_id])
    second: Mapped[User | None] = relationship(lazy="raise", foreign_keys=[second_id])
    hearing: Mapped[FileHearing | None] = relationship(lazy="raise")
    lines: Mapped[list["RecordLine"]] = relationship(lazy="raise", order_by="RecordLine.number")


class RecordLine(Base, WithId):
    """One question with its answer, one finding, or what one person said at a hearing. Triggers of the schema refuse
    DELETE, and UPDATE of all but what is sealed, which is sealed anew when the key changes.

    corrects: the line that this one puts right, said after it was read over; 0: it adds to the whole.
    """

    __tablename__ = "record_line"
    __table_args__ = (
        UniqueConstraint("record_id", "number"),
        CheckConstraint("number >= 1", name="number_counts_from_one"),
        CheckConstraint("corrects IS NULL OR (corrects >= 0 AND corrects < number)", name="corrects_one_before"),
    )

    record_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("file_record.id"))
    number: Mapped[int]
    corrects: Mapped[int | None]
    speaker: Mapped[RecordSpeaker | None] = mapped_column(words(RecordSpeaker, "record_speaker"))
    ask_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    say_sealed: Mapped[bytes] = mapped_column(LargeBinary)
    written_by_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("user.id"))
    written_at: Mapped[datetime]


class RecordLook(Base):
    """Somebody was shown what a finished record says. Appended, never edited: triggers refuse UPDATE and DELETE."""

    __tablename__ = "record_look"
    __table_args__ = (CheckConstraint("actor <> '' AND reason <> ''", name="says_who_and_why"),)

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    record_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("file_record.id"), index=True)
    actor: Mapped[str] = mapped_column(String(100))
    at: Mapped[datetime]
    reason: Mapped[str] = mapped_column(String(400))
