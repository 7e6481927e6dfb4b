"""The pages anybody may see: health, about, the source, the choice of language."""

import importlib.util
import io
import zipfile
from functools import cache
from pathlib import Path
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import HTMLResponse, PlainTextResponse, RedirectResponse

from cases import queue
from models.database import reading
from review_ui.desk import LANGUAGE_COOKIE, TheDesk
from review_ui.doorkeeper import Visitor, set_cookie
from review_ui.errors import NotFound
from review_ui.permissions import public

routes = APIRouter()

PACKAGES = ("streetwitness", "ingest", "review_ui", "cases", "detectors", "evidence", "notify", "models")


@routes.get("/healthz", dependencies=[public("a supervisor asks whether the desk is alive; no more is said")])
def health() -> PlainTextResponse:
    return PlainTextResponse("ok")


@routes.get("/about", dependencies=[public("who may not sign in may know what program this is")])
def about(request: Request, desk: TheDesk, opened: Visitor) -> HTMLResponse:
    with reading(desk.settings.sessions) as session:
        recording = queue.newest_analysis(session)
    analysis = (recording.analysis if recording else None) or {}
    return desk.page(request, "about.html", opened, analysis=analysis)


@routes.get("/source.zip", dependencies=[public("AGPL-3.0 section 13: the source is for whoever uses the program")])
def source() -> Response:
    """The program as it runs here: whoever uses it over a network may have its source (AGPL-3.0 section 13)."""
    name = 'attachment; filename="streetwitness-source.zip"'
    return Response(source_archive(), media_type="application/zip", headers={"content-disposition": name})


@routes.get("/language/{language}", dependencies=[public("the sign-in page has two languages too")])
def choose(desk: TheDesk, language: str, back: Annotated[str, Query(max_length=2000)] = "/") -> RedirectResponse:
    if language not in desk.settings.languages:
        raise NotFound
    response = RedirectResponse(local_path(back), 303)
    set_cookie(response, desk.settings, LANGUAGE_COOKIE, language)
    return response


def local_path(wanted: str) -> str:
    """A path on this site, or the front page: two slashes, forward or back, lead a browser to another host."""
    leads_away = not wanted.startswith("/") or wanted[1:2] in {"/", "\\"} or not wanted.isprintable()
    return "/" if leads_away else wanted


@cache
def source_archive() -> bytes:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as into:
        for package in PACKAGES:
            found = importlib.util.find_spec(package)
            for folder in (found.submodule_search_locations if found else None) or []:
                for path in sorted(Path(folder).rglob("*")):
                    if path.is_file() and "__pycache__" not in path.parts:
                        into.write(path, Path(package) / path.relative_to(folder))
    return archive.getvalue()
