"""The look from near: what a dome sees while it has gone near for a plate, and what becomes of it.

Its packets are kept apart from the view's own, since its pictures are of no view: no fence lies in them. The vehicle is
the one in the middle, where the dome was asked to bring it; where none is, nothing is claimed.
"""

import logging
from collections.abc import Sequence

from detectors.geometry import Box
from detectors.sightings import Detection, Look, ObjectRole
from ingest.camera_worker import Unread
from ingest.clip_cut import clip_range
from ingest.decoding import FrameDecoder
from ingest.errors import CutFailed
from ingest.exhibits import ExhibitMaker
from ingest.packet_ring import PacketRing
from ingest.packet_source import TimedPacket
from ingest.plate_look import look_for_plate
from ingest.stills import sharpness
from ingest.witness import Witness

log = logging.getLogger(__name__)

VEHICLES = frozenset({ObjectRole.VEHICLE, ObjectRole.TWO_WHEELER})


class NearLook:
    """`take` for every packet, `seen` for every look when its detections are there, `finish`, and `drop` in the end."""

    def __init__(self, of: Unread, zoom: float, ring: PacketRing, decoder: FrameDecoder) -> None:
        self.of, self.zoom = of, zoom
        self._ring, self._decoder = ring, decoder
        self._seen: list[tuple[Look, Box]] = []  # with the vehicle in the middle
        self._first_s: float | None = None

    def take(self, packet: TimedPacket) -> Look | None:
        """What is to be shown to the detector: each keyframe, whole."""
        if self._first_s is None and not packet.keyframe:
            return None
        self._first_s = packet.media_s if self._first_s is None else self._first_s
        self._ring.add(packet)
        frame = self._decoder.alone(packet) if packet.keyframe else None
        if frame is None or frame.corrupt:
            return None
        return Look(frame, (Box(0, 0, frame.width, frame.height),))

    def seen(self, look: Look, detections: Sequence[Detection]) -> None:
        middle_x, middle_y = look.frame.width / 2, look.frame.height / 2
        around = [
            each.box
            for each in detections
            if each.role in VEHICLES
            and each.box.x1 <= middle_x <= each.box.x2
            and each.box.y1 <= middle_y <= each.box.y2
        ]
        if around:
            self._seen.append((look, max(around, key=lambda box: box.area)))

    def drop(self) -> None:
        """Nothing becomes of it, or it is finished."""
        self._ring.clear()

    def finish(self, maker: ExhibitMaker, witness: Witness) -> bool:
        """Clip, close-up and plate are sealed with the incident; whether there was anything to seal."""
        newest_s, incident = self._ring.newest_s, self.of.incident_id
        if not self._seen or self._first_s is None or newest_s is None:
            log.info("nothing to be seen from near", extra={"incident": str(incident)})
            return False
        look, box = max(self._seen, key=lambda each: sharpness(each[0].frame, each[1]))
        try:
            clip = clip_range(self._ring, self._first_s, newest_s)
            plate = look_for_plate(self._decoder, clip, self._first_s, box)
            exhibits = maker.make_near(clip, look.frame if plate is None else plate.clearest, box, self.zoom, [])
        except CutFailed as error:
            log.warning("nothing cut from near", extra={"incident": str(incident), "why": str(error)})
            return False
        witness.sealed(incident, exhibits, plate)
        return True
