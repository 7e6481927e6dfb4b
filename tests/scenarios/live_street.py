"""The street under a live camera: a clip comes from an RTSP server that others wrote, and watchers follow it."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

from sqlalchemy import select

from cases import deadlines
from detectors.sightings import Detector
from evidence.vault import DiskCalls
from ingest.camera_address import Networks
from ingest.equipment import Equipment, OurClock
from ingest.look_desk import LookDesk
from ingest.packet_ring import PacketRing
from ingest.sampler import Sampling
from ingest.watcher import Watcher, holder_name
from models.database import Sessions, reading, transaction
from models.enums import CameraState
from models.incidents import CaseEvent, Incident, Sighting
from models.personal_data import PersonalDataKey
from models.places import Camera
from models.watching import CameraCondition, CameraConnection
from tests.detectors.stand_in import StandInDetector

LOOPBACK = Networks.of(["127.0.0.0/8"])
KEY = PersonalDataKey(b"k" * 32)
CAMERA = "gate-3"
PATIENCE = 4.0
Found = TypeVar("Found")


def connect(sessions: Sessions, url: str, camera_id: str = CAMERA) -> None:
    """The camera of the street is reached at this URL from now on."""
    with transaction(sessions) as session:
        session.get_one(Camera, camera_id).source = url
        session.merge(CameraConnection(camera_id=camera_id))


@dataclass
class Watching:
    """A watcher that runs in a thread of this process."""

    sessions: Sessions
    watcher: Watcher
    stop: threading.Event = field(default_factory=threading.Event)
    failures: list[BaseException] = field(default_factory=list)

    def run(self) -> None:
        try:
            self.watcher.run(self.stop)
        except BaseException as error:  # noqa: BLE001 - raised in the test's own thread
            self.failures.append(error)

    def escalate(self) -> None:
        """The deadlines of the site, as its own process works them off."""
        while not self.stop.wait(0.2):
            deadlines.work_off(self.sessions, lambda: datetime.now(UTC))


@contextmanager
def watching(
    sessions: Sessions,
    vault_root: Path,
    *,
    look_s: float = 1.0,
    idle_look_s: float | None = None,
    detector: Detector | None = None,
    lease_s: float = 6.0,
    disk: DiskCalls | None = None,
) -> Iterator[Watching]:
    with ExitStack() as stack:
        desk = stack.enter_context(LookDesk(detector or StandInDetector()))
        sampling = Sampling(look_s=look_s, idle_look_s=idle_look_s)
        equipment = Equipment(sessions, vault_root, desk, LOOPBACK, OurClock(), sampling, PacketRing, disk)
        own = Watching(sessions, Watcher(equipment, KEY, holder_name(), lease_s=lease_s))
        threads = [threading.Thread(target=own.run), threading.Thread(target=own.escalate)]
        for thread in threads:
            thread.start()
        try:
            yield own
        finally:
            own.stop.set()
            for thread in threads:
                thread.join()
    for failure in own.failures:
        raise failure


def wait_for(what: Callable[[], Found], within_s: float, why: str) -> Found:
    """The first true answer. within_s: what a machine of its own needs at most; shared ones get PATIENCE times that."""
    until = time.monotonic() + within_s * PATIENCE
    while True:
        found = what()
        if found:
            return found
        assert time.monotonic() < until, f"not within {within_s * PATIENCE:g} s: {why}"
        time.sleep(0.1)


def incidents(sessions: Sessions) -> list[Incident]:
    with reading(sessions) as session:
        return list(session.scalars(select(Incident).order_by(Incident.confirmed_at)))


def sightings(sessions: Sessions, incident: Incident) -> list[Sighting]:
    with reading(sessions) as session:
        return list(session.scalars(select(Sighting).where(Sighting.incident_id == incident.id).order_by(Sighting.at)))


def events(sessions: Sessions, incident: Incident) -> list[CaseEvent]:
    with reading(sessions) as session:
        return list(
            session.scalars(select(CaseEvent).where(CaseEvent.incident_id == incident.id).order_by(CaseEvent.seq))
        )


def conditions(sessions: Sessions, camera_id: str = CAMERA) -> list[CameraState]:
    """The states of a camera, oldest first."""
    with reading(sessions) as session:
        rows = session.scalars(
            select(CameraCondition).where(CameraCondition.camera_id == camera_id).order_by(CameraCondition.since_at)
        )
        return [row.state for row in rows]
