"""Pictures with their times: each has its own, whatever the clock did meanwhile, and damage is passed on."""

import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from ingest.decoding import FrameDecoder
from ingest.media_clock import utc_since
from ingest.packet_source import open_file
from tests.media.make_clips import RATE, Change, Film, Films, damaged, parks, rewrap, shifted

NOON = datetime(2026, 3, 2, 4, 0, tzinfo=UTC)


def times_of(path: Path) -> list[float]:
    with open_file(path) as source:
        decoder = FrameDecoder(source.facts, utc_since(NOON))
        fed = [frame.media_s for packet in source.packets() for frame in decoder.feed(packet)]
        return fed + [frame.media_s for frame in decoder.drain()]


@pytest.mark.parametrize("b_frames", [0, 2])
@pytest.mark.parametrize("jump_s", [3600.0, 47.3], ids=str)
def test_a_picture_that_was_held_back_over_a_jump_keeps_its_time(
    films: Films, tmp_path: Path, b_frames: int, jump_s: float
) -> None:
    """A decoder that reorders gives the last pictures before the jump when it is fed the first packets after it."""
    rewrap(films(Film(seconds=8, gop=80, b_frames=b_frames)), tmp_path / "jump.ts", shifted(4.05, jump_s), "mpegts")
    times = times_of(tmp_path / "jump.ts")
    assert len(times) == 80
    assert times[:35] == pytest.approx([number / RATE for number in range(35)], abs=0.001)
    assert times == sorted(times)
    assert max(times) <= 8.3


def test_the_pts_of_a_frame_is_the_one_its_container_wrote(films: Films, tmp_path: Path) -> None:
    rewrap(films(Film(seconds=4)), tmp_path / "late.mkv", shifted(-1.0, 5.0), "matroska")
    with open_file(tmp_path / "late.mkv") as source:
        decoder = FrameDecoder(source.facts, utc_since(NOON))
        frames = list(decoder.all_of(list(source.packets())))
    assert [frame.pts for frame in frames] == [5000 + 100 * number for number in range(40)]
    assert [frame.media_s for frame in frames] == pytest.approx([number / RATE for number in range(40)])


@pytest.mark.parametrize("codec", ["libx264", "mpeg4"])
@pytest.mark.parametrize("b_frames", [0, 2])
def test_what_is_built_on_a_damaged_picture_is_marked_until_the_next_keyframe(
    films: Films, tmp_path: Path, codec: str, b_frames: int
) -> None:
    film = Film((parks("red", stops_s=3.0),), seconds=6, gop=20, codec=codec, b_frames=b_frames)
    bad: Change = damaged([24])
    rewrap(films(film), tmp_path / "damaged.mkv", bad, "matroska")
    rewrap(films(film), tmp_path / "sound.mkv", damaged([]), "matroska")
    shown = []
    for name in ("damaged", "sound"):
        with open_file(tmp_path / f"{name}.mkv") as source:
            decoder = FrameDecoder(source.facts, utc_since(NOON))
            shown.append({round(each.media_s, 3): each for each in decoder.all_of(list(source.packets()))})
    wrong = {
        at_s
        for at_s, frame in shown[0].items()
        if np.abs(frame.planes.astype(np.int16) - shown[1][at_s].planes.astype(np.int16)).max() > 0
    }
    corrupt = {at_s for at_s, frame in shown[0].items() if frame.corrupt}
    assert wrong, "the damage did no harm: this test shows nothing"
    assert wrong <= corrupt
    assert not [at_s for at_s in corrupt if at_s < 1.9 or at_s >= 4.05]
    assert not any(frame.corrupt for frame in shown[1].values())


@pytest.mark.parametrize(("size", "pixels"), [((321, 241), "yuv444p"), ((318, 242), "yuv420p"), ((64, 48), "yuv422p")])
def test_every_size_and_format_becomes_planes_with_even_sides(films: Films, size: tuple[int, int], pixels: str) -> None:
    with open_file(films(Film(seconds=1, size=size, pixels=pixels, container="matroska"))) as source:
        frame = next(FrameDecoder(source.facts, utc_since(NOON)).all_of(list(source.packets())))
    assert (frame.width, frame.height) == (size[0] // 2 * 2, size[1] // 2 * 2)
    assert frame.bgr().shape == (frame.height, frame.width, 3)


CAMERAS, MEGABYTES_A_CAMERA = 30, 1.0
ROOM_THEY_TAKE = """
import sys
from pathlib import Path

import psutil

from ingest.decoding import FrameDecoder
from ingest.media_clock import utc_since
from ingest.packet_source import open_file
from tests.ingest.test_decoding import NOON


def resident_mb() -> float:
    return psutil.Process().memory_info().rss / 1e6


with open_file(Path(sys.argv[1])) as source:
    packets = list(source.packets())
    decoders = [FrameDecoder(source.facts, utc_since(NOON)) for _ in range(int(sys.argv[2]) + 1)]
for number, decoder in enumerate(decoders):
    assert decoder.alone(packets[0]) is not None
    for frame in decoder.all_of(packets):
        if frame.media_s > 0.5:
            break
    del frame
    if number == 0:
        before_mb = resident_mb()
print(resident_mb() - before_mb)
"""


def test_a_decoder_that_waits_for_its_next_keyframe_keeps_no_room_for_pictures(films: Films) -> None:
    """A watcher has two of them for each camera, and a picture every two seconds."""
    clip = films(Film(seconds=1, gop=10, size=(1920, 1080)))
    command = [sys.executable, "-c", ROOM_THEY_TAKE, str(clip), str(CAMERAS)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=Path(__file__).parents[2])
    assert float(done.stdout) < CAMERAS * MEGABYTES_A_CAMERA
