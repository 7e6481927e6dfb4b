"""One recording through the road, from the command line or as a job: who may, with what, and what came of it."""

import fcntl
import gc
import json
import logging
import os
import time
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session, joinedload, selectinload

from cases import dumping_act
from cases.draft_documents import render_html, write_docx
from cases.errors import RecordingRefused
from cases.languages import Language
from detectors.sightings import Detector
from detectors.weights import find_detector
from evidence.vault import Vault
from ingest.errors import AnalysisCalledOff, IngestError
from ingest.marked_incidents import carry_out_marks
from ingest.media_clock import utc_of
from ingest.recordings import AnalysisReport, analyze_recording
from ingest.sampler import Sampling
from models.database import reading, transaction
from models.enums import Act, ExhibitKind, IncidentState, Offence, RecordingState
from models.exhibits import Exhibit
from models.incidents import CaseEvent, DraftCase, Incident, Recording
from models.places import Geofence, GeofenceVersion
from models.whole_file import whole_file
from streetwitness.errors import BeingAnalysed
from streetwitness.settings import Settings, beside_the_repository
from streetwitness.workplace import Workplace, now

log = logging.getLogger(__name__)

TOLD_EVERY_S = 2.0
TO_DO = (RecordingState.QUEUED, RecordingState.ANALYSING)  # one that says `analysing` may have lost its analyser
PICTURES = (ExhibitKind.STILL, ExhibitKind.CLOSE_UP)


def weights_of(settings: Settings) -> str | None:
    """What the settings name, else the folder of a source checkout; None leaves the search to detectors/weights.py."""
    beside = beside_the_repository("weights")
    return settings.weights or (str(beside) if beside else None)


@cache
def detector_on(weights: str | None) -> Detector:
    """Loaded once a process, however many recordings it takes."""
    detector = find_detector(weights)
    if detector.weakness is not None:
        log.warning("%s", detector.weakness)
    gc.freeze()  # all that is loaded by now stays: each walk over it to find garbage takes a tenth of a second
    return detector


@contextmanager
def alone_with(locks: Path, recording_id: uuid.UUID) -> Iterator[None]:
    """One analysis of a recording at a time on this machine; a killed one holds nobody up. Raises BeingAnalysed."""
    handle = os.open(locks / f"{recording_id}.lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise BeingAnalysed from error
        yield
    finally:
        os.close(handle)


def analyse(
    workplace: Workplace,
    recording_id: uuid.UUID,
    on_progress: Callable[[float, float | None], None],
    *,
    fences_at: datetime | None = None,
) -> AnalysisReport:
    """Takes the recording down the road, unless that was done already with the same fences and settings.

    It is judged by the fences of its own day, or of `fences_at` where somebody says by which.

    Raises BeingAnalysed, and what ingest/recordings.py raises.
    """
    settings = workplace.settings
    with alone_with(workplace.data.locks, recording_id):
        return analyze_recording(
            workplace.sessions,
            recording_id,
            detector=lambda: detector_on(weights_of(settings)),
            vault_root=workplace.data.vault,
            sampling=Sampling(look_s=settings.look_s),
            on_progress=on_progress,
            fences_at=fences_at,
            sm3=settings.sm3,
            newest_pictures=workplace.data.pictures.newest,
        )


def take_further(workplace: Workplace, recording_id: uuid.UUID) -> None:
    """What is left to do about a recording: its analysis, then what people marked on it. Nothing: nothing.

    In other hands, or called off meanwhile: left alone. The file's own fault is in its row. Raises DetectorError where
    weights may come later.
    """
    try:
        if _state_of(workplace, recording_id) in TO_DO:
            report = analyse(workplace, recording_id, telling_progress(workplace, recording_id))
            log.info("recording %s analysed in %s s", recording_id, report.analysis.get("wall_s"))
        with alone_with(workplace.data.locks, recording_id):
            carry_out_marks(
                workplace.sessions,
                recording_id,
                workplace.data.vault,
                sampling=Sampling(look_s=workplace.settings.look_s),
                clock=now,
                sm3=workplace.settings.sm3,
            )
    except BeingAnalysed:
        return
    except (IngestError, RecordingRefused, AnalysisCalledOff) as error:
        log.error("recording %s: %s", recording_id, error)  # noqa: TRY400 - the sentence says it all


def telling_progress(
    workplace: Workplace, recording_id: uuid.UUID, clock: Callable[[], float] = time.monotonic
) -> Callable[[float, float | None], None]:
    """Writes into the row how far it has come, every few seconds. Raises AnalysisCalledOff when it is not wanted."""
    told = clock()

    def tell(done_s: float, total_s: float | None) -> None:
        nonlocal told
        if clock() - told < TOLD_EVERY_S:
            return
        told = clock()
        values: dict[str, float] = {"analysed_s": done_s} | ({} if total_s is None else {"length_s": total_s})
        with transaction(workplace.sessions) as session:
            going_on = session.execute(
                update(Recording)
                .where(Recording.id == recording_id, Recording.state == RecordingState.ANALYSING)
                .values(values)
                .returning(Recording.id)
            ).one_or_none()
        if going_on is None:
            raise AnalysisCalledOff(recording_id)

    return tell


def _state_of(workplace: Workplace, recording_id: uuid.UUID) -> RecordingState:
    with reading(workplace.sessions) as session:
        return session.get_one(Recording, recording_id).state


@dataclass(frozen=True)
class Outcome:
    """The incidents of one analysis, as the command prints them, and what the analysis was."""

    incidents: tuple[dict[str, Any], ...]
    summary: dict[str, Any]

    def lines(self) -> list[str]:
        """One JSON object a line: each incident, then the summary."""
        objects: Sequence[Mapping[str, Any]] = (*self.incidents, {"summary": self.summary})
        return [json.dumps(each, ensure_ascii=False) for each in objects]


def outcome_of(workplace: Workplace, report: AnalysisReport, language: Language) -> Outcome:
    """Reads the stored result and writes the drafts' documents where they are not written yet."""
    with reading(workplace.sessions) as session:
        recording = session.get_one(Recording, report.recording_id, options=[joinedload(Recording.camera)])
        start = utc_of(0.0, recording.started_at, recording.camera.clock_offset_s)
        versions = [uuid.UUID(each) for each in report.analysis.get("geofence_versions", ())]
        found = session.scalars(
            select(Incident)
            .where(Incident.recording_id == recording.id, Incident.geofence_version_id.in_(versions))
            .options(selectinload(Incident.geofence_version))
            .order_by(Incident.first_seen_at, Incident.id)
        ).all()
        incidents = tuple(_incident_line(session, workplace, each, start, language) for each in found)
        drafted = sum(each.state is IncidentState.DRAFTED for each in found)
        summary = {
            "recording": str(recording.id),
            "file": recording.path,
            "sha256": recording.sha256,
            "camera": recording.camera_id,
            "started_at": recording.started_at.isoformat(),
            "clock": recording.clock_source.value,
            "incidents": len(incidents),
            "drafted": drafted,
            "again": report.again,
            **report.analysis,
        }
    return Outcome(incidents, summary)


def _incident_line(
    session: Session, workplace: Workplace, incident: Incident, start: datetime, language: Language
) -> dict[str, Any]:
    def seconds(at: datetime | None) -> float | None:
        return None if at is None else round((at - start).total_seconds(), 3)

    exhibits = session.scalars(
        select(Exhibit)
        .where(Exhibit.incident_id == incident.id)
        .options(selectinload(Exhibit.sealed))
        .order_by(Exhibit.from_at, Exhibit.kind)
    ).all()
    paths = {
        each.id: Vault.path_of(workplace.data.vault, each.sha256, each.sealed.suffix).absolute() for each in exhibits
    }
    pictures = {each.sha256: paths[each.id] for each in exhibits if each.kind in PICTURES}
    draft = _newest_draft(session, incident.id)
    return {
        "incident": str(incident.id),
        "offence": incident.offence.value,
        "geofence": incident.geofence_version.geofence_id,
        "camera": incident.camera_id,
        "first_seen_s": seconds(incident.first_seen_at),
        "stopped_s": seconds(incident.stopped_at),
        "confirmed_s": seconds(incident.confirmed_at),
        "last_seen_s": seconds(incident.last_seen_at),
        "left_s": seconds(incident.left_at),
        "state": incident.state.value,
        "plate": incident.plate,
        "plate_confidence": incident.plate_confidence,
        "box": [round(side, 1) for side in (incident.box_x1, incident.box_y1, incident.box_x2, incident.box_y2)],
        "confidence": round(incident.confidence, 4),
        **_act_of(session, incident),
        "exhibits": [
            {
                "kind": each.kind.value,
                "moment": each.moment.value,
                "path": str(paths[each.id]),
                "sha256": each.sha256,
                "from_s": seconds(each.from_at),
                "to_s": seconds(each.to_at),
            }
            for each in exhibits
        ],
        "draft": None if draft is None else str(_document(workplace, draft, language, pictures)),
    }


def _act_of(session: Session, incident: Incident) -> dict[str, Any]:
    """Of what was left: who was with it when it came, and what it looks like."""
    if incident.offence is not Offence.DUMPING:
        return {}
    events = session.scalars(
        select(CaseEvent).where(CaseEvent.incident_id == incident.id, CaseEvent.act == Act.CONFIRMED)
    )
    act = dumping_act.act_of(events)
    return {"act": None if act is None else {name: act[name] for name in ("act_s", "kind", "actor", "vehicle")}}


def _newest_draft(session: Session, incident_id: uuid.UUID) -> DraftCase | None:
    newest = select(DraftCase).where(DraftCase.incident_id == incident_id).order_by(DraftCase.version.desc()).limit(1)
    return session.scalar(newest)


def _document(workplace: Workplace, draft: DraftCase, language: Language, pictures: Mapping[str, Path]) -> Path:
    """The draft as a document to edit, with the same draft as a page to read beside it; written once.

    A case officer may have edited it since, so one that is there is left alone.
    """
    path = workplace.data.drafts.absolute() / f"draft-{str(draft.incident_id)[:8]}-v{draft.version}-{language}.docx"
    page = path.with_suffix(".html")
    if not page.exists():
        with whole_file(page) as file:
            file.write(render_html(draft.content, language).encode())
    if not path.exists():
        write_docx(draft.content, path, language, pictures)
    return path


def fences_that_came_later(session: Session, recording: Recording) -> list[str]:
    """Fences of its camera whose present version came into force after the recording was made."""
    return list(
        session.scalars(
            select(Geofence.id)
            .join(GeofenceVersion)
            .where(
                Geofence.camera_id == recording.camera_id,
                GeofenceVersion.valid_to.is_(None),
                GeofenceVersion.valid_from > recording.started_at,
            )
            .order_by(Geofence.id)
        )
    )
