"""The queue: order, filter, pages and counts, on both engines."""

import uuid

import pytest

from cases import queue, viewing
from cases.errors import UnknownIncident
from models.database import transaction
from models.enums import CustodyAct, IncidentState
from models.exhibits import CustodyEvent
from tests.conftest import Database
from tests.rows import add_camera, add_incident, add_street, after

# state, camera, seconds after noon at which the dwell was complete
SCENE = [
    (IncidentState.DISMISSED, "gate-3", 100),
    (IncidentState.ACCEPTED, "gate-3", 200),
    (IncidentState.NOTIFIED, "gate-3", 300),
    (IncidentState.RETURNED, "gate-3", 400),
    (IncidentState.DRAFTED, "gate-4", 500),
    (IncidentState.UNCERTAIN, "gate-3", 600),
]
IN_ORDER = ["returned", "drafted", "uncertain", "notified", "accepted", "dismissed"]


@pytest.fixture
def scene(database: Database) -> Database:
    with transaction(database.sessions) as session:
        street = add_street(session, state=SCENE[0][0], confirmed_at=after(SCENE[0][2]), last_seen_at=after(700))
        other = add_camera(session, street.site, id="gate-4", name="South gate")
        for number, (state, camera_id, at_s) in enumerate(SCENE[1:]):
            add_incident(
                session,
                street.version,
                street.camera if camera_id == "gate-3" else other,
                street.recording,
                state=state,
                confirmed_at=after(at_s),
                last_seen_at=after(700),
                conduct_key=f"conduct-{number}",
            )
    return database


def test_what_needs_a_person_comes_first_and_the_longest_waiting_of_it_at_the_top(scene: Database) -> None:
    with scene.sessions() as session:
        shown = queue.queue_page(session)
    assert [row.incident.state.value for row in shown.rows] == IN_ORDER
    assert shown.total == 6
    assert shown.waiting == 3


def test_pages_hold_every_incident_once_and_a_page_past_the_end_is_the_last(scene: Database) -> None:
    with scene.sessions() as session:
        pages = [queue.queue_page(session, page=number, page_size=4) for number in (1, 2, 9)]
    assert [row.incident.state.value for page in pages[:2] for row in page.rows] == IN_ORDER
    assert pages[2].page == pages[2].pages == 2
    assert len(pages[2].rows) == 2


def test_queue_is_narrowed_by_state_and_camera_and_counts_follow_the_camera(scene: Database) -> None:
    with scene.sessions() as session:
        drafted = queue.queue_page(session, states=[IncidentState.DRAFTED])
        south = queue.queue_page(session, camera_id="gate-4")
        nothing = queue.queue_page(session, states=[IncidentState.RESOLVED], camera_id="gate-4")
    assert [row.incident.camera_id for row in drafted.rows] == ["gate-4"]
    assert south.total == 1
    assert south.counts[IncidentState.DRAFTED] == 1
    assert south.counts[IncidentState.RETURNED] == 0
    assert (nothing.rows, nothing.total, nothing.pages) == ([], 0, 1)


def test_the_page_of_an_incident_names_the_next_that_waits_and_an_unknown_one_is_refused(scene: Database) -> None:
    with scene.sessions() as session:
        first, second = (row.incident for row in queue.queue_page(session).rows[:2])
        assert queue.incident_page(session, first.id).waiting == second.id
        assert queue.incident_page(session, second.id).waiting == first.id
        with pytest.raises(UnknownIncident):
            queue.incident_page(session, uuid.uuid4())


def test_a_look_is_one_entry_a_person_and_hour(scene: Database) -> None:
    with transaction(scene.sessions) as session:
        incident = queue.queue_page(session).rows[0].incident
        for at_s, user in [(0, "li.na"), (10, "li.na"), (20, "wu"), (3599, "li.na"), (3600, "li.na")]:
            viewing.put_on_record(session, incident.id, user=user, reason="to review", at=after(at_s))
        entries = session.query(CustodyEvent).filter_by(incident_id=incident.id).order_by(CustodyEvent.seq).all()
    assert [(entry.act, entry.actor, entry.at) for entry in entries] == [
        (CustodyAct.VIEWED, "li.na", after(0)),
        (CustodyAct.VIEWED, "wu", after(20)),
        (CustodyAct.VIEWED, "li.na", after(3600)),
    ]
