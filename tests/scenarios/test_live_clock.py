"""The camera's clock is wrong, or is set while a van stands: our times stay, and every paper says what is known."""

import json
import zipfile
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from cases.cameras import camera_lines
from evidence.bundle import export_bundle
from evidence.verification import verify
from models.database import Sessions, reading, transaction
from models.enums import CameraState, ClockMeasure
from models.incidents import Incident
from models.watching import CameraClock, CameraCondition, CameraConnection
from tests.conftest import Database
from tests.ingest.onvif_simulator import Simulator, listening
from tests.media.make_clips import Film, Films, parks
from tests.media.rtsp_proxy import RtspProxy
from tests.media.rtsp_server import RtspServer
from tests.real_time import REAL_TIME
from tests.scenarios.live_street import CAMERA, connect, incidents, wait_for, watching
from tests.scenarios.street import open_street

pytestmark = REAL_TIME

HOUR_S = 3600.0
DWELL_S = 30.0  # longer than it takes to be sure that a clock was set


@pytest.fixture
def camera(tmp_path: Path, films: Films):
    """A camera over a street in which a red van stands; its sender reports can be made to tell another time."""
    folder = tmp_path / "played"
    folder.mkdir()
    with RtspServer(folder) as server, RtspProxy(server(films(Film((parks("red"),), seconds=20)))) as network:
        yield network


def clocks(sessions: Sessions) -> list[CameraClock]:
    with reading(sessions) as session:
        return list(session.scalars(select(CameraClock).order_by(CameraClock.at)))


def details(sessions: Sessions) -> list[str]:
    with reading(sessions) as session:
        rows = session.scalars(select(CameraCondition).where(CameraCondition.state == CameraState.WATCHING))
        return [row.detail for row in rows if row.detail]


def manifest_of(sessions: Sessions, folder: Path, van: Incident) -> dict[str, object]:
    bundle, at = folder / "van.zip", van.confirmed_at + timedelta(hours=1)
    with transaction(sessions) as session:
        export_bundle(session, folder / "vault", van.id, bundle, actor="li.na", at=at, reason="to review")
    assert verify(bundle).exit_status == 0
    with zipfile.ZipFile(bundle) as archive:
        content: dict[str, object] = json.loads(archive.read("manifest.json"))
    return content


def test_a_clock_that_is_set_in_mid_dwell_moves_no_time_of_ours_and_is_told_in_the_manifest(
    sqlite_database: Database, tmp_path: Path, camera: RtspProxy
):
    sessions = sqlite_database.sessions
    open_street(sessions, dwell_s=DWELL_S, grace_s=600.0)
    connect(sessions, camera.url)
    with watching(sessions, tmp_path / "vault"):
        wait_for(lambda: [each for each in clocks(sessions) if each.measure is ClockMeasure.RTCP], 20, "it is measured")
        camera.clock_by_s = HOUR_S
        wait_for(lambda: details(sessions), 40, "it is noticed that the clock was set")
        [van] = wait_for(lambda: incidents(sessions), 60, "the dwell is complete")
        wait_for(lambda: clocks(sessions)[-1].offset_s < -HOUR_S / 2, 20, "the clock of now is on record")
        with reading(sessions) as session:
            [line] = camera_lines(session, van.confirmed_at, only=CAMERA)
    dwelt_s = (van.confirmed_at - van.first_seen_at).total_seconds()
    assert DWELL_S <= dwelt_s <= DWELL_S + 2.5, "an hour on the camera's clock is no time in the street"
    assert "its clock was set by +3600.0 s" in details(sessions)[0]
    before, *_, after = clocks(sessions)
    assert abs(before.offset_s) <= before.error_s < 1.0
    assert abs(after.offset_s + HOUR_S) <= after.error_s < 1.0
    assert line.clock_offset_s is not None
    assert abs(line.clock_offset_s + HOUR_S) < 1.0, "lists and pages show it"
    manifest = manifest_of(sessions, tmp_path, van)
    seen = van.seen_with
    assert seen is not None
    assert manifest["seen_with"] == seen
    assert seen["clock"]["measure"] == "rtcp"
    assert abs(seen["clock"]["offset_s"] + HOUR_S) <= seen["clock"]["error_s"] < 1.0


def test_a_camera_that_can_be_asked_is_believed_before_what_its_stream_says(
    sqlite_database: Database, tmp_path: Path, camera: RtspProxy
):
    """Its sender reports count from another clock than the one in its picture."""
    sessions = sqlite_database.sessions
    open_street(sessions, dwell_s=6.0, grace_s=600.0)
    connect(sessions, camera.url)
    with listening(Simulator(clock_ahead=timedelta(seconds=-95))) as device:
        with transaction(sessions) as session:
            session.get_one(CameraConnection, CAMERA).onvif_url = f"http://127.0.0.1:{device.port}/"
        with watching(sessions, tmp_path / "vault"):
            wait_for(lambda: clocks(sessions) and clocks(sessions)[-1].measure is ClockMeasure.ONVIF, 20, "an answer")
            wait_for(lambda: incidents(sessions), 30, "the dwell is complete")
    [van] = incidents(sessions)
    asked = clocks(sessions)[-1]
    assert abs(asked.offset_s - 95) <= asked.error_s <= 0.6
    assert van.seen_with is not None
    assert van.seen_with["clock"]["measure"] == "onvif"
    assert abs((van.confirmed_at - asked.at).total_seconds()) < 60, "our times are ours"
