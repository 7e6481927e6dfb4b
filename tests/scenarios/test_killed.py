"""`kill -9` at any point of an analysis, then the same analysis again: as if nobody had ever killed it."""

import random
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from models.database import open_database, sessions_of, sqlite_url
from tests.compiled_once import compiled_once
from tests.conftest import Database
from tests.media.make_clips import Film, Films, parks
from tests.scenarios.street import Street, open_street

REPOSITORY = Path(__file__).parents[2]
KILLS_AT_STEPS, KILLS_AT_RANDOM = 26, 4
SEED = 20260302
# one is drafted, the other leaves in time, and both have exhibits of the same seconds
FILM = Film((parks("red", (80, 145), stops_s=1.5), parks("green", (200, 180), stops_s=1.5, leaves_s=8.0)), seconds=18)


def drive(folder: Path, recording_id: object, points: list[str]) -> None:
    command = [sys.executable, "-m", "tests.scenarios.killed_driver", str(folder), str(recording_id), *points]
    done = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=False, timeout=900)
    assert done.returncode == 0, done.stderr


def street_in(folder: Path) -> Street:
    return Street(sessions_of(compiled_once(open_database(sqlite_url(folder / "streetwitness.db")))), folder / "vault")


@pytest.fixture
def ready(sqlite_database: Database, tmp_path: Path, films: Films) -> tuple[Path, object]:
    """A database in which a recording waits, and its id."""
    open_street(sqlite_database.sessions, dwell_s=3.0, grace_s=5.0)
    recording_id = Street(sqlite_database.sessions, tmp_path / "vault").take(films(FILM))
    sqlite_database.engine.dispose()
    return tmp_path / "streetwitness.db", recording_id


def test_killed_anywhere_and_run_again_is_the_same_as_never_killed(
    ready: tuple[Path, object], tmp_path_factory: pytest.TempPathFactory
) -> None:
    template, recording_id = ready
    folder = tmp_path_factory.mktemp("killed")

    def prepare(point: str) -> str:
        (folder / point).mkdir()
        shutil.copyfile(template, folder / point / "streetwitness.db")
        return point

    drive(folder, recording_id, [prepare("whole")])
    whole = street_in(folder / "whole").everything()
    assert [each["state"] for each in whole["incidents"]] == ["drafted", "resolved"]
    steps = int((folder / "whole" / "steps").read_text())
    assert steps > 5 * KILLS_AT_STEPS

    # every stretch of the run, and not the same place of the loop each time
    seeded = random.Random(SEED)
    stretch = steps / KILLS_AT_STEPS
    numbers = [int(number * stretch) + seeded.randint(1, int(stretch)) for number in range(KILLS_AT_STEPS)]
    moments = [seeded.randint(20, 400) for _ in range(KILLS_AT_RANDOM)]
    points = [prepare(f"step-{number}") for number in numbers] + [prepare(f"after-{ms}") for ms in sorted(set(moments))]
    drive(folder, recording_id, points)

    for point in points:
        street = street_in(folder / point)
        assert street.everything() == whole, f"killed at {point}"
        street.assert_whole()
