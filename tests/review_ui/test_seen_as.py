"""Why something was taken for street vending stands on its incident's page, in the reader's language."""

import uuid

import pytest

from models.database import transaction
from models.enums import Offence
from models.incidents import Incident
from tests.cases.test_vending_draft import FENCE, SIGNS
from tests.review_ui.conftest import RunningDesk
from tests.rows import add_event, add_geofence, add_geofence_version, add_incident


@pytest.fixture
def stall(desk: RunningDesk) -> uuid.UUID:
    """Beside the vehicle of the desk, before the same camera."""
    with transaction(desk.database.sessions) as session:
        known = session.get_one(Incident, desk.incident_id)
        session.refresh(known, ["camera", "recording"])
        version = add_geofence_version(session, add_geofence(session, known.camera, "pavement"), **FENCE)
        differs = {"offence": Offence.STREET_VENDING, "plate": None, "plate_confidence": None}
        incident = add_incident(session, version, known.camera, known.recording, **differs)
        add_event(session, incident, facts={"signs": SIGNS})
    return incident.id


def test_the_parts_of_the_sum_are_on_the_page_of_a_stall_and_on_no_other(desk: RunningDesk, stall: uuid.UUID) -> None:
    browser = desk.signed_in()
    page = browser.get(f"/incidents/{stall}").text
    assert "Why this was taken for street vending" in page
    for sign in ("things", "attended", "customers", "score"):
        assert f'data-sign="{sign}"' in page
    assert "parasol, chair × 2; weight 0.65 together" in page
    assert 'id="plate-said"' not in page, "a stall has no plate to correct"
    browser.headers["accept-language"] = "zh-CN"
    assert "为何判断为占道经营" in browser.get(f"/incidents/{stall}").text
    assert "data-sign" not in browser.get(f"/incidents/{desk.incident_id}").text
