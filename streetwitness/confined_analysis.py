"""The analysis of what somebody handed in: in a process of its own that can neither call anybody nor write elsewhere.

`analyse_confined` starts it and judges how it ended; `python -m streetwitness.confined_analysis ID` is that process:
it opens the database and loads the network, gives up the rest, and takes the recording down the road. A file that
harms it is quarantined and its recording failed, and the worker goes on.
"""

import logging
import resource
import signal
import subprocess
import sys
import sysconfig
import tempfile
import uuid
from pathlib import Path

from sqlalchemy import text

from detectors.errors import DetectorError
from ingest.confinement import Limits, confine, leave_with_parent
from ingest.errors import IngestError
from ingest.upload_intake import handed_in, quarantine
from models.database import reading, transaction
from models.enums import RecordingState
from models.incidents import Recording
from streetwitness.analysis import analyse, detector_on, weights_of
from streetwitness.errors import BeingAnalysed
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
TOO_MUCH_MEMORY = 77  # exit status: no traceback tells it from a fault of ours


def came_by_upload(workplace: Workplace, recording_id: uuid.UUID) -> bool:
    with reading(workplace.sessions) as session:
        return handed_in(session, recording_id)


def analyse_confined(workplace: Workplace, recording_id: uuid.UUID) -> None:
    """Returns when it has ended, however it did; what the row says then is the answer."""
    with reading(workplace.sessions) as session:
        recording = session.get_one(Recording, recording_id)
    cpu_s = CPU_S + recording.size_bytes // BYTES_A_CPU_S
    command = [sys.executable, "-m", "streetwitness.confined_analysis", str(recording_id), str(cpu_s)]
    try:
        status = subprocess.run(  # noqa: S603
            command, stdin=subprocess.DEVNULL, timeout=cpu_s * WALL_TIMES_CPU, check=False
        ).returncode
    except subprocess.TimeoutExpired:
        status = -signal.SIGXCPU
    harm = harm_of(status)
    if harm is None:
        return
    with transaction(workplace.sessions) as session:
        quarantine(session, recording_id, harm, at=now())
        row = session.get_one(Recording, recording_id)
        row.state, row.failure = RecordingState.FAILED, harm


def harm_of(status: int) -> str | None:
    """What a process that ended so says against its file; None: nothing, it ended well or was ended from outside."""
    if status == TOO_MUCH_MEMORY:
        return "its analysis takes more memory than any recording does"
    if status < 0 and -status in HARM:
        return f"its analysis crashes or never ends (signal {-status})"
    return None


def _confine(workplace: Workplace, recording: Recording, cpu_s: int) -> None:
    taken = int(Path("/proc/self/statm").read_text("ascii").split()[0]) * resource.getpagesize()
    database = workplace.data.database
    there = database.stat().st_size if database.exists() else 0
    limits = Limits(
        memory_bytes=taken + MORE_MEMORY_BYTES,
        cpu_s=cpu_s,
        open_files=OPEN_FILES,
        written_bytes=there + max(recording.size_bytes * WRITES_TIMES_SIZE, WRITES_AT_LEAST),
    )
    own = [Path(sysconfig.get_path(name)) for name in ("stdlib", "platstdlib", "purelib", "platlib")]
    system = [Path(each) for each in ("/usr/lib", "/usr/share/zoneinfo", "/lib", "/proc", "/sys/devices", "/dev")]
    confine(
        limits,
        readable=[*own, *system, REPOSITORY, Path(recording.path)],
        writable=[workplace.data.root, Path(tempfile.gettempdir()), Path("/dev/null")],
        unix_sockets=True,
    )


def main(recording_id: uuid.UUID, cpu_s: int) -> None:
    """The process. Its connection to the database stays open: it can open no other that leaves this machine."""
    leave_with_parent()
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(message)s")
    with opened_workplace(load_settings()) as workplace:
        with reading(workplace.sessions) as session:
            session.execute(text("SELECT 1"))
            recording = session.get_one(Recording, recording_id)
        try:
            detector_on(weights_of(workplace.settings))
            _confine(workplace, recording, cpu_s)
            report = analyse(workplace, recording_id, lambda _done_s, _total_s: None)
        except BeingAnalysed:
            return
        except MemoryError:
            sys.exit(TOO_MUCH_MEMORY)
        except (IngestError, DetectorError) as error:  # the file's own fault is in its row; weights may come later
            log.error("recording %s: %s", recording_id, error)  # noqa: TRY400 - the sentence says it all
            return
        log.info("recording %s analysed in %s s", recording_id, report.analysis.get("wall_s"))


if __name__ == "__main__":
    main(uuid.UUID(sys.argv[1]), int(sys.argv[2]))
