"""Twilio: its own client over our bounded HTTP, and the signature of what it sends back.

Creating a message is not idempotent there, and its list can be filtered by number and date and not by a tag of ours. So
a message is found by number, words and the time since when it can have been taken; and each carries a StatusCallback
that names our key, so that a receipt finds the message even where the answer to its creation was lost.
"""

import base64
import logging
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode, urlsplit

from twilio.base.exceptions import TwilioException, TwilioRestException, TwilioServiceException
from twilio.http import HttpClient
from twilio.http.response import Response
from twilio.request_validator import RequestValidator

from notify.errors import GatewayRefused, GatewayUnavailable
from notify.gateway import Letter
from notify.gateway_http import NOT_NOW, GatewayHttp

if TYPE_CHECKING:
    from twilio.rest import Client

API = "https://api.twilio.com"
RECEIPTS_PATH = "/webhooks/twilio"
REPLIES_PATH = "/webhooks/twilio/replies"
# between their clock and ours when a message is looked for
CLOCKS_DIFFER_BY = timedelta(minutes=5)
LOOKED_THROUGH = 100  # messages to one number, newest first
STILL_WORTH_SENDING_S = 3600  # what waits longer in their queue is not sent any more, and a receipt says so
ASKED_NOT_TO = 21610  # https://www.twilio.com/docs/api/errors/21610: the recipient has answered STOP


class _Bounded(HttpClient):  # type: ignore[misc]  # the library is not typed
    """What Twilio's client asks with. base: where its API is; another one in tests."""

    def __init__(self, http: GatewayHttp, base: str) -> None:
        super().__init__(logging.getLogger(__name__), is_async=False)
        self._http, self._base = http, base

    def request(
        self,
        method: str,
        uri: str,
        params: dict[str, Any] | None = None,
        data: dict[str, Any] | None = None,
        headers: dict[str, str] | None = None,
        auth: tuple[str, str] | None = None,
        timeout: float | None = None,  # noqa: ARG002 - the deadline is that of our HTTP
        allow_redirects: bool = False,  # noqa: ARG002 - never
    ) -> Response:
        asked = urlsplit(uri)
        query = "&".join(part for part in (asked.query, urlencode(params or {}, doseq=True)) if part)
        sent = dict(headers or {})
        if auth is not None:
            sent["Authorization"] = f"Basic {base64.b64encode(':'.join(auth).encode()).decode()}"
        reply = self._http.exchange(
            method,
            f"{self._base}{asked.path}" + (f"?{query}" if query else ""),
            body=urlencode(data, doseq=True).encode() if data else None,
            headers=sent,
        )
        return Response(reply.status, reply.text, reply.headers)


@dataclass(frozen=True)
class TwilioGateway:
    """sender: a number of ours, or the id of a messaging service (MG…). public_url: where Twilio reaches this site;
    None: nobody tells us what became of a message.
    """

    account_sid: str
    auth_token: str = field(repr=False)
    sender: str
    public_url: str | None
    http: GatewayHttp
    base: str = API

    @cached_property
    def _client(self) -> "Client":
        from twilio.rest import Client  # noqa: PLC0415 - 50 ms that the review desk, which checks signatures, saves

        # an environment of its own: the client would read TWILIO_* from ours
        return Client(
            self.account_sid, self.auth_token, http_client=_Bounded(self.http, self.base), environment={"none": ""}
        )

    def send(self, key: str, letter: Letter) -> str:
        origin = {"messaging_service_sid" if self.sender.startswith("MG") else "from_": self.sender}
        if self.public_url is not None:
            origin["status_callback"] = f"{self.public_url}{RECEIPTS_PATH}?{urlencode({'key': key})}"
        try:
            taken = self._client.messages.create(
                to=letter.to, body=letter.text, validity_period=STILL_WORTH_SENDING_S, **origin
            )
        except (TwilioException, ValueError) as error:
            raise _ours(error) from error
        if not taken.sid:
            raise GatewayUnavailable("twilio answers without an id; it is asked before the message is repeated")
        return str(taken.sid)

    def find(self, key: str, letter: Letter, since: datetime) -> str | None:  # noqa: ARG002 - they know no key
        earliest = since - CLOCKS_DIFFER_BY
        try:
            for message in self._client.messages.stream(to=letter.to, limit=LOOKED_THROUGH):
                if message.date_created is not None and message.date_created < earliest:
                    return None  # newest first
                # a trial account puts a sentence of its own before ours
                if str(message.direction).startswith("outbound") and str(message.body).endswith(letter.text):
                    return str(message.sid)
        except (TwilioException, ValueError) as error:
            raise _ours(error) from error
        return None


def _ours(error: Exception) -> GatewayUnavailable | GatewayRefused:
    """Never their sentence: it may repeat the number."""
    if not isinstance(error, TwilioRestException | TwilioServiceException):
        return GatewayUnavailable("twilio gives an answer that cannot be read; it is asked before it is repeated")
    said = f"twilio answers {error.status}" + (f", error {error.code}" if error.code else "")
    if error.code == ASKED_NOT_TO:
        return GatewayRefused(f"{said}: the recipient has asked it for no further messages")
    if error.status >= 500 or error.status in NOT_NOW:
        return GatewayUnavailable(f"{said}; it is tried again")
    return GatewayRefused(f"{said}; the message is not taken as it is (twilio.com/docs/api/errors)")


class _Fields(dict[str, list[str]]):
    """A form's fields, each with all its values, as the validator asks for them."""

    def __init__(self, pairs: Sequence[tuple[str, str]]) -> None:
        super().__init__()
        for name, value in pairs:
            self.setdefault(name, []).append(value)

    def getlist(self, name: str) -> list[str]:
        return self[name]


def signature_fits(auth_token: str, url: str, fields: Sequence[tuple[str, str]], signature: str) -> bool:
    """Whether Twilio signed this form for this address. url: as Twilio called it, with its query."""
    return bool(RequestValidator(auth_token).validate(url, _Fields(fields), signature))
