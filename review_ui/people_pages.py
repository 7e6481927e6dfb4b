"""The people of a case file: its parties, its vehicles, its witnesses, and what bears out what.

Names, numbers and addresses are shown masked; in clear only in the answer to a form that says what for.
"""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, Form
from fastapi.responses import HTMLResponse, Response
from sqlalchemy import select
from sqlalchemy.orm import Session

from cases import credit_notes, parties, witnesses
from cases.casework.days import local_date
from cases.casework.errors import FileError, FileRefused, LikelyDouble
from cases.entitlements import Right, Scope, scope_of
from cases.parties import Entry, Identity
from cases.witnesses import Heard, Said
from models.case_files import CaseFile
from models.database import reading, transaction
from models.enums import PartyKind, PartyNumberKind, PartyRole
from models.exhibits import Exhibit
from models.parties import FileParty, Party, Witness
from models.personal_data import PersonalDataKey
from review_ui.asking import Acts, Answer, Asking, Asks
from review_ui.desk import Desk
from review_ui.errors import NotFound
from review_ui.permissions import needs

routes = APIRouter()

SEE, WORK = needs(Right.SEE_FILES), needs(Right.WORK_FILES)
Sees = Annotated[Scope, SEE]
Works = Annotated[Scope, WORK]
Words = Annotated[str, Form(max_length=400)]
Long = Annotated[str, Form(max_length=20_000)]
Choice = Annotated[str, Form(max_length=60)]


@dataclass(frozen=True)
class Person:
    """A party as the page shows them. before: how many other case files; priors: in which a penalty was decided."""

    link: FileParty
    known: Identity
    before: int
    priors: int


@routes.get("/cases/{file_id}/people", dependencies=[SEE])
def people(asks: Asks, file_id: uuid.UUID) -> HTMLResponse:
    return _page(asks, file_id, Answer())


@routes.post("/cases/{file_id}/people/enter", dependencies=[WORK])
def enter(
    asks: Acts,
    file_id: uuid.UUID,
    kind: Annotated[PartyKind, Form()],
    role: Annotated[PartyRole, Form()],
    name: Words = "",
    number_kind: Choice = "",
    number: Words = "",
    phone: Words = "",
    address: Words = "",
    letter: Words = "",
    acts_for: Choice = "",
    same: Choice = "",
    another: Annotated[bool, Form()] = False,
) -> Response:
    """same: it is this entry, one of those that were shown as likely doubles. another: it is none of them."""
    key = key_of(asks.desk)

    def put(session: Session, file: CaseFile) -> None:
        entry = entry_of(kind, name, number_kind, number, phone, address)
        if same:
            party = _one_of(parties.likely_doubles(session, key, entry), same)
        else:
            party = parties.enter(session, key, entry, by=asks.by, at=asks.at, another=another)
        for_whom = uuid_or_none(acts_for)
        parties.link(session, file, party, role, by=asks.by, at=asks.at, letter=letter, acts_for=for_whom)

    return asks.act_on(file_id, "enter", put, "/people", _page)


@routes.post("/cases/{file_id}/people/keeper", dependencies=[WORK])
def keeper(asks: Acts, file_id: uuid.UUID, same: Choice = "", another: Annotated[bool, Form()] = False) -> Response:
    """The registered keeper of the vehicle that the camera saw; same, another: as in `enter`."""
    key = key_of(asks.desk)

    def put(session: Session, file: CaseFile) -> None:
        parties.take_keeper(session, key, file, by=asks.by, at=asks.at, same=uuid_or_none(same), another=another)

    return asks.act_on(file_id, "keeper", put, "/people", _page)


@routes.post("/cases/{file_id}/people/{file_party_id}/end", dependencies=[WORK])
def end(asks: Acts, file_id: uuid.UUID, file_party_id: uuid.UUID, reason: Words = "") -> Response:
    def put(session: Session, file: CaseFile) -> None:
        row = session.get_one(FileParty, file_party_id)
        if row.file_id != file.id:
            raise NotFound
        parties.end_link(session, file, row, by=asks.by, reason=reason, at=asks.at)

    return asks.act_on(file_id, f"end-{file_party_id}", put, "/people", _page)


@routes.post("/cases/{file_id}/people/vehicles", dependencies=[WORK])
def vehicle(
    asks: Acts,
    file_id: uuid.UUID,
    plate: Choice = "",
    vehicle_class: Choice = "",
    colour: Annotated[str, Form(max_length=40)] = "",
    keeper_id: Choice = "",
) -> Response:
    def put(session: Session, file: CaseFile) -> None:
        parties.enter_vehicle(
            session,
            file,
            plate,
            by=asks.by,
            at=asks.at,
            vehicle_class=vehicle_class,
            colour=colour,
            keeper_id=uuid_or_none(keeper_id),
        )

    return asks.act_on(file_id, "vehicle", put, "/people", _page)


@routes.post("/cases/{file_id}/people/witnesses", dependencies=[WORK])
def witness(
    asks: Acts,
    file_id: uuid.UUID,
    name: Words = "",
    phone: Words = "",
    address: Words = "",
    relation: Annotated[str, Form(max_length=200)] = "",
    heard_on: Choice = "",
    statement: Long = "",
) -> Response:
    key = key_of(asks.desk)

    def put(session: Session, file: CaseFile) -> None:
        heard = Heard(name, statement, day_of(heard_on), phone, address, relation)
        witnesses.add_witness(session, key, file, heard, by=asks.user, at=asks.at)

    return asks.act_on(file_id, "witness", put, "/people", _page)


@routes.post("/cases/{file_id}/people/witnesses/{witness_id}/look", dependencies=[SEE])
def look_at_witness(asks: Acts, file_id: uuid.UUID, witness_id: uuid.UUID, reason: Words = "") -> Response:
    """In clear in this answer, and in no other."""
    key, form = key_of(asks.desk), f"look-{witness_id}"
    try:
        with transaction(asks.desk.settings.sessions) as session:
            row = session.get_one(Witness, witness_id)
            if row.file_id != file_id:
                raise NotFound
            said = witnesses.look(session, key, row, by=asks.user, reason=reason, at=asks.at)
    except FileError as error:
        return _page(asks, file_id, Answer(form, asks.typed, error))
    return _page(asks, file_id, Answer(form), {witness_id: said})


@routes.post("/cases/{file_id}/people/corroboration", dependencies=[WORK])
def corroboration(
    asks: Acts,
    file_id: uuid.UUID,
    witness_id: Choice = "",
    exhibit_id: Choice = "",
    fact: Words = "",
    because: Words = "",
) -> Response:
    """because: nobody has to bear anything out; then it names no witness."""

    def put(session: Session, file: CaseFile) -> None:
        named = uuid_or_none(witness_id)
        row = session.get(Witness, named) if named else None
        if row is None:
            witnesses.not_needed(session, file, because=because, by=asks.user, at=asks.at)
        else:
            exhibit = uuid_or_none(exhibit_id)
            witnesses.corroborate(session, file, row, by=asks.user, at=asks.at, exhibit_id=exhibit, fact=fact)

    return asks.act_on(file_id, "corroboration", put, "/people", _page)


def key_of(desk: Desk) -> PersonalDataKey:
    """What the names of people are sealed with; a site without one has no such pages. Raises NotFound."""
    key = desk.settings.personal_data_key
    if key is None:
        raise NotFound
    return key


def entry_of(kind: PartyKind, name: str, number_kind: str, number: str, phone: str, address: str) -> Entry:
    """Raises NotFound for a kind of number that no page of ours offers."""
    if number_kind and number_kind not in set(PartyNumberKind):
        raise NotFound
    named = PartyNumberKind(number_kind) if number_kind else None
    return Entry(kind, name, named, number, phone, address)


def uuid_or_none(typed: str) -> uuid.UUID | None:
    """Raises NotFound for what names nothing."""
    try:
        return uuid.UUID(typed) if typed.strip() else None
    except ValueError as error:
        raise NotFound from error


def day_of(typed: str) -> date:
    """Raises FileRefused."""
    try:
        return date.fromisoformat(typed.strip())
    except ValueError as error:
        raise FileRefused("no_day") from error


def _one_of(found: list[parties.Double], same: str) -> Party:
    party = next((each.party for each in found if str(each.party.id) == same), None)
    if party is None:
        raise NotFound
    return party


def _page(
    asks: Asking, file_id: uuid.UUID, answer: Answer, in_clear: Mapping[uuid.UUID, Said] | None = None
) -> HTMLResponse:
    """in_clear: what a witness said and who they are, to who just said what for."""
    desk, key, head = asks.desk, key_of(asks.desk), asks.head(file_id)
    scope = scope_of(asks.user, Right.SEE_FILES)
    with reading(desk.settings.sessions) as session:
        file = session.get_one(CaseFile, file_id)
        today = local_date(asks.at, file.timezone)
        links = parties.parties_of(session, file_id)
        # asked for anew: what the refused transaction had read went with it
        doubles = _doubles(session, key, file, answer) if isinstance(answer.error, LikelyDouble) else []
        facts: dict[str, Any] = {
            "persons": [_person(session, key, link, file_id, scope) for link in links],
            "vehicles": parties.vehicles_of(session, file_id),
            "witnesses": [(row, witnesses.masked(key, row)) for row in witnesses.witnesses_of(session, file_id)],
            "corroborations": witnesses.corroborations_of(session, file_id),
            "exhibits": _exhibits(session, file),
            "doubles": [(each, parties.masked(key, each.party)) for each in doubles],
            "can_take_keeper": not links and parties.can_take_keeper(session, file),
            "hardship": credit_notes.hardship_of(session, key, file_id, today),
            "credit": credit_notes.credit_on_files(session, key, file_id, today, desk.settings.credit_effects),
        }
    return asks.page(
        "file_people.html",
        answer,
        head=head,
        in_clear=in_clear or {},
        kinds=tuple(PartyKind),
        number_kinds=tuple(PartyNumberKind),
        roles=tuple(PartyRole),
        today=today,
        **facts,
    )


def _person(session: Session, key: PersonalDataKey, link: FileParty, file_id: uuid.UUID, scope: Scope) -> Person:
    stands = parties.standing(session, link.party)
    past = parties.history(session, stands.id, scope, but=file_id)
    known = parties.masked(key, link.party)
    return Person(link, known, len(past.files) + past.elsewhere, sum(each.is_prior for each in past.files))


def _doubles(session: Session, key: PersonalDataKey, file: CaseFile, answer: Answer) -> list[parties.Double]:
    if answer.form == "keeper":
        _, entry = parties.keeper_of(session, key, file)
    else:
        words = (answer.typed.get(name, "") for name in ("name", "number_kind", "number", "phone", "address"))
        entry = entry_of(PartyKind(answer.typed["kind"]), *words)
    return parties.likely_doubles(session, key, entry)


def _exhibits(session: Session, file: CaseFile) -> list[Exhibit]:
    if file.incident_id is None:
        return []
    rows = select(Exhibit).where(Exhibit.incident_id == file.incident_id).order_by(Exhibit.from_at, Exhibit.kind)
    return list(session.scalars(rows))
