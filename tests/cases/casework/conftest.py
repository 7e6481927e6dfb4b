"""One bureau for all tests that only lead cases of their own through it; who changes its people builds another."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cases.casework.case_scene import Bureau
from tests.conftest import sqlite_copy


@pytest.fixture(scope="session")
def open_bureau(migrated_sqlite: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bureau]:
    for database in sqlite_copy(migrated_sqlite, tmp_path_factory.mktemp("bureau")):
        yield Bureau(database.sessions)


@pytest.fixture
def bureau(open_bureau: Bureau) -> Bureau:
    """On its first day. Cases of other tests are there as well."""
    open_bureau.day = 1
    return open_bureau
