"""What was handed in, as the desk shows it: each file with what became of it; and what is known of one recording."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import func, select
from sqlalchemy.orm import Session, joinedload

from cases import footage_requests, recorders, recording_acts
from cases.entitlements import Scope
from cases.errors import RecordingRefused
from cases.scope import of_cameras_within
from models.enums import FolderOutcome, RecorderSubject, RecordingState, UploadState
from models.exhibits import SealedObject
from models.incidents import Incident, Recording
from models.people import User
from models.places import Camera
from models.recorders import FolderFile, RecorderEvent, RecordingMark, RecordingTrack
from models.uploads import Upload

A_PAGE = 100
STANDING = (UploadState.RECEIVING, UploadState.SEALED)


@dataclass(frozen=True)
class UploadLine:
    """One file that was handed in. recording: what it is, where that is known."""

    upload: Upload
    recorder: Camera
    by: str
    recording: Recording | None

    @property
    def share_received(self) -> float:
        return self.upload.offset / self.upload.length


@dataclass(frozen=True)
class HandedIn:
    """counts: of uploads by state. waiting: files of the watched folder that cannot be taken, with the reason."""

    lines: Sequence[UploadLine]
    counts: dict[UploadState, int]
    waiting: Sequence[FolderFile]


def handed_in(session: Session, scope: Scope, state: UploadState | None = None) -> HandedIn:
    """The newest, and how many there are of each state."""
    within = of_cameras_within(scope, Upload.recorder_id)
    rows = (
        select(Upload, Camera, User.display_name, Recording)
        .join(Camera, Camera.id == Upload.recorder_id)
        .join(User, User.id == Upload.user_id)
        .outerjoin(Recording, Recording.id == Upload.recording_id)
        .where(within)
    )
    if state is not None:
        rows = rows.where(Upload.state == state)
    found = session.execute(rows.order_by(Upload.created_at.desc(), Upload.id).limit(A_PAGE)).all()
    counted = session.execute(select(Upload.state, func.count()).where(within).group_by(Upload.state)).all()
    waiting: Sequence[FolderFile] = ()
    if scope.is_everything:  # where such a file belongs is just what is not known
        refused = select(FolderFile).where(FolderFile.outcome == FolderOutcome.REFUSED)
        waiting = session.scalars(refused.order_by(FolderFile.at.desc()).limit(A_PAGE)).all()
    return HandedIn([UploadLine(*row) for row in found], dict(counted), waiting)


def recorders_to_choose(session: Session, scope: Scope) -> Sequence[Camera]:
    """Recorders first, then the cameras whose recordings may be brought too."""
    within = of_cameras_within(scope, Camera.id)
    cameras = session.scalars(select(Camera).where(within).order_by(Camera.name, Camera.id)).all()
    return sorted(cameras, key=lambda camera: camera.kind not in recorders.MOVING)


@dataclass(frozen=True)
class RecordingShown:
    """held_back: the key of the sentence why it may not be used. sealed: None: its bytes are not in the vault."""

    recording: Recording
    camera: Camera
    timezone: str
    uploads: Sequence[Upload]
    carried_by: str | None
    body: str | None
    track: RecordingTrack | None
    marks: Sequence[RecordingMark]
    incidents: Sequence[Incident]
    events: Sequence[RecorderEvent]
    held_back: str | None
    sealed: SealedObject | None
    moves: bool

    @property
    def is_quarantined(self) -> bool:
        return any(upload.state is UploadState.QUARANTINED for upload in self.uploads)

    @property
    def may_be_shown(self) -> bool:
        return self.sealed is not None and self.held_back is None and not self.is_quarantined

    @property
    def is_under_way(self) -> bool:
        return self.recording.state in recording_acts.STOPPABLE or any(
            mark.incident_id is None and mark.failure is None for mark in self.marks
        )

    @property
    def may_begin_again(self) -> bool:
        return self.recording.state in recording_acts.AGAIN and not self.is_quarantined

    @property
    def may_be_stopped(self) -> bool:
        return self.recording.state in recording_acts.STOPPABLE

    @property
    def may_be_dated(self) -> bool:
        return not self.incidents and self.recording.state is not RecordingState.ANALYSING


def recording_shown(session: Session, recording_id: uuid.UUID, *, at: datetime) -> RecordingShown:
    """Raises RecordingRefused: `unknown`."""
    row = session.scalar(
        select(Recording)
        .where(Recording.id == recording_id)
        .options(joinedload(Recording.camera).joinedload(Camera.site))
    )
    if row is None:
        raise RecordingRefused("unknown", f"there is no recording {recording_id}")
    zone = row.camera.site.timezone
    officer = recorders.carried_by(session, row.camera_id, row.started_at.astimezone(ZoneInfo(zone)).date())
    uploads = session.scalars(select(Upload).where(Upload.recording_id == row.id).order_by(Upload.created_at)).all()
    return RecordingShown(
        recording=row,
        camera=row.camera,
        timezone=zone,
        uploads=uploads,
        carried_by=None if officer is None else officer.name,
        body=recorders.reading_of(session, row.camera_id).body,
        track=session.get(RecordingTrack, row.id),
        marks=session.scalars(
            select(RecordingMark)
            .where(RecordingMark.recording_id == row.id)
            .options(joinedload(RecordingMark.made_by))
            .order_by(RecordingMark.from_s, RecordingMark.at)
        ).all(),
        incidents=session.scalars(
            select(Incident).where(Incident.recording_id == row.id).order_by(Incident.first_seen_at)
        ).all(),
        events=recorders.events_of(session, RecorderSubject.RECORDING, row.id),
        held_back=footage_requests.why_held_back(session, row, at=at),
        sealed=session.get(SealedObject, row.sha256),
        moves=recording_acts.moves(row),
    )


def bodies(session: Session, scope: Scope) -> Sequence[tuple[Camera, str]]:
    """Recorders of other bodies."""
    within = of_cameras_within(scope, Camera.id)
    cameras = session.scalars(select(Camera).where(within).order_by(Camera.name, Camera.id)).all()
    told = ((camera, recorders.reading_of(session, camera.id).body) for camera in cameras)
    return [(camera, body) for camera, body in told if body is not None]


def seen_by(session: Session, recording_id: uuid.UUID, user: User, since: datetime) -> bool:
    """Whether this person said, since then, what the recording is looked at for."""
    said = select(RecorderEvent.id).where(
        RecorderEvent.subject == RecorderSubject.RECORDING,
        RecorderEvent.subject_id == str(recording_id),
        RecorderEvent.act == recording_acts.VIEWED,
        RecorderEvent.actor == user.name,
        RecorderEvent.at > since,
    )
    return session.scalar(said.limit(1)) is not None
