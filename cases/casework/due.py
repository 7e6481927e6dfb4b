"""What is due: the clocks of one case file, and of all within reach what is over, due today, this week, and later."""

import uuid
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

from sqlalchemy import select
from sqlalchemy.orm import Session

from cases.casework.clock_facts import clock_facts
from cases.casework.clocks import Clock, clocks
from cases.casework.days import local_date
from cases.casework.file_list import officers_by_file
from cases.entitlements import Scope
from cases.scope import files_within
from models.case_files import CaseFile, FileOfficer
from models.dispatch import Area
from models.enums import FileState

# in these nothing is owed any more; of a decision that was revoked its publication may still have to go
AT_REST = frozenset(
    {FileState.NOT_FILED, FileState.CLOSED, FileState.ARCHIVED, FileState.WITHDRAWN, FileState.TRANSFERRED}
)
SUNDAY = 6


class Group(StrEnum):
    OVER = "over"
    TODAY = "today"
    THIS_WEEK = "this_week"
    LATER = "later"
    STANDS = "stands"


@dataclass(frozen=True)
class DueRow:
    """officers: in charge, by display name, the leading one first. area: its name; None: it lies in none."""

    file: CaseFile
    clock: Clock
    group: Group
    officers: tuple[str, ...]
    area: str | None


@dataclass(frozen=True)
class Due:
    """By group, in each what is due first first; groups that are empty are left out. areas: in which there are case
    files within reach.
    """

    rows: Mapping[Group, Sequence[DueRow]]
    areas: Sequence[Area]


def clocks_of(session: Session, file: CaseFile, at: datetime) -> tuple[Clock, ...]:
    """Those that have begun, ended ones too, in the order of the rules."""
    return clocks(clock_facts(session, [file])[file.id], local_date(at, file.timezone))


def next_due(session: Session, files: Sequence[CaseFile], at: datetime) -> dict[uuid.UUID, Clock]:
    """Of each case file the clock of the bureau that ends first; files on which none runs are left out."""
    facts, found = clock_facts(session, files), {}
    for file in files:
        running = [
            clock
            for clock in clocks(facts[file.id], local_date(at, file.timezone))
            if clock.goes_on and clock.stopped is None and is_watched(clock)
        ]
        if running:
            found[file.id] = min(running, key=lambda clock: clock.due_on)
    return found


def is_watched(clock: Clock) -> bool:
    """Whether its end is something the bureau has to act on: a right of the party that runs out is not."""
    return not clock.rule.lapses


def due(
    session: Session, scope: Scope, at: datetime, *, officer_id: uuid.UUID | None = None, area_id: str | None = None
) -> Due:
    """Of the case files within reach. officer_id: in whose charge they are; area_id: in that area itself."""
    asked = select(CaseFile).where(files_within(scope), CaseFile.state.not_in(AT_REST))
    if officer_id is not None:
        in_charge = select(FileOfficer.file_id)
        in_charge = in_charge.where(FileOfficer.user_id == officer_id, FileOfficer.ended_at.is_(None))
        asked = asked.where(CaseFile.id.in_(in_charge))
    if area_id is not None:
        asked = asked.where(CaseFile.area_id == area_id)
    files = session.scalars(asked.order_by(CaseFile.registered_at, CaseFile.id)).all()
    facts, officers = clock_facts(session, files), officers_by_file(session, [file.id for file in files])
    within = select(CaseFile.area_id).where(files_within(scope))
    areas = session.scalars(select(Area).where(Area.id.in_(within)).order_by(Area.name, Area.id)).all()
    names = {area.id: area.name for area in areas}
    found: dict[Group, list[DueRow]] = {group: [] for group in Group}
    for file in files:
        on = local_date(at, file.timezone)
        for clock in clocks(facts[file.id], on):
            if clock.goes_on and is_watched(clock):
                group = group_of(clock, on)
                area = names.get(file.area_id or "")
                found[group].append(DueRow(file, clock, group, officers.get(file.id, ()), area))
    in_order = {
        group: sorted(rows, key=lambda row: (row.clock.due_on, row.file.registered_at, row.clock.name))
        for group, rows in found.items()
        if rows
    }
    return Due(in_order, areas)


def group_of(clock: Clock, on: date) -> Group:
    """A week ends with its Sunday."""
    if clock.stopped is not None:
        return Group.STANDS
    if clock.due_on < on:
        return Group.OVER
    if clock.due_on == on:
        return Group.TODAY
    return Group.THIS_WEEK if clock.due_on <= on + timedelta(days=SUNDAY - on.weekday()) else Group.LATER


def named(found: Collection[Clock], name: str, of: str) -> Clock | None:
    return next((clock for clock in found if (clock.name, clock.of) == (name, of)), None)
