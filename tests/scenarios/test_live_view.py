"""A camera is turned on purpose: nobody is accused, and nobody said to have left, by a picture of another street."""

import shutil
from datetime import UTC, datetime
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
from sqlalchemy import select

from cases import camera_views
from models.database import Sessions, reading, transaction
from models.enums import Act, CameraState, IncidentState
from models.watching import FORGOTTEN, CameraCondition, CameraView
from tests.conftest import Database
from tests.media.make_clips import Film, Films, parks
from tests.media.rtsp_server import RtspServer
from tests.real_time import REAL_TIME
from tests.scenarios.live_street import CAMERA, conditions, connect, events, incidents, wait_for, watching
from tests.scenarios.street import Street, open_street

pytestmark = REAL_TIME


def upside_down(source: Path, target: Path) -> None:
    """What a camera sees that was mounted anew: the same length and size, another street."""
    with av.open(str(source)) as read, av.open(str(target), "w") as written:
        rate = read.streams.video[0].average_rate or Fraction(10)
        options = {"preset": "ultrafast", "crf": "20", "g": "10", "bf": "0", "sc_threshold": "0"}
        stream: Any = written.add_stream("libx264", rate=rate, options=options)
        for frame in read.decode(video=0):
            if frame.pts == 0:
                stream.width, stream.height, stream.pix_fmt = frame.width, frame.height, "yuv420p"
            picture = np.ascontiguousarray(frame.to_ndarray(format="bgr24")[::-1])
            other = av.VideoFrame.from_ndarray(picture, format="bgr24")
            other.pts, other.time_base = frame.pts, frame.time_base
            written.mux(stream.encode(other))
        written.mux(stream.encode(None))


def fingerprint(sessions: Sessions) -> bytes | None:
    with reading(sessions) as session:
        return session.scalar(select(CameraView.fingerprint).where(CameraView.camera_id == CAMERA))


def said(sessions: Sessions) -> list[tuple[CameraState, str | None]]:
    with reading(sessions) as session:
        rows = session.scalars(select(CameraCondition).order_by(CameraCondition.since_at))
        return [(row.state, row.detail) for row in rows]


def test_a_view_that_was_turned_on_purpose_is_learnt_anew_and_what_stood_in_the_old_one_is_lost_sight_of(
    sqlite_database: Database, tmp_path: Path, films: Films
):
    sessions, film = sqlite_database.sessions, Film((parks("red"),), seconds=20)
    its_van_is_at_the_top = Film((parks("red", (120, 50)),), seconds=20)
    folder, other = tmp_path / "played", tmp_path / "other.mp4"
    folder.mkdir()
    open_street(sessions, dwell_s=6.0, grace_s=600.0)
    upside_down(films(its_van_is_at_the_top), other)
    with RtspServer(folder) as server:
        connect(sessions, server(films(film)))
        with watching(sessions, tmp_path / "vault"):
            [van] = wait_for(lambda: incidents(sessions), 30, "the van is found")
            known = wait_for(lambda: fingerprint(sessions), 30, "its view is learnt")
            server.kill()
            shutil.copyfile(other, server.folder / films(film).name)
            server.start()
            wait_for(lambda: conditions(sessions)[-1] is CameraState.TURNED, 40, "it looks elsewhere")
            assert [each.id for each in incidents(sessions)] == [van.id], "nobody is accused by another street"
            assert Act.VEHICLE_LEFT not in [event.act for event in events(sessions, van)]
            with transaction(sessions) as session:
                camera_views.forget(session, CAMERA, actor="li.na", reason="moved", at=datetime.now(UTC))
            wait_for(lambda: conditions(sessions)[-1] is CameraState.WATCHING, 20, "it is watched again")
            [second] = wait_for(lambda: [each for each in incidents(sessions) if each.id != van.id], 30, "another van")
            learnt = wait_for(lambda: fingerprint(sessions) != FORGOTTEN and fingerprint(sessions), 30, "learnt anew")
            assert conditions(sessions)[-1] is CameraState.WATCHING
    assert learnt != known
    assert second.first_seen_at > van.last_seen_at, "what stood before it was said stands since it was said"
    [first, _] = incidents(sessions)
    assert first.state is IncidentState.UNCERTAIN
    assert events(sessions, first)[-1].facts == {"why": "the camera was turned on purpose"}
    assert (CameraState.TURNED, "to be learnt anew, says li.na: moved") in said(sessions)
    Street(sessions, tmp_path / "vault").assert_whole()
