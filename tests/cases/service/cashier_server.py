"""A cashier of ours that speaks the form of docs/cashier.md on loopback, and the troubles it can be told to have."""

import itertools
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpx

from cases.service.cashier_http import SIGNATURE, TIME, HttpCashier, signature
from notify.gateway_http import GatewayHttp, GatewayNetworks
from tests.patience import PATIENCE_S

SECRET = "between the two of us"
HTTP = GatewayHttp(GatewayNetworks.of(["127.0.0.1"]), deadline_s=30.0)


@dataclass
class CashierServer:
    """now: its clock, and ours. lose_answers: so many answers get lost after the work is done. refuses: a final no.

    wrong_amount: what it answers instead of the amount that was asked for.
    """

    now: datetime
    lose_answers: int = 0
    refuses: bool = False
    wrong_amount: int | None = None
    signs_with: str = SECRET
    orders: dict[str, dict[str, Any]] = field(default_factory=dict)
    refunds: dict[str, dict[str, Any]] = field(default_factory=dict)
    calls: list[str] = field(default_factory=list)
    url: str = ""
    _ids: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    def adapter(self) -> HttpCashier:
        return HttpCashier(f"{self.url}/pay", SECRET, HTTP, lambda: self.now)

    @contextmanager
    def running(self) -> Iterator["CashierServer"]:
        cashier = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                asked = {name.lower(): value for name, value in self.headers.items()}
                call = self.path.removeprefix("/pay/")
                status, answer = cashier.answer(call, asked, body)
                self.send_response(status)
                for name, value in cashier.headers(f"answer {call}", answer).items():
                    self.send_header(name, value)
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

    def answer(self, call: str, headers: dict[str, str], body: bytes) -> tuple[int, bytes]:
        self.calls.append(call)
        if headers.get(SIGNATURE) != signature(SECRET, headers.get(TIME, ""), f"ask {call}", body):
            return 401, b"{}"
        status, said = self._done(call, json.loads(body))
        if self.lose_answers:
            self.lose_answers -= 1
            return 502, b"{}"
        return status, json.dumps(said).encode()

    def headers(self, direction: str, body: bytes) -> dict[str, str]:
        stamp = str(round(self.now.timestamp()))
        return {TIME: stamp, SIGNATURE: signature(self.signs_with, stamp, direction, body)}

    def _done(self, call: str, asked: dict[str, Any]) -> tuple[int, Any]:
        key = asked["key"]
        match call:
            case "orders":
                if self.refuses:
                    return 422, {"why": "the merchant is closed"}
                return 200, self._order(key, asked)
            case "orders/query":
                return (200, self.orders[key]) if key in self.orders else (404, {})
            case "orders/close":
                order = self.orders[key]
                if order["state"] == "open":
                    order["state"] = "closed"
                return 200, order
            case "refunds":
                order = self.orders[asked["order_key"]]
                assert order["transaction"] == asked["transaction"]
                self.refunds.setdefault(
                    key,
                    {
                        "kind": "refund",
                        "key": key,
                        "id": f"R{next(self._ids)}",
                        "state": "done",
                        "amount_fen": asked["amount_fen"],
                        "done_at": self.now.isoformat(),
                    },
                )
                return 200, self.refunds[key]
            case "refunds/query":
                return (200, self.refunds[key]) if key in self.refunds else (404, {})
        raise AssertionError(call)

    def _order(self, key: str, asked: dict[str, Any]) -> dict[str, Any]:
        name = f"C{next(self._ids)}"
        made = {
            "kind": "order",
            "key": key,
            "id": name,
            "state": "open",
            "amount_fen": self.wrong_amount or asked["amount_fen"],
            "pay_url": f"https://pay.example/{name}",
            "expires_at": (self.now + timedelta(hours=2)).isoformat(),
        }
        return self.orders.setdefault(key, made)

    def is_paid(self, key: str, transaction: str = "T1", at: datetime | None = None) -> bytes:
        """Somebody pays; what the cashier tells of it."""
        order = self.orders[key]
        order |= {"state": "paid", "transaction": transaction, "paid_at": (at or self.now).isoformat()}
        return json.dumps(order).encode()

    def tell(self, url: str, body: bytes, **differs: str) -> int:
        """Posts a webhook; the status that comes back."""
        return httpx.post(
            url, content=body, headers=self.headers("webhook", body) | differs, timeout=PATIENCE_S
        ).status_code
