"""A site of cameras on loopback for the benchmarks: RTSP servers, data folder, and the real program over it.

The servers are aio-rtsp-toolkit's, each clip round and round, and are no part of what is measured; the program is
`streetwitness run --only watch` with everything it starts.
"""

import os
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import psutil  # type: ignore[import-untyped]
from ruamel.yaml import YAML
from sqlalchemy import func, select

from benchmarks.road import COMMAND, environment_with
from cases.site_file import read
from cases.site_rows import apply
from models.database import Sessions, reading, transaction
from models.incidents import Incident
from models.watching import CameraPulse
from streetwitness.settings import load_settings
from streetwitness.workplace import now, opened_workplace
from tests.media.rtsp_server import RtspServer

FENCE = [[0.02, 0.35], [0.98, 0.35], [0.98, 0.98], [0.02, 0.98]]
CAMERAS_A_SERVER = 5  # it sends each from a thread of a pool, and on two cores that has room for six
CONNECTED_WITHIN_S = 120.0
MEGABYTE = 1_000_000


def site_of(
    sources: Sequence[str], dwell_s: float, grace_s: float, sub_sources: Sequence[str] | None = None
) -> dict[str, Any]:
    """The content of a site file: one camera and one fence over most of its picture for each source.

    sub_sources: the small streams to look at; None: the main ones are looked at.
    """
    numbers = range(len(sources))
    small = [{} if sub_sources is None else {"sub_source": sub_sources[n], "looks_at_sub": True} for n in numbers]
    return {
        "site": "benchmark",
        "timezone": "UTC",
        "cameras": [{"id": f"camera-{n}", "name": f"camera {n}", "source": sources[n]} | small[n] for n in numbers],
        "geofences": [
            {
                "id": f"fence-{n}",
                "camera": f"camera-{n}",
                "polygon": FENCE,
                "offences": {"illegal_parking": {"dwell_s": dwell_s, "grace_s": grace_s}},
            }
            for n in numbers
        ],
    }


@contextmanager
def site(data: Path, content: Mapping[str, Any]) -> Iterator[Sessions]:
    """A data folder with this site in it, and its database."""
    data.mkdir(parents=True, exist_ok=True)
    file = data / "site.yaml"
    YAML().dump(content, file)
    with opened_workplace(load_settings({}, data_dir=data), make=True) as workplace:
        with transaction(workplace.sessions) as session:
            apply(session, read(file), workplace.key(), actor="benchmark", at=now())
        yield workplace.sessions


@dataclass(frozen=True)
class Reading:
    """What the program has used and done up to a moment."""

    wall_s: float
    cpu_s: float
    memory_bytes: int  # resident, of the watchers
    ring_bytes: int
    threads: int
    files: int
    watched_s: float  # seconds of camera received, all cameras together
    looks: int
    dropped: int
    gaps: int
    cameras: int  # from which packets came
    incidents: int


class Program:
    """The watchers over a data folder; a context manager."""

    def __init__(self, data: Path, sessions: Sessions, weights: Path | None, settings: Mapping[str, str]) -> None:
        self._data, self.sessions = data, sessions
        self._environment = (
            environment_with(weights) | {"STREETWITNESS_CAMERA_NETWORKS": "127.0.0.0/8"} | dict(settings)
        )

    def __enter__(self) -> Self:
        self._log = (self._data / "watchers.log").open("w", encoding="utf-8")
        self._process = subprocess.Popen(
            [str(COMMAND), "run", "--only", "watch", "--data", str(self._data)],
            stdin=subprocess.DEVNULL,
            stdout=self._log,
            stderr=self._log,
            env=os.environ | self._environment,
        )
        self._tree = psutil.Process(self._process.pid)
        return self

    def __exit__(self, *_: object) -> None:
        self._process.terminate()
        self._process.wait()
        self._log.close()

    def wait_for(self, cameras: int) -> None:
        """Until packets of so many cameras come."""
        until = time.monotonic() + CONNECTED_WITHIN_S
        while (reached := self.read().cameras) < cameras:
            if time.monotonic() > until or self._process.poll() is not None:
                said = (self._data / "watchers.log").read_text(encoding="utf-8")[-2000:]
                raise SystemExit(f"{reached} of {cameras} cameras are watched; the program said:\n{said}")
            time.sleep(0.5)

    def read(self) -> Reading:
        with reading(self.sessions) as session:
            pulses = [row.figures for row in session.scalars(select(CameraPulse))]
            incidents = session.scalar(select(func.count()).select_from(Incident)) or 0
        processes = [self._tree, *self._tree.children(recursive=True)]
        times = [process.cpu_times() for process in processes]
        watchers = processes[1:]
        return Reading(
            wall_s=time.monotonic(),
            cpu_s=sum(each.user + each.system for each in times),
            memory_bytes=sum(process.memory_info().rss for process in watchers),
            ring_bytes=sum(pulse["ring_bytes"] for pulse in pulses),
            threads=sum(process.num_threads() for process in watchers),
            files=sum(process.num_fds() for process in watchers),
            watched_s=sum(pulse["packets"] / pulse["stream"]["frame_rate"] for pulse in pulses if pulse["stream"]),
            looks=sum(pulse["looks"] for pulse in pulses),
            dropped=sum(pulse["looks_dropped"] for pulse in pulses),
            gaps=sum(pulse["gaps"] for pulse in pulses),
            cameras=sum(pulse["packets"] > 0 for pulse in pulses),
            incidents=incidents,
        )


@contextmanager
def served(folder: Path, clips: Sequence[Path], cameras: int) -> Iterator[list[str]]:
    """URLs of so many cameras, the clips in turn."""
    with ExitStack() as stack:
        urls = []
        for first in range(0, cameras, CAMERAS_A_SERVER):
            place = folder / f"served-{clips[0].stem}-{first}"
            place.mkdir()
            server = stack.enter_context(RtspServer(place))
            urls += [server(clips[n % len(clips)]) for n in range(first, min(first + CAMERAS_A_SERVER, cameras))]
        yield urls


@contextmanager
def watched(
    folder: Path,
    clips: Sequence[Path],
    cameras: int,
    *,
    weights: Path | None,
    settings: Mapping[str, str] | None = None,
    dwell_s: float = 180.0,
    grace_s: float = 600.0,
    small: Sequence[Path] | None = None,
) -> Iterator[Program]:
    """So many cameras of these clips, watched by the real program until the end of the block.

    small: the same clips as small streams, to be looked at instead.
    """
    with ExitStack() as stack:
        urls = stack.enter_context(served(folder, clips, cameras))
        sub_urls = None if small is None else stack.enter_context(served(folder, small, cameras))
        content = site_of(urls, dwell_s, grace_s, sub_urls)
        sessions = stack.enter_context(site(folder / "data", content))
        program = stack.enter_context(Program(folder / "data", sessions, weights, settings or {}))
        program.wait_for(cameras)
        yield program
