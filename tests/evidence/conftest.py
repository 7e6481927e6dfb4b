"""A sealed case on SQLite, signed, logged and timestamped, and its bundle, ready to be tampered with.

It is made once a session; every test has a copy of its own.
"""

import shutil
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from evidence.bundle import Signing
from models.database import sqlite_url
from tests.conftest import opened, sqlite_copy
from tests.evidence.scene import Scene, sealed_scene, witnessed
from tests.evidence.timestamp_authority import TimestampAuthority


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> TimestampAuthority:
    """Its tokens are checked by `authority.roots`."""
    return TimestampAuthority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="session")
def sealed_case(
    migrated_sqlite: Path, authority: TimestampAuthority, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, uuid.UUID]:
    """The folder with its database, vault and keys, and the incident."""
    folder = tmp_path_factory.mktemp("sealed")
    for database in sqlite_copy(migrated_sqlite, folder):
        scene = witnessed(sealed_scene(database, folder), authority, folder / "keys" / "signing.pem")
    return folder, scene.incident_id


@pytest.fixture
def scene(sealed_case: tuple[Path, uuid.UUID], authority: TimestampAuthority, tmp_path: Path) -> Iterator[Scene]:
    folder, incident_id = sealed_case
    shutil.copytree(folder, tmp_path, dirs_exist_ok=True)
    for database in opened(sqlite_url(tmp_path / "streetwitness.db")):
        yield Scene(
            database, tmp_path / "vault", incident_id, Signing(tmp_path / "keys" / "signing.pem", authority.roots)
        )


@pytest.fixture
def bundle(scene: Scene, tmp_path: Path) -> Path:
    out = tmp_path / "case.zip"
    scene.export(out)
    return out
