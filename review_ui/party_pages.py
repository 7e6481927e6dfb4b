"""Parties at the desk: found by number, phone or name, with their case files, vehicles and notes.

What is looked for comes by form and never by address, so that no number stays in a log or a browser's history.
"""

import uuid
from collections.abc import Callable
from typing import Annotated, Any

from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse, Response
from sqlalchemy.orm import Session

from cases import credit_notes, parties
from cases.casework.errors import FileError, FileRefused
from cases.entitlements import Right, scope_of
from cases.parties import Identity
from models.database import reading, transaction
from models.enums import PartyKind, PartyNoteKind, PartyNumberKind
from models.parties import Party, PartyNote
from review_ui.asking import Acts, Answer, Asking, Asks
from review_ui.desk import TheDesk
from review_ui.doorkeeper import CheckedForm, SignedIn
from review_ui.errors import NotFound
from review_ui.people_pages import Choice, Long, Sees, Words, Works, day_of, entry_of, key_of, uuid_or_none
from review_ui.permissions import needs, within

routes = APIRouter()

SEE, WORK = needs(Right.SEE_FILES), needs(Right.WORK_FILES)


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


@routes.get("/parties/{party_id}", dependencies=[SEE])
def party(asks: Asks, party_id: uuid.UUID) -> HTMLResponse:
    return _page(asks, party_id, Answer())


@routes.post("/parties/{party_id}/look", dependencies=[SEE])
def look(asks: Acts, party_id: uuid.UUID, reason: Words = "") -> HTMLResponse:
    """In clear in this answer, and in no other."""
    key = key_of(asks.desk)
    try:
        with transaction(asks.desk.settings.sessions) as session:
            row = session.get_one(Party, party_id)
            seen = parties.look(session, key, row, by=asks.by, reason=reason, at=asks.at)
    except FileError as error:
        return _page(asks, party_id, Answer("look", asks.typed, error))
    return _page(asks, party_id, Answer("look"), seen)


@routes.post("/parties/{party_id}/change", dependencies=[WORK])
def change(
    asks: Acts,
    party_id: uuid.UUID,
    name: Words = "",
    number_kind: Choice = "",
    number: Words = "",
    phone: Words = "",
    address: Words = "",
    reason: Words = "",
) -> Response:
    """What is left empty stays as it is: who puts something right need not have seen the rest."""
    key = key_of(asks.desk)

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
        parties.change(session, key, row, entry, by=asks.by, reason=reason, at=asks.at)

    return _done(asks, party_id, "change", put)


@routes.post("/parties/{party_id}/merge")
def merge(asks: Acts, scope: Works, party_id: uuid.UUID, other: Choice = "", reason: Words = "") -> Response:
    """other: the entry that turns out to be of the same person; this one stays."""
    wanted = uuid_or_none(other)
    if wanted is not None:
        within(asks.desk, scope, "party_id", str(wanted))

    def put(session: Session, row: Party) -> None:
        if wanted is None:
            raise FileRefused("merged_with_nobody")
        joined = session.get_one(Party, wanted)
        parties.merge(session, joined, row, by=asks.by, reason=reason, at=asks.at)

    return _done(asks, party_id, "merge", put)


@routes.post("/parties/{party_id}/unmerge", dependencies=[WORK])
def unmerge(asks: Acts, party_id: uuid.UUID, other: Choice = "", reason: Words = "") -> Response:
    wanted = uuid_or_none(other)

    def put(session: Session, row: Party) -> None:
        joined = next((each for each in parties.merged_into(session, row.id) if each.id == wanted), None)
        if joined is None:
            raise FileRefused("not_merged")
        parties.unmerge(session, joined, by=asks.by, reason=reason, at=asks.at)

    return _done(asks, party_id, f"unmerge-{other}", put)


@routes.post("/parties/{party_id}/notes", dependencies=[WORK])
def note(
    asks: Acts,
    party_id: uuid.UUID,
    kind: Annotated[PartyNoteKind, Form()],
    text: Long = "",
    legal_basis: Words = "",
    from_on: Choice = "",
    expires_on: Choice = "",
) -> Response:
    key = key_of(asks.desk)

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
            by=asks.by,
            at=asks.at,
        )

    return _done(asks, party_id, "note", put)


@routes.post("/parties/{party_id}/notes/{party_note_id}/remove", dependencies=[WORK])
def remove_note(asks: Acts, party_id: uuid.UUID, party_note_id: uuid.UUID, reason: Words = "") -> Response:
    def put(session: Session, row: Party) -> None:
        found = session.get_one(PartyNote, party_note_id)
        if found.party_id not in parties.entries_of(session, row.id):
            raise NotFound
        credit_notes.remove(session, found, by=asks.by, reason=reason, at=asks.at)

    return _done(asks, party_id, f"remove-{party_note_id}", put)


def _done(asks: Asking, party_id: uuid.UUID, form: str, put: Callable[[Session, Party], object]) -> Response:
    return asks.act(
        form,
        lambda session: put(session, session.get_one(Party, party_id)),
        f"/parties/{party_id}",
        lambda answer: _page(asks, party_id, answer),
    )


def _page(asks: Asking, party_id: uuid.UUID, answer: Answer, seen: Identity | None = None) -> HTMLResponse:
    """seen: who it is, in clear, in the answer to who said what for."""
    desk, key, scope = asks.desk, key_of(asks.desk), scope_of(asks.user, Right.SEE_FILES)
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
    return asks.page(
        "party.html",
        answer,
        seen=seen,
        number_kinds=tuple(PartyNumberKind),
        note_kinds=tuple(PartyNoteKind),
        company=PartyKind.COMPANY,
        timezone=desk.timezone(),
        at=asks.at,
        **facts,
    )
