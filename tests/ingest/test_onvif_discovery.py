"""Cameras answer a probe; what else answers is counted and not used."""

import re
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

import pytest

from ingest.camera_address import Networks, parse_onvif_url
from ingest.errors import DiscoveryFailed, ReplyRefused
from ingest.onvif_discovery import LONGEST_TEXT, MOST_ANSWER_BYTES, FoundDevice, discover, probe_message, read_answer

HERE = Networks.of(["127.0.0.0/8"])
OURS = "urn:uuid:0f0e6a52-0000-4000-8000-000000000001"
NORTH = "onvif://www.onvif.org/name/North%20gate onvif://www.onvif.org/hardware/Dome7 onvif://www.onvif.org/type/ptz"


def match(
    relates_to: str = OURS,
    xaddrs: str = "http://127.0.0.1/onvif/device_service",
    scopes: str = NORTH,
    dtd: str = "",
) -> bytes:
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>{dtd}<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope" '
        'xmlns:a="http://schemas.xmlsoap.org/ws/2004/08/addressing" '
        'xmlns:d="http://schemas.xmlsoap.org/ws/2005/04/discovery">'
        f"<s:Header><a:RelatesTo>{relates_to}</a:RelatesTo></s:Header><s:Body><d:ProbeMatches><d:ProbeMatch>"
        "<a:EndpointReference><a:Address>urn:uuid:cam</a:Address></a:EndpointReference>"
        f"<d:Scopes>{scopes}</d:Scopes><d:XAddrs>{xaddrs}</d:XAddrs></d:ProbeMatch></d:ProbeMatches></s:Body>"
        "</s:Envelope>"
    ).encode()


@contextmanager
def answering(answers: Callable[[str], list[bytes]]) -> Iterator[tuple[str, int]]:
    """Something on the network that answers each probe with these datagrams; where it listens."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as listener:
        listener.bind(("127.0.0.1", 0))
        listener.settimeout(0.05)
        over = threading.Event()

        def serve() -> None:
            while not over.is_set():
                with suppress(TimeoutError):
                    probe, sender = listener.recvfrom(65535)
                    message_id = re.search(rb"MessageID>([^<]+)<", probe)
                    assert message_id is not None
                    for answer in answers(message_id[1].decode()):
                        listener.sendto(answer, sender)

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield listener.getsockname()
        finally:
            over.set()
            thread.join()


def test_a_camera_that_answers_is_found_once() -> None:
    with answering(lambda ours: [match(ours), match(ours)]) as group:
        found = discover(HERE, listen_s=0.3, group=group, interfaces=["127.0.0.1"])
    url = parse_onvif_url("http://127.0.0.1/onvif/device_service")
    assert found.devices == (FoundDevice(url, "urn:uuid:cam", "North gate", "Dome7", ""),)
    assert found.refused == 0


def test_what_is_no_answer_to_our_probe_is_counted_and_the_camera_beside_it_found() -> None:
    def answers(ours: str) -> list[bytes]:
        return [match("urn:uuid:another"), b"\x00\xff", match(ours, dtd="<!DOCTYPE s>"), match(ours)]

    with answering(answers) as group:
        found = discover(HERE, listen_s=0.3, group=group)
    assert len(found.devices) == 1
    assert found.refused == 6  # each of the two probes is answered by three of them


def test_who_answers_from_outside_the_site_is_not_asked() -> None:
    with answering(lambda ours: [match(ours)]) as group:
        found = discover(Networks.of(), listen_s=0.3, group=group)
    assert found.devices == ()
    assert found.refused == 2


def test_without_a_network_the_sentence_says_what_to_do() -> None:
    with pytest.raises(DiscoveryFailed, match="name an interface"):
        discover(HERE, listen_s=0.1, interfaces=["192.0.2.1"])


@pytest.mark.parametrize(
    ("xaddrs", "url"),
    [
        ("http://127.0.0.1:8000/onvif", "http://127.0.0.1:8000/onvif"),
        ("http://[fe80::1%25eth0]/onvif http://10.9.9.9/x http://127.0.0.1:81/y", "http://127.0.0.1:81/y"),
        ("http://169.254.169.254:8000/latest", "http://127.0.0.1:8000/latest"),
        ("http://admin:12345@10.0.0.5/onvif", "http://127.0.0.1/onvif"),
    ],
    ids=["its_own", "its_own_among_others", "somebody_elses", "with_a_login"],
)
def test_a_device_is_asked_where_its_answer_came_from(xaddrs: str, url: str) -> None:
    (device,) = read_answer(match(xaddrs=xaddrs), "127.0.0.1", OURS, HERE)
    assert device.url == parse_onvif_url(url)


BOMB = '<!DOCTYPE s [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>'


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        (match(dtd="<!DOCTYPE s>"), "DOCTYPE"),
        (match(dtd='<!DOCTYPE s [<!ENTITY x SYSTEM "file:///etc/passwd">]>', scopes="&x;"), "DOCTYPE"),
        (match(dtd=BOMB, scopes="&b;"), "DOCTYPE"),
        (match(relates_to="urn:uuid:another"), "not ours"),
        (match(relates_to=""), "not ours"),
        (match(xaddrs="file:///etc/passwd gopher://10.0.0.5/"), "no address"),
        (match(xaddrs=""), "no address"),
        (match() + b" " * MOST_ANSWER_BYTES, "too large"),
        (b"", "no XML"),
    ],
    ids=["doctype", "entity", "bomb", "another_probe", "no_probe", "no_url", "no_address", "too_large", "empty"],
)
def test_a_hostile_answer_is_refused(answer: bytes, says: str) -> None:
    with pytest.raises(ReplyRefused, match=says):
        read_answer(answer, "127.0.0.1", OURS, HERE)


def test_a_device_s_words_stay_on_one_line() -> None:
    loud = f"onvif://www.onvif.org/name/{'A' * 500} onvif://www.onvif.org/location/a%0ab%1b[31m"
    (device,) = read_answer(match(scopes=loud), "127.0.0.1", OURS, HERE)
    assert device.name == "A" * LONGEST_TEXT
    assert device.location == "a b[31m"


def test_the_probe_asks_for_cameras() -> None:
    assert OURS.encode() in probe_message(OURS)
    assert b"NetworkVideoTransmitter" in probe_message(OURS)
