"""Permits and temporary permissions at the desk: what permits something now, entered, and ended before its day.

One person enters a paper that somebody else has given; that it stands beside every incident it speaks for, with a name,
is what is looked at. Who may bring a geofence into force may enter what it lets through.
"""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from cases import permits
from cases.entitlements import Right, Scope, may, scope_of
from cases.errors import PermissionRefused, ReasonMissing
from models.database import reading, transaction
from models.enums import Offence
from models.people import UserSession
from models.reasons import Permission
from review_ui.desk import Desk, Now, TheDesk
from review_ui.doorkeeper import CheckedForm, SignedIn
from review_ui.fence_pages import USUAL_DAYS, WholeForm
from review_ui.permissions import needs

routes = APIRouter()

PAGE = "/permissions"
REFUSED = 409
MAX_SEARCH = 100
HOURS_ASKED = 2
REFUSALS = (*permits.FIELDS, "elsewhere", "already", "unknown", "ended", "no_reason")
Search = Annotated[str, Query(max_length=MAX_SEARCH)]


@dataclass(frozen=True)
class PermitForm:
    """What stands in the fields. place: `geofence:ID`, `area:ID`, or nothing for all of the site."""

    plate: str = ""
    stall: str = ""
    place: str = ""
    offences: tuple[str, ...] = ()
    first: str = ""
    last: str = ""
    hours: tuple[tuple[str, str, str], ...] = ()
    paper: str = ""
    legal_basis: str = ""

    def terms(self) -> dict[str, Any]:
        """As a site file has them, without what is empty."""
        kind, _, place = self.place.partition(":")
        said = {
            "plate": self.plate,
            "stall": self.stall,
            "area" if kind == "area" else "geofence": place,
            "offences": self.offences,
            "valid_from": self.first,
            "valid_to": self.last,
            "hours": tuple({"days": days, "from": start, "to": end} for days, start, end in self.hours),
            "paper": self.paper,
            "legal_basis": self.legal_basis,
        }
        return {name: value for name, value in said.items() if value}


def read_form(typed: Mapping[str, Sequence[str]]) -> PermitForm:
    """From what a browser sent: each name with its values."""

    def one(name: str) -> str:
        return (typed.get(name) or ("",))[0].strip()

    lines = zip(typed.get("days", ()), typed.get("from", ()), typed.get("to", ()), strict=False)
    hours = ((days.strip(), start.strip(), end.strip()) for days, start, end in lines)
    return PermitForm(
        **{name: one(name) for name in ("plate", "stall", "place", "first", "last", "paper", "legal_basis")},
        offences=tuple(typed.get("offence", ())),
        hours=tuple(each for each in hours if any(each)),
    )


@routes.get(PAGE)
def permissions(
    request: Request,
    desk: TheDesk,
    opened: SignedIn,
    at: Now,
    scope: Annotated[Scope, needs(Right.SEE_FENCES)],
    q: Search = "",
    over: bool = False,
) -> HTMLResponse:
    return _page(request, desk, opened, at, scope, q=q, over=over)


@routes.post(PAGE)
def enter(
    request: Request,
    desk: TheDesk,
    opened: CheckedForm,
    at: Now,
    scope: Annotated[Scope, needs(Right.APPROVE_FENCE)],
    typed: WholeForm,
) -> Response:
    form = read_form(typed)
    try:
        with transaction(desk.settings.sessions) as session:
            permits.enter(session, permits.read_entry(form.terms()), scope, by=opened.user, at=at)
    except PermissionRefused as error:
        seen = scope_of(opened.user, Right.SEE_FENCES)
        return _page(request, desk, opened, at, seen, form=form, refused=error.why)
    return RedirectResponse(PAGE, 303)


@routes.post("/permissions/{permission_id}/end", dependencies=[needs(Right.APPROVE_FENCE)])
def end(
    request: Request,
    desk: TheDesk,
    opened: CheckedForm,
    at: Now,
    permission_id: uuid.UUID,
    reason: Annotated[str, Form(max_length=permits.MAX_REASON)] = "",
) -> Response:
    try:
        with transaction(desk.settings.sessions) as session:
            permits.end_early(session, permission_id, by=opened.user, reason=reason, at=at)
    except (PermissionRefused, ReasonMissing) as error:
        why = error.why if isinstance(error, PermissionRefused) else "no_reason"
        return _page(request, desk, opened, at, scope_of(opened.user, Right.SEE_FENCES), refused=why)
    return RedirectResponse(PAGE, 303)


def _page(
    request: Request,
    desk: Desk,
    opened: UserSession,
    at: datetime,
    scope: Scope,
    *,
    form: PermitForm | None = None,
    refused: str | None = None,
    q: str = "",
    over: bool = False,
) -> HTMLResponse:
    timezone = desk.timezone()
    today = at.astimezone(ZoneInfo(timezone)).date()
    enters = may(opened.user, Right.APPROVE_FENCE)
    with reading(desk.settings.sessions) as session:
        rows = permits.permissions_shown(session, scope, text=q, over=over, on=today)
        own = scope_of(opened.user, Right.APPROVE_FENCE) if enters else None
        mine = permits.those_of(session, own, rows) if own else frozenset()
        areas, fences = permits.places_for(session, own) if own else ((), ())
    return desk.page(
        request,
        "permissions.html",
        opened,
        status=REFUSED if refused else 200,
        rows=[(row, _state(row, today), row.id in mine) for row in rows],
        most=permits.MOST_SHOWN,
        enters=enters,
        everywhere=own is not None and any(limit.area_id is None for limit in own.limits),
        areas=areas,
        fences=fences,
        form=form or PermitForm(first=today.isoformat()),
        hours=_lines(form.hours if form else ()),
        opened_form=form is not None,
        refused=refused,
        offences=list(Offence),
        usual_days=USUAL_DAYS,
        max_reason=permits.MAX_REASON,
        timezone=timezone,
        q=q,
        over=over,
    )


def _lines(hours: Sequence[tuple[str, str, str]]) -> list[tuple[str, str, str]]:
    """What was typed, and empty ones up to as many as are asked for."""
    return [*hours, *[("", "", "")] * (HOURS_ASKED - len(hours))]


def _state(row: Permission, today: date) -> str:
    """ended, over, coming or in_force; of the day alone, whatever its hours."""
    if row.withdrawn_at is not None:
        return "ended"
    if row.to_on < today:
        return "over"
    return "coming" if row.from_on > today else "in_force"
