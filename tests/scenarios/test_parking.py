"""What happens in the street and what is put on record about it, from the packets of a clip to the rows."""

from pathlib import Path
from typing import Any

import cv2
import pytest

from evidence.vault import Vault
from models.enums import Act, ExhibitKind, ExhibitMoment, SightingKind
from models.exhibits import Exhibit
from models.incidents import Incident
from tests.conftest import Database
from tests.media.make_clips import BUS, RATE, Film, Films, Vehicle, parks, passes
from tests.scenarios.street import CAMERA_OFFSET_S, DWELL_S, GRACE_S, KERB, Street, open_street, seconds

LOOK_S = 2.0
FRAME_S = 1 / RATE


@pytest.fixture(params=["h264", "mpeg4"])
def codec(request: pytest.FixtureRequest) -> dict[str, Any]:
    return {"h264": {}, "mpeg4": {"codec": "mpeg4", "container": "avi"}}[request.param]


def test_a_van_that_stays_through_the_grace_becomes_a_draft(database: Database, tmp_path: Path, films: Films) -> None:
    open_street(database.sessions)
    street = Street(database.sessions, tmp_path / "vault")
    seen = street.watch(films(Film((parks("red", stops_s=4.0),), seconds=40)))

    van = seen.incident
    assert van.state == "drafted"
    assert van.stopped_s == pytest.approx(4.0, abs=0.5)
    assert 4.0 + DWELL_S <= van.confirmed_s <= 4.0 + DWELL_S + LOOK_S + 0.5
    assert van.acts == [Act.CONFIRMED, Act.GRACE_STARTED, Act.GRACE_EXPIRED]
    assert van.row.grace_ends_at is not None
    assert (van.row.grace_ends_at - van.row.confirmed_at).total_seconds() == GRACE_S
    assert van.last_seen_s >= 40 - LOOK_S - FRAME_S
    (draft,) = van.drafts
    assert draft.version == 1
    where = draft.content["where"]
    assert (where["picture_width"], where["picture_height"]) == (320, 240), "the draft knows the stream it is made from"
    assert van.row.seen_with is not None
    told = dict(van.row.seen_with)
    assert told.pop("clock") == {"offset_s": CAMERA_OFFSET_S, "error_s": 0.4, "measure": None}
    assert told == {name: seen.analysis[name] for name in told}
    assert told["model"]["name"] == "stand-in"
    assert van.moments() == {
        ("clip", "entry"),
        ("still", "entry"),
        ("close_up", "sharpest"),
        ("clip", "dwell_complete"),
        ("still", "dwell_complete"),
        ("clip", "grace_end"),
        ("still", "grace_end"),
    }
    street.assert_whole()


def test_boxes_are_pixels_of_the_picture(street: Street, films: Films) -> None:
    seen = street.watch(films(Film((parks("red", at=(120, 150), stops_s=4.0),), seconds=40)))
    row = seen.incident.row
    assert [row.box_x1, row.box_y1, row.box_x2, row.box_y2] == pytest.approx([120, 150, 184, 190], abs=3)


def test_a_van_that_leaves_within_the_grace_is_never_drafted(
    street: Street, films: Films, codec: dict[str, Any]
) -> None:
    seen = street.watch(films(Film((parks("red", stops_s=4.0, leaves_s=20.0),), seconds=32, **codec)))
    van = seen.incident
    assert van.state == "resolved"
    assert van.left_s is not None
    assert van.left_s == pytest.approx(20.0, abs=0.5)
    assert van.stopped_s == pytest.approx(4.0, abs=0.5)
    assert van.last_seen_s <= van.left_s
    assert van.drafts == []
    assert ("clip", "grace_end") not in van.moments()
    leaving, empty = (van.exhibit(kind, ExhibitMoment.LEFT) for kind in (ExhibitKind.CLIP, ExhibitKind.STILL))
    assert seconds(leaving.from_at) < van.left_s < seconds(leaving.to_at)
    assert van.left_s <= seconds(empty.from_at) <= van.left_s + 2.5, "the next look"
    stood = van.exhibit(ExhibitKind.STILL, ExhibitMoment.ENTRY)
    assert redness(street, stood, van.row) > 60
    assert redness(street, empty, van.row) < 20
    street.assert_whole()


def redness(street: Street, still: Exhibit, incident: Incident) -> float:
    """How much more red than green there is where the van stood."""
    picture = cv2.imread(str(Vault.path_of(street.vault_root, still.sha256, ".jpg")))
    assert picture is not None
    part = picture[round(incident.box_y1) : round(incident.box_y2), round(incident.box_x1) : round(incident.box_x2)]
    return float(part[:, :, 2].mean() - part[:, :, 1].mean())


def test_a_van_that_leaves_at_once_after_the_grace_is_drafted_all_the_same(street: Street, films: Films) -> None:
    seen = street.watch(films(Film((parks("red", stops_s=4.0, leaves_s=28.5),), seconds=40)))
    van = seen.incident
    assert van.state == "drafted"
    assert van.acts == [Act.CONFIRMED, Act.GRACE_STARTED, Act.GRACE_EXPIRED]
    assert ("still", "grace_end") in van.moments()


def test_what_only_passes_through_is_not_reported(street: Street, films: Films) -> None:
    traffic = tuple(
        passes(colour, enters_s) for colour, enters_s in (("red", 1.0), ("blue", 7.0), ("red", 13.0), ("green", 19.0))
    )
    seen = street.watch(films(Film(traffic, seconds=28)))
    assert seen.incidents == []
    assert street.objects_on_disk() == {}


def test_a_van_that_stops_for_less_than_the_dwell_leaves_nothing_behind(street: Street, films: Films) -> None:
    seen = street.watch(films(Film((parks("red", stops_s=4.0, leaves_s=12.5),), seconds=24)))
    assert seen.incidents == []
    assert street.objects_on_disk() == {}
    assert street.incoming() == []


def test_a_van_that_stood_there_from_the_start_has_no_moment_of_stopping(street: Street, films: Films) -> None:
    seen = street.watch(films(Film((parks("red"),), seconds=34)))
    van = seen.incident
    assert van.stopped_s is None
    assert van.confirmed_s == pytest.approx(DWELL_S, abs=LOOK_S)
    assert van.state == "drafted"


def test_where_the_recording_ends_in_the_grace_it_is_said_that_the_end_is_not_shown(
    street: Street, films: Films
) -> None:
    seen = street.watch(films(Film((parks("red", stops_s=2.0),), seconds=19)))
    van = seen.incident
    assert van.state == "uncertain"
    assert van.acts[-1] is Act.SIGHT_LOST
    assert van.events[-1].facts == {"why": "the recording ends here"}
    assert van.drafts == []


def test_a_van_behind_a_bus_is_hidden_and_not_gone(street: Street, films: Films) -> None:
    """Ten seconds behind the bus are on record and count for the van."""
    van = parks("red", at=(140, 150), stops_s=2.0)
    bus = parks("blue", at=(100, 100), stops_s=8.0, leaves_s=17.0, size=BUS)
    seen = street.watch(films(Film((van, bus), seconds=52)))

    incident = seen.incident
    assert incident.state == "drafted"
    assert incident.stopped_s is not None
    assert incident.stopped_s == pytest.approx(2.0, abs=0.5)
    hidden = incident.sightings_of(SightingKind.HIDDEN)
    assert len(hidden) >= 4
    facts = incident.opened_with
    assert 9.0 <= facts["not_shown_s"] <= 9.0 + 3 * LOOK_S
    assert facts["shown_s"] >= DWELL_S
    assert incident.confirmed_s - incident.stopped_s == pytest.approx(facts["shown_s"] + facts["not_shown_s"], abs=0.01)
    assert incident.confirmed_s >= 2.0 + DWELL_S + 9.0


def test_a_van_hidden_longer_than_the_ring_remembers_does_not_end_the_run(street: Street, films: Films) -> None:
    """The packets of its stop are gone when the suspicion comes: the incident stands, the entry is missing."""
    van = parks("red", at=(140, 150), stops_s=1.0)
    bus = Vehicle("blue", ((3.5, -150, 100), (4.8, 100, 100), (47, 100, 100), (48.5, 330, 100)), BUS)
    street_with_slow_bus = films(Film((van, bus), seconds=75))
    seen = street.watch(street_with_slow_bus)
    red = next(each for each in seen.incidents if each.row.box_x2 - each.row.box_x1 < 100)
    assert red.opened_with["not_shown_s"] > 30
    assert ("clip", "entry") not in red.moments()
    assert seen.analysis["video_s"] == pytest.approx(75, abs=0.2)
    street.assert_whole()


def test_a_car_that_takes_the_place_of_another_is_a_new_car(street: Street, films: Films) -> None:
    """Both stand eight seconds, two less than the dwell: sixteen seconds of one place are nobody's offence."""
    first = parks("red", stops_s=2.0, leaves_s=10.0)
    second = parks("green", stops_s=11.0, leaves_s=19.0)
    seen = street.watch(films(Film((first, second), seconds=26)))
    assert seen.incidents == []


def test_the_dwell_of_the_first_does_not_count_for_the_second(street: Street, films: Films) -> None:
    first = parks("red", stops_s=2.0, leaves_s=15.5)
    second = parks("green", stops_s=16.5)
    seen = street.watch(films(Film((first, second), seconds=50)))
    red, green = seen.incidents
    assert (red.state, green.state) == ("resolved", "drafted")
    assert red.left_s == pytest.approx(15.5, abs=0.5)
    assert green.stopped_s == pytest.approx(16.5, abs=0.5)
    assert green.confirmed_s >= 16.5 + DWELL_S


def test_a_queue_that_shuffles_forward_does_not_park(street: Street, films: Films) -> None:
    """Every six seconds each car moves on by most of a length; none stands for ten."""
    shuffles = []
    for number, colour in enumerate(("red", "green", "blue")):
        way = [(0.0, 200.0 - 75 * number, 150.0)]
        for step in range(5):
            at_s = 6.0 * (step + 1)
            _, x, y = way[-1]
            way += [(at_s, x, y), (at_s + 1.0, x + 50, y)]
        shuffles.append(Vehicle(colour, tuple(way)))
    seen = street.watch(films(Film(tuple(shuffles), seconds=32)))
    assert seen.incidents == []


def test_while_the_timetable_sleeps_nothing_is_an_offence(
    sqlite_database: Database, tmp_path: Path, films: Films
) -> None:
    # the recording begins at noon of a Monday in Shanghai
    open_street(sqlite_database.sessions, timetable=[{"days": "mon-sun", "from": "13:00", "to": "22:00"}])
    street = Street(sqlite_database.sessions, tmp_path / "vault")
    assert street.watch(films(Film((parks("red", stops_s=4.0),), seconds=40))).incidents == []


def test_a_dwell_runs_from_the_minute_at_which_the_timetable_wakes(
    sqlite_database: Database, tmp_path: Path, films: Films
) -> None:
    """The van stands from the start; what it stood before the minute is nobody's business."""
    open_street(sqlite_database.sessions, timetable=[{"days": "mon", "from": "12:01", "to": "22:00"}])
    street = Street(sqlite_database.sessions, tmp_path / "vault")
    seen = street.watch(films(Film((parks("red", stops_s=50.0),), seconds=90)))
    assert seen.incident.confirmed_s >= 60 + DWELL_S - CAMERA_OFFSET_S


def test_each_fence_has_its_own_incidents(sqlite_database: Database, tmp_path: Path, films: Films) -> None:
    left, right = ([[x, 0.55], [x + 0.38, 0.55], [x + 0.38, 0.98], [x, 0.98]] for x in (0.1, 0.55))
    open_street(sqlite_database.sessions, left=left, right=right)
    street = Street(sqlite_database.sessions, tmp_path / "vault")
    red, green = parks("red", at=(60, 150), stops_s=3.0), parks("green", at=(210, 160), stops_s=3.0)
    seen = street.watch(films(Film((green, red), seconds=36)))
    assert [each.state for each in seen.incidents] == ["drafted", "drafted"]
    assert len({each.row.geofence_version_id for each in seen.incidents}) == 2
    street.assert_whole()


def test_one_van_in_two_fences_is_one_incident_of_each(sqlite_database: Database, tmp_path: Path, films: Films) -> None:
    open_street(sqlite_database.sessions, first=KERB, second=KERB)
    street = Street(sqlite_database.sessions, tmp_path / "vault")
    seen = street.watch(films(Film((parks("red", stops_s=4.0),), seconds=40)))
    assert [each.state for each in seen.incidents] == ["drafted", "drafted"]
    assert seen.incidents[0].stopped_s == seen.incidents[1].stopped_s
    street.assert_whole()


def test_a_van_beside_the_fence_is_not_in_it(street: Street, films: Films) -> None:
    seen = street.watch(films(Film((parks("red", at=(120, 60)),), seconds=20)))
    assert seen.incidents == []


def test_the_same_recording_again_adds_nothing(street: Street, films: Films) -> None:
    clip = films(Film((parks("red", stops_s=4.0),), seconds=40))
    first = street.watch(clip)
    before = street.everything()
    again = street.watch(clip)
    assert (first.report.again, again.report.again) == (False, True)
    assert again.report.recording_id == first.report.recording_id
    assert street.everything() == before


def test_the_same_recording_looked_at_more_often_is_still_one_incident(street: Street, films: Films) -> None:
    clip = films(Film((parks("red", stops_s=4.0),), seconds=40))
    street.watch(clip)
    again = street.watch(clip, look_s=1.0)
    assert not again.report.again
    assert again.incident.state == "drafted"
    street.assert_whole()


def test_an_mpeg4_clip_comes_with_a_copy_that_browsers_play(street: Street, films: Films) -> None:
    clip = films(Film((parks("red", stops_s=4.0),), seconds=40, codec="mpeg4", container="avi"))
    van = street.watch(clip).incident
    assert van.state == "drafted"
    for moment in (ExhibitMoment.ENTRY, ExhibitMoment.DWELL_COMPLETE, ExhibitMoment.GRACE_END):
        original, copy = van.exhibit(ExhibitKind.CLIP, moment), van.exhibit(ExhibitKind.DERIVATIVE, moment)
        assert copy.recipe["original_sha256"] == original.sha256
        assert (copy.from_at, copy.to_at) == (original.from_at, original.to_at)
        assert not original.recipe["plays_in_browser"]
    street.assert_whole()


@pytest.mark.parametrize("enters_s", [3.4, 3.9, 4.4, 4.9, 5.4])
def test_who_drives_past_in_front_does_not_move_the_moment_of_stopping(
    street: Street, films: Films, enters_s: float
) -> None:
    """A lorry covers the van for half a second, at some keyframe or between two."""
    van = parks("red", (130, 150), stops_s=3.0)
    lorry = Vehicle("blue", ((enters_s, -150.0, 110.0), (enters_s + 1.5, 330.0, 110.0)), BUS)
    seen = street.watch(films(Film((van, lorry), seconds=36)))
    assert seen.incident.stopped_s == pytest.approx(3.0, abs=0.5)
