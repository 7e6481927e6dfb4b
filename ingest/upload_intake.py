"""Intake: what was handed in and sealed becomes a recording, or stays in quarantine with the reason.

One file is one recording, whoever hands it in and however often. The file itself is opened by ingest/upload_look.py,
never here.
"""

import logging
import uuid
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from evidence.vault import Vault
from ingest.errors import FileQuarantined
from ingest.recordings import recording_of
from ingest.upload_look import Looked, look_into
from models.database import Sessions, transaction
from models.enums import UploadState
from models.exhibits import SealedObject
from models.incidents import Recording
from models.uploads import Upload

log = logging.getLogger(__name__)

MOST_LOOKS = 3  # a file whose look is cut short again and again is why
MAX_WHY = 500


def uploads_to_do(session: Session) -> list[uuid.UUID]:
    """What is sealed and not looked into yet, oldest first."""
    waiting = select(Upload.id).where(Upload.state == UploadState.SEALED)
    return list(session.scalars(waiting.order_by(Upload.created_at, Upload.id)))


def take_in(
    sessions: Sessions,
    upload_id: uuid.UUID,
    vault_root: Path,
    *,
    at: datetime,
    look: Callable[[Path], Looked] = look_into,
) -> None:
    """Looks into an upload and says in its row what it is. Done before, or in other hands: nothing.

    Raises LookCutShort where it is to be tried again.
    """
    with transaction(sessions) as session:
        upload = session.get_one(Upload, upload_id, with_for_update=True)
        if upload.state is not UploadState.SEALED:
            return
        sealed = session.get_one(SealedObject, upload.sha256)
        harmful = _why_quarantined(session, sealed.sha256)
        if harmful is not None:
            _quarantine(upload, harmful, at)
            return
        known = _same_bytes(session, sealed.sha256)
        if known is not None:
            _take(upload, known, at)
            return
        if upload.looked_into >= MOST_LOOKS:
            _quarantine(upload, f"looking into it was cut short {MOST_LOOKS} times", at)
            return
        upload.looked_into += 1
    path = Vault.path_of(vault_root, sealed.sha256, sealed.suffix)
    try:
        looked = look(path)
    except FileQuarantined as error:
        with transaction(sessions) as session:
            _quarantine(session.get_one(Upload, upload_id), str(error), at)
        return
    with transaction(sessions) as session:
        # whoever looked into the same bytes meanwhile waits here, and then finds the recording
        session.get_one(SealedObject, sealed.sha256, with_for_update=True)
        upload = session.get_one(Upload, upload_id, with_for_update=True)
        if upload.state is UploadState.SEALED:
            _take(upload, _same_bytes(session, sealed.sha256) or _recording(session, upload, sealed, path, looked), at)


def _recording(session: Session, upload: Upload, sealed: SealedObject, path: Path, looked: Looked) -> Recording:
    return recording_of(
        session,
        upload.recorder_id,
        path,
        sha256=sealed.sha256,
        size_bytes=sealed.size_bytes,
        claimed_at=looked.begins_at,
        # handed in after it was made: later than this it cannot have ended
        ended_by=upload.created_at,
        duration_s=looked.duration_s,
    )


def _same_bytes(session: Session, sha256: str) -> Recording | None:
    """The recording that the same bytes are already, whichever recorder they were said to be from."""
    handed_in = select(Recording).join(Upload, Upload.recording_id == Recording.id).where(Upload.sha256 == sha256)
    return session.scalars(handed_in.limit(1)).first()


def _why_quarantined(session: Session, sha256: str) -> str | None:
    """What the same bytes did when they came before."""
    before = select(Upload.why).where(Upload.sha256 == sha256, Upload.state == UploadState.QUARANTINED)
    return session.scalars(before.limit(1)).first()


def _take(upload: Upload, recording: Recording, at: datetime) -> None:
    upload.state, upload.recording_id, upload.touched_at = UploadState.TAKEN, recording.id, at


def _quarantine(upload: Upload, why: str, at: datetime) -> None:
    log.warning("an upload is quarantined: %s", why, extra={"upload": str(upload.id)})
    upload.state, upload.why, upload.touched_at = UploadState.QUARANTINED, why[:MAX_WHY], at


def handed_in(session: Session, recording_id: uuid.UUID) -> bool:
    """Whether somebody handed the recording in, so that nobody vouches for its bytes."""
    return session.scalar(select(Upload.id).where(Upload.recording_id == recording_id).limit(1)) is not None


def quarantine(session: Session, recording_id: uuid.UUID, why: str, *, at: datetime) -> None:
    """Its analysis did harm: it is not opened again."""
    for upload in session.scalars(select(Upload).where(Upload.recording_id == recording_id)):
        _quarantine(upload, why, at)
    session.flush()
