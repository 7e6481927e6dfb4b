"""Everything recorded about one incident, loaded in one go: what the manifest is written from.

Also where rows become the plain facts that the sufficiency check asks for.
"""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from evidence.errors import NoSuchIncident
from evidence.seen_with import SeenWith, seen_with
from evidence.sufficiency import ExhibitShown, SufficiencyFacts
from models.enums import SightingKind
from models.exhibits import CustodyEvent, Exhibit
from models.incidents import CaseEvent, DraftCase, Incident, ReviewDecision, Sighting
from models.places import Camera, GeofenceVersion


@dataclass(frozen=True)
class CaseRows:
    """The relationships a reader needs are loaded. draft: the newest, if there is one."""

    incident: Incident
    sightings: Sequence[Sighting]
    events: Sequence[CaseEvent]
    decisions: Sequence[ReviewDecision]
    exhibits: Sequence[Exhibit]
    custody: Sequence[CustodyEvent]
    draft: DraftCase | None

    @property
    def seen_with(self) -> SeenWith:
        return seen_with(self.incident)

    @property
    def day(self) -> date:
        """The day of the conduct where it happened: papers and provisions are asked for by it."""
        return self.incident.first_seen_at.astimezone(ZoneInfo(self.incident.camera.site.timezone)).date()


def load(session: Session, incident_id: uuid.UUID) -> CaseRows:
    """Raises NoSuchIncident."""
    incident = session.scalar(
        select(Incident)
        .where(Incident.id == incident_id)
        .options(
            joinedload(Incident.camera).joinedload(Camera.site),
            joinedload(Incident.geofence_version).joinedload(GeofenceVersion.geofence),
            joinedload(Incident.recording),
        )
        .execution_options(populate_existing=True)
    )
    if incident is None:
        raise NoSuchIncident(incident_id)
    return CaseRows(
        incident=incident,
        sightings=session.scalars(
            select(Sighting).where(Sighting.incident_id == incident_id).order_by(Sighting.at)
        ).all(),
        events=session.scalars(
            select(CaseEvent).where(CaseEvent.incident_id == incident_id).order_by(CaseEvent.seq)
        ).all(),
        decisions=session.scalars(
            select(ReviewDecision)
            .where(ReviewDecision.incident_id == incident_id)
            .order_by(ReviewDecision.at, ReviewDecision.id)
            .options(joinedload(ReviewDecision.user))
        ).all(),
        exhibits=session.scalars(
            select(Exhibit)
            .where(Exhibit.incident_id == incident_id)
            .order_by(Exhibit.from_at, Exhibit.kind, Exhibit.moment)
            .options(joinedload(Exhibit.sealed))
            .execution_options(populate_existing=True)
        ).all(),
        custody=session.scalars(
            select(CustodyEvent).where(CustodyEvent.incident_id == incident_id).order_by(CustodyEvent.seq)
        ).all(),
        draft=session.scalar(
            select(DraftCase).where(DraftCase.incident_id == incident_id).order_by(DraftCase.version.desc()).limit(1)
        ),
    )


def sufficiency_facts(rows: CaseRows) -> SufficiencyFacts:
    incident, recording, seen = rows.incident, rows.incident.recording, rows.seen_with
    return SufficiencyFacts(
        offence=incident.offence,
        exhibits=[_shown(exhibit) for exhibit in rows.exhibits],
        stream_width=seen.width,
        stream_height=seen.height,
        clock_error_s=seen.clock.error_s,
        clock_source=recording.clock_source if recording else seen.clock.measure,
        missing_papers=incident.camera.discovery_only(rows.day),
        gaps_s=[
            (sighting.until_at - sighting.at).total_seconds() if sighting.until_at else 0.0
            for sighting in rows.sightings
            if sighting.kind is SightingKind.GAP
        ],
        plate=incident.plate,
        plate_confidence=incident.plate_confidence,
    )


def _shown(exhibit: Exhibit) -> ExhibitShown:
    recipe = exhibit.recipe
    return ExhibitShown(
        kind=exhibit.kind,
        moment=exhibit.moment,
        from_at=exhibit.from_at,
        to_at=exhibit.to_at,
        width=recipe.get("width"),
        height=recipe.get("height"),
        gaps_s=tuple(float(end) - float(start) for start, end in recipe.get("gaps", [])),
    )
