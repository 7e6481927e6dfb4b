"""The registry of numbers at the desk: what became of every numbered sheet, and how numbers are written."""

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from sqlalchemy.orm import Session

from cases.casework.errors import FileError
from cases.casework.steps import By
from cases.entitlements import Right, Scope
from cases.papers import number_forms, registry
from cases.papers.errors import PaperRefused
from models.database import reading, transaction
from models.enums import SheetKind, SheetState
from models.papers import NumberedSheet
from models.people import UserSession
from review_ui.desk import Desk, Now, TheDesk
from review_ui.doorkeeper import CheckedForm, SignedIn
from review_ui.errors import NotFound
from review_ui.file_words import refusal
from review_ui.permissions import needs

routes = APIRouter()

REFUSED = 409
Keeps = Annotated[Scope, needs(Right.KEEP_REGISTRY)]
Reason = Annotated[str, Form(max_length=2 * registry.LONGEST_REASON)]


@dataclass(frozen=True)
class Asked:
    """How the list is narrowed; None: not by this."""

    kind: SheetKind | None = None
    state: SheetState | None = None
    year: int | None = None
    page: int = 1


def asked_for(
    kind: Annotated[SheetKind | None, Query()] = None,
    state: Annotated[SheetState | None, Query()] = None,
    year: Annotated[int | None, Query(ge=2000, le=9999)] = None,
    page: Annotated[int, Query(ge=1, le=100_000)] = 1,
) -> Asked:
    return Asked(kind, state, year, page)


@routes.get("/registry")
def shown(
    request: Request, desk: TheDesk, opened: SignedIn, scope: Keeps, asked: Annotated[Asked, Depends(asked_for)]
) -> HTMLResponse:
    return _page(request, desk, opened, scope, asked)


@routes.get("/registry/{sheet_id}", dependencies=[needs(Right.KEEP_REGISTRY)])
def sheet(request: Request, desk: TheDesk, opened: SignedIn, sheet_id: uuid.UUID) -> HTMLResponse:
    return _sheet_page(request, desk, opened, sheet_id)


@routes.post("/registry/{sheet_id}/void", dependencies=[needs(Right.KEEP_REGISTRY)])
def void(
    request: Request, desk: TheDesk, opened: CheckedForm, at: Now, sheet_id: uuid.UUID, reason: Reason = ""
) -> Response:
    return _act(request, desk, opened, at, sheet_id, registry.void, reason)


@routes.post("/registry/{sheet_id}/write-off", dependencies=[needs(Right.KEEP_REGISTRY)])
def write_off(
    request: Request, desk: TheDesk, opened: CheckedForm, at: Now, sheet_id: uuid.UUID, reason: Reason = ""
) -> Response:
    return _act(request, desk, opened, at, sheet_id, registry.write_off, reason)


@routes.post("/registry")
def set_form(
    request: Request,
    desk: TheDesk,
    opened: CheckedForm,
    scope: Keeps,
    at: Now,
    kind: Annotated[SheetKind, Form()],
    form: Annotated[str, Form(max_length=2 * number_forms.LONGEST_FORM)] = "",
) -> Response:
    """How numbers of a kind are written from now on: for who keeps the registry of the whole site."""
    try:
        if not scope.is_everything:
            raise PaperRefused("form_of_the_whole_site")
        with transaction(desk.settings.sessions) as session:
            number_forms.set_form(session, kind, form, by=By.person(opened.user), at=at)
    except FileError as error:
        return _page(request, desk, opened, scope, Asked(), error, typed={kind: form})
    return RedirectResponse("/registry#forms", 303)


def _page(
    request: Request,
    desk: Desk,
    opened: UserSession,
    scope: Scope,
    asked: Asked,
    error: FileError | None = None,
    *,
    typed: dict[SheetKind, str] | None = None,
) -> HTMLResponse:
    """The counts are of the whole site, so they are for who may see the whole of it."""
    with reading(desk.settings.sessions) as session:
        years = registry.years(session)
        year = asked.year or (years[0] if years else None)
        whole = scope.is_everything
        counts = registry.counts(session, year) if whole and year is not None else []
        found = registry.sheets(session, scope, kind=asked.kind, state=asked.state, year=asked.year, page=asked.page)
        forms = {kind: number_forms.form_of(session, kind) for kind in SheetKind} if whole else {}
    return desk.page(
        request,
        "registry.html",
        opened,
        status=REFUSED if error else 200,
        asked=asked,
        year=year,
        years=years,
        counts=counts,
        sheets=found,
        more=len(found) == registry.A_PAGE,
        forms=forms | (typed or {}),
        kinds=list(SheetKind),
        states=list(SheetState),
        most_form=number_forms.LONGEST_FORM,
        timezone=desk.timezone(),
        refused=refusal(desk.catalog_for(request), error) if error else None,
    )


def _act(
    request: Request,
    desk: Desk,
    opened: UserSession,
    at: datetime,
    sheet_id: uuid.UUID,
    act: Callable[..., None],
    reason: str,
) -> Response:
    try:
        with transaction(desk.settings.sessions) as session:
            act(session, _find(session, sheet_id), reason=reason, by=By.person(opened.user), at=at)
    except FileError as error:
        return _sheet_page(request, desk, opened, sheet_id, error, typed=reason)
    return RedirectResponse(f"/registry/{sheet_id}", 303)


def _sheet_page(
    request: Request,
    desk: Desk,
    opened: UserSession,
    sheet_id: uuid.UUID,
    error: FileError | None = None,
    *,
    typed: str = "",
) -> HTMLResponse:
    with reading(desk.settings.sessions) as session:
        found = _find(session, sheet_id)
        events = registry.events_of(session, sheet_id)
    return desk.page(
        request,
        "sheet.html",
        opened,
        status=REFUSED if error else 200,
        sheet=found,
        events=events,
        may_void=found.state in (SheetState.DRAWN, SheetState.USED),
        may_write_off=found.state is SheetState.USED,
        typed=typed,
        most_reason=registry.LONGEST_REASON,
        timezone=desk.timezone(),
        refused=refusal(desk.catalog_for(request), error) if error else None,
    )


def _find(session: Session, sheet_id: uuid.UUID) -> NumberedSheet:
    """Raises NotFound."""
    found = registry.find(session, sheet_id)
    if found is None:
        raise NotFound
    return found
