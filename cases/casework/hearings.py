"""Hearings, 行政处罚法 art. 63-65: asked for in time, announced in time, chaired by nobody who investigated.

What is said there goes into the chair's opinion and, point by point, into the defence (cases/casework/defence.py).
"""

import uuid
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from cases.casework import file_facts, outcomes
from cases.casework.approvals import lock
from cases.casework.clock_rules import rules
from cases.casework.days import local_date
from cases.casework.errors import DatedWrongly, FileRefused, StepRefused, UnknownHearing
from cases.casework.rights import has_role_on, require_role
from cases.casework.steps import By, note
from cases.law.calendar import days_before
from models.case_files import CaseFile, FileHearing, FileOfficer
from models.enums import FileAct, FileState, Role
from models.people import User

ANNOUNCEMENT = "hearing_announcement"
LONGEST = 4000
LONGEST_NAME = 200
WORKS = frozenset({Role.OFFICER})
CHAIRS = (Role.OFFICER, Role.LEGAL_REVIEWER, Role.LEADER)


def hearings_of(session: Session, file_id: uuid.UUID) -> list[FileHearing]:
    """Oldest first; one for each time the party was told."""
    asked = select(FileHearing).where(FileHearing.file_id == file_id)
    return list(session.scalars(asked.order_by(FileHearing.asked_on)))


def ask_for(
    session: Session, file_id: uuid.UUID, *, asked_by: str, asked_on: date, by: User, at: datetime
) -> FileHearing:
    """The party asks for a hearing. asked_by: as what, and no name.

    Raises UnknownFile, NotEntitled, StepRefused, FileRefused where none was offered, one was asked for already, or the
    party gave it up; DatedWrongly where it was asked for too late (art. 64: five days), or before it was told.
    """
    file = lock(session, file_id)
    require_role(session, by, WORKS, file_id, to=FileAct.HEARING_ASKED)
    notice = outcomes.newest_notice(session, file)
    if file.state is not FileState.NOTICED or notice is None:
        raise StepRefused(file.state, FileAct.HEARING_ASKED)
    if not notice.hearing_offered:
        raise FileRefused("hearing_not_offered")
    known = file_facts.load(session, file, at)
    if known.hearing_waived:
        raise FileRefused("hearing_waived")
    if known.notice is None or asked_on < known.notice.told_on:
        raise DatedWrongly("before_it_was_told", local_date(notice.made_at, file.timezone))
    if known.notice.hearing_until is not None and asked_on > known.notice.hearing_until:
        raise DatedWrongly("asked_too_late", known.notice.hearing_until)
    hearing = FileHearing(
        file_id=file_id, notice_id=notice.id, asked_on=asked_on, asked_by=_text(asked_by, LONGEST_NAME)
    )
    try:
        with session.begin_nested():
            session.add(hearing)
            session.flush()
    except IntegrityError as error:
        raise FileRefused("hearing_asked_already") from error
    told = {"hearing": str(hearing.id)}
    note(session, file, FileAct.HEARING_ASKED, by=By.person(by), at=at, done_on=asked_on, facts=told)
    return hearing


def why_not_chair(session: Session, file: CaseFile, user: User) -> str | None:
    """Why this person cannot chair it; None: nothing is known against it. `user.grants` are loaded."""
    investigated = select(FileOfficer.id).where(FileOfficer.file_id == file.id, FileOfficer.user_id == user.id)
    if session.scalar(investigated.limit(1)) is not None:
        return "chair_investigated"
    if user.id in file_facts.recused_in(session, file.id):
        return "recused"
    return None if any(has_role_on(session, user, role, file.id) for role in CHAIRS) else "no_chair_there"


def announce(
    session: Session,
    hearing_id: uuid.UUID,
    *,
    to_be_held_at: datetime,
    place: str,
    chair: User,
    announced_on: date,
    by: User,
    at: datetime,
    in_public: bool = True,
) -> FileHearing:
    """When and where it will be, told to the party on announced_on: seven days before (art. 64). May be said anew.

    Raises UnknownHearing, NotEntitled, StepRefused, FileRefused, DatedWrongly.
    """
    file, hearing = _open(session, hearing_id, by, WORKS, FileAct.HEARING_ANNOUNCED)
    why = why_not_chair(session, file, chair)
    if why is not None:
        raise FileRefused(why, name=chair.display_name)
    if announced_on < hearing.asked_on:
        raise DatedWrongly("before_it_was_asked_for", hearing.asked_on)
    latest = _announced_by(local_date(to_be_held_at, file.timezone), hearing.asked_on)
    if announced_on > latest:
        raise DatedWrongly("announced_too_late", latest)
    hearing.announced_on, hearing.to_be_held_at, hearing.in_public = announced_on, to_be_held_at, in_public
    hearing.place, hearing.chair_id = _text(place, LONGEST_NAME), chair.id
    session.flush()
    told = {
        "hearing": str(hearing.id),
        "to_be_held_at": to_be_held_at.isoformat(),
        "chair": str(chair.id),
        "in_public": in_public,
    }
    note(session, file, FileAct.HEARING_ANNOUNCED, by=By.person(by), at=at, done_on=announced_on, facts=told)
    return hearing


def hold(
    session: Session, hearing_id: uuid.UUID, *, opinion: str, held_on: date, by: User, at: datetime
) -> FileHearing:
    """It was held; opinion: the chair's, who says so. Raises UnknownHearing, StepRefused, FileRefused, DatedWrongly."""
    file, hearing = _open(session, hearing_id, by, CHAIRS, FileAct.HEARING_HELD)
    if hearing.to_be_held_at is None or hearing.chair_id is None:
        raise FileRefused("hearing_not_announced")
    if hearing.chair_id != by.id:
        raise FileRefused("chaired_by_another")
    if by.id in file_facts.recused_in(session, file.id):
        raise FileRefused("recused", name=by.display_name)
    day = local_date(hearing.to_be_held_at, file.timezone)
    if held_on < day:
        raise DatedWrongly("before_its_day", day)
    hearing.held_on, hearing.opinion = held_on, _text(opinion, LONGEST)
    session.flush()
    told = {"hearing": str(hearing.id)}
    note(session, file, FileAct.HEARING_HELD, by=By.person(by), at=at, done_on=held_on, facts=told)
    return hearing


def give_up(
    session: Session, hearing_id: uuid.UUID, *, reference: str, given_up_on: date, by: User, at: datetime
) -> FileHearing:
    """The party takes it back, or did not come (art. 64(6)); reference: the paper that shows it.

    Raises UnknownHearing, NotEntitled, StepRefused, FileRefused, DatedWrongly.
    """
    file, hearing = _open(session, hearing_id, by, CHAIRS, FileAct.HEARING_GIVEN_UP)
    if given_up_on < hearing.asked_on:
        raise DatedWrongly("before_it_was_asked_for", hearing.asked_on)
    hearing.given_up_on = given_up_on
    session.flush()
    told = {"hearing": str(hearing.id), "reference": _text(reference, LONGEST_NAME)}
    note(session, file, FileAct.HEARING_GIVEN_UP, by=By.person(by), at=at, done_on=given_up_on, facts=told)
    return hearing


def _announced_by(day: date, asked_on: date) -> date:
    """The last day on which a hearing of that day may be announced, by the clock that the party sees."""
    rule = next(each for each in rules().clock if each.name == ANNOUNCEMENT and each.holds_on(asked_on))
    return days_before(day, rule.length, rule.day_kind)


def _open(
    session: Session, hearing_id: uuid.UUID, by: User, roles: frozenset[Role] | tuple[Role, ...], act: FileAct
) -> tuple[CaseFile, FileHearing]:
    """Its case file, locked, and the hearing, which is neither held nor given up."""
    file_id = session.scalar(select(FileHearing.file_id).where(FileHearing.id == hearing_id))
    if file_id is None:
        raise UnknownHearing(hearing_id)
    file = lock(session, file_id)
    require_role(session, by, roles, file_id, to=act)
    hearing = session.get_one(FileHearing, hearing_id, populate_existing=True)
    if file.state is not FileState.NOTICED:
        raise StepRefused(file.state, act)
    if hearing.held_on is not None or hearing.given_up_on is not None:
        raise FileRefused("hearing_is_over")
    return file, hearing


def _text(text: str, most: int) -> str:
    said = text.strip()
    if not said:
        raise FileRefused("field_missing", field="text")
    if len(said) > most:
        raise FileRefused("text_too_long", field="text", most=most)
    return said
