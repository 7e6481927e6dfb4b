"""What people do to a clock: stop it, let it run again, extend it. Each with a reason and an event of the file."""

import uuid
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from cases.casework.clocks import Clock, ClockState
from cases.casework.days import local_date
from cases.casework.due import clocks_of, named
from cases.casework.errors import DatedWrongly, FileRefused, UnknownFile
from cases.casework.steps import By, note
from models.case_files import CaseFile
from models.enums import FileAct, Role, StopCause
from models.file_clocks import FileClockExtension, FileClockStop
from models.people import User

MAX_REASON = 1000


def stop(
    session: Session,
    file_id: uuid.UUID,
    name: str,
    of: str,
    cause: StopCause,
    *,
    on: date,
    reason: str,
    user: User,
    at: datetime,
) -> FileClockStop:
    """From the day after `on` its days do not count. Raises UnknownFile, FileRefused, DatedWrongly."""
    file = _locked(session, file_id)
    said, clock = _reason(reason), _going_on(session, file, name, of, at)
    if clock.state is ClockState.STANDS:
        raise FileRefused("clock_stands_already")
    if cause not in clock.rule.causes_by_hand():
        raise FileRefused("clock_not_stoppable")
    if on < clock.begins_on:
        raise DatedWrongly("before_the_clock", clock.begins_on)
    if clock.is_over:
        raise FileRefused("clock_is_over")  # a stop that is entered afterwards saves nothing
    if on >= clock.due_on:
        raise DatedWrongly("after_the_clock", clock.due_on)
    last = max((each.ended_on for each in clock.stops if each.ended_on is not None), default=None)
    if last is not None and on < last:
        raise DatedWrongly("before_it_ran_again", last)
    row = FileClockStop(
        id=uuid.uuid4(),
        file_id=file.id,
        clock=name,
        of=of,
        cause=cause,
        reason=said,
        stopped_on=on,
        stopped_at=at,
        stopped_by_id=user.id,
    )
    facts = {"clock": name, "of": of, "cause": cause.value, "stop": str(row.id)}
    note(session, file, FileAct.CLOCK_STOPPED, by=By.person(user), at=at, done_on=_event_day(file, on), facts=facts)
    session.add(row)
    session.flush()
    return row


def start(
    session: Session, file_id: uuid.UUID, name: str, of: str, *, on: date, reason: str, user: User, at: datetime
) -> FileClockStop:
    """From the day after `on` its days count again. Raises UnknownFile, FileRefused, DatedWrongly."""
    file = _locked(session, file_id)
    said = _reason(reason)
    row = session.scalar(
        select(FileClockStop).where(
            FileClockStop.file_id == file.id,
            FileClockStop.clock == name,
            FileClockStop.of == of,
            FileClockStop.started_at.is_(None),
        )
    )
    if row is None:
        raise FileRefused("clock_runs_already")
    if on < row.stopped_on:
        raise DatedWrongly("before_it_stopped", row.stopped_on)
    facts = {"clock": name, "of": of, "cause": row.cause.value, "stop": str(row.id), "reason": said}
    note(session, file, FileAct.CLOCK_STARTED, by=By.person(user), at=at, done_on=_event_day(file, on), facts=facts)
    row.started_on, row.started_at, row.started_by_id = on, at, user.id
    session.flush()
    return row


def extend(
    session: Session, file_id: uuid.UUID, name: str, of: str, *, days: int, reason: str, user: User, at: datetime
) -> FileClockExtension:
    """By a leader, before it is over, as often and as far as the rule allows. Raises UnknownFile, FileRefused."""
    if Role.LEADER not in user.roles:
        raise FileRefused("clock_extended_by_leader")
    file = _locked(session, file_id)
    said, clock = _reason(reason), _going_on(session, file, name, of, at)
    allowed = clock.rule.extension
    if allowed is None:
        raise FileRefused("clock_not_extendable")
    if clock.is_over:
        raise FileRefused("clock_is_over")
    if len(clock.extensions) >= allowed.times:
        raise FileRefused("clock_extended_before", times=allowed.times)
    if not 0 < days <= allowed.days_at_most:
        raise FileRefused("clock_extended_too_far", days=allowed.days_at_most)
    row = FileClockExtension(
        id=uuid.uuid4(),
        file_id=file.id,
        clock=name,
        of=of,
        days=days,
        reason=said,
        extended_on=local_date(at, file.timezone),
        extended_at=at,
        approved_by_id=user.id,
    )
    facts = {"clock": name, "of": of, "days": days, "extension": str(row.id)}
    note(session, file, FileAct.TERM_EXTENDED, by=By.person(user), at=at, facts=facts)
    session.add(row)
    session.flush()
    return row


def _locked(session: Session, file_id: uuid.UUID) -> CaseFile:
    """Who comes second sees what the first did."""
    file = session.get(CaseFile, file_id, with_for_update=True, populate_existing=True)
    if file is None:
        raise UnknownFile(file_id)
    return file


def _reason(text: str) -> str:
    said = text.strip()
    if not said:
        raise FileRefused("no_reason")
    if len(said) > MAX_REASON:
        raise FileRefused("reason_too_long", most=MAX_REASON)
    return said


def _going_on(session: Session, file: CaseFile, name: str, of: str, at: datetime) -> Clock:
    clock = named(clocks_of(session, file, at), name, of)
    if clock is None or not clock.goes_on:
        raise FileRefused("clock_runs_no_more")
    return clock


def _event_day(file: CaseFile, on: date) -> date:
    """A clock may have stood before the matter was registered; its event lies in the file."""
    return max(on, local_date(file.registered_at, file.timezone))
