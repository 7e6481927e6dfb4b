"""The ring keeps whole GOPs, as many seconds as it promised, and no more bytes than it may."""

from typing import Any

import av
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.packet_ring import ONE_GOP, PacketRing
from ingest.packet_source import TimedPacket


def packet(number: int, *, key: bool, size: int = 100) -> TimedPacket:
    bytes_alone: Any = av.Packet(size)
    return TimedPacket(bytes_alone, number * 100, number * 100, number / 10, 0, key)


def filled(ring: PacketRing, gops: list[int], size: int = 100) -> list[TimedPacket]:
    """GOPs of so many packets each, ten packets a second."""
    packets: list[TimedPacket] = []
    for gop in gops:
        for place in range(gop):
            packets.append(packet(len(packets), key=place == 0, size=size))
            ring.add(packets[-1])
    return packets


@given(st.lists(st.integers(1, 40), min_size=1, max_size=30), st.floats(0.5, 10))
def test_it_holds_whole_gops_that_cover_the_seconds_it_promised(gops: list[int], promised_s: float) -> None:
    ring = PacketRing(seconds=promised_s)
    packets = filled(ring, gops)
    held = list(ring)
    assert held == packets[-len(held) :]
    assert held[0].keyframe
    covered_s = held[-1].media_s - held[0].media_s
    assert covered_s >= min(promised_s, packets[-1].media_s) - 1e-6
    # and no GOP more than that takes
    starts = [each.media_s for each in ring.keyframes()]
    assert len(starts) < 2 or held[-1].media_s - starts[1] < promised_s


@given(st.lists(st.integers(1, 12), min_size=1, max_size=30))
def test_it_never_holds_more_bytes_than_it_may(gops: list[int]) -> None:
    ring = PacketRing(seconds=1000, max_bytes=2_000)
    for gop in gops:
        filled(ring, [gop])
        assert sum(each.size for each in ring) <= 2_000


def test_what_went_early_for_want_of_room_is_counted() -> None:
    ring = PacketRing(seconds=1000, max_bytes=1_000)
    filled(ring, [5, 5, 5])
    assert ring.dropped_for_size == 1
    assert len(ring.keyframes()) == 2


def test_a_stream_that_never_sends_another_keyframe_is_given_up_before_it_eats_the_machine() -> None:
    ring = PacketRing(seconds=1000, max_bytes=1_000)
    filled(ring, [200])
    assert sum(each.size for each in ring) <= ONE_GOP * 1_000
    filled(ring, [3])
    assert len(list(ring)) == 3


def test_packets_before_the_first_keyframe_are_not_kept() -> None:
    ring = PacketRing()
    ring.add(packet(0, key=False))
    assert list(ring) == []
    assert ring.newest_s is None
    assert ring.keyframes() == []


@pytest.mark.parametrize(
    ("from_s", "to_s", "gops"),
    [
        pytest.param(0.0, 3.0, [0, 1, 2, 3], id="all"),
        pytest.param(1.2, 1.3, [1], id="inside_one"),
        pytest.param(1.2, 2.0, [1, 2], id="up_to_a_keyframe"),
        pytest.param(1.0, 1.9, [1], id="from_a_keyframe"),
        pytest.param(2.95, 9.0, [2, 3], id="beyond_the_newest"),
        pytest.param(-5.0, -1.0, [], id="before_the_oldest"),
    ],
)
def test_the_gops_of_a_range_cover_it(from_s: float, to_s: float, gops: list[int]) -> None:
    ring = PacketRing()
    filled(ring, [10, 10, 10, 5])
    assert [gop[0].media_s for gop in ring.gops(from_s, to_s)] == [float(number) for number in gops]
