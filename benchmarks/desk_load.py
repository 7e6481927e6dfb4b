"""The desk under load: reviewers who decide and viewers who watch, against the real server in its own processes.

    python -m benchmarks.desk_load [--reviewers 50] [--viewers 200] [--seconds 60] [--incidents 10000] [--database URL]
        [--web-processes N]

`streetwitness run --only web` serves a site of so many incidents; every browser is a connection of its own with the
session of its own user. A reviewer every ten seconds reads the queue, opens an incident, plays its clip by two ranges,
takes another on and puts it back. Half of the viewers have the queue open: they hold its live feed, and ask for their
rows again when it says that something changed, resting as the page does (review_ui/static/queue.js). The others have
the wall open, ask for its state every five seconds and for a picture every other time. They begin at random within the
first ten seconds, and these are not counted.

Printed are the requests, how long they took (median, 95th of a hundred), what went wrong, and the processor time that
the server took a request. The browsers run in this process and take processor time themselves, on the same machine.
Without --database it is SQLite; give one that is empty, it is filled. As many processes serve as the program starts by
itself on this machine, or as --web-processes says. A JSON line is printed last; the status is 1
where the 95th of a hundred is over 300 ms or something went wrong.
"""

import argparse
import asyncio
import json
import os
import random
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import uuid
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx
from sqlalchemy import select

from benchmarks.desk import exhibits, fill
from cases import accounts, sign_in, viewing
from evidence.vault import Vault
from models.database import open_database, sessions_of, sqlite_url, transaction, upgrade
from models.enums import ExhibitKind, IncidentState, Role
from models.exhibits import Exhibit
from models.incidents import Incident
from review_ui.desk import now
from streetwitness.embedded_redis import EmbeddedRedis
from streetwitness.settings import DataDir, usual_web_processes
from tests.review_ui.conftest import PASSWORD, add_reviewed_street
from tests.rows import NOON

ROUND_S = 10.0  # between what one person does and does again
WARMING_S = 10.0
TOGETHER_S, SPREAD_S, WALL_EVERY_S = 0.15, 1.0, 5.0  # as the pages do; so the next
REST, LEAST_REST_S, LONGEST_REST_S = 50, 2.0, 15.0
FIRST_RANGE, SECOND_RANGE = "bytes=0-65535", "bytes=1000000-1262143"
PATIENCE_S = 30.0
UP_AFTER_S = 120.0
ALLOWED_P95_MS = 300
TICKS_A_SECOND = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Person:
    token: str
    csrf_token: str


@dataclass(frozen=True)
class Filled:
    """What the people ask for: the incident that has a clip and its exhibits, and others that wait."""

    incident_id: uuid.UUID
    clip_id: uuid.UUID
    still_id: uuid.UUID
    waiting: list[uuid.UUID]
    reviewers: list[Person]
    viewers: list[Person]


@dataclass
class Figures:
    taken_ms: dict[str, list[float]] = field(default_factory=dict)
    wrong: Counter[str] = field(default_factory=Counter)
    events: int = 0
    counts: bool = False  # once everybody has begun

    def add(self, what: str, taken_ms: float, status: int) -> None:
        if status >= 400:
            self.wrong[f"{what}: {status}"] += 1
        if self.counts:
            self.taken_ms.setdefault(what, []).append(taken_ms)


def fill_site(data: DataDir, database: str, count: int, reviewers: int, viewers: int) -> Filled:
    data.make()
    engine = open_database(database)
    upgrade(engine)
    sessions = sessions_of(engine)
    with Vault.open(data.vault) as vault, transaction(sessions) as session:
        street = add_reviewed_street(session, vault, exhibits, {})
        fill(session, street, count - 1)
        of_kind = {each.kind: each.id for each in session.query(Exhibit).filter_by(incident_id=street.incident.id)}
        waiting = select(Incident.id).where(Incident.state == IncidentState.DRAFTED).limit(5 * reviewers)
        filled = Filled(
            street.incident.id,
            of_kind[ExhibitKind.CLIP],
            of_kind[ExhibitKind.STILL],
            list(session.scalars(waiting)),
            [],
            [],
        )
    for people, number, role in (
        (filled.reviewers, reviewers, Role.LEGAL_REVIEWER),
        (filled.viewers, viewers, Role.MONITOR),
    ):
        with transaction(sessions) as session:
            first = accounts.add_user(
                session, name=f"{role.value}-0", display_name="甲", password=PASSWORD, role=role, at=NOON
            )
            for each in range(1, number):
                other = accounts.add_user(
                    session, name=f"{role.value}-{each}", display_name="乙", password=PASSWORD, role=role, at=NOON
                )
                other.password_hash = first.password_hash
        for each in range(number):
            with transaction(sessions) as session:
                opened = sign_in.sign_in(session, f"{role.value}-{each}", PASSWORD, at=now())
                assert opened is not None
                if role is Role.LEGAL_REVIEWER:
                    viewing.state_reason(session, opened[0], filled.incident_id, reason="review", at=now())
                people.append(Person(opened[1], opened[0].csrf_token))
    engine.dispose()
    return filled


@contextmanager
def server(folder: Path, database: str | None, redis_url: str, web_processes: int) -> Iterator[tuple[str, int]]:
    """The address of the running desk, and the process above all of its own."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environment = os.environ | {"STREETWITNESS_DATA_DIR": str(folder), "STREETWITNESS_WEB_PORT": str(port)}
    environment |= {"STREETWITNESS_REDIS_URL": redis_url, "STREETWITNESS_WEB_PROCESSES": str(web_processes)}
    environment |= {} if database is None else {"STREETWITNESS_DATABASE_URL": database}
    with (folder / "server.log").open("wb") as log:
        running = subprocess.Popen(
            [sys.executable, "-m", "streetwitness", "run", "--only", "web"],
            env=environment,
            stdout=log,
            stderr=log,
        )
    url = f"http://127.0.0.1:{port}"
    try:
        deadline = time.monotonic() + UP_AFTER_S
        while True:
            try:
                httpx.get(f"{url}/healthz", trust_env=False).raise_for_status()
                break
            except httpx.TransportError:
                assert running.poll() is None, (folder / "server.log").read_text()
                assert time.monotonic() < deadline, "the server did not answer"
                time.sleep(0.2)
        yield url, running.pid
    finally:
        running.send_signal(signal.SIGTERM)
        running.wait(30)


def processor_s(root: int) -> float:
    """What this process and all below it have taken so far."""
    parents, taken = {}, {}
    for entry in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = entry.read_text().rpartition(")")[2].split()
        except (FileNotFoundError, ProcessLookupError):
            continue  # it has ended meanwhile
        process = int(entry.parent.name)
        parents[process], taken[process] = int(fields[1]), int(fields[11]) + int(fields[12])

    def is_below(process: int | None) -> bool:
        return process is not None and (process == root or is_below(parents.get(process)))

    return sum(ticks for process, ticks in taken.items() if is_below(process)) / TICKS_A_SECOND


class Visitor:
    """One person's browser."""

    def __init__(self, url: str, person: Person, figures: Figures) -> None:
        headers = {"accept": "text/html", "accept-language": "zh", "sec-fetch-site": "same-origin"}
        self._browser = httpx.AsyncClient(
            base_url=url, headers=headers, cookies={"session": person.token}, trust_env=False, timeout=PATIENCE_S
        )
        self._person, self._figures = person, figures

    async def asks(self, what: str, path: str, *, form: bool = False, **more: str) -> None:
        began = time.perf_counter()
        try:
            if form:
                answer = await self._browser.post(path, data={"csrf_token": self._person.csrf_token})
            else:
                answer = await self._browser.get(path, headers=more)
        except httpx.HTTPError as error:
            self._figures.wrong[f"{what}: {type(error).__name__}"] += 1
            return
        self._figures.add(what, 1000 * (time.perf_counter() - began), answer.status_code)

    def says_wrong(self, what: str) -> None:
        self._figures.wrong[what] += 1

    async def listens(self, changed: asyncio.Event) -> None:
        async with self._browser.stream(
            "GET", "/queue/events", timeout=None, headers={"accept": "text/event-stream"}
        ) as stream:
            if stream.status_code != 200:
                self._figures.wrong[f"events: {stream.status_code}"] += 1
            async for line in stream.aiter_lines():
                if line == "event: changed":
                    self._figures.events += 1
                    changed.set()

    async def leaves(self) -> None:
        await self._browser.aclose()


async def begins() -> None:
    await asyncio.sleep(random.uniform(0, WARMING_S))


async def reviews(visitor: Visitor, filled: Filled, number: int, until: float) -> None:
    await begins()
    turn = 0
    while time.monotonic() < until:
        next_at = time.monotonic() + ROUND_S
        own = filled.waiting[(5 * number + turn % 5) % len(filled.waiting)]
        await visitor.asks("queue", "/?state=drafted&state=uncertain&state=returned")
        await visitor.asks("incident", f"/incidents/{filled.incident_id}")
        await visitor.asks("clip", f"/media/{filled.clip_id}", range=FIRST_RANGE)
        await visitor.asks("clip", f"/media/{filled.clip_id}", range=SECOND_RANGE)
        await visitor.asks("take", f"/incidents/{own}/claim", form=True)
        await visitor.asks("put back", f"/incidents/{own}/put-back", form=True)
        turn += 1
        await asyncio.sleep(max(0.0, next_at - time.monotonic()))
    await visitor.leaves()


async def watches_the_queue(visitor: Visitor, filled: Filled, number: int, until: float) -> None:
    await begins()
    await visitor.asks("queue", "/")
    await visitor.asks("thumbnail", f"/thumbnails/{filled.still_id}")
    changed = asyncio.Event()
    listening = asyncio.create_task(visitor.listens(changed))
    path = "/queue/rows" if number % 4 else f"/queue/rows?camera=camera-{number % 60}"
    while (left := until - time.monotonic()) > 0:
        try:
            await asyncio.wait_for(changed.wait(), left)
        except TimeoutError:
            break
        await asyncio.sleep(TOGETHER_S + random.uniform(0, SPREAD_S))
        changed.clear()
        began = time.monotonic()
        await visitor.asks("rows", path)
        await asyncio.sleep(min(max(REST * (time.monotonic() - began), LEAST_REST_S), LONGEST_REST_S))
    if listening.done():
        visitor.says_wrong("events: ended")
    listening.cancel()
    await asyncio.gather(listening, return_exceptions=True)
    await visitor.leaves()


async def watches_the_wall(visitor: Visitor, filled: Filled, number: int, until: float) -> None:
    await begins()
    await visitor.asks("wall", "/wall")
    turn = number
    while time.monotonic() < until:
        await asyncio.sleep(WALL_EVERY_S)
        await visitor.asks("wall state", "/wall/state")
        if turn % 2:
            await visitor.asks("thumbnail", f"/thumbnails/{filled.still_id}")
        turn += 1
    await visitor.leaves()


async def load(url: str, filled: Filled, seconds: float, server_process: int) -> tuple[Figures, float]:
    """What was measured, and the processor time of the server meanwhile."""
    figures = Figures()
    until = time.monotonic() + WARMING_S + seconds
    people = [
        doing(Visitor(url, person, figures), filled, number, until)
        for persons, doing in (
            (filled.reviewers, reviews),
            (filled.viewers[::2], watches_the_queue),
            (filled.viewers[1::2], watches_the_wall),
        )
        for number, person in enumerate(persons)
    ]
    everybody = asyncio.gather(*people)
    await asyncio.sleep(WARMING_S)
    figures.counts, before = True, processor_s(server_process)
    await asyncio.sleep(seconds)
    taken = processor_s(server_process) - before
    await everybody
    return figures, taken


def p95(taken: list[float]) -> float:
    return sorted(taken)[max(-(-95 * len(taken) // 100) - 1, 0)]


def main(asked: argparse.Namespace) -> int:
    with tempfile.TemporaryDirectory() as folder:
        data = DataDir(Path(folder))
        database = asked.database or sqlite_url(data.database)
        filled = fill_site(data, database, asked.incidents, asked.reviewers, asked.viewers)
        with (
            EmbeddedRedis(data.redis) as redis,
            server(Path(folder), asked.database, redis.url, asked.web_processes) as (url, server_process),
        ):
            figures, processor = asyncio.run(load(url, filled, asked.seconds, server_process))
    every = [each for taken in figures.taken_ms.values() for each in taken]
    for what, taken in sorted(figures.taken_ms.items()):
        print(f"{what:12} {len(taken):6}  median {statistics.median(taken):7.1f} ms  p95 {p95(taken):7.1f} ms")
    for what, count in sorted(figures.wrong.items()):
        print(f"wrong: {count} × {what}")
    summary = {
        "reviewers": asked.reviewers,
        "viewers": asked.viewers,
        "incidents": asked.incidents,
        "web_processes": asked.web_processes,
        "database": "postgresql" if asked.database else "sqlite",
        "requests": len(every),
        "requests_a_second": round(len(every) / asked.seconds, 1),
        "events": figures.events,
        "wrong": sum(figures.wrong.values()),
        "median_ms": round(statistics.median(every), 1),
        "p95_ms": round(p95(every), 1),
        "server_processor_ms_a_request": round(1000 * processor / len(every), 1),
    }
    print(json.dumps(summary))
    return 0 if summary["p95_ms"] <= ALLOWED_P95_MS and not figures.wrong else 1


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--reviewers", type=int, default=50)
    parser.add_argument("--viewers", type=int, default=200)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--incidents", type=int, default=10_000)
    parser.add_argument("--database")
    parser.add_argument("--web-processes", type=int, default=usual_web_processes())
    sys.exit(main(parser.parse_args()))
