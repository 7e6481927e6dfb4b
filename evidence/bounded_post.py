"""A POST to a service that may be slow, broken or hostile: one deadline for all of it, a cap, no redirects.

The addresses are the operator's own settings.
"""

import ssl
from collections.abc import Mapping
from contextlib import closing

import urllib3
from urllib3.util import Url, parse_url
from urllib3.util.ssl_ import create_urllib3_context

from models.deadline_sockets import DeadlinePool, DeadlineTlsPool, DeadlineTlsSocket

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


def _pool(url: Url) -> urllib3.HTTPConnectionPool:
    if url.host is None or url.scheme not in ("http", "https"):
        raise PostFailed("it is no http:// or https:// address; correct the setting")
    if url.scheme == "http":
        return DeadlinePool(url.host, url.port)
    context = create_urllib3_context()
    context.sslsocket_class = DeadlineTlsSocket
    context.load_default_certs()
    return DeadlineTlsPool(url.host, url.port, ssl_context=context)


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
