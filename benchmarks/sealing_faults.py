"""Trouble at every system call of sealing, made by strace: `python -m benchmarks.sealing_faults [--every N]`.

Finer than tests/evidence/test_sealing_faults.py: there the calls of the vault fail, here every call with which the
process changes a disk, those of SQLite and of the library among them. For each call number a child seals two exhibits
and is killed at it, or the call fails with EIO or ENOSPC; then the vault is recovered, and it must hold exactly what
rows and custody say. Ends at the first number that the child did not reach. Prints how many were tried and found whole.
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path

from models.database import open_database, sessions_of, sqlite_url, transaction, upgrade
from tests.evidence.sealing_trial import REPOSITORY, Trial
from tests.rows import add_street

CALLS = ",".join(
    (
        *("write", "pwrite64", "pwritev", "fsync", "fdatasync", "ftruncate"),
        *("rename", "renameat", "renameat2", "link", "linkat", "unlink", "unlinkat", "mkdir", "chmod", "fchmod"),
    )
)
TROUBLES = {"kill": "signal=SIGKILL", "EIO": "error=EIO", "ENOSPC": "error=ENOSPC"}


def under_strace(url: str, root: Path, incident_id: object, trouble: str, number: int, log: Path) -> bool:
    """Runs one sealing with trouble at that call of the child; whether the child got so far."""
    command = ["strace", "-f", "-qq", "-o", str(log), "-e", f"trace={CALLS}"]
    command += ["-e", f"inject={CALLS}:{TROUBLES[trouble]}:when={number}"]
    subprocess.run(
        [*command, sys.executable, "-B", "-m", "tests.evidence.sealing_driver", url, str(root)],
        cwd=REPOSITORY,
        input=f"{incident_id} none 0\n",
        text=True,
        capture_output=True,
        check=False,
        timeout=120,
        env=os.environ | {"PYTHONDONTWRITEBYTECODE": "1"},
    )
    told = log.read_text("utf-8", "replace")
    return "INJECTED" in told or "SIGKILL" in told


def main(every: int) -> None:
    if shutil.which("strace") is None:
        raise SystemExit("there is no strace here; install it, or run tests/evidence/test_sealing_faults.py")
    tried: Counter[str] = Counter()
    with tempfile.TemporaryDirectory(prefix="sealing-faults-") as name:
        folder = Path(name)
        url = sqlite_url(folder / "streetwitness.db")
        engine = open_database(url)
        upgrade(engine)
        with transaction(sessions_of(engine)) as session:
            add_street(session)
        trial = Trial(sessions_of(engine), folder / "vault", None)
        for trouble in TROUBLES:
            number = 1
            while True:
                incident_id = trial.new_incident()
                if not under_strace(url, trial.root, incident_id, trouble, number, folder / "strace.txt"):
                    break
                trial.assert_whole(incident_id, trouble)
                tried[trouble] += 1
                number += every
        engine.dispose()
    told = ", ".join(f"{trouble} at {count}" for trouble, count in tried.items())
    print(f"{told} system calls: everything whole and logged, or absent")


if __name__ == "__main__":
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--every", type=int, default=1, help="only every so many-th call")
    main(arguments.parse_args().every)
