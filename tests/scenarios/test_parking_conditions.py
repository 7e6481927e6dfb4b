"""Parking where others are fooled: hidden in mid-dwell, dusk and headlights, one car after another in one place,
creeping, queues, double rows, returns. From drawn packets to the rows; in test_parking_conditions_rendered.py a network
looks.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

import cv2
import numpy as np
import pytest
from sqlalchemy import select

from cases.reasons import reasons_of
from evidence.vault import Vault
from ingest.camera_memory import decode, encode
from ingest.camera_worker import CameraWorker
from ingest.fences import fences_in_force
from ingest.media_clock import utc_since
from ingest.packet_ring import PacketRing
from ingest.packet_source import open_file
from ingest.sampler import Sampling
from ingest.witness import Witness
from models.database import Sessions, reading, transaction
from models.enums import Act, ReasonKind, SightingKind
from models.incidents import Incident
from models.places import Camera, Geofence, GeofenceVersion
from tests.conftest import Database
from tests.detectors.stand_in import StandInDetector
from tests.media.make_clips import BUS, RATE, WIDTH, Film, Films, Parcel, Picture, Vehicle, parks, rewrap
from tests.rows import NOON, add_geofence_version
from tests.scenarios.street import DWELL_S, GRACE_S, Seen, Street, open_street

LOOK_S = 2.0
FRAME_S = 1 / RATE
BAY = [[0.15, 0.75], [0.9, 0.75], [0.9, 0.98], [0.15, 0.98]]
LANE = [[0.02, 0.55], [0.98, 0.55], [0.98, 0.98], [0.02, 0.98]]


@dataclass
class Scenes:
    """Streets with other numbers than the usual."""

    database: Database
    folder: Path
    films: Films

    def watch(
        self, film: Film, *, dwell_s: float = DWELL_S, grace_s: float = GRACE_S, fence: list[list[float]] | None = None
    ) -> Seen:
        fences = {} if fence is None else {"kerb": fence}
        open_street(self.database.sessions, dwell_s=dwell_s, grace_s=grace_s, **fences)
        return Street(self.database.sessions, self.folder / "vault").watch(self.films(film))


@pytest.fixture
def scenes(sqlite_database: Database, tmp_path: Path, films: Films) -> Scenes:
    return Scenes(sqlite_database, tmp_path, films)


def test_thirty_seconds_behind_a_bus_are_on_record_and_not_counted(scenes: Scenes) -> None:
    van = parks("red", (140, 150), stops_s=2.0)
    bus = parks("blue", (100, 100), stops_s=12.0, leaves_s=42.0, size=BUS)
    seen = scenes.watch(Film((van, bus), seconds=86), dwell_s=35.0, grace_s=5.0)
    incident = seen.incident
    assert incident.stopped_s == pytest.approx(2.0, abs=0.5), "one dwell, from its stop before the bus came"
    assert incident.confirmed_s >= 2.0 + 35.0 + 30.0
    assert 29.0 <= incident.opened_with["not_shown_s"] <= 30.0 + 3 * LOOK_S
    hidden = [each for each in incident.sightings_of(SightingKind.HIDDEN) if each.at <= incident.row.confirmed_at]
    assert len(hidden) >= 13
    assert {each.note for each in hidden} == {"something stands in front"}
    assert incident.sightings_of(SightingKind.ABSENT) == []
    assert incident.state == "drafted"
    assert "gaps_share" in {reason["code"] for reason in incident.drafts[0].content["against"]}


def test_a_van_that_left_behind_the_bus_is_shown_gone_when_the_bus_has_gone(scenes: Scenes) -> None:
    """Its last sight is before the bus; nothing after it is claimed."""
    van = parks("red", (140, 150), stops_s=2.0, leaves_s=30.0)
    bus = parks("blue", (100, 100), stops_s=20.0, leaves_s=44.0, size=BUS)
    seen = scenes.watch(
        Film((van, bus), seconds=56), grace_s=60.0, fence=[[0.15, 0.72], [0.9, 0.72], [0.9, 0.84], [0.15, 0.84]]
    )
    incident = seen.incident
    assert incident.state == "resolved"
    assert incident.last_seen_s <= 21.0
    assert incident.left_s is not None


@dataclass(frozen=True)
class Dusk(Film):
    """Daylight goes from `from_s` to `to_s` down to a share of it; passing headlights wash over the street."""

    from_s: float = 5.0
    to_s: float = 35.0
    down_to: float = 0.22
    headlights: tuple[float, ...] = ()

    def picture(self, number: int) -> Picture:
        second = number / RATE
        day = super().picture(number).astype(np.float32)
        share = np.interp(second, (self.from_s, self.to_s), (1.0, self.down_to))
        lit = np.full(day.shape[:2], share, np.float32)
        for passes_s in self.headlights:
            along = (second - passes_s) / 2.0
            if 0 <= along <= 1:
                middle = (round(along * WIDTH), 170)
                lit += _cone(day.shape[0], day.shape[1], middle)
        return np.asarray(np.clip(day * lit[:, :, None], 0, 255), np.uint8)


def _cone(height: int, width: int, middle: tuple[int, int]) -> np.ndarray:
    light = np.zeros((height, width), np.float32)
    cv2.ellipse(light, middle, (70, 35), 0, 0, 360, 1.2, -1)
    return np.asarray(cv2.GaussianBlur(light, (0, 0), 15), np.float32)


def test_a_stay_from_daylight_into_the_dark_with_headlights_passing_is_one_stay(scenes: Scenes) -> None:
    film = Dusk((parks("red", stops_s=4.0),), seconds=60, headlights=(20.0, 31.0, 38.0, 43.0, 48.0))
    incident = scenes.watch(film, dwell_s=40.0, grace_s=6.0).incident
    assert incident.state == "drafted"
    assert incident.stopped_s == pytest.approx(4.0, abs=0.5)
    assert incident.sightings_of(SightingKind.ABSENT) == []
    assert incident.opened_with["not_shown_s"] <= 3 * LOOK_S


def test_who_leaves_in_the_dark_is_shown_gone(scenes: Scenes) -> None:
    film = Dusk((parks("red", stops_s=4.0, leaves_s=44.0),), seconds=56, headlights=(20.0, 31.0, 38.0, 47.0))
    incident = scenes.watch(film, dwell_s=20.0, grace_s=60.0).incident
    assert incident.state == "resolved"
    assert incident.left_s == pytest.approx(44.0, abs=1.0)


@pytest.mark.parametrize("newcomer", ["green", "red of another"])
def test_one_leaves_and_another_takes_its_place_between_two_looks(scenes: Scenes, newcomer: str) -> None:
    """The first is shown gone, and the second has a time of its own, whatever its colour."""
    leaves_s = 20.15
    way = ((leaves_s, 120.0, 150.0), (leaves_s + 0.8, WIDTH + 10.0, 150.0))
    first = Vehicle("red", ((2.0 - 1.5, -64.0, 150.0), (2.0, 120.0, 150.0), *way))
    second = Vehicle(newcomer, ((leaves_s + 0.7, -64.0, 150.0), (leaves_s + 1.7, 120.0, 150.0), (999.0, 120.0, 150.0)))
    seen = scenes.watch(Film((first, second), seconds=60), dwell_s=14.0, grace_s=12.0)
    gone, stays = seen.incidents
    assert (gone.state, stays.state) == ("resolved", "drafted")
    assert gone.left_s == pytest.approx(leaves_s, abs=0.5)
    assert stays.stopped_s == pytest.approx(leaves_s + 1.7, abs=0.5)
    assert stays.confirmed_s >= leaves_s + 1.7 + 14.0


def test_a_larger_one_that_takes_its_place_does_not_hide_it(scenes: Scenes) -> None:
    """Where another stands on the same ground, nothing can stand behind it."""
    small = parks("red", (130, 160), stops_s=2.0, leaves_s=18.0)
    large = parks("blue", (110, 130), stops_s=20.0, size=(110, 72))
    seen = scenes.watch(Film((small, large), seconds=40), grace_s=60.0)
    first = seen.incidents[0]
    assert first.state == "resolved"
    assert first.left_s == pytest.approx(18.0, abs=0.5)


def test_who_waits_behind_a_bay_and_then_parks_in_it_is_timed_from_when_it_parked(scenes: Scenes) -> None:
    """It waits eight seconds in the lane, a part of it over the line, and then stands in the bay."""
    way = ((0.5, -64.0, 128.0), (2.0, 60.0, 128.0), (10.0, 60.0, 128.0), (12.0, 150.0, 182.0), (999.0, 150.0, 182.0))
    incident = scenes.watch(Film((Vehicle("red", way),), seconds=44), fence=BAY).incident
    assert incident.stopped_s == pytest.approx(12.0, abs=0.5)
    assert incident.confirmed_s >= 12.0 + DWELL_S
    assert incident.state == "drafted"


def test_who_waits_behind_a_bay_and_then_drives_into_it_bit_by_bit_is_timed_from_the_last_of_it(scenes: Scenes) -> None:
    """A third of its length at a time: the places overlap, and they are not one place."""
    way = ((0.5, -64.0, 150.0), (2.0, 80.0, 150.0), (10.0, 80.0, 150.0), (11.0, 104.0, 150.0), (999.0, 104.0, 150.0))
    incident = scenes.watch(Film((Vehicle("red", way),), seconds=44), dwell_s=12.0).incident
    assert incident.stopped_s == pytest.approx(11.0, abs=0.7)
    assert incident.confirmed_s >= 11.0 + 12.0


@pytest.mark.parametrize("speed_px_s", [2.5, 4.0, 8.0])
def test_who_creeps_does_not_park(scenes: Scenes, speed_px_s: float) -> None:
    """From two metres in ten seconds up: never at one place for the dwell."""
    way = ((0.0, 20.0, 150.0), (40.0, 20.0 + 40 * speed_px_s, 150.0))
    assert scenes.watch(Film((Vehicle("red", way),), seconds=40), dwell_s=12.0, fence=LANE).incidents == []


def test_the_driver_who_is_back_at_minute_nine_has_nothing_drafted(scenes: Scenes, tmp_path: Path) -> None:
    """Ten minutes of grace, in a recording with a picture a second."""
    film = Film((parks("red", stops_s=2.0, leaves_s=2.0 + 6.0 + 54.0),), seconds=72, gop=2)
    slow = tmp_path / "slow.mp4"
    rewrap(scenes.films(film), slow, _slower(10), "mp4")
    open_street(scenes.database.sessions, dwell_s=60.0, grace_s=600.0)
    incident = Street(scenes.database.sessions, tmp_path / "vault").watch(slow).incident
    assert incident.state == "resolved"
    assert incident.left_s is not None
    assert incident.left_s - incident.confirmed_s == pytest.approx(9 * 60, abs=2 * LOOK_S)
    assert incident.drafts == []
    assert Act.GRACE_EXPIRED not in incident.acts


def _slower(times: int) -> Callable[[list[Parcel]], list[Parcel]]:
    def change(parcels: list[Parcel]) -> list[Parcel]:
        return [
            replace(
                each,
                pts=None if each.pts is None else each.pts * times,
                dts=None if each.dts is None else each.dts * times,
                duration=each.duration * times,
            )
            for each in parcels
        ]

    return change


def test_who_comes_back_after_two_minutes_begins_a_new_stay_that_is_told_as_a_return(scenes: Scenes) -> None:
    first = parks("red", (120, 150), stops_s=2.0, leaves_s=16.0)
    again = parks("red", (126, 152), stops_s=136.0)
    seen = scenes.watch(Film((first, again), seconds=168))
    earlier, later = seen.incidents
    assert (earlier.state, later.state) == ("resolved", "drafted")
    assert "returned_after_s" not in earlier.opened_with
    assert later.stopped_s == pytest.approx(136.0, abs=0.5)
    assert later.opened_with["returned_after_s"] == pytest.approx(120.0, abs=2 * LOOK_S)
    assert later.opened_with["shown_s"] <= DWELL_S + 2 * LOOK_S, "what it stood before does not count"


def test_another_of_the_same_colour_after_two_minutes_is_no_return(scenes: Scenes) -> None:
    first = parks("red", stops_s=2.0, leaves_s=16.0)
    other = parks("red of another", stops_s=136.0)
    later = scenes.watch(Film((first, other), seconds=156)).incidents[-1]
    assert "returned_after_s" not in later.opened_with


LONGER = [[0.1, 0.5], [0.95, 0.5], [0.95, 0.99], [0.1, 0.99]]
FARTHER = [[0.15, 0.85], [0.9, 0.85], [0.9, 0.98], [0.15, 0.98]]


def edited_while_it_stands(
    database: Database, vault_root: Path, clip: Path, *, at_s: float, polygon: list[list[float]]
) -> Sequence[Incident]:
    """A live camera whose fence is another from `at_s` on: its watcher goes on from its memory with the new one."""
    sessions, detector = database.sessions, StandInDetector()
    worker: CameraWorker | None = None
    edited = False
    with Vault.open(vault_root) as vault, open_file(clip) as source:
        for packet in source.packets():
            if worker is None or (packet.media_s >= at_s and packet.keyframe and not edited):
                memory = None if worker is None else worker.memory(NOON)
                if memory is not None:
                    worker.disconnected()
                    change_fence(sessions, polygon, NOON + timedelta(seconds=packet.media_s))
                    edited = True
                with reading(sessions) as session:
                    camera = session.scalars(select(Camera)).one()
                    session.refresh(camera, ["site"])
                    fences = fences_in_force(session, camera, NOON + timedelta(seconds=packet.media_s))
                witness = Witness(sessions, vault, camera.id, None, utc_since(NOON))
                worker = CameraWorker(fences, witness, sampling=Sampling(look_s=LOOK_S), ring=PacketRing())
                worker.connected(source)
                if memory is not None:
                    worker.recall(decode(encode(memory)))
            for look in worker.take(packet):
                worker.take_in(look, detector.detect([look])[0])
    with reading(sessions) as session:
        return session.scalars(select(Incident).order_by(Incident.confirmed_at)).all()


def change_fence(sessions: Sessions, polygon: list[list[float]], at: datetime) -> None:
    with transaction(sessions) as session:
        before = session.scalars(select(GeofenceVersion)).one()
        before.valid_to = at
        session.flush()
        geofence = session.get_one(Geofence, before.geofence_id)
        add_geofence_version(
            session, geofence, version=2, polygon=polygon, offences=before.offences, valid_from=at, reason="drawn anew"
        )


def versions_of(sessions: Sessions, incidents: Sequence[Incident]) -> list[int]:
    with reading(sessions) as session:
        return [session.get_one(GeofenceVersion, each.geofence_version_id).version for each in incidents]


def test_a_fence_drawn_anew_in_mid_dwell_counts_from_when_it_is_in_force(
    sqlite_database: Database, tmp_path: Path, films: Films
) -> None:
    open_street(sqlite_database.sessions, dwell_s=20.0)
    clip = films(Film((parks("red", stops_s=4.0),), seconds=60))
    found = edited_while_it_stands(sqlite_database, tmp_path / "vault", clip, at_s=16.0, polygon=LONGER)
    (van,) = found
    assert versions_of(sqlite_database.sessions, found) == [2]
    assert van.confirmed_at >= NOON + timedelta(seconds=16.0 + 20.0), "what it stood under the old one does not count"
    assert van.confirmed_at <= NOON + timedelta(seconds=16.0 + 20.0 + 3 * LOOK_S)


def test_a_fence_drawn_anew_elsewhere_in_mid_dwell_has_nobody_in_it(
    sqlite_database: Database, tmp_path: Path, films: Films
) -> None:
    open_street(sqlite_database.sessions, dwell_s=20.0)
    clip = films(Film((parks("red", stops_s=4.0),), seconds=60))
    assert edited_while_it_stands(sqlite_database, tmp_path / "vault", clip, at_s=16.0, polygon=FARTHER) == []


@pytest.mark.parametrize("polygon", [LONGER, FARTHER], ids=["it_is_still_in_it", "it_is_outside_now"])
def test_who_was_confirmed_before_the_fence_was_drawn_anew_stays_one_incident_of_the_version_of_then(
    sqlite_database: Database, tmp_path: Path, films: Films, polygon: list[list[float]]
) -> None:
    open_street(sqlite_database.sessions)
    clip = films(Film((parks("red", stops_s=4.0, leaves_s=50.0),), seconds=60))
    found = edited_while_it_stands(sqlite_database, tmp_path / "vault", clip, at_s=20.0, polygon=polygon)
    (van,) = found
    assert versions_of(sqlite_database.sessions, found) == [1]
    assert van.left_at is not None, "it is followed to its end"
    assert van.left_at == pytest.approx(NOON + timedelta(seconds=50.0), abs=timedelta(seconds=1))


def test_a_queue_that_all_stands_and_all_goes_within_the_dwell_is_no_parking(scenes: Scenes) -> None:
    assert scenes.watch(_queue(light_s=20.0, seconds=40.0), dwell_s=25.0, fence=LANE).incidents == []


def test_a_light_that_is_red_for_longer_than_the_dwell_is_a_doubt_and_shows_itself_when_all_go(scenes: Scenes) -> None:
    seen = scenes.watch(_queue(light_s=26.0, seconds=46.0), dwell_s=14.0, grace_s=60.0, fence=LANE)
    assert [each.state for each in seen.incidents] == ["resolved"] * 3
    for each in seen.incidents:
        assert each.opened_with["reasons"]["queue"] == "doubt"
        assert len(each.opened_with["around"]["queue"]) == 2
        assert each.drafts == []
    with reading(scenes.database.sessions) as session:
        told = [
            shown
            for each in seen.incidents
            for shown in reasons_of(session, each.row)
            if shown.kind is ReasonKind.QUEUE and "went off when it did" in shown.text.en
        ]
    assert told, "that they went together is on record"


def test_three_that_park_in_a_row_one_after_the_other_in_their_own_time_are_no_queue(scenes: Scenes) -> None:
    row = (
        parks("red", (220, 150), stops_s=2.0),
        parks("green", (148, 150), stops_s=20.0),
        parks("yellow", (76, 150), stops_s=38.0),
    )
    seen = scenes.watch(Film(row, seconds=62), dwell_s=12.0, grace_s=8.0, fence=LANE)
    assert {each.opened_with["reasons"]["queue"] for each in seen.incidents} == {"nothing_found"}


def test_who_is_shut_in_by_a_second_row_has_that_for_him(scenes: Scenes) -> None:
    first = parks("red", (110, 150), stops_s=2.0)
    second = parks("green", (114, 178), stops_s=6.0, leaves_s=36.0)
    red = scenes.watch(Film((first, second), seconds=40), dwell_s=12.0, grace_s=8.0).incidents[0]
    assert red.opened_with["reasons"]["obstruction"] == "doubt"


def test_double_rows_are_a_stay_each(scenes: Scenes) -> None:
    """The second row hides the lower half of the first."""
    first = parks("red", (110, 150), stops_s=2.0)
    second = parks("green", (130, 172), stops_s=9.0, leaves_s=34.0)
    seen = scenes.watch(Film((first, second), seconds=46), grace_s=12.0)
    red, green = seen.incidents
    assert red.stopped_s == pytest.approx(2.0, abs=0.5)
    assert green.stopped_s == pytest.approx(9.0, abs=0.5)
    assert (red.state, green.state) == ("drafted", "drafted")
    assert green.confirmed_s <= 9.0 + DWELL_S + LOOK_S + 0.5


def test_when_the_second_row_leaves_the_first_is_still_there(scenes: Scenes) -> None:
    first = parks("red", (110, 150), stops_s=2.0)
    second = parks("green", (130, 172), stops_s=9.0, leaves_s=24.0)
    red, green = scenes.watch(Film((first, second), seconds=50), grace_s=20.0).incidents
    assert (red.state, green.state) == ("drafted", "resolved")
    assert green.left_s == pytest.approx(24.0, abs=0.5)


def _queue(*, light_s: float, seconds: float, number: int = 3) -> Film:
    """Come up one after the other, stand bumper to bumper, and go when the light is green, each a moment after."""
    colours = ("red", "green", "yellow", "magenta")
    vehicles = []
    for place in range(number):
        x = 220.0 - 72 * place
        stops_s, goes_s = 3.0 + 1.5 * place, 3.0 + light_s + 1.2 * place
        way = ((stops_s - 1.5, -64.0, 150.0), (stops_s, x, 150.0), (goes_s, x, 150.0), (goes_s + 2.0, x + 320, 150.0))
        vehicles.append(Vehicle(colours[place], way))
    return Film(tuple(vehicles), seconds=seconds)
