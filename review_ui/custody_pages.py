"""Custody as pages: the chain of one incident, the same as a PDF, and a search over all for those entitled."""

import uuid
from datetime import datetime, time, timedelta
from typing import Annotated, Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import HTMLResponse, Response

from cases import custody_paper, custody_search, holds, queue
from cases.custody_search import Asked
from cases.entitlements import Right, Scope
from cases.queue import IncidentPage
from evidence import custody, custody_chain
from evidence.digest import shown as digest_shown
from models.database import reading, transaction
from models.enums import CustodyAct
from review_ui.desk import Now, TheDesk
from review_ui.doorkeeper import CheckedForm, SignedIn
from review_ui.errors import NoPrintReason, NotADay
from review_ui.permissions import needs

routes = APIRouter()

MAX_REASON = 300
ALL_SITES = "UTC"  # in which a day begins where the sites do not agree


@routes.get("/incidents/{incident_id}/custody", dependencies=[needs(Right.SEE_CUSTODY)])
def custody_page(request: Request, desk: TheDesk, opened: SignedIn, at: Now, incident_id: uuid.UUID) -> HTMLResponse:
    """No picture is on it: reading the register is no look."""
    with reading(desk.settings.sessions) as session:
        page = queue.incident_page(session, incident_id)
        kept = holds.kept(session, incident_id, at)
    return desk.page(request, "custody.html", opened, shown=page, kept=kept, breaks=_breaks(page))


@routes.post("/incidents/{incident_id}/custody.pdf", dependencies=[needs(Right.SEE_CUSTODY)])
def custody_document(
    request: Request,
    desk: TheDesk,
    opened: CheckedForm,
    at: Now,
    incident_id: uuid.UUID,
    reason: Annotated[str, Form(max_length=MAX_REASON)] = "",
) -> Response:
    """The register on paper. That it was printed, and the digest of the paper, is its next entry."""
    said = reason.strip()
    if not said:
        raise NoPrintReason
    language = desk.catalog_for(request).language
    with transaction(desk.settings.sessions) as session:
        page = queue.incident_page(session, incident_id)
        kept = holds.kept(session, incident_id, at)
        paper = custody_paper.compose(
            page.rows, kept, breaks=_breaks(page), printed_by=opened.user, printed_at=at, language=language
        )
        custody.record(
            session,
            incident_id,
            CustodyAct.PRINTED,
            actor=opened.user.name,
            at=at,
            reason=f"{said}; PDF {digest_shown(paper.sha256)}",
        )
    headers = {"content-disposition": f'attachment; filename="custody-{str(incident_id)[:8]}.pdf"'}
    return Response(paper.content, media_type="application/pdf", headers=headers)


@routes.get("/custody")
def custody_search_page(
    request: Request,
    desk: TheDesk,
    opened: SignedIn,
    scope: Annotated[Scope, needs(Right.SEARCH_CUSTODY)],
    person: Annotated[str, Query(max_length=100)] = "",
    act: Annotated[str, Query(max_length=32)] = "",
    digest: Annotated[str, Query(max_length=80)] = "",
    first: Annotated[str, Query(max_length=10)] = "",
    last: Annotated[str, Query(max_length=10)] = "",
    page: Annotated[int, Query(ge=1, le=1_000_000)] = 1,
) -> HTMLResponse:
    """By person, act, digest and day, the newest first."""
    with reading(desk.settings.sessions) as session:
        zones = custody_search.timezones(session)
        zone = zones[0] if len(zones) == 1 else ALL_SITES
        asked = Asked(
            person=person.strip(),
            act=CustodyAct(act) if act in set(CustodyAct) else None,
            digest=digest.strip(),
            from_at=_midnight(first, zone),
            to_at=_midnight(last, zone, days_on=1),
        )
        found = custody_search.search(session, asked, scope, page=page)
    typed: dict[str, Any] = {"person": person, "act": act, "digest": digest, "first": first, "last": last}
    return desk.page(
        request,
        "custody_search.html",
        opened,
        found=found,
        typed=typed,
        acts=tuple(CustodyAct),
        zone=zone,
        address=lambda number: "/custody?" + urlencode(typed | {"page": number}),
    )


def _breaks(page: IncidentPage) -> list[str]:
    entries = [custody.entry_of(event) for event in page.rows.custody]
    return custody_chain.breaks(entries, str(page.rows.incident.id))


def _midnight(day: str, zone: str, days_on: int = 0) -> datetime | None:
    """The beginning of that day there. Raises NotADay."""
    if not day:
        return None
    try:
        begins = datetime.combine(datetime.strptime(day, "%Y-%m-%d").date(), time(), ZoneInfo(zone))  # noqa: DTZ007
        return begins + timedelta(days=days_on)
    except (ValueError, OverflowError) as error:
        raise NotADay from error
