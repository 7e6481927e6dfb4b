"""`streetwitness demo`, run as people run it: it starts, answers, shows its users, and ends when it is asked to."""

import os
import re
import shutil
import signal
import subprocess
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from stat import S_IMODE

import pytest
from sqlalchemy import select

from cases.papers.bureau import BLANK, read_bureau
from models.database import open_database, reading, sessions_of, sqlite_url
from models.enums import IncidentState
from models.incidents import Incident, Recording, ReviewDecision
from models.places import Camera, GeofenceVersion
from streetwitness.demo import USERS
from tests.free_port import free_port
from tests.patience import PATIENCE_S
from tests.streetwitness.running import COMMAND, environment, eventually, refused, run
from tests.streetwitness.test_embedded_redis import is_alive


class Demo:
    def __init__(self, process: subprocess.Popen[str], port: int, data: Path, printed: Path) -> None:
        self.process, self.port, self.data, self._printed = process, port, data, printed

    def printed(self) -> str:
        return self._printed.read_text(encoding="utf-8")

    def page(self, path: str) -> tuple[int, str]:
        asked = urllib.request.Request(f"http://127.0.0.1:{self.port}{path}", headers={"Accept": "text/html"})
        with urllib.request.urlopen(asked, timeout=PATIENCE_S) as answer:  # noqa: S310 - the address is ours
            return answer.status, answer.read().decode()

    def rows(self, query):
        engine = open_database(sqlite_url(self.data / "streetwitness.db"))
        try:
            with reading(sessions_of(engine)) as session:
                return session.scalars(query).all()
        finally:
            engine.dispose()

    def descendants(self) -> list[int]:
        """Every process the demo started; some were started by a thread of it."""
        tasks = Path(f"/proc/{self.process.pid}/task").iterdir()
        return [int(pid) for task in tasks for pid in (task / "children").read_text().split()]


@contextmanager
def started_demo(data: Path, folder: Path, **settings: str) -> Iterator[Demo]:
    """A demo that serves, and that is gone afterwards however it went."""
    port = free_port()
    printed = folder / f"printed-{port}.txt"
    with (
        printed.open("w", encoding="utf-8") as output,
        subprocess.Popen(
            [*COMMAND, "demo", "--data", str(data), "--port", str(port)],
            env=environment(**settings),
            stdout=output,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        ) as process,
    ):
        demo = Demo(process, port, data, printed)
        try:
            eventually(lambda: "Ctrl+C ends it" in demo.printed() or process.poll() is not None)
            assert process.poll() is None, demo.printed()
            yield demo
        finally:
            process.kill()


@contextmanager
def running_demo(data: Path, folder: Path, **settings: str) -> Iterator[Demo]:
    """A demo that serves; afterwards it is asked to end with SIGINT, as by Ctrl+C, and must end well."""
    with started_demo(data, folder, **settings) as demo:
        yield demo
        started = demo.descendants()
        demo.process.send_signal(signal.SIGINT)
        assert demo.process.wait(PATIENCE_S) == 0, demo.printed()
        assert "Traceback" not in demo.printed()
        assert "Fatal" not in demo.printed()
        assert len(started) >= 4, "web, worker, relay and Redis"
        assert not any(is_alive(pid) for pid in started)


@pytest.fixture
def no_clips(tmp_path: Path) -> str:
    folder = tmp_path / "no-clips"
    folder.mkdir()
    return str(folder)


@pytest.fixture
def data(tmp_path: Path, rendered_clips: dict[str, Path]) -> Path:
    """A data folder in which the streets of the demo are rendered already: that takes a while."""
    folder = tmp_path / "data"
    (folder / "demo_footage").mkdir(parents=True)
    for clip in rendered_clips.values():
        shutil.copy(clip, folder / "demo_footage")
    return folder


def passwords_of(printed: str) -> dict[str, str]:
    return {name: re.search(rf"{name}\s+│\s+(\S+)", printed)[1] for name in USERS}


def test_without_footage_it_says_so_and_serves_a_site_with_cameras_and_fences(tmp_path, data, no_clips):
    with running_demo(data, tmp_path, FOOTAGE=no_clips) as demo:
        assert "holds none of the demo's clips; the site has its rendered streets alone" in demo.printed()
        assert f"http://127.0.0.1:{demo.port}/" in demo.printed()
        assert demo.page("/healthz")[0] == 200
        assert demo.page("/")[0] == 200, "the sign-in, by way of a redirect"
        assert len(demo.rows(select(Camera))) == 6
        assert len(demo.rows(select(GeofenceVersion))) == 9
        eventually(lambda: "3 rendered streets are analysed now" in demo.printed())
        assert "rendering" not in demo.printed(), "they are there from before"
        assert {each.camera_id for each in demo.rows(select(Recording))} == {"rendered-1", "rendered-2", "rendered-3"}
        passwords = passwords_of(demo.printed())
        kept = data / "demo-users.txt"
        assert S_IMODE(kept.stat().st_mode) == 0o600
        assert kept.read_text().split() == [word for pair in passwords.items() for word in pair]
        assert len(set(passwords.values())) == len(USERS)
        named = read_bureau(data / "papers")
        assert BLANK not in named.model_dump().values(), "a first paper has no blank where the bureau is named"
        assert "示例" in named.name, "and nobody takes it for a real one"
        (data / "papers" / "bureau.toml").write_text('name = "一局"\n', "utf-8")
        assert "already runs on this data" in refused(
            1, "demo", "--data", data, "--port", free_port(), FOOTAGE=no_clips
        )
        assert "choose another with --port" in refused(
            1, "demo", "--data", tmp_path / "other", "--port", demo.port, FOOTAGE=no_clips
        )
    with running_demo(data, tmp_path, FOOTAGE=no_clips) as demo:
        assert passwords_of(demo.printed()) == passwords, "the users are the same the next time"
        assert len(demo.rows(select(GeofenceVersion))) == 9, "and so are the fences"
        eventually(lambda: "3 rendered streets are analysed now" in demo.printed())
        assert len(demo.rows(select(Recording))) == 3, "and the recordings"
        assert read_bureau(data / "papers").name == "一局", "and what somebody wrote since"


def test_a_killed_child_comes_back_and_a_killed_demo_starts_again(tmp_path, data, no_clips):
    with started_demo(data, tmp_path, FOOTAGE=no_clips) as demo:
        before = demo.descendants()
        for pid in before:
            os.kill(pid, signal.SIGKILL)
        eventually(lambda: len(demo.descendants()) >= len(before) and not set(before) & set(demo.descendants()))
        eventually(lambda: answers(demo))
        left = demo.descendants()
    orphans = [pid for pid in left if is_alive(pid) and "redis-server" in command_of(pid)]
    assert len(orphans) == 1
    eventually(lambda: not any(is_alive(pid) for pid in left if pid not in orphans))
    with running_demo(data, tmp_path, FOOTAGE=no_clips) as again:
        assert answers(again)
        assert not is_alive(orphans[0])


def command_of(pid: int) -> str:
    return Path(f"/proc/{pid}/cmdline").read_text().replace("\0", " ")


def answers(demo: Demo) -> bool:
    try:
        return demo.page("/healthz")[0] == 200
    except OSError:
        return False


def test_a_folder_that_is_none_is_misuse(tmp_path):
    line = refused(2, "demo", "--footage", tmp_path / "absent", "--data", tmp_path / "data")
    assert "is not a folder" in line
    assert not (tmp_path / "data").exists()


def test_users_without_their_passwords_are_told_how_to_begin_anew(tmp_path, no_clips):
    data = tmp_path / "data"
    data.mkdir()
    (data / "demo-users.txt").write_text("demo-monitor secret\n")
    result = run("demo", "--data", data, "--port", free_port(), FOOTAGE=no_clips)
    assert result.returncode == 1
    assert "does not hold all demo users; remove" in result.stderr


def test_a_demo_that_is_asked_to_end_while_it_renders_ends_and_leaves_no_half_of_a_clip(tmp_path, no_clips):
    data = tmp_path / "fresh"
    with running_demo(data, tmp_path, FOOTAGE=no_clips) as demo:
        eventually(lambda: "rendering street 1 of 3" in demo.printed())
    assert list((data / "demo_footage").iterdir()) == []


def test_the_rendered_streets_alone_show_a_draft_and_a_vehicle_that_left(tmp_path, data, no_clips, weights_dir):
    with running_demo(data, tmp_path, FOOTAGE=no_clips, WEIGHTS=str(weights_dir)) as demo:
        eventually(lambda: "demo-reviewer: accept" in demo.printed())
        assert sorted((each.camera_id, each.state) for each in demo.rows(select(Incident))) == [
            ("rendered-1", IncidentState.ACCEPTED),
            ("rendered-2", IncidentState.RESOLVED),
            ("rendered-3", IncidentState.DRAFTED),  # the stall and the bag; the reviewer returned one
            ("rendered-3", IncidentState.RETURNED),
        ]


@pytest.mark.footage
def test_with_footage_the_queue_shows_cases_at_several_stages(tmp_path, data, footage_dir, weights_dir):
    with running_demo(data, tmp_path, FOOTAGE=str(footage_dir), WEIGHTS=str(weights_dir)) as demo:
        assert "3 clips from" in demo.printed()
        eventually(lambda: "demo-reviewer: return" in demo.printed())
        states = {incident.state for incident in demo.rows(select(Incident))}
        assert states >= {IncidentState.DRAFTED, IncidentState.ACCEPTED, IncidentState.RETURNED, IncidentState.RESOLVED}
        incidents = len(demo.rows(select(Incident)))
        # officers are told of an accepted case a minute later, while it can be taken back
        eventually(lambda: list((data / "outbox").glob("dispatch*.json")))
    with running_demo(data, tmp_path, FOOTAGE=str(footage_dir), WEIGHTS=str(weights_dir)) as demo:
        eventually(lambda: "demo | analysed:" in demo.printed())
        assert len(demo.rows(select(Incident))) == incidents, "nothing is analysed twice"
        assert len(demo.rows(select(ReviewDecision))) == 2, "the reviewer decides on the first start only"
