"""Dumping down the whole road: what is put on record is the act as the story or the clip has it, and nothing else."""

from pathlib import Path
from typing import Any

import cv2
import pytest

import detectors.weights
from cases.draft_content import DraftContent, Statement
from detectors.geometry import Box
from detectors.rendered_street.film import RATE, Film
from detectors.rendered_street.stories import STORIES
from detectors.sightings import Detector
from detectors.weights import find_detector
from models.enums import Act, ExhibitKind, ExhibitMoment
from tests.conftest import Database
from tests.scenarios.street import SeenIncident, Street, open_street

OWN_WEIGHTS = Path(detectors.weights.__file__).with_suffix("")
PAVEMENT = [[0.55, 0.45], [0.9, 0.42], [0.97, 0.75], [0.55, 0.75]]
GROUND = [[0.01, 0.1], [0.99, 0.1], [0.99, 0.99], [0.01, 0.99]]
STORY = STORIES["stall-and-bag"]
PUT_DOWN_S, WALKS_OFF_S = 17.6, 19.0  # as the story has it


def open_pavement(database: Database, polygon: list[list[float]], away_s: float) -> None:
    open_street(database.sessions, offences={"dumping": {"away_s": away_s}}, pavement=polygon)


@pytest.fixture(scope="module", params=["of_the_project", "of_development"])
def detector(request: pytest.FixtureRequest) -> Detector:
    if request.param == "of_development":
        return find_detector(str(request.getfixturevalue("weights_dir")))
    if not list(OWN_WEIGHTS.glob("*/*.xml")):
        pytest.skip(f"the project has no weights of its own in {OWN_WEIGHTS.name}/ yet")
    return find_detector(str(OWN_WEIGHTS))


@pytest.fixture(scope="module")
def yolo(weights_dir: Path) -> Detector:
    return find_detector(str(weights_dir))


def seen_at(second: float, name: str) -> Box:
    (label,) = [each for each in Film(STORY).labels(round(second * RATE)) if each.class_name == name][-1:]
    assert label.seen is not None
    return label.seen


def act_of(incident: SeenIncident) -> dict[str, Any]:
    facts = incident.opened_with
    assert incident.acts[0] is Act.CONFIRMED
    return facts


def test_a_bag_left_on_the_pavement_is_drafted_with_the_act_and_who_did_it(
    sqlite_database: Database, tmp_path: Path, rendered_clips: dict[str, Path], detector: Detector
):
    open_pavement(sqlite_database, PAVEMENT, away_s=8)
    street = Street(sqlite_database.sessions, tmp_path / "vault")
    seen = street.watch(rendered_clips[STORY.name], detector=detector)
    bag = seen.incident
    assert bag.state == "drafted"
    assert bag.acts == [Act.CONFIRMED, Act.GRACE_STARTED, Act.GRACE_EXPIRED], "at once: there is no grace"
    assert PUT_DOWN_S - 0.5 <= bag.stopped_s <= WALKS_OFF_S + 0.5
    act = act_of(bag)
    assert act["actor"]["role"] == "person"
    carrier = seen_at(act["actor"]["at_s"], "person")
    assert Box(*act["actor"]["box"]).iou(carrier) > 0.5, "the carrier and not the vendor, who stands behind"
    place = Box(bag.row.box_x1, bag.row.box_y1, bag.row.box_x2, bag.row.box_y2)
    assert seen_at(30.0, "litter").covered_by(place) > 0.8
    assert bag.moments() == {
        ("still", "before"),
        ("clip", "entry"),
        ("still", "entry"),
        ("close_up", "sharpest"),
        ("clip", "dwell_complete"),
        ("still", "dwell_complete"),
    }
    street.assert_whole()
    dark = {
        moment: _darkness(seen.path_of(bag.exhibit(ExhibitKind.STILL, moment)), seen_at(30.0, "litter"))
        for moment in (ExhibitMoment.BEFORE, ExhibitMoment.ENTRY, ExhibitMoment.DWELL_COMPLETE)
    }
    assert dark[ExhibitMoment.BEFORE] < 0.2, "the place without it"
    assert min(dark[ExhibitMoment.ENTRY], dark[ExhibitMoment.DWELL_COMPLETE]) > 0.35
    clip = bag.exhibit(ExhibitKind.CLIP, ExhibitMoment.ENTRY)
    assert (clip.to_at - clip.from_at).total_seconds() >= 10
    assert clip.from_at <= bag.row.stopped_at <= clip.to_at, "the clip shows the act"
    assert [each.code for each in _statements(bag) if each.code.startswith("act_")] == [
        "act_by_person",
        f"act_kind_{act['kind']}",
    ]


@pytest.mark.footage
@pytest.mark.parametrize(
    ("clip", "away_s", "act", "box"),
    [
        ("pavement_bag_left.avi", 4.0, (13.5, 15.2), Box(453, 364, 502, 414)),
        ("night_bag_dumped_AI_GENERATED.mp4", 1.5, (2.1, 3.4), Box(537, 443, 791, 685)),
    ],
    ids=["by_day", "at_night"],
)
def test_real_pictures_show_thing_second_and_person(
    sqlite_database: Database,
    tmp_path: Path,
    footage_dir: Path,
    yolo: Detector,
    clip: str,
    away_s: float,
    act: tuple[float, float],
    box: Box,
):
    open_pavement(sqlite_database, GROUND, away_s)
    bag = Street(sqlite_database.sessions, tmp_path / "vault").watch(footage_dir / clip, detector=yolo).incident
    assert bag.state == "drafted"
    assert act[0] - 0.5 <= bag.stopped_s <= act[1] + 0.5
    assert Box(bag.row.box_x1, bag.row.box_y1, bag.row.box_x2, bag.row.box_y2).iou(box) > 0.5
    assert act_of(bag)["actor"]["role"] == "person"


def _statements(incident: SeenIncident) -> list[Statement]:
    (draft,) = incident.drafts
    return list(DraftContent.model_validate(draft.content).statements)


def _darkness(still: Path, box: Box) -> float:
    """Share of the box that is black."""
    grey = cv2.imread(str(still), cv2.IMREAD_GRAYSCALE)
    part = grey[int(box.y1) : int(box.y2), int(box.x1) : int(box.x2)]
    return float((part < 70).mean())
