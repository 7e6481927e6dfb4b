"""Opening the log on a database that held evidence before there was one: what is there is entered, once.

From then on a row without an entry is one that somebody slipped in. What the rows were before cannot be told any more;
the opening entry says when it was and how many, so that nobody claims more for them.

So it is with histories that came into a log which was there already. The migration that brings them in writes the
opening, which only it does, and `open_log` enters the rows after it. They are dated with the opening, and their own
time stands in what they say: nothing of the log from before changes, and no entry is older than a head without it.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import exists, select
from sqlalchemy.orm import Session, joinedload

from evidence import log, log_contents, statements
from evidence.canonical import instant, read_canonical
from models.enums import CustodyAct, LogKind
from models.exhibits import CustodyEvent, Exhibit
from models.proof import LogEntry, SealStatement, TreeHead

OPENING = "opening"
PAGE = 1000


def open_log(session: Session, *, at: datetime) -> int:
    """Enters the rows from before the log, with statements for their exhibits, or from before the log had their
    history; returns how many: 0 where everything is entered, or there are no such rows.
    """
    log.alone(session)
    if _any(session, LogEntry.id) or _any(session, TreeHead.number):
        return _enter_histories(session)
    rows: list[Any] = []
    for row_type in log_contents.LOGGED:
        if row_type is not SealStatement:
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
    said = [(log_contents.said_by(row), row) for row in rows]
    for each, row in sorted(said, key=lambda pair: (pair[0].at or at, pair[0].reference)):
        log_contents.enter(session, row, at=each.at or at)
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


def _enter_histories(session: Session) -> int:
    """What openings of single histories promised and was not entered yet."""
    count = 0
    for opening in session.scalars(select(LogEntry).where(LogEntry.reference.startswith(f"{OPENING}/"))).all():
        waiting = set(read_canonical(opening.content or b"")["rows"])
        waiting -= set(session.scalars(select(LogEntry.kind).where(LogEntry.at == opening.at).distinct()))
        for row_type in log_contents.LOGGED:
            if row_type.__tablename__ in waiting:
                count += _enter_history(session, row_type, at=opening.at)
    return count


def _enter_history(session: Session, row_type: type[log_contents.LoggedRow], *, at: datetime) -> int:
    """The rows of a table that have no entry."""
    known = set(session.scalars(select(LogEntry.reference).where(LogEntry.kind == row_type.__tablename__)))
    rows = select(row_type).order_by(*row_type.__table__.primary_key).execution_options(yield_per=PAGE)
    count = 0
    row: Any
    for row in session.scalars(rows):
        if log_contents.said_by(row).reference not in known:
            log_contents.enter(session, row, at=at)
            count += 1
    return count


def _any(session: Session, column: Any) -> bool:
    return session.scalar(select(exists().where(column.is_not(None)))) or False
