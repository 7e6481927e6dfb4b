"""The clips of the tests of ingest."""

import pytest

from tests.media.make_clips import Films


@pytest.fixture(scope="session")
def films(tmp_path_factory: pytest.TempPathFactory) -> Films:
    return Films(tmp_path_factory.mktemp("films"))
