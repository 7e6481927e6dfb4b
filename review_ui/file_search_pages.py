"""Searching case files at the desk: by what an address can hold, and by party, whom no address names."""

from dataclasses import asdict, dataclass
from datetime import date, datetime, time, timedelta
from typing import Annotated
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import HTMLResponse

from cases.entitlements import Right, Scope
from cases.volume import search
from cases.volume.search import Asked, Found
from models.database import reading
from models.enums import FileState, Offence
from models.people import UserSession
from review_ui.desk import Desk, TheDesk
from review_ui.doorkeeper import CheckedForm, SignedIn
from review_ui.errors import NotADay, ReviewError
from review_ui.permissions import needs

routes = APIRouter()

MOST_WORDS = 200
MOST_OF_A_PARTY = 500  # on one page, since there is no address to turn pages by
SeesFiles = Annotated[Scope, needs(Right.SEE_FILES)]
Typed = Annotated[str, Query(max_length=MOST_WORDS)]


@dataclass(frozen=True)
class Address:
    """What stands in the address; empty: it narrows nothing."""

    q: str = ""
    place: str = ""
    code: str = ""
    state: str = ""
    offence: str = ""
    officer: str = ""
    first: str = ""
    last: str = ""

    def asked(self, zone: str) -> Asked:
        """Raises ReviewError for what no page of ours wrote, NotADay."""
        try:
            state = FileState(self.state) if self.state else None
            offence = Offence(self.offence) if self.offence else None
        except ValueError as error:
            raise ReviewError from error
        return Asked(
            words=self.q,
            place=self.place,
            law_code=self.code,
            state=state,
            offence=offence,
            officer=self.officer,
            first_at=_midnight(self.first, zone),
            end_at=_midnight(self.last, zone, days_on=1),
        )

    def page(self, number: int) -> str:
        said = {name: value for name, value in asdict(self).items() if value} | {"page": str(number)}
        return f"/cases/search?{urlencode(said)}"


@routes.get("/cases/search")
def search_page(
    request: Request,
    desk: TheDesk,
    opened: SignedIn,
    scope: SeesFiles,
    q: Typed = "",
    place: Typed = "",
    code: Typed = "",
    state: Typed = "",
    offence: Typed = "",
    officer: Typed = "",
    first: Typed = "",
    last: Typed = "",
    page: Annotated[int, Query(ge=1, le=1_000_000)] = 1,
) -> HTMLResponse:
    """Nothing is listed before something is asked for."""
    address = Address(q, place, code, state, offence, officer, first, last)
    asked = address.asked(desk.timezone())
    with reading(desk.settings.sessions) as session:
        found = search.search(session, asked, scope, page=page) if asked != Asked() else None
    return _page(request, desk, opened, scope, address, found)


@routes.post("/cases/search")
def search_party(
    request: Request,
    desk: TheDesk,
    opened: CheckedForm,
    scope: SeesFiles,
    party: Annotated[str, Form(max_length=MOST_WORDS)] = "",
) -> HTMLResponse:
    """By who is party to them. What names a person stands in no address, so this is no page to come back to."""
    key = desk.settings.personal_data_key
    with reading(desk.settings.sessions) as session:
        found = (
            search.search(session, Asked(party=party), scope, key, page_size=MOST_OF_A_PARTY) if party.strip() else None
        )
    return _page(request, desk, opened, scope, Address(), found, party)


def _page(
    request: Request,
    desk: Desk,
    opened: UserSession,
    scope: Scope,
    address: Address,
    found: Found | None,
    party: str = "",
) -> HTMLResponse:
    with reading(desk.settings.sessions) as session:
        officers = search.officers(session, scope)
    return desk.page(
        request,
        "file_search.html",
        opened,
        found=found,
        asked=address,
        party=party,
        officers=officers,
        states=tuple(FileState),
        offences=tuple(Offence),
        turned=address.page,
    )


def _midnight(day: str, zone: str, days_on: int = 0) -> datetime | None:
    """The beginning of that day there. Raises NotADay."""
    if not day:
        return None
    try:
        return datetime.combine(date.fromisoformat(day), time(), ZoneInfo(zone)) + timedelta(days=days_on)
    except (ValueError, OverflowError) as error:
        raise NotADay from error
