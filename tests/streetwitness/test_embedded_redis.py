"""The embedded Redis: kept alive, kept private, and its files never opened by two servers."""

import os
import signal
import subprocess
import sys
import textwrap
from contextlib import closing
from pathlib import Path
from stat import S_IMODE

import pytest
from redis import Redis
from redis.exceptions import ConnectionError as NoRedis

from streetwitness.embedded_redis import EmbeddedRedis, server_binary
from streetwitness.errors import AlreadyRunning
from tests.streetwitness.running import eventually


def client_of(embedded: EmbeddedRedis) -> closing[Redis]:
    return closing(Redis.from_url(embedded.url))


def is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_the_server_comes_with_the_package():
    binary = server_binary()
    assert binary is not None
    assert os.access(binary, os.X_OK)


def test_it_answers_on_a_socket_that_only_its_owner_may_reach_and_on_no_port(tmp_path):
    with EmbeddedRedis(tmp_path / "redis") as embedded, client_of(embedded) as client:
        assert client.ping()
        assert client.config_get("port") == {"port": "0"}
        assert S_IMODE(embedded.socket.parent.stat().st_mode) == 0o700
        assert S_IMODE(embedded.socket.stat().st_mode) == 0o700


def test_killed_it_comes_back_with_everything_it_had_written_down(tmp_path):
    """While an earlier fsync is still under way it may hold what it acknowledges back for a moment."""
    with EmbeddedRedis(tmp_path / "redis") as embedded:
        for round_ in range(3):
            with client_of(embedded) as client:
                for number in range(100):
                    client.rpush("queue", round_ * 100 + number)
                eventually(lambda client=client: client.info("persistence")["aof_buffer_length"] == 0)
            killed, restarts = embedded.pid, embedded.restarts
            assert killed is not None
            os.kill(killed, signal.SIGKILL)
            eventually(lambda before=restarts: embedded.restarts > before)
            assert embedded.pid != killed
        with client_of(embedded) as client:
            assert client.lrange("queue", 0, -1) == [str(number).encode() for number in range(300)]


def test_it_is_gone_when_the_block_ends_and_keeps_its_data_for_the_next(tmp_path):
    with EmbeddedRedis(tmp_path / "redis") as embedded:
        pid = embedded.pid
        assert pid is not None
        with client_of(embedded) as client:
            client.set("kept", "yes")
    assert not is_alive(pid)
    with EmbeddedRedis(tmp_path / "redis") as embedded, client_of(embedded) as client:
        assert client.get("kept") == b"yes"


def test_a_folder_too_deep_for_a_socket_gets_a_short_one_elsewhere(tmp_path):
    deep = tmp_path / ("long" * 20) / ("name" * 20)
    with EmbeddedRedis(deep) as embedded, client_of(embedded) as client:
        assert client.ping()
        assert len(str(embedded.socket)) < 100
        assert not embedded.socket.is_relative_to(tmp_path)
        assert S_IMODE(embedded.socket.parent.stat().st_mode) == 0o700
        assert (deep / "appendonly.aof").exists(), "the data stay where they were asked to be"
    embedded.socket.parent.rmdir()


def test_a_second_supervisor_on_the_same_folder_is_refused(tmp_path):
    with EmbeddedRedis(tmp_path / "redis") as embedded:
        with pytest.raises(AlreadyRunning, match="already runs on this data"):
            EmbeddedRedis(tmp_path / "redis").__enter__()
        with client_of(embedded) as client:
            assert client.ping(), "the one that runs is not disturbed"


def test_a_server_that_outlived_its_killed_supervisor_is_replaced_without_loss(tmp_path):
    script = textwrap.dedent(
        """
        import sys, time
        from pathlib import Path
        from streetwitness.embedded_redis import EmbeddedRedis
        with EmbeddedRedis(Path(sys.argv[1])) as embedded:
            print(embedded.pid, flush=True)
            time.sleep(600)
        """
    )
    with subprocess.Popen(
        [sys.executable, "-c", script, str(tmp_path / "redis")], stdout=subprocess.PIPE, text=True
    ) as supervisor:
        assert supervisor.stdout is not None
        orphan = int(supervisor.stdout.readline())
        with closing(Redis(unix_socket_path=str(tmp_path / "redis" / "redis.sock"))) as client:
            client.set("said", "before")
        supervisor.kill()
    assert is_alive(orphan)
    with EmbeddedRedis(tmp_path / "redis") as embedded, client_of(embedded) as client:
        assert not is_alive(orphan)
        assert client.get("said") == b"before"


def test_nothing_answers_before_it_is_started(tmp_path):
    with client_of(EmbeddedRedis(tmp_path / "redis")) as client, pytest.raises(NoRedis):
        client.ping()
