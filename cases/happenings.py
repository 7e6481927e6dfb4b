"""What happened about an incident, for its time-line: messages, announcements, looks asked for, officers, statements,
what people did at the desk.

Only what and when; the words of owners and the numbers of phones are elsewhere.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import select
from sqlalchemy.orm import Session

from cases.lifecycle import PROGRAM
from models.announcements import Announcement
from models.dispatch import Dispatch
from models.enums import Act, AnnouncementState, NoticeStatus, StepOutcome
from models.escalation import LookRequest
from models.incidents import CaseEvent, Incident
from models.promises import Notice
from models.statements import OwnerStatement


class Happened(StrEnum):
    MESSAGE = "message"
    ANNOUNCEMENT = "announcement"
    LOOK_AGAIN = "look_again"
    OFFICER = "officer"
    STATEMENT = "statement"
    DESK = "desk"


@dataclass(frozen=True)
class Happening:
    """came_to: a word of the closed list of its kind; None: nothing yet, or nothing to say."""

    kind: Happened
    at: datetime
    came_to: NoticeStatus | AnnouncementState | StepOutcome | Act | None = None


def happenings(session: Session, incident: Incident) -> list[Happening]:
    """In the order of time."""
    return sorted(_all(session, incident), key=lambda each: (each.at, each.kind))


def _all(session: Session, incident: Incident) -> Iterator[Happening]:
    for notice in session.scalars(select(Notice).where(Notice.incident_id == incident.id)):
        yield Happening(Happened.MESSAGE, notice.promised_at, NoticeStatus.PROMISED)
        if notice.status is not NoticeStatus.PROMISED:
            at = notice.delivered_at or notice.status_at or notice.promised_at
            yield Happening(Happened.MESSAGE, at, notice.status)
    for said in session.scalars(select(Announcement).where(Announcement.incident_id == incident.id)):
        yield Happening(Happened.ANNOUNCEMENT, said.began_at or said.ended_at or said.asked_at, said.state)
    for look in session.scalars(select(LookRequest).where(LookRequest.incident_id == incident.id)):
        yield Happening(Happened.LOOK_AGAIN, look.answered_at or look.asked_at, look.answer)
    for sent in session.scalars(select(Dispatch).where(Dispatch.incident_id == incident.id)):
        yield from (
            Happening(Happened.OFFICER, at) for at in (sent.made_at, sent.taken_at, sent.handled_at) if at is not None
        )
    for made_at in session.scalars(select(OwnerStatement.made_at).where(OwnerStatement.incident_id == incident.id)):
        yield Happening(Happened.STATEMENT, made_at)
    for event in session.scalars(
        select(CaseEvent).where(CaseEvent.incident_id == incident.id, CaseEvent.actor != PROGRAM)
    ):
        yield Happening(Happened.DESK, event.at, event.act)
