"""Looks are made of the small stream, and everything a court is shown is cut from the main one."""

from pathlib import Path

import pytest
from sqlalchemy import select

from models.database import Sessions, reading, transaction
from models.enums import CameraState, ExhibitKind
from models.exhibits import Exhibit
from models.watching import CameraConnection
from tests.conftest import Database
from tests.media.make_clips import Film, Films, parks
from tests.media.rtsp_server import RtspServer
from tests.real_time import REAL_TIME
from tests.scenarios.live_street import CAMERA, conditions, connect, events, incidents, wait_for, watching
from tests.scenarios.street import Street, open_street
from tests.scenarios.test_live_camera import drafted, enlarged

pytestmark = REAL_TIME

DWELL_S, GRACE_S = 8.0, 6.0


def stills(sessions: Sessions) -> list[Exhibit]:
    with reading(sessions) as session:
        return list(session.scalars(select(Exhibit).where(Exhibit.kind == ExhibitKind.STILL).order_by(Exhibit.from_at)))


def test_a_van_found_in_the_small_stream_is_shown_in_the_main_one_and_followed_there_when_the_small_one_is_gone(
    sqlite_database: Database, tmp_path: Path, films: Films
):
    sessions, film = sqlite_database.sessions, Film((parks("red", stops_s=5.0),), seconds=75)
    open_street(sessions, dwell_s=DWELL_S, grace_s=GRACE_S)
    large = tmp_path / "main.mp4"
    enlarged(films(film), large, 2)
    for name in ("main", "small"):
        (tmp_path / name).mkdir()
    with RtspServer(tmp_path / "main") as main, RtspServer(tmp_path / "small") as small:
        connect(sessions, main(large, loops=False))
        with transaction(sessions) as session:
            connection = session.get_one(CameraConnection, CAMERA)
            connection.sub_source, connection.looks_at_sub = small(films(film), loops=False), True
        with watching(sessions, tmp_path / "vault"):
            [van] = wait_for(lambda: incidents(sessions), 40, "an incident")
            small.kill()
            wait_for(lambda: drafted(sessions), 60, "a draft, by looks at the main stream")
    [van] = incidents(sessions)
    assert events(sessions, van)[0].facts["looked_at"] == [320, 240]
    assert van.stopped_at is not None, "the second of the stop is looked up in the main stream's packets"
    assert DWELL_S <= (van.confirmed_at - van.stopped_at).total_seconds() <= DWELL_S + 2.5
    assert [van.box_x1, van.box_y1, van.box_x2, van.box_y2] == pytest.approx([240, 300, 368, 380], abs=10)
    assert van.seen_with is not None
    assert (van.seen_with["width"], van.seen_with["height"]) == (640, 480)
    assert {(each.recipe["width"], each.recipe["height"]) for each in stills(sessions)} == {(640, 480)}
    assert len(stills(sessions)) == 3
    assert CameraState.UNREACHABLE not in conditions(sessions), "the camera is there"
    Street(sessions, tmp_path / "vault").assert_whole()
