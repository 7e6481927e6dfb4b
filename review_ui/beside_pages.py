"""Pictures of cameras near by, beside an incident: to who said what for, the look on record where they belong.

A still or a clip belongs to another incident and is in its register; a recording has a register of its own. The newest
picture of a camera is no evidence and comes by review_ui/live_pictures.py.
"""

import logging
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import FileResponse
from sqlalchemy.orm import Session

from cases import beside, recording_acts, uploads_shown, viewing
from cases.beside import Held, Source
from cases.entitlements import Right, Scope, may, scope_of
from cases.errors import RecordingRefused
from cases.neighbours import Neighbour
from evidence.deletion import deletions_that_count
from evidence.errors import EvidenceError
from models.database import reading, transaction
from models.enums import ExhibitKind
from models.exhibits import Exhibit
from models.incidents import Incident, Recording
from models.people import UserSession
from models.watching import HOME
from review_ui.desk import Desk, Now, TheDesk
from review_ui.doorkeeper import SignedIn
from review_ui.errors import BytesMissing, DeletedByRule, NotFound
from review_ui.looking import Looking
from review_ui.media import KEEP, sealed_bytes, small
from review_ui.permissions import needs
from review_ui.recording_pages import REASON_HOLDS

log = logging.getLogger(__name__)
routes = APIRouter()

SeesBeside = Annotated[Scope, needs(Right.LOOK)]


@dataclass(frozen=True)
class Beside:
    """What stands beside a camera near by. url: of the picture; full: of the same, larger; plays: it is a film."""

    held: Held
    url: str
    full: str
    plays: bool


def beside_of(
    session: Session, desk: Desk, opened: UserSession, incident: Incident, near: Sequence[Neighbour], at: datetime
) -> dict[str, Beside]:
    """By camera; nothing where nothing is held within a day that this person may see."""
    pictures = desk.settings.pictures
    found = beside.held_beside(
        session,
        incident,
        [each.camera.id for each in near],
        looks=_scope(opened, Right.LOOK),
        live=_scope(opened, Right.SEE_LIVE),
        pictures=None if pictures is None else pictures.newest,
        at=at,
    )
    return {camera_id: _shown(incident.id, held) for camera_id, held in found.items()}


def _shown(incident_id: uuid.UUID, held: Held) -> Beside:
    here = f"/incidents/{incident_id}/beside"
    if held.newest is not None:
        view = f"preset={quote(held.preset, safe='')}&" if held.preset != HOME else ""
        address = f"/cameras/{quote(held.camera_id, safe='')}/picture?{view}v={held.newest.version}"
        return Beside(held, f"{address}&small=1", address, plays=False)
    address = f"{here}/{held.exhibit.id}" if held.exhibit else f"{here}/recordings/{held.recording_id}"
    if held.source is Source.STILL:
        return Beside(held, f"{address}?small=1", address, plays=False)
    return Beside(held, f"{address}#t={held.into_s:.3f}", address, plays=True)


def _scope(opened: UserSession, right: Right) -> Scope | None:
    return scope_of(opened.user, right) if may(opened.user, right) else None


@routes.api_route("/incidents/{incident_id}/beside/{exhibit_id}", methods=["GET", "HEAD"])
def of_another_incident(
    request: Request,
    desk: TheDesk,
    opened: SignedIn,
    scope: SeesBeside,
    looking: Looking,
    at: Now,
    incident_id: uuid.UUID,
    exhibit_id: uuid.UUID,
    only_small: Annotated[bool, Query(alias="small")] = False,
) -> Response:
    """Sealed for another incident, and shown beside this one for the reason said here: a look at that one."""
    with reading(desk.settings.sessions) as session:
        if not beside.is_beside(session, scope, incident_id, session.get_one(Exhibit, exhibit_id)):
            raise NotFound
    exhibit, path = sealed_bytes(desk, exhibit_id)
    why = _why(desk, request, incident_id, looking)
    with reading(desk.settings.sessions) as session:
        known = viewing.is_on_record(session, exhibit.incident_id, user=opened.user.name, reason=why, at=at)
    if not known:
        with transaction(desk.settings.sessions) as session:
            viewing.put_on_record(session, exhibit.incident_id, user=opened.user.name, reason=why, at=at)
    headers = {"etag": f'"{exhibit.sha256}{"-small" if only_small else ""}"', "cache-control": KEEP}
    if headers["etag"] in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    if only_small and exhibit.kind is ExhibitKind.STILL:
        return Response(small(path), media_type="image/jpeg", headers=headers)
    return FileResponse(path, media_type=exhibit.sealed.media_type, headers=headers, content_disposition_type="inline")


@routes.api_route("/incidents/{incident_id}/beside/recordings/{recording_id}", methods=["GET", "HEAD"])
def of_a_recording(
    request: Request,
    desk: TheDesk,
    opened: SignedIn,
    scope: SeesBeside,
    looking: Looking,
    at: Now,
    incident_id: uuid.UUID,
    recording_id: uuid.UUID,
) -> Response:
    """As above; that it was shown is an event of the recording."""
    with reading(desk.settings.sessions) as session:
        shown = uploads_shown.recording_shown(session, recording_id, at=at)
        if not beside.is_beside(session, scope, incident_id, session.get_one(Recording, recording_id)):
            raise NotFound
        if not shown.may_be_shown or shown.sealed is None:
            raise NotFound
        if deletions_that_count(session, [shown.sealed.sha256]):
            raise DeletedByRule
        said = uploads_shown.seen_by(session, recording_id, opened.user, at - REASON_HOLDS)
    try:
        path = desk.settings.bytes.path(shown.sealed.sha256, shown.sealed.suffix)
    except EvidenceError as error:
        log.exception("a recording is missing in the vault", extra={"recording": str(recording_id)})
        raise BytesMissing from error
    if not said:
        why = _why(desk, request, incident_id, looking)
        try:
            with transaction(desk.settings.sessions) as session:
                recording_acts.state_reason(session, recording_id, reason=why, by=opened.user, at=at)
        except RecordingRefused as error:  # held back since it was looked for
            raise NotFound from error
    headers = {"etag": f'"{shown.sealed.sha256}"', "cache-control": KEEP}
    return FileResponse(path, media_type=shown.sealed.media_type, headers=headers, content_disposition_type="inline")


def _why(desk: Desk, request: Request, incident_id: uuid.UUID, reason: str) -> str:
    return desk.catalog_for(request).say("neighbours.looked_beside", incident=str(incident_id)[:8], reason=reason)
