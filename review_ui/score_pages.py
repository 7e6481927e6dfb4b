"""Review of archived case files at the desk: what is there to judge, one score sheet, and figures by area."""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Form, Query, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse
from pydantic import StringConstraints

from cases.casework.errors import FileError
from cases.entitlements import Right, Scope
from cases.volume import review
from cases.volume.review import Mark
from models.case_files import CaseFile
from models.database import reading, transaction
from models.people import UserSession
from review_ui.desk import Desk, Now, TheDesk
from review_ui.doorkeeper import CheckedForm, SignedIn
from review_ui.errors import ReviewError
from review_ui.file_head import file_head
from review_ui.file_words import refusal
from review_ui.permissions import needs

routes = APIRouter()

REFUSED = 409
ScoresFiles = Annotated[Scope, needs(Right.SCORE_FILES)]
MOST_DIGITS = 3
Line = Annotated[str, StringConstraints(max_length=2 * review.LONGEST_REASON)]
Lines = Annotated[Sequence[Line], Form()]


@dataclass(frozen=True)
class Typed:
    """What was typed, as it was typed, so that a refusal loses nothing."""

    deducted: Mapping[str, str] = field(default_factory=dict)
    reasons: Mapping[str, str] = field(default_factory=dict)
    opinion: str = ""


@routes.get("/cases/review")
def review_page(
    request: Request,
    desk: TheDesk,
    opened: SignedIn,
    scope: ScoresFiles,
    show: Annotated[str, Query(pattern="^(|open)$")] = "",
    page: Annotated[int, Query(ge=1, le=1_000_000)] = 1,
) -> HTMLResponse:
    sheet = desk.settings.score_sheet
    with reading(desk.settings.sessions) as session:
        shown = review.reviewables(session, scope, open_only=show == "open", page=page)
        figures = review.figures(session, scope, sheet)
    return desk.page(
        request,
        "file_reviews.html",
        opened,
        shown=shown,
        show=show,
        sheet=sheet,
        figures=figures,
        turned=lambda number: f"/cases/review?page={number}" + (f"&show={show}" if show else ""),
    )


@routes.get("/cases/{file_id}/review", dependencies=[needs(Right.SCORE_FILES)])
def score_page(request: Request, desk: TheDesk, opened: SignedIn, at: Now, file_id: uuid.UUID) -> HTMLResponse:
    return _page(request, desk, opened, at, file_id)


@routes.post("/cases/{file_id}/review", dependencies=[needs(Right.SCORE_FILES)])
def begin(request: Request, desk: TheDesk, opened: CheckedForm, at: Now, file_id: uuid.UUID) -> Response:
    try:
        with transaction(desk.settings.sessions) as session:
            review.begin(
                session, file_id, desk.settings.score_sheet, desk.settings.archive_order, by=opened.user, at=at
            )
    except FileError as error:
        return _page(request, desk, opened, at, file_id, error)
    return RedirectResponse(f"/cases/{file_id}/review", 303)


@routes.post("/cases/{file_id}/review/score", dependencies=[needs(Right.SCORE_FILES)])
def finish(
    request: Request,
    desk: TheDesk,
    opened: CheckedForm,
    at: Now,
    file_id: uuid.UUID,
    item: Lines = (),
    deducted: Lines = (),
    reason: Lines = (),
    opinion: Annotated[str, Form(max_length=2 * review.LONGEST_OPINION)] = "",
) -> Response:
    """item, deducted, reason: one of each for every item of the sheet."""
    if not len(item) == len(deducted) == len(reason):
        raise ReviewError
    typed = Typed(dict(zip(item, deducted, strict=True)), dict(zip(item, reason, strict=True)), opinion)
    try:
        with transaction(desk.settings.sessions) as session:
            review.finish(session, file_id, _marks(typed), opinion=opinion, by=opened.user, at=at)
    except FileError as error:
        return _page(request, desk, opened, at, file_id, error, typed)
    return RedirectResponse(f"/cases/{file_id}/review", 303)


def _marks(typed: Typed) -> dict[str, Mark]:
    """Raises ReviewError for what no field of ours lets through."""
    marks = {}
    for code, text in typed.deducted.items():
        if text and not (text.isascii() and text.isdigit() and len(text) <= MOST_DIGITS):
            raise ReviewError
        marks[code] = Mark(int(text or 0), typed.reasons.get(code, ""))
    return marks


def _page(
    request: Request,
    desk: Desk,
    opened: UserSession,
    at: datetime,
    file_id: uuid.UUID,
    error: FileError | None = None,
    typed: Typed | None = None,
) -> HTMLResponse:
    head = file_head(desk, request, opened, file_id, at)
    sheet = desk.settings.score_sheet
    with reading(desk.settings.sessions) as session:
        scores = review.reviews_of(session, file_id)
        may_review = review.may_review(session, session.get_one(CaseFile, file_id), opened.user)
    under_way = next((score for score in scores if score.finished_at is None), None)
    return desk.page(
        request,
        "file_review.html",
        opened,
        status=REFUSED if error else 200,
        head=head,
        sheet=sheet,
        scores=[score for score in scores if score.finished_at is not None],
        under_way=under_way,
        mine=under_way is not None and under_way.reviewer_id == opened.user.id,
        may_review=may_review,
        typed=typed,
        refusal=refusal(desk.catalog_for(request), error) if error else None,
    )
