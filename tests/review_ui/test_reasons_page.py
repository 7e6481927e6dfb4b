"""The reasons against on the incident page: in words, with their picture, and what a person may do about them."""

import uuid
from datetime import date
from typing import Any

import pytest

from cases.incidents import Conduct, open_incident
from detectors.geometry import Box
from models.database import transaction
from models.enums import Act, IncidentState, Offence, ReasonKind, ReasonVerdict
from models.incidents import CaseEvent, Incident
from models.places import Camera
from models.reasons import IncidentReason, Permission
from tests.review_ui.conftest import RunningDesk, token_in
from tests.rows import SEEN_LIVE, after


@pytest.fixture
def incident_differs() -> dict[str, Any]:
    return {"seen_with": SEEN_LIVE.as_json()}


@pytest.fixture
def doubted(desk: RunningDesk) -> RunningDesk:
    """Three in a line, and nothing else found."""
    answers = {
        ReasonKind.QUEUE: (ReasonVerdict.DOUBT, {"others": 2, "boxes": [[256, 144, 512, 288], [512, 144, 768, 288]]}),
        ReasonKind.BAY: (ReasonVerdict.NOTHING_FOUND, {}),
        ReasonKind.EMERGENCY_VEHICLE: (ReasonVerdict.CANNOT_BE_JUDGED, {}),
    }
    with transaction(desk.database.sessions) as session:
        session.add_all(
            IncidentReason(
                incident_id=desk.incident_id,
                seq=seq,
                kind=kind,
                verdict=verdict,
                facts=facts,
                at=after(60),
                noted_at=after(61),
            )
            for seq, (kind, (verdict, facts)) in enumerate(answers.items(), 1)
        )
    return desk


def held(desk: RunningDesk) -> uuid.UUID:
    """A vehicle with a permit, seen just now by the camera of the desk's incident."""
    with transaction(desk.database.sessions) as session:
        known = session.get_one(Incident, desk.incident_id)
        camera = session.get_one(Camera, known.camera_id)
        session.add(
            Permission(
                site_id=camera.site_id,
                plate="浙J12345",
                geofence_id=None,
                offences=[],
                from_on=date(2026, 1, 1),
                to_on=date(2026, 12, 31),
                hours=[],
                paper="No. 7 of the district",
                given_at=after(0),
                given_by="wang.wei",
            )
        )
        conduct = Conduct(
            camera_id=known.camera_id,
            geofence_version_id=known.geofence_version_id,
            recording_id=None,
            offence=Offence.ILLEGAL_PARKING,
            first_seen_at=after(5000),
            stopped_at=after(5002),
            confirmed_at=after(5200),
            last_seen_at=after(5200),
            box=Box(1300, 900, 1600, 1100),
            confidence=0.8,
            seen_with=SEEN_LIVE,
            plate="浙J12345",
            plate_confidence=0.99,
        )
        incident, _ = open_incident(session, conduct, grace_s=600, at=after(5201), facts={"class": "car"})
        return incident.id


def test_what_speaks_for_it_stands_with_its_picture_and_what_was_looked_for_in_vain_below(doubted: RunningDesk) -> None:
    page = doubted.signed_in().get(f"/incidents/{doubted.incident_id}").text
    assert "2 other vehicles came to stand in a line with it" in page
    assert page.count('class="reason-box"') == 2
    assert 'x="0.1" y="0.1" width="0.1" height="0.1"' in page
    assert "It does not stand in a bay." in page
    assert "There is no sure plate, and the model named no emergency vehicle." in page
    assert "/release" not in page, "nothing holds it back"


def test_pictures_wait_for_who_says_what_for(doubted: RunningDesk) -> None:
    page = doubted.signed_in(looking=False).get(f"/incidents/{doubted.incident_id}").text
    assert "2 other vehicles" in page
    assert "reason-box" not in page


def test_a_person_sets_aside_what_held_it_back_and_it_is_drafted(desk: RunningDesk) -> None:
    incident_id = held(desk)
    browser = desk.signed_in()
    page = browser.get(f"/incidents/{incident_id}").text
    assert "Held back" in page
    assert "No. 7 of the district" in page
    form = {"csrf_token": token_in(page), "reason": "the permit is for unloading only"}
    assert browser.post(f"/incidents/{incident_id}/release", data=form).status_code == 303
    with desk.database.sessions() as session:
        assert session.get_one(Incident, incident_id).state is IncidentState.DRAFTED
        events = session.query(CaseEvent).filter_by(incident_id=incident_id).order_by(CaseEvent.seq).all()
    assert [event.act for event in events] == [Act.CONFIRMED, Act.HELD_BACK, Act.RELEASED]
    assert events[-1].actor == "li.na"
    again = browser.post(f"/incidents/{incident_id}/release", data=form)
    assert again.status_code == 409


def test_without_a_reason_nothing_is_set_aside(desk: RunningDesk) -> None:
    incident_id = held(desk)
    browser = desk.signed_in()
    form = {"csrf_token": token_in(browser.get(f"/incidents/{incident_id}").text), "reason": "  "}
    assert browser.post(f"/incidents/{incident_id}/release", data=form).status_code == 409
    with desk.database.sessions() as session:
        assert session.get_one(Incident, incident_id).state is IncidentState.UNCERTAIN
