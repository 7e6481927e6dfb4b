"""The accounts, for administrators: who is there, which roles each has where, and ending what somebody has open."""

import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from sqlalchemy.orm import Session

from cases import accounts, passwords
from cases import sign_in as signing
from cases.accounts import Granted
from cases.entitlements import ROLES, Right
from cases.errors import AccountRefused
from models.database import reading, transaction
from models.enums import Offence, Role
from models.people import User, UserSession
from review_ui.desk import Desk, Now, TheDesk
from review_ui.doorkeeper import CheckedForm, SignedIn
from review_ui.errors import NotFound
from review_ui.permissions import needs

routes = APIRouter()

ADMINISTER = needs(Right.ADMINISTER)
REFUSED = 409


@dataclass(frozen=True)
class Typed:
    """What was put into the form for a new user when it was refused."""

    name: str = ""
    display_name: str = ""
    email: str = ""


@routes.get("/users", dependencies=[ADMINISTER])
def users(request: Request, desk: TheDesk, opened: SignedIn, at: Now) -> HTMLResponse:
    return _users_page(request, desk, opened, at, Typed(), None)


@routes.post("/users", dependencies=[ADMINISTER])
def add(
    request: Request,
    desk: TheDesk,
    opened: CheckedForm,
    at: Now,
    name: Annotated[str, Form(max_length=200)] = "",
    display_name: Annotated[str, Form(max_length=400)] = "",
    email: Annotated[str, Form(max_length=400)] = "",
    role: Annotated[Role | None, Form()] = None,
    area: Annotated[str, Form(max_length=64)] = "",
    offence: Annotated[Offence | None, Form()] = None,
) -> Response:
    """A new user, with a first password that this answer shows and that no other page ever does."""
    first = passwords.made()
    try:
        with transaction(desk.settings.sessions) as session:
            user = accounts.add_user(
                session,
                name=name,
                display_name=display_name,
                email=email,
                password=first,
                role=role,
                area_id=area or None,
                offence=offence,
                at=at,
                by=opened.user.name,
                must_change_password=True,
            )
    except AccountRefused as error:
        return _users_page(request, desk, opened, at, Typed(name, display_name, email), error.why)
    return _user_page(request, desk, opened, at, user.id, first_password=first)


@routes.get("/users/{user_id}", dependencies=[ADMINISTER])
def user(request: Request, desk: TheDesk, opened: SignedIn, at: Now, user_id: uuid.UUID) -> HTMLResponse:
    return _user_page(request, desk, opened, at, user_id)


@routes.post("/users/{user_id}", dependencies=[ADMINISTER])
def describe(
    request: Request,
    desk: TheDesk,
    opened: CheckedForm,
    at: Now,
    user_id: uuid.UUID,
    display_name: Annotated[str, Form(max_length=400)] = "",
    email: Annotated[str, Form(max_length=400)] = "",
) -> Response:
    try:
        with transaction(desk.settings.sessions) as session:
            found = _user(session, user_id)
            accounts.describe(session, found, display_name=display_name, email=email, by=opened.user.name, at=at)
    except AccountRefused as error:
        return _user_page(request, desk, opened, at, user_id, refused=error.why)
    return _back(user_id)


@routes.post("/users/{user_id}/grants", dependencies=[ADMINISTER])
def grant(
    request: Request,
    desk: TheDesk,
    opened: CheckedForm,
    at: Now,
    user_id: uuid.UUID,
    role: Annotated[Role, Form()],
    area: Annotated[str, Form(max_length=64)] = "",
    offence: Annotated[Offence | None, Form()] = None,
) -> Response:
    try:
        with transaction(desk.settings.sessions) as session:
            granted = Granted(role, area or None, offence)
            accounts.grant(session, _user(session, user_id), granted, by=opened.user.name, at=at)
    except AccountRefused as error:
        return _user_page(request, desk, opened, at, user_id, refused=error.why)
    return _back(user_id)


@routes.post("/users/{user_id}/grants/{grant_id}/withdraw", dependencies=[ADMINISTER])
def withdraw(
    request: Request, desk: TheDesk, opened: CheckedForm, at: Now, user_id: uuid.UUID, grant_id: uuid.UUID
) -> Response:
    try:
        with transaction(desk.settings.sessions) as session:
            accounts.withdraw(session, _user(session, user_id), grant_id, by=opened.user.name, at=at)
    except AccountRefused as error:
        return _user_page(request, desk, opened, at, user_id, refused=error.why)
    return _back(user_id)


@routes.post("/users/{user_id}/active", dependencies=[ADMINISTER])
def switch(
    request: Request,
    desk: TheDesk,
    opened: CheckedForm,
    at: Now,
    user_id: uuid.UUID,
    active: Annotated[bool, Form()],
) -> Response:
    try:
        with transaction(desk.settings.sessions) as session:
            accounts.switch(session, _user(session, user_id), active=active, by=opened.user.name, at=at)
    except AccountRefused as error:
        return _user_page(request, desk, opened, at, user_id, refused=error.why)
    return _back(user_id)


@routes.post("/users/{user_id}/unlock", dependencies=[ADMINISTER])
def unlock(desk: TheDesk, opened: CheckedForm, at: Now, user_id: uuid.UUID) -> Response:
    with transaction(desk.settings.sessions) as session:
        accounts.unlock(session, _user(session, user_id), by=opened.user.name, at=at)
    return _back(user_id)


@routes.post("/users/{user_id}/password", dependencies=[ADMINISTER])
def give_password(request: Request, desk: TheDesk, opened: CheckedForm, at: Now, user_id: uuid.UUID) -> Response:
    """A new first password, shown once; the user's sessions end."""
    if user_id == opened.user_id:
        return _user_page(request, desk, opened, at, user_id, refused="own_password")
    first = passwords.made()
    with transaction(desk.settings.sessions) as session:
        accounts.give_password(session, _user(session, user_id), first, by=opened.user.name, at=at)
    return _user_page(request, desk, opened, at, user_id, first_password=first)


@routes.post("/users/{user_id}/sessions/{session_id}/end", dependencies=[ADMINISTER])
def end_session(desk: TheDesk, opened: CheckedForm, at: Now, user_id: uuid.UUID, session_id: str) -> Response:
    with transaction(desk.settings.sessions) as session:
        found = _user(session, user_id)
        ended = signing.end_session(session, found, session_id, by=opened.user.name, at=at)
    if not ended:
        raise NotFound
    return _back(user_id)


def _user(session: Session, user_id: uuid.UUID) -> User:
    """Raises NotFound."""
    found = accounts.user_of(session, user_id)
    if found is None:
        raise NotFound
    return found


def _back(user_id: uuid.UUID) -> RedirectResponse:
    return RedirectResponse(f"/users/{user_id}", 303)


def _users_page(
    request: Request, desk: Desk, opened: UserSession, at: datetime, typed: Typed, refused: str | None
) -> HTMLResponse:
    with reading(desk.settings.sessions) as session:
        everybody = accounts.users(session)
        areas = accounts.areas(session)
    return desk.page(
        request,
        "users.html",
        opened,
        status=REFUSED if refused else 200,
        users=everybody,
        areas=areas,
        area_names={area.id: area.name for area in areas},
        offences=tuple(Offence),
        roles=tuple(Role),
        rights=ROLES,
        typed=typed,
        refused=refused,
        at=at,
    )


def _user_page(
    request: Request,
    desk: Desk,
    opened: UserSession,
    at: datetime,
    user_id: uuid.UUID,
    *,
    refused: str | None = None,
    first_password: str | None = None,
) -> HTMLResponse:
    with reading(desk.settings.sessions) as session:
        found = _user(session, user_id)
        areas = accounts.areas(session)
        sessions = signing.sessions_of_user(session, found, at)
        events = accounts.events_of(session, user_id)
    return desk.page(
        request,
        "user.html",
        opened,
        status=REFUSED if refused else 200,
        user=found,
        sessions=sessions,
        events=events,
        areas=areas,
        area_names={area.id: area.name for area in areas},
        offences=tuple(Offence),
        roles=tuple(Role),
        refused=refused,
        first_password=first_password,
        timezone=desk.timezone(),
        at=at,
    )
