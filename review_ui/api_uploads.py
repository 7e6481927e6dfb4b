"""The API of what was handed in: each file with what became of it, one recording, its start said, its analysis.

Files themselves are handed in over tus, by a token for uploads (docs/uploads.md).
"""

import uuid
from collections.abc import Callable
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import AwareDatetime, BaseModel, Field
from sqlalchemy.orm import Session

from cases import recording_acts, uploads_shown
from cases.entitlements import Right, Scope
from cases.errors import RecordingRefused
from models.database import reading, transaction
from models.enums import ClockSource, RecordingState, UploadState
from review_ui.api_guard import TheHolder, by_token
from review_ui.api_routes import REFUSALS
from review_ui.api_shapes import Asked, Said, Words
from review_ui.desk import Desk, Now, TheDesk
from review_ui.errors import ApiRefused

routes = APIRouter(prefix="/api/v1", responses=REFUSALS)

LONGEST_WHY = 1000


class UploadLine(Said):
    """why: of what is in quarantine or was given up. doubt: what speaks against its bytes."""

    id: uuid.UUID
    recorder_id: str
    file_name: str
    length: int
    offset: int
    state: UploadState
    created_at: datetime
    sha256: str | None
    recording_id: uuid.UUID | None
    why: str | None
    doubt: str | None


class Waiting(Said):
    """A file of the watched folder that cannot be taken."""

    shown: str
    why: str | None
    at: datetime


class HandedIn(BaseModel):
    """The newest; counts of all there are by state."""

    uploads: list[UploadLine]
    counts: dict[UploadState, int]
    waiting: list[Waiting]


class RecordingDetail(BaseModel):
    """start_error_s: bound of what started_at may be wrong by; null: not known. held_back: another body's."""

    id: uuid.UUID
    camera_id: str
    state: RecordingState
    sha256: str
    size_bytes: int
    started_at: datetime
    clock_source: ClockSource
    start_error_s: float | None
    length_s: float | None
    analysed_s: float | None
    moves: bool
    failure: str | None
    carried_by: str | None
    body: str | None
    held_back: str | None
    quarantined: bool
    incidents: list[uuid.UUID]


class Dating(Asked):
    """When it began, as a person knows it, and by how many seconds that may be wrong."""

    started_at: AwareDatetime
    error_s: Annotated[float, Field(ge=0, le=86_400)]
    why: Annotated[Words, Field(min_length=1, max_length=LONGEST_WHY)]


@routes.get("/uploads")
def handed_in(
    desk: TheDesk,
    scope: Annotated[Scope, by_token(Right.SEE_UPLOADS)],
    state: Annotated[UploadState | None, Query()] = None,
) -> HandedIn:
    with reading(desk.settings.sessions) as session:
        shown = uploads_shown.handed_in(session, scope, state)
    return HandedIn(
        uploads=[UploadLine.model_validate(line.upload) for line in shown.lines],
        counts=shown.counts,
        waiting=[Waiting.model_validate(each) for each in shown.waiting],
    )


@routes.get("/recordings/{recording_id}", dependencies=[by_token(Right.SEE_UPLOADS)])
def recording(desk: TheDesk, at: Now, recording_id: uuid.UUID) -> RecordingDetail:
    return _shown(desk, recording_id, at)


@routes.post("/recordings/{recording_id}/start", dependencies=[by_token(Right.UPLOAD)])
def start(desk: TheDesk, holder: TheHolder, at: Now, recording_id: uuid.UUID, said: Dating) -> RecordingDetail:
    def act(session: Session) -> None:
        recording_acts.set_start(
            session, recording_id, start=said.started_at, error_s=said.error_s, why=said.why, by=holder.user, at=at
        )

    return _done(desk, recording_id, at, act)


@routes.post("/recordings/{recording_id}/cancel", dependencies=[by_token(Right.UPLOAD)])
def cancel(desk: TheDesk, holder: TheHolder, at: Now, recording_id: uuid.UUID) -> RecordingDetail:
    """Not analysed, or no further."""
    return _done(
        desk, recording_id, at, lambda session: recording_acts.cancel(session, recording_id, by=holder.user, at=at)
    )


@routes.post("/recordings/{recording_id}/again", dependencies=[by_token(Right.UPLOAD)])
def again(desk: TheDesk, holder: TheHolder, at: Now, recording_id: uuid.UUID) -> RecordingDetail:
    """After it was called off, or failed."""

    def act(session: Session) -> None:
        recording_acts.analyse_again(session, recording_id, by=holder.user, at=at)

    return _done(desk, recording_id, at, act)


def _done(desk: Desk, recording_id: uuid.UUID, at: datetime, act: Callable[[Session], None]) -> RecordingDetail:
    """Raises ApiRefused with the sentence of what stood against it."""
    try:
        with transaction(desk.settings.sessions) as session:
            act(session)
    except RecordingRefused as error:
        raise ApiRefused(error) from error
    return _shown(desk, recording_id, at)


def _shown(desk: Desk, recording_id: uuid.UUID, at: datetime) -> RecordingDetail:
    with reading(desk.settings.sessions) as session:
        shown = uploads_shown.recording_shown(session, recording_id, at=at)
    row = shown.recording
    return RecordingDetail(
        id=row.id,
        camera_id=row.camera_id,
        state=row.state,
        sha256=row.sha256,
        size_bytes=row.size_bytes,
        started_at=row.started_at,
        clock_source=row.clock_source,
        start_error_s=row.start_error_s,
        length_s=row.length_s,
        analysed_s=row.analysed_s,
        moves=shown.moves,
        failure=row.failure,
        carried_by=shown.carried_by,
        body=shown.body,
        held_back=shown.held_back,
        quarantined=shown.is_quarantined,
        incidents=[each.id for each in shown.incidents],
    )
