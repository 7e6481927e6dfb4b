"""Custody: who sealed, viewed or exported what, when and why; appended, each entry naming the digest of the last.

The form of an entry and the check of a chain are in evidence/custody_chain.py.
"""

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from evidence import custody_chain, log
from evidence.canonical import instant
from evidence.errors import NoSuchIncident
from models.enums import CustodyAct, LogKind
from models.exhibits import CustodyEvent
from models.incidents import Incident


def record(
    session: Session,
    incident_id: uuid.UUID,
    act: CustodyAct,
    *,
    actor: str,
    at: datetime,
    reason: str,
    sha256: str | None = None,
) -> CustodyEvent:
    """Appends one entry, here and in the log; sha256 names the object, or None the whole incident.

    Raises NoSuchIncident.
    """
    # The lock on the incident's row lets two who come at once append one after the other.
    locked = session.scalar(select(Incident.id).where(Incident.id == incident_id).with_for_update())
    if locked is None:
        raise NoSuchIncident(incident_id)
    last = session.scalar(
        select(CustodyEvent).where(CustodyEvent.incident_id == incident_id).order_by(CustodyEvent.seq.desc()).limit(1)
    )
    event = CustodyEvent(
        incident_id=incident_id,
        seq=last.seq + 1 if last else 1,
        act=act,
        actor=actor,
        at=at,
        reason=reason,
        sha256=sha256,
        previous=last.digest if last else None,
    )
    event.digest = custody_chain.digest_of(entry_of(event))
    session.add(event)
    log.append(session, LogKind.CUSTODY, reference_of(event), entry_of(event), at=at)
    return event


def reference_of(event: CustodyEvent) -> str:
    """How the log names the entry."""
    return f"custody/{event.incident_id}/{event.seq}"


def entry_of(event: CustodyEvent) -> dict[str, Any]:
    """The entry as it is digested and exported."""
    return {
        "incident": str(event.incident_id),
        "seq": event.seq,
        "act": event.act.value,
        "actor": event.actor,
        "at": instant(event.at),
        "reason": event.reason,
        "sha256": event.sha256,
        "previous": event.previous,
        "digest": event.digest,
    }
