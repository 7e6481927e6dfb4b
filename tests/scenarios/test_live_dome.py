"""A dome that others wrote tours its presets: a stay goes on where it is seen again, and what was not seen is a gap."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from models.database import Sessions, reading, transaction
from models.enums import CameraKind, CameraState, ExhibitKind, ExhibitMoment, SightingKind
from models.exhibits import Exhibit
from models.watching import CameraConnection, CameraView
from tests.conftest import Database
from tests.media import dome_camera
from tests.media.make_clips import Film, Films, parks
from tests.real_time import REAL_TIME
from tests.rows import add_camera, add_geofence, add_geofence_version, add_site
from tests.scenarios.live_street import CAMERA, KEY, conditions, incidents, sightings
from tests.scenarios.street import Street

pytestmark = REAL_TIME

DWELL_S, STAY_S = 26.0, 8.0  # longer than one visit, which lasts up to 23 s while a clip needs its last seconds
LOWER_HALF = [[0.02, 0.5], [0.98, 0.5], [0.98, 0.98], [0.02, 0.98]]
EVERYWHERE = [[0.01, 0.01], [0.99, 0.01], [0.99, 0.99], [0.01, 0.99]]


def open_street_under_a_dome(sessions: Sessions) -> None:
    """At the kerb nobody may stop for long; at the wall nobody may stop at all, and nobody does."""
    with transaction(sessions) as session:
        camera = add_camera(session, add_site(session))
        camera.source, camera.kind = dome_camera.STREAM, CameraKind.DOME
        session.add(
            CameraConnection(
                camera_id=CAMERA,
                username=dome_camera.USER,
                password_sealed=KEY.seal(dome_camera.PASSWORD, f"camera_connection.password:{CAMERA}"),
                onvif_url=dome_camera.ONVIF,
                plate_zoom=0.6,
            )
        )
        for position, (preset, token) in enumerate((("kerb", "1"), ("wall", "2"))):
            view = CameraView(camera_id=CAMERA, preset=preset, token=token, position=position, stay_s=STAY_S)
            session.add(view)
        for preset, polygon, dwell_s in (("kerb", LOWER_HALF, DWELL_S), ("wall", EVERYWHERE, 1.0)):
            add_geofence_version(
                session,
                add_geofence(session, camera, preset),
                preset=preset,
                polygon=polygon,
                offences={"illegal_parking": {"dwell_s": dwell_s, "grace_s": 600.0, "roles": ["vehicle"]}},
            )


def exhibits(sessions: Sessions) -> list[Exhibit]:
    with reading(sessions) as session:
        return list(session.scalars(select(Exhibit)))


@pytest.fixture
def toured(sqlite_database: Database, tmp_path: Path, films: Films) -> Street:
    """After the dome has gone round until an incident is on record and was gone near for."""
    missing = dome_camera.why_not()
    if missing is not None:
        pytest.skip(missing)
    open_street_under_a_dome(sqlite_database.sessions)
    clip, folder, vault = films(Film((parks("red"),), seconds=20)), tmp_path / "dome", tmp_path / "vault"
    folder.mkdir()
    driver = [sys.executable, "-m", "tests.scenarios.dome_driver", sqlite_database.url, str(vault), str(clip)]
    done = subprocess.run(
        [*dome_camera.OWN_NETWORK, *driver, str(folder)],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr + (folder / "dome.log").read_text()
    return Street(sqlite_database.sessions, vault)


def test_a_stay_goes_on_when_the_dome_comes_back_and_the_plate_is_looked_for_from_near(toured: Street):
    sessions = toured.sessions
    [van] = incidents(sessions)
    seen = sightings(sessions, van)
    away = [each for each in seen if each.kind is SightingKind.GAP and each.note == "the dome looked elsewhere"]
    away_s = sum((each.until_at - each.at).total_seconds() for each in away if each.until_at is not None)
    assert away_s >= STAY_S, "it looked at the wall in between"
    assert (van.confirmed_at - van.first_seen_at).total_seconds() >= DWELL_S + away_s, "what was not seen was counted"
    shown = [each for each in seen if each.kind in (SightingKind.SEEN, SightingKind.KEPT)]
    assert not any(gap.at < each.at < gap.until_at for gap in away for each in shown if gap.until_at is not None)
    assert_gone_near_for(exhibits(sessions))
    assert learnt(sessions) == {"kerb", "wall"}
    assert CameraState.TURNED not in conditions(sessions), "it was turned by ourselves"
    toured.assert_whole()


def assert_gone_near_for(made: list[Exhibit]) -> None:
    near = {(each.kind, each.moment): each.recipe for each in made if "near" in each.recipe}
    assert set(near) == {
        (ExhibitKind.CLIP, ExhibitMoment.SHARPEST),
        (ExhibitKind.CLOSE_UP, ExhibitMoment.DWELL_COMPLETE),
    }
    recipe: dict[str, Any] = near[ExhibitKind.CLOSE_UP, ExhibitMoment.DWELL_COMPLETE]
    [clip] = [each for each in made if (each.kind, each.moment) == (ExhibitKind.CLIP, ExhibitMoment.SHARPEST)]
    assert recipe["clip_sha256"] == clip.sha256
    left, top, right, bottom = recipe["near"]["box"]
    assert left <= dome_camera.WIDTH / 2 <= right
    assert top <= dome_camera.HEIGHT / 2 <= bottom
    [entry] = [each for each in made if (each.kind, each.moment) == (ExhibitKind.CLOSE_UP, ExhibitMoment.SHARPEST)]
    from_near, from_afar = recipe["width"], entry.recipe["width"]
    assert from_near > 1.5 * from_afar, "the vehicle is larger from near"


def learnt(sessions: Sessions) -> set[str]:
    with reading(sessions) as session:
        return {view.preset for view in session.scalars(select(CameraView)) if view.fingerprint}
