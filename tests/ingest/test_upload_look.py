"""Looking into files that nobody vouches for: in a process that can do no harm, whatever the file does to it."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from ingest.errors import FileQuarantined, LookCutShort
from ingest.upload_look import Looked, look_into, look_into_all
from tests.ingest.hostile_corpus import NAMES, write_corpus
from tests.media.make_clips import Film, Films, parks

CONTAINERS = {"mp4": "mp4", "mkv": "matroska", "avi": "avi", "ts": "mpegts"}


def confined(code: str, *arguments: str, **limits: int) -> str:
    """What a process says that tries this after it was confined to reading its first argument."""
    given = {"memory_bytes": 1_500_000_000, "cpu_s": 20} | limits
    before = (
        "import mmap, os, pathlib, resource, socket, sys\n"
        "from ingest.confinement import Limits, confine\n"
        f"held = confine(Limits(**{given}), readable=[pathlib.Path(sys.argv[1])])\n"
    )
    command = [sys.executable, "-c", before + code, *arguments]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    return done.stdout.strip() or f"{done.returncode} {done.stderr.strip().rpartition(chr(10))[2]}"


@pytest.mark.parametrize(
    ("tries", "gets"),
    [
        ("open(sys.argv[2]).read()", "PermissionError"),
        ("os.listdir(os.path.dirname(sys.argv[1]))", "PermissionError"),
        ("open(sys.argv[1], 'ab')", "PermissionError"),
        ("open(sys.argv[1] + '.new', 'w')", "PermissionError"),
        ("os.unlink(sys.argv[1])", "PermissionError"),
        ("socket.socket(socket.AF_INET)", "PermissionError"),
        ("socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)", "PermissionError"),
        ("socket.socket(socket.AF_UNIX)", "PermissionError"),
        ("os.execv(sys.executable, [sys.executable, '-c', 'print(1)'])", "PermissionError"),
        ("bytearray(2_000_000_000)", "MemoryError"),
        ("[os.dup(0) for _ in range(100)]", "OSError"),
    ],
)
def test_a_confined_process_can_do_nothing_but_read_its_file(tmp_path: Path, tries: str, gets: str) -> None:
    mine, other = tmp_path / "mine.mp4", tmp_path / "other.txt"
    mine.write_text("mine")
    other.write_text("a secret")
    code = (
        "assert (held.no_network, held.no_other_files) == (True, True)\n"
        "assert open(sys.argv[1]).read() == 'mine'\n"
        f"try:\n    {tries}\nexcept Exception as error:\n    print(type(error).__name__)\n"
    )
    if confined("print(held.no_other_files and held.no_network)", str(mine)) != "True":
        pytest.skip("this kernel has no Landlock, or no seccomp")
    assert confined(code, str(mine), str(other)) == gets
    assert (mine.read_text(), other.read_text()) == ("mine", "a secret")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["mine.mp4", "other.txt"]


def test_a_confined_process_that_does_not_stop_is_stopped(tmp_path: Path) -> None:
    (tmp_path / "a").touch()
    assert confined("while True: pass", str(tmp_path / "a"), cpu_s=1).startswith(f"-{signal.SIGXCPU.value}")


@pytest.fixture
def sound(films: Films) -> dict[str, bytes]:
    """A recording in each of the containers, by its ending."""
    return {
        suffix: films(Film((parks("red"),), seconds=2, container=container)).read_bytes()
        for suffix, container in CONTAINERS.items()
    }


def test_a_recording_is_told_as_it_is(tmp_path: Path, sound: dict[str, bytes]) -> None:
    for suffix, data in sound.items():
        path = tmp_path / f"street.{suffix}"
        path.write_bytes(data)
        looked = look_into(path)
        assert (looked.width, looked.height, looked.pictures >= 1) == (320, 240, True), suffix
        assert looked.duration_s == pytest.approx(2, abs=0.3), suffix


def test_five_hundred_hostile_files_do_nothing_but_get_a_sentence(tmp_path: Path, sound: dict[str, bytes]) -> None:
    folder = tmp_path / "in" / "here"
    folder.mkdir(parents=True)
    canaries = [folder / "canary.mp4", folder.parent / "canary.mp4"]
    for canary in canaries:
        canary.write_bytes(sound["mp4"])
        os.utime(canary, ns=(10**9, canary.stat().st_mtime_ns))
    with socket.create_server(("127.0.0.1", 0)) as doorbell:
        doorbell.settimeout(0.2)
        files = write_corpus(folder, sound, f"127.0.0.1:{doorbell.getsockname()[1]}")
        there = sorted(path.name for path in folder.iterdir())
        assert len(files) >= 500
        found = dict(zip(files, look_into_all(files), strict=True))
        with pytest.raises(TimeoutError):
            doorbell.accept()
    assert sorted(path.name for path in folder.iterdir()) == there
    assert [canary.stat().st_atime_ns for canary in canaries] == [10**9, 10**9]
    for path, said in found.items():
        assert isinstance(said, Looked | FileQuarantined), (path.name, said)
        if isinstance(said, FileQuarantined):
            assert len(str(said)) > 20, path.name
            assert not {"\n", str(folder)} & {*str(said)}, path.name
            assert str(folder) not in str(said), path.name
    # what is no recording at all is none of them, and what is one under an odd name is one
    for path, said in found.items():
        if path.name.startswith(("list-", "nested-", "bomb", "climbs", "links")):
            assert isinstance(said, FileQuarantined), (path.name, said)
        if path.name in NAMES or path.name.startswith("really-"):
            assert isinstance(said, Looked), (path.name, said)


def test_a_look_killed_from_outside_says_nothing_against_the_file(tmp_path: Path, sound: dict[str, bytes]) -> None:
    pipe = tmp_path / "never-ends.mp4"
    pipe.write_bytes(sound["mp4"])
    outcome: list[object] = []

    def look() -> None:
        try:
            outcome.append(look_into(pipe))
        except LookCutShort as error:
            outcome.append(error)

    looking = threading.Thread(target=look)
    looking.start()
    children = Path(f"/proc/self/task/{looking.native_id}/children")
    while not (pids := children.read_text().split()):
        assert looking.is_alive()
        time.sleep(0.001)
    os.kill(int(pids[0]), signal.SIGKILL)
    looking.join()
    (said,) = outcome
    assert isinstance(said, LookCutShort)
    shutil.rmtree(tmp_path)
