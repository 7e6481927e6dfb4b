"""Streams of RTSP servers that others wrote: opened, read, lost, and refused, with every failure said as ours."""

import contextlib
import itertools
import re
import socket
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from ingest.camera_clock import CameraClock
from ingest.camera_health import Watchdog
from ingest.decoding import FrameDecoder
from ingest.errors import (
    PasswordRefused,
    PathUnknown,
    RedirectRefused,
    StreamChanged,
    StreamError,
    StreamLost,
    StreamSilent,
    StreamUnreachable,
    StreamUnusable,
)
from ingest.live_stream import LivePacket, LiveStream, Transport, open_stream
from ingest.live_time import LiveTime, Placed
from models.enums import CameraState
from tests.free_port import free_port
from tests.media.make_clips import RATE, Film, Films, parks
from tests.media.rtsp_proxy import Mode, RtspProxy
from tests.media.rtsp_server import RtspServer, gst_server
from tests.real_time import REAL_TIME

pytestmark = REAL_TIME

FRAME_S = 1 / RATE
QUICKEST_S = 0.25  # on a busy machine packets are late; the quickest of many is not by more than this
STREET = Film(vehicles=(parks("red"),), seconds=12)
JUMPED = re.compile(r"the camera's timestamps jumped by ([+-][\d.]+) s")
PASSWORD = "s3cret:@/%&é"
PASSWORD_IN_URL = "s3cret%3A%40%2F%25%26%C3%A9"


def opened(url: str, *, transport: Transport = "tcp", silent_s: float = 2.0) -> LiveStream:
    return open_stream(url, transport=transport, connect_within_s=30, read_within_s=silent_s, name="gate-3")


def first(stream: LiveStream, count: int) -> list[LivePacket]:
    return list(itertools.islice(stream.packets(), count))


def utc_now() -> Callable[[float], datetime]:
    """Our UTC of a monotonic second."""
    offset_s = time.time() - time.monotonic()
    return lambda monotonic_s: datetime.fromtimestamp(offset_s + monotonic_s, UTC)


def placed(stream: LiveStream, packets: list[LivePacket]) -> list[Placed]:
    live = LiveTime()
    live.connected(stream.facts.time_base, float(1 / stream.facts.frame_rate))
    return [live.place(each.pts, each.dts, each.arrival_s) for each in packets]


def hevc(folder: Path) -> Path:
    path = folder / "h265.mp4"
    Film(vehicles=(parks("red"),), seconds=6, codec="libx265").write(path)
    return path


def test_a_camera_is_opened_and_its_packets_come_at_the_pace_of_its_pictures(
    rtsp_server: RtspServer, films: Films
) -> None:
    url = rtsp_server(films(STREET))
    began_s = time.monotonic()
    with opened(url) as stream:
        facts = stream.facts
        assert (facts.codec, facts.width, facts.height, facts.frame_rate) == ("h264", 320, 240, RATE)
        packets = first(stream, 25)
    assert packets[0].keyframe
    assert packets[0].arrival_s >= began_s - FRAME_S
    steps = [later.pts - earlier.pts for earlier, later in itertools.pairwise(packets)]  # type: ignore[operator]
    assert steps == [90_000 // RATE] * 24
    late_s = [each.arrival_s - n * FRAME_S for n, each in enumerate(packets)]
    # the first lay in the heap of the opening for some tenths of a second, and is not taken for late
    assert late_s[0] - min(late_s[-15:]) < QUICKEST_S
    assert [each.media_s for each in placed(stream, packets)] == pytest.approx([n * FRAME_S for n in range(25)])


def test_the_camera_says_when_it_took_its_pictures(rtsp_server: RtspServer, films: Films) -> None:
    utc = utc_now()
    with opened(rtsp_server(films(STREET))) as stream:
        packets = first(stream, 15)
    said = [(utc(each.arrival_s) - each.camera_utc).total_seconds() for each in packets if each.camera_utc]
    assert len(said) >= 13
    assert min(said) == pytest.approx(0.0, abs=QUICKEST_S)


@pytest.mark.parametrize("transport", ["tcp", "udp"])
def test_another_server_with_h265_by_tcp_and_by_udp(transport: Transport, tmp_path: Path) -> None:
    with gst_server(tmp_path, codec="h265") as server, opened(server(hevc(tmp_path)), transport=transport) as stream:
        assert (stream.facts.codec, stream.facts.width, stream.facts.frame_rate) == ("hevc", 320, RATE)
        packets = first(stream, 12)
        decoder = FrameDecoder(stream.facts, lambda _: datetime.now(UTC))
        shown = [
            frame
            for each, place in zip(packets, placed(stream, packets), strict=True)
            for frame in decoder.feed(each.timed(place))
        ]
    assert [frame.corrupt for frame in shown] == [False] * len(shown)
    assert len(shown) >= 10


def test_sender_reports_of_another_server_tell_the_same_time(tmp_path: Path, films: Films) -> None:
    utc = utc_now()
    clock = CameraClock()
    with gst_server(tmp_path) as server, opened(server(films(STREET))) as stream:
        live = LiveTime()
        for packet in itertools.islice(stream.packets(), 8 * RATE):
            place = live.place(packet.pts, packet.dts, packet.arrival_s)
            clock.packet(place.media_s, utc(packet.arrival_s), packet.camera_utc)
            found = clock.offset(utc(packet.arrival_s))
            if found is not None:
                break
        else:
            pytest.fail("no sender report came in 8 s")
    assert found.offset_s == pytest.approx(0.0, abs=QUICKEST_S)
    assert found.error_s < 1.0


@pytest.mark.parametrize("hidden", [False, True], ids=["sets_in_the_description", "sets_in_the_stream_alone"])
def test_who_comes_in_mid_gop_begins_with_the_next_keyframe(
    hidden: bool, rtsp_server: RtspServer, films: Films
) -> None:
    url = rtsp_server(films(Film(seconds=12, gop=15)))
    with RtspProxy(url) as proxy:
        proxy.hide_parameter_sets, proxy.joins_late_s = hidden, 0.4
        with opened(proxy.url) as stream:
            packets = first(stream, 3)
            assert (stream.facts.width, stream.facts.height) == (320, 240)
    assert [each.keyframe for each in packets] == [True, False, False]
    assert packets[1].pts is not None
    assert packets[1].pts - (packets[0].pts or 0) == 90_000 // RATE
    decoder = FrameDecoder(stream.facts, lambda _: datetime.now(UTC))
    place = placed(stream, packets)[0]
    frame = decoder.alone(packets[0].timed(place))
    assert frame is not None
    assert (frame.width, frame.height, frame.corrupt) == (320, 240, False)


def test_a_camera_that_goes_off_is_lost_and_comes_back_at_the_same_address(
    rtsp_server: RtspServer, films: Films
) -> None:
    url = rtsp_server(films(STREET))
    with opened(url) as stream:
        first(stream, 3)
        rtsp_server.kill()
        with pytest.raises(StreamLost, match=r"gate-3: the connection was lost .*opened again"):
            first(stream, 1000)
    with pytest.raises(StreamUnreachable, match=r"gate-3: cannot be reached .*check its power"):
        opened(url)
    rtsp_server.restart()
    with opened(url) as stream:
        assert len(first(stream, 3)) == 3


def test_a_camera_that_hangs_is_silent_and_not_waited_for(rtsp_server: RtspServer, films: Films) -> None:
    url = rtsp_server(films(STREET))
    with opened(url, silent_s=1.0) as stream:
        first(stream, 3)
        rtsp_server.freeze()
        with pytest.raises(StreamSilent, match="nothing came for 1 s"):
            first(stream, 1000)
    with pytest.raises(StreamUnreachable):
        open_stream(url, transport="tcp", connect_within_s=1, read_within_s=1, name="gate-3")
    rtsp_server.thaw()


def test_a_connection_that_is_cut_is_lost(rtsp_server: RtspServer, films: Films) -> None:
    with RtspProxy(rtsp_server(films(STREET))) as proxy, opened(proxy.url) as stream:
        first(stream, 3)
        proxy.cut()
        with pytest.raises(StreamLost):
            first(stream, 1000)


def test_a_clip_that_ends_is_a_camera_that_went_off(rtsp_server: RtspServer, films: Films) -> None:
    with opened(rtsp_server(films(Film(seconds=2)), loops=False)) as stream, pytest.raises(StreamLost):
        first(stream, 1000)


def test_a_path_the_camera_does_not_know_is_said(rtsp_server: RtspServer, films: Films) -> None:
    url = rtsp_server(films(STREET))
    with pytest.raises(PathUnknown, match=r"gate-3: knows no stream of this path; take the path from its manual"):
        opened(url.replace(".mp4", "-sub.mp4"))


@contextlib.contextmanager
def listener(answer: bytes | None, but: dict[bytes, bytes] | None = None) -> Iterator[int]:
    """A port that takes connections, and says this to whatever it is asked, or nothing; `but` by question."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        taken: list[socket.socket] = []

        def serve() -> None:
            with contextlib.suppress(OSError):
                while True:
                    client, _ = server.accept()
                    taken.append(client)
                    while answer is not None and (asked := client.recv(4096)):
                        number = re.search(rb"CSeq: (\d+)", asked)
                        said = (but or {}).get(asked.split()[0], answer)
                        client.sendall(said.replace(b"CSeq: 1", number[0] if number else b""))

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield server.getsockname()[1]
        with contextlib.suppress(OSError):
            server.shutdown(socket.SHUT_RDWR)
        thread.join(timeout=5)
        for client in taken:
            client.close()


def secrets_in(error: BaseException | None) -> str:
    """Everything a log or a traceback could show of it, causes and contexts included."""
    shown = ""
    while error is not None:
        shown += "".join(traceback.format_exception(error)) + repr(error) + repr(vars(error))
        error = error.__cause__ or error.__context__
    return shown


@pytest.mark.parametrize(
    ("answer", "refusal"),
    [
        (None, StreamUnreachable),
        (b"SSH-2.0-OpenSSH_9.6\r\n\r\n", StreamUnreachable),
        (b'RTSP/1.0 401 Unauthorized\r\nCSeq: 1\r\nWWW-Authenticate: Basic realm="cam"\r\n\r\n', PasswordRefused),
        (b"RTSP/1.0 403 Forbidden\r\nCSeq: 1\r\n\r\n", PasswordRefused),
        (b"RTSP/1.0 404 Not Found\r\nCSeq: 1\r\n\r\n", PathUnknown),
        (b"RTSP/1.0 503 Service Unavailable\r\nCSeq: 1\r\n\r\n", StreamUnreachable),
    ],
    ids=["silence", "another_protocol", "401", "403", "404", "503"],
)  # fmt: skip
def test_what_a_camera_may_answer_instead_and_no_answer_holds_the_password(
    answer: bytes | None, refusal: type[StreamError]
) -> None:
    with listener(answer) as port:
        url = f"rtsp://admin:{PASSWORD_IN_URL}@127.0.0.1:{port}/live"
        with pytest.raises(refusal) as caught:
            open_stream(url, transport="tcp", connect_within_s=1, read_within_s=1, name="gate-3")
    shown = secrets_in(caught.value)
    assert "s3cret" not in shown
    assert "rtsp://" not in str(caught.value)


@pytest.mark.parametrize("question", [b"OPTIONS", b"DESCRIBE"])
def test_a_camera_that_sends_us_to_another_address_is_not_followed(question: bytes) -> None:
    fine = b"RTSP/1.0 200 OK\r\nCSeq: 1\r\nContent-Length: 2\r\n\r\nok"
    with listener(fine) as elsewhere:
        location = b"rtsp://127.0.0.1:%d/inside" % elsewhere
        redirect = b"RTSP/1.0 302 Moved\r\nCSeq: 1\r\nLocation: " + location + b"\r\n\r\n"
        with listener(fine, {question: redirect}) as port, pytest.raises(RedirectRefused, match="is not followed"):
            opened(f"rtsp://admin:{PASSWORD_IN_URL}@127.0.0.1:{port}/live")


def test_a_camera_that_speaks_tcp_alone_says_so_when_asked_for_udp(rtsp_server: RtspServer, films: Films) -> None:
    with pytest.raises(StreamUnusable, match="choose the other of TCP and UDP"):
        opened(rtsp_server(films(STREET)), transport="udp")


def test_a_port_where_nothing_listens_is_unreachable_without_a_word_of_the_password() -> None:
    with pytest.raises(StreamUnreachable) as caught:
        opened(f"rtsp://admin:{PASSWORD_IN_URL}@127.0.0.1:{free_port()}/live")
    assert "s3cret" not in secrets_in(caught.value)


def test_the_right_password_opens_and_a_wrong_one_is_refused(tmp_path: Path, films: Films) -> None:
    with gst_server(tmp_path, password=("admin", PASSWORD)) as server:
        url = server(films(STREET))
        with opened(url.replace("rtsp://", f"rtsp://admin:{PASSWORD_IN_URL}@")) as stream:
            first(stream, 2)
            rest = stream.packets()
            server.kill()
            with pytest.raises(StreamLost) as lost:
                list(rest)
        assert "s3cret" not in secrets_in(lost.value)
        server.start()
        for login in ("", "admin:wr0ng@"):
            with pytest.raises(PasswordRefused, match="cameras lock accounts") as caught:
                opened(url.replace("rtsp://", f"rtsp://{login}"))
            assert "wr0ng" not in secrets_in(caught.value)


def test_a_stream_of_another_codec_is_refused_with_what_to_set(tmp_path: Path, films: Films) -> None:
    """MPEG-4 Part 2, as old cameras send it."""
    with gst_server(tmp_path, codec="mpeg4") as server:
        url = server(films(Film(seconds=6, codec="mpeg4")))
        with pytest.raises(StreamUnusable, match=r"sends mpeg4; set the stream to H.264 or H.265"):
            opened(url)


@pytest.mark.parametrize("mode", [Mode.FLIP, Mode.DROP])
def test_one_packet_in_twenty_damaged_ends_nothing(mode: Mode, rtsp_server: RtspServer, films: Films) -> None:
    with RtspProxy(rtsp_server(films(STREET))) as proxy, opened(proxy.url) as stream:
        proxy.mode = mode
        packets = first(stream, 4 * RATE)
        decoder = FrameDecoder(stream.facts, lambda _: datetime.now(UTC))
        places = placed(stream, packets)
        frames = [
            frame for each, place in zip(packets, places, strict=True) for frame in decoder.feed(each.timed(place))
        ]
        assert proxy.harmed > 5
    assert any(frame.corrupt for frame in frames) or decoder.refused
    passed_s = packets[-1].arrival_s - packets[0].arrival_s
    assert places[-1].media_s == pytest.approx(passed_s, abs=1.0)


@pytest.mark.parametrize("jump_s", [3600.0, -3600.0], ids=["an_hour_ahead", "an_hour_back"])
def test_timestamps_that_jump_by_an_hour_are_a_gap_and_no_hour(
    jump_s: float, rtsp_server: RtspServer, films: Films
) -> None:
    with RtspProxy(rtsp_server(films(STREET))) as proxy, opened(proxy.url) as stream:
        live = LiveTime()
        live.connected(stream.facts.time_base, FRAME_S)
        places, arrivals_s = [], []
        for number, packet in enumerate(itertools.islice(stream.packets(), 3 * RATE)):
            if number == RATE:
                proxy.timestamps_by_s = jump_s
            places.append(live.place(packet.pts, packet.dts, packet.arrival_s))
            arrivals_s.append(packet.arrival_s)
    jumps_s = [float(jump[1]) for each in places if each.gap and (jump := JUMPED.fullmatch(each.gap.why))]
    # told from when pictures came, which is less exact while some gather or the machine is busy
    assert [each for each in jumps_s if abs(each) > 1] == [pytest.approx(jump_s, abs=1.0)]
    assert places[-1].media_s == pytest.approx(arrivals_s[-1] - arrivals_s[0], abs=1.0)


def test_timestamps_that_pass_their_highest_go_on(rtsp_server: RtspServer, films: Films) -> None:
    with RtspProxy(rtsp_server(films(STREET))) as proxy:
        proxy.wraps_in_s = 1.5
        with opened(proxy.url) as stream:
            packets = first(stream, 3 * RATE)
            places = placed(stream, packets)
    assert [each.gap for each in places if each.gap is not None] == []
    steps = [later.media_s - earlier.media_s for earlier, later in itertools.pairwise(places)]
    assert steps == pytest.approx([FRAME_S] * len(steps), abs=0.01)


def test_a_stream_that_changes_its_size_is_another_stream(rtsp_server: RtspServer, tmp_path: Path) -> None:
    path = tmp_path / "two_sizes.mkv"
    two_sizes(path, (320, 240), (640, 480), seconds=2)
    with opened(rtsp_server(path)) as stream:
        assert stream.facts.width == 320
        with pytest.raises(StreamChanged, match="parameters changed"):
            first(stream, 1000)


def two_sizes(path: Path, *sizes: tuple[int, int], seconds: float) -> None:
    """One stream that goes on in another size, parameter sets before each keyframe."""
    with av.open(str(path), "w", format="matroska") as output:
        target = None
        number = 0
        for size in sizes:
            film = Film(size=size, seconds=seconds)
            encoder = av.CodecContext.create("libx264", "w")
            encoder.width, encoder.height, encoder.pix_fmt = *size, "yuv420p"
            encoder.time_base = Fraction(1, RATE)
            encoder.options = {"preset": "ultrafast", "g": str(RATE), "bf": "0", "x264-params": "repeat-headers=1"}
            if target is None:
                target = output.add_stream("libx264", rate=RATE)
                target.width, target.height, target.pix_fmt = *size, "yuv420p"
            for picture in range(film.pictures):
                frame = av.VideoFrame.from_ndarray(film.picture(picture), format="bgr24")
                frame.pts = number
                number += 1
                for packet in encoder.encode(frame):
                    packet.stream = target
                    output.mux(packet)
            for packet in encoder.encode(None):
                packet.stream = target
                output.mux(packet)


def test_an_encoder_that_repeats_its_picture_is_frozen_while_packets_flow(
    rtsp_server: RtspServer, films: Films
) -> None:
    with RtspProxy(rtsp_server(films(STREET))) as proxy, opened(proxy.url) as stream:
        live, decoder = LiveTime(), FrameDecoder(stream.facts, lambda _: datetime.now(UTC))
        live.connected(stream.facts.time_base, FRAME_S)
        packets = stream.packets()

        def pictures(count: int) -> list[np.ndarray]:
            shown: list[np.ndarray] = []
            while len(shown) < count:
                packet = next(packets)
                place = live.place(packet.pts, packet.dts, packet.arrival_s)
                shown += [frame.luma for frame in decoder.feed(packet.timed(place))]
            return shown

        alive = pictures(8)
        proxy.mode = Mode.REPLAY
        pictures(5)  # what was on its way
        still = pictures(8)
        proxy.mode = Mode.PASS
        pictures(RATE + 5)  # up to the next keyframe
        again = pictures(3)
    watchdog = Watchdog()
    states = []
    for number, luma in enumerate([*alive, *still, *again]):
        watchdog.look(luma, number * 2.0)
        states.append(watchdog.tick(number * 2.0).state)
    assert set(states[:8]) == {CameraState.WATCHING}
    assert states[15] is CameraState.FROZEN
    assert states[-1] is CameraState.WATCHING


def test_a_camera_whose_clock_is_set_says_so_with_its_next_report(rtsp_server: RtspServer, films: Films) -> None:
    utc = utc_now()
    before_s: list[float] = []
    after_s: list[float] = []
    with RtspProxy(rtsp_server(films(STREET))) as proxy, opened(proxy.url) as stream:
        for packet in itertools.islice(stream.packets(), 20 * RATE):
            proxy.clock_by_s = -300.0  # from the next sender report on
            if packet.camera_utc is not None:
                behind_s = (utc(packet.arrival_s) - packet.camera_utc).total_seconds()
                (after_s if behind_s > 150 else before_s).append(behind_s)
            if len(after_s) == 10:
                break
    assert min(before_s) == pytest.approx(0.0, abs=QUICKEST_S)
    assert min(after_s) == pytest.approx(300.0, abs=QUICKEST_S)


def test_pictures_gather_where_they_can_wait_and_the_last_of_each_heap_says_when_it_came(
    tmp_path: Path, films: Films
) -> None:
    at_once = {}
    transport: Transport
    for transport in ("tcp", "udp"):
        with gst_server(tmp_path) as server, opened(server(films(STREET)), transport=transport) as stream:
            read_s = [each.arrival_s for each in first(stream, 5 * RATE)[-3 * RATE :]]
        steps_s = [later - earlier for earlier, later in itertools.pairwise(read_s)]
        at_once[transport] = sum(step_s < FRAME_S / 4 for step_s in steps_s)
        late_s = sorted(at_s - number * FRAME_S for number, at_s in enumerate(read_s))
        on_time = sum(each < late_s[0] + FRAME_S / 2 for each in late_s)
        assert on_time >= RATE / 2, "or nobody knows how late the others are"
    assert at_once["tcp"] >= at_once["udp"] + RATE / 2  # every third of 30, and hardly any
