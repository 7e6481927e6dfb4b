"""Every migration up, down and up again, and the schema it leaves is the schema of the models, on both engines."""

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, inspect, text

import models.tables  # noqa: F401 - registers every table
from models.base import Base
from models.database import MIGRATIONS, downgrade, newest_revision, schema_revision, upgrade
from models.reasons import Permission
from models.volumes import SEARCH_INDEX
from tests import rows
from tests.conftest import Database

REVISIONS = [script.revision for script in ScriptDirectory(str(MIGRATIONS)).walk_revisions()][::-1]


def left_behind(engine: Engine) -> set[str]:
    """Tables, triggers and functions that are there, Alembic's own table apart."""
    names = set(inspect(engine).get_table_names()) - {"alembic_version"}
    with engine.connect() as connection:
        if engine.dialect.name == "sqlite":
            names |= set(connection.scalars(text("SELECT name FROM sqlite_master WHERE type = 'trigger'")))
        else:
            names |= set(connection.scalars(text("SELECT tgname FROM pg_trigger WHERE NOT tgisinternal")))
            names |= set(
                connection.scalars(text("SELECT proname FROM pg_proc WHERE pronamespace = 'public'::regnamespace"))
            )
    return names


def differences(engine: Engine) -> list[object]:
    def ours(name: str | None, *_: object) -> bool:
        """The index that searches is of each engine's own kind, and the migration makes it."""
        return not (name or "").startswith(SEARCH_INDEX)

    with engine.connect() as connection:
        options = {"compare_type": True, "include_name": ours}
        return compare_metadata(MigrationContext.configure(connection, opts=options), Base.metadata)


def test_every_step_goes_up_down_and_up_again(empty_database: Database) -> None:
    engine = empty_database.engine
    before = "base"
    for revision in REVISIONS:
        there = left_behind(engine)
        upgrade(engine, revision)
        after_up = left_behind(engine)
        assert schema_revision(engine) == revision
        downgrade(engine, before)
        assert left_behind(engine) == there
        upgrade(engine, revision)
        assert left_behind(engine) == after_up
        before = revision
    assert before == newest_revision()


def test_the_schema_is_that_of_the_models(empty_database: Database) -> None:
    upgrade(empty_database.engine)
    assert differences(empty_database.engine) == []


def test_the_comparison_sees_a_difference(database: Database) -> None:
    with database.engine.begin() as connection:
        connection.execute(text("ALTER TABLE camera ADD COLUMN colour VARCHAR(20)"))
        connection.execute(text("DROP TABLE gateway_state"))
    kinds = {str(difference[0]) for difference in differences(database.engine)}  # type: ignore[index]
    assert kinds == {"remove_column", "add_table"}


def test_the_checks_of_the_models_are_in_the_schema(database: Database) -> None:
    """Alembic does not compare CHECK constraints; they are compared here by name."""
    inspector = inspect(database.engine)
    for table in Base.metadata.sorted_tables:
        in_models = {str(check.name) for check in table.constraints if check.__visit_name__ == "check_constraint"}
        in_schema = {str(check["name"]) for check in inspector.get_check_constraints(table.name)}
        assert in_schema >= in_models, table.name


def test_bringing_a_schema_up_twice_changes_nothing(database: Database) -> None:
    there = left_behind(database.engine)
    upgrade(database.engine)
    assert left_behind(database.engine) == there
    assert schema_revision(database.engine) == newest_revision()


@pytest.mark.parametrize("table", ["case_event", "custody_event", "file_event"])
def test_the_histories_have_their_triggers(database: Database, table: str) -> None:
    assert any(name.startswith(f"{table}_") for name in left_behind(database.engine))


def test_a_closed_list_that_grew_takes_the_new_words_and_no_other(database: Database) -> None:
    with database.engine.begin() as connection:
        if database.engine.dialect.name == "sqlite":
            assert connection.scalar(text("PRAGMA integrity_check")) == "ok"
            schema = str(connection.scalar(text("SELECT sql FROM sqlite_schema WHERE name = 'custody_event'")))
        else:
            schema = str(
                connection.scalar(
                    text(
                        "SELECT pg_get_constraintdef(oid) FROM pg_constraint"
                        " WHERE conname = 'ck_custody_event_custody_act'"
                    )
                )
            )
    assert "'deleted'" in schema
    assert "'exported'" in schema
    assert "'stolen'" not in schema


def test_what_was_permitted_stays_when_the_table_is_made_anew(database: Database) -> None:
    with database.sessions.begin() as session:
        site = rows.add_site(session)
        rows.add_geofence(session, rows.add_camera(session, site))
        kept = Permission(
            site_id=site.id,
            geofence_id="no-stopping-7",
            offences=["dumping"],
            from_on=rows.NOON.date(),
            to_on=rows.NOON.date(),
            hours=[{"days": "mon-sun", "from": "06:00", "to": "10:00"}],
            paper="No. 9",
            given_at=rows.NOON,
            given_by="wang.wei",
        )
        session.add(kept)
    downgrade(database.engine, "0031")
    upgrade(database.engine)
    with database.sessions() as session:
        found = session.get_one(Permission, kept.id)
        for column in Permission.__table__.columns.keys():  # noqa: SIM118 - a collection of columns is no mapping
            assert getattr(found, column) == getattr(kept, column), column
