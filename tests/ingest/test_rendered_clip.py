"""A rendered story as a recording: whole or not at all, its times and keyframes as they are said to be."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from detectors.rendered_street.film import RATE, Film
from detectors.rendered_street.scene import Scene
from detectors.rendered_street.stories import STORIES
from detectors.rendered_street.story import Story
from ingest.packet_source import open_file
from ingest.rendered_clip import KEYFRAME_EVERY_S, write_rendered_clip

BEGAN = datetime(2026, 3, 2, 2, 0, tzinfo=UTC)


def short() -> Story:
    story = STORIES["parks-and-stays"]

    def scene() -> Scene:
        whole = story.scene()
        return replace(whole, view=replace(whole.view, width=320, height=180), trees=(), posts=())

    return replace(story, seconds=5.0, scene=scene)


def test_times_and_keyframes_are_those_of_the_story(tmp_path: Path) -> None:
    clip = tmp_path / "short.mp4"
    shares: list[float] = []
    write_rendered_clip(Film(short()), clip, BEGAN, shares.append)
    with open_file(clip) as source:
        facts = source.facts
        assert (facts.codec, facts.width, facts.height, facts.frame_rate) == ("h264", 320, 180, RATE)
        assert facts.started_at == BEGAN
        packets = list(source.packets())
    assert [packet.media_s for packet in packets] == pytest.approx([number / RATE for number in range(5 * RATE)])
    assert [packet.pts for packet in packets] == [packet.dts for packet in packets], "no picture waits for a later one"
    keyframes = [packet.media_s for packet in packets if packet.keyframe]
    assert keyframes == pytest.approx([0, KEYFRAME_EVERY_S, 2 * KEYFRAME_EVERY_S])
    assert shares[-1] == 1.0
    assert len(shares) == 5 * RATE


def test_the_same_story_and_start_give_the_same_bytes(tmp_path: Path) -> None:
    for name, began in (("a", BEGAN), ("b", BEGAN), ("c", BEGAN + timedelta(hours=1))):
        write_rendered_clip(Film(replace(short(), seconds=1.0)), tmp_path / name, began)
    first, second, later = ((tmp_path / name).read_bytes() for name in "abc")
    assert first == second
    assert first != later


def test_a_rendering_that_is_broken_off_leaves_nothing(tmp_path: Path) -> None:
    class HadEnough(Exception):
        pass

    def stop_half_way(share: float) -> None:
        if share > 0.5:
            raise HadEnough

    with pytest.raises(HadEnough):
        write_rendered_clip(Film(replace(short(), seconds=1.0)), tmp_path / "clip.mp4", BEGAN, stop_half_way)
    assert list(tmp_path.iterdir()) == []
