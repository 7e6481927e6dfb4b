"""HTTP with a device that may be broken or hostile: a deadline for all of it, a cap, no redirects, one machine.

The deadline holds for the whole exchange and not from byte to byte (models/deadline_sockets.py). Connections go
to the address that was checked, whatever the name in the URL resolves to by now, and are not kept.

Passwords leave as a digest (RFC 7616). Basic is spoken only where the caller allows it and the device offers nothing
better.
"""

import io
import ssl
import time
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests
import urllib3
from requests.adapters import BaseAdapter
from requests.auth import AuthBase, HTTPBasicAuth, HTTPDigestAuth
from urllib3.util.ssl_ import create_urllib3_context

from ingest.camera_address import Address, StreamUrl
from ingest.errors import DeviceError, DeviceTooSlow, DeviceUnreachable, ReplyRefused
from models.deadline_sockets import DeadlinePool, DeadlineTlsPool, DeadlineTlsSocket

ONE_READ = 65536  # bytes


@dataclass(frozen=True)
class Deadline:
    """The moment (monotonic) by which everything that was asked must have been answered."""

    ends_at_s: float
    total_s: float

    @classmethod
    def after(cls, total_s: float) -> "Deadline":
        return cls(time.monotonic() + total_s, total_s)

    @property
    def left_s(self) -> float:
        return self.ends_at_s - time.monotonic()


@dataclass(frozen=True)
class HttpAnswer:
    status: int
    content_type: str
    challenge: str  # WWW-Authenticate
    body: bytes


class DeviceHttp:
    """One device's HTTP: every exchange goes to its checked address."""

    def __init__(
        self, address: Address, *, username: str | None, password: str | None, certificate: Path | None = None
    ) -> None:
        """`certificate`: the device's own, as PEM. Cameras sign their own and put no host name into it, so the one
        that was put on file is trusted and no other; without it the machine's authorities decide, as everywhere.
        """
        self._address, self._certificate = address, certificate
        self._username, self._password = username, password or ""

    def exchange(
        self,
        method: str,
        url: StreamUrl,
        *,
        deadline: Deadline,
        most_bytes: int,
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        basic_allowed: bool = False,
    ) -> HttpAnswer:
        """Ask, and read the whole answer. Raises DeviceUnreachable, DeviceTooSlow or ReplyRefused."""
        adapter = _BoundedAdapter(self._address, url, deadline, most_bytes, self._certificate)
        sent = {"Host": url.place, "Connection": "close", "Accept-Encoding": "identity", **(headers or {})}

        def asked(auth: AuthBase | None) -> HttpAnswer:
            with requests.Session() as session:
                session.trust_env = False  # no proxy and no .netrc between us and a camera
                session.mount(f"{url.scheme}://", adapter)
                request = requests.Request(method, url.at(self._address), headers=sent, data=body, auth=auth)
                response = session.send(session.prepare_request(request), allow_redirects=False)
            kept = response.headers
            challenge = kept.get("WWW-Authenticate", "")
            return HttpAnswer(response.status_code, kept.get("Content-Type", ""), challenge, response.content)

        try:
            answer = asked(self._digest())
            schemes = answer.challenge.lower()
            only_basic = answer.status == 401 and "basic" in schemes and "digest" not in schemes
            if only_basic and basic_allowed and self._username is not None:
                answer = asked(HTTPBasicAuth(self._username.encode(), self._password.encode()))
        except (requests.RequestException, urllib3.exceptions.HTTPError, OSError) as error:
            raise _ours(error, url, deadline) from error
        return answer

    def _digest(self) -> AuthBase | None:
        # requests writes the name into the header as it is, and a header is ASCII; others log in by WS-Security alone
        if self._username is None or not self._username.isascii():
            return None
        return HTTPDigestAuth(self._username, self._password)


class _BoundedAdapter(BaseAdapter):
    """What requests sends with: one exchange a connection, read here and within the bounds.

    The digest's second try comes through here too, so the same deadline and the same cap hold for it.
    """

    def __init__(
        self, address: Address, url: StreamUrl, deadline: Deadline, most_bytes: int, certificate: Path | None
    ) -> None:
        super().__init__()
        self._address, self._url, self._certificate = str(address), url, certificate
        self._deadline, self._most_bytes = deadline, most_bytes

    def send(self, request: requests.PreparedRequest, *_args: Any, **_settings: Any) -> requests.Response:
        assert request.body is None or isinstance(request.body, bytes)
        with self._pool() as pool:
            came = pool.urlopen(
                str(request.method),
                request.path_url,
                body=request.body,
                headers={name: str(value) for name, value in request.headers.items()},
                retries=False,
                redirect=False,
                preload_content=False,
                decode_content=False,
                timeout=max(self._deadline.left_s, 0.001),  # none left: time enough to say so
            )
            with closing(came):
                body = self._whole(came)
        response = requests.Response()
        response.status_code = came.status
        response.headers.update(came.headers)
        response.raw = io.BytesIO(body)
        response.request, response.url = request, str(request.url)
        response.connection = self  # type: ignore[assignment]  # the digest's second try asks it to send, no more
        return response

    def close(self) -> None:
        """Nothing stays open between two requests."""

    def _pool(self) -> urllib3.HTTPConnectionPool:
        if self._url.scheme == "http":
            return DeadlinePool(self._address, self._url.port)
        context = create_urllib3_context()
        context.sslsocket_class = DeadlineTlsSocket
        if self._certificate is None:
            context.load_default_certs()
            return DeadlineTlsPool(
                self._address,
                self._url.port,
                ssl_context=context,
                server_hostname=self._url.host,
                assert_hostname=self._url.host,
            )
        context.check_hostname = False
        context.load_verify_locations(cafile=self._certificate)
        return DeadlineTlsPool(self._address, self._url.port, ssl_context=context, assert_hostname=False)

    def _whole(self, came: urllib3.BaseHTTPResponse) -> bytes:
        device = self._url.place
        if 300 <= came.status < 400:
            raise ReplyRefused(device, "it sends us to another address, which is not followed")
        if came.headers.get("Content-Encoding", "identity").lower() != "identity":
            raise ReplyRefused(device, "it packs its answer, which was not asked for")
        body = bytearray()
        while part := came.read(ONE_READ, decode_content=False):
            body += part
            if len(body) > self._most_bytes:
                raise ReplyRefused(device, f"its answer is larger than {self._most_bytes} bytes")
        return bytes(body)


def _ours(error: Exception, url: StreamUrl, deadline: Deadline) -> DeviceError:
    """What went wrong, in our words: the libraries' own name the URL they tried, and more than one of themselves."""
    late = (TimeoutError, urllib3.exceptions.TimeoutError, requests.Timeout)
    seen: BaseException | None = error
    while seen is not None:
        if isinstance(seen, late) and not isinstance(seen, urllib3.exceptions.NewConnectionError):
            return DeviceTooSlow(url.place, deadline.total_s)
        if isinstance(seen, ssl.SSLError):
            return DeviceUnreachable(
                url.place, "its certificate or its TLS is not trusted; put its certificate on file"
            )
        if isinstance(seen, OSError) and seen.strerror:
            return DeviceUnreachable(url.place, seen.strerror.lower())
        seen = seen.__cause__ or seen.__context__
    return DeviceUnreachable(url.place, "it broke off or does not speak HTTP")
