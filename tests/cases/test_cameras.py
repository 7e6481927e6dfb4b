"""What is said of cameras: conditions follow each other without holes, clocks are noted when they say something new."""

from dataclasses import replace
from datetime import datetime

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from cases.camera_register import set_watched
from cases.cameras import (
    Pulse,
    StreamNoted,
    camera_lines,
    camera_page,
    camera_state_at,
    clocks_on_record,
    note_clock,
    note_condition,
    note_pulses,
)
from cases.errors import UnknownCamera
from evidence.seen_with import Weights
from models.database import reading, transaction
from models.enums import CameraState, ClockMeasure, IncidentState
from models.places import Camera
from models.watching import CameraClock, CameraCondition, CameraConnection, CameraLease, CameraPulse, CameraView
from tests.conftest import Database
from tests.rows import add_camera, add_incident, add_site, add_street, after

PULSE = Pulse(
    last_packet_at=after(99),
    last_look_at=after(98),
    connections=2,
    packets=2500,
    packet_bytes=50_000_000,
    looks=50,
    looks_dropped=3,
    gaps=1,
    gap_s=4.5,
    dwelling=1,
    ring_bytes=15_000_000,
    stream=StreamNoted("h264", 1920, 1080, 25.0, 2.0, 4e6),
    model=Weights("own-weights", "ab" * 32),
)


@pytest.fixture
def camera(database: Database) -> Database:
    """A database with one live camera, gate-3, that no watcher has seen yet."""
    with transaction(database.sessions) as session:
        add_camera(session, add_site(session), source="rtsp://camera.example/main", clock_error_s=None)
        session.add(CameraConnection(camera_id="gate-3"))
    return database


def clock_measured(session: Session, *, offset_s: float, error_s: float, measure: ClockMeasure, at: datetime) -> bool:
    last = clocks_on_record(session, ["gate-3"]).get("gate-3")
    return note_clock(session, "gate-3", offset_s=offset_s, error_s=error_s, measure=measure, at=at, last=last)


def say(database: Database, state: CameraState, at_s: float, detail: str | None = None) -> None:
    with transaction(database.sessions) as session:
        note_condition(session, "gate-3", state, detail, after(at_s))


def hold(database: Database, until_s: float) -> None:
    with transaction(database.sessions) as session:
        session.merge(
            CameraLease(camera_id="gate-3", holder="box-1:77", fence=1, taken_at=after(0), expires_at=after(until_s))
        )


def conditions(database: Database) -> list[tuple[float, float | None, CameraState, str | None]]:
    with reading(database.sessions) as session:
        return [
            (
                (row.since_at - after(0)).total_seconds(),
                None if row.until_at is None else (row.until_at - after(0)).total_seconds(),
                row.state,
                row.detail,
            )
            for row in session.scalars(select(CameraCondition).order_by(CameraCondition.since_at))
        ]


class TestCondition:
    def test_one_follows_the_other_without_a_hole_and_the_same_again_is_one(self, camera: Database) -> None:
        say(camera, CameraState.CONNECTING, 0)
        say(camera, CameraState.WATCHING, 2)
        say(camera, CameraState.WATCHING, 7)
        say(camera, CameraState.UNREACHABLE, 60, "timed out")
        say(camera, CameraState.UNREACHABLE, 70, "connection refused")
        assert conditions(camera) == [
            (0, 2, CameraState.CONNECTING, None),
            (2, 60, CameraState.WATCHING, None),
            (60, None, CameraState.UNREACHABLE, "connection refused"),
        ]

    def test_one_that_lasted_no_time_is_not_a_condition_it_was_in(self, camera: Database) -> None:
        say(camera, CameraState.WATCHING, 0)
        say(camera, CameraState.FROZEN, 10)
        say(camera, CameraState.BLACK, 10)
        say(camera, CameraState.COVERED, 9)  # a clock that was set back
        assert conditions(camera) == [
            (0, 10, CameraState.WATCHING, None),
            (10, None, CameraState.COVERED, None),
        ]

    def test_a_long_explanation_is_cut_and_not_refused(self, camera: Database) -> None:
        say(camera, CameraState.REFUSED, 0, "x" * 1000)
        assert conditions(camera)[0][3] == "x" * 300

    def test_what_a_camera_was_in_at_a_moment_is_found(self, camera: Database) -> None:
        say(camera, CameraState.WATCHING, 10)
        say(camera, CameraState.FROZEN, 20)
        with reading(camera.sessions) as session:
            found = [camera_state_at(session, "gate-3", after(at_s)) for at_s in (9, 10, 19.9, 20, 500)]
        assert [row and row.state.value for row in found] == [None, "watching", "watching", "frozen", "frozen"]


class TestClock:
    def measured(
        self,
        database: Database,
        offset_s: float,
        error_s: float,
        at_s: float,
        measure: ClockMeasure = ClockMeasure.RTCP,
    ) -> bool:
        with transaction(database.sessions) as session:
            return note_clock(
                session,
                "gate-3",
                offset_s=offset_s,
                error_s=error_s,
                measure=measure,
                at=after(at_s),
                last=clocks_on_record(session, ["gate-3"]).get("gate-3"),
            )

    def test_the_camera_row_follows_what_is_on_record(self, camera: Database) -> None:
        assert self.measured(camera, -0.25, 0.2, 0)
        assert not self.measured(camera, -0.3, 0.2, 10)
        with reading(camera.sessions) as session:
            row = session.get_one(Camera, "gate-3")
            (noted,) = session.scalars(select(CameraClock)).all()
        assert (row.clock_offset_s, row.clock_error_s) == (-0.25, 0.2)
        assert (noted.offset_s, noted.error_s, noted.measure, noted.at) == (-0.25, 0.2, ClockMeasure.RTCP, after(0))

    @pytest.mark.parametrize(
        ("offset_s", "error_s", "at_s", "measure", "news"),
        [
            (0.19, 0.2, 10, ClockMeasure.RTCP, False),
            (0.21, 0.2, 10, ClockMeasure.RTCP, True),
            (0.21, 0.3, 10, ClockMeasure.RTCP, False),
            (0.0, 0.41, 10, ClockMeasure.RTCP, True),
            (0.0, 0.09, 10, ClockMeasure.RTCP, True),
            (0.0, 0.2, 10, ClockMeasure.ONVIF, True),
            (0.0, 0.2, 3599, ClockMeasure.RTCP, False),
            (0.0, 0.2, 3600, ClockMeasure.RTCP, True),
            (5.0, 0.2, -10, ClockMeasure.RTCP, True),
        ],
        ids=[
            "within_the_bound",
            "moved",
            "moved_within_a_wider_bound",
            "bound_twice_as_wide",
            "bound_half_as_wide",
            "measured_another_way",
            "not_yet_an_hour",
            "an_hour",
            "our_clock_was_set_back",
        ],
    )
    def test_what_says_something_new_is_put_on_record(
        self, camera: Database, offset_s: float, error_s: float, at_s: float, measure: ClockMeasure, news: bool
    ) -> None:
        assert self.measured(camera, 0.0, 0.2, 0)
        assert self.measured(camera, offset_s, error_s, at_s, measure) is news
        with reading(camera.sessions) as session:
            assert len(session.scalars(select(CameraClock)).all()) == 1 + news
            assert session.get_one(Camera, "gate-3").clock_offset_s == (offset_s if news else 0.0)

    def test_two_measurements_of_one_moment_are_one_row(self, camera: Database) -> None:
        assert self.measured(camera, 0.0, 0.2, 0)
        assert self.measured(camera, 9.0, 0.2, 0)
        with reading(camera.sessions) as session:
            (noted,) = session.scalars(select(CameraClock)).all()
        assert noted.offset_s == 9.0


class TestLine:
    def line(self, database: Database, at_s: float = 100):
        with reading(database.sessions) as session:
            (line,) = camera_lines(session, after(at_s))
        return line

    def test_a_camera_that_is_watched_says_by_whom_since_when_and_how_it_goes(self, camera: Database) -> None:
        hold(camera, until_s=110)
        say(camera, CameraState.WATCHING, 5)
        with transaction(camera.sessions) as session:
            note_pulses(session, {"gate-3": (replace(PULSE, looks=1), after(94))})
            note_pulses(session, {"gate-3": (PULSE, after(99.5))})
            note_clock(
                session, "gate-3", offset_s=-0.5, error_s=0.1, measure=ClockMeasure.ONVIF, at=after(50), last=None
            )
        line = self.line(camera)
        assert (line.state, line.since_at, line.holder) == (CameraState.WATCHING, after(5), "box-1:77")
        assert (line.pulse_age_s, line.packet_age_s, line.look_age_s) == (0.5, 1.0, 2.0)
        assert line.pulse == PULSE
        assert (line.clock_offset_s, line.clock_error_s, line.clock_measure) == (-0.5, 0.1, ClockMeasure.ONVIF)

    def test_a_pulse_of_an_older_watcher_says_nothing_of_its_weights(self, camera: Database) -> None:
        with transaction(camera.sessions) as session:
            note_pulses(session, {"gate-3": (PULSE, after(94))})
            row = session.get_one(CameraPulse, "gate-3")
            row.figures = {name: value for name, value in row.figures.items() if name != "model"}
        assert self.line(camera).pulse == replace(PULSE, model=None)

    def test_a_state_nobody_keeps_up_any_more_is_not_shown_as_if_it_held(self, camera: Database) -> None:
        hold(camera, until_s=50)
        say(camera, CameraState.WATCHING, 5)
        line = self.line(camera)
        assert (line.state, line.since_at, line.holder) == (CameraState.STOPPED, after(50), None)

    def test_a_camera_nobody_ever_took_is_stopped_and_one_just_taken_is_connecting(self, camera: Database) -> None:
        never = self.line(camera)
        assert (never.state, never.since_at, never.pulse, never.packet_age_s) == (CameraState.STOPPED, None, None, None)
        assert (never.clock_offset_s, never.clock_error_s, never.clock_measure) == (None, None, None)
        hold(camera, until_s=200)
        taken = self.line(camera)
        assert (taken.state, taken.since_at) == (CameraState.CONNECTING, after(0))

    def test_a_camera_that_was_stopped_in_order_says_so_from_then_on(self, camera: Database) -> None:
        hold(camera, until_s=50)
        say(camera, CameraState.STOPPED, 49, "the watcher was ended")
        line = self.line(camera)
        assert (line.state, line.since_at, line.detail) == (CameraState.STOPPED, after(49), "the watcher was ended")

    def test_fences_and_open_incidents_are_counted_and_a_camera_of_recordings_has_no_state(
        self, database: Database
    ) -> None:
        with transaction(database.sessions) as session:
            street = add_street(session)
            resolved = {"state": IncidentState.RESOLVED, "left_at": after(80), "conduct_key": "other"}
            add_incident(session, street.version, street.camera, **resolved)
        line = self.line(database)
        assert (line.fences, line.open_incidents) == (1, 1)
        assert (line.state, line.watched, line.holder) == (None, False, None)


def test_a_page_of_one_camera_shows_its_history_newest_first(camera: Database) -> None:
    say(camera, CameraState.CONNECTING, 0)
    say(camera, CameraState.WATCHING, 2)
    with transaction(camera.sessions) as session:
        for at_s in (0, 4000):
            note_clock(
                session,
                "gate-3",
                offset_s=0.0,
                error_s=0.1,
                measure=ClockMeasure.RTCP,
                at=after(at_s),
                last=clocks_on_record(session, ["gate-3"]).get("gate-3"),
            )
        session.add(CameraView(camera_id="gate-3", preset="a", position=0, stay_s=10.0))
    with reading(camera.sessions) as session:
        page = camera_page(session, "gate-3", after(5000))
        with pytest.raises(UnknownCamera, match="there is no camera gate-4"):
            camera_page(session, "gate-4", after(5000))
    assert [row.state for row in page.conditions] == [CameraState.WATCHING, CameraState.CONNECTING]
    assert [row.at for row in page.clocks] == [after(4000), after(0)]
    assert [view.preset for view in page.views] == ["a"]


def test_a_camera_is_watched_or_not_as_it_is_told(camera: Database) -> None:
    with transaction(camera.sessions) as session:
        assert set_watched(session, "gate-3", watched=False)
        assert not set_watched(session, "gate-3", watched=False)
        with pytest.raises(UnknownCamera):
            set_watched(session, "gate-4", watched=False)
    with reading(camera.sessions) as session:
        assert not camera_lines(session, after(0))[0].watched
