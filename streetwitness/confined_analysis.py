"""The analysis of what somebody handed in: in a process of its own that can neither call anybody nor write elsewhere.

`analyse_confined` starts it and judges how it ended; `python -m streetwitness.confined_analysis CPU_S ID…` is that
process: it opens the database and loads the network, gives up the rest, and takes one recording after the other down
the road. A file that harms it is quarantined and its recording failed, another process goes on behind it, and the
worker never notices. Who calls a recording off ends the process that is at it.
"""

import logging
import os
import resource
import select
import signal
import subprocess
import sys
import sysconfig
import tempfile
import time
import uuid
from collections.abc import Sequence
from pathlib import Path

from sqlalchemy import select as select_rows
from sqlalchemy import text

from cases.lifecycle import PROGRAM
from cases.recorders import note
from detectors.errors import DetectorError
from ingest.confinement import Limits, confine, leave_with_parent
from ingest.upload_intake import handed_in, quarantine
from models.database import reading, transaction
from models.enums import RecorderSubject, RecordingState
from models.incidents import Recording
from streetwitness.analysis import detector_on, take_further, weights_of
from streetwitness.settings import REPOSITORY, load_settings
from streetwitness.workplace import Workplace, now, opened_workplace

log = logging.getLogger(__name__)

MEGABYTE = 1_000_000
MORE_MEMORY_BYTES = 3_000 * MEGABYTE  # than what the network and the database have taken by then
CPU_S, BYTES_A_CPU_S = 600, 500_000  # twice real time at 8 Mbit/s, and what a short file needs
WALL_TIMES_CPU = 4
WRITES_TIMES_SIZE, WRITES_AT_LEAST = 4, 4_000 * MEGABYTE  # beyond the largest file it has to write into
OPEN_FILES = 512
HARM = {signal.SIGSEGV, signal.SIGBUS, signal.SIGILL, signal.SIGFPE, signal.SIGABRT, signal.SIGXCPU}
LOOKS_EVERY_S = 1.0
TOO_MUCH_MEMORY = 77  # exit status: no traceback tells it from a fault of ours


def came_by_upload(workplace: Workplace, recording_id: uuid.UUID) -> bool:
    with reading(workplace.sessions) as session:
        return handed_in(session, recording_id)


def analyse_confined(workplace: Workplace, recording_ids: Sequence[uuid.UUID]) -> None:
    """Returns when all have ended, however they did; what each row says then is the answer.

    Many small ones share a process: loading the network takes longer than looking at a minute of a street.
    """
    left = list(recording_ids)
    while left:
        left = left[_in_a_process(workplace, left) :]


def _in_a_process(workplace: Workplace, recording_ids: Sequence[uuid.UUID]) -> int:
    """How many of them are over with: all, or those up to the one with which the process ended."""
    with reading(workplace.sessions) as session:
        allowed_s = [cpu_s_of(session.get_one(Recording, each)) for each in recording_ids]
    command = [sys.executable, "-m", "streetwitness.confined_analysis", str(sum(allowed_s)), *map(str, recording_ids)]
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE) as process:  # noqa: S603
        watch = _Watch(workplace, process, recording_ids, allowed_s)
        status = watch.until_it_ends()
    if status == 0 or watch.begun == 0:  # it ended before it opened one of them: no file is to blame
        return len(recording_ids)
    harm = harm_of(status)
    if harm is not None:
        _put_away(workplace, recording_ids[watch.begun - 1], harm)
    return watch.begun


class _Watch:
    """Over a process at work: which recording it is at, whether that takes too long, whether it is still wanted.

    The process says by a line on its standard output that it begins the next; it is not trusted to say more.
    """

    def __init__(
        self,
        workplace: Workplace,
        process: "subprocess.Popen[bytes]",
        recording_ids: Sequence[uuid.UUID],
        allowed_s: Sequence[int],
    ) -> None:
        self._workplace, self._process = workplace, process
        self._ids, self._allowed_s = recording_ids, allowed_s
        self.begun = 0  # how many of them
        self._since = time.monotonic()

    def until_it_ends(self) -> int:
        """Its exit status, as subprocess has it."""
        said = self._process.stdout
        assert said is not None
        while True:
            if select.select([said], [], [], LOOKS_EVERY_S)[0]:
                lines = os.read(said.fileno(), 4096)
                if not lines:
                    return self._process.wait()
                self.begun = min(self.begun + lines.count(b"\n"), len(self._ids))
                self._since = time.monotonic()
            at = max(self.begun - 1, 0)
            if time.monotonic() - self._since > self._allowed_s[at] * WALL_TIMES_CPU:
                return self._ended_with(-signal.SIGXCPU)
            if self.begun and self._is_called_off(self._ids[at]):
                return self._ended_with(-signal.SIGKILL)

    def _ended_with(self, status: int) -> int:
        self._process.kill()
        self._process.wait()
        return status

    def _is_called_off(self, recording_id: uuid.UUID) -> bool:
        with reading(self._workplace.sessions) as session:
            state = session.scalar(select_rows(Recording.state).where(Recording.id == recording_id))
        return state is RecordingState.CANCELLED


def _put_away(workplace: Workplace, recording_id: uuid.UUID, harm: str) -> None:
    with transaction(workplace.sessions) as session:
        quarantine(session, recording_id, harm, at=now())
        row = session.get_one(Recording, recording_id)
        row.state, row.failure = RecordingState.FAILED, harm
        note(session, RecorderSubject.RECORDING, recording_id, "harmful", actor=PROGRAM, at=now(), why=harm)


def cpu_s_of(recording: Recording) -> int:
    """The processor time its analysis may take."""
    return CPU_S + recording.size_bytes // BYTES_A_CPU_S


def harm_of(status: int) -> str | None:
    """What a process that ended so says against its file; None: nothing, it ended well or was ended from outside."""
    if status == TOO_MUCH_MEMORY:
        return "its analysis takes more memory than any recording does"
    if status < 0 and -status in HARM:
        return f"its analysis crashes or never ends (signal {-status})"
    return None


def confine_analysis(workplace: Workplace, recording: Recording, cpu_s: int, beside: Sequence[Recording] = ()) -> None:
    """From now on this process reads the recording, those `beside`, and writes the data folder, and nothing else."""
    taken = int(Path("/proc/self/statm").read_text("ascii").split()[0]) * resource.getpagesize()
    database = workplace.data.database
    there = database.stat().st_size if database.exists() else 0
    limits = Limits(
        memory_bytes=taken + MORE_MEMORY_BYTES,
        cpu_s=cpu_s,
        open_files=OPEN_FILES,
        written_bytes=there
        + max(max(each.size_bytes for each in (recording, *beside)) * WRITES_TIMES_SIZE, WRITES_AT_LEAST),
    )
    own = [Path(sysconfig.get_path(name)) for name in ("stdlib", "platstdlib", "purelib", "platlib")]
    system = [Path(each) for each in ("/usr/lib", "/usr/share/zoneinfo", "/lib", "/proc", "/sys/devices", "/dev")]
    confine(
        limits,
        readable=[*own, *system, REPOSITORY, Path(recording.path), *(Path(each.path) for each in beside)],
        writable=[workplace.data.root, Path(tempfile.gettempdir()), Path("/dev/null")],
        unix_sockets=True,
    )


def main(cpu_s: int, recording_ids: Sequence[uuid.UUID]) -> None:
    """The process. Its connection to the database stays open: it can open no other that leaves this machine."""
    leave_with_parent()
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(message)s")
    with opened_workplace(load_settings()) as workplace:
        with reading(workplace.sessions) as session:
            session.execute(text("SELECT 1"))
            first, *beside = [session.get_one(Recording, each) for each in recording_ids]
        try:
            detector_on(weights_of(workplace.settings))
            confine_analysis(workplace, first, cpu_s, beside)
            for recording_id in recording_ids:
                sys.stdout.write(f"{recording_id}\n")
                sys.stdout.flush()
                take_further(workplace, recording_id)
        except MemoryError:
            sys.exit(TOO_MUCH_MEMORY)
        except DetectorError as error:  # weights may come later
            log.error("%s", error)  # noqa: TRY400 - the sentence says it all


if __name__ == "__main__":
    main(int(sys.argv[1]), [uuid.UUID(each) for each in sys.argv[2:]])
