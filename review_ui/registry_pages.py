"""The registry of numbers at the desk: what became of every numbered sheet, and how numbers are written."""

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Query
from fastapi.responses import HTMLResponse, Response
from sqlalchemy.orm import Session

from cases.entitlements import Right, Scope
from cases.papers import number_forms, registry
from cases.papers.errors import PaperRefused
from models.database import reading
from models.enums import SheetKind, SheetState
from models.papers import NumberedSheet
from review_ui.asking import Acts, Answer, Asking, Asks
from review_ui.errors import NotFound
from review_ui.permissions import needs

routes = APIRouter()

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
def shown(asks: Asks, scope: Keeps, asked: Annotated[Asked, Depends(asked_for)]) -> HTMLResponse:
    return _page(asks, scope, asked, Answer())


@routes.get("/registry/{sheet_id}", dependencies=[needs(Right.KEEP_REGISTRY)])
def sheet(asks: Asks, sheet_id: uuid.UUID) -> HTMLResponse:
    return _sheet_page(asks, sheet_id, Answer())


@routes.post("/registry/{sheet_id}/void", dependencies=[needs(Right.KEEP_REGISTRY)])
def void(asks: Acts, sheet_id: uuid.UUID, reason: Reason = "") -> Response:
    return _act(asks, sheet_id, registry.void, reason)


@routes.post("/registry/{sheet_id}/write-off", dependencies=[needs(Right.KEEP_REGISTRY)])
def write_off(asks: Acts, sheet_id: uuid.UUID, reason: Reason = "") -> Response:
    return _act(asks, sheet_id, registry.write_off, reason)


@routes.post("/registry")
def set_form(
    asks: Acts,
    scope: Keeps,
    kind: Annotated[SheetKind, Form()],
    form: Annotated[str, Form(max_length=2 * number_forms.LONGEST_FORM)] = "",
) -> Response:
    """How numbers of a kind are written from now on: for who keeps the registry of the whole site."""

    def put(session: Session) -> None:
        if not scope.is_everything:
            raise PaperRefused("form_of_the_whole_site")
        number_forms.set_form(session, kind, form, by=asks.by, at=asks.at)

    typed = {kind: form}
    return asks.act("form", put, "/registry#forms", lambda answer: _page(asks, scope, Asked(), answer, typed=typed))


def _page(
    asks: Asking, scope: Scope, asked: Asked, answer: Answer, *, typed: dict[SheetKind, str] | None = None
) -> HTMLResponse:
    """The counts are of the whole site, so they are for who may see the whole of it."""
    desk = asks.desk
    with reading(desk.settings.sessions) as session:
        years = registry.years(session)
        year = asked.year or (years[0] if years else None)
        whole = scope.is_everything
        counts = registry.counts(session, year) if whole and year is not None else []
        found = registry.sheets(session, scope, kind=asked.kind, state=asked.state, year=asked.year, page=asked.page)
        forms = {kind: number_forms.form_of(session, kind) for kind in SheetKind} if whole else {}
    return asks.page(
        "registry.html",
        answer,
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
    )


def _act(asks: Asking, sheet_id: uuid.UUID, act: Callable[..., None], reason: str) -> Response:
    def put(session: Session) -> None:
        act(session, _find(session, sheet_id), reason=reason, by=asks.by, at=asks.at)

    return asks.act("reason", put, f"/registry/{sheet_id}", lambda answer: _sheet_page(asks, sheet_id, answer))


def _sheet_page(asks: Asking, sheet_id: uuid.UUID, answer: Answer) -> HTMLResponse:
    with reading(asks.desk.settings.sessions) as session:
        found = _find(session, sheet_id)
        events = registry.events_of(session, sheet_id)
    return asks.page(
        "sheet.html",
        answer,
        sheet=found,
        events=events,
        may_void=found.state in (SheetState.DRAWN, SheetState.USED),
        may_write_off=found.state is SheetState.USED,
        most_reason=registry.LONGEST_REASON,
        timezone=asks.desk.timezone(),
    )


def _find(session: Session, sheet_id: uuid.UUID) -> NumberedSheet:
    """Raises NotFound."""
    found = registry.find(session, sheet_id)
    if found is None:
        raise NotFound
    return found
