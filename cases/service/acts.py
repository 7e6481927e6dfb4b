"""What acts of serving and paying have in common: in which states, on which days, in which words."""

from collections.abc import Collection
from datetime import date, datetime

from sqlalchemy.orm import Session

from cases.casework import steps
from cases.casework.days import local_date
from cases.casework.errors import DatedWrongly, FileRefused
from models.case_files import CaseFile
from models.enums import FileState

AFTER_THE_DECISION = (FileState.DECIDED, FileState.SERVED, FileState.PERFORMED, FileState.ENFORCING, FileState.CLOSED)


def in_state(file: CaseFile, states: Collection[FileState], why: str) -> None:
    """Raises FileRefused."""
    if file.state not in states:
        raise FileRefused(why)


def checked_day(file: CaseFile, on: date, at: datetime, *, not_before: date | None = None) -> date:
    """A day that has come, and is not before another one. Raises DatedWrongly."""
    today = local_date(at, file.timezone)
    if on > today:
        raise DatedWrongly("in_the_future", on)
    if not_before is not None and on < not_before:
        raise DatedWrongly("before_it_could_be", not_before)
    return on


def at_or_after_the_last(session: Session, file: CaseFile, at: datetime) -> datetime:
    """For what the program puts down by itself: two of its processes never read quite the same clock."""
    last = steps.newest_event(session, file)
    return at if last is None else max(at, last.at)


def said(text: str, why: str, *, at_most: int = 400) -> str:
    """What somebody wrote, without the space around it. Raises FileRefused where nothing is left, or too much."""
    words = text.strip()
    if not words:
        raise FileRefused(why)
    if len(words) > at_most:
        raise FileRefused("too_long", most=at_most)
    return words
