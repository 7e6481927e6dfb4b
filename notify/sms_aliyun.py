"""Aliyun's short message service (Dysmsapi 2017-05-25), and others that speak its HTTP API.

A call is a query signed with HMAC-SHA1 over its sorted parameters. The words are a template that Aliyun has approved,
and a message carries its facts; so each kind that goes this way needs the code of its template. Our key travels as
OutId and comes back with the receipts; by it a message is found again.
"""

import base64
import hashlib
import hmac
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote, urlencode
from uuid import uuid4
from zoneinfo import ZoneInfo

from notify.errors import GatewayRefused, GatewayUnavailable
from notify.gateway import Letter
from notify.gateway_http import GatewayHttp, check

API = "https://dysmsapi.aliyuncs.com"
THEIR_ZONE = ZoneInfo("Asia/Shanghai")  # days and times of their answers
PAGE = 50
LOOKED_THROUGH_PAGES = 2
# a final no; whatever else is not OK is mended by people or by waiting (quota, balance, rights, their own faults)
FINAL = re.compile(
    r"isv\.(MOBILE_NUMBER_ILLEGAL|TEMPLATE_MISSING_PARAMETERS|TEMPLATE_PARAMS_ILLEGAL|PARAM_LENGTH_LIMIT|"
    r"PARAM_NOT_SUPPORT_URL|BLACK_KEY_CONTROL_LIMIT|MOBILE_COUNT_OVER_LIMIT|INVALID_PARAMETERS|BLACKLIST.*)"
)


@dataclass(frozen=True)
class AliyunGateway:
    """templates: kind of message to template code. clock: the time now, aware."""

    access_key_id: str
    access_key_secret: str = field(repr=False)
    sign_name: str
    templates: Mapping[str, str]
    http: GatewayHttp
    clock: Callable[[], datetime]
    base: str = API

    def send(self, key: str, letter: Letter) -> str:
        template = self.templates.get(letter.kind)
        if template is None:
            raise GatewayRefused(f"aliyun has no template for messages of kind {letter.kind}; name it in the settings")
        self._call(
            "SendSms",
            {
                "PhoneNumbers": _national(letter.to),
                "SignName": self.sign_name,
                "TemplateCode": template,
                "TemplateParam": json.dumps(dict(letter.facts), ensure_ascii=False),
                "OutId": key,
            },
        )
        # the details of a message do not tell its BizId, and OutId is in everything that comes back
        return key

    def find(self, key: str, letter: Letter, since: datetime) -> str | None:
        """Asked day by day, as their API wants it, in their time."""
        day, last = since.astimezone(THEIR_ZONE).date(), self.clock().astimezone(THEIR_ZONE).date()
        while day <= last:
            for page in range(1, LOOKED_THROUGH_PAGES + 1):
                answer = self._call(
                    "QuerySendDetails",
                    {
                        "PhoneNumber": _national(letter.to),
                        "SendDate": f"{day:%Y%m%d}",
                        "PageSize": str(PAGE),
                        "CurrentPage": str(page),
                    },
                )
                details = _details(answer)
                if any(detail.get("OutId") == key for detail in details):
                    return key
                if len(details) < PAGE:
                    break
            day += timedelta(days=1)
        return None

    def _call(self, action: str, parameters: Mapping[str, str]) -> dict[str, Any]:
        common = {
            "AccessKeyId": self.access_key_id,
            "Action": action,
            "Format": "JSON",
            "RegionId": "cn-hangzhou",
            "SignatureMethod": "HMAC-SHA1",
            "SignatureNonce": str(uuid4()),
            "SignatureVersion": "1.0",
            "Timestamp": f"{self.clock().astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}",
            "Version": "2017-05-25",
        }
        signed = {**common, **parameters}
        signed["Signature"] = signature(self.access_key_secret, "POST", signed)
        reply = self.http.exchange(
            "POST",
            f"{self.base}/",
            body=urlencode(signed).encode(),
            headers={"Content-Type": "application/x-www-form-urlencoded"},
        )
        try:
            answer = json.loads(reply.body)
        except ValueError:
            answer = None
        if not isinstance(answer, dict) or not isinstance(answer.get("Code"), str):
            check(reply, "aliyun")
            raise GatewayUnavailable("aliyun gives an answer that cannot be read; it is asked before it is repeated")
        code = answer["Code"]
        if code == "OK":
            return answer
        if FINAL.fullmatch(code):
            raise GatewayRefused(f"aliyun answers {code}; the message is not taken as it is")
        raise GatewayUnavailable(f"aliyun answers {code}; it is tried again")


def signature(secret: str, method: str, parameters: Mapping[str, str]) -> str:
    """The RPC signature, version 1.0: over method and sorted query, percent-encoded twice."""
    query = "&".join(f"{_encoded(name)}={_encoded(value)}" for name, value in sorted(parameters.items()))
    to_sign = f"{method}&{_encoded('/')}&{_encoded(query)}"
    return base64.b64encode(hmac.digest(f"{secret}&".encode(), to_sign.encode(), hashlib.sha1)).decode()


def _encoded(text: str) -> str:
    return quote(text, safe="~")  # RFC 3986: letters, digits and -_.~ stand


def _national(number: str) -> str:
    """Numbers of the mainland without a prefix, others with their country code and no plus."""
    return number.removeprefix("+86") if number.startswith("+86") else number.removeprefix("+")


def _details(answer: Mapping[str, Any]) -> list[dict[str, Any]]:
    listed = answer.get("SmsSendDetailDTOs")
    details = listed.get("SmsSendDetailDTO") if isinstance(listed, dict) else None
    return [detail for detail in details or [] if isinstance(detail, dict)]
