"""Pictures and clips for the page: by exhibit id, to those signed in, with ranges so that a player can seek."""

import logging
import uuid
from pathlib import Path

import cv2
from fastapi import APIRouter, Request, Response
from fastapi.responses import FileResponse

from cases import queue
from cases.entitlements import Right
from evidence.deletion import deletions_that_count
from evidence.errors import EvidenceError
from models.database import reading
from models.enums import ExhibitKind
from models.exhibits import Exhibit
from review_ui.desk import Desk, Now, TheDesk
from review_ui.doorkeeper import SignedIn
from review_ui.errors import BytesMissing, DeletedByRule, NotFound
from review_ui.looking import ask_reason
from review_ui.permissions import needs

log = logging.getLogger(__name__)
routes = APIRouter()

THUMBNAIL_WIDTH = 384
THUMBNAIL_QUALITY = 80
KEEP = "private, no-cache"  # the browser may keep the bytes, and asks each time whether it may still show them


@routes.api_route("/media/{exhibit_id}", methods=["GET", "HEAD"], dependencies=[needs(Right.LOOK)])
def media(request: Request, desk: TheDesk, opened: SignedIn, at: Now, exhibit_id: uuid.UUID) -> Response:
    """The sealed bytes, to who said what for. That they were shown to this person goes on record."""
    exhibit, path = sealed_bytes(desk, exhibit_id)
    ask_reason(desk, opened, at, exhibit.incident_id)
    headers = {"etag": f'"{exhibit.sha256}"', "cache-control": KEEP}
    if headers["etag"] in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    return FileResponse(
        path,
        media_type=exhibit.sealed.media_type,
        headers=headers,
        filename=f"{exhibit.kind}-{exhibit.moment}-{exhibit.sha256[:12]}{exhibit.sealed.suffix}",
        content_disposition_type="inline",
    )


@routes.get("/thumbnails/{exhibit_id}", dependencies=[needs(Right.SEE_INCIDENTS)])
def thumbnail(request: Request, desk: TheDesk, opened: SignedIn, exhibit_id: uuid.UUID) -> Response:  # noqa: ARG001
    """A still made small, to know an incident by in the queue. Choosing is not looking: no entry in the register."""
    exhibit, path = sealed_bytes(desk, exhibit_id)
    if exhibit.kind not in {ExhibitKind.STILL, ExhibitKind.CLOSE_UP}:
        raise NotFound
    headers = {"etag": f'"{exhibit.sha256}-{THUMBNAIL_WIDTH}"', "cache-control": KEEP}
    if headers["etag"] in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    return Response(small(path), media_type="image/jpeg", headers=headers)


def sealed_bytes(desk: Desk, exhibit_id: uuid.UUID) -> tuple[Exhibit, Path]:
    """The exhibit and where its bytes lie. Raises NotFound, DeletedByRule, BytesMissing where the vault lacks them."""
    with reading(desk.settings.sessions) as session:
        exhibit = queue.exhibit_with_bytes(session, exhibit_id)
        if exhibit is None:
            raise NotFound
        if deletions_that_count(session, [exhibit.sha256]):
            raise DeletedByRule
    try:
        path = desk.settings.bytes.path(exhibit.sha256, exhibit.sealed.suffix)
    except EvidenceError as error:
        log.exception("sealed object missing", extra={"exhibit": str(exhibit.id), "sha256": exhibit.sha256})
        raise BytesMissing from error
    return exhibit, path


def small(path: Path) -> bytes:
    """The picture as a JPEG of THUMBNAIL_WIDTH; the decoder already halves it on the way, which saves most work."""
    picture = cv2.imread(str(path), cv2.IMREAD_REDUCED_COLOR_2)
    if picture is None:
        log.error("still cannot be decoded", extra={"file": path.name})
        raise BytesMissing
    height, width = picture.shape[:2]
    if width > THUMBNAIL_WIDTH:
        size = (THUMBNAIL_WIDTH, max(round(height * THUMBNAIL_WIDTH / width), 1))
        picture = cv2.resize(picture, size, interpolation=cv2.INTER_AREA)
    _, encoded = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, THUMBNAIL_QUALITY])
    return encoded.tobytes()
