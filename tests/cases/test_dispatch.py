"""Dispatch: who is asked to come, who takes it on, who is asked when nobody does, and what came of it."""

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta

import pytest
from sqlalchemy import select

from cases import deadlines, dispatch
from cases.errors import DispatchRefused
from models.database import Sessions, reading, transaction
from models.dispatch import Area, Dispatch, DispatchedTo
from models.enums import AreaLevel, DispatchPurpose, DispatchState, HandledAs
from models.people import Officer
from models.places import Camera
from models.promises import OutboxMessage
from tests import rows
from tests.conftest import Database
from tests.rows import NOON, after

DAY = [{"days": "mon-sun", "from": "08:00", "to": "18:00"}]
NIGHT = [{"days": "mon-sun", "from": "18:00", "to": "08:00"}]


@dataclass
class District:
    """A grid in a street in a district, an incident in the grid, and officers with names that say where they are."""

    sessions: Sessions
    incident: uuid.UUID

    def sent(self, at: datetime = NOON) -> Dispatch | None:
        with transaction(self.sessions) as session:
            return dispatch.send(session, self.incident, DispatchPurpose.STILL_THERE, at=at)

    def officer(self, name: str) -> uuid.UUID:
        with reading(self.sessions) as session:
            return session.scalars(select(Officer.id).where(Officer.name == name)).one()

    def asked(self) -> set[str]:
        with reading(self.sessions) as session:
            return set(session.scalars(select(Officer.name).join(DispatchedTo, DispatchedTo.officer_id == Officer.id)))

    def letters(self) -> int:
        with reading(self.sessions) as session:
            return len(session.scalars(select(OutboxMessage)).all())

    def now(self) -> Dispatch:
        with reading(self.sessions) as session:
            return session.scalars(select(Dispatch)).one()

    def works_off(self, at: datetime) -> None:
        deadlines.work_off(self.sessions, lambda: at)


@pytest.fixture
def district(database: Database) -> District:
    with transaction(database.sessions) as session:
        for area, level, parent in (
            ("taizhou", AreaLevel.CITY, None),
            ("dongcheng", AreaLevel.DISTRICT, "taizhou"),
            ("north", AreaLevel.STREET, "dongcheng"),
            ("north-02", AreaLevel.GRID, "north"),
            ("north-03", AreaLevel.GRID, "north"),
        ):
            session.add(Area(id=area, name=area, level=level, parent_id=parent))
            session.flush()
        camera = rows.add_camera(session, rows.add_site(session), area_id="north-02")
        version = rows.add_geofence_version(session, rows.add_geofence(session, camera))
        incident = rows.add_incident(session, version, camera)
        for name, grid, duty in (
            ("day", "north-02", DAY),
            ("night", "north-02", NIGHT),
            ("neighbour", "north-03", None),
            ("of the street", "north", None),
            ("of the district", "dongcheng", DAY),
        ):
            session.add(Officer(name=name, phone_sealed=b"sealed", grid=grid, duty=duty))
        return District(database.sessions, incident.id)


def test_who_is_on_duty_in_the_grid_is_asked(district: District) -> None:
    sent = district.sent()
    assert sent is not None
    assert (sent.area_id, sent.state) == ("north-02", DispatchState.ASKED)
    assert district.asked() == {"day"}
    again = district.sent(after(90))
    assert again is not None
    assert (again.id, district.letters()) == (sent.id, 1)


def test_where_nobody_is_on_duty_the_area_above_is_asked(district: District) -> None:
    with transaction(district.sessions) as session:
        session.delete(session.scalars(select(Officer).where(Officer.name == "day")).one())
    district.sent()
    assert district.asked() == {"of the street"}


def test_a_camera_in_no_area_has_everybody_on_duty(district: District) -> None:
    with transaction(district.sessions) as session:
        session.get_one(Camera, "gate-3").area_id = None
    district.sent()
    assert district.asked() == {"day", "neighbour", "of the street", "of the district"}


def test_without_officers_nobody_is_dispatched(district: District) -> None:
    with transaction(district.sessions) as session:
        for officer in session.scalars(select(Officer)):
            session.delete(officer)
    assert district.sent() is None


def test_while_nobody_takes_it_on_they_are_urged_and_those_above_are_asked_too(district: District) -> None:
    district.sent(after(0))
    district.works_off(after(179))
    assert district.letters() == 1
    district.works_off(after(180))
    assert district.asked() == {"day", "of the street"}
    assert district.letters() == 3
    district.works_off(after(360))
    assert district.asked() == {"day", "of the street", "of the district"}
    assert (district.now().urged, district.letters()) == (2, 6)
    district.works_off(after(540))
    assert (district.now().urged, district.now().urge_at, district.letters()) == (3, None, 9)
    district.works_off(after(5400))
    assert district.letters() == 9


def test_who_takes_it_on_has_it_alone_and_is_not_urged(district: District) -> None:
    sent = district.sent(after(0))
    assert sent is not None
    district.works_off(after(180))
    with transaction(district.sessions) as session:
        taken = dispatch.take(session, sent.id, district.officer("day"), at=after(200))
        assert (taken.state, taken.taken_at) == (DispatchState.TAKEN, after(200))
        assert dispatch.take(session, sent.id, district.officer("day"), at=after(220)).taken_at == after(200)
    with pytest.raises(DispatchRefused, match="taken already"), transaction(district.sessions) as session:
        dispatch.take(session, sent.id, district.officer("of the street"), at=after(201))
    letters = district.letters()
    district.works_off(after(3600))
    assert district.letters() == letters


def test_who_was_not_asked_cannot_take_it_on(district: District) -> None:
    sent = district.sent()
    assert sent is not None
    with pytest.raises(DispatchRefused, match="not asked"), transaction(district.sessions) as session:
        dispatch.take(session, sent.id, district.officer("neighbour"), at=after(80))


def test_it_is_handed_over_to_a_colleague_who_is_told(district: District) -> None:
    sent = district.sent(after(0))
    assert sent is not None
    day, neighbour = district.officer("day"), district.officer("neighbour")
    with transaction(district.sessions) as session:
        dispatch.take(session, sent.id, day, at=after(10))
        dispatch.hand_over(session, sent.id, day, neighbour, at=after(20))
    assert (district.now().state, district.now().officer_id) == (DispatchState.ASKED, None)
    assert (district.asked(), district.letters()) == ({"day", "neighbour"}, 2)
    with transaction(district.sessions) as session:
        dispatch.take(session, sent.id, neighbour, at=after(30))
    for officer, to in ((day, neighbour), (neighbour, neighbour), (neighbour, uuid.uuid4())):
        with pytest.raises(DispatchRefused), transaction(district.sessions) as session:
            dispatch.hand_over(session, sent.id, officer, to, at=after(40))


def test_what_came_of_it_is_said_by_who_took_it_on(district: District) -> None:
    sent = district.sent(after(0))
    assert sent is not None
    day = district.officer("day")
    with pytest.raises(DispatchRefused, match="taken it on"), transaction(district.sessions) as session:
        dispatch.handled(session, sent.id, day, HandledAs.MOVED, "", at=after(5))
    with transaction(district.sessions) as session:
        dispatch.take(session, sent.id, day, at=after(10))
    with pytest.raises(DispatchRefused, match="needs a sentence"), transaction(district.sessions) as session:
        dispatch.handled(session, sent.id, day, HandledAs.NO_OFFENCE, "  ", at=after(50))
    with transaction(district.sessions) as session:
        dispatch.handled(session, sent.id, day, HandledAs.NO_OFFENCE, "救护车执行任务", at=after(60))
    now = district.now()
    assert (now.state, now.handled_as, now.note) == (DispatchState.HANDLED, HandledAs.NO_OFFENCE, "救护车执行任务")


def test_what_stopped_by_itself_needs_nobody_any_more(district: District) -> None:
    sent = district.sent(after(0))
    assert sent is not None
    with transaction(district.sessions) as session:
        dispatch.withdraw(session, district.incident)
    assert district.now().state is DispatchState.WITHDRAWN
    district.works_off(after(0) + timedelta(days=1))
    assert district.letters() == 1
    with pytest.raises(DispatchRefused, match="withdrawn already"), transaction(district.sessions) as session:
        dispatch.take(session, sent.id, district.officer("day"), at=after(80))
