"""The greeting: a camera is asked who answers before FFmpeg is let loose on it.

FFmpeg follows an RTSP redirect wherever it points and takes the password along, and cannot be told not to. So the first
two questions of RFC 2326 are put by us, without a password: a camera that answers with another address is refused.
What this cannot see is a camera that redirects only who has logged in; such a one had the password already.
"""

import re
import socket
import ssl
from contextlib import closing
from typing import BinaryIO
from urllib.parse import urlsplit

from ingest.errors import RedirectRefused, StreamUnreachable

PORTS = {"rtsp": 554, "rtsps": 322}
LONGEST_LINE, MOST_LINES, LONGEST_BODY = 8192, 100, 1 << 20
STATUS = re.compile(rb"RTSP/\d\.\d (\d{3}) ")
BODY = re.compile(rb"(?i)content-length:\s*(\d{1,7})\s*$")


def greet(url: str, *, within_s: float, name: str) -> None:
    """Raises RedirectRefused, or StreamUnreachable where nobody answers in RTSP within that time for each answer."""
    why = "it did not answer in time"
    try:
        with closing(_connected(url, within_s)) as connection, connection.makefile("rb") as answers:
            for number, method in enumerate(("OPTIONS", "DESCRIBE"), 1):
                connection.sendall(_question(method, url, number))
                status = _status(answers)
                if status is None and number == 1:
                    why = "what it answered is not RTSP"
                    break
                if status is not None and 300 <= status < 400:
                    raise RedirectRefused(name)
            else:
                return
    except TimeoutError:
        pass
    except OSError as error:
        why = error.strerror or "the connection broke"
    raise StreamUnreachable(name, why)


def _connected(url: str, within_s: float) -> socket.socket:
    parts = urlsplit(url)
    connection = socket.create_connection((parts.hostname, parts.port or PORTS[parts.scheme]), timeout=within_s)
    if parts.scheme != "rtsps":
        return connection
    # cameras sign their own certificates; what is said here is no secret, and FFmpeg does not check them either
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context.wrap_socket(connection, server_hostname=parts.hostname)


def _question(method: str, url: str, number: int) -> bytes:
    parts = urlsplit(url)
    bare = parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()
    return f"{method} {bare} RTSP/1.0\r\nCSeq: {number}\r\nAccept: application/sdp\r\n\r\n".encode()


def _status(answers: BinaryIO) -> int | None:
    """The status of an answer, read to its end; None where it is none, or the camera hung up."""
    status = STATUS.match(answers.readline(LONGEST_LINE))
    if status is None:
        return None
    body = 0
    for _ in range(MOST_LINES):
        line = answers.readline(LONGEST_LINE)
        if not line.strip():
            break
        length = BODY.match(line)
        body = min(int(length[1]), LONGEST_BODY) if length else body
    answers.read(body)
    return int(status[1])
