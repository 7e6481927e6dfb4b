"""The loudspeakers: what each last said and whether it was heard to the end; and one press to speak through one."""

import logging
import uuid
from pathlib import Path
from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, File, Form, Query, Request, UploadFile
from fastapi.responses import FileResponse, HTMLResponse, RedirectResponse, Response

from cases import speaking
from cases.entitlements import Right, may, require
from cases.errors import AnnouncementRefused, UnknownLoudspeaker
from evidence.deletion import deletions_that_count
from evidence.errors import EvidenceError, VaultFailed
from evidence.sealing import keep_object
from evidence.vault import Vault
from models.database import reading, transaction
from models.enums import AnnouncementState
from notify.errors import SoundRefused
from notify.sound import MOST_BYTES, read_wav
from review_ui.desk import Now, TheDesk
from review_ui.doorkeeper import CheckedForm, SignedIn
from review_ui.errors import BytesMissing, DeletedByRule, NotFound, TooMuchSaid

log = logging.getLogger(__name__)
routes = APIRouter()

UNDER_WAY = (AnnouncementState.WAITING, AnnouncementState.PLAYING)
LONGEST_FIELD = 400  # what is longer than may be said gets a sentence, what is longer than this was not typed
WAV, SUFFIX = "audio/wav", ".wav"


@routes.get("/loudspeakers")
def loudspeakers(
    request: Request,
    desk: TheDesk,
    opened: SignedIn,
    at: Now,
    incident: Annotated[uuid.UUID | None, Query()] = None,
    asked: Annotated[uuid.UUID | None, Query()] = None,
    refused: Annotated[str | None, Query(max_length=40)] = None,
) -> HTMLResponse:
    """incident: the matter that what is said belongs to. asked: the page comes again until that has ended."""
    with reading(desk.settings.sessions) as session:
        shown = speaking.horns_shown(session, at=at, language=desk.catalog_for(request).language, incident_id=incident)
    waits = any(each.id == asked and each.state in UNDER_WAY for horn in shown.horns for each in horn.last)
    return desk.page(
        request,
        "loudspeakers.html",
        opened,
        shown=shown,
        incident=incident,
        waits=waits,
        refused=refused if refused in speaking.REFUSALS else None,
        may_speak=may(opened.user, Right.SPEAK),
    )


@routes.post("/loudspeakers/{loudspeaker_id}/say")
def say(
    request: Request,
    desk: TheDesk,
    opened: CheckedForm,
    at: Now,
    loudspeaker_id: str,
    sentence: Annotated[str, Form(max_length=64)] = "",
    text: Annotated[str, Form(max_length=LONGEST_FIELD)] = "",
    incident: Annotated[uuid.UUID | None, Form()] = None,
) -> Response:
    """One of the sentences, or typed words."""
    words = speaking.Sentence(sentence) if sentence else speaking.Typed(text)
    try:
        with transaction(desk.settings.sessions) as session:
            announcement = speaking.say(
                session,
                loudspeaker_id,
                words,
                by=opened.user,
                at=at,
                language=desk.catalog_for(request).language,
                incident_id=incident,
            )
    except AnnouncementRefused as error:
        return _back(incident, refused=error.why)
    except UnknownLoudspeaker as error:
        raise NotFound from error
    return _back(incident, asked=str(announcement.id))


@routes.post("/loudspeakers/{loudspeaker_id}/recording")
def say_recorded(
    request: Request,
    desk: TheDesk,
    opened: CheckedForm,
    at: Now,
    loudspeaker_id: str,
    recording: Annotated[UploadFile, File()],
    text: Annotated[str, Form(max_length=LONGEST_FIELD)] = "",
    incident: Annotated[uuid.UUID | None, Form()] = None,
) -> Response:
    """The operator's own voice, sealed as it came."""
    require(opened.user, Right.SPEAK)
    raw = recording.file.read(MOST_BYTES + 1)
    try:
        read_wav(raw)
    except SoundRefused:
        return _back(incident, refused=speaking.NOT_A_RECORDING)
    try:
        with Vault.open(desk.settings.vault_root) as vault:
            pending = vault.take(lambda path: _write(path, raw), SUFFIX)
            try:
                with transaction(desk.settings.sessions) as session:
                    sealed = keep_object(session, vault, pending, WAV, at=at)
                    announcement = speaking.say(
                        session,
                        loudspeaker_id,
                        speaking.Recorded(sealed, text),
                        by=opened.user,
                        at=at,
                        language=desk.catalog_for(request).language,
                        incident_id=incident,
                    )
            except BaseException:
                vault.discard(pending)
                raise
            vault.settle(pending)
    except AnnouncementRefused as error:
        return _back(incident, refused=error.why)
    except UnknownLoudspeaker as error:
        raise NotFound from error
    except VaultFailed as error:
        log.exception("a recorded voice could not be kept")
        raise TooMuchSaid from error
    return _back(incident, asked=str(announcement.id))


def _write(path: Path, raw: bytes) -> None:
    path.write_bytes(raw)


def _back(incident: uuid.UUID | None, **said: str) -> RedirectResponse:
    query = said | ({"incident": str(incident)} if incident else {})
    return RedirectResponse(f"/loudspeakers?{urlencode(query)}", 303)


@routes.get("/announcements/{announcement_id}/sound")
def sound(desk: TheDesk, opened: SignedIn, announcement_id: uuid.UUID) -> Response:  # noqa: ARG001 - signed in
    """What was played, to be listened to."""
    with reading(desk.settings.sessions) as session:
        announcement = speaking.with_sound(session, announcement_id)
        if announcement is None or announcement.sealed is None:
            raise NotFound
        if deletions_that_count(session, [announcement.sealed.sha256]):
            raise DeletedByRule
    try:
        path = desk.settings.bytes.path(announcement.sealed.sha256, announcement.sealed.suffix)
    except EvidenceError as error:
        log.exception("sound of an announcement missing", extra={"announcement": str(announcement_id)})
        raise BytesMissing from error
    return FileResponse(path, media_type=announcement.sealed.media_type, content_disposition_type="inline")
