"""Handing in by browser, and what became of everything that was handed in. The bytes go through upload_routes.py."""

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse

from cases import uploads_shown
from cases.entitlements import Right, Scope, may, scope_of
from cases.uploads import KINDS
from models.database import reading
from models.enums import UploadState
from review_ui.desk import Desk, TheDesk
from review_ui.doorkeeper import SignedIn
from review_ui.permissions import needs

routes = APIRouter()

SeesUploads = Annotated[Scope, needs(Right.SEE_UPLOADS)]
State = Annotated[UploadState | None, Query()]


@routes.get("/handed-in")
def handed_in(
    request: Request, desk: TheDesk, opened: SignedIn, scope: SeesUploads, state: State = None
) -> HTMLResponse:
    """state: only those of it."""
    sends = may(opened.user, Right.UPLOAD) and desk.settings.uploads_dir is not None
    with reading(desk.settings.sessions) as session:
        shown = uploads_shown.handed_in(session, scope, state)
        choice = uploads_shown.recorders_to_choose(session, scope_of(opened.user, Right.UPLOAD)) if sends else ()
    return _page(
        request, desk, opened, "handed_in.html", shown=shown, state=state, choice=choice, sends=sends, kinds=KINDS
    )


@routes.get("/handed-in/list")
def the_list(
    request: Request, desk: TheDesk, opened: SignedIn, scope: SeesUploads, state: State = None
) -> HTMLResponse:
    """The list alone, for the page that keeps it up to date while files are on their way."""
    with reading(desk.settings.sessions) as session:
        shown = uploads_shown.handed_in(session, scope, state)
    return _page(request, desk, opened, "handed_in_list.html", shown=shown, state=state)


def _page(request: Request, desk: Desk, opened: SignedIn, template: str, **facts: Any) -> HTMLResponse:
    return desk.page(request, template, opened, timezone=desk.timezone(), states=list(UploadState), **facts)
