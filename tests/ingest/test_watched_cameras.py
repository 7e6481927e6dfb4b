"""What a watcher loads of a camera: where it looks, in what order, and what of a change has it begin anew."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy.orm import Session

from cases.camera_entry import ViewEntry
from cases.camera_settings import change_views
from cases.errors import CameraChangeRefused
from ingest.watched_cameras import WatchedCamera, keep_fingerprint, load_camera
from models.database import reading, transaction
from models.personal_data import PersonalDataKey
from models.places import Camera
from models.watching import FORGOTTEN, HOME, CameraConnection, CameraView
from tests.conftest import Database
from tests.rows import add_camera, add_geofence, add_geofence_version, add_site

KEY = PersonalDataKey(b"k" * 32)
MONDAY_MORNING = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)  # nine o'clock in Shanghai
IN_THE_MORNING = [{"days": "mon-fri", "from": "07:00", "to": "12:00"}]


@pytest.fixture
def dome(sqlite_database: Database) -> Database:
    """Kerb and wall are toured, the spare is not; a fence on each, and one that names no preset."""
    with transaction(sqlite_database.sessions) as session:
        camera = add_camera(session, add_site(session))
        session.add(CameraConnection(camera_id=camera.id, onvif_url="http://10.0.0.5/", sub_source="rtsp://10.0.0.5/s"))
        for preset, position, stay_s, hours in (
            ("wall", 1, 20.0, IN_THE_MORNING),
            ("kerb", 0, 40.0, None),
            ("spare", None, None, None),
        ):
            view = CameraView(camera_id=camera.id, preset=preset, token=preset[0], position=position, stay_s=stay_s)
            view.hours = hours
            session.add(view)
        for fence, preset in (("at-kerb", "kerb"), ("at-wall", "wall"), ("at-spare", "spare"), ("nowhere", None)):
            add_geofence_version(session, add_geofence(session, camera, fence), preset=preset)
    return sqlite_database


def loaded(dome: Database, at: datetime = MONDAY_MORNING) -> WatchedCamera:
    with reading(dome.sessions) as session:
        camera = load_camera(session, "gate-3", KEY, at)
    assert camera is not None
    return camera


def change(dome: Database, of: type[Any], key: Any, **values: Any) -> WatchedCamera:
    with transaction(dome.sessions) as session:
        row = session.get_one(of, key)
        for name, value in values.items():
            setattr(row, name, value)
    return loaded(dome)


def fences(camera: WatchedCamera) -> dict[str, list[str]]:
    return {view.preset: [fence.geofence_id for fence in view.fences] for view in camera.views}


def test_a_tour_has_its_views_in_order_each_with_the_fences_drawn_on_it(dome: Database):
    camera = loaded(dome)
    assert [(stop.preset, stop.token, stop.stay_s) for stop in camera.stops] == [
        ("kerb", "k", 40.0),
        ("wall", "w", 20.0),
    ]
    assert fences(camera) == {"kerb": ["at-kerb"], "wall": ["at-wall"]}, "what names no toured preset binds nowhere"


def test_hours_are_those_of_the_site(dome: Database):
    kerb, wall = loaded(dome).stops
    assert wall.in_force(MONDAY_MORNING)
    assert not wall.in_force(MONDAY_MORNING + timedelta(hours=4))
    assert kerb.in_force(MONDAY_MORNING + timedelta(hours=4))


@pytest.mark.parametrize(
    ("of", "key", "values"),
    [
        (CameraConnection, "gate-3", {"onvif_url": None}),
        (CameraView, ("gate-3", "kerb"), {"token": None}),
    ],
    ids=["nobody_to_ask", "one_without_its_name"],
)
def test_a_view_that_cannot_be_turned_to_is_not_toured(dome: Database, of: type, key: Any, values: dict[str, Any]):
    camera = change(dome, of, key, **values)
    assert "kerb" not in fences(camera)


def test_a_dome_that_tours_nothing_stands_where_it_stands(dome: Database):
    camera = change(dome, CameraConnection, "gate-3", onvif_url=None)
    assert camera.stops == []
    assert fences(camera) == {HOME: ["nowhere"]}


@pytest.mark.parametrize(
    ("of", "key", "values"),
    [
        (CameraView, ("gate-3", "kerb"), {"stay_s": 41.0}),
        (CameraView, ("gate-3", "kerb"), {"token": "2"}),
        (CameraView, ("gate-3", "kerb"), {"hours": IN_THE_MORNING}),
        (CameraView, ("gate-3", "spare"), {"stay_s": 10.0, "position": 2}),
        (CameraConnection, "gate-3", {"looks_at_sub": True}),
        (CameraConnection, "gate-3", {"plate_zoom": 0.5}),
        (Camera, "gate-3", {"source": "rtsp://10.0.0.6/main"}),
    ],
    ids=["longer", "another_preset", "other_hours", "one_more", "other_stream", "zoom", "other_address"],
)
def test_what_is_changed_in_it_begins_the_watching_anew(dome: Database, of: type, key: Any, values: dict[str, Any]):
    before = loaded(dome)
    assert before.needs_restart(change(dome, of, key, **values))


def test_what_a_person_changes_in_its_tour_begins_the_watching_anew_and_what_was_learnt_stays(dome: Database):
    learn(dome, "kerb", b"as it looks")
    before = loaded(dome)
    views = (ViewEntry(preset="spare", token="s", stay_s=10), ViewEntry(preset="kerb", token="k", stay_s=40))
    with (
        pytest.raises(CameraChangeRefused, match="at-wall is drawn on the preset `wall`"),
        transaction(dome.sessions) as session,
    ):
        change_views(session, "gate-3", views, actor="wu", at=MONDAY_MORNING)
    assert not before.needs_restart(loaded(dome))
    with transaction(dome.sessions) as session:
        assert change_views(
            session, "gate-3", (*views, ViewEntry(preset="wall", token="w")), actor="wu", at=MONDAY_MORNING
        )
    after = loaded(dome)
    assert before.needs_restart(after)
    assert [(stop.preset, stop.stay_s) for stop in after.stops] == [("spare", 10), ("kerb", 40)]
    assert [view.fingerprint for view in after.views] == [None, b"as it looks"]


def test_what_was_learnt_meanwhile_begins_nothing_anew(dome: Database):
    before = loaded(dome)
    learn(dome, "kerb", b"as it looks")
    after = loaded(dome)
    assert not before.needs_restart(after)
    assert [view.fingerprint for view in after.views] == [b"as it looks", None]


def learn(dome: Database, preset: str, fingerprint: bytes) -> None:
    with transaction(dome.sessions) as session:
        keep_fingerprint(session, "gate-3", preset, fingerprint, MONDAY_MORNING)


def test_a_view_to_be_learnt_anew_is_not_known(dome: Database):
    camera = change(dome, CameraView, ("gate-3", "kerb"), fingerprint=FORGOTTEN, learnt_at=MONDAY_MORNING)
    assert camera.views[0].fingerprint is None
    learn(dome, "kerb", b"anew")
    assert loaded(dome).views[0].fingerprint == b"anew"


def test_a_preset_that_was_taken_out_of_the_tour_is_not_brought_back_by_what_was_learnt_of_it(dome: Database):
    learn(dome, "gone", b"as it looks")
    with reading(dome.sessions) as session:
        assert view_of(session, "gone") is None
        assert view_of(session, HOME) is None
    learn(dome, HOME, b"as it looks")
    with reading(dome.sessions) as session:
        assert view_of(session, HOME) is not None


def view_of(session: Session, preset: str) -> CameraView | None:
    return session.get(CameraView, ("gate-3", preset))


def test_the_small_stream_is_looked_at_where_that_is_said_and_there_is_one(dome: Database):
    assert loaded(dome).sub_source is None
    assert change(dome, CameraConnection, "gate-3", looks_at_sub=True).sub_source == "rtsp://10.0.0.5/s"
    assert change(dome, CameraConnection, "gate-3", sub_source=None).sub_source is None
