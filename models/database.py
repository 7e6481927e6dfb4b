"""The database session: how an engine is opened, a transaction begun, a schema brought up to date.

SQLite by default, PostgreSQL by URL; nothing above this file knows which. On SQLite every transaction of the
writing engine begins IMMEDIATE: a deferred one that later wants to write fails at once when another wrote meanwhile.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import make_url
from sqlalchemy.orm import Session, sessionmaker

MIGRATIONS = Path(__file__).parent / "migrations"
SQLITE_BUSY_MS = 10_000

Sessions = sessionmaker[Session]


def sqlite_url(path: Path) -> str:
    return f"sqlite:///{path}"


def open_database(url: str) -> Engine:
    """An engine with the pragmas and transaction mode every process here relies on."""
    parsed = make_url(url)
    if parsed.get_backend_name() != "sqlite":
        return create_engine(parsed, pool_pre_ping=True)
    if parsed.database:
        Path(parsed.database).parent.mkdir(parents=True, exist_ok=True)
    engine = create_engine(parsed, connect_args={"timeout": SQLITE_BUSY_MS / 1000})
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_immediate)
    return engine


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    connection.isolation_level = None  # pysqlite must not begin transactions behind our back
    connection.execute(f"PRAGMA busy_timeout={SQLITE_BUSY_MS}")
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute("PRAGMA foreign_keys=ON")


def _begin_immediate(connection: Connection) -> None:
    # A reader says so (execution option) and then holds nobody up: WAL lets it read beside the writer.
    reads = connection.get_execution_options().get("read_only", False)
    connection.exec_driver_sql("BEGIN" if reads else "BEGIN IMMEDIATE")


def sessions_of(engine: Engine) -> Sessions:
    return sessionmaker(engine, expire_on_commit=False)


@contextmanager
def transaction(sessions: Sessions) -> Iterator[Session]:
    """One request or one job: commits once at the end, or nothing happened."""
    with sessions.begin() as session:
        yield session


@contextmanager
def reading(sessions: Sessions) -> Iterator[Session]:
    """A transaction that only reads, all of it as of one moment: it takes no write lock, and is rolled back."""
    with sessions() as session:
        options: dict[str, Any] = {"read_only": True}
        if session.get_bind().dialect.name == "postgresql":
            options["isolation_level"] = "REPEATABLE READ"  # SQLite's WAL gives a reader one snapshot anyway
        session.connection(execution_options=options)
        yield session


def insert_into(session: Session, table: type[Any]) -> postgresql.Insert:
    """INSERT … ON CONFLICT is no standard SQL: SQLAlchemy has one for each engine, spelled alike."""
    if session.get_bind().dialect.name == "postgresql":
        return postgresql.insert(table)
    return cast("postgresql.Insert", sqlite.insert(table))


def _alembic(engine: Engine) -> Config:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.attributes["engine"] = engine
    return config


def upgrade(engine: Engine, revision: str = "head") -> None:
    """Brings the schema to `revision`; does nothing where it is there already."""
    if revision == "head" and schema_revision(engine) == newest_revision():
        return
    command.upgrade(_alembic(engine), revision)


def downgrade(engine: Engine, revision: str) -> None:
    command.downgrade(_alembic(engine), revision)


def schema_revision(engine: Engine) -> str | None:
    with engine.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision()


def newest_revision() -> str | None:
    return ScriptDirectory(str(MIGRATIONS)).get_current_head()
