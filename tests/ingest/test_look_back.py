"""Looking back: when what stands came to stand, and when it left, out of the packets of a real clip."""

from pathlib import Path

import pytest

from detectors.appearance import Appearance
from detectors.geometry import Box
from detectors.stop_moment import PASSING_S
from ingest.decoding import FrameDecoder
from ingest.look_back import Leaving, LookBack
from ingest.media_clock import utc_since
from ingest.packet_ring import PacketRing
from ingest.packet_source import open_file
from tests.media.make_clips import RATE, VEHICLE, Film, Films, parks, passes
from tests.rows import NOON

CORNERS = {"red": (20, 60), "blue": (120, 105), "green": (220, 60), "yellow": (20, 150), "magenta": (220, 150)}
STOPS = {"red": 6.3, "blue": 7.1, "green": 2.5, "yellow": None, "magenta": 7.5}  # keyframes are two seconds apart
QUEUE = Film(
    (*(parks(colour, CORNERS[colour], stops_s=STOPS[colour]) for colour in CORNERS), passes("cyan", 9.0, y=60)),
    16,
    gop=2 * RATE,
)
SEEN_S = {"red": 14.0, "blue": 14.0, "green": 14.0, "yellow": 14.0, "magenta": 15.5}


LEAVES = {"red": 8.3, "blue": 9.1, "green": 2.5, "yellow": 15.0, "magenta": 9.3}
LIGHT_TURNS_GREEN = Film(
    (*(parks(colour, CORNERS[colour], leaves_s=LEAVES[colour]) for colour in CORNERS), passes("cyan", 0.5, y=60)),
    18,
    gop=2 * RATE,
)
SHOWN_AND_ABSENT_S = {  # the looks between which they left; at some of them nothing could be said of green
    "red": (8.0, 10.0),
    "blue": (8.0, 10.0),
    "green": (2.0, 12.0),
    "yellow": (14.0, 16.0),
    "magenta": (8.0, 12.0),
}


def looking_back(path: Path) -> tuple[LookBack, FrameDecoder]:
    ring = PacketRing(seconds=60)
    with open_file(path) as source:
        for packet in source.packets():
            ring.add(packet)
        decoder = FrameDecoder(source.facts, utc_since(NOON))
    return LookBack(ring, decoder), decoder


def appearances(look_back: LookBack, at_s: float) -> dict[str, Appearance]:
    """Of what stands in the corners."""
    (frame,) = list(look_back.frames(at_s, at_s))
    return {
        colour: Appearance.of(frame, Box(x, y, x + VEHICLE[0], y + VEHICLE[1])) for colour, (x, y) in CORNERS.items()
    }


def test_each_of_several_that_stand_is_found_as_by_itself_and_a_gop_is_decoded_once_for_all(films: Films) -> None:
    look_back, decoder = looking_back(films(QUEUE))
    standing = [(appearance, SEEN_S[colour]) for colour, appearance in appearances(look_back, 15.5).items()]
    before = decoder.decoded
    alone = [look_back.stop_moment(appearance, seen_s) for appearance, seen_s in standing]
    each_alone = decoder.decoded - before
    together = look_back.stop_moments(standing)
    assert [stop and stop.at_s for stop in together] == [stop and stop.at_s for stop in alone]
    assert [stop and stop.at_s for stop in together] == [
        None if at_s is None else pytest.approx(at_s, abs=0.25) for at_s in STOPS.values()
    ]
    assert all(stop is None or (stop.frame and stop.frame.media_s == stop.at_s) for stop in together)
    assert decoder.decoded - before - each_alone < 0.8 * each_alone
    assert look_back.stop_moments([]) == []


def test_of_what_always_stood_nothing_but_keyframes_is_decoded(films: Films) -> None:
    look_back, decoder = looking_back(films(QUEUE))
    yellow = appearances(look_back, 15.5)["yellow"]
    before = decoder.decoded
    assert look_back.stop_moment(yellow, SEEN_S["yellow"]) is None
    assert decoder.decoded - before == SEEN_S["yellow"] / 2, "one for each GOP before it was seen"


def test_each_of_several_that_leave_is_found_as_by_itself_and_a_gop_is_decoded_once_for_all(films: Films) -> None:
    look_back, decoder = looking_back(films(LIGHT_TURNS_GREEN))
    leaving = [
        Leaving(appearance, *SHOWN_AND_ABSENT_S[colour]) for colour, appearance in appearances(look_back, 0.0).items()
    ]
    before = decoder.decoded
    alone = [look_back.leave_moments([each])[0] for each in leaving]
    each_alone = decoder.decoded - before
    together = look_back.leave_moments(leaving)
    assert together == alone
    assert together == [pytest.approx(left_s, abs=PASSING_S / 2) for left_s in LEAVES.values()]
    assert decoder.decoded - before - each_alone < 0.8 * each_alone
    assert look_back.leave_moments([]) == []


def test_nothing_is_decoded_of_the_time_in_which_who_left_is_known_to_be_gone(films: Films) -> None:
    """A vehicle that a lorry hid, or nobody could see, may be missed only long after it drove off."""
    look_back, decoder = looking_back(films(LIGHT_TURNS_GREEN))
    green, yellow = (appearances(look_back, 0.0)[colour] for colour in ("green", "yellow"))
    before = decoder.decoded
    assert look_back.leave_moments([Leaving(green, 2.0, 16.0)]) == [pytest.approx(LEAVES["green"], abs=0.5)]
    assert decoder.decoded - before <= 3 * RATE
    before = decoder.decoded
    both = look_back.leave_moments([Leaving(green, 2.0, 16.0), Leaving(yellow, 14.0, 16.0)])
    assert both == [pytest.approx(LEAVES[colour], abs=0.5) for colour in ("green", "yellow")]
    assert decoder.decoded - before <= 6 * RATE
    before = decoder.decoded
    assert look_back.leave_moments([Leaving(yellow, 4.0, 8.0)]) == [8.0], "it is there in every picture"
    assert decoder.decoded - before >= 4 * RATE
