"""A folder of many small recordings dropped at once, and a worker killed in the middle: each analysed once?

    python -m benchmarks.folder_of_recordings --recordings 1000 --film FILM.mp4 --weights DIR [--workers 2]

A site of its own with an embedded Redis, the process of the watched folder and workers, as `streetwitness run` starts
them. The recordings are copies of one film, each with other bytes at its end, named after the seconds they begin at.
When a third is analysed, a worker is killed with SIGKILL, and another takes its place. What is counted at the end comes
from the database. The last line is for scripts.
"""

import argparse
import os
import secrets
import signal
import struct
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import func, select

from cases import accounts
from cases.lifecycle import PROGRAM
from models.database import reading, transaction
from models.enums import CameraKind, RecorderSubject, RecordingState, Role, UploadState
from models.incidents import Recording
from models.places import Camera, Site
from models.recorders import RecorderEvent
from models.uploads import Upload
from streetwitness.embedded_redis import EmbeddedRedis
from streetwitness.settings import PREFIX, load_settings
from streetwitness.workplace import Workplace, opened_workplace

FIRST_AT = datetime(2026, 3, 2, 4, 0, tzinfo=UTC)  # noon in Shanghai
APART = timedelta(minutes=1)
LOOKS_EVERY_S = 0.5
STEADY_S = 1


@dataclass(frozen=True)
class Dropped:
    """What came of a folder of recordings. once: analysed exactly one time, by the events."""

    recordings: int
    taken: int
    analysed: int
    once: int
    video_s: float
    right_start: int
    killed_at: int
    wall_s: float


def with_a_number(film: bytes, number: int) -> bytes:
    """The same film as another file: a box that players pass over (ISO/IEC 14496-12, `free`) holds the number."""
    content = struct.pack(">Q", number)
    return film + struct.pack(">I4s", 8 + len(content), b"free") + content


def fill(folder: Path, film: bytes, number: int) -> None:
    folder.mkdir(parents=True)
    for each in range(number):
        local = FIRST_AT + each * APART + timedelta(hours=8)
        (folder / f"{local:%Y%m%d_%H%M%S}.mp4").write_bytes(with_a_number(film, each))


@contextmanager
def process(name: str, environment: dict[str, str]) -> Iterator["subprocess.Popen[bytes]"]:
    """One process of a site; its standard input is ours, so that it leaves with us."""
    command = [sys.executable, "-m", "streetwitness", "process", name]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stderr=subprocess.DEVNULL, env=os.environ | environment
    ) as running:
        try:
            yield running
        finally:
            running.kill()


def counted(workplace: Workplace) -> int:
    with reading(workplace.sessions) as session:
        done = select(func.count()).select_from(Recording).where(Recording.state == RecordingState.ANALYSED)
        return session.scalar(done) or 0


def drop(root: Path, film: bytes, number: int, *, workers: int, weights: Path, patience_s: float) -> Dropped:
    """Raises TimeoutError where it does not come to an end within `patience_s`."""
    inbox = root / "inbox"
    environment = {
        f"{PREFIX}DATA_DIR": str(root / "data"),
        f"{PREFIX}INBOX": str(inbox),
        f"{PREFIX}INBOX_USER": "station.3",
        f"{PREFIX}INBOX_STEADY_S": str(STEADY_S),
        f"{PREFIX}WEIGHTS": str(weights),
    }
    settings = load_settings({}, data_dir=root / "data")
    with opened_workplace(settings, make=True) as workplace, ExitStack() as running:
        with transaction(workplace.sessions) as session:
            site = Site(name="uploads", timezone="Asia/Shanghai")
            session.add(site)
            session.flush()
            camera = Camera(id="cam-17", site_id=site.id, name="cam-17", source="", kind=CameraKind.BODY_WORN)
            session.add(camera)
            accounts.add_user(
                session,
                name="station.3",
                display_name="station",
                password=secrets.token_urlsafe(16),
                role=Role.MONITOR,
                at=FIRST_AT,
            )
        fill(inbox / "cam-17", film, number)
        redis = running.enter_context(EmbeddedRedis(root / "redis"))
        environment[f"{PREFIX}REDIS_URL"] = redis.url
        began = time.monotonic()
        running.enter_context(process("folder", environment))
        at_work = [running.enter_context(process("worker", environment)) for _ in range(workers)]
        _until(workplace, number // 3, began + patience_s)
        killed_at = counted(workplace)
        at_work[0].send_signal(signal.SIGKILL)
        at_work[0].wait()
        running.enter_context(process("worker", environment))
        _until(workplace, number, began + patience_s)
        return _came_of_it(workplace, number, killed_at, time.monotonic() - began)


def _until(workplace: Workplace, analysed: int, deadline: float) -> None:
    while counted(workplace) < analysed:
        if time.monotonic() > deadline:
            raise TimeoutError(f"{counted(workplace)} of {analysed} recordings are analysed")
        time.sleep(LOOKS_EVERY_S)


def _came_of_it(workplace: Workplace, number: int, killed_at: int, wall_s: float) -> Dropped:
    with reading(workplace.sessions) as session:
        uploads = session.scalars(select(Upload)).all()
        recordings = session.scalars(select(Recording)).all()
        told = session.scalars(
            select(RecorderEvent.subject_id).where(
                RecorderEvent.subject == RecorderSubject.RECORDING,
                RecorderEvent.act == "analysed",
                RecorderEvent.actor == PROGRAM,
            )
        )
        times = Counter(told)
    wanted = {FIRST_AT + each * APART for each in range(number)}
    return Dropped(
        recordings=len(recordings),
        taken=sum(each.state is UploadState.TAKEN for each in uploads),
        analysed=sum(each.state is RecordingState.ANALYSED for each in recordings),
        once=sum(times[str(each.id)] == 1 for each in recordings),
        video_s=round(sum(each.length_s or 0.0 for each in recordings), 1),
        right_start=len(wanted & {each.started_at for each in recordings}),
        killed_at=killed_at,
        wall_s=round(wall_s, 1),
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--recordings", type=int, default=1000)
    parser.add_argument("--film", type=Path, required=True, help="an MP4 of a few seconds")
    parser.add_argument("--weights", type=Path, required=True)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--patience", type=float, default=7200.0)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="streetwitness_uploads_") as folder:
        came = drop(
            Path(folder),
            arguments.film.read_bytes(),
            arguments.recordings,
            workers=arguments.workers,
            weights=arguments.weights.resolve(),
            patience_s=arguments.patience,
        )
    print(
        f"{arguments.recordings} recordings dropped at once, a worker of {arguments.workers} killed after "
        f"{came.killed_at}: {came.taken} taken, {came.analysed} analysed, {came.once} of them once, "
        f"{came.right_start} with the right start, {came.video_s} s of video, in {came.wall_s} s"
    )
    print(f"analysed_once: {came.once}/{arguments.recordings} wall_s={came.wall_s}")


if __name__ == "__main__":
    main()
