"""Records at the desk: taken down at the kerb, read over, put right by new lines, finished; and shown to who says why.

A draft is shown to its writers alone, as it was typed. What was read over stands in clear for its writers until it is
finished; afterwards, and for everybody else, in the answer to a form that says what for.
"""

import uuid
from dataclasses import dataclass, replace
from itertools import zip_longest
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Form
from fastapi.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from sqlalchemy.orm import Session

from cases import parties, witnesses
from cases.casework import file_shown
from cases.casework.errors import FileError
from cases.entitlements import Right
from cases.records import reading, typed, writing
from cases.records.reading import RecordValue
from cases.records.typed import ASKED, LONGEST_BYSTANDER, LONGEST_LINE, LONGEST_PLACE, Typed, TypedLine, Who
from models.case_files import CaseFile
from models.database import reading as looking
from models.database import transaction
from models.enums import RecordEnding, RecordKind, RecordSpeaker, RecordState
from models.personal_data import PersonalDataKey
from models.records import FileRecord
from review_ui.asking import DONE, REFUSED, Acts, Answer, Asking, Asks
from review_ui.errors import NotFound
from review_ui.file_words import refusal
from review_ui.people_pages import Choice, Words, key_of
from review_ui.permissions import needs

routes = APIRouter()

# whose record it is, cases/records asks: a hearing is taken down by others than an inquiry
SEES = needs(Right.SEE_FILES)
JSON = "application/json"
Line = Annotated[str, Form(max_length=LONGEST_LINE)]
Lines = Annotated[list[str] | None, Form()]
Ticked = Annotated[bool, Form()]
Number = Annotated[int, Form(ge=0, le=100_000)]


@dataclass(frozen=True)
class Written:
    """What stands in the form of a draft. revision: of what it was typed over."""

    typed: Typed
    revision: int


def written(
    revision: Number = 0,
    place: Words = "",
    begun: Choice = "",
    ended: Choice = "",
    first: Choice = "",
    second: Choice = "",
    asked: Choice = "",
    bystander: Words = "",
    shown: Ticked = False,
    told: Ticked = False,
    ask: Lines = None,
    say: Lines = None,
    speaker: Lines = None,
) -> Written:
    rows = zip_longest(say or (), ask or (), speaker or (), fillvalue="")
    lines = tuple(TypedLine(_lines_of(said), _lines_of(question), whose) for said, question, whose in rows)
    return Written(Typed(place, begun, ended, first, second, asked, bystander, shown, told, lines), revision)


OfTheForm = Annotated[Written, Depends(written)]


@dataclass(frozen=True)
class Shown:
    """A record on the list. asked: masked; may_open: who looks may go on with it."""

    row: FileRecord
    who: Who
    asked: str
    may_open: bool


@routes.get("/cases/{file_id}/records", dependencies=[SEES])
def records(asks: Asks, file_id: uuid.UUID) -> HTMLResponse:
    return _list(asks, file_id, Answer())


@routes.post("/cases/{file_id}/records", dependencies=[SEES])
def begin(asks: Acts, file_id: uuid.UUID, kind: Annotated[RecordKind, Form()]) -> Response:
    key = key_of(asks.desk)
    stock = asks.desk.settings.record_questions
    try:
        with transaction(asks.desk.settings.sessions) as session:
            record_id = writing.begin(session, key, file_id, kind, stock, by=asks.user, at=asks.at).id
    except FileError as error:
        return _list(asks, file_id, Answer("begin", asks.typed, error))
    return RedirectResponse(f"/cases/{file_id}/records/{record_id}", DONE)


@routes.get("/cases/{file_id}/records/{record_id}", dependencies=[SEES])
def record(asks: Asks, file_id: uuid.UUID, record_id: uuid.UUID) -> HTMLResponse:
    return _page(asks, file_id, record_id, Answer())


@routes.post("/cases/{file_id}/records/{record_id}", dependencies=[SEES])
def keep(asks: Acts, file_id: uuid.UUID, record_id: uuid.UUID, form: OfTheForm, pick: Choice = "") -> Response:
    """The draft as it stands in the form; pick: with a line of the stock behind it.

    The page itself asks for JSON while somebody types, and is told the revision that it types over from then on.
    """
    chosen = asks.desk.settings.record_questions.find(pick)
    if chosen is not None:
        lines = (*(line for line in form.typed.lines if not line.is_empty), writing.chosen_text(chosen))
        form = replace(form, typed=replace(form.typed, lines=lines))
    answers_a_page = JSON not in asks.request.headers.get("accept", "")
    try:
        revision = _keep(asks, file_id, record_id, form)
    except FileError as error:
        if answers_a_page:
            return _page(asks, file_id, record_id, Answer("draft", asks.typed, error), form=form)
        return JSONResponse({"sentence": refusal(asks.desk.catalog_for(asks.request), error)}, REFUSED)
    if answers_a_page:
        return RedirectResponse(f"/cases/{file_id}/records/{record_id}#lines", DONE)
    return JSONResponse({"revision": revision})


@routes.post("/cases/{file_id}/records/{record_id}/read", dependencies=[SEES])
def read_over(asks: Acts, file_id: uuid.UUID, record_id: uuid.UUID, form: OfTheForm) -> Response:
    """What was typed is kept first, so that it is there whatever is refused."""
    key = key_of(asks.desk)
    try:
        _keep(asks, file_id, record_id, form)
    except FileError as error:
        return _page(asks, file_id, record_id, Answer("draft", asks.typed, error), form=form)

    def put(session: Session) -> None:
        writing.read_over(session, key, record_id, by=asks.user, at=asks.at)

    return _done(asks, file_id, record_id, "draft", put)


@routes.post("/cases/{file_id}/records/{record_id}/correct", dependencies=[SEES])
def correct(asks: Acts, file_id: uuid.UUID, record_id: uuid.UUID, corrects: Number = 0, say: Line = "") -> Response:
    key = key_of(asks.desk)

    def put(session: Session) -> None:
        _of(session, record_id, file_id)
        said = _lines_of(say)
        writing.correct(session, key, record_id, corrects=corrects, say=said, by=asks.user, at=asks.at)

    return _done(asks, file_id, record_id, "correct", put)


@routes.post("/cases/{file_id}/records/{record_id}/finish", dependencies=[SEES])
def finish(
    asks: Acts,
    file_id: uuid.UUID,
    record_id: uuid.UUID,
    ending: Annotated[RecordEnding, Form()],
    reason: Words = "",
    witness: Words = "",
) -> Response:
    key = key_of(asks.desk)

    def put(session: Session) -> None:
        _of(session, record_id, file_id)
        writing.finish(session, key, record_id, ending, reason=reason, witness=witness, by=asks.user, at=asks.at)

    return _done(asks, file_id, record_id, "finish", put)


@routes.post("/cases/{file_id}/records/{record_id}/drop", dependencies=[SEES])
def drop(asks: Acts, file_id: uuid.UUID, record_id: uuid.UUID, reason: Words = "") -> Response:
    key = key_of(asks.desk)

    def put(session: Session) -> None:
        _of(session, record_id, file_id)
        writing.drop(session, key, record_id, reason=reason, by=asks.user, at=asks.at)

    return _done(asks, file_id, record_id, "drop", put)


@routes.post("/cases/{file_id}/records/{record_id}/look", dependencies=[SEES])
def look(asks: Acts, file_id: uuid.UUID, record_id: uuid.UUID, reason: Words = "") -> HTMLResponse:
    """In clear in this answer, and in no other."""
    key = key_of(asks.desk)
    try:
        with transaction(asks.desk.settings.sessions) as session:
            row = _of(session, record_id, file_id)
            seen = reading.look(session, key, row, by=asks.by, reason=reason, at=asks.at)
    except FileError as error:
        return _page(asks, file_id, record_id, Answer("look", asks.typed, error))
    return _page(asks, file_id, record_id, Answer("look"), seen=seen)


# --- pages


def _keep(asks: Asking, file_id: uuid.UUID, record_id: uuid.UUID, form: Written) -> int:
    """The new revision. Raises FileError."""
    key = key_of(asks.desk)
    with transaction(asks.desk.settings.sessions) as session:
        _of(session, record_id, file_id)
        return writing.keep(session, key, record_id, form.typed, form.revision, by=asks.user, at=asks.at)


def _done(asks: Asking, file_id: uuid.UUID, record_id: uuid.UUID, form: str, put: Any) -> Response:
    return asks.act(
        form, put, f"/cases/{file_id}/records/{record_id}", lambda answer: _page(asks, file_id, record_id, answer)
    )


def _list(asks: Asking, file_id: uuid.UUID, answer: Answer) -> HTMLResponse:
    key = key_of(asks.desk)
    head = asks.head(file_id)
    with looking(asks.desk.settings.sessions) as session:
        file = session.get_one(CaseFile, file_id)
        shown = [_shown(session, key, row, asks) for row in reading.records_of(session, file_id)]
        can_begin = [kind for kind in RecordKind if writing.may_begin(session, file, kind, asks.user)]
    return asks.page("file_records.html", answer, head=head, shown=shown, can_begin=can_begin)


def _shown(session: Session, key: PersonalDataKey, row: FileRecord, asks: Asking) -> Shown:
    draft = reading.draft_of(key, row) if row.draft_sealed is not None else None
    may_open = row.state is not RecordState.DRAFT or reading.may_write(row, asks.user.id, draft)
    return Shown(row, reading.who_was_asked(row), reading.asked_masked(session, key, row), may_open)


def _page(
    asks: Asking,
    file_id: uuid.UUID,
    record_id: uuid.UUID,
    answer: Answer,
    *,
    form: Written | None = None,
    seen: RecordValue | None = None,
) -> HTMLResponse:
    """form: what was typed and refused, so that it stands there again. seen: what a look is answered with."""
    key = key_of(asks.desk)
    head = asks.head(file_id)
    stock = asks.desk.settings.record_questions
    with looking(asks.desk.settings.sessions) as session:
        file = session.get_one(CaseFile, file_id)
        row = _of(session, record_id, file_id)
        draft = reading.draft_of(key, row) if row.draft_sealed is not None else None
        writes = reading.may_write(row, asks.user.id, draft)
        facts: dict[str, Any] = {"record": row, "writes": writes, "who": reading.who_was_asked(row), "draft": None}
        facts["asked"] = reading.asked_masked(session, key, row)
        facts["looks"] = reading.looks_at(session, record_id)
        if draft is not None and row.state is RecordState.DRAFT and writes:
            facts |= _choices(session, key, file, row, asks)
            facts["draft"] = draft if form is None else form.typed
            facts["revision"] = row.revision if form is None else form.revision
            facts["offered"] = stock.for_a(row.kind, file.offence)
        elif row.state is RecordState.READ and writes:
            seen = reading.value(session, key, row)
    return asks.page(
        "file_record.html",
        answer,
        head=head,
        seen=seen,
        shown_time=typed.shown_time,
        blank=TypedLine(),
        speakers=tuple(RecordSpeaker),
        endings=tuple(each for each in RecordEnding if (each is RecordEnding.ABSENT) == (facts["who"] is Who.NOBODY)),
        longest={"place": LONGEST_PLACE, "line": LONGEST_LINE, "bystander": LONGEST_BYSTANDER},
        **facts,
    )


def _choices(session: Session, key: PersonalDataKey, file: CaseFile, row: FileRecord, asks: Asking) -> dict[str, Any]:
    """Who can be chosen: for the two places, and as who is asked."""
    if row.kind is RecordKind.HEARING:
        chair = None if row.hearing is None else row.hearing.chair_id
        people = [user for user in file_shown.chairs(session, file) if user.id != chair]
    else:
        people = file_shown.candidates(session, file, asks.at)
    allowed = ASKED[row.kind]
    asked = [
        (f"{Who.PARTY.value}:{link.id}", f"party_role.{link.role.value}", parties.masked(key, link.party).name)
        for link in parties.parties_of(session, file.id)
        if row.kind is not RecordKind.HEARING or link.role in writing.AT_A_HEARING
    ]
    if Who.WITNESS in allowed:
        known = witnesses.witnesses_of(session, file.id)
        asked += [
            (f"{Who.WITNESS.value}:{each.id}", "records.asked.witness", witnesses.masked(key, each).name)
            for each in known
        ]
    asked += [(who.value, f"records.asked.{who.value}", "") for who in (Who.BYSTANDER, Who.NOBODY) if who in allowed]
    return {"people": people, "can_be_asked": asked}


def _of(session: Session, record_id: uuid.UUID, file_id: uuid.UUID) -> FileRecord:
    """Raises NotFound for a record of another case file."""
    found = reading.find(session, record_id)
    if found is None or found.file_id != file_id:
        raise NotFound
    return found


def _lines_of(text: str) -> str:
    """Forms end lines as CRLF (HTML, "constructing the entry list"); what is kept has one sign for it."""
    return text.replace("\r\n", "\n")
