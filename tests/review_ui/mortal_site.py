"""A site that takes uploads, as a process that can be killed and started again at the same address."""

import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

from cases import upload_tokens
from models.database import transaction
from models.enums import CameraKind
from review_ui.desk import now
from tests.conftest import Database
from tests.free_port import free_port
from tests.rows import add_camera, add_site, add_user

MEGABYTE = 1024 * 1024


def add_station(database: Database) -> str:
    with transaction(database.sessions) as session:
        add_camera(session, add_site(session), id="cam-17", kind=CameraKind.BODY_WORN)
        add_user(session, "station-3")
        return upload_tokens.give(session, "station-3", label="station 3", days=30, at=now())


class Mortal:
    """The site as a process that can be killed and started again at the same address."""

    def __init__(self, database: Database, folder: Path) -> None:
        self.port = free_port()
        self._command = [sys.executable, "-m", "tests.review_ui.upload_server", database.url, str(folder)]
        self.boots: list[int] = []
        self.grown_kb = 0
        self.start()

    def start(self) -> None:
        self.process = subprocess.Popen([*self._command, str(self.port)])
        while True:
            assert self.process.poll() is None, "the site did not start"
            with socket.socket() as asking:
                if asking.connect_ex(("127.0.0.1", self.port)) == 0:
                    self.boots.append(self._highest_kb())
                    return
            time.sleep(0.02)

    def _highest_kb(self) -> int:
        status = Path(f"/proc/{self.process.pid}/status").read_text("ascii")
        return int(next(line for line in status.splitlines() if line.startswith("VmHWM")).split()[1])

    def kill(self) -> None:
        self.grown_kb = max(self.grown_kb, self._highest_kb() - self.boots[-1])
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()
