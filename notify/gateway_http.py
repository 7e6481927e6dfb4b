"""HTTP with a gateway that may be slow, broken or not what it says: a deadline for all of it, a cap, no redirects.

Gateways are on the internet. An address that is not (this machine, private networks, the metadata services of clouds)
is dialled only where the settings name its network, and so is plain HTTP, by which everybody on the way could read
the numbers. The host is resolved once and every address it resolves to is checked; the one that was checked is the
one that is opened, whatever the name says a moment later.
"""

import http.client
import socket
import ssl
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from urllib.parse import urlsplit

from models.deadline_sockets import DeadlineTlsSocket, bounded
from notify.errors import DestinationRefused, GatewayRefused, GatewayUnavailable, GatewayUnreachable

Address = IPv4Address | IPv6Address
Resolver = Callable[[str, int], Iterable[str]]

DEADLINE_S = 12.0  # asking and sending together stay well below the lease of notify/relay.py
MOST_BYTES = 1_000_000
ONE_READ = 65536
# an IPv4 address inside an IPv6 one: what it reaches is decided by some router
WRAPPED = tuple(ip_network(text) for text in ("::/96", "64:ff9b::/96", "2001::/32", "2002::/16"))
NOT_NOW = {401, 403, 407, 408, 425, 429}  # credentials and quotas are mended by people; the message waits for it


def ask_the_system(host: str, port: int) -> list[str]:
    """Every address of a name, as the machine's resolver gives them. Raises OSError where there is none."""
    return [str(found[4][0]) for found in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]


@dataclass(frozen=True)
class GatewayNetworks:
    """The networks that are not the internet and in which gateways may be dialled all the same.

    named_in: the setting that says so.
    """

    allowed: tuple[IPv4Network | IPv6Network, ...] = ()
    resolver: Resolver = ask_the_system
    named_in: str = "gateway_networks"

    @classmethod
    def of(cls, texts: Iterable[str], named_in: str = "gateway_networks") -> "GatewayNetworks":
        """Raises ValueError, naming the text, for what is not a network (10.0.0.0/8) or an address."""
        return cls(tuple(ip_network(text) for text in texts), named_in=named_in)

    def address_of(self, host: str, port: int, *, secret: bool) -> Address:
        """The address to dial. secret: the connection is encrypted, so it may leave the networks of the settings.

        Raises DestinationRefused, GatewayUnreachable.
        """
        try:
            found = [_unmapped(ip_address(text.partition("%")[0])) for text in self.resolver(host, port)]
        except (OSError, UnicodeError) as error:
            raise GatewayUnreachable(f"{host}: no such name just now; check it, and the machine's resolver") from error
        if not found:
            raise GatewayUnreachable(f"{host}: no such name just now; check it, and the machine's resolver")
        for address in found:
            if any(address in network for network in self.allowed):
                continue
            if not _on_the_internet(address):
                raise DestinationRefused(
                    f"{host} ({address}) is not on the internet; if it really is there, name it in "
                    f"{self.named_in} as {address}"
                )
            if not secret:
                raise DestinationRefused(f"{host}: numbers do not travel in clear; use https or, for mail, smtps")
        return found[0]


def _on_the_internet(address: Address) -> bool:
    return address.is_global and not address.is_multicast and not any(address in network for network in WRAPPED)


def _unmapped(address: Address) -> Address:
    """An IPv4 address dressed as IPv6 reaches the IPv4 machine, so it is judged as that."""
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address


@dataclass(frozen=True)
class Reply:
    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode("utf-8", "replace")


@dataclass(frozen=True)
class GatewayHttp:
    """One exchange a connection, each within the bounds. most_bytes: of the answer."""

    networks: GatewayNetworks = field(default_factory=GatewayNetworks)
    deadline_s: float = DEADLINE_S
    most_bytes: int = MOST_BYTES

    def exchange(
        self,
        method: str,
        url: str,
        *,
        body: bytes | Iterable[bytes] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Reply:
        """Ask, and read the whole answer. Raises GatewayUnavailable, GatewayUnreachable and nothing foreign.

        A body in parts is sent as they come; its Content-Length is among the headers.

        Errors name the host and never the rest of the URL, which may hold a token.
        """
        ends_at_s = time.monotonic() + self.deadline_s
        parts = urlsplit(url)
        host, tls = parts.hostname, parts.scheme == "https"
        if host is None or parts.scheme not in ("http", "https") or parts.username is not None:
            raise DestinationRefused("a gateway's URL begins with https:// and names a host; correct the settings")
        port = parts.port or (443 if tls else 80)
        address = self.networks.address_of(host, port, secret=tls)
        line = http.client.HTTPConnection(host, port)
        try:
            line.sock = dial(address, port, host if tls else None, ends_at_s)
        except OSError as error:
            raise GatewayUnreachable(f"{host}: no connection ({_why(error)}); it is tried again") from error
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        sent = {"Host": parts.netloc, "Connection": "close", "Accept-Encoding": "identity", **(headers or {})}
        with closing(line):
            try:
                line.request(method, target, body=body, headers=sent)
                with closing(line.getresponse()) as came:
                    answer = self._whole(came, host)
            except (OSError, http.client.HTTPException) as error:
                raise GatewayUnavailable(
                    f"{host}: no whole answer ({_why(error)}); it is asked before it is repeated"
                ) from error
        if 300 <= came.status < 400:
            raise GatewayUnavailable(f"{host}: sends us to another address, which is not followed; correct its URL")
        return Reply(came.status, _each_once(came.getheaders()), answer)

    def _whole(self, came: http.client.HTTPResponse, host: str) -> bytes:
        body = bytearray()
        while part := came.read1(ONE_READ):
            body += part
            if len(body) > self.most_bytes:
                raise GatewayUnavailable(f"{host}: its answer is larger than {self.most_bytes} bytes and was not read")
        if came.length:
            raise http.client.IncompleteRead(b"", came.length)
        return bytes(body)


def _each_once(headers: Iterable[tuple[str, str]]) -> dict[str, str]:
    """One that came several times as one list (RFC 9110 5.3)."""
    found: dict[str, str] = {}
    for name, value in headers:
        found[name.lower()] = f"{found[name.lower()]}, {value}" if name.lower() in found else value
    return found


def check(reply: Reply, who: str) -> None:
    """Raises what an HTTP status of 400 and above means for the message."""
    if reply.status < 400:
        return
    said = f"{who} answers {reply.status}"
    if reply.status >= 500 or reply.status in NOT_NOW:
        raise GatewayUnavailable(f"{said}; it is tried again")
    raise GatewayRefused(f"{said}; the message is not taken as it is")


def dial(address: Address, port: int, tls_name: str | None, ends_at_s: float) -> socket.socket:
    """A connection of which no read outlasts the deadline. tls_name: whose certificate it has to show.

    Raises OSError.
    """
    plain = socket.create_connection((str(address), port), timeout=max(ends_at_s - time.monotonic(), 0.001))
    if tls_name is None:
        return bounded(plain, ends_at_s)
    try:
        return wrapped(plain, tls_name, ends_at_s)
    except OSError:
        plain.close()
        raise


def tls_context() -> ssl.SSLContext:
    context = ssl.create_default_context()
    context.sslsocket_class = DeadlineTlsSocket
    return context


def wrapped(plain: socket.socket, tls_name: str, ends_at_s: float) -> ssl.SSLSocket:
    plain.settimeout(max(ends_at_s - time.monotonic(), 0.001))
    tls = tls_context().wrap_socket(plain, server_hostname=tls_name)
    assert isinstance(tls, DeadlineTlsSocket)
    tls.ends_at_s = ends_at_s
    return tls


def _why(error: Exception) -> str:
    if isinstance(error, TimeoutError):
        return "it took too long"
    if isinstance(error, ssl.SSLError):
        return "its certificate or its TLS is not trusted"
    if isinstance(error, OSError) and error.strerror:
        return error.strerror.lower()
    return "it broke off or does not speak HTTP"
