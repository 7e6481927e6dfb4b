"""Viewing: that a person looked at an incident's pictures goes on record.

公共安全视频图像信息系统管理条例 (Decree 799) art. 16 asks for a register of every view. One entry a person,
incident and hour: turning the page back and forth is one look.
"""

import uuid
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from cases.errors import UnknownIncident
from evidence import custody
from evidence.errors import NoSuchIncident
from models.enums import CustodyAct
from models.exhibits import CustodyEvent

ONE_LOOK = timedelta(hours=1)
REASON = "looked at on the review desk"


def is_on_record(session: Session, incident_id: uuid.UUID, *, user: str, at: datetime) -> bool:
    """Whether this person's look at the incident, within the last hour, is in the register."""
    entry = select(CustodyEvent.seq).where(
        CustodyEvent.incident_id == incident_id,
        CustodyEvent.act == CustodyAct.VIEWED,
        CustodyEvent.actor == user,
        CustodyEvent.at > at - ONE_LOOK,
    )
    return session.scalar(entry.limit(1)) is not None


def put_on_record(session: Session, incident_id: uuid.UUID, *, user: str, at: datetime) -> None:
    """The entry, unless this look is on record already. Raises UnknownIncident."""
    if is_on_record(session, incident_id, user=user, at=at):
        return
    try:
        custody.record(session, incident_id, CustodyAct.VIEWED, actor=user, at=at, reason=REASON)
    except NoSuchIncident as error:
        raise UnknownIncident(incident_id) from error
