"""A camera probed before it is watched: what is measured of real streams, and what is said about it."""

import re
import time
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import pytest

from ingest.camera_address import parse_onvif_url, parse_stream_url
from ingest.camera_clock import ClockOffset
from ingest.camera_probe import DeviceReport, StreamReport, advice, probe_device, probe_stream
from ingest.errors import CredentialsRefused, PasswordRefused, StreamUnreachable
from ingest.onvif_device import ClockReading, DeviceFacts, Profile
from models.enums import ClockMeasure
from tests.free_port import free_port
from tests.ingest.onvif_simulator import PASSWORD, USER, Simulator, listening
from tests.media.make_clips import Film, Films
from tests.media.rtsp_server import RtspServer, gst_server

HERE = ip_address("127.0.0.1")
STARTED = datetime.now(UTC) - timedelta(seconds=time.monotonic())  # our clock, from where the monotonic one counts


def utc(monotonic_s: float) -> datetime:
    return STARTED + timedelta(seconds=monotonic_s)


def probed(url: str, *, seconds: float = 1.5, login: tuple[str, str] | None = None) -> StreamReport:
    username, password = login or (None, None)
    return probe_stream(
        parse_stream_url(url), HERE, username=username, password=password, transport="tcp", seconds=seconds, utc=utc
    )


def test_a_stream_is_measured_as_it_comes(films: Films, rtsp_server: RtspServer) -> None:
    clip = films(Film(seconds=6, gop=10))
    report = probed(rtsp_server(clip), seconds=2.5)
    assert (report.codec, report.width, report.height) == ("h264", 320, 240)
    assert report.frame_rate == pytest.approx(10, abs=0.1)
    assert report.keyframe_s == pytest.approx(1.0, abs=0.05)
    assert report.bit_rate_bps == pytest.approx(8 * clip.stat().st_size / 6, rel=0.5)
    assert (report.corrupt, report.gaps) == (0, 0)
    assert advice(report, None)[0].startswith("320x240 is smaller than the 1280x720 that evidence needs")


def test_it_waits_for_a_second_keyframe_beyond_the_time_asked_for(films: Films, rtsp_server: RtspServer) -> None:
    report = probed(rtsp_server(films(Film(seconds=8, gop=30))), seconds=0.5)
    assert report.keyframe_s == pytest.approx(3.0, abs=0.05)
    assert any("keyframes are up to 3.0 s apart" in each and "(20 frames)" in each for each in advice(report, None))


def test_a_camera_that_tells_its_time_has_its_clock_measured(films: Films, tmp_path: Path) -> None:
    with gst_server(tmp_path, password=("viewer", "s/e:c@ret")) as server:
        url = server(films(Film(seconds=8, gop=10)))
        report = probed(url, seconds=3, login=("viewer", "s/e:c@ret"))
        with pytest.raises(PasswordRefused) as refused:
            probed(url, login=("viewer", "wrong/secret"))
    assert report.clock is not None
    assert report.clock.measure is ClockMeasure.RTCP
    assert abs(report.clock.offset_s) <= report.clock.error_s, "the server's clock is this machine's"
    assert "secret" not in str(refused.value)


def test_a_camera_that_is_not_there_is_named_by_its_place(tmp_path: Path) -> None:
    port = free_port()
    with pytest.raises(StreamUnreachable, match=f"127.0.0.1:{port}: cannot be reached"):
        probed(f"rtsp://127.0.0.1:{port}/main", login=("viewer", "secret"))


def test_the_onvif_service_says_who_it_is_and_what_it_streams() -> None:
    with listening(Simulator(clock_ahead=timedelta(seconds=90))) as camera:
        url = parse_onvif_url(f"http://127.0.0.1:{camera.port}")
        report = probe_device(url, HERE, username=USER, password=PASSWORD)
        with pytest.raises(CredentialsRefused):
            probe_device(url, HERE, username=USER, password="wrong")
    assert report.facts.model == "Dome 7"
    assert report.clock.offset_s == pytest.approx(-90, abs=report.clock.error_s + 0.1)
    assert [(profile.token, profile.codec) for profile in report.profiles] == [("main", "H264"), ("sub", "H265")]
    (said,) = advice(None, report)
    assert re.match(r"its clock is (89|90)\.\d s ahead of ours: have both set by the same NTP server", said)


GOOD = StreamReport(
    codec="h264",
    width=1920,
    height=1080,
    frame_rate=25.0,
    keyframe_s=2.0,
    bit_rate_bps=4e6,
    watched_s=10.0,
    packets=250,
    corrupt=0,
    gaps=0,
    clock=ClockOffset(0.2, 0.5, ClockMeasure.RTCP),
)
FACTS = DeviceFacts("Acme", "Dome 7", "1", "2")


def different(**differs: object) -> StreamReport:
    return StreamReport(**(vars(GOOD) | differs))


def test_a_camera_that_is_well_set_up_needs_nothing() -> None:
    assert advice(GOOD, None) == []
    assert advice(GOOD, DeviceReport(FACTS, ClockReading(0.1, 0.2, STARTED), ())) == []


@pytest.mark.parametrize(
    ("report", "said"),
    [
        (different(keyframe_s=4.0), "keyframes are up to 4.0 s apart: set the I-frame interval to 2 s (50 frames)"),
        (different(keyframe_s=None, watched_s=30.2), "no second keyframe came in 30 s: set the I-frame interval"),
        (different(codec="hevc"), "H.265 costs more to watch than H.264"),
        (different(width=704, height=576), "704x576 is smaller than the 1280x720 that evidence needs"),
        (different(frame_rate=6.0), "6 frames a second show the moment of a stop only roughly"),
        (different(corrupt=3, gaps=1), "3 damaged packets and 1 gaps in 10 s: look at cable"),
        (different(clock=None), "the stream does not tell the camera's time"),
        (different(clock=ClockOffset(2.0, 0.5, ClockMeasure.RTCP)), "its clock is 2.0 s behind ours: have both set"),
        (different(clock=ClockOffset(-2.0, 0.5, ClockMeasure.RTCP)), "its clock is 2.0 s ahead of ours: have both"),
    ],
    ids=[
        "keyframes_far_apart",
        "one_keyframe",
        "h265",
        "too_small",
        "few_frames",
        "damage",
        "no_time",
        "clock_behind",
        "clock_ahead",
    ],
)
def test_what_is_to_be_changed_is_said_plainly(report: StreamReport, said: str) -> None:
    (advised,) = advice(report, None)
    assert advised.startswith(said)


def test_a_clock_that_may_be_within_the_limit_is_not_called_wrong_and_the_better_measurement_counts() -> None:
    unsure = different(clock=ClockOffset(1.3, 0.5, ClockMeasure.RTCP))
    assert advice(unsure, None) == []
    (said,) = advice(unsure, DeviceReport(FACTS, ClockReading(1.3, 0.2, STARTED), ()))
    assert said.startswith("its clock is 1.3 s behind ours")


def test_a_profile_of_single_pictures_is_said_to_be_no_stream_to_watch() -> None:
    jpeg = Profile("p", "Snapshots", "JPEG", 640, 480, 5.0, None, has_ptz=False)
    (said,) = advice(GOOD, DeviceReport(FACTS, ClockReading(0.0, 0.2, STARTED), (jpeg,)))
    assert said == "profile Snapshots is MJPEG, which cannot be watched: set it to H.264"
