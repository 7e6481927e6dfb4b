"""Requests for other bodies' footage: asked for by one person, decided by another."""

import uuid
from collections.abc import Callable
from datetime import date, datetime, time
from typing import Annotated
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from sqlalchemy.orm import Session

from cases import footage_requests, uploads_shown
from cases.entitlements import Right, Scope, may, scope_of
from cases.errors import RequestRefused, UnknownCamera
from cases.footage_requests import Asked
from cases.scope import of_cameras_within
from models.database import reading, transaction
from models.enums import FootageRequestState
from models.recorders import FootageRequest
from review_ui.desk import Desk, Now, TheDesk
from review_ui.doorkeeper import CheckedForm, SignedIn
from review_ui.errors import NotFound
from review_ui.permissions import needs, within

routes = APIRouter()

PAGE = "/footage-requests"
LONGEST_FIELD = 1000
REFUSALS = (
    "ended",
    "not_yours",
    "own",
    "own_request",
    "reason",
    "time",
    "unknown",
    "unreadable",
    "validity",
    "words",
)
Words = Annotated[str, Form(max_length=LONGEST_FIELD)]
Moment = Annotated[str, Form(max_length=40)]


@routes.get(PAGE)
def all_requests(
    request: Request,
    desk: TheDesk,
    opened: SignedIn,
    scope: Annotated[Scope, needs(Right.SEE_UPLOADS)],
    refused: Annotated[str | None, Query(max_length=40)] = None,
) -> HTMLResponse:
    asks = may(opened.user, Right.ASK_FOOTAGE)
    with reading(desk.settings.sessions) as session:
        rows = footage_requests.requests(session, of_cameras_within(scope, FootageRequest.recorder_id))
        choice = uploads_shown.bodies(session, scope_of(opened.user, Right.ASK_FOOTAGE)) if asks else ()
    return desk.page(
        request,
        "footage_requests.html",
        opened,
        rows=rows,
        choice=choice,
        asks=asks,
        decides=may(opened.user, Right.APPROVE_FOOTAGE),
        asked=FootageRequestState.ASKED,
        timezone=desk.timezone(),
        refused=refused if refused in REFUSALS else None,
    )


@routes.post(PAGE)
def ask(
    desk: TheDesk,
    opened: CheckedForm,
    at: Now,
    scope: Annotated[Scope, needs(Right.ASK_FOOTAGE)],
    recorder: Annotated[str, Form(max_length=64)],
    first: Moment = "",
    last: Moment = "",
    legal_basis: Words = "",
    purpose: Words = "",
) -> Response:
    within(desk, scope, "camera_id", recorder)
    zone = ZoneInfo(desk.timezone())

    def say(session: Session) -> None:
        asked = Asked(recorder, _local(first, zone), _local(last, zone), legal_basis, purpose)
        footage_requests.ask(session, asked, by=opened.user, at=at)

    return _done(desk, say)


@routes.post("/footage-requests/{request_id}/approve", dependencies=[needs(Right.APPROVE_FOOTAGE)])
def approve(
    desk: TheDesk,
    opened: CheckedForm,
    at: Now,
    request_id: uuid.UUID,
    until: Annotated[str, Form(max_length=20)] = "",
    reason: Words = "",
) -> Response:
    """until: the last day on which it holds."""
    zone = ZoneInfo(desk.timezone())

    def say(session: Session) -> None:
        ends = datetime.combine(_day(until), time.max, tzinfo=zone)
        footage_requests.approve(session, request_id, by=opened.user, valid_until=ends, reason=reason, at=at)

    return _done(desk, say)


@routes.post("/footage-requests/{request_id}/refuse", dependencies=[needs(Right.APPROVE_FOOTAGE)])
def refuse(desk: TheDesk, opened: CheckedForm, at: Now, request_id: uuid.UUID, reason: Words = "") -> Response:
    return _done(
        desk,
        lambda session: footage_requests.refuse(session, request_id, by=opened.user, reason=reason, at=at),
    )


@routes.post("/footage-requests/{request_id}/withdraw", dependencies=[needs(Right.ASK_FOOTAGE)])
def withdraw(desk: TheDesk, opened: CheckedForm, at: Now, request_id: uuid.UUID) -> Response:
    return _done(desk, lambda session: footage_requests.withdraw(session, request_id, by=opened.user, at=at))


def _done(desk: Desk, act: Callable[[Session], object]) -> Response:
    refused = None
    try:
        with transaction(desk.settings.sessions) as session:
            act(session)
    except UnknownCamera as error:
        raise NotFound from error
    except RequestRefused as error:
        refused = error.why
    return RedirectResponse(PAGE + (f"?{urlencode({'refused': refused})}" if refused else ""), 303)


def _local(text: str, zone: ZoneInfo) -> datetime:
    """Raises RequestRefused: `unreadable`."""
    try:
        at = datetime.fromisoformat(text.strip())
    except ValueError as error:
        raise RequestRefused("unreadable", "write the time as 2026-03-02 12:00") from error
    return at.replace(tzinfo=zone) if at.tzinfo is None else at


def _day(text: str) -> date:
    """Raises RequestRefused: `unreadable`."""
    try:
        return date.fromisoformat(text.strip())
    except ValueError as error:
        raise RequestRefused("unreadable", "write the day as 2026-03-02") from error
