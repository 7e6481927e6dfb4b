"""The head of a case file's pages: what it is, where it stands, its tabs, and what waits.

Every page under /cases/{file_id} asks for it and extends file_base.html; what is below the tabs is the page's own.
"""

import uuid
from dataclasses import dataclass
from datetime import datetime

from fastapi import Request
from sqlalchemy import select
from sqlalchemy.orm import Session

from models.case_files import ApprovalMark, CaseFile, FileApproval
from models.database import reading
from models.enums import ApprovalState, FileAct
from models.people import UserSession
from review_ui.desk import Desk
from review_ui.errors import NotFound

# the piece of the address behind /cases/{file_id}; its word is file_tab.<piece>
TABS = ("", "proposal", "clocks", "papers", "people", "records", "goods", "service", "volume")


@dataclass(frozen=True)
class Tab:
    """word: the key of what it is called."""

    word: str
    address: str
    is_here: bool


@dataclass(frozen=True)
class WaitingApproval:
    """The round of approval that is open. role: of whose turn it is."""

    approval_id: uuid.UUID
    step: FileAct
    role: str
    level: int
    levels: int


@dataclass(frozen=True)
class FileHead:
    """at: of the visit, against which what has come due is measured."""

    file: CaseFile
    tabs: tuple[Tab, ...]
    waiting: WaitingApproval | None
    at: datetime


def file_head(desk: Desk, request: Request, opened: UserSession, file_id: uuid.UUID, at: datetime) -> FileHead:  # noqa: ARG001
    """Who asks was let in by the route. Raises NotFound."""
    with reading(desk.settings.sessions) as session:
        file = session.get(CaseFile, file_id)
        if file is None:
            raise NotFound
        waiting = waiting_approval(session, file_id)
    return FileHead(file, _tabs(file_id, request.url.path), waiting, at)


def waiting_approval(session: Session, file_id: uuid.UUID) -> WaitingApproval | None:
    approval = session.scalar(
        select(FileApproval).where(FileApproval.file_id == file_id, FileApproval.state == ApprovalState.OPEN)
    )
    if approval is None:
        return None
    marked = session.scalars(select(ApprovalMark.level).where(ApprovalMark.approval_id == approval.id)).all()
    level = len(marked) + 1
    role = approval.chain[min(level, len(approval.chain)) - 1]
    return WaitingApproval(approval.id, approval.step, role, level, len(approval.chain))


def _tabs(file_id: uuid.UUID, path: str) -> tuple[Tab, ...]:
    whole = f"/cases/{file_id}"
    piece = path.removeprefix(whole).strip("/").partition("/")[0]
    here = piece if piece in TABS else ""
    return tuple(Tab(f"file_tab.{tab or 'overview'}", f"{whole}/{tab}".rstrip("/"), tab == here) for tab in TABS)
