"""A cashier over HTTP: plain JSON, each message signed with a shared secret. docs/cashier.md is written for its maker.

Every call is a POST of an object to <base>/<call>; the answer is an object, 404 where nothing has that key. Request,
answer and webhook carry a time and a signature over time, direction and body, so none can stand for another.
"""

import hashlib
import hmac
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Literal, TypeVar

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from cases.service.cashier import OrderAnswer, OrderAsked, RefundAnswer, RefundAsked
from cases.service.errors import AnswerWrong, CashierRefused, CashierUnavailable, NotFromTheCashier
from models.enums import OrderState, RefundState
from notify.errors import GatewayUnavailable
from notify.gateway_http import GatewayHttp, Reply

JSON = "application/json; charset=utf-8"
TIME, SIGNATURE = "x-streetwitness-timestamp", "x-streetwitness-signature"
OLDEST = timedelta(minutes=5)  # of a message that is believed; the clocks of both sides differ
NOT_NOW = {401, 403, 407, 408, 425, 429}  # credentials and quotas are mended by people; the order waits for it
NOTHING_THERE = 404
WEBHOOK = "webhook"
LONGEST_WHY = 200


class _Said(BaseModel):
    """Unknown keys are left alone: a cashier may say more than we read."""

    model_config = ConfigDict(frozen=True)

    key: str = Field(min_length=1, max_length=80)
    id: str = Field(min_length=1, max_length=100)
    amount_fen: int = Field(gt=0, le=10**12)
    why: str = ""


class _Order(_Said):
    kind: Literal["order"]
    state: Literal["open", "paid", "closed", "refused"]
    pay_url: str | None = Field(default=None, max_length=500)
    expires_at: AwareDatetime | None = None
    transaction: str | None = Field(default=None, min_length=1, max_length=100)
    paid_at: AwareDatetime | None = None


class _Refund(_Said):
    kind: Literal["refund"]
    state: Literal["asked", "done", "refused"]
    done_at: AwareDatetime | None = None


ORDER, REFUND = TypeAdapter(_Order), TypeAdapter(_Refund)
EITHER: TypeAdapter[_Order | _Refund] = TypeAdapter(_Order | _Refund)
_Read = TypeVar("_Read")


@dataclass(frozen=True)
class HttpCashier:
    """base: without a slash at its end. clock: the time now, aware."""

    base: str = field(repr=False)
    secret: str = field(repr=False)
    http: GatewayHttp
    clock: Callable[[], datetime]

    def order(self, asked: OrderAsked) -> OrderAnswer:
        said = self._call(
            "orders",
            ORDER,
            key=asked.key,
            amount_fen=asked.amount_fen,
            means=asked.means.value,
            terminal=asked.terminal,
            subject=asked.subject,
        )
        if said is None:
            raise CashierUnavailable("the cashier does not know how to make orders; look at its address")
        return _order(said)

    def look(self, key: str) -> OrderAnswer | None:
        said = self._call("orders/query", ORDER, key=key)
        return None if said is None else _order(said)

    def call_off(self, key: str) -> OrderAnswer:
        said = self._call("orders/close", ORDER, key=key)
        if said is None:
            raise CashierRefused("the cashier has no such order")
        return _order(said)

    def give_back(self, asked: RefundAsked) -> RefundAnswer:
        said = self._call(
            "refunds",
            REFUND,
            key=asked.key,
            order_key=asked.order_key,
            transaction=asked.transaction,
            amount_fen=asked.amount_fen,
        )
        if said is None:
            raise CashierRefused("the cashier does not know the payment")
        return _refund(said)

    def look_at_refund(self, key: str) -> RefundAnswer | None:
        said = self._call("refunds/query", REFUND, key=key)
        return None if said is None else _refund(said)

    def told(self, headers: Mapping[str, str], body: bytes, at: datetime) -> OrderAnswer | RefundAnswer:
        if not self._is_signed(headers, WEBHOOK, body):
            raise NotFromTheCashier("the signature is not the cashier's for this message")
        if not self._is_fresh(headers, at):
            raise NotFromTheCashier("its time is too far from ours; look at the clocks of both sides")
        try:
            said = EITHER.validate_json(body)
        except ValidationError as error:
            raise AnswerWrong("it does not say what such a message has to say; see docs/cashier.md") from error
        return _order(said) if isinstance(said, _Order) else _refund(said)

    def _call(self, call: str, reader: TypeAdapter[_Read], **says: Any) -> _Read | None:
        """None: nothing has that key there."""
        body = json.dumps(says, ensure_ascii=False).encode()
        stamp = str(round(self.clock().timestamp()))
        headers = {"Content-Type": JSON, TIME: stamp, SIGNATURE: signature(self.secret, stamp, f"ask {call}", body)}
        try:
            reply = self.http.exchange("POST", f"{self.base}/{call}", body=body, headers=headers)
        except GatewayUnavailable as error:
            raise CashierUnavailable(str(error)) from error
        self._check(reply, call)
        if reply.status == NOTHING_THERE:
            return None
        try:
            return reader.validate_json(reply.body)
        except ValidationError as error:
            raise CashierUnavailable("the cashier gives an answer that cannot be read; see docs/cashier.md") from error

    def _check(self, reply: Reply, call: str) -> None:
        """Raises what the status means, once it is shown that it is the cashier who says so."""
        if reply.status >= 500 or reply.status in NOT_NOW:
            raise CashierUnavailable(f"the cashier answers {reply.status}; it is tried again")
        if not self._is_signed(reply.headers, f"answer {call}", reply.body):
            raise CashierUnavailable("the cashier's answer is not signed with our secret; correct the settings")
        if reply.status >= 400 and reply.status != NOTHING_THERE:
            raise CashierRefused(f"the cashier answers {reply.status}: {reply.text[:LONGEST_WHY]}")

    def _is_signed(self, headers: Mapping[str, str], direction: str, body: bytes) -> bool:
        expected = signature(self.secret, headers.get(TIME, ""), direction, body)
        return hmac.compare_digest(expected.encode(), headers.get(SIGNATURE, "").encode())

    def _is_fresh(self, headers: Mapping[str, str], at: datetime) -> bool:
        stamp = headers.get(TIME, "")
        return stamp.isascii() and stamp.isdigit() and abs(at.timestamp() - int(stamp)) <= OLDEST.total_seconds()


def signature(secret: str, stamp: str, direction: str, body: bytes) -> str:
    """`v1=` and the hex HMAC-SHA256 of time, direction and body, each on a line of its own."""
    signed = f"{stamp}\n{direction}\n".encode() + body
    return "v1=" + hmac.digest(secret.encode(), signed, hashlib.sha256).hex()


def _order(said: _Order) -> OrderAnswer:
    return OrderAnswer(
        key=said.key,
        provider_id=said.id,
        state=OrderState(said.state),
        amount_fen=said.amount_fen,
        pay_url=said.pay_url,
        expires_at=said.expires_at,
        transaction=said.transaction,
        paid_at=said.paid_at,
        why=said.why[:LONGEST_WHY],
    )


def _refund(said: _Refund) -> RefundAnswer:
    return RefundAnswer(
        key=said.key,
        provider_id=said.id,
        state=RefundState(said.state),
        amount_fen=said.amount_fen,
        done_at=said.done_at,
        why=said.why[:LONGEST_WHY],
    )
