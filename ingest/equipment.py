"""The equipment of a watcher: database, vault, detector, networks, clock, and how its cameras look.

All its cameras share one; what stands in the street round a vehicle is detectors/surroundings.py.
"""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from evidence.vault import DiskCalls
from ingest.camera_address import Networks
from ingest.clock_asker import places
from ingest.look_desk import LookDesk
from ingest.packet_ring import PacketRing
from ingest.sampler import Sampling
from models.database import Sessions


class OurClock:
    """UTC that does not step: asked of the system once, and counted on by the monotonic clock."""

    def __init__(self) -> None:
        self._utc, self._monotonic_s = datetime.now(UTC), time.monotonic()

    def utc(self, monotonic_s: float | None = None) -> datetime:
        at_s = time.monotonic() if monotonic_s is None else monotonic_s
        return self._utc + timedelta(seconds=at_s - self._monotonic_s)


@dataclass(frozen=True)
class Equipment:
    """What all cameras of a watcher share."""

    sessions: Sessions
    vault_root: Path
    desk: LookDesk
    networks: Networks
    clock: OurClock
    sampling: Sampling
    ring: Callable[[], PacketRing]
    disk: DiskCalls | None = None
    sm3: bool = False
    newest_pictures: Path | None = None  # a folder for the newest picture of each camera; None: none is kept
    asked_at_once: threading.BoundedSemaphore = field(default_factory=places)  # for their time
