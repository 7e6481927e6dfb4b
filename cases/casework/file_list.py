"""The list of case files: which there are within reach, narrowed, newest first, and how many stand where.

Reading only. Counts come from the query that finds the rows; what waits for one person is put together at the desk,
from cases/casework/approvals.py and cases/casework/due.py.
"""

import uuid
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import Session

from cases.casework.table import ENDED
from cases.entitlements import Scope
from cases.scope import files_within
from models.case_files import CaseFile, FileOfficer
from models.enums import FileState, Offence
from models.people import User

PAGE_SIZE = 25


@dataclass(frozen=True)
class Narrowed:
    """What the list is narrowed to; empty: not. states: none given means all that have not ended. among: these alone.

    text: in number, title or place.
    """

    states: tuple[FileState, ...] = ()
    offence: Offence | None = None
    officer_id: uuid.UUID | None = None
    text: str = ""
    among: Collection[uuid.UUID] | None = None


@dataclass(frozen=True)
class FileRow:
    """officers: who is in charge of it, by display name, the leading one first."""

    file: CaseFile
    officers: tuple[str, ...]


@dataclass(frozen=True)
class FileList:
    """counts: how many stand where under the same narrowing, the states left aside. page counts from 1."""

    rows: tuple[FileRow, ...]
    total: int
    page: int
    pages: int
    counts: Mapping[FileState, int] = field(default_factory=dict)

    @property
    def open_count(self) -> int:
        return sum(count for state, count in self.counts.items() if state not in ENDED)


def file_list(session: Session, scope: Scope, by: Narrowed, page: int = 1) -> FileList:
    """A page beyond the last is the last."""
    states = by.states or tuple(state for state in FileState if state not in ENDED)
    every = select(CaseFile.state, func.count()).where(*_conditions(scope, replace(by, states=())))
    counts = dict(session.execute(every.group_by(CaseFile.state)).all())
    total = sum(counts.get(state, 0) for state in states)
    pages = max(1, -(-total // PAGE_SIZE))
    page = min(max(page, 1), pages)
    found = session.scalars(
        select(CaseFile)
        .where(*_conditions(scope, replace(by, states=states)))
        .order_by(CaseFile.registered_at.desc(), CaseFile.id)
        .offset((page - 1) * PAGE_SIZE)
        .limit(PAGE_SIZE)
    ).all()
    officers = officers_by_file(session, [file.id for file in found])
    rows = tuple(FileRow(file, officers.get(file.id, ())) for file in found)
    return FileList(rows, total, page, pages, counts)


def officers_by_file(session: Session, file_ids: Collection[uuid.UUID]) -> dict[uuid.UUID, tuple[str, ...]]:
    """Who is in charge now, by display name, the leading one first."""
    found: dict[uuid.UUID, tuple[str, ...]] = {}
    asked = (
        select(FileOfficer.file_id, User.display_name)
        .join(User, User.id == FileOfficer.user_id)
        .where(FileOfficer.file_id.in_(file_ids), FileOfficer.ended_at.is_(None))
        .order_by(FileOfficer.place)
    )
    for file_id, name in session.execute(asked):
        found[file_id] = (*found.get(file_id, ()), name)
    return found


def officers_of_files(session: Session, scope: Scope) -> list[User]:
    """Everybody who is in charge of a case file within reach, by display name."""
    in_charge = (
        select(FileOfficer.user_id)
        .join(CaseFile, CaseFile.id == FileOfficer.file_id)
        .where(FileOfficer.ended_at.is_(None), files_within(scope))
    )
    return list(session.scalars(select(User).where(User.id.in_(in_charge)).order_by(User.display_name, User.id)))


def open_files(session: Session, scope: Scope) -> list[CaseFile]:
    """Every one within reach that has not ended."""
    return list(session.scalars(select(CaseFile).where(files_within(scope), CaseFile.state.not_in(ENDED))))


def files_of_officer(session: Session, user: User, scope: Scope) -> list[CaseFile]:
    """Those within reach this user is in charge of and that have not ended, the oldest first."""
    in_charge = select(FileOfficer.file_id).where(FileOfficer.user_id == user.id, FileOfficer.ended_at.is_(None))
    asked = select(CaseFile).where(CaseFile.id.in_(in_charge), CaseFile.state.not_in(ENDED), files_within(scope))
    return list(session.scalars(asked.order_by(CaseFile.registered_at, CaseFile.id)))


def _conditions(scope: Scope, by: Narrowed) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = [files_within(scope)]
    if by.states:
        conditions.append(CaseFile.state.in_(by.states))
    if by.offence is not None:
        conditions.append(CaseFile.offence == by.offence)
    if by.officer_id is not None:
        in_charge = select(FileOfficer.file_id)
        in_charge = in_charge.where(FileOfficer.user_id == by.officer_id, FileOfficer.ended_at.is_(None))
        conditions.append(CaseFile.id.in_(in_charge))
    if by.text:
        conditions.append(
            or_(
                *(
                    each.icontains(by.text, autoescape=True)
                    for each in (CaseFile.number, CaseFile.title, CaseFile.place)
                )
            )
        )
    if by.among is not None:
        conditions.append(CaseFile.id.in_(by.among))
    return conditions
