"""The workplace: settings, data folder and database, opened together and checked to fit this program."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

from alembic.script import ScriptDirectory
from sqlalchemy import Engine
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, NoSuchModuleError

from models.database import (
    MIGRATIONS,
    Sessions,
    newest_revision,
    open_database,
    schema_revision,
    sessions_of,
    upgrade,
)
from models.personal_data import PersonalDataKey, load_or_make_key
from streetwitness.errors import SchemaMismatch, SettingsRefused, StartError
from streetwitness.settings import DataDir, Settings


@dataclass(frozen=True)
class Workplace:
    settings: Settings
    engine: Engine
    sessions: Sessions

    @property
    def data(self) -> DataDir:
        return self.settings.data

    def key(self) -> PersonalDataKey:
        return load_or_make_key(self.data.personal_data_key)


def now() -> datetime:
    """The one place in this folder that asks the clock."""
    return datetime.now(UTC)


def shown_database(settings: Settings) -> str:
    """The database URL as it may be printed."""
    return make_url(settings.database).render_as_string(hide_password=True)


@contextmanager
def opened_workplace(settings: Settings, *, make: bool = False) -> Iterator[Workplace]:
    """With `make`, what is missing is made: the folder, and for SQLite the schema.

    Raises StartError where there is nothing yet, SchemaMismatch where program and database do not fit.
    """
    embedded = settings.database_url is None
    if make:
        settings.data.make()
    elif embedded and not settings.data.database.is_file():
        raise StartError(
            f"{settings.data_dir} holds no StreetWitness data; name its folder with --data, or start with "
            "`streetwitness site import` or `streetwitness analyze`"
        )
    try:
        engine = open_database(settings.database)
    except (ArgumentError, NoSuchModuleError) as error:
        raise SettingsRefused(
            f"STREETWITNESS_DATABASE_URL cannot be used ({error}); write postgresql+psycopg://…"
        ) from error
    try:
        if make and embedded and schema_revision(engine) is None:
            upgrade(engine)
        check_schema(engine)
        yield Workplace(settings, engine, sessions_of(engine))
    finally:
        engine.dispose()


def check_schema(engine: Engine) -> None:
    found, needed = schema_revision(engine), newest_revision()
    check_known(found)
    if found != needed:
        raise SchemaMismatch(
            f"the database is at revision {found or 'none'}, this program needs {needed}; "
            "run `streetwitness db upgrade`"
        )


def check_known(revision: str | None) -> None:
    """Raises SchemaMismatch for a revision that only a newer program can have made."""
    known = {each.revision for each in ScriptDirectory(str(MIGRATIONS)).walk_revisions()}
    if revision is not None and revision not in known:
        raise SchemaMismatch(
            f"the database is at revision {revision}, which this program does not know; "
            "install the newer one that made it"
        )
