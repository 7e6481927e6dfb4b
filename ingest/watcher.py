"""The watcher: one process that carries many cameras, each under a lease, each in a thread of its own.

Every few seconds it renews its leases and puts on record how its cameras are, gives up what it lost, takes what is free
up to its share, and notices what was changed about its cameras. It holds nothing that another watcher could not take
up.
"""

import logging
import os
import secrets
import socket
import threading
import time
from collections.abc import Collection, Mapping

from ingest import leases
from ingest.equipment import Equipment
from ingest.leases import LEASE_S, RENEW_EVERY_S, TakenCamera
from ingest.live_camera import LiveCamera
from ingest.watched_cameras import WatchedCamera, keep_reports, load_cameras
from models.database import reading, transaction
from models.personal_data import PersonalDataKey

log = logging.getLogger(__name__)

SAFETY_S = 2.0  # before its lease ends a camera is given up: the other's clock may be a little fast
STOPS_WITHIN_S = 15.0  # evidence that is due is cut before a camera is let go


def holder_name() -> str:
    """This process among all watchers; a new one each start, so that nobody goes on with a dead one's leases."""
    return f"{socket.gethostname()[:60]}:{os.getpid()}:{secrets.token_hex(4)}"


class Watcher:
    """`run` until `stop` is set. What fails in a camera's thread comes out of `run`."""

    def __init__(self, equipment: Equipment, key: PersonalDataKey, holder: str, *, lease_s: float = LEASE_S) -> None:
        self._equipment, self._key, self.holder, self._lease_s = equipment, key, holder, lease_s
        self._cameras: dict[str, LiveCamera] = {}
        self._leaving: list[LiveCamera] = []

    def run(self, stop: threading.Event) -> None:
        try:
            while not stop.is_set():
                self.turn()
                stop.wait(min(RENEW_EVERY_S, self._lease_s / 3))
        finally:
            self._leave_all()

    def turn(self) -> None:
        """One round of renewing, taking and giving back."""
        self._raise_failures()
        self._renew()
        self._give_back_surplus()
        self._notice_changes()
        for taken in self._take():
            self._begin(taken)
        self._let_go()

    @property
    def fences(self) -> Mapping[str, int]:
        return {camera_id: camera.fence for camera_id, camera in self._cameras.items()}

    def _raise_failures(self) -> None:
        for camera in self._cameras.values():
            if camera.failure is not None:
                raise camera.failure

    def _renew(self) -> None:
        asked_s, at = time.monotonic(), self._equipment.clock.utc()
        with transaction(self._equipment.sessions) as session:
            held = leases.renew(session, holder=self.holder, fences=self.fences, at=at, lease_s=self._lease_s)
            # of all cameras at once: a transaction of its own for each would be a wait for the disk for each
            reports = {camera_id: self._cameras[camera_id].report for camera_id in sorted(held)}
            keep_reports(session, {camera_id: each for camera_id, each in reports.items() if each is not None})
        for camera_id, camera in list(self._cameras.items()):
            if camera.join(0):
                self._stop(camera_id)  # it ended by itself, without its lease or without the database
            elif camera_id in held:
                camera.lease_until_s = asked_s + self._lease_s - min(SAFETY_S, self._lease_s / 4)
            else:
                log.warning("lost a camera", extra={"camera": camera_id})
                camera.lease_until_s = 0.0
                self._stop(camera_id)

    def _take(self) -> list[TakenCamera]:
        at = self._equipment.clock.utc()
        with transaction(self._equipment.sessions) as session:
            share = self._share(leases.holders(session, at=at), leases.watched_cameras(session))
            room = share - len(self._cameras)
            taken = leases.take(session, holder=self.holder, at=at, lease_s=self._lease_s, most=room)
            if not taken and not self._cameras:
                knocked = leases.knock(session, holder=self.holder, at=at, lease_s=self._lease_s)
                taken = [knocked] if knocked is not None else []
        return taken

    def _share(self, holders: Mapping[str, int], watched: int) -> int:
        return leases.fair_share(watched, len({*holders, self.holder}))

    def _give_back_surplus(self) -> None:
        at = self._equipment.clock.utc()
        with reading(self._equipment.sessions) as session:
            share = self._share(leases.holders(session, at=at), leases.watched_cameras(session))
        dwelling = {camera_id: camera.dwelling for camera_id, camera in self._cameras.items()}
        for camera_id in leases.surplus(dwelling, share):
            log.info("giving a camera to another watcher", extra={"camera": camera_id})
            self._stop(camera_id)

    def _notice_changes(self) -> None:
        """A camera that was changed is begun anew: it goes on with what it remembers."""
        newest = self._load(self._cameras)
        for camera_id, running in list(self._cameras.items()):
            if camera_id not in newest or running.camera.needs_restart(newest[camera_id]):
                self._stop(camera_id)
            elif (forgotten_at := newest[camera_id].forgotten_at) is not None:
                running.learn_anew(forgotten_at)

    def _load(self, camera_ids: Collection[str]) -> dict[str, WatchedCamera]:
        with reading(self._equipment.sessions) as session:
            return load_cameras(session, camera_ids, self._key, self._equipment.clock.utc())

    def _begin(self, taken: TakenCamera) -> None:
        camera = self._load([taken.camera_id]).get(taken.camera_id)
        if camera is None:
            return
        until_s = time.monotonic() + self._lease_s - min(SAFETY_S, self._lease_s / 4)
        live = LiveCamera(camera, taken.fence, self._equipment, until_s)
        self._cameras[taken.camera_id] = live
        live.start()
        log.info("watching", extra={"camera": taken.camera_id, "fence": taken.fence})

    def _stop(self, camera_id: str) -> None:
        camera = self._cameras.pop(camera_id)
        camera.stop()
        self._leaving.append(camera)

    def _let_go(self, within_s: float = 0.0) -> None:
        """Gives back the leases of the cameras whose threads have ended; nobody else may begin before that."""
        until_s = time.monotonic() + within_s
        still: list[LiveCamera] = []
        for camera in self._leaving:
            if not camera.join(max(until_s - time.monotonic(), 0.0)):
                still.append(camera)
                continue
            with transaction(self._equipment.sessions) as session:
                fences = {camera.camera.camera_id: camera.fence}
                leases.release(session, holder=self.holder, fences=fences, at=self._equipment.clock.utc())
        self._leaving = still

    def _leave_all(self) -> None:
        for camera_id in list(self._cameras):
            self._stop(camera_id)
        self._let_go(STOPS_WITHIN_S)
        for camera in self._leaving:
            log.warning("a camera did not end in time; its lease runs out", extra={"camera": camera.camera.camera_id})
