"""Selling in the street, from the packets of a clip to the rows: who sells, who only stands there, and what a shop
puts before its door. Drawn streets; the stand-in detector knows what each colour is.
"""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from cases.draft_content import DraftContent
from detectors.sightings import ObjectRole
from models.enums import Act, Offence, SightingKind
from tests.conftest import Database
from tests.detectors.stand_in import StandInDetector
from tests.media.make_clips import FOREVER_S, Film, Films, Vehicle
from tests.scenarios.street import Seen, Street, open_street

PAVEMENT = [[0.05, 0.45], [0.95, 0.45], [0.95, 0.99], [0.05, 0.99]]
DWELL_S, GRACE_S, WARNINGS, LOOK_S = 8.0, 3.0, 2, 2.0
PERSON = (16, 44)
FEET_Y = 200.0  # where people stand, and things

Watch = Callable[..., Seen]
VENDING: dict[str, Any] = {"dwell_s": DWELL_S, "grace_s": GRACE_S, "warnings": WARNINGS}
PEOPLE = dict.fromkeys(("magenta", "blue"), (ObjectRole.PERSON, "person"))
STALL = (ObjectRole.STALL, "stall")
TRICYCLE = (ObjectRole.TWO_WHEELER, "tricycle")
PARASOL = (ObjectRole.FURNITURE, "umbrella")
TABLE = (ObjectRole.FURNITURE, "dining table")
LEFT = (ObjectRole.LITTER, "left object")
BENCH = (ObjectRole.FURNITURE, "bench")
CASE = (ObjectRole.GOODS, "suitcase")


@pytest.fixture
def watch(sqlite_database: Database, tmp_path: Path, films: Films) -> Watch:
    """What the road makes of a street; meaning: what the colours are, besides people in magenta and blue."""

    def watched(
        *drawn: Vehicle, meaning: Mapping[str, tuple[ObjectRole, str]], seconds: float = 28.0, **rule: Any
    ) -> Seen:
        open_street(sqlite_database.sessions, offences={"street_vending": VENDING | rule}, pavement=PAVEMENT)
        street = Street(sqlite_database.sessions, tmp_path / "vault")
        return street.watch(
            films(Film(drawn, seconds=seconds)), look_s=LOOK_S, detector=StandInDetector(PEOPLE | meaning)
        )

    return watched


def stands(
    colour: str,
    x: float,
    *,
    size: tuple[int, int],
    from_s: float | None = None,
    until_s: float | None = None,
    feet_y: float = FEET_Y,
) -> Vehicle:
    """Stands at x, comes from the left and goes to the right where it does not stand there all the time."""
    y = feet_y - size[1]
    way = [(-1.0, x, y)] if from_s is None else [(from_s - 2.0, -float(size[0]), y), (from_s, x, y)]
    way += [(FOREVER_S, x, y)] if until_s is None else [(until_s, x, y), (until_s + 2.0, 330.0, y)]
    return Vehicle(colour, tuple(way), size)


def person(colour: str, x: float, **when: Any) -> Vehicle:
    return stands(colour, x, size=PERSON, **when)


def test_a_stall_that_is_known_as_one_is_warned_and_drafted(watch: Watch) -> None:
    seen = watch(
        stands("red", 130, size=(60, 40), from_s=4.0), person("magenta", 200, from_s=5.0), meaning={"red": STALL}
    )
    stall = seen.incident
    assert stall.row.offence is Offence.STREET_VENDING
    assert stall.state == "drafted"
    assert stall.acts == [Act.CONFIRMED, Act.GRACE_STARTED, Act.GRACE_EXPIRED]
    assert stall.stopped_s == pytest.approx(4.0, abs=0.5)
    assert stall.stopped_s + DWELL_S <= stall.confirmed_s <= stall.stopped_s + DWELL_S + 2 * LOOK_S + 2.0
    assert stall.events[1].facts["grace_s"] == WARNINGS * GRACE_S, "in a recording there is nobody to warn"
    assert {("clip", "entry"), ("still", "dwell_complete"), ("clip", "dwell_complete"), ("still", "grace_end")} <= (
        stall.moments()
    )
    seen.street.assert_whole()


def test_tricycle_parasol_and_somebody_who_stays_are_a_stall_together(watch: Watch) -> None:
    seen = watch(
        stands("red", 120, size=(60, 34)),
        stands("yellow", 112, size=(76, 16), feet_y=150.0),
        person("magenta", 190),
        meaning={"red": TRICYCLE, "yellow": PARASOL},
    )
    stall = seen.incident
    assert stall.state == "drafted"
    signs = stall.opened_with["signs"]
    assert {each["class"] for each in signs["things"]} == {"tricycle", "umbrella"}
    assert signs["score"] >= signs["enough"]
    assert signs["attended_share"] == 1.0
    (draft,) = stall.drafts
    content = DraftContent.model_validate(draft.content)
    said = {statement.code: statement.text for statement in content.statements}
    assert said["things"].zh == "该处固定摆放：遮阳伞、三轮车，合计权重 0.70。"
    assert "Somebody stays with it in 100.0% of the looks" in said["attended"].en
    assert content.provision is not None
    assert "摊" in content.provision.name.zh


def test_a_parasol_alone_is_not_enough(watch: Watch) -> None:
    seen = watch(
        stands("yellow", 112, size=(76, 16), feet_y=150.0), person("magenta", 150), meaning={"yellow": PARASOL}
    )
    assert seen.incidents == []


def test_who_comes_and_stops_and_goes_is_a_customer(watch: Watch) -> None:
    seen = watch(
        stands("yellow", 112, size=(76, 16), feet_y=150.0),
        person("magenta", 120),
        person("blue", 170, from_s=4.0, until_s=9.0),
        meaning={"yellow": PARASOL},
    )
    signs = seen.incident.opened_with["signs"]
    assert signs["customers"] == 1
    assert signs["score"] == pytest.approx(0.85)


def test_goods_on_the_ground_that_no_class_names_are_sold_where_somebody_stays(watch: Watch) -> None:
    cloth = stands("red", 120, size=(60, 14))
    seen = watch(cloth, person("magenta", 185), meaning={"red": LEFT})
    assert seen.incident.opened_with["class"] == "left object"
    assert seen.incident.state == "drafted"


@pytest.mark.parametrize(
    ("drawn", "meaning"),
    [
        pytest.param((stands("red", 120, size=(60, 14)),), {"red": LEFT}, id="goods_that_nobody_stays_with"),
        pytest.param(
            (stands("red", 120, size=(14, 12)), person("magenta", 140)), {"red": LEFT}, id="a_bag_put_down_beside_one"
        ),
        pytest.param((stands("red", 120, size=(60, 34)),), {"red": STALL}, id="a_stall_that_is_left_alone"),
        pytest.param(
            (stands("red", 120, size=(60, 34)), person("magenta", 190)),
            {"red": TRICYCLE},
            id="a_delivery_tricycle_and_its_rider",
        ),
        pytest.param((stands("red", 120, size=(60, 34)),), {"red": TRICYCLE}, id="a_delivery_tricycle_alone"),
        pytest.param(
            (person("magenta", 120), person("blue", 145), person("magenta", 175)), {}, id="pedestrians_chatting"
        ),
        pytest.param(
            (
                stands("red", 60, size=(60, 18)),
                *(person("magenta" if n % 2 else "blue", 70.0 + 30 * n) for n in range(5)),
                stands("green", 100, size=(12, 16)),
                stands("green", 190, size=(12, 16)),
            ),
            {"red": BENCH, "green": CASE},
            id="a_queue_at_the_bus_stop_with_bench_and_cases",
        ),
        pytest.param(
            (person("magenta", 120), stands("yellow", 115, size=(24, 10), feet_y=158.0), person("blue", 150)),
            {"yellow": PARASOL},
            id="umbrellas_that_people_hold",
        ),
        pytest.param(
            (
                stands("red", 120, size=(60, 34)),
                stands("yellow", 112, size=(76, 16), feet_y=150.0),
                person("magenta", 190, from_s=3.0, until_s=7.0),
            ),
            {"red": TRICYCLE, "yellow": PARASOL},
            id="somebody_who_stops_for_a_moment",
        ),
    ],
)
def test_who_does_not_sell_is_not_reported(watch: Watch, drawn: tuple[Vehicle, ...], meaning: Any) -> None:
    seen = watch(*drawn, meaning=meaning, seconds=18.0)
    assert seen.incidents == []
    assert seen.street.objects_on_disk() == {}


def test_a_seller_who_goes_for_a_while_ends_nothing(watch: Watch) -> None:
    away = Vehicle(
        "magenta",
        (
            (-1.0, 200, 156),
            (20.0, 200, 156),
            (21.0, 300, 156),
            (28.0, 300, 156),
            (29.0, 200, 156),
            (FOREVER_S, 200, 156),
        ),
        PERSON,
    )
    seen = watch(stands("red", 130, size=(60, 40)), away, meaning={"red": STALL}, grace_s=8.0)
    assert seen.incident.state == "drafted"


def test_people_who_walk_before_it_hide_it_and_it_is_not_gone(watch: Watch) -> None:
    crowd = stands("blue", 110, size=(110, 70), from_s=16.0, until_s=24.0, feet_y=215.0)
    seen = watch(stands("red", 130, size=(60, 40)), person("magenta", 195), crowd, meaning={"red": STALL}, grace_s=8.0)
    stall = seen.incident
    assert stall.sightings_of(SightingKind.HIDDEN)
    assert stall.sightings_of(SightingKind.ABSENT) == []
    assert stall.state == "drafted"


def test_who_packs_up_in_time_is_never_drafted(watch: Watch) -> None:
    seen = watch(
        stands("red", 130, size=(60, 40), until_s=11.0), person("magenta", 200), meaning={"red": STALL}, seconds=24
    )
    stall = seen.incident
    assert stall.state == "resolved"
    assert stall.left_s == pytest.approx(11.0, abs=0.5)
    assert stall.drafts == []


def test_a_parasol_that_is_folded_does_not_end_what_goes_on_under_it(watch: Watch) -> None:
    seen = watch(
        stands("yellow", 112, size=(76, 16), feet_y=150.0, until_s=15.0),
        stands("red", 120, size=(60, 14)),
        person("magenta", 190),
        meaning={"yellow": PARASOL, "red": TABLE},
        grace_s=6.0,
    )
    assert seen.incident.state == "drafted"
    assert seen.incident.left_s is None


def test_in_a_market_bay_it_is_allowed_and_beside_it_not(watch: Watch) -> None:
    bay = [[0.35, 0.6], [0.65, 0.6], [0.65, 0.95], [0.35, 0.95]]
    stalls = (stands("red", 130, size=(60, 40)), person("magenta", 195), stands("red", 20, size=(60, 40)))
    seen = watch(*stalls, person("blue", 84), meaning={"red": STALL}, market_bays=[bay])
    assert seen.incident.row.box_x1 == pytest.approx(20, abs=4), "the other one is in the bay"


DOOR_LINE = [[0.0, 0.72], [1.0, 0.72]]


@pytest.mark.parametrize(
    ("feet_y", "rule", "reported"),
    [
        pytest.param(215.0, {"line": DOOR_LINE}, True, id="over_the_line"),
        pytest.param(165.0, {"line": DOOR_LINE}, False, id="before_the_shop_behind_the_line"),
        pytest.param(165.0, {"line": DOOR_LINE, "shop_side": "right"}, True, id="the_shop_is_on_the_other_side"),
        pytest.param(215.0, {}, False, id="without_a_line_somebody_must_sell"),
    ],
)
def test_goods_of_a_shop_over_its_door_line_need_nobody_beside_them(
    watch: Watch, feet_y: float, rule: dict[str, Any], reported: bool
) -> None:
    tables = (stands("red", 100, size=(46, 26), feet_y=feet_y), stands("red", 160, size=(46, 26), feet_y=feet_y))
    seen = watch(*tables, meaning={"red": TABLE}, **rule)
    if not reported:
        assert seen.incidents == []
        return
    assert seen.incident.opened_with["signs"]["over_line"]
    assert seen.incident.opened_with["signs"]["things"][0]["count"] == 2
    assert seen.incident.state == "drafted"


def test_a_shop_does_not_put_out_the_scooters_that_are_parked_there(watch: Watch) -> None:
    scooters = (stands("red", 100, size=(46, 26), feet_y=215.0), stands("red", 160, size=(46, 26), feet_y=215.0))
    assert watch(*scooters, meaning={"red": TRICYCLE}, line=DOOR_LINE).incidents == []


def test_a_fence_against_parking_alone_does_not_follow_parasols(
    sqlite_database: Database, tmp_path: Path, films: Films
) -> None:
    """Followed, it would be something new that stands in front, and the car behind it hidden instead of gone."""
    open_street(sqlite_database.sessions)
    car = stands("red", 120, size=(64, 40), from_s=4.0, until_s=19.0)
    parasol = stands("yellow", 110, size=(90, 60), from_s=21.5)
    known = StandInDetector({"red": (ObjectRole.VEHICLE, "car"), "yellow": PARASOL})
    street = Street(sqlite_database.sessions, tmp_path / "vault")
    seen = street.watch(films(Film((car, parasol), seconds=32)), look_s=LOOK_S, detector=known)
    assert seen.incident.state == "resolved"
    assert seen.incident.sightings_of(SightingKind.HIDDEN) == []
