"""Parties: persons, shops and companies entered once, their part in case files, and what was decided before.

What names a person is sealed; equal values are found by keyed digests. A likely double is shown before another entry
is made, and two entries of one person are joined with a reason: nothing moves, so that it can be undone. No act here
has an effect on what is decided: history is a list for a person to read.
"""

import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import partial
from typing import Any

from sqlalchemy import exists, func, or_, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, joinedload

from cases import party_numbers
from cases.casework import steps
from cases.casework.errors import FileRefused, LikelyDouble
from cases.casework.steps import By
from cases.entitlements import EVERYTHING, Scope
from cases.scope import files_within, parties_within
from evidence import log_contents
from models.case_files import CaseFile, FileDecision
from models.enums import FileAct, FileState, OutcomeKind, PartyAct, PartyKind, PartyNumberKind, PartyRole
from models.incidents import Incident
from models.parties import FileParty, FileVehicle, Party, PartyEvent
from models.people import Vehicle
from models.personal_data import PersonalDataKey
from notify.gateway import masked as masked_phone

LONGEST_REASON = 400
PENALTIES = (OutcomeKind.WARNING, OutcomeKind.FINE)
# until then nobody was told that it goes against them
BEFORE_TELLING = frozenset({FileState.REGISTERED, FileState.FILED, FileState.INVESTIGATED, FileState.REVIEWED})


@dataclass(frozen=True)
class Entry:
    """What is typed of somebody."""

    kind: PartyKind
    name: str = field(repr=False)
    number_kind: PartyNumberKind | None = None
    number: str = field(default="", repr=False)
    phone: str = field(default="", repr=False)
    address: str = field(default="", repr=False)


@dataclass(frozen=True)
class Identity:
    """Who it is, in clear or masked; an empty word: not known."""

    name: str = field(repr=False)
    number: str = field(default="", repr=False)
    phone: str = field(default="", repr=False)
    address: str = field(default="", repr=False)


@dataclass(frozen=True)
class Double:
    """An entry that may be of the same person. by: what is equal, number before phone before name."""

    party: Party
    by: str


@dataclass(frozen=True)
class PastFile:
    """A case file somebody took part in. is_prior: a penalty that holds was decided against them."""

    file: CaseFile
    role: PartyRole
    decision: FileDecision | None
    is_prior: bool


@dataclass(frozen=True)
class History:
    """elsewhere: how many more there are that who asks may not see."""

    files: tuple[PastFile, ...]
    elsewhere: int


def enter(
    session: Session, key: PersonalDataKey, entry: Entry, *, by: By, at: datetime, another: bool = False
) -> Party:
    """A new entry. another: the likely doubles were seen, and it is none of them.

    Raises FileRefused for what cannot be, and LikelyDouble: always where the number is known.
    """
    found = likely_doubles(session, key, entry)
    if found and (not another or any(each.by == "number" for each in found)):
        raise LikelyDouble(tuple(found))
    party = Party(id=uuid.uuid4(), kind=entry.kind, entered_by=by.name, entered_at=at)
    _write(key, party, entry)
    _flush_new_number(session, party)
    put_on_record(session, party, PartyAct.ENTERED, by=by, at=at)
    return party


def change(
    session: Session, key: PersonalDataKey, party: Party, entry: Entry, *, by: By, reason: str, at: datetime
) -> None:
    """Puts right what an entry says. Raises FileRefused, and LikelyDouble where the number is another's."""
    said = _reason(reason)
    if entry.kind is not party.kind:
        raise FileRefused("kind_stays")
    before = identity(key, party)
    same_number = [each for each in likely_doubles(session, key, entry) if each.by == "number"]
    if any(each.party.id != party.id for each in same_number):
        raise LikelyDouble(tuple(same_number))
    _write(key, party, entry)
    _flush_new_number(session, party)
    after = identity(key, party)
    changed = [name for name in ("name", "number", "phone", "address") if getattr(before, name) != getattr(after, name)]
    put_on_record(session, party, PartyAct.CHANGED, by=by, at=at, reason=said, fields=changed)


def likely_doubles(session: Session, key: PersonalDataKey, entry: Entry) -> list[Double]:
    """Entries of whom the number, the phone or the name is the same, each once; joined ones as what they were joined
    into. Raises FileRefused.
    """
    known = _normal(entry)
    numbers = key.indexes(known.number) if known.number else []
    phones = key.indexes(known.phone) if known.phone else []
    is_company = entry.kind is PartyKind.COMPANY
    same_name = Party.public_name == known.name if is_company else Party.name_index.in_(key.indexes(known.name))
    # in one question: of what another enters meanwhile everything is seen, or nothing
    same = or_(Party.number_index.in_(numbers), Party.phone_index.in_(phones), same_name)
    rows = session.scalars(select(Party).where(same).order_by(Party.entered_at)).all()
    found: dict[uuid.UUID, Double] = {}
    for by, alike in [
        ("number", [row for row in rows if row.number_index in numbers]),
        ("phone", [row for row in rows if row.phone_index in phones]),
        ("name", rows),
    ]:
        for row in alike:
            stands = standing(session, row)
            found.setdefault(stands.id, Double(stands, by))
    return list(found.values())


def namesakes(session: Session, key: PersonalDataKey, party: Party, scope: Scope) -> list[Party]:
    """Other entries within reach, of the same phone or name: of which a person may say that they are one with this."""
    known = identity(key, party)
    same = [Party.public_name == known.name, Party.name_index.in_(key.indexes(known.name))]
    if known.phone:
        same.append(Party.phone_index.in_(key.indexes(known.phone)))
    rows = session.scalars(
        select(Party)
        .where(or_(*same), parties_within(scope), Party.id != party.id, Party.kind == party.kind)
        .where(Party.merged_into_id.is_(None))
        .order_by(Party.entered_at)
    )
    return list(rows)


def standing(session: Session, party: Party) -> Party:
    """The entry this one was joined into, or itself."""
    while party.merged_into_id is not None:
        party = session.get_one(Party, party.merged_into_id)
    return party


def entries_of(session: Session, party_id: uuid.UUID) -> list[uuid.UUID]:
    """This entry and those joined into it."""
    found = select(Party.id).where(Party.id == party_id).cte(recursive=True)
    found = found.union(select(Party.id).where(Party.merged_into_id == found.c.id))
    return list(session.scalars(select(found.c.id)))


def search(session: Session, key: PersonalDataKey, typed: str, scope: Scope, *, limit: int = 50) -> list[Party]:
    """Entries of this number, phone or name, and companies whose name has these words in it."""
    words = " ".join(typed.split())
    if not words:
        return []
    readings = [partial(party_numbers.number_of, kind) for kind in PartyNumberKind]
    forms = _forms(words, [*readings, party_numbers.phone_of, party_numbers.name_of])
    digests = [digest for form in sorted(forms) for digest in key.indexes(form)]
    same = or_(
        Party.number_index.in_(digests),
        Party.phone_index.in_(digests),
        Party.name_index.in_(digests),
        func.lower(Party.public_name).contains(words.lower(), autoescape=True),
    )
    rows = session.scalars(select(Party).where(same, parties_within(scope)).order_by(Party.entered_at).limit(limit))
    return list({stands.id: stands for stands in (standing(session, row) for row in rows)}.values())


def link(
    session: Session,
    file: CaseFile,
    party: Party,
    role: PartyRole,
    *,
    by: By,
    at: datetime,
    letter: str | None = None,
    acts_for: uuid.UUID | None = None,
) -> FileParty:
    """Gives somebody a part in a case file. letter: of an agent. acts_for: for which of its parties.

    Raises FileRefused; StepRefused in the archive.
    """
    session.refresh(file, with_for_update=True)
    stands = standing(session, party)
    wrote = " ".join((letter or "").split())
    if (role is PartyRole.AGENT) != bool(wrote):
        raise FileRefused("agent_without_letter" if role is PartyRole.AGENT else "letter_of_no_agent")
    there = parties_of(session, file.id)
    if any(each.party_id == stands.id and each.role is role for each in there):
        raise FileRefused("linked_already")
    if acts_for is not None and acts_for not in {each.party_id for each in there}:
        raise FileRefused("acts_for_nobody")
    row = FileParty(
        file_id=file.id,
        party_id=stands.id,
        role=role,
        acts_for_id=acts_for,
        letter=wrote or None,
        linked_by=by.name,
        linked_at=at,
        party=stands,
    )
    session.add(row)
    session.flush()
    facts = {"link": str(row.id), "party": str(stands.id), "role": role.value}
    steps.note(session, file, FileAct.PARTY_ENTERED, by=by, at=at, facts=facts)
    return row


def end_link(session: Session, file: CaseFile, row: FileParty, *, by: By, reason: str, at: datetime) -> None:
    """Takes somebody's part back. Raises FileRefused: ended before, or told already that it goes against them."""
    session.refresh(file, with_for_update=True)
    session.refresh(row)
    said = _reason(reason)
    if row.ended_at is not None:
        raise FileRefused("part_ended")
    if row.role is PartyRole.PARTY and file.state not in BEFORE_TELLING:
        raise FileRefused("party_was_told")
    row.ended_at, row.end_reason = at, said
    session.flush()
    facts = {"link": str(row.id), "party": str(row.party_id), "role": row.role.value, "ended": True}
    steps.note(session, file, FileAct.PARTY_ENTERED, by=by, at=at, facts=facts)


def parties_of(session: Session, file_id: uuid.UUID) -> Sequence[FileParty]:
    """Who takes part now, in the order of roles, with their entries."""
    rows = session.scalars(
        select(FileParty)
        .where(FileParty.file_id == file_id, FileParty.ended_at.is_(None))
        .options(joinedload(FileParty.party))
        .order_by(FileParty.linked_at, FileParty.id)
    ).all()
    order = list(PartyRole)
    return sorted(rows, key=lambda row: order.index(row.role))


def identity(key: PersonalDataKey, party: Party) -> Identity:
    """In clear: for a document, whose making is on record, or after `look`."""
    return Identity(
        party.public_name or _open(key, party.id, "name", party.name_sealed),
        _open(key, party.id, "number", party.number_sealed),
        _open(key, party.id, "phone", party.phone_sealed),
        _open(key, party.id, "address", party.address_sealed),
    )


def masked(key: PersonalDataKey, party: Party) -> Identity:
    """As lists and pages show it. A company's name and code are no person's, and stay."""
    clear = identity(key, party)
    phone = masked_phone(clear.phone) if clear.phone else ""
    address = party_numbers.masked_address(clear.address) if clear.address else ""
    if party.kind is PartyKind.COMPANY:
        return Identity(clear.name, clear.number, phone, clear.address)
    number = party_numbers.masked_number(clear.number) if clear.number else ""
    return Identity(party_numbers.masked_name(clear.name), number, phone, address)


def look(session: Session, key: PersonalDataKey, party: Party, *, by: By, reason: str, at: datetime) -> Identity:
    """In clear, with the look on record. Raises FileRefused without a reason."""
    put_on_record(session, party, PartyAct.LOOKED, by=by, at=at, reason=_reason(reason))
    return identity(key, party)


def merge(session: Session, party: Party, into: Party, *, by: By, reason: str, at: datetime) -> None:
    """Says that `party` is an entry of the same person as `into`. Raises FileRefused.

    What either is linked to stays as it was; from now on the history of `into` has both.
    """
    said = _reason(reason)
    for each in sorted((party, into), key=lambda row: str(row.id)):  # in one order, so that two do not wait crosswise
        session.refresh(each, with_for_update=True)
    if party.id == into.id:
        raise FileRefused("merged_with_itself")
    if party.merged_into_id is not None or into.merged_into_id is not None:
        raise FileRefused("merged_already")
    if party.kind is not into.kind:
        raise FileRefused("kinds_differ")
    if party.number_kind is not None and party.number_kind is into.number_kind:
        raise FileRefused("numbers_differ")  # one number is entered once, so two of a kind are two people
    party.merged_into_id = into.id
    session.flush()
    put_on_record(session, party, PartyAct.MERGED, by=by, at=at, reason=said, into=str(into.id))
    put_on_record(session, into, PartyAct.MERGED, by=by, at=at, reason=said, took_in=str(party.id))


def unmerge(session: Session, party: Party, *, by: By, reason: str, at: datetime) -> None:
    """Takes a merge back. Raises FileRefused."""
    said = _reason(reason)
    session.refresh(party, with_for_update=True)
    if party.merged_into_id is None:
        raise FileRefused("not_merged")
    into = session.get_one(Party, party.merged_into_id)
    party.merged_into_id = None
    session.flush()
    put_on_record(session, party, PartyAct.MERGE_UNDONE, by=by, at=at, reason=said, out_of=str(into.id))
    put_on_record(session, into, PartyAct.MERGE_UNDONE, by=by, at=at, reason=said, gave_back=str(party.id))


def history(
    session: Session, party_id: uuid.UUID, scope: Scope, *, but: uuid.UUID | None = None, since: date | None = None
) -> History:
    """The case files of somebody, newest first. but: of all except this one. since: the first day of a look-back, in
    which a decided penalty counts as a prior; None: of all time.
    """
    links = (
        select(FileParty, CaseFile)
        .join(CaseFile, CaseFile.id == FileParty.file_id)
        .where(FileParty.party_id.in_(entries_of(session, party_id)), FileParty.ended_at.is_(None))
        .order_by(CaseFile.registered_at.desc())
    )
    if but is not None:
        links = links.where(FileParty.file_id != but)
    rows = session.execute(links.where(files_within(scope))).all()
    everywhere = session.scalar(select(func.count()).select_from(links.order_by(None).subquery())) or 0
    decisions = _decisions(session, {file.id for _, file in rows})
    return History(tuple(_past(row, file, decisions.get(file.id), since) for row, file in rows), everywhere - len(rows))


def priors(session: Session, party_id: uuid.UUID, *, law_code: str | None = None, since: date | None = None) -> int:
    """How many penalties that hold were decided against somebody, of this offence, in the look-back; over all areas,
    for whoever proposes an outcome.
    """
    past = history(session, party_id, EVERYTHING, since=since).files
    return sum(each.is_prior and law_code in {None, each.file.law_code} for each in past)


def vehicles_of(session: Session, file_id: uuid.UUID) -> Sequence[FileVehicle]:
    return session.scalars(select(FileVehicle).where(FileVehicle.file_id == file_id).order_by(FileVehicle.plate)).all()


def vehicles_kept_by(session: Session, party_id: uuid.UUID) -> Sequence[FileVehicle]:
    """Each plate once, as it was described last."""
    rows = session.scalars(
        select(FileVehicle)
        .where(FileVehicle.keeper_id.in_(entries_of(session, party_id)))
        .order_by(FileVehicle.entered_at)
    )
    return list({row.plate: row for row in rows}.values())


def enter_vehicle(
    session: Session,
    file: CaseFile,
    plate: str,
    *,
    by: By,
    at: datetime,
    vehicle_class: str = "",
    colour: str = "",
    keeper_id: uuid.UUID | None = None,
) -> FileVehicle:
    """The vehicle a matter is about; entered again, it says what is known now. Raises FileRefused."""
    bare = "".join(sign for sign in plate.upper() if sign.isalnum())
    if not 4 <= len(bare) <= 12:
        raise FileRefused("plate_unreadable")
    session.refresh(file, with_for_update=True)
    if keeper_id is not None and keeper_id not in {each.party_id for each in parties_of(session, file.id)}:
        raise FileRefused("keeper_takes_no_part")
    row = session.scalar(select(FileVehicle).where(FileVehicle.file_id == file.id, FileVehicle.plate == bare))
    if row is None:
        row = FileVehicle(file_id=file.id, plate=bare, entered_by=by.name, entered_at=at)
        session.add(row)
    row.vehicle_class, row.colour, row.keeper_id = vehicle_class.strip(), colour.strip(), keeper_id
    session.flush()
    steps.note(session, file, FileAct.PARTY_ENTERED, by=by, at=at, facts={"vehicle": str(row.id)})
    return row


def keeper_of(session: Session, key: PersonalDataKey, file: CaseFile) -> tuple[str, Entry]:
    """The plate the camera saw, and its registered keeper by our own register. Raises FileRefused: there is none."""
    plate = None if file.incident_id is None else session.get_one(Incident, file.incident_id).plate
    found = session.scalar(select(Vehicle).where(Vehicle.plate == plate).options(joinedload(Vehicle.owner)))
    if plate is None or found is None or found.owner is None:
        raise FileRefused("keeper_unknown")
    owner = found.owner
    return plate, Entry(
        PartyKind.PERSON,
        key.open(owner.name_sealed, f"owner.name:{owner.id}"),
        phone=key.open(owner.phone_sealed, f"owner.phone:{owner.id}"),
    )


def take_keeper(
    session: Session,
    key: PersonalDataKey,
    file: CaseFile,
    *,
    by: By,
    at: datetime,
    same: uuid.UUID | None = None,
    another: bool = False,
) -> FileParty:
    """Enters the vehicle the camera saw, and its registered keeper as the party. same, another: what a person said of
    the likely doubles. One entry of the keeper's phone is the keeper.

    Raises FileRefused where the register knows none, LikelyDouble.
    """
    plate, entry = keeper_of(session, key, file)
    doubles = likely_doubles(session, key, entry)
    by_phone = [each.party for each in doubles if each.by == "phone"]
    known = [each.party for each in doubles if each.party.id == same] if same else by_phone
    party = known[0] if len(known) == 1 else enter(session, key, entry, by=by, at=at, another=another)
    row = link(session, file, party, PartyRole.PARTY, by=by, at=at)
    enter_vehicle(session, file, plate, by=by, at=at, keeper_id=row.party_id)
    return row


def can_take_keeper(session: Session, file: CaseFile) -> bool:
    """Whether our register knows whose vehicle the camera saw."""
    if file.incident_id is None:
        return False
    plate = select(Incident.plate).where(Incident.id == file.incident_id).scalar_subquery()
    known = select(exists().where(Vehicle.plate == plate, Vehicle.owner_id.is_not(None)))
    return bool(session.scalar(known))


def events_of(session: Session, party_id: uuid.UUID) -> Sequence[PartyEvent]:
    """Newest first."""
    return session.scalars(
        select(PartyEvent).where(PartyEvent.party_id == party_id).order_by(PartyEvent.id.desc())
    ).all()


def merged_into(session: Session, party_id: uuid.UUID) -> Sequence[Party]:
    """The entries that were joined into this one."""
    return session.scalars(select(Party).where(Party.merged_into_id == party_id).order_by(Party.entered_at)).all()


def put_on_record(
    session: Session, party: Party, act: PartyAct, *, by: By, at: datetime, reason: str = "", **facts: Any
) -> None:
    """What was done with an entry. facts: ids and words, nothing that names a person."""
    event = PartyEvent(party_id=party.id, act=act, actor=by.name, at=at, reason=reason, facts=facts)
    session.add(event)
    session.flush()
    log_contents.enter(session, event)


def _normal(entry: Entry) -> Identity:
    """Raises FileRefused."""
    if entry.number_kind is PartyNumberKind.RESIDENT_ID and entry.kind is PartyKind.COMPANY:
        raise FileRefused("company_with_resident_id")
    number = entry.number.strip()
    if number and entry.number_kind is None:
        raise FileRefused("number_of_what")
    return Identity(
        party_numbers.name_of(entry.name),
        party_numbers.number_of(entry.number_kind, number) if number and entry.number_kind else "",
        party_numbers.phone_of(entry.phone) if entry.phone.strip() else "",
        party_numbers.address_of(entry.address),
    )


def _write(key: PersonalDataKey, party: Party, entry: Entry) -> None:
    known = _normal(entry)
    if entry.kind is PartyKind.COMPANY:
        party.public_name = known.name
    else:
        party.name_sealed, party.name_index = _seal(key, party.id, "name", known.name), key.index(known.name)
    party.number_kind = entry.number_kind if known.number else None
    party.number_sealed = _seal(key, party.id, "number", known.number)
    party.number_index = key.index(known.number) if known.number else None
    party.phone_sealed = _seal(key, party.id, "phone", known.phone)
    party.phone_index = key.index(known.phone) if known.phone else None
    party.address_sealed = _seal(key, party.id, "address", known.address)


def _flush_new_number(session: Session, party: Party) -> None:
    """Of two who enter one number at the same moment the second is told. Raises LikelyDouble."""
    try:
        with session.begin_nested():
            session.add(party)
            session.flush()
    except IntegrityError as error:
        raise LikelyDouble(()) from error


def _seal(key: PersonalDataKey, party_id: uuid.UUID, column: str, text: str) -> bytes | None:
    return key.seal(text, f"party.{column}:{party_id}") if text else None


def _open(key: PersonalDataKey, party_id: uuid.UUID, column: str, sealed: bytes | None) -> str:
    return "" if sealed is None else key.open(sealed, f"party.{column}:{party_id}")


def _forms(typed: str, readings: Sequence[Callable[[str], str]]) -> set[str]:
    """What the typed words may be, read each way in which they can be read."""
    found = set()
    for read in readings:
        try:
            found.add(read(typed))
        except FileRefused:
            continue  # it is no such thing; that is what was asked
    return found


def _reason(reason: str) -> str:
    said = " ".join(reason.split())
    if not 0 < len(said) <= LONGEST_REASON:
        raise FileRefused("reason_missing")
    return said


def _decisions(session: Session, file_ids: set[uuid.UUID]) -> dict[uuid.UUID, FileDecision]:
    """Those that hold."""
    rows = session.scalars(
        select(FileDecision).where(FileDecision.file_id.in_(file_ids), FileDecision.revoked_at.is_(None))
    )
    return {row.file_id: row for row in rows}


def _past(row: FileParty, file: CaseFile, decision: FileDecision | None, since: date | None) -> PastFile:
    is_prior = (
        row.role is PartyRole.PARTY
        and decision is not None
        and decision.outcome in PENALTIES
        and (since is None or decision.decided_on >= since)
    )
    return PastFile(file, row.role, decision, is_prior)
