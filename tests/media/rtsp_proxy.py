"""A network between a camera and us that can be made bad: RTSP over TCP, with the interleaved RTP taken apart.

What the client says goes through untouched. What the camera sends goes through as `mode` says, and may be changed at
any moment: PASS; FLIP and DROP harm one RTP packet in twenty; STALL holds everything back and sends it later; REPLAY
sends the last keyframe again and again at the pace of the camera, as an encoder does that has hung; `cut` breaks the
connections off. `timestamps_by_s` and `clock_by_s` move what the camera says: RTP timestamps, and the clock of its
sender reports; `wraps_in_s` has the timestamps pass their highest so long after a connection's first packet.
`hide_parameter_sets` takes them out of the camera's description, as cameras do that send them in the
stream alone; `joins_late_s` leaves out what comes in the first seconds, since one comes to a camera in mid-GOP.
"""

import contextlib
import random
import re
import socket
import struct
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import Enum, auto
from types import TracebackType
from typing import BinaryIO, Self
from urllib.parse import urlsplit

RTP_CLOCK = 90_000
BAD_SHARE = 0.05
SENDER_REPORT = 200  # RFC 3550 6.4.1
H264_START, H264_IDR, H264_SPS, H264_FU_A = 0x80, 5, 7, 28  # RFC 6184 5.2, 5.8


class Mode(Enum):
    PASS = auto()
    FLIP = auto()
    DROP = auto()
    STALL = auto()
    REPLAY = auto()


@dataclass
class Picture:
    """The RTP packets of one picture, kept to be sent again."""

    packets: list[bytes] = field(default_factory=list)
    is_key: bool = False


class RtspProxy:
    """`with RtspProxy(url) as proxy: open(proxy.url)`. H.264 for REPLAY; every codec for the rest."""

    def __init__(self, url: str, *, seed: int = 3) -> None:
        self._target = urlsplit(url)
        self._random = random.Random(seed)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self.url = self._target._replace(netloc=f"127.0.0.1:{self.port}").geturl()
        self.mode = Mode.PASS
        self.timestamps_by_s = 0.0
        self.clock_by_s = 0.0
        self.wraps_in_s: float | None = None
        self.hide_parameter_sets = False
        self.joins_late_s = 0.0
        self.harmed = 0  # RTP packets flipped or dropped
        self._open: list[socket.socket] = []
        self._lock = threading.Lock()
        self._closing = False
        self._threads = [threading.Thread(target=self._accept, daemon=True)]

    def __enter__(self) -> Self:
        self._threads[0].start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._closing = True
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self.cut()
        for thread in self._threads:
            thread.join(timeout=10)

    def cut(self) -> None:
        """Breaks every connection off; new ones are taken."""
        with self._lock:
            connections, self._open = self._open, []
        for each in connections:
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)

    def _accept(self) -> None:
        while not self._closing:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            try:
                camera = socket.create_connection((self._target.hostname, self._target.port or 554), timeout=30)
            except OSError:
                client.close()
                continue
            camera.settimeout(None)
            with self._lock:
                self._open += [client, camera]
            for work in (_Upstream(client, camera).run, _Downstream(self, camera, client).run):
                thread = threading.Thread(target=work, daemon=True)
                self._threads.append(thread)
                thread.start()

    def harms(self) -> bool:
        bad = self._random.random() < BAD_SHARE
        self.harmed += bad
        return bad

    def flipped(self, packet: bytes) -> bytes:
        """One bit of the payload, never of the RTP header: the network's own check would have found that."""
        place = self._random.randrange(12, len(packet)) if len(packet) > 12 else 0
        return packet[:place] + bytes([packet[place] ^ (1 << self._random.randrange(8))]) + packet[place + 1 :]


@dataclass
class _Upstream:
    client: socket.socket
    camera: socket.socket

    def run(self) -> None:
        with contextlib.suppress(OSError):
            while data := self.client.recv(65536):
                self.camera.sendall(data)
        for end in (self.client, self.camera):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)


class _Downstream:
    """Camera to client: text answers, and `$`, channel, length, packet (RFC 2326 10.12)."""

    def __init__(self, proxy: RtspProxy, camera: socket.socket, client: socket.socket) -> None:
        self._proxy, self._camera, self._client = proxy, camera, client
        self._coming, self._last_key = Picture(), Picture()
        self._sequence: int | None = None
        self._first_s: float | None = None
        self._shift = 0  # of timestamps, so that they wrap when they are to

    def run(self) -> None:
        with contextlib.suppress(OSError), self._camera.makefile("rb") as read:
            while first := read.read(1):
                if first == b"$":
                    channel, length = struct.unpack("!BH", read.read(3))
                    for packet in self._passed(channel, read.read(length)):
                        self._client.sendall(b"$" + struct.pack("!BH", channel, len(packet)) + packet)
                else:
                    self._client.sendall(self._answer(first + read.readline(), read))
        for end in (self._client, self._camera):
            with contextlib.suppress(OSError):
                end.close()

    def _answer(self, line: bytes, read: BinaryIO) -> bytes:
        head = line
        while line.strip():
            line = read.readline()
            head += line
        length = re.search(rb"(?im)^content-length:\s*(\d+)", head)
        body = read.read(int(length[1])) if length else b""
        if self._proxy.hide_parameter_sets and b"sprop-" in body:
            body = re.sub(rb";?\s*sprop-[a-z-]+=[^;\r\n]*", b"", body)
            head = re.sub(rb"(?im)^content-length:.*$", b"Content-Length: %d\r" % len(body), head)
        return head + body

    def _passed(self, channel: int, packet: bytes) -> Iterator[bytes]:
        proxy = self._proxy
        while proxy.mode is Mode.STALL and not proxy._closing:
            time.sleep(0.02)
        if channel % 2:
            yield self._report(packet)
            return
        if self._first_s is None and proxy.wraps_in_s is not None:
            self._shift = -struct.unpack("!I", packet[4:8])[0] - round(proxy.wraps_in_s * RTP_CLOCK)
        self._first_s = self._first_s or time.monotonic()
        if time.monotonic() - self._first_s < proxy.joins_late_s:
            return
        marker = bool(packet[1] & 0x80)
        self._keep(packet, marker=marker)
        if proxy.mode is Mode.REPLAY and self._last_key.packets:
            if marker:
                yield from self._again(packet)
            return
        if proxy.mode is Mode.DROP and proxy.harms():
            return
        yield self._renumbered(proxy.flipped(packet) if proxy.mode is Mode.FLIP and proxy.harms() else packet, packet)

    def _keep(self, packet: bytes, *, marker: bool) -> None:
        self._coming.packets.append(packet)
        kind = packet[12] & 0x1F
        if kind == H264_FU_A:
            kind = packet[13] & 0x1F
        self._coming.is_key |= kind in (H264_IDR, H264_SPS)
        if marker:
            if self._coming.is_key and self._proxy.mode is not Mode.REPLAY:
                self._last_key = self._coming
            self._coming = Picture()

    def _again(self, newest: bytes) -> Iterator[bytes]:
        """The last keyframe as if it were the picture that has just come."""
        for packet in self._last_key.packets:
            yield self._renumbered(packet[:4] + newest[4:8] + packet[8:], packet)

    def _renumbered(self, packet: bytes, came_as: bytes) -> bytes:
        """Sequence numbers without a hole where we sent something else than came; timestamps moved as asked."""
        proxy = self._proxy
        number, timestamp = struct.unpack("!HI", packet[2:8])
        if proxy.mode is Mode.REPLAY or self._sequence is not None:
            number = ((struct.unpack("!H", came_as[2:4])[0] if self._sequence is None else self._sequence) + 1) & 0xFFFF
            self._sequence = number
        moved = (timestamp + self._shift + round(proxy.timestamps_by_s * RTP_CLOCK)) & 0xFFFFFFFF
        return packet[:2] + struct.pack("!HI", number, moved) + packet[8:]

    def _report(self, packet: bytes) -> bytes:
        if packet[1] != SENDER_REPORT:
            return packet
        seconds, fraction, timestamp = struct.unpack("!III", packet[8:20])
        ntp = ((seconds << 32) + fraction + round(self._proxy.clock_by_s * (1 << 32))) & 0xFFFFFFFFFFFFFFFF
        moved = (timestamp + self._shift + round(self._proxy.timestamps_by_s * RTP_CLOCK)) & 0xFFFFFFFF
        return packet[:8] + struct.pack("!QI", ntp, moved) + packet[20:]
