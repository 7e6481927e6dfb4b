"""Case files at the desk: the list, what is registered by hand or from an incident, and the overview of one.

What is done on a case file is in review_ui/file_acts.py.
"""

import uuid
from collections import defaultdict
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Annotated
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from sqlalchemy import select
from sqlalchemy.orm import Session

from cases.casework import due, file_list, file_shown, filing
from cases.casework.clocks import Light
from cases.casework.errors import FileError, FileRefused
from cases.casework.file_list import Narrowed
from cases.casework.filing import LONGEST, Matter
from cases.entitlements import Right, Scope
from cases.law import catalogue
from cases.law.items import LawItem
from models.database import reading, transaction
from models.dispatch import Area
from models.enums import CaseSource, FileState, Offence, Procedure
from models.people import UserSession
from review_ui import incident_pages
from review_ui.asking import REFUSED, Answer, Asks
from review_ui.desk import Desk, Now, TheDesk
from review_ui.doorkeeper import CheckedForm, SignedIn
from review_ui.errors import ReviewError
from review_ui.file_overview import overview
from review_ui.file_waiting import waiting_for
from review_ui.file_words import refusal
from review_ui.permissions import needs

routes = APIRouter()

MAX_TEXT = 100
MOST_MINE = 8  # of what waits for the reader, before the list itself
ANY = "any"  # every state, also what has ended
LIGHTS = tuple(light.value for light in Light)
MOST_ITEMS = 2000  # of the catalogue, in the list that is typed into
BY_HAND = tuple(source for source in CaseSource if source is not CaseSource.CAMERA)

SeesFiles = Annotated[Scope, needs(Right.SEE_FILES)]
Asked = Annotated[str, Query(max_length=MAX_TEXT)]
Typed = Annotated[str, Form(max_length=LONGEST["facts"])]


@dataclass(frozen=True)
class AskedFor:
    """The list as the address asks for it; empty: not narrowed."""

    state: str = ""
    offence: str = ""
    officer: str = ""
    light: str = ""
    q: str = ""

    def narrowed(self) -> Narrowed:
        """Raises ReviewError for what no page of ours wrote."""
        try:
            states = tuple(FileState) if self.state == ANY else (FileState(self.state),) if self.state else ()
            return Narrowed(
                states=states,
                offence=Offence(self.offence) if self.offence else None,
                officer_id=uuid.UUID(self.officer) if self.officer else None,
                text=self.q.strip(),
            )
        except ValueError as error:
            raise ReviewError from error


@routes.get("/cases")
def files(
    request: Request,
    desk: TheDesk,
    opened: SignedIn,
    scope: SeesFiles,
    at: Now,
    state: Asked = "",
    offence: Asked = "",
    officer: Asked = "",
    light: Asked = "",
    q: Asked = "",
    page: Annotated[int, Query(ge=1, le=100_000)] = 1,
) -> HTMLResponse:
    asked = AskedFor(state, offence, officer, light, q)
    by = asked.narrowed()
    if light and light not in LIGHTS:
        raise ReviewError
    with reading(desk.settings.sessions) as session:
        if light:
            among = due.next_due(session, file_list.open_files(session, scope), at)
            by = replace(by, among={file_id for file_id, clock in among.items() if clock.light == light})
        shown = file_list.file_list(session, scope, by, page)
        lights = due.next_due(session, [row.file for row in shown.rows], at)
        officers = file_list.officers_of_files(session, scope)
        mine = waiting_for(session, opened.user, scope, at)

    def turned(number: int) -> str:
        said = {name: value for name, value in vars(asked).items() if value} | {"page": number}
        return f"/cases?{urlencode(said)}"

    return desk.page(
        request,
        "files.html",
        opened,
        shown=shown,
        mine=mine,
        most_mine=MOST_MINE,
        due=lights,
        asked=asked,
        any_state=state == ANY,
        is_narrowed=asked != AskedFor(),
        states=tuple(FileState),
        offences=tuple(Offence),
        officers=officers,
        colours=LIGHTS,
        turned=turned,
    )


@routes.get("/cases/new", dependencies=[needs(Right.WORK_FILES)])
def new_file(request: Request, desk: TheDesk, opened: SignedIn, at: Now) -> HTMLResponse:
    return _form(request, desk, opened, at, {})


@routes.post("/cases", dependencies=[needs(Right.WORK_FILES)])
def register(
    request: Request,
    desk: TheDesk,
    opened: CheckedForm,
    at: Now,
    source: Annotated[CaseSource, Form()],
    procedure: Annotated[Procedure, Form()],
    source_note: Typed = "",
    law_code: Typed = "",
    title: Typed = "",
    facts: Typed = "",
    place: Typed = "",
    area: Typed = "",
    conduct_from: Typed = "",
    conduct_to: Typed = "",
) -> Response:
    typed = {
        "source": source.value,
        "procedure": procedure.value,
        "source_note": source_note,
        "law_code": law_code,
        "title": title,
        "facts": facts,
        "place": place,
        "area": area,
        "conduct_from": conduct_from,
        "conduct_to": conduct_to,
    }
    zone = ZoneInfo(desk.timezone())
    try:
        with transaction(desk.settings.sessions) as session:
            began, ended = _moment(conduct_from, zone), _moment(conduct_to or conduct_from, zone)
            item = catalogue.item(session, law_code.strip(), began.astimezone(zone).date())
            matter = Matter(
                law_code=law_code,
                title=title or (item.act.zh if item else ""),
                facts=facts,
                place=place,
                conduct_from_at=began,
                conduct_to_at=ended,
                offence=item.offence if item else None,
                area_id=area or None,
            )
            file = filing.register(
                session, matter, source=source, source_note=source_note, procedure=procedure, by=opened.user, at=at
            )
    except FileError as error:
        return _form(request, desk, opened, at, typed, error)
    return RedirectResponse(f"/cases/{file.id}", 303)


@routes.post("/incidents/{incident_id}/case", dependencies=[needs(Right.WORK_FILES)])
def register_incident(
    request: Request,
    desk: TheDesk,
    opened: CheckedForm,
    at: Now,
    incident_id: uuid.UUID,
    law_code: Typed = "",
) -> Response:
    """The accepted incident as a matter, its facts as the draft says them."""
    try:
        with transaction(desk.settings.sessions) as session:
            there = filing.file_of_incident(session, incident_id)
            if there is not None:
                return RedirectResponse(f"/cases/{there.id}", 303)
            facts = file_shown.facts_of_draft(session, incident_id)
            file = filing.register_from_incident(
                session, incident_id, law_code=law_code, by=opened.user, at=at, facts=facts
            )
    except FileError as error:
        said = refusal(desk.catalog_for(request), error)
        return incident_pages.refused(request, desk, opened, at, incident_id, incident_pages.Typed(), said)
    return RedirectResponse(f"/cases/{file.id}", 303)


@routes.get("/cases/{file_id}", dependencies=[needs(Right.SEE_FILES)])
def one_file(asks: Asks, file_id: uuid.UUID) -> HTMLResponse:
    return overview(asks, file_id, Answer())


def _form(
    request: Request,
    desk: Desk,
    opened: UserSession,
    at: datetime,
    typed: dict[str, str],
    refused: FileError | None = None,
) -> HTMLResponse:
    zone = ZoneInfo(desk.timezone())
    with reading(desk.settings.sessions) as session:
        items = _items(session, at)
        areas = list(session.scalars(select(Area).order_by(Area.name, Area.id)))
    return desk.page(
        request,
        "file_new.html",
        opened,
        status=REFUSED if refused else 200,
        sources=BY_HAND,
        procedures=tuple(Procedure),
        items=items,
        areas=areas,
        typed=defaultdict(str, {"conduct_to": f"{at.astimezone(zone):%Y-%m-%dT%H:%M}"} | typed),
        refused=None if refused is None else refusal(desk.catalog_for(request), refused),
        longest=LONGEST,
    )


def _items(session: Session, at: datetime) -> list[LawItem]:
    """The whole catalogue as it is in force, for the list that is typed into."""
    return catalogue.search(session, "", at.date(), limit=MOST_ITEMS)


def _moment(text: str, zone: ZoneInfo) -> datetime:
    """Raises FileRefused."""
    try:
        return datetime.fromisoformat(text).replace(tzinfo=zone)
    except ValueError as error:
        raise FileRefused("time_unreadable") from error
