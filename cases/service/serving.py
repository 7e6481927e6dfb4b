"""Serving: attempts to bring a paper to the party, by the ways the law knows, and how each of them ended.

行政处罚法 art. 61 sends to the 民事诉讼法 (2023): handed over (art. 88), left when it was refused (89), by wire with
consent (90), by mail or through another body (91), made public when nothing else is left (95). An attempt is a
PaperService with its ServiceDetail; the first that succeeds is the day that counts.
"""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from cases.casework import steps
from cases.casework.approvals import lock
from cases.casework.days import local_date
from cases.casework.errors import FileRefused
from cases.casework.steps import By
from cases.casework.table import ENDED
from cases.party_numbers import masked_address, masked_name
from cases.service.acts import checked_day, said
from cases.service.addresses import Place, number_of
from cases.service.owed import decision_of
from cases.service.terms import never_electronic, term, tried_before_public
from evidence import retention_rows
from models.appeals import Demand
from models.case_files import CaseFile, FileDecision, FileHearing, FileNotice, PaperService
from models.enums import FileAct, FileState, ServedPaper, ServedTo, ServiceMode
from models.personal_data import PersonalDataKey
from models.serving import ServiceConsent, ServiceDetail

MOST_WORDS = 400
LONGEST_WAYBILL, LONGEST_RECORDING, LONGEST_REFERENCE = 100, 200, 400
WITNESSES = 2  # 民事诉讼法 art. 89: who serves, and a witness from outside; two are asked for, so that one can speak
SEPARATOR = "\n"


@dataclass(frozen=True)
class Attempt:
    """What is tried. place: of ELECTRONIC it is the consent's. because: why by this way, where the law asks for it.

    waybill: of MAIL. witnesses, recording: of LEFT, one or the other. through: who serves for us, of ENTRUSTED.
    """

    paper: ServedPaper
    mode: ServiceMode
    begun_on: date
    place: Place | None = field(default=None, repr=False)
    because: str = ""
    waybill: str = ""
    witnesses: tuple[str, ...] = field(default=(), repr=False)
    recording: str = ""
    through: str = ""
    consent_id: uuid.UUID | None = None


def begin(
    session: Session, key: PersonalDataKey, file_id: uuid.UUID, attempt: Attempt, *, by: By, at: datetime
) -> PaperService:
    """Puts on record that a paper is on its way, or was made public. Raises UnknownFile, FileRefused, DatedWrongly."""
    file = lock(session, file_id)
    if by.user is None:
        raise FileRefused("needs_a_person")
    if file.state in ENDED and file.state not in (FileState.CLOSED, FileState.REVOKED):
        raise FileRefused("file_has_ended")
    made_on = _made_on(session, file, attempt.paper)
    checked_day(file, attempt.begun_on, at, not_before=made_on)
    consent = _check_mode(session, file, attempt)
    place = _place(key, attempt, consent)
    service = PaperService(
        id=uuid.uuid4(),
        file_id=file.id,
        paper=attempt.paper,
        mode=attempt.mode,
        receiver=masked_name(place.receiver),
        address=consent.number_shown if consent else masked_address(place.address),
        reference=_first_reference(attempt),
        begun_on=attempt.begun_on,
        recorded_by_id=by.user.id,
        recorded_at=at,
    )
    session.add(service)
    session.flush()
    witnesses = SEPARATOR.join(attempt.witnesses)
    session.add(
        ServiceDetail(
            service_id=service.id,
            receiver_sealed=key.seal(place.receiver, f"service_detail.receiver:{service.id}"),
            address_sealed=key.seal(place.address, f"service_detail.address:{service.id}"),
            witnesses_sealed=key.seal(witnesses, f"service_detail.witnesses:{service.id}") if witnesses else None,
            recording=attempt.recording.strip()[:LONGEST_RECORDING] or None,
            waybill=attempt.waybill.strip()[:LONGEST_WAYBILL] or None,
            consent_id=consent.id if consent else None,
            because=attempt.because.strip()[:MOST_WORDS],
            counts_on=_counts_on(attempt),
        )
    )
    session.flush()
    facts = {"service": str(service.id), "paper": attempt.paper.value, "mode": attempt.mode.value, "stage": "begun"}
    steps.note(session, file, FileAct.FACTS_SAID, by=by, at=at, done_on=attempt.begun_on, facts=facts)
    return service


def served(
    session: Session,
    service_id: uuid.UUID,
    *,
    taken_by: ServedTo,
    on: date,
    reference: str,
    by: By,
    at: datetime,
) -> PaperService:
    """The paper reached who it was for. on: the day on the receipt; of a public notice, the day its time was over.

    reference: the signed receipt, the advice of delivery, the message id. Of the decision the appeal periods run from
    that day, and the evidence of its incident is kept until they are over. Raises FileRefused, DatedWrongly.
    """
    service, file = _under_way(session, service_id)
    detail = session.get_one(ServiceDetail, service.id)
    checked_day(file, on, at, not_before=service.begun_on)
    if (taken_by is ServedTo.NOBODY) != (service.mode in (ServiceMode.LEFT, ServiceMode.PUBLIC_NOTICE)):
        raise FileRefused("taken_by_whom")
    if service.mode is ServiceMode.PUBLIC_NOTICE:
        assert detail.counts_on is not None
        if local_date(at, file.timezone) < detail.counts_on:
            raise FileRefused("notice_still_runs", until=detail.counts_on.isoformat())
        on = detail.counts_on
    if service.mode is ServiceMode.LEFT:
        on = service.begun_on
    detail.taken_by = taken_by
    service.served_on = on
    proof = said(reference, "no_proof", at_most=LONGEST_REFERENCE)
    service.reference = f"{service.reference}; {proof}"[:LONGEST_REFERENCE] if service.reference else proof
    session.flush()
    facts = {"service": str(service.id), "paper": service.paper.value, "mode": service.mode.value}
    steps.note(session, file, FileAct.PAPER_SERVED, by=by, at=at, done_on=on, facts=facts)
    if service.paper is ServedPaper.DECISION:
        _tell_retention(session, file, on, by=by, at=at)
    return service


def failed(session: Session, service_id: uuid.UUID, *, on: date, failure: str, by: By, at: datetime) -> PaperService:
    """The attempt came to nothing: nobody there, returned, not delivered. Raises FileRefused, DatedWrongly."""
    service, file = _under_way(session, service_id)
    if service.mode is ServiceMode.PUBLIC_NOTICE:
        raise FileRefused("notice_cannot_fail")
    service.failed_on = checked_day(file, on, at, not_before=service.begun_on)
    service.failure = said(failure, "no_failure", at_most=MOST_WORDS)
    session.flush()
    facts = {"service": str(service.id), "paper": service.paper.value, "mode": service.mode.value}
    steps.note(session, file, FileAct.SERVICE_FAILED, by=by, at=at, done_on=on, facts=facts)
    return service


@dataclass(frozen=True)
class Served:
    """An attempt with what it says beyond its row."""

    service: PaperService
    detail: ServiceDetail | None

    @property
    def is_under_way(self) -> bool:
        return self.service.served_on is None and self.service.failed_on is None


def attempts_of(session: Session, file: CaseFile) -> list[Served]:
    """Oldest first."""
    rows = session.execute(
        select(PaperService, ServiceDetail)
        .outerjoin(ServiceDetail, ServiceDetail.service_id == PaperService.id)
        .where(PaperService.file_id == file.id)
        .order_by(PaperService.recorded_at, PaperService.id)
    )
    return [Served(service, detail) for service, detail in rows]


def can_be_served(session: Session, file: CaseFile) -> list[ServedPaper]:
    """Which papers there are to serve, in the order of the law."""
    found = []
    for paper in ServedPaper:
        try:
            _made_on(session, file, paper)
        except FileRefused:
            continue
        found.append(paper)
    return found


def place_of(key: PersonalDataKey, detail: ServiceDetail) -> Place:
    """In clear, for the receipt that is to be signed. Raises PersonalDataError."""
    return Place(
        key.open(detail.receiver_sealed, f"service_detail.receiver:{detail.service_id}"),
        key.open(detail.address_sealed, f"service_detail.address:{detail.service_id}"),
    )


def witnesses_of(key: PersonalDataKey, detail: ServiceDetail) -> Sequence[str]:
    """In clear. Raises PersonalDataError."""
    if detail.witnesses_sealed is None:
        return ()
    return key.open(detail.witnesses_sealed, f"service_detail.witnesses:{detail.service_id}").split(SEPARATOR)


def _check_mode(session: Session, file: CaseFile, attempt: Attempt) -> ServiceConsent | None:
    """The consent, where the way needs one. Raises FileRefused."""
    match attempt.mode:
        case ServiceMode.ELECTRONIC:
            return _consent(session, file, attempt)
        case ServiceMode.LEFT:
            named = {witness.strip() for witness in attempt.witnesses if witness.strip()}
            if any(SEPARATOR in witness for witness in named):
                raise FileRefused("witness_unreadable")
            if len(named) < WITNESSES and not attempt.recording.strip():
                raise FileRefused("left_without_proof")
            said(attempt.because, "left_without_refusal", at_most=MOST_WORDS)
        case ServiceMode.MAIL:
            said(attempt.waybill, "no_waybill", at_most=LONGEST_WAYBILL)
        case ServiceMode.ENTRUSTED:
            said(attempt.through, "entrusted_to_whom", at_most=MOST_WORDS)
            said(attempt.because, "no_reason", at_most=MOST_WORDS)
        case ServiceMode.PUBLIC_NOTICE:
            said(attempt.because, "no_reason", at_most=MOST_WORDS)
            _check_tried(session, file, attempt)
        case ServiceMode.PERSONAL:
            pass
    return None


def _consent(session: Session, file: CaseFile, attempt: Attempt) -> ServiceConsent:
    rule = never_electronic(attempt.paper, attempt.begun_on)
    if rule is not None:
        raise FileRefused("never_electronic", article=rule.article)
    consent = None if attempt.consent_id is None else session.get(ServiceConsent, attempt.consent_id)
    if consent is None or consent.file_id != file.id:
        raise FileRefused("no_consent")
    if attempt.begun_on < consent.signed_on:
        raise FileRefused("consent_came_later")
    if consent.withdrawn_on is not None and attempt.begun_on >= consent.withdrawn_on:
        raise FileRefused("consent_is_withdrawn")
    return consent


def _check_tried(session: Session, file: CaseFile, attempt: Attempt) -> None:
    """A public notice comes after the other ways failed. Raises FileRefused."""
    for mode in tried_before_public(attempt.begun_on):
        in_vain = exists().where(
            PaperService.file_id == file.id,
            PaperService.paper == attempt.paper,
            PaperService.mode == mode,
            PaperService.failed_on <= attempt.begun_on,
        )
        if not session.scalar(select(in_vain)):
            raise FileRefused("not_tried_before", mode=mode.value)


def _place(key: PersonalDataKey, attempt: Attempt, consent: ServiceConsent | None) -> Place:
    if attempt.place is None:
        raise FileRefused("no_receiver")
    if consent is not None:
        return Place(attempt.place.receiver, number_of(key, consent)).checked()
    return attempt.place.checked()


def _first_reference(attempt: Attempt) -> str:
    """What names the attempt from the beginning; what proves the service comes with it."""
    return (attempt.waybill or attempt.recording or attempt.through).strip()[:LONGEST_REFERENCE]


def _counts_on(attempt: Attempt) -> date | None:
    if attempt.mode is not ServiceMode.PUBLIC_NOTICE:
        return None
    return term("public_notice", attempt.begun_on).ends_on(attempt.begun_on)


def _under_way(session: Session, service_id: uuid.UUID) -> tuple[PaperService, CaseFile]:
    """Both locked. Raises FileRefused for what ended."""
    service = session.get(PaperService, service_id)
    if service is None:
        raise FileRefused("no_such_service")
    file = lock(session, service.file_id)
    session.refresh(service, with_for_update=True)
    if service.served_on is not None or service.failed_on is not None:
        raise FileRefused("service_has_ended")
    return service, file


def _made_on(session: Session, file: CaseFile, paper: ServedPaper) -> date | None:
    """When the paper was made; None: on a day that nobody has to know. Raises FileRefused where there is none."""
    newest: datetime | None = None
    match paper:
        case ServedPaper.DECISION:
            decision = decision_of(session, file)
            if decision is None:
                raise FileRefused("nothing_to_serve")
            return decision.decided_on
        case ServedPaper.NOTICE:
            newest = session.scalar(
                select(FileNotice.made_at).where(FileNotice.file_id == file.id).order_by(FileNotice.version.desc())
            )
        case ServedPaper.HEARING_NOTICE:
            announced = select(FileHearing.announced_on).where(FileHearing.file_id == file.id)
            announced = announced.where(FileHearing.announced_on.is_not(None))
            day = session.scalar(announced.order_by(FileHearing.announced_on.desc()))
            if day is None:
                raise FileRefused("nothing_to_serve")
            return day
        case ServedPaper.DEMAND:
            made = select(Demand.made_at).where(Demand.file_id == file.id)
            newest = session.scalar(made.order_by(Demand.made_at.desc()))
        case ServedPaper.CORRECTION_ORDER | ServedPaper.MEASURE:
            return local_date(file.registered_at, file.timezone)
    if newest is None:
        raise FileRefused("nothing_to_serve")
    return local_date(newest, file.timezone)


def _tell_retention(session: Session, file: CaseFile, on: date, *, by: By, at: datetime) -> None:
    """The evidence of the incident is kept until the appeal periods are over, which run from this day."""
    if file.incident_id is None:
        return
    decision: FileDecision | None = decision_of(session, file)
    document = f"{file.number or file.title} · {decision.decided_on.isoformat() if decision else ''}"
    retention_rows.record_served(session, file.incident_id, served_on=on, document=document, actor=by.name, at=at)
