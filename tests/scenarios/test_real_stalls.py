"""Selling in the street as a detector sees it that knows COCO alone: real people and things in a drawn street."""

from collections.abc import Callable
from pathlib import Path

import pytest

from detectors.geometry import Box
from detectors.sightings import Detector
from detectors.weights import find_detector
from tests.conftest import Database
from tests.scenarios.composed_street import PERSON_PX, Composed, Put, largest, thing_at
from tests.scenarios.street import Seen, Street, open_street

PAVEMENT = [[0.1, 0.6], [0.4, 0.99], [0.99, 0.99], [0.99, 0.55], [0.6, 0.4]]
VENDING = {"dwell_s": 8.0, "grace_s": 3.0, "warnings": 1}
FEET_Y = 315.0

Watch = Callable[..., Seen]


@pytest.fixture(scope="session")
def yolo(weights_dir: Path) -> Detector:
    return find_detector(str(weights_dir))


@pytest.fixture
def watch(sqlite_database: Database, tmp_path: Path, yolo: Detector) -> Watch:
    def watched(*put: Put, seconds: float = 16.0) -> Seen:
        open_street(sqlite_database.sessions, offences={"street_vending": VENDING}, pavement=PAVEMENT)
        clip = Composed(put, seconds).write(tmp_path / "composed.mp4")
        return Street(sqlite_database.sessions, tmp_path / "vault").watch(clip, detector=yolo)

    return watched


@pytest.fixture
def motorcycle(pictures_dir: Path) -> Put:
    return Put(largest(pictures_dir, "oiveh_00392", "motorcycle"), 320, 310, 95)


@pytest.fixture
def parasol(pictures_dir: Path) -> Put:
    return Put(thing_at(pictures_dir, "oiveh_00122", "umbrella", Box(27, 15, 302, 130)), 345, 195, 70)


@pytest.fixture
def seller(pictures_dir: Path) -> Put:
    return Put(largest(pictures_dir, "deped_00019", "person"), 425, FEET_Y, PERSON_PX, sways=True)


@pytest.fixture
def others(pictures_dir: Path) -> list[Put]:
    """Two more, who came to wait."""
    pictures = ("deped_00043", "deped_00037")
    return [
        Put(largest(pictures_dir, picture, "person"), 300.0 + 60 * number, FEET_Y - 15, PERSON_PX, sways=True)
        for number, picture in enumerate(pictures)
    ]


@pytest.mark.footage
def test_somebody_who_stays_with_motorcycle_and_parasol_sells(
    watch: Watch, motorcycle: Put, parasol: Put, seller: Put
) -> None:
    stall = watch(motorcycle, parasol, seller, seconds=20.0).incident
    assert stall.state == "drafted"
    assert {"umbrella", "motorcycle"} <= {each["class"] for each in stall.opened_with["signs"]["things"]}
    assert stall.opened_with["signs"]["attended_share"] >= 0.6


@pytest.mark.footage
def test_a_rider_who_waits_beside_his_motorcycle_does_not(watch: Watch, motorcycle: Put, seller: Put) -> None:
    assert watch(motorcycle, seller).incidents == []


@pytest.mark.footage
def test_what_nobody_stays_with_is_not_sold(watch: Watch, motorcycle: Put, parasol: Put) -> None:
    assert watch(motorcycle, parasol).incidents == []


@pytest.mark.footage
def test_people_who_wait_for_a_bus_sell_nothing(watch: Watch, seller: Put, others: list[Put]) -> None:
    assert watch(seller, *others).incidents == []


@pytest.mark.footage
def test_an_umbrella_that_somebody_holds_is_no_parasol(
    watch: Watch, pictures_dir: Path, motorcycle: Put, seller: Put
) -> None:
    held = Put(thing_at(pictures_dir, "oiveh_00122", "umbrella", Box(27, 15, 302, 130)), 425, 200, 36, sways=True)
    assert watch(motorcycle, held, seller).incidents == []
