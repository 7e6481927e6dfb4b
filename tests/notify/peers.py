"""Servers of ours that gateways are tried against: one that keeps what it is sent, and one that takes mail."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

Answer = Callable[["Request"], tuple[int, Any]]


@dataclass(frozen=True)
class Request:
    path: str
    headers: dict[str, str]
    body: bytes


@dataclass
class HttpPeer:
    """answer: the status and what is said as JSON, for each request."""

    answer: Answer = lambda _request: (200, {})
    requests: list[Request] = field(default_factory=list)
    url: str = ""

    @contextmanager
    def running(self) -> Iterator["HttpPeer"]:
        peer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                request = Request(self.path, {name.lower(): value for name, value in self.headers.items()}, body)
                peer.requests.append(request)
                status, said = peer.answer(request)
                answer = said if isinstance(said, bytes) else json.dumps(said).encode()
                self.send_response(status)
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name is theirs
                """Tests read what is asserted."""

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        server.daemon_threads = True
        self.url = f"http://127.0.0.1:{server.server_address[1]}"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        try:
            yield self
        finally:
            server.shutdown()
            server.server_close()
            thread.join()


class _OnAFreePort(Controller):
    def _trigger_server(self) -> None:
        """It asks itself for a sign of life, and by then the port is known."""
        assert self.server is not None
        self.port = self.server.sockets[0].getsockname()[1]
        super()._trigger_server()


@dataclass
class Mailbox:
    """refuse: what the server answers to a mail instead of taking it."""

    refuse: str | None = None
    mails: list[EmailMessage] = field(default_factory=list)
    url: str = ""

    async def handle_DATA(  # noqa: N802 - the name is theirs
        self, _server: SMTP, _session: Session, envelope: Envelope
    ) -> str:
        if self.refuse is not None:
            return self.refuse
        assert isinstance(envelope.content, bytes)
        mail = message_from_bytes(envelope.content, policy=policy.default)
        assert isinstance(mail, EmailMessage)
        self.mails.append(mail)
        return "250 taken"

    @contextmanager
    def running(self) -> Iterator["Mailbox"]:
        controller = _OnAFreePort(self, hostname="127.0.0.1", port=0)
        controller.start()
        self.url = f"smtp://127.0.0.1:{controller.port}"
        try:
            yield self
        finally:
            controller.stop()
