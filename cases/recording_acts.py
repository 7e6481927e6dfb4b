"""What a person does about a recording: says when it began, calls its analysis off or asks for it again, marks what is
seen on its time-line. Each has its event; what is marked becomes an incident in ingest/marked_incidents.py.
"""

import uuid
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from cases import footage_requests
from cases.errors import RecordingRefused
from cases.recorders import MOVING, note
from detectors.geometry import Box
from models.enums import ClockSource, Offence, RecorderSubject, RecordingState
from models.incidents import Incident, Recording
from models.people import User
from models.recorders import RecordingMark

MAX_NOTE = 500
VIEWED = "viewed"
LONGEST_MARK_S = 120.0
EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)
LARGEST_ERROR_S = 86_400.0
WHOLE = Box(0.0, 0.0, 1.0, 1.0)
STOPPABLE = (RecordingState.QUEUED, RecordingState.ANALYSING)
AGAIN = (RecordingState.CANCELLED, RecordingState.FAILED)


def recording_of(session: Session, recording_id: uuid.UUID) -> Recording:
    """Locked, with its camera. Raises RecordingRefused: `unknown`."""
    row = session.scalar(
        select(Recording)
        .where(Recording.id == recording_id)
        .options(joinedload(Recording.camera))
        .with_for_update(of=Recording)
        .execution_options(populate_existing=True)
    )
    if row is None:
        raise RecordingRefused("unknown", f"there is no recording {recording_id}")
    return row


def moves(recording: Recording) -> bool:
    """Whether its camera moved while it filmed; the camera is loaded."""
    return recording.camera.kind in MOVING or bool(recording.moves)


def set_start(
    session: Session, recording_id: uuid.UUID, *, start: datetime, error_s: float, why: str, by: User, at: datetime
) -> None:
    """A person's word goes before every other. It is analysed anew by the fences of that time.

    Raises RecordingRefused: `incidents` where times of a case would change under it, `under_way`, `time`, `error`,
    `note`.
    """
    row = recording_of(session, recording_id)
    said = why.strip()
    if not 0 < len(said) <= MAX_NOTE:
        raise RecordingRefused("note", f"write where the time is known from, in up to {MAX_NOTE} characters")
    if not EARLIEST <= start <= at:
        raise RecordingRefused("time", "a recording began in this century, and not ahead of now")
    if not 0 <= error_s <= LARGEST_ERROR_S:
        raise RecordingRefused("error", "what the time may be wrong by is 0 seconds to a day")
    if row.state is RecordingState.ANALYSING:
        raise RecordingRefused("under_way", "it is being analysed; call that off first, or wait")
    if session.scalar(select(Incident.id).where(Incident.recording_id == row.id).limit(1)) is not None:
        raise RecordingRefused("incidents", "incidents stand on its time already; dismiss them with the reason instead")
    before = {"started_at": row.started_at.isoformat(), "source": row.clock_source.value, "error_s": row.start_error_s}
    row.started_at, row.clock_source, row.start_error_s = start.astimezone(UTC), ClockSource.GIVEN, error_s
    if row.state is RecordingState.ANALYSED:
        row.state, row.analysis, row.analysed_s = RecordingState.QUEUED, None, None
    note(
        session,
        RecorderSubject.RECORDING,
        row.id,
        "start_set",
        actor=by.name,
        at=at,
        started_at=row.started_at.isoformat(),
        error_s=error_s,
        why=said,
        before=before,
    )
    footage_requests.release_covered(session, row.camera_id, actor=by.name, at=at)


def cancel(session: Session, recording_id: uuid.UUID, *, by: User, at: datetime) -> None:
    """Not analysed, or no further; the process that is at it is ended. Raises RecordingRefused: `not_under_way`."""
    row = recording_of(session, recording_id)
    if row.state not in STOPPABLE:
        raise RecordingRefused("not_under_way", f"it is {row.state.value}; there is nothing to call off")
    row.state = RecordingState.CANCELLED
    note(session, RecorderSubject.RECORDING, row.id, "cancelled", actor=by.name, at=at, analysed_s=row.analysed_s)


def analyse_again(session: Session, recording_id: uuid.UUID, *, by: User, at: datetime) -> None:
    """After it was called off, or failed for another reason than harm. Raises RecordingRefused: `not_ended`, …"""
    row = recording_of(session, recording_id)
    if row.state not in AGAIN:
        raise RecordingRefused("not_ended", f"it is {row.state.value}; there is nothing to begin again")
    check_may_be_used(session, row, at=at)
    row.state, row.failure, row.analysed_s = RecordingState.QUEUED, None, None
    note(session, RecorderSubject.RECORDING, row.id, "queued_again", actor=by.name, at=at)


def check_may_be_used(session: Session, recording: Recording, *, at: datetime) -> None:
    """Raises RecordingRefused: `not_approved`, `time_unknown` for another body's that nobody may use yet."""
    why = footage_requests.why_held_back(session, recording, at=at)
    if why is not None:
        raise RecordingRefused(
            why,
            "it is another body's and its time is not known; say when it began, then ask for it"
            if why == "time_unknown"
            else "it is another body's; ask for its footage, and have that approved by another person",
        )


def state_reason(session: Session, recording_id: uuid.UUID, *, reason: str, by: User, at: datetime) -> None:
    """For what it is looked at, said before it is shown; the look goes on record with it.

    Raises RecordingRefused: `note`, `not_approved`, `time_unknown`.
    """
    row = recording_of(session, recording_id)
    check_may_be_used(session, row, at=at)
    said = reason.strip()
    if not 0 < len(said) <= MAX_NOTE:
        raise RecordingRefused("note", f"write what it is looked at for, in up to {MAX_NOTE} characters")
    note(session, RecorderSubject.RECORDING, row.id, VIEWED, actor=by.name, at=at, reason=said)


@dataclass(frozen=True)
class Marked:
    """What a person says is to be seen. box: fractions of the picture."""

    offence: Offence
    from_s: float
    to_s: float
    note: str
    box: Box = WHOLE


def mark(session: Session, recording_id: uuid.UUID, marked: Marked, *, by: User, at: datetime) -> RecordingMark:
    """A worker makes an incident of it, with what is seen in those seconds sealed. Marked twice, it is one mark.

    Raises RecordingRefused: `stands_still` where the fences and their rule judge, `seconds`, `box`, `note`,
    `not_approved`, `time_unknown`, `harmful`.
    """
    row = recording_of(session, recording_id)
    if not moves(row):
        raise RecordingRefused("stands_still", "its camera stands still: what happens there is judged by its fences")
    if row.state is RecordingState.FAILED:
        raise RecordingRefused("harmful", "it could not be analysed and is not opened again")
    check_may_be_used(session, row, at=at)
    said = marked.note.strip()
    if not 0 < len(said) <= MAX_NOTE:
        raise RecordingRefused("note", f"write what is to be seen, in up to {MAX_NOTE} characters")
    length_s = row.length_s if row.length_s is not None else float("inf")
    if not 0 <= marked.from_s < marked.to_s <= length_s + 1 or marked.to_s - marked.from_s > LONGEST_MARK_S:
        raise RecordingRefused("seconds", f"mark up to {LONGEST_MARK_S:g} seconds that lie within the recording")
    box = marked.box
    if not (0 <= box.x1 < box.x2 <= 1 and 0 <= box.y1 < box.y2 <= 1):
        raise RecordingRefused("box", "mark a part of the picture")
    known = session.scalar(
        select(RecordingMark).where(
            RecordingMark.recording_id == row.id,
            RecordingMark.offence == marked.offence,
            RecordingMark.from_s == marked.from_s,
            RecordingMark.to_s == marked.to_s,
            RecordingMark.made_by_id == by.id,
            RecordingMark.failure.is_(None),
        )
    )
    if known is not None:
        return known
    made = RecordingMark(
        id=uuid.uuid4(),
        recording_id=row.id,
        offence=marked.offence,
        from_s=marked.from_s,
        to_s=marked.to_s,
        x1=box.x1,
        y1=box.y1,
        x2=box.x2,
        y2=box.y2,
        note=said,
        made_by_id=by.id,
        at=at,
    )
    session.add(made)
    note(
        session,
        RecorderSubject.RECORDING,
        row.id,
        "marked",
        actor=by.name,
        at=at,
        mark=str(made.id),
        offence=marked.offence.value,
        from_s=marked.from_s,
        to_s=marked.to_s,
    )
    return made


def marks_to_do(session: Session) -> list[uuid.UUID]:
    """Recordings with marks of which nothing has come yet, oldest first."""
    waiting = select(RecordingMark.recording_id, RecordingMark.at).where(
        RecordingMark.incident_id.is_(None), RecordingMark.failure.is_(None)
    )
    return list(dict.fromkeys(recording_id for recording_id, _ in session.execute(waiting.order_by(RecordingMark.at))))


def moment_of(recording: Recording, second: float) -> datetime:
    return recording.started_at + timedelta(seconds=second)
