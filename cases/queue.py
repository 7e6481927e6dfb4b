"""The queue: which incidents wait for a person, in which order, and everything one incident's page shows.

Reading only; every query names what it loads. Counts come from the query that finds the rows.
"""

import math
import tomllib
import uuid
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any, Self

from sqlalchemy import (
    ColumnElement,
    Float,
    Integer,
    Select,
    String,
    Subquery,
    and_,
    case,
    cast,
    exists,
    func,
    literal,
    or_,
    select,
    union_all,
)
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import Session, joinedload
from sqlalchemy.sql.functions import GenericFunction

from cases import claims
from cases.draft_content import DraftContent
from cases.entitlements import Scope
from cases.errors import UnknownIncident
from cases.lifecycle import NEEDS_A_PERSON
from cases.review import PASSED_ON_TO
from cases.scope import cameras_within, incidents_within
from evidence import case_rows, sufficiency
from evidence.case_rows import CaseRows
from evidence.errors import NoSuchIncident
from evidence.sufficiency import Finding
from models.desk import Claim, PassedOn
from models.dispatch import Area
from models.enums import ExhibitKind, ExhibitMoment, IncidentState, Offence, RecordingState
from models.exhibits import Exhibit
from models.incidents import DraftCase, Incident, Recording
from models.people import User
from models.places import Camera, Geofence, GeofenceVersion
from models.retention import Deletion

STILL_RUNNING = (IncidentState.OBSERVED, IncidentState.NOTIFIED)
PAGE_SIZE = 25

# what looks alike stands in one row: one vehicle at one fence, this near in time
ALIKE_WITHIN = timedelta(minutes=30)
CELL_PX = 100  # of what has no plate, the place in the picture, this coarse

# the picture that tells most at a glance, first
THUMBNAILS = (
    ExhibitMoment.DWELL_COMPLETE,
    ExhibitMoment.GRACE_END,
    ExhibitMoment.ENTRY,
    ExhibitMoment.SHARPEST,
    ExhibitMoment.BEFORE,
    ExhibitMoment.LEFT,
)


class seconds_of(GenericFunction[float]):  # noqa: N801 - a function of SQL
    """A time as seconds since 1970, so that times are added and ordered as numbers on either engine."""

    type = Float()
    inherit_cache = True


@compiles(seconds_of, "sqlite")
def _seconds_on_sqlite(element: Any, compiler: Any, **asked: Any) -> str:
    return f"((julianday({compiler.process(element.clauses, **asked)}) - 2440587.5) * 86400.0)"


@compiles(seconds_of, "postgresql")
def _seconds_on_postgresql(element: Any, compiler: Any, **asked: Any) -> str:
    return f"CAST(extract(epoch FROM {compiler.process(element.clauses, **asked)}) AS double precision)"


@dataclass(frozen=True)
class Narrowed:
    """What the queue is narrowed to; empty: not. text: in plate, place, camera or the beginning of the id."""

    states: tuple[IncidentState, ...] = ()
    camera_id: str = ""
    area_id: str = ""
    offence: Offence | None = None
    text: str = ""
    plate: str = ""

    def in_states(self, states: Sequence[IncidentState]) -> Self:
        return replace(self, states=tuple(states))


@dataclass(frozen=True)
class Place:
    """Where a row stands in the order: what comes after it is asked for by it, however long the queue is."""

    rank: int
    urgency: float
    incident_id: uuid.UUID

    def __str__(self) -> str:
        return f"{self.rank}~{self.urgency!r}~{self.incident_id.hex}"

    @classmethod
    def parse(cls, text: str) -> Self:
        """Raises ValueError."""
        rank, urgency, incident_id = text.split("~")
        if not math.isfinite(float(urgency)):
            raise ValueError(text)
        return cls(int(rank), float(urgency), uuid.UUID(incident_id))


@dataclass(frozen=True)
class QueueRow:
    """still: the picture to know it by; None where nothing is sealed yet. due_at: by when a person should have looked,
    or the program will; None: it is over. alike: of the same vehicle at the same fence, soon after; they wait as well.
    """

    incident: Incident
    place: Place
    still: Exhibit | None
    due_at: datetime | None
    claim: Claim | None
    passed_on: PassedOn | None
    alike: list[Incident] = field(default_factory=list)


@dataclass(frozen=True)
class QueuePage:
    """rows: this page. total: how many incidents the filter lets through. counts: by state, whatever state is chosen.

    earlier, later: where the pages beside it begin; None: there is none.
    """

    rows: list[QueueRow]
    total: int
    counts: dict[IncidentState, int]
    earlier: Place | None
    later: Place | None

    @property
    def waiting(self) -> int:
        return sum(self.counts[state] for state in NEEDS_A_PERSON)


@dataclass(frozen=True)
class IncidentPage:
    """Everything one incident's page shows.

    findings: the sufficiency check of what is on record now. draft: the newest, read from its row.
    """

    rows: CaseRows
    findings: list[Finding]
    draft: DraftContent | None


def queue_page(
    session: Session,
    scope: Scope,
    narrowed: Narrowed = Narrowed(),
    *,
    at: datetime,
    after: Place | None = None,
    before: Place | None = None,
    page_size: int = PAGE_SIZE,
) -> QueuePage:
    """One page of what the filter lets through, the most urgent first; the page after or before a row."""
    conditions = _conditions(narrowed, scope)
    counts = dict.fromkeys(IncidentState, 0)
    counted = select(Incident.state, func.count()).where(*conditions).group_by(Incident.state)
    for state, count in session.execute(counted):
        counts[state] = count
    keyed = _keyed([*conditions, Incident.state.in_(narrowed.states)] if narrowed.states else conditions)
    found = _page_of(session, keyed, after, before, page_size + 1)
    more = len(found) > page_size
    found = found[-page_size:] if before is not None else found[:page_size]
    return QueuePage(
        rows=_rows(session, keyed, found, at),
        total=sum(counts[state] for state in (narrowed.states or IncidentState)),
        counts=counts,
        earlier=found[0][1] if found and (after is not None or (before is not None and more)) else None,
        later=found[-1][1] if found and (before is not None or more) else None,
    )


def rank(state: IncidentState) -> int:
    """0: needs a person. 1: still runs. 2: the rest."""
    return 0 if state in NEEDS_A_PERSON else 1 if state in STILL_RUNNING else 2


def next_unclaimed(
    session: Session,
    scope: Scope,
    user: User,
    narrowed: Narrowed = Narrowed(),
    *,
    at: datetime,
    besides: Collection[uuid.UUID] = (),
) -> uuid.UUID | None:
    """The most urgent incident that waits, is in nobody else's hand, and that this person may decide."""
    others = exists().where(Claim.incident_id == Incident.id, Claim.until_at > at, Claim.user_id != user.id)
    left = exists().where(PassedOn.incident_id == Incident.id, PassedOn.ended_at.is_(None))
    if not PASSED_ON_TO.isdisjoint(user.roles):
        left = exists().where(
            PassedOn.incident_id == Incident.id, PassedOn.ended_at.is_(None), PassedOn.user_id == user.id
        )
    states = [state for state in NEEDS_A_PERSON if not narrowed.states or state in narrowed.states]
    return session.scalar(
        select(Incident.id)
        .where(*_conditions(narrowed, scope), Incident.state.in_(states), Incident.id.not_in(besides), ~others, ~left)
        .order_by(_urgency(), Incident.id)
        .limit(1)
    )


def _conditions(narrowed: Narrowed, scope: Scope) -> list[ColumnElement[bool]]:
    """All of the filter but the states, which the tabs beside the list count each for itself."""
    conditions: list[ColumnElement[bool]] = [incidents_within(scope)]
    if narrowed.camera_id:
        conditions.append(Incident.camera_id == narrowed.camera_id)
    if narrowed.area_id:
        below = select(Area.id).where(Area.id == narrowed.area_id).cte(recursive=True)
        below = below.union(select(Area.id).where(Area.parent_id == below.c.id))
        within = select(Camera.id).where(Camera.area_id.in_(select(below.c.id)))
        conditions.append(Incident.camera_id.in_(within))
    if narrowed.offence is not None:
        conditions.append(Incident.offence == narrowed.offence)
    if narrowed.plate:
        conditions.append(Incident.plate.contains(narrowed.plate.replace(" ", "").upper(), autoescape=True))
    if narrowed.text:
        conditions.append(_says(narrowed.text))
    return conditions


def _says(text: str) -> ColumnElement[bool]:
    wanted = text.strip().lower()
    fences = (
        select(GeofenceVersion.id)
        .join(Geofence, Geofence.id == GeofenceVersion.geofence_id)
        .where(or_(_has(Geofence.name, wanted), _has(Geofence.id, wanted)))
    )
    cameras = select(Camera.id).where(or_(_has(Camera.name, wanted), _has(Camera.id, wanted)))
    # SQLite keeps an id without its hyphens, PostgreSQL with them
    named = func.replace(cast(Incident.id, String(36)), "-", "").startswith(wanted.replace("-", ""), autoescape=True)
    return or_(
        _has(Incident.plate, wanted),
        Incident.geofence_version_id.in_(fences),
        Incident.camera_id.in_(cameras),
        named,
    )


def _has(column: Any, wanted: str) -> ColumnElement[bool]:
    return func.lower(column).contains(wanted, autoescape=True)


@cache
def review_within_s() -> dict[Offence, float]:
    """Within how many seconds of the confirmation a person should have looked."""
    said = tomllib.loads((Path(__file__).parent / "review_times.toml").read_text("utf-8"))
    return {offence: 60.0 * said[offence.value] for offence in Offence}


def _ranked() -> ColumnElement[int]:
    return case({state.value: rank(state) for state in IncidentState}, value=Incident.state)


def _urgency() -> ColumnElement[float]:
    """Smaller is sooner, within a rank: when a person should have looked, when the program goes on, and of what is over
    the newest first.
    """
    allowed = case({offence.value: within for offence, within in review_within_s().items()}, value=Incident.offence)
    runs_on = func.coalesce(Incident.next_step_at, Incident.grace_ends_at, Incident.confirmed_at)
    return case(
        (Incident.state.in_(NEEDS_A_PERSON), seconds_of(Incident.confirmed_at) + allowed),
        (Incident.state.in_(STILL_RUNNING), seconds_of(runs_on)),
        else_=-seconds_of(Incident.confirmed_at),
    )


def _keyed(conditions: Sequence[ColumnElement[bool]]) -> Subquery:
    """Every incident the filter lets through with its place in the order, and what it looks alike with.

    leads: it stands in the list; the others are found in the row of the one that leads. Only among what waits is
    anything looked for that is alike, which spares the rest the sorting.
    """
    cell = _cell(Incident.box_x1 + Incident.box_x2) + "," + _cell(Incident.box_y1 + Incident.box_y2)
    what = func.coalesce(Incident.plate, cell)
    group: tuple[Any, ...] = (Incident.camera_id, Incident.geofence_version_id, Incident.offence, what)
    in_time: dict[str, Any] = {"partition_by": group, "order_by": (Incident.confirmed_at, Incident.id)}
    at_s = seconds_of(Incident.confirmed_at)
    since = at_s - func.lag(at_s).over(**in_time)
    until = func.lead(at_s).over(**in_time) - at_s
    near_s = ALIKE_WITHIN.total_seconds()

    def part(states: Sequence[IncidentState], what: Any, leads: Any, followed: Any) -> Select[Any]:
        return select(
            Incident.id,
            Incident.camera_id,
            Incident.geofence_version_id,
            Incident.offence,
            Incident.confirmed_at,
            what.label("what"),
            _ranked().label("rank"),
            _urgency().label("urgency"),
            leads.label("leads"),
            followed.label("followed"),
        ).where(*conditions, Incident.state.in_(states))

    waiting = part(NEEDS_A_PERSON, what, case((since <= near_s, 0), else_=1), case((until <= near_s, 1), else_=0))
    rest = [state for state in IncidentState if state not in NEEDS_A_PERSON]
    return union_all(waiting, part(rest, literal("", String(8)), literal(1), literal(0))).subquery()


def _cell(twice_px: ColumnElement[float]) -> ColumnElement[str]:
    return cast(cast(twice_px / (2 * CELL_PX), Integer), String(8))


@dataclass(frozen=True)
class _Key:
    """Of a row on the page, what those alike with it share."""

    camera_id: str
    geofence_version_id: uuid.UUID
    offence: Offence
    what: str


def _page_of(
    session: Session, keyed: Subquery, after: Place | None, before: Place | None, count: int
) -> list[tuple[Any, Place]]:
    order = (keyed.c.rank, keyed.c.urgency, keyed.c.id)
    asked: Select[Any] = select(keyed).where(keyed.c.leads == 1)
    if before is not None:
        asked = asked.where(_beyond(keyed, before, later=False)).order_by(*(column.desc() for column in order))
    elif after is not None:
        asked = asked.where(_beyond(keyed, after, later=True)).order_by(*order)
    else:
        asked = asked.order_by(*order)
    found = [(row, Place(row.rank, row.urgency, row.id)) for row in session.execute(asked.limit(count))]
    return found[::-1] if before is not None else found


def _beyond(keyed: Subquery, place: Place, *, later: bool) -> ColumnElement[bool]:
    def is_beyond(column: Any, value: Any) -> Any:
        return column > value if later else column < value

    same_rank = keyed.c.rank == literal(place.rank)
    return or_(
        is_beyond(keyed.c.rank, place.rank),
        and_(same_rank, is_beyond(keyed.c.urgency, place.urgency)),
        and_(same_rank, keyed.c.urgency == place.urgency, is_beyond(keyed.c.id, place.incident_id)),
    )


def _rows(session: Session, keyed: Subquery, found: list[tuple[Any, Place]], at: datetime) -> list[QueueRow]:
    alike = _alike(session, keyed, [row for row, _ in found if row.followed])
    wanted = [row.id for row, _ in found] + [follower for followers in alike.values() for follower in followers]
    incidents = {
        incident.id: incident
        for incident in session.scalars(
            select(Incident)
            .where(Incident.id.in_(wanted))
            .options(
                joinedload(Incident.camera).joinedload(Camera.site),
                joinedload(Incident.geofence_version).joinedload(GeofenceVersion.geofence),
            )
        )
    }
    leading = [row.id for row, _ in found]
    stills, held = stills_of(session, leading), claims.holders(session, leading, at=at)
    left = {
        passed.incident_id: passed
        for passed in session.scalars(
            select(PassedOn)
            .where(PassedOn.incident_id.in_(leading), PassedOn.ended_at.is_(None))
            .options(joinedload(PassedOn.user))
        )
    }
    return [
        QueueRow(
            incident=incidents[row.id],
            place=place,
            still=stills.get(row.id),
            due_at=datetime.fromtimestamp(round(place.urgency), UTC) if place.rank < 2 else None,
            claim=held.get(row.id),
            passed_on=left.get(row.id),
            alike=[incidents[follower] for follower in alike.get(row.id, [])],
        )
        for row, place in found
    ]


def _alike(session: Session, keyed: Subquery, leading: Sequence[Any]) -> dict[uuid.UUID, list[uuid.UUID]]:
    """Of each that leads, those that stand in its row, in the order of time."""
    if not leading:
        return {}
    near = (
        select(keyed)
        .where(
            keyed.c.camera_id.in_({row.camera_id for row in leading}), keyed.c.what.in_({row.what for row in leading})
        )
        .order_by(keyed.c.confirmed_at, keyed.c.id)
    )
    found: dict[uuid.UUID, list[uuid.UUID]] = {}
    newest: dict[_Key, uuid.UUID] = {}
    for row in session.execute(near):
        key = _Key(row.camera_id, row.geofence_version_id, row.offence, row.what)
        if row.leads:
            newest[key] = row.id
        else:
            found.setdefault(newest[key], []).append(row.id)
    return found


def stills_of(session: Session, incidents: Sequence[uuid.UUID]) -> dict[uuid.UUID, Exhibit]:
    """The still to know each incident by."""
    gone = exists().where(Deletion.sha256 == Exhibit.sha256, Deletion.void_at.is_(None))
    asked = select(Exhibit).where(Exhibit.incident_id.in_(incidents), Exhibit.kind == ExhibitKind.STILL, ~gone)
    chosen: dict[uuid.UUID, Exhibit] = {}
    for exhibit in sorted(session.scalars(asked), key=lambda exhibit: THUMBNAILS.index(exhibit.moment)):
        chosen.setdefault(exhibit.incident_id, exhibit)
    return chosen


def cameras(session: Session, scope: Scope) -> list[Camera]:
    """Every camera within reach, by name: what the queue can be narrowed to."""
    return list(session.scalars(select(Camera).where(cameras_within(scope)).order_by(Camera.name, Camera.id)))


def areas(session: Session, scope: Scope) -> list[Area]:
    """The areas that cameras within reach lie in, and those above them, by name."""
    found = select(Camera.area_id.label("id")).where(cameras_within(scope), Camera.area_id.is_not(None)).distinct()
    upward = found.cte(recursive=True)
    above = select(Area.parent_id).join(upward, upward.c.id == Area.id).where(Area.parent_id.is_not(None))
    upward = upward.union(above)
    return list(session.scalars(select(Area).where(Area.id.in_(select(upward.c.id))).order_by(Area.name, Area.id)))


def incident_page(session: Session, incident_id: uuid.UUID) -> IncidentPage:
    """Raises UnknownIncident."""
    try:
        rows = case_rows.load(session, incident_id)
    except NoSuchIncident as error:
        raise UnknownIncident(incident_id) from error
    return IncidentPage(
        rows=rows,
        findings=sufficiency.check(case_rows.sufficiency_facts(rows)),
        draft=DraftContent.model_validate(rows.draft.content) if rows.draft else None,
    )


def newest_draft(session: Session, incident_id: uuid.UUID) -> DraftCase | None:
    return session.scalar(
        select(DraftCase).where(DraftCase.incident_id == incident_id).order_by(DraftCase.version.desc()).limit(1)
    )


def exhibit_with_bytes(session: Session, exhibit_id: uuid.UUID) -> Exhibit | None:
    """An exhibit with what is known of its sealed bytes."""
    return session.scalar(select(Exhibit).where(Exhibit.id == exhibit_id).options(joinedload(Exhibit.sealed)))


def newest_analysis(session: Session) -> Recording | None:
    """The recording analysed last: it says which software and weights are in use."""
    return session.scalar(
        select(Recording)
        .where(Recording.state == RecordingState.ANALYSED)
        .order_by(Recording.started_at.desc(), Recording.id)
        .limit(1)
    )
