"""The rule for street vending over looks: from when it counts, what is remembered, and when it sleeps."""

import pytest

from detectors.geometry import Box, Polygon
from detectors.sightings import Look, ObjectRole
from detectors.street_vending import StreetVending
from detectors.tracker import Tracker
from tests.detectors.drawn import shown
from tests.detectors.stand_in import StandInDetector
from tests.media.make_clips import FOREVER_S, Film, Vehicle

PAVEMENT = Polygon(((10, 100), (310, 100), (310, 238), (10, 238)))
STALL = Vehicle("red", ((-1.0, 130, 160), (FOREVER_S, 130, 160)), (60, 40))
KNOWN = StandInDetector({"red": (ObjectRole.STALL, "stall"), "magenta": (ObjectRole.PERSON, "person")})


def seller(*way: tuple[float, float, float]) -> Vehicle:
    return Vehicle("magenta", way or ((-1.0, 200, 156), (FOREVER_S, 200, 156)), (16, 44))


def rule(**differs: object) -> StreetVending:
    return StreetVending("pavement", **({"fence": PAVEMENT, "dwell_s": 10.0, "longest_step_s": 5.0} | differs))  # type: ignore[arg-type]


def follow(
    film: Film, one: StreetVending, times: list[float], tracker: Tracker, asleep: tuple[float, float] = (-1.0, -1.0)
) -> list[float]:
    """When each was confirmed."""
    confirmed = []
    for at_s in times:
        frame = shown(film, at_s)
        look = Look(frame, (Box(0, 0, frame.width, frame.height),))
        tracker.update(look, KNOWN.detect([look])[0])
        one.update(tracker.tracks, at_s=at_s, in_force=not asleep[0] <= at_s < asleep[1])
        confirmed += [at_s for _ in one.confirm()]
    return confirmed


LOOKS = [2.0 * number for number in range(20)]


def test_it_is_confirmed_once_and_counts_from_when_both_were_there() -> None:
    came = seller((5.0, -20, 156), (7.0, 200, 156), (FOREVER_S, 200, 156))
    one = rule()
    assert follow(Film((STALL, came)), one, LOOKS, Tracker()) == [18.0], "somebody is with it from 8 on"
    (suspect,) = one.suspects.values()
    assert suspect.from_s == 8.0
    assert one.violation(suspect).class_name == "stall"
    assert one.facts(suspect)["signs"]["stayed_s"] == 10.0


def test_out_of_force_nobody_is_suspected_and_a_dwell_begins_anew() -> None:
    film = Film((STALL, seller()))
    assert follow(film, rule(), LOOKS, Tracker(), asleep=(0.0, 99.0)) == []
    assert follow(film, rule(), LOOKS, Tracker(), asleep=(6.0, 12.0)) == [22.0]


def test_what_is_deserted_before_its_time_is_let_go() -> None:
    leaves = seller((-1.0, 200, 156), (5.0, 200, 156), (6.0, 340, 156))
    one = rule()
    assert follow(Film((STALL, leaves)), one, LOOKS, Tracker()) == []
    assert one.suspects == {}


def test_a_dwell_remembered_without_its_persons_waits_until_somebody_was_seen_with_it() -> None:
    film, tracker = Film((STALL, seller())), Tracker()
    before, after = rule(), rule()
    assert follow(film, before, LOOKS[:5], tracker) == []
    after.suspects = before.suspects
    (at_s,) = follow(film, after, LOOKS[5:], tracker)
    assert at_s == pytest.approx(16.0, abs=2.0), "the stall stands since 0, who stands there is known from 10 on"


def test_a_parasol_hangs_over_the_ground_that_its_seller_stands_on() -> None:
    """The box of the canopy ends where the ground of the road behind is; its pole stands on the pavement."""
    canopy = Vehicle("red", ((-1.0, 120, 104), (FOREVER_S, 120, 104)), (80, 14))
    table = Vehicle("green", ((-1.0, 140, 176), (FOREVER_S, 140, 176)), (40, 20))
    known = StandInDetector(
        {
            "red": (ObjectRole.FURNITURE, "umbrella"),
            "green": (ObjectRole.WARES, "bowl"),
            "magenta": (ObjectRole.PERSON, "person"),
        }
    )
    tall = Vehicle("magenta", ((-1.0, 205, 116), (FOREVER_S, 205, 116)), (26, 80))
    pavement = Polygon(((10, 150), (310, 150), (310, 238), (10, 238)))
    one, tracker, confirmed = rule(fence=pavement), Tracker(), []
    for at_s in LOOKS[:8]:
        frame = shown(Film((canopy, table, tall)), at_s)
        look = Look(frame, (Box(0, 0, frame.width, frame.height),))
        tracker.update(look, known.detect([look])[0])
        one.update(tracker.tracks, at_s=at_s)
        confirmed += one.confirm()
    (suspect,) = confirmed
    assert suspect.track.class_name == "umbrella"
    assert min(each.share_inside or 0.0 for each in one.sightings(suspect.track)) == 1.0
