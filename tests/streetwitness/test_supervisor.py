"""The supervisor: what dies comes back, what is said is told whose it is, and the end is the end of all."""

import subprocess
import sys
import textwrap

import pytest

from streetwitness.supervisor import Child, Supervisor, back_off_s
from tests.streetwitness.running import COMMAND, environment, eventually, run
from tests.streetwitness.test_embedded_redis import is_alive


class Heard:
    """What the children said, as (name, line)."""

    def __init__(self) -> None:
        self.lines: list[tuple[str, str]] = []

    def __call__(self, name: str, line: str) -> None:
        self.lines.append((name, line))

    def pids(self, name: str) -> list[int]:
        return [int(line.removeprefix("pid ")) for who, line in self.lines if who == name and line.startswith("pid ")]


def python(name: str, script: str, **settings: str) -> Child:
    return Child(name, (sys.executable, "-c", f"import os\nprint('pid', os.getpid())\n{script}"), settings)


WAITS = "import time\ntime.sleep(600)"


def test_what_children_print_is_told_with_their_names_and_they_see_their_own_environment():
    heard = Heard()
    children = [python("a", f"print('hello', os.environ['WHO'])\n{WAITS}", WHO="A"), python("b", WAITS)]
    with Supervisor(children, heard):
        eventually(lambda: ("a", "hello A") in heard.lines and heard.pids("b"))
    assert not any(is_alive(pid) for name in "ab" for pid in heard.pids(name))


def test_a_child_that_dies_is_started_again_and_its_neighbour_is_left_alone():
    heard = Heard()
    with Supervisor([python("dies", "import sys\nsys.exit(3)"), python("stays", WAITS)], heard):
        eventually(lambda: len(heard.pids("dies")) >= 3)
        assert len(heard.pids("stays")) == 1
        assert is_alive(heard.pids("stays")[0])
    assert ("dies", "ended with status 3, starting again in 0.5 s") in heard.lines
    assert ("dies", "ended with status 3, starting again in 1.0 s") in heard.lines


def test_a_child_that_keeps_dying_is_started_ever_more_rarely():
    assert [back_off_s(deaths) for deaths in (1, 2, 3, 6, 7, 50)] == [0.5, 1.0, 2.0, 16.0, 30.0, 30.0]


def test_a_child_is_asked_to_stop_before_it_is_made_to():
    heard = Heard()
    polite = (
        "import signal, sys, time\nsignal.signal(15, lambda *_: (print('bye', flush=True), sys.exit()))\nprint('up')"
    )
    with Supervisor([python("polite", f"{polite}\ntime.sleep(600)")], heard):
        eventually(lambda: ("polite", "up") in heard.lines)
    assert ("polite", "bye") in heard.lines


def test_a_process_of_a_site_leaves_when_its_supervisor_is_killed(tmp_path):
    data = str(tmp_path / "data")
    assert run("db", "upgrade", DATA_DIR=data).returncode == 0
    script = textwrap.dedent(
        f"""
        import time
        from streetwitness.supervisor import Child, Supervisor
        supervisor = Supervisor([Child("relay", {(*COMMAND, "process", "relay")!r})], lambda name, line: None)
        with supervisor:
            while not supervisor.pids():
                time.sleep(0.01)
            print(*supervisor.pids(), flush=True)
            time.sleep(600)
        """
    )
    with subprocess.Popen(
        [sys.executable, "-c", script], stdout=subprocess.PIPE, text=True, env=environment(DATA_DIR=data)
    ) as killed:
        assert killed.stdout is not None
        child = int(killed.stdout.readline())
        assert is_alive(child)
        killed.kill()
    eventually(lambda: not is_alive(child))


@pytest.mark.parametrize("name", ["nonsense", ""])
def test_a_process_of_no_known_name_is_refused(name, tmp_path):
    assert run("process", name, DATA_DIR=str(tmp_path)).returncode == 2
