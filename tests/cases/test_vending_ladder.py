"""A stall before a live camera: warned as often as its rule says, looked at after each, drafted after the last."""

import pytest

from cases import escalation
from cases.draft_content import DraftContent
from models.database import reading, transaction
from models.enums import IncidentState, LadderAct, Offence, StepOutcome
from models.incidents import DraftCase
from models.people import Officer
from models.places import Loudspeaker
from tests import rows
from tests.cases.test_escalation import Loop
from tests.conftest import Database
from tests.rows import after

GRACE_S = 180.0
WARNED = [(LadderAct.ANNOUNCE, StepOutcome.UNCONFIRMED), (LadderAct.LOOK_AGAIN, StepOutcome.STILL_THERE)]


@pytest.fixture
def loop(sqlite_database: Database) -> Loop:
    with transaction(sqlite_database.sessions) as session:
        camera = rows.add_camera(session, rows.add_site(session))
        rule = {"dwell_s": 60.0, "grace_s": GRACE_S, "warnings": 2}
        fence = rows.add_geofence(session, camera)
        version = rows.add_geofence_version(session, fence, offences={"street_vending": rule})
        session.add_all(
            [
                Officer(name="Li Na", phone_sealed=b"sealed", grid="dongcheng-02"),
                Loudspeaker(id="horn-1", camera_id="gate-3", driver="file"),
            ]
        )
        return Loop(sqlite_database.sessions, version.id, after(73))


def test_warned_twice_and_looked_at_after_each_before_it_is_drafted(loop: Loop) -> None:
    stall = loop.opened(offence=Offence.STREET_VENDING, plate=None, plate_confidence=None)
    for warning in range(2):
        loop.passes(31)  # nobody says whether it was played
        state = IncidentState.OBSERVED if warning == 0 else IncidentState.NOTIFIED
        assert loop.row(stall).state is state, "the grace of the law runs from the last warning"
        loop.passes(GRACE_S + 1)
        with reading(loop.sessions) as session:
            [wanted] = escalation.looks_wanted(session, [stall])
        assert wanted.ends_grace is (warning == 1), "what the last look shows is sealed, and no look before"
        loop.camera_sees_it(stall)
    assert loop.steps(stall)[:4] == WARNED * 2
    assert [act for act, _ in loop.steps(stall)[4:]] == [LadderAct.TELL_OFFICER, LadderAct.DRAFT]
    assert loop.row(stall).state is IncidentState.DRAFTED
    with reading(loop.sessions) as session:
        (draft,) = session.query(DraftCase).filter_by(incident_id=stall)
        content = DraftContent.model_validate(draft.content)
    said = [statement.text.en for statement in content.statements if statement.code == "announced"]
    assert len(said) == 2
    assert "whether it was played is not confirmed" in said[0]
    assert "no_notice" not in {reason.code for reason in content.against}


def test_who_packs_up_after_the_first_warning_is_left_alone(loop: Loop) -> None:
    stall = loop.opened(offence=Offence.STREET_VENDING, plate=None, plate_confidence=None)
    loop.passes(100)
    loop.drives_off(stall)
    loop.passes(3600)
    assert loop.row(stall).state is IncidentState.RESOLVED
    assert LadderAct.DRAFT not in {act for act, _ in loop.steps(stall)}
