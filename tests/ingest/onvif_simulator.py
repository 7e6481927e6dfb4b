"""An ONVIF camera of our own on loopback, well-behaved until a test makes it otherwise.

It speaks as much of SOAP 1.2, WS-Security and HTTP digest as cameras do, has a clock and a dome, remembers every
request, and any answer of it can be replaced by a function that does with the connection what it likes.
"""

import base64
import hashlib
import re
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

NAMESPACES = (
    'xmlns:s="http://www.w3.org/2003/05/soap-envelope" xmlns:d="http://www.onvif.org/ver10/device/wsdl" '
    'xmlns:m="http://www.onvif.org/ver10/media/wsdl" xmlns:p="http://www.onvif.org/ver20/ptz/wsdl" '
    'xmlns:t="http://www.onvif.org/ver10/schema" xmlns:e="http://www.onvif.org/ver10/error"'
)
PICTURE = b"\xff\xd8\xff\xe0 as a camera would send it \xff\xd9"
USER, PASSWORD = "operator", "hunter2"
REPLAY_WINDOW = timedelta(seconds=30)
NOT_AUTHORIZED = (
    "<s:Fault><s:Code><s:Value>s:Sender</s:Value><s:Subcode><s:Value>e:NotAuthorized</s:Value></s:Subcode></s:Code>"
    '<s:Reason><s:Text xml:lang="en">Sender not authorized</s:Text></s:Reason></s:Fault>'
)

Answer = Callable[["Handler"], None]


def envelope(body: str) -> bytes:
    return (
        f'<?xml version="1.0" encoding="UTF-8"?><s:Envelope {NAMESPACES}><s:Body>{body}</s:Body></s:Envelope>'.encode()
    )


@dataclass
class Simulator:
    """The camera; `port` is where it listens, on every loopback address."""

    port: int = 0
    host: str = "127.0.0.1"
    identity: tuple[str, str, str, str] = ("Acme", "Dome 7", "1.2.3", "SN-0007")
    clock_ahead: timedelta = timedelta()
    login: str = "wsse"  # wsse, digest, or none
    snapshot_login: str = "digest"  # digest or basic
    clock_needs_login: bool = False
    has_ptz: bool = True
    names_host: str | None = None  # the host it names as its own, with the port; None: the true one
    stream_uri: str = "rtsp://{host}:554/{token}"
    instead: dict[str, Answer] = field(default_factory=dict)  # request or path -> what to do
    requests: list[str] = field(default_factory=list)
    hosts_asked: list[str] = field(default_factory=list)  # the Host header of each
    logins: list[tuple[str, bool]] = field(default_factory=list)  # request, was it let in
    preset: str = "p1"
    zoomed_to: float = 0.0
    shifted_by: tuple[str, float, float] | None = None  # the space, and how far in it
    moving: str | None = "IDLE"

    @property
    def netloc(self) -> str:
        return self.names_host or f"{self.host}:{self.port}"

    def now(self) -> datetime:
        return datetime.now(UTC) + self.clock_ahead

    def body(self, request: str, asked: str) -> str:
        """What a camera answers."""
        method = re.sub(r"(?<!^)(?=[A-Z])", "_", request).lower()
        return str(getattr(self, f"_{method}")(asked))

    def _get_system_date_and_time(self, _asked: str) -> str:
        at = self.now()
        return (
            "<d:GetSystemDateAndTimeResponse><d:SystemDateAndTime><t:DateTimeType>NTP</t:DateTimeType>"
            "<t:DaylightSavings>false</t:DaylightSavings><t:UTCDateTime>"
            f"<t:Time><t:Hour>{at.hour}</t:Hour><t:Minute>{at.minute}</t:Minute><t:Second>{at.second}</t:Second></t:Time>"
            f"<t:Date><t:Year>{at.year}</t:Year><t:Month>{at.month}</t:Month><t:Day>{at.day}</t:Day></t:Date>"
            "</t:UTCDateTime></d:SystemDateAndTime></d:GetSystemDateAndTimeResponse>"
        )

    def _get_device_information(self, _asked: str) -> str:
        manufacturer, model, firmware, serial = self.identity
        return (
            f"<d:GetDeviceInformationResponse><d:Manufacturer>{manufacturer}</d:Manufacturer><d:Model>{model}</d:Model>"
            f"<d:FirmwareVersion>{firmware}</d:FirmwareVersion><d:SerialNumber>{serial}</d:SerialNumber>"
            "<d:HardwareId>1</d:HardwareId></d:GetDeviceInformationResponse>"
        )

    def _get_capabilities(self, _asked: str) -> str:
        ptz = f"<t:PTZ><t:XAddr>http://{self.netloc}/onvif/ptz</t:XAddr></t:PTZ>" if self.has_ptz else ""
        return (
            "<d:GetCapabilitiesResponse><d:Capabilities>"
            f"<t:Media><t:XAddr>http://{self.netloc}/onvif/media</t:XAddr><t:StreamingCapabilities/></t:Media>{ptz}"
            "</d:Capabilities></d:GetCapabilitiesResponse>"
        )

    def _get_profiles(self, _asked: str) -> str:
        def profile(token: str, encoder: str) -> str:
            return f'<m:Profiles token="{token}" fixed="true"><t:Name>{token} stream</t:Name>{encoder}</m:Profiles>'

        def video(codec: str, width: int, height: int, rate: int) -> str:
            return (
                f'<t:VideoEncoderConfiguration token="v"><t:Name>v</t:Name><t:UseCount>1</t:UseCount>'
                f"<t:Encoding>{codec}</t:Encoding><t:Resolution><t:Width>{width}</t:Width><t:Height>{height}</t:Height>"
                f"</t:Resolution><t:Quality>5</t:Quality><t:RateControl><t:FrameRateLimit>{rate}</t:FrameRateLimit>"
                "<t:EncodingInterval>1</t:EncodingInterval><t:BitrateLimit>4096</t:BitrateLimit></t:RateControl>"
                "</t:VideoEncoderConfiguration>"
            )

        dome = '<t:PTZConfiguration token="z"><t:Name>z</t:Name><t:UseCount>1</t:UseCount></t:PTZConfiguration>'
        return (
            "<m:GetProfilesResponse>"
            + profile("main", video("H264", 1920, 1080, 25) + dome)
            + profile("sub", video("H265", 640, 360, 12))
            + profile("sound_only", "")
            + "</m:GetProfilesResponse>"
        )

    def _get_stream_uri(self, asked: str) -> str:
        uri = self.stream_uri.format(host=self.host, token=word("ProfileToken", asked))
        return (
            f"<m:GetStreamUriResponse><m:MediaUri><t:Uri>{uri}</t:Uri><t:InvalidAfterConnect>false"
            "</t:InvalidAfterConnect><t:InvalidAfterReboot>false</t:InvalidAfterReboot><t:Timeout>PT0S</t:Timeout>"
            "</m:MediaUri></m:GetStreamUriResponse>"
        )

    def _get_snapshot_uri(self, _asked: str) -> str:
        return (
            f"<m:GetSnapshotUriResponse><m:MediaUri><t:Uri>http://{self.netloc}/snapshot.jpg?channel=1</t:Uri>"
            "</m:MediaUri></m:GetSnapshotUriResponse>"
        )

    def _get_presets(self, _asked: str) -> str:
        return (
            '<p:GetPresetsResponse><p:Preset token="p1"><t:Name>North gate</t:Name></p:Preset>'
            '<p:Preset token="p2"><t:Name>东门</t:Name></p:Preset></p:GetPresetsResponse>'
        )

    def _goto_preset(self, asked: str) -> str:
        self.preset, self.moving = word("PresetToken", asked), "MOVING"
        return "<p:GotoPresetResponse/>"

    def _absolute_move(self, asked: str) -> str:
        found = re.search(r'Zoom[^>]* x="([0-9.]+)"', asked)
        self.zoomed_to = float(found[1]) if found else -1
        return "<p:AbsoluteMoveResponse/>"

    def _relative_move(self, asked: str) -> str:
        found = re.search(r"<(?:[\w-]+:)?PanTilt ([^>]*)>", asked)
        named = dict(re.findall(r'(\w+)="([^"]*)"', found[1])) if found else {}
        self.shifted_by = (named["space"], float(named["x"]), float(named["y"]))
        return "<p:RelativeMoveResponse/>"

    def _get_status(self, _asked: str) -> str:
        move = f"<t:MoveStatus><t:PanTilt>{self.moving}</t:PanTilt></t:MoveStatus>" if self.moving else ""
        return (
            '<p:GetStatusResponse><p:PTZStatus><t:Position><t:PanTilt x="-0.25" y="0.5"/>'
            f'<t:Zoom x="{self.zoomed_to}"/></t:Position>'
            f"{move}<t:UtcTime>2026-01-01T00:00:00Z</t:UtcTime></p:PTZStatus></p:GetStatusResponse>"
        )

    def lets_in(self, asked: str) -> bool:
        """WS-Security UsernameToken Profile 1.1: the digest is right, and made just now by the camera's own clock."""
        if word("Username", asked) != USER:
            return False
        created, nonce = word("Created", asked), base64.b64decode(word("Nonce", asked))
        right = base64.b64encode(hashlib.sha1(nonce + created.encode() + PASSWORD.encode()).digest()).decode()  # noqa: S324
        fresh = abs(self.now() - datetime.fromisoformat(created)) <= REPLAY_WINDOW
        return fresh and word("Password", asked) == right


def word(name: str, asked: str) -> str:
    found = re.search(rf"<(?:[\w-]+:)?{name}\b[^>]*>([^<]*)<", asked)
    return found[1] if found else ""


class Handler(BaseHTTPRequestHandler):
    """One connection to the camera."""

    protocol_version = "HTTP/1.1"
    camera: Simulator
    gone: threading.Event  # the test is over: stop dripping

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        """The test reads `requests` instead."""

    def do_POST(self) -> None:
        camera = self.camera
        asked = self.rfile.read(int(self.headers["Content-Length"])).decode()
        body = asked.partition("Body>")[2]
        request = re.search(r"<(?:[\w-]+:)?(\w+)", body)[1]  # type: ignore[index]
        camera.requests.append(request)
        camera.hosts_asked.append(self.headers["Host"])
        if request in camera.instead:
            return camera.instead[request](self)
        if request != "GetSystemDateAndTime" or camera.clock_needs_login:
            if camera.login == "digest" and not self.knows_the_digest():
                return self.challenge('Digest realm="acme", qop="auth", nonce="n0nce", algorithm=MD5')
            if camera.login == "wsse":
                camera.logins.append((request, camera.lets_in(asked)))
                if not camera.logins[-1][1]:
                    return self.answer(400, envelope(NOT_AUTHORIZED))
        return self.answer(200, envelope(camera.body(request, asked)))

    def do_GET(self) -> None:
        camera = self.camera
        camera.requests.append(self.path)
        if self.path in camera.instead:
            return camera.instead[self.path](self)
        if camera.snapshot_login == "basic":
            expected = "Basic " + base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
            if self.headers.get("Authorization") != expected:
                return self.challenge('Basic realm="acme"')
        elif not self.knows_the_digest():
            return self.challenge('Digest realm="acme", qop="auth", nonce="n0nce", algorithm=SHA-256')
        return self.answer(200, PICTURE, "image/jpeg")

    def knows_the_digest(self) -> bool:
        """RFC 7616, 3.4.1."""
        said = dict(re.findall(r'(\w+)="?([^",]*)"?', self.headers.get("Authorization", "")))
        hashed = hashlib.sha256 if said.get("algorithm") == "SHA-256" else hashlib.md5

        def of(text: str) -> str:
            return hashed(text.encode()).hexdigest()

        if said.get("username") != USER or said.get("uri") != self.path:
            return False
        secret = of(f"{USER}:acme:{PASSWORD}")
        right = of(f"{secret}:n0nce:{said['nc']}:{said['cnonce']}:auth:{of(f'{self.command}:{self.path}')}")
        return said.get("response") == right

    def challenge(self, scheme: str) -> None:
        self.answer(401, b"", more={"WWW-Authenticate": scheme})

    def answer(
        self, status: int, body: bytes, kind: str = "application/soap+xml", more: dict[str, str] | None = None
    ) -> None:
        self.send_response(status)
        for name, value in {"Content-Type": kind, "Content-Length": str(len(body)), **(more or {})}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def drip(self, parts: Iterator[bytes], each_s: float) -> None:
        """Send bit by bit until the other side has had enough or the test is over."""
        with suppress(OSError):
            for part in parts:
                self.wfile.write(part)
                if self.gone.wait(each_s):
                    break
        self.close_connection = True


class Server(ThreadingHTTPServer):
    def handle_error(self, request: Any, client_address: Any) -> None:
        """The other side hung up, which is what these tests are about."""


@contextmanager
def listening(camera: Simulator, tls: ssl.SSLContext | None = None) -> Iterator[Simulator]:
    gone = threading.Event()
    handler = type("OneCamera", (Handler,), {"camera": camera, "gone": gone})
    server = Server((camera.host, camera.port), handler)
    if tls is not None:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
    camera.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield camera
    finally:
        gone.set()
        server.shutdown()
        thread.join()
        server.server_close()


@dataclass
class Decoy:
    """Another machine, which must never hear from us."""

    netloc: str
    calls: int = 0


@contextmanager
def decoy() -> Iterator[Decoy]:
    with socket.create_server(("127.0.0.2", 0)) as listener:
        heard = Decoy(f"127.0.0.2:{listener.getsockname()[1]}")
        listener.settimeout(0.05)
        over = threading.Event()

        def count() -> None:
            while not over.is_set():
                with suppress(TimeoutError):
                    listener.accept()[0].close()
                    heard.calls += 1

        thread = threading.Thread(target=count)
        thread.start()
        try:
            yield heard
        finally:
            over.set()
            thread.join()
