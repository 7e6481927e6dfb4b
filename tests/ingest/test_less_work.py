"""What is left undone on purpose: pictures nobody asked for, seconds no browser needs to play."""

from datetime import UTC, datetime
from pathlib import Path

import av
import numpy as np
import pytest

from detectors.frame import Frame
from ingest.browser_copy import write_browser_copy
from ingest.clip_cut import clip_range
from ingest.decoding import FrameDecoder
from ingest.media_clock import utc_since
from ingest.packet_ring import PacketRing
from ingest.packet_source import open_file
from tests.media.make_clips import Film, Films, parks

NOON = datetime(2026, 3, 2, 4, 0, tzinfo=UTC)
VAN = parks("red", stops_s=4.0)


def around_six(media_s: float) -> bool:
    return 5.9 <= media_s <= 6.1


def frames_of(path: Path, *, all_of_them: bool) -> tuple[list[Frame], int]:
    """The frames round the sixth second, and how many pictures were decoded for them."""
    with open_file(path) as source:
        decoder = FrameDecoder(source.facts, utc_since(NOON))
        packets = list(source.packets())
        frames = list(decoder.all_of(packets) if all_of_them else decoder.all_of(packets, around_six))
    return [frame for frame in frames if around_six(frame.media_s)], decoder.decoded


@pytest.mark.parametrize(
    "film",
    [
        pytest.param(Film((VAN,), 12, gop=60), id="h264"),
        pytest.param(Film((VAN,), 12, gop=60, b_frames=2), id="h264_with_b_frames"),
        pytest.param(Film((VAN,), 12, gop=60, b_frames=2, open_gop=True), id="open_gops"),
        pytest.param(Film((VAN,), 12, gop=60, codec="mpeg4", b_frames=2, container="avi"), id="mpeg4_with_b_frames"),
    ],
)
def test_a_wanted_picture_is_the_same_whether_or_not_the_others_were_wanted(films: Films, film: Film) -> None:
    all_frames, _ = frames_of(films(film), all_of_them=True)
    wanted, _ = frames_of(films(film), all_of_them=False)
    assert len(all_frames) >= 2
    assert [frame.pts for frame in wanted] == [frame.pts for frame in all_frames]
    for mine, theirs in zip(wanted, all_frames, strict=True):
        assert np.array_equal(mine.planes, theirs.planes)
        assert mine.corrupt is theirs.corrupt is False


def test_pictures_that_no_other_is_predicted_from_are_left_out(films: Films) -> None:
    film = films(Film((VAN,), 12, gop=60, b_frames=2))
    _, for_all = frames_of(film, all_of_them=True)
    _, for_some = frames_of(film, all_of_them=False)
    assert for_some <= 0.75 * for_all


def test_a_browser_copy_shows_the_seconds_that_were_asked_for_and_not_the_whole_gop(
    films: Films, tmp_path: Path
) -> None:
    ring = PacketRing(seconds=60)
    with open_file(films(Film((VAN,), 20, gop=200, codec="mpeg4", container="avi"))) as source:
        for packet in source.packets():
            ring.add(packet)
        clip = clip_range(ring, 6.0, 9.0)
        decoder = FrameDecoder(source.facts, utc_since(NOON))
        path = tmp_path / "copy.mp4"
        asked = decoder.all_of(clip.packets, lambda media_s: clip.asked_from_s <= media_s <= clip.asked_to_s)
        write_browser_copy(asked, source.facts, path)
    assert (clip.from_s, clip.asked_from_s, clip.asked_to_s) == (0.0, pytest.approx(6.0), pytest.approx(9.0))
    with av.open(str(path)) as container:
        times = [frame.time for frame in container.decode(video=0)]
    assert times[0] == 0.0
    assert times[-1] == pytest.approx(3.0, abs=0.01)


def test_seconds_before_the_stream_began_are_not_promised(films: Films) -> None:
    ring = PacketRing(seconds=60)
    with open_file(films(Film((VAN,), 20))) as source:
        for packet in source.packets():
            ring.add(packet)
    clip = clip_range(ring, -5.0, 3.0)
    assert (clip.asked_from_s, clip.asked_to_s) == (clip.from_s, pytest.approx(3.0))
