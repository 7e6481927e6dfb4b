"""Horns of ours that drivers are tried against: two that speak HTTP, and a camera with a back-channel on RTSP.

They check what they are sent as a device would: who asks, in which order, and how long the sound is.
"""

import hashlib
import re
import socket
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import BinaryIO

USER, PASSWORD, REALM, NONCE = "horn", "p@ss:word", "horn of the street", "c2f1"
CHALLENGE = f'Digest realm="{REALM}", nonce="{NONCE}", qop="auth", algorithm=MD5'


def md5(text: str) -> str:
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()


def knows_the_password(authorization: str, method: str) -> bool:
    """As RFC 7616 3.4.1 has it, computed here on our own."""
    said = dict(re.findall(r'(\w+)="?([^",]*)"?', authorization))
    first, second = md5(f"{USER}:{REALM}:{PASSWORD}"), md5(f"{method}:{said.get('uri', '')}")
    if "qop" in said:
        expected = md5(f"{first}:{NONCE}:{said['nc']}:{said['cnonce']}:{said['qop']}:{second}")
    else:
        expected = md5(f"{first}:{NONCE}:{second}")
    return authorization.startswith("Digest ") and said.get("response") == expected


@dataclass
class HttpHorn:
    """locked: asks for the password. answer: status and body for a path, after it was let in."""

    locked: bool = True
    answer: Callable[[str], tuple[int, bytes]] = lambda _path: (200, b"")
    challenge: str = CHALLENGE
    asked: list[tuple[str, str, int]] = field(default_factory=list)
    heard: bytes = b""
    url: str = ""

    @contextmanager
    def running(self) -> Iterator["HttpHorn"]:
        horn = self

        class Handler(BaseHTTPRequestHandler):
            def take(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                horn.asked.append((self.command, self.path, len(body)))
                authorization = self.headers.get("Authorization", "")
                if horn.locked and not knows_the_password(authorization, self.command):
                    self.reply(401, b"", {"WWW-Authenticate": horn.challenge})
                    return
                status, said = horn.answer(self.path)
                if status < 400:
                    horn.heard += body
                self.reply(status, said, {})

            do_POST = do_PUT = take  # noqa: N815 - the names are theirs

            def reply(self, status: int, said: bytes, headers: dict[str, str]) -> None:
                if status == 0:  # hangs up
                    self.close_connection = True
                    self.connection.shutdown(socket.SHUT_RDWR)
                    return
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(said)))
                self.end_headers()
                self.wfile.write(said)

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name is theirs
                """Tests read what is asserted."""

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        server.daemon_threads = True
        self.url = f"http://127.0.0.1:{server.server_address[1]}"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        try:
            yield self
        finally:
            server.shutdown()
            server.server_close()
            thread.join()


SDP = """v=0
o=- 1 1 IN IP4 127.0.0.1
s=camera
t=0 0
m=video 0 RTP/AVP 96
a=rtpmap:96 H264/90000
a=control:track1
a=recvonly
m=audio 0 RTP/AVP 0
a=rtpmap:0 PCMU/8000
a=control:track2
a=recvonly
m=audio 0 RTP/AVP {payload_types}
{maps}
a=control:track3
a=sendonly
"""


@dataclass
class BackchannelCamera:
    """A camera on RTSP. takes: what its back-channel is offered with. hang_up_after: RTP packets; None: never.
    statuses: what a method is answered with instead of 200.
    """

    locked: bool = True
    payload_types: str = "0"
    maps: str = "a=rtpmap:0 PCMU/8000"
    knows_backchannels: bool = True
    hang_up_after: int | None = None
    statuses: dict[str, int] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    packets: list[bytes] = field(default_factory=list)
    playing: bool = False
    channel: int = 0
    url: str = ""

    @property
    def interleaved(self) -> str:
        return f"interleaved={self.channel}-{self.channel + 1}" if self.channel >= 0 else "client_port=5000"

    @property
    def heard(self) -> bytes:
        return b"".join(packet[12:] for packet in self.packets)

    @contextmanager
    def running(self) -> Iterator["BackchannelCamera"]:
        with socket.create_server(("127.0.0.1", 0)) as door:
            self.url = f"rtsp://127.0.0.1:{door.getsockname()[1]}/stream1"
            thread = threading.Thread(target=self._serve, args=(door,), daemon=True)
            thread.start()
            yield self
            door.shutdown(socket.SHUT_RDWR)
            thread.join(5)

    def _serve(self, door: socket.socket) -> None:
        while True:
            try:
                line, _ = door.accept()
            except OSError:
                return  # the test is over
            with line, line.makefile("rb") as reader:
                try:
                    while self._one(line, reader):
                        pass
                except OSError:
                    continue  # the client has hung up, as some tests want

    def _one(self, line: socket.socket, reader: BinaryIO) -> bool:
        first = reader.read(1)
        if not first:
            return False
        if first == b"$":
            channel, length = struct.unpack(">BH", reader.read(3))
            packet = reader.read(length)
            assert self.playing, "sound before PLAY was answered"
            assert channel == self.channel
            self.packets.append(packet)
            return self.hang_up_after is None or len(self.packets) < self.hang_up_after
        head = first
        while not head.endswith(b"\r\n\r\n"):
            head += reader.readline()
        request, *lines = head.decode().strip().split("\r\n")
        headers = dict(each.split(": ", 1) for each in lines)
        method, url, _ = request.split(" ")
        self.asked.append(f"{method} {url.removeprefix(self.url)}")
        self.headers.append(headers)
        line.sendall(self._answer(method, headers).encode())
        return True

    def _answer(self, method: str, headers: dict[str, str]) -> str:
        more, body, status = {"CSeq": headers["CSeq"]}, "", self.statuses.get(method, 200)
        if self.locked and not knows_the_password(headers.get("Authorization", ""), method):
            status, more["WWW-Authenticate"] = 401, f'Digest realm="{REALM}", nonce="{NONCE}"'
        elif method == "DESCRIBE" and not self.knows_backchannels:
            status = 551
        elif method == "DESCRIBE":
            assert headers["Require"] == "www.onvif.org/ver20/backchannel"
            body = SDP.format(payload_types=self.payload_types, maps=self.maps).replace("\n", "\r\n")
            more |= {"Content-Type": "application/sdp", "Content-Base": f"{self.url}/"}
        elif method == "SETUP":
            more |= {"Session": "5f3a;timeout=60", "Transport": f"RTP/AVP/TCP;unicast;{self.interleaved};ssrc=1"}
        elif method == "PLAY":
            self.playing = status == 200
        lines = [f"RTSP/1.0 {status} as asked", *(f"{name}: {value}" for name, value in more.items())]
        # a packet of the camera's own between the answers: nobody is to stumble over it
        return "$\x01\x00\x04abcd" + "\r\n".join([*lines, f"Content-Length: {len(body)}", "", body])
