"""Cameras near by: how far, whether they watched at that time, what they saw, and only within reach of who asks."""

from datetime import timedelta

import pytest
from sqlalchemy.orm import Session, joinedload

from cases.entitlements import EVERYTHING, Limit, Scope
from cases.neighbours import AROUND, distance_m, neighbours
from models.database import transaction
from models.dispatch import Area
from models.enums import AreaLevel, CameraState
from models.incidents import Incident
from models.places import Camera
from models.watching import CameraCondition
from tests.conftest import Database
from tests.rows import Street, add_camera, add_incident, add_street, after

METRES = 1 / 111_195  # degrees of latitude


@pytest.fixture
def street(database: Database) -> tuple[Database, Street]:
    with transaction(database.sessions) as session:
        return database, add_street(session)


def loaded(session: Session, street: Street) -> Incident:
    return session.query(Incident).options(joinedload(Incident.camera)).filter_by(id=street.incident.id).one()


def test_distance_along_the_ground() -> None:
    assert distance_m((28.65, 121.26), (28.65, 121.26)) == 0
    assert distance_m((0, 0), (0, 90)) == pytest.approx(10_007_543, rel=1e-4)  # a quarter of the equator
    assert distance_m((60, 10), (60, 10.001)) == pytest.approx(55.6, abs=0.1)


def test_the_nearest_come_first_and_what_is_out_of_reach_not_at_all(street: tuple[Database, Street]) -> None:
    database, known = street
    with transaction(database.sessions) as session:
        for name, metres in (("far", 301), ("near", 40), ("middle", 299)):
            add_camera(session, known.site, id=name, name=name, lat=28.65 + metres * METRES)
        add_camera(session, known.site, id="nowhere", lat=None, lon=None)
        found = neighbours(session, EVERYTHING, loaded(session, known))
    assert [(near.camera.id, round(near.distance_m or 0)) for near in found] == [("near", 40), ("middle", 299)]


def test_it_is_said_whether_they_watched_then_and_what_they_saw_about_then(street: tuple[Database, Street]) -> None:
    database, known = street
    at = known.incident.confirmed_at
    with transaction(database.sessions) as session:
        near = add_camera(session, known.site, id="near", lat=28.65 + 50 * METRES)
        for since, until, state in (
            (after(-500), after(60), CameraState.WATCHING),
            (after(60), after(300), CameraState.COVERED),
            (after(300), None, CameraState.WATCHING),
        ):
            session.add(CameraCondition(camera_id="near", since_at=since, until_at=until, state=state))
        times = [at - AROUND, at + AROUND, at + AROUND + timedelta(seconds=1)]
        seen = [
            add_incident(
                session,
                known.version,
                near,
                conduct_key=f"near-{number}",
                first_seen_at=time - timedelta(seconds=1),
                stopped_at=None,
                confirmed_at=time,
                last_seen_at=time,
            ).id
            for number, time in enumerate(times)
        ]
        (found,) = neighbours(session, EVERYTHING, loaded(session, known))
    assert found.state is CameraState.COVERED
    assert [incident.id for incident in found.incidents] == seen[:2]


def test_a_camera_without_a_place_has_those_of_its_area(street: tuple[Database, Street]) -> None:
    database, known = street
    with transaction(database.sessions) as session:
        for area in ("north", "south"):
            session.add(Area(id=area, name=area, level=AreaLevel.CITY))
        session.flush()
        here = session.get_one(Camera, "gate-3")
        here.lat, here.lon, here.area_id = None, None, "north"
        add_camera(session, known.site, id="same", area_id="north")
        add_camera(session, known.site, id="other", area_id="south")
        found = neighbours(session, EVERYTHING, loaded(session, known))
        assert [(near.camera.id, near.distance_m) for near in found] == [("same", None)]
        assert neighbours(session, Scope(frozenset({Limit("south", None)})), loaded(session, known)) == []
        here.area_id = None
        session.flush()
        assert neighbours(session, EVERYTHING, loaded(session, known)) == []
