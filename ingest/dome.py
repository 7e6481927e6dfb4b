"""A dome that is watched: which of its views is on, when it turns, what it goes near for.

Between the tour (what is to be done), the arm (which does it) and the pictures (which tell whether it was done). No
rule runs from the moment a move is asked for until the picture has been recognised as the view it was to be. The dome
goes near for a plate only while nothing else in the view waits: neither a clip for its last seconds, nor an incident
for its look. It belongs to the thread of its camera.
"""

import logging
from collections.abc import Callable, Collection, Mapping
from datetime import datetime

from detectors.sightings import Look
from ingest.camera_health import shows_view
from ingest.camera_view import View
from ingest.camera_worker import Unread
from ingest.decoding import FrameDecoder
from ingest.dome_arm import DomeArm
from ingest.near_look import NearLook
from ingest.packet_ring import PacketRing
from ingest.packet_source import TimedPacket
from ingest.tour import Phase, Tour, Turn
from ingest.view_fingerprint import glance
from ingest.view_recognition import ViewRecognition

log = logging.getLogger(__name__)

ELSEWHERE, NEARER = "the dome looked elsewhere", "the dome went near for a plate"


class Dome:
    """leave: has the view that is on left, with why; called before the dome is moved."""

    def __init__(
        self, views: Mapping[str, View], tour: Tour, arm: DomeArm, leave: Callable[[str], None], camera_id: str
    ) -> None:
        self._views, self._tour, self._arm, self._leave, self._camera_id = views, tour, arm, leave, camera_id
        self.view = next(iter(views.values()))  # that is on, or that it was sent to
        self.near: NearLook | None = None
        self._recognition: ViewRecognition | None = None
        self._decoder: FrameDecoder | None = None

    @property
    def binds(self) -> bool:
        """Is the picture the one of `view`, so that its fences bind?"""
        return self._tour.binds

    def connected(self, decoder: FrameDecoder) -> None:
        """Packets follow, and where the dome looks is not known."""
        self._decoder = decoder
        self.give_up_near()
        self._tour.begin()

    def drive(self, now_s: float, at: datetime, wanted: Collection[str]) -> str | None:
        """Does what is due. wanted: views of which somebody waits for a look. What went wrong, in a sentence."""
        answer = self._arm.taken()
        if answer is not None:
            self._tour.answered(now_s, done=answer.refusal is None)
            if self._tour.phase is not Phase.NEAR:
                self.give_up_near()
        if self._arm.busy:
            return None
        wrong = None if answer is None else answer.refusal
        before, there = self._tour.phase, self.view.preset
        turn = self._tour.next_turn(now_s, at, wanted=wanted, holds=before is Phase.THERE and self.view.worker.holds)
        if before is Phase.THERE and not self._tour.binds:
            self._leave(ELSEWHERE)
        if turn is not None:
            if before is Phase.TURNING:
                wrong = f"preset {there} was not recognised after the dome had turned"
            self._send(turn, now_s)
        return wrong

    def is_near_enough(self, now_s: float) -> bool:
        return self._tour.is_near_enough(now_s)

    def back(self, now_s: float) -> None:
        """From near to the view it left."""
        self.give_up_near()
        self._send(self._tour.back(now_s), now_s)

    def go_near(self, unread: Unread, zoom: float, ring: PacketRing, now_s: float) -> None:
        """Leaves the view for the plate of a vehicle in it."""
        assert self._decoder is not None, "connected"
        log.info("going near for a plate", extra={"camera": self._camera_id, "incident": str(unread.incident_id)})
        self._leave(NEARER)
        self._tour.approach(now_s)
        self.near = NearLook(unread, zoom, ring, self._decoder)
        self._arm.go_near(*unread.place.centre, zoom)

    def give_up_near(self) -> None:
        near, self.near = self.near, None
        if near is not None:
            near.drop()

    def take(self, packet: TimedPacket, now_s: float) -> Look | None:
        """A packet while no view is on: of what it shows from near; or the keyframe with which `view` is recognised."""
        if self._tour.phase is Phase.NEAR and self.near is not None:
            return self.near.take(packet)
        if self._tour.phase is Phase.TURNING and packet.keyframe and self._decoder is not None:
            frame = self._decoder.alone(packet)
            recognition = self._recognition
            if frame is None or frame.corrupt or recognition is None:
                return None
            if recognition.shows(glance(frame.luma)):
                self._tour.recognised(now_s)
                log.info("dome turned", extra={"camera": self._camera_id, "preset": self.view.preset})
        return None

    def looked(self, now_s: float) -> None:
        """A look was made while the view was on: somebody else may have turned the dome."""
        fit = self.view.watchdog.fit
        self._tour.shows(now_s, its_view=fit is None or shows_view(fit))

    def _send(self, turn: Turn, now_s: float) -> None:
        self.view = self._views[turn.stop.preset]
        self.view.watchdog.connected(now_s)
        known = {preset: view.watchdog.view for preset, view in self._views.items()}
        self._recognition = ViewRecognition(known, turn.stop.preset)
        self._arm.turn(turn.stop.token)
