"""What is logged: every history of the models, each column of it; and a row changed, dropped or slipped in is named."""

import ast
import uuid
from collections.abc import Iterable
from pathlib import Path

import pytest
from sqlalchemy import JSON, Column, Engine, Integer, LargeBinary, MetaData, String, Table, delete, select, text, update
from sqlalchemy.orm import Session

import models.tables  # noqa: F401 - registers every table
from evidence import log, log_contents
from evidence.audit import Brought, audit
from evidence.audit_verdict import FaultCode
from evidence.log_contents import LOGGED, LoggedRow
from evidence.log_opening import open_log
from models.base import Base
from models.case_files import FileEvent
from models.database import downgrade, upgrade
from models.enums import LogKind, PartyAct, PartyKind, RecorderSubject
from models.law_catalogue import LawEvent
from models.parties import Party, PartyEvent
from models.proof import LogEntry, SealStatement
from models.recorders import RecorderEvent
from tests.conftest import Database
from tests.evidence.log_scene import logged_scene, without_guards
from tests.evidence.logged_rows import another, columns_of, row_of
from tests.rows import NOON

REPOSITORY = Path(__file__).parents[2]
# append-only by its triggers or its columns, and in no entry of the log: why
NOT_LOGGED = {
    "record_line": "sealed anew with each new key; the digest of all lines stands in an event of the case file",
    "ladder_step": "its outcome comes later; what a step led to are transitions, which are logged",
}
# columns that no entry covers: what is set later is checked with the key, and the moment stands in the signed bytes
CHECKED_ELSEWHERE: dict[type[LoggedRow], set[str]] = {
    SealStatement: {"stated_at", "signature", "key_id", "signed_at"},
}
# functions that make such a row, and who enters it
ENTERED_BY_OTHER_WAYS = {
    "cases/law/catalogue.py _version",  # by take_in, which asks for all of an edition
    "evidence/custody.py record",  # by the chain's own form
}


def named(row_type: type[LoggedRow]) -> str:
    return row_type.__name__


def histories(tables: Iterable[Table], refusing: set[str]) -> set[str]:
    """Tables that are appended to: the schema refuses both UPDATE and DELETE, or their rows are counted on in their
    key, or they are called so.
    """
    return {
        table.name
        for table in tables
        if table.name in refusing or "seq" in table.primary_key.columns or table.name.endswith("_event")
    }


def refuse_every_change(engine: Engine) -> set[str]:
    """Tables of which a trigger refuses every UPDATE, and one every DELETE."""
    refused: dict[str, set[str]] = {}
    with engine.connect() as connection:
        triggers = connection.execute(text("SELECT tbl_name, sql FROM sqlite_schema WHERE type = 'trigger'"))
        for table, sql in triggers:
            if "RAISE(ABORT" in sql and " WHEN " not in sql:
                refused.setdefault(table, set()).update(
                    verb for verb in ("UPDATE", "DELETE") if f"BEFORE {verb}" in sql
                )
    return {table for table, verbs in refused.items() if len(verbs) == 2}


def test_every_history_is_logged_or_it_says_why_not(sqlite_database: Database) -> None:
    refusing = refuse_every_change(sqlite_database.engine)
    assert {"case_event", "law_version"} <= refusing, "the triggers were not read"
    there = histories(Base.metadata.sorted_tables, refusing)
    logged = {row_type.__tablename__ for row_type in LOGGED}
    assert there - logged == NOT_LOGGED.keys(), "append it to LoggedRow, or say here why it needs no entry"


def made_without_entry(source: str) -> set[str]:
    """Functions that make a row of what is logged and do not enter it."""
    classes = {row_type.__name__ for row_type in LOGGED}
    if not any(f"{name}(" in source for name in classes):
        return set()
    found = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef):
            called = {ast.unparse(each.func) for each in ast.walk(node) if isinstance(each, ast.Call)}
            if called & classes and "log_contents.enter" not in called:
                found.add(node.name)
    return found


def test_who_makes_a_row_of_a_history_enters_it_there() -> None:
    found = {
        f"{path.relative_to(REPOSITORY)} {function}"
        for folder in ("cases", "evidence", "ingest", "notify", "review_ui", "streetwitness")
        for path in (REPOSITORY / folder).rglob("*.py")
        for function in made_without_entry(path.read_text("utf-8"))
    }
    assert found == ENTERED_BY_OTHER_WAYS
    assert made_without_entry("def f():\n    session.add(SheetEvent(seq=1))") == {"f"}


def test_a_history_that_somebody_adds_is_seen() -> None:
    metadata = MetaData()
    by_name = Table("badge_event", metadata, Column("id", Integer, primary_key=True))
    by_key = Table("badge_use", metadata, Column("seq", Integer, primary_key=True))
    by_trigger = Table("badge_print", metadata, Column("id", Integer, primary_key=True))
    other = Table("badge", metadata, Column("id", Integer, primary_key=True), Column("seq", Integer))
    found = histories([by_name, by_key, by_trigger, other], {"badge_print"})
    assert found == {"badge_event", "badge_use", "badge_print"}


@pytest.mark.parametrize("row_type", LOGGED, ids=named)
def test_no_column_of_what_is_logged_changes_unseen(row_type: type[LoggedRow]) -> None:
    unseen = set()
    for name, column in columns_of(row_type):
        row = row_of(row_type)
        before = log_contents.said_by(row)
        setattr(row, name, another(column, getattr(row, name)))
        after = log_contents.said_by(row)
        if (before.reference, before.content) == (after.reference, after.content):
            unseen.add(name)
    assert unseen == CHECKED_ELSEWHERE.get(row_type, set())


@pytest.fixture
def rows(database: Database) -> Iterable[tuple[Session, dict[str, LoggedRow]]]:
    """One of each table with its entry, by the name of the entry, before somebody who owns the database."""
    with database.sessions() as session:
        without_guards(session)
        there = [row_of(row_type) for row_type in LOGGED]
        session.add_all(there)
        session.flush()
        entries = [log_contents.enter(session, row, at=NOON) for row in there]
        session.flush()
        yield session, {entry.reference: row for entry, row in zip(entries, there, strict=True)}
        session.rollback()


def found_by_audit(session: Session) -> dict[str, FaultCode]:
    """What is said of each place."""
    session.expire_all()
    return {fault.where: fault.code for fault in audit(session, Brought(), at=NOON).faults}


def test_one_changed_column_of_each_history_is_named(rows: tuple[Session, dict[str, LoggedRow]]) -> None:
    session, by_reference = rows
    assert not by_reference.keys() & found_by_audit(session).keys(), "nothing was done yet"
    for row in by_reference.values():
        name, column = next(
            (name, column)
            for name, column in columns_of(type(row))
            if type(column.type) in (String, LargeBinary, JSON) and not column.primary_key
        )
        value = another(column, getattr(row, name))
        table = column.table
        key = [each == getattr(row, each.name) for each in table.primary_key]
        session.execute(update(table).where(*key).values({name: value}))
    found = found_by_audit(session)
    assert {reference: found.get(reference) for reference in by_reference} == dict.fromkeys(
        by_reference, FaultCode.REWRITTEN
    )


def test_a_dropped_row_of_each_history_is_named(rows: tuple[Session, dict[str, LoggedRow]]) -> None:
    session, by_reference = rows
    for row_type in LOGGED:
        session.execute(delete(row_type))
    found = found_by_audit(session)
    assert {reference: found.get(reference) for reference in by_reference} == dict.fromkeys(
        by_reference, FaultCode.DROPPED
    )


def test_a_row_slipped_into_each_history_is_named(rows: tuple[Session, dict[str, LoggedRow]]) -> None:
    session, by_reference = rows
    more = [row_of(row_type) for row_type in LOGGED]
    session.add_all(more)
    session.flush()
    slipped_in = [log_contents.said_by(row).reference for row in more]
    found = found_by_audit(session)
    assert {reference: found.get(reference) for reference in slipped_in} == dict.fromkeys(
        slipped_in, FaultCode.INSERTED
    )
    assert not by_reference.keys() & found.keys()


@pytest.mark.parametrize("row_type", [FileEvent, LawEvent], ids=named)
def test_an_entry_from_before_accounts_were_in_it_still_holds_and_a_newer_one_names_the_account(
    sqlite_database: Database, row_type: type[FileEvent | LawEvent]
) -> None:
    older, newer = row_of(row_type), row_of(row_type)
    user_id = uuid.uuid4()
    assert isinstance(older, FileEvent | LawEvent)
    assert isinstance(newer, FileEvent | LawEvent)
    older.actor_id = newer.actor_id = user_id
    with sqlite_database.sessions() as session:
        without_guards(session)
        session.add_all([older, newer])
        said = log_contents.said_by(older)
        assert said.earlier is not None
        log.append(session, said.kind, said.reference, said.earlier, at=NOON)
        reference = log_contents.enter(session, newer).reference
        session.flush()
        assert found_by_audit(session) == {}
        session.execute(update(row_type).values(actor_id=None))
        assert found_by_audit(session) == {reference: FaultCode.REWRITTEN}


def test_histories_from_before_they_were_logged_are_taken_in_once_and_nothing_before_changes(
    database: Database, tmp_path: Path
) -> None:
    scene = logged_scene(database, tmp_path)
    with database.sessions.begin() as session:
        party = Party(kind=PartyKind.COMPANY, public_name="甲公司", entered_by="wang", entered_at=NOON)
        session.add(party)
        session.flush()
        for _ in range(2):
            session.add(recorder_event())
        session.add(
            PartyEvent(party_id=party.id, act=PartyAct.ENTERED, actor="wang", at=NOON, reason="", facts={"a": 0.1})
        )
    assert len(scene.audited().faults) == 3
    downgrade(database.engine, "0032")
    upgrade(database.engine)
    with database.sessions.begin() as session:
        assert open_log(session, at=scene.clock()) == 3
    with database.sessions.begin() as session:
        assert open_log(session, at=scene.clock()) == 0
        opening = session.scalars(select(LogEntry).where(LogEntry.kind == LogKind.OPENING)).one()
        assert opening.content is not None
        assert b'"rows":{"party_event":1,"recorder_event":2}' in opening.content
    scene.notary().round()
    verdict = scene.audited()
    assert verdict.holds, [str(fault) for fault in verdict.faults]

    with database.sessions.begin() as session:
        session.add(recorder_event())
    with database.sessions.begin() as session:
        assert open_log(session, at=scene.clock()) == 0
    assert [fault.code for fault in scene.audited().faults] == [FaultCode.INSERTED]


def recorder_event() -> RecorderEvent:
    return RecorderEvent(
        subject=RecorderSubject.RECORDER, subject_id="cam-7", act="added", actor="wang", at=NOON, facts={}
    )
