"""A dome goes near for a plate when nothing else needs the view, and keeps what is in the middle there, or nothing."""

import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import select

from evidence.vault import Vault
from ingest.camera_worker import CameraWorker
from ingest.decoding import FrameDecoder
from ingest.exhibits import ExhibitMaker
from ingest.fences import fences_in_force
from ingest.media_clock import utc_since
from ingest.near_look import NearLook
from ingest.packet_ring import PacketRing
from ingest.packet_source import open_file
from ingest.sampler import Sampling
from ingest.witness import Witness
from models.database import Sessions, reading
from models.enums import ExhibitKind, ExhibitMoment
from models.exhibits import Exhibit
from models.incidents import Incident
from models.places import Camera
from tests.conftest import Database
from tests.detectors.stand_in import StandInDetector
from tests.media.make_clips import HEIGHT, WIDTH, Film, Films, parks
from tests.rows import NOON
from tests.scenarios.street import Street, open_street

FAR = Film((parks("red"),), seconds=20)
FROM_NEAR = Film((parks("red", (70, 90), size=(180, 110)),), seconds=5)
BESIDE = Film((parks("red", (10, 10)),), seconds=5)
DETECTOR = StandInDetector()


class Watched:
    """A street under a worker, as far as a second of its film."""

    def __init__(self, sessions: Sessions, vault: Vault, film: Path) -> None:
        with reading(sessions) as session:
            camera = session.get_one(Camera, "gate-3")
            session.refresh(camera, ["site"])
            fences = fences_in_force(session, camera, NOON)
        self.utc = utc_since(NOON)
        self.witness = Witness(sessions, vault, "gate-3", None, self.utc)
        self.worker = CameraWorker(fences, self.witness, sampling=Sampling(look_s=1.0), ring=PacketRing())
        self.film = film

    def follow(self) -> Iterator[float]:
        """Packet by packet; yields the media second after each."""
        with open_file(self.film) as source:
            self.worker.connected(source)
            for packet in source.packets():
                for look in self.worker.take(packet):
                    self.worker.take_in(look, DETECTOR.detect([look])[0])
                yield packet.media_s


@pytest.fixture
def street(sqlite_database: Database) -> Sessions:
    open_street(sqlite_database.sessions, dwell_s=5.0, grace_s=600.0)
    return sqlite_database.sessions


def incident_id(sessions: Sessions) -> uuid.UUID:
    with reading(sessions) as session:
        return session.scalars(select(Incident.id)).one()


def near(sessions: Sessions) -> dict[tuple[ExhibitKind, ExhibitMoment], Exhibit]:
    with reading(sessions) as session:
        return {(each.kind, each.moment): each for each in session.scalars(select(Exhibit)) if "near" in each.recipe}


def test_nobody_goes_near_before_every_clip_of_the_view_is_cut_and_twice_for_none(
    street: Sessions, tmp_path: Path, films: Films
):
    with Vault.open(tmp_path / "vault") as vault:
        watched = Watched(street, vault, films(FAR))
        held_until_s = asked_from_s = None
        for media_s in watched.follow():
            assert not (watched.worker.holds and watched.worker.unread()), "a clip still needs its seconds"
            if watched.worker.holds:
                held_until_s = media_s
            if watched.worker.unread() and asked_from_s is None:
                asked_from_s = media_s
                [unread] = watched.worker.unread()
                watched.worker.is_sought(unread.incident_id)
                assert watched.worker.unread() == []
        assert held_until_s is not None
        assert asked_from_s is not None
        assert asked_from_s >= held_until_s
    assert unread.incident_id == incident_id(street)
    x, y = unread.place.centre
    assert (x * WIDTH, y * HEIGHT) == pytest.approx((152, 170), abs=5), "where the van stands"


def gone_near(sessions: Sessions, vault_root: Path, far: Path, film: Path) -> bool:
    """Whether something was kept of what `film` shows from near."""
    with Vault.open(vault_root) as vault:
        watched = Watched(sessions, vault, far)
        for _ in watched.follow():
            pass
        [unread] = watched.worker.unread()
        watched.worker.disconnected()
        with open_file(film) as source:
            ring = PacketRing()
            look_from_near = NearLook(unread, 0.6, ring, FrameDecoder(source.facts, watched.utc))
            for packet in source.packets():
                look = look_from_near.take(packet)
                if look is not None:
                    look_from_near.seen(look, DETECTOR.detect([look])[0])
            maker = ExhibitMaker(source, FrameDecoder(source.facts, watched.utc), vault, watched.utc, None)
            kept = look_from_near.finish(maker, watched.witness)
            look_from_near.drop()
            assert ring.bytes == 0
            return kept


def test_of_what_is_in_the_middle_clip_and_close_up_are_sealed_with_the_incident(
    street: Sessions, tmp_path: Path, films: Films
):
    assert gone_near(street, tmp_path / "vault", films(FAR), films(FROM_NEAR))
    made = near(street)
    clip = made[ExhibitKind.CLIP, ExhibitMoment.SHARPEST]
    close_up = made[ExhibitKind.CLOSE_UP, ExhibitMoment.DWELL_COMPLETE]
    assert len(made) == 2
    assert close_up.recipe["clip_sha256"] == clip.sha256
    assert close_up.recipe["near"]["zoom"] == 0.6
    assert close_up.recipe["near"]["box"] == pytest.approx([70, 90, 250, 200], abs=6)
    Street(street, tmp_path / "vault").assert_whole()


def test_where_nothing_is_in_the_middle_nothing_is_claimed(street: Sessions, tmp_path: Path, films: Films):
    assert not gone_near(street, tmp_path / "vault", films(FAR), films(BESIDE))
    assert near(street) == {}
    Street(street, tmp_path / "vault").assert_whole()
