"""The moments of stopping and leaving, from pictures that show the object at its place or do not."""

import weakref
from collections.abc import Iterable, Iterator
from dataclasses import replace

import pytest

from detectors.appearance import Appearance
from detectors.frame import Frame
from detectors.geometry import Box
from detectors.stop_moment import PASSING_S, Search, Shown, drove_off, leave_moment, stop_moment
from tests.detectors.drawn import shown as frame_at
from tests.media.make_clips import BUS, RATE, Film, Vehicle, parks, passes

PLACE = Box(120, 150, 200, 190)


def pictures(text: str, step_s: float = 0.1) -> list[Shown]:
    return [Shown(round(number * step_s, 3), each == "x") for number, each in enumerate(text)]


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        pytest.param("....xxxx", 0.4, id="stops"),
        pytest.param("xxxxxxxx", None, id="stood_there_all_along"),
        pytest.param("....xx..xxxx", 0.4, id="somebody_walks_through_the_picture"),
        pytest.param("x...................xxxx", 2.0, id="another_like_it_stood_there_long_before"),
        pytest.param(".......x", 0.7, id="only_the_last_picture"),
        pytest.param("x", None, id="one_picture"),
    ],
)
def test_the_moment_of_stopping(text: str, moment: float | None) -> None:
    stop = stop_moment(pictures(text))
    assert (stop and stop.at_s) == moment


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        pytest.param("xxxx....", 0.3, id="leaves"),
        pytest.param("xxxxxxxx", 0.7, id="is_there_to_the_end"),
        pytest.param("xx..xxx.....", 0.6, id="somebody_walks_through_the_picture"),
        pytest.param("xxx.................xx", 0.2, id="another_like_it_comes_long_after"),
    ],
)
def test_the_moment_of_leaving(text: str, moment: float) -> None:
    assert leave_moment(pictures(text)) == moment


def appearance_at(film: Film, at_s: float) -> Appearance:
    return Appearance.of(frame_at(film, at_s), PLACE)


def frames_of(film: Film, from_s: float, to_s: float) -> Iterator[Frame]:
    return (frame_at(film, number / RATE) for number in range(round(from_s * RATE), round(to_s * RATE) + 1))


def look_for(appearance: Appearance, frames: Iterable[Frame]) -> list[Shown]:
    search = Search(appearance)
    for frame in frames:
        search.take(frame)
    return search.answers()


def each_asked(appearance: Appearance, frames: Iterator[Frame]) -> list[Shown]:
    return [Shown(frame.media_s, appearance.likeness(frame).same) for frame in frames]


PASSER_BY = passes("yellow", 5.0, takes_s=1.5)
THE_SAME_BEFORE = parks("red", stops_s=-5.0, leaves_s=1.0)


@pytest.mark.parametrize(
    "vehicles",
    [
        pytest.param((parks("red", stops_s=4.0),), id="comes"),
        pytest.param((parks("red", stops_s=3.9), PASSER_BY), id="comes_and_somebody_passes_in_front"),
        pytest.param((THE_SAME_BEFORE, parks("red", stops_s=6.0)), id="another_like_it_stood_there_before"),
        pytest.param((parks("red"),), id="stood_there_all_along"),
    ],
)
def test_the_stop_is_found_without_asking_every_picture_and_its_picture_is_kept(vehicles: tuple[Vehicle, ...]) -> None:
    film = Film(vehicles, 9)
    appearance = appearance_at(film, 8.5)
    answers = look_for(appearance, frames_of(film, 0.0, 8.5))
    stop, sure = stop_moment(answers), stop_moment(each_asked(appearance, frames_of(film, 0.0, 8.5)))
    assert (stop and stop.at_s) == (sure and sure.at_s)
    assert len(answers) < 0.75 * 8.5 * RATE
    until_it_stands = Search(appearance, stands_s=8.5)
    for frame in frames_of(film, 0.0, 8.5):
        until_it_stands.take(frame)
        if until_it_stands.done:
            break
    found = stop_moment([*until_it_stands.answers(), Shown(8.5, there=True)])
    assert (found and (found.at_s, found.frame is None)) == (stop and (stop.at_s, False))
    assert frame.media_s == pytest.approx(8.5 - PASSING_S, abs=0.5)
    kept = [each for each in answers if each.frame is not None]
    assert kept == ([] if stop is None else [stop])
    assert all(each.frame is not None and each.frame.media_s == each.at_s for each in kept)


@pytest.mark.parametrize("leaves_s", [3.0, 3.1, 6.2])
def test_the_leaving_is_found_as_exactly_as_by_asking_every_picture(leaves_s: float) -> None:
    film = Film((parks("red", leaves_s=leaves_s),), 9)
    appearance = appearance_at(film, 1.0)
    answers = look_for(appearance, frames_of(film, 1.0, 8.5))
    assert leave_moment(answers) == leave_moment(each_asked(appearance, frames_of(film, 1.0, 8.5)))
    assert leaves_s <= leave_moment(answers) < leaves_s + PASSING_S
    assert len(answers) < 0.75 * 7.5 * RATE
    until_it_is_gone = Search(appearance)
    for frame in frames_of(film, 1.0, 8.5):
        until_it_is_gone.take(frame)
        if until_it_is_gone.gone:
            break
    assert leave_moment(until_it_is_gone.answers()) == leave_moment(answers)
    assert frame.media_s == pytest.approx(leave_moment(answers) + PASSING_S, abs=0.5)


def test_who_is_passed_in_front_of_is_not_gone() -> None:
    film = Film((parks("red"), PASSER_BY), 9)
    search = Search(appearance_at(film, 1.0))
    for frame in frames_of(film, 1.0, 8.5):
        search.take(frame)
        assert not search.gone
    assert any(not each.there for each in search.answers()), "it was hidden for a moment"


def test_who_drives_off_before_another_comes_is_told_from_who_is_passed_in_front_of() -> None:
    place = Box(120, 150, 184, 190)
    leaves = Film((parks("red", leaves_s=2.0), parks("red of another", stops_s=4.2)))
    passed = Film((parks("red"), Vehicle("blue", ((1.5, -150.0, 110.0), (4.0, 330.0, 110.0)), BUS)))
    appearance = Appearance.of(frame_at(leaves, 0.0), place)
    times = [number / RATE for number in range(60)]
    assert drove_off(appearance, [frame_at(leaves, at_s) for at_s in times]) == pytest.approx(2.1, abs=0.3)
    assert drove_off(appearance, [frame_at(passed, at_s) for at_s in times]) is None
    assert drove_off(appearance, []) is None


def test_of_hundreds_of_pictures_that_claim_one_moment_few_are_held() -> None:
    """What a camera sends in a burst after a jam lies ticks apart, and each picture of 1080p is three megabytes."""
    film = Film((parks("red"),), 9)
    pictures: list[weakref.ref[Frame]] = []
    most = 0

    def burst() -> Iterator[Frame]:
        nonlocal most
        for number in range(300):
            frame = replace(frame_at(film, 1.0), media_s=1.0 + number / 90_000)
            pictures.append(weakref.ref(frame))
            most = max(most, sum(each() is not None for each in pictures))
            yield frame

    look_for(appearance_at(film, 1.0), burst())
    assert most < 40
