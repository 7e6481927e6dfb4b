"""Incidents: what is written when one is opened stays, whoever reports the same conduct again."""

import uuid
from dataclasses import replace

import pytest
from sqlalchemy import select

from cases.incidents import Conduct, open_incident
from detectors.geometry import Box
from models.database import transaction
from models.enums import Act, Offence
from models.incidents import CaseEvent, Incident
from tests.conftest import Database
from tests.rows import (
    SEEN_LIVE,
    add_camera,
    add_geofence,
    add_geofence_version,
    add_recording,
    add_site,
    after,
)

Place = tuple[uuid.UUID, uuid.UUID]


@pytest.fixture
def place(sqlite_database: Database) -> Place:
    """The ids of a version of a geofence and of a recording."""
    with transaction(sqlite_database.sessions) as session:
        camera = add_camera(session, add_site(session))
        return add_geofence_version(session, add_geofence(session, camera)).id, add_recording(session, camera).id


def conduct(version: uuid.UUID, recording: uuid.UUID | None) -> Conduct:
    return Conduct(
        camera_id="gate-3",
        geofence_version_id=version,
        recording_id=recording,
        offence=Offence.ILLEGAL_PARKING,
        first_seen_at=after(10),
        stopped_at=after(12),
        confirmed_at=after(72),
        last_seen_at=after(72),
        box=Box(400, 600, 800, 900),
        confidence=0.9,
        seen_with=SEEN_LIVE,
    )


def test_a_conduct_reported_again_keeps_what_it_was_first_seen_with(sqlite_database: Database, place: Place) -> None:
    first = conduct(place[0], None)
    again = replace(first, last_seen_at=after(80), seen_with=replace(SEEN_LIVE, codec="h264"))
    with transaction(sqlite_database.sessions) as session:
        opened, new = open_incident(session, first, grace_s=600, at=after(73), facts={})
        assert new
    with transaction(sqlite_database.sessions) as session:
        known, new = open_incident(session, again, grace_s=600, at=after(81), facts={})
        assert (known.id, new) == (opened.id, False)
    with sqlite_database.sessions() as session:
        assert session.scalars(select(Incident.seen_with)).one() == SEEN_LIVE.as_json()


@pytest.mark.parametrize("live", [True, False], ids=["live", "recording"])
def test_the_grace_says_by_which_clock_it_runs(sqlite_database: Database, place: Place, live: bool) -> None:
    version, recording = place
    with transaction(sqlite_database.sessions) as session:
        open_incident(session, conduct(version, None if live else recording), grace_s=600, at=after(73), facts={})
    with sqlite_database.sessions() as session:
        facts = session.scalars(select(CaseEvent.facts).where(CaseEvent.act == Act.GRACE_STARTED)).one()
    assert facts["grace_s"] == 600
    assert ("recording" in facts["clock"]) is not live
    assert ("camera" in facts["clock"]) is live
