"""A view that was turned on purpose: said by whom and why for good, and what was learnt is forgotten."""

import uuid

import pytest
from sqlalchemy import select

from cases import camera_views
from cases.cameras import note_condition
from cases.errors import NotEntitled, ReasonMissing, UnknownCamera
from models.database import reading, transaction
from models.enums import CameraState, Role
from models.people import RoleGrant, User
from models.watching import FORGOTTEN, HOME, CameraCondition, CameraConnection, CameraMemory, CameraView
from tests.conftest import Database
from tests.rows import add_camera, add_site, after


@pytest.fixture
def turned(database: Database) -> Database:
    """gate-3 has a view that was learnt, a memory of what stood in it, and looks elsewhere since second 90."""
    with transaction(database.sessions) as session:
        site = add_site(session)
        for camera_id in ("gate-3", "gate-4", "lot"):
            add_camera(session, site, id=camera_id)
        for camera_id in ("gate-3", "gate-4"):
            session.add(CameraConnection(camera_id=camera_id))
        session.add(CameraView(camera_id="gate-3", preset=HOME, fingerprint=b"as it was", learnt_at=after(10)))
        session.add(CameraMemory(camera_id="gate-3", fence=1, at=after(80), content=b"a van"))
        note_condition(session, "gate-3", CameraState.WATCHING, None, after(0))
        note_condition(session, "gate-3", CameraState.TURNED, None, after(90))
    return database


def user(role: Role) -> User:
    return User(id=uuid.uuid4(), name="li.na", display_name="李娜", grants=[RoleGrant(role=role)])


def relearn(database: Database, camera_id: str = "gate-3", *, at_s: float = 100, reason: str = "new mast") -> None:
    with transaction(database.sessions) as session:
        camera_views.forget(session, camera_id, actor="li.na", reason=reason, at=after(at_s))


def history(database: Database, camera_id: str = "gate-3") -> list[tuple[CameraState, float, str | None]]:
    with reading(database.sessions) as session:
        rows = session.scalars(
            select(CameraCondition).where(CameraCondition.camera_id == camera_id).order_by(CameraCondition.since_at)
        )
        return [(row.state, round((row.since_at - after(0)).total_seconds(), 3), row.detail) for row in rows]


def test_of_a_dome_every_view_is_learnt_anew(turned: Database) -> None:
    with transaction(turned.sessions) as session:
        session.add(CameraView(camera_id="gate-3", preset="kerb", token="1", position=0, stay_s=40.0))
        session.add(CameraView(camera_id="gate-4", preset="kerb", fingerprint=b"another dome", learnt_at=after(10)))
    relearn(turned)
    with reading(turned.sessions) as session:
        kerb = session.get_one(CameraView, ("gate-3", "kerb"))
        assert (kerb.fingerprint, kerb.learnt_at, kerb.stay_s) == (FORGOTTEN, after(100), 40.0)
        assert session.get_one(CameraView, ("gate-4", "kerb")).fingerprint == b"another dome"


def test_likeness_and_memory_go_and_who_said_so_why_stays(turned: Database) -> None:
    relearn(turned, reason="  the mast was\nmoved ")
    with reading(turned.sessions) as session:
        view = session.get_one(CameraView, ("gate-3", HOME))
        assert (view.fingerprint, view.learnt_at) == (FORGOTTEN, after(100))
        assert session.get(CameraMemory, "gate-3") is None
    with transaction(turned.sessions) as session:  # its watcher goes on saying what it sees
        note_condition(session, "gate-3", CameraState.TURNED, "still", after(101))
        note_condition(session, "gate-3", CameraState.WATCHING, None, after(105))
    assert history(turned) == [
        (CameraState.WATCHING, 0, None),
        (CameraState.TURNED, 90, "to be learnt anew, says li.na: the mast was moved"),
        (CameraState.TURNED, 100, "still"),
        (CameraState.WATCHING, 105, None),
    ]


def test_said_twice_both_are_on_record(turned: Database) -> None:
    relearn(turned, reason="new mast")
    relearn(turned, reason="and once more")
    assert [detail for _, _, detail in history(turned)[1:]] == [
        "to be learnt anew, says li.na: new mast",
        "to be learnt anew, says li.na: and once more",
        None,
    ]


def test_of_a_camera_that_nobody_has_watched_yet_it_is_on_record_too(turned: Database) -> None:
    relearn(turned, "gate-4")
    assert history(turned, "gate-4") == [(CameraState.STOPPED, 100, "to be learnt anew, says li.na: new mast")]
    with transaction(turned.sessions) as session:
        note_condition(session, "gate-4", CameraState.CONNECTING, None, after(110))
    assert [state for state, _, _ in history(turned, "gate-4")] == [CameraState.STOPPED, CameraState.CONNECTING]


@pytest.mark.parametrize(
    ("camera_id", "reason", "refusal"),
    [("gate-3", " \n", ReasonMissing), ("lot", "new mast", UnknownCamera), ("gate-9", "new mast", UnknownCamera)],
    ids=["no_reason", "for_recordings", "no_such_camera"],
)
def test_what_is_refused_changes_nothing(
    turned: Database, camera_id: str, reason: str, refusal: type[Exception]
) -> None:
    with pytest.raises(refusal):
        relearn(turned, camera_id, reason=reason)
    with reading(turned.sessions) as session:
        assert session.get_one(CameraView, ("gate-3", HOME)).fingerprint == b"as it was"
    assert len(history(turned)) == 2


@pytest.mark.parametrize("role", Role)
def test_who_watches_the_cameras_may_say_so(turned: Database, role: Role) -> None:
    with transaction(turned.sessions) as session:
        if role in (Role.MONITOR, Role.ADMINISTRATOR):
            camera_views.relearn(session, "gate-3", user=user(role), reason="new mast", at=after(100))
        else:
            with pytest.raises(NotEntitled):
                camera_views.relearn(session, "gate-3", user=user(role), reason="new mast", at=after(100))
    assert len(history(turned)) == (3 if role in (Role.MONITOR, Role.ADMINISTRATOR) else 2)
