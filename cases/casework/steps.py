"""Steps: the one writer of `case_file.state`, and of the events of a case file.

`open_file` registers a matter, `take_step` leads it on, `note` puts on record what changes no state. What has to be
there before a step is asked in cases/casework/gates.py by whoever calls (cases/casework/approvals.py, the desk).
"""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from cases.casework.days import local_date
from cases.casework.errors import DatedWrongly, StepRefused
from cases.casework.table import NOTES, next_state
from cases.lifecycle import PROGRAM
from cases.volume import search_index
from evidence import log_contents
from models.case_files import CaseFile, FileEvent
from models.enums import FileAct, FileState, Procedure
from models.people import User

# an archived matter does not go on; it is looked into, bound anew, and told to who may know
IN_THE_ARCHIVE = frozenset({FileAct.VOLUME_MADE, FileAct.REVIEW_SCORED, FileAct.SHARED})


@dataclass(frozen=True)
class By:
    """Whose act it is. user: None for the program."""

    name: str
    user: User | None = None

    @classmethod
    def person(cls, user: User) -> "By":
        return cls(user.name, user)


PROGRAM_ITSELF = By(PROGRAM)


def open_file(session: Session, file: CaseFile, *, by: By, at: datetime, facts: dict[str, Any]) -> CaseFile:
    """Registers the matter: the row, in REGISTERED, and its first event."""
    file.state = FileState.REGISTERED
    file.registered_at = at
    session.add(file)
    session.flush()
    _append(session, file, FileAct.REGISTER, None, by=by, at=at, done_on=None, facts=facts)
    return file


def take_step(
    session: Session,
    file: CaseFile,
    step: FileAct,
    *,
    by: By,
    at: datetime,
    done_on: date | None = None,
    facts: dict[str, Any] | None = None,
) -> FileEvent:
    """Takes the case file one step on, with its event. Raises StepRefused for a step that is not in the table, and
    DatedWrongly.

    The row is locked first and read again, so of two who come at once one is refused.
    """
    session.flush()
    session.refresh(file, with_for_update=True)
    state = next_state(file.procedure, file.state, step)
    if state is None:
        raise StepRefused(file.state, step)
    before, file.state = file.state, state
    if step is FileAct.MAKE_ORDINARY:
        file.procedure = Procedure.ORDINARY
    return _append(session, file, step, before, by=by, at=at, done_on=done_on, facts=facts or {})


def note(
    session: Session,
    file: CaseFile,
    act: FileAct,
    *,
    by: By,
    at: datetime,
    done_on: date | None = None,
    facts: dict[str, Any] | None = None,
) -> FileEvent:
    """Puts on record what was done and changes no state.

    Raises StepRefused for a step, and in the archive for all that is not IN_THE_ARCHIVE; DatedWrongly. The row is
    locked first, so that events have one order.
    """
    session.flush()
    session.refresh(file, with_for_update=True)
    if act not in NOTES or (file.state is FileState.ARCHIVED and act not in IN_THE_ARCHIVE):
        raise StepRefused(file.state, act)
    return _append(session, file, act, file.state, by=by, at=at, done_on=done_on, facts=facts or {})


def newest_event(session: Session, file: CaseFile) -> FileEvent | None:
    return session.scalar(select(FileEvent).where(FileEvent.file_id == file.id).order_by(FileEvent.seq.desc()).limit(1))


def events_of(session: Session, file: CaseFile) -> list[FileEvent]:
    """Oldest first."""
    return list(session.scalars(select(FileEvent).where(FileEvent.file_id == file.id).order_by(FileEvent.seq)))


def _append(
    session: Session,
    file: CaseFile,
    act: FileAct,
    before: FileState | None,
    *,
    by: By,
    at: datetime,
    done_on: date | None,
    facts: dict[str, Any],
) -> FileEvent:
    last = newest_event(session, file)
    if last is not None and at < last.at:
        raise DatedWrongly("before_the_last", last.at)
    if done_on is not None:
        _check_day(file, done_on, at)
    event = FileEvent(
        file_id=file.id,
        seq=last.seq + 1 if last else 1,
        act=act,
        from_state=before,
        to_state=file.state,
        actor=by.name,
        actor_id=by.user.id if by.user else None,
        at=at,
        done_on=done_on,
        facts=facts,
    )
    session.add(event)
    session.flush()
    log_contents.enter(session, event)
    search_index.due(session, file.id)
    return event


def _check_day(file: CaseFile, done_on: date, at: datetime) -> None:
    """A day may lie back, never ahead, and never before the matter was registered: nothing is back-dated."""
    if done_on > local_date(at, file.timezone):
        raise DatedWrongly("in_the_future", done_on)
    if done_on < local_date(file.registered_at, file.timezone):
        raise DatedWrongly("before_registration", done_on)
