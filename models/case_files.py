"""A case file: what became of a matter from its registration to the archive, who stood behind each step of it.

`case_file.state` has one writer, cases/casework/steps.py; every change has its FileEvent in the same transaction.
Money is in fen. A time `_at` is when the program was told, a day `_on` is the day it happened.
"""

import uuid
from datetime import date, datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.base import Base, WithId, words
from models.enums import (
    ApprovalState,
    ApprovalVerdict,
    CaseSource,
    FileAct,
    FileState,
    Offence,
    OutcomeKind,
    Procedure,
    QualificationKind,
    ServedPaper,
    ServiceMode,
    SpareGround,
)
from models.incidents import Incident
from models.people import User

IN_PLACE = text("ended_at IS NULL")
OPEN_APPROVAL = text("state = 'open'")
HOLDS = text("revoked_at IS NULL")


class CaseFile(Base, WithId):
    """number: drawn when it is filed. incident_id: where a camera is its source. law_code: of the catalogue of
    offences. camera_id, area_id: where it lies, for who may see it. conduct_to_at: the end of the conduct, from which
    limitation runs. timezone: in which its days are counted. review_grounds: words of ReviewGround.
    """

    __tablename__ = "case_file"
    __table_args__ = (
        CheckConstraint("(source = 'camera') = (incident_id IS NOT NULL)", name="camera_has_incident"),
        CheckConstraint("conduct_to_at >= conduct_from_at", name="conduct_runs_forward"),
        CheckConstraint("law_code <> '' AND title <> ''", name="says_what"),
        Index("ix_case_file_state_registered_at", "state", "registered_at"),
    )

    number: Mapped[str | None] = mapped_column(String(100), unique=True)
    source: Mapped[CaseSource] = mapped_column(words(CaseSource, "case_source"))
    source_note: Mapped[str] = mapped_column(String(400))
    incident_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("incident.id"), unique=True)
    procedure: Mapped[Procedure] = mapped_column(words(Procedure, "procedure"))
    state: Mapped[FileState] = mapped_column(words(FileState, "file_state"))
    offence: Mapped[Offence | None] = mapped_column(words(Offence, "offence"))
    law_code: Mapped[str] = mapped_column(String(32), index=True)
    title: Mapped[str] = mapped_column(String(200))
    facts: Mapped[str] = mapped_column(Text)
    place: Mapped[str] = mapped_column(String(300))
    camera_id: Mapped[str | None] = mapped_column(ForeignKey("camera.id"), index=True)
    area_id: Mapped[str | None] = mapped_column(ForeignKey("area.id"), index=True)
    timezone: Mapped[str] = mapped_column(String(64))
    conduct_from_at: Mapped[datetime]
    conduct_to_at: Mapped[datetime]
    review_grounds: Mapped[list[Any]] = mapped_column(default=list)
    registered_at: Mapped[datetime]

    incident: Mapped[Incident | None] = relationship(lazy="raise")


class FileEvent(Base):
    """One act on a case file. Appended, never edited: triggers of the schema refuse UPDATE and DELETE.

    at: when the program was told, and never before the event before it. done_on: the day it happened, where that is
    another one. actor_id: None where no person did it.
    """

    __tablename__ = "file_event"
    __table_args__ = (
        CheckConstraint("seq >= 1", name="seq_counts_from_one"),
        CheckConstraint("actor <> ''", name="has_actor"),
    )

    file_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("case_file.id"), primary_key=True)
    seq: Mapped[int] = mapped_column(primary_key=True)
    act: Mapped[FileAct] = mapped_column(words(FileAct, "file_act"))
    from_state: Mapped[FileState | None] = mapped_column(words(FileState, "file_from_state"))
    to_state: Mapped[FileState] = mapped_column(words(FileState, "file_to_state"))
    actor: Mapped[str] = mapped_column(String(100))
    actor_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("user.id"))
    at: Mapped[datetime]
    done_on: Mapped[date | None]
    facts: Mapped[dict[str, Any]]


class Qualification(Base, WithId):
    """A certificate of a user: to enforce (行政处罚法 art. 42), or of the legal profession (art. 58)."""

    __tablename__ = "qualification"
    __table_args__ = (
        UniqueConstraint("kind", "number"),
        CheckConstraint("valid_to IS NULL OR valid_to >= valid_from", name="runs_forward"),
    )

    user_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("user.id"), index=True)
    kind: Mapped[QualificationKind] = mapped_column(words(QualificationKind, "qualification_kind"))
    number: Mapped[str] = mapped_column(String(64))
    valid_from: Mapped[date]
    valid_to: Mapped[date | None]
    recorded_by: Mapped[str] = mapped_column(String(100))
    recorded_at: Mapped[datetime]

    user: Mapped[User] = relationship(lazy="raise")


class FileOfficer(Base, WithId):
    """An officer in charge of a case file; place 1 leads, 2 is the second. ended_at: recused, or replaced."""

    __tablename__ = "file_officer"
    __table_args__ = (
        CheckConstraint("place IN (1, 2)", name="one_of_two"),
        CheckConstraint("(ended_at IS NULL) = (end_reason IS NULL)", name="ended_with_a_reason"),
        Index(
            "uq_file_officer_place", "file_id", "place", unique=True, sqlite_where=IN_PLACE, postgresql_where=IN_PLACE
        ),
        Index(
            "uq_file_officer_user", "file_id", "user_id", unique=True, sqlite_where=IN_PLACE, postgresql_where=IN_PLACE
        ),
    )

    file_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("case_file.id"), index=True)
    user_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("user.id"), index=True)
    place: Mapped[int]
    certificate: Mapped[str] = mapped_column(String(64))
    assigned_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    end_reason: Mapped[str | None] = mapped_column(String(400))
    recused: Mapped[bool] = mapped_column(default=False)

    user: Mapped[User] = relationship(lazy="raise")


class FileApproval(Base, WithId):
    """A step that waits for its chain of approvers. chain: their roles in order. facts: what the step is to carry."""

    __tablename__ = "file_approval"
    __table_args__ = (
        CheckConstraint("reason <> ''", name="has_reason"),
        CheckConstraint("(state = 'open') = (ended_at IS NULL)", name="ended_whole"),
        Index(
            "uq_file_approval_open", "file_id", unique=True, sqlite_where=OPEN_APPROVAL, postgresql_where=OPEN_APPROVAL
        ),
    )

    file_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("case_file.id"), index=True)
    step: Mapped[FileAct] = mapped_column(words(FileAct, "approved_step"))
    facts: Mapped[dict[str, Any]]
    chain: Mapped[list[Any]]
    reason: Mapped[str] = mapped_column(String(1000))
    asked_by_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("user.id"))
    asked_at: Mapped[datetime]
    state: Mapped[ApprovalState] = mapped_column(words(ApprovalState, "approval_state"))
    ended_at: Mapped[datetime | None]

    file: Mapped[CaseFile] = relationship(lazy="raise")
    asked_by: Mapped[User] = relationship(lazy="raise")
    marks: Mapped[list["ApprovalMark"]] = relationship(lazy="raise", order_by="ApprovalMark.level")


class ApprovalMark(Base, WithId):
    """What one approver of the chain said; level counts from 1. Nobody marks twice in one chain."""

    __tablename__ = "approval_mark"
    __table_args__ = (
        UniqueConstraint("approval_id", "level"),
        UniqueConstraint("approval_id", "user_id"),
        CheckConstraint("level >= 1", name="level_counts_from_one"),
        CheckConstraint("reason <> ''", name="has_reason"),
    )

    approval_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("file_approval.id"))
    level: Mapped[int]
    user_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("user.id"))
    verdict: Mapped[ApprovalVerdict] = mapped_column(words(ApprovalVerdict, "approval_verdict"))
    reason: Mapped[str] = mapped_column(String(1000))
    at: Mapped[datetime]

    user: Mapped[User] = relationship(lazy="raise")


class _Outcome:
    """What is intended, or decided. proposed: what the program had proposed, with its reasons; departs_because: why
    the person chose otherwise. provision_id: as it was in force on the day of the conduct.
    """

    outcome: Mapped[OutcomeKind] = mapped_column(words(OutcomeKind, "outcome_kind"))
    fine_fen: Mapped[int | None]
    spare_ground: Mapped[SpareGround | None] = mapped_column(words(SpareGround, "spare_ground"))
    provision_id: Mapped[str] = mapped_column(String(64))
    band: Mapped[str | None] = mapped_column(String(64))
    correction: Mapped[str] = mapped_column(Text)
    reasons: Mapped[str] = mapped_column(Text)
    proposed: Mapped[dict[str, Any]]
    departs_because: Mapped[str | None] = mapped_column(Text)
    made_by_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("user.id"))
    made_at: Mapped[datetime]


class FileNotice(_Outcome, Base, WithId):
    """What the party is told before a penalty (行政处罚法 art. 44). The newest counts; a new one after a REOPEN.

    hearing_offered: the party may ask for a hearing (art. 63).
    """

    __tablename__ = "file_notice"
    __table_args__ = (
        UniqueConstraint("file_id", "version"),
        CheckConstraint("(outcome = 'fine') = (fine_fen IS NOT NULL)", name="fine_has_amount"),
        CheckConstraint("fine_fen IS NULL OR fine_fen > 0", name="fine_is_positive"),
        CheckConstraint("outcome <> 'no_penalty'", name="intends_a_penalty"),
    )

    file_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("case_file.id"))
    version: Mapped[int]
    hearing_offered: Mapped[bool]


class FileDecision(_Outcome, Base, WithId):
    """What was decided. notice_id: what the party had been told; None only where there is no penalty. One holds."""

    __tablename__ = "file_decision"
    __table_args__ = (
        CheckConstraint("(outcome = 'fine') = (fine_fen IS NOT NULL)", name="fine_has_amount"),
        CheckConstraint("fine_fen IS NULL OR fine_fen > 0", name="fine_is_positive"),
        CheckConstraint("(outcome = 'no_penalty') = (spare_ground IS NOT NULL)", name="spared_on_a_ground"),
        CheckConstraint("outcome = 'no_penalty' OR notice_id IS NOT NULL", name="penalty_was_announced"),
        CheckConstraint("(revoked_at IS NULL) = (revoke_reason IS NULL)", name="revoked_with_a_reason"),
        Index("uq_file_decision_holds", "file_id", unique=True, sqlite_where=HOLDS, postgresql_where=HOLDS),
    )

    file_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("case_file.id"), index=True)
    notice_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("file_notice.id"))
    decided_on: Mapped[date]
    revoked_at: Mapped[datetime | None]
    revoke_reason: Mapped[str | None] = mapped_column(Text)


class DefencePoint(Base, WithId):
    """One point of what the party says against it; each has to be answered (行政处罚法 art. 45).

    accepted: the bureau agrees. statement_id: where the owner's page is its source.
    """

    __tablename__ = "defence_point"
    __table_args__ = (
        UniqueConstraint("file_id", "number"),
        CheckConstraint("text <> '' AND said_by <> ''", name="says_who_and_what"),
        CheckConstraint(
            "(answer IS NULL) = (answered_at IS NULL) AND (answer IS NULL) = (accepted IS NULL) "
            "AND (answer IS NULL) = (answered_by_id IS NULL)",
            name="answered_whole",
        ),
    )

    file_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("case_file.id"))
    number: Mapped[int]
    text: Mapped[str] = mapped_column(Text)
    said_by: Mapped[str] = mapped_column(String(200))
    said_on: Mapped[date]
    statement_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("owner_statement.id"))
    entered_at: Mapped[datetime]
    answer: Mapped[str | None] = mapped_column(Text)
    accepted: Mapped[bool | None]
    answered_by_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("user.id"))
    answered_at: Mapped[datetime | None]


class FileHearing(Base, WithId):
    """A hearing (行政处罚法 art. 63-65). notice_id: on what was told then. chair_id: nobody who investigated."""

    __tablename__ = "file_hearing"
    __table_args__ = (
        CheckConstraint("held_on IS NULL OR chair_id IS NOT NULL", name="held_by_somebody"),
        CheckConstraint("held_on IS NULL OR opinion <> ''", name="held_with_an_opinion"),
        CheckConstraint("held_on IS NULL OR given_up_on IS NULL", name="held_or_given_up"),
    )

    file_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("case_file.id"), index=True)
    notice_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("file_notice.id"), unique=True)
    asked_on: Mapped[date]
    asked_by: Mapped[str] = mapped_column(String(200))
    announced_on: Mapped[date | None]
    to_be_held_at: Mapped[datetime | None]
    place: Mapped[str | None] = mapped_column(String(300))
    in_public: Mapped[bool] = mapped_column(default=True)
    chair_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("user.id"))
    held_on: Mapped[date | None]
    opinion: Mapped[str | None] = mapped_column(Text)
    given_up_on: Mapped[date | None]


class PaperService(Base, WithId):
    """One attempt to serve a paper on the party. served_on: None while it is under way, or failed.

    reference: what proves it (waybill, message id, digest of the picture of a paper that was left).
    """

    __tablename__ = "paper_service"
    __table_args__ = (
        CheckConstraint("served_on IS NULL OR failed_on IS NULL", name="served_or_failed"),
        CheckConstraint("(failed_on IS NULL) = (failure IS NULL)", name="failed_with_a_reason"),
        CheckConstraint("served_on IS NULL OR served_on >= begun_on", name="served_after_begun"),
        CheckConstraint("receiver <> ''", name="has_receiver"),
    )

    file_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("case_file.id"), index=True)
    paper: Mapped[ServedPaper] = mapped_column(words(ServedPaper, "served_paper"))
    mode: Mapped[ServiceMode] = mapped_column(words(ServiceMode, "service_mode"))
    receiver: Mapped[str] = mapped_column(String(200))
    address: Mapped[str] = mapped_column(String(400))
    reference: Mapped[str] = mapped_column(String(400))
    begun_on: Mapped[date]
    served_on: Mapped[date | None]
    failed_on: Mapped[date | None]
    failure: Mapped[str | None] = mapped_column(String(400))
    recorded_by_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("user.id"))
    recorded_at: Mapped[datetime]
