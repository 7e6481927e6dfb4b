"""The views of a live camera: which of them its picture is of, what is looked at, and who is told what was seen.

A fixed camera has one view, and the picture is always of it. A dome has one for each preset of its tour, and between
them a time in which its picture is of none. Looks are made of the main stream, or of the small one while it is there;
the ring, and so every exhibit, is of the main stream. All of it belongs to the camera's thread.
"""

import logging
import time
import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime

from detectors.sightings import Look
from evidence.vault import Vault
from ingest.camera_address import parse_onvif_url, resolve
from ingest.camera_health import Health, Watchdog
from ingest.camera_memory import CameraMemory
from ingest.camera_view import View
from ingest.camera_worker import CameraWorker
from ingest.decoding import FrameDecoder
from ingest.dome import Dome
from ingest.dome_arm import DEADLINE_S, DomeArm
from ingest.equipment import Equipment
from ingest.errors import FingerprintUnreadable
from ingest.exhibits import ExhibitMaker
from ingest.fences import FenceInForce
from ingest.live_stream import LivePacket
from ingest.live_time import Gap
from ingest.newest_picture import NewestPictureKeeper
from ingest.onvif_device import OnvifDevice
from ingest.packet_source import StreamFacts, TimedPacket
from ingest.stream_template import StreamTemplate
from ingest.sub_stream import Closed, News, Opened
from ingest.sub_sweep import SubTime
from ingest.tour import Tour
from ingest.watched_cameras import WatchedCamera
from ingest.witness import Witness

log = logging.getLogger(__name__)

LAST_LOOK_WITHIN_S = 3.0  # a look that was asked for before the connection or the view went is waited for
NO_CONNECTION, NOBODY_WATCHED = "no connection to the camera", "nobody watched"


class LiveViews:
    """`connected`, then `take` for every packet, `take_in_what_was_seen` and `drive` after it; `disconnected`.

    learnt: how each view looks, by preset. utc: of a media second. is_ours: whether the camera may be moved. looked: is
    told the second of every look.
    """

    def __init__(
        self,
        camera: WatchedCamera,
        equipment: Equipment,
        witness: Witness,
        vault: Vault,
        learnt: Mapping[str, bytes | None],
        *,
        utc: Callable[[float], datetime],
        is_ours: Callable[[], bool],
        looked: Callable[[float], None],
    ) -> None:
        self._camera, self._equipment, self._witness, self._vault = camera, equipment, witness, vault
        self._utc, self._looked = utc, looked
        self._seat, self._ring = equipment.desk.seat(), equipment.ring()
        self._newest_picture = NewestPictureKeeper(equipment.newest_pictures, camera.camera_id)
        self._views = {
            view.preset: View(view.preset, self._worker_for(view.fences), self._watchdog_of(learnt[view.preset]))
            for view in camera.views
        }
        self._view = next(iter(self._views.values()))  # that is on, or that the dome was sent to
        self._dome: Dome | None = None
        if camera.stops:
            arm = DomeArm(self._onvif_device, is_ours, camera.camera_id)
            self._dome = Dome(self._views, Tour(camera.stops), arm, self._leave, camera.camera_id)
        self._waited_for: set[str] = set()
        self._small: StreamFacts | None = None
        self._sub_time = SubTime()
        self._template: StreamTemplate | None = None

    def _worker_for(self, fences: Sequence[FenceInForce]) -> CameraWorker:
        equipment = self._equipment
        return CameraWorker(
            fences, self._witness, sampling=equipment.sampling, ring=self._ring, find=equipment.desk.ask
        )

    def _watchdog_of(self, fingerprint: bytes | None) -> Watchdog:
        try:
            return Watchdog(fingerprint)
        except FingerprintUnreadable as error:
            log.warning("%s", error, extra={"camera": self._camera.camera_id})
            return Watchdog()

    def _onvif_device(self) -> OnvifDevice:
        camera, equipment = self._camera, self._equipment
        assert camera.onvif_url is not None, "there is no tour without it"
        url = parse_onvif_url(camera.onvif_url)
        return OnvifDevice(
            url,
            resolve(url, equipment.networks)[0],
            username=camera.username,
            password=camera.password,
            deadline_s=DEADLINE_S,
            now=equipment.clock.utc,
        )

    # --- the connection

    def connected(self, template: StreamTemplate, memory: Mapping[str, CameraMemory], at_s: float) -> None:
        """Packets of this stream follow. memory: what the watcher before this one knew of each view."""
        self._template = template
        for preset, known in memory.items():
            view = self._views.get(preset)
            if view is not None:
                view.worker.connected(template)
                view.worker.recall(known)
                view.leave(NOBODY_WATCHED)
        self._begin(at_s)

    def _begin(self, at_s: float) -> None:
        now_s = time.monotonic()
        if self._dome is None:
            self._view.enter(self._of_now(), self._small, at_s, now_s)
        else:
            self._view.watchdog.connected(now_s)
            self._dome.connected(self._decoder())

    def _of_now(self) -> StreamTemplate:
        assert self._template is not None, "connected"
        return self._template

    def _decoder(self) -> FrameDecoder:
        return FrameDecoder(self._of_now().facts, self._utc)

    def wait_for_looks(self) -> None:
        self._seat.wait(LAST_LOOK_WITHIN_S)

    def disconnected(self) -> None:
        """What was seen before is taken in, and what is due is cut from what there is."""
        self.take_in_what_was_seen()
        if self._dome is None:
            self._view.worker.keep_young_stops()
            self._view.worker.disconnected()  # how long there was no connection, the times of its packets tell
            return
        if self._dome.binds:
            self._view.leave(NO_CONNECTION)
        self._dome.give_up_near()

    def forget(self, why: str, at_s: float) -> None:
        """Nothing that stood in the old pictures is where it was: none of it goes on, and none is said to have left."""
        self.wait_for_looks()
        self._seat.seen()
        for known in self._camera.views:
            view = self._views[known.preset]
            view.worker.end(why)
            view.worker, view.watchdog = self._worker_for(known.fences), Watchdog()
            view.away_from_s = None
        self._begin(at_s)

    # --- what comes

    @property
    def _binds(self) -> bool:
        """Is the picture the one of the view that is on?"""
        return self._dome is None or self._dome.binds

    def gap(self, gap: Gap) -> None:
        """Nothing is known of this time. While no view is on, the gap that ends with it holds it too."""
        if self._binds:
            self._view.worker.gap(gap.from_s, gap.to_s, gap.why)

    def take(self, timed: TimedPacket, packet: LivePacket) -> None:
        """A packet of the main stream, with its place in time."""
        self._sub_time.main(timed.media_s, packet)
        if self._dome is not None and not self._dome.binds:
            self._take_while_no_view_is_on(timed, self._dome)
        if self._binds:
            for look in self._view.worker.take(timed):
                self._show(look, packet.arrival_s)
        self._view.watchdog.packet(packet.arrival_s)

    def _take_while_no_view_is_on(self, packet: TimedPacket, dome: Dome) -> None:
        now_s = time.monotonic()
        look = dome.take(packet, now_s)
        if look is not None:
            self._seat.show(look)
        if dome.binds:
            self._view.enter(self._of_now(), self._small, packet.media_s, now_s)

    def small_stream(self, news: Iterable[News]) -> None:
        """Looks are made of it as long as it is there, and of the main stream while it is not."""
        for each in news:
            if isinstance(each, LivePacket):
                timed = self._sub_time.timed(each)
                if timed is not None and self._binds:
                    for look in self._view.worker.take_small(timed):
                        self._show(look, each.arrival_s)
                continue
            if isinstance(each, Opened):
                self._sub_time.opened(each.facts)
            self._small = None if isinstance(each, Closed) else each.facts
            if self._binds:
                self._view.worker.looks_at(self._small)

    def _show(self, look: Look, arrival_s: float) -> None:
        view = self._view
        view.watchdog.look(look.frame.luma, arrival_s)
        if self._dome is not None:
            self._dome.looked(time.monotonic())
        if self._dome is None or self._dome.near is None:  # a plate seen near is not what the view looks like
            self._newest_picture.offer(look.frame, arrival_s, view.preset)
        if not view.watchdog.usable:
            return
        if self._binds and self._seat.is_free and view.worker.shows_as_before(look):
            view.worker.take_in(look, None)
            self._looked(look.frame.media_s)
        else:
            self._seat.show(look)

    def take_in_what_was_seen(self) -> bool:
        """What the detector has found since the last call; whether there was anything."""
        near = None if self._dome is None else self._dome.near
        seen = self._seat.seen()
        for look, detections in seen:
            if near is not None:
                near.seen(look, detections)
            else:
                self._view.worker.take_in(look, detections)
            self._looked(look.frame.media_s)
        return bool(seen)

    def health(self, at_s: float) -> Health | None:
        """Of the view that is on; None while none is."""
        return self._view.watchdog.tick(at_s) if self._binds else None

    # --- the dome

    def drive(self) -> str | None:
        """Has the dome do what is due. What went wrong, in a sentence."""
        dome, now_s = self._dome, time.monotonic()
        if dome is None:
            return None
        if dome.near is not None and dome.is_near_enough(now_s):
            self.wait_for_looks()
            self.take_in_what_was_seen()
            dome.near.finish(ExhibitMaker(self._of_now(), self._decoder(), self._vault, self._utc, None), self._witness)
            dome.back(now_s)
        wrong = dome.drive(now_s, self._equipment.clock.utc(), self._waited_for)
        self._view = dome.view
        return wrong

    def _leave(self, why: str) -> None:
        """The dome is about to move: what was seen before is taken in first."""
        self.wait_for_looks()
        self.take_in_what_was_seen()
        self._view.leave(why)

    def see_what_is_waited_for(self) -> None:
        """Now and then: whose look is asked for in which view; where none is, a plate may be gone near for."""
        if self._dome is None:
            return
        self._waited_for = {
            preset for preset, view in self._views.items() if self._witness.looks_wanted(view.worker.followed())
        }
        worker, zoom = self._view.worker, self._camera.plate_zoom
        if zoom is None or self._waited_for or not self._dome.binds:
            return
        if worker.holds or not self._view.watchdog.usable:
            return
        unread = worker.unread()
        if unread:
            worker.is_sought(unread[0].incident_id)
            self._dome.go_near(unread[0], zoom, self._equipment.ring(), time.monotonic())

    # --- what is to be said of them

    @property
    def dwelling(self) -> int:
        return sum(view.worker.dwelling for view in self._views.values())

    @property
    def looks_dropped(self) -> int:
        return self._seat.dropped

    @property
    def ring_bytes(self) -> int:
        return self._ring.bytes

    def followed(self) -> set[uuid.UUID]:
        """The incidents whose vehicles are being watched, in any view."""
        return {each for view in self._views.values() for each in view.worker.followed()}

    def memories(self, began_at: datetime) -> dict[str, CameraMemory]:
        """What another watcher needs to go on, by preset."""
        return {preset: view.worker.memory(began_at) for preset, view in self._views.items()}

    def learnt(self) -> dict[str, bytes | None]:
        """How each view looks, by preset; None where that is not known yet."""
        return {preset: view.watchdog.fingerprint for preset, view in self._views.items()}
