"""The loudspeakers' console: the street as its camera shows it, one press or one's own voice to speak, and what was
said when, whether it was heard to the end, and how the matter went on after that.

One loudspeaker is in hand at a time. The page asks for what has changed every few seconds (304 where nothing has).
"""

import logging
import uuid
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import quote, urlencode

from fastapi import APIRouter, File, Form, Query, Request, UploadFile
from fastapi.responses import FileResponse, HTMLResponse, JSONResponse, RedirectResponse, Response
from sqlalchemy.orm import Session

from cases import newest_pictures, speaking, spoken_about
from cases.cameras import CameraLine, camera_lines
from cases.entitlements import Right, Scope, may, scope_of
from cases.errors import AnnouncementRefused, UnknownLoudspeaker
from cases.languages import Language
from cases.scope import is_within
from cases.speaking import HornShown
from evidence.deletion import deletions_that_count
from evidence.errors import EvidenceError, VaultFailed
from evidence.sealing import keep_object
from evidence.vault import Vault
from models.announcements import Announcement
from models.database import reading, transaction
from models.enums import AnnouncementState, CameraState
from models.people import UserSession
from notify.errors import SoundRefused
from notify.sound import MOST_BYTES, read_wav
from review_ui.catalog import Catalog
from review_ui.desk import Desk, Now, TheDesk
from review_ui.doorkeeper import MAX_TALK_BYTES, SECURITY_HEADERS, CheckedForm, SignedIn
from review_ui.errors import BytesMissing, DeletedByRule, NotFound, TooMuchSaid
from review_ui.permissions import needs, within
from review_ui.wall_pages import unless_known

log = logging.getLogger(__name__)
routes = APIRouter()

UNDER_WAY = (AnnouncementState.WAITING, AnnouncementState.PLAYING)
LONGEST_FIELD = 400  # what is longer than may be said gets a sentence, what is longer than this was not typed
WAV, SUFFIX = "audio/wav", ".wav"
QUIET_CAMERA = (None, CameraState.WATCHING, CameraState.CONNECTING)  # nothing is wrong with it


@routes.get("/loudspeakers")
def loudspeakers(
    request: Request,
    desk: TheDesk,
    opened: SignedIn,
    at: Now,
    scope: Annotated[Scope, needs(Right.SEE_LOUDSPEAKERS)],
    horn: Annotated[str | None, Query(max_length=64)] = None,
    incident: Annotated[uuid.UUID | None, Query()] = None,
    asked: Annotated[uuid.UUID | None, Query()] = None,
    refused: Annotated[str | None, Query(max_length=40)] = None,
) -> HTMLResponse:
    """horn: the one in hand; the first where none is named. incident: the matter that what is said belongs to.
    asked: without a script, the page comes again until that has ended.
    """
    if incident is not None:
        within(desk, scope, "incident_id", str(incident))
    with reading(desk.settings.sessions) as session:
        language = desk.catalog_for(request).language
        shown = speaking.horns_shown(session, scope, at=at, language=language, incident_id=incident, last=0)
        ids = [each.id for each in shown.horns]
        chosen = horn if horn in ids else next(iter(ids), None)
        in_hand = None if chosen is None else _in_hand(session, scope, chosen, at, language)
        speaks = chosen is not None and is_within(session, _scope(opened, Right.SPEAK), "loudspeaker_id", chosen)
    page = desk.page(
        request,
        "loudspeakers.html",
        opened,
        shown=shown,
        in_hand=in_hand,
        console=None if in_hand is None else _console(request, desk, opened, in_hand, incident, at),
        incident=incident,
        waits=in_hand is not None and any(each.id == asked and each.state in UNDER_WAY for each in in_hand.last),
        refused=refused if refused in speaking.REFUSALS else None,
        longest_talk_s=speaking.LONGEST_TALK_S,
        may_speak=speaks,
    )
    page.headers["permissions-policy"] = SECURITY_HEADERS["permissions-policy"].replace(
        "microphone=()", "microphone=(self)"
    )
    return page


@routes.get("/loudspeakers/{loudspeaker_id}/state")
def loudspeaker_state(
    request: Request,
    desk: TheDesk,
    opened: SignedIn,
    at: Now,
    loudspeaker_id: str,
    scope: Annotated[Scope, needs(Right.SEE_LOUDSPEAKERS)],
    incident: Annotated[uuid.UUID | None, Query()] = None,
) -> Response:
    """The part of the console that changes, for a page that is open; 304 where it has just this."""
    with reading(desk.settings.sessions) as session:
        language = desk.catalog_for(request).language
        horn = _in_hand(session, scope, loudspeaker_id, at, language)
    if horn is None:
        raise NotFound
    return unless_known(request, _console(request, desk, opened, horn, incident, at) | {"quiet": horn.quiet})


def _in_hand(session: Session, scope: Scope, loudspeaker_id: str, at: datetime, language: Language) -> HornShown | None:
    """With more of what it said than the others."""
    shown = speaking.horns_shown(
        session, scope, at=at, language=language, only=loudspeaker_id, last=speaking.SHOWN_IN_HAND
    )
    return next(iter(shown.horns), None)


def _console(
    request: Request,
    desk: Desk,
    opened: UserSession,
    horn: HornShown,
    incident: uuid.UUID | None,
    at: datetime,
) -> dict[str, Any]:
    """Words and times of day, and no ages: what has not changed is the same text."""
    catalog = desk.catalog_for(request)
    incidents = _scope(opened, Right.SEE_INCIDENTS)
    with reading(desk.settings.sessions) as session:
        matters = spoken_about.matters(session, incidents, horn.camera_id)
        after = spoken_about.after_speaking(session, incidents, horn.last)
        lines = camera_lines(session, at, only=horn.camera_id, scope=_scope(opened, Right.SEE_LIVE))
    words = {"t": catalog.say, "catalog": catalog, "timezone": desk.timezone(), "horn": horn, "incident": incident}
    row = desk.templates.get_template("loudspeaker_row.html")
    return {
        "street": _street(desk, catalog, lines[0]) if lines else None,
        "matters": desk.templates.get_template("loudspeaker_matters.html").render(matters=matters, **words),
        "rows": [
            {"id": str(each.id), "html": row.render(each=each, after=after.get(each.id), **words)} for each in horn.last
        ],
        "waits": any(each.state in UNDER_WAY for each in horn.last),
    }


def _street(desk: Desk, catalog: Catalog, line: CameraLine) -> dict[str, Any]:
    """What the camera shows now, and how it is; only for who may see that."""
    pictures = desk.settings.pictures
    found = newest_pictures.find(None if pictures is None else pictures.newest, line.id)
    state = line.state.value if line.state else "recordings"
    return {
        "picture": f"/cameras/{quote(line.id, safe='')}/picture?v={found.version}" if found else None,
        "captured_at": found.captured_at.isoformat() if found else None,
        "at": catalog.clock(found.captured_at, line.timezone) if found else "",
        "state": state,
        "words": catalog.say(f"camera_state.{state}"),
        "trouble": line.state not in QUIET_CAMERA,
    }


def _scope(opened: UserSession, right: Right) -> Scope:
    """Of nothing, where somebody has no such right."""
    return scope_of(opened.user, right) if may(opened.user, right) else Scope(frozenset())


@routes.post("/loudspeakers/{loudspeaker_id}/say")
def say(
    request: Request,
    desk: TheDesk,
    opened: CheckedForm,
    at: Now,
    loudspeaker_id: str,
    scope: Annotated[Scope, needs(Right.SPEAK)],
    sentence: Annotated[str, Form(max_length=64)] = "",
    text: Annotated[str, Form(max_length=LONGEST_FIELD)] = "",
    incident: Annotated[uuid.UUID | None, Form()] = None,
) -> Response:
    """One of the sentences, or typed words."""
    if incident is not None:
        within(desk, scope, "incident_id", str(incident))
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
        return _refused(request, desk, loudspeaker_id, incident, error.why)
    except UnknownLoudspeaker as error:
        raise NotFound from error
    return _asked(request, loudspeaker_id, incident, announcement)


@routes.post("/loudspeakers/{loudspeaker_id}/recording")
def say_recorded(
    request: Request,
    desk: TheDesk,
    opened: CheckedForm,
    at: Now,
    loudspeaker_id: str,
    scope: Annotated[Scope, needs(Right.SPEAK)],
    recording: Annotated[UploadFile, File()],
    text: Annotated[str, Form(max_length=LONGEST_FIELD)] = "",
    incident: Annotated[uuid.UUID | None, Form()] = None,
) -> Response:
    """The operator's own voice from a file, sealed as it came."""
    if incident is not None:
        within(desk, scope, "incident_id", str(incident))
    raw = recording.file.read(MOST_BYTES + 1)
    try:
        read_wav(raw)
    except SoundRefused:
        return _refused(request, desk, loudspeaker_id, incident, speaking.NOT_A_RECORDING)
    return _keep_and_say(request, desk, opened, at, loudspeaker_id, raw, text, incident)


@routes.post("/loudspeakers/{loudspeaker_id}/talk")
def talk(
    request: Request,
    desk: TheDesk,
    opened: CheckedForm,
    at: Now,
    loudspeaker_id: str,
    scope: Annotated[Scope, needs(Right.SPEAK)],
    voice: Annotated[UploadFile, File()],
    incident: Annotated[uuid.UUID | None, Form()] = None,
) -> Response:
    """What was spoken into the browser's microphone while the button was held; the page makes WAV of it."""
    if incident is not None:
        within(desk, scope, "incident_id", str(incident))
    raw = voice.file.read(MAX_TALK_BYTES)
    try:
        speaking.check_talk(raw)
    except AnnouncementRefused as error:
        return _refused(request, desk, loudspeaker_id, incident, error.why)
    return _keep_and_say(request, desk, opened, at, loudspeaker_id, raw, "", incident)


def _keep_and_say(
    request: Request,
    desk: Desk,
    opened: UserSession,
    at: datetime,
    loudspeaker_id: str,
    raw: bytes,
    text: str,
    incident: uuid.UUID | None,
) -> Response:
    """Sealed and put into the queue in one transaction, or neither; what is refused anyway is not kept first."""
    try:
        with transaction(desk.settings.sessions) as session:
            speaking.check_free(session, loudspeaker_id, at=at)
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
        return _refused(request, desk, loudspeaker_id, incident, error.why)
    except UnknownLoudspeaker as error:
        raise NotFound from error
    except VaultFailed as error:
        log.exception("a recorded voice could not be kept")
        raise TooMuchSaid from error
    return _asked(request, loudspeaker_id, incident, announcement)


def _write(path: Path, raw: bytes) -> None:
    path.write_bytes(raw)


def _asked(request: Request, loudspeaker_id: str, incident: uuid.UUID | None, said: Announcement) -> Response:
    if _from_script(request):
        return JSONResponse({"asked": str(said.id)}, 201)
    return _back(loudspeaker_id, incident, asked=str(said.id))


def _refused(request: Request, desk: Desk, loudspeaker_id: str, incident: uuid.UUID | None, why: str) -> Response:
    if _from_script(request):
        sentence = desk.catalog_for(request).say(f"loudspeakers.refused.{why}")
        return JSONResponse({"refused": why, "sentence": sentence}, 409)
    return _back(loudspeaker_id, incident, refused=why)


def _from_script(request: Request) -> bool:
    return "application/json" in request.headers.get("accept", "")


def _back(loudspeaker_id: str, incident: uuid.UUID | None, **said: str) -> RedirectResponse:
    query = {"horn": loudspeaker_id} | said | ({"incident": str(incident)} if incident else {})
    return RedirectResponse(f"/loudspeakers?{urlencode(query)}", 303)


@routes.get("/announcements/{announcement_id}/sound", dependencies=[needs(Right.SEE_LOUDSPEAKERS)])
def sound(desk: TheDesk, announcement_id: uuid.UUID) -> Response:
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
