"""What is shown of one case file: its rows, read together. Reading only; every query names what it loads."""

import re
import uuid
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Select, or_, select
from sqlalchemy.orm import Session, joinedload, selectinload

from cases.casework import approvals, hearings, officers, outcomes
from cases.casework.days import local_date
from cases.casework.errors import UnknownApproval
from cases.casework.steps import events_of
from cases.draft_content import DraftContent
from evidence.deletion import deletions_that_count
from models.case_files import (
    ApprovalMark,
    CaseFile,
    DefencePoint,
    FileApproval,
    FileDecision,
    FileEvent,
    FileHearing,
    FileNotice,
    FileOfficer,
    Qualification,
)
from models.enums import ApprovalState, ExhibitKind, QualificationKind
from models.exhibits import Exhibit
from models.incidents import DraftCase
from models.people import RoleGrant, User

PICTURES = (ExhibitKind.STILL, ExhibitKind.CLOSE_UP)
# sentences of a draft that say no fact of the conduct: what the law makes of it, and how it was looked at
NO_FACTS = re.compile(r"provision|competence|continuity|seen_with|clock_.*|.*_not_established")


@dataclass(frozen=True)
class FileShown:
    """officers: all there ever were, those in charge now first. hearings, approvals: newest first."""

    file: CaseFile
    events: tuple[FileEvent, ...]
    officers: tuple[FileOfficer, ...]
    points: tuple[DefencePoint, ...]
    hearings: tuple[FileHearing, ...]
    approvals: tuple[FileApproval, ...]
    notice: FileNotice | None
    decision: FileDecision | None
    pictures: tuple[Exhibit, ...]

    @property
    def in_charge(self) -> tuple[FileOfficer, ...]:
        return tuple(each for each in self.officers if each.ended_at is None)

    @property
    def before(self) -> tuple[FileOfficer, ...]:
        return tuple(each for each in self.officers if each.ended_at is not None)


def shown(session: Session, file: CaseFile) -> FileShown:
    in_charge = session.scalars(
        select(FileOfficer)
        .where(FileOfficer.file_id == file.id)
        .options(joinedload(FileOfficer.user))
        .order_by(FileOfficer.ended_at.is_not(None), FileOfficer.place, FileOfficer.assigned_at)
    )
    points = session.scalars(select(DefencePoint).where(DefencePoint.file_id == file.id).order_by(DefencePoint.number))
    heard = session.scalars(
        select(FileHearing).where(FileHearing.file_id == file.id).order_by(FileHearing.asked_on.desc(), FileHearing.id)
    )
    return FileShown(
        file=file,
        events=tuple(events_of(session, file)),
        officers=tuple(in_charge),
        points=tuple(points),
        hearings=tuple(heard),
        approvals=tuple(reversed(approvals.approvals_of(session, file.id))),
        notice=outcomes.newest_notice(session, file),
        decision=outcomes.holding_decision(session, file),
        pictures=tuple(pictures_of(session, file)),
    )


def pictures_of(session: Session, file: CaseFile) -> list[Exhibit]:
    """The stills and close-ups of its incident whose bytes are still there, oldest first."""
    if file.incident_id is None:
        return []
    asked = select(Exhibit).where(Exhibit.incident_id == file.incident_id, Exhibit.kind.in_(PICTURES))
    found = session.scalars(asked.order_by(Exhibit.from_at, Exhibit.id)).all()
    gone = deletions_that_count(session, [each.sha256 for each in found])
    return [each for each in found if each.sha256 not in gone]


def candidates(session: Session, file: CaseFile, at: datetime) -> list[User]:
    """Who could be put in charge of it today, by display name."""
    on = local_date(at, file.timezone)
    certified = select(Qualification.user_id).where(
        Qualification.kind == QualificationKind.ENFORCEMENT,
        Qualification.valid_from <= on,
        or_(Qualification.valid_to.is_(None), Qualification.valid_to >= on),
    )
    asked = select(User).where(User.active, User.id.in_(certified)).options(selectinload(User.grants))
    found = session.scalars(asked.order_by(User.display_name, User.id))
    return [user for user in found if officers.why_not_officer(session, file, user, on) is None]


def usual_second(session: Session, user: User) -> uuid.UUID | None:
    """With whom this officer was in charge of a case file last; None: never with anybody."""
    own = select(FileOfficer.file_id).where(FileOfficer.user_id == user.id)
    asked = select(FileOfficer.user_id).where(FileOfficer.file_id.in_(own), FileOfficer.user_id != user.id)
    return session.scalar(asked.order_by(FileOfficer.assigned_at.desc(), FileOfficer.id).limit(1))


def chairs(session: Session, file: CaseFile) -> list[User]:
    """Who could chair its hearing, by display name."""
    asked = select(User).where(User.active, User.grants.any(RoleGrant.role.in_(hearings.CHAIRS)))
    found = session.scalars(asked.options(selectinload(User.grants)).order_by(User.display_name, User.id))
    return [user for user in found if hearings.why_not_chair(session, file, user) is None]


def approval(session: Session, approval_id: uuid.UUID) -> FileApproval:
    """With its file, who asked, and its marks with their users. Raises UnknownApproval."""
    found = session.scalar(_rounds().where(FileApproval.id == approval_id))
    if found is None:
        raise UnknownApproval(approval_id)
    return found


def asked_by(session: Session, user: User) -> list[FileApproval]:
    """What this person asked for and nobody has ended, oldest first; loaded as by `approval`."""
    own = _rounds().where(FileApproval.asked_by_id == user.id, FileApproval.state == ApprovalState.OPEN)
    return list(session.scalars(own.order_by(FileApproval.asked_at, FileApproval.id)))


def facts_of_draft(session: Session, incident_id: uuid.UUID) -> str:
    """What the newest draft says of the conduct, in the language a case officer signs; empty: there is no draft."""
    newest = select(DraftCase).where(DraftCase.incident_id == incident_id)
    draft = session.scalar(newest.order_by(DraftCase.version.desc()).limit(1))
    if draft is None:
        return ""
    said = DraftContent.model_validate(draft.content).statements
    return "".join(statement.text.zh for statement in said if not NO_FACTS.fullmatch(statement.code))


def _rounds() -> Select[FileApproval]:
    return select(FileApproval).options(
        joinedload(FileApproval.file),
        joinedload(FileApproval.asked_by),
        selectinload(FileApproval.marks).joinedload(ApprovalMark.user),
    )
