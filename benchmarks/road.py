"""The road as a user takes it: `streetwitness analyze CLIP --site SITE --json` in a process of its own."""

import json
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

SITES = Path(__file__).with_name("sites")
COMMAND = Path(sys.executable).with_name("streetwitness")


@dataclass(frozen=True)
class Cost:
    """Of a process with everything it started, as the system counts it."""

    cpu_s: float
    wall_s: float


class RunFailed(Exception):
    def __init__(self, command: list[str], status: int, said: str) -> None:
        super().__init__(f"`{' '.join(command)}` ended with {status}: {said.strip() or 'nothing said'}")


def run(command: list[str], environment: dict[str, str]) -> tuple[str, Cost]:
    """Standard output of the command, and what it cost. Raises RunFailed."""
    with tempfile.TemporaryFile("w+", encoding="utf-8") as out, tempfile.TemporaryFile("w+", encoding="utf-8") as err:
        began = time.monotonic()
        process = subprocess.Popen(command, stdout=out, stderr=err, env=os.environ | environment)
        _, status, usage = os.wait4(process.pid, 0)  # with its own children, as far as it waited for them
        wall_s = time.monotonic() - began
        process.returncode = os.waitstatus_to_exitcode(status)
        out.seek(0)
        err.seek(0)
        if process.returncode:
            raise RunFailed(command, process.returncode, err.read())
        return out.read(), Cost(usage.ru_utime + usage.ru_stime, wall_s)


@dataclass(frozen=True)
class Analysis:
    incidents: list[dict[str, Any]]
    summary: dict[str, Any]
    cost: Cost


def analyze(clip: Path, site: Path, weights: Path | None) -> Analysis:
    """One clip with a data folder of its own."""
    with tempfile.TemporaryDirectory(prefix="streetwitness_benchmark_") as data:
        command = [str(COMMAND), "analyze", str(clip), "--site", str(site), "--data", data, "--json"]
        out, cost = run(command, environment_with(weights))
    *incidents, last = (json.loads(line) for line in out.splitlines())
    return Analysis(incidents, last["summary"], cost)


def environment_with(weights: Path | None) -> dict[str, str]:
    return {} if weights is None else {"STREETWITNESS_WEIGHTS": str(weights)}
