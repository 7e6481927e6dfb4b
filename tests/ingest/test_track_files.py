"""Side files of drones and recorders: the places, whether the camera moved, and when the recording began."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from ingest.errors import TrackUnreadable
from ingest.track_files import KEPT_POINTS, TrackPoint, moved, read_track, spread_m, start_of, thinned
from models.enums import ClockSource, TrackSource

ZONE = ZoneInfo("Asia/Shanghai")
NOON = datetime(2026, 3, 2, 4, 0, tzinfo=UTC)


def subtitles(seconds: int, *, step: float = 0.0001, bracketed: bool = True) -> bytes:
    """As DJI writes them: a block a second."""
    blocks = []
    for second in range(seconds):
        lat, lon = 28.65 + second * step, 121.26
        where = (
            f"[iso: 100] [latitude: {lat:.6f}] [longitude: {lon:.6f}] [rel_alt: 1.200 abs_alt: 9.100]"
            if bracketed
            else f"HOME(121.2500,28.6500) GPS({lon:.6f},{lat:.6f},19) BAROMETER:1.9"
        )
        blocks.append(
            f"{second + 1}\n00:00:{second:02},000 --> 00:00:{second:02},990\n"
            f'<font size="28">SrtCnt : {second + 1}\n2026-03-02 12:00:{second:02}.250\n{where}</font>\n'
        )
    return "\n".join(blocks).encode()


@pytest.mark.parametrize("bracketed", [True, False], ids=["in_brackets", "as_gps"])
def test_subtitles_of_a_drone_give_places_and_the_start(bracketed: bool) -> None:
    track = read_track(".SRT", subtitles(20, bracketed=bracketed), ZONE)
    assert (track.source, len(track.points)) == (TrackSource.SRT, 20)
    assert track.points[3] == TrackPoint(28.6503, 121.26, NOON + timedelta(seconds=3.25), 3.0)
    claim = start_of(track, 20.0)
    assert claim is not None
    assert (claim.at, claim.source, claim.error_s) == (NOON + timedelta(seconds=0.25), ClockSource.TRACK, 2.0)
    assert moved(track.points)


def test_a_drone_that_hovers_has_not_moved_though_one_place_is_off() -> None:
    track = read_track(".srt", subtitles(30, step=0.0), ZONE)
    points = [*track.points, TrackPoint(28.70, 121.26)]
    assert spread_m(points) < 1.0
    assert not moved(points)


def gpx(*points: tuple[float, float, str], head: str = "") -> bytes:
    body = "".join(f'<trkpt lat="{lat}" lon="{lon}"><ele>3</ele><time>{at}</time></trkpt>' for lat, lon, at in points)
    return (
        f'<?xml version="1.0"?>{head}<gpx version="1.1" creator="t" xmlns="http://www.topografix.com/GPX/1/1">'
        f"<metadata><time>2020-01-01T00:00:00Z</time></metadata><trk><trkseg>{body}</trkseg></trk></gpx>"
    ).encode()


def test_a_gpx_as_long_as_its_recording_says_when_it_began() -> None:
    track = read_track(
        ".gpx", gpx((28.65, 121.26, "2026-03-02T04:00:00Z"), (28.66, 121.26, "2026-03-02T04:00:58Z")), ZONE
    )
    assert track.times == [NOON, NOON + timedelta(seconds=58)]
    claim = start_of(track, 60.0)
    assert claim is not None
    assert (claim.at, claim.error_s) == (NOON, 3.0)
    assert start_of(track, 600.0) is None  # of a whole patrol: nobody can say where in it the recording lies


def sentence(body: str) -> str:
    total = 0
    for character in body.encode():
        total ^= character
    return f"${body}*{total:02X}\r\n"


def test_nmea_is_read_with_its_checksums() -> None:
    text = (
        sentence("GNRMC,040000.00,A,2839.0000,N,12115.6000,E,0.0,,020326,,,A")
        + sentence("GNGGA,040001.00,2839.6000,N,12115.6000,E,1,08,1.0,5.0,M,,M,,")
        + sentence("GNRMC,040002.00,V,2839.0000,N,12115.6000,E,0.0,,020326,,,N")  # no satellite
        + "$GNRMC,040003.00,A,1000.0000,N,12115.6000,E,0.0,,020326,,,A*00\r\n"  # another sum
        + sentence("GNGGA,040004.00,0000.0000,N,00000.0000,E,1,08,1.0,5.0,M,,M,,")
    )
    track = read_track(".nmea", text.encode(), ZONE)
    assert [(point.lat, point.lon, point.at) for point in track.points] == [
        (28.65, 121.26, NOON),
        (28.66, 121.26, NOON + timedelta(seconds=1)),
    ]
    assert track.by_satellite


@pytest.mark.parametrize(
    ("suffix", "data", "why"),
    [
        (".gpx", gpx((1.0, 1.0, ""), head='<!DOCTYPE gpx SYSTEM "file:///etc/passwd">'), "DOCTYPE"),
        (".gpx", b"<gpx><trk>", "no GPX"),
        (".gpx", gpx(), "names no place"),
        (".gpx", gpx((91.0, 1.0, "")), "names no place"),
        (".srt", b"1\n00:00:00,000 --> 00:00:01,000\nGood evening\n", "names no place"),
        (".nmea", bytes(range(256)) * 40, "names no place"),
        (".kml", b"", "is no track"),
    ],
    ids=["dtd", "broken", "empty", "no_such_latitude", "a_film's_subtitles", "noise", "another_kind"],
)
def test_what_is_no_track_is_refused_with_a_sentence(suffix: str, data: bytes, why: str) -> None:
    with pytest.raises(TrackUnreadable, match=why):
        read_track(suffix, data, ZONE)


def test_a_long_track_is_kept_thinned() -> None:
    points = [TrackPoint(28.65, 121.26, NOON + timedelta(seconds=second)) for second in range(5000)]
    line = thinned(points, NOON)
    assert len(line) <= KEPT_POINTS
    assert line[1] == [10.0, 28.65, 121.26]
