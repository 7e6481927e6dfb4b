"""Parties at the desk: found by number, phone or name, with their case files, vehicles and notes.

What is looked for comes by form and never by address, so that no number stays in a log or a browser's history.
"""

import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from sqlalchemy.orm import Session

from cases import credit_notes, parties
from cases.casework.errors import FileError, FileRefused
from cases.casework.steps import By
from cases.entitlements import Right, Scope
from cases.parties import Identity
from models.database import reading, transaction
from models.enums import PartyKind, PartyNoteKind, PartyNumberKind
from models.parties import Party, PartyNote
from models.people import UserSession
from review_ui.desk import Desk, Now, TheDesk
from review_ui.doorkeeper import CheckedForm, SignedIn
from review_ui.errors import NotFound
from review_ui.file_words import refusal
from review_ui.people_pages import REFUSED, Choice, Long, Sees, Words, Works, day_of, entry_of, key_of, uuid_or_none
from review_ui.permissions import needs, within

routes = APIRouter()

SEE = needs(Right.SEE_FILES)


@dataclass(frozen=True)
class Answer:
    """What a form is answered with on the page. seen: who it is, in clear, in the answer to who said what for."""

    form: str = ""
    typed: Mapping[str, str] = field(default_factory=dict, repr=False)
    error: FileError | None = None
    seen: Identity | None = field(default=None, repr=False)


@routes.get("/parties", dependencies=[SEE])
def asked(request: Request, desk: TheDesk, opened: SignedIn) -> HTMLResponse:
    return desk.page(request, "parties.html", opened, typed="", found=None)


@routes.post("/parties")
def find(request: Request, desk: TheDesk, opened: CheckedForm, scope: Sees, q: Words = "") -> HTMLResponse:
    key = key_of(desk)
    with reading(desk.settings.sessions) as session:
        rows = parties.search(session, key, q, scope)
        found = [(row, parties.masked(key, row), parties.history(session, row.id, scope)) for row in rows]
    return desk.page(request, "parties.html", opened, typed=q, found=found)


@routes.get("/parties/{party_id}")
def party(request: Request, desk: TheDesk, opened: SignedIn, at: Now, scope: Sees, party_id: uuid.UUID) -> HTMLResponse:
    return _page(request, desk, opened, at, scope, party_id, Answer())


@routes.post("/parties/{party_id}/look")
def look(
    request: Request,
    desk: TheDesk,
    opened: CheckedForm,
    at: Now,
    scope: Sees,
    party_id: uuid.UUID,
    reason: Words = "",
) -> HTMLResponse:
    """In clear in this answer, and in no other."""
    key = key_of(desk)
    try:
        with transaction(desk.settings.sessions) as session:
            row = session.get_one(Party, party_id)
            seen = parties.look(session, key, row, by=By.person(opened.user), reason=reason, at=at)
    except FileError as error:
        return _page(request, desk, opened, at, scope, party_id, Answer("look", {"reason": reason}, error))
    return _page(request, desk, opened, at, scope, party_id, Answer("look", seen=seen))


@routes.post("/parties/{party_id}/change")
def change(
    request: Request,
    desk: TheDesk,
    opened: CheckedForm,
    at: Now,
    scope: Works,
    party_id: uuid.UUID,
    name: Words = "",
    number_kind: Choice = "",
    number: Words = "",
    phone: Words = "",
    address: Words = "",
    reason: Words = "",
) -> Response:
    """What is left empty stays as it is: who puts something right need not have seen the rest."""
    key = key_of(desk)
    typed = {
        "name": name,
        "number_kind": number_kind,
        "number": number,
        "phone": phone,
        "address": address,
        "reason": reason,
    }

    def put(session: Session, row: Party) -> None:
        there = parties.identity(key, row)
        kind = number_kind if number.strip() else (row.number_kind or "")
        entry = entry_of(
            row.kind,
            name.strip() or there.name,
            kind,
            number.strip() or there.number,
            phone.strip() or there.phone,
            address.strip() or there.address,
        )
        parties.change(session, key, row, entry, by=By.person(opened.user), reason=reason, at=at)

    return _done(request, desk, opened, at, scope, party_id, Answer("change", typed), put)


@routes.post("/parties/{party_id}/merge")
def merge(
    request: Request,
    desk: TheDesk,
    opened: CheckedForm,
    at: Now,
    scope: Works,
    party_id: uuid.UUID,
    other: Choice = "",
    reason: Words = "",
) -> Response:
    """other: the entry that turns out to be of the same person; this one stays."""
    wanted = uuid_or_none(other)
    if wanted is not None:
        within(desk, scope, "party_id", str(wanted))

    def put(session: Session, row: Party) -> None:
        if wanted is None:
            raise FileRefused("merged_with_nobody")
        joined = session.get_one(Party, wanted)
        parties.merge(session, joined, row, by=By.person(opened.user), reason=reason, at=at)

    typed = {"other": other, "reason": reason}
    return _done(request, desk, opened, at, scope, party_id, Answer("merge", typed), put)


@routes.post("/parties/{party_id}/unmerge")
def unmerge(
    request: Request,
    desk: TheDesk,
    opened: CheckedForm,
    at: Now,
    scope: Works,
    party_id: uuid.UUID,
    other: Choice = "",
    reason: Words = "",
) -> Response:
    wanted = uuid_or_none(other)

    def put(session: Session, row: Party) -> None:
        joined = next((each for each in parties.merged_into(session, row.id) if each.id == wanted), None)
        if joined is None:
            raise FileRefused("not_merged")
        parties.unmerge(session, joined, by=By.person(opened.user), reason=reason, at=at)

    answer = Answer(f"unmerge-{other}", {"reason": reason})
    return _done(request, desk, opened, at, scope, party_id, answer, put)


@routes.post("/parties/{party_id}/notes")
def note(
    request: Request,
    desk: TheDesk,
    opened: CheckedForm,
    at: Now,
    scope: Works,
    party_id: uuid.UUID,
    kind: Annotated[PartyNoteKind, Form()],
    text: Long = "",
    legal_basis: Words = "",
    from_on: Choice = "",
    expires_on: Choice = "",
) -> Response:
    key = key_of(desk)
    typed = {
        "kind": kind.value,
        "text": text,
        "legal_basis": legal_basis,
        "from_on": from_on,
        "expires_on": expires_on,
    }

    def put(session: Session, row: Party) -> None:
        credit_notes.add(
            session,
            key,
            row,
            kind,
            text,
            legal_basis=legal_basis,
            from_on=day_of(from_on),
            expires_on=day_of(expires_on),
            by=By.person(opened.user),
            at=at,
        )

    return _done(request, desk, opened, at, scope, party_id, Answer("note", typed), put)


@routes.post("/parties/{party_id}/notes/{party_note_id}/remove")
def remove_note(
    request: Request,
    desk: TheDesk,
    opened: CheckedForm,
    at: Now,
    scope: Works,
    party_id: uuid.UUID,
    party_note_id: uuid.UUID,
    reason: Words = "",
) -> Response:
    def put(session: Session, row: Party) -> None:
        found = session.get_one(PartyNote, party_note_id)
        if found.party_id not in parties.entries_of(session, row.id):
            raise NotFound
        credit_notes.remove(session, found, by=By.person(opened.user), reason=reason, at=at)

    answer = Answer(f"remove-{party_note_id}", {"reason": reason})
    return _done(request, desk, opened, at, scope, party_id, answer, put)


def _done(
    request: Request,
    desk: Desk,
    opened: UserSession,
    at: datetime,
    scope: Scope,
    party_id: uuid.UUID,
    answer: Answer,
    put: Callable[[Session, Party], Any],
) -> Response:
    try:
        with transaction(desk.settings.sessions) as session:
            put(session, session.get_one(Party, party_id))
    except FileError as error:
        return _page(request, desk, opened, at, scope, party_id, Answer(answer.form, answer.typed, error))
    return RedirectResponse(f"/parties/{party_id}", 303)


def _page(
    request: Request,
    desk: Desk,
    opened: UserSession,
    at: datetime,
    scope: Scope,
    party_id: uuid.UUID,
    answer: Answer,
) -> HTMLResponse:
    key = key_of(desk)
    with reading(desk.settings.sessions) as session:
        row = session.get_one(Party, party_id)
        known = parties.masked(key, row)
        doubles = parties.namesakes(session, key, row, scope)
        facts: dict[str, Any] = {
            "party": row,
            "stands": parties.standing(session, row),
            "known": known,
            "history": parties.history(session, party_id, scope),
            "vehicles": parties.vehicles_kept_by(session, party_id),
            "joined": [(each, parties.masked(key, each)) for each in parties.merged_into(session, party_id)],
            "doubles": [(each, parties.masked(key, each)) for each in doubles],
            "notes": [credit_notes.opened(key, each) for each in credit_notes.notes_of(session, party_id)],
            "events": parties.events_of(session, party_id),
        }
    error = answer.error
    return desk.page(
        request,
        "party.html",
        opened,
        status=REFUSED if error else 200,
        answer=answer,
        refused=refusal(desk.catalog_for(request), error) if error else "",
        number_kinds=tuple(PartyNumberKind),
        note_kinds=tuple(PartyNoteKind),
        company=PartyKind.COMPANY,
        timezone=desk.timezone(),
        at=at,
        **facts,
    )
