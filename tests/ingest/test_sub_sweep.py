"""A look at the small stream is a look at the main one: same second, same place, in the main picture's pixels."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from detectors.geometry import Box
from detectors.sightings import Detection, ObjectRole
from ingest.errors import StreamLost
from ingest.live_stream import LivePacket
from ingest.packet_source import StreamFacts, TimedPacket, open_file
from ingest.sampler import Sampling
from ingest.sub_stream import MOST_WAITING, Closed, Opened, SubStream
from ingest.sub_sweep import FrameOfSub, SubSweep, SubTime, in_main
from tests.media.make_clips import HEIGHT, WIDTH, Film, Films, parks
from tests.rows import NOON
from tests.scenarios.live_street import wait_for

FILM = Film((parks("red"),), seconds=8)
WHOLE = (Box(0, 0, WIDTH, HEIGHT),)


def packets_of(path: Path) -> tuple[StreamFacts, list[TimedPacket]]:
    with open_file(path) as source:
        return source.facts, list(source.packets())


def sweep_of(facts: StreamFacts) -> SubSweep:
    return SubSweep(facts, WHOLE, Sampling(look_s=2.0), lambda media_s: NOON.replace(second=int(media_s)))


def test_it_looks_as_often_as_a_main_stream_would_be_looked_at(films: Films):
    facts, packets = packets_of(films(FILM))
    sweep = sweep_of(facts)
    looks = [look for packet in packets for look in sweep.offer(packet)]
    assert [round(look.frame.media_s) for look in looks] == [0, 2, 4, 6]
    assert all(isinstance(look.frame, FrameOfSub) for look in looks)
    assert sweep.size == (WIDTH, HEIGHT)


def test_in_the_middle_of_a_gop_it_waits_for_the_next_keyframe(films: Films):
    facts, packets = packets_of(films(FILM))
    sweep = sweep_of(facts)
    looks = [look for packet in packets[5:] for look in sweep.offer(packet)]
    second = next(packet.media_s for packet in packets[5:] if packet.keyframe)
    assert looks[0].frame.media_s == pytest.approx(second)
    assert sweep.refused == 0


def test_what_was_found_lies_in_the_main_picture_where_it_lay_in_the_small_one(films: Films):
    facts, packets = packets_of(films(FILM))
    look = sweep_of(facts).offer(packets[0])[0]
    found = Detection(Box(120, 150, 184, 190), ObjectRole.VEHICLE, "car", 0.9)
    large, [moved] = in_main(look, [found], (3 * WIDTH, 3 * HEIGHT))
    assert moved == replace(found, box=Box(360, 450, 552, 570))
    assert (large.frame.width, large.frame.height) == (3 * WIDTH, 3 * HEIGHT)
    assert large.regions == (Box(0, 0, 3 * WIDTH, 3 * HEIGHT),)
    assert large.frame.media_s == look.frame.media_s
    again = cv2.resize(large.frame.bgr(), (WIDTH, HEIGHT), interpolation=cv2.INTER_AREA)
    difference = np.abs(again.astype(int) - look.frame.bgr().astype(int)).mean()
    assert difference < 8, "the same picture, colours and all"


def test_streams_of_one_size_are_left_as_they_are(films: Films):
    facts, packets = packets_of(films(FILM))
    look = sweep_of(facts).offer(packets[0])[0]
    same, found = in_main(look, [], (WIDTH, HEIGHT))
    assert same is look
    assert found == []


class Clock:
    """Packets of a film as a camera would send them, `late_s` after each was taken."""

    def __init__(self, path: Path, late_s: float, begins_s: float) -> None:
        self.facts, self._packets = packets_of(path)
        self._late_s, self._begins_s = late_s, begins_s

    def live(self) -> Iterator[LivePacket]:
        for each in self._packets:
            arrival_s = 500.0 + self._begins_s + each.media_s + self._late_s
            yield LivePacket(each.packet, each.pts, each.dts, each.keyframe, arrival_s, None, corrupt=False)


def test_a_packet_of_the_small_stream_gets_its_second_on_the_main_one_s_line(films: Films):
    """The main stream has run for 100 s when the small one, four seconds later, sends its first picture."""
    small = Clock(films(FILM), late_s=0.1, begins_s=4.0)
    times = SubTime()
    times.opened(small.facts)
    first = next(small.live())
    assert times.timed(first) is None, "as long as the main stream has not sent, nobody knows"
    for number in range(40):
        main = replace(first, arrival_s=500.0 + number / 10 + 0.1)
        times.main(100.0 + number / 10, main)
    timed = [each for packet in small.live() if (each := times.timed(packet)) is not None]
    assert timed[0].media_s == pytest.approx(104.0, abs=0.05)
    assert timed[-1].media_s - timed[0].media_s == pytest.approx(7.9, abs=0.05)
    assert timed[0].pts - timed[0].offset == 0, "what the camera itself had called it"
    assert timed[0].packet.pts == timed[0].pts


class Dialled:
    """A small stream for one connection, and after that none."""

    def __init__(self, path: Path, copies: int = 1) -> None:
        self.clock = Clock(path, 0.0, 0.0)
        self.facts, self._copies, self.dialled = self.clock.facts, copies, 0

    def __call__(self) -> "Dialled":
        self.dialled += 1
        if self.dialled > 1:
            raise StreamLost("gate-3", "the camera closed it, or went off")
        return self

    def packets(self) -> Iterator[LivePacket]:
        for _ in range(self._copies):
            yield from self.clock.live()
        raise StreamLost("gate-3", "the camera closed it, or went off")

    def close(self) -> None:
        """Nothing to close."""


def test_what_happens_to_the_small_stream_is_told_in_its_order(films: Films):
    dialled = Dialled(films(FILM))
    with SubStream(dialled, "gate-3") as stream:  # type: ignore[arg-type]
        wait_for(lambda: dialled.dialled > 1, 10, "it comes back")
        news = stream.news()
    assert isinstance(news[0], Opened)
    assert sum(isinstance(each, LivePacket) for each in news) == 80
    assert isinstance(news[81], Closed)
    assert "went off" in news[81].why


def test_packets_nobody_asks_for_are_let_go_of_and_the_next_ones_begin_with_a_keyframe(films: Films):
    dialled = Dialled(films(FILM), copies=MOST_WAITING // 80 + 2)
    with SubStream(dialled, "gate-3") as stream:  # type: ignore[arg-type]
        wait_for(lambda: dialled.dialled > 1, 10, "all was sent")
        news = stream.news()
    packets = [each for each in news if isinstance(each, LivePacket)]
    assert len(packets) < MOST_WAITING
    assert stream.dropped >= MOST_WAITING
    assert packets[0].keyframe
    assert isinstance(news[0], Opened), "that it was opened is not forgotten"


def test_what_fails_beside_is_raised_where_it_is_read():
    def broken() -> "Dialled":
        raise ZeroDivisionError

    with SubStream(broken, "gate-3") as stream, pytest.raises(ZeroDivisionError):  # type: ignore[arg-type]
        wait_for(lambda: stream.news() and False, 10, "the failure")
