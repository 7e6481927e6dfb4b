"""Rows that have no entry in the log of their own, held against the histories that have: holds, fences, drafts, money,
and where case files and numbered sheets stand.

A legal hold is told by the register of custody, the fence by the event that opened the incident, the draft by the event
of the decision on it, an order, a payment and what is given back by an event of the case file. Who changes such a row
changes what evidence may go, where a car stood, what was decided, or what was paid.
"""

import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

from sqlalchemy import and_, func, or_, select
from sqlalchemy.orm import Session

from evidence import fence_terms
from evidence.audit_verdict import Fault, FaultCode
from evidence.canonical import canonical, instant
from evidence.digest import sha256_of_bytes
from evidence.errors import NotCanonical
from models.case_files import CaseFile, FileEvent
from models.enums import Act, CustodyAct, FileAct
from models.exhibits import CustodyEvent
from models.incidents import CaseEvent, DraftCase, Incident
from models.papers import NumberedSheet, SheetEvent
from models.payments import FeeRemission, Payment, PaymentOrder, Refund
from models.places import GeofenceVersion
from models.retention import LegalHold

PAGE = 1000
# by which name the facts of an event tell of a row with an amount
MONEY: dict[Any, str] = {
    PaymentOrder: "order",
    Payment: "payment",
    Refund: "refund",
    FeeRemission: "late_fee_let_go",
}
STANDS: tuple[tuple[Any, Any, Any], ...] = (
    (CaseFile, FileEvent, FileEvent.file_id),
    (NumberedSheet, SheetEvent, SheetEvent.sheet_id),
)


def disagreements(session: Session) -> Iterator[Fault]:
    yield from _holds(session)
    yield from _fences(session)
    yield from _drafts(session)
    yield from _money(session)
    yield from _states(session)


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


def _money(session: Session) -> Iterator[Fault]:
    """What the event says of a row is what the row says: amount, means, ground, receipt, day and case file."""
    told: dict[tuple[str, str], dict[str, Any]] = {}
    events = select(FileEvent).where(FileEvent.act.in_((FileAct.PAYMENT_MADE, FileAct.FACTS_SAID)))
    for event in session.scalars(events.execution_options(yield_per=PAGE)):
        facts = event.facts | {"file_id": event.file_id, "paid_on": event.done_on}
        if "amount_fen" in facts:
            told |= {(name, facts[name]): facts for name in MONEY.values() if name in facts}
    for row_type, fact in MONEY.items():
        for row in session.scalars(select(row_type).order_by(row_type.id).execution_options(yield_per=PAGE)):
            said = told.pop((fact, str(row.id)), None)
            where = f"{row_type.__tablename__} {row.id}"
            if said is None:
                yield Fault(FaultCode.INSERTED, where, "no event of its case file tells of it")
                continue
            columns = row_type.__table__.columns.keys()
            differing = [name for name, value in said.items() if name in columns and getattr(row, name) != value]
            if differing:
                what = f"not as the event of its case file tells: {', '.join(differing)}"
                yield Fault(FaultCode.REWRITTEN, where, what)
    for fact, row_id in told:
        yield Fault(FaultCode.DROPPED, f"{fact} {row_id}", "an event of its case file tells of it, and its row is gone")


def _states(session: Session) -> Iterator[Fault]:
    for subject, event, of in STANDS:
        newest = select(of.label("of"), func.max(event.seq).label("seq")).group_by(of).subquery()
        query = (
            select(subject.id, subject.state, event.to_state)
            .outerjoin(newest, newest.c.of == subject.id)
            .outerjoin(event, and_(of == subject.id, event.seq == newest.c.seq))
            .where(or_(event.to_state.is_(None), event.to_state != subject.state))
        )
        for row_id, state, shown in session.execute(query):
            said = "no event says so" if shown is None else f"its last event says {shown.value}"
            yield Fault(FaultCode.STATE, f"{subject.__tablename__} {row_id}", f"it stands at {state.value}, and {said}")


def _digest_of_draft(content: Any) -> str:
    return sha256_of_bytes(canonical(content))


def _digest_or_none(digest_of: Callable[[Any], str], said: Any) -> str | None:
    try:
        return digest_of(said)
    except NotCanonical:
        return None
