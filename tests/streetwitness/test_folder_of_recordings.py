"""A station's folder full of recordings, through the real processes, with a worker killed in the middle."""

from pathlib import Path

import pytest

from benchmarks.folder_of_recordings import drop
from tests.media.make_clips import Film, Films, parks

# a thousand: python -m benchmarks.folder_of_recordings
DROPPED = 24


@pytest.fixture
def films(tmp_path: Path) -> Films:
    return Films(tmp_path)


def test_recordings_dropped_at_once_are_each_analysed_once_though_a_worker_is_killed(
    tmp_path: Path, films: Films, weights_dir: Path
) -> None:
    film = films(Film((parks("red"),), seconds=2)).read_bytes()
    came = drop(tmp_path, film, DROPPED, workers=2, weights=weights_dir, patience_s=540.0)
    assert (came.recordings, came.taken, came.analysed, came.once, came.right_start) == (DROPPED,) * 5
    assert came.video_s == 2.0 * DROPPED
    assert DROPPED // 3 <= came.killed_at < DROPPED
