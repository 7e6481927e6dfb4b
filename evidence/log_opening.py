"""Opening the log on a database that held evidence before there was one: what is there is entered, once.

From then on a row without an entry is one that somebody slipped in. What the rows were before cannot be told any more;
the opening entry says when it was and how many, so that nobody claims more for them.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import exists, select
from sqlalchemy.orm import Session, joinedload

from evidence import log, log_contents, statements
from evidence.canonical import instant
from models.enums import CustodyAct, LogKind
from models.exhibits import CustodyEvent, Exhibit
from models.incidents import CaseEvent, ReviewDecision
from models.proof import LogEntry, TreeHead
from models.retention import ServedDecision

OPENING = "opening"


def open_log(session: Session, *, at: datetime) -> int:
    """Enters the rows from before the log, with statements for their exhibits; returns how many.

    Does nothing, and returns 0, where there is a log or there are no such rows.
    """
    log.alone(session)
    if _any(session, LogEntry.id) or _any(session, TreeHead.number):
        return 0
    rows: list[Any] = []
    for row_type in (CustodyEvent, CaseEvent, ReviewDecision, ServedDecision):
        rows += session.scalars(select(row_type)).all()
    exhibits = session.scalars(select(Exhibit).options(joinedload(Exhibit.sealed)).order_by(Exhibit.id)).all()
    if not rows and not exhibits:
        return 0
    content = {
        "format": "streetwitness-opening-1",
        "at": instant(at),
        "rows": len(rows),
        "exhibits": len(exhibits),
    }
    log.append(session, LogKind.OPENING, OPENING, content, at=at)
    for row in sorted(rows, key=lambda row: (log_contents.said_by(row).at, log_contents.said_by(row).reference)):
        log_contents.enter(session, row)
    sealed_by = {
        (event.incident_id, event.sha256): event.actor
        for event in rows
        if isinstance(event, CustodyEvent) and event.act is CustodyAct.SEALED
    }
    for exhibit in exhibits:
        actor = sealed_by.get((exhibit.incident_id, exhibit.sha256), "unknown")
        sealed = exhibit.sealed
        statements.state(session, exhibit, sealed, actor=actor, at=at, sealed_at=sealed.sealed_at)
    return len(rows) + len(exhibits)


def _any(session: Session, column: Any) -> bool:
    return session.scalar(select(exists().where(column.is_not(None)))) or False
