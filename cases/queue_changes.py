"""What tells that the queue changed: a few numbers that are others as soon as an incident moves or changes hands, or
its pictures are deleted by rule.

Cheap enough to be asked every second: it looks at the end of the log and of the claims, and not at the incidents.
"""

from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from models.desk import Claim
from models.enums import LogKind
from models.proof import LogEntry

# rows of one end may become visible out of order, so the last of them are counted besides
LAST_ENTRIES = 500
LAST_CLAIMS = timedelta(minutes=1)

SHOWN = (LogKind.TRANSITION, LogKind.DELETION)  # entries of what the queue shows

Stamp = tuple[int, int, datetime | None, int]


def stamp(session: Session, *, at: datetime) -> Stamp:
    """Equal stamps: nothing has happened between them, but for a claim that ran out by itself."""
    end = session.scalar(select(func.max(LogEntry.id))) or 0
    newest, steps = session.execute(
        select(func.max(LogEntry.id), func.count()).where(LogEntry.id > end - LAST_ENTRIES, LogEntry.kind.in_(SHOWN))
    ).one()
    changed, hands = session.execute(
        select(func.max(Claim.changed_at), func.sum(Claim.fence)).where(Claim.changed_at > at - LAST_CLAIMS)
    ).one()
    return (newest or 0, steps, changed, hands or 0)
