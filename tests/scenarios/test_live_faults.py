"""What networks and cameras do wrong, while a van stands: one incident, nothing made up, and every hole on record."""

from pathlib import Path

import pytest
from sqlalchemy import select

from models.database import Sessions, reading
from models.enums import CameraState, ExhibitKind, SightingKind
from models.exhibits import Exhibit
from models.incidents import Incident
from tests.conftest import Database
from tests.media.make_clips import Film, Films, parks
from tests.media.rtsp_proxy import Mode, RtspProxy
from tests.media.rtsp_server import RtspServer
from tests.real_time import REAL_TIME
from tests.scenarios.live_street import conditions, connect, incidents, sightings, wait_for, watching
from tests.scenarios.street import Street, open_street

pytestmark = REAL_TIME

DWELL_S, GRACE_S = 8.0, 6.0


@pytest.fixture
def camera(tmp_path: Path, films: Films):
    """A camera over a street in which a red van stands, behind a network that can be made bad."""
    folder = tmp_path / "played"
    folder.mkdir()
    with RtspServer(folder) as server, RtspProxy(server(films(Film((parks("red"),), seconds=20)))) as network:
        yield network


def drafted(sessions: Sessions) -> list[Incident]:
    return [each for each in incidents(sessions) if each.state == "drafted"]


def stills(sessions: Sessions) -> list[Exhibit]:
    with reading(sessions) as session:
        return list(session.scalars(select(Exhibit).where(Exhibit.kind == ExhibitKind.STILL)))


@pytest.mark.parametrize("harm", [Mode.FLIP, Mode.DROP])
def test_one_packet_in_twenty_harmed_costs_pictures_and_no_incident(
    sqlite_database: Database, tmp_path: Path, camera: RtspProxy, harm: Mode
):
    sessions = sqlite_database.sessions
    open_street(sessions, dwell_s=DWELL_S, grace_s=GRACE_S)
    connect(sessions, camera.url)
    with watching(sessions, tmp_path / "vault"):
        wait_for(lambda: CameraState.WATCHING in conditions(sessions), 20, "the camera is watched")
        camera.mode = harm
        wait_for(lambda: drafted(sessions), 90, "a draft")
    assert camera.harmed > 0
    assert len(incidents(sessions)) == 1
    assert stills(sessions)
    assert not any(each.recipe["concealed_errors"] for each in stills(sessions))
    Street(sessions, tmp_path / "vault").assert_whole()


@pytest.mark.parametrize("by_s", [3600.0, -3600.0], ids=["forward", "back"])
def test_timestamps_that_jump_an_hour_move_nothing_but_themselves(
    sqlite_database: Database, tmp_path: Path, camera: RtspProxy, by_s: float
):
    sessions = sqlite_database.sessions
    open_street(sessions, dwell_s=DWELL_S, grace_s=GRACE_S)
    connect(sessions, camera.url)
    with watching(sessions, tmp_path / "vault"):
        wait_for(lambda: CameraState.WATCHING in conditions(sessions), 20, "the camera is watched")
        camera.timestamps_by_s = by_s
        [van] = wait_for(lambda: drafted(sessions), 60, "a draft")
    assert len(incidents(sessions)) == 1
    assert (van.last_seen_at - van.first_seen_at).total_seconds() < 120, "an hour that never was"
    assert (van.confirmed_at - van.first_seen_at).total_seconds() >= DWELL_S


def test_a_camera_that_hangs_in_mid_dwell_is_said_to_be_silent_and_costs_a_gap(
    sqlite_database: Database, tmp_path: Path, films: Films
):
    sessions, folder = sqlite_database.sessions, tmp_path / "played"
    folder.mkdir()
    open_street(sessions, dwell_s=DWELL_S, grace_s=GRACE_S)
    with RtspServer(folder) as server:
        connect(sessions, server(films(Film((parks("red"),), seconds=20))))
        with watching(sessions, tmp_path / "vault"):
            wait_for(lambda: CameraState.WATCHING in conditions(sessions), 20, "the camera is watched")
            server.freeze()
            wait_for(lambda: CameraState.NO_PACKETS in conditions(sessions), 20, "that nothing comes is noticed")
            assert incidents(sessions) == []
            server.thaw()
            [van] = wait_for(lambda: incidents(sessions), 60, "an incident once it sends again")
    gaps = [each for each in sightings(sessions, van) if each.kind is SightingKind.GAP]
    silent_s = sum((each.until_at - each.at).total_seconds() for each in gaps if each.until_at is not None)
    assert silent_s >= 4.0
    assert (van.confirmed_at - van.first_seen_at).total_seconds() >= DWELL_S + silent_s, (
        "what was not shown was counted"
    )
    Street(sessions, tmp_path / "vault").assert_whole()


def test_a_picture_that_hangs_is_frozen_and_dwells_do_not_run_on_it(
    sqlite_database: Database, tmp_path: Path, camera: RtspProxy
):
    sessions = sqlite_database.sessions
    open_street(sessions, dwell_s=25.0, grace_s=GRACE_S)
    connect(sessions, camera.url)
    with watching(sessions, tmp_path / "vault"):
        wait_for(lambda: CameraState.WATCHING in conditions(sessions), 20, "the camera is watched")
        camera.mode = Mode.REPLAY
        wait_for(lambda: CameraState.FROZEN in conditions(sessions), 60, "the frozen picture is noticed")
        assert incidents(sessions) == []
        camera.mode = Mode.PASS
        [van] = wait_for(lambda: drafted(sessions), 90, "a draft once the picture moves again")
    gaps = [each for each in sightings(sessions, van) if each.kind is SightingKind.GAP]
    assert any(each.until_at is not None and (each.until_at - each.at).total_seconds() > 5 for each in gaps)
    shown_s = (van.confirmed_at - van.first_seen_at).total_seconds()
    assert shown_s >= 25.0 + 5.0, "time without a true picture was counted"
