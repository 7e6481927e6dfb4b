"""What happened in case files, as the clocks want it: read from the rows of every part, for many files at once."""

import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, TypeVar

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload, selectinload

from cases.casework.clock_rules import Moment
from cases.casework.clocks import ClockFacts, Extension, Fact, Stop
from cases.casework.days import local_date
from models.appeals import Appeal, CourtRequest, Demand
from models.base import Base
from models.case_files import CaseFile, DefencePoint, FileDecision, FileEvent, FileHearing, FileNotice, PaperService
from models.enums import (
    AppealKind,
    AppealResult,
    FileAct,
    MeasureKind,
    OutcomeKind,
    PaymentMeans,
    PlanState,
    ServedPaper,
)
from models.file_clocks import FileClockExtension, FileClockStop
from models.parties import GoodsMeasure
from models.payments import Payment, PaymentPlan

OF_ACT = {
    FileAct.FILE: Moment.FILED,
    FileAct.REFUSE_FILING: Moment.NOT_FILED,
    FileAct.WITHDRAW: Moment.WITHDRAWN,
    FileAct.TRANSFER: Moment.TRANSFERRED,
    FileAct.DEFENCE_WAIVED: Moment.DEFENCE_WAIVED,
    FileAct.REPORTED: Moment.REPORTED,
    FileAct.PERFORM: Moment.PERFORMED,
    FileAct.CLOSE: Moment.CLOSED,
    FileAct.REVOKE: Moment.REVOKED,
}
# after these the party may go to court against the decision as it then stands
ANSWERS = (AppealResult.UPHELD, AppealResult.CHANGED, AppealResult.UNLAWFUL, AppealResult.NOT_ADMITTED)

Row = TypeVar("Row", bound=Base)


@dataclass
class _Rows:
    """The rows of one case file, each kind oldest first."""

    file: CaseFile
    events: list[FileEvent] = field(default_factory=list)
    notices: list[FileNotice] = field(default_factory=list)
    decisions: list[FileDecision] = field(default_factory=list)
    served: list[PaperService] = field(default_factory=list)
    points: list[DefencePoint] = field(default_factory=list)
    hearings: list[FileHearing] = field(default_factory=list)
    measures: list[GoodsMeasure] = field(default_factory=list)
    payments: list[Payment] = field(default_factory=list)
    plans: list[PaymentPlan] = field(default_factory=list)
    appeals: list[Appeal] = field(default_factory=list)
    demands: list[Demand] = field(default_factory=list)
    courts: list[CourtRequest] = field(default_factory=list)
    stops: list[FileClockStop] = field(default_factory=list)
    extensions: list[FileClockExtension] = field(default_factory=list)


def clock_facts(session: Session, files: Sequence[CaseFile]) -> dict[uuid.UUID, ClockFacts]:
    """By case file. As many queries for a thousand files as for one."""
    rows = {file.id: _Rows(file) for file in files}
    for name, table, order, options in _READ:
        asked = select(table).where(table.file_id.in_(rows)).order_by(*order).options(*options)
        for row in session.scalars(asked):
            getattr(rows[row.file_id], name).append(row)
    return {file_id: _facts(each) for file_id, each in rows.items()}


_READ: tuple[tuple[str, Any, tuple[Any, ...], tuple[Any, ...]], ...] = (
    ("events", FileEvent, (FileEvent.file_id, FileEvent.seq), ()),
    ("notices", FileNotice, (FileNotice.file_id, FileNotice.version), ()),
    ("decisions", FileDecision, (FileDecision.made_at,), ()),
    ("served", PaperService, (PaperService.served_on,), ()),
    ("points", DefencePoint, (DefencePoint.number,), ()),
    ("hearings", FileHearing, (FileHearing.asked_on,), ()),
    ("measures", GoodsMeasure, (GoodsMeasure.taken_on,), ()),
    ("payments", Payment, (Payment.paid_on, Payment.recorded_at), ()),
    ("plans", PaymentPlan, (PaymentPlan.recorded_at,), (selectinload(PaymentPlan.parts),)),
    ("appeals", Appeal, (Appeal.filed_on,), ()),
    ("demands", Demand, (Demand.made_on,), ()),
    ("courts", CourtRequest, (CourtRequest.asked_on,), ()),
    ("stops", FileClockStop, (FileClockStop.stopped_at,), (joinedload(FileClockStop.stopped_by, innerjoin=True),)),
    (
        "extensions",
        FileClockExtension,
        (FileClockExtension.extended_at,),
        (joinedload(FileClockExtension.approved_by, innerjoin=True),),
    ),
)


def _facts(rows: _Rows) -> ClockFacts:
    file = rows.file
    found = (
        *_of_the_file(rows),
        *_of_notice_and_defence(rows),
        *_of_hearings(rows),
        *_of_measures(rows),
        *_of_the_decision(rows),
        *_of_money(rows),
        *_of_what_came_after(rows),
    )
    stops = tuple(
        Stop(
            each.cause, each.stopped_on, each.started_on, each.clock, each.of, each.reason, each.stopped_by.display_name
        )
        for each in rows.stops
    )
    extensions = tuple(
        Extension(each.clock, each.of, each.days, each.reason, each.approved_by.display_name, each.extended_on)
        for each in rows.extensions
    )
    return ClockFacts(file.procedure, file.source, found, stops, extensions)


def _of_the_file(rows: _Rows) -> Iterator[Fact]:
    file = rows.file
    yield Fact(Moment.CONDUCT_ENDED, local_date(file.conduct_to_at, file.timezone))
    yield Fact(Moment.REGISTERED, local_date(file.registered_at, file.timezone))
    for event in rows.events:
        moment = OF_ACT.get(event.act)
        on = event.done_on or local_date(event.at, file.timezone)
        if moment is not None:
            yield Fact(moment, on)
        if event.act is FileAct.DEFENCE_WAIVED and "hearing" in event.facts.get("rights", ()):
            yield Fact(Moment.HEARING_WAIVED, on)


def _of_notice_and_defence(rows: _Rows) -> Iterator[Fact]:
    if rows.notices:
        notice = rows.notices[-1]
        served = _first_served(rows, ServedPaper.NOTICE, local_date(notice.made_at, rows.file.timezone))
        if served is not None:
            yield Fact(Moment.NOTICE_SERVED, served)
            if notice.hearing_offered:
                yield Fact(Moment.HEARING_OFFERED, served)
    for point in rows.points:
        of = str(point.number)
        yield Fact(Moment.DEFENCE_SAID, point.said_on, of, of)
        if point.answered_at is not None:
            yield Fact(Moment.DEFENCE_ANSWERED, local_date(point.answered_at, rows.file.timezone), of)


def _first_served(rows: _Rows, paper: ServedPaper, since: date) -> date | None:
    """When the newest of these papers reached the party; that it came a second time begins nothing anew."""
    served = (each.served_on for each in rows.served if each.paper is paper and each.served_on is not None)
    return min((on for on in served if on >= since), default=None)


def _of_hearings(rows: _Rows) -> Iterator[Fact]:
    for hearing in rows.hearings:
        of = str(hearing.id)
        yield Fact(Moment.HEARING_ASKED, hearing.asked_on, of)
        if hearing.announced_on is not None:
            yield Fact(Moment.HEARING_ANNOUNCED, hearing.announced_on, of)
        if hearing.to_be_held_at is not None:
            yield Fact(Moment.HEARING_DAY, local_date(hearing.to_be_held_at, rows.file.timezone), of)
        ended_on = hearing.held_on or hearing.given_up_on
        if ended_on is not None:
            yield Fact(Moment.HEARING_ENDED, ended_on, of)


def _of_measures(rows: _Rows) -> Iterator[Fact]:
    for measure in rows.measures:
        of = str(measure.id)
        moment = Moment.PRESERVED if measure.kind is MeasureKind.PRIOR_REGISTRATION else Moment.SEIZED
        yield Fact(moment, measure.taken_on, of, measure.document, measure.extended_until or measure.due_on)
        if measure.ended_on is not None:
            yield Fact(Moment.MEASURE_ENDED, measure.ended_on, of)


def _of_the_decision(rows: _Rows) -> Iterator[Fact]:
    for decision in rows.decisions:
        is_spared = decision.outcome is OutcomeKind.NO_PENALTY
        yield Fact(Moment.SPARED if is_spared else Moment.DECIDED, decision.decided_on)
    if not rows.decisions:
        return
    newest = rows.decisions[-1]
    served = _first_served(rows, ServedPaper.DECISION, newest.decided_on)
    if served is None:
        return
    yield Fact(Moment.DECISION_SERVED, served)
    if newest.outcome is OutcomeKind.FINE:
        put_off_to = _put_off_to(rows)
        yield Fact(Moment.FINE_DUE, served, due_on=put_off_to)
        if put_off_to is not None:
            yield Fact(Moment.PAYMENT_PUT_OFF_TO, put_off_to)


def _put_off_to(rows: _Rows) -> date | None:
    """The last day of the plan that was granted."""
    granted = [plan for plan in rows.plans if plan.state is PlanState.GRANTED]
    return max((part.due_on for plan in granted for part in plan.parts), default=None)


def _of_money(rows: _Rows) -> Iterator[Fact]:
    fine = next((each.fine_fen for each in reversed(rows.decisions) if each.fine_fen is not None), None)
    paid = 0
    for payment in rows.payments:
        of, before = str(payment.id), paid
        paid += payment.amount_fen
        if fine is not None and before < fine <= paid:
            yield Fact(Moment.PAID, payment.paid_on)
        if payment.means is PaymentMeans.CASH:
            yield Fact(Moment.CASH_TAKEN, payment.paid_on, of, payment.reference)
            if payment.handed_in_on is not None:
                yield Fact(Moment.CASH_HANDED_IN, payment.handed_in_on, of, payment.reference)
            if payment.banked_on is not None:
                yield Fact(Moment.CASH_BANKED, payment.banked_on, of)


def _of_what_came_after(rows: _Rows) -> Iterator[Fact]:
    for appeal in rows.appeals:
        if appeal.kind is AppealKind.SUIT:
            yield Fact(Moment.SUIT_BROUGHT, appeal.filed_on)
            continue
        yield Fact(Moment.RECONSIDERATION_ASKED, appeal.filed_on)
        if appeal.told_on is not None and appeal.result in ANSWERS:
            yield Fact(Moment.RECONSIDERATION_ANSWERED, appeal.told_on)
    if rows.demands:
        served = _first_served(rows, ServedPaper.DEMAND, rows.demands[-1].made_on)
        if served is not None:
            yield Fact(Moment.DEMAND_SERVED, served)
    for request in rows.courts:
        yield Fact(Moment.COURT_ASKED, request.asked_on)
