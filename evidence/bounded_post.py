"""A POST to a service that may be slow, broken or hostile: one deadline for all of it, a cap, no redirects.

The deadline holds for the whole exchange and not from byte to byte: the socket is given only the time that is left
before each read, so a service that drips keeps nobody waiting. The addresses are the operator's own settings.
"""

import math
import socket
import ssl
import time
from collections.abc import Mapping
from contextlib import closing
from typing import Any

import urllib3
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.util import Url, parse_url
from urllib3.util.ssl_ import create_urllib3_context

ONE_READ_BYTES = 65536


class PostFailed(Exception):
    """No answer to use; the message says why. Becomes an error of the caller's own family."""


def post(url: str, body: bytes, headers: Mapping[str, str], *, deadline_s: float, most_bytes: int) -> bytes:
    """The body of a 2xx answer. Raises PostFailed for everything else."""
    try:
        parsed = parse_url(url)
        with _pool(parsed) as pool:
            answer = pool.urlopen(
                "POST",
                parsed.request_uri,
                body=body,
                headers={"Connection": "close", "Accept-Encoding": "identity", **headers},
                retries=False,
                redirect=False,
                preload_content=False,
                decode_content=False,
                timeout=deadline_s,
            )
            with closing(answer):
                return _whole(answer, most_bytes)
    except (urllib3.exceptions.HTTPError, OSError) as error:
        raise PostFailed(_why(error, deadline_s)) from error


def _whole(answer: urllib3.BaseHTTPResponse, most_bytes: int) -> bytes:
    if not 200 <= answer.status < 300:
        follows = ", and redirects are not followed" if 300 <= answer.status < 400 else ""
        raise PostFailed(f"it answered with status {answer.status}{follows}")
    body = bytearray()
    while part := answer.read(ONE_READ_BYTES, decode_content=False):
        body += part
        if len(body) > most_bytes:
            raise PostFailed(f"its answer is larger than {most_bytes} bytes")
    return bytes(body)


class _DeadlineReads(socket.socket):
    """A socket of which no read outlasts the deadline."""

    ends_at_s = math.inf

    def recv_into(self, *args: Any, **more: Any) -> int:
        left_s = self.ends_at_s - time.monotonic()
        if left_s <= 0:
            raise TimeoutError("the deadline has passed")
        self.settimeout(left_s)
        return super().recv_into(*args, **more)


class _DeadlineTls(_DeadlineReads, ssl.SSLSocket):
    """The same over TLS, whose handshake Python bounds as a whole."""


class _Connection(HTTPConnection):
    def connect(self) -> None:
        ends_at_s = time.monotonic() + float(self.timeout or 0)
        super().connect()
        plain = self.sock
        self.sock = _DeadlineReads(plain.family, plain.type, plain.proto, fileno=plain.detach())
        self.sock.ends_at_s = ends_at_s


class _TlsConnection(HTTPSConnection):
    def connect(self) -> None:
        ends_at_s = time.monotonic() + float(self.timeout or 0)
        super().connect()
        assert isinstance(self.sock, _DeadlineTls)
        self.sock.ends_at_s = ends_at_s


class _Pool(urllib3.HTTPConnectionPool):
    ConnectionCls = _Connection


class _TlsPool(urllib3.HTTPSConnectionPool):
    ConnectionCls = _TlsConnection


def _pool(url: Url) -> urllib3.HTTPConnectionPool:
    if url.host is None or url.scheme not in ("http", "https"):
        raise PostFailed("it is no http:// or https:// address; correct the setting")
    if url.scheme == "http":
        return _Pool(url.host, url.port)
    context = create_urllib3_context()
    context.sslsocket_class = _DeadlineTls
    context.load_default_certs()
    return _TlsPool(url.host, url.port, ssl_context=context)


def _why(error: Exception, deadline_s: float) -> str:
    """In our words: the library's own name the URL, which may hold a password."""
    seen: BaseException | None = error
    while seen is not None:
        if isinstance(seen, urllib3.exceptions.NewConnectionError):
            return "it cannot be reached"
        if isinstance(seen, TimeoutError | urllib3.exceptions.TimeoutError):
            return f"it did not answer within {deadline_s:.0f} s"
        if isinstance(seen, ssl.SSLError):
            return "its certificate or its TLS is not trusted"
        if isinstance(seen, OSError) and seen.strerror:
            return seen.strerror.lower()
        seen = seen.__cause__ or seen.__context__
    return "it broke off or does not speak HTTP"
