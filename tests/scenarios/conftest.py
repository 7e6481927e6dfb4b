"""The street of every scenario, and its clips."""

from pathlib import Path

import pytest

from tests.conftest import Database
from tests.media.make_clips import Films
from tests.scenarios.street import Street, open_street


@pytest.fixture(scope="session")
def films(tmp_path_factory: pytest.TempPathFactory) -> Films:
    return Films(tmp_path_factory.mktemp("films"))


@pytest.fixture
def street(sqlite_database: Database, tmp_path: Path) -> Street:
    """One camera over a kerb where nobody may stop: ten seconds are too long, and ten more are the grace."""
    open_street(sqlite_database.sessions)
    return Street(sqlite_database.sessions, tmp_path / "vault")
