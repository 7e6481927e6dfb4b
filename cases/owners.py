"""Whose vehicle it is: our own rows first, then the register elsewhere, and a row for every look-up and its purpose.

What another register said is believed for a while and then asked again; that it did not know a plate, for a day. The
answer is awaited outside any transaction, so nobody else waits for a register that is slow.
"""

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from cases.errors import ReasonMissing
from cases.site_file import VehicleEntry
from cases.vehicle_register import register_vehicle
from models.database import Sessions, reading, transaction
from models.enums import LookupOutcome, LookupSource
from models.people import Vehicle
from models.personal_data import PersonalDataKey
from models.register import RegisterLookup
from notify.errors import RegisterUnavailable
from notify.owner_register import OwnerRegister

NOTHING_KNOWN_FOR = timedelta(days=1)


@dataclass(frozen=True)
class Asking:
    """Who asks, for what, and about which incident. plate: as read, without blanks and dots."""

    plate: str
    purpose: str
    asked_by: str
    incident_id: uuid.UUID | None = None


@dataclass(frozen=True)
class Answer:
    """owner_id: who can be told; None with every other outcome."""

    outcome: LookupOutcome
    owner_id: uuid.UUID | None = None


def look_up(
    sessions: Sessions,
    key: PersonalDataKey,
    asking: Asking,
    *,
    register: OwnerRegister | None,
    keep_for: timedelta,
    clock: Callable[[], datetime],
) -> Answer:
    """The owner of the vehicle, from our rows or from `register`; the look-up is on record whatever it came to.

    keep_for: how long the register's answer is believed. Raises ReasonMissing where no purpose is given.
    """
    if not asking.purpose.strip():
        raise ReasonMissing
    with reading(sessions) as session:
        known = _known(session, asking.plate, keep_for if register is not None else None, clock())
    if known is not None or register is None:
        answer = known or Answer(LookupOutcome.UNKNOWN)
        with transaction(sessions) as session:
            _record(session, asking, LookupSource.OWN_REGISTER, answer.outcome, clock())
        return answer
    try:
        keeper = register.keeper_of(asking.plate, asking.purpose)
    except RegisterUnavailable:
        with transaction(sessions) as session:
            _record(session, asking, LookupSource.HTTP, LookupOutcome.UNAVAILABLE, clock())
        return Answer(LookupOutcome.UNAVAILABLE)
    with transaction(sessions) as session:
        answer = Answer(LookupOutcome.UNKNOWN)
        if keeper is not None:
            phone = keeper.phone
            entry = VehicleEntry(plate=asking.plate, owner=keeper.name if phone else None, phone=phone)
            register_vehicle(session, key, entry, checked_at=clock())
            owner_id = session.scalars(select(Vehicle.owner_id).where(Vehicle.plate == entry.plate)).one()
            answer = Answer(LookupOutcome.FOUND if phone else LookupOutcome.NO_PHONE, owner_id)
        _record(session, asking, LookupSource.HTTP, answer.outcome, clock())
        return answer


def _known(session: Session, plate: str, keep_for: timedelta | None, at: datetime) -> Answer | None:
    """What our rows say of it; None: the register is to be asked. keep_for None: there is none to ask."""
    vehicle = session.scalar(select(Vehicle).where(Vehicle.plate == plate))
    if vehicle is not None and (vehicle.checked_at is None or keep_for is None or at - vehicle.checked_at < keep_for):
        return Answer(LookupOutcome.FOUND if vehicle.owner_id else LookupOutcome.NO_PHONE, vehicle.owner_id)
    if keep_for is None:
        return None
    said_no = session.scalar(
        select(RegisterLookup.id)
        .where(
            RegisterLookup.plate == plate,
            RegisterLookup.source == LookupSource.HTTP,
            RegisterLookup.outcome == LookupOutcome.UNKNOWN,
            RegisterLookup.at > at - NOTHING_KNOWN_FOR,
        )
        .limit(1)
    )
    return Answer(LookupOutcome.UNKNOWN) if said_no is not None else None


def _record(session: Session, asking: Asking, source: LookupSource, outcome: LookupOutcome, at: datetime) -> None:
    session.add(
        RegisterLookup(
            plate=asking.plate,
            purpose=asking.purpose.strip(),
            asked_by=asking.asked_by,
            incident_id=asking.incident_id,
            source=source,
            outcome=outcome,
            at=at,
        )
    )
