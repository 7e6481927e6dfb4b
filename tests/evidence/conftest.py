"""A sealed case on SQLite, and its bundle, ready to be tampered with."""

from pathlib import Path

import pytest

from tests.conftest import Database
from tests.evidence.scene import Scene, sealed_scene


@pytest.fixture
def scene(sqlite_database: Database, tmp_path: Path) -> Scene:
    return sealed_scene(sqlite_database, tmp_path)


@pytest.fixture
def bundle(scene: Scene, tmp_path: Path) -> Path:
    out = tmp_path / "case.zip"
    scene.export(out)
    return out
