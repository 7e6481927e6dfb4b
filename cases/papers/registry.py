"""The registry of numbers: every numbered sheet is drawn, used, voided with a reason or written off; none is missing.

A number is the counter's next, and the counter's row stays locked until the sheet's row is committed with it. So a
process that is killed leaves either both or neither, and of two who come at once the second gets the next number.
"""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, joinedload

from cases.casework.days import local_date
from cases.casework.steps import By
from cases.casework.table import ENDED
from cases.entitlements import Scope
from cases.papers.errors import PaperRefused
from cases.papers.number_forms import form_of, written
from cases.scope import of_files_within
from evidence import log_contents
from models.case_files import CaseFile, PaperService
from models.enums import ServedPaper, SheetKind, SheetState
from models.papers import NumberedSheet, NumberSeries, SheetEvent
from models.places import Site

LONGEST_REASON = 400
A_PAGE = 100

# what is served under the number of a sheet: once it reached the party it stands
SERVED_AS = {
    SheetKind.CORRECTION_ORDER: ServedPaper.CORRECTION_ORDER,
    SheetKind.PENALTY_NOTICE: ServedPaper.NOTICE,
    SheetKind.HEARING_NOTICE: ServedPaper.HEARING_NOTICE,
    SheetKind.DECISION: ServedPaper.DECISION,
    SheetKind.SPOT_DECISION: ServedPaper.DECISION,
    SheetKind.NO_PENALTY_DECISION: ServedPaper.DECISION,
    SheetKind.SEIZURE_DECISION: ServedPaper.MEASURE,
    SheetKind.RELEASE_DECISION: ServedPaper.MEASURE,
    SheetKind.DEMAND: ServedPaper.DEMAND,
}


@dataclass(frozen=True)
class SeriesCount:
    """One kind and year. missing: numbers up to the last without a sheet; there are none."""

    kind: SheetKind
    year: int
    last: int
    states: dict[SheetState, int]
    missing: tuple[int, ...]


def draw(session: Session, kind: SheetKind, *, by: By, at: datetime, file_id: uuid.UUID | None = None) -> NumberedSheet:
    """The next number of the kind in the year of `at`, as a sheet that is drawn and not yet used."""
    file = None if file_id is None else session.get_one(CaseFile, file_id)
    year = local_date(at, file.timezone if file else _timezone(session)).year
    series = _series(session, kind, year)
    series.last += 1
    sheet = NumberedSheet(
        kind=kind,
        year=year,
        number=series.last,
        text=written(form_of(session, kind), year, series.last),
        state=SheetState.DRAWN,
        file_id=file_id,
        drawn_by=by.name,
        drawn_at=at,
    )
    session.add(sheet)
    session.flush()
    _append(session, sheet, by=by, at=at, reason="")
    return sheet


def use(session: Session, sheet: NumberedSheet, used_for: str, *, by: By, at: datetime) -> None:
    """used_for: `case_file:<id>` or `file_paper:<id>`. Raises PaperRefused for a sheet that is not free."""
    _lock(session, sheet)
    if sheet.state is not SheetState.DRAWN:
        raise PaperRefused("sheet_not_free", number=sheet.text)
    sheet.state, sheet.used_for = SheetState.USED, used_for
    _append(session, sheet, by=by, at=at, reason=used_for)


def void(session: Session, sheet: NumberedSheet, reason: str, *, by: By, at: datetime) -> None:
    """The number is never given again. Raises PaperRefused: no reason, voided or written off before, the case file's
    own number, or a paper that was served under it.
    """
    reason = _reason(reason)
    _lock(session, sheet)
    if sheet.state not in (SheetState.DRAWN, SheetState.USED):
        raise PaperRefused("sheet_ended", number=sheet.text)
    if sheet.state is SheetState.USED:
        if sheet.kind is SheetKind.CASE_FILE:
            raise PaperRefused("number_of_a_file", number=sheet.text)
        if _was_served(session, sheet):
            raise PaperRefused("sheet_was_served", number=sheet.text)
    sheet.state, sheet.void_reason = SheetState.VOIDED, reason
    _append(session, sheet, by=by, at=at, reason=reason)


def write_off(session: Session, sheet: NumberedSheet, *, by: By, at: datetime, reason: str) -> None:
    """Accounted for, after the end of its case file. Raises PaperRefused: no reason, not used, or still needed."""
    reason = _reason(reason)
    _lock(session, sheet)
    if sheet.state is not SheetState.USED:
        raise PaperRefused("sheet_not_used", number=sheet.text)
    state = None if sheet.file_id is None else session.get_one(CaseFile, sheet.file_id).state
    if state is not None and state not in ENDED:
        raise PaperRefused("sheet_still_needed", number=sheet.text)
    sheet.state = SheetState.WRITTEN_OFF
    _append(session, sheet, by=by, at=at, reason=reason)


def find(session: Session, sheet_id: uuid.UUID) -> NumberedSheet | None:
    return session.get(NumberedSheet, sheet_id, options=[joinedload(NumberedSheet.file)])


def sheets(
    session: Session,
    scope: Scope,
    *,
    kind: SheetKind | None = None,
    year: int | None = None,
    state: SheetState | None = None,
    page: int = 1,
) -> Sequence[NumberedSheet]:
    """Newest first, a page at a time. Of a sheet that belongs to no case file only who may everything sees the row."""
    asked = select(NumberedSheet).where(of_files_within(scope, NumberedSheet.file_id))
    for column, wanted in ((NumberedSheet.kind, kind), (NumberedSheet.year, year), (NumberedSheet.state, state)):
        if wanted is not None:
            asked = asked.where(column == wanted)
    asked = asked.options(joinedload(NumberedSheet.file)).order_by(
        NumberedSheet.year.desc(), NumberedSheet.drawn_at.desc(), NumberedSheet.kind, NumberedSheet.number.desc()
    )
    return session.scalars(asked.limit(A_PAGE).offset((page - 1) * A_PAGE)).all()


def events_of(session: Session, sheet_id: uuid.UUID) -> Sequence[SheetEvent]:
    """Oldest first."""
    return session.scalars(select(SheetEvent).where(SheetEvent.sheet_id == sheet_id).order_by(SheetEvent.seq)).all()


def counts(session: Session, year: int) -> list[SeriesCount]:
    """Every series of the year with what became of its numbers, whoever's they are."""
    found = []
    asked = select(NumberedSheet.kind, NumberedSheet.state, func.count()).where(NumberedSheet.year == year)
    by_kind: dict[SheetKind, dict[SheetState, int]] = {}
    for kind, state, count in session.execute(asked.group_by(NumberedSheet.kind, NumberedSheet.state)):
        by_kind.setdefault(kind, {})[state] = count
    rows = session.scalars(select(NumberSeries).where(NumberSeries.year == year)).all()
    for series in sorted(rows, key=lambda each: list(SheetKind).index(each.kind)):
        states = by_kind.get(series.kind, {})
        missing = () if sum(states.values()) == series.last else missing_numbers(session, series.kind, year)
        found.append(SeriesCount(series.kind, year, series.last, states, missing))
    return found


def missing_numbers(session: Session, kind: SheetKind, year: int) -> tuple[int, ...]:
    """Numbers up to the last drawn that no sheet has."""
    last = session.scalar(select(NumberSeries.last).where(NumberSeries.kind == kind, NumberSeries.year == year)) or 0
    asked = select(NumberedSheet.number).where(NumberedSheet.kind == kind, NumberedSheet.year == year)
    there = set(session.scalars(asked))
    return tuple(number for number in range(1, last + 1) if number not in there)


def years(session: Session) -> list[int]:
    """In which numbers were drawn, the newest first."""
    return list(session.scalars(select(NumberSeries.year).distinct().order_by(NumberSeries.year.desc())))


def _series(session: Session, kind: SheetKind, year: int) -> NumberSeries:
    """Its row, locked until the transaction ends; made where it is the first of its year."""
    locked = session.get(NumberSeries, (kind, year), with_for_update=True, populate_existing=True)
    if locked is not None:
        return locked
    try:
        with session.begin_nested():
            session.add(NumberSeries(kind=kind, year=year, last=0))
    except IntegrityError:
        pass  # another made it a moment ago, and has committed: its row is read now
    return session.get_one(NumberSeries, (kind, year), with_for_update=True, populate_existing=True)


def _lock(session: Session, sheet: NumberedSheet) -> None:
    session.flush()
    session.refresh(sheet, with_for_update=True)


def _append(session: Session, sheet: NumberedSheet, *, by: By, at: datetime, reason: str) -> None:
    """The sheet's row is locked, or not committed yet."""
    last = session.scalar(select(func.max(SheetEvent.seq)).where(SheetEvent.sheet_id == sheet.id)) or 0
    event = SheetEvent(
        sheet_id=sheet.id,
        seq=last + 1,
        to_state=sheet.state,
        actor=by.name,
        actor_id=by.user.id if by.user else None,
        at=at,
        reason=reason,
    )
    session.add(event)
    session.flush()
    log_contents.enter(session, event)


def _was_served(session: Session, sheet: NumberedSheet) -> bool:
    served_as = SERVED_AS.get(sheet.kind)
    if served_as is None or sheet.file_id is None:
        return False
    asked = select(PaperService.id).where(
        PaperService.file_id == sheet.file_id,
        PaperService.paper == served_as,
        PaperService.served_on.is_not(None),
        PaperService.recorded_at >= sheet.drawn_at,
    )
    return session.scalar(asked.limit(1)) is not None


def _reason(reason: str) -> str:
    said = reason.strip()
    if not said:
        raise PaperRefused("no_reason")
    if len(said) > LONGEST_REASON:
        raise PaperRefused("reason_too_long", most=LONGEST_REASON)
    return said


def _timezone(session: Session) -> str:
    return session.scalar(select(Site.timezone).order_by(Site.id).limit(1)) or "UTC"
