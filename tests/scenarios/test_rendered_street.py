"""The road on the stories of the demo, with a detector that looks at the pictures: what is put on record is what
the story says, and nothing else."""

from pathlib import Path

import pytest

import detectors.weights
from cases.site_file import read
from detectors.rendered_street.stories import STORIES
from detectors.rendered_street.story import Story
from detectors.sightings import Detector
from detectors.weights import find_detector
from models.enums import Act, Offence
from streetwitness.demo import DEMO_SITE
from tests.conftest import Database
from tests.scenarios.street import Seen, Street, open_street

OWN_WEIGHTS = Path(detectors.weights.__file__).with_suffix("")
DWELL_S, GRACE_S, LOOK_S = 15.0, 15.0, 2.0


@pytest.fixture(scope="session", params=["of_the_project", "of_development"])
def detector(request: pytest.FixtureRequest) -> Detector:
    """The best weights of the program itself, and those that development keeps beside the repository."""
    if request.param == "of_development":
        return find_detector(str(request.getfixturevalue("weights_dir")))
    if not list(OWN_WEIGHTS.glob("*/*.xml")):
        pytest.skip(f"the project has no weights of its own in {OWN_WEIGHTS.name}/ yet")
    return find_detector(str(OWN_WEIGHTS))


@pytest.fixture
def watched(sqlite_database: Database, tmp_path: Path, rendered_clips: dict[str, Path], detector: Detector):
    def watch(story: Story) -> Seen:
        open_street(sqlite_database.sessions, dwell_s=DWELL_S, grace_s=GRACE_S, no_stopping=story.fence_in_picture())
        street = Street(sqlite_database.sessions, tmp_path / "vault")
        return street.watch(rendered_clips[story.name], detector=detector)

    return watch


def test_who_parks_and_stays_is_drafted(watched) -> None:
    story = STORIES["parks-and-stays"]
    car = watched(story).incident
    (stop,) = story.stops
    assert car.state == "drafted"
    assert car.acts == [Act.CONFIRMED, Act.GRACE_STARTED, Act.GRACE_EXPIRED]
    assert car.stopped_s == pytest.approx(stop.stopped_s, abs=2)
    assert DWELL_S <= car.confirmed_s - car.stopped_s <= DWELL_S + 2 * LOOK_S
    assert car.last_seen_s >= story.seconds - 2 * LOOK_S


def test_who_leaves_within_the_grace_is_not(watched) -> None:
    story = STORIES["parks-and-leaves"]
    van = watched(story).incident
    (stop,) = story.stops
    assert van.state == "resolved"
    assert van.stopped_s == pytest.approx(stop.stopped_s, abs=2)
    assert van.left_s == pytest.approx(stop.left_s, abs=2)
    assert van.drafts == []


def test_a_stall_a_bag_and_passing_traffic_are_no_parking(watched) -> None:
    assert watched(STORIES["stall-and-bag"]).incidents == []


def test_a_stall_with_somebody_who_stays_is_street_vending(
    sqlite_database: Database, tmp_path: Path, rendered_clips: dict[str, Path], detector: Detector
) -> None:
    """By the fence that the demo has for it; what names no stall is told by what was put there and who stays."""
    (fence,) = [each for each in read(DEMO_SITE).values.geofences if each.id == "rendered-3-pavement"]
    rule = fence.offences.as_parameters()["street_vending"]
    open_street(sqlite_database.sessions, offences={"street_vending": rule}, pavement=fence.polygon)
    street = Street(sqlite_database.sessions, tmp_path / "vault")
    stall = street.watch(rendered_clips["stall-and-bag"], detector=detector).incident
    assert stall.row.offence is Offence.STREET_VENDING
    assert stall.state == "drafted"
    signs = stall.opened_with["signs"]
    assert signs["score"] >= signs["enough"]
    assert signs["attended_share"] > 0.5
