"""Holds on an incident by those entitled to them, and what a page tells of how long its evidence is kept.

The rows and the rule are evidence/retention_rows.py and evidence/retention.py; here it is asked who may.
"""

import uuid
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from cases.entitlements import Right, require
from evidence import retention_rows
from evidence.errors import HoldRefused
from evidence.retention import Verdict
from models.case_files import CaseFile
from models.people import User
from models.retention import LegalHold


@dataclass(frozen=True)
class Kept:
    """verdict: as of now. holds: all there ever were."""

    verdict: Verdict
    holds: list[LegalHold]

    @property
    def standing(self) -> list[LegalHold]:
        return [hold for hold in self.holds if hold.lifted_at is None]


def kept(session: Session, incident_id: uuid.UUID, at: datetime) -> Kept:
    """Raises NoSuchIncident."""
    return Kept(
        verdict=retention_rows.verdict_of(session, incident_id, at),
        holds=retention_rows.holds_of(session, incident_id),
    )


def put(session: Session, incident_id: uuid.UUID, *, user: User, reason: str, at: datetime) -> LegalHold:
    """Raises NotEntitled, HoldRefused, NoSuchIncident."""
    require(user, Right.HOLD)
    return retention_rows.put_hold(session, incident_id, actor=user.name, at=at, reason=reason)


def lift(session: Session, hold_id: uuid.UUID, *, user: User, reason: str, at: datetime) -> LegalHold:
    """Raises NotEntitled, HoldRefused."""
    require(user, Right.HOLD)
    return retention_rows.lift_hold(session, hold_id, actor=user.name, at=at, reason=reason)


def decision_served(
    session: Session, incident_id: uuid.UUID, *, user: User, served_on: date, document: str, at: datetime
) -> None:
    """Raises NotEntitled, HoldRefused, NoSuchIncident. Where there is a case file its service says it, and no other."""
    require(user, Right.RECORD_SERVICE)
    if session.scalar(select(exists().where(CaseFile.incident_id == incident_id))):
        raise HoldRefused("the incident has a case file; record the service of the decision there")
    retention_rows.record_served(session, incident_id, served_on=served_on, document=document, actor=user.name, at=at)
