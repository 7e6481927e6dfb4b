"""The queue: which incidents wait for a person, in which order, and everything one incident's page shows.

Reading only; every query names what it loads.
"""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, case, exists, func, select
from sqlalchemy.orm import Session, joinedload

from cases.draft_content import DraftContent
from cases.errors import UnknownIncident
from evidence import case_rows, sufficiency
from evidence.case_rows import CaseRows
from evidence.errors import NoSuchIncident
from evidence.sufficiency import Finding
from models.enums import ExhibitKind, ExhibitMoment, IncidentState, RecordingState
from models.exhibits import Exhibit
from models.incidents import DraftCase, Incident, Recording
from models.places import Camera, GeofenceVersion
from models.retention import Deletion

NEEDS_A_PERSON = (IncidentState.DRAFTED, IncidentState.UNCERTAIN, IncidentState.RETURNED)
STILL_RUNNING = (IncidentState.OBSERVED, IncidentState.NOTIFIED)

# the picture that tells most at a glance, first
THUMBNAILS = (ExhibitMoment.DWELL_COMPLETE, ExhibitMoment.GRACE_END, ExhibitMoment.ENTRY, ExhibitMoment.SHARPEST)


@dataclass(frozen=True)
class QueueRow:
    """still: the picture to know it by; None where nothing is sealed yet."""

    incident: Incident
    still: Exhibit | None


@dataclass(frozen=True)
class QueuePage:
    """rows: this page. total: how many the filter lets through. counts: by state, of the chosen camera."""

    rows: list[QueueRow]
    total: int
    page: int
    pages: int
    counts: dict[IncidentState, int]

    @property
    def waiting(self) -> int:
        return sum(self.counts[state] for state in NEEDS_A_PERSON)


@dataclass(frozen=True)
class IncidentPage:
    """Everything one incident's page shows.

    findings: the sufficiency check of what is on record now. draft: the newest, read from its row.
    waiting: the most urgent other incident that needs a person.
    """

    rows: CaseRows
    findings: list[Finding]
    draft: DraftContent | None
    waiting: uuid.UUID | None


def queue_page(
    session: Session,
    *,
    states: Sequence[IncidentState] = (),
    camera_id: str | None = None,
    page: int = 1,
    page_size: int = 25,
) -> QueuePage:
    """One page of the incidents in `states` (empty: all), those that need a person first.

    A page past the end is the last one.
    """
    counted = select(Incident.state, func.count()).group_by(Incident.state)
    if camera_id is not None:
        counted = counted.where(Incident.camera_id == camera_id)
    counts = dict.fromkeys(IncidentState, 0)
    for state, count in session.execute(counted):
        counts[state] = count
    total = sum(counts[state] for state in (states or IncidentState))
    pages = max(-(-total // page_size), 1)
    page = min(max(page, 1), pages)
    asked = select(Incident).order_by(*most_urgent_first())
    if states:
        asked = asked.where(Incident.state.in_(states))
    if camera_id is not None:
        asked = asked.where(Incident.camera_id == camera_id)
    asked = asked.options(
        joinedload(Incident.camera).joinedload(Camera.site),
        joinedload(Incident.geofence_version).joinedload(GeofenceVersion.geofence),
    )
    incidents = session.scalars(asked.limit(page_size).offset((page - 1) * page_size)).all()
    stills = stills_of(session, [incident.id for incident in incidents])
    rows = [QueueRow(incident, stills.get(incident.id)) for incident in incidents]
    return QueuePage(rows, total, page, pages, counts)


def rank(state: IncidentState) -> int:
    """0: needs a person. 1: still runs. 2: the rest."""
    return 0 if state in NEEDS_A_PERSON else 1 if state in STILL_RUNNING else 2


def most_urgent_first() -> tuple[ColumnElement[Any], ...]:
    """Those that need a person, the longest waiting first; then what still runs; then the rest, newest first."""
    needs = Incident.state.in_(NEEDS_A_PERSON)
    ranked = case({state.value: rank(state) for state in IncidentState}, value=Incident.state)
    waiting_since = case((needs, Incident.confirmed_at))
    return ranked, waiting_since, Incident.confirmed_at.desc(), Incident.id.asc()


def stills_of(session: Session, incidents: Sequence[uuid.UUID]) -> dict[uuid.UUID, Exhibit]:
    """The still to know each incident by."""
    gone = exists().where(Deletion.sha256 == Exhibit.sha256, Deletion.void_at.is_(None))
    asked = select(Exhibit).where(Exhibit.incident_id.in_(incidents), Exhibit.kind == ExhibitKind.STILL, ~gone)
    chosen: dict[uuid.UUID, Exhibit] = {}
    for exhibit in sorted(session.scalars(asked), key=lambda exhibit: THUMBNAILS.index(exhibit.moment)):
        chosen.setdefault(exhibit.incident_id, exhibit)
    return chosen


def cameras(session: Session) -> list[Camera]:
    """Every camera, by name: what the queue can be narrowed to."""
    return list(session.scalars(select(Camera).order_by(Camera.name, Camera.id)))


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
        waiting=next_waiting(session, incident_id),
    )


def newest_draft(session: Session, incident_id: uuid.UUID) -> DraftCase | None:
    return session.scalar(
        select(DraftCase).where(DraftCase.incident_id == incident_id).order_by(DraftCase.version.desc()).limit(1)
    )


def next_waiting(session: Session, incident_id: uuid.UUID) -> uuid.UUID | None:
    """The most urgent incident that needs a person, this one apart."""
    waiting = select(Incident.id).where(Incident.state.in_(NEEDS_A_PERSON), Incident.id != incident_id)
    return session.scalar(waiting.order_by(*most_urgent_first()).limit(1))


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
