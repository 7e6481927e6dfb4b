"""Real footage served live by a server that others wrote: what `analyze` finds in the file, a camera finds too."""

from pathlib import Path

import pytest

from cases.site_file import read
from cases.site_rows import apply
from detectors.weights import find_detector
from ingest.recordings import analyze_recording, take_recording
from ingest.sampler import Sampling
from models.database import Sessions, transaction
from models.incidents import Incident
from tests.conftest import Database
from tests.media.rtsp_server import RtspServer
from tests.real_time import REAL_TIME
from tests.rows import NOON
from tests.scenarios.live_street import KEY, conditions, connect, incidents, wait_for, watching

pytestmark = REAL_TIME

SITE = Path(__file__).parents[2] / "benchmarks" / "sites" / "street_queue_10s.yaml"
CLIP = "street_queue_and_traffic.mp4"
LOOK_S = 2.0
Stay = tuple[float, float, float]  # middle of its place, and seconds from the beginning to its stop


def open_site(sessions: Sessions) -> str:
    with transaction(sessions) as session:
        site = read(SITE)
        apply(session, site, KEY, actor="test", at=NOON)
        return site.values.cameras[0].id


def stays(found: list[Incident], began: float) -> list[Stay]:
    return sorted(
        (
            (each.box_x1 + each.box_x2) / 2,
            (each.box_y1 + each.box_y2) / 2,
            (each.stopped_at or each.first_seen_at).timestamp() - began,
        )
        for each in found
    )


def test_vehicles_that_a_file_shows_are_found_when_it_is_played_live(
    sqlite_database: Database, footage_dir: Path, weights_dir: Path, tmp_path: Path
):
    sessions = sqlite_database.sessions
    camera = open_site(sessions)
    detector = find_detector(str(weights_dir))
    with transaction(sessions) as session:
        recording = take_recording(session, camera, footage_dir / CLIP, NOON).id
    analyze_recording(
        sessions,
        recording,
        detector=lambda: detector,
        vault_root=tmp_path / "vault",
        sampling=Sampling(look_s=LOOK_S),
        on_progress=lambda _done_s, _total_s: None,
    )
    from_file = incidents(sessions)
    assert from_file, "the file shows vehicles that stand"
    (tmp_path / "played").mkdir()
    with RtspServer(tmp_path / "played") as server:
        connect(sessions, server(footage_dir / CLIP, loops=False), camera)
        with watching(sessions, tmp_path / "vault", look_s=LOOK_S, detector=detector):
            wait_for(lambda: "unreachable" in conditions(sessions, camera), 90, "the film is over")
    live = [each for each in incidents(sessions) if each.recording_id is None]
    assert len(live) == len(from_file)
    # the clock of the wall knows when the film began, and only to within what the server held back
    began = min(each.first_seen_at for each in live).timestamp()
    file_began = min(each.first_seen_at for each in from_file).timestamp()
    for (x, y, at_s), (file_x, file_y, file_at_s) in zip(stays(live, began), stays(from_file, file_began), strict=True):
        assert (x, y) == pytest.approx((file_x, file_y), abs=6)
        assert at_s == pytest.approx(file_at_s, abs=1.0)
