"""A database from before the log: what it holds is entered once, and from then on nothing slips in."""

from pathlib import Path

from sqlalchemy import select

from evidence.audit_verdict import FaultCode
from evidence.log_opening import open_log
from models.enums import Act, IncidentState
from models.incidents import CaseEvent
from models.proof import LogEntry, SealStatement
from tests.conftest import Database
from tests.evidence.log_scene import as_before_the_log, logged_scene
from tests.rows import NOON


def test_rows_from_before_are_entered_once_and_say_so(database: Database, tmp_path: Path) -> None:
    scene = logged_scene(database, tmp_path)
    as_before_the_log(database)
    assert not scene.audited(heads=False).holds
    with database.sessions.begin() as session:
        # four events, six custody entries, a decision, an exhibit
        assert open_log(session, at=scene.clock()) == 12
    with database.sessions.begin() as session:
        assert open_log(session, at=scene.clock()) == 0
    scene.notary().round()
    verdict = scene.audited(heads=False)
    assert verdict.holds, [str(fault) for fault in verdict.faults]
    with database.sessions() as session:
        first = session.scalars(select(LogEntry).where(LogEntry.leaf_index == 0)).one()
        statement = session.scalars(select(SealStatement)).one()
    assert first.reference == "opening"
    assert b'"sealed_at":"2026-03-02T04:16:40.000000Z"' in statement.content
    assert b'"stated_at":"2026-03-02T05:21:40.000000Z"' in statement.content


def test_what_is_slipped_in_after_the_opening_is_not_taken_for_older(database: Database, tmp_path: Path) -> None:
    scene = logged_scene(database, tmp_path)
    with database.sessions.begin() as session:
        session.add(
            CaseEvent(
                incident_id=scene.incident_id,
                seq=5,
                act=Act.DISMISSED,
                to_state=IncidentState.DISMISSED,
                actor="nobody",
                at=scene.clock(),
                facts={},
            )
        )
    with database.sessions.begin() as session:
        assert open_log(session, at=scene.clock()) == 0
    assert [fault.code for fault in scene.audited().faults] == [FaultCode.INSERTED]


def test_an_empty_database_needs_no_opening(database: Database) -> None:
    with database.sessions.begin() as session:
        assert open_log(session, at=NOON) == 0
        assert session.scalars(select(LogEntry)).all() == []
