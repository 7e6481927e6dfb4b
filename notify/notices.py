"""What became of a notice, in one order that is never gone back: promised, sent, undelivered, delivered.

A receipt may be late, repeated or out of order, and so may the relay; what is known already stays. That it was
delivered stands whatever is said afterwards, because the ten minutes run from then on.
"""

import uuid
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from models.enums import NoticeStatus
from models.promises import Notice

RANK = {
    NoticeStatus.PROMISED: 0,
    NoticeStatus.SENT: 1,
    NoticeStatus.UNDELIVERED: 2,
    NoticeStatus.DELIVERED: 3,
}


@dataclass(frozen=True)
class NoticeChange:
    """For whoever acts on it: a notice of this incident is now something else. Delivered: the grace runs from `at`."""

    notice_id: uuid.UUID
    incident_id: uuid.UUID
    before: NoticeStatus
    after: NoticeStatus
    at: datetime


def note(session: Session, outbox_message_id: uuid.UUID, status: NoticeStatus, at: datetime) -> NoticeChange | None:
    """Records the status of the notice that this message carries; None where there is none, or it knows better."""
    notice = session.scalar(
        select(Notice)
        .where(Notice.outbox_message_id == outbox_message_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    if notice is None or RANK[status] <= RANK[notice.status]:
        return None
    before, notice.status, notice.status_at = notice.status, status, at
    if status is NoticeStatus.DELIVERED:
        notice.delivered_at = at
    session.flush()
    return NoticeChange(notice.id, notice.incident_id, before, status, at)


def promise_again(session: Session, outbox_message_id: uuid.UUID, at: datetime) -> None:
    """A person has the message sent again: what was undelivered is open once more. Delivered stays delivered."""
    notice = session.scalar(select(Notice).where(Notice.outbox_message_id == outbox_message_id).with_for_update())
    if notice is not None and notice.status is NoticeStatus.UNDELIVERED:
        notice.status, notice.status_at = NoticeStatus.PROMISED, at
        session.flush()
