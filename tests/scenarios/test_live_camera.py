"""A live camera down the whole road: the same incidents as from the file it plays, and nothing lost unnoticed."""

from pathlib import Path

import pytest

from models.enums import Act, CameraState
from tests.conftest import Database
from tests.media.make_clips import Film, Films, parks
from tests.media.rtsp_server import RtspServer
from tests.scenarios.live_street import conditions, connect, events, incidents, wait_for, watching
from tests.scenarios.street import DWELL_S, GRACE_S, Street, open_street


@pytest.fixture
def server(tmp_path: Path):
    folder = tmp_path / "played"
    folder.mkdir()
    with RtspServer(folder) as running:
        yield running


def test_a_van_seen_by_a_live_camera_is_the_incident_of_the_same_film(
    sqlite_database: Database, tmp_path: Path, films: Films, server: RtspServer
):
    sessions = sqlite_database.sessions
    open_street(sessions)
    film = films(Film((parks("red", stops_s=4.0),), seconds=45))
    connect(sessions, server(film, loops=False))
    with watching(sessions, tmp_path / "vault"):
        [van] = wait_for(lambda: [each for each in incidents(sessions) if each.state == "drafted"], 60, "a draft")
    assert van.stopped_at is not None
    dwelt = (van.confirmed_at - van.stopped_at).total_seconds()
    assert DWELL_S <= dwelt <= DWELL_S + 1.5
    assert [event.act for event in events(sessions, van)] == [
        Act.CONFIRMED,
        Act.GRACE_STARTED,
        Act.GRACE_EXPIRED,
    ]
    assert (van.last_seen_at - van.confirmed_at).total_seconds() >= GRACE_S
    Street(sessions, tmp_path / "vault").assert_whole()
    assert conditions(sessions)[:2] == [CameraState.CONNECTING, CameraState.WATCHING]
    assert conditions(sessions)[-1] is CameraState.STOPPED
