"""Signing in and out: with the password, or by way of the house's own sign-in (review_ui/oidc.py)."""

import logging
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Query, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse

from cases import sign_in as signing
from models.database import transaction
from models.people import UserSession
from review_ui.desk import Desk, Now, TheDesk
from review_ui.doorkeeper import (
    FIRST_FORM_COOKIE,
    CheckedForm,
    browser_of,
    first_form,
    first_form_token,
    own_cookie,
    session_cookie,
    set_cookie,
)
from review_ui.errors import NotFound, SignInElsewhereFailed, TooBusy
from review_ui.oidc import Begun, SignInElsewhere
from review_ui.permissions import own, public
from review_ui.public_pages import local_path

log = logging.getLogger(__name__)
routes = APIRouter()

WAIT_FOR_A_TURN_S = 5.0
BACK = "/sign-in/elsewhere/back"
UNDER_WAY_S = 600  # at the issuer: a person types a password there, perhaps looks for a second factor
BEFORE = public("nobody is signed in yet")


def elsewhere(desk: TheDesk) -> SignInElsewhere:
    """Raises NotFound where the house has no sign-in of its own."""
    if desk.elsewhere is None:
        raise NotFound
    return desk.elsewhere


Elsewhere = Annotated[SignInElsewhere, Depends(elsewhere)]


@routes.get("/sign-in", dependencies=[BEFORE])
def sign_in_page(
    request: Request, desk: TheDesk, wanted: Annotated[str, Query(alias="next", max_length=2000)] = "/"
) -> Response:
    return _page(request, desk, first_form_token(request), local_path(wanted))


@routes.post("/sign-in", dependencies=[BEFORE, Depends(first_form)])
def sign_in(
    request: Request,
    desk: TheDesk,
    at: Now,
    csrf_token: Annotated[str, Form(max_length=100)],
    name: Annotated[str, Form(max_length=100)] = "",
    password: Annotated[str, Form(max_length=1000)] = "",
    wanted: Annotated[str, Form(alias="next", max_length=2000)] = "/",
) -> Response:
    if not desk.hashing.acquire(timeout=WAIT_FOR_A_TURN_S):
        raise TooBusy
    try:
        with transaction(desk.settings.sessions) as session:
            signed_in = signing.sign_in(session, name, password, at=at, browser=browser_of(request))
    finally:
        desk.hashing.release()
    if signed_in is None:
        return _page(request, desk, csrf_token, local_path(wanted), name=name, refused="sign_in.refused")
    return _inside(desk, signed_in, local_path(wanted))


@routes.get("/sign-in/elsewhere", dependencies=[BEFORE])
def begin_elsewhere(
    request: Request,
    desk: TheDesk,
    at: Now,
    there: Elsewhere,
    wanted: Annotated[str, Query(alias="next", max_length=500)] = "/",
) -> Response:
    """Leads the browser to the issuer."""
    address, begun = there.begin(_back(request, desk), local_path(wanted), at)
    response = RedirectResponse(address, 303)
    response.set_cookie(
        own_cookie(desk.settings, "elsewhere"),
        begun.kept(),
        max_age=UNDER_WAY_S,
        path="/",
        secure=desk.settings.secure_cookies,
        httponly=True,
        samesite="lax",
    )
    return response


@routes.get(BACK, dependencies=[BEFORE])
def come_back(request: Request, desk: TheDesk, at: Now, there: Elsewhere) -> Response:
    """The browser comes back with a code; what it kept of the beginning is good for one try."""
    name = own_cookie(desk.settings, "elsewhere")
    try:
        begun = Begun.read(request.cookies.get(name, ""))
        who = there.finish(begun, request.query_params, _back(request, desk), at)
    except SignInElsewhereFailed as error:
        log.warning("sign-in elsewhere failed: %s", error)
        response: Response = _page(request, desk, first_form_token(request), "/", refused="sign_in.elsewhere_failed")
    else:
        with transaction(desk.settings.sessions) as session:
            signed_in = signing.sign_in_known_elsewhere(
                session,
                who.issuer,
                who.subject,
                verified_email=who.verified_email,
                at=at,
                browser=browser_of(request),
            )
        if signed_in is not None:
            response = _inside(desk, signed_in, local_path(begun.wanted))
        else:
            log.warning("nobody here is who came from elsewhere", extra={"issuer": who.issuer})
            response = _page(request, desk, first_form_token(request), "/", refused="sign_in.nobody_here")
    response.delete_cookie(name, path="/", secure=desk.settings.secure_cookies, httponly=True, samesite="lax")
    return response


@routes.post("/sign-out", dependencies=[own("ends one's own session")])
def sign_out(request: Request, desk: TheDesk, opened: CheckedForm) -> Response:  # noqa: ARG001  the guard
    name = session_cookie(desk.settings)
    with transaction(desk.settings.sessions) as session:
        signing.sign_out(session, request.cookies[name])
    response = RedirectResponse("/sign-in", 303)
    response.delete_cookie(name, path="/", secure=desk.settings.secure_cookies, httponly=True, samesite="lax")
    return response


def _page(
    request: Request, desk: Desk, token: str, wanted: str, *, name: str = "", refused: str | None = None
) -> HTMLResponse:
    """refused: the key of the sentence that says why nobody was let in."""
    response = desk.page(
        request,
        "sign_in.html",
        None,
        status=401 if refused else 200,
        form_token=token,
        wanted=wanted,
        name=name,
        refused=refused,
        elsewhere=desk.elsewhere.issuer.name if desk.elsewhere else None,
    )
    set_cookie(response, desk.settings, FIRST_FORM_COOKIE, token)
    return response


def _inside(desk: Desk, signed_in: tuple[UserSession, str], wanted: str) -> RedirectResponse:
    """A new session always has a new token: one that somebody else planted in the browser is worth nothing."""
    response = RedirectResponse(wanted, 303)
    set_cookie(response, desk.settings, session_cookie(desk.settings), signed_in[1])
    response.delete_cookie(FIRST_FORM_COOKIE, path="/")
    return response


def _back(request: Request, desk: Desk) -> str:
    """Where the issuer sends the browser; it knows the address, so it is the one of the settings where there is one."""
    return (desk.settings.public_url or str(request.base_url).rstrip("/")) + BACK
