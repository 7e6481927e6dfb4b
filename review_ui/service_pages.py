"""Serving at the desk: where a party wants its papers, each attempt to bring one, and what was put right."""

import uuid

from fastapi import APIRouter
from fastapi.responses import HTMLResponse, Response
from sqlalchemy.orm import Session

from cases.casework import steps
from cases.casework.errors import FileRefused
from cases.entitlements import Right
from cases.service import addresses, corrections, serving
from cases.service.addresses import Place, Signed
from cases.service.serving import Attempt
from models.case_files import CaseFile, PaperService
from models.enums import ConsentChannel, FileAct, Procedure, ServedPaper, ServedTo, ServiceMode
from models.serving import ServiceConsent
from review_ui.asking import Acts, Answer, Asks
from review_ui.people_pages import key_of
from review_ui.permissions import needs
from review_ui.service_page import act, belongs, day, page, uuid_or_none, word

routes = APIRouter()

SEE, WORK = needs(Right.SEE_FILES), needs(Right.WORK_FILES)


@routes.get("/cases/{file_id}/service", dependencies=[SEE])
def service(asks: Asks, file_id: uuid.UUID) -> HTMLResponse:
    return page(asks, file_id, Answer())


@routes.post("/cases/{file_id}/service/begin", dependencies=[WORK])
def begin(asks: Acts, file_id: uuid.UUID) -> Response:
    """Where nothing is typed the paper goes where the party confirmed, else to the party as it was entered."""
    key = key_of(asks.desk)

    def put(session: Session, file: CaseFile) -> None:
        receiver, address = asks.text("receiver"), asks.text("address")
        place: Place | None = Place(receiver, address)
        if not receiver.strip() and not address.strip():
            confirmed = addresses.address_of(session, file)
            known = addresses.place_of_party(session, key, file)
            place = known if confirmed is None else addresses.place_of(key, confirmed)
        attempt = Attempt(
            paper=word(asks.typed, "paper", ServedPaper),
            mode=word(asks.typed, "mode", ServiceMode),
            begun_on=day(asks.typed, "begun_on"),
            place=place,
            because=asks.text("because"),
            waybill=asks.text("waybill"),
            witnesses=tuple(each for each in (asks.text("witness_1"), asks.text("witness_2")) if each.strip()),
            recording=asks.text("recording"),
            through=asks.text("through"),
            consent_id=uuid_or_none(asks.typed, "consent_id"),
        )
        serving.begin(session, key, file.id, attempt, by=asks.by, at=asks.at)

    return act(asks, file_id, "begin", put)


@routes.post("/cases/{file_id}/service/attempts/{service_id}/served", dependencies=[WORK])
def served(asks: Acts, file_id: uuid.UUID, service_id: uuid.UUID) -> Response:
    def put(session: Session, file: CaseFile) -> None:
        belongs(session, file, PaperService, service_id)
        mode = session.get_one(PaperService, service_id).mode
        alone = mode in (ServiceMode.LEFT, ServiceMode.PUBLIC_NOTICE)
        taken_by = ServedTo.NOBODY if alone else word(asks.typed, "taken_by", ServedTo)
        on, reference = day(asks.typed, "on"), asks.text("reference")
        serving.served(session, service_id, taken_by=taken_by, on=on, reference=reference, by=asks.by, at=asks.at)

    return act(asks, file_id, f"attempt-{service_id}", put)


@routes.post("/cases/{file_id}/service/attempts/{service_id}/failed", dependencies=[WORK])
def failed(asks: Acts, file_id: uuid.UUID, service_id: uuid.UUID) -> Response:
    def put(session: Session, file: CaseFile) -> None:
        belongs(session, file, PaperService, service_id)
        on, failure = day(asks.typed, "on"), asks.text("failure")
        serving.failed(session, service_id, on=on, failure=failure, by=asks.by, at=asks.at)

    return act(asks, file_id, f"attempt-{service_id}", put)


@routes.post("/cases/{file_id}/service/address", dependencies=[WORK])
def address(asks: Acts, file_id: uuid.UUID) -> Response:
    key = key_of(asks.desk)

    def put(session: Session, file: CaseFile) -> None:
        place = Place(asks.text("receiver"), asks.text("address"))
        signed = Signed(day(asks.typed, "signed_on"), asks.text("reference"))
        addresses.confirm_address(session, key, file.id, place, signed, by=asks.by, at=asks.at)

    return act(asks, file_id, "address", put)


@routes.post("/cases/{file_id}/service/consents", dependencies=[WORK])
def consent(asks: Acts, file_id: uuid.UUID) -> Response:
    key = key_of(asks.desk)

    def put(session: Session, file: CaseFile) -> None:
        channel, signed = (
            word(asks.typed, "channel", ConsentChannel),
            Signed(day(asks.typed, "signed_on"), asks.text("reference")),
        )
        addresses.consent(session, key, file.id, channel, asks.text("number"), signed, by=asks.by, at=asks.at)

    return act(asks, file_id, "consent", put)


@routes.post("/cases/{file_id}/service/consents/{consent_id}/withdraw", dependencies=[WORK])
def withdraw(asks: Acts, file_id: uuid.UUID, consent_id: uuid.UUID) -> Response:
    def put(session: Session, file: CaseFile) -> None:
        belongs(session, file, ServiceConsent, consent_id)
        addresses.withdraw_consent(session, consent_id, day(asks.typed, "on"), by=asks.by, at=asks.at)

    return act(asks, file_id, f"consent-{consent_id}", put)


@routes.post("/cases/{file_id}/service/correction", dependencies=[WORK])
def correction(asks: Acts, file_id: uuid.UUID) -> Response:
    def put(session: Session, file: CaseFile) -> None:
        corrections.record(
            session,
            file.id,
            day(asks.typed, "on"),
            exhibit_id=uuid_or_none(asks.typed, "exhibit"),
            reference=asks.text("reference"),
            by=asks.by,
            at=asks.at,
        )

    return act(asks, file_id, "correction", put)


@routes.post("/cases/{file_id}/service/report", dependencies=[WORK])
def report(asks: Acts, file_id: uuid.UUID) -> Response:
    """A decision on the spot, reported to the bureau (行政处罚法 art. 52)."""

    def put(session: Session, file: CaseFile) -> None:
        if file.procedure is not Procedure.SIMPLE:
            raise FileRefused("not_on_the_spot")
        steps.note(session, file, FileAct.REPORTED, by=asks.by, at=asks.at)

    return act(asks, file_id, "report", put)
