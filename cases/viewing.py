"""Viewing: for what a person looks at an incident's pictures, said before anything is shown, and that it was shown.

公共安全视频图像信息系统管理条例 (Decree 799) art. 16 asks for a register of every view with its reason. The reason
is said once an incident and signed-in session; the register has one entry a person, reason, incident and hour, since
turning the page back and forth is one look.
"""

import uuid
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from cases.errors import NoReasonToLook, UnknownIncident
from evidence import custody
from evidence.errors import NoSuchIncident
from models.enums import CustodyAct
from models.exhibits import CustodyEvent
from models.incidents import Incident
from models.people import UserSession
from models.retention import ViewingReason

ONE_LOOK = timedelta(hours=1)
MAX_REASON = 400


def state_reason(
    session: Session, opened: UserSession, incident_id: uuid.UUID, *, reason: str, at: datetime
) -> ViewingReason:
    """What this session looks at the incident for, from now on; the look goes on record with it.

    Raises NoReasonToLook where it has no words or too many, UnknownIncident.
    """
    said = reason.strip()
    if not 0 < len(said) <= MAX_REASON:
        raise NoReasonToLook(f"a look needs its reason, in at most {MAX_REASON} characters; choose one or write it")
    put_on_record(session, incident_id, user=opened.user.name, reason=said, at=at)
    stated = session.get(ViewingReason, (opened.token_digest, incident_id))
    if stated is None:
        stated = ViewingReason(token_digest=opened.token_digest, incident_id=incident_id, reason=said, at=at)
        session.add(stated)
    else:
        stated.reason, stated.at = said, at
    session.flush()
    return stated


def reason_of(session: Session, opened: UserSession, incident_id: uuid.UUID) -> str | None:
    """What this session said it looks at the incident for. None: it has not said. Raises UnknownIncident."""
    stated = session.get(ViewingReason, (opened.token_digest, incident_id))
    if stated is None and session.get(Incident, incident_id) is None:
        raise UnknownIncident(incident_id)
    return None if stated is None else stated.reason


def is_on_record(session: Session, incident_id: uuid.UUID, *, user: str, reason: str, at: datetime) -> bool:
    """Whether this person's look at the incident for this reason, within the last hour, is in the register."""
    entry = select(CustodyEvent.seq).where(
        CustodyEvent.incident_id == incident_id,
        CustodyEvent.act == CustodyAct.VIEWED,
        CustodyEvent.actor == user,
        CustodyEvent.reason == reason,
        CustodyEvent.at > at - ONE_LOOK,
    )
    return session.scalar(entry.limit(1)) is not None


def put_on_record(session: Session, incident_id: uuid.UUID, *, user: str, reason: str, at: datetime) -> None:
    """The entry, unless this look is on record already. Raises UnknownIncident."""
    if is_on_record(session, incident_id, user=user, reason=reason, at=at):
        return
    try:
        custody.record(session, incident_id, CustodyAct.VIEWED, actor=user, at=at, reason=reason)
    except NoSuchIncident as error:
        raise UnknownIncident(incident_id) from error
