"""The rows that retention is judged by, and the facts made of them: holds, decisions served, what exhibits show."""

import uuid
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from zoneinfo import ZoneInfo

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from evidence import custody, log_contents
from evidence.errors import HoldRefused, NoSuchIncident
from evidence.retention import RetentionFacts, Verdict, keep_until
from models.enums import CustodyAct
from models.exhibits import Exhibit, SealedObject
from models.incidents import CaseEvent, Incident
from models.places import Camera, Site
from models.retention import LegalHold, ServedDecision

MAX_WORDS = 400


def put_hold(session: Session, incident_id: uuid.UUID, *, actor: str, at: datetime, reason: str) -> LegalHold:
    """Nothing of the incident is deleted until it is lifted. Raises NoSuchIncident, HoldRefused without a reason."""
    said = _words(reason, "a legal hold needs its reason in words: write who asked for it and why")
    custody.record(session, incident_id, CustodyAct.HELD, actor=actor, at=at, reason=said)
    hold = LegalHold(incident_id=incident_id, put_by=actor, put_at=at, reason=said)
    session.add(hold)
    session.flush()
    return hold


def lift_hold(session: Session, hold_id: uuid.UUID, *, actor: str, at: datetime, reason: str) -> LegalHold:
    """The rules hold again, unless another hold stands. Raises HoldRefused: no reason, no such hold, lifted already."""
    said = _words(reason, "lifting a legal hold needs its reason in words: write why the evidence may go")
    hold = session.scalar(select(LegalHold).where(LegalHold.id == hold_id).with_for_update())
    if hold is None:
        raise HoldRefused(f"there is no legal hold {hold_id}; the incident's page lists those that stand")
    if hold.lifted_at is not None:
        raise HoldRefused(f"this legal hold was lifted by {hold.lifted_by} before; there is nothing left to lift")
    hold.lifted_by, hold.lifted_at, hold.lift_reason = actor, at, said
    session.flush()
    custody.record(session, hold.incident_id, CustodyAct.RELEASED, actor=actor, at=at, reason=said)
    return hold


def record_served(
    session: Session, incident_id: uuid.UUID, *, served_on: date, document: str, actor: str, at: datetime
) -> ServedDecision:
    """From this day the appeal periods run; said again, the newest counts. Raises NoSuchIncident, HoldRefused."""
    timezone = session.scalar(
        select(Site.timezone)
        .join(Camera, Camera.site_id == Site.id)
        .join(Incident, Incident.camera_id == Camera.id)
        .where(Incident.id == incident_id)
    )
    if timezone is None:
        raise NoSuchIncident(incident_id)
    named = _words(document, "name the decision that was served, by its number")
    if served_on > at.astimezone(ZoneInfo(timezone)).date():
        raise HoldRefused(f"{served_on} has not come yet; give the day on which the decision was served")
    served = ServedDecision(
        incident_id=incident_id, served_on=served_on, document=named, recorded_by=actor, recorded_at=at
    )
    session.add(served)
    session.flush()
    log_contents.enter(session, served)
    return served


def holds_of(session: Session, incident_id: uuid.UUID) -> list[LegalHold]:
    """All there ever were, in their order."""
    return list(
        session.scalars(
            select(LegalHold).where(LegalHold.incident_id == incident_id).order_by(LegalHold.put_at, LegalHold.id)
        )
    )


def standing_holds(session: Session, incident_id: uuid.UUID | None = None) -> list[LegalHold]:
    """Those that are not lifted, of one incident or of all."""
    asked = select(LegalHold).where(LegalHold.lifted_at.is_(None)).order_by(LegalHold.put_at, LegalHold.id)
    if incident_id is not None:
        asked = asked.where(LegalHold.incident_id == incident_id)
    return list(session.scalars(asked))


def facts_of(session: Session, incidents: Iterable[uuid.UUID]) -> dict[uuid.UUID, RetentionFacts]:
    """What the rule asks of each; an incident that is not there is left out."""
    wanted = list(incidents)
    shown: dict[uuid.UUID, datetime] = {}
    for incident_id, to_at, sealed_at in session.execute(
        select(Exhibit.incident_id, func.max(Exhibit.to_at), func.max(SealedObject.sealed_at))
        .join(SealedObject, SealedObject.sha256 == Exhibit.sha256)
        .where(Exhibit.incident_id.in_(wanted))
        .group_by(Exhibit.incident_id)
    ):
        shown[incident_id] = max(to_at, sealed_at)
    acted = dict(
        session.execute(
            select(CaseEvent.incident_id, func.max(CaseEvent.at))
            .where(CaseEvent.incident_id.in_(wanted))
            .group_by(CaseEvent.incident_id)
        ).all()
    )
    holds = dict(
        session.execute(
            select(LegalHold.incident_id, func.count())
            .where(LegalHold.incident_id.in_(wanted), LegalHold.lifted_at.is_(None))
            .group_by(LegalHold.incident_id)
        ).all()
    )
    served = _served_on(session, wanted)
    rows = session.execute(
        select(Incident.id, Incident.state, Incident.last_seen_at, Site.timezone)
        .join(Camera, Camera.id == Incident.camera_id)
        .join(Site, Site.id == Camera.site_id)
        .where(Incident.id.in_(wanted))
    )
    return {
        incident_id: RetentionFacts(
            state=state,
            kept_since=max(shown.get(incident_id, last_seen_at), last_seen_at),
            timezone=timezone,
            acted_at=acted.get(incident_id),
            holds=holds.get(incident_id, 0),
            served_on=served.get(incident_id),
        )
        for incident_id, state, last_seen_at, timezone in rows
    }


def verdict_of(session: Session, incident_id: uuid.UUID, at: datetime) -> Verdict:
    """Raises NoSuchIncident."""
    facts = facts_of(session, [incident_id]).get(incident_id)
    if facts is None:
        raise NoSuchIncident(incident_id)
    return keep_until(facts, at)


def _served_on(session: Session, wanted: list[uuid.UUID]) -> Mapping[uuid.UUID, date]:
    rows = session.execute(
        select(ServedDecision.incident_id, ServedDecision.served_on)
        .where(ServedDecision.incident_id.in_(wanted))
        .order_by(ServedDecision.recorded_at, ServedDecision.id)
    )
    return dict(rows.all())  # the newest of each comes last


def _words(text: str, refusal: str) -> str:
    said = text.strip()
    if not said:
        raise HoldRefused(refusal)
    if len(said) > MAX_WORDS:
        raise HoldRefused(f"{len(said)} characters are too many for a reason; say it in {MAX_WORDS}")
    return said
