"""What was handed in becomes one recording, or stays in quarantine; on both engines."""

import uuid
from collections.abc import Sequence
from pathlib import Path

import pytest

from cases import uploads
from cases.part_files import PartFiles
from cases.uploads import Receiving, UploadRules, Wanted
from ingest.errors import LookCutShort
from ingest.upload_intake import MOST_LOOKS, handed_in, take_in
from models.database import reading, transaction
from models.enums import RecordingState, UploadState
from models.incidents import Recording
from models.uploads import Upload
from tests.conftest import Database
from tests.media.make_clips import Film, Films, parks
from tests.rows import NOON, add_camera, add_site, add_user, after

SIZE_OF_AN_EXPORT = 9_000_000_000  # beyond what 32 bits count


def hand_in(database: Database, folder: Path, data: bytes) -> uuid.UUID:
    """Whole and sealed."""
    parts = PartFiles(folder / "uploads")
    with transaction(database.sessions) as session:
        user_id = add_user(session).id
        add_camera(session, add_site(session))
        wanted = Wanted("0001.mp4", len(data), "gate-3")
        upload = uploads.begin(session, parts, UploadRules(keep_free_bytes=0), wanted, user_id=user_id, at=NOON)
    receiving = Receiving(database.sessions, parts, upload.id, user_id=user_id, offset=0)
    receiving.take(data, after(1))
    assert receiving.end(after(2)) == len(data)
    receiving.close()
    uploads.seal_whole(database.sessions, parts, folder / "vault", upload.id, at=after(3))
    return upload.id


def test_a_recording_that_was_handed_in_waits_for_its_analysis(
    database: Database, tmp_path: Path, films: Films
) -> None:
    upload_id = hand_in(database, tmp_path, films(Film((parks("red"),), seconds=2)).read_bytes())
    take_in(database.sessions, upload_id, tmp_path / "vault", at=after(4))
    with reading(database.sessions) as session:
        upload = session.get_one(Upload, upload_id)
        recording = session.get_one(Recording, upload.recording_id)
        assert (upload.state, recording.state) == (UploadState.TAKEN, RecordingState.QUEUED)
        assert (recording.sha256, recording.camera_id) == (upload.sha256, "gate-3")
        assert handed_in(session, recording.id)


def test_a_file_whose_look_is_cut_short_again_and_again_is_quarantined(database: Database, tmp_path: Path) -> None:
    upload_id = hand_in(database, tmp_path, b"something that kills whoever looks")

    def killed(paths: Sequence[Path]) -> list[LookCutShort]:
        return [LookCutShort("the look into it was killed by signal 9") for _ in paths]

    for _ in range(MOST_LOOKS):
        with pytest.raises(LookCutShort):
            take_in(database.sessions, upload_id, tmp_path / "vault", at=after(4), look=killed)
    take_in(database.sessions, upload_id, tmp_path / "vault", at=after(5), look=killed)
    with reading(database.sessions) as session:
        upload = session.get_one(Upload, upload_id)
        assert (upload.state, upload.why) == (UploadState.QUARANTINED, "looking into it was cut short 3 times")


def test_an_export_of_several_gigabytes_has_its_size(database: Database) -> None:
    with transaction(database.sessions) as session:
        user_id = add_user(session).id
        add_camera(session, add_site(session))
        upload = Upload(
            user_id=user_id,
            recorder_id="gate-3",
            file_name="export.mp4",
            suffix=".mp4",
            length=SIZE_OF_AN_EXPORT,
            offset=SIZE_OF_AN_EXPORT - 1,
            state=UploadState.RECEIVING,
            created_at=NOON,
            touched_at=NOON,
        )
        session.add(upload)
    with reading(database.sessions) as session:
        assert session.get_one(Upload, upload.id).length == SIZE_OF_AN_EXPORT
