"""Tracks over looks that are seconds apart: what stands, is hidden, is replaced, leaves, passes."""

from dataclasses import replace
from itertools import pairwise

import pytest

from detectors.geometry import Box
from detectors.sightings import Look
from detectors.tracker import ABSENT_LOOKS, Tracker
from models.enums import SightingKind
from tests.detectors.drawn import Watcher, shown, vehicle
from tests.media.make_clips import BUS, Film, Vehicle, parks, passes

EVERY_TWO = [2.0 * number for number in range(12)]


def kinds(watcher: Watcher) -> list[list[str]]:
    return [[each.kind.value for each in track.sightings] for track in watcher.tracker.tracks]


def test_a_car_that_stands_is_one_track() -> None:
    watcher = Watcher(Film((parks("red"),)))
    (track,) = watcher.look(EVERY_TWO)
    assert track.stands
    assert track.standing_from_s == 0.0
    assert track.place.as_list() == pytest.approx([120, 150, 184, 190], abs=2)
    assert watcher.ended == []


def test_a_car_that_the_detector_misses_is_kept_by_the_picture() -> None:
    watcher = Watcher(Film((parks("red"),)))
    watcher.look(EVERY_TWO[:8], lambda at_s, _: at_s in (6.0, 8.0, 10.0))
    assert kinds(watcher) == [["seen", "seen", "seen", "kept", "kept", "kept", "seen", "seen"]]


def test_a_car_behind_a_bus_is_hidden_and_goes_on_afterwards() -> None:
    bus = parks("blue", (100, 100), stops_s=6.0, leaves_s=13.0, size=BUS)
    watcher = Watcher(Film((parks("red", (140, 150)), bus)))
    watcher.look(EVERY_TWO)
    track = watcher.tracker.tracks[0]
    assert track.id == 1
    hidden = [each.at_s for each in track.sightings if each.kind is SightingKind.HIDDEN]
    assert hidden == [6.0, 8.0, 10.0, 12.0]
    assert track.sightings[-1].kind is SightingKind.SEEN


def test_a_bus_behind_the_car_hides_nothing_and_swallows_nothing() -> None:
    bus = parks("blue", (90, 70), stops_s=6.0, size=BUS)
    watcher = Watcher(Film((bus, parks("red", (120, 185)))))
    watcher.look(EVERY_TWO)
    assert kinds(watcher)[0] == ["seen"] * 12


def test_half_a_car_that_began_a_track_is_taken_into_the_whole_one() -> None:
    film = Film((parks("red"),))
    tracker = Tracker()
    left, right, whole = Box(120, 150, 146, 190), Box(138, 150, 184, 190), Box(120, 150, 184, 190)
    for at_s in EVERY_TWO[:8]:
        found = [vehicle(left, 0.5), vehicle(right)] if at_s < 5 else [vehicle(whole)]
        tracker.update(Look(shown(film, at_s), (Box(0, 0, 320, 240),)), found)
    (track,) = tracker.tracks
    assert track.sightings[-1].box == whole


def test_gone_needs_its_place_shown_without_it_twice() -> None:
    watcher = Watcher(Film((parks("red", leaves_s=7.0),)))
    watcher.look([0.0, 2.0, 4.0, 6.0, 10.0])
    assert watcher.ended == []
    watcher.look([12.0])
    (gone,) = watcher.ended
    assert gone.left_s == 10.0
    assert [each.kind for each in gone.sightings[-ABSENT_LOOKS:]] == [SightingKind.ABSENT] * 2


def test_a_car_of_another_colour_at_its_place_is_another_track() -> None:
    watcher = Watcher(Film((parks("red", leaves_s=5.0), parks("green", stops_s=7.5))))
    watcher.look([0.0, 2.0, 4.0, 8.0, 10.0, 12.0])
    (track,) = watcher.tracker.tracks
    assert track.id != 1
    assert track.standing_from_s == 8.0
    assert watcher.ended[0].left_s == 8.0


def test_what_drives_through_never_stands() -> None:
    watcher = Watcher(Film((passes("red", 1.0, takes_s=9.0), passes("green", 5.0, takes_s=7.0, y=100))))
    standing = [track.id for at_s in EVERY_TWO for track in watcher.look([at_s]) if track.stands]
    assert standing == []


def test_a_slow_car_keeps_its_identity_while_it_moves() -> None:
    creeping = Vehicle("red", ((0.0, 0.0, 150.0), (12.0, 240.0, 150.0), (100.0, 240.0, 150.0)))
    watcher = Watcher(Film((creeping,)))
    watcher.look([0.0, 2.0, 4.0, 6.0, 8.0, 10.0, 12.0, 14.0, 16.0])
    (track,) = watcher.tracker.tracks
    assert track.first_seen_s == 0.0
    assert track.standing_from_s >= 12.0


def test_creeping_adds_up() -> None:
    """Two pixels a look are within every box's trembling; after a minute it is somewhere else."""
    creeping = Vehicle("red", ((0.0, 60.0, 150.0), (80.0, 140.0, 150.0)))
    watcher = Watcher(Film((creeping,)))
    watcher.look([2.0 * number for number in range(40)])
    assert watcher.ended, "a place that follows the car would let it park while it moves"


def test_a_weak_detection_begins_no_track() -> None:
    tracker = Tracker()
    tracker.update(Look(shown(Film(), 0.0), (Box(0, 0, 320, 240),)), [vehicle(Box(10, 10, 60, 50), 0.19)])
    assert tracker.tracks == []


def test_a_gap_is_on_record_in_every_track_and_held_against_none() -> None:
    watcher = Watcher(Film((parks("red"), parks("blue", (220, 190)))))
    watcher.look([0.0, 2.0, 4.0])
    watcher.tracker.gap(4.0, 30.0, "no usable picture")
    watcher.look([30.0, 32.0])
    assert kinds(watcher) == [["seen", "seen", "seen", "gap", "seen", "seen"]] * 2
    assert watcher.ended == []


def test_two_cars_side_by_side_keep_their_places() -> None:
    watcher = Watcher(Film((parks("red", (60, 150)), parks("green", (130, 150)), parks("blue", (200, 150)))))
    tracks = watcher.look(EVERY_TWO)
    assert len(tracks) == 3
    assert all(one.place.iou(other.place) < 0.1 for one, other in pairwise(tracks))


def test_a_damaged_picture_shows_what_is_there_and_never_that_it_is_gone() -> None:
    stands, empty = Film((parks("red"),)), Film(())
    tracker, whole = Tracker(), (Box(0, 0, 320, 240),)
    van = Box(120, 150, 184, 190)
    for at_s in EVERY_TWO[:4]:
        tracker.update(Look(shown(stands, at_s), whole), [vehicle(van)])
    (track,) = tracker.tracks
    looked = track.appearance
    for at_s in EVERY_TWO[4:8]:
        made_up = [vehicle(Box(20, 20, 80, 60))]  # where the decoder filled in
        assert tracker.update(Look(replace(shown(empty, at_s), corrupt=True), whole), made_up) == []
    assert tracker.tracks == [track], "nothing begins in what was filled in"
    assert [each.kind for each in track.sightings[4:]] == [SightingKind.HIDDEN] * 4
    assert {each.note for each in track.sightings[4:]} == {"damaged picture"}
    tracker.update(Look(replace(shown(stands, 16.0), corrupt=True), whole), [vehicle(van)])
    assert track.sightings[-1].kind is SightingKind.SEEN
    assert track.appearance is looked, "what it looks like is learnt from whole pictures"
    for at_s in (18.0, 20.0):
        ended = tracker.update(Look(shown(empty, at_s), whole), [])
    assert ended == [track]
    assert track.left_s == 18.0
