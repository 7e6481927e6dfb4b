"""What is done on a case file from its overview: steps, officers, facts, defence, hearing.

Each is one call into cases/casework; a refusal gives the overview back with its sentence and what was typed.
"""

import uuid
from datetime import date, datetime
from typing import Annotated
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Form
from fastapi.responses import Response
from sqlalchemy.orm import Session, selectinload

from cases.casework import approvals, defence, filing, hearings, officers
from cases.casework.errors import FileRefused
from cases.casework.filing import LONGEST, Matter
from cases.entitlements import Right
from models.case_files import CaseFile
from models.enums import FileAct, ReviewGround
from models.people import User
from review_ui.asking import Acts
from review_ui.file_overview import overview
from review_ui.permissions import needs

routes = APIRouter()

SEE, WORK = needs(Right.SEE_FILES), needs(Right.WORK_FILES)
Text = Annotated[str, Form(max_length=LONGEST["facts"])]
Ticked = Annotated[bool, Form()]


@routes.post("/cases/{file_id}/steps", dependencies=[SEE])
def step(
    asks: Acts, file_id: uuid.UUID, step: Annotated[FileAct, Form()], reason: Text = "", to: Text = ""
) -> Response:
    """Asked for, or taken at once where nobody has to agree; whose step it is, the case file's own rules say."""
    chains = asks.desk.settings.chains

    def put(session: Session, file: CaseFile) -> None:
        facts = {"to": to} if to else {}
        approvals.ask(session, file.id, step, by=asks.user, reason=reason, facts=facts, at=asks.at, chains=chains)

    return asks.act_on(file_id, "step", put, "", overview)


@routes.post("/cases/{file_id}/facts", dependencies=[WORK])
def facts(
    asks: Acts,
    file_id: uuid.UUID,
    title: Text = "",
    facts: Text = "",
    place: Text = "",
    law_code: Text = "",
    review_grounds: Annotated[list[ReviewGround] | None, Form()] = None,
) -> Response:
    def put(session: Session, file: CaseFile) -> None:
        matter = Matter(
            law_code=law_code,
            title=title,
            facts=facts,
            place=place,
            conduct_from_at=file.conduct_from_at,
            conduct_to_at=file.conduct_to_at,
            offence=file.offence,
            area_id=file.area_id,
            review_grounds=review_grounds or (),
        )
        filing.say_facts(session, file.id, matter, by=asks.user, at=asks.at)

    return asks.act_on(file_id, "facts", put, "#facts", overview)


# --- officers


@routes.post("/cases/{file_id}/officers", dependencies=[SEE])
def assign(asks: Acts, file_id: uuid.UUID, first: Text = "", second: Text = "", reason: Text = "") -> Response:
    """Whoever was chosen for a place; who is in it already stays where nobody was."""

    def put(session: Session, file: CaseFile) -> None:
        for place, chosen in enumerate((first, second), start=1):
            if chosen:
                user = _user(session, chosen)
                officers.assign(session, file.id, user, place=place, by=asks.user, at=asks.at, reason=reason)

    return asks.act_on(file_id, "officers", put, "#officers", overview)


@routes.post("/cases/{file_id}/officers/recuse", dependencies=[SEE])
def recuse(asks: Acts, file_id: uuid.UUID, user: Text = "", reason: Text = "", party_asked: Ticked = False) -> Response:
    def put(session: Session, file: CaseFile) -> None:
        who = _user(session, user)
        officers.recuse(session, file.id, who, reason=reason, by=asks.user, at=asks.at, party_asked=party_asked)

    return asks.act_on(file_id, "recuse", put, "#officers", overview)


# --- defence


@routes.post("/cases/{file_id}/defence", dependencies=[WORK])
def say(asks: Acts, file_id: uuid.UUID, text: Text = "", said_by: Text = "", said_on: Text = "") -> Response:
    def put(session: Session, file: CaseFile) -> None:
        day = _day(said_on)
        defence.say(session, file.id, text=text, said_by=said_by, said_on=day, by=asks.user, at=asks.at)

    return asks.act_on(file_id, "defence", put, "#defence", overview)


@routes.post("/cases/{file_id}/defence/waive", dependencies=[WORK])
def waive(
    asks: Acts, file_id: uuid.UUID, reference: Text = "", waived_on: Text = "", hearing: Ticked = False
) -> Response:
    def put(session: Session, file: CaseFile) -> None:
        day, by = _day(waived_on), asks.user
        defence.waive(session, file.id, reference=reference, waived_on=day, hearing=hearing, by=by, at=asks.at)

    return asks.act_on(file_id, "waive", put, "#defence", overview)


@routes.post("/cases/{file_id}/defence/{point_id}/answer", dependencies=[WORK])
def answer(
    asks: Acts, file_id: uuid.UUID, point_id: uuid.UUID, accepted: Annotated[bool, Form()], text: Text = ""
) -> Response:
    def put(session: Session, _file: CaseFile) -> None:
        defence.answer(session, point_id, text=text, accepted=accepted, by=asks.user, at=asks.at)

    return asks.act_on(file_id, f"answer-{point_id}", put, "#defence", overview)


# --- hearing


@routes.post("/cases/{file_id}/hearings", dependencies=[WORK])
def ask_for_hearing(asks: Acts, file_id: uuid.UUID, asked_by: Text = "", asked_on: Text = "") -> Response:
    def put(session: Session, file: CaseFile) -> None:
        hearings.ask_for(session, file.id, asked_by=asked_by, asked_on=_day(asked_on), by=asks.user, at=asks.at)

    return asks.act_on(file_id, "hearing", put, "#hearing", overview)


@routes.post("/cases/{file_id}/hearings/{hearing_id}/announce", dependencies=[WORK])
def announce_hearing(
    asks: Acts,
    file_id: uuid.UUID,
    hearing_id: uuid.UUID,
    to_be_held_at: Text = "",
    place: Text = "",
    chair: Text = "",
    announced_on: Text = "",
    in_public: Ticked = False,
) -> Response:
    def put(session: Session, file: CaseFile) -> None:
        hearings.announce(
            session,
            hearing_id,
            to_be_held_at=_moment(to_be_held_at, file.timezone),
            place=place,
            chair=_user(session, chair),
            announced_on=_day(announced_on),
            in_public=in_public,
            by=asks.user,
            at=asks.at,
        )

    return asks.act_on(file_id, "hearing", put, "#hearing", overview)


@routes.post("/cases/{file_id}/hearings/{hearing_id}/held", dependencies=[SEE])
def hold_hearing(
    asks: Acts, file_id: uuid.UUID, hearing_id: uuid.UUID, opinion: Text = "", held_on: Text = ""
) -> Response:
    def put(session: Session, _file: CaseFile) -> None:
        hearings.hold(session, hearing_id, opinion=opinion, held_on=_day(held_on), by=asks.user, at=asks.at)

    return asks.act_on(file_id, "hearing", put, "#hearing", overview)


@routes.post("/cases/{file_id}/hearings/{hearing_id}/given-up", dependencies=[SEE])
def give_up_hearing(
    asks: Acts, file_id: uuid.UUID, hearing_id: uuid.UUID, reference: Text = "", given_up_on: Text = ""
) -> Response:
    def put(session: Session, _file: CaseFile) -> None:
        day = _day(given_up_on)
        hearings.give_up(session, hearing_id, reference=reference, given_up_on=day, by=asks.user, at=asks.at)

    return asks.act_on(file_id, "hearing", put, "#hearing", overview)


# --- what was typed


def _user(session: Session, text: str) -> User:
    """With its grants. Raises FileRefused."""
    try:
        found = session.get(User, uuid.UUID(text), options=[selectinload(User.grants)])
    except ValueError as error:
        raise FileRefused("nobody_chosen") from error
    if found is None:
        raise FileRefused("nobody_chosen")
    return found


def _day(text: str) -> date:
    """Raises FileRefused."""
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise FileRefused("day_unreadable") from error


def _moment(text: str, timezone: str) -> datetime:
    """Of the clocks of the place. Raises FileRefused."""
    try:
        return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(timezone))
    except ValueError as error:
        raise FileRefused("time_unreadable") from error
