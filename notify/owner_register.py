"""The register of vehicles elsewhere, asked by HTTP: whose vehicle is this.

The bureau's own adapter stands before the traffic police's register and speaks this much: a POST with plate and
purpose, signed as our webhooks are, is answered 200 with `owner` and `phone`, or 404 where the plate is not known.
Who may ask, what is kept and for how long, and the row of every look-up are in cases/owners.py.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from pydantic import BaseModel, Field, ValidationError

from notify.errors import GatewayRefused, GatewayUnavailable, RegisterUnavailable, Unreadable
from notify.gateway_http import GatewayHttp, check
from notify.replies import international
from notify.webhook_gateway import JSON, signature

LONGEST_NAME = 200


class _Answer(BaseModel):
    owner: str = Field(min_length=1, max_length=LONGEST_NAME)
    phone: str | None = Field(default=None, max_length=32)


@dataclass(frozen=True)
class Keeper:
    """Who a vehicle is registered to. phone: None where the register has none."""

    name: str = field(repr=False)
    phone: str | None = field(repr=False)


class OwnerRegister(Protocol):
    def keeper_of(self, plate: str, purpose: str) -> Keeper | None:
        """None: there is no such plate. Raises RegisterUnavailable."""
        ...


@dataclass(frozen=True)
class HttpRegister:
    """clock: the time now, aware."""

    url: str = field(repr=False)
    secret: str = field(repr=False)
    http: GatewayHttp
    clock: Callable[[], datetime]

    def keeper_of(self, plate: str, purpose: str) -> Keeper | None:
        body = json.dumps({"plate": plate, "purpose": purpose}, ensure_ascii=False).encode()
        timestamp = str(round(self.clock().timestamp()))
        headers = JSON | {
            "X-StreetWitness-Timestamp": timestamp,
            "X-StreetWitness-Signature": signature(self.secret, timestamp, body),
        }
        try:
            reply = self.http.exchange("POST", self.url, body=body, headers=headers)
            if reply.status == 404:
                return None
            check(reply, "the register")
        except (GatewayUnavailable, GatewayRefused) as error:
            raise RegisterUnavailable(str(error)) from error
        try:
            said = _Answer.model_validate_json(reply.body)
            return Keeper(said.owner, international(said.phone) if said.phone else None)
        except (ValidationError, Unreadable):
            # not chained: the library's sentence repeats what it read, and that is a name
            raise RegisterUnavailable(
                'the register\'s answer cannot be read; it is to be {"owner": …, "phone": …}'
            ) from None
