"""The clips of the tests of ingest, and cameras that stream them."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.media.make_clips import Films
from tests.media.rtsp_server import RtspServer


@pytest.fixture(scope="session")
def films(tmp_path_factory: pytest.TempPathFactory) -> Films:
    return Films(tmp_path_factory.mktemp("films"))


@pytest.fixture
def rtsp_server(tmp_path: Path) -> Iterator[RtspServer]:
    """`url = rtsp_server(clip)`, then `.kill()`, `.freeze()`, `.thaw()`, `.restart()`."""
    folder = tmp_path / "streams"
    folder.mkdir()
    with RtspServer(folder) as server:
        yield server
