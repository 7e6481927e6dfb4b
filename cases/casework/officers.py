"""Officers: the two in charge of a case file, their certificates, and who stands back from it.

行政处罚法 art. 42: at least two, each with a certificate; art. 43: whoever has a stake in the matter, or may seem to,
stands back, by themselves or because the bureau's leader says so.
"""

import uuid
from datetime import date, datetime

from sqlalchemy import exists, or_, select
from sqlalchemy.orm import Session, joinedload

from cases.casework.approvals import lock
from cases.casework.days import local_date
from cases.casework.errors import FileRefused
from cases.casework.file_facts import recused_in
from cases.casework.rights import has_role_on, require_role
from cases.casework.steps import By, note
from cases.casework.table import ENDED
from cases.casework.taking import reason_of
from models.case_files import CaseFile, FileHearing, FileOfficer, Qualification
from models.enums import FileAct, QualificationKind, Role
from models.people import User

LONGEST_REASON = 400
PLACES = (1, 2)
ASSIGNS = frozenset({Role.OFFICER, Role.LEADER})


def record_qualification(
    session: Session,
    user: User,
    kind: QualificationKind,
    number: str,
    *,
    valid_from: date,
    valid_to: date | None,
    by: str,
    at: datetime,
) -> Qualification:
    """A certificate that somebody holds. by: the account that says so. Raises FileRefused."""
    said = number.strip()
    if not said or len(said) > LONGEST_REASON:
        raise FileRefused("no_certificate_number")
    if valid_to is not None and valid_to < valid_from:
        raise FileRefused("certificate_ends_before_it_begins")
    known = exists().where(Qualification.kind == kind, Qualification.number == said)
    if session.scalar(select(known)):
        raise FileRefused("certificate_number_known", number=said)
    row = Qualification(
        user_id=user.id,
        kind=kind,
        number=said,
        valid_from=valid_from,
        valid_to=valid_to,
        recorded_by=by,
        recorded_at=at,
    )
    session.add(row)
    session.flush()
    return row


def qualifications_of(session: Session, user_id: uuid.UUID) -> list[Qualification]:
    asked = select(Qualification).where(Qualification.user_id == user_id)
    return list(session.scalars(asked.order_by(Qualification.kind, Qualification.valid_from)))


def valid_certificate(session: Session, user_id: uuid.UUID, kind: QualificationKind, on: date) -> Qualification | None:
    """The one that is valid on that day; of several, the one that runs longest."""
    found = session.scalars(
        select(Qualification).where(
            Qualification.user_id == user_id,
            Qualification.kind == kind,
            Qualification.valid_from <= on,
            or_(Qualification.valid_to.is_(None), Qualification.valid_to >= on),
        )
    ).all()
    return max(found, key=lambda each: each.valid_to or date.max, default=None)


def officers_of(session: Session, file_id: uuid.UUID) -> list[FileOfficer]:
    """Those in charge now, the leading one first; `user` is loaded."""
    asked = select(FileOfficer).where(FileOfficer.file_id == file_id, FileOfficer.ended_at.is_(None))
    return list(session.scalars(asked.options(joinedload(FileOfficer.user)).order_by(FileOfficer.place)))


def why_not_officer(session: Session, file: CaseFile, user: User, on: date) -> str | None:
    """Why this person cannot be in charge of it; None: nothing is known against it. `user.grants` are loaded."""
    if user.id in recused_in(session, file.id):
        return "recused"
    if not has_role_on(session, user, Role.OFFICER, file.id):
        return "not_an_officer_there"
    if valid_certificate(session, user.id, QualificationKind.ENFORCEMENT, on) is None:
        return "no_certificate"
    chairs = exists().where(FileHearing.file_id == file.id, FileHearing.chair_id == user.id)
    return "chairs_the_hearing" if session.scalar(select(chairs)) else None


def assign(
    session: Session, file_id: uuid.UUID, user: User, *, place: int, by: User, at: datetime, reason: str = ""
) -> FileOfficer:
    """Puts an officer in charge, first or second. reason: needed where another one is replaced.

    Raises UnknownFile, NotEntitled, FileRefused, DatedWrongly, StepRefused in the archive.
    """
    file = lock(session, file_id)
    require_role(session, by, ASSIGNS, file_id, to=FileAct.OFFICER_ASSIGNED)
    if place not in PLACES:
        raise FileRefused("no_such_place")
    if file.state in ENDED:
        raise FileRefused("file_has_ended")
    why = why_not_officer(session, file, user, local_date(at, file.timezone))
    if why is not None:
        raise FileRefused(why, name=user.display_name)
    there = officers_of(session, file_id)
    if any(each.user_id == user.id for each in there):
        raise FileRefused("in_charge_already", name=user.display_name)
    before = next((each for each in there if each.place == place), None)
    if before is not None:
        before.ended_at, before.end_reason = at, reason_of(reason, LONGEST_REASON)
        session.flush()
    certificate = valid_certificate(session, user.id, QualificationKind.ENFORCEMENT, local_date(at, file.timezone))
    officer = FileOfficer(
        file_id=file_id,
        user_id=user.id,
        place=place,
        certificate=certificate.number if certificate else "",
        assigned_at=at,
    )
    session.add(officer)
    session.flush()
    told = {
        "user": str(user.id),
        "place": place,
        "certificate": officer.certificate,
        "instead_of": str(before.user_id) if before else None,
    }
    note(session, file, FileAct.OFFICER_ASSIGNED, by=By.person(by), at=at, facts=told)
    return officer


def recuse(
    session: Session, file_id: uuid.UUID, user: User, *, reason: str, by: User, at: datetime, party_asked: bool = False
) -> None:
    """Has somebody stand back from the matter, for good: as officer, approver, reviewer and chair.

    By the person, or by a leader, who decides where the party asked for it (行政处罚法 art. 43). Raises UnknownFile,
    NotEntitled, FileRefused, DatedWrongly, StepRefused in the archive.
    """
    file = lock(session, file_id)
    if by.id != user.id or party_asked:
        require_role(session, by, {Role.LEADER}, file_id, to=FileAct.OFFICER_RECUSED)
    said = reason_of(reason, LONGEST_REASON)
    if user.id in recused_in(session, file.id):
        raise FileRefused("recused", name=user.display_name)
    in_charge = next((each for each in officers_of(session, file_id) if each.user_id == user.id), None)
    if in_charge is not None:
        in_charge.ended_at, in_charge.end_reason, in_charge.recused = at, said, True
        session.flush()
    told = {
        "user": str(user.id),
        "place": in_charge.place if in_charge else None,
        "party_asked": party_asked,
        "reason": said,
    }
    note(session, file, FileAct.OFFICER_RECUSED, by=By.person(by), at=at, facts=told)
