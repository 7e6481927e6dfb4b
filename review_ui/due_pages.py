"""What is due: over all case files within reach, and the clocks of one of them on a line of time."""

import uuid
from datetime import date
from typing import Annotated

from fastapi import APIRouter, Form, Query
from fastapi.responses import HTMLResponse, Response
from sqlalchemy.orm import Session

from cases.casework import clock_acts, due, file_list, reminders
from cases.casework.clock_rules import rules
from cases.casework.days import local_date
from cases.casework.due import Group
from cases.entitlements import Right, Scope
from cases.law.calendar import notices
from models.case_files import CaseFile
from models.database import reading
from models.enums import Role, StopCause
from models.people import User
from review_ui.asking import Acts, Answer, Asking, Asks
from review_ui.clock_track import time_line
from review_ui.errors import NotFound
from review_ui.permissions import needs

routes = APIRouter()

LONGEST_NAME, LONGEST_PHONE = 64, 40
MOST_ROWS = 200  # of a group; who has more narrows them
ME = "me"  # in place of an officer's id: whoever asks

MaySee = Annotated[Scope, needs(Right.SEE_FILES)]
Name = Annotated[str, Form(max_length=LONGEST_NAME)]
Reason = Annotated[str, Form(max_length=clock_acts.MAX_REASON)]


@routes.get("/due")
def due_page(
    asks: Asks,
    scope: MaySee,
    officer: Annotated[str, Query(max_length=LONGEST_NAME)] = "",
    area: Annotated[str, Query(max_length=LONGEST_NAME)] = "",
) -> HTMLResponse:
    """officer: an id, or ME."""
    return _due_page(asks, scope, Answer(), officer, area)


@routes.post("/due/phone")
def phone(asks: Acts, scope: MaySee, number: Annotated[str, Form(max_length=LONGEST_PHONE)] = "") -> Response:
    """On which number whoever asks wants to be reminded."""
    key = asks.desk.settings.personal_data_key
    if key is None:
        raise NotFound

    def put(session: Session) -> None:
        reminders.keep_phone(session, key, asks.user, number, at=asks.at)

    return asks.act("phone", put, "/due", lambda answer: _due_page(asks, scope, answer))


def _due_page(asks: Asking, scope: Scope, answer: Answer, officer: str = "", area: str = "") -> HTMLResponse:
    desk, key = asks.desk, asks.desk.settings.personal_data_key
    with reading(desk.settings.sessions) as session:
        shown = due.due(session, scope, asks.at, officer_id=_officer_id(officer, asks.user), area_id=area or None)
        officers = file_list.officers_of_files(session, scope)
        kept = None if key is None else reminders.phone_kept(session, key, asks.user)
    return asks.page(
        "due.html",
        answer,
        shown=shown,
        groups=list(Group),
        officers=officers,
        me=ME,
        most=MOST_ROWS,
        asked={"officer": officer, "area": area},
        can_keep=key is not None,
        kept=kept,
        rules=rules(),
    )


def _officer_id(officer: str, user: User) -> uuid.UUID | None:
    if officer == ME:
        return user.id
    try:
        return uuid.UUID(officer) if officer else None
    except ValueError as error:
        raise NotFound from error


@routes.get("/cases/{file_id}/clocks", dependencies=[needs(Right.SEE_FILES)])
def clocks_page(asks: Asks, file_id: uuid.UUID) -> HTMLResponse:
    return _clocks_page(asks, file_id, Answer())


@routes.post("/cases/{file_id}/clocks/stop", dependencies=[needs(Right.WORK_FILES)])
def stop(
    asks: Acts,
    file_id: uuid.UUID,
    clock: Name,
    cause: Annotated[StopCause, Form()],
    on: Annotated[date, Form()],
    of: Name = "",
    reason: Reason = "",
) -> Response:
    def put(session: Session, file: CaseFile) -> None:
        clock_acts.stop(session, file.id, clock, of, cause, on=on, reason=reason, user=asks.user, at=asks.at)

    return asks.act_on(file_id, f"stop-{clock}-{of}", put, "/clocks", _clocks_page)


@routes.post("/cases/{file_id}/clocks/start", dependencies=[needs(Right.WORK_FILES)])
def start(
    asks: Acts, file_id: uuid.UUID, clock: Name, on: Annotated[date, Form()], of: Name = "", reason: Reason = ""
) -> Response:
    def put(session: Session, file: CaseFile) -> None:
        clock_acts.start(session, file.id, clock, of, on=on, reason=reason, user=asks.user, at=asks.at)

    return asks.act_on(file_id, f"start-{clock}-{of}", put, "/clocks", _clocks_page)


@routes.post("/cases/{file_id}/clocks/extend", dependencies=[needs(Right.APPROVE_FILES)])
def extend(
    asks: Acts,
    file_id: uuid.UUID,
    clock: Name,
    days: Annotated[int, Form(ge=0, le=3650)],
    of: Name = "",
    reason: Reason = "",
) -> Response:
    def put(session: Session, file: CaseFile) -> None:
        clock_acts.extend(session, file.id, clock, of, days=days, reason=reason, user=asks.user, at=asks.at)

    return asks.act_on(file_id, f"extend-{clock}-{of}", put, "/clocks", _clocks_page)


def _clocks_page(asks: Asking, file_id: uuid.UUID, answer: Answer) -> HTMLResponse:
    head = asks.head(file_id)
    with reading(asks.desk.settings.sessions) as session:
        found = due.clocks_of(session, session.get_one(CaseFile, file_id), asks.at)
    on = local_date(asks.at, head.file.timezone)
    return asks.page(
        "file_clocks.html",
        answer,
        head=head,
        on=on,
        line=time_line(found, on),
        ended=[clock for clock in found if not clock.goes_on],
        rules=rules(),
        notices=notices(),
        is_leader=Role.LEADER in asks.user.roles,
    )
