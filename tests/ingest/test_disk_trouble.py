"""A full disk under the muxers is the disk's trouble, whatever FFmpeg calls it, and is not taken for a bad clip."""

import errno
from datetime import UTC, datetime
from pathlib import Path

import pytest

from ingest.browser_copy import write_browser_copy
from ingest.clip_cut import write_clip
from ingest.decoding import FrameDecoder
from ingest.media_clock import utc_since
from ingest.packet_source import open_file
from tests.media.make_clips import Film, Films, parks

FULL = Path("/dev/full")  # every write to it answers that there is no room left
NOON = datetime(2026, 3, 2, 4, 0, tzinfo=UTC)

pytestmark = pytest.mark.skipif(not FULL.exists(), reason="needs /dev/full, which Linux has")


@pytest.mark.parametrize("container", ["mp4", "matroska"])
@pytest.mark.parametrize("seconds", [0.5, 20.0], ids=["within_one_buffer", "many_buffers"])
def test_a_clip_that_finds_no_room_says_so(films: Films, container: str, seconds: float) -> None:
    with open_file(films(Film((parks("red"),), seconds=20))) as source:
        packets = [each for each in source.packets() if each.media_s < seconds]
        with pytest.raises(OSError, match="No space left") as caught:
            write_clip(packets, source.stream, container, FULL)
    assert caught.value.errno == errno.ENOSPC


def test_a_copy_for_browsers_that_finds_no_room_says_so(films: Films) -> None:
    with open_file(films(Film((parks("red"),), seconds=4, codec="mpeg4", container="avi"))) as source:
        frames = FrameDecoder(source.facts, utc_since(NOON)).all_of(list(source.packets()))
        with pytest.raises(OSError, match="No space left") as caught:
            write_browser_copy(frames, source.facts, FULL)
    assert caught.value.errno == errno.ENOSPC
