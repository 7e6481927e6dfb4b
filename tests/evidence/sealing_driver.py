"""Sealing that is killed or finds the disk in trouble: `python -m tests.evidence.sealing_driver DATABASE VAULT`.

Each line on standard input is `INCIDENT HOW STEP`. A child forked for it seals two exhibits of the incident as the
camera worker does; at that step `kill` kills it, `EIO` lets one call fail, `ENOSPC` lets that call and every later one
fail that would need room. `warm` seals without a child, so that the children find everything loaded. The answer is how
it ended: `killed`, `refused` (an error of ours), or `sealed`.

Steps are the moments before and after every call that changes the disk under the vault, the middle of every write, and
before and after every commit; calls that fail are counted alone. What the child could report as sealed, it adds to
`reported` beside the vault.
"""

import errno
import gc
import os
import signal
import sys
import uuid
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, event

from evidence.errors import EvidenceError
from evidence.sealing import PendingExhibit
from evidence.vault import DiskCalls, Vault
from ingest.witness import Witness
from models.database import open_database, sessions_of
from models.enums import ExhibitKind, ExhibitMoment
from tests.rows import after

SHARED = b"every incident cites these bytes"
NEEDS_NO_ROOM = {"remove", "remove_folder", "make_read_only"}
KINDS = (
    (ExhibitKind.CLIP, ExhibitMoment.ENTRY, ".mp4", "video/mp4"),
    (ExhibitKind.CLOSE_UP, ExhibitMoment.SHARPEST, ".jpg", "image/jpeg"),
)
ENDS = {0: "sealed", 3: "refused"}


@dataclass
class Trouble:
    """Counts the steps and makes the trouble that was asked for."""

    how: str
    at: int
    reached: int = 0

    def moment(self) -> None:
        """One at which the process may be killed."""
        if self.how != "kill":
            return
        self.reached += 1
        if self.reached == self.at:
            os.kill(os.getpid(), signal.SIGKILL)

    def call(self, name: str) -> None:
        """One that may fail, before it did anything."""
        if self.how == "kill":
            return
        self.reached += 1
        now = self.reached == self.at or (self.how == "ENOSPC" and self.reached > self.at)
        if now and not (self.how == "ENOSPC" and name in NEEDS_NO_ROOM):
            number = getattr(errno, self.how)
            raise OSError(number, os.strerror(number))


def disk_in(trouble: Trouble) -> DiskCalls:
    plain = DiskCalls()

    def troubled(name: str) -> Callable[..., Any]:
        def call(*paths: Path) -> None:
            trouble.moment()
            trouble.call(name)
            getattr(plain, name)(*paths)
            trouble.moment()

        return call

    return DiskCalls(**{each.name: troubled(each.name) for each in fields(DiskCalls)})


def seal_two(engine: Engine, root: Path, incident_id: uuid.UUID, trouble: Trouble) -> None:
    event.listen(engine, "commit", lambda _connection: trouble.moment())
    event.listen(engine, "checkin", lambda _connection, _record: trouble.moment())  # the first thing after a commit

    def writing(data: bytes) -> Callable[[Path], None]:
        def write(path: Path) -> None:
            with path.open("wb", buffering=0) as file:
                file.write(data[:10])
                trouble.moment()
                trouble.call("write")
                file.write(data[10:])

        return write

    with Vault.open(root, disk_in(trouble)) as vault:
        witness = Witness(sessions_of(engine), vault, "gate-3", None, after)
        exhibits: list[PendingExhibit] = []
        try:
            for kind, moment, suffix, media_type in KINDS:
                data = SHARED if kind is ExhibitKind.CLOSE_UP else f"{kind.value} of {incident_id}".encode()
                pending = vault.take(writing(data), suffix)
                exhibits.append(
                    PendingExhibit(pending, kind, moment, media_type, after(10), after(20), {"how": "written"})
                )
        except BaseException:
            for each in exhibits:
                vault.discard(each.pending)
            raise
        witness.sealed(incident_id, exhibits)
        report(root.parent / "reported", [each.pending.sha256 for each in exhibits])


def report(path: Path, digests: list[str]) -> None:
    with path.open("a", encoding="utf-8") as file:
        file.write("".join(f"{digest}\n" for digest in digests))
        file.flush()
        os.fsync(file.fileno())


def main(database: str, root: Path) -> None:
    engine = open_database(database)
    for line in sys.stdin:
        incident, how, step = line.split()
        if how == "warm":
            # in this process: what every child would load and compile again is there once
            seal_two(engine, root, uuid.UUID(incident), Trouble(how, int(step)))
            engine.dispose()  # no connection goes through a fork
            gc.freeze()
            ended = "sealed"
        else:
            ended = in_a_child(engine, root, uuid.UUID(incident), Trouble(how, int(step)))
        sys.stdout.write(f"{ended}\n")
        sys.stdout.flush()


def in_a_child(engine: Engine, root: Path, incident_id: uuid.UUID, trouble: Trouble) -> str:
    child = os.fork()
    if child == 0:
        with suppress(EvidenceError):
            seal_two(engine, root, incident_id, trouble)
            os._exit(0)
        os._exit(3)
    _, status = os.waitpid(child, 0)
    return "killed" if os.WIFSIGNALED(status) else ENDS.get(os.WEXITSTATUS(status), "failed")


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
