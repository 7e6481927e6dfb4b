"""Parameter sets are found in what real encoders write, and nothing else is taken for one."""

from pathlib import Path

import av
import pytest

from ingest.parameter_sets import START_CODE, parameter_sets, sequence_sets
from tests.media.make_clips import Film, Films


def keyframes(clip: Path, to_bytes: str) -> list[bytes]:
    """As they come by RTSP: with start codes, parameter sets in front."""
    with av.open(str(clip)) as container:
        stream = container.streams.video[0]
        whole = av.BitStreamFilterContext(to_bytes, stream)
        return [bytes(each) for packet in container.demux(stream) for each in whole.filter(packet) if each.is_keyframe]


def test_the_sets_of_a_keyframe_are_found_and_are_the_same_in_the_next(films: Films) -> None:
    first, second = keyframes(films(Film(seconds=2)), "h264_mp4toannexb")
    sets = parameter_sets("h264", first)
    assert [each[0] & 0x1F for each in sets] == [7, 8]
    assert parameter_sets("h264", second) == sets
    assert all(START_CODE[1:] + each in first for each in sets)


def test_another_size_has_other_sets(films: Films) -> None:
    small, large = (
        parameter_sets("h264", keyframes(films(Film(seconds=1, size=size)), "h264_mp4toannexb")[0])
        for size in ((320, 240), (640, 480))
    )
    assert small != large


H264_UNIT = b"\x00\x00\x01\x67AB\x00\x00\x01\x68C\x00\x00\x01\x65slice"
H265_UNIT = b"\x00\x00\x01\x40\x01V\x00\x00\x01\x42\x01S\x00\x00\x01\x44\x01P\x00\x00\x01\x26\x01slice"


@pytest.mark.parametrize(
    ("codec", "unit", "found"),
    [
        ("h264", H264_UNIT, [b"\x67AB", b"\x68C"]),
        ("h264", b"\x00\x00\x00\x01\x09\xf0\x00\x00\x00\x01\x67AB\x00\x00\x00\x01\x65s", [b"\x67AB"]),
        ("h264", b"\x00\x00\x01\x65slice\x00\x00\x01\x67late", []),
        ("hevc", H265_UNIT, [b"\x40\x01V", b"\x42\x01S", b"\x44\x01P"]),
        ("h264", b"", []),
        ("h264", b"\x00\x00\x01", []),
        ("h264", b"no start code", []),
    ],
    ids=["three_bytes", "delimiter_first", "behind_the_slice", "h265", "empty", "start_code_alone", "none"],
)  # fmt: skip
def test_what_is_a_parameter_set(codec: str, unit: bytes, found: list[bytes]) -> None:
    assert parameter_sets(codec, unit) == found


@pytest.mark.parametrize(
    ("codec", "unit", "found"), [("hevc", H265_UNIT, b"\x42\x01S"), ("h264", H264_UNIT, b"\x67AB")]
)
def test_of_the_sets_one_is_the_sequences(codec: str, unit: bytes, found: bytes) -> None:
    assert sequence_sets(codec, unit) == [found]
