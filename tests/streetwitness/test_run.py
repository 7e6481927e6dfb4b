"""`streetwitness run`, as it is run on a box: a live camera is watched, what dies comes back, and it ends clean."""

import json
import os
import signal
import subprocess
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.free_port import free_port
from tests.media.make_clips import Film, parks
from tests.media.rtsp_server import RtspServer
from tests.patience import PATIENCE_S
from tests.streetwitness.running import COMMAND, environment, eventually, refused, run
from tests.streetwitness.test_embedded_redis import is_alive

SITE = """
site: North
timezone: Asia/Shanghai
cameras:
  - {{id: gate-3, name: North gate, source: "{url}"}}
geofences:
  - id: kerb
    camera: gate-3
    polygon: [[0.15, 0.55], [0.9, 0.55], [0.9, 0.98], [0.15, 0.98]]
    offences: {{illegal_parking: {{dwell_s: 20, grace_s: 20}}}}
"""
LOOPBACK = "127.0.0.0/8"


class Running:
    def __init__(self, process: subprocess.Popen[str], port: int, data: Path, printed: Path) -> None:
        self.process, self.port, self.data, self._printed = process, port, data, printed

    def printed(self) -> str:
        return self._printed.read_text(encoding="utf-8")

    def camera(self) -> dict[str, Any]:
        said = run("camera", "list", "--data", self.data, "--json")
        assert said.returncode == 0, said.stderr
        found: dict[str, Any] = json.loads(said.stdout.splitlines()[0])
        return found

    def watcher(self) -> int | None:
        return next(iter(self.children(b"watcher")), None)

    def children(self, name: bytes) -> list[int]:
        found = []
        for status in Path("/proc").glob("[0-9]*/cmdline"):
            try:
                words = status.read_bytes().split(b"\0")
            except OSError:
                continue  # it has just ended
            if name in words and is_child_of(int(status.parent.name), self.process.pid):
                found.append(int(status.parent.name))
        return found


def is_child_of(pid: int, parent: int) -> bool:
    try:
        return int(Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[1]) == parent
    except OSError:
        return False


@contextmanager
def running_site(data: Path, folder: Path, *only: str, **settings: str) -> Iterator[Running]:
    port, printed = free_port(), folder / "printed.txt"
    with (
        printed.open("w", encoding="utf-8") as output,
        subprocess.Popen(
            [*COMMAND, "run", "--data", str(data), "--port", str(port), *only],
            env=environment(**{"CAMERA_NETWORKS": LOOPBACK, "WATCHERS": "1", "WEB_PROCESSES": "1"} | settings),
            stdout=output,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        ) as process,
    ):
        try:
            yield Running(process, port, data, printed)
        finally:
            process.kill()


def answers(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=PATIENCE_S) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


def test_two_processes_serve_the_desk_and_when_one_is_killed_the_other_answers(tmp_path: Path):
    redis = {"REDIS_URL": "redis://127.0.0.1:1/0"}  # the desk rings a bell that is not needed
    with running_site(tmp_path / "data", tmp_path, "--only", "web", WEB_PROCESSES="2", **redis) as running:
        eventually(lambda: answers(running.port) and len(running.children(b"web")) == 2)
        first, other = running.children(b"web")
        eventually(lambda: all(listens(pid, running.port) for pid in (first, other)))
        of_first = listens(first, running.port)
        os.kill(first, signal.SIGKILL)
        # it is a zombie as soon as its main thread has ended, and listens until the last of its threads has
        eventually(lambda: not of_first & listening(running.port))
        assert all(answers(running.port) for _ in range(20))
        eventually(lambda: len([pid for pid in running.children(b"web") if pid != first]) == 2)
        running.process.send_signal(signal.SIGTERM)
        assert running.process.wait(PATIENCE_S) == 0


def listening(port: int) -> set[str]:
    """The sockets of whatever processes."""
    wanted = f"0100007F:{port:04X}"
    rows = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    return {f"socket:[{row[9]}]" for row in rows if row[1] == wanted and row[3] == "0A"}


def listens(pid: int, port: int) -> set[str]:
    """The sockets of this one."""
    try:
        return {str(one.readlink()) for one in Path(f"/proc/{pid}/fd").iterdir()} & listening(port)
    except OSError:
        return set()  # it has just ended


def test_a_site_runs_survives_the_death_of_its_watcher_and_ends_when_asked(tmp_path: Path, weights_dir: Path):
    data, played = tmp_path / "data", tmp_path / "played"
    played.mkdir()
    film = tmp_path / "street.mp4"
    Film((parks("red"),), seconds=20).write(film)
    with RtspServer(played) as server:
        site = tmp_path / "site.yaml"
        site.write_text(SITE.format(url=server(film)), encoding="utf-8")
        imported = run("site", "import", site, "--data", data)
        assert imported.returncode == 0, imported.stderr
        with running_site(data, tmp_path, WEIGHTS=str(weights_dir)) as running:
            eventually(lambda: answers(running.port))
            eventually(lambda: running.camera()["state"] == "watching")
            first = eventually(running.watcher)
            os.kill(first, signal.SIGKILL)
            second = eventually(lambda: (pid := running.watcher()) and pid != first and pid)
            eventually(lambda: "starting again" in running.printed())
            holder = running.camera()["holder"]
            eventually(lambda: str(second) in (running.camera()["holder"] or ""), 60)
            assert running.camera()["holder"] != holder or str(second) in holder
            running.process.send_signal(signal.SIGTERM)
            assert running.process.wait(PATIENCE_S) == 0, running.printed()
            assert not is_alive(second)
        assert running.camera()["state"] == "stopped"
        assert "Traceback" not in running.printed()


def test_parts_that_do_not_exist_are_refused(tmp_path: Path):
    assert "there is no part 'look'; there are watch, work, relay, " in refused(
        2, "run", "--only", "look", "--data", tmp_path
    )


@pytest.mark.parametrize("part", ["work", "web"])
def test_parts_on_several_machines_need_a_redis_they_share(tmp_path: Path, part: str):
    assert "name it with STREETWITNESS_REDIS_URL" in refused(2, "run", "--only", part, "--data", tmp_path)
