"""Camera addresses: which URL may be a camera's, and which address may be dialled for it.

A camera's URL is typed by a person, read from a table or named by a device, and must not become a way to reach
other services. So the text is taken apart by one strict grammar (what two parsers could read differently is
refused), the host is resolved once, every address it resolves to is checked against the networks of the site, and
the address that was checked is the one that is opened: a name that answers differently the next time changes nothing.

Pure but for `ask_the_system`, which asks the machine's resolver.
"""

import re
import socket
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from urllib.parse import quote, unquote_to_bytes

from ingest.errors import AddressRefused, HostUnknown, UrlRefused

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network
Resolver = Callable[[str, int], Iterable[str]]

STREAM_PORTS = {"rtsp": 554, "rtsps": 322}
ONVIF_PORTS = {"http": 80, "https": 443}
LONGEST_URL = 2048
LONGEST_NAME = 253  # RFC 1035 2.3.4, as text

# Cameras live in private networks; a site that has them elsewhere says so in its settings.
PRIVATE_NETWORKS = ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "fc00::/7")

# Where no camera is, or hardly ever: only a network of the settings that lies wholly inside one of these opens it.
# The metadata services of clouds hand out credentials to whoever asks, and two of them lie in private ranges.
NAMED_ONLY: tuple[tuple[str, Network], ...] = tuple(
    (what, ip_network(text))
    for what, text in (
        ("this machine itself", "127.0.0.0/8"),
        ("this machine itself", "::1/128"),
        ("a link-local address", "169.254.0.0/16"),
        ("a link-local address", "fe80::/10"),
        ("a cloud's metadata service", "100.100.100.200/32"),
        ("a cloud's metadata service", "fd00:ec2::254/128"),
        ("an IPv4 address inside an IPv6 one", "::/96"),
        ("an IPv4 address inside an IPv6 one", "64:ff9b::/96"),
        ("an IPv4 address inside an IPv6 one", "2001::/32"),
        ("an IPv4 address inside an IPv6 one", "2002::/16"),
    )
)

SCHEME = re.compile(r"([a-z][a-z0-9+.-]*)://", re.IGNORECASE)
LABEL = re.compile(r"[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?", re.IGNORECASE)
NUMERIC_LABEL = re.compile(r"[0-9]+|0x[0-9a-f]*", re.IGNORECASE)  # what ends so is read as a number by some resolvers
SECRET_IN_PATH = re.compile(r"((?:password|passwd|pass|pwd|psw|secret|token|auth|key)=)[^&/;?]*", re.IGNORECASE)
BREAKING_ESCAPE = re.compile(r"%(?:[01][0-9a-f]|7f|(?![0-9a-f]{2}))", re.IGNORECASE)


@dataclass(frozen=True)
class StreamUrl:
    """A camera's URL taken apart: its stream (rtsp, rtsps), or its ONVIF service (http, https).

    As text it shows neither user name nor password; what opens the stream is made by `at`, at the moment of opening.
    """

    scheme: str
    host: str  # a name, or an address without brackets
    port: int
    path: str  # with the query; starts with a slash
    username: str | None = field(default=None, repr=False)
    password: str | None = field(default=None, repr=False)

    @property
    def place(self) -> str:
        """Host and port as they stand in a URL: what errors and logs call the device."""
        return f"{bracketed(self.host)}:{self.port}"

    @property
    def source(self) -> str:
        """The URL without credentials, as it is stored; a secret inside the path (some cameras want that) remains."""
        default = (STREAM_PORTS | ONVIF_PORTS)[self.scheme] == self.port
        return f"{self.scheme}://{bracketed(self.host) if default else self.place}{self.path}"

    def __str__(self) -> str:
        return SECRET_IN_PATH.sub(r"\1***", self.source)

    def __repr__(self) -> str:
        return f"StreamUrl({str(self)!r})"

    def at(self, address: Address, username: str | None = None, password: str | None = None) -> str:
        """The URL to open: the checked address in place of the name. Holds the password: for the opener's eyes only."""
        login = ""
        if username is not None:
            login = quote(username, safe="") + (":" + quote(password, safe="") if password is not None else "") + "@"
        return f"{self.scheme}://{login}{bracketed(str(address))}:{self.port}{self.path}"


@dataclass(frozen=True)
class Networks:
    """The networks of the site in which cameras may be dialled."""

    allowed: tuple[Network, ...]

    @classmethod
    def of(cls, texts: Iterable[str] = PRIVATE_NETWORKS) -> "Networks":
        """Raises ValueError, naming the text, for what is not a network (10.0.0.0/8) or an address."""
        return cls(tuple(ip_network(text) for text in texts))

    def why_refused(self, address: Address) -> str | None:
        """Why this address is not dialled; None when it may be."""
        address = unmapped(address)
        if address.is_multicast or address.is_unspecified or address == IPv4Address("255.255.255.255"):
            return "no single machine has such an address; give the camera's own"
        containing = [network for network in self.allowed if address in network]
        for what, network in NAMED_ONLY:
            if address in network:
                named = any(_lies_in(allowed, network) for allowed in containing)
                return (
                    None if named else f"{what}; if a camera really is there, name it in camera_networks as {address}"
                )
        return None if containing else "not in the networks of this site; add the camera's network to camera_networks"


def parse_stream_url(text: str) -> StreamUrl:
    """A camera's stream: rtsp or rtsps. Raises UrlRefused, which never repeats the text."""
    return _parse(text, STREAM_PORTS)


def parse_onvif_url(text: str) -> StreamUrl:
    """A camera's ONVIF service: http or https. Raises UrlRefused, which never repeats the text."""
    return _parse(text, ONVIF_PORTS)


def ask_the_system(host: str, port: int) -> list[str]:
    """Every address of a name, as the machine's resolver gives them. Raises OSError where there is none."""
    return [str(found[4][0]) for found in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]


def resolve(url: StreamUrl, networks: Networks, resolver: Resolver = ask_the_system) -> list[Address]:
    """The addresses of the host, in the resolver's order, each of them checked: dial one of these and not the name.

    One forbidden address among them and none is dialled: a name that points at the camera and at something else is
    a trick, or a mistake worth seeing. Raises HostUnknown or AddressRefused.
    """
    literal = _as_address(url.host)
    if literal is not None:
        found: list[Address] = [literal]
    else:
        try:
            found = [ip_address(text.partition("%")[0]) for text in resolver(url.host, url.port)]
        except OSError as error:
            raise HostUnknown(url.host) from error
        if not found:
            raise HostUnknown(url.host)
    for address in found:
        why = networks.why_refused(address)
        if why is not None:
            raise AddressRefused(url.host if literal else f"{url.host} ({address})", why)
    return list(dict.fromkeys(unmapped(address) for address in found))


def unmapped(address: Address) -> Address:
    """An IPv4 address dressed as IPv6 reaches the IPv4 machine, so it is judged as that."""
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        return address.ipv4_mapped
    return address


def bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def _parse(text: str, ports: dict[str, int]) -> StreamUrl:
    if len(text) > LONGEST_URL:
        raise UrlRefused(f"longer than {LONGEST_URL} characters; shorten it")
    if any(not "!" <= character <= "~" for character in text):
        raise UrlRefused("holds blanks, control characters or letters outside ASCII; percent-encode them")
    if any(character in text for character in "\\#"):
        raise UrlRefused("holds a backslash or a #; in a password write %5C and %23")
    expected = " or ".join(f"{scheme}://" for scheme in ports)
    opening = SCHEME.match(text)
    if opening is None or opening[1].lower() not in ports:
        raise UrlRefused(f"starts with something else than {expected}; give that address of the camera")
    scheme = opening[1].lower()
    authority, slash, rest = _cut(text[opening.end() :])
    if "@" in rest or authority.count("@") > 1:
        # `rtsp://user:a/b@camera/` names the host `user` to one parser and `camera` to the next
        raise UrlRefused("an @ stands where it can be misread; write %40 for @ and %2F for / in a password")
    if BREAKING_ESCAPE.search(text):
        raise UrlRefused("a percent sign is not followed by two hex digits of a printable character; write %25 for it")
    login, _, where = authority.rpartition("@")
    if "@" in authority and (not login or login.startswith(":")):
        raise UrlRefused("the user name before the @ is empty; give one, or leave the @ out")
    host, port = _host_and_port(where, ports[scheme])
    username, colon, password = login.partition(":")
    return StreamUrl(
        scheme,
        host,
        port,
        f"/{rest}" if slash != "?" else f"/?{rest}",
        _decoded(username) if login else None,
        _decoded(password) if colon else None,
    )


def _cut(text: str) -> tuple[str, str, str]:
    """What names the machine, the character that ends it, and the rest."""
    found = re.search(r"[/?]", text)
    return (text, "", "") if found is None else (text[: found.start()], found[0], text[found.end() :])


def _host_and_port(where: str, default: int) -> tuple[str, int]:
    bracket = re.fullmatch(r"\[([0-9a-f:.]+)\](?::([^:]*))?", where, re.IGNORECASE)
    if bracket is not None:
        host, port = bracket[1], bracket[2]
        if ":" not in host or _as_address(host) is None:
            raise UrlRefused("what stands in the brackets is not an IPv6 address; check it")
        host = str(ip_address(host))
    else:
        host, colon, after = where.partition(":")
        port = after if colon else None
        host = _checked_name(host)
    if port is None:
        return host, default
    if not re.fullmatch(r"[0-9]{1,5}", port) or not 0 < int(port) < 65536:
        raise UrlRefused("the port is not a number from 1 to 65535; in a password write %3A for : and %2F for /")
    return host, int(port)


def _checked_name(host: str) -> str:
    if not host:
        raise UrlRefused("names no host; give the camera's address")
    if isinstance(_as_address(host), IPv4Address):
        return host
    labels = host.split(".")
    if NUMERIC_LABEL.fullmatch(labels[-1]):
        # 2130706433, 0x7f000001, 127.1 and 0177.0.0.1 are all 127.0.0.1 to one resolver or another
        raise UrlRefused("the host is an oddly written number; write an address as four numbers from 0 to 255")
    if len(host) > LONGEST_NAME or not all(LABEL.fullmatch(label) for label in labels):
        raise UrlRefused("the host is neither an address nor a name; give the camera's address")
    return host.lower()


def _as_address(host: str) -> Address | None:
    try:
        return ip_address(host)
    except ValueError:
        return None


def _decoded(text: str) -> str:
    try:
        return unquote_to_bytes(text).decode("utf-8")
    except UnicodeDecodeError:  # not chained: it carries the password
        raise UrlRefused("user name or password is not UTF-8 after percent-decoding; encode it again") from None


def _lies_in(inner: Network, outer: Network) -> bool:
    if isinstance(inner, IPv4Network):
        return isinstance(outer, IPv4Network) and inner.subnet_of(outer)
    return isinstance(outer, IPv6Network) and inner.subnet_of(outer)
