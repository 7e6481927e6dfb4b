"""The matter of a paper: everything on record about a case file that a paper may say, read once for all of them.

Values to be written down; what they are written into is in cases/papers/contents.py. Names and addresses of the party
are opened here: who has a paper made has them on it, and the paper's event says who had it made.
"""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, TypeVar

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload, selectinload

from cases.casework import outcomes, steps
from cases.casework.days import local_date
from cases.draft_content import DraftContent, ExhibitEntry, Statement
from cases.law import catalogue
from cases.law.items import LawItem
from cases.papers.errors import PaperRefused
from cases.records import reading
from cases.records.reading import RecordValue
from cases.review import newest_draft
from models.appeals import Appeal, CourtRequest, Demand
from models.case_files import (
    ApprovalMark,
    CaseFile,
    DefencePoint,
    FileApproval,
    FileDecision,
    FileEvent,
    FileHearing,
    FileNotice,
    FileOfficer,
    PaperService,
)
from models.enums import FileAct, PartyKind, PartyRole, RecordKind, RecordState
from models.parties import FileParty, FileVehicle, GoodsItem, GoodsMeasure, Party
from models.payments import Payment
from models.people import User
from models.personal_data import PersonalDataKey
from models.records import FileRecord
from models.serving import ServiceDetail

Row = TypeVar("Row")


@dataclass(frozen=True)
class PartyValue:
    """In clear. number: of identity card or registration; "" where it is not known. speaks: who represents it."""

    id: uuid.UUID
    kind: PartyKind
    name: str
    number: str
    phone: str
    address: str
    speaks: str = ""

    @property
    def is_organisation(self) -> bool:
        return self.kind is not PartyKind.PERSON


@dataclass(frozen=True)
class OfficerValue:
    """place: 1 leads, 2 is the second."""

    row_id: uuid.UUID
    user_id: uuid.UUID
    place: int
    name: str
    certificate: str


@dataclass(frozen=True)
class ServiceValue:
    """With receiver and address in clear."""

    row: PaperService
    receiver: str
    address: str


@dataclass(frozen=True)
class Matter:
    """law: as it was in force on the day of the conduct. statements, exhibits: of the newest draft of the incident.
    records: what officers took down, as far as it is finished.
    """

    file: CaseFile
    on: date
    law: LawItem | None
    party: PartyValue | None
    officers: tuple[OfficerValue, ...]
    events: tuple[FileEvent, ...]
    names: dict[uuid.UUID, str]
    statements: tuple[Statement, ...] = ()
    exhibits: tuple[ExhibitEntry, ...] = ()
    plates: tuple[str, ...] = ()
    notice: FileNotice | None = None
    decision: FileDecision | None = None
    points: tuple[DefencePoint, ...] = ()
    hearing: FileHearing | None = None
    services: tuple[ServiceValue, ...] = ()
    measures: tuple[GoodsMeasure, ...] = ()
    goods: dict[uuid.UUID, tuple[GoodsItem, ...]] = field(default_factory=dict)
    demand: Demand | None = None
    court: CourtRequest | None = None
    appeals: tuple[Appeal, ...] = ()
    payments: tuple[Payment, ...] = ()
    approvals: tuple[FileApproval, ...] = ()
    records: tuple[RecordValue, ...] = ()

    @property
    def timezone(self) -> str:
        return self.file.timezone

    @property
    def conduct_on(self) -> date:
        return local_date(self.file.conduct_from_at, self.timezone)

    def event(self, *acts: FileAct) -> FileEvent | None:
        """The newest of these acts."""
        return next((event for event in reversed(self.events) if event.act in acts), None)

    def records_of(self, kind: RecordKind) -> tuple[RecordValue, ...]:
        return tuple(each for each in self.records if each.row.kind is kind)

    def name(self, user_id: uuid.UUID | None) -> str:
        return "" if user_id is None else self.names[user_id]


def load(session: Session, file_id: uuid.UUID, *, key: PersonalDataKey | None, at: datetime) -> Matter:
    """key: what opens names and addresses. Raises PaperRefused without one where there are any."""
    file = session.get_one(CaseFile, file_id)
    conduct_on = local_date(file.conduct_from_at, file.timezone)
    draft = newest_draft(session, file.incident_id) if file.incident_id else None
    content = DraftContent.model_validate(draft.content) if draft else None
    measures = _newest_first(session, GoodsMeasure, file_id, GoodsMeasure.recorded_at)
    goods: dict[uuid.UUID, tuple[GoodsItem, ...]] = {measure.id: () for measure in measures}
    for item in session.scalars(select(GoodsItem).where(GoodsItem.file_id == file_id).order_by(GoodsItem.number)):
        goods[item.measure_id] = (*goods[item.measure_id], item)
    plates = session.scalars(
        select(FileVehicle.plate).where(FileVehicle.file_id == file_id).order_by(FileVehicle.plate)
    )
    matter = Matter(
        file=file,
        on=local_date(at, file.timezone),
        law=catalogue.item(session, file.law_code, conduct_on),
        party=_party(session, file_id, key),
        officers=_officers(session, file_id),
        events=tuple(steps.events_of(session, file)),
        names={},
        statements=content.statements if content else (),
        exhibits=content.exhibits if content else (),
        plates=tuple(plates) or ((content.who.plate,) if content and content.who.plate else ()),
        notice=outcomes.newest_notice(session, file),
        decision=outcomes.holding_decision(session, file),
        points=tuple(
            session.scalars(select(DefencePoint).where(DefencePoint.file_id == file_id).order_by(DefencePoint.number))
        ),
        hearing=next(iter(_newest_first(session, FileHearing, file_id, FileHearing.asked_on)), None),
        services=_services(session, file_id, key),
        measures=measures,
        goods=goods,
        demand=next(iter(_newest_first(session, Demand, file_id, Demand.made_at)), None),
        court=next(iter(_newest_first(session, CourtRequest, file_id, CourtRequest.made_at)), None),
        appeals=_newest_first(session, Appeal, file_id, Appeal.filed_on)[::-1],
        payments=tuple(
            session.scalars(select(Payment).where(Payment.file_id == file_id).order_by(Payment.paid_on, Payment.id))
        ),
        approvals=_approvals(session, file_id),
        records=_records(session, file, key),
    )
    matter.names.update(_names(session, matter))
    return matter


def _newest_first(session: Session, table: type[Row], file_id: uuid.UUID, by: Any) -> tuple[Row, ...]:
    asked: Any = table  # each of them has the column, and no class that says so
    return tuple(session.scalars(select(table).where(asked.file_id == file_id).order_by(by.desc(), asked.id)))


def _party(session: Session, file_id: uuid.UUID, key: PersonalDataKey | None) -> PartyValue | None:
    """Against whom it goes; of several the first that was linked."""
    asked = (
        select(FileParty)
        .where(FileParty.file_id == file_id, FileParty.ended_at.is_(None))
        .options(joinedload(FileParty.party))
        .order_by(FileParty.linked_at, FileParty.id)
    )
    links = session.scalars(asked).all()
    link = next((link for link in links if link.role is PartyRole.PARTY), None)
    if link is None:
        return None
    speaks = [each.party for each in links if each.role in (PartyRole.LEGAL_REPRESENTATIVE, PartyRole.AGENT)]
    party = link.party
    return PartyValue(
        id=party.id,
        kind=party.kind,
        name=_party_name(party, key),
        number=_opened(key, party.number_sealed, f"party.number:{party.id}"),
        phone=_opened(key, party.phone_sealed, f"party.phone:{party.id}"),
        address=_opened(key, party.address_sealed, f"party.address:{party.id}"),
        speaks="、".join(_party_name(each, key) for each in speaks),
    )


def _party_name(party: Party, key: PersonalDataKey | None) -> str:
    return party.public_name or _opened(key, party.name_sealed, f"party.name:{party.id}")


def _opened(key: PersonalDataKey | None, sealed: bytes | None, where: str) -> str:
    if sealed is None:
        return ""
    if key is None:
        raise PaperRefused("no_key")
    return key.open(sealed, where)


def _officers(session: Session, file_id: uuid.UUID) -> tuple[OfficerValue, ...]:
    asked = (
        select(FileOfficer)
        .where(FileOfficer.file_id == file_id, FileOfficer.ended_at.is_(None))
        .options(joinedload(FileOfficer.user))
        .order_by(FileOfficer.place)
    )
    return tuple(
        OfficerValue(row.id, row.user_id, row.place, row.user.display_name, row.certificate)
        for row in session.scalars(asked)
    )


def _services(session: Session, file_id: uuid.UUID, key: PersonalDataKey | None) -> tuple[ServiceValue, ...]:
    asked = (
        select(PaperService, ServiceDetail)
        .outerjoin(ServiceDetail, ServiceDetail.service_id == PaperService.id)
        .where(PaperService.file_id == file_id)
        .order_by(PaperService.recorded_at, PaperService.id)
    )
    found = []
    for row, detail in session.execute(asked):
        receiver, address = row.receiver, row.address
        if detail is not None:
            receiver = _opened(key, detail.receiver_sealed, f"service_detail.receiver:{row.id}")
            address = _opened(key, detail.address_sealed, f"service_detail.address:{row.id}")
        found.append(ServiceValue(row, receiver, address))
    return tuple(found)


def _records(session: Session, file: CaseFile, key: PersonalDataKey | None) -> tuple[RecordValue, ...]:
    """Raises PaperRefused for one that does not say any more what it said when it was finished."""
    finished = select(FileRecord.id).where(FileRecord.file_id == file.id, FileRecord.state == RecordState.FINISHED)
    if session.scalar(finished.limit(1)) is None:
        return ()
    if key is None:
        raise PaperRefused("no_key")
    found = reading.finished_of(session, key, file.id)
    events = steps.events_of(session, file)
    for each in found:
        if not reading.still_holds(each, events):
            raise PaperRefused("record_changed", number=each.row.number)
    return found


def _approvals(session: Session, file_id: uuid.UUID) -> tuple[FileApproval, ...]:
    """With their marks, oldest first."""
    asked = (
        select(FileApproval)
        .where(FileApproval.file_id == file_id)
        .options(selectinload(FileApproval.marks).joinedload(ApprovalMark.user), joinedload(FileApproval.asked_by))
        .order_by(FileApproval.asked_at)
    )
    return tuple(session.scalars(asked))


def _names(session: Session, matter: Matter) -> dict[uuid.UUID, str]:
    """Of every user that the rows name."""
    wanted: set[uuid.UUID | None] = {event.actor_id for event in matter.events}
    wanted |= {point.answered_by_id for point in matter.points}
    wanted |= {each.row.recorded_by_id for each in matter.services}
    wanted |= {matter.hearing.chair_id} if matter.hearing else set()
    wanted |= {row.made_by_id for row in (matter.notice, matter.decision) if row is not None}
    rows: Sequence[Any] = session.execute(
        select(User.id, User.display_name).where(User.id.in_({each for each in wanted if each is not None}))
    ).all()
    return dict(tuple(row) for row in rows)
