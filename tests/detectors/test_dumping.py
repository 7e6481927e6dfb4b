"""The rule for dumping, with numbers: who was near, for how long nobody was, and what that comes to."""

from collections import Counter
from dataclasses import dataclass, field

import numpy as np
import pytest

from detectors.appearance import PATCH_HEIGHT, PATCH_WIDTH, Appearance
from detectors.dumping import Act, Actor, Dumping, Kind, is_near, kind_of
from detectors.geometry import Box, Polygon
from detectors.left_objects import LEFT_OBJECT
from detectors.rules import Suspect
from detectors.sightings import Detection, ObjectRole, Sighting
from detectors.tracker import Track
from models.enums import SightingKind

FENCE = Polygon(((0, 0), (1000, 0), (1000, 600), (0, 600)))
BAG = Box(500, 400, 540, 440)
BESIDE, AWAY = Box(560, 240, 620, 440), Box(900, 240, 960, 440)
OWNER = Actor(ObjectRole.PERSON, BESIDE, 2.0, 0.8, 9.0)
LOOK = np.zeros((PATCH_HEIGHT, PATCH_WIDTH), np.uint8)


@dataclass
class Street:
    """A rule and the tracks it is shown, one look every two seconds."""

    rule: Dumping = field(default_factory=lambda: Dumping("pavement", FENCE, dwell_s=10.0, longest_step_s=5.0))
    tracks: dict[str, Track] = field(default_factory=dict)
    at_s: float = 0.0
    ended: list[Suspect] = field(default_factory=list)

    def look(
        self,
        *,
        times: int = 1,
        bag: SightingKind | None = SightingKind.SEEN,
        in_force: bool = True,
        **others: Box,
    ) -> list[Suspect]:
        """What lies there and who is there now; returns what the last look confirmed."""
        confirmed: list[Suspect] = []
        for _ in range(times):
            self.at_s += 2.0
            if bag is not None:
                self._sighted("bag", BAG, bag)
            for name, box in others.items():
                self._sighted(name, box, SightingKind.SEEN)
            known = [track for track in self.tracks.values() if track.left_s is None]
            self.ended += self.rule.update(known, at_s=self.at_s, in_force=in_force)
            confirmed = self.rule.confirm()
        return confirmed

    def _sighted(self, name: str, box: Box, kind: SightingKind) -> None:
        role, called = {
            "bag": (ObjectRole.LITTER, LEFT_OBJECT),
            "bin": (ObjectRole.LITTER, "garbage"),
            "car": (ObjectRole.VEHICLE, "car"),
        }.get(name, (ObjectRole.PERSON, "person"))
        if name not in self.tracks:
            appearance = Appearance(box, LOOK, (0.0, 0.0, 0.0), 100.0)
            number = len(self.tracks) + 1
            self.tracks[name] = Track(number, role, self.at_s, box, box, appearance, self.at_s, Counter([called]))
        track = self.tracks[name]
        track.box = box
        track.steady.append(box)
        shown = None if kind is SightingKind.HIDDEN else box
        track.sightings.append(Sighting(self.at_s, kind, shown, 0.6 if kind is SightingKind.SEEN else None))

    def witnessed(self, act_s: float = 1.5) -> Suspect:
        (suspect,) = self.rule.suspects.values()
        suspect.stopped(act_s)
        self.rule.witnessed(suspect, Act(act_s, OWNER, Kind.BAG))
        return suspect


@pytest.fixture
def street() -> Street:
    return Street()


def test_what_nobody_is_near_for_so_long_was_dumped(street):
    street.look(owner=BESIDE, times=2)
    suspect = street.witnessed()
    assert street.look(owner=AWAY, times=5) == []
    assert street.look() == [suspect]
    assert street.rule.dwell(suspect).shown_s == 10.0
    assert street.look() == [], "once is enough"


def test_the_record_says_what_the_rule_went_by(street):
    street.look(owner=BESIDE, times=2)
    suspect = street.witnessed()
    street.look(times=6)
    facts = street.rule.facts(suspect)
    assert (facts["away_s"], facts["alone_s"], facts["act_s"], facts["kind"]) == (10.0, 10.0, 1.5, "bag")
    assert facts["actor"]["role"] == "person"
    assert facts["vehicle"] is None
    violation = street.rule.violation(suspect)
    assert (violation.stopped_s, violation.box, violation.first_seen_s) == (1.5, BAG, 1.5)
    assert all(each.share_inside == 1.0 for each in violation.sightings if each.box is not None)


def test_the_owner_who_stays_has_left_nothing(street):
    street.look(owner=BESIDE, times=2)
    street.witnessed()
    assert street.look(owner=BESIDE, times=60) == []


def test_the_owner_who_comes_back_and_stays_begins_it_anew(street):
    street.look(owner=BESIDE, times=2)
    suspect = street.witnessed()
    street.look(times=5)
    street.look(owner=BESIDE, times=3)
    assert street.rule.dwell(suspect).shown_s == 0.0
    assert street.look(owner=AWAY, times=5) == []
    assert street.look() == [suspect]


def test_who_passes_by_only_stops_the_clock(street):
    street.look(owner=BESIDE, times=2)
    suspect = street.witnessed()
    street.look(times=4)
    street.look(passer=BESIDE)
    assert street.rule.dwell(suspect).shown_s == 6.0
    assert street.look(passer=AWAY, times=3) == [suspect]


def test_what_no_act_was_found_for_is_held_against_nobody(street):
    street.look(times=30)
    assert list(street.rule.open_acts) == [1], "the act is still looked for"
    (suspect,) = street.rule.suspects.values()
    street.rule.dismiss(suspect)
    assert street.look(times=30) == []
    assert street.rule.suspects == {}


def test_what_came_while_it_was_allowed_is_let_be_for_as_long_as_it_lies_there(street):
    street.look(times=3, in_force=False)
    assert street.look(times=30) == []
    assert street.rule.suspects == {}


def test_time_that_is_not_shown_does_not_count(street):
    street.look(owner=BESIDE, times=2)
    suspect = street.witnessed()
    street.look(times=3)
    street.look(bag=SightingKind.HIDDEN, times=5)
    assert street.look(times=3) == []
    assert street.rule.dwell(suspect).shown_s == 8.0
    assert street.look() == [suspect]


def test_what_is_taken_away_before_the_time_is_over_ends_its_stay(street):
    street.look(owner=BESIDE, times=2)
    suspect = street.witnessed()
    street.look(times=3)
    street.tracks["bag"].left_s = street.at_s
    street.look(bag=None)
    assert street.ended == [suspect]
    assert (street.rule.acts, street.rule.open_acts) == ({}, set())


def test_a_car_that_comes_with_it_minds_it_and_one_that_stood_there_long_does_not():
    beside = Box(545, 300, 745, 440)
    with_it = Street()
    with_it.look(car=beside, times=2)
    with_it.witnessed()
    assert with_it.look(car=beside, times=30) == []
    before = Street()
    before.look(bag=None, car=beside, times=20)
    before.look(car=beside, times=2)
    suspect = before.witnessed(41.5)
    assert before.look(car=beside, times=4) == [suspect]


def test_what_the_network_calls_a_person_at_the_very_place_is_the_thing(street):
    street.look(owner=BESIDE, times=2)
    suspect = street.witnessed()
    assert street.look(owner=AWAY, called_so=Box(501, 396, 538, 436), times=6) == [suspect]


def test_a_bin_that_the_network_sees_is_none_of_this(street):
    assert street.look(bag=None, bin=BAG, times=30) == []
    assert street.rule.suspects == {}


def test_outside_the_fence_anything_may_lie():
    elsewhere = Street(Dumping("bay", Polygon(((700, 0), (900, 0), (900, 600), (700, 600))), 10.0, 5.0))
    assert elsewhere.look(times=30) == []
    assert elsewhere.rule.suspects == {}


def test_a_watcher_that_goes_on_needs_no_second_act():
    known = Street()
    known.look(owner=BESIDE, times=2)
    remembered = known.witnessed()
    later = Street(tracks=known.tracks, at_s=known.at_s)
    later.rule.suspects[1] = Suspect(remembered.track, remembered.from_s, stopped_s=remembered.stopped_s)
    (confirmed,) = later.look(times=6)
    assert confirmed.stopped_s == 1.5
    assert "actor" not in later.rule.facts(confirmed), "what the one before had found is not remembered"


@pytest.mark.parametrize(
    ("who", "near"),
    [
        (BESIDE, True),
        (AWAY, False),
        (Box(480, 230, 540, 430), True),
        (Box(500, 100, 560, 300), False),
        (Box(500, 330, 580, 590), False),
        (Box(395, 330, 430, 440), False),
    ],
    ids=[
        "beside",
        "far_off",
        "bent_over_it",
        "behind_it_up_the_street",
        "nearer_to_the_camera",
        "a_child_out_of_reach",
    ],
)
def test_near_is_within_reach_on_the_ground(who, near):
    assert is_near(who, BAG) is near


@pytest.mark.parametrize(
    ("thing", "called", "kind"),
    [
        (BAG, "suitcase", Kind.BAG),
        (BAG, "car", Kind.UNKNOWN),
        (Box(400, 300, 600, 440), None, Kind.HEAP),
        (Box(450, 420, 580, 440), None, Kind.SPILL),
        (BAG, None, Kind.UNKNOWN),
    ],
    ids=["a_suitcase", "no_luggage", "as_large_as_a_person", "flat_on_the_ground", "nobody_can_tell"],
)
def test_what_it_is_is_said_as_far_as_it_can_be_told(thing, called, kind):
    found = [] if called is None else [Detection(thing, ObjectRole.GOODS, called, 0.5)]
    assert kind_of(thing, BESIDE, found) is kind


def test_without_a_person_to_measure_by_its_size_says_nothing():
    assert kind_of(Box(0, 0, 500, 500), None, []) is Kind.UNKNOWN
