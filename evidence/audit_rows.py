"""Rows that have no entry in the log of their own, held against the histories that have: holds, fences, drafts.

A legal hold is told by the register of custody, the fence by the event that opened the incident, the draft by the event
of the decision on it. Who changes such a row changes what evidence may go, where a car stood, or what was decided.
"""

import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

from sqlalchemy import and_, select
from sqlalchemy.orm import Session

from evidence import fence_terms
from evidence.audit_verdict import Fault, FaultCode
from evidence.canonical import canonical, instant
from evidence.digest import sha256_of_bytes
from evidence.errors import NotCanonical
from models.enums import Act, CustodyAct
from models.exhibits import CustodyEvent
from models.incidents import CaseEvent, DraftCase, Incident
from models.places import GeofenceVersion
from models.retention import LegalHold

PAGE = 1000


def disagreements(session: Session) -> Iterator[Fault]:
    yield from _holds(session)
    yield from _fences(session)
    yield from _drafts(session)


def _holds(session: Session) -> Iterator[Fault]:
    """The rows keep the evidence, the register says who put and lifted them: they must say the same."""
    register: Counter[tuple[Any, ...]] = Counter()
    acts = CustodyEvent.act.in_((CustodyAct.HELD, CustodyAct.RELEASED))
    for event in session.scalars(select(CustodyEvent).where(acts)):
        register[event.act, event.incident_id, event.actor, event.at, event.reason] += 1
    rows: Counter[tuple[Any, ...]] = Counter()
    for hold in session.scalars(select(LegalHold)):
        rows[CustodyAct.HELD, hold.incident_id, hold.put_by, hold.put_at, hold.reason] += 1
        if hold.lifted_at is not None:
            lifted = (hold.lifted_by, hold.lifted_at, hold.lift_reason)
            rows[CustodyAct.RELEASED, hold.incident_id, *lifted] += 1
    for act, incident_id, actor, at, _ in register - rows:
        what = f"{act.value} by {actor} on {instant(at)}, and no row says so any more"
        yield Fault(FaultCode.DROPPED, f"legal hold on incident {incident_id}", what)
    for act, incident_id, actor, at, _ in rows - register:
        what = f"{act.value} by {actor} on {instant(at)}, and the register of custody does not know it"
        yield Fault(FaultCode.INSERTED, f"legal hold on incident {incident_id}", what)


def _fences(session: Session) -> Iterator[Fault]:
    opened = (
        select(CaseEvent.incident_id, CaseEvent.facts, GeofenceVersion)
        .join(Incident, Incident.id == CaseEvent.incident_id)
        .join(GeofenceVersion, GeofenceVersion.id == Incident.geofence_version_id)
        .where(CaseEvent.act == Act.CONFIRMED)
        .execution_options(yield_per=PAGE)
    )
    now: dict[uuid.UUID, str | None] = {}
    for incident_id, facts, version in session.execute(opened):
        if version.id not in now:
            now[version.id] = _digest_or_none(fence_terms.digest_of, fence_terms.terms_of(version))
        then = facts.get(fence_terms.FACT)
        if then is not None and then != now[version.id]:
            what = f"version {version.version} of fence {version.geofence_id} is not what it was when it was opened"
            yield Fault(FaultCode.REWRITTEN, f"incident {incident_id}", what)


def _drafts(session: Session) -> Iterator[Fault]:
    decided_on = and_(
        DraftCase.incident_id == CaseEvent.incident_id,
        DraftCase.version == CaseEvent.facts["draft", "version"].as_integer(),
    )
    decided = (
        select(CaseEvent.incident_id, CaseEvent.facts, DraftCase.content)
        .outerjoin(DraftCase, decided_on)
        .where(CaseEvent.act.in_((Act.ACCEPTED, Act.SENT_BACK, Act.DISMISSED)))
        .execution_options(yield_per=PAGE)
    )
    for incident_id, facts, content in session.execute(decided):
        draft = facts.get("draft")
        if draft is not None and _digest_or_none(_digest_of_draft, content) != draft["sha256"]:
            what = f"version {draft['version']} of its draft is not the one that was decided on"
            yield Fault(FaultCode.REWRITTEN, f"incident {incident_id}", what)


def _digest_of_draft(content: Any) -> str:
    return sha256_of_bytes(canonical(content))


def _digest_or_none(digest_of: Callable[[Any], str], said: Any) -> str | None:
    try:
        return digest_of(said)
    except NotCanonical:
        return None
