"""Webhooks out, for administrators: which systems are told of what, added, switched off and on, tried out."""

import uuid
from dataclasses import dataclass, field
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from cases import accounts, hooks
from cases.entitlements import Right
from cases.errors import HookRefused
from models.database import reading, transaction
from models.enums import HookAct, Offence
from models.people import UserSession
from review_ui.desk import Desk, Now, TheDesk
from review_ui.doorkeeper import CheckedForm, SignedIn
from review_ui.errors import NotFound
from review_ui.permissions import needs

routes = APIRouter()

ADMINISTER = needs(Right.ADMINISTER)
REFUSED = 409


@dataclass(frozen=True)
class Typed:
    """What was put into the form for a new hook when it was refused."""

    label: str = ""
    address: str = ""
    acts: tuple[HookAct, ...] = field(default_factory=tuple)


@routes.get("/hooks", dependencies=[ADMINISTER])
def hooks_page(
    request: Request, desk: TheDesk, opened: SignedIn, at: Now, tested: Annotated[bool, Query()] = False
) -> HTMLResponse:
    return _page(request, desk, opened, at, tested=tested)


@routes.post("/hooks", dependencies=[ADMINISTER])
def add(
    request: Request,
    desk: TheDesk,
    opened: CheckedForm,
    at: Now,
    label: Annotated[str, Form(max_length=200)] = "",
    address: Annotated[str, Form(max_length=1000)] = "",
    act: Annotated[list[HookAct] | None, Form()] = None,
    area: Annotated[str, Form(max_length=64)] = "",
    offence: Annotated[Offence | None, Form()] = None,
) -> Response:
    """The secret is in this answer, and in no other."""
    key = desk.settings.personal_data_key
    if key is None:
        raise NotFound
    wanted = hooks.Wanted(label, address, act or (), area or None, offence)
    try:
        host = hooks.check(wanted, desk.settings.gateway_networks)
        with transaction(desk.settings.sessions) as session:
            _, secret = hooks.add(session, key, wanted, host, user=opened.user, at=at)
    except HookRefused as error:
        return _page(request, desk, opened, at, typed=Typed(label, address, tuple(act or ())), refused=error.why)
    return _page(request, desk, opened, at, secret=secret)


@routes.post("/hooks/{hook_id}/active", dependencies=[ADMINISTER])
def switch(
    desk: TheDesk, opened: CheckedForm, at: Now, hook_id: uuid.UUID, active: Annotated[bool, Form()]
) -> Response:
    try:
        with transaction(desk.settings.sessions) as session:
            hooks.switch(session, hook_id, on=active, user=opened.user, at=at)
    except HookRefused as error:
        raise NotFound from error
    return RedirectResponse("/hooks", 303)


@routes.post("/hooks/{hook_id}/test", dependencies=[ADMINISTER])
def try_out(request: Request, desk: TheDesk, opened: CheckedForm, at: Now, hook_id: uuid.UUID) -> Response:
    try:
        with transaction(desk.settings.sessions) as session:
            hooks.try_out(session, hook_id, user=opened.user, at=at)
    except HookRefused as error:
        if error.why == "unknown":
            raise NotFound from error
        return _page(request, desk, opened, at, refused=error.why)
    return RedirectResponse("/hooks?tested=true", 303)


def _page(
    request: Request,
    desk: Desk,
    opened: UserSession,
    at: datetime,
    *,
    typed: Typed | None = None,
    refused: str | None = None,
    secret: str | None = None,
    tested: bool = False,
) -> HTMLResponse:
    with reading(desk.settings.sessions) as session:
        shown = hooks.shown(session, at)
        areas = accounts.areas(session)
    return desk.page(
        request,
        "hooks.html",
        opened,
        status=REFUSED if refused else 200,
        shown=shown,
        areas=areas,
        area_names={area.id: area.name for area in areas},
        offences=tuple(Offence),
        acts=tuple(HookAct),
        typed=typed or Typed(),
        refused=refused,
        secret=secret,
        tested=tested,
        can_add=desk.settings.personal_data_key is not None,
        timezone=desk.timezone(),
    )
