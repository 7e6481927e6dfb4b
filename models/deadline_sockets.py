"""Sockets of which no read outlasts a deadline, so that whoever drips a byte every second keeps nobody waiting.

The deadline is that of the whole exchange: before each read the socket is given only the time that is left. With
urllib3, a pool of these connections takes the `timeout` of the request as that time.
"""

import math
import socket
import ssl
import time
from typing import Any

from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection

LATE = "the deadline has passed"


class DeadlineSocket(socket.socket):
    """ends_at_s: monotonic."""

    ends_at_s = math.inf

    def recv_into(self, *args: Any, **more: Any) -> int:
        left_s = self.ends_at_s - time.monotonic()
        if left_s <= 0:
            raise TimeoutError(LATE)
        if left_s < math.inf:
            self.settimeout(left_s)
        return super().recv_into(*args, **more)


class DeadlineTlsSocket(DeadlineSocket, ssl.SSLSocket):
    """The same over TLS, whose handshake Python bounds as a whole; given to a context as its `sslsocket_class`."""


def bounded(plain: socket.socket, ends_at_s: float) -> DeadlineSocket:
    """Takes the connection over; `plain` is not used any more."""
    taken = DeadlineSocket(plain.family, plain.type, plain.proto, fileno=plain.detach())
    taken.settimeout(max(ends_at_s - time.monotonic(), 0.001))
    taken.ends_at_s = ends_at_s
    return taken


class _Connection(HTTPConnection):
    def connect(self) -> None:
        ends_at_s = time.monotonic() + float(self.timeout or 0)
        super().connect()
        self.sock = bounded(self.sock, ends_at_s)


class _TlsConnection(HTTPSConnection):
    def connect(self) -> None:
        ends_at_s = time.monotonic() + float(self.timeout or 0)
        super().connect()
        assert isinstance(self.sock, DeadlineTlsSocket)
        self.sock.ends_at_s = ends_at_s


class DeadlinePool(HTTPConnectionPool):
    ConnectionCls = _Connection


class DeadlineTlsPool(HTTPSConnectionPool):
    """Its ssl_context makes DeadlineTlsSocket."""

    ConnectionCls = _TlsConnection
