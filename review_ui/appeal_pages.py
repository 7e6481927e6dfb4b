"""Against the decision and after it, at the desk: reconsideration and suit, the demand, the court."""

import uuid

from fastapi import APIRouter, Request
from fastapi.responses import Response
from sqlalchemy.orm import Session

from cases.entitlements import Right
from cases.service import appeals, enforcement
from cases.service.appeals import Ended, Filed
from models.appeals import Appeal, CourtRequest, Demand
from models.case_files import CaseFile
from models.enums import AppealKind, AppealResult, CourtResult
from review_ui.desk import Now, TheDesk
from review_ui.doorkeeper import CheckedForm
from review_ui.permissions import needs
from review_ui.service_page import Answer, Typed, TypedForm, act, belongs, by_of, day, day_or_none, fen, word

routes = APIRouter()

WORK = needs(Right.WORK_FILES)


@routes.post("/cases/{file_id}/service/appeals", dependencies=[WORK])
def appeal(
    request: Request, desk: TheDesk, opened: CheckedForm, at: Now, file_id: uuid.UUID, typed: TypedForm
) -> Response:
    def put(session: Session, file: CaseFile, typed: Typed) -> None:
        kind, body = word(typed, "kind", AppealKind), typed.get("body", "")
        filed = Filed(kind, body, day(typed, "filed_on"), typed.get("reference", ""))
        appeals.file_appeal(session, file.id, filed, by=by_of(opened), at=at)

    return act(request, desk, opened, at, file_id, Answer("appeal", typed), put)


@routes.post("/cases/{file_id}/service/appeals/{appeal_id}/stop", dependencies=[WORK])
def stop_execution(
    request: Request,
    desk: TheDesk,
    opened: CheckedForm,
    at: Now,
    file_id: uuid.UUID,
    appeal_id: uuid.UUID,
    typed: TypedForm,
) -> Response:
    def put(session: Session, file: CaseFile, typed: Typed) -> None:
        belongs(session, file, Appeal, appeal_id)
        appeals.stop_execution(session, appeal_id, day(typed, "on"), by=by_of(opened), at=at)

    return act(request, desk, opened, at, file_id, Answer(f"appeal-{appeal_id}", typed), put)


@routes.post("/cases/{file_id}/service/appeals/{appeal_id}/end", dependencies=[WORK])
def end_appeal(
    request: Request,
    desk: TheDesk,
    opened: CheckedForm,
    at: Now,
    file_id: uuid.UUID,
    appeal_id: uuid.UUID,
    typed: TypedForm,
) -> Response:
    def put(session: Session, file: CaseFile, typed: Typed) -> None:
        belongs(session, file, Appeal, appeal_id)
        ended = Ended(
            result=word(typed, "result", AppealResult),
            on=day(typed, "on"),
            reference=typed.get("reference", ""),
            told_on=day_or_none(typed, "told_on"),
            changed_fine_fen=fen(typed, "changed") if typed.get("changed", "").strip() else None,
        )
        appeals.end_appeal(session, appeal_id, ended, by=by_of(opened), at=at)

    return act(request, desk, opened, at, file_id, Answer(f"appeal-{appeal_id}", typed), put)


@routes.post("/cases/{file_id}/service/demand", dependencies=[WORK])
def demand(
    request: Request, desk: TheDesk, opened: CheckedForm, at: Now, file_id: uuid.UUID, typed: TypedForm
) -> Response:
    def put(session: Session, file: CaseFile, typed: Typed) -> None:  # noqa: ARG001 - nothing is typed
        enforcement.demand(session, file.id, by=by_of(opened), at=at)

    return act(request, desk, opened, at, file_id, Answer("demand", typed), put)


@routes.post("/cases/{file_id}/service/demands/{demand_id}/answer", dependencies=[WORK])
def answer_demand(
    request: Request,
    desk: TheDesk,
    opened: CheckedForm,
    at: Now,
    file_id: uuid.UUID,
    demand_id: uuid.UUID,
    typed: TypedForm,
) -> Response:
    def put(session: Session, file: CaseFile, typed: Typed) -> None:
        belongs(session, file, Demand, demand_id)
        said, on = typed.get("answer", ""), day(typed, "on")
        enforcement.answer_demand(session, demand_id, said, on, by=by_of(opened), at=at)

    return act(request, desk, opened, at, file_id, Answer("demand", typed), put)


@routes.post("/cases/{file_id}/service/court", dependencies=[WORK])
def court(
    request: Request, desk: TheDesk, opened: CheckedForm, at: Now, file_id: uuid.UUID, typed: TypedForm
) -> Response:
    def put(session: Session, file: CaseFile, typed: Typed) -> None:
        named, reference, on = typed.get("court", ""), typed.get("reference", ""), day(typed, "on")
        enforcement.ask_court(session, file.id, named, reference, on, by=by_of(opened), at=at)

    return act(request, desk, opened, at, file_id, Answer("court", typed), put)


@routes.post("/cases/{file_id}/service/courts/{court_request_id}/said", dependencies=[WORK])
def court_said(
    request: Request,
    desk: TheDesk,
    opened: CheckedForm,
    at: Now,
    file_id: uuid.UUID,
    court_request_id: uuid.UUID,
    typed: TypedForm,
) -> Response:
    def put(session: Session, file: CaseFile, typed: Typed) -> None:
        belongs(session, file, CourtRequest, court_request_id)
        result, on = word(typed, "result", CourtResult), day(typed, "on")
        enforcement.court_said(session, court_request_id, result, on, by=by_of(opened), at=at)

    return act(request, desk, opened, at, file_id, Answer(f"court-{court_request_id}", typed), put)
