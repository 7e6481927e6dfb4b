"""Everything recorded about one incident, loaded in one go: what the manifest is written from.

Also where rows become the plain facts that the sufficiency check asks for.
"""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from evidence.deletion import deletions_that_count
from evidence.errors import NoSuchIncident
from evidence.remedies import Chances
from evidence.seen_with import SeenWith, seen_with
from evidence.sufficiency import ExhibitShown, SufficiencyFacts
from models.enums import SightingKind
from models.exhibits import CustodyEvent, Exhibit
from models.incidents import CaseEvent, DraftCase, Incident, ReviewDecision, Sighting
from models.places import Camera, GeofenceVersion
from models.retention import Deletion
from models.uploads import Upload

LEAST_RING_S = 10.0  # a site may make the ring longer


@dataclass(frozen=True)
class CaseRows:
    """The relationships a reader needs are loaded. draft: the newest, if there is one.

    exhibits: those whose bytes are kept. deleted: those whose bytes are gone by rule, each with the proof.
    original_doubt: what speaks against the bytes of the recording, which somebody handed in.
    """

    incident: Incident
    sightings: Sequence[Sighting]
    events: Sequence[CaseEvent]
    decisions: Sequence[ReviewDecision]
    exhibits: Sequence[Exhibit]
    custody: Sequence[CustodyEvent]
    draft: DraftCase | None
    deleted: Sequence[tuple[Exhibit, Deletion]] = ()
    original_doubt: str | None = None

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
    cited = session.scalars(
        select(Exhibit)
        .where(Exhibit.incident_id == incident_id)
        .order_by(Exhibit.from_at, Exhibit.kind, Exhibit.moment)
        .options(joinedload(Exhibit.sealed))
        .execution_options(populate_existing=True)
    ).all()
    # one that is intended may yet be given up; the register says that bytes went when they did
    counting = deletions_that_count(session, {exhibit.sha256 for exhibit in cited})
    deletions = {sha256: deletion for sha256, deletion in counting.items() if deletion.done_at is not None}
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
        exhibits=[exhibit for exhibit in cited if exhibit.sha256 not in deletions],
        custody=session.scalars(
            select(CustodyEvent).where(CustodyEvent.incident_id == incident_id).order_by(CustodyEvent.seq)
        ).all(),
        draft=session.scalar(
            select(DraftCase).where(DraftCase.incident_id == incident_id).order_by(DraftCase.version.desc()).limit(1)
        ),
        deleted=[(exhibit, deletions[exhibit.sha256]) for exhibit in cited if exhibit.sha256 in deletions],
        original_doubt=session.scalar(
            select(Upload.doubt).where(Upload.recording_id == incident.recording_id, Upload.doubt.is_not(None)).limit(1)
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
        plate_confirmed=incident.plate_confirmed_by is not None,
        original_doubt=rows.original_doubt,
    )


def remedy_chances(rows: CaseRows, at: datetime) -> Chances:
    """What can still be had at that moment; a recording is looked for where it was analysed."""
    incident = rows.incident
    return Chances(
        at=at,
        state=incident.state,
        began_at=incident.stopped_at or incident.first_seen_at,
        confirmed_at=incident.confirmed_at,
        grace_ends_at=incident.grace_ends_at,
        left_at=incident.left_at,
        ring_s=0.0 if incident.recording else LEAST_RING_S,
        recording_kept=incident.recording is not None and Path(incident.recording.path).is_file(),
        plate=incident.plate,
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
        vehicle_whole=recipe.get("vehicle_whole"),
        gaps_s=tuple(float(end) - float(start) for start, end in recipe.get("gaps", [])),
    )
