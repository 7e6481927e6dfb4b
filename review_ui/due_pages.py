"""What is due: over all case files within reach, and the clocks of one of them on a line of time."""

import uuid
from dataclasses import dataclass
from datetime import date, datetime
from typing import Annotated

from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from cases.casework import clock_acts, due, file_list, reminders
from cases.casework.clock_rules import rules
from cases.casework.days import local_date
from cases.casework.due import Group
from cases.casework.errors import FileError
from cases.entitlements import Right, Scope
from cases.law.calendar import notices
from models.case_files import CaseFile
from models.database import reading, transaction
from models.enums import Role, StopCause
from models.people import UserSession
from review_ui.clock_track import time_line
from review_ui.desk import Desk, Now, TheDesk
from review_ui.doorkeeper import CheckedForm, SignedIn
from review_ui.errors import NotFound
from review_ui.file_head import file_head
from review_ui.file_words import refusal
from review_ui.permissions import needs

routes = APIRouter()

REFUSED = 409
LONGEST_NAME, LONGEST_PHONE = 64, 40
MOST_ROWS = 200  # of a group; who has more narrows them
ME = "me"  # in place of an officer's id: whoever asks

MaySee = Annotated[Scope, needs(Right.SEE_FILES)]
Name = Annotated[str, Form(max_length=LONGEST_NAME)]
Reason = Annotated[str, Form(max_length=clock_acts.MAX_REASON)]


@dataclass(frozen=True)
class Typed:
    """What was typed into a form of a clock, so that a refusal loses nothing. act: which form."""

    act: str
    clock: str
    of: str
    reason: str
    on: date | None = None
    cause: StopCause | None = None
    days: int | None = None

    def is_for(self, act: str, clock: str, of: str) -> bool:
        return (self.act, self.clock, self.of) == (act, clock, of)


NOTHING_TYPED = Typed("", "", "", "")


@routes.get("/due")
def due_page(
    request: Request,
    desk: TheDesk,
    opened: SignedIn,
    at: Now,
    scope: MaySee,
    officer: Annotated[str, Query(max_length=LONGEST_NAME)] = "",
    area: Annotated[str, Query(max_length=LONGEST_NAME)] = "",
) -> HTMLResponse:
    """officer: an id, or ME."""
    return _due_page(request, desk, opened, at, scope, officer, area)


@routes.post("/due/phone")
def phone(
    request: Request,
    desk: TheDesk,
    opened: CheckedForm,
    at: Now,
    scope: MaySee,
    number: Annotated[str, Form(max_length=LONGEST_PHONE)] = "",
) -> Response:
    """On which number whoever asks wants to be reminded."""
    key = desk.settings.personal_data_key
    if key is None:
        raise NotFound
    try:
        with transaction(desk.settings.sessions) as session:
            reminders.keep_phone(session, key, opened.user, number, at=at)
    except FileError as error:
        return _due_page(request, desk, opened, at, scope, "", "", refused=error, typed=number)
    return RedirectResponse("/due", 303)


def _due_page(
    request: Request,
    desk: Desk,
    opened: UserSession,
    at: datetime,
    scope: Scope,
    officer: str,
    area: str,
    *,
    refused: FileError | None = None,
    typed: str = "",
) -> HTMLResponse:
    key, catalog = desk.settings.personal_data_key, desk.catalog_for(request)
    with reading(desk.settings.sessions) as session:
        shown = due.due(session, scope, at, officer_id=_officer_id(officer, opened), area_id=area or None)
        officers = file_list.officers_of_files(session, scope)
        kept = None if key is None else reminders.phone_kept(session, key, opened.user)
    return desk.page(
        request,
        "due.html",
        opened,
        status=REFUSED if refused else 200,
        shown=shown,
        groups=list(Group),
        officers=officers,
        me=ME,
        most=MOST_ROWS,
        asked={"officer": officer, "area": area},
        can_keep=key is not None,
        kept=kept,
        refusal=refusal(catalog, refused) if refused else None,
        typed=typed,
        rules=rules(),
    )


def _officer_id(officer: str, opened: UserSession) -> uuid.UUID | None:
    if officer == ME:
        return opened.user.id
    try:
        return uuid.UUID(officer) if officer else None
    except ValueError as error:
        raise NotFound from error


@routes.get("/cases/{file_id}/clocks", dependencies=[needs(Right.SEE_FILES)])
def clocks_page(request: Request, desk: TheDesk, opened: SignedIn, at: Now, file_id: uuid.UUID) -> HTMLResponse:
    return _clocks_page(request, desk, opened, at, file_id)


@routes.post("/cases/{file_id}/clocks/stop", dependencies=[needs(Right.WORK_FILES)])
def stop(
    request: Request,
    desk: TheDesk,
    opened: CheckedForm,
    at: Now,
    file_id: uuid.UUID,
    clock: Name,
    cause: Annotated[StopCause, Form()],
    on: Annotated[date, Form()],
    of: Name = "",
    reason: Reason = "",
) -> Response:
    try:
        with transaction(desk.settings.sessions) as session:
            clock_acts.stop(session, file_id, clock, of, cause, on=on, reason=reason, user=opened.user, at=at)
    except FileError as error:
        typed = Typed("stop", clock, of, reason, on=on, cause=cause)
        return _clocks_page(request, desk, opened, at, file_id, refused=error, typed=typed)
    return _back(file_id)


@routes.post("/cases/{file_id}/clocks/start", dependencies=[needs(Right.WORK_FILES)])
def start(
    request: Request,
    desk: TheDesk,
    opened: CheckedForm,
    at: Now,
    file_id: uuid.UUID,
    clock: Name,
    on: Annotated[date, Form()],
    of: Name = "",
    reason: Reason = "",
) -> Response:
    try:
        with transaction(desk.settings.sessions) as session:
            clock_acts.start(session, file_id, clock, of, on=on, reason=reason, user=opened.user, at=at)
    except FileError as error:
        typed = Typed("start", clock, of, reason, on=on)
        return _clocks_page(request, desk, opened, at, file_id, refused=error, typed=typed)
    return _back(file_id)


@routes.post("/cases/{file_id}/clocks/extend", dependencies=[needs(Right.APPROVE_FILES)])
def extend(
    request: Request,
    desk: TheDesk,
    opened: CheckedForm,
    at: Now,
    file_id: uuid.UUID,
    clock: Name,
    days: Annotated[int, Form(ge=0, le=3650)],
    of: Name = "",
    reason: Reason = "",
) -> Response:
    try:
        with transaction(desk.settings.sessions) as session:
            clock_acts.extend(session, file_id, clock, of, days=days, reason=reason, user=opened.user, at=at)
    except FileError as error:
        typed = Typed("extend", clock, of, reason, days=days)
        return _clocks_page(request, desk, opened, at, file_id, refused=error, typed=typed)
    return _back(file_id)


def _back(file_id: uuid.UUID) -> RedirectResponse:
    return RedirectResponse(f"/cases/{file_id}/clocks", 303)


def _clocks_page(
    request: Request,
    desk: Desk,
    opened: UserSession,
    at: datetime,
    file_id: uuid.UUID,
    *,
    refused: FileError | None = None,
    typed: Typed = NOTHING_TYPED,
) -> HTMLResponse:
    catalog, head = desk.catalog_for(request), file_head(desk, request, opened, file_id, at)
    with reading(desk.settings.sessions) as session:
        found = due.clocks_of(session, session.get_one(CaseFile, file_id), at)
    on = local_date(at, head.file.timezone)
    return desk.page(
        request,
        "file_clocks.html",
        opened,
        status=REFUSED if refused else 200,
        head=head,
        on=on,
        line=time_line(found, on),
        ended=[clock for clock in found if not clock.goes_on],
        rules=rules(),
        notices=notices(),
        is_leader=Role.LEADER in opened.user.roles,
        refusal=refusal(catalog, refused) if refused else None,
        typed=typed,
    )
