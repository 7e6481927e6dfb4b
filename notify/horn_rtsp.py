"""Horns in cameras: the audio back-channel of ONVIF (Streaming Specification, "Back Channel Connection").

    DESCRIBE  with `Require: www.onvif.org/ver20/backchannel`; the answer holds a medium marked `sendonly`: ours to send
    SETUP     of that medium alone, its packets interleaved with the requests on the one connection (RFC 2326 10.12)
    PLAY      answered with 200: from then on G.711 in RTP packets of 20 ms, in real time
    TEARDOWN  answered with 200: requests and packets are one stream of bytes, so the device has read them all

A small client of our own: FFmpeg, which reads the cameras, has no way to send on such a channel.
"""

import re
import secrets
import socket
import struct
import time
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from notify.digest_access import answer_to
from notify.errors import DestinationRefused, GatewayRefused, GatewayUnavailable, GatewayUnreachable
from notify.gateway_http import GatewayNetworks, dial
from notify.horn import MARGIN_S, HornAddress
from notify.sound import TELEPHONE_HZ, Sound

REQUIRE = "www.onvif.org/ver20/backchannel"
PORTS = {"rtsp": 554, "rtsps": 322}
PACKET_SAMPLES = TELEPHONE_HZ // 50
MOST_BYTES = 65_536  # of one answer
MOST_HEADERS = 64
ENCODINGS = {"PCMU": 0, "PCMA": 8}  # RFC 3551 table 4
INTERLEAVED = re.compile(r"interleaved=(\d{1,2})\b")  # the device may choose another than we ask for
RTP_VERSION, MARKER = 0x80, 0x80
OK, UNAUTHORIZED, NO_BACKCHANNEL = 200, 401, 551


@dataclass(frozen=True)
class _Answer:
    status: int
    headers: Mapping[str, str]
    body: str


@dataclass(frozen=True)
class Medium:
    """What the device takes. control: as its description names it."""

    control: str
    encoding: str
    payload_type: int


def medium_to_send(description: str) -> Medium:
    """The first audio medium marked `sendonly` that takes G.711. Raises GatewayRefused."""
    for section in re.split(r"^(?=m=)", description, flags=re.MULTILINE)[1:]:
        lines = [line.strip() for line in section.splitlines()]
        if not lines[0].startswith("m=audio") or "a=sendonly" not in lines:
            continue
        named = {int(number): name for number, name in re.findall(r"a=rtpmap:(\d+) ([\w-]+)/8000", section)}
        offered = [int(word) for word in lines[0].split()[3:] if word.isdigit()]
        control = re.search(r"^a=control:(\S+)", section, re.MULTILINE)
        for payload_type in offered:
            static = {number: name for name, number in ENCODINGS.items()}.get(payload_type)
            encoding = named.get(payload_type, static)
            if encoding in ENCODINGS and control is not None:
                return Medium(control[1], encoding, payload_type)
    raise GatewayRefused("the camera offers no back-channel that takes G.711; turn audio output on in it")


@dataclass
class _Line:
    """One RTSP connection; every request is answered before the next."""

    socket: socket.socket
    address: HornAddress
    secret: bool
    challenge: str | None = None
    session: str | None = None
    count: int = 0
    received: bytearray = field(default_factory=bytearray)

    def ask(self, method: str, url: str, headers: Mapping[str, str] | None = None) -> _Answer:
        """Asked again once with the password where the device wants to know who is there."""
        answer = self._exchange(method, url, headers or {})
        challenge = answer.headers.get("www-authenticate")
        if answer.status == UNAUTHORIZED and self.address.login is not None and challenge not in (None, self.challenge):
            self.challenge = challenge  # the first, or a new one because the last has run out
            answer = self._exchange(method, url, headers or {})
        return answer

    def _exchange(self, method: str, url: str, headers: Mapping[str, str]) -> _Answer:
        self.count += 1
        lines = [f"{method} {url} RTSP/1.0", f"CSeq: {self.count}", "User-Agent: StreetWitness"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        if self.session is not None:
            lines.append(f"Session: {self.session}")
        if self.challenge is not None and self.address.login is not None:
            said = answer_to(self.challenge, self.address.login, method, url, secret=self.secret)
            lines.append(f"Authorization: {said}")
        self.socket.sendall("\r\n".join([*lines, "", ""]).encode())
        return self._answer()

    def _answer(self) -> _Answer:
        """The next answer; packets that the device sends meanwhile (RTCP) are nobody's."""
        while self._some(1)[0] == ord("$"):
            self._take(struct.unpack(">H", self._take(4)[2:])[0])
        status_line, *lines = self._head().decode("utf-8", "replace").split("\r\n")
        status = re.match(r"RTSP/1\.\d (\d{3})", status_line)
        if status is None or len(lines) > MOST_HEADERS:
            raise ConnectionError("it does not speak RTSP")
        headers: dict[str, str] = {}
        for line in lines:
            name, _, value = line.partition(":")
            key = name.strip().lower()
            headers[key] = f"{headers[key]}, {value.strip()}" if key in headers else value.strip()
        length = headers.get("content-length", "0")
        if not length.isdigit() or int(length) > MOST_BYTES:
            raise ConnectionError("its answer is larger than one has to be")
        return _Answer(int(status[1]), headers, self._take(int(length)).decode("utf-8", "replace"))

    def _head(self) -> bytes:
        while (end := self.received.find(b"\r\n\r\n")) < 0:
            self._some(len(self.received) + 1)
        head = self._take(end + 4)
        return bytes(head[:-4])

    def _take(self, count: int) -> bytes:
        taken = bytes(self._some(count)[:count])
        del self.received[:count]
        return taken

    def _some(self, count: int) -> bytearray:
        """At least so many bytes of what came."""
        while len(self.received) < count:
            if len(self.received) > MOST_BYTES:
                raise ConnectionError("its answer is larger than one has to be")
            came = bytearray(4096)
            length = self.socket.recv_into(came)
            if length == 0:
                raise ConnectionError("it hung up")
            self.received += came[:length]
        return self.received


@dataclass(frozen=True)
class BackchannelHorn:
    """url: rtsp(s)://, of the camera's stream."""

    address: HornAddress
    networks: GatewayNetworks

    def play(self, sound: Sound, name: str) -> str:  # noqa: ARG002 - it keeps no files
        url = self.address.whole_url
        parts = urlsplit(url)
        host = parts.hostname or ""
        if parts.scheme not in PORTS or "@" in parts.netloc:
            raise DestinationRefused("the url of a camera's loudspeaker begins with rtsp:// or rtsps://")
        secret = parts.scheme == "rtsps"
        port = parts.port or PORTS[parts.scheme]
        ends_at_s = time.monotonic() + sound.seconds + MARGIN_S
        address = self.networks.address_of(host, port, secret=secret)
        try:
            connection = dial(address, port, host if secret else None, ends_at_s)
        except OSError as error:
            raise GatewayUnreachable(f"{host}: no connection; it is tried again") from error
        with closing(connection):
            line = _Line(connection, self.address, secret)
            try:
                base, medium, channel = _prepared(line, url, host)
            except OSError as error:
                raise GatewayUnreachable(f"{host}: broke off before anything was played ({error})") from error
            try:
                _send(connection, medium, channel, sound)
                ended = line.ask("TEARDOWN", base)
            except OSError as error:
                raise GatewayUnavailable(f"{host}: broke off while it was played ({error})") from error
        if ended.status != OK:
            raise GatewayUnavailable(f"{host}: took the sound and answers {ended.status} at its end")
        return f"{host} took the whole sound as {medium.encoding} and ended the session"


def _prepared(line: _Line, url: str, host: str) -> tuple[str, Medium, int]:
    """The session up to PLAY: the URL of the whole, what to send, and on which channel. Raises OSError, and ours."""
    required = {"Require": REQUIRE}
    described = line.ask("DESCRIBE", url, required | {"Accept": "application/sdp"})
    _refuse(described, host)
    medium = medium_to_send(described.body)
    base = described.headers.get("content-base", url)
    control = medium.control
    whole = control if "://" in control else f"{base.rstrip('/')}/{control}"
    set_up = line.ask("SETUP", whole, required | {"Transport": "RTP/AVP/TCP;unicast;interleaved=0-1"})
    _refuse(set_up, host)
    channel = INTERLEAVED.search(set_up.headers.get("transport", ""))
    if channel is None:
        raise GatewayRefused(f"{host}: does not take packets on the connection itself; choose another driver")
    line.session = set_up.headers.get("session", "").partition(";")[0] or None
    _refuse(line.ask("PLAY", base, required | {"Range": "npt=0.000-"}), host)
    return base, medium, int(channel[1])


def _refuse(answer: _Answer, host: str) -> None:
    """Raises what a status other than 200 means; nothing was played yet."""
    if answer.status == OK:
        return
    if answer.status == UNAUTHORIZED:
        raise GatewayRefused(f"{host} does not take the user name and password; correct them in the site file")
    if answer.status == NO_BACKCHANNEL:
        raise GatewayRefused(f"{host} has no back-channel; name a horn that has one")
    if answer.status >= 500 or answer.status == 453:  # not enough bandwidth: somebody speaks through it already
        raise GatewayUnreachable(f"{host} answers {answer.status}; somebody may be speaking through it")
    raise GatewayRefused(f"{host} answers {answer.status}; check driver and url of the loudspeaker")


def _send(connection: socket.socket, medium: Medium, channel: int, sound: Sound) -> None:
    """RTP (RFC 3550 5.1), each packet in its time; the last is filled up with silence."""
    data = sound.mu_law() if medium.encoding == "PCMU" else sound.a_law()
    silence = b"\xff" if medium.encoding == "PCMU" else b"\xd5"
    data += silence * (-len(data) % PACKET_SAMPLES)
    sequence, stamp, source = secrets.randbits(16), secrets.randbits(32), secrets.randbits(32)
    began_s = time.monotonic()
    for number in range(len(data) // PACKET_SAMPLES):
        early_s = number * PACKET_SAMPLES / TELEPHONE_HZ - (time.monotonic() - began_s)
        if early_s > 0:
            time.sleep(early_s)
        header = struct.pack(
            ">BBHII",
            RTP_VERSION,
            medium.payload_type | (MARKER if number == 0 else 0),
            (sequence + number) & 0xFFFF,
            (stamp + number * PACKET_SAMPLES) & 0xFFFFFFFF,
            source,
        )
        packet = header + data[number * PACKET_SAMPLES : (number + 1) * PACKET_SAMPLES]
        connection.sendall(struct.pack(">cBH", b"$", channel, len(packet)) + packet)
