"""An ONVIF camera is asked, whatever its clock says; one that means harm learns nothing and holds up nobody."""

import math
import ssl
import subprocess
import sys
import traceback
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from itertools import chain, repeat
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from hypothesis import given
from hypothesis import strategies as st

from ingest.camera_address import parse_onvif_url, parse_stream_url
from ingest.errors import (
    CredentialsRefused,
    DeviceError,
    DeviceTooSlow,
    DeviceUnreachable,
    IdentityMissing,
    ReplyRefused,
    RequestRefused,
)
from ingest.onvif_device import (
    MOST_REPLY_BYTES,
    ClockPoll,
    DeviceFacts,
    OnvifDevice,
    Preset,
    Profile,
    PtzStatus,
    clock_from,
)
from tests.ingest.onvif_simulator import PASSWORD, PICTURE, USER, Answer, Handler, Simulator, decoy, envelope, listening

SHORT_S = 0.6


@pytest.fixture
def camera() -> Iterator[Simulator]:
    with listening(Simulator()) as listening_camera:
        yield listening_camera


def device(camera: Simulator, deadline_s: float = 10.0, **changed: object) -> OnvifDevice:
    settings: dict[str, object] = {"username": USER, "password": PASSWORD, "deadline_s": deadline_s} | changed
    url = parse_onvif_url(f"http://{camera.host}:{camera.port}")
    return OnvifDevice(url, ip_address(camera.host), **settings)  # type: ignore[arg-type]


def test_a_camera_says_who_it_is_and_where_its_streams_are(camera: Simulator) -> None:
    asked = device(camera)
    assert asked.device_facts() == DeviceFacts("Acme", "Dome 7", "1.2.3", "SN-0007")
    main, sub = asked.profiles()  # the third has no video
    url = parse_stream_url("rtsp://127.0.0.1/main")
    assert main == Profile("main", "main stream", "H264", 1920, 1080, 25.0, url, has_ptz=True)
    assert (sub.codec, sub.width, sub.frame_rate, sub.has_ptz) == ("H265", 640, 12.0, False)
    assert asked.snapshot("main") == PICTURE
    assert all(let_in for _, let_in in camera.logins)


def test_a_dome_is_turned_and_zoomed(camera: Simulator) -> None:
    dome = device(camera)
    assert dome.presets("main") == [Preset("p1", "North gate"), Preset("p2", "东门")]
    assert dome.status("main") == PtzStatus(moving=False, pan=-0.25, tilt=0.5, zoom=0.0)
    dome.go_to_preset("main", "p2")
    assert camera.preset == "p2"
    assert dome.status("main").moving is True
    dome.zoom("main", 0.75)
    assert dome.status("main").zoom == 0.75
    camera.moving = None
    assert dome.status("main").moving is None
    with pytest.raises(ValueError, match="from 0 to 1"):
        dome.zoom("main", 1.5)


def test_a_place_of_the_picture_is_brought_to_its_middle(camera: Simulator) -> None:
    device(camera).centre("main", 0.75, 0.9)
    assert camera.shifted_by is not None
    space, x, y = camera.shifted_by
    assert space.endswith("/TranslationSpaceFov"), "fractions of what the picture shows now, and of nothing else"
    assert (x, y) == pytest.approx((0.5, -0.8)), "right of the middle, and below it"
    with pytest.raises(ValueError, match="from 0 to 1"):
        device(camera).centre("main", 1.2, 0.5)


def test_a_camera_without_dome_says_so(camera: Simulator) -> None:
    camera.has_ptz = False
    with pytest.raises(RequestRefused, match="refuses GetPresets"):
        device(camera).presets("main")


def test_a_fault_of_the_camera_is_passed_on_in_a_sentence(camera: Simulator) -> None:
    fault = (
        '<s:Fault><s:Code><s:Value>s:Receiver</s:Value></s:Code><s:Reason><s:Text xml:lang="en">lens\nstuck</s:Text>'
    )
    camera.instead["GotoPreset"] = lambda handler: handler.answer(500, envelope(fault + "</s:Reason></s:Fault>"))
    with pytest.raises(RequestRefused, match=r"refuses GotoPreset \(lens stuck\)"):
        device(camera).go_to_preset("main", "p1")


def test_one_profile_without_stream_does_not_hide_the_others(camera: Simulator) -> None:
    fault = "<s:Fault><s:Code><s:Value>s:Receiver</s:Value></s:Code><s:Reason><s:Text>off</s:Text></s:Reason></s:Fault>"

    def refuse_once(handler: Handler) -> None:
        del camera.instead["GetStreamUri"]
        handler.answer(500, envelope(fault))

    camera.instead["GetStreamUri"] = refuse_once
    assert [profile.stream is None for profile in device(camera).profiles()] == [True, False]


def test_a_camera_that_only_takes_http_digest_is_asked_with_it(camera: Simulator) -> None:
    camera.login = "digest"
    assert device(camera).device_facts().model == "Dome 7"
    with pytest.raises(CredentialsRefused):
        device(camera, password="wrong").device_facts()


def test_basic_is_spoken_for_a_snapshot_where_the_camera_knows_nothing_better(camera: Simulator) -> None:
    camera.snapshot_login = "basic"
    assert device(camera).snapshot("main") == PICTURE


def test_basic_is_never_spoken_for_a_request(camera: Simulator) -> None:
    heard = []

    def ask_for_basic(handler: Handler) -> None:
        heard.append(handler.headers.get("Authorization"))
        handler.challenge('Basic realm="acme"')

    camera.instead["GetDeviceInformation"] = ask_for_basic
    with pytest.raises(CredentialsRefused):
        device(camera).device_facts()
    assert heard == [None]


def test_a_wrong_password_is_tried_once_and_not_shown(camera: Simulator) -> None:
    wrong = PASSWORD.upper()
    asked = device(camera, password=wrong)
    with pytest.raises(CredentialsRefused) as refusal:
        asked.device_facts()
    assert camera.logins == [("GetDeviceInformation", False)]  # cameras lock an account after a few
    assert wrong not in "".join(traceback.format_exception(refusal.value))
    assert wrong not in repr(asked)


@pytest.mark.parametrize("needs_login", [False, True], ids=["clock_is_open", "clock_behind_the_login"])
@pytest.mark.parametrize("hours", [1, -1, 24 * 400])
def test_a_camera_whose_clock_is_wrong_is_logged_in_to_by_its_own_clock(
    camera: Simulator, hours: int, needs_login: bool
) -> None:
    camera.clock_ahead = timedelta(hours=hours)
    asked = device(camera)
    if needs_login:  # nobody could know the time that it wants
        camera.clock_needs_login = True
        with pytest.raises(CredentialsRefused):
            asked.device_facts()
        return
    assert asked.device_facts().model == "Dome 7"
    assert camera.logins == [("GetDeviceInformation", False), ("GetDeviceInformation", True)]
    assert [profile.token for profile in asked.profiles()] == ["main", "sub"]
    assert [let_in for _, let_in in camera.logins].count(False) == 1  # it is remembered


def test_the_camera_s_clock_is_measured_finer_than_it_shows(camera: Simulator) -> None:
    camera.clock_ahead = timedelta(hours=1, seconds=0.37)
    reading = device(camera).clock()
    assert abs(reading.offset_s + 3600.37) <= reading.error_s < 0.5
    camera.clock_needs_login, camera.clock_ahead = True, timedelta(seconds=-1.2)
    reading = device(camera).clock()
    assert abs(reading.offset_s - 1.2) <= reading.error_s


def test_a_clock_that_may_be_asked_only_once_has_a_wider_bound(camera: Simulator) -> None:
    reading = device(camera).clock(within_s=0)
    assert camera.requests == ["GetSystemDateAndTime"]
    assert abs(reading.offset_s) <= reading.error_s
    assert reading.error_s >= 0.5


def test_our_own_clock_is_the_one_that_is_handed_in(camera: Simulator) -> None:
    reading = device(camera, now=lambda: datetime.now(UTC) + timedelta(days=1)).clock()
    assert abs(reading.offset_s - 86400) <= reading.error_s


START = datetime(2026, 5, 1, 12, tzinfo=UTC)


@given(
    offset_s=st.floats(-1e6, 1e6),
    phase_s=st.floats(0, 1),
    polls=st.lists(st.tuples(st.floats(0, 0.5), st.floats(0, 0.5), st.floats(0, 0.3)), min_size=1, max_size=12),
)
def test_the_true_offset_always_lies_within_the_bound(
    offset_s: float, phase_s: float, polls: list[tuple[float, float, float]]
) -> None:
    at, seen = START + timedelta(seconds=phase_s), []
    for there_s, back_s, pause_s in polls:
        read_at = at + timedelta(seconds=there_s)
        received_at = read_at + timedelta(seconds=back_s)
        seen.append(ClockPoll(at, received_at, (read_at - timedelta(seconds=offset_s)).replace(microsecond=0)))
        at = received_at + timedelta(seconds=pause_s)
    reading = clock_from(seen)
    assert abs(reading.offset_s - offset_s) <= reading.error_s + 2e-6  # datetimes count microseconds
    assert reading.error_s <= clock_from(seen[-1:]).error_s + 1e-6


def test_a_clock_that_is_set_while_we_ask_is_taken_as_it_is_now() -> None:
    def poll(second: int, shown: datetime) -> ClockPoll:
        return ClockPoll(START + timedelta(seconds=second), START + timedelta(seconds=second, milliseconds=10), shown)

    before, after = poll(0, START - timedelta(hours=1)), poll(1, START + timedelta(seconds=1))
    assert clock_from([before, after]) == clock_from([after])
    assert math.isclose(clock_from([after]).error_s, 0.505)


@pytest.mark.parametrize("identity", [("", "", "1.2.3", ""), ("  ", "\n", "", "")])
def test_a_device_that_is_nobody_is_no_camera(camera: Simulator, identity: tuple[str, str, str, str]) -> None:
    camera.identity = identity
    with pytest.raises(IdentityMissing):
        device(camera).device_facts()


def test_an_answer_to_another_question_is_an_empty_one(camera: Simulator) -> None:
    camera.instead["GetDeviceInformation"] = body(envelope("<d:GetHostnameResponse/>"))
    with pytest.raises(IdentityMissing):
        device(camera).device_facts()


def body(content: bytes, **more: str) -> Answer:
    return lambda handler: handler.answer(200, content, more=more)


def with_dtd(dtd: str, content: str = "Acme") -> bytes:
    info = (
        f"<d:GetDeviceInformationResponse><d:Manufacturer>{content}</d:Manufacturer></d:GetDeviceInformationResponse>"
    )
    return envelope(info).replace(b"?>", b"?>" + dtd.encode(), 1)


def bomb() -> bytes:
    lines = "".join(f'<!ENTITY a{level} "{f"&a{level - 1};" * 10}">' for level in range(1, 10))
    return with_dtd(f'<!DOCTYPE s [<!ENTITY a0 "{"ha" * 50}">{lines}]>', "&a9;")


HOSTILE: dict[str, tuple[Answer, str]] = {
    "external_entity": (body(with_dtd('<!DOCTYPE s [<!ENTITY x SYSTEM "file:///etc/passwd">]>', "&x;")), "DOCTYPE"),
    "external_dtd": (body(with_dtd('<!DOCTYPE s SYSTEM "http://127.0.0.2/x.dtd">')), "DOCTYPE"),
    "entity_bomb": (body(bomb()), "DOCTYPE"),
    "bare_doctype": (body(with_dtd("<!DOCTYPE s>")), "DOCTYPE"),
    "doctype_in_utf16": (
        body(with_dtd("<!DOCTYPE s>").decode().replace("UTF-8", "UTF-16").encode("utf-16")),
        "DOCTYPE",
    ),
    "million_elements": (body(envelope("<d:a/>" * 1_000_000)), "elements"),
    "nested_without_end": (body(envelope("<d:a>" * 5000 + "</d:a>" * 5000)), "elements"),
    "no_xml": (body(b"<html><body>Welcome<br></body></html>"), "no XML"),
    "nothing": (body(b""), "no XML"),
    "binary": (body(b"\x00\xff" * 500), "no XML"),
    "packed": (body(b"\x1f\x8b", **{"Content-Encoding": "gzip"}), "packs"),
    "in_parts": (lambda handler: handler.answer(200, b"--x--", 'multipart/related; boundary="x"'), "in parts"),
    "no_envelope": (body(b"<hello/>"), "cannot be read"),
    "control_characters": (body(with_dtd("", "Acme&#x9b;31m")), "control characters"),
    "endless_name": (body(with_dtd("", "A" * 10_000)), "too long"),
}


@pytest.mark.parametrize(("answer", "says"), HOSTILE.values(), ids=HOSTILE)
def test_what_no_camera_sends_is_refused(camera: Simulator, answer: Answer, says: str) -> None:
    camera.instead["GetDeviceInformation"] = answer
    with pytest.raises(ReplyRefused, match=says):
        device(camera).device_facts()


@pytest.mark.parametrize("length_said", [True, False], ids=["said_beforehand", "not_said"])
@pytest.mark.parametrize("status", [200, 401])
def test_of_a_reply_without_end_no_more_is_read_than_a_camera_sends(
    camera: Simulator, length_said: bool, status: int
) -> None:
    sent = 0

    def counted() -> Iterator[bytes]:
        nonlocal sent
        for part in repeat(b"x" * 65536, 300 << 4):  # 300 MB, made as it is read
            sent += len(part)
            yield part

    def flood(handler: Handler) -> None:
        handler.send_response(status)
        handler.send_header("WWW-Authenticate", 'Digest realm="acme", qop="auth", nonce="n"')
        if length_said:
            handler.send_header("Content-Length", str(300 << 20))
        handler.end_headers()
        handler.drip(counted(), 0)

    camera.instead["GetDeviceInformation"] = flood
    with pytest.raises(ReplyRefused, match="larger than"):
        device(camera).device_facts()
    assert sent < MOST_REPLY_BYTES + (16 << 20)  # what the two sockets hold comes on top


def silence(handler: Handler) -> None:
    handler.drip(repeat(b""), 0.05)


def drip_body(handler: Handler) -> None:
    handler.send_response(200)
    handler.send_header("Content-Length", "100000")
    handler.end_headers()
    handler.drip(repeat(b"<"), 0.05)


def drip_headers(handler: Handler) -> None:
    handler.drip(chain([b"HTTP/1.1 200 OK\r\n"], repeat(b"X")), 0.05)


def continue_for_ever(handler: Handler) -> None:
    handler.drip(repeat(b"HTTP/1.1 100 Continue\r\n\r\n"), 0.01)


def drip_after_challenge(handler: Handler) -> None:
    if "Authorization" in handler.headers:
        return drip_body(handler)
    return handler.challenge('Digest realm="acme", qop="auth", nonce="n"')


@pytest.mark.parametrize("delay", [silence, drip_body, drip_headers, continue_for_ever, drip_after_challenge])
def test_a_device_that_takes_its_time_is_left_when_the_time_is_over(camera: Simulator, delay: Answer) -> None:
    camera.instead["GetDeviceInformation"] = delay
    with pytest.raises(DeviceTooSlow, match=r"0\.6 s"):
        device(camera, SHORT_S).device_facts()


def test_ten_seconds_are_all_that_a_dripping_device_gets(camera: Simulator) -> None:
    def one_byte_each_half_second(handler: Handler) -> None:
        handler.send_response(200)
        handler.send_header("Content-Length", "100000")
        handler.end_headers()
        handler.drip(repeat(b" "), 0.5)

    camera.instead["GetDeviceInformation"] = one_byte_each_half_second
    with pytest.raises(DeviceTooSlow) as slow:
        OnvifDevice(parse_onvif_url(f"http://127.0.0.1:{camera.port}"), ip_address("127.0.0.1")).device_facts()
    assert slow.value.deadline_s == 10


def test_the_deadline_holds_for_all_calls_of_one_question_together(camera: Simulator) -> None:
    def slowly(handler: Handler) -> None:
        handler.gone.wait(SHORT_S / 2)
        handler.answer(200, envelope(camera.body("GetStreamUri", "<ProfileToken>x</ProfileToken>")))

    camera.instead["GetStreamUri"] = slowly
    assert len(device(camera).profiles()) == 2
    with pytest.raises(DeviceTooSlow):
        device(camera, SHORT_S).profiles()


ASK: dict[str, Callable[[OnvifDevice], object]] = {
    "profiles": lambda asked: asked.profiles(),
    "snapshot": lambda asked: asked.snapshot("main"),
    "presets": lambda asked: asked.presets("main"),
}


@pytest.mark.parametrize("ask", ASK.values(), ids=ASK)
def test_a_camera_that_names_another_machine_is_asked_itself(
    camera: Simulator, ask: Callable[[OnvifDevice], object]
) -> None:
    with decoy() as other:
        camera.names_host = other.netloc
        assert ask(device(camera))
        assert other.calls == 0
    assert camera.requests[0] == "GetCapabilities"
    assert len(camera.requests) > 1


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_nobody_is_sent_elsewhere(camera: Simulator, status: int) -> None:
    with decoy() as other:

        def send_on(handler: Handler) -> None:
            handler.answer(status, b"", more={"Location": f"http://{other.netloc}/onvif/device_service"})

        camera.instead |= {"GetDeviceInformation": send_on, "/snapshot.jpg?channel=1": send_on}
        for ask in (OnvifDevice.device_facts, ASK["snapshot"]):
            with pytest.raises(ReplyRefused, match="another address"):
                ask(device(camera))
        assert other.calls == 0


def test_no_proxy_of_the_environment_hears_a_password(camera: Simulator, monkeypatch: pytest.MonkeyPatch) -> None:
    with decoy() as other:
        for name in ("http_proxy", "HTTP_PROXY", "all_proxy"):
            monkeypatch.setenv(name, f"http://{other.netloc}")
        assert device(camera).snapshot("main") == PICTURE
        assert other.calls == 0


def test_a_stream_stays_on_the_camera_and_keeps_its_port(camera: Simulator) -> None:
    camera.stream_uri = "rtsp://admin:12345@192.168.1.64:8554/{token}?a=1"
    stream = device(camera).profiles()[0].stream
    assert stream == parse_stream_url("rtsp://127.0.0.1:8554/main?a=1")


@pytest.mark.parametrize("uri", ["file:///etc/passwd", "http://127.0.0.2/x", "rtsp://0x7f000001/", "rtsp://a@b@c/", ""])
def test_what_is_no_stream_is_refused(camera: Simulator, uri: str) -> None:
    camera.stream_uri = uri
    with pytest.raises(ReplyRefused, match="a stream that is none"):
        device(camera).profiles()


@pytest.mark.parametrize("uri", ["file:///etc/passwd", "gopher://127.0.0.2/", "/snapshot.jpg"])
def test_what_is_no_service_is_refused(camera: Simulator, uri: str) -> None:
    answer = f"<m:GetSnapshotUriResponse><m:MediaUri><t:Uri>{uri}</t:Uri></m:MediaUri></m:GetSnapshotUriResponse>"
    camera.instead["GetSnapshotUri"] = body(envelope(answer))
    with pytest.raises(ReplyRefused, match="an address that is none"):
        device(camera).snapshot("main")


def test_a_snapshot_that_is_no_picture_is_refused(camera: Simulator) -> None:
    camera.instead["/snapshot.jpg?channel=1"] = lambda handler: handler.answer(200, b"<svg/>", "image/jpeg")
    with pytest.raises(ReplyRefused, match="no JPEG"):
        device(camera).snapshot("main")


@pytest.mark.parametrize(("status", "error"), [(401, CredentialsRefused), (404, RequestRefused), (503, RequestRefused)])
def test_a_camera_that_gives_no_snapshot_says_why(camera: Simulator, status: int, error: type[DeviceError]) -> None:
    camera.instead["/snapshot.jpg?channel=1"] = lambda handler: handler.answer(status, b"no")
    with pytest.raises(error):
        device(camera).snapshot("main")


def test_a_web_server_that_is_no_camera_is_told_apart(camera: Simulator) -> None:
    camera.instead["GetDeviceInformation"] = lambda handler: handler.answer(404, b"<html>", "text/html")
    with pytest.raises(RequestRefused, match="HTTP 404"):
        device(camera).device_facts()


def test_a_camera_that_is_not_there_is_unreachable() -> None:
    with listening(Simulator()) as gone:
        pass
    with pytest.raises(DeviceUnreachable, match="connection refused"):
        device(gone).device_facts()


def test_a_device_that_breaks_off_is_unreachable(camera: Simulator) -> None:
    def break_off(handler: Handler) -> None:
        handler.send_response(200)
        handler.send_header("Content-Length", "100")
        handler.end_headers()
        handler.drip(iter([b"<?xml"]), 0)

    camera.instead["GetDeviceInformation"] = break_off
    with pytest.raises(DeviceUnreachable, match="broke off"):
        device(camera).device_facts()


def test_the_checked_address_is_asked_by_the_configured_name(camera: Simulator) -> None:
    url = parse_onvif_url(f"http://gate-3.site:{camera.port}/onvif/device_service")  # no such name is known here
    asked = OnvifDevice(url, ip_address("127.0.0.1"), username=USER, password=PASSWORD)
    stream = asked.profiles()[0].stream
    assert stream is not None
    assert stream.host == "gate-3.site"
    assert set(camera.hosts_asked) == {f"gate-3.site:{camera.port}"}


def test_a_name_that_is_not_ascii_logs_in_by_ws_security(camera: Simulator) -> None:
    with pytest.raises(CredentialsRefused):
        device(camera, username="管理员").device_facts()
    assert camera.logins == [("GetDeviceInformation", False)]


def self_signed(folder: Path, name: str) -> tuple[Path, ssl.SSLContext]:
    """As cameras make it: signed by itself, and for no host."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    built = x509.CertificateBuilder().subject_name(subject).issuer_name(subject).public_key(key.public_key())
    built = built.serial_number(x509.random_serial_number()).not_valid_before(START - timedelta(days=400))
    certificate = built.not_valid_after(START + timedelta(days=9000)).sign(key, hashes.SHA256())
    path, both = folder / f"{name}.pem", folder / f"{name}.key"
    path.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    both.write_bytes(path.read_bytes() + private)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(both)
    return path, context


def test_over_tls_the_certificate_on_file_is_trusted_and_no_other(tmp_path: Path) -> None:
    own, context = self_signed(tmp_path, "camera")
    somebody_elses, _ = self_signed(tmp_path, "impostor")
    with listening(Simulator(), context) as camera:
        url, address = parse_onvif_url(f"https://127.0.0.1:{camera.port}"), ip_address("127.0.0.1")
        for certificate in (None, somebody_elses):
            with pytest.raises(DeviceUnreachable, match="not trusted"):
                OnvifDevice(url, address, username=USER, password=PASSWORD, certificate=certificate).device_facts()
        assert camera.requests == []
        trusted = OnvifDevice(url, address, username=USER, password=PASSWORD, certificate=own)
        assert trusted.snapshot("main") == PICTURE  # the service that it names without TLS is asked with it
        camera.instead["GetDeviceInformation"] = drip_body
        slow = OnvifDevice(url, address, deadline_s=SHORT_S, certificate=own)
        with pytest.raises(DeviceTooSlow):
            slow.device_facts()


def test_importing_the_package_leaves_logging_as_it_was() -> None:
    said = "import logging, ingest.onvif_device; print(logging.root.handlers, logging.root.level == logging.WARNING)"
    done = subprocess.run([sys.executable, "-c", said], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[] True"
