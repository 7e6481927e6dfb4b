"""Review of archived case files at the desk: what is there to judge, one score sheet, and figures by area."""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Annotated

from fastapi import APIRouter, Form, Query, Request, Response
from fastapi.responses import HTMLResponse
from pydantic import StringConstraints
from sqlalchemy.orm import Session

from cases.entitlements import Right, Scope
from cases.volume import review
from cases.volume.review import Mark
from models.case_files import CaseFile
from models.database import reading
from review_ui.asking import Acts, Answer, Asking, Asks
from review_ui.desk import TheDesk
from review_ui.doorkeeper import SignedIn
from review_ui.errors import ReviewError
from review_ui.permissions import needs

routes = APIRouter()

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
def score_page(asks: Asks, file_id: uuid.UUID) -> HTMLResponse:
    return _page(asks, file_id, Answer())


@routes.post("/cases/{file_id}/review", dependencies=[needs(Right.SCORE_FILES)])
def begin(asks: Acts, file_id: uuid.UUID) -> Response:
    sheet, order = asks.desk.settings.score_sheet, asks.desk.settings.archive_order

    def put(session: Session, file: CaseFile) -> None:
        review.begin(session, file.id, sheet, order, by=asks.user, at=asks.at)

    return asks.act_on(file_id, "begin", put, "/review", _page)


@routes.post("/cases/{file_id}/review/score", dependencies=[needs(Right.SCORE_FILES)])
def finish(
    asks: Acts,
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

    def put(session: Session, file: CaseFile) -> None:
        review.finish(session, file.id, _marks(typed), opinion=opinion, by=asks.user, at=asks.at)

    return asks.act_on(file_id, "score", put, "/review", partial(_page, typed=typed))


def _marks(typed: Typed) -> dict[str, Mark]:
    """Raises ReviewError for what no field of ours lets through."""
    marks = {}
    for code, text in typed.deducted.items():
        if text and not (text.isascii() and text.isdigit() and len(text) <= MOST_DIGITS):
            raise ReviewError
        marks[code] = Mark(int(text or 0), typed.reasons.get(code, ""))
    return marks


def _page(asks: Asking, file_id: uuid.UUID, answer: Answer, *, typed: Typed | None = None) -> HTMLResponse:
    head = asks.head(file_id)
    sheet = asks.desk.settings.score_sheet
    with reading(asks.desk.settings.sessions) as session:
        scores = review.reviews_of(session, file_id)
        may_review = review.may_review(session, session.get_one(CaseFile, file_id), asks.user)
    under_way = next((score for score in scores if score.finished_at is None), None)
    return asks.page(
        "file_review.html",
        answer,
        head=head,
        sheet=sheet,
        scores=[score for score in scores if score.finished_at is not None],
        under_way=under_way,
        mine=under_way is not None and under_way.reviewer_id == asks.user.id,
        may_review=may_review,
        typed=typed,
    )
