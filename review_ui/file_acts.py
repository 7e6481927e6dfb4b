"""What is done on a case file from its overview: steps, officers, facts, defence, hearing.

Each is one call into cases/casework; a refusal gives the overview back with its sentence and what was typed.
"""

import uuid
from datetime import date, datetime
from typing import Annotated
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Form, Request
from fastapi.responses import RedirectResponse, Response
from sqlalchemy.orm import Session, selectinload

from cases.casework import approvals, defence, filing, hearings, officers
from cases.casework.errors import FileError, FileRefused
from cases.casework.filing import LONGEST, Matter
from cases.entitlements import Right
from models.case_files import CaseFile
from models.database import transaction
from models.enums import FileAct, ReviewGround
from models.people import User
from review_ui.desk import Now, TheDesk
from review_ui.doorkeeper import CheckedForm
from review_ui.file_overview import Refused, overview
from review_ui.permissions import needs

routes = APIRouter()

Text = Annotated[str, Form(max_length=LONGEST["facts"])]
Ticked = Annotated[bool, Form()]


@routes.post("/cases/{file_id}/steps", dependencies=[needs(Right.SEE_FILES)])
def step(
    request: Request,
    desk: TheDesk,
    opened: CheckedForm,
    at: Now,
    file_id: uuid.UUID,
    step: Annotated[FileAct, Form()],
    reason: Text = "",
    to: Text = "",
) -> Response:
    """Asked for, or taken at once where nobody has to agree; whose step it is, the case file's own rules say."""
    try:
        with transaction(desk.settings.sessions) as session:
            approvals.ask(
                session,
                file_id,
                step,
                by=opened.user,
                reason=reason,
                facts={"to": to} if to else {},
                at=at,
                chains=desk.settings.chains,
            )
    except FileError as error:
        typed = {"step": step.value, "reason": reason, "to": to}
        return overview(request, desk, opened, file_id, at, Refused(error, "step", typed))
    return RedirectResponse(f"/cases/{file_id}", 303)


@routes.post("/cases/{file_id}/facts", dependencies=[needs(Right.WORK_FILES)])
def facts(
    request: Request,
    desk: TheDesk,
    opened: CheckedForm,
    at: Now,
    file_id: uuid.UUID,
    title: Text = "",
    facts: Text = "",
    place: Text = "",
    law_code: Text = "",
    review_grounds: Annotated[list[ReviewGround] | None, Form()] = None,
) -> Response:
    try:
        with transaction(desk.settings.sessions) as session:
            file = session.get_one(CaseFile, file_id)
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
            filing.say_facts(session, file_id, matter, by=opened.user, at=at)
    except FileError as error:
        typed = {"title": title, "facts": facts, "place": place, "law_code": law_code}
        return overview(request, desk, opened, file_id, at, Refused(error, "facts", typed))
    return RedirectResponse(f"/cases/{file_id}#facts", 303)


# --- officers


@routes.post("/cases/{file_id}/officers", dependencies=[needs(Right.SEE_FILES)])
def assign(
    request: Request,
    desk: TheDesk,
    opened: CheckedForm,
    at: Now,
    file_id: uuid.UUID,
    first: Text = "",
    second: Text = "",
    reason: Text = "",
) -> Response:
    """Whoever was chosen for a place; who is in it already stays where nobody was."""
    try:
        with transaction(desk.settings.sessions) as session:
            for place, chosen in enumerate((first, second), start=1):
                if chosen:
                    user = _user(session, chosen)
                    officers.assign(session, file_id, user, place=place, by=opened.user, at=at, reason=reason)
    except FileError as error:
        return overview(request, desk, opened, file_id, at, Refused(error, "officers", {"reason": reason}))
    return RedirectResponse(f"/cases/{file_id}#officers", 303)


@routes.post("/cases/{file_id}/officers/recuse", dependencies=[needs(Right.SEE_FILES)])
def recuse(
    request: Request,
    desk: TheDesk,
    opened: CheckedForm,
    at: Now,
    file_id: uuid.UUID,
    user: Text = "",
    reason: Text = "",
    party_asked: Ticked = False,
) -> Response:
    try:
        with transaction(desk.settings.sessions) as session:
            who = _user(session, user)
            officers.recuse(session, file_id, who, reason=reason, by=opened.user, at=at, party_asked=party_asked)
    except FileError as error:
        return overview(request, desk, opened, file_id, at, Refused(error, "recuse", {"reason": reason}))
    return RedirectResponse(f"/cases/{file_id}#officers", 303)


# --- defence


@routes.post("/cases/{file_id}/defence", dependencies=[needs(Right.WORK_FILES)])
def say(
    request: Request,
    desk: TheDesk,
    opened: CheckedForm,
    at: Now,
    file_id: uuid.UUID,
    text: Text = "",
    said_by: Text = "",
    said_on: Text = "",
) -> Response:
    try:
        with transaction(desk.settings.sessions) as session:
            defence.say(session, file_id, text=text, said_by=said_by, said_on=_day(said_on), by=opened.user, at=at)
    except FileError as error:
        typed = {"text": text, "said_by": said_by, "said_on": said_on}
        return overview(request, desk, opened, file_id, at, Refused(error, "defence", typed))
    return RedirectResponse(f"/cases/{file_id}#defence", 303)


@routes.post("/cases/{file_id}/defence/waive", dependencies=[needs(Right.WORK_FILES)])
def waive(
    request: Request,
    desk: TheDesk,
    opened: CheckedForm,
    at: Now,
    file_id: uuid.UUID,
    reference: Text = "",
    waived_on: Text = "",
    hearing: Ticked = False,
) -> Response:
    try:
        with transaction(desk.settings.sessions) as session:
            day = _day(waived_on)
            defence.waive(session, file_id, reference=reference, waived_on=day, hearing=hearing, by=opened.user, at=at)
    except FileError as error:
        return overview(request, desk, opened, file_id, at, Refused(error, "waive", {"reference": reference}))
    return RedirectResponse(f"/cases/{file_id}#defence", 303)


@routes.post("/cases/{file_id}/defence/{point_id}/answer", dependencies=[needs(Right.WORK_FILES)])
def answer(
    request: Request,
    desk: TheDesk,
    opened: CheckedForm,
    at: Now,
    file_id: uuid.UUID,
    point_id: uuid.UUID,
    accepted: Annotated[bool, Form()],
    text: Text = "",
) -> Response:
    try:
        with transaction(desk.settings.sessions) as session:
            defence.answer(session, point_id, text=text, accepted=accepted, by=opened.user, at=at)
    except FileError as error:
        typed = {"text": text, "point": str(point_id)}
        return overview(request, desk, opened, file_id, at, Refused(error, "defence", typed))
    return RedirectResponse(f"/cases/{file_id}#defence", 303)


# --- hearing


@routes.post("/cases/{file_id}/hearings", dependencies=[needs(Right.WORK_FILES)])
def ask_for_hearing(
    request: Request,
    desk: TheDesk,
    opened: CheckedForm,
    at: Now,
    file_id: uuid.UUID,
    asked_by: Text = "",
    asked_on: Text = "",
) -> Response:
    try:
        with transaction(desk.settings.sessions) as session:
            hearings.ask_for(session, file_id, asked_by=asked_by, asked_on=_day(asked_on), by=opened.user, at=at)
    except FileError as error:
        typed = {"asked_by": asked_by, "asked_on": asked_on}
        return overview(request, desk, opened, file_id, at, Refused(error, "hearing", typed))
    return RedirectResponse(f"/cases/{file_id}#hearing", 303)


@routes.post("/cases/{file_id}/hearings/{hearing_id}/announce", dependencies=[needs(Right.WORK_FILES)])
def announce_hearing(
    request: Request,
    desk: TheDesk,
    opened: CheckedForm,
    at: Now,
    file_id: uuid.UUID,
    hearing_id: uuid.UUID,
    to_be_held_at: Text = "",
    place: Text = "",
    chair: Text = "",
    announced_on: Text = "",
    in_public: Ticked = False,
) -> Response:
    try:
        with transaction(desk.settings.sessions) as session:
            hearings.announce(
                session,
                hearing_id,
                to_be_held_at=_moment(to_be_held_at, session.get_one(CaseFile, file_id).timezone),
                place=place,
                chair=_user(session, chair),
                announced_on=_day(announced_on),
                in_public=in_public,
                by=opened.user,
                at=at,
            )
    except FileError as error:
        typed = {"to_be_held_at": to_be_held_at, "hearing_place": place}
        return overview(request, desk, opened, file_id, at, Refused(error, "hearing", typed))
    return RedirectResponse(f"/cases/{file_id}#hearing", 303)


@routes.post("/cases/{file_id}/hearings/{hearing_id}/held", dependencies=[needs(Right.SEE_FILES)])
def hold_hearing(
    request: Request,
    desk: TheDesk,
    opened: CheckedForm,
    at: Now,
    file_id: uuid.UUID,
    hearing_id: uuid.UUID,
    opinion: Text = "",
    held_on: Text = "",
) -> Response:
    try:
        with transaction(desk.settings.sessions) as session:
            hearings.hold(session, hearing_id, opinion=opinion, held_on=_day(held_on), by=opened.user, at=at)
    except FileError as error:
        return overview(request, desk, opened, file_id, at, Refused(error, "hearing", {"opinion": opinion}))
    return RedirectResponse(f"/cases/{file_id}#hearing", 303)


@routes.post("/cases/{file_id}/hearings/{hearing_id}/given-up", dependencies=[needs(Right.SEE_FILES)])
def give_up_hearing(
    request: Request,
    desk: TheDesk,
    opened: CheckedForm,
    at: Now,
    file_id: uuid.UUID,
    hearing_id: uuid.UUID,
    reference: Text = "",
    given_up_on: Text = "",
) -> Response:
    try:
        with transaction(desk.settings.sessions) as session:
            day = _day(given_up_on)
            hearings.give_up(session, hearing_id, reference=reference, given_up_on=day, by=opened.user, at=at)
    except FileError as error:
        return overview(request, desk, opened, file_id, at, Refused(error, "hearing", {"reference": reference}))
    return RedirectResponse(f"/cases/{file_id}#hearing", 303)


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
