"""Against the decision and after it, at the desk: reconsideration and suit, the demand, the court."""

import uuid

from fastapi import APIRouter
from fastapi.responses import Response
from sqlalchemy.orm import Session

from cases.entitlements import Right
from cases.service import appeals, enforcement
from cases.service.appeals import Ended, Filed
from models.appeals import Appeal, CourtRequest, Demand
from models.case_files import CaseFile
from models.enums import AppealKind, AppealResult, CourtResult
from review_ui.asking import Acts
from review_ui.permissions import needs
from review_ui.service_page import act, belongs, day, day_or_none, fen, word

routes = APIRouter()

WORK = needs(Right.WORK_FILES)


@routes.post("/cases/{file_id}/service/appeals", dependencies=[WORK])
def appeal(asks: Acts, file_id: uuid.UUID) -> Response:
    def put(session: Session, file: CaseFile) -> None:
        kind, body = word(asks.typed, "kind", AppealKind), asks.text("body")
        filed = Filed(kind, body, day(asks.typed, "filed_on"), asks.text("reference"))
        appeals.file_appeal(session, file.id, filed, by=asks.by, at=asks.at)

    return act(asks, file_id, "appeal", put)


@routes.post("/cases/{file_id}/service/appeals/{appeal_id}/stop", dependencies=[WORK])
def stop_execution(asks: Acts, file_id: uuid.UUID, appeal_id: uuid.UUID) -> Response:
    def put(session: Session, file: CaseFile) -> None:
        belongs(session, file, Appeal, appeal_id)
        appeals.stop_execution(session, appeal_id, day(asks.typed, "on"), by=asks.by, at=asks.at)

    return act(asks, file_id, f"appeal-{appeal_id}", put)


@routes.post("/cases/{file_id}/service/appeals/{appeal_id}/end", dependencies=[WORK])
def end_appeal(asks: Acts, file_id: uuid.UUID, appeal_id: uuid.UUID) -> Response:
    def put(session: Session, file: CaseFile) -> None:
        belongs(session, file, Appeal, appeal_id)
        ended = Ended(
            result=word(asks.typed, "result", AppealResult),
            on=day(asks.typed, "on"),
            reference=asks.text("reference"),
            told_on=day_or_none(asks.typed, "told_on"),
            changed_fine_fen=fen(asks.typed, "changed") if asks.text("changed").strip() else None,
        )
        appeals.end_appeal(session, appeal_id, ended, by=asks.by, at=asks.at)

    return act(asks, file_id, f"appeal-{appeal_id}", put)


@routes.post("/cases/{file_id}/service/demand", dependencies=[WORK])
def demand(asks: Acts, file_id: uuid.UUID) -> Response:
    def put(session: Session, file: CaseFile) -> None:
        enforcement.demand(session, file.id, by=asks.by, at=asks.at)

    return act(asks, file_id, "demand", put)


@routes.post("/cases/{file_id}/service/demands/{demand_id}/answer", dependencies=[WORK])
def answer_demand(asks: Acts, file_id: uuid.UUID, demand_id: uuid.UUID) -> Response:
    def put(session: Session, file: CaseFile) -> None:
        belongs(session, file, Demand, demand_id)
        said, on = asks.text("answer"), day(asks.typed, "on")
        enforcement.answer_demand(session, demand_id, said, on, by=asks.by, at=asks.at)

    return act(asks, file_id, "demand", put)


@routes.post("/cases/{file_id}/service/court", dependencies=[WORK])
def court(asks: Acts, file_id: uuid.UUID) -> Response:
    def put(session: Session, file: CaseFile) -> None:
        named, reference, on = asks.text("court"), asks.text("reference"), day(asks.typed, "on")
        enforcement.ask_court(session, file.id, named, reference, on, by=asks.by, at=asks.at)

    return act(asks, file_id, "court", put)


@routes.post("/cases/{file_id}/service/courts/{court_request_id}/said", dependencies=[WORK])
def court_said(asks: Acts, file_id: uuid.UUID, court_request_id: uuid.UUID) -> Response:
    def put(session: Session, file: CaseFile) -> None:
        belongs(session, file, CourtRequest, court_request_id)
        result, on = word(asks.typed, "result", CourtResult), day(asks.typed, "on")
        enforcement.court_said(session, court_request_id, result, on, by=asks.by, at=asks.at)

    return act(asks, file_id, f"court-{court_request_id}", put)
