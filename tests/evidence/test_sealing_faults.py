"""Sealing killed at every step, and a disk in trouble at every call: everything is whole and logged, or absent."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import func, select

from models.proof import LogEntry
from tests.conftest import Database
from tests.evidence.sealing_driver import KINDS
from tests.evidence.sealing_trial import Trial, driven
from tests.rows import add_street


@pytest.fixture
def trial(database: Database, tmp_path: Path) -> Iterator[Trial]:
    with database.sessions.begin() as session:
        add_street(session)
    with driven(database.url, tmp_path / "vault") as driver:
        trial = Trial(database.sessions, tmp_path / "vault", driver)
        assert trial.run("warm", 0) == "sealed"
        yield trial


def test_killed_or_out_of_disk_at_every_step_everything_is_whole_and_logged_or_absent(
    trial: Trial, database: Database
) -> None:
    counts: dict[str, int] = {}
    troubles = {"kill": "killed", "EIO": "refused", "ENOSPC": "refused"}
    if database.engine.dialect.name == "postgresql":
        del troubles["EIO"], troubles["ENOSPC"]  # what the disk under the vault refuses is the same on both engines
    for how, expected in troubles.items():
        step, quiet = 1, 0
        # a failure in calls that need no room does not show; several in a row without one are the end
        while quiet < 5:
            ended = trial.run(how, step)
            assert ended in (expected, "sealed")
            if ended == "sealed" and how != "ENOSPC":
                break
            quiet = quiet + 1 if ended == "sealed" else 0
            counts[how] = counts.get(how, 0) + (ended == expected)
            step += 1
    assert counts["kill"] > 40
    assert all(count >= 20 for count in counts.values())
    assert trial.run("kill", 10_000) == "sealed", "the vault and the database still work"
    told = ", ".join(f"{how} at {count} points" for how, count in counts.items())
    print(f"\n{database.engine.dialect.name}: {told}; nothing lost, half-written or unlogged")  # noqa: T201


def test_what_is_sealed_is_in_the_log_of_the_same_transaction(trial: Trial) -> None:
    def logged() -> int:
        with trial.sessions() as session:
            return session.scalar(select(func.count()).select_from(LogEntry)) or 0

    before = logged()
    assert trial.run("kill", 30) == "killed"
    assert logged() == before
    assert trial.run("kill", 10_000) == "sealed"
    assert logged() >= before + len(KINDS)
