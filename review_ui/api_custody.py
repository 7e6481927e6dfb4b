"""The API of custody: who held or opened what, of one incident and over all, as the register has it."""

import uuid
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import AwareDatetime, BaseModel

from cases import custody_search, queue
from cases.custody_search import Asked
from cases.entitlements import Right, Scope
from evidence import custody, custody_chain
from models.database import reading
from models.enums import CustodyAct
from models.exhibits import CustodyEvent
from review_ui.api_guard import by_token
from review_ui.api_routes import REFUSALS
from review_ui.api_shapes import Said, Words
from review_ui.desk import TheDesk

routes = APIRouter(prefix="/api/v1", responses=REFUSALS)

MOST_PAGES = 1_000_000


class CustodyLine(Said):
    """digest: of this entry; previous: of the one before it of the same incident."""

    incident_id: uuid.UUID
    seq: int
    act: CustodyAct
    actor: str
    at: datetime
    reason: str
    sha256: str | None
    previous: str | None
    digest: str


class Register(BaseModel):
    """breaks: where an entry does not follow from the one before, in words; empty: it holds."""

    entries: list[CustodyLine]
    breaks: list[str]


class FoundEntries(BaseModel):
    entries: list[CustodyLine]
    total: int
    page: int
    pages: int


@routes.get("/incidents/{incident_id}/custody", dependencies=[by_token(Right.SEE_CUSTODY)])
def register(desk: TheDesk, incident_id: uuid.UUID) -> Register:
    with reading(desk.settings.sessions) as session:
        events = queue.incident_page(session, incident_id).rows.custody
    return Register(
        entries=[_line(event) for event in events],
        breaks=custody_chain.breaks([custody.entry_of(event) for event in events], str(incident_id)),
    )


@routes.get("/custody")
def search(
    desk: TheDesk,
    scope: Annotated[Scope, by_token(Right.SEARCH_CUSTODY)],
    person: Annotated[Words, Query(max_length=100)] = "",
    act: Annotated[CustodyAct | None, Query()] = None,
    digest: Annotated[Words, Query(max_length=80)] = "",
    from_at: Annotated[AwareDatetime | None, Query()] = None,
    to_at: Annotated[AwareDatetime | None, Query()] = None,
    page: Annotated[int, Query(ge=1, le=MOST_PAGES)] = 1,
) -> FoundEntries:
    """The newest first; to_at is the first moment that is not asked for."""
    asked = Asked(person=person, act=act, digest=digest, from_at=from_at, to_at=to_at)
    with reading(desk.settings.sessions) as session:
        found = custody_search.search(session, asked, scope, page=page)
    return FoundEntries(
        entries=[_line(entry.event) for entry in found.entries], total=found.total, page=found.page, pages=found.pages
    )


def _line(event: CustodyEvent) -> CustodyLine:
    return CustodyLine.model_validate(event)
