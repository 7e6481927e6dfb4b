"""Witnesses: who knows something of a matter, what they said, and which exhibit or fact it bears out.

Name, phone, address and statement are sealed; a look at them is on record. A case that needs nobody to bear it out
says why.
"""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from cases import party_numbers
from cases.casework import steps
from cases.casework.days import local_date
from cases.casework.errors import DatedWrongly, FileRefused
from cases.casework.steps import By
from cases.parties import LONGEST_REASON, Identity
from evidence import log_contents
from models.case_files import CaseFile
from models.enums import FileAct, PartyAct
from models.exhibits import Exhibit
from models.parties import Corroboration, PartyEvent, Witness
from models.people import User
from models.personal_data import PersonalDataKey
from notify.gateway import masked as masked_phone

LONGEST_STATEMENT = 8000
LONGEST_FACT = 300


@dataclass(frozen=True)
class Heard:
    """What is typed of a witness. relation: to the party, in words."""

    name: str = field(repr=False)
    statement: str = field(repr=False)
    heard_on: date
    phone: str = field(default="", repr=False)
    address: str = field(default="", repr=False)
    relation: str = ""


@dataclass(frozen=True)
class Said:
    """A witness in clear."""

    identity: Identity
    statement: str = field(repr=False)


def add_witness(
    session: Session, key: PersonalDataKey, file: CaseFile, heard: Heard, *, by: User, at: datetime
) -> Witness:
    """Puts a witness and their statement on record. Raises FileRefused, DatedWrongly; StepRefused in the archive."""
    statement = heard.statement.strip()
    if not 0 < len(statement) <= LONGEST_STATEMENT:
        raise FileRefused("statement_missing", most=LONGEST_STATEMENT)
    if heard.heard_on > local_date(at, file.timezone):
        raise DatedWrongly("in_the_future", heard.heard_on)
    row_id = uuid.uuid4()
    phone = party_numbers.phone_of(heard.phone) if heard.phone.strip() else ""
    address = party_numbers.address_of(heard.address)
    row = Witness(
        id=row_id,
        file_id=file.id,
        name_sealed=key.seal(party_numbers.name_of(heard.name), f"witness.name:{row_id}"),
        phone_sealed=key.seal(phone, f"witness.phone:{row_id}") if phone else None,
        address_sealed=key.seal(address, f"witness.address:{row_id}") if address else None,
        statement_sealed=key.seal(statement, f"witness.statement:{row_id}"),
        relation=" ".join(heard.relation.split()),
        heard_on=heard.heard_on,
        entered_by_id=by.id,
        entered_at=at,
    )
    session.add(row)
    session.flush()
    steps.note(session, file, FileAct.WITNESS_ENTERED, by=By.person(by), at=at, facts={"witness": str(row.id)})
    return row


def corroborate(
    session: Session,
    file: CaseFile,
    witness: Witness,
    *,
    by: User,
    at: datetime,
    exhibit_id: uuid.UUID | None = None,
    fact: str = "",
) -> Corroboration:
    """Says which exhibit or fact a witness bears out. Raises FileRefused."""
    said = " ".join(fact.split())
    if witness.file_id != file.id or (exhibit_id is None and not said) or len(said) > LONGEST_FACT:
        raise FileRefused("nothing_borne_out")
    if exhibit_id is not None:
        exhibit = session.get(Exhibit, exhibit_id)
        if exhibit is None or exhibit.incident_id != file.incident_id:
            raise FileRefused("exhibit_of_another")
    row = Corroboration(
        file_id=file.id, witness_id=witness.id, exhibit_id=exhibit_id, fact=said, entered_by_id=by.id, entered_at=at
    )
    return _put(session, file, row, by=by, at=at)


def not_needed(session: Session, file: CaseFile, *, because: str, by: User, at: datetime) -> Corroboration:
    """Says why nobody has to bear anything out. Raises FileRefused."""
    said = " ".join(because.split())
    if not 0 < len(said) <= LONGEST_REASON:
        raise FileRefused("reason_missing")
    row = Corroboration(file_id=file.id, fact="", not_needed_because=said, entered_by_id=by.id, entered_at=at)
    return _put(session, file, row, by=by, at=at)


def witnesses_of(session: Session, file_id: uuid.UUID) -> Sequence[Witness]:
    return session.scalars(select(Witness).where(Witness.file_id == file_id).order_by(Witness.entered_at)).all()


def corroborations_of(session: Session, file_id: uuid.UUID) -> Sequence[Corroboration]:
    return session.scalars(
        select(Corroboration)
        .where(Corroboration.file_id == file_id)
        .options(joinedload(Corroboration.witness))
        .order_by(Corroboration.entered_at)
    ).all()


def masked(key: PersonalDataKey, witness: Witness) -> Identity:
    """As the page of a case file shows them."""
    clear = in_clear(key, witness).identity
    return Identity(
        party_numbers.masked_name(clear.name),
        phone=masked_phone(clear.phone) if clear.phone else "",
        address=party_numbers.masked_address(clear.address) if clear.address else "",
    )


def in_clear(key: PersonalDataKey, witness: Witness) -> Said:
    """For a document, whose making is on record, or after `look`."""
    name = key.open(witness.name_sealed, f"witness.name:{witness.id}")
    phone = "" if witness.phone_sealed is None else key.open(witness.phone_sealed, f"witness.phone:{witness.id}")
    address = (
        "" if witness.address_sealed is None else key.open(witness.address_sealed, f"witness.address:{witness.id}")
    )
    statement = key.open(witness.statement_sealed, f"witness.statement:{witness.id}")
    return Said(Identity(name, phone=phone, address=address), statement)


def look(session: Session, key: PersonalDataKey, witness: Witness, *, by: User, reason: str, at: datetime) -> Said:
    """In clear, with the look on record. Raises FileRefused without a reason."""
    said = " ".join(reason.split())
    if not 0 < len(said) <= LONGEST_REASON:
        raise FileRefused("reason_missing")
    event = PartyEvent(witness_id=witness.id, act=PartyAct.LOOKED, actor=by.name, at=at, reason=said, facts={})
    session.add(event)
    session.flush()
    log_contents.enter(session, event)
    return in_clear(key, witness)


def _put(session: Session, file: CaseFile, row: Corroboration, *, by: User, at: datetime) -> Corroboration:
    session.add(row)
    session.flush()
    facts = {"corroboration": str(row.id), "needed": row.not_needed_because is None}
    steps.note(session, file, FileAct.WITNESS_ENTERED, by=By.person(by), at=at, facts=facts)
    return row
