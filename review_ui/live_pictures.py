"""What cameras see now: the newest picture of each, to who may see it without an incident.

The pictures are cases/newest_pictures.py; what is shown is not kept, so looking leaves no entry of custody.
"""

from pathlib import Path
from typing import Annotated, Any
from urllib.parse import quote

import cv2
from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from cases import newest_pictures
from cases.entitlements import Right, may
from models.people import UserSession
from models.watching import HOME
from review_ui import media
from review_ui.desk import Desk, TheDesk
from review_ui.errors import NotFound
from review_ui.permissions import needs

routes = APIRouter()

KEEP = "private, no-cache"  # the browser may keep the bytes, and asks each time whether there are newer ones
USUAL_SIZE = (1920, 1080)


@routes.get("/cameras/{camera_id}/picture", dependencies=[needs(Right.SEE_LIVE)])
def newest_picture(
    request: Request,
    desk: TheDesk,
    camera_id: str,
    preset: Annotated[str, Query(max_length=64)] = HOME,
    small: Annotated[bool, Query()] = False,
) -> Response:
    """The newest picture of a camera; 304 where the browser has it already."""
    found = newest_pictures.find(desk.settings.pictures.newest if desk.settings.pictures else None, camera_id, preset)
    if found is None:
        raise NotFound
    etag = f'"{found.version}{"-small" if small else ""}"'
    headers = {"etag": etag, "cache-control": KEEP}
    if etag in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    try:
        content = media.small(found.path) if small else found.path.read_bytes()
    except FileNotFoundError as error:
        raise NotFound from error
    return Response(content, media_type="image/jpeg", headers=headers)


def newest(desk: Desk, opened: UserSession, camera_id: str, preset: str = HOME) -> dict[str, Any] | None:
    """What a page needs to show the newest picture of a view; None: there is none, or none for this person."""
    if desk.settings.pictures is None or not may(opened.user, Right.SEE_LIVE):
        return None
    found = newest_pictures.find(desk.settings.pictures.newest, camera_id, preset)
    if found is None:
        return None
    view = f"preset={quote(preset, safe='')}&" if preset != HOME else ""
    return {
        "url": f"/cameras/{quote(camera_id, safe='')}/picture?{view}v={found.version}",
        "captured_at": found.captured_at,
        "size": size_of(found.path),
    }


def size_of(path: Path) -> tuple[int, int]:
    """About: what counts is its shape."""
    picture = cv2.imread(str(path), cv2.IMREAD_REDUCED_GRAYSCALE_8)
    if picture is None:
        return USUAL_SIZE
    height, width = picture.shape[:2]
    return width * 8, height * 8
