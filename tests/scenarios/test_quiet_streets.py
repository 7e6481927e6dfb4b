"""A quiet street is looked at more rarely, and what comes to stand there is found all the same."""

from dataclasses import dataclass, field
from datetime import timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import av
import pytest
from sqlalchemy import select

from cases.draft_timeline import Look, standing
from evidence.vault import Vault
from ingest.camera_worker import CameraWorker
from ingest.fences import fences_in_force
from ingest.media_clock import utc_since
from ingest.packet_ring import PacketRing
from ingest.packet_source import open_file
from ingest.sampler import Sampling
from ingest.witness import Witness
from models.database import Sessions, reading
from models.enums import SightingKind
from models.exhibits import Exhibit
from models.incidents import Incident
from models.places import Camera
from models.watching import CameraPulse
from tests.conftest import Database
from tests.detectors.stand_in import StandInDetector
from tests.media.make_clips import RATE, Film, Films, Vehicle, parks, passes
from tests.media.rtsp_server import RtspServer
from tests.real_time import REAL_TIME
from tests.rows import NOON
from tests.scenarios.live_street import CAMERA, connect, incidents, sightings, wait_for, watching
from tests.scenarios.street import DWELL_S, Street, open_street

pytestmark = REAL_TIME

LOOK_S, IDLE_S = 2.0, 10.0
OUTSIDE = (120.0, 60.0)  # of the fence
FENCE_IN_PASSING_Y = 150.0


@dataclass
class QuietStreet:
    """One live camera without its network: the same worker, witness and ring, and a detector that answers at once."""

    database: Database
    vault_root: Path
    idle_look_s: float | None = IDLE_S
    looks: list[float] = field(default_factory=list)
    detected: list[float] = field(default_factory=list)  # those that the detector was asked about
    gaps: list[tuple[float, float, str]] = field(default_factory=list)

    def watch(self, clip: Path) -> list[Incident]:
        sessions, detector = self.database.sessions, StandInDetector()
        with reading(sessions) as session:
            camera = session.scalars(select(Camera)).one()
            session.refresh(camera, ["site"])
            fences = fences_in_force(session, camera, NOON)
        sampling = Sampling(look_s=LOOK_S, idle_look_s=self.idle_look_s)
        with Vault.open(self.vault_root) as vault, open_file(clip) as source:
            witness = Witness(sessions, vault, camera.id, None, utc_since(NOON))
            worker = CameraWorker(fences, witness, sampling=sampling, ring=PacketRing())
            worker.connected(source)
            for packet in source.packets():
                for look in worker.take(packet):
                    self.looks.append(look.frame.media_s)
                    if worker.shows_as_before(look):
                        worker.take_in(look, None)
                    else:
                        self.detected.append(look.frame.media_s)
                        worker.take_in(look, detector.detect([look])[0])
            self.gaps = worker.end("the clip ends here").gaps
        return incidents(sessions)

    def longest_step_s(self, from_s: float, to_s: float) -> float:
        inside = [look_s for look_s in self.looks if from_s <= look_s <= to_s]
        return max(later - earlier for earlier, later in pairwise(inside))


@pytest.fixture
def street(sqlite_database: Database, tmp_path: Path) -> QuietStreet:
    open_street(sqlite_database.sessions)
    return QuietStreet(sqlite_database, tmp_path / "vault")


def seconds_of(moment: object) -> float:
    assert moment is not None
    return (moment - NOON) / timedelta(seconds=1)  # type: ignore[operator, no-any-return]


def test_where_nothing_is_it_is_looked_at_every_ten_seconds(street: QuietStreet, films: Films) -> None:
    assert street.watch(films(Film(seconds=35))) == []
    assert street.looks == pytest.approx([0, 10, 20, 30])
    assert street.gaps == [], "nobody looked, and nobody was meant to"


def test_where_nothing_changes_the_detector_is_asked_now_and_then_and_at_once_when_something_does(
    sqlite_database: Database, tmp_path: Path, films: Films
) -> None:
    open_street(sqlite_database.sessions)
    street = QuietStreet(sqlite_database, tmp_path / "vault", idle_look_s=None)
    [van] = street.watch(films(Film((parks("red", stops_s=25.0),), seconds=50)))
    assert street.longest_step_s(0, 50) <= LOOK_S * 1.05, "it is looked at as ever"
    assert [at_s for at_s in street.detected if at_s < 20] == pytest.approx([0, 10])
    comes_s = next(at_s for at_s in street.looks if at_s >= 23.5)
    assert [at_s for at_s in street.detected if at_s >= comes_s] == [at_s for at_s in street.looks if at_s >= comes_s]
    assert seconds_of(van.stopped_at) == pytest.approx(25.0, abs=0.5)
    assert 25 + DWELL_S <= seconds_of(van.confirmed_at) <= 25 + DWELL_S + 2 * LOOK_S


@pytest.mark.parametrize("stops_s", [12.0, 23.0])
def test_what_comes_to_stand_is_found_in_time_with_the_second_of_its_stop(
    street: QuietStreet, films: Films, stops_s: float
) -> None:
    [van] = street.watch(films(Film((parks("red", stops_s=stops_s),), seconds=50)))
    assert seconds_of(van.stopped_at) == pytest.approx(stops_s, abs=0.5)
    confirmed_s = seconds_of(van.confirmed_at)
    assert stops_s + DWELL_S <= confirmed_s <= stops_s + DWELL_S + LOOK_S + IDLE_S
    first_s = next(look_s for look_s in street.looks if look_s >= stops_s)
    assert first_s - stops_s <= IDLE_S
    assert street.longest_step_s(first_s, 50) <= LOOK_S * 1.05, "while it dwells, it is looked at as ever"
    kinds = {each.kind for each in sightings(street.database.sessions, van)}
    assert SightingKind.GAP not in kinds
    with reading(street.database.sessions) as session:
        moments = {each.moment.value for each in session.scalars(select(Exhibit))}
    assert {"entry", "dwell_complete"} <= moments
    Street(street.database.sessions, street.vault_root).assert_whole()


@pytest.mark.parametrize(
    ("gop", "stops_s"),
    [
        pytest.param(RATE, 22.0, id="a_keyframe_a_second"),
        pytest.param(8 * RATE, 18.0, id="keyframes_too_far_apart"),
    ],
)
def test_what_nobody_looked_at_is_looked_up_in_the_packets_and_counts_as_far_as_they_show_it(
    sqlite_database: Database, tmp_path: Path, films: Films, gop: int, stops_s: float
) -> None:
    """An encoder whose packets do not tell that somebody comes, and a van that comes just after a look."""
    dwell_s = 30.0
    open_street(sqlite_database.sessions, dwell_s=dwell_s)
    street = QuietStreet(sqlite_database, tmp_path / "vault")
    [van] = street.watch(films(Film((parks("red", stops_s=stops_s),), seconds=64, gop=gop)))
    first_s = next(look_s for look_s in street.looks if look_s >= stops_s)
    assert first_s - stops_s > 5.0, "else nothing was slept through"
    seen = sightings(street.database.sessions, van)
    between = [each for each in seen if seconds_of(each.at) < first_s - 0.05]
    confirmed_s = seconds_of(van.confirmed_at)
    drafted_s = standing([Look(each.at, each.kind) for each in seen], van.stopped_at or NOON, van.confirmed_at).shown_s
    if gop == RATE:
        assert {each.kind for each in between} == {SightingKind.KEPT}
        assert stops_s + dwell_s <= confirmed_s <= stops_s + dwell_s + LOOK_S + 0.5
    else:
        assert SightingKind.GAP in {each.kind for each in between}
        assert stops_s + dwell_s + 5 <= confirmed_s <= stops_s + dwell_s + LOOK_S + IDLE_S
    assert dwell_s <= drafted_s <= dwell_s + LOOK_S + 0.5, "the draft counts what the rule counted"


def test_when_it_has_left_the_street_is_quiet_again(street: QuietStreet, films: Films) -> None:
    [van] = street.watch(films(Film((parks("red", stops_s=4.0, leaves_s=24.0),), seconds=62)))
    assert van.state == "resolved"
    assert seconds_of(van.left_at) == pytest.approx(24.0, abs=0.5)
    assert street.longest_step_s(38, 62) == pytest.approx(IDLE_S)


def test_who_is_allowed_to_stand_where_he_stands_keeps_nobody_awake(street: QuietStreet, films: Films) -> None:
    assert street.watch(films(Film((parks("green", OUTSIDE),), seconds=35))) == []
    assert len(street.looks) <= 5


def test_who_drives_through_is_looked_at_and_forgotten(street: QuietStreet, films: Films) -> None:
    passing: Vehicle = passes("blue", 29.0, takes_s=4.0, y=FENCE_IN_PASSING_Y)
    assert street.watch(films(Film((passing,), seconds=60))) == []
    assert street.longest_step_s(0, 29) == pytest.approx(IDLE_S)
    assert street.longest_step_s(36, 60) == pytest.approx(IDLE_S)
    assert street.gaps == []


def saving_bits(source: Path, target: Path) -> Path:
    """The same street from an encoder that spends little where nothing changes, as cameras with a variable rate do."""
    with av.open(str(source)) as read, av.open(str(target), "w") as written:
        options = {"preset": "ultrafast", "crf": "38", "g": str(RATE), "bf": "0", "sc_threshold": "0"}
        stream: Any = written.add_stream("libx264", rate=RATE, options=options)
        for frame in read.decode(video=0):
            if frame.pts == 0:
                stream.width, stream.height, stream.pix_fmt = frame.width, frame.height, "yuv420p"
            frame.pict_type = av.video.frame.PictureType.NONE
            written.mux(stream.encode(frame))
        written.mux(stream.encode(None))
    return target


def test_what_stirs_between_two_looks_is_looked_at_before_the_next_was_due(
    street: QuietStreet, films: Films, tmp_path: Path
) -> None:
    clip = saving_bits(films(Film((parks("red", stops_s=23.0),), seconds=40)), tmp_path / "saving.mp4")
    street.watch(clip)
    assert [look_s for look_s in street.looks if look_s < 21.5] == pytest.approx([0, 10, 20])
    first_s = next(look_s for look_s in street.looks if look_s > 21.5)
    assert first_s <= 22.5 + LOOK_S, "the next would have been at 30"


def pulse(sessions: Sessions) -> dict[str, Any]:
    with reading(sessions) as session:
        row = session.get(CameraPulse, CAMERA)
        return {"packets": 0} if row is None else row.figures


def test_a_live_camera_rests_when_its_detector_has_answered_that_nothing_is_there(
    sqlite_database: Database, tmp_path: Path, films: Films
) -> None:
    sessions, folder = sqlite_database.sessions, tmp_path / "played"
    folder.mkdir()
    open_street(sessions)
    with RtspServer(folder) as server:
        connect(sessions, server(films(Film(seconds=20))))
        with watching(sessions, tmp_path / "vault", look_s=1.0, idle_look_s=7.0):
            told = wait_for(lambda: pulse(sessions)["packets"] > 18 * RATE and pulse(sessions), 40, "packets come")
    seconds = told["packets"] / RATE
    assert seconds / 7.0 - 1 <= told["looks"] <= seconds / 7.0 + 2
    assert (told["looks_dropped"], told["gaps"]) == (0, 0)
