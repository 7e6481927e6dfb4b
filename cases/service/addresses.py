"""Where a party wants its papers: the address confirmation it signed, and its consent to be served by wire.

Both are signed papers; here is what they say and where they lie. Who receives, where, and the number are sealed.
"""

import uuid
from dataclasses import dataclass, field
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from cases import parties
from cases.casework import steps
from cases.casework.approvals import lock
from cases.casework.errors import FileRefused
from cases.casework.steps import By
from cases.party_numbers import masked_address, masked_name, masked_number
from cases.service.acts import checked_day, said
from models.case_files import CaseFile
from models.enums import ConsentChannel, FileAct, PartyRole
from models.personal_data import PersonalDataKey
from models.serving import ServiceAddress, ServiceConsent

LONGEST_NAME, LONGEST_ADDRESS, LONGEST_NUMBER = 100, 300, 200


@dataclass(frozen=True)
class Signed:
    """A signed paper. reference: where it lies (its digest, the page of the file)."""

    on: date
    reference: str


@dataclass(frozen=True)
class Place:
    """Who is to receive, and where."""

    receiver: str = field(repr=False)
    address: str = field(repr=False)

    def checked(self) -> "Place":
        """Raises FileRefused."""
        return Place(
            said(self.receiver, "no_receiver", at_most=LONGEST_NAME),
            said(self.address, "no_address", at_most=LONGEST_ADDRESS),
        )


def confirm_address(
    session: Session, key: PersonalDataKey, file_id: uuid.UUID, place: Place, signed: Signed, *, by: By, at: datetime
) -> ServiceAddress:
    """The address confirmation; the one before it ends. Raises UnknownFile, FileRefused, DatedWrongly."""
    file = lock(session, file_id)
    person = _person(by)
    place = place.checked()
    checked_day(file, signed.on, at)
    before = address_of(session, file)
    if before is not None:
        before.ended_on = max(signed.on, before.signed_on)
        session.flush()
    row_id = uuid.uuid4()
    row = ServiceAddress(
        id=row_id,
        file_id=file.id,
        receiver_sealed=key.seal(place.receiver, f"service_address.receiver:{row_id}"),
        receiver_shown=masked_name(place.receiver),
        address_sealed=key.seal(place.address, f"service_address.address:{row_id}"),
        address_shown=masked_address(place.address),
        reference=said(signed.reference, "no_reference"),
        signed_on=signed.on,
        recorded_by_id=person,
        recorded_at=at,
    )
    session.add(row)
    session.flush()
    facts = {"service_address": str(row_id), "signed_on": signed.on.isoformat()}
    steps.note(session, file, FileAct.FACTS_SAID, by=by, at=at, facts=facts)
    return row


def consent(
    session: Session,
    key: PersonalDataKey,
    file_id: uuid.UUID,
    channel: ConsentChannel,
    number: str,
    signed: Signed,
    *,
    by: By,
    at: datetime,
) -> ServiceConsent:
    """The party's signed consent to be served by this channel, at this number or address (行政处罚法 art. 61(2)).

    Raises UnknownFile, FileRefused, DatedWrongly.
    """
    file = lock(session, file_id)
    person = _person(by)
    checked_day(file, signed.on, at)
    if any(each.channel is channel for each in consents_of(session, file)):
        raise FileRefused("consent_is_there")
    row_id, written = uuid.uuid4(), said(number, "no_number", at_most=LONGEST_NUMBER)
    row = ServiceConsent(
        id=row_id,
        file_id=file.id,
        channel=channel,
        number_sealed=key.seal(written, f"service_consent.number:{row_id}"),
        number_shown=masked_number(written),
        reference=said(signed.reference, "consent_not_signed"),
        signed_on=signed.on,
        recorded_by_id=person,
        recorded_at=at,
    )
    session.add(row)
    session.flush()
    facts = {"consent": str(row_id), "channel": channel.value, "signed_on": signed.on.isoformat()}
    steps.note(session, file, FileAct.FACTS_SAID, by=by, at=at, facts=facts)
    return row


def withdraw_consent(session: Session, consent_id: uuid.UUID, on: date, *, by: By, at: datetime) -> ServiceConsent:
    """From that day on nothing more is served so. Raises FileRefused, DatedWrongly."""
    row = session.get(ServiceConsent, consent_id)
    if row is None:
        raise FileRefused("no_such_consent")
    file = lock(session, row.file_id)
    session.refresh(row)
    if row.withdrawn_on is not None:
        raise FileRefused("consent_is_withdrawn")
    row.withdrawn_on = checked_day(file, on, at, not_before=row.signed_on)
    facts = {"consent": str(row.id), "withdrawn_on": on.isoformat()}
    steps.note(session, file, FileAct.FACTS_SAID, by=by, at=at, facts=facts)
    return row


def address_of(session: Session, file: CaseFile) -> ServiceAddress | None:
    """That which holds."""
    return session.scalar(
        select(ServiceAddress).where(ServiceAddress.file_id == file.id, ServiceAddress.ended_on.is_(None))
    )


def consents_of(session: Session, file: CaseFile) -> list[ServiceConsent]:
    """Those that hold."""
    asked = select(ServiceConsent).where(ServiceConsent.file_id == file.id, ServiceConsent.withdrawn_on.is_(None))
    return list(session.scalars(asked.order_by(ServiceConsent.recorded_at)))


def place_of(key: PersonalDataKey, row: ServiceAddress) -> Place:
    """In clear, for a paper that is to be addressed. Raises PersonalDataError."""
    return Place(
        key.open(row.receiver_sealed, f"service_address.receiver:{row.id}"),
        key.open(row.address_sealed, f"service_address.address:{row.id}"),
    )


def place_of_party(session: Session, key: PersonalDataKey, file: CaseFile) -> Place | None:
    """The party as it was entered, where nobody confirmed another address; None: it, or its address, is not known."""
    for link in parties.parties_of(session, file.id):
        if link.role is PartyRole.PARTY:
            known = parties.identity(key, link.party)
            if known.name and known.address:
                return Place(known.name, known.address)
    return None


def number_of(key: PersonalDataKey, row: ServiceConsent) -> str:
    """In clear, for what is to be sent there. Raises PersonalDataError."""
    return key.open(row.number_sealed, f"service_consent.number:{row.id}")


def _person(by: By) -> uuid.UUID:
    if by.user is None:
        raise FileRefused("needs_a_person")
    return by.user.id
