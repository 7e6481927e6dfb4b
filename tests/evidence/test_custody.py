"""Custody: each entry names the one before; no one can be changed, dropped or put elsewhere unseen."""

import threading
import uuid

import pytest

from evidence import custody, custody_chain
from evidence.errors import NoSuchIncident
from models.enums import CustodyAct
from models.exhibits import CustodyEvent
from tests.conftest import Database
from tests.rows import add_street, after


def chain(database: Database, incident_id: uuid.UUID) -> list[dict]:
    with database.sessions() as session:
        events = session.query(CustodyEvent).filter_by(incident_id=incident_id).order_by(CustodyEvent.seq)
        return [custody.entry_of(event) for event in events]


@pytest.fixture
def incident_id(database: Database) -> uuid.UUID:
    with database.sessions.begin() as session:
        incident = add_street(session).incident.id
        for number, reason in enumerate(["to review", "再次查看", "for the court"]):
            custody.record(session, incident, CustodyAct.VIEWED, actor="li.na", at=after(number), reason=reason)
        return incident


def test_a_chain_holds_after_a_round_through_the_database(database: Database, incident_id: uuid.UUID) -> None:
    entries = chain(database, incident_id)
    assert [entry["seq"] for entry in entries] == [1, 2, 3]
    assert entries[0]["previous"] is None
    assert entries[2]["previous"] == entries[1]["digest"]
    assert custody_chain.breaks(entries, str(incident_id)) == []


@pytest.mark.parametrize("field", custody_chain.FIELDS)
def test_a_changed_field_breaks_the_chain(database: Database, incident_id: uuid.UUID, field: str) -> None:
    entries = chain(database, incident_id)
    entries[1][field] = "another"
    assert custody_chain.breaks(entries, str(incident_id))


def test_a_dropped_doubled_or_moved_entry_breaks_the_chain(database: Database, incident_id: uuid.UUID) -> None:
    first, second, third = chain(database, incident_id)
    for entries in ([second, third], [first, third], [first, second, second, third], [second, first, third]):
        assert custody_chain.breaks(entries, str(incident_id))
    assert custody_chain.breaks([first, second, third], str(uuid.uuid4()))
    assert custody_chain.breaks([first, None, third], str(incident_id))


def test_an_incident_that_is_not_there_has_no_custody(database: Database) -> None:
    with database.sessions() as session, pytest.raises(NoSuchIncident, match="the queue lists"):
        custody.record(session, uuid.uuid4(), CustodyAct.VIEWED, actor="li.na", at=after(0), reason="to review")


def test_many_at_once_append_one_after_the_other(database: Database, incident_id: uuid.UUID) -> None:
    def view(number: int) -> None:
        for turn in range(5):
            with database.sessions.begin() as session:
                custody.record(
                    session,
                    incident_id,
                    CustodyAct.VIEWED,
                    actor=f"viewer-{number}",
                    at=after(turn),
                    reason="to review",
                )

    viewers = [threading.Thread(target=view, args=(number,)) for number in range(4)]
    for viewer in viewers:
        viewer.start()
    for viewer in viewers:
        viewer.join()
    entries = chain(database, incident_id)
    assert len(entries) == 23
    assert custody_chain.breaks(entries, str(incident_id)) == []
