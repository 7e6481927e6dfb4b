"""Reminders: who is in charge is told as a clock runs out, more often the closer its end; other systems too.

A stage is so many days before the last one, as clocks.toml says. Of the stages that have come the nearest is promised,
once for each clock, last day, stage and person, so that a process which was away for a week sends one message and not
seven, and two that look at once send one. Never for a clock that stands, never on a day off or outside the hours.
"""

import uuid
from collections.abc import Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from cases import hook_promises
from cases.casework.clock_rules import ReminderRule, rules
from cases.casework.clocks import Clock, ClockState
from cases.casework.due import AT_REST, clocks_of
from cases.casework.errors import FileRefused
from cases.law.calendar import ONE_DAY, is_working_day
from models.case_files import CaseFile, FileOfficer
from models.database import insert_into
from models.file_clocks import FileClockLook, ReminderPhone
from models.people import User
from models.personal_data import PersonalDataKey
from notify import outbox
from notify.errors import Unreadable
from notify.gateway import masked
from notify.replies import international

CLOCK_DUE = "clock_due"
AT_ONCE = 200  # a call looks at no more, so that whatever else is due is not kept waiting


def due(session: Session, at: datetime) -> Sequence[uuid.UUID]:
    """Case files whose clocks are to be looked at by now, the longest waiting first."""
    return session.scalars(
        select(CaseFile.id)
        .outerjoin(FileClockLook, FileClockLook.file_id == CaseFile.id)
        .where(CaseFile.state.not_in(AT_REST), or_(FileClockLook.next_at.is_(None), FileClockLook.next_at <= at))
        .order_by(FileClockLook.next_at, CaseFile.registered_at)
        .limit(AT_ONCE)
    ).all()


def remind(session: Session, file_id: uuid.UUID, *, at: datetime) -> int:
    """Promises what is due of one case file; how many messages. Where another has just looked, nothing happens."""
    look = _claimed(session, file_id, at)
    file = session.get_one(CaseFile, file_id, populate_existing=True)
    if look.next_at > at or file.state in AT_REST:
        return 0
    ruled = rules().reminders
    opens, shuts = _hours(ruled, at, file.timezone)
    if not opens <= at < shuts:
        look.next_at = opens
        return 0
    look.next_at = at + timedelta(seconds=ruled.look_again_after_s)
    promised = 0
    for clock in clocks_of(session, file, at):
        stage = stage_of(clock, ruled)
        if stage is not None:
            promised += _promise(session, file, clock, stage, at=at, useful_until=shuts)
    session.flush()
    return promised


def put_off(session: Session, file_id: uuid.UUID, until: datetime) -> None:
    """What failed is looked at again then, and holds nothing else up."""
    _claimed(session, file_id, until).next_at = until


def stage_of(clock: Clock, ruled: ReminderRule) -> int | None:
    """How many days before the last one it is reminded of now: the nearest that has come; below zero: so many after.

    None: it is too early, too late, or the clock is none to be reminded of.
    """
    if clock.state is not ClockState.RUNS or not clock.rule.remind:
        return None
    if clock.left < 0:
        return clock.left if -clock.left <= ruled.days_over else None
    return min((days for days in ruled.days_left if clock.left <= days < clock.whole), default=None)


def _claimed(session: Session, file_id: uuid.UUID, at: datetime) -> FileClockLook:
    """Its row, locked: whoever looks at the same moment waits, and then finds it done."""
    session.execute(insert_into(session, FileClockLook).values(file_id=file_id, next_at=at).on_conflict_do_nothing())
    return session.get_one(FileClockLook, file_id, with_for_update=True, populate_existing=True)


def _hours(ruled: ReminderRule, at: datetime, timezone: str) -> tuple[datetime, datetime]:
    """When messages may come: today's hours, or, where these are over or it is a day off, the next ones."""
    zone = ZoneInfo(timezone)
    day = at.astimezone(zone).date()
    while not is_working_day(day) or at >= datetime.combine(day, ruled.shuts, zone):
        day += ONE_DAY
    return datetime.combine(day, ruled.opens, zone), datetime.combine(day, ruled.shuts, zone)


def _promise(
    session: Session, file: CaseFile, clock: Clock, stage: int, *, at: datetime, useful_until: datetime
) -> int:
    """To each in charge who left a number, and to the systems that want to know."""
    facts = {"file_id": str(file.id), "clock": clock.name, "due_on": clock.due_on.isoformat(), "stage": stage}
    key = f"clock:{file.id}:{clock.name}:{clock.of}:{clock.due_on}:{stage}"
    asked = (
        select(User.id)
        .join(FileOfficer, FileOfficer.user_id == User.id)
        .join(ReminderPhone, ReminderPhone.user_id == User.id)
        .where(FileOfficer.file_id == file.id, FileOfficer.ended_at.is_(None), User.active)
        .order_by(FileOfficer.place)
    )
    told = session.scalars(asked).all()
    for user_id in told:
        outbox.promise(
            session,
            key=f"{key}:{user_id}",
            kind=CLOCK_DUE,
            payload=facts | {"user_id": str(user_id)},
            at=at,
            useful_until=useful_until,
        )
    return len(told) + hook_promises.promise_clock(session, file, key, facts, at=at)


def keep_phone(session: Session, key: PersonalDataKey, user: User, phone: str, *, at: datetime) -> None:
    """The number on which this user wants to be reminded; nothing written: on none. Raises FileRefused."""
    row = session.get(ReminderPhone, user.id, with_for_update=True)
    if not phone.strip():
        if row is not None:
            session.delete(row)
            session.flush()
        return
    try:
        number = international(phone)
    except Unreadable as error:
        raise FileRefused("no_phone_number") from error
    if row is None:
        row = ReminderPhone(user_id=user.id)
        session.add(row)
    row.phone_sealed = key.seal(number, f"reminder_phone.phone:{user.id}")
    row.phone_index, row.entered_at = key.index(number), at
    session.flush()


def phone_kept(session: Session, key: PersonalDataKey, user: User) -> str | None:
    """Masked. Raises PersonalDataError."""
    row = session.get(ReminderPhone, user.id)
    return None if row is None else masked(key.open(row.phone_sealed, f"reminder_phone.phone:{user.id}"))
