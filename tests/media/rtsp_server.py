"""RTSP servers that others wrote, serving our clips on loopback as cameras would.

`RtspServer` is aio-rtsp-toolkit: no authentication, RTP over TCP alone; every client sees the clip from its beginning,
and round again with `?play_count=0`. `GstRtspServer` is GStreamer's, run by the system's own Python where it is
installed: passwords, UDP and H.265, and sender reports whose clock is the real one; the clip ends where it ends.

Both are processes that a test may kill, freeze and start again at the same address.
"""

import contextlib
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Self

import pytest

from tests.free_port import free_port
from tests.patience import PATIENCE_S

SYSTEM_PYTHON = "/usr/bin/python3"
GST_PLAYER = Path(__file__).with_name("gst_player.py")


def accepts(port: int) -> bool:
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
        return True
    return False


class ServerProcess:
    """A camera's network side: on, frozen, or gone. Context manager; nothing runs before `start`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = free_port()
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.kill()

    def command(self) -> list[str]:
        raise NotImplementedError

    @property
    def runs(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def start(self) -> None:
        """Returns when the port takes connections."""
        assert not self.runs
        self._process = subprocess.Popen(
            self.command(), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        give_up_at = time.monotonic() + PATIENCE_S
        while not accepts(self.port):
            assert self._process.poll() is None, f"{self.command()[0]} ended with {self._process.returncode}"
            assert time.monotonic() < give_up_at, "the RTSP server does not take connections"
            time.sleep(0.05)

    def kill(self) -> None:
        """Power cut: no goodbye to the clients."""
        if self._process is None:
            return
        self._process.kill()
        self._process.wait()
        self._process = None

    def restart(self) -> None:
        """On again at the same address, killed first if it still ran."""
        self.kill()
        self.start()

    def freeze(self) -> None:
        """The connection stays open and nothing comes any more."""
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        assert self._process is not None
        self._process.send_signal(signal.SIGCONT)


class RtspServer(ServerProcess):
    """Give it a clip, get its URL: `url = server(clip)`; MP4 or MKV with H.264 or H.265, without B-frames."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self._control_port = free_port()

    def __call__(self, clip: Path, *, loops: bool = True) -> str:
        place = self.folder / clip.name
        if not place.exists():
            shutil.copyfile(clip, place)
        if not self.runs:
            self.start()
        return f"rtsp://127.0.0.1:{self.port}/{clip.name}?play_count={0 if loops else 1}"

    def command(self) -> list[str]:
        return [
            str(Path(sys.executable).with_name("rtsp-server")),
            *("--dir", str(self.folder), "--host", "127.0.0.1"),
            *("--port", str(self.port), "--control-port", str(self._control_port)),
        ]


class GstRtspServer(ServerProcess):
    """`url = server(clip)`; asks for a name and a password where `password` says so. `why_not()` before use."""

    def __init__(self, folder: Path, *, codec: str = "h264", password: tuple[str, str] | None = None) -> None:
        super().__init__(folder)
        self._codec, self._password = codec, password
        self._clip: Path | None = None

    @staticmethod
    def why_not() -> str | None:
        """What is missing here to run it; None: nothing."""
        if not Path(SYSTEM_PYTHON).exists():
            return f"no {SYSTEM_PYTHON}"
        check = subprocess.run([SYSTEM_PYTHON, str(GST_PLAYER), "--check"], capture_output=True, text=True, check=False)
        return None if check.returncode == 0 else f"GStreamer's RTSP server is not installed: {check.stderr[-200:]}"

    def __call__(self, clip: Path) -> str:
        """The one clip it serves, at path /camera; start it with another one and it is another camera."""
        assert not self.runs
        self._clip = clip
        self.start()
        return f"rtsp://127.0.0.1:{self.port}/camera"

    def command(self) -> list[str]:
        assert self._clip is not None
        login = [] if self._password is None else ["--login", *self._password]
        player = [SYSTEM_PYTHON, str(GST_PLAYER), "--port", str(self.port), "--codec", self._codec]
        return [*player, *login, str(self._clip)]


@contextlib.contextmanager
def gst_server(
    folder: Path, *, codec: str = "h264", password: tuple[str, str] | None = None
) -> Iterator[GstRtspServer]:
    """A GStreamer server, or a skip that says what is missing."""
    missing = GstRtspServer.why_not()
    if missing is not None:
        pytest.skip(missing)
    with GstRtspServer(folder, codec=codec, password=password) as server:
        yield server
