"""One's own account: what one may and where, the browsers that are signed in, the password, tokens of the API."""

import uuid
from datetime import datetime
from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from cases import accounts, api_tokens
from cases import sign_in as signing
from cases.entitlements import Right, may
from cases.errors import AccountRefused, PasswordRefused
from cases.passwords import MAX_CHARACTERS, MIN_CHARACTERS
from models.database import reading, transaction
from models.enums import Offence
from models.people import UserSession
from review_ui.desk import Desk, Now, TheDesk
from review_ui.doorkeeper import CheckedForm, SignedIn
from review_ui.errors import NotFound, PasswordDue, TooBusy
from review_ui.permissions import own
from review_ui.public_pages import local_path
from review_ui.sign_in_pages import WAIT_FOR_A_TURN_S

routes = APIRouter()

OWN = own("one's own account")
NOT_CONFIRMED, NOT_TWICE = "not_the_old_one", "not_twice"


@routes.get("/account", dependencies=[OWN])
def account(request: Request, desk: TheDesk, opened: SignedIn, at: Now) -> HTMLResponse:
    return _account_page(request, desk, opened, at)


@routes.get("/account/password", dependencies=[OWN])
def password_page(
    request: Request,
    desk: TheDesk,
    opened: SignedIn,
    wanted: Annotated[str, Query(alias="next", max_length=2000)] = "/account",
) -> HTMLResponse:
    return _password_page(request, desk, opened, local_path(wanted), None)


@routes.post("/account/password", dependencies=[OWN])
def change_password(
    request: Request,
    desk: TheDesk,
    opened: CheckedForm,
    at: Now,
    before: Annotated[str, Form(max_length=1000)] = "",
    password: Annotated[str, Form(max_length=1000)] = "",
    again: Annotated[str, Form(max_length=1000)] = "",
    wanted: Annotated[str, Form(alias="next", max_length=2000)] = "/account",
) -> Response:
    """Every other session of this user ends with it."""
    to = local_path(wanted)
    if password != again:
        return _password_page(request, desk, opened, to, NOT_TWICE)
    if not desk.hashing.acquire(timeout=WAIT_FOR_A_TURN_S):
        raise TooBusy
    try:
        with transaction(desk.settings.sessions) as session:
            confirmed = accounts.confirms(session, opened, before, at=at)
        if not confirmed:
            return _password_page(request, desk, opened, to, NOT_CONFIRMED)
        with transaction(desk.settings.sessions) as session:
            accounts.change_password(session, opened, password, at=at)
    except PasswordRefused as error:
        return _password_page(request, desk, opened, to, error.why)
    finally:
        desk.hashing.release()
    return RedirectResponse(to, 303)


@routes.post("/account/sessions/{session_id}/end", dependencies=[OWN])
def end_session(desk: TheDesk, opened: CheckedForm, at: Now, session_id: str) -> Response:
    with transaction(desk.settings.sessions) as session:
        ended = signing.end_session(session, opened.user, session_id, by=opened.user.name, at=at)
    if not ended:
        raise NotFound
    return RedirectResponse("/account", 303)


@routes.post("/account/tokens", dependencies=[OWN])
def make_token(
    request: Request,
    desk: TheDesk,
    opened: CheckedForm,
    at: Now,
    label: Annotated[str, Form(max_length=200)] = "",
    right: Annotated[list[Right] | None, Form()] = None,
    days: Annotated[int, Form()] = api_tokens.DEFAULT_DAYS,
    area: Annotated[str, Form(max_length=64)] = "",
    offence: Annotated[Offence | None, Form()] = None,
) -> Response:
    """The answer shows the token, and no other page ever does."""
    if opened.user.must_change_password:
        raise PasswordDue
    try:
        with transaction(desk.settings.sessions) as session:
            token = api_tokens.give(
                session,
                opened.user,
                label=label,
                rights=right or [],
                days=days,
                at=at,
                area_id=area or None,
                offence=offence,
            )
    except AccountRefused as error:
        return _account_page(request, desk, opened, at, refused=error.why)
    return _account_page(request, desk, opened, at, made=token)


@routes.post("/account/tokens/{token_id}/revoke", dependencies=[OWN])
def revoke_token(desk: TheDesk, opened: CheckedForm, at: Now, token_id: uuid.UUID) -> Response:
    with transaction(desk.settings.sessions) as session:
        ended = api_tokens.revoke(session, opened.user, token_id, by=opened.user.name, at=at)
    if not ended:
        raise NotFound
    return RedirectResponse("/account#tokens", 303)


def _account_page(
    request: Request,
    desk: Desk,
    opened: UserSession,
    at: datetime,
    *,
    refused: str | None = None,
    made: str | None = None,
) -> HTMLResponse:
    """made: a token, shown this once."""
    with reading(desk.settings.sessions) as session:
        sessions = signing.sessions_of_user(session, opened.user, at)
        areas = accounts.areas(session)
        events = accounts.events_of(session, opened.user_id)
        tokens = [each for each in api_tokens.of_user(session, opened.user) if api_tokens.is_good(each, at)]
    return desk.page(
        request,
        "account.html",
        opened,
        status=409 if refused else 200,
        sessions=sessions,
        areas=areas,
        area_names={area.id: area.name for area in areas},
        offences=tuple(Offence),
        events=events,
        tokens=tokens,
        offered=[right for right in api_tokens.OFFERED if may(opened.user, right)],
        days=api_tokens.DEFAULT_DAYS,
        most_days=api_tokens.LONGEST_DAYS,
        refused=refused,
        made=made,
        timezone=desk.timezone(),
    )


def _password_page(request: Request, desk: Desk, opened: UserSession, wanted: str, refused: str | None) -> HTMLResponse:
    """refused: which sentence says why the password stays as it is."""
    return desk.page(
        request,
        "password.html",
        opened,
        status=409 if refused else 200,
        wanted=wanted,
        refused=refused,
        least=MIN_CHARACTERS,
        most=MAX_CHARACTERS,
    )


def password_address(wanted: str) -> str:
    """Where a password that is due is changed, and then back to what was asked for."""
    return f"/account/password?next={quote(wanted, safe='')}"
