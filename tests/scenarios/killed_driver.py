"""Runs analyses that are killed with SIGKILL: `python -m tests.scenarios.killed_driver FOLDER RECORDING_ID POINT…`.

Each POINT has a folder of that name in FOLDER with a database of its own. `step-N` kills at the N-th step: a call that
changes the disk under the vault, or a commit, just before it and just after it. `after-MS` kills from outside after so
many milliseconds. `whole` is not killed; it writes the number of its steps. Every other is run again to its end.
"""

import os
import signal
import sys
import time
import uuid
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path
from typing import Any

from sqlalchemy import event

from evidence.vault import DiskCalls
from models.database import open_database, sessions_of, sqlite_url
from tests.compiled_once import compiled_once
from tests.scenarios.street import Street

Step = Callable[[], None]


def disk_that_steps(step: Step) -> DiskCalls:
    """Every call that changes the disk, with a step before it and after it."""
    plain = DiskCalls()

    def stepping(call: Callable[..., Any]) -> Callable[..., Any]:
        def stepped(*paths: Path) -> None:
            step()
            call(*paths)
            step()

        return stepped

    return DiskCalls(**{each.name: stepping(getattr(plain, each.name)) for each in fields(DiskCalls)})


def run(folder: Path, recording_id: uuid.UUID, step: Step) -> None:
    engine = compiled_once(open_database(sqlite_url(folder / "streetwitness.db")))
    event.listen(engine, "commit", lambda _connection: step())
    event.listen(engine, "checkin", lambda _connection, _record: step())  # the first thing after a commit
    Street(sessions_of(engine), folder / "vault").analyze(recording_id, disk=disk_that_steps(step))
    engine.dispose()


def in_a_child(do: Callable[[], None], kill_after_s: float | None = None) -> int:
    """Waits for the child; returns the signal that ended it, or 0."""
    child = os.fork()
    if child == 0:
        do()
        os._exit(0)
    if kill_after_s is not None:
        time.sleep(kill_after_s)
        os.kill(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    if not os.WIFSIGNALED(status) and os.WEXITSTATUS(status) != 0:
        raise SystemExit(f"a run failed with {os.WEXITSTATUS(status)}")
    return os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0


def steps_of_a_whole_run(folder: Path, recording_id: uuid.UUID) -> int:
    steps = 0

    def step() -> None:
        nonlocal steps
        steps += 1

    run(folder, recording_id, step)
    return steps


def killing_at(last: int) -> Step:
    left = last

    def step() -> None:
        nonlocal left
        left -= 1
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    return step


def main(folder: Path, recording_id: uuid.UUID, points: list[str]) -> None:
    for point in points:
        here = folder / point
        how, _, number = point.partition("-")
        if how == "whole":
            (here / "steps").write_text(str(steps_of_a_whole_run(here, recording_id)))
            continue
        if how == "step":
            ended_by = in_a_child(lambda: run(here, recording_id, killing_at(int(number))))  # noqa: B023 - runs now
            if ended_by != signal.SIGKILL:
                raise SystemExit(f"{point} was never reached")
        else:
            in_a_child(lambda: run(here, recording_id, lambda: None), kill_after_s=int(number) / 1000)  # noqa: B023
        in_a_child(lambda: run(here, recording_id, lambda: None))  # noqa: B023


if __name__ == "__main__":
    main(Path(sys.argv[1]), uuid.UUID(sys.argv[2]), sys.argv[3:])
