"""Serving at the desk: where a party wants its papers, each attempt to bring one, and what was put right."""

import uuid

from fastapi import APIRouter, Request
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
from review_ui.desk import Now, TheDesk
from review_ui.doorkeeper import CheckedForm, SignedIn
from review_ui.people_pages import key_of
from review_ui.permissions import needs
from review_ui.service_page import (
    Answer,
    Typed,
    TypedForm,
    act,
    belongs,
    by_of,
    day,
    page,
    uuid_or_none,
    word,
)

routes = APIRouter()

SEE, WORK = needs(Right.SEE_FILES), needs(Right.WORK_FILES)


@routes.get("/cases/{file_id}/service", dependencies=[SEE])
def service(request: Request, desk: TheDesk, opened: SignedIn, at: Now, file_id: uuid.UUID) -> HTMLResponse:
    return page(request, desk, opened, at, file_id, Answer())


@routes.post("/cases/{file_id}/service/begin", dependencies=[WORK])
def begin(
    request: Request, desk: TheDesk, opened: CheckedForm, at: Now, file_id: uuid.UUID, typed: TypedForm
) -> Response:
    """Where nothing is typed the paper goes where the party confirmed, else to the party as it was entered."""
    key = key_of(desk)

    def put(session: Session, file: CaseFile, typed: Typed) -> None:
        receiver, address = typed.get("receiver", ""), typed.get("address", "")
        place: Place | None = Place(receiver, address)
        if not receiver.strip() and not address.strip():
            confirmed = addresses.address_of(session, file)
            known = addresses.place_of_party(session, key, file)
            place = known if confirmed is None else addresses.place_of(key, confirmed)
        attempt = Attempt(
            paper=word(typed, "paper", ServedPaper),
            mode=word(typed, "mode", ServiceMode),
            begun_on=day(typed, "begun_on"),
            place=place,
            because=typed.get("because", ""),
            waybill=typed.get("waybill", ""),
            witnesses=tuple(each for each in (typed.get("witness_1", ""), typed.get("witness_2", "")) if each.strip()),
            recording=typed.get("recording", ""),
            through=typed.get("through", ""),
            consent_id=uuid_or_none(typed, "consent_id"),
        )
        serving.begin(session, key, file.id, attempt, by=by_of(opened), at=at)

    return act(request, desk, opened, at, file_id, Answer("begin", typed), put)


@routes.post("/cases/{file_id}/service/attempts/{service_id}/served", dependencies=[WORK])
def served(
    request: Request,
    desk: TheDesk,
    opened: CheckedForm,
    at: Now,
    file_id: uuid.UUID,
    service_id: uuid.UUID,
    typed: TypedForm,
) -> Response:
    def put(session: Session, file: CaseFile, typed: Typed) -> None:
        belongs(session, file, PaperService, service_id)
        mode = session.get_one(PaperService, service_id).mode
        alone = mode in (ServiceMode.LEFT, ServiceMode.PUBLIC_NOTICE)
        taken_by = ServedTo.NOBODY if alone else word(typed, "taken_by", ServedTo)
        on, reference = day(typed, "on"), typed.get("reference", "")
        serving.served(session, service_id, taken_by=taken_by, on=on, reference=reference, by=by_of(opened), at=at)

    return act(request, desk, opened, at, file_id, Answer(f"attempt-{service_id}", typed), put)


@routes.post("/cases/{file_id}/service/attempts/{service_id}/failed", dependencies=[WORK])
def failed(
    request: Request,
    desk: TheDesk,
    opened: CheckedForm,
    at: Now,
    file_id: uuid.UUID,
    service_id: uuid.UUID,
    typed: TypedForm,
) -> Response:
    def put(session: Session, file: CaseFile, typed: Typed) -> None:
        belongs(session, file, PaperService, service_id)
        on, failure = day(typed, "on"), typed.get("failure", "")
        serving.failed(session, service_id, on=on, failure=failure, by=by_of(opened), at=at)

    return act(request, desk, opened, at, file_id, Answer(f"attempt-{service_id}", typed), put)


@routes.post("/cases/{file_id}/service/address", dependencies=[WORK])
def address(
    request: Request, desk: TheDesk, opened: CheckedForm, at: Now, file_id: uuid.UUID, typed: TypedForm
) -> Response:
    key = key_of(desk)

    def put(session: Session, file: CaseFile, typed: Typed) -> None:
        place = Place(typed.get("receiver", ""), typed.get("address", ""))
        signed = Signed(day(typed, "signed_on"), typed.get("reference", ""))
        addresses.confirm_address(session, key, file.id, place, signed, by=by_of(opened), at=at)

    return act(request, desk, opened, at, file_id, Answer("address", typed), put)


@routes.post("/cases/{file_id}/service/consents", dependencies=[WORK])
def consent(
    request: Request, desk: TheDesk, opened: CheckedForm, at: Now, file_id: uuid.UUID, typed: TypedForm
) -> Response:
    key = key_of(desk)

    def put(session: Session, file: CaseFile, typed: Typed) -> None:
        channel, signed = word(typed, "channel", ConsentChannel), Signed(day(typed, "signed_on"), typed["reference"])
        addresses.consent(session, key, file.id, channel, typed.get("number", ""), signed, by=by_of(opened), at=at)

    return act(request, desk, opened, at, file_id, Answer("consent", {"reference": "", **typed}), put)


@routes.post("/cases/{file_id}/service/consents/{consent_id}/withdraw", dependencies=[WORK])
def withdraw(
    request: Request,
    desk: TheDesk,
    opened: CheckedForm,
    at: Now,
    file_id: uuid.UUID,
    consent_id: uuid.UUID,
    typed: TypedForm,
) -> Response:
    def put(session: Session, file: CaseFile, typed: Typed) -> None:
        belongs(session, file, ServiceConsent, consent_id)
        addresses.withdraw_consent(session, consent_id, day(typed, "on"), by=by_of(opened), at=at)

    return act(request, desk, opened, at, file_id, Answer(f"consent-{consent_id}", typed), put)


@routes.post("/cases/{file_id}/service/correction", dependencies=[WORK])
def correction(
    request: Request, desk: TheDesk, opened: CheckedForm, at: Now, file_id: uuid.UUID, typed: TypedForm
) -> Response:
    def put(session: Session, file: CaseFile, typed: Typed) -> None:
        corrections.record(
            session,
            file.id,
            day(typed, "on"),
            exhibit_id=uuid_or_none(typed, "exhibit"),
            reference=typed.get("reference", ""),
            by=by_of(opened),
            at=at,
        )

    return act(request, desk, opened, at, file_id, Answer("correction", typed), put)


@routes.post("/cases/{file_id}/service/report", dependencies=[WORK])
def report(
    request: Request, desk: TheDesk, opened: CheckedForm, at: Now, file_id: uuid.UUID, typed: TypedForm
) -> Response:
    """A decision on the spot, reported to the bureau (行政处罚法 art. 52)."""

    def put(session: Session, file: CaseFile, typed: Typed) -> None:  # noqa: ARG001 - nothing is typed
        if file.procedure is not Procedure.SIMPLE:
            raise FileRefused("not_on_the_spot")
        steps.note(session, file, FileAct.REPORTED, by=by_of(opened), at=at)

    return act(request, desk, opened, at, file_id, Answer("report", typed), put)
