"""Discovery: which ONVIF devices answer in the networks of the site.

WS-Discovery as ONVIF uses it: one probe by multicast, answers collected for some seconds. Whoever hears the probe may
answer, so an answer is only read from an address in the allowed networks, only up to a number and a size, with the
parser that knows no DTD, and only if it names the message it answers. What an answer says is a claim: the address at
which a device is then asked is the one the answer came from.

Not by the wsdiscovery package (2.1.2, of January 2025): it hands every datagram to a parser that reads DTDs, bounds
neither number nor origin of the answers, and keeps threads of its own; none of that can be set from outside.
"""

import re
import select
import socket
import time
import uuid
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from ipaddress import ip_address
from urllib.parse import unquote

from ingest.camera_address import Networks, StreamUrl, parse_onvif_url
from ingest.errors import DiscoveryFailed, ReplyRefused, UrlRefused
from ingest.onvif_xml import read_xml

MULTICAST_GROUP = ("239.255.255.250", 3702)  # WS-Discovery 1.0, 2.4
LISTEN_S = 3.0
PROBES = 2  # a datagram may get lost; both are one message, so a device that hears both counts once
MOST_ANSWERS = 4096
MOST_ANSWER_BYTES = 32768
LONGEST_TEXT = 200

SOAP = "http://www.w3.org/2003/05/soap-envelope"
ADDRESSING = "{http://schemas.xmlsoap.org/ws/2004/08/addressing}"
DISCOVERY = "{http://schemas.xmlsoap.org/ws/2005/04/discovery}"
SCOPE = re.compile(r"onvif://www\.onvif\.org/(name|hardware|location)/(.+)", re.IGNORECASE)


@dataclass(frozen=True)
class FoundDevice:
    """What a device says of itself; `url` is where it is asked next, at the address its answer came from."""

    url: StreamUrl
    endpoint: str  # its own lasting name, mostly urn:uuid:…
    name: str
    hardware: str
    location: str


@dataclass(frozen=True)
class Discovered:
    devices: tuple[FoundDevice, ...]
    refused: int  # answers that were not used: from elsewhere, not XML, not an answer to our probe


def discover(
    networks: Networks,
    *,
    listen_s: float = LISTEN_S,
    interfaces: Sequence[str] = (),
    group: tuple[str, int] = MULTICAST_GROUP,
) -> Discovered:
    """Every device that answers within `listen_s`, each once, in the order of the answers.

    `interfaces` are the machine's own IPv4 addresses to ask from; none: the one that the system chooses. Raises
    DiscoveryFailed when the probe cannot be sent.
    """
    message_id = f"urn:uuid:{uuid.uuid4()}"
    found: dict[StreamUrl, FoundDevice] = {}
    refused = answers = 0
    with ExitStack() as opened:
        try:
            asked = [opened.enter_context(_probing(message_id, own, group)) for own in interfaces or (None,)]
        except OSError as error:
            raise DiscoveryFailed(error.strerror or "no network") from error
        ends_at_s = time.monotonic() + listen_s
        while answers < MOST_ANSWERS and (left_s := ends_at_s - time.monotonic()) > 0:
            for ready in select.select(asked, [], [], left_s)[0]:
                answers += 1
                data, sender = ready.recvfrom(MOST_ANSWER_BYTES + 1)
                try:
                    devices = read_answer(data, sender[0], message_id, networks)
                except ReplyRefused:
                    refused += 1  # counted and said; there is nobody to answer to
                    continue
                for device in devices:
                    found.setdefault(device.url, device)
    return Discovered(tuple(found.values()), refused)


def probe_message(message_id: str) -> bytes:
    """WS-Discovery 1.0, 5.2, for what ONVIF Core 7.3 calls a network video transmitter."""
    return (
        f'<?xml version="1.0" encoding="UTF-8"?><s:Envelope xmlns:s="{SOAP}" xmlns:a="{ADDRESSING[1:-1]}">'
        f"<s:Header><a:Action>{DISCOVERY[1:-1]}/Probe</a:Action><a:MessageID>{message_id}</a:MessageID>"
        "<a:ReplyTo><a:Address>http://schemas.xmlsoap.org/ws/2004/08/addressing/role/anonymous</a:Address></a:ReplyTo>"
        "<a:To>urn:schemas-xmlsoap-org:ws:2005:04:discovery</a:To></s:Header>"
        f'<s:Body><d:Probe xmlns:d="{DISCOVERY[1:-1]}"><d:Types xmlns:n="http://www.onvif.org/ver10/network/wsdl">'
        "n:NetworkVideoTransmitter</d:Types></d:Probe></s:Body></s:Envelope>"
    ).encode()


def read_answer(data: bytes, sender: str, message_id: str, networks: Networks) -> list[FoundDevice]:
    """The devices in one datagram. Raises ReplyRefused for what is not an answer of a device that may be asked."""
    why = networks.why_refused(ip_address(sender))
    if why is not None:
        raise ReplyRefused(sender, f"it is {why}")
    if len(data) > MOST_ANSWER_BYTES:
        raise ReplyRefused(sender, "its answer to the probe is too large")
    root = read_xml(data, sender)
    if (root.findtext(f".//{ADDRESSING}RelatesTo") or "").strip() != message_id:
        raise ReplyRefused(sender, "it answers a probe that was not ours")
    devices = []
    for match in root.iter(f"{DISCOVERY}ProbeMatch"):
        scopes = (match.findtext(f"{DISCOVERY}Scopes") or "").split()
        said = {found[1].lower(): _line(unquote(found[2])) for found in map(SCOPE.fullmatch, scopes) if found}
        devices.append(
            FoundDevice(
                _url(match.findtext(f"{DISCOVERY}XAddrs") or "", sender),
                _line(match.findtext(f".//{ADDRESSING}Address") or ""),
                said.get("name", ""),
                said.get("hardware", ""),
                said.get("location", ""),
            )
        )
    return devices


def _url(named: str, sender: str) -> StreamUrl:
    """The address among those named that is the sender's own, or the path of the first one at the sender."""
    urls = []
    for text in named.split():
        try:
            urls.append(parse_onvif_url(text))
        except UrlRefused:
            continue  # cameras name link-local addresses with zone ids beside the one that counts
    if not urls:
        raise ReplyRefused(sender, "it names no address at which it could be asked")
    own = [url for url in urls if url.host == sender]
    return replace((own or urls)[0], host=sender, username=None, password=None)


def _line(text: str) -> str:
    """A device's words, cut to what fits a line on a screen."""
    return "".join(letter for letter in " ".join(text.split()) if letter.isprintable())[:LONGEST_TEXT]


def _probing(message_id: str, own_address: str | None, group: tuple[str, int]) -> socket.socket:
    """A socket that has asked, and hears the answers."""
    asking = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    try:
        asking.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_TTL, 1)  # this network and no further
        if own_address is not None:
            asking.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton(own_address))
            asking.bind((own_address, 0))
        for _ in range(PROBES):
            asking.sendto(probe_message(message_id), group)
    except OSError:
        asking.close()
        raise
    return asking
