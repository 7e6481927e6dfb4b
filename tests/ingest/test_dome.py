"""A dome and its views: no fence binds a picture that is not the preset's, and what goes wrong is said."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime
from ipaddress import ip_address
from pathlib import Path

import numpy as np
import pytest

from evidence.vault import Vault
from ingest.camera_address import parse_onvif_url
from ingest.camera_health import Watchdog
from ingest.camera_view import View
from ingest.camera_worker import CameraWorker
from ingest.decoding import FrameDecoder
from ingest.dome import ELSEWHERE, Dome
from ingest.dome_arm import DomeArm
from ingest.media_clock import utc_since
from ingest.onvif_device import OnvifDevice
from ingest.packet_ring import PacketRing
from ingest.packet_source import PacketSource, TimedPacket, open_file
from ingest.sampler import Sampling
from ingest.tour import BY_HAND_S, TURNED_WITHIN_S, Stop, Tour
from ingest.view_fingerprint import STEADY_LOOKS, Fingerprint, glance
from ingest.witness import Witness
from tests.conftest import Database
from tests.ingest.onvif_simulator import PASSWORD, USER, Simulator, envelope, listening
from tests.media.make_clips import Film, Films, Picture, parks
from tests.patience import PATIENCE_S
from tests.rows import NOON


class UpsideDown(Film):
    """What the same camera sees elsewhere."""

    def picture(self, number: int) -> Picture:
        return np.ascontiguousarray(super().picture(number)[::-1])


KERB, WALL = Film((parks("red"),), seconds=6), UpsideDown((parks("red"),), seconds=6)
FAULT = (
    "<s:Fault><s:Code><s:Value>s:Receiver</s:Value></s:Code><s:Reason><s:Text>lens stuck</s:Text></s:Reason></s:Fault>"
)


def always(_at: datetime) -> bool:
    return True


class Scene:
    """A dome over two views that were learnt, its time in our hands, and what it was told to leave."""

    def __init__(self, camera: Simulator, database: Database, vault: Vault, films: Films) -> None:
        self.camera, self.now_s, self.left = camera, 100.0, list[str]()
        self.films = {"kerb": films(KERB), "wall": films(WALL)}
        self.utc = utc_since(NOON)
        witness = Witness(database.sessions, vault, "gate-3", None, self.utc)
        ring = PacketRing()
        self.views = {
            preset: View(
                preset,
                CameraWorker([], witness, sampling=Sampling(), ring=ring),
                Watchdog(self.fingerprint(film)),
            )
            for preset, film in self.films.items()
        }
        url = parse_onvif_url(f"http://{camera.host}:{camera.port}")
        device = OnvifDevice(url, ip_address(camera.host), username=USER, password=PASSWORD, deadline_s=10.0)
        self.arm = DomeArm(lambda: device, lambda: True, "gate-3")
        stops = [Stop("kerb", "p1", 20.0, always), Stop("wall", "p2", 20.0, always)]
        self.dome = Dome(self.views, Tour(stops), self.arm, self.left.append, "gate-3")
        with open_file(self.films["kerb"]) as source:
            self.dome.connected(FrameDecoder(source.facts, self.utc))

    def fingerprint(self, film: Path) -> bytes:
        view = Fingerprint()
        with open_file(film) as source:
            decoder = FrameDecoder(source.facts, self.utc)
            for frame in list(decoder.all_of(source.packets()))[:STEADY_LOOKS]:
                view.learn(glance(frame.luma), 2.0)
        return view.to_bytes()

    def drive(self, after_s: float = 0.0) -> str | None:
        self.now_s += after_s
        return self.dome.drive(self.now_s, datetime.now(UTC), ())

    def until_answered(self) -> str | None:
        """What went wrong, when the dome has said that it stands."""
        until_s = time.monotonic() + PATIENCE_S
        while self.arm.busy:
            self.camera.moving = "IDLE"
            wrong = self.drive()
            if wrong is not None:
                return wrong
            assert time.monotonic() < until_s, "no answer"
            time.sleep(0.02)
        return None

    def shows(self, preset: str) -> None:
        """The camera sends the picture of that view for some seconds."""
        with open_file(self.films[preset]) as source:
            for packet in packets(source):
                self.dome.take(packet, self.now_s)


def packets(source: PacketSource) -> Iterator[TimedPacket]:
    return (packet for packet in source.packets() if packet.keyframe)


@pytest.fixture
def scene(sqlite_database: Database, tmp_path: Path, films: Films) -> Iterator[Scene]:
    with listening(Simulator()) as camera, Vault.open(tmp_path / "vault") as vault:
        yield Scene(camera, sqlite_database, vault, films)


def test_a_dome_that_has_turned_binds_when_the_picture_is_the_preset_s(scene: Scene):
    scene.drive()
    scene.shows("kerb")
    assert not scene.dome.binds, "it has not answered: that is where it was before"
    assert scene.until_answered() is None
    scene.shows("wall")
    assert not scene.dome.binds, "it says it is at the kerb, and shows the wall"
    scene.shows("kerb")
    assert scene.dome.binds
    assert (scene.dome.view.preset, scene.camera.preset, scene.left) == ("kerb", "p1", [])


def test_a_view_is_left_before_the_dome_is_moved(scene: Scene):
    scene.drive()
    scene.until_answered()
    scene.shows("kerb")
    assert scene.drive(19.0) is None
    assert scene.left == []
    scene.drive(1.0)
    assert scene.left == [ELSEWHERE]
    assert not scene.dome.binds
    scene.until_answered()
    assert scene.camera.preset == "p2"


def test_a_preset_that_is_not_recognised_is_said_and_left_out(scene: Scene):
    scene.drive()
    scene.until_answered()
    scene.shows("wall")
    assert scene.drive(TURNED_WITHIN_S) == "preset kerb was not recognised after the dome had turned"
    scene.until_answered()
    scene.shows("wall")
    assert scene.dome.binds
    assert scene.dome.view.preset == "wall"


def test_what_the_dome_refuses_is_said(scene: Scene):
    scene.camera.instead["GotoPreset"] = lambda handler: handler.answer(500, envelope(FAULT))
    scene.drive()
    wrong = scene.until_answered()
    assert wrong is not None
    assert "lens stuck" in wrong
    scene.shows("kerb")
    assert not scene.dome.binds


def test_a_dome_turned_by_hand_is_called_back_after_a_while(scene: Scene):
    scene.drive()
    scene.until_answered()
    scene.shows("kerb")
    with open_file(scene.films["wall"]) as source:
        decoder = FrameDecoder(source.facts, scene.utc)
        frame = next(frame for packet in packets(source) if (frame := decoder.alone(packet)) is not None)
    scene.dome.view.watchdog.look(frame.luma, scene.now_s)
    assert not scene.dome.view.watchdog.usable, "nobody is accused by it"
    scene.dome.looked(scene.now_s)
    scene.camera.preset = "somewhere"
    assert scene.drive(BY_HAND_S - 1) is None
    assert scene.camera.preset == "somewhere", "it is theirs"
    scene.drive(1.0)
    scene.until_answered()
    assert scene.camera.preset == "p1"
