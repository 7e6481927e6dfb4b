"""The supervisor: starts the processes of a site, prefixes what they print, restarts what dies, stops them together.

A child is a Python process of ours. Its standard input is a pipe from the supervisor that is never written to: when
the supervisor is gone, however it went, the child reads the end of it and leaves (streetwitness/processes.py).
"""

import logging
import os
import subprocess
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

log = logging.getLogger(__name__)

STOP_WITHIN_S = 20.0  # a watcher cuts the evidence that is due before it goes
FIRST_BACK_OFF_S, LONGEST_BACK_OFF_S = 0.5, 30.0
STEADY_AFTER_S = 30.0  # a child that lived this long is forgiven its earlier deaths


@dataclass(frozen=True)
class Child:
    name: str
    command: tuple[str, ...]
    environment: Mapping[str, str] = field(default_factory=dict)


def back_off_s(deaths: int) -> float:
    """How long to wait before a child that died `deaths` times in a row is started again."""
    return float(min(FIRST_BACK_OFF_S * 2 ** max(deaths - 1, 0), LONGEST_BACK_OFF_S))


class Supervisor:
    """`with Supervisor(children, say): …` keeps the children running until the block ends."""

    def __init__(self, children: Sequence[Child], say: Callable[[str, str], None]) -> None:
        """say(name, line) is called for every line a child prints, from several threads."""
        self._children, self._say = children, say
        self._stopping = threading.Event()
        self._running: dict[str, subprocess.Popen[str]] = {}
        self._threads = [
            threading.Thread(target=self._keep, args=(child,), name=f"keep-{child.name}", daemon=True)
            for child in children
        ]

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stopping.set()
        until = time.monotonic() + STOP_WITHIN_S
        asked: set[int] = set()  # once is enough: to some, a second SIGTERM means to drop everything
        while any(thread.is_alive() for thread in self._threads):
            for process in list(self._running.values()):
                if time.monotonic() > until:
                    process.kill()
                elif process.pid not in asked:
                    process.terminate()
                    asked.add(process.pid)
            for thread in self._threads:
                thread.join(0.1)

    def pids(self) -> list[int]:
        """Of the children that run just now."""
        return [process.pid for process in list(self._running.values())]

    def _keep(self, child: Child) -> None:
        deaths = 0
        while not self._stopping.is_set():
            started = time.monotonic()
            status = self._run_once(child)
            if self._stopping.is_set():
                return
            deaths = 1 if time.monotonic() - started > STEADY_AFTER_S else deaths + 1
            wait_s = back_off_s(deaths)
            self._say(child.name, f"ended with status {status}, starting again in {wait_s:.1f} s")
            self._stopping.wait(wait_s)

    def _run_once(self, child: Child) -> int:
        with subprocess.Popen(  # noqa: S603
            child.command,
            # a process of many threads keeps what each of them freed: with two arenas for all it is used again
            env={"MALLOC_ARENA_MAX": "2", **os.environ, "PYTHONUNBUFFERED": "1", **child.environment},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            start_new_session=True,  # Ctrl+C reaches the supervisor alone, which stops them in its own order
        ) as process:
            self._running[child.name] = process
            assert process.stdout is not None
            for line in process.stdout:
                self._say(child.name, line.rstrip("\n"))
            status = process.wait()
            del self._running[child.name]
        return status
