"""Looking back: when what stands came to stand, out of the packets of a real clip."""

import pytest

from detectors.appearance import Appearance
from detectors.geometry import Box
from ingest.decoding import FrameDecoder
from ingest.look_back import LookBack
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


def test_each_of_several_that_stand_is_found_as_by_itself_and_a_gop_is_decoded_once_for_all(films: Films) -> None:
    ring = PacketRing(seconds=60)
    with open_file(films(QUEUE)) as source:
        for packet in source.packets():
            ring.add(packet)
        decoder = FrameDecoder(source.facts, utc_since(NOON))
    look_back = LookBack(ring, decoder)
    (newest,) = list(look_back.frames(15.5, 15.5))
    standing = [
        (Appearance.of(newest, Box(x, y, x + VEHICLE[0], y + VEHICLE[1])), SEEN_S[colour])
        for colour, (x, y) in CORNERS.items()
    ]
    before = decoder.decoded
    alone = [look_back.stop_moment(appearance, seen_s) for appearance, seen_s in standing]
    each_alone = decoder.decoded - before
    together = look_back.stop_moments(standing)
    assert [stop and stop.at_s for stop in together] == [stop and stop.at_s for stop in alone]
    assert [stop and stop.at_s for stop in together] == [
        None if at_s is None else pytest.approx(at_s, abs=0.25) for at_s in STOPS.values()
    ]
    assert all(stop is None or (stop.frame and stop.frame.media_s == stop.at_s) for stop in together)
    assert decoder.decoded - before - each_alone < 0.7 * each_alone
    assert look_back.stop_moments([]) == []
