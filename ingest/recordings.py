"""Recordings: a video file taken in once, and taken down the same road as a live camera.

Killed at any point, the same call does it again: the recording is the same row, an incident found again is the same
incident, and what the dead one left in the vault without a row is removed first.
"""

import json
import logging
import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from cases import marked_incidents, recording_acts
from cases.lifecycle import PROGRAM
from cases.recorders import note
from detectors.sightings import Detector, Look
from evidence.seen_with import ClockThen, SeenWith, Weights
from evidence.vault import DiskCalls, Vault
from ingest.camera_worker import CameraWorker, WorkerCounts
from ingest.errors import AnalysisCalledOff, IngestError, NotAVideo
from ingest.fences import FenceInForce, fences_in_force
from ingest.media_clock import utc_since
from ingest.newest_picture import NewestPictureKeeper
from ingest.packet_ring import PacketRing
from ingest.packet_source import PacketSource, open_file
from ingest.sampler import Sampling
from ingest.start_time import StartClaim, guessed
from ingest.witness import Witness, seen_through
from models.database import Sessions, reading, transaction
from models.digest import sha256_of
from models.enums import ClockSource, RecorderSubject, RecordingState
from models.incidents import Recording
from models.places import Camera

log = logging.getLogger(__name__)

LOOKS_AT_ONCE = 2  # as many infer requests as two cores run side by side


@dataclass(frozen=True)
class AnalysisReport:
    """What the analysis cost and covered; the incidents are rows."""

    recording_id: uuid.UUID
    analysis: Mapping[str, Any]
    again: bool  # nothing was analysed: the stored result is still the answer


def take_recording(session: Session, camera_id: str, path: Path, started_at: datetime | None) -> Recording:
    """The row of a video file at a camera; the same file with the same start is the same row.

    Opens the file to see that it is one: raises SourceMissing, NotAVideo, NoVideoStream or UndecodableCodec.
    """
    with open_file(path) as source:
        claimed_at, length_s = source.facts.started_at, source.facts.duration_s
    if started_at is not None:
        start = StartClaim(started_at.astimezone(UTC), ClockSource.GIVEN, None)
    elif claimed_at is not None:
        start = StartClaim(claimed_at, ClockSource.CONTAINER, None)
    else:
        start = guessed(datetime.fromtimestamp(path.stat().st_mtime, UTC), length_s or 0.0)
    return recording_of(
        session, camera_id, path, sha256=sha256_of(path), size_bytes=path.stat().st_size, start=start, length_s=length_s
    )


def recording_of(
    session: Session,
    camera_id: str,
    path: Path,
    *,
    sha256: str,
    size_bytes: int,
    start: StartClaim,
    length_s: float | None,
) -> Recording:
    """The row of a file that was looked into, with its start as ingest/start_time.py has it."""
    began, clock = start.at, start.source
    same = select(Recording).where(Recording.camera_id == camera_id, Recording.sha256 == sha256)
    for known in session.scalars(same):
        # a guessed start differs with every copy of the file; it is not a second recording
        if known.started_at == began or (clock is ClockSource.FILE_TIME and known.clock_source is clock):
            known.path = str(path.resolve())
            return known
    recording = Recording(
        id=uuid.uuid4(),
        camera_id=camera_id,
        path=str(path.resolve()),
        sha256=sha256,
        size_bytes=size_bytes,
        started_at=began,
        clock_source=clock,
        start_error_s=start.error_s,
        length_s=length_s,
        state=RecordingState.QUEUED,
    )
    session.add(recording)
    session.flush()
    return recording


def analyze_recording(
    sessions: Sessions,
    recording_id: uuid.UUID,
    *,
    detector: Callable[[], Detector],
    vault_root: Path,
    sampling: Sampling,
    on_progress: Callable[[float, float | None], None],
    fences_at: datetime | None = None,
    disk: DiskCalls | None = None,
    sm3: bool = False,
    newest_pictures: Path | None = None,
) -> AnalysisReport:
    """Takes a recording down the road. `on_progress(done_s, total_s)` is called at every look.

    It is judged by the fences in force when it was made, or at `fences_at` where somebody says by which.

    `detector` is asked for only when there is something to analyse. Raises IngestError where the file cannot be
    read, and says so in the row; EvidenceError where nothing more can be put on record; RecordingRefused for another
    body's that may not be used; AnalysisCalledOff where a person called it off meanwhile.
    """
    with reading(sessions) as session:
        recording = session.get_one(
            Recording, recording_id, options=[joinedload(Recording.camera).joinedload(Camera.site)]
        )
        recording_acts.check_may_be_used(session, recording, at=datetime.now(UTC))
        fences = _fences_of(session, recording, fences_at)
    plan = _plan(sampling, fences)
    if recording.state is RecordingState.ANALYSED and _same_plan(recording.analysis, plan):
        return AnalysisReport(recording_id, recording.analysis or {}, again=True)
    path = Path(recording.path)
    try:
        with open_file(path) as source:
            if sha256_of(path) != recording.sha256:
                raise NotAVideo(path, "the file has changed since it was taken in")
            found_by = detector()
            seen_with = _seen_with(recording.camera, recording.start_error_s, source, sampling, found_by)
            analysis = plan | {name: value for name, value in seen_with.as_json().items() if name != "clock"}
            _set_state(sessions, recording_id, RecordingState.ANALYSING, analysis=analysis, only_from=recording.state)
            analysis |= _analyzed(
                sessions,
                recording,
                source,
                fences,
                found_by,
                seen_with,
                vault_root,
                sampling,
                on_progress,
                disk,
                sm3,
                NewestPictureKeeper(newest_pictures, recording.camera_id),
            )
    except IngestError as error:
        _set_state(sessions, recording_id, RecordingState.FAILED, failure=str(error))
        raise
    _set_state(sessions, recording_id, RecordingState.ANALYSED, analysis=analysis)
    return AnalysisReport(recording_id, analysis, again=False)


def _fences_of(session: Session, recording: Recording, fences_at: datetime | None) -> list[FenceInForce]:
    """A camera that moves cannot show that something stood still: its recordings are for a person to look at."""
    if recording_acts.moves(recording):
        return []
    fences = fences_in_force(
        session,
        recording.camera,
        fences_at or recording.started_at,
        # of a recording whose time is a guess it cannot be said that the fence slept: a person sees the doubt
        always=recording.clock_source is ClockSource.FILE_TIME,
    )
    return [fence for fence in fences if not fence.geofence_id.startswith(marked_incidents.PREFIX)]


def _analyzed(
    sessions: Sessions,
    recording: Recording,
    source: PacketSource,
    fences: list[FenceInForce],
    detector: Detector,
    seen_with: SeenWith,
    vault_root: Path,
    sampling: Sampling,
    on_progress: Callable[[float, float | None], None],
    disk: DiskCalls | None,
    sm3: bool,
    newest_picture: NewestPictureKeeper,
) -> dict[str, Any]:
    began, cpu_began = time.monotonic(), time.process_time()
    utc = utc_since(recording.started_at, seen_with.clock.offset_s)
    with Vault.open(vault_root, disk) as vault:
        witness = Witness(sessions, vault, recording.camera_id, recording.id, utc, seen_with=lambda: seen_with, sm3=sm3)
        recovered = vault.recover(witness.knows)
        if recovered.writers:
            log.warning("took away what a killed writer left", extra={"orphans": len(recovered.orphans)})
        worker = CameraWorker(fences, witness, sampling=sampling, ring=PacketRing(), find=detector.detect)
        counts = _followed(worker, source, detector, recording.sha256, on_progress, newest_picture)
    return _counted(counts, source) | {
        "wall_s": round(time.monotonic() - began, 3),
        "cpu_s": round(time.process_time() - cpu_began, 3),
    }


def _followed(
    worker: CameraWorker,
    source: PacketSource,
    detector: Detector,
    sha256: str,
    on_progress: Callable[[float, float | None], None],
    newest_picture: NewestPictureKeeper,
) -> WorkerCounts:
    """The whole recording, looks in small batches. What cannot be put on record (a full disk) ends it there."""
    worker.connected(source, sha256)
    jumps_told = 0
    looks: list[Look] = []

    def show() -> None:
        nonlocal looks
        for look, detections in zip(looks, detector.detect(looks), strict=True):
            worker.take_in(look, detections)
        looks = []

    for packet in source.packets():
        for jump in source.discontinuities[jumps_told:]:
            worker.gap(jump.at_s, jump.at_s, f"timestamps jumped by {jump.jump_s:+.1f} s")
            jumps_told += 1
        for look in worker.take(packet):
            if not looks and worker.shows_as_before(look):
                worker.take_in(look, None)
            else:
                looks.append(look)
            newest_picture.offer(look.frame, time.monotonic())
            on_progress(look.frame.media_s, source.facts.duration_s)
        if len(looks) >= LOOKS_AT_ONCE:
            show()
    looks += worker.finish()
    show()
    return worker.end("the recording ends here" if source.broken_at_s is None else "the recording breaks off here")


def _seen_with(
    camera: Camera, start_error_s: float | None, source: PacketSource, sampling: Sampling, detector: Detector
) -> SeenWith:
    """What the whole recording is seen with; its clock is the one its times are corrected by."""
    error_s = camera.clock_error_s if start_error_s is None else start_error_s
    clock = ClockThen(camera.clock_offset_s, error_s, measure=None)
    return seen_through(source.facts, sampling, Weights(detector.name, detector.digest), clock)


def _counted(counts: WorkerCounts, source: PacketSource) -> dict[str, Any]:
    return {
        "frames_decoded": counts.frames_decoded,
        "looks": counts.looks,
        "packets_refused": counts.packets_refused,
        "video_s": round(source.reached_s + float(1 / source.facts.frame_rate), 3),
        "broken_at_s": None if source.broken_at_s is None else round(source.broken_at_s, 3),
        "gaps": [[round(from_s, 3), round(to_s, 3), why] for from_s, to_s, why in counts.gaps],
    }


def _plan(sampling: Sampling, fences: Sequence[FenceInForce]) -> dict[str, Any]:
    """What decides the result besides the file: a stored analysis made with the same is still the answer."""
    return {
        "look_s": sampling.look_s,
        "attention": sampling.attention.value,
        "geofence_versions": sorted({str(fence.version_id) for fence in fences}),
        "offences": sorted({fence.offence.value for fence in fences}),
    }


def _same_plan(analysis: Mapping[str, Any] | None, plan: Mapping[str, Any]) -> bool:
    return analysis is not None and json.dumps({key: analysis.get(key) for key in plan}) == json.dumps(plan)


def _set_state(
    sessions: Sessions,
    recording_id: uuid.UUID,
    state: RecordingState,
    *,
    analysis: dict[str, Any] | None = None,
    failure: str | None = None,
    only_from: RecordingState | None = None,
) -> None:
    """Raises AnalysisCalledOff where somebody else changed the state meanwhile, and changes nothing then."""
    expected = RecordingState.ANALYSING if state is RecordingState.ANALYSED else only_from
    with transaction(sessions) as session:
        recording = session.get_one(Recording, recording_id, with_for_update=True)
        if expected is not None and recording.state is not expected:
            raise AnalysisCalledOff(recording_id)
        recording.state, recording.failure = state, failure
        if analysis is not None:
            recording.analysis = analysis
        if state is RecordingState.ANALYSED and analysis is not None:
            recording.length_s = recording.analysed_s = analysis["video_s"]
            told = {"video_s": analysis["video_s"], "looks": analysis["looks"]}
            note(
                session,
                RecorderSubject.RECORDING,
                recording_id,
                "analysed",
                actor=PROGRAM,
                at=datetime.now(UTC),
                **told,
            )
