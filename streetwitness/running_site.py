"""What every running site has under it, the demo's and the real one's: a Redis, the processes, a port to answer on."""

import socket
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from streetwitness.embedded_redis import EmbeddedRedis
from streetwitness.errors import PortTaken
from streetwitness.settings import PREFIX, Settings
from streetwitness.supervisor import Child


def say(name: str, line: str) -> None:
    sys.stderr.write(f"{name:>8} | {line}\n")


def check_port(host: str, port: int) -> None:
    """Raises PortTaken."""
    with socket.socket() as trial:
        trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            trial.bind((host, port))
        except OSError as error:
            raise PortTaken(host, port, error.strerror or str(error)) from error


@contextmanager
def redis_of(settings: Settings) -> Iterator[str]:
    """The URL of the Redis the settings name, else of one that lives as long as the site."""
    if settings.redis_url is not None:
        yield settings.redis_url.get_secret_value()
        return
    with EmbeddedRedis(settings.data.redis) as embedded:
        yield embedded.url


def children(settings: Settings, redis_url: str | None, names: Sequence[str]) -> list[Child]:
    """The processes of these names; one that is named twice runs twice."""
    environment = {
        f"{PREFIX}DATA_DIR": str(settings.data_dir),
        f"{PREFIX}WEB_PORT": str(settings.web_port),
        f"{PREFIX}WEB_PROCESSES": str(max(names.count("web"), 1)),
    }
    if redis_url is not None:
        environment[f"{PREFIX}REDIS_URL"] = redis_url
    command = (sys.executable, "-m", "streetwitness", "process")
    return [
        Child(name if names.count(name) == 1 else f"{name}-{number}", (*command, name), environment)
        for number, name in enumerate(names, start=1)
    ]
