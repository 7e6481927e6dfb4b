"""Webhooks: messages as JSON to a system of the bureau, or into a group chat of WeCom or DingTalk by its robot.

The bureau's own system gets the key of each message and a signature over the body, and is expected to know a key that
it has seen. A robot cannot be asked what it posted and knows no keys: a message whose answer was lost may stand in the
chat twice, which is why owners are never told this way by default.
"""

import base64
import hashlib
import hmac
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any
from urllib.parse import urlencode

from notify.errors import GatewayRefused, GatewayUnavailable
from notify.gateway import Letter
from notify.gateway_http import GatewayHttp, Reply, check

JSON = {"Content-Type": "application/json; charset=utf-8"}
# WeCom: too often, system busy; DingTalk: too often, system busy
ROBOT_NOT_NOW = {45009, -1, 130101, 410100}


@dataclass(frozen=True)
class WebhookGateway:
    """secret: with it the receiver checks `X-StreetWitness-Signature`. clock: the time now, aware."""

    url: str = field(repr=False)
    secret: str = field(repr=False)
    http: GatewayHttp
    clock: Callable[[], datetime]

    def send(self, key: str, letter: Letter) -> str:
        body = json.dumps(
            {"key": key, "kind": letter.kind, "to": letter.to, "text": letter.text, "facts": dict(letter.facts)},
            ensure_ascii=False,
        ).encode()
        timestamp = str(round(self.clock().timestamp()))
        headers = JSON | {
            "Idempotency-Key": key,
            "X-StreetWitness-Timestamp": timestamp,
            "X-StreetWitness-Signature": signature(self.secret, timestamp, body),
        }
        reply = self.http.exchange("POST", self.url, body=body, headers=headers)
        check(reply, "the webhook")
        said = _json(reply)
        return str(said["id"])[:200] if said.get("id") else key

    def find(self, key: str, letter: Letter, since: datetime) -> str | None:  # noqa: ARG002
        """It cannot be asked: the receiver knows the key of what it has."""
        return None


def signature(secret: str, timestamp: str, body: bytes) -> str:
    """`v1=` and the hex HMAC-SHA256 of timestamp, a dot, and the body."""
    return "v1=" + hmac.digest(secret.encode(), timestamp.encode() + b"." + body, hashlib.sha256).hex()


class Robot(StrEnum):
    WECOM = "wecom"
    DINGTALK = "dingtalk"


@dataclass(frozen=True)
class RobotGateway:
    """url: with the robot's key, as the chat shows it. secret: DingTalk's signing secret, where the robot has one."""

    robot: Robot
    url: str = field(repr=False)
    secret: str | None = field(repr=False)
    http: GatewayHttp
    clock: Callable[[], datetime]

    def send(self, key: str, letter: Letter) -> str:
        body = json.dumps(self._form(letter), ensure_ascii=False).encode()
        reply = self.http.exchange("POST", self._signed_url(), body=body, headers=JSON)
        check(reply, self.robot)
        code = _json(reply).get("errcode")
        if code == 0:
            return key
        if not isinstance(code, int) or code in ROBOT_NOT_NOW:
            raise GatewayUnavailable(f"{self.robot} answers {code!r}; it is tried again")
        raise GatewayRefused(f"{self.robot} answers error {code}; look at the robot's key, keywords and secret")

    def find(self, key: str, letter: Letter, since: datetime) -> str | None:  # noqa: ARG002
        """It cannot be asked."""
        return None

    def _form(self, letter: Letter) -> dict[str, Any]:
        number = letter.to.removeprefix("+86")
        if self.robot is Robot.WECOM:
            return {"msgtype": "text", "text": {"content": letter.text, "mentioned_mobile_list": [number]}}
        return {"msgtype": "text", "text": {"content": letter.text}, "at": {"atMobiles": [number], "isAtAll": False}}

    def _signed_url(self) -> str:
        """DingTalk: milliseconds, a line feed and the secret, HMAC-SHA256 under the secret, Base64."""
        if self.robot is Robot.WECOM or self.secret is None:
            return self.url
        timestamp = str(round(self.clock().timestamp() * 1000))
        digest = hmac.digest(self.secret.encode(), f"{timestamp}\n{self.secret}".encode(), hashlib.sha256)
        sign = base64.b64encode(digest).decode()
        return f"{self.url}{'&' if '?' in self.url else '?'}{urlencode({'timestamp': timestamp, 'sign': sign})}"


def _json(reply: Reply) -> Mapping[str, Any]:
    """What it says besides its status; nothing where that is no JSON object."""
    try:
        said = json.loads(reply.body)
    except ValueError:
        return {}
    return said if isinstance(said, dict) else {}
