"""Certificates at the desk: an administrator says who may enforce and who belongs to the legal profession.

What they are asked for is in cases/casework/gates.py (行政处罚法 art. 42, 58). A certificate is never changed or taken
away: it ends on its last day, and a new one is recorded.
"""

import uuid
from collections import defaultdict
from datetime import date, datetime
from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from cases.casework import certificates, officers
from cases.casework.errors import FileError, FileRefused
from cases.entitlements import Right
from models.database import reading, transaction
from models.enums import QualificationKind
from models.people import User, UserSession
from review_ui.desk import Desk, Now, TheDesk
from review_ui.doorkeeper import CheckedForm, SignedIn
from review_ui.file_words import refusal
from review_ui.permissions import needs

routes = APIRouter()

REFUSED = 409
LONGEST = 64

Text = Annotated[str, Form(max_length=LONGEST)]


@routes.get("/certificates", dependencies=[needs(Right.ADMINISTER)])
def held(request: Request, desk: TheDesk, opened: SignedIn, at: Now) -> HTMLResponse:
    return _page(request, desk, opened, at)


@routes.post("/certificates", dependencies=[needs(Right.ADMINISTER)])
def record(
    request: Request,
    desk: TheDesk,
    opened: CheckedForm,
    at: Now,
    kind: Annotated[QualificationKind, Form()],
    user: Text = "",
    number: Text = "",
    valid_from: Text = "",
    valid_to: Text = "",
) -> Response:
    try:
        with transaction(desk.settings.sessions) as session:
            holder = session.get(User, _id(user))
            if holder is None:
                raise FileRefused("nobody_chosen")
            officers.record_qualification(
                session,
                holder,
                kind,
                number,
                valid_from=_day(valid_from),
                valid_to=_day(valid_to) if valid_to else None,
                by=opened.user.name,
                at=at,
            )
    except FileError as error:
        typed = {"user": user, "kind": kind.value, "number": number, "valid_from": valid_from, "valid_to": valid_to}
        return _page(request, desk, opened, at, typed, error)
    return RedirectResponse("/certificates", 303)


def _page(
    request: Request,
    desk: Desk,
    opened: UserSession,
    at: datetime,
    typed: dict[str, str] | None = None,
    refused: FileError | None = None,
) -> HTMLResponse:
    with reading(desk.settings.sessions) as session:
        known = certificates.holders(session)
    return desk.page(
        request,
        "certificates.html",
        opened,
        status=REFUSED if refused else 200,
        known=known,
        kinds=tuple(QualificationKind),
        today=at.date(),
        typed=defaultdict(str, typed or {}),
        refused=None if refused is None else refusal(desk.catalog_for(request), refused),
        longest=LONGEST,
    )


def _id(text: str) -> uuid.UUID:
    """Raises FileRefused."""
    try:
        return uuid.UUID(text)
    except ValueError as error:
        raise FileRefused("nobody_chosen") from error


def _day(text: str) -> date:
    """Raises FileRefused."""
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise FileRefused("day_unreadable") from error
