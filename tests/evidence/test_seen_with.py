"""With what an incident was seen: as it was written then, and for older rows as their recording and camera have it."""

from dataclasses import replace

from evidence.case_rows import load
from evidence.seen_with import ClockThen, Weights, seen_with
from models.enums import ClockMeasure
from models.incidents import Incident, Recording
from models.places import Camera
from tests.conftest import Database
from tests.rows import SEEN_LIVE, add_street


def test_what_was_written_comes_back_whatever_the_camera_is_today(database: Database) -> None:
    with database.sessions.begin() as session:
        street = add_street(session, seen_with=SEEN_LIVE.as_json())
        street.camera.clock_offset_s, street.camera.clock_error_s = 40.0, 9.0
        incident_id = street.incident.id
    with database.sessions() as session:
        rows = load(session, incident_id)
        assert rows.seen_with == SEEN_LIVE
        assert rows.seen_with.clock.measure is ClockMeasure.RTCP


def test_a_clock_that_was_entered_has_no_measure() -> None:
    entered = replace(SEEN_LIVE, clock=ClockThen(0.0, None, measure=None))
    assert seen_with(Incident(seen_with=entered.as_json())) == entered


def test_an_incident_of_before_is_told_by_its_recording_and_its_camera() -> None:
    camera = Camera(clock_offset_s=0.25, clock_error_s=0.4)
    analysis = {"model": {"name": "yolo11n", "digest": "ab"}, "look_s": 2.0, "width": 1920, "looks": 400}
    seen = seen_with(Incident(camera=camera, recording=Recording(analysis=analysis)))
    assert (seen.model, seen.look_s, seen.width, seen.height) == (Weights("yolo11n", "ab"), 2.0, 1920, None)
    assert seen.clock == ClockThen(0.25, 0.4, measure=None)
    for recording in (None, Recording(analysis=None)):
        nothing = seen_with(Incident(camera=camera, recording=recording))
        assert (nothing.model, nothing.software, nothing.codec) == (None, None, None)
        assert nothing.clock == seen.clock
