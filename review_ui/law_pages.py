"""The catalogue of offences at the desk: search as one types, an item through time, editions and how they come into
force.

Everybody reads it. A file is taken in whole or refused whole, and holds nothing before somebody with the right brings
it into force with a reason (cases/law/catalogue.py).
"""

import uuid
from datetime import date
from typing import Annotated, Any
from urllib.parse import quote

from fastapi import APIRouter, File, Form, Query, Request, UploadFile
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from cases.casework.days import local_date
from cases.entitlements import Right, may
from cases.law import catalogue
from cases.law.catalogue import By, Held
from cases.law.errors import LawError, LawFileRefused, LawRefused, UnknownLaw
from cases.law.import_law import MAX_BYTES, LawFile, read_bytes, starting_catalogue
from cases.law.items import LawItem
from models.database import reading, transaction
from models.enums import LawEditionState
from models.people import UserSession
from review_ui.catalog import Catalog
from review_ui.desk import Desk, Now, TheDesk
from review_ui.doorkeeper import CheckedForm, SignedIn
from review_ui.errors import NotADay, NotFound
from review_ui.file_words import yuan
from review_ui.permissions import needs

routes = APIRouter()

REFUSED = 409
MAX_REASON = catalogue.MAX_REASON
REFUSALS = (
    "overlaps",
    "nothing_new",
    "not_waiting",
    "not_in_force",
    "ended_before",
    "not_while_it_holds",
    "no_reason",
)

Words = Annotated[str, Query(max_length=100)]
Day = Annotated[str, Query(max_length=10)]
Reason = Annotated[str, Form(max_length=MAX_REASON)]


# --- looked up


@routes.get("/law", dependencies=[needs(Right.SEE_LAW)])
def law(request: Request, desk: TheDesk, opened: SignedIn, at: Now, q: Words = "", on: Day = "") -> HTMLResponse:
    day = _day(desk, on, at)
    return desk.page(request, "law.html", opened, **_found(desk, q, day), on=on)


@routes.get("/law/rows", dependencies=[needs(Right.SEE_LAW)])
def law_rows(request: Request, desk: TheDesk, opened: SignedIn, at: Now, q: Words = "", on: Day = "") -> HTMLResponse:
    """What the page puts in while one types."""
    return desk.page(request, "law_rows.html", opened, **_found(desk, q, _day(desk, on, at)), on=on)


def _found(desk: Desk, q: str, day: date) -> dict[str, Any]:
    with reading(desk.settings.sessions) as session:
        found = catalogue.search(session, q, day)
        waiting = catalogue.waiting(session)
    return {"q": q, "day": day, "found": found, "waiting": waiting, "most": catalogue.MOST_FOUND}


@routes.get("/law/items/{code}", dependencies=[needs(Right.SEE_LAW)])
def law_item(request: Request, desk: TheDesk, opened: SignedIn, at: Now, code: str, on: Day = "") -> HTMLResponse:
    """As it holds on a day, with its versions; on a day on which none holds, the newest."""
    return _item(request, desk, opened, at, code, on)


def _item(
    request: Request,
    desk: Desk,
    opened: UserSession,
    at: Now,
    code: str,
    on: str,
    *,
    refused: LawRefused | None = None,
) -> HTMLResponse:
    day = _day(desk, on, at)
    with reading(desk.settings.sessions) as session:
        try:
            versions = catalogue.versions(session, code)
        except UnknownLaw as error:
            raise NotFound from error
    shown: Held = next((each for each in versions if each.holds_on(day)), versions[0])
    return desk.page(
        request,
        "law_item.html",
        opened,
        status=REFUSED if refused else 200,
        shown=shown,
        item=shown.item,
        versions=versions,
        day=day,
        on=on,
        yuan=yuan,
        may_edit=may(opened.user, Right.EDIT_LAW),
        refused=None if refused is None else refusal(desk.catalog_for(request), refused),
        max_reason=MAX_REASON,
    )


# --- editions


@routes.get("/law/editions", dependencies=[needs(Right.SEE_LAW)])
def law_editions(request: Request, desk: TheDesk, opened: SignedIn) -> HTMLResponse:
    return _editions(request, desk, opened)


@routes.post("/law/editions", dependencies=[needs(Right.EDIT_LAW)])
def take_in(
    request: Request,
    desk: TheDesk,
    opened: CheckedForm,
    at: Now,
    file: Annotated[UploadFile, File()],
    source: Annotated[str, Form(max_length=400)] = "",
) -> Response:
    """A file with a fault is told all of them and leaves nothing behind."""
    raw = file.file.read(MAX_BYTES + 1)
    try:
        read = read_bytes(raw, file.filename or "", source=source or None)
        return _taken_in(desk, opened, read, at)
    except LawError as error:
        return _editions(request, desk, opened, refused=error, source=source)


@routes.post("/law/editions/starting", dependencies=[needs(Right.EDIT_LAW)])
def take_in_starting(request: Request, desk: TheDesk, opened: CheckedForm, at: Now) -> Response:
    """The catalogue that comes with the program, as an edition like any other."""
    try:
        return _taken_in(desk, opened, starting_catalogue(), at)
    except LawError as error:
        return _editions(request, desk, opened, refused=error)


def _taken_in(desk: Desk, opened: UserSession, read: LawFile, at: Now) -> Response:
    with transaction(desk.settings.sessions) as session:
        edition = catalogue.take_in(session, read, by=By(opened.user.name, opened.user), at=at)
    return RedirectResponse(f"/law/editions/{edition.id}", 303)


def _editions(
    request: Request, desk: Desk, opened: UserSession, *, refused: LawError | None = None, source: str = ""
) -> HTMLResponse:
    with reading(desk.settings.sessions) as session:
        editions = catalogue.editions(session)
    return desk.page(
        request,
        "law_editions.html",
        opened,
        status=REFUSED if refused else 200,
        editions=editions,
        zone=desk.timezone(),
        may_edit=may(opened.user, Right.EDIT_LAW),
        refused=None if refused is None else refusal(desk.catalog_for(request), refused),
        problems=refused.problems if isinstance(refused, LawFileRefused) else (),
        source=source,
    )


@routes.get("/law/editions/{edition_id}", dependencies=[needs(Right.SEE_LAW)])
def law_edition(request: Request, desk: TheDesk, opened: SignedIn, edition_id: uuid.UUID) -> HTMLResponse:
    return _edition(request, desk, opened, edition_id)


@routes.post("/law/editions/{edition_id}/bring", dependencies=[needs(Right.EDIT_LAW)])
def bring(
    request: Request, desk: TheDesk, opened: CheckedForm, at: Now, edition_id: uuid.UUID, reason: Reason = ""
) -> Response:
    try:
        with transaction(desk.settings.sessions) as session:
            catalogue.bring_into_force(session, edition_id, by=By(opened.user.name, opened.user), reason=reason, at=at)
    except LawRefused as error:
        return _edition(request, desk, opened, edition_id, refused=error, typed=reason)
    except UnknownLaw as error:
        raise NotFound from error
    return RedirectResponse(f"/law/editions/{edition_id}", 303)


@routes.post("/law/editions/{edition_id}/discard", dependencies=[needs(Right.EDIT_LAW)])
def discard(
    request: Request, desk: TheDesk, opened: CheckedForm, at: Now, edition_id: uuid.UUID, reason: Reason = ""
) -> Response:
    try:
        with transaction(desk.settings.sessions) as session:
            catalogue.discard(session, edition_id, by=By(opened.user.name, opened.user), reason=reason, at=at)
    except LawRefused as error:
        return _edition(request, desk, opened, edition_id, refused=error, typed=reason)
    except UnknownLaw as error:
        raise NotFound from error
    return RedirectResponse(f"/law/editions/{edition_id}", 303)


def _edition(
    request: Request,
    desk: Desk,
    opened: UserSession,
    edition_id: uuid.UUID,
    *,
    refused: LawRefused | None = None,
    typed: str = "",
) -> HTMLResponse:
    overlap: LawRefused | None = None
    with reading(desk.settings.sessions) as session:
        try:
            edition = catalogue.edition(session, edition_id)
        except UnknownLaw as error:
            raise NotFound from error
        items = catalogue.items_of(session, edition_id)
        changes = None
        if edition.state is LawEditionState.READ:
            try:
                changes = catalogue.changes(session, items)
            except LawRefused as error:  # something else came into force since it was taken in
                overlap = error
    catalog = desk.catalog_for(request)
    return desk.page(
        request,
        "law_edition.html",
        opened,
        status=REFUSED if refused else 200,
        edition=edition,
        items=items,
        changes=changes,
        zone=desk.timezone(),
        waits=edition.state is LawEditionState.READ,
        may_edit=may(opened.user, Right.EDIT_LAW),
        refused=None if refused is None else refusal(catalog, refused),
        overlap=None if overlap is None else refusal(catalog, overlap),
        typed=typed,
        max_reason=MAX_REASON,
    )


@routes.post("/law/items/{code}/end", dependencies=[needs(Right.EDIT_LAW)])
def end_version(
    request: Request,
    desk: TheDesk,
    opened: CheckedForm,
    at: Now,
    code: str,
    version: Annotated[uuid.UUID, Form()],
    ends_on: Annotated[str, Form(max_length=10)] = "",
    reason: Reason = "",
) -> Response:
    """A version that holds no longer from a day on."""
    day = _typed_day(ends_on)
    by = By(opened.user.name, opened.user)
    try:
        with transaction(desk.settings.sessions) as session:
            catalogue.end(session, version, day, by=by, reason=reason, at=at)
    except LawRefused as error:
        return _item(request, desk, opened, at, code, "", refused=error)
    except UnknownLaw as error:
        raise NotFound from error
    return RedirectResponse(f"/law/items/{quote(code, safe='')}", 303)


# --- words and days


def refusal(catalog: Catalog, error: LawError) -> str:
    """The sentence of what the catalogue refused, in the reader's language."""
    if isinstance(error, LawRefused):
        facts = dict(error.facts)
        if "state" in facts:
            facts["state"] = catalog.say(f"law_edition_state.{facts['state']}")
        return catalog.say(f"law.refused.{error.why}", **facts)
    return catalog.say(f"law.refused.{error.why}")


def amounts(catalog: Catalog, least: int | None, most: int | None) -> str:
    """A range of money as it is said."""
    if least is not None and most is not None:
        return catalog.say("law.from_to", least=yuan(least), most=yuan(most))
    if most is not None:
        return catalog.say("law.up_to", most=yuan(most))
    return catalog.say("law.from_on", least=yuan(least)) if least is not None else catalog.say("law.no_amount")


def clause_named(item: LawItem, clause_id: str) -> str | None:
    """The article of the item that has this id, as it is cited in Chinese; None: it is none of its own."""
    found = next((each for each in (*item.violation, *item.penalty) if each.id == clause_id), None)
    return None if found is None else f"《{found.law.zh}》{found.article.zh}"


def _typed_day(typed: str) -> date:
    try:
        return date.fromisoformat(typed)
    except ValueError as error:
        raise NotADay from error


def _day(desk: Desk, typed: str, at: Now) -> date:
    return _typed_day(typed) if typed else local_date(at, desk.timezone())
