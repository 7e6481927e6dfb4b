"""The sampler's promise: a look at least every look_s wherever the packets allow it, and little decoded for it."""

import itertools
from datetime import UTC, datetime
from pathlib import Path

import av
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ingest.decoding import FrameDecoder
from ingest.media_clock import utc_since
from ingest.packet_source import open_file
from ingest.sampler import Attention, Sampler, Sampling
from tests.media.make_clips import RATE, Film, Films

NOON = datetime(2026, 3, 2, 4, 0, tzinfo=UTC)
SMALL = (64, 48)


def sample(path: Path, sampling: Sampling) -> tuple[list[float], int]:
    """Times of the looks, and how many pictures were decoded for them."""
    with open_file(path) as source:
        decoder = FrameDecoder(source.facts, utc_since(NOON))
        sampler = Sampler(decoder, sampling, float(1 / source.facts.frame_rate))
        looks = [frame.media_s for packet in source.packets() for frame in sampler.offer(packet)]
        looks += [frame.media_s for frame in sampler.finish()]
        return looks, decoder.decoded


def steps(looks: list[float]) -> list[float]:
    return [later - earlier for earlier, later in itertools.pairwise(looks)]


def film_of_gops(path: Path, gops: list[int]) -> None:
    """Keyframes where they are asked for."""
    keys, at = set(), 0
    for gop in gops:
        keys.add(at)
        at += gop
    film = Film(size=SMALL)
    with av.open(str(path), "w", format="mp4") as output:
        stream = output.add_stream("libx264", rate=RATE, options={"preset": "ultrafast", "g": "9999", "bf": "0"})
        stream.width, stream.height = SMALL
        stream.pix_fmt = "yuv420p"
        for number in range(at):
            frame = av.VideoFrame.from_ndarray(film.picture(number), format="bgr24")
            frame.pts = number
            frame.pict_type = av.video.frame.PictureType.I if number in keys else av.video.frame.PictureType.NONE
            output.mux(stream.encode(frame))
        output.mux(stream.encode(None))


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.integers(1, 70), min_size=2, max_size=6), st.sampled_from([1.0, 2.0, 3.0]))
def test_looks_are_never_further_apart_than_promised(tmp_path: Path, gops: list[int], look_s: float) -> None:
    path = tmp_path / "gops.mp4"
    film_of_gops(path, gops)
    looks, decoded = sample(path, Sampling(look_s=look_s))
    pictures = sum(gops)
    assert looks == sorted(set(looks))
    assert looks[0] == 0.0
    assert max(steps(looks), default=0.0) <= look_s * 1.05 + 1.5 / RATE
    assert pictures / RATE - looks[-1] <= look_s * 1.05 + 1.5 / RATE
    # no picture is decoded twice, but for keyframes that were looked at alone before their GOP was needed
    assert decoded <= pictures + len(gops)


@pytest.mark.parametrize(
    ("gop", "b_frames", "most_decoded"),
    [
        pytest.param(10, 0, 21 + 1, id="a_keyframe_a_second_is_decoded_every_other_time"),
        pytest.param(20, 0, 21 + 20, id="keyframes_as_far_apart_as_looks"),
        pytest.param(10, 2, 21 + 3, id="b_frames_do_not_matter_to_keyframes"),
        pytest.param(400, 0, 400, id="one_keyframe_decodes_what_it_takes"),
    ],
)
def test_little_is_decoded(films: Films, gop: int, b_frames: int, most_decoded: int) -> None:
    path = films(Film(seconds=40, gop=gop, b_frames=b_frames, size=SMALL))
    looks, decoded = sample(path, Sampling())
    assert 19 <= len(looks) <= 22
    assert decoded <= most_decoded


def test_keyframes_alone_are_all_of_them_and_nothing_else(films: Films) -> None:
    looks, decoded = sample(films(Film(seconds=40, gop=35, size=SMALL)), Sampling(Attention.KEYFRAMES))
    assert looks == pytest.approx([3.5 * number for number in range(12)])
    assert decoded == 12


@pytest.mark.parametrize("b_frames", [0, 2])
def test_all_is_every_picture_in_order(films: Films, b_frames: int) -> None:
    looks, decoded = sample(films(Film(seconds=10, b_frames=b_frames, size=SMALL)), Sampling(Attention.ALL))
    assert looks == pytest.approx([number / RATE for number in range(100)])
    assert decoded == 100
