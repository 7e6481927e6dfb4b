"""HTTP with gateways: the internet and what the settings name, one deadline, a cap, no errands to other addresses."""

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from notify.errors import DestinationRefused, GatewayRefused, GatewayUnavailable, GatewayUnreachable
from notify.gateway_http import GatewayHttp, GatewayNetworks, Reply, check

LOOPBACK = GatewayNetworks.of(["127.0.0.0/8"])


@contextmanager
def answering(say: Callable[[socket.socket], None]) -> Iterator[str]:
    """A server that reads one request and then does as it likes."""
    with socket.create_server(("127.0.0.1", 0)) as door:

        def serve() -> None:
            line, _ = door.accept()
            with line:
                try:
                    asked = line.recv(65536)
                    while not asked.endswith(b"\r\n\r\nx") and not asked.startswith(b"\x16"):  # not a TLS greeting
                        asked += line.recv(65536)
                    say(line)
                except OSError:
                    return  # we have hung up, as we should

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{door.getsockname()[1]}/send?token=secret"
        thread.join(5)


def saying(*parts: bytes, pause_s: float = 0) -> Callable[[socket.socket], None]:
    def say(line: socket.socket) -> None:
        for part in parts:
            line.sendall(part)
            time.sleep(pause_s)

    return say


def test_the_whole_answer_is_read() -> None:
    with answering(saying(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", b"hello")) as url:
        reply = GatewayHttp(LOOPBACK).exchange("POST", url, body=b"x")
    assert (reply.status, reply.text) == (200, "hello")


@pytest.mark.parametrize(
    ("say", "says"),
    [
        (
            saying(b"HTTP/1.1 302 Found\r\nLocation: http://169.254.169.254/\r\nContent-Length: 0\r\n\r\n"),
            "not followed",
        ),
        (saying(b"HTTP/1.1 200 OK\r\n\r\n", b"x" * 200), "larger than 100 bytes"),
        (saying(b"HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\n", b"half"), "broke off"),
        (saying(b"SSH-2.0-OpenSSH_9.6\r\n"), "does not speak HTTP"),
        (saying(b"HTTP/1.1 200 OK\r\n", *[b"X-Drip: 1\r\n"] * 50, pause_s=0.05), "it took too long"),
        (lambda line: line.recv(1), "it took too long"),  # until we hang up
    ],
    ids=["redirect", "too_large", "cut_off", "another_protocol", "drips", "silent"],
)
def test_a_bad_answer_is_no_answer_and_the_error_names_the_host_alone(
    say: Callable[[socket.socket], None], says: str
) -> None:
    with answering(say) as url, pytest.raises(GatewayUnavailable, match=says) as caught:
        GatewayHttp(LOOPBACK, deadline_s=0.4, most_bytes=100).exchange("POST", url, body=b"x")
    assert type(caught.value) is GatewayUnavailable  # it may have taken what it got
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    ("address", "allowed", "why"),
    [
        ("127.0.0.1", [], "not on the internet"),
        ("10.0.0.7", [], "not on the internet"),
        ("169.254.169.254", [], "not on the internet"),
        ("100.100.100.200", [], "not on the internet"),
        ("::1", [], "not on the internet"),
        ("::ffff:10.0.0.7", [], "not on the internet"),
        ("64:ff9b::a00:7", [], "not on the internet"),
        ("2002:a00:7::1", [], "not on the internet"),
        ("0.0.0.0", [], "not on the internet"),  # noqa: S104 - it is refused
        ("224.0.0.1", [], "not on the internet"),
        ("10.0.0.7", ["10.0.0.0/24"], None),
        ("::ffff:10.0.0.7", ["10.0.0.0/24"], None),
        ("8.8.8.8", [], None),
        ("2001:4860:4860::8888", [], None),
    ],
)
def test_only_the_internet_and_the_named_networks_are_dialled(
    address: str, allowed: list[str], why: str | None
) -> None:
    named = GatewayNetworks.of(allowed)
    networks = GatewayNetworks(named.allowed, lambda _host, _port: [address])
    if why is None:
        assert networks.address_of("gateway.example", 443, secret=True)
        return
    with pytest.raises(DestinationRefused, match=why):
        networks.address_of("gateway.example", 443, secret=True)


def test_one_inner_address_among_others_and_none_is_dialled() -> None:
    networks = GatewayNetworks(resolver=lambda _host, _port: ["8.8.8.8", "10.0.0.7"])
    with pytest.raises(DestinationRefused, match=r"10\.0\.0\.7"):
        networks.address_of("gateway.example", 443, secret=True)


def test_numbers_do_not_travel_the_internet_in_clear() -> None:
    http = GatewayHttp(GatewayNetworks(resolver=lambda _host, _port: ["8.8.8.8"]))
    with pytest.raises(DestinationRefused, match="do not travel in clear"):
        http.exchange("POST", "http://gateway.example/", body=b"x")


@pytest.mark.parametrize("url", ["ftp://gateway.example/", "https:///x", "https://user:secret@gateway.example/"])
def test_a_url_that_is_none_is_refused_without_being_repeated(url: str) -> None:
    with pytest.raises(DestinationRefused, match="correct the settings") as caught:
        GatewayHttp().exchange("POST", url)
    assert "secret" not in str(caught.value)


def test_a_name_that_nobody_knows_is_tried_again_later() -> None:
    def unknown(_host: str, _port: int) -> list[str]:
        raise socket.gaierror

    with pytest.raises(GatewayUnreachable, match="no such name just now"):
        GatewayHttp(GatewayNetworks(resolver=unknown)).exchange("POST", "https://gateway.example/")


def test_a_server_without_a_certificate_is_not_told_anything() -> None:
    with answering(saying(b"HTTP/1.1 200 OK\r\n\r\n")) as url, pytest.raises(GatewayUnreachable, match="not trusted"):
        GatewayHttp(LOOPBACK).exchange("POST", url.replace("http:", "https:"), body=b"x")


@pytest.mark.parametrize(
    ("status", "kind"), [(503, GatewayUnavailable), (429, GatewayUnavailable), (422, GatewayRefused)]
)
def test_a_status_says_whether_to_try_again(status: int, kind: type[Exception]) -> None:
    check(Reply(201, {}, b""), "it")
    with pytest.raises(kind, match=f"it answers {status}"):
        check(Reply(status, {}, b""), "it")
