"""What lies in which store, and what does not pair up: measures over their day, things gone too long, what was decided
and not done. Reading only.
"""

import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlalchemy.orm import Session, aliased

from cases import goods
from cases.casework.days import local_date
from cases.casework.table import ENDED
from cases.entitlements import Scope
from cases.goods import APPROVED_WITHIN
from cases.scope import files_within, stores_within
from models.case_files import CaseFile, PaperService
from models.enums import GoodsMove, GoodsRequestState, ServedPaper
from models.parties import GoodsItem, GoodsMeasure, GoodsMovement, GoodsRequest, GoodsRuling, GoodsStore

SOON_DAYS = 3


class Problem(StrEnum):
    """In the order in which they weigh."""

    MEASURE_OVERDUE = "measure_overdue"
    NOT_APPROVED = "not_approved"
    OUT_TOO_LONG = "out_too_long"
    DECIDED_NOT_DONE = "decided_not_done"
    HELD_THOUGH_ENDED = "held_though_ended"  # the file ended before its things left
    NOT_HANDED_OVER = "not_handed_over"  # the paper of the measure, 行政强制法 art. 24
    MEASURE_SOON_OVER = "measure_soon_over"


RED = frozenset(Problem) - {Problem.MEASURE_SOON_OVER}


@dataclass(frozen=True)
class Finding:
    """about: the number of the paper or the thing. on: the day it should have been done by, where there is one."""

    problem: Problem
    file: CaseFile
    about: str
    on: date | None

    @property
    def is_red(self) -> bool:
        return self.problem in RED


@dataclass(frozen=True)
class Stock:
    """A line of a store's list; thousandths of the item's unit."""

    item: GoodsItem
    file: CaseFile
    in_store: int
    out: int
    since: date


@dataclass(frozen=True)
class StoreCount:
    """lines: how many things of the lists have anything here; out: of how many something is out."""

    store: GoodsStore
    lines: int
    out: int


def findings(session: Session, scope: Scope, at: datetime, *, file_id: uuid.UUID | None = None) -> list[Finding]:
    """The weightiest first, and of those the oldest."""
    within = files_within(scope) if file_id is None else and_(files_within(scope), CaseFile.id == file_id)
    found = [
        *_of_measures(session, within, at),
        *_out_too_long(session, within, at),
        *_decided_not_done(session, within, at),
        *_held_though_ended(session, within),
    ]
    order = list(Problem)
    return sorted(found, key=lambda each: (order.index(each.problem), each.on or date.min, each.about))


def stores(session: Session, scope: Scope) -> list[StoreCount]:
    """Every store within the scope, with what its list has now."""
    newest = _newest()
    counted = {
        store_id: (lines, out)
        for store_id, lines, out in session.execute(
            select(
                GoodsMovement.store_id,
                func.count(),
                func.count().filter(GoodsMovement.out_milli > 0),
            )
            .where(newest, _something_there())
            .group_by(GoodsMovement.store_id)
        )
    }
    rows = session.scalars(select(GoodsStore).where(stores_within(scope)).order_by(GoodsStore.name))
    return [StoreCount(store, *counted.get(store.id, (0, 0))) for store in rows]


def stock(session: Session, store_id: uuid.UUID) -> list[Stock]:
    """What is on the list of a store: in it, or out of it and to come back."""
    rows = session.execute(
        select(GoodsItem, CaseFile, GoodsMovement)
        .join(GoodsMovement, GoodsMovement.item_id == GoodsItem.id)
        .join(CaseFile, CaseFile.id == GoodsItem.file_id)
        .where(_newest(), _something_there(), GoodsMovement.store_id == store_id)
        .order_by(GoodsItem.number)
    )
    return [Stock(item, file, last.in_store_milli, last.out_milli, last.moved_on) for item, file, last in rows]


def files_reached(session: Session, scope: Scope, file_ids: set[uuid.UUID]) -> set[uuid.UUID]:
    """Which of these case files who asks may open."""
    return set(session.scalars(select(CaseFile.id).where(CaseFile.id.in_(file_ids), files_within(scope))))


def _of_measures(session: Session, within: ColumnElement[bool], at: datetime) -> Iterator[Finding]:
    served = select(PaperService.file_id).where(
        PaperService.paper == ServedPaper.MEASURE, PaperService.served_on.is_not(None)
    )
    rows = session.execute(
        select(GoodsMeasure, CaseFile, GoodsMeasure.file_id.in_(served))
        .join(CaseFile, CaseFile.id == GoodsMeasure.file_id)
        .where(within, GoodsMeasure.ended_on.is_(None))
    )
    for measure, file, handed_over in rows:
        today = local_date(at, file.timezone)
        last = measure.extended_until or measure.due_on
        if last < today:
            yield Finding(Problem.MEASURE_OVERDUE, file, measure.document, last)
        elif (last - today).days <= SOON_DAYS:
            yield Finding(Problem.MEASURE_SOON_OVER, file, measure.document, last)
        if measure.approved_at is None and (not measure.urgent or measure.recorded_at + APPROVED_WITHIN < at):
            yield Finding(Problem.NOT_APPROVED, file, measure.document, measure.taken_on)
        if not handed_over:
            yield Finding(Problem.NOT_HANDED_OVER, file, measure.document, measure.taken_on)


def _out_too_long(session: Session, within: ColumnElement[bool], at: datetime) -> Iterator[Finding]:
    rows = session.execute(
        select(GoodsRequest, GoodsItem, CaseFile)
        .join(GoodsItem, GoodsItem.id == GoodsRequest.item_id)
        .join(CaseFile, CaseFile.id == GoodsRequest.file_id)
        .where(within, GoodsRequest.fate.is_(None), GoodsRequest.state == GoodsRequestState.DONE)
    )
    for request, item, file in rows:
        due = request.back_due_on
        if due is not None and due < local_date(at, file.timezone) and goods.out_by(session, request):
            yield Finding(Problem.OUT_TOO_LONG, file, item.number, due)


def _decided_not_done(session: Session, within: ColumnElement[bool], at: datetime) -> Iterator[Finding]:
    """行政强制法 art. 28: what is released is given back at once."""
    left = (
        select(GoodsMovement.item_id, GoodsRequest.fate, func.sum(GoodsMovement.milli).label("milli"))
        .join(GoodsRequest, GoodsRequest.id == GoodsMovement.request_id)
        .where(GoodsMovement.kind == GoodsMove.LEFT)
        .group_by(GoodsMovement.item_id, GoodsRequest.fate)
        .subquery()
    )
    ruled = select(
        GoodsRuling.item_id,
        GoodsRuling.fate,
        func.sum(GoodsRuling.milli).label("milli"),
        func.min(GoodsRuling.ruled_on).label("ruled_on"),
    ).group_by(GoodsRuling.item_id, GoodsRuling.fate)
    decided = ruled.subquery()
    rows = session.execute(
        select(GoodsItem, CaseFile, decided.c.ruled_on)
        .join(decided, decided.c.item_id == GoodsItem.id)
        .join(CaseFile, CaseFile.id == GoodsItem.file_id)
        .outerjoin(left, and_(left.c.item_id == decided.c.item_id, left.c.fate == decided.c.fate))
        .where(within, decided.c.milli > func.coalesce(left.c.milli, 0))
    )
    for item, file, ruled_on in rows:
        if ruled_on < local_date(at, file.timezone):
            yield Finding(Problem.DECIDED_NOT_DONE, file, item.number, ruled_on)


def _held_though_ended(session: Session, within: ColumnElement[bool]) -> Iterator[Finding]:
    rows = session.execute(
        select(GoodsItem, CaseFile)
        .join(GoodsMovement, GoodsMovement.item_id == GoodsItem.id)
        .join(CaseFile, CaseFile.id == GoodsItem.file_id)
        .where(within, _newest(), _something_there(), CaseFile.state.in_(sorted(ENDED)))
    )
    for item, file in rows:
        yield Finding(Problem.HELD_THOUGH_ENDED, file, item.number, None)


def _newest() -> ColumnElement[bool]:
    """For a query that holds GoodsMovement: of each thing the last one alone."""
    later = aliased(GoodsMovement)
    return ~select(later.seq).where(later.item_id == GoodsMovement.item_id, later.seq > GoodsMovement.seq).exists()


def _something_there() -> ColumnElement[bool]:
    return or_(GoodsMovement.in_store_milli > 0, GoodsMovement.out_milli > 0)
