"""The people of a case file: its parties, its vehicles, its witnesses, and what bears out what.

Names, numbers and addresses are shown masked; in clear only in the answer to a form that says what for.
"""

import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from sqlalchemy import select
from sqlalchemy.orm import Session

from cases import credit_notes, parties, witnesses
from cases.casework.days import local_date
from cases.casework.errors import FileError, FileRefused, LikelyDouble
from cases.casework.steps import By
from cases.entitlements import Right, Scope
from cases.parties import Entry, Identity
from cases.witnesses import Heard, Said
from models.case_files import CaseFile
from models.database import reading, transaction
from models.enums import PartyKind, PartyNumberKind, PartyRole
from models.exhibits import Exhibit
from models.parties import FileParty, Party, Witness
from models.people import UserSession
from models.personal_data import PersonalDataKey
from review_ui.desk import Desk, Now, TheDesk
from review_ui.doorkeeper import CheckedForm, SignedIn
from review_ui.errors import NotFound
from review_ui.file_head import file_head
from review_ui.file_words import refusal
from review_ui.permissions import needs

routes = APIRouter()

REFUSED = 409
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


@dataclass(frozen=True)
class Answer:
    """What a form is answered with on the page. form: which; typed: what stood in it, so that nothing is lost."""

    form: str = ""
    typed: Mapping[str, str] = field(default_factory=dict, repr=False)
    error: FileError | None = None
    said: Said | None = field(default=None, repr=False)
    said_by: uuid.UUID | None = None


@routes.get("/cases/{file_id}/people")
def people(request: Request, desk: TheDesk, opened: SignedIn, at: Now, scope: Sees, file_id: uuid.UUID) -> HTMLResponse:
    return _page(request, desk, opened, at, scope, file_id, Answer())


@routes.post("/cases/{file_id}/people/enter")
def enter(
    request: Request,
    desk: TheDesk,
    opened: CheckedForm,
    at: Now,
    scope: Works,
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
    key = key_of(desk)
    typed = {
        "kind": kind.value,
        "role": role.value,
        "name": name,
        "number_kind": number_kind,
        "number": number,
        "phone": phone,
        "address": address,
        "letter": letter,
        "acts_for": acts_for,
    }

    def put(session: Session, file: CaseFile) -> None:
        entry = entry_of(kind, name, number_kind, number, phone, address)
        by = By.person(opened.user)
        if same:
            party = _one_of(parties.likely_doubles(session, key, entry), same)
        else:
            party = parties.enter(session, key, entry, by=by, at=at, another=another)
        for_whom = uuid_or_none(acts_for)
        parties.link(session, file, party, role, by=by, at=at, letter=letter, acts_for=for_whom)

    return _done(request, desk, opened, at, scope, file_id, Answer("enter", typed), put)


@routes.post("/cases/{file_id}/people/keeper")
def keeper(
    request: Request,
    desk: TheDesk,
    opened: CheckedForm,
    at: Now,
    scope: Works,
    file_id: uuid.UUID,
    same: Choice = "",
    another: Annotated[bool, Form()] = False,
) -> Response:
    """The registered keeper of the vehicle that the camera saw; same, another: as in `enter`."""
    key, by = key_of(desk), By.person(opened.user)

    def put(session: Session, file: CaseFile) -> None:
        parties.take_keeper(session, key, file, by=by, at=at, same=uuid_or_none(same), another=another)

    return _done(request, desk, opened, at, scope, file_id, Answer("keeper"), put)


@routes.post("/cases/{file_id}/people/{file_party_id}/end")
def end(
    request: Request,
    desk: TheDesk,
    opened: CheckedForm,
    at: Now,
    scope: Works,
    file_id: uuid.UUID,
    file_party_id: uuid.UUID,
    reason: Words = "",
) -> Response:
    def put(session: Session, file: CaseFile) -> None:
        row = session.get_one(FileParty, file_party_id)
        if row.file_id != file.id:
            raise NotFound
        parties.end_link(session, file, row, by=By.person(opened.user), reason=reason, at=at)

    return _done(request, desk, opened, at, scope, file_id, Answer(f"end-{file_party_id}", {"reason": reason}), put)


@routes.post("/cases/{file_id}/people/vehicles")
def vehicle(
    request: Request,
    desk: TheDesk,
    opened: CheckedForm,
    at: Now,
    scope: Works,
    file_id: uuid.UUID,
    plate: Choice = "",
    vehicle_class: Choice = "",
    colour: Annotated[str, Form(max_length=40)] = "",
    keeper_id: Choice = "",
) -> Response:
    typed = {"plate": plate, "vehicle_class": vehicle_class, "colour": colour, "keeper_id": keeper_id}

    def put(session: Session, file: CaseFile) -> None:
        parties.enter_vehicle(
            session,
            file,
            plate,
            by=By.person(opened.user),
            at=at,
            vehicle_class=vehicle_class,
            colour=colour,
            keeper_id=uuid_or_none(keeper_id),
        )

    return _done(request, desk, opened, at, scope, file_id, Answer("vehicle", typed), put)


@routes.post("/cases/{file_id}/people/witnesses")
def witness(
    request: Request,
    desk: TheDesk,
    opened: CheckedForm,
    at: Now,
    scope: Works,
    file_id: uuid.UUID,
    name: Words = "",
    phone: Words = "",
    address: Words = "",
    relation: Annotated[str, Form(max_length=200)] = "",
    heard_on: Choice = "",
    statement: Long = "",
) -> Response:
    key = key_of(desk)
    typed = {
        "name": name,
        "phone": phone,
        "address": address,
        "relation": relation,
        "heard_on": heard_on,
        "statement": statement,
    }

    def put(session: Session, file: CaseFile) -> None:
        heard = Heard(name, statement, day_of(heard_on), phone, address, relation)
        witnesses.add_witness(session, key, file, heard, by=opened.user, at=at)

    return _done(request, desk, opened, at, scope, file_id, Answer("witness", typed), put)


@routes.post("/cases/{file_id}/people/witnesses/{witness_id}/look")
def look_at_witness(
    request: Request,
    desk: TheDesk,
    opened: CheckedForm,
    at: Now,
    scope: Sees,
    file_id: uuid.UUID,
    witness_id: uuid.UUID,
    reason: Words = "",
) -> Response:
    """In clear in this answer, and in no other."""
    key, form = key_of(desk), f"look-{witness_id}"
    try:
        with transaction(desk.settings.sessions) as session:
            row = session.get_one(Witness, witness_id)
            if row.file_id != file_id:
                raise NotFound
            said = witnesses.look(session, key, row, by=opened.user, reason=reason, at=at)
    except FileError as error:
        return _page(request, desk, opened, at, scope, file_id, Answer(form, {"reason": reason}, error))
    return _page(request, desk, opened, at, scope, file_id, Answer(form, said=said, said_by=witness_id))


@routes.post("/cases/{file_id}/people/corroboration")
def corroboration(
    request: Request,
    desk: TheDesk,
    opened: CheckedForm,
    at: Now,
    scope: Works,
    file_id: uuid.UUID,
    witness_id: Choice = "",
    exhibit_id: Choice = "",
    fact: Words = "",
    because: Words = "",
) -> Response:
    """because: nobody has to bear anything out; then it names no witness."""
    typed = {"witness_id": witness_id, "exhibit_id": exhibit_id, "fact": fact, "because": because}

    def put(session: Session, file: CaseFile) -> None:
        named = uuid_or_none(witness_id)
        row = session.get(Witness, named) if named else None
        if row is None:
            witnesses.not_needed(session, file, because=because, by=opened.user, at=at)
        else:
            exhibit = uuid_or_none(exhibit_id)
            witnesses.corroborate(session, file, row, by=opened.user, at=at, exhibit_id=exhibit, fact=fact)

    return _done(request, desk, opened, at, scope, file_id, Answer("corroboration", typed), put)


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


def _done(
    request: Request,
    desk: Desk,
    opened: UserSession,
    at: datetime,
    scope: Scope,
    file_id: uuid.UUID,
    answer: Answer,
    put: Callable[[Session, CaseFile], Any],
) -> Response:
    """Back to the page, or the page with what stands against it and everything that was typed."""
    try:
        with transaction(desk.settings.sessions) as session:
            put(session, session.get_one(CaseFile, file_id))
    except FileError as error:
        return _page(request, desk, opened, at, scope, file_id, Answer(answer.form, answer.typed, error))
    return RedirectResponse(f"/cases/{file_id}/people", 303)


def _page(
    request: Request,
    desk: Desk,
    opened: UserSession,
    at: datetime,
    scope: Scope,
    file_id: uuid.UUID,
    answer: Answer,
) -> HTMLResponse:
    key = key_of(desk)
    head = file_head(desk, request, opened, file_id, at)
    error = answer.error
    with reading(desk.settings.sessions) as session:
        file = session.get_one(CaseFile, file_id)
        today = local_date(at, file.timezone)
        links = parties.parties_of(session, file_id)
        # asked for anew: what the refused transaction had read went with it
        doubles = _doubles(session, key, file, answer) if isinstance(error, LikelyDouble) else []
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
    return desk.page(
        request,
        "file_people.html",
        opened,
        status=REFUSED if error else 200,
        head=head,
        answer=answer,
        refused=refusal(desk.catalog_for(request), error) if error else "",
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
        words = (answer.typed[name] for name in ("name", "number_kind", "number", "phone", "address"))
        entry = entry_of(PartyKind(answer.typed["kind"]), *words)
    return parties.likely_doubles(session, key, entry)


def _exhibits(session: Session, file: CaseFile) -> list[Exhibit]:
    if file.incident_id is None:
        return []
    rows = select(Exhibit).where(Exhibit.incident_id == file.incident_id).order_by(Exhibit.from_at, Exhibit.kind)
    return list(session.scalars(rows))
