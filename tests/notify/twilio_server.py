"""Twilio as a server of our own: creates and lists messages as its API does, sends signed receipts, and has its faults.

What it speaks: POST and GET of /2010-04-01/Accounts/<sid>/Messages.json with HTTP Basic, the list filtered by To, From
and DateSent and cut into pages, newest first; receipts and replies as signed forms. Which fault comes when is said by
the caller, message by message, so a run with a seed can be had again.
"""

import base64
import hashlib
import hmac
import json
import random
import threading
import time
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import format_datetime
from enum import Enum
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from tests.patience import PATIENCE_S

ACCOUNT = "AC" + "0" * 32
AUTH_TOKEN = "the auth token of the account"
SENDER = "+8610690001"


class Fault(Enum):
    """What goes wrong with one creation of a message."""

    UNAVAILABLE = 503
    BROKEN = 500
    TOO_MANY = 429
    NOT_A_NUMBER = 400
    CUT_OFF_BEFORE = "nothing is taken, the connection ends"
    CUT_OFF_AFTER = "the message is taken, the connection ends"
    SILENT_AFTER = "the message is taken, and no answer ever comes"
    GARBAGE_AFTER = "the message is taken, and the answer is no JSON"


TAKES_IT = {Fault.CUT_OFF_AFTER, Fault.SILENT_AFTER, Fault.GARBAGE_AFTER}
# error codes as https://www.twilio.com/docs/api/errors has them
CODES = {Fault.NOT_A_NUMBER: 21211, Fault.TOO_MANY: 20429}


@dataclass
class Taken:
    """A message as the provider has it."""

    sid: str
    to: str
    body: str
    sender: str
    callback: str | None
    created_at: datetime
    status: str = "queued"

    def as_json(self) -> dict[str, Any]:
        return {
            "sid": self.sid,
            "account_sid": ACCOUNT,
            "to": self.to,
            "from": self.sender,
            "body": self.body,
            "status": self.status,
            "direction": "outbound-api",
            "date_created": format_datetime(self.created_at),
            "date_updated": format_datetime(self.created_at),
            "date_sent": None if self.status == "queued" else format_datetime(self.created_at),
            "error_code": None,
            "num_segments": "1",
        }


@dataclass
class TwilioServer:
    """faults: asked once a creation. receipts: the statuses to send back by itself for a message taken, each after so
    many seconds; a status may come twice, late or in any order.
    """

    faults: Callable[[], Fault | None] = lambda: None
    receipts: Callable[[], Sequence[tuple[float, str]]] = tuple
    clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    reach: Callable[[str], str] = str
    page_size: int = 50
    taken: list[Taken] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    answers: list[tuple[str, str, int]] = field(default_factory=list)  # sid, status sent, what the site answered
    url: str = ""
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _over: threading.Event = field(default_factory=threading.Event)
    _sending: list[threading.Thread] = field(default_factory=list)

    @contextmanager
    def running(self) -> Iterator["TwilioServer"]:
        server = _Door(self)
        self.url = f"http://127.0.0.1:{server.server_address[1]}"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        try:
            yield self
        finally:
            self._over.set()
            server.shutdown()
            server.server_close()
            thread.join()
            for each in self._sending:
                each.join()

    def take(self, form: Mapping[str, str]) -> Taken:
        message = Taken(
            f"SM{uuid.uuid4().hex}",
            form["To"],
            form["Body"],
            form.get("From", SENDER),
            form.get("StatusCallback"),
            self.clock(),
        )
        with self._lock:
            self.taken.append(message)
        plan = list(self.receipts())
        if plan and message.callback:
            thread = threading.Thread(target=self._send_by_itself, args=(message, plan), daemon=True)
            self._sending.append(thread)
            thread.start()
        return message

    def _send_by_itself(self, message: Taken, plan: Sequence[tuple[float, str]]) -> None:
        began_s = time.monotonic()
        for after_s, status in sorted(plan):
            if self._over.wait(max(began_s + after_s - time.monotonic(), 0)):
                return
            try:
                self.tell(message, status)
            except OSError:
                self.answers.append((message.sid, status, 0))  # the site is down just now

    def tell(self, message: Taken, status: str, **fields: str) -> int:
        """Sends one receipt; the status of the site's answer."""
        message.status = status
        assert message.callback is not None
        form = {
            "AccountSid": ACCOUNT,
            "MessageSid": message.sid,
            "SmsSid": message.sid,
            "MessageStatus": status,
            "SmsStatus": status,
            "To": message.to,
            "From": message.sender,
            "ApiVersion": "2010-04-01",
        } | fields
        answered = post_signed(self.reach(message.callback), form, signed_for=message.callback)
        self.answers.append((message.sid, status, answered))
        return answered

    def listed(self, query: Mapping[str, list[str]]) -> list[Taken]:
        """Newest first, as their list is."""
        self.asked.append(query.get("To", [""])[0])
        with self._lock:
            found = list(reversed(self.taken))
        if "To" in query:
            found = [each for each in found if each.to == query["To"][0]]
        if "From" in query:
            found = [each for each in found if each.sender == query["From"][0]]
        for name, fits in (("DateSent>", 1), ("DateSent<", -1)):
            if name in query:
                day = query[name][0][:10]
                found = [each for each in found if (f"{each.created_at:%Y-%m-%d}" >= day) == (fits > 0)]
        return found


def scripted(*faults: Fault | None) -> Callable[[], Fault | None]:
    """These, one after the other, and then none."""
    left = list(faults)
    return lambda: left.pop(0) if left else None


def at_random(seed: int, share: float) -> Callable[[], Fault | None]:
    """A fault for this share of the creations, drawn with the seed. Final refusals are not among them."""
    drawn, lock = random.Random(seed), threading.Lock()
    choice = [fault for fault in Fault if fault is not Fault.NOT_A_NUMBER]

    def next_fault() -> Fault | None:
        with lock:
            return drawn.choice(choice) if drawn.random() < share else None

    return next_fault


def signature(url: str, form: Mapping[str, str], token: str = AUTH_TOKEN) -> str:
    """https://www.twilio.com/docs/usage/security: the address, then each sorted name with its value, HMAC-SHA1."""
    signed = url + "".join(f"{name}{form[name]}" for name in sorted(form))
    return base64.b64encode(hmac.digest(token.encode(), signed.encode(), hashlib.sha1)).decode()


def post_signed(url: str, form: Mapping[str, str], token: str = AUTH_TOKEN, signed_for: str | None = None) -> int:
    return post(url, urlencode(form).encode(), {"X-Twilio-Signature": signature(signed_for or url, form, token)})


def post(url: str, body: bytes, headers: Mapping[str, str]) -> int:
    parts = urlsplit(url)
    line = HTTPConnection(parts.hostname or "", parts.port or 80, timeout=PATIENCE_S)
    try:
        target = parts.path + (f"?{parts.query}" if parts.query else "")
        kind = {"Content-Type": "application/x-www-form-urlencoded"}
        line.request("POST", target, body=body, headers={**kind, **headers})
        answer = line.getresponse()
        answer.read()
        return answer.status
    finally:
        line.close()


class _Door(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, twilio: TwilioServer) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.twilio = twilio


class _Handler(BaseHTTPRequestHandler):
    timeout = 30

    @property
    def _twilio(self) -> TwilioServer:
        assert isinstance(self.server, _Door)
        return self.server.twilio

    def do_POST(self) -> None:
        if not self._is_ours("/Messages.json"):
            return
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        form = {name: values[0] for name, values in parse_qs(body, keep_blank_values=True).items()}
        fault = self._twilio.faults()
        message = self._twilio.take(form) if fault is None or fault in TAKES_IT else None
        if fault in (Fault.CUT_OFF_BEFORE, Fault.CUT_OFF_AFTER):
            self.close_connection = True
        elif fault is Fault.SILENT_AFTER:
            self._twilio._over.wait(30)
            self.close_connection = True
        elif fault is Fault.GARBAGE_AFTER:
            self._answer(201, b"<html>")
        elif message is None:
            assert fault is not None
            said = {"code": CODES.get(fault, 20500), "message": f"no {form['To']}", "status": fault.value}
            self._answer(int(fault.value), json.dumps(said).encode())
        else:
            self._answer(201, json.dumps(message.as_json()).encode())

    def do_GET(self) -> None:
        if not self._is_ours("/Messages.json"):
            return
        parts = urlsplit(self.path)
        query = parse_qs(parts.query)
        page, size = int(query.get("Page", ["0"])[0]), self._twilio.page_size
        found = self._twilio.listed(query)
        shown = found[page * size : (page + 1) * size]
        more = (page + 1) * size < len(found)
        following = urlencode({**{name: values[0] for name, values in query.items()}, "Page": page + 1})
        said = {
            "messages": [each.as_json() for each in shown],
            "page": page,
            "page_size": size,
            "next_page_uri": f"{parts.path}?{following}" if more else None,
            "uri": self.path,
        }
        self._answer(200, json.dumps(said).encode())

    def _is_ours(self, path: str) -> bool:
        expected = base64.b64encode(f"{ACCOUNT}:{AUTH_TOKEN}".encode()).decode()
        if self.headers.get("Authorization") != f"Basic {expected}":
            self._answer(401, json.dumps({"code": 20003, "message": "Authenticate", "status": 401}).encode())
            return False
        if urlsplit(self.path).path != f"/2010-04-01/Accounts/{ACCOUNT}{path}":
            self._answer(404, json.dumps({"code": 20404, "message": "not found", "status": 404}).encode())
            return False
        return True

    def _answer(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name is theirs
        """Tests read what is asserted."""
