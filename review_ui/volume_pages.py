"""The volume of a case file at the desk: asked for, being made, taken along with a reason.

The desk binds nothing: it writes the row, and a worker makes it (cases/volume/making.py).
"""

import logging
import uuid
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import FileResponse, HTMLResponse, RedirectResponse

from cases.casework.errors import FileError
from cases.casework.steps import By
from cases.entitlements import Right, Scope, may, scope_of
from cases.scope import is_within
from cases.volume import volumes
from cases.volume.sharing import LONGEST_REASON
from evidence.errors import EvidenceError
from models.database import reading, transaction
from models.enums import VolumeState
from models.people import User, UserSession
from models.volumes import FileVolume
from review_ui.desk import Desk, Now, TheDesk
from review_ui.doorkeeper import CheckedForm, SignedIn
from review_ui.errors import BytesMissing, NotFound
from review_ui.file_head import file_head
from review_ui.file_words import refusal
from review_ui.permissions import needs

log = logging.getLogger(__name__)
routes = APIRouter()

REFUSED = 409
DESK = "desk"  # to whom a volume goes that is taken along at the desk: whoever is signed in
Reason = Annotated[str, Form(max_length=2 * LONGEST_REASON)]


@routes.get("/cases/{file_id}/volume", dependencies=[needs(Right.SEE_FILES)])
def volume_tab(request: Request, desk: TheDesk, opened: SignedIn, at: Now, file_id: uuid.UUID) -> HTMLResponse:
    return _page(request, desk, opened, at, file_id)


@routes.post("/cases/{file_id}/volume", dependencies=[needs(Right.EXPORT)])
def ask(
    request: Request, desk: TheDesk, opened: CheckedForm, at: Now, file_id: uuid.UUID, reason: Reason = ""
) -> Response:
    """Asks for the next volume, or finds the one that is being made."""
    language = desk.catalog_for(request).language
    try:
        with transaction(desk.settings.sessions) as session:
            volumes.ask(
                session,
                file_id,
                by=opened.user,
                reason=reason,
                language=language,
                order=desk.settings.archive_order,
                at=at,
            )
    except FileError as error:
        return _page(request, desk, opened, at, file_id, error, typed=reason)
    return RedirectResponse(f"/cases/{file_id}/volume", 303)


@routes.post("/volumes/{volume_id}", dependencies=[needs(Right.EXPORT)])
def take_along(
    request: Request, desk: TheDesk, opened: CheckedForm, at: Now, volume_id: uuid.UUID, reason: Reason = ""
) -> Response:
    """The volume as a file. Everybody's name stands in it in full, so who takes it and what for is on record."""
    try:
        return handed_out(desk, volume_id, user=opened.user, to=DESK, reason=reason, at=at)
    except FileError as error:
        with reading(desk.settings.sessions) as session:
            found = volumes.find(session, volume_id)
        if found is None:
            raise NotFound from error
        return _page(request, desk, opened, at, found.file_id, error, taking=volume_id, typed=reason)


def handed_out(desk: Desk, volume_id: uuid.UUID, *, user: User, to: str, reason: str, at: datetime) -> FileResponse:
    """The bytes first, then the record: nothing is said to have left that is not there.

    Raises FileError, NotFound, BytesMissing.
    """
    with reading(desk.settings.sessions) as session:
        found = volumes.find(session, volume_id)
    if found is None:
        raise NotFound
    path = None if found.sha256 is None else _path(desk, found)
    with transaction(desk.settings.sessions) as session:
        row = volumes.taken_along(session, volume_id, by=By.person(user), to=to, reason=reason, at=at)
    assert path is not None, "what is not made is refused"
    name = f"volume-{(row.file.number or str(row.file_id)[:8])}-{row.version}.pdf"
    return FileResponse(path, media_type=volumes.MEDIA_TYPE, filename=name)


def _path(desk: Desk, volume: FileVolume) -> str:
    assert volume.sha256 is not None
    try:
        return str(desk.settings.bytes.path(volume.sha256, volumes.SUFFIX))
    except EvidenceError as error:
        log.exception("volume missing", extra={"volume": str(volume.id), "sha256": volume.sha256})
        raise BytesMissing from error


def _page(
    request: Request,
    desk: Desk,
    opened: UserSession,
    at: datetime,
    file_id: uuid.UUID,
    error: FileError | None = None,
    *,
    taking: uuid.UUID | None = None,
    typed: str = "",
) -> HTMLResponse:
    """taking: the volume whose form was refused; None: that of a new one. typed: the reason it was refused with."""
    head = file_head(desk, request, opened, file_id, at)
    with reading(desk.settings.sessions) as session:
        rows = volumes.volumes_of(session, file_id)
        bundle = head.file.incident_id
        if bundle is not None and not is_within(session, _export_scope(opened.user), "incident_id", str(bundle)):
            bundle = None
    return desk.page(
        request,
        "file_volume.html",
        opened,
        status=REFUSED if error else 200,
        head=head,
        volumes=rows,
        making=next((row for row in rows if row.state is VolumeState.ASKED), None),
        bundle=bundle,
        order=desk.settings.archive_order,
        taking=taking,
        typed=typed,
        refusal=refusal(desk.catalog_for(request), error) if error else None,
        most=LONGEST_REASON,
    )


def _export_scope(user: User) -> Scope:
    return scope_of(user, Right.EXPORT) if may(user, Right.EXPORT) else Scope(frozenset())
