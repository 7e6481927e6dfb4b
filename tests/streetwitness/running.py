"""The command as people run it: a process of its own, with an environment of its own."""

import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from tests.patience import PATIENCE_S

T = TypeVar("T")

REPOSITORY = Path(__file__).parents[2]
COMMAND = (sys.executable, "-m", "streetwitness")


def environment(**settings: str) -> dict[str, str]:
    """This process's environment without settings of ours, but for those given (DATA_DIR=…)."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("STREETWITNESS_")}
    return inherited | {f"STREETWITNESS_{name}": value for name, value in settings.items()}


def run(*words: object, said: str = "", **settings: str) -> subprocess.CompletedProcess[str]:
    """`streetwitness WORDS…` to its end; `said` is what it reads from standard input."""
    return subprocess.run(
        [*COMMAND, *(str(word) for word in words)],
        env=environment(**settings),
        input=said,
        capture_output=True,
        text=True,
        timeout=900,
        check=False,
    )


def refused(status: int, *words: object, **settings: str) -> str:
    """The one line with which the command refuses, having ended with `status` and no traceback."""
    result = run(*words, **settings)
    assert result.returncode == status, result.stderr
    assert result.stdout == ""
    lines = result.stderr.strip().splitlines()
    assert len(lines) == 1, result.stderr
    return lines[0]


def eventually(look: Callable[[], T], within_s: float = 2 * PATIENCE_S) -> T:
    """The first thing `look` finds that is true; fails when there is none for very long."""
    until = time.monotonic() + within_s
    while not (found := look()):
        assert time.monotonic() < until, f"{look} found nothing in {within_s} s"
        time.sleep(0.05)
    return found
