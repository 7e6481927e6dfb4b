"""Parameter sets: the units of an H.264 or H.265 stream that say how its pictures are to be decoded.

Pure, on the byte stream of ITU-T H.264 annex B and H.265 annex B, which is what comes by RTSP.
"""

import re

START = re.compile(rb"\x00\x00\x01")
START_CODE = b"\x00\x00\x00\x01"
H264_SETS, H264_SLICES = (7, 8), range(1, 6)  # H.264 table 7-1: sequence and picture
H265_SETS, H265_SLICES = (32, 33, 34), range(32)  # H.265 table 7-1: video, sequence and picture
SEQUENCE = {"h264": 7, "hevc": 33}


def parameter_sets(codec: str, access_unit: bytes) -> list[bytes]:
    """The parameter sets in front of a picture, without start codes; none where it comes without."""
    sets: list[bytes] = []
    begin: int | None = None
    for start in START.finditer(access_unit):
        if begin is not None:
            # zeros in front of a start code belong to it: no unit ends with one
            sets.append(access_unit[begin : start.start()].rstrip(b"\x00"))
        kind = _kind(codec, access_unit, start.end())
        if kind in (H264_SLICES if codec == "h264" else H265_SLICES):
            break
        begin = start.end() if kind in (H264_SETS if codec == "h264" else H265_SETS) else None
    return sets


def sequence_sets(codec: str, access_unit: bytes) -> list[bytes]:
    """Those that hold for a whole sequence of pictures: the size is in them."""
    return [each for each in parameter_sets(codec, access_unit) if _kind(codec, each, 0) == SEQUENCE[codec]]


def _kind(codec: str, access_unit: bytes, begin: int) -> int | None:
    if begin >= len(access_unit):
        return None
    return access_unit[begin] & 0x1F if codec == "h264" else access_unit[begin] >> 1 & 0x3F
