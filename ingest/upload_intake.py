"""Intake: what was handed in and sealed becomes a recording, or stays in quarantine with the reason.

One file is one recording, whoever hands it in and however often. The file itself is opened by ingest/upload_look.py,
never here. A side file, which says where a recording was filmed, goes with the recording of the same name from the same
recorder, and waits until that is there.
"""

import logging
import uuid
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from pathlib import Path, PurePosixPath
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from cases import footage_requests
from cases.lifecycle import PROGRAM
from cases.recorders import note, reading_of
from cases.recording_acts import STOPPABLE
from cases.uploads import SIDE_FILES
from evidence.vault import Vault
from ingest import start_time, track_files
from ingest.errors import FileQuarantined, LookCutShort, TrackUnreadable
from ingest.recordings import recording_of
from ingest.start_time import RecorderClock
from ingest.track_files import Track, TrackPoint
from ingest.upload_look import Looked, look_into_all
from models.database import Sessions, transaction
from models.enums import RecorderSubject, RecordingState, TrackSource, UploadState
from models.exhibits import SealedObject
from models.incidents import Incident, Recording
from models.places import Camera, Site
from models.recorders import RecordingTrack
from models.uploads import Upload

log = logging.getLogger(__name__)

MOST_LOOKS = 3  # a file whose look is cut short again and again is why
MAX_WHY = 500
SIDE_FILE_WAITS = timedelta(days=3)
LONE = "no recording of this name came from this recorder within {days} days"

Look = Callable[[Sequence[Path]], Sequence[Looked | FileQuarantined | LookCutShort]]


def uploads_to_do(session: Session) -> list[uuid.UUID]:
    """What is sealed and not looked into yet, oldest first."""
    waiting = select(Upload.id).where(Upload.state == UploadState.SEALED)
    return list(session.scalars(waiting.order_by(Upload.created_at, Upload.id)))


def take_in(
    sessions: Sessions, upload_id: uuid.UUID, vault_root: Path, *, at: datetime, look: Look = look_into_all
) -> None:
    """One upload, as `take_in_all` does. Raises LookCutShort where it is to be tried again."""
    for _, error in take_in_all(sessions, [upload_id], vault_root, at=at, look=look):
        raise error


def take_in_all(
    sessions: Sessions, upload_ids: Sequence[uuid.UUID], vault_root: Path, *, at: datetime, look: Look = look_into_all
) -> list[tuple[uuid.UUID, LookCutShort]]:
    """Looks into uploads, in one process after the other, and says in their rows what they are. Done before: nothing.

    Returns those that are to be tried again. Nobody else may be at them: jobs see to that with a lock.
    """
    to_open = [(each, path) for each in upload_ids if (path := _to_open(sessions, each, vault_root, at)) is not None]
    if not to_open:
        return []
    again = []
    for (upload_id, path), found in zip(to_open, look([path for _, path in to_open]), strict=True):
        if isinstance(found, LookCutShort):
            again.append((upload_id, found))
        elif isinstance(found, FileQuarantined):
            with transaction(sessions) as session:
                _quarantine(session.get_one(Upload, upload_id), str(found), at)
        else:
            _become(sessions, upload_id, path, found, at)
    return again


def _to_open(sessions: Sessions, upload_id: uuid.UUID, vault_root: Path, at: datetime) -> Path | None:
    """Where its bytes are, with the look counted before it happens; None where there is nothing to look for."""
    with transaction(sessions) as session:
        upload = session.get_one(Upload, upload_id, with_for_update=True)
        if upload.state is not UploadState.SEALED:
            return None
        sealed = session.get_one(SealedObject, upload.sha256)
        path = Vault.path_of(vault_root, sealed.sha256, sealed.suffix)
        if upload.doubt is not None:
            _quarantine(upload, upload.doubt, at)
        elif upload.suffix in SIDE_FILES:
            _take_side_file(session, upload, path, at)
        elif (harmful := _why_quarantined(session, sealed.sha256)) is not None:
            _quarantine(upload, harmful, at)
        elif (known := _same_bytes(session, sealed.sha256)) is not None:
            _take(upload, known, at)
        elif upload.looked_into >= MOST_LOOKS:
            _quarantine(upload, f"looking into it was cut short {MOST_LOOKS} times", at)
        else:
            upload.looked_into += 1
            return path
    return None


def _become(sessions: Sessions, upload_id: uuid.UUID, path: Path, looked: Looked, at: datetime) -> None:
    with transaction(sessions) as session:
        upload = session.get_one(Upload, upload_id, with_for_update=True)
        # whoever looked into the same bytes meanwhile waits here, and then finds the recording
        sealed = session.get_one(SealedObject, upload.sha256, with_for_update=True)
        if upload.state is UploadState.SEALED:
            known = _same_bytes(session, sealed.sha256)
            _take(upload, known or _recording(session, upload, sealed, path, looked, at), at)


def _recording(
    session: Session, upload: Upload, sealed: SealedObject, path: Path, looked: Looked, at: datetime
) -> Recording:
    clock = recorder_clock(session, upload.recorder_id)
    claims = [
        start_time.of_container(looked.begins_at, clock),
        start_time.of_name(upload.file_name, clock),
        start_time.guessed(upload.created_at, looked.duration_s),
    ]
    recording = recording_of(
        session,
        upload.recorder_id,
        path,
        sha256=sealed.sha256,
        size_bytes=sealed.size_bytes,
        start=start_time.best(claims, by=upload.created_at),
        length_s=looked.duration_s,
    )
    if footage_requests.why_held_back(session, recording, at=at) is not None:
        recording.state = RecordingState.HELD_BACK
    if looked.place is not None:
        place = Track(TrackSource.CONTAINER, (TrackPoint(*looked.place),), by_satellite=True)
        _keep_track(session, recording, place, None)
    note(
        session,
        RecorderSubject.RECORDING,
        recording.id,
        "taken",
        actor=PROGRAM,
        at=at,
        upload=str(upload.id),
        start=recording.clock_source.value,
        start_error_s=recording.start_error_s,
        state=recording.state.value,
    )
    return recording


def recorder_clock(session: Session, camera_id: str) -> RecorderClock:
    site = session.get_one(Site, session.get_one(Camera, camera_id).site_id)
    reading = reading_of(session, camera_id)
    return RecorderClock(ZoneInfo(site.timezone), reading.container_clock, reading.clock_error_s)


# --- side files


def _take_side_file(session: Session, upload: Upload, path: Path, at: datetime) -> None:
    recording = _recording_beside(session, upload)
    if recording is None:
        if upload.created_at + SIDE_FILE_WAITS <= at:
            _quarantine(upload, LONE.format(days=SIDE_FILE_WAITS.days), at)
        return
    zone = recorder_clock(session, upload.recorder_id).zone
    try:
        with path.open("rb") as file:
            track = track_files.read_track(upload.suffix, file.read(track_files.MOST_BYTES + 1), zone)
    except TrackUnreadable as error:
        _quarantine(upload, error.why, at)
        return
    _keep_track(session, recording, track, upload.sha256)
    _date_by_track(session, recording, track, at)
    _take(upload, recording, at)


def _recording_beside(session: Session, upload: Upload) -> Recording | None:
    """Of the same name but for its ending, and from the same recorder; the newest where there are several."""
    stem = PurePosixPath(upload.file_name).stem.casefold()
    taken = session.scalars(
        select(Upload)
        .where(
            Upload.recorder_id == upload.recorder_id,
            Upload.state == UploadState.TAKEN,
            Upload.suffix.not_in(SIDE_FILES),
            Upload.file_name.istartswith(PurePosixPath(upload.file_name).stem, autoescape=True),
        )
        .order_by(Upload.created_at.desc())
    )
    beside = (each for each in taken if PurePosixPath(each.file_name).stem.casefold() == stem)
    found = next(beside, None)
    if found is None:
        return None
    return session.get_one(
        Recording, found.recording_id, options=[joinedload(Recording.camera)], with_for_update={"of": Recording}
    )


def _keep_track(session: Session, recording: Recording, track: Track, sha256: str | None) -> None:
    """The newest track of several counts."""
    row = session.get(RecordingTrack, recording.id)
    if row is None:
        row = RecordingTrack(recording_id=recording.id)
        session.add(row)
    row.source, row.sha256, row.points = track.source, sha256, len(track.points)
    row.from_at, row.to_at = min(track.times, default=None), max(track.times, default=None)
    row.spread_m = round(track_files.spread_m(track.points), 1)
    row.line = track_files.thinned(track.points, recording.started_at)
    session.flush()


def _date_by_track(session: Session, recording: Recording, track: Track, at: datetime) -> None:
    """Where it was filmed says whether the camera moved, and when it began: unless incidents stand on its time."""
    moves = track_files.moved(track.points)
    with_incidents = session.scalar(select(Incident.id).where(Incident.recording_id == recording.id).limit(1))
    claim = track_files.start_of(track, recording.length_s or 0.0)
    before = {"started_at": recording.started_at.isoformat(), "source": recording.clock_source.value}
    if with_incidents is not None:
        # what was found goes on standing on what was known then; that there is more to know is said to who looks
        log.warning("a track came after the incidents of its recording", extra={"recording": str(recording.id)})
    else:
        recording.moves = moves
        known = start_time.StartClaim(recording.started_at, recording.clock_source, recording.start_error_s)
        best = start_time.best([known, claim], by=at)
        if best is claim:
            recording.started_at, recording.clock_source, recording.start_error_s = best.at, best.source, best.error_s
            if recording.state is RecordingState.ANALYSED and not moves:
                recording.state = RecordingState.QUEUED  # by the fences of another time
        footage_requests.release_covered(session, recording.camera_id, actor=PROGRAM, at=at)
    note(
        session,
        RecorderSubject.RECORDING,
        recording.id,
        "track_came",
        actor=PROGRAM,
        at=at,
        source=track.source.value,
        points=len(track.points),
        moves=moves,
        applied=with_incidents is None,
        before=before,
        started_at=recording.started_at.isoformat(),
    )


def _same_bytes(session: Session, sha256: str) -> Recording | None:
    """The recording that the same bytes are already, whichever recorder they were said to be from."""
    handed_in = select(Recording).join(Upload, Upload.recording_id == Recording.id).where(Upload.sha256 == sha256)
    return session.scalars(handed_in.limit(1)).first()


def _why_quarantined(session: Session, sha256: str) -> str | None:
    """What the same bytes did when they came before. A doubt that somebody had about them does not count."""
    before = select(Upload.why).where(
        Upload.sha256 == sha256, Upload.state == UploadState.QUARANTINED, Upload.doubt.is_(None)
    )
    return session.scalars(before.limit(1)).first()


def _take(upload: Upload, recording: Recording, at: datetime) -> None:
    upload.state, upload.recording_id, upload.touched_at = UploadState.TAKEN, recording.id, at


def _quarantine(upload: Upload, why: str, at: datetime) -> None:
    log.warning("an upload is quarantined: %s", why, extra={"upload": str(upload.id)})
    upload.state, upload.why, upload.touched_at = UploadState.QUARANTINED, why[:MAX_WHY], at


def doubt(session: Session, upload_id: uuid.UUID, why: str, *, at: datetime) -> bool:
    """Something speaks against the bytes of what was handed in: they are kept, and not opened any more.

    An analysis that waits or runs is called off; what it found already says so in its sufficiency check. False where
    the doubt is on record already.
    """
    upload = session.get_one(Upload, upload_id, with_for_update=True)
    if upload.doubt is not None or upload.state not in (UploadState.SEALED, UploadState.TAKEN):
        return False
    upload.doubt = why
    if upload.state is UploadState.SEALED:
        return True  # whoever would open it quarantines it
    _quarantine(upload, why, at)
    recording = session.get(Recording, upload.recording_id, with_for_update=True)
    if recording is not None and recording.state in STOPPABLE:
        recording.state = RecordingState.CANCELLED
        note(session, RecorderSubject.RECORDING, recording.id, "cancelled", actor=PROGRAM, at=at, why=why)
    return True


def handed_in(session: Session, recording_id: uuid.UUID) -> bool:
    """Whether somebody handed the recording in, so that nobody vouches for its bytes."""
    return session.scalar(select(Upload.id).where(Upload.recording_id == recording_id).limit(1)) is not None


def quarantine(session: Session, recording_id: uuid.UUID, why: str, *, at: datetime) -> None:
    """Its analysis did harm: it is not opened again."""
    theirs = select(Upload).where(Upload.recording_id == recording_id, Upload.suffix.not_in(SIDE_FILES))
    for upload in session.scalars(theirs):
        _quarantine(upload, why, at)
    session.flush()
