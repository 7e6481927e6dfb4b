"""The lifecycle: only the steps of the table happen, each with its event; the schema has the same words."""

import pytest
from sqlalchemy import select

from cases.errors import TransitionRefused
from cases.lifecycle import NEXT, advance
from models.database import reading, transaction
from models.enums import Act, IncidentState
from models.incidents import CaseEvent, Incident
from tests import rows
from tests.conftest import Database

PAIRS = [(state, act) for state in IncidentState for act in Act]
# written out, so that a change of the table is seen here too
ALLOWED = {
    ("observed", "grace_started", "notified"),
    ("observed", "vehicle_left", "resolved"),
    ("observed", "sight_lost", "uncertain"),
    ("observed", "step_taken", "observed"),
    ("observed", "grace_expired", "drafted"),
    ("observed", "warned_only", "warned"),
    ("observed", "held_back", "uncertain"),
    ("notified", "held_back", "uncertain"),
    ("uncertain", "released", "drafted"),
    ("notified", "vehicle_left", "resolved"),
    ("notified", "grace_expired", "drafted"),
    ("notified", "sight_lost", "uncertain"),
    ("notified", "step_taken", "notified"),
    ("notified", "warned_only", "warned"),
    ("uncertain", "dismissed", "dismissed"),
    ("drafted", "accepted", "accepted"),
    ("drafted", "sent_back", "returned"),
    ("drafted", "dismissed", "dismissed"),
    ("accepted", "second_refused", "returned"),
    ("returned", "redrafted", "drafted"),
    ("returned", "dismissed", "dismissed"),
}


@pytest.mark.parametrize(("state", "act"), PAIRS, ids=[f"{state}-{act}" for state, act in PAIRS])
def test_only_the_steps_of_the_table_happen(sqlite_database: Database, state: IncidentState, act: Act) -> None:
    with transaction(sqlite_database.sessions) as session:
        # left_at, because the schema wants it of what is resolved
        incident_id = rows.add_street(session, state=state, left_at=rows.after(90)).incident.id
    expected = {to for before, done, to in ALLOWED if (before, done) == (state.value, act.value)}
    if expected:
        with transaction(sqlite_database.sessions) as session:
            advance(session, session.get_one(Incident, incident_id), act, actor="li.na", at=rows.after(100))
    else:
        with pytest.raises(TransitionRefused) as refused, transaction(sqlite_database.sessions) as session:
            advance(session, session.get_one(Incident, incident_id), act, actor="li.na", at=rows.after(100))
        assert str(refused.value) == f"an incident that is {state} cannot be {act.replace('_', ' ')}"
    with reading(sqlite_database.sessions) as session:
        incident = session.get_one(Incident, incident_id)
        assert incident.state.value == (expected.pop() if (state, act) in NEXT else state.value)
        events = session.scalars(select(CaseEvent).where(CaseEvent.seq > 1)).all()
        told = [(event.from_state, event.act, event.to_state, event.actor) for event in events]
        assert told == ([(state, act, incident.state, "li.na")] if (state, act) in NEXT else [])


def test_nothing_leads_out_of_what_a_person_ended() -> None:
    ended = {IncidentState.RESOLVED, IncidentState.DISMISSED, IncidentState.WARNED}
    assert not {state for state, _ in NEXT} & ended


def test_what_was_accepted_goes_back_only_where_the_second_person_refuses() -> None:
    out = [(act, state) for (before, act), state in NEXT.items() if before is IncidentState.ACCEPTED]
    assert out == [(Act.SECOND_REFUSED, IncidentState.RETURNED)]


def test_accepted_follows_a_person_only() -> None:
    assert [key for key, state in NEXT.items() if state is IncidentState.ACCEPTED] == [
        (IncidentState.DRAFTED, Act.ACCEPTED)
    ]
