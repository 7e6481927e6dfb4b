"""One recording: what it is and from when, how far its analysis has come, and its time-line for marking by hand.

It is shown to who said what for, and never where it was quarantined or is another body's that nobody approved.
"""

import logging
import uuid
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Annotated
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import FileResponse, HTMLResponse, RedirectResponse, Response
from sqlalchemy.orm import Session

from cases import recording_acts, uploads_shown
from cases.entitlements import Right, may
from cases.errors import RecordingRefused
from cases.recording_acts import Marked
from cases.uploads_shown import RecordingShown
from detectors.geometry import Box
from evidence.deletion import deletions_that_count
from evidence.errors import EvidenceError
from models.database import reading, transaction
from models.enums import Offence
from review_ui.desk import Desk, Now, TheDesk
from review_ui.doorkeeper import CheckedForm, SignedIn
from review_ui.errors import BytesMissing, DeletedByRule, NotFound, NoViewingReason
from review_ui.permissions import needs

log = logging.getLogger(__name__)
routes = APIRouter()

REASON_HOLDS = timedelta(hours=8)
LONGEST_FIELD = 1000
REFUSALS = (
    "box",
    "error",
    "harmful",
    "incidents",
    "not_approved",
    "not_ended",
    "not_under_way",
    "note",
    "seconds",
    "stands_still",
    "time",
    "time_unknown",
    "under_way",
    "unreadable",
)
Words = Annotated[str, Form(max_length=LONGEST_FIELD)]


@routes.get("/recordings/{recording_id}", dependencies=[needs(Right.SEE_UPLOADS)])
def recording(
    request: Request,
    desk: TheDesk,
    opened: SignedIn,
    at: Now,
    recording_id: uuid.UUID,
    refused: Annotated[str | None, Query(max_length=40)] = None,
) -> HTMLResponse:
    shown, said = _shown(desk, opened, recording_id, at)
    return desk.page(
        request,
        "recording.html",
        opened,
        shown=shown,
        looks=said and shown.may_be_shown and may(opened.user, Right.LOOK),
        may_look=may(opened.user, Right.LOOK),
        may_act=may(opened.user, Right.UPLOAD),
        offences=list(Offence),
        longest_mark_s=recording_acts.LONGEST_MARK_S,
        local_start=f"{shown.recording.started_at.astimezone(ZoneInfo(shown.timezone)):%Y-%m-%dT%H:%M:%S}",
        refused=refused if refused in REFUSALS else None,
    )


@routes.api_route("/recordings/{recording_id}/video", methods=["GET", "HEAD"], dependencies=[needs(Right.LOOK)])
def video(desk: TheDesk, opened: SignedIn, at: Now, recording_id: uuid.UUID) -> Response:
    """The sealed bytes, for a player that seeks, to who said what for. Nothing here opens the file."""
    shown, said = _shown(desk, opened, recording_id, at)
    if not shown.may_be_shown or shown.sealed is None:
        raise NotFound
    if not said:
        raise NoViewingReason
    with reading(desk.settings.sessions) as session:
        if deletions_that_count(session, [shown.sealed.sha256]):
            raise DeletedByRule
    try:
        path = desk.settings.bytes.path(shown.sealed.sha256, shown.sealed.suffix)
    except EvidenceError as error:
        log.exception("a recording is missing in the vault", extra={"recording": str(recording_id)})
        raise BytesMissing from error
    headers = {"etag": f'"{shown.sealed.sha256}"', "cache-control": "private, no-cache"}
    return FileResponse(path, media_type=shown.sealed.media_type, headers=headers, content_disposition_type="inline")


@routes.post("/recordings/{recording_id}/look", dependencies=[needs(Right.LOOK)])
def look(desk: TheDesk, opened: CheckedForm, at: Now, recording_id: uuid.UUID, reason: Words = "") -> Response:
    def say(session: Session) -> None:
        recording_acts.state_reason(session, recording_id, reason=reason, by=opened.user, at=at)

    return _done(desk, recording_id, say)


@routes.post("/recordings/{recording_id}/start", dependencies=[needs(Right.UPLOAD)])
def start(
    desk: TheDesk,
    opened: CheckedForm,
    at: Now,
    recording_id: uuid.UUID,
    began: Annotated[str, Form(max_length=40)] = "",
    error_s: Annotated[str, Form(max_length=20)] = "",
    why: Words = "",
) -> Response:
    """`began` is local time of the site, as the browser's field writes it."""

    def say(session: Session) -> None:
        zone = ZoneInfo(uploads_shown.recording_shown(session, recording_id, at=at).timezone)
        wanted = _number(error_s)
        recording_acts.set_start(
            session, recording_id, start=_local(began, zone), error_s=wanted, why=why, by=opened.user, at=at
        )

    return _done(desk, recording_id, say)


@routes.post("/recordings/{recording_id}/cancel", dependencies=[needs(Right.UPLOAD)])
def cancel(desk: TheDesk, opened: CheckedForm, at: Now, recording_id: uuid.UUID) -> Response:
    return _done(
        desk, recording_id, lambda session: recording_acts.cancel(session, recording_id, by=opened.user, at=at)
    )


@routes.post("/recordings/{recording_id}/again", dependencies=[needs(Right.UPLOAD)])
def again(desk: TheDesk, opened: CheckedForm, at: Now, recording_id: uuid.UUID) -> Response:
    return _done(
        desk, recording_id, lambda session: recording_acts.analyse_again(session, recording_id, by=opened.user, at=at)
    )


@routes.post("/recordings/{recording_id}/marks", dependencies=[needs(Right.LOOK)])
def mark(
    desk: TheDesk,
    opened: CheckedForm,
    at: Now,
    recording_id: uuid.UUID,
    offence: Annotated[Offence, Form()],
    from_s: Annotated[str, Form(max_length=20)] = "",
    to_s: Annotated[str, Form(max_length=20)] = "",
    box: Annotated[str, Form(max_length=100)] = "",
    note: Words = "",
) -> Response:
    """box: four fractions of the picture with commas between; none: the whole picture."""

    def say(session: Session) -> None:
        marked = Marked(offence, _number(from_s), _number(to_s), note, _box(box))
        recording_acts.mark(session, recording_id, marked, by=opened.user, at=at)

    return _done(desk, recording_id, say)


def _shown(desk: Desk, opened: SignedIn, recording_id: uuid.UUID, at: datetime) -> tuple[RecordingShown, bool]:
    """And whether this person said lately what it is looked at for. Raises NotFound."""
    with reading(desk.settings.sessions) as session:
        try:
            shown = uploads_shown.recording_shown(session, recording_id, at=at)
        except RecordingRefused as error:
            raise NotFound from error
        return shown, uploads_shown.seen_by(session, recording_id, opened.user, at - REASON_HOLDS)


def _done(desk: Desk, recording_id: uuid.UUID, act: Callable[[Session], object]) -> Response:
    """Back to the page, with the sentence of what was refused."""
    refused = None
    try:
        with transaction(desk.settings.sessions) as session:
            act(session)
    except RecordingRefused as error:
        if error.why == "unknown":
            raise NotFound from error
        refused = error.why
    query = f"?{urlencode({'refused': refused})}" if refused else ""
    return RedirectResponse(f"/recordings/{recording_id}{query}", 303)


def _number(text: str) -> float:
    """Raises RecordingRefused: `unreadable`."""
    try:
        value = float(text.replace(",", "."))
    except ValueError as error:
        raise RecordingRefused("unreadable", "that is no number") from error
    if not abs(value) < 1e9:
        raise RecordingRefused("unreadable", "that is no number")
    return value


def _local(text: str, zone: ZoneInfo) -> datetime:
    """Raises RecordingRefused: `unreadable`."""
    try:
        at = datetime.fromisoformat(text.strip())
    except ValueError as error:
        raise RecordingRefused("unreadable", "write the time as 2026-03-02 12:00:05") from error
    return at.replace(tzinfo=zone) if at.tzinfo is None else at


def _box(text: str) -> Box:
    """Raises RecordingRefused: `unreadable`."""
    if not text.strip():
        return recording_acts.WHOLE
    sides = [_number(each) for each in text.split(",")]
    if len(sides) != 4:
        raise RecordingRefused("unreadable", "a part of the picture has four sides")
    return Box(*sides)
