"""The cameras as people see them: which are watched, by whom, how they are, and the history of one.

The newest picture of a street is shown to those who may see it without an incident (review_ui/live_pictures.py).
"""

from datetime import datetime
from typing import Annotated
from urllib.parse import quote
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from cases import camera_settings, camera_views
from cases.camera_entry import redacted
from cases.camera_settings import TypedView
from cases.cameras import CameraLine, camera_lines, camera_page
from cases.entitlements import Right, Scope, may
from cases.errors import CameraChangeRefused, ReasonMissing
from models.database import reading, transaction
from models.enums import CameraKind, CameraState
from models.people import UserSession
from models.places import Camera
from review_ui import live_pictures
from review_ui.desk import Desk, Now, TheDesk
from review_ui.doorkeeper import CheckedForm, SignedIn
from review_ui.errors import ViewNotRelearnt
from review_ui.fence_pages import WholeForm
from review_ui.permissions import needs

routes = APIRouter()

MAX_REASON = 200
MAX_HOURS = 500
REFUSED = 409
# of the legal passport, and the column each stands in
PAPERS = (
    ("legal_review", "legal_review_on"),
    ("technical_review", "technical_review_on"),
    ("verification", "verified_until"),
    ("sign_photographed", "sign_photographed_on"),
    ("announced", "announced_on"),
)

# what needs a hand first; a camera that is as it should be, last but for those nobody dials
ORDER = (
    CameraState.REFUSED,
    CameraState.TURNED,
    CameraState.COVERED,
    CameraState.BLACK,
    CameraState.FROZEN,
    CameraState.BLURRED,
    CameraState.UNREACHABLE,
    CameraState.NO_PACKETS,
    CameraState.STOPPED,
    CameraState.CONNECTING,
    CameraState.WATCHING,
    None,
)


@routes.get("/cameras")
def cameras(
    request: Request, desk: TheDesk, opened: SignedIn, scope: Annotated[Scope, needs(Right.SEE_CAMERAS)], at: Now
) -> HTMLResponse:
    with reading(desk.settings.sessions) as session:
        lines = camera_lines(session, at, scope=scope)
    lines.sort(key=lambda line: (ORDER.index(line.state), line.name, line.id))
    counts = {state: sum(line.state is state for line in lines) for state in ORDER}
    return desk.page(request, "cameras.html", opened, lines=lines, counts=counts, at=at, why_stopped=why_stopped)


@routes.get("/cameras/{camera_id}", dependencies=[needs(Right.SEE_CAMERAS)])
def camera(request: Request, desk: TheDesk, opened: SignedIn, at: Now, camera_id: str) -> HTMLResponse:
    return _page(request, desk, opened, at, camera_id)


def _page(
    request: Request,
    desk: Desk,
    opened: UserSession,
    at: datetime,
    camera_id: str,
    error: CameraChangeRefused | None = None,
    *,
    typed: tuple[TypedView, ...] | None = None,
) -> HTMLResponse:
    """typed: what stands in the fields of the tour; None: the tour as it is."""
    with reading(desk.settings.sessions) as session:
        shown = camera_page(session, camera_id, at)
        settings = camera_settings.settings_of(session, camera_id)
        passport = session.get_one(Camera, camera_id)
    today = at.astimezone(ZoneInfo(shown.line.timezone)).date()
    return desk.page(
        request,
        "camera.html",
        opened,
        status=REFUSED if error else 200,
        shown=shown,
        line=shown.line,
        source=redacted(shown.line.source),
        at=at,
        why_stopped=why_stopped,
        picture=live_pictures.newest(desk, opened, camera_id),
        papers=[(name, getattr(passport, column)) for name, column in PAPERS],
        lapsed=passport.discovery_only(today),
        may_relearn=shown.line.state is not None and may(opened.user, Right.RELEARN_VIEW),
        max_reason=MAX_REASON,
        settings=settings,
        may_set=settings is not None and may(opened.user, Right.SET_CAMERA),
        typed=_as_there_are(typed, settings.typed) if settings else (),
        has_presets=passport.kind is CameraKind.DOME or bool(settings and settings.views),
        max_hours=MAX_HOURS,
        refused=error and desk.catalog_for(request).say(f"camera_refused.{error.why}", preset=error.preset),
    )


def _as_there_are(typed: tuple[TypedView, ...] | None, there: tuple[TypedView, ...]) -> list[TypedView]:
    """What was typed of the presets that there are, in its order; then those that came meanwhile."""
    known = {view.preset for view in there}
    kept = [view for view in typed or () if view.preset in known]
    return [*kept, *(view for view in there if view.preset not in {each.preset for each in kept})]


@routes.post("/cameras/{camera_id}/relearn", dependencies=[needs(Right.RELEARN_VIEW)])
def relearn(
    desk: TheDesk,
    opened: CheckedForm,
    at: Now,
    camera_id: str,
    reason: Annotated[str, Form(max_length=MAX_REASON)] = "",
) -> Response:
    """Its view was turned on purpose."""
    try:
        with transaction(desk.settings.sessions) as session:
            camera_views.relearn(session, camera_id, user=opened.user, reason=reason, at=at)
    except ReasonMissing as error:
        raise ViewNotRelearnt from error
    return RedirectResponse(f"/cameras/{quote(camera_id, safe='')}", 303)


@routes.post("/cameras/{camera_id}/stream", dependencies=[needs(Right.SET_CAMERA)])
def change_stream(
    request: Request,
    desk: TheDesk,
    opened: CheckedForm,
    at: Now,
    camera_id: str,
    small: Annotated[bool, Form()] = False,
) -> Response:
    """What stands is looked for in its small stream, or in the main one."""
    try:
        with transaction(desk.settings.sessions) as session:
            camera_settings.look_at_small_stream(session, camera_id, on=small, actor=opened.user.name, at=at)
    except CameraChangeRefused as error:
        return _page(request, desk, opened, at, camera_id, error)
    return RedirectResponse(f"/cameras/{quote(camera_id, safe='')}#settings", 303)


@routes.post("/cameras/{camera_id}/tour", dependencies=[needs(Right.SET_CAMERA)])
def change_tour(
    request: Request, desk: TheDesk, opened: CheckedForm, at: Now, camera_id: str, form: WholeForm
) -> Response:
    """The presets come in the order of the tour. What is refused comes back as it was typed."""

    def one(name: str) -> str:
        return (form.get(name) or ("",))[0].strip()

    typed = tuple(
        TypedView(preset, one(f"stay_s:{preset}"), one(f"hours:{preset}")[:MAX_HOURS])
        for preset in dict.fromkeys(form.get("preset", ()))
    )
    try:
        with transaction(desk.settings.sessions) as session:
            camera_settings.change_tour(session, camera_id, typed, base=one("base"), actor=opened.user.name, at=at)
    except CameraChangeRefused as error:
        return _page(request, desk, opened, at, camera_id, error, typed=typed)
    return RedirectResponse(f"/cameras/{quote(camera_id, safe='')}#settings", 303)


def why_stopped(line: CameraLine) -> str | None:
    """The key of the sentence that says why nothing is seen, where no watcher is there to say it."""
    if line.state is not CameraState.STOPPED or line.detail is not None:
        return None
    return "cameras.no_watcher" if line.watched else "cameras.not_watched"
