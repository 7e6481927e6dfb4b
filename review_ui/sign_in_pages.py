"""Signing in and out."""

from typing import Annotated

from fastapi import APIRouter, Depends, Form, Query, Request, Response
from fastapi.responses import RedirectResponse

from cases import accounts
from models.database import transaction
from review_ui.desk import Now, TheDesk
from review_ui.doorkeeper import (
    FIRST_FORM_COOKIE,
    CheckedForm,
    first_form,
    first_form_token,
    session_cookie,
    set_cookie,
)
from review_ui.errors import TooBusy
from review_ui.public_pages import local_path

routes = APIRouter()

WAIT_FOR_A_TURN_S = 5.0


@routes.get("/sign-in")
def sign_in_page(
    request: Request, desk: TheDesk, wanted: Annotated[str, Query(alias="next", max_length=2000)] = "/"
) -> Response:
    token = first_form_token(request)
    response = desk.page(
        request, "sign_in.html", None, form_token=token, wanted=local_path(wanted), name="", refused=False
    )
    set_cookie(response, desk.settings, FIRST_FORM_COOKIE, token)
    return response


@routes.post("/sign-in", dependencies=[Depends(first_form)])
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
            signed_in = accounts.sign_in(session, name, password, at=at)
    finally:
        desk.hashing.release()
    if signed_in is None:
        return desk.page(
            request,
            "sign_in.html",
            None,
            status=401,
            form_token=csrf_token,
            wanted=local_path(wanted),
            name=name,
            refused=True,
        )
    response = RedirectResponse(local_path(wanted), 303)
    set_cookie(response, desk.settings, session_cookie(desk.settings), signed_in[1])
    response.delete_cookie(FIRST_FORM_COOKIE, path="/")
    return response


@routes.post("/sign-out")
def sign_out(request: Request, desk: TheDesk, opened: CheckedForm) -> Response:  # noqa: ARG001  the guard
    name = session_cookie(desk.settings)
    with transaction(desk.settings.sessions) as session:
        accounts.sign_out(session, request.cookies[name])
    response = RedirectResponse("/sign-in", 303)
    response.delete_cookie(name, path="/", secure=desk.settings.secure_cookies, httponly=True, samesite="lax")
    return response
