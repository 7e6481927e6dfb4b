"""The site for real: watchers, worker, relay and review desk under one supervisor; or some of them, on many machines.

A machine that runs only some processes needs a database and a Redis that the others reach too.
"""

import signal
import threading
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from types import FrameType

from streetwitness.errors import Misuse
from streetwitness.running_site import check_port, children, redis_of, say
from streetwitness.settings import Settings
from streetwitness.supervisor import Supervisor
from streetwitness.workplace import opened_workplace

PARTS = {
    "watch": "watcher",
    "work": "worker",
    "relay": "relay",
    "deadlines": "deadlines",
    "horns": "horns",
    "folder": "folder",
    "notary": "notary",
    "store": "copier",
    "web": "web",
}


def run_site(settings: Settings, only: Sequence[str]) -> None:
    """Serves until SIGTERM or Ctrl+C. Raises Misuse, StartError."""
    unknown = sorted(set(only) - PARTS.keys())
    if unknown:
        raise Misuse(f"there is no part {unknown[0]!r}; there are {', '.join(PARTS)}")
    there = PARTS.keys() - ({"store"} if settings.store_url is None else set())
    there -= {"folder"} if settings.inbox is None else set()
    parts = [part for part in PARTS if part in only or (part in there and not only)]
    if only and settings.redis_url is None and len({"work", "web"} & set(parts)) == 1:
        raise Misuse("worker and web on different machines need one Redis; name it with STREETWITNESS_REDIS_URL")
    if "web" in parts:
        check_port(settings.web_host, settings.web_port)
    stop = threading.Event()

    def ask_to_stop(_number: int, _frame: FrameType | None) -> None:
        stop.set()

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, ask_to_stop)
    many = {"watch": settings.watchers, "work": settings.workers, "web": settings.web_processes}
    names = [PARTS[part] for part in parts for _ in range(many.get(part, 1))]
    with opened_workplace(settings, make=True):
        pass  # data folder and schema, before several processes would make them at once
    with _bell(settings, parts) as redis_url, Supervisor(children(settings, redis_url, names), say):
        if "web" in parts:
            say("run", f"the review desk answers at http://{settings.web_host}:{settings.web_port}/")
        stop.wait()
        say("run", "stopping; evidence that is due is cut first")


def _bell(settings: Settings, parts: Sequence[str]) -> AbstractContextManager[str | None]:
    """Watchers and relay look into the database alone; no Redis is started for them."""
    return redis_of(settings) if {"work", "web"} & set(parts) else nullcontext()
