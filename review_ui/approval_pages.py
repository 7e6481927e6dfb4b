"""Approvals: what waits for the reader's agreement, one after the other, with the paper and the evidence beside it."""

import uuid
from collections.abc import Sequence
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from sqlalchemy.orm import Session

from cases.casework import approvals, file_shown
from cases.casework.errors import FileError
from cases.casework.taking import LONGEST_REASON, WITH_OUTCOME
from cases.entitlements import Right, Scope, may, scope_of
from cases.law import catalogue
from cases.papers import documents
from cases.scope import is_within
from models.case_files import FileApproval
from models.database import reading, transaction
from models.enums import ApprovalState, ApprovalVerdict, PaperKind
from models.papers import FilePaper
from models.people import UserSession
from review_ui.desk import Desk, Now, TheDesk
from review_ui.doorkeeper import CheckedForm, SignedIn
from review_ui.file_head import file_head
from review_ui.file_overview import chain_shown
from review_ui.file_words import refusal, yuan
from review_ui.permissions import needs

routes = APIRouter()

REFUSED = 409

MayAgree = Annotated[Scope, needs(Right.APPROVE_FILES)]
Reason = Annotated[str, Form(max_length=LONGEST_REASON)]


@routes.get("/approvals")
def waiting(
    request: Request,
    desk: TheDesk,
    opened: SignedIn,
    scope: MayAgree,
    done: Annotated[uuid.UUID | None, Query()] = None,
) -> HTMLResponse:
    """done: the one the reader marked just before."""
    with reading(desk.settings.sessions) as session:
        mine = approvals.waiting_for(session, opened.user, scope)
        asked = file_shown.asked_by(session, opened.user)
        marked = _marked(session, scope, done)
    return desk.page(request, "approvals.html", opened, mine=mine, asked=asked, marked=marked)


@routes.get("/approvals/{approval_id}", dependencies=[needs(Right.SEE_FILES)])
def approval(
    request: Request,
    desk: TheDesk,
    opened: SignedIn,
    at: Now,
    approval_id: uuid.UUID,
    done: Annotated[uuid.UUID | None, Query()] = None,
) -> HTMLResponse:
    return _page(request, desk, opened, approval_id, at, done=done)


@routes.post("/approvals/{approval_id}/mark")
def mark(
    request: Request,
    desk: TheDesk,
    opened: CheckedForm,
    scope: MayAgree,
    at: Now,
    approval_id: uuid.UUID,
    verdict: Annotated[ApprovalVerdict, Form()],
    reason: Reason = "",
) -> Response:
    """What the reader says; the next one that waits for them opens."""
    try:
        with transaction(desk.settings.sessions) as session:
            approvals.mark(session, approval_id, verdict, by=opened.user, reason=reason, at=at)
    except FileError as error:
        return _page(request, desk, opened, approval_id, at, refused=error, typed=reason)
    with reading(desk.settings.sessions) as session:
        following = approvals.waiting_for(session, opened.user, scope)
    where = f"/approvals/{following[0].id}" if following else "/approvals"
    return RedirectResponse(f"{where}?done={approval_id}", 303)


@routes.post("/approvals/{approval_id}/withdraw", dependencies=[needs(Right.SEE_FILES)])
def withdraw(
    request: Request, desk: TheDesk, opened: CheckedForm, at: Now, approval_id: uuid.UUID, reason: Reason = ""
) -> Response:
    try:
        with transaction(desk.settings.sessions) as session:
            file_id = approvals.withdraw(session, approval_id, by=opened.user, reason=reason, at=at).file_id
    except FileError as error:
        return _page(request, desk, opened, approval_id, at, refused=error, typed=reason)
    return RedirectResponse(f"/cases/{file_id}", 303)


def _page(
    request: Request,
    desk: Desk,
    opened: UserSession,
    approval_id: uuid.UUID,
    at: datetime,
    *,
    refused: FileError | None = None,
    typed: str = "",
    done: uuid.UUID | None = None,
) -> HTMLResponse:
    catalog = desk.catalog_for(request)
    with reading(desk.settings.sessions) as session:
        shown = file_shown.approval(session, approval_id)
        why = approvals.why_not_mine(session, shown, opened.user)
        pictures = file_shown.pictures_of(session, shown.file)
        papers = _newest(documents.papers_of(session, shown.file_id))
        item = catalogue.item_version(session, str(shown.facts.get("provision_id", "")))
        marked = _marked(session, scope_of(opened.user, Right.SEE_FILES), done)
    return desk.page(
        request,
        "approval.html",
        opened,
        status=REFUSED if refused else 200,
        head=file_head(desk, request, opened, shown.file_id, at),
        shown=shown,
        outcome=shown.facts if shown.step in WITH_OUTCOME else None,
        may_mark=why is None and may(opened.user, Right.APPROVE_FILES),
        why_not=why,
        may_withdraw=shown.state is ApprovalState.OPEN and shown.asked_by_id == opened.user_id,
        levels=chain_shown(shown.chain, shown.marks, is_open=shown.state is ApprovalState.OPEN),
        pictures=pictures,
        papers=papers,
        item=item,
        band=None if item is None else item.band_named(str(shown.facts.get("band"))),
        refused=None if refused is None else refusal(catalog, refused),
        typed=typed,
        marked=marked,
        yuan=yuan,
        longest=LONGEST_REASON,
    )


def _newest(papers: Sequence[FilePaper]) -> list[FilePaper]:
    """Of each paper its newest version, which comes first."""
    found: dict[tuple[PaperKind, str], FilePaper] = {}
    for paper in papers:
        found.setdefault((paper.kind, paper.about), paper)
    return list(found.values())


def _marked(session: Session, scope: Scope, done: uuid.UUID | None) -> FileApproval | None:
    """The one marked just before, to say so; it came in the address, so it is asked whether it lies within reach."""
    if done is None or not is_within(session, scope, "approval_id", str(done)):
        return None
    return file_shown.approval(session, done)
